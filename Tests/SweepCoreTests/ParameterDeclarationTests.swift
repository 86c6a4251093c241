import SweepCore
import Testing

struct ParameterDeclarationTests {
  let eta = ParameterDeclaration("eta", .real(above: 0), meaning: "learning rate")
  let epochs = ParameterDeclaration("epochs", .integer(1...10), meaning: "epochs")
  let loss = ParameterDeclaration("loss", .choice(["softmax", "sigmoid"]), allowsNull: true, meaning: "loss")

  private func problem(_ result: Result<ParameterValue, Diagnostic>) -> String? {
    if case .failure(let diagnostic) = result { diagnostic.description } else { nil }
  }

  @Test func valuesComeOutInTheDeclaredType() throws {
    #expect(try eta.checked(.integer(1)).get() == .real(1))
    #expect(try epochs.checked(.real(5)).get() == .integer(5))
    #expect(try loss.checked(.null).get() == .null)
  }

  @Test func everyRefusalNamesTheRemedy() {
    #expect(problem(eta.checked(.integer(0))) == "eta is 0 — use a number above 0.0")
    #expect(problem(eta.checked(.text("fast"))) == "eta is 'fast' — use a number above 0.0")
    #expect(problem(epochs.checked(.real(1.5))) == "epochs is 1.5 — use a whole number of 1 to 10")
    #expect(problem(loss.checked(.text("softmx"))) == "loss is 'softmx' — use 'softmax'; known: softmax, sigmoid, or null")
  }

  @Test func theNearestNameIsASlipAwayAndNoMore() {
    #expect(nearest(to: "lamda", in: ["lambda", "eta"]) == "lambda")
    #expect(nearest(to: "momentum", in: ["lambda", "eta"]) == nil)
  }
}

// Every kind of plot as a user types it, on made images: into a file of each kind and onto the terminal.

import Foundation
import SweepReport
import SweepTestSupport
import Testing

@Suite(.enabled("gnuplot is installed") { Gnuplot.program != nil })
struct PlotCommandTests {
  let folder = TemporaryFolder()
  var binary: SweepBinary { SweepBinary(in: folder.path) }

  private func ran() throws {
    try folder.write(CommandTests.small, to: "small.yaml")
    #expect(try binary.run("run", "small.yaml", "-q").status == 0)
  }

  private func starts(of file: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: folder.path(file))).prefix(4)) }

  @Test(arguments: ["curves", "histogram", "heatmap", "parallel", "slice", "importance", "optimization", "contour"]) func eachKindIsAPictureAndAText(
    kind: String
  ) throws {
    try ran()
    for (ending, magic) in [("svg", "<?xm"), ("png", "\u{89}PNG"), ("pdf", "%PDF")] {
      let result = try binary.run("plot", kind, "-o", "figure.\(ending)")
      #expect(result.status == 0 && result.output.isEmpty, "\(result.errors)")
      #expect(try starts(of: "figure.\(ending)") == magic.unicodeScalars.map { UInt8($0.value) })
    }
    let text = try binary.run("plot", kind)
    #expect(text.status == 0 && text.output.split(separator: "\n").count > 4 && !text.output.contains("\u{1b}"), "\(text.output)\(text.errors)")
  }

  @Test func curvesShowSeveralTrialsAndTheirGaps() throws {
    try ran()
    for arguments in [["1", "2", "--metric", "accuracy"], ["--top", "3", "--metric", "accuracy", "--gap"], ["best", "--metric", "learning_rate"]] {
      let result = try binary.run(["plot", "curves", "-o", "curves.svg"] + arguments)
      #expect(result.status == 0, "\(result.errors)")
    }
    let picture = try String(contentsOfFile: folder.path("curves.svg"), encoding: .utf8)
    #expect(picture.contains("learning rate") && picture.contains("softmax cross entropy"))
    let slip = try binary.run("plot", "curves", "--metric", "acuracy")
    #expect(slip.status == 64 && slip.errors.contains("did you mean 'accuracy'?"))
  }

  @Test func whatCannotBeDrawnIsToldWithTheReason() throws {
    try ran()
    let many = try binary.run(["plot", "curves"] + Array(repeating: "1", count: 21))
    #expect(many.status == 64 && many.errors.contains("curves of 21 trials cannot be told apart"))
    let diverging = CommandTests.small.replacing("name: small", with: "name: lost").replacing("[0.001, 0.01, 0.1]", with: "[0.001, 1e38]")
    try folder.write(diverging.replacing("lambda: {values: [0, 0.1]}", with: "lambda: {values: [1]}"), to: "lost.yaml")
    #expect(try binary.run("run", "lost.yaml", "-q").status == 0)
    let slice = try binary.run("plot", "slice", "lost")
    #expect(slice.status == 0 && slice.errors.contains("not drawn: 1 diverged"), "\(slice.errors)")
    try folder.write(
      diverging.replacing("name: lost", with: "name: all").replacing("0.001, 1e38", with: "1e38").replacing("[0, 0.1]", with: "[1, 2]"),
      to: "all.yaml")
    #expect(try binary.run("run", "all.yaml", "-q").status == 0)
    let none = try binary.run("plot", "slice", "all")
    #expect(none.status == 65 && none.errors.contains("has no complete trial: 2 diverged") && none.errors.contains("'sweep status all' says why"))
  }

  @Test func theScriptThatIsKeptDrawsTheFigureAgain() throws {
    try ran()
    #expect(try binary.run("plot", "heatmap", "-o", "one.svg", "--keep-script", "one.gp").status == 0)
    let first = try Data(contentsOf: URL(fileURLWithPath: folder.path("one.svg")))
    try FileManager.default.removeItem(atPath: folder.path("one.svg"))
    let gnuplot = try #require(Gnuplot.program)
    #expect(try SweepBinary(in: folder.path, environment: ["LC_ALL": "C.UTF-8"]).run(["one.gp"], program: gnuplot).status == 0)
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("one.svg"))) == first)
  }

  @Test func aHeatMapTakesItsAxesAndFixesValues() throws {
    try ran()
    let fixed = try binary.run("plot", "heatmap", "--x", "eta", "--y", "lambda")
    #expect(fixed.output.contains("eta") && fixed.output.contains("lambda"))
    #expect(try binary.run("plot", "heatmap", "--x", "etta").errors.contains("did you mean 'eta'?"))
    #expect(try binary.run("plot", "heatmap", "--where", "lambda=0").errors.contains("a heat map needs two parameters"))
    #expect(try binary.run("plot", "heatmap", "--where", "lambda").status == 64)
    #expect(try binary.run("plot", "heatmap", "--x", "eta", "--y", "eta").errors.contains("--x and --y are both eta"))
    #expect(try binary.run("plot", "curves", "--splits", "").status == 64)
  }

  @Test func aFileThatCannotBeDrawnIsToldAndLeavesNothing() throws {
    try ran()
    func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.contains("figure") } }
    let ending = try binary.run("plot", "curves", "-o", "figure.gif")
    #expect(ending.status == 64 && ending.errors.contains(".svg, .png, .pdf"))
    #expect(try binary.run("plot", "curves", "-o", "nowhere/figure.svg").status == 74)
    let without = SweepBinary(in: folder.path, environment: ["PATH": "/nowhere"])
    let missing = try without.run("plot", "curves", "-o", "figure.svg")
    #expect(missing.status == 74 && missing.errors.contains("install the package gnuplot-nox"))
    #expect(try files().isEmpty)
  }
}

import SweepCore
import Testing

struct AssignmentTests {
  @Test func canonicalTextIsSortedAndReadsBackExactly() throws {
    let assignment = Assignment([
      "z": .real(0.1), "a": .integer(-5), "m": .null, "b": .bool(true), "t": .text("say \"hi\"\n\\ \u{1} é"), "tiny": .real(1e-300),
      "big": .real(1e300),
    ])
    #expect(assignment.json.hasPrefix(#"{"a":-5,"b":true,"big":1e+300,"m":null,"t":"say \"hi\"\n\\ \u0001 é","#))
    #expect(Assignment(json: assignment.json) == assignment)
  }

  @Test func integersAndRealsKeepTheirKind() {
    #expect(Assignment(["x": .real(1)]).json == #"{"x":1.0}"#)
    #expect(Assignment(json: #"{"x":1.0}"#)?["x"] == .real(1))
    #expect(Assignment(json: #"{ "x" : 1 }"#)?["x"] == .integer(1))
  }

  @Test(arguments: ["", "{", "{\"a\":}", "[1]", "{\"a\":1,}", "{\"a\":{}", "{\"a\":[1}", "{\"a\":1} x", "{\"a\":\"\\u12\"}"])
  func textThatIsNoObjectIsRefused(text: String) {
    #expect(Assignment(json: text) == nil)
  }

  @Test func numbersMeanTheSameWhateverTheirSpelling() {
    #expect(ParameterValue.real(3e6).means(.integer(3_000_000)))
    #expect(!ParameterValue.bool(true).means(.integer(1)))
    #expect(!ParameterValue.text("1").means(.integer(1)))
  }
}

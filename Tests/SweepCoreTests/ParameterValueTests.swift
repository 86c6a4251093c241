import Foundation
import SweepCore
import Testing

struct ParameterValueTests {
  private static let value = ParameterValue.mapping(of: [
    ("z", .list([.integer(1), .real(1), .null, .bool(true), .list([]), .mapping(of: [])])), ("a", .text("é \"\\\n")), ("real", .real(2)),
    ("mapping", .integer(3)), ("a", .text("last")),
  ])

  @Test func listsAndMappingsReadBackFromTheirText() {
    let text = Self.value.json
    #expect(text == #"{"a":"last","mapping":3,"real":2.0,"z":[1,1.0,null,true,[],{}]}"#)
    #expect(ParameterValue(json: text) == Self.value)
    #expect(Assignment(json: Assignment(["p": Self.value]).json)?["p"] == Self.value)
  }

  @Test func listsAndMappingsReadBackFromADefinition() throws {
    let data = try JSONEncoder().encode([Self.value, .real(1), .integer(1), .null])
    #expect(try JSONDecoder().decode([ParameterValue].self, from: data) == [Self.value, .real(1), .integer(1), .null])
  }

  @Test func charactersBeyondTheFirstPlaneAreReadAndHalvesOfThemAreNone() {
    #expect(ParameterValue(json: #""\ud83d\ude00 \b\f\/ \ud800x""#) == .text("😀 \u{8}\u{c}/ \u{fffd}x"))
  }

  @Test(arguments: ["", "[1,]", "{\"a\":1", "nan", "NaN", "+1", "0x10", "1e999", "[1] 2", "{1:2}", "'a'"])
  func whatIsNoJSONIsNoValue(text: String) { #expect(ParameterValue(json: text) == nil) }

  @Test func whatIsNestedTooDeeplyIsRefusedAndNotCrashedOn() {
    #expect(ParameterValue(json: String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)) == nil)
    #expect(ParameterValue(json: String(repeating: "[", count: 50) + String(repeating: "]", count: 50)) != nil)
  }

  @Test func numbersMeanTheSameHoweverTheyAreSpelledButNotInsideLists() {
    #expect(ParameterValue.real(3e6).means(.integer(3_000_000)) && !ParameterValue.bool(true).means(.integer(1)))
    #expect(!ParameterValue.list([.integer(1)]).means(.list([.real(1)])))
  }
}

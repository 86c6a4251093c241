import SweepCore
import Testing

struct SearchSpaceTests {
  let space = SearchSpace([
    Parameter("b", .values([.integer(1), .integer(2)])), Parameter("a", .integers(min: 7, max: 9)), Parameter("c", .constant(.text("k"))),
  ])

  @Test func theGridGoesByNameWithTheLastNameFastest() throws {
    #expect(space.gridCount == 6)
    let points = try (0..<6).compactMap { try space.gridPoint(at: $0)?.json }
    #expect(points.first == #"{"a":7,"b":1,"c":"k"}"#)
    #expect(points[1] == #"{"a":7,"b":2,"c":"k"}"#)
    #expect(points[2] == #"{"a":8,"b":1,"c":"k"}"#)
    #expect(Set(points).count == 6)
  }

  @Test func aGridTooLargeToCountSaysSo() {
    let huge = SearchSpace((0..<8).map { Parameter("p\($0)", .integers(min: 0, max: 1 << 30)) })
    #expect(huge.gridCount == .max)
  }

  @Test func aRangeOfRealsCannotBeEnumerated() {
    #expect(SearchSpace([Parameter("x", .reals(min: 0, max: 1))]).gridCount == nil)
  }

  @Test func onlyParametersWithSeveralValuesAreSwept() {
    #expect(space.sweptNames == ["a", "b"])
  }
}

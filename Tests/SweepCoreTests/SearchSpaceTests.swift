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

struct ConstraintTests {
  private func constraints(_ change: (inout Constraints) throws -> Void) throws -> Constraints {
    var constraints = Constraints()
    try change(&constraints)
    return constraints
  }

  @Test func conditionsFollowThoseTheyDependOn() throws {
    let space = SearchSpace(
      [
        Parameter("a", .values([.integer(0), .integer(1)])), Parameter("c", .values([.integer(1), .integer(2)])),
        Parameter("b", .values([.integer(1), .integer(2), .integer(3)])),
      ],
      constraints: try constraints {
        $0.conditions = ["b": try ParameterExpression("c == 2"), "c": try ParameterExpression("a == 1")]
        $0.otherwise = ["c": .text("off")]
      })
    let points = try (0..<12).compactMap { try space.gridPoint(at: $0)?.json }
    #expect(
      points == [
        #"{"a":0,"c":"off"}"#, #"{"a":1,"c":1}"#, #"{"a":1,"b":1,"c":2}"#, #"{"a":1,"b":2,"c":2}"#, #"{"a":1,"b":3,"c":2}"#,
      ])
  }

  @Test func nestedParametersAreOrderedLevelByLevelAndReachProgramsAsMappings() throws {
    let space = SearchSpace([
      Parameter(path: ["a", "z"], .values([.integer(1), .integer(2)])), Parameter("a-b", .values([.integer(3), .integer(4)])),
      Parameter(path: ["a", "y", "x"], .constant(.null)),
    ])
    #expect(try space.gridPoint(at: 1)?["a-b"] == .integer(4))
    let configuration = space.configuration(of: try #require(try space.gridPoint(at: 2)))
    #expect(configuration.map(\.name) == ["a", "a-b"])
    #expect(configuration[0].value.json == #"{"y":{"x":null},"z":2}"#)
  }

  @Test func aConditionThatCannotBeDecidedSaysWhere() throws {
    let space = SearchSpace(
      [Parameter("a", .values([.integer(0), .text("x")]))], constraints: try constraints { $0.exclusions = [try ParameterExpression("a > 1")] })
    #expect { try space.gridPoint(at: 1) } throws: { "\($0)".contains("exclude[0]") }
  }
}

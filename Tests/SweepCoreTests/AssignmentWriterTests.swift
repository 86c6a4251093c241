import SweepCore
import Testing

struct AssignmentWriterTests {
  private func texts(_ assignments: [Assignment]) -> [String] {
    var writer = AssignmentWriter()
    return assignments.map {
      writer.write($0)
      return String(decoding: writer.text, as: UTF8.self)
    }
  }

  @Test func everyPointOfAGridHasItsOwnCanonicalText() throws {
    let space = SearchSpace([
      Parameter("a", .values([.null, .bool(true), .text("say \"a\"\n")])), Parameter("b", .integers(min: -1, max: 1)),
      Parameter("c", .constant(.real(1e-7))), Parameter("d", .values([.integer(1), .real(1), .text("1")])),
    ])
    let points = try (0..<27).compactMap { try space.gridPoint(at: $0) }
    #expect(texts(points) == points.map(\.json) && Set(texts(points)).count == 27)
    #expect(texts(points).allSatisfy { Assignment(json: $0)?.json == $0 })
    #expect(points[0].json == #"{"a":null,"b":-1,"c":1e-07,"d":1}"#)
  }

  @Test func anythingMayFollowAnything() {
    let assignments: [Assignment] = [
      Assignment(["x": .real(0)]), Assignment(["x": .real(-0.0)]), Assignment(["x": .real(-0.0)]), Assignment([:]),
      Assignment(["x": .integer(2), "y": .text("")]), Assignment(["x": .integer(2), "y": .text("z")]), Assignment(["x": .integer(3)]),
    ]
    #expect(
      texts(assignments) == [
        #"{"x":0.0}"#, #"{"x":-0.0}"#, #"{"x":-0.0}"#, "{}", #"{"x":2,"y":""}"#, #"{"x":2,"y":"z"}"#, #"{"x":3}"#,
      ])
    // Swift holds them for equal; as bytes they are two.
    let accents = texts([Assignment(["x": .text("\u{e9}")]), Assignment(["x": .text("e\u{301}")])]).map { Array($0.utf8) }
    #expect(accents[0] != accents[1])
  }
}

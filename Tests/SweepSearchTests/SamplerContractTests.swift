// What every registered method owes: it runs over all of them, so a new one is tested by being registered.

import SweepCore
import SweepSearch
import Testing

struct SamplerContractTests {
  static let space = SearchSpace([
    Parameter("a", .values([.integer(1), .integer(2), .integer(3)])), Parameter("b", .integers(min: 1, max: 7)),
    Parameter("c", .constant(.text("x"))),
  ])

  static let problem = SearchProblem(space, seed: 1, budget: 1000)

  static let pointSamplers = samplers.entries.compactMap { entry in entry.plugin.pointSampler.map { (name: entry.name, sampler: $0) } }
  static let strategies = samplers.entries.compactMap { entry in entry.plugin.strategy.map { (name: entry.name, strategy: $0) } }

  private func all(_ sampler: any PointSampler, chunk: Int) throws -> [Assignment] {
    var points: [Assignment] = []
    for position in stride(from: 0, to: 1000, by: chunk) {
      let more = try sampler.points(at: position..<position + chunk, in: Self.problem)
      #expect(more.count <= chunk)
      points += more
    }
    return points
  }

  private static func lies(_ point: Assignment) -> Bool {
    point.names == space.names && (1...3).contains(point["a"]?.number ?? 0) && (1...7).contains(point["b"]?.number ?? 0) && point["c"] == .text("x")
  }

  @Test(arguments: pointSamplers.map(\.name)) func pointsDoNotDependOnHowManyAreAskedForAtOnce(name: String) throws {
    let sampler = try #require(samplers[name]?.pointSampler)
    #expect(try all(sampler, chunk: 5) == all(sampler, chunk: 100))
  }

  @Test(arguments: pointSamplers.map(\.name)) func pointsLieInTheSpace(name: String) throws {
    for point in try all(#require(samplers[name]?.pointSampler), chunk: 10) { #expect(Self.lies(point)) }
  }

  @Test(arguments: pointSamplers.map(\.name)) func noPointOfAFiniteSpaceComesTwice(name: String) throws {
    let sampler = try #require(samplers[name]?.pointSampler)
    let points = try all(sampler, chunk: 4)
    #expect(try sampler.count(in: Self.problem) == 21)
    #expect(points.count == 21)
    #expect(Set(points).count == 21)
  }

  /// Of those that learn: by nothing but what they are given.
  @Test(arguments: strategies.map(\.name)) func theSameHistoryGivesTheSameDecision(name: String) throws {
    let strategy = try #require(samplers[name]?.strategy)
    for number in 1...3 {
      let decision = try strategy.search(Self.problem).decision(number, given: History())
      #expect(try strategy.search(Self.problem).decision(number, given: History()) == decision)
      if case .start(let suggestion, _) = decision { #expect(Self.lies(suggestion.point)) }
    }
  }

  @Test func theGridRefusesRealRangesAndNamesThem() throws {
    let space = SearchSpace([Parameter("eta", .reals(min: 0, max: 1))])
    #expect {
      try GridSampler().points(at: 0..<1, in: SearchProblem(space))
    } throws: { error in
      "\(error)".contains("eta is a range of real numbers") && "\(error)".contains("values")
    }
  }
}

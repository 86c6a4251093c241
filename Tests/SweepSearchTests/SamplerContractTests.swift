// What every registered sampler owes: it runs over all of them, so a new one is tested by being registered.

import SweepCore
import SweepSearch
import Testing

struct SamplerContractTests {
  static let space = SearchSpace([
    Parameter("a", .values([.integer(1), .integer(2), .integer(3)])), Parameter("b", .integers(min: 1, max: 7)),
    Parameter("c", .constant(.text("x"))),
  ])

  private func all(_ sampler: any Sampler, chunk: Int) throws -> [Assignment] {
    var generator = SeededGenerator(seed: 1, purpose: .sampling)
    var points: [Assignment] = []
    while points.count < 1000 {
      let more = try sampler.suggest(chunk, in: Self.space, given: History(suggested: points.count), using: &generator)
      #expect(more.count <= chunk)
      if more.isEmpty { break }
      points += more
    }
    return points
  }

  @Test(arguments: samplers.names) func suggestionsDoNotDependOnHowManyAreAskedForAtOnce(name: String) throws {
    let sampler = try samplers.find(name)
    #expect(try all(sampler, chunk: 5) == all(sampler, chunk: 100))
  }

  @Test(arguments: samplers.names) func suggestionsLieInTheSpace(name: String) throws {
    for point in try all(samplers.find(name), chunk: 10) {
      #expect(point.names == Self.space.names)
      #expect((1...3).contains(point["a"]?.number ?? 0) && (1...7).contains(point["b"]?.number ?? 0) && point["c"] == .text("x"))
    }
  }

  @Test(arguments: samplers.names) func noPointOfAFiniteSpaceComesTwice(name: String) throws {
    let points = try all(samplers.find(name), chunk: 4)
    #expect(try samplers.find(name).count(in: Self.space) == 21)
    #expect(points.count == 21)
    #expect(Set(points).count == 21)
  }

  @Test func theGridRefusesRealRangesAndNamesThem() throws {
    var generator = SeededGenerator(seed: 1, purpose: .sampling)
    let space = SearchSpace([Parameter("eta", .reals(min: 0, max: 1))])
    #expect {
      try GridSampler().suggest(1, in: space, given: History(), using: &generator)
    } throws: { error in
      "\(error)".contains("eta is a range of real numbers") && "\(error)".contains("values")
    }
  }

  @Test(arguments: pruners.names) func prunersLetTheFirstEpochPassWithoutHistory(name: String) throws {
    #expect(try pruners.find(name).verdict(on: Trial.ID(rawValue: 1), after: 1, given: History()) == .proceed)
  }
}

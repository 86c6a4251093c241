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
    var points: [Assignment] = []
    for position in stride(from: 0, to: 1000, by: chunk) {
      let more = try sampler.suggest(chunk, in: Self.space, given: History(suggested: position), seed: 1)
      #expect(more.count <= chunk)
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
    let space = SearchSpace([Parameter("eta", .reals(min: 0, max: 1))])
    #expect {
      try GridSampler().suggest(1, in: space, given: History(), seed: 1)
    } throws: { error in
      "\(error)".contains("eta is a range of real numbers") && "\(error)".contains("values")
    }
  }

  @Test(arguments: pruners.names) func prunersLetTheFirstEpochPassWithoutHistory(name: String) throws {
    let entry = try pruners.find(name)
    var options: [String: ParameterValue] = [:]
    for option in entry.options { options[option.name] = option.defaultValue }
    #expect(entry.make(options).verdict(on: Trial.ID(rawValue: 1), after: 1, given: History()) == .proceed)
  }
}

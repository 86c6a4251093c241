// Sobol, Halton and Latin hypercubes in spaces: evenness, few points, conditions, weights. Their sequences are tested with SweepNumerics.

import SweepCore
import SweepNumerics
import SweepSearch
import Testing

struct QuasiRandomSamplerTests {
  static let names = ["sobol", "halton", "latin"]

  private func points(_ name: String, _ count: Int, in space: SearchSpace, seed: Int = 1, budget: Int? = 64) throws -> [Assignment] {
    try #require(samplers[name]?.pointSampler).points(at: 0..<count, in: SearchProblem(space, seed: seed, budget: budget))
  }

  private func places(_ points: [Assignment], _ name: String, of count: Int) -> [Int] {
    points.map { Int(($0[name]?.number ?? -1) * Double(count)) }
  }

  static let square = SearchSpace([Parameter("a", .reals(min: 0, max: 1)), Parameter("b", .reals(min: 0, max: 1))])

  @Test func sobolHasOnePointInEachIntervalAndALatinHypercubeToo() throws {
    for seed in 0..<10 {
      for (sampler, counts) in [("sobol", [16, 64]), ("latin", [64])] {
        for count in counts {
          let points = try points(sampler, count, in: Self.square, seed: seed)
          for name in ["a", "b"] { #expect(places(points, name, of: count).sorted() == Array(0..<count), "\(sampler)") }
        }
      }
    }
  }

  @Test(arguments: names) func seedsGiveOtherPointsAndLieEvenly(name: String) throws {
    #expect(try points(name, 4, in: Self.square) != points(name, 4, in: Self.square, seed: 2))
    let points = try points(name, 64, in: Self.square)
    for parameter in ["a", "b"] {
      let mean = points.reduce(0) { $0 + ($1[parameter]?.number ?? .nan) } / 64
      // The mean of random points deviates by 0.036.
      #expect(abs(mean - 0.5) < 0.02)
    }
  }

  @Test func aLatinHypercubeNeedsItsSize() throws {
    #expect {
      try points("latin", 4, in: Self.square, budget: nil)
    } throws: { error in
      "\(error)".contains("run_cap: 100")
    }
    // Beyond its size come further ones.
    let more = try points("latin", 16, in: Self.square, budget: 8)
    #expect(places(Array(more[8...]), "a", of: 8).sorted() == Array(0..<8) && Set(more).count == 16)
  }

  private func constrained() throws -> SearchSpace {
    var constraints = Constraints()
    constraints.conditions = ["depth": try expression("model == 'tree'")]
    constraints.exclusions = [try expression("size > 7"), try expression("depth == 2 and size == 1")]
    return SearchSpace(
      [
        Parameter("model", .values([.text("net"), .text("tree")])), Parameter("depth", .integers(min: 1, max: 6)),
        Parameter("size", .integers(min: 1, max: 10)),
      ], constraints: constraints)
  }

  @Test(arguments: names) func allAllowedPointsOfAFiniteSpaceComeAndNoneTwice(name: String) throws {
    let space = try constrained()
    let sampler = try #require(samplers[name]?.pointSampler)
    for seed in 0..<5 {
      let problem = SearchProblem(space, seed: seed, budget: 1000)
      let count = try #require(try sampler.count(in: problem))
      let all = try sampler.points(at: 0..<count, in: problem)
      // 7 of the net, 6 · 7 − 1 of the tree.
      #expect(all.count == 48 && Set(all).count == 48)
      #expect(try sampler.points(at: 48..<count, in: problem).isEmpty)
      #expect(try sampler.points(at: 7..<30, in: problem) == Array(all[7..<30]))
    }
  }

  @Test(arguments: names) func forbiddenPointsOfAnEndlessSpaceAreLeftOut(name: String) throws {
    var constraints = Constraints()
    constraints.exclusions = [try expression("a > b")]
    let space = SearchSpace(Self.square.parameters, constraints: constraints)
    let sampler = try #require(samplers[name]?.pointSampler)
    #expect(try sampler.count(in: SearchProblem(space, budget: 64)) == nil)
    let points = try points(name, 1000, in: space)
    #expect(points.count > 450 && points.count < 550)
    #expect(points.allSatisfy { ($0["a"]?.number ?? 1) <= ($0["b"]?.number ?? 0) })
  }

  @Test(arguments: names) func categoriesFollowTheirWeights(name: String) throws {
    let space = SearchSpace([Parameter("c", .weighted([.text("a"), .text("b")], [0.75, 0.25])), Parameter("x", .reals(min: 0, max: 1))])
    #expect(abs(try points(name, 64, in: space).count { $0["c"] == .text("a") } - 48) <= 1)
  }

  @Test(arguments: names) func constantsAloneAreOnePointAndManyDimensionsAreSearched(name: String) throws {
    let constant = SearchSpace([Parameter("a", .constant(.integer(1)))])
    #expect(try samplers[name]?.pointSampler?.count(in: SearchProblem(constant, budget: 9)) == 1)
    #expect(try points(name, 9, in: constant).map(\.json) == [#"{"a":1}"#])
    let many = SearchSpace((0..<200).map { Parameter("p\($0)", .reals(min: 0, max: 1)) })
    #expect(Set(try points(name, 64, in: many)).count == 64)
  }

  @Test(arguments: names) func quantisedFamiliesAreOfFinitelyManyPoints(name: String) throws {
    let space = SearchSpace([Parameter("q", .distribution(Distribution(.qUniform, 0, 1, step: .real(0.25))))])
    let found = try points(name, 20, in: space).compactMap { $0["q"]?.number }
    #expect(found.sorted() == [0, 0.25, 0.5, 0.75, 1])
  }
}

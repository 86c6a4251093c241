// Spaces and pasts that searches have stumbled over: the best lies against what is forbidden, a branch of which nothing is known, parameters of two values
// that are seldom in use, results of other sweeps alone.

import SweepCore
import SweepSearch
import Testing

struct OddSpaceTests {
  private static let square = [Parameter("x", .reals(min: 0, max: 1)), Parameter("y", .reals(min: 0, max: 1))]

  private func real(_ name: String, _ point: Assignment) -> Double { point[name]?.number ?? 0 }

  /// The least value is where no trial may be.
  @Test func aClimbThatEndsInWhatIsForbiddenIsNotGivenUpForChance() throws {
    var constraints = Constraints()
    constraints.exclusions = [try expression("x + y > 1")]
    let problem = SearchProblem(SearchSpace(Self.square, constraints: constraints), seed: 2)
    let made = try run(GaussianProcessSampler(), problem, trials: 30) { point in
      [(real("x", point) - 0.9) * (real("x", point) - 0.9) + (real("y", point) - 0.9) * (real("y", point) - 0.9)]
    }
    #expect(made.suggestions.count == 30 && made.suggestions.allSatisfy { real("x", $0.point) + real("y", $0.point) <= 1 })
    // Of the first points, which are spread evenly, some are forbidden.
    #expect(made.suggestions.dropFirst(6).filter { $0.reason == "unseen" }.isEmpty, "chance chose")
    #expect(made.history.outcomes.compactMap { $0.objectives[0] }.min() ?? 1 < 0.33, "0.32 is the least that is allowed")
  }

  @Test func aBranchOfWhichNothingIsKnownIsVisited() throws {
    var constraints = Constraints()
    constraints.conditions["x"] = try expression("model == 'a'")
    constraints.conditions["y"] = try expression("model == 'b'")
    let space = SearchSpace(Self.square + [Parameter("model", .values([.text("a"), .text("b")]))], constraints: constraints)
    let prior = (0..<20).map { place in
      History.Outcome(
        number: place - 19, assignment: Assignment(["model": .text("a"), "x": .real(Double(place) / 20)]), state: .complete,
        objectives: [Double(place) / 100])
    }
    let made = try run(GaussianProcessSampler(), SearchProblem(space, seed: 1, budget: 40), trials: 8, prior: prior) { point in
      [real("x", point) + (point["model"] == .text("b") ? 5 : 0)]
    }
    #expect(made.suggestions.contains { $0.point["model"] == .text("b") })
  }

  /// Their mean stays on the border between them.
  @Test(arguments: 0..<5) func parametersOfTwoValuesThatAreNotInUseAreNoTrouble(seed: Int) throws {
    var constraints = Constraints()
    constraints.conditions["bit"] = try expression("x > 0.98")
    let space = SearchSpace(Self.square + [Parameter("bit", .integers(min: 0, max: 1))], constraints: constraints)
    let made = try run(EvolutionStrategy(), SearchProblem(space, seed: seed), trials: 60) { [real("x", $0) + real("y", $0)] }
    #expect(Set(made.suggestions.map(\.point)).count == 60)
  }

  /// What other sweeps have found is where it begins; its own trials are learnt from all the same.
  @Test func anEvolutionStrategyThatBeginsWithOtherSweepsLearns() throws {
    let prior = (0..<500).map { place in
      let (x, y) = (Double(place % 25) / 25, Double(place / 25) / 20)
      return History.Outcome(
        number: place - 499, assignment: Assignment(["x": .real(x), "y": .real(y)]), state: .complete,
        objectives: [(x - 0.31) * (x - 0.31) + (y - 0.62) * (y - 0.62)])
    }
    let made = try run(AutoSampler(), SearchProblem(SearchSpace(Self.square), seed: 1), trials: 60, prior: prior) { point in
      [(real("x", point) - 0.31) * (real("x", point) - 0.31) + (real("y", point) - 0.62) * (real("y", point) - 0.62)]
    }
    func mean(_ points: ArraySlice<Suggestion>) -> Double {
      let values = points.filter { $0.sampler == "cma" }.map { abs(real("x", $0.point) - 0.31) + abs(real("y", $0.point) - 0.62) }
      return values.reduce(0, +) / Double(max(values.count, 1))
    }
    #expect(made.suggestions.contains { $0.sampler == "cma" })
    #expect(mean(made.suggestions.suffix(20)) < mean(made.suggestions.prefix(20)) / 2)
  }
}

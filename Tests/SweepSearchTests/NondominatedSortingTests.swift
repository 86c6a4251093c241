// NSGA-II on problems with known fronts and on spaces of all kinds. What all searches owe is in AdaptiveContractTests.

import SweepCore
import SweepNumerics
import SweepSearch
import Testing

struct NondominatedSortingTests {
  static let space = SearchSpace((1...5).map { Parameter("x\($0)", .reals(min: 0, max: 1)) })

  /// ZDT1 (Zitzler, Deb and Thiele 2000) in 5 dimensions: the best is 1 − √f₁, where all but the first are 0.
  private func values(_ point: Assignment) -> [Double] {
    let x = point.values.map { $0.number ?? .nan }
    let g = 1 + 9 * x.dropFirst().reduce(0, +) / 4
    return [x[0], g * (1 - (x[0] / g).squareRoot())]
  }

  private func volume(of history: History) -> Double {
    ParetoFront.hypervolume(history.outcomes.map { $0.objectives.compactMap { $0 } }, reference: [1.1, 6])
  }

  @Test func theFrontOfTwoObjectivesIsFoundSoonerThanByChance() throws {
    var (ours, random) = ([Double](), [Double]())
    for seed in 0..<10 {
      let problem = SearchProblem(Self.space, seed: seed, budget: 200, objectives: 2)
      ours.append(volume(of: try run(NondominatedSorting(), problem, trials: 200, values).history))
      let points = try RandomSampler().points(at: 0..<200, in: problem)
      random.append(volume(of: History(outcomes: points.enumerated().map { outcome($0 + 1, $1, values($1)) })))
    }
    // The best is 6.27.
    #expect(ours.sorted()[0] > random.sorted()[9])
    #expect(ours.sorted()[5] > 5.6, "\(ours) \(random)")
  }

  @Test func oneObjectiveIsMinimised() throws {
    var (ours, random) = ([Double](), [Double]())
    func value(_ point: Assignment) -> Double { point.values.reduce(0) { $0 + (($1.number ?? .nan) - 0.3) * (($1.number ?? .nan) - 0.3) } }
    for seed in 0..<10 {
      let problem = SearchProblem(Self.space, seed: seed, budget: 150)
      ours.append(try run(NondominatedSorting(), problem, trials: 150) { [value($0)] }.history.outcomes.compactMap { $0.objectives[0] }.min() ?? .nan)
      random.append(try RandomSampler().points(at: 0..<150, in: problem).map(value).min() ?? .nan)
    }
    #expect(ours.sorted()[5] < random.sorted()[5] / 4, "\(ours) \(random)")
  }

  @Test func threeObjectivesOfAMixedSpaceAreSearched() throws {
    let space = SearchSpace([
      Parameter("a", .reals(min: 0, max: 1)), Parameter("b", .values([.text("u"), .text("v"), .text("w")])),
      Parameter("n", .integers(min: 1, max: 9)),
    ])
    func values(_ point: Assignment) -> [Double] {
      let (a, n) = (point["a"]?.number ?? .nan, point["n"]?.number ?? .nan)
      return [a + (point["b"] == .text("v") ? 0 : 1), 1 - a + n / 9, (n - 5) * (n - 5) + (point["b"] == .text("v") ? 0 : 0.5)]
    }
    let problem = SearchProblem(space, seed: 3, budget: 200, objectives: 3)
    let history = try run(NondominatedSorting(), problem, trials: 200, values).history
    // What is worse in all three respects dies out.
    #expect(history.outcomes.suffix(100).count { $0.assignment["b"] == .text("v") } > 45)
    #expect(history.outcomes.prefix(20).count { $0.assignment["b"] == .text("v") } < 12)
  }

  @Test func aBudgetOfManyTrialsHasALargerPopulation() throws {
    for (budget, size) in [(499, 20), (500, 50), (nil, 50)] {
      let problem = SearchProblem(Self.space, seed: 1, budget: budget, objectives: 2)
      let suggestions = try run(NondominatedSorting(), problem, trials: 60, values).suggestions
      #expect(suggestions.map { $0.reason == "start" } == (1...60).map { $0 <= size })
      #expect(try suggestions.prefix(size).map(\.point) == SobolSampler().points(at: 0..<size, in: problem))
    }
  }

  @Test func trialsWithoutValuesHaveNoChildrenWhereOthersHave() throws {
    // Half of the space fails.
    let problem = SearchProblem(Self.space, seed: 2, budget: 100)
    let history = try run(NondominatedSorting(), problem, trials: 100) { $0.values[0].number ?? 0 > 0.5 ? nil : [$0.values[1].number ?? 0] }.history
    #expect(history.outcomes.prefix(20).count { $0.state == .failed } == 10)
    #expect(history.outcomes.suffix(60).count { $0.state == .failed } < 10)
  }
}

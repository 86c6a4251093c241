// The evolution strategy: its update against that of the package cmaes, and what every search owes.

import Foundation
import SweepCore
import SweepNumerics
import SweepSearch
import SweepTestSupport
import Testing

struct EvolutionStrategyTests {
  /// Made by `make_fixtures.py` with cmaes 0.13.1.
  private struct Fixture: Decodable {
    struct Step: Decodable {
      let x: [[Double]]
      let f: [Double]
      let mean: [Double]
      let sigma: Double
      let covariance: [[Double]]
      let sigmaPath: [Double]
      let covariancePath: [Double]

      private enum CodingKeys: String, CodingKey {
        case x, f, mean, sigma
        case covariance = "C"
        case sigmaPath = "p_sigma"
        case covariancePath = "p_c"
      }
    }
    struct Case: Decodable {
      let d: Int
      let popsize: Int
      let weights: [Double]
      let c1: Double
      let cmu: Double
      let cSigma: Double
      let dSigma: Double
      let cc: Double
      let steps: [Step]

      private enum CodingKeys: String, CodingKey {
        case d, popsize, weights, c1, cmu, cc, steps
        case cSigma = "c_sigma"
        case dSigma = "d_sigma"
      }
    }
    let cases: [Case]
    let adapting: [Case]

    private enum CodingKeys: String, CodingKey {
      case cases
      case adapting = "lr_adapt"
    }
  }

  private struct MarginFixture: Decodable {
    struct Step: Decodable {
      let x: [[Double]]
      let evaluated: [[Double]]
      let f: [Double]
      let mean: [Double]
      let stretch: [Double]

      private enum CodingKeys: String, CodingKey {
        case x, evaluated, f, mean
        case stretch = "A"
      }
    }
    let steps: [Step]
  }

  private static func read<Content: Decodable>(_ type: Content.Type, _ file: String) throws -> Content {
    try JSONDecoder().decode(type, from: Data(contentsOf: URL(filePath: projectFolder + "/Tests/Assets/search/" + file)))
  }

  private static func ordered(_ x: [[Double]], by f: [Double]) -> [[Double]] { x.indices.sorted { (f[$0], $0) < (f[$1], $1) }.map { x[$0] } }

  private static func distance(_ one: [Double], _ other: [Double]) -> Double { zip(one, other).map { abs($0 - $1) }.max() ?? .infinity }

  @Test(arguments: [false, true]) func updatesAreThoseOfCmaes(adaptsRates: Bool) throws {
    let fixture = try Self.read(Fixture.self, "cma.json")
    let tolerance = adaptsRates ? 1e-9 : 1e-10
    for example in adaptsRates ? fixture.adapting : fixture.cases {
      var state = CovarianceAdaptation(
        mean: [Double](repeating: 0.5, count: example.d), deviation: 0.3, population: example.popsize, adaptsRates: adaptsRates)
      #expect(Self.distance(state.rates.weights, example.weights) < 1e-14)
      let constants = [example.c1, example.cmu, example.cSigma, example.dSigma, example.cc]
      #expect(Self.distance([state.rates.c1, state.rates.cMu, state.rates.cSigma, state.rates.dSigma, state.rates.cC], constants) < 1e-14)
      for step in example.steps {
        state.update(Self.ordered(step.x, by: step.f))
        #expect(Self.distance(state.mean, step.mean) < tolerance)
        #expect(abs(state.deviation / step.sigma - 1) < tolerance)
        #expect(Self.distance(state.covariance, step.covariance.flatMap(\.self)) < tolerance)
        #expect(Self.distance(state.sigmaPath, step.sigmaPath) < tolerance)
        #expect(Self.distance(state.covariancePath, step.covariancePath) < tolerance)
      }
    }
  }

  @Test func marginsAreThoseOfCmaes() throws {
    let borders = [[], [0.5], (0..<9).map { Double($0) + 0.5 }]
    var state = CovarianceAdaptation(mean: [0.5, 0.5, 4.5], deviation: 0.7, population: 7, borders: borders)
    for step in try Self.read(MarginFixture.self, "cma_margin.json").steps {
      for (x, evaluated) in zip(step.x, step.evaluated) {
        let point = state.stretched(x)
        #expect(min(max(point[1].rounded(), 0), 1) == evaluated[1])
        #expect(min(max(point[2].rounded(), 0), 9) == evaluated[2])
        #expect(Self.distance(state.unstretched(point), x) < 1e-12)
      }
      state.update(Self.ordered(step.x, by: step.f))
      #expect(Self.distance(state.mean, step.mean) < 1e-8)
      #expect(Self.distance(state.stretch, step.stretch) < 1e-8)
    }
  }

  @Test func pointsFromElsewhereAreBroughtNear() {
    let state = CovarianceAdaptation(mean: [0.5, 0.5], deviation: 0.1, population: 6)
    #expect(state.shortened([0.55, 0.5]) == [0.55, 0.5])
    // √2 + 1 deviations.
    #expect(Self.distance(state.shortened([0.5, 1]), [0.5, 0.5 + 0.1 * (2.0.squareRoot() + 1)]) < 1e-12)
  }

  // MARK: - The search

  /// Trials one after another; the history lags behind by some.
  private static func run(
    _ space: SearchSpace, trials: Int, seed: Int = 3, lag: Int = 1, isNoisy: Bool = false, renews: Bool = false,
    _ value: (Assignment) -> Double?
  ) throws -> [Assignment] {
    let problem = SearchProblem(space, seed: seed, isNoisy: isNoisy)
    var search = try EvolutionStrategy().search(problem)
    var outcomes: [History.Outcome] = []
    for number in 1...trials {
      if renews { search = try EvolutionStrategy().search(problem) }
      let visible = max(outcomes.count + 1 - lag, 0)
      let pending = outcomes[visible...].map { History.Pending(number: $0.number, assignment: $0.assignment) }
      guard let suggestion = try search.suggest(number, given: History(outcomes: Array(outcomes[..<visible]), pending: pending)) else { break }
      let value = value(suggestion.point)
      outcomes.append(History.Outcome(number: number, assignment: suggestion.point, state: value == nil ? .failed : .complete, objectives: [value]))
    }
    return outcomes.map(\.assignment)
  }

  private static func ellipsoid(_ point: Assignment) -> Double {
    point.values.enumerated().reduce(0) { sum, item in
      let x = (item.1.number ?? 0) - 0.3
      return sum + x * x * (item.0 % 2 == 0 ? 1 : 100)
    }
  }

  private static let plain = SearchSpace((0..<4).map { Parameter("x\($0)", .reals(min: -1, max: 1)) })
  private static let mixed = SearchSpace([
    Parameter("a", .reals(min: -1, max: 1)), Parameter("b", .integers(min: -5, max: 5)), Parameter("c", .values([.text("x"), .text("y")])),
    Parameter("d", .distribution(Distribution(.qUniform, -2, 2, step: .real(0.5)))),
  ])

  @Test func anIllConditionedFunctionIsMinimised() throws {
    let best = try (0..<5).map { seed in try Self.run(Self.plain, trials: 600, seed: seed, Self.ellipsoid).map(Self.ellipsoid).min() ?? .infinity }
    #expect(best.sorted()[2] < 1e-6)
  }

  @Test func wholeNumbersAndCategoriesAreFound() throws {
    let best = try (0..<5).map { seed in
      try Self.run(Self.mixed, trials: 150, seed: seed) { Self.ellipsoid($0) + ($0["c"] == .text("y") ? 0 : 5) }
        .map { Self.ellipsoid($0) + ($0["c"] == .text("y") ? 0 : 5) }.min() ?? .infinity
    }
    // b = 0 and d = 0.5 are the best there are: 9 + 0.04.
    #expect(best.sorted()[2] < 13.1 + 1e-2)
  }

  @Test func aResultThatComesLaterIsOfUse() throws {
    let points = try Self.run(Self.plain, trials: 400, lag: 8, Self.ellipsoid)
    #expect((points.map(Self.ellipsoid).min() ?? .infinity) < 1e-3)
  }

  @Test(arguments: [1, 8]) func aSearchThatRemembersProposesWhatANewOneDoes(lag: Int) throws {
    for space in [Self.plain, Self.mixed] {
      let points = try Self.run(space, trials: 90, lag: lag, isNoisy: lag > 1) { Self.ellipsoid($0) > 60 ? nil : Self.ellipsoid($0) }
      #expect(points.count == 90)
      #expect(Set(points).count == 90)
      #expect(
        try Self.run(space, trials: 90, lag: lag, isNoisy: lag > 1, renews: true) { Self.ellipsoid($0) > 60 ? nil : Self.ellipsoid($0) } == points)
    }
  }

  @Test func trialsThatComeToLightLateAreWalkedAsByANewSearch() throws {
    let problem = SearchProblem(Self.mixed, seed: 3)
    let points = try Self.run(Self.mixed, trials: 120, Self.ellipsoid)
    let outcomes = points.enumerated().map {
      History.Outcome(number: $0.offset + 1, assignment: $0.element, state: .complete, objectives: [Self.ellipsoid($0.element)])
    }
    let search = try EvolutionStrategy().search(problem)
    // Each history lacks a trial of the past, sometimes one long ago.
    for missing in [119, 100, 70, 118, 3, 90, 110] {
      let history = History(
        outcomes: outcomes.filter { $0.number != missing }, pending: [History.Pending(number: missing, assignment: points[missing - 1])])
      let suggestion = try search.suggest(121, given: history)
      #expect(try EvolutionStrategy().search(problem).suggest(121, given: history) == suggestion)
    }
  }

  @Test func itBeginsAnewWhereNothingChangesAnyMore() throws {
    // A plateau: all values are the same, so that the search restarts, far from where it was.
    let space = SearchSpace([Parameter("a", .reals(min: 0, max: 1)), Parameter("b", .reals(min: 0, max: 1))])
    let points = try Self.run(space, trials: 400) { _ in 1 }
    #expect(Set(points).count == 400)
    for quarter in 0..<4 { #expect(points[200...].contains { Int(($0["a"]?.number ?? 0) * 4) == quarter }) }
  }

  @Test func itStartsWhereEarlierSweepsWereBest() throws {
    var generator = SeededGenerator(seed: 1, purpose: .sampling)
    let prior = (0..<100).map { index -> History.Outcome in
      let point = Assignment(Dictionary(uniqueKeysWithValues: Self.plain.names.map { ($0, .real(generator.nextUnit() * 2 - 1)) }))
      return History.Outcome(number: index - 99, assignment: point, state: .complete, objectives: [Self.ellipsoid(point)])
    }
    func mean(_ history: History) throws -> Double {
      try (2..<100).reduce(0.0) { sum, number in
        let search = try EvolutionStrategy().search(SearchProblem(Self.plain, seed: 1))
        return sum + Self.ellipsoid(try #require(try search.suggest(number, given: history)).point) / 98
      }
    }
    #expect(try mean(History(outcomes: prior)) < 0.5 * mean(History()))
  }

  @Test func aFiniteSpaceEndsAfterItsLastPoint() throws {
    let space = SearchSpace([
      Parameter("a", .integers(min: 1, max: 5)), Parameter("b", .values(["x", "y"].map { .text($0) })), Parameter("c", .constant(.integer(1))),
    ])
    let points = try Self.run(space, trials: 100, Self.ellipsoid)
    #expect(points.count == 10)
    #expect(Set(points).count == 10)
  }

  @Test func spacesOfOnePointOrOfCategoriesAloneAreSearched() throws {
    #expect(try Self.run(SearchSpace([Parameter("a", .constant(.integer(1)))]), trials: 20, Self.ellipsoid).count == 1)
    #expect(try Self.run(SearchSpace([]), trials: 20, Self.ellipsoid).count == 1)
    let space = SearchSpace(["a", "b", "c"].map { Parameter($0, .values(["x", "y", "z"].map { .text($0) })) })
    #expect(try Self.run(space, trials: 100, Self.ellipsoid).count == 27)
  }

  @Test func severalObjectivesAreRefused() {
    #expect { try EvolutionStrategy().search(SearchProblem(Self.plain, objectives: 2)) } throws: { "\($0)".contains("one objective") }
  }
}

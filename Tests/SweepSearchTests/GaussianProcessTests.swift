// The Gaussian process against scikit-learn and mpmath, its gradients against differences, its fit against restarts, and the sampler's promises:
// what it proposes, where it ends, and that nothing but its arguments counts. That methods answer at all is tested by SamplerContractTests.

import Foundation
import SweepCore
import SweepNumerics
import SweepSearch
import SweepTestSupport
import Testing

struct GaussianProcessTests {
  private struct Cases: Decodable {
    struct Case: Decodable {
      let x: [[Double]]
      let y: [Double]
      let lengthscales: [Double]
      let s2: Double
      let noise: Double
      let points: [[Double]]
      let mean: [Double]
      let variance: [Double]
      let logLikelihood: Double
      let gradient: [Double]
      let best: Double
      let logImprovement: [Double]

      /// The fixture's names.
      enum CodingKeys: String, CodingKey {
        case x = "X"
        case y, lengthscales, s2, noise, points, mean, variance, best
        case logLikelihood = "log_marginal_likelihood"
        case gradient = "gradient_by_log_s2_log_ls_log_noise"
        case logImprovement = "log_ei"
      }
    }
    let cases: [Case]
  }

  private static func cube(_ dimensions: Int) -> SearchSpace {
    SearchSpace((0..<dimensions).map { Parameter("x\($0)", .reals(min: 0, max: 1)) })
  }

  private func isClose(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool { abs(a - b) <= tolerance * max(1, abs(b)) }

  @Test func posteriorAndLikelihoodAreThoseOfScikitLearn() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: projectFolder + "/Tests/Assets/search/gp.json"))
    for known in try JSONDecoder().decode(Cases.self, from: data).cases {
      let d = known.lengthscales.count
      let columns = ProcessColumns(Encoding(Self.cube(d)))
      let parameters = ProcessParameters(values: (known.lengthscales + [known.noise, known.s2]).map { exactLogarithm($0) })
      let process = try #require(GaussianProcess(columns, columns.points(known.x), known.y, parameters))
      let (means, variances) = process.posterior(known.points)
      for place in known.points.indices {
        #expect(isClose(means[place], known.mean[place], 1e-9))
        #expect(isClose(variances[place], known.variance[place], 1e-9))
      }
      for (ours, theirs) in zip(process.logImprovement(known.points, below: known.best), known.logImprovement) {
        #expect(isClose(ours, theirs, 1e-7))
      }

      var gradient = [Double](repeating: 0, count: d + 2)
      let value = ProcessObjective(columns, columns.points(known.x))(parameters, known.y, gradient: &gradient)
      var (prior, priorGradient) = (0.0, [Double](repeating: 0, count: d + 2))
      ProcessPrior.add(parameters, to: &prior, &priorGradient)
      // Without n/2·log 2π, which does not matter to a fit.
      let constant = Double(known.y.count) / 2 * log(2 * Double.pi)
      #expect(isClose(-(value - prior) - constant, known.logLikelihood, 1e-9))
      let theirs = known.gradient
      for (ours, theirs) in zip([d + 1] + Array(0...d), theirs) { #expect(isClose(-(gradient[ours] - priorGradient[ours]), theirs, 1e-8)) }
    }
  }

  /// A space of everything: some parameters in use only where others have a value.
  private static func mixedSpace(seed: Int) -> SearchSpace {
    var generator = SeededGenerator(seed: seed, purpose: .synthetic)
    var (parameters, constraints) = ([Parameter("root", .values([.text("a"), .text("b"), .text("c")]))], Constraints())
    for index in 0..<(2 + Int(generator.next(below: 5))) {
      let name = "p\(index)"
      switch generator.next(below: 3) {
      case 0: parameters.append(Parameter(name, .reals(min: -1, max: 3)))
      case 1: parameters.append(Parameter(name, .integers(min: 1, max: 2 + Int(generator.next(below: 30)))))
      default: parameters.append(Parameter(name, .values([.text("x"), .text("y"), .bool(true)])))
      }
      if generator.next(below: 2) == 0, let condition = try? ParameterExpression("root == 'b'") { constraints.conditions[name] = condition }
    }
    return SearchSpace(parameters, constraints: constraints)
  }

  private func rows(_ encoding: Encoding, _ count: Int, seed: Int) throws -> [[Double]] {
    var generator = SeededGenerator(seed: seed, purpose: .shuffle)
    return try (0..<count).compactMap { _ in try encoding.snapped(encoding.row(ofUnit: (0..<encoding.count).map { _ in generator.nextUnit() })) }
  }

  @Test func theKernelIsPositiveDefiniteOnMixedAndConditionalSpaces() throws {
    for seed in 0..<200 {
      let encoding = Encoding(Self.mixedSpace(seed: seed))
      let columns = ProcessColumns(encoding)
      let rows = try rows(encoding, 25, seed: seed)
      var generator = SeededGenerator(seed: seed, purpose: .weights)
      let parameters = ProcessParameters(values: (0..<encoding.count).map { _ in generator.nextNormal() } + [log(1e-10), 0])
      // With 1e-10 on the diagonal it has a factor where no eigenvalue is below −1e-10.
      #expect(GaussianProcess(columns, columns.points(rows), rows.map { _ in 0 }, parameters) != nil, "\(seed)")
    }
  }

  @Test(arguments: 0..<8) func gradientsAreThoseOfDifferences(seed: Int) throws {
    let encoding = Encoding(Self.mixedSpace(seed: seed))
    let columns = ProcessColumns(encoding)
    let rows = try rows(encoding, 30, seed: seed)
    let points = columns.points(rows)
    var generator = SeededGenerator(seed: seed, purpose: .weights)
    let y = rows.map { _ in generator.nextNormal() }
    let parameters = ProcessParameters(values: (0..<encoding.count).map { _ in generator.nextNormal() / 2 } + [-3, 0.4])
    let objective = ProcessObjective(columns, points)
    var (gradient, ignored) = ([Double](repeating: 0, count: encoding.count + 2), [Double](repeating: 0, count: encoding.count + 2))
    _ = objective(parameters, y, gradient: &gradient)
    for j in gradient.indices {
      func value(_ step: Double) -> Double {
        var moved = parameters
        moved.values[j] += step
        return objective(moved, y, gradient: &ignored)
      }
      #expect(isClose(gradient[j], (value(1e-6) - value(-1e-6)) / 2e-6, 1e-5))
    }

    let process = try #require(GaussianProcess(columns, points, y, parameters))
    for row in try self.rows(encoding, 5, seed: seed + 1000) {
      var byColumn = [Double](repeating: 0, count: columns.count)
      let x = columns.columns(of: row)
      _ = process.logImprovement(at: x, below: -1, gradient: &byColumn)
      for (j, dimension) in encoding.dimensions.enumerated() where dimension.isContinuous && !row[j].isNaN {
        func value(_ step: Double) -> Double {
          var moved = row
          moved[j] += step
          return process.logImprovement([moved], below: -1)[0]
        }
        #expect(isClose(byColumn[columns.first[j]], (value(1e-6) - value(-1e-6)) / 2e-6, 1e-5))
      }
    }
  }

  /// The objective of a fit may have several minima; the one that is found from two starts must hardly ever be worse than what twenty others find.
  @Test func fitsAreAsGoodAsThoseOfRestarts() {
    var worse: [Int] = []
    for seed in 0..<50 {
      let d = 1 + seed % 5
      var generator = SeededGenerator(seed: seed, purpose: .synthetic)
      let rows = (0..<(10 + seed)).map { _ in (0..<d).map { _ in generator.nextUnit() } }
      let frequencies = (0..<d).map { _ in 8 * generator.nextUnit() }
      let raw = rows.map { row in zip(row, frequencies).reduce(0) { $0 + sin($1.0 * $1.1) } + 0.05 * generator.nextNormal() }
      let (y, _) = ProcessOutputs(raw).transformed(power: 1)
      let columns = ProcessColumns(Encoding(Self.cube(d)))
      let objective = ProcessObjective(columns, columns.points(rows))
      let found = objective.fitted(y)
      var least = Double.infinity
      for _ in 0..<20 {
        var start = ProcessParameters.typical(d)
        for j in start.values.indices { start.values[j] += 2 * generator.nextNormal() }
        least = min(least, objective.minimum(y, from: start).value)
      }
      if found.value > least + 0.05 { worse.append(seed) }
    }
    #expect(worse.count <= 2, "\(worse)")
  }
}

struct GaussianProcessSamplerTests {
  private static func distance(_ point: Assignment) -> Double {
    zip(point.names, point.values).reduce(0) { $0 + pow(($1.1.number ?? 0) - 0.3, 2) }
  }

  private func run(
    _ problem: SearchProblem, _ count: Int, search: (any AdaptiveSearch)? = nil, value: (Assignment) -> Double? = Self.distance
  ) throws -> [Assignment] {
    let search = try search ?? GaussianProcessSampler().search(problem)
    var outcomes: [History.Outcome] = []
    for number in 1...count {
      guard let suggestion = try search.suggest(number, given: History(outcomes: outcomes)) else { break }
      let value = value(suggestion.point)
      outcomes.append(.init(number: number, assignment: suggestion.point, state: value == nil ? .failed : .complete, objectives: [value]))
    }
    return outcomes.map(\.assignment)
  }

  private static func cube(_ dimensions: Int) -> SearchSpace {
    SearchSpace((0..<dimensions).map { Parameter("x\($0)", .reals(min: 0, max: 1)) })
  }

  static let conditional: SearchSpace = {
    var constraints = Constraints()
    constraints.conditions["rate"] = try? ParameterExpression("model == 'net'")
    constraints.conditions["depth"] = try? ParameterExpression("model == 'tree'")
    constraints.exclusions = [try? ParameterExpression("model == 'tree' and depth == 3")].compactMap(\.self)
    return SearchSpace(
      [
        Parameter("model", .values([.text("net"), .text("tree"), .text("none")])), Parameter("rate", .reals(min: 0, max: 1)),
        Parameter("depth", .integers(min: 1, max: 9)), Parameter("width", .reals(min: 0, max: 1)),
      ], constraints: constraints)
  }()

  @Test func aSphereIsSolvedInThirtyTrials() throws {
    let regrets = try (0..<5).map { seed in
      try run(SearchProblem(Self.cube(4), seed: seed), 30).map(Self.distance).min() ?? .infinity
    }.sorted()
    #expect(regrets[2] < 1e-4)
  }

  @Test func beginsWithTheCentre() throws {
    let points = try run(SearchProblem(Self.cube(2)), 1)
    #expect(points == [Assignment(["x0": .real(0.5), "x1": .real(0.5)])])
  }

  @Test func aSearchThatRemembersAnswersAsANewOne() throws {
    let problem = SearchProblem(Self.conditional, seed: 3, budget: 40)
    let search = try GaussianProcessSampler().search(problem)
    var outcomes: [History.Outcome] = []
    for number in 1...24 {
      let history = History(
        outcomes: Array(outcomes.dropLast(2)), pending: outcomes.suffix(2).map { .init(number: $0.number, assignment: $0.assignment) })
      let suggestion = try #require(try search.suggest(number, given: history))
      let anew = try GaussianProcessSampler().search(problem).suggest(number, given: history)
      #expect(anew == suggestion)
      outcomes.append(.init(number: number, assignment: suggestion.point, state: .complete, objectives: [Self.distance(suggestion.point)]))
    }
  }

  @Test func noPointComesTwiceAndNoneIsForbidden() throws {
    let points = try run(SearchProblem(Self.conditional, seed: 1, budget: 40), 40)
    #expect(points.count == 40)
    #expect(Set(points).count == 40)
    #expect(points.allSatisfy { $0["depth"] != .integer(3) && ($0["rate"] != nil) == ($0["model"] == .text("net")) })
    #expect(Set(points.map { $0["model"] }).count == 3)
  }

  @Test func aFiniteSpaceEndsAfterItsLastPoint() throws {
    let space = SearchSpace([
      Parameter("a", .values([.integer(1), .integer(2), .integer(4)])), Parameter("b", .values([.text("x"), .text("y")])),
      Parameter("c", .integers(min: 0, max: 3)), Parameter("k", .constant(.text("k"))),
    ])
    let points = try run(SearchProblem(space), 40)
    #expect(points.count == 24)
    #expect(Set(points).count == 24)
  }

  @Test func aSpaceOfOnePointIsThatPoint() throws {
    let point = Assignment(["k": .text("k")])
    let points = try run(SearchProblem(SearchSpace([Parameter("k", .constant(.text("k")))])), 3)
    #expect(points == [point])
  }

  @Test(arguments: [1, 200]) func fewAndManyDimensionsWork(dimensions: Int) throws {
    let points = try run(SearchProblem(Self.cube(dimensions), seed: 1), 16)
    #expect(Set(points).count == 16)
  }

  @Test func failedTrialsAreLearntFrom() throws {
    // Whatever has x0 above ½ fails.
    let points = try run(SearchProblem(Self.cube(2), seed: 2), 40) { ($0["x0"]?.number ?? 0) > 0.5 ? nil : Self.distance($0) }
    #expect(points.suffix(15).count { ($0["x0"]?.number ?? 0) > 0.5 } <= 3)
    // And if all do, it goes on all the same.
    let failed = try run(SearchProblem(Self.cube(2)), 12) { _ in nil }
    #expect(Set(failed).count == 12)
  }

  /// Of two opposed objectives: the square of the distance to 0.2 and to 0.8 in each coordinate.
  @Test func severalObjectivesGetPointsAllAlongTheirFront() throws {
    func distance(_ point: Assignment, _ to: Double) -> Double { point.values.reduce(0) { $0 + pow(($1.number ?? 0) - to, 2) } }
    let search = try GaussianProcessSampler().search(SearchProblem(Self.cube(3), seed: 1, objectives: 2))
    var outcomes: [History.Outcome] = []
    for number in 1...40 {
      let point = try #require(try search.suggest(number, given: History(outcomes: outcomes))).point
      outcomes.append(.init(number: number, assignment: point, state: .complete, objectives: [distance(point, 0.2), distance(point, 0.8)]))
    }
    // On the front all coordinates are equal.
    let front = outcomes.map(\.assignment).filter { point in
      let u = point.values.compactMap(\.number)
      return (u.max() ?? 1) - (u.min() ?? 0) < 0.15
    }
    let middles = front.map { $0.values.compactMap(\.number).reduce(0, +) / 3 }
    #expect(middles.contains { $0 < 0.35 } && middles.contains { abs($0 - 0.5) < 0.1 } && middles.contains { $0 > 0.65 })
  }

  @Test func equalValuesAreNoTrouble() throws {
    let points = try run(SearchProblem(Self.cube(3)), 14) { _ in 7 }
    #expect(Set(points).count == 14)
  }

  @Test func hugeValuesAreNoTrouble() throws {
    let points = try run(SearchProblem(Self.cube(2)), 14) { Self.distance($0) * 1e300 - 1e307 }
    #expect(Set(points).count == 14)
  }

  /// Doubling is exact, so that nothing may change at all.
  @Test func theUnitOfTheObjectiveDoesNotMatter() throws {
    let problem = SearchProblem(Self.cube(3), seed: 5)
    let scaled = try run(problem, 20) { Self.distance($0) * 1024 }
    let plain = try run(problem, 20)
    #expect(plain == scaled)
    let moved = try run(problem, 14) { Self.distance($0) * 10 + 5 }
    for (a, b) in zip(plain, moved) {
      for (a, b) in zip(a.values, b.values) { #expect(abs((a.number ?? 0) - (b.number ?? 9)) < 1e-3) }
    }
  }

  @Test func pendingTrialsAreKeptAwayFrom() throws {
    let problem = SearchProblem(Self.cube(2), seed: 4)
    let outcomes = try run(problem, 10).enumerated().map {
      History.Outcome(number: $0 + 1, assignment: $1, state: .complete, objectives: [Self.distance($1)])
    }
    let search = try GaussianProcessSampler().search(problem)
    let first = try #require(try search.suggest(11, given: History(outcomes: outcomes))).point
    let second = try #require(try search.suggest(11, given: History(outcomes: outcomes, pending: [.init(number: 10, assignment: first)]))).point
    let apart = zip(first.values, second.values).reduce(0) { $0 + abs(($1.0.number ?? 0) - ($1.1.number ?? 0)) }
    #expect(apart > 1e-3)
  }
}

// The tree-structured Parzen estimator: its densities against Optuna's, what it draws against its densities, and what every search owes.

import Foundation
import SweepCore
import SweepNumerics
import SweepSearch
import SweepTestSupport
import Testing

struct TreeParzenEstimatorTests {
  /// Made by `make_fixtures.py` with Optuna 5.0.0.
  private struct Fixture: Decodable {
    struct Case: Decodable {
      let observations: [String: [Double]]
      let points: [String: [Double]]
      let logDensities: [Double]
      let alone: [String: [Double]]

      private enum CodingKeys: String, CodingKey {
        case observations, points
        case logDensities = "log_pdf"
        case alone = "log_pdf_of_each_parameter_alone"
      }
    }
    let gamma: [String: Int]
    let cases: [Case]

    static func read() throws -> Fixture {
      try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: URL(filePath: projectFolder + "/Tests/Assets/search/tpe.json")))
    }
  }

  private static let mixed = Encoding(
    SearchSpace([
      Parameter("a", .reals(min: 0, max: 1)), Parameter("b", .distribution(Distribution(.logUniformValues, 1e-5, 1))),
      Parameter("c", .integers(min: 1, max: 400)), Parameter("d", .values(["x", "y", "z"].map { .text($0) })),
      Parameter("e", .reals(min: -5, max: 5)),
    ]))

  private static func rows(_ columns: [String: [Double]]) -> [[Double]] {
    (columns["a"] ?? []).indices.map { index in
      func value(_ name: String) -> Double { columns[name]?[index] ?? .nan }
      return mixed.row(
        of: Assignment([
          "a": .real(value("a")), "b": .real(value("b")), "c": .integer(Int(value("c"))), "d": .text(["x", "y", "z"][Int(value("d"))]),
          "e": .real(value("e")),
        ]))
    }
  }

  private static func mixture(_ dimensions: [Encoding.Dimension], _ rows: [[Double]]) -> ParzenMixture {
    let mixture = ParzenMixture(dimensions)
    for row in rows { mixture.append(row) }
    mixture.select { _ in true }
    return mixture
  }

  @Test func densitiesAreOptunas() throws {
    // Densities of a and e there are per unit of the value, of b per unit of its logarithm.
    let jacobians = [0, exactLogarithm(exactLogarithm(1e5)), 0, 0, exactLogarithm(10)]
    for example in try Fixture.read().cases {
      let (rows, points) = (Self.rows(example.observations), Self.rows(example.points))
      let joint = Self.mixture(Self.mixed.dimensions, rows).logDensities(at: points)
      for (ours, theirs) in zip(joint, example.logDensities) { #expect(abs(ours - jacobians.reduce(0, +) - theirs) < 1e-9) }
      for (place, name) in ["a", "b", "c", "d", "e"].enumerated() {
        let alone = Self.mixture([Self.mixed.dimensions[place]], rows.map { [$0[place]] }).logDensities(at: points.map { [$0[place]] })
        for (ours, theirs) in zip(alone, try #require(example.alone[name])) { #expect(abs(ours - jacobians[place] - theirs) < 1e-9) }
      }
    }
  }

  @Test func asManyTrialsAreGoodAsForOptuna() throws {
    for (results, good) in try Fixture.read().gamma { #expect(TreeParzenEstimator.goodCount(of: try #require(Int(results))) == good) }
  }

  @Test func aMixtureThatChangedHasTheBitsOfANewOne() throws {
    var generator = SeededGenerator(seed: 5, purpose: .sampling)
    func row() throws -> [Double] { try #require(try Self.mixed.snapped(Self.mixed.row(ofUnit: (0..<5).map { _ in generator.nextUnit() }))) }
    let points = try (0..<10).map { _ in try row() }
    let old = ParzenMixture(Self.mixed.dimensions)
    var rows: [[Double]] = []
    for step in 0..<600 {
      rows.append(step % 7 == 3 ? rows[step / 2] : try row())
      old.append(rows[step])
      let bad = (0..<20).map { _ in Int(generator.nextUnit() * Double(step)) }
      old.select { !bad.contains($0) }
      if step % 50 != 49 { continue }
      let new = ParzenMixture(Self.mixed.dimensions)
      for row in rows { new.append(row) }
      new.select { !bad.contains($0) }
      #expect(new.logDensities(at: points) == old.logDensities(at: points))
    }
  }

  private static func chiSquare(_ counts: [Int], _ masses: [Double]) -> Double {
    let total = Double(counts.reduce(0, +))
    return zip(counts, masses).reduce(0.0) { sum, bin in
      let difference = Double(bin.0) - total * bin.1
      return sum + difference * difference / (total * bin.1)
    }
  }

  /// χ² of 100,000 draws in 20 bins against the density's integral.
  @Test(arguments: [0, 1, 3, 40]) func drawsFollowTheDensity(trials: Int) throws {
    var generator = SeededGenerator(seed: trials, purpose: .sampling)
    let dimension = Self.mixed.dimensions[0]
    let mixture = Self.mixture([dimension], (0..<trials).map { _ in [generator.nextUnit() * generator.nextUnit()] })
    var counts = [Int](repeating: 0, count: 20)
    for _ in 0..<100_000 { counts[min(Int(mixture.draw(&generator)[0] * 20), 19)] += 1 }
    let masses = (0..<20).map { bin in
      // Gauss–Legendre with 2 points on 50 parts of a bin.
      let points = (0..<100).map { index -> [Double] in
        let middle = Double(bin * 50 + index / 2) + 0.5
        return [(middle + (index % 2 == 0 ? -0.28867513459481287 : 0.28867513459481287)) / 1000]
      }
      return mixture.logDensities(at: points).reduce(0) { $0 + exactExponential($1) } / 2000
    }
    #expect(abs(masses.reduce(0, +) - 1) < 1e-6)
    // p = 0.001 with 19 degrees of freedom.
    #expect(Self.chiSquare(counts, masses) < 43.8)
  }

  /// Of bins and categories the shares are known at each value.
  @Test func drawsOfBinsAndCategoriesFollowTheirMasses() throws {
    let encoding = Encoding(
      SearchSpace([Parameter("c", .values(["x", "y", "z"].map { .text($0) })), Parameter("i", .integers(min: 1, max: 6))]))
    let mixture = Self.mixture(encoding.dimensions, [[0, 0.75], [2, 0.25], [2, 0.25], [1, 11.0 / 12]])
    var generator = SeededGenerator(seed: 9, purpose: .sampling)
    let points = (0..<18).map { [Double($0 / 6), encoding.dimensions[1].centre($0 % 6)] }
    let masses = mixture.logDensities(at: points).map { exactExponential($0) }
    #expect(abs(masses.reduce(0, +) - 1) < 1e-12)
    var counts = [Int](repeating: 0, count: 18)
    for _ in 0..<100_000 {
      let point = mixture.draw(&generator)
      counts[Int(point[0]) * 6 + encoding.dimensions[1].step(near: point[1])] += 1
    }
    // p = 0.001 with 17 degrees of freedom.
    #expect(Self.chiSquare(counts, masses) < 40.8)
  }

  // MARK: - The search

  /// Trials one after another, the results those of a function.
  private static func run(
    _ space: SearchSpace, trials: Int, seed: Int = 3, renews: Bool = false, scale: (Double) -> Double = { $0 }, _ value: (Assignment) -> Double?
  ) throws -> [Assignment] {
    let problem = SearchProblem(space, seed: seed)
    var search = try TreeParzenEstimator().search(problem)
    var outcomes: [History.Outcome] = []
    for number in 1...trials {
      if renews { search = try TreeParzenEstimator().search(problem) }
      guard let suggestion = try search.suggest(number, given: History(outcomes: outcomes)) else { break }
      let value = value(suggestion.point).map(scale)
      outcomes.append(History.Outcome(number: number, assignment: suggestion.point, state: value == nil ? .failed : .complete, objectives: [value]))
    }
    return outcomes.map(\.assignment)
  }

  private static func sphere(_ point: Assignment) -> Double {
    point.values.reduce(0) { $0 + (($1.number ?? 0) - 0.3) * (($1.number ?? 0) - 0.3) }
  }

  private static let plain = SearchSpace([
    Parameter("a", .reals(min: -1, max: 1)), Parameter("b", .integers(min: -4, max: 4)), Parameter("c", .reals(min: -2, max: 2)),
  ])

  @Test func theFirstPointIsTheCentre() throws {
    #expect(try Self.run(Self.plain, trials: 1, Self.sphere).first == Assignment(["a": .real(0), "b": .integer(0), "c": .real(0)]))
  }

  @Test func aSearchThatRemembersProposesWhatANewOneDoes() throws {
    let points = try Self.run(Self.plain, trials: 80) { Self.sphere($0) > 12 ? nil : Self.sphere($0) }
    #expect(points.count == 80)
    #expect(try Self.run(Self.plain, trials: 80, renews: true) { Self.sphere($0) > 12 ? nil : Self.sphere($0) } == points)
  }

  @Test func onlyTheOrderOfTheValuesCounts() throws {
    let points = try Self.run(Self.plain, trials: 60, Self.sphere)
    #expect(try Self.run(Self.plain, trials: 60, scale: { $0 * 10 + 5 }, Self.sphere) == points)
  }

  @Test func anotherSeedProposesOtherPoints() throws {
    #expect(try Self.run(Self.plain, trials: 20, seed: 4, Self.sphere).dropFirst(1) != Self.run(Self.plain, trials: 20, Self.sphere).dropFirst(1))
  }

  @Test func aSmoothFunctionIsMinimised() throws {
    let space = SearchSpace([Parameter("a", .reals(min: -5, max: 5)), Parameter("b", .reals(min: -5, max: 5))])
    let best = try (0..<5).map { seed in try Self.run(space, trials: 60, seed: seed, Self.sphere).map(Self.sphere).min() ?? .infinity }
    #expect(best.sorted()[2] < 0.1)
  }

  @Test func aFiniteSpaceEndsAfterItsLastPoint() throws {
    let space = SearchSpace([
      Parameter("a", .integers(min: 1, max: 5)), Parameter("b", .values(["x", "y"].map { .text($0) })), Parameter("c", .constant(.integer(1))),
      Parameter("d", .distribution(Distribution(.qUniform, 0, 3, step: .integer(1)))),
    ])
    let points = try Self.run(space, trials: 100, Self.sphere)
    #expect(points.count == 40)
    #expect(Set(points).count == 40)
  }

  @Test func spacesOfOnePointOrOfConstantsEndAfterIt() throws {
    for space in [SearchSpace([Parameter("a", .constant(.integer(1)))]), SearchSpace([Parameter("a", .values([.integer(2)]))]), SearchSpace([])] {
      #expect(try Self.run(space, trials: 20, Self.sphere).count == 1)
    }
  }

  private static func conditional(excluding: String? = nil) throws -> SearchSpace {
    var constraints = Constraints()
    constraints.conditions = [
      "momentum": try ParameterExpression("optimizer == 'sgd'"), "nesterov": try ParameterExpression("momentum > 0.5"),
      "beta": try ParameterExpression("optimizer == 'adam'"),
    ]
    if let excluding { constraints.exclusions = [try ParameterExpression(excluding)] }
    return SearchSpace(
      [
        Parameter("beta", .reals(min: 0, max: 1)), Parameter("momentum", .reals(min: 0, max: 1)),
        Parameter("nesterov", .values([.bool(false), .bool(true)])), Parameter("optimizer", .values([.text("sgd"), .text("adam")])),
        Parameter("rate", .reals(min: 0, max: 1)),
      ], constraints: constraints)
  }

  @Test func parametersThatAreNotInUseAreLeftOut() throws {
    let points = try Self.run(Self.conditional(), trials: 60) { Self.sphere($0) + ($0["nesterov"] == .bool(true) ? 0 : 0.1) }
    for point in points {
      #expect((point["beta"] != nil) == (point["optimizer"] == .text("adam")))
      #expect((point["momentum"] != nil) == (point["optimizer"] == .text("sgd")))
      #expect((point["nesterov"] != nil) == ((point["momentum"]?.number ?? 0) > 0.5))
    }
    #expect(Set(points).count == 60)
  }

  @Test func forbiddenPointsAreNotProposed() throws {
    let points = try Self.run(Self.conditional(excluding: "rate < 0.5 and optimizer == 'adam'"), trials: 60, Self.sphere)
    #expect(points.count == 60)
    for point in points { #expect((point["rate"]?.number ?? 0) >= 0.5 || point["optimizer"] == .text("sgd")) }
  }

  @Test func whereEveryPointIsForbiddenTheSearchEnds() throws {
    #expect(try Self.run(Self.conditional(excluding: "rate >= 0"), trials: 3, Self.sphere).isEmpty)
  }

  @Test func pointsUnderWayAreAvoided() throws {
    // All but one trial of a plateau, and a point on which many are already at work.
    let space = SearchSpace([Parameter("a", .reals(min: 0, max: 1))])
    func point(_ a: Double) -> Assignment { Assignment(["a": .real(a)]) }
    let outcomes = (1...20).map { number in
      History.Outcome(number: number, assignment: point(Double(number) / 21), state: .complete, objectives: [abs(Double(number) - 10)])
    }
    func mean(_ pending: [History.Pending]) throws -> Double {
      try (100..<200).reduce(0.0) { sum, number in
        let search = try TreeParzenEstimator().search(SearchProblem(space, seed: number))
        let suggestion = try #require(try search.suggest(number, given: History(outcomes: outcomes, pending: pending)))
        return sum + abs((suggestion.point["a"]?.number ?? 0) - 10.0 / 21)
      } / 100
    }
    let under = (21...30).map { History.Pending(number: $0, assignment: point(10.0 / 21 + Double($0 - 25) / 1000)) }
    #expect(try mean(under) > 1.5 * mean([]))
  }

  @Test func trialsAreRankedByHowFarTheyCame() {
    func curve(_ values: [Double]) -> Curve {
      var curve = Curve()
      for (index, value) in values.enumerated() { curve.add(value, epoch: index + 1) }
      return curve
    }
    func outcome(_ number: Int, _ state: TrialState, _ value: Double?, _ values: [Double] = []) -> History.Outcome {
      History.Outcome(number: number, assignment: Assignment([:]), state: state, objectives: [value], curve: curve(values))
    }
    let history = History(outcomes: [
      outcome(1, .failed, nil, [0.1]), outcome(2, .pruned, nil, [9]), outcome(3, .pruned, nil, [9, 8]), outcome(4, .complete, 7),
      outcome(5, .pruned, nil, [9, 6]), outcome(6, .complete, 3), outcome(7, .diverged, nil), outcome(8, .complete, 7),
    ])
    #expect(TrialRanking(history).best(8) == [5, 3, 7, 4, 2, 1, 0, 6])
    #expect(TrialRanking(history).best(3) == [5, 3, 7])
  }

  @Test func ofSeveralObjectivesTheFrontComesFirst() {
    func outcome(_ number: Int, _ values: [Double]?) -> History.Outcome {
      History.Outcome(
        number: number, assignment: Assignment([:]), state: values == nil ? .failed : .complete, objectives: values ?? [nil, nil])
    }
    // The front is 2, 3, 5 and 6, of which 3 and 5 are all but one; then 1; then 4; then what failed.
    let history = History(outcomes: [
      outcome(1, [3, 3]), outcome(2, [0, 4]), outcome(3, [1, 1]), outcome(4, [5, 5]), outcome(5, [1.01, 0.99]), outcome(6, [4, 0]), outcome(7, nil),
    ])
    #expect(TrialRanking(history).best(3, of: 2).sorted() == [1, 2, 5])
    #expect(TrialRanking(history).best(5, of: 2).sorted() == [0, 1, 2, 4, 5])
    #expect(TrialRanking(history).best(7, of: 2).suffix(2) == [3, 6])
  }

  @Test func severalObjectivesAreTradedOff() throws {
    // Of x and (1 − x) plus distances from 0.5 in two others, the front is the line where those are 0.
    let space = SearchSpace(["x", "y", "z"].map { Parameter($0, .reals(min: 0, max: 1)) })
    func values(_ point: Assignment) -> [Double] {
      let numbers = point.values.map { $0.number ?? 0 }
      let off = abs(numbers[1] - 0.7) + abs(numbers[2] - 0.2)
      return [numbers[0] + off, 1 - numbers[0] + off]
    }
    let volumes = try [TreeParzenEstimator() as any AdaptiveSampler, nil].map { sampler -> Double in
      let volumes = try (0..<5).map { seed -> Double in
        let problem = SearchProblem(space, seed: seed, objectives: 2)
        let search = try sampler?.search(problem)
        var outcomes: [History.Outcome] = []
        for number in 1...100 {
          let point = try search?.suggest(number, given: History(outcomes: outcomes))?.point
          let other = try RandomSampler().points(at: number..<number + 1, in: problem)[0]
          outcomes.append(History.Outcome(number: number, assignment: point ?? other, state: .complete, objectives: values(point ?? other)))
        }
        return ParetoFront.hypervolume(outcomes.map { $0.objectives.compactMap(\.self) }, reference: [2, 2])
      }
      return volumes.sorted()[2]
    }
    #expect(volumes[0] > volumes[1] + 0.05)
  }
}

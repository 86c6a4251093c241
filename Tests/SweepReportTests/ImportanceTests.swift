import Foundation
import SweepCore
import SweepNumerics
import SweepReport
import SweepTestSupport
import Testing

/// Studies and the importances that Optuna gives their parameters; `Tests/Oracles/pedanova.py` makes the file.
struct OptunaStudy: Decodable, CustomTestStringConvertible {
  struct Parameter: Decodable {
    let kind: String
    let count: Int?
    let low: Double?
    let high: Double?
    let step: Int?
    let log: Bool?

    var distribution: PEDANOVA.Distribution {
      let (low, high, log) = (low ?? 0, high ?? 0, log ?? false)
      return switch kind {
      case "categorical": .categorical(count: count ?? 0)
      case "integer": .integer(low: Int(low), high: Int(high), step: step ?? 1, log: log)
      default: .real(low: low, high: high, log: log)
      }
    }
  }
  private struct File: Decodable { let studies: [OptunaStudy] }

  let name: String
  let goal: Objective.Goal
  let parameters: [Parameter]
  let trials: [[Double]]
  let objectives: [Double?]
  let importances: [Double]

  var testDescription: String { name }

  static func all() throws -> [OptunaStudy] {
    let data = try Data(contentsOf: URL(fileURLWithPath: projectFolder + "/Tests/Assets/pedanova-optuna-5.0.json"))
    return try JSONDecoder().decode(File.self, from: data).studies
  }
}

struct PEDANOVATests {
  @Test(arguments: try OptunaStudy.all()) func importancesEqualThoseOfOptuna(study: OptunaStudy) {
    let found = PEDANOVA(
      study.parameters.map(\.distribution), trials: study.trials, objectives: study.objectives.map { $0 ?? .infinity }, goal: study.goal)
    #expect(found.importances.count == study.importances.count)
    for (ours, theirs) in zip(found.importances, study.importances) { #expect(abs(ours - theirs) < 1e-9, "\(found.importances)") }
  }

  @Test func maximizingIsMinimizingTheNegatedObjective() throws {
    for study in try OptunaStudy.all() {
      let objectives = study.objectives.map { $0 ?? .nan }
      let goal: Objective.Goal = study.goal == .maximize ? .minimize : .maximize
      let distributions = study.parameters.map(\.distribution)
      #expect(
        PEDANOVA(distributions, trials: study.trials, objectives: objectives, goal: study.goal)
          == PEDANOVA(distributions, trials: study.trials, objectives: objectives.map { -$0 }, goal: goal))
    }
  }

  @Test func whereNothingTellsParametersApartTheyAreEqual() {
    let two: [PEDANOVA.Distribution] = [.real(low: 0, high: 1), .categorical(count: 2)]
    for objectives in [[], [1], [.nan, 2, .infinity], [3, 3]] as [[Double]] {
      let trials = objectives.indices.map { [Double($0) / 4, Double($0 % 2)] }
      #expect(PEDANOVA(two, trials: trials, objectives: objectives, goal: .minimize).importances == [0.5, 0.5])
    }
    #expect(PEDANOVA([], trials: [[], []], objectives: [1, 2], goal: .minimize).importances == [])
  }
}

struct FunctionalANOVATests {
  private let three = [FunctionalANOVA.Factor("a", levels: 3), .init("b", levels: 3), .init("c", levels: 3)]

  /// Every point of the grid, the last factor fastest.
  private func points(_ factors: [FunctionalANOVA.Factor]) -> [[Int]] {
    factors.reduce([[]]) { points, factor in points.flatMap { point in (0..<factor.levels).map { point + [$0] } } }
  }

  private func anova(_ factors: [FunctionalANOVA.Factor], replicates: Int = 1, _ value: ([Int], Int) -> Double) -> FunctionalANOVA? {
    let runs = points(factors).flatMap { point in (0..<replicates).map { (point, value(point, $0)) } }
    return FunctionalANOVA(factors, levels: runs.map(\.0), values: runs.map(\.1))
  }

  private func total(_ anova: FunctionalANOVA) -> Double {
    anova.effects.map(\.share).reduce(0, +) + anova.interactions.map(\.share).reduce(0, +) + anova.higherOrders + (anova.noise ?? 0)
  }

  /// Numbers without a pattern, of -0.5..<0.5.
  private func scatter(_ point: [Int], _ replicate: Int = 0) -> Double {
    var generator = SeededGenerator(seed: point.reduce(replicate) { $0 * 31 + $1 }, purpose: .sampling)
    return Double(generator.next() >> 11) / 0x1p53 - 0.5
  }

  /// The validation accuracies of the lab's Table 3 as this trainer has them: by batch size, eta and lambda, the last changing fastest.
  private static let table3 = [
    0.377, 0.398, 0.413, 0.313, 0.334, 0.344, 0.274, 0.286, 0.317, 0.416, 0.44, 0.44, 0.39, 0.425, 0.428, 0.384, 0.388, 0.411, 0.416, 0.442, 0.438,
    0.407, 0.432, 0.436, 0.396, 0.413, 0.423,
  ]

  @Test(arguments: [true, false]) func theSharesAreThoseOfTheDefinition(isTable3: Bool) throws {
    func value(_ point: [Int]) -> Double {
      isTable3 ? Self.table3[9 * point[0] + 3 * point[1] + point[2]] : scatter(point) + Double(point[0]) / 2 + Double(point[1] * point[2]) / 4
    }
    let found = try #require(anova(three) { point, _ in value(point) })
    // f_U at a point: the mean over the points that agree with it on U, less the effects of all smaller sets; U is a set of bits.
    let points = points(three)
    let values = points.map(value)
    func mean(_ set: Int, _ point: [Int]) -> Double {
      let agreeing = points.indices.filter { index in (0..<3).allSatisfy { set & (1 << $0) == 0 || points[index][$0] == point[$0] } }
      return agreeing.map { values[$0] }.reduce(0, +) / Double(agreeing.count)
    }
    func effect(_ set: Int, _ point: [Int]) -> Double {
      (0..<set).filter { $0 & set == $0 }.reduce(mean(set, point)) { $0 - effect($1, point) }
    }
    let variances = (0..<8).map { set in set == 0 ? 0 : points.map { pow(effect(set, $0), 2) }.reduce(0, +) / 27 }
    let centre = values.reduce(0, +) / 27
    let variance = values.map { pow($0 - centre, 2) }.reduce(0, +) / 27

    #expect(abs(found.variance - variance) < 1e-12)
    for (share, set) in zip(found.effects.map(\.share), [0b001, 0b010, 0b100]) { #expect(abs(share - variances[set] / variance) < 1e-12) }
    for (share, set) in zip(found.interactions.map(\.share), [0b011, 0b101, 0b110]) { #expect(abs(share - variances[set] / variance) < 1e-12) }
    #expect(abs(found.higherOrders - variances[0b111] / variance) < 1e-12)
    #expect(found.interactions.map { $0.first + $0.second } == ["ab", "ac", "bc"])
    for (factor, effect) in found.effects.enumerated() {
      for level in 0..<3 { #expect(abs(effect.means[level] - mean(1 << factor, [level, level, level])) < 1e-12) }
    }
  }

  @Test(arguments: [[4], [3, 2], [1, 5, 2], [2, 3, 4, 5, 2]], 1...3) func theSharesSumToOne(levels: [Int], replicates: Int) throws {
    let factors = levels.enumerated().map { FunctionalANOVA.Factor("x\($0)", levels: $1) }
    let found = try #require(anova(factors, replicates: replicates) { scatter($0, $1) })
    #expect(abs(total(found) - 1) < 1e-12)
    #expect(found.effects.count == levels.count && found.interactions.count == levels.count * (levels.count - 1) / 2)
  }

  @Test func anAdditiveTableHasNoInteraction() throws {
    let found = try #require(anova(three) { point, _ in 0.1 * Double(point[0]) - 7 * Double(point[1] * point[1]) + 3 * Double(point[2]) })
    #expect(found.interactions.allSatisfy { $0.share < 1e-12 } && found.higherOrders < 1e-12)
    #expect(found.effects.allSatisfy { $0.share > 1e-5 })
  }

  @Test func anExclusiveOrIsAllInteraction() throws {
    let found = try #require(anova([.init("a", levels: 2), .init("b", levels: 2)]) { point, _ in point[0] == point[1] ? 0 : 1 })
    #expect(found.interactions.map(\.share) == [1] && found.higherOrders == 0)
    #expect(found.effects.map(\.share) == [0, 0] && found.effects.map(\.means) == [[0.5, 0.5], [0.5, 0.5]])
  }

  @Test func replicatesTellTheNoise() throws {
    // The cells are at 0 and 2, their values 1 beside them: half of the variance is within the cells.
    let found = try #require(anova([.init("a", levels: 2)], replicates: 2) { point, replicate in Double(point[0] * 2 + replicate * 2 - 1) })
    #expect(found.noise == 0.5 && found.effects[0].share == 0.5 && found.variance == 2)
    #expect(found.effects[0].means == [0, 2])
    #expect(try #require(anova(three) { point, _ in scatter(point) }).noise == nil)
  }

  @Test func aFactorThatDoesNotMatterHasNoShare() throws {
    let found = try #require(anova(three) { point, _ in scatter([point[0], point[2]]) })
    #expect(found.effects[1].share < 1e-12 && found.interactions[0].share < 1e-12 && found.interactions[2].share < 1e-12)
    #expect(found.effects[0].share + found.effects[2].share + found.interactions[1].share > 1 - 1e-12)
  }

  @Test func equalValuesHaveNoShares() throws {
    let found = try #require(anova(three, replicates: 2) { _, _ in 0.1 })
    #expect(total(found) == 0 && found.variance == 0 && found.noise == 0)
    #expect(found.effects.allSatisfy { $0.means == [0.1, 0.1, 0.1] })
  }

  @Test func theScaleOfTheValuesDoesNotMatter() throws {
    for scale in [1e-200, 1e200] {
      let found = try #require(anova(three) { point, _ in scale * Double(point[0] + point[1]) })
      #expect(abs(found.effects[0].share - 0.5) < 1e-12 && abs(found.effects[1].share - 0.5) < 1e-12)
    }
  }

  @Test func theOrderOfTheTrialsDoesNotMatter() throws {
    let points = points(three)
    let forwards = try #require(FunctionalANOVA(three, levels: points, values: points.map { scatter($0) }))
    let backwards = try #require(FunctionalANOVA(three, levels: points.reversed(), values: points.reversed().map { scatter($0) }))
    #expect(forwards == backwards)
  }

  @Test func aTableWithGapsIsRefused() {
    let two = [FunctionalANOVA.Factor("a", levels: 2), .init("b", levels: 2)]
    let points = points(two)
    #expect(FunctionalANOVA(two, levels: [], values: []) == nil)
    #expect(FunctionalANOVA(two, levels: Array(points.dropLast()), values: [1, 2, 3]) == nil)
    #expect(FunctionalANOVA(two, levels: points + [[0, 0]], values: [1, 2, 3, 4, 5]) == nil)
    #expect(FunctionalANOVA(two, levels: [[0, 0], [0, 0], [1, 0], [1, 1]], values: [1, 2, 3, 4]) == nil)
    #expect(FunctionalANOVA(two, levels: points, values: [1, 2, 3, .nan]) == nil)
    #expect(FunctionalANOVA(two, levels: points, values: [1, 2, 3, .infinity]) == nil)
    #expect(FunctionalANOVA(Array(repeating: two[0], count: 100), levels: [Array(repeating: 0, count: 100)], values: [1]) == nil)
  }
}

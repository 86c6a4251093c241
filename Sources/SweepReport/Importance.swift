// Which parameters matter: an exact functional ANOVA where the grid is full, PED-ANOVA where it is not. Chooses between the two and
// translates trials and search spaces for them; the mathematics is in Statistics/.

import SweepCore
import SweepNumerics
import SweepStore

/// The shares of the objective's variance that parameters explain.
package struct Importance: Sendable {
  package enum Method: Sendable, Equatable {
    /// Exact, on a full grid.
    case functionalANOVA
    /// What sets the best tenth apart, where the grid is not full.
    case pedANOVA
  }

  package struct Effect: Sendable, Equatable {
    /// One parameter, or two for their interaction.
    package let parameters: [String]
    package let share: Double
    package var name: String { parameters.map(\.spaced).joined(separator: " × ") }
  }

  package let method: Method
  package let trials: Int
  /// By share, the largest first.
  package let effects: [Effect]
  /// Interactions of three and more; nil for PED-ANOVA, which does not know interactions.
  package let higherOrders: Double?
  /// What differs between trials that differ in their seed alone; nil where no seeds are repeated, or where they cannot be told.
  package let noise: Double?
  /// Values of the file that no trial has a result for: "eta 1e+30".
  package let missing: [String]

  /// Whether something but the seed varies among the trials that have a value.
  package static func isDefined(for trials: [TrialRecord], space: SearchSpace, replicates: String = "seed") -> Bool {
    !varying(trials.filter { $0.objective?.isFinite == true }, space, replicates).isEmpty
  }

  private static func varying(_ trials: [TrialRecord], _ space: SearchSpace, _ replicates: String) -> [Parameter] {
    space.parameters.filter { parameter in
      parameter.name != replicates && Set(trials.map { $0.assignment[parameter.name] ?? .null }).count > 1
    }
  }

  /// - Parameters:
  ///   - trials: complete ones with a value.
  ///   - replicates: a parameter that only repeats a point, the seed.
  /// - Throws: where nothing varies, or there are fewer than two trials.
  package init(of objective: Objective, trials: [TrialRecord], space: SearchSpace, replicates: String = "seed") throws(SweepError) {
    let trials = trials.filter { $0.objective?.isFinite == true }
    let swept = Self.varying(trials, space, replicates)
    guard trials.count > 1 else {
      throw SweepError(
        .input, "there are too few complete trials (\(trials.count))", remedy: "importance needs trials with different values of a parameter")
    }
    guard !swept.isEmpty else {
      throw SweepError(
        .input, "no parameter but the seed differs among the complete trials (\(trials.count))",
        remedy: "importance needs different values of a parameter; 'sweep rank --group-by all-but-seed' shows what seeds do")
    }
    missing = space.parameters.flatMap { parameter -> [String] in
      guard case .values(let values) = parameter.domain else { return [] }
      let found = Set(trials.map { $0.assignment[parameter.name] ?? .null })
      return values.filter { !found.contains($0) }.map { "\(parameter.name.spaced) \($0)" }
    }
    self.trials = trials.count
    let values = trials.map { $0.objective ?? .nan }
    let levels = swept.map { parameter in Self.levels(trials.map { $0.assignment[parameter.name] ?? .null }) }
    let factors = zip(swept, levels).map { FunctionalANOVA.Factor($0.name, levels: $1.count) }
    // A table with more cells than trials is not full: nothing so large is made to find that out.
    let cells = factors.reduce(1.0) { $0 * Double($1.levels) }
    let rows = trials.indices.map { row in levels.map { $0.index[row] } }
    if cells <= Double(trials.count), let exact = FunctionalANOVA(factors, levels: rows, values: values) {
      method = .functionalANOVA
      effects =
        (exact.effects.map { Effect(parameters: [$0.name], share: $0.share) }
        + exact.interactions.map { Effect(parameters: [$0.first, $0.second], share: $0.share) }).sorted { $0.share > $1.share }
      higherOrders = swept.count > 2 ? exact.higherOrders : nil
      noise = exact.noise
    } else {
      method = .pedANOVA
      let columns = zip(swept, levels).map { parameter, levels in
        trials.indices.map { row in
          parameter.domain.isList ? Double(levels.index[row]) : trials[row].assignment[parameter.name]?.number ?? 0
        }
      }
      let distributions = zip(zip(swept, levels), columns).map { Self.distribution($0.0.domain, levels: $0.1.count, values: $1) }
      let points = trials.indices.map { row in columns.map { $0[row] } }
      let shares = PEDANOVA(distributions, trials: points, objectives: values, goal: objective.goal).importances
      effects = zip(swept, shares).map { Effect(parameters: [$0.name], share: $1) }.sorted { $0.share > $1.share }
      higherOrders = nil
      noise = Self.noise(trials, apartFrom: replicates)
    }
  }

  /// The share of the variance that is between trials of equal parameters but for their seed; nil where there are none.
  private static func noise(_ trials: [TrialRecord], apartFrom replicates: String) -> Double? {
    var cells: [[ParameterValue]: [Double]] = [:]
    for trial in trials {
      let key = zip(trial.assignment.names, trial.assignment.values).filter { $0.0 != replicates }.map(\.1)
      cells[key, default: []].append(trial.objective ?? .nan)
    }
    let repeated = cells.values.filter { $0.count > 1 }
    let all = trials.map { $0.objective ?? .nan }
    let (freedom, total) = (repeated.reduce(0) { $0 + $1.count - 1 }, all.squaredDeviations / Double(all.count))
    guard freedom > 0, total > 0 else { return nil }
    return min(1, repeated.reduce(0) { $0 + $1.squaredDeviations } / Double(freedom) / total)
  }

  /// The distinct values in the order of their first trial, and the position of each trial's value among them.
  private static func levels(_ values: [ParameterValue]) -> (count: Int, index: [Int]) {
    var known: [ParameterValue: Int] = [:]
    var index: [Int] = []
    for value in values {
      let position = known[value] ?? known.count
      known[value] = position
      index.append(position)
    }
    return (known.count, index)
  }

  /// - Parameter values: of the trials; they stand for the ends of what has none.
  private static func distribution(_ domain: Parameter.Domain, levels: Int, values: [Double]) -> PEDANOVA.Distribution {
    switch domain {
    case .constant, .values, .weighted: .categorical(count: levels)
    case .distribution(let distribution):
      .real(
        low: values.min() ?? 0, high: values.max() ?? 0,
        log: distribution.family.rawValue.contains("log") && (values.min() ?? 0) > 0)
    case .integers(let min, let max): .integer(low: min, high: max)
    case .reals(let min, let max): .real(low: min, high: max)
    }
  }

  /// A row for each effect, then the rest and the noise.
  package var table: Table {
    func row(_ name: String, _ share: Double) -> Table.Row { [.text(name), .real(share)] }
    return Table(
      columns: [.init("effect"), .init("share", title: method == .functionalANOVA ? "share of the variance" : "importance", format: Table.rounded)],
      rows: effects.map { row($0.name, $0.share) } + (higherOrders.map { [row("three and more together", $0)] } ?? [])
        + (noise.map { [row("noise between seeds", $0)] } ?? []))
  }

  /// What the shares are, for people.
  package var sentence: String {
    let without = missing.isEmpty ? "" : ", without \(missing.joined(separator: ", ")), where no trial is complete"
    let seeds = noise == nil ? "; without repeated seeds, what is noise cannot be told" : ""
    switch method {
    case .functionalANOVA: return "exact functional ANOVA of \(counted(trials, "trial")), a full grid\(without); the shares sum to 1\(seeds)"
    case .pedANOVA:
      let known = noise.map { "; of the whole variance \(fixed(100 * $0, digits: 1)) % is noise between seeds" } ?? seeds
      return "PED-ANOVA of \(counted(trials, "trial")), which are no full grid\(without): what sets the best tenth apart; the shares sum to 1\(known)"
    }
  }
}

extension Parameter.Domain {
  /// Whether its values are listed, in no order.
  fileprivate var isList: Bool {
    switch self {
    case .constant, .values, .weighted: true
    case .integers, .reals, .distribution: false
    }
  }
}

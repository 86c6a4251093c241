// Which trials of a sweep with several objectives no other is better than in all of them, and what this front is worth. The geometry is in SweepNumerics;
// tables and figures of it are FrontTable, ParetoFigure and HypervolumeFigure.

import SweepCore
import SweepNumerics
import SweepStore

/// The complete trials of a sweep in the order of their Pareto fronts.
package struct ParetoRanking: Sendable {
  package let objectives: [Objective]
  /// Trials with a value of every objective: by front, then by the first objective, then by number.
  package let order: [Member]
  /// Of the objectives beyond the first, by number of the trial, whatever its state.
  package let further: [Int: [Double?]]
  /// By name, complete trials that lack a value of a metric.
  package let lacking: [(metric: String, trials: Int)]
  private let places: [Int: Int]

  package struct Member: Sendable {
    package let number: Int
    /// From 1: the trials that none dominates; 2: those that only these dominate; and so on.
    package let front: Int
    /// As measured, an objective each.
    package let values: [Double]
  }

  /// - Precondition: the sweep has several objectives.
  package init(of sweep: SweepRecord, in store: Store) throws(SweepError) {
    self.init(sweep.objectives, outcomes: try store.outcomes(sweep), further: try store.objectiveValues(sweep))
  }

  /// - Parameter outcomes: of complete trials, by number.
  package init(_ objectives: [Objective], outcomes: [(number: Int, values: [Double?])], further: [Int: [Double?]] = [:]) {
    (self.objectives, self.further) = (objectives, further)
    let known = outcomes.compactMap { number, values in
      values.contains(nil) ? nil : (number: number, values: values.compactMap { $0 })
    }
    let ranks = ParetoFront.ranks(known.map { Self.oriented($0.values, objectives) })
    let first = objectives[0]
    order = zip(known, ranks).map { Member(number: $0.number, front: $1 + 1, values: $0.values) }
      .sorted { ($0.front, first.oriented($0.values[0]), $0.number) < ($1.front, first.oriented($1.values[0]), $1.number) }
    places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1.number, $0) })
    lacking = objectives.indices.compactMap { place in
      let count = outcomes.count { $0.values[place] == nil }
      return count > 0 ? (objectives[place].metric, count) : nil
    }
  }

  /// Of a trial in `order`, from 0.
  package func place(of number: Int) -> Int? { places[number] }
  package func front(of number: Int) -> Int? { places[number].map { order[$0].front } }

  /// The trials that none dominates.
  package var front: ArraySlice<Member> { order.prefix { $0.front == 1 } }

  private static func oriented(_ values: [Double], _ objectives: [Objective]) -> [Double] { zip(values, objectives).map { $1.oriented($0) } }

  // MARK: hypervolume

  /// A point that is worse than every trial: of each objective the worst value, and a tenth of its range beyond, so that the ends of the front count.
  /// As measured; nil: there are no trials.
  package var reference: [Double]? {
    if order.isEmpty { return nil }
    return objectives.enumerated().map { place, objective in
      let values = order.map { objective.oriented($0.values[place]) }
      let (best, worst) = (values.min() ?? 0, values.max() ?? 0)
      let margin = worst > best ? (worst - best) / 10 : max(abs(worst), 1) / 10
      return objective.oriented(worst + margin)
    }
  }

  /// The volume between the front and the reference point, in the product of the objectives' units; nil: there are no trials.
  package var hypervolume: Double? {
    reference.map { ParetoFront.hypervolume(front.map { Self.oriented($0.values, objectives) }, reference: Self.oriented($0, objectives)) }
  }

  /// Hypervolumes that are computed to show how it grew.
  private static let mostSteps = 400

  /// How it grew: after each trial that has added to it, by number, and after the last one. Where that are very many, after every so many of them.
  package var growth: [(number: Int, hypervolume: Double)] {
    guard let reference = reference.map({ Self.oriented($0, objectives) }) else { return [] }
    var front: [[Double]] = []
    var fronts: [(number: Int, front: [[Double]])] = []
    let trials = order.sorted { $0.number < $1.number }
    for member in trials {
      let point = Self.oriented(member.values, objectives)
      if front.contains(where: { $0 == point || ParetoFront.dominates($0, point) }) { continue }
      front.removeAll { ParetoFront.dominates(point, $0) }
      front.append(point)
      fronts.append((member.number, front))
    }
    let step = (fronts.count + Self.mostSteps - 1) / Self.mostSteps
    var growth = fronts.indices.filter { ($0 + 1) % step == 0 || $0 == 0 || $0 == fronts.count - 1 }.map { place in
      (number: fronts[place].number, hypervolume: ParetoFront.hypervolume(fronts[place].front, reference: reference))
    }
    if let last = trials.last?.number, let value = growth.last, value.number < last { growth.append((last, value.hypervolume)) }
    return growth
  }

  /// What a person should know beside the table.
  package var sentence: String? {
    guard let hypervolume, let reference else { return nil }
    let point = zip(objectives, reference).map { "\($0.metric) \(Table.parameter(.real($1)))" }.joined(separator: ", ")
    return "the Pareto front has \(front.count) of \(counted(order.count, "trial")); its hypervolume is \(Table.parameter(.real(hypervolume))), "
      + "from the reference point \(point)"
  }

  /// SQL that selects the front from the view of the sweep's trials.
  package func sql(view: String) -> String {
    let columns = ["objective"] + ViewColumns.further(objectives.count)
    let pairs = zip(columns, objectives).map { column, objective in (column, objective.goal == .maximize ? ">" : "<") }
    let all = pairs.map { "b.\($0) \($1)= a.\($0)" }.joined(separator: " AND ")
    let one = pairs.map { "b.\($0) \($1) a.\($0)" }.joined(separator: " OR ")
    let known = columns.map { "a.\($0) IS NOT NULL" }.joined(separator: " AND ")
    return """
      SELECT a.trial, \(columns.map { "a.\($0)" }.joined(separator: ", ")) FROM \(view) AS a
      WHERE a.state = 'complete' AND \(known) AND NOT EXISTS (
        SELECT 1 FROM \(view) AS b WHERE b.state = 'complete' AND \(all) AND (\(one)))
      ORDER BY a.objective \(objectives[0].order), a.trial
      """
  }
}

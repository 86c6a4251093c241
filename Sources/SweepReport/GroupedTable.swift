// Trials that differ in some parameters only (as a rule the seed) as one row: mean and standard error, ranked by the mean.

import SweepCore
import SweepStore

/// A sweep's trials in groups with equal values of some parameters, in order of the mean of the objective.
package struct GroupedTable {
  private struct Group {
    let values: [ParameterValue]
    var trials: [RankedTrial] = []
  }

  private let sweep: SweepRecord
  private let names: [String]
  private let groups: [Group]
  private let metrics: [String]
  private let members: [ConfidenceSet.Member]?
  /// How many groups cannot be told from the best, or why that cannot be told.
  package let sentence: String

  /// - Parameters:
  ///   - trials: in any order.
  ///   - names: the parameters whose values make a group.
  ///   - answers: which images each trial labelled rightly. Groups are compared with the best where all trials have them and nothing but the
  ///     seed differs inside a group: other parameters are not chance.
  package init(_ sweep: SweepRecord, trials: [RankedTrial], by names: [String], metrics: [String], answers: [Trial.ID: Bitset]) {
    var order: [[ParameterValue]] = []
    var found: [[ParameterValue]: Group] = [:]
    for trial in trials {
      let key = names.map { trial.trial.assignment[$0] ?? .null }
      if found[key] == nil { order.append(key) }
      found[key, default: Group(values: key)].trials.append(trial)
    }
    let objective = sweep.objective
    groups = order.compactMap { found[$0] }.map { (group: $0, mean: $0.trials.map { $0.trial.objective ?? .nan }.mean) }
      .sorted { objective.isBetter($0.mean, than: $1.mean) }.map(\.group)
    (self.sweep, self.names, self.metrics) = (sweep, names, metrics)
    let known = groups.map { group in group.trials.compactMap { answers[$0.trial.id] } }
    if let obstacle = Self.obstacle(groups, names, objective, isKnown: zip(groups, known).allSatisfy { $0.trials.count == $1.count }) {
      (members, sentence) = (nil, "groups are not compared: \(obstacle)")
    } else {
      let set = GroupComparison.confidenceSet(of: known)
      let images = known.first?.first?.count ?? 0
      let isRepeated = groups.contains { $0.trials.count > 1 }
      members = set.members
      sentence =
        "\(set.tied) of \(counted(groups.count, "group")) cannot be told from the best (≈): 95 % confidence set, paired over "
        + "\(counted(images, "image"))\(isRepeated ? ", with the differences between seeds" : "; no seed is repeated")"
    }
  }

  private static func obstacle(_ groups: [Group], _ names: [String], _ objective: Objective, isKnown: Bool) -> String? {
    if Noise.split(of: objective) == nil { return "the objective is no accuracy" }
    if groups.reduce(0, { $0 + $1.trials.count }) > Noise.compared { return "there are more than \(Noise.compared) trials" }
    if !isKnown { return "not all trials have kept their answers, to the same images ('keep_predictions')" }
    for group in groups {
      guard let first = group.trials.first?.trial.assignment else { continue }
      for name in first.names where name != "seed" && group.trials.contains(where: { $0.trial.assignment[name] != first[name] }) {
        return "\(name) differs inside a group, which is no chance; '--group-by all-but-seed' groups by it"
      }
    }
    return nil
  }

  package var count: Int { groups.count }

  /// The first rows: rank, number of trials, mean and standard error of the objective and the test accuracy, and the parameters.
  package func table(limit: Int, forPeople: Bool) -> Table {
    let shown = [sweep.objective.metric] + ["test_accuracy"].filter { metrics.contains($0) && $0 != sweep.objective.metric }
    var columns = [Table.Column("rank"), Table.Column("trials")]
    for metric in shown {
      columns += [
        .init("mean_\(metric)", title: "mean \(metric.spaced)", format: Table.rounded),
        .init("error_\(metric)", title: "± s.e.", format: Table.rounded),
      ]
      if metric == sweep.objective.metric, members != nil {
        columns += forPeople ? [.init("behind", title: "behind the best")] : ["tied", "behind_lower", "behind_upper"].map { .init($0) }
      }
    }
    columns += names.map { Table.Column($0, title: $0.spaced) { $0 == .null ? "null" : Table.plain($0) } }
    let rows = groups.prefix(limit).enumerated().map { index, group in
      var row: [ParameterValue] = [.integer(index + 1), .integer(group.trials.count)]
      for metric in shown {
        let values = group.trials.map { (metric == sweep.objective.metric ? $0.trial.objective : $0.metrics[metric]) ?? .nan }
        row += [.real(values.mean), Self.standardError(values).map(ParameterValue.real) ?? .null]
        if metric == sweep.objective.metric, let members {
          let own = members[index]
          row += forPeople ? [.text(own.text)] : [.bool(own.isTied), .real(own.behind.lowerBound), .real(own.behind.upperBound)]
        }
      }
      return row + group.values
    }
    return Table(columns: columns, rows: rows)
  }

  /// Of the mean: s / √n; nil of one value.
  private static func standardError(_ values: [Double]) -> Double? {
    guard values.count > 1 else { return nil }
    return (values.squaredDeviations / Double(values.count - 1) / Double(values.count)).squareRoot()
  }
}

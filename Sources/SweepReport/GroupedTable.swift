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
  private let images: Int

  /// - Parameters:
  ///   - trials: in any order.
  ///   - names: the parameters whose values make a group.
  ///   - answers: which images each trial labelled rightly; where all trials have them, groups are compared with the best.
  package init(_ sweep: SweepRecord, trials: [RankedTrial], by names: [String], metrics: [String], answers: [Trial.ID: Bitset]) {
    var order: [[ParameterValue]] = []
    var found: [[ParameterValue]: Group] = [:]
    for trial in trials {
      let key = names.map { trial.trial.assignment[$0] ?? .null }
      if found[key] == nil { order.append(key) }
      found[key, default: Group(values: key)].trials.append(trial)
    }
    let objective = sweep.objective
    groups = order.compactMap { found[$0] }.map { (group: $0, mean: Self.mean($0.trials.map { $0.trial.objective ?? .nan })) }
      .sorted { objective.isBetter($0.mean, than: $1.mean) }.map(\.group)
    (self.sweep, self.names, self.metrics) = (sweep, names, metrics)
    images = trials.first.flatMap { answers[$0.trial.id] }?.count ?? 0
    members = Self.compared(groups, goal: objective.goal, answers: answers)
  }

  package var count: Int { groups.count }

  /// How many groups cannot be told from the best, in a sentence; nil where they cannot be compared.
  package var sentence: String? {
    members.map { members in
      "\(members.count { $0.isTied }) of \(counted(groups.count, "group")) cannot be told from the best (≈): 95 % confidence set, "
        + "paired over \(counted(images, "image")), with the differences between the trials of a group"
    }
  }

  /// The first rows: rank, number of trials, mean and standard error of the objective and the test accuracy, and the parameters.
  package func table(limit: Int) -> Table {
    let shown = [sweep.objective.metric] + ["test_accuracy"].filter { metrics.contains($0) && $0 != sweep.objective.metric }
    var columns = [Table.Column("rank"), Table.Column("trials")]
    for metric in shown {
      columns += [
        .init("mean_\(metric)", title: "mean \(metric.spaced)", format: Table.rounded),
        .init("error_\(metric)", title: "± s.e.", format: Table.rounded),
      ]
      if metric == sweep.objective.metric, members != nil { columns.append(.init("behind", title: "behind the best")) }
    }
    columns += names.map { Table.Column($0, title: $0.spaced) { $0 == .null ? "null" : Table.plain($0) } }
    let rows = groups.prefix(limit).enumerated().map { index, group in
      var row: [ParameterValue] = [.integer(index + 1), .integer(group.trials.count)]
      for metric in shown {
        let values = group.trials.map { (metric == sweep.objective.metric ? $0.trial.objective : $0.metrics[metric]) ?? .nan }
        row += [.real(Self.mean(values)), Self.standardError(values).map(ParameterValue.real) ?? .null]
        if metric == sweep.objective.metric, let members { row.append(.text(members[index].text)) }
      }
      return row + group.values
    }
    return Table(columns: columns, rows: rows)
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  private static func squares(_ values: [Double]) -> Double {
    let mean = mean(values)
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  }

  /// Of the mean: s / √n; nil of one value.
  private static func standardError(_ values: [Double]) -> Double? {
    guard values.count > 1 else { return nil }
    return (squares(values) / Double(values.count - 1) / Double(values.count)).squareRoot()
  }

  /// The means of groups vary with the images, which all trials share, and with what differs inside a group (the seed): its variance is
  /// pooled over all groups and added to that of the images.
  private static func compared(_ groups: [Group], goal: Objective.Goal, answers: [Trial.ID: Bitset]) -> [ConfidenceSet.Member]? {
    let known = groups.map { group in group.trials.compactMap { answers[$0.trial.id] } }
    guard goal == .maximize, !groups.isEmpty, zip(groups, known).allSatisfy({ $0.trials.count == $1.count }) else { return nil }
    let paired = PairedAnswers(known.flatMap { $0 })
    let covariance = paired.covariance
    var start = 0
    let ranges = known.map { members in
      defer { start += members.count }
      return start..<start + members.count
    }
    let values = ranges.map { mean(Array(paired.accuracies[$0])) }
    let freedom = ranges.reduce(0) { $0 + $1.count - 1 }
    let within = freedom > 0 ? ranges.reduce(0.0) { $0 + squares(Array(paired.accuracies[$1])) } / Double(freedom) : 0
    var matrix = [Double](repeating: 0, count: ranges.count * ranges.count)
    for (i, one) in ranges.enumerated() {
      for (j, other) in ranges.enumerated() {
        let sum = one.reduce(0.0) { sum, a in other.reduce(sum) { $0 + covariance[a * paired.correct.count + $1] } }
        matrix[i * ranges.count + j] = sum / Double(one.count * other.count) + (i == j ? within / Double(one.count) : 0)
      }
    }
    let set = ConfidenceSet(values, draws: BootstrapDraws(covariance: matrix, estimates: ranges.count)) { i, j in
      max(0, matrix[i * ranges.count + i] + matrix[j * ranges.count + j] - 2 * matrix[i * ranges.count + j]).squareRoot()
    }
    return set.members
  }
}

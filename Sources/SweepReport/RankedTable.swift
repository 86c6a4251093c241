// The ranked results: for people the objective, the test accuracy and what was swept, with intervals; for programs every parameter and
// metric under its own name. The order comes from the store.

import SweepCore
import SweepStore

/// A sweep's trials in order of its objective.
package struct RankedTable: Sendable {
  private let sweep: SweepRecord
  private let trials: [RankedTrial]
  private let metrics: [String]
  private let parameters: [String]
  private let swept: [String]
  private let noise: Noise?
  private let samples: @Sendable (String, Assignment) -> Int?

  /// - Parameters:
  ///   - parameters: all of them, for programs.
  ///   - swept: the parameters that the file varies; `epochs` is shown with them, and so is what varies among the trials.
  ///   - noise: what tells which trials are as good as the best.
  ///   - samples: the number of samples behind a metric that is a share.
  package init(
    _ sweep: SweepRecord, trials: [RankedTrial], metrics: [String], parameters: [String], swept: [String], noise: Noise? = nil,
    samples: @escaping @Sendable (String, Assignment) -> Int?
  ) {
    (self.sweep, self.trials, self.metrics, self.parameters, self.swept) = (sweep, trials, metrics, parameters, swept)
    (self.noise, self.samples) = (noise, samples)
  }

  /// The columns of the lab's Table 3: objective and test accuracy with their 95 % intervals, then what was swept, then the epochs. After
  /// the objective comes how far the trial is behind the best; ≈ marks those that cannot be told from it.
  package var forPeople: Table {
    let shown = [sweep.objective.metric] + ["test_accuracy"].filter { metrics.contains($0) && $0 != sweep.objective.metric }
    let parameters = Self.shown(parameters, swept: swept, of: trials.map(\.trial))
    let withInterval = Set(shown.filter { metric in trials.contains { samples(metric, $0.trial.assignment) != nil } })
    let showsState = trials.contains { $0.trial.state != .complete }
    var columns = [Table.Column("rank"), Table.Column("trial")]
    for metric in shown {
      columns.append(.init(metric, title: metric.spaced, format: Table.rounded))
      if withInterval.contains(metric) { columns.append(.init("\(metric)_interval", title: "95 % interval")) }
      if metric == sweep.objective.metric, noise != nil { columns.append(.init("behind", title: "behind the best")) }
    }
    columns += parameters.map { .init($0, title: $0.spaced, format: Table.parameter) } + (showsState ? [.init("state")] : [])
    let rows = trials.map { ranked in
      var row: [ParameterValue] = [.integer(ranked.rank), .integer(ranked.trial.number)]
      for metric in shown {
        let value = metric == sweep.objective.metric ? ranked.trial.objective : ranked.metrics[metric]
        row.append(value.map(ParameterValue.real) ?? .null)
        if withInterval.contains(metric) { row.append(interval(value, metric, ranked.trial.assignment)) }
        if metric == sweep.objective.metric, let noise {
          row.append(noise.members[ranked.trial.id].map { .text($0.text) } ?? .null)
        }
      }
      return row + parameters.map { ranked.trial.assignment[$0] ?? .null } + (showsState ? [.text(ranked.trial.state.rawValue)] : [])
    }
    return Table(columns: columns, rows: rows)
  }

  /// rank, trial, state, epoch, whether it cannot be told from the best and how far it may be behind it, then every parameter and metric.
  package var forPrograms: Table { forPrograms { try trials.forEach($0) } }

  /// The same of trials that are visited and need not be in memory.
  package func forPrograms(_ forEachTrial: @escaping ((RankedTrial) throws -> Void) throws -> Void) -> Table {
    let columns = ViewColumns(parameters: parameters, metrics: metrics)
    let fixed = ["rank", "trial", "state", "epoch", "tied", "behind_lower", "behind_upper"]
    return Table(columns: (fixed + columns.parameters.map(\.column) + columns.metrics.map(\.column)).map { Table.Column($0) }) { visit in
      try forEachTrial { ranked in
        let place = noise?.members[ranked.trial.id]
        let known: [ParameterValue] = [
          .integer(ranked.rank), .integer(ranked.trial.number), .text(ranked.trial.state.rawValue), .integer(ranked.epoch),
          place.map { .bool($0.isTied) } ?? .null, place.map { .real($0.behind.lowerBound) } ?? .null,
          place.map { .real($0.behind.upperBound) } ?? .null,
        ]
        try visit(
          known + parameters.map { ranked.trial.assignment[$0] ?? .null } + metrics.map { ranked.metrics[$0].map(ParameterValue.real) ?? .null })
      }
    }
  }

  private func interval(_ value: Double?, _ metric: String, _ assignment: Assignment) -> ParameterValue {
    guard let value, let samples = samples(metric, assignment) else { return .null }
    return .text(WilsonInterval(share: value, samples: samples).text)
  }

  /// The parameters that people are shown: those that are swept or vary, then the epochs.
  static func shown(_ parameters: [String], swept: [String], of trials: [TrialRecord]) -> [String] {
    let varying = parameters.filter { name in swept.contains(name) || trials.contains { $0.assignment[name] != trials[0].assignment[name] } }
    return varying.filter { $0 != "epochs" }.sorted(by: labOrder) + ["epochs"].filter { name in trials.contains { $0.assignment[name] != nil } }
  }

  /// The lab writes lambda, eta, batch size in this order; everything else follows by name.
  private static func labOrder(_ one: String, _ other: String) -> Bool {
    let lab = ["lambda", "eta", "batch_size"]
    return (lab.firstIndex(of: one) ?? lab.count, one) < (lab.firstIndex(of: other) ?? lab.count, other)
  }
}

extension ConfidenceSet.Member {
  /// "≈ 0.0000–0.0211", or without the mark for one that is told from the best.
  package var text: String { "\(isTied ? "≈" : " ") \(spelled(behind.lowerBound, behind.upperBound))" }
}

extension WilsonInterval {
  /// "0.4115–0.4729"
  package var text: String { spelled(lower, upper) }
}

/// "0.4115–0.4729"
private func spelled(_ lower: Double, _ upper: Double) -> String { "\(fixed(lower, digits: 4))–\(fixed(upper, digits: 4))" }

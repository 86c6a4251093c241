// The results of a sweep with several objectives, front by front: for people the objectives and what was swept, for programs every parameter and metric
// under its own name. The fronts are ParetoRanking's; a sweep with one objective has a RankedTable.

import SweepCore
import SweepStore

/// Trials in the order of their Pareto fronts, the best by the first objective first in each.
package struct FrontTable: Sendable {
  private let sweep: SweepRecord
  private let ranking: ParetoRanking
  private let trials: [RankedTrial]
  private let metrics: [String]
  private let parameters: [String]
  private let swept: [String]
  private let samples: @Sendable (String, Assignment) -> Int?

  /// - Parameters:
  ///   - trials: those that are to be shown; those that are in no front come last, in their order.
  ///   - limit: the first so many.
  ///   - parameters: all of them, for programs.
  ///   - swept: the parameters that the file varies.
  ///   - samples: the number of samples behind a metric that is a share.
  package init(
    _ sweep: SweepRecord, _ ranking: ParetoRanking, trials: [RankedTrial], limit: Int, metrics: [String], parameters: [String], swept: [String],
    samples: @escaping @Sendable (String, Assignment) -> Int?
  ) {
    (self.sweep, self.ranking, self.metrics, self.parameters, self.swept, self.samples) = (sweep, ranking, metrics, parameters, swept, samples)
    let last = trials.count + ranking.order.count
    let ordered = trials.enumerated().sorted { one, other in
      (ranking.place(of: one.element.trial.number) ?? last, one.offset) < (ranking.place(of: other.element.trial.number) ?? last, other.offset)
    }
    self.trials = ordered.prefix(limit).map(\.element)
  }

  /// Which front, the trial, the objectives with the 95 % intervals of shares, then what was swept. ↓ is minimised, ↑ maximised.
  package var forPeople: Table {
    let parameters = RankedTable.shown(parameters, swept: swept, of: trials.map(\.trial))
    let withInterval = Set(sweep.objectives.map(\.metric).filter { metric in trials.contains { samples(metric, $0.trial.assignment) != nil } })
    let showsState = trials.contains { $0.trial.state != .complete }
    var columns = [Table.Column("front"), Table.Column("trial")]
    for objective in sweep.objectives {
      columns.append(
        .init(objective.metric, title: "\(objective.metric.spaced) \(objective.goal == .maximize ? "↑" : "↓")", format: Table.rounded))
      if withInterval.contains(objective.metric) { columns.append(.init("\(objective.metric)_interval", title: "95 % interval")) }
    }
    columns += parameters.map { .init($0, title: $0.spaced, format: Table.parameter) } + (showsState ? [.init("state")] : [])
    let rows = trials.map { ranked in
      var row = [front(of: ranked), .integer(ranked.trial.number)]
      for (objective, value) in zip(sweep.objectives, values(of: ranked)) {
        row.append(value.map(ParameterValue.real) ?? .null)
        guard withInterval.contains(objective.metric) else { continue }
        let samples = samples(objective.metric, ranked.trial.assignment)
        row.append(value.flatMap { value in samples.map { .text(WilsonInterval(share: value, samples: $0).text) } } ?? .null)
      }
      return row + parameters.map { ranked.trial.assignment[$0] ?? .null } + (showsState ? [.text(ranked.trial.state.rawValue)] : [])
    }
    return Table(columns: columns, rows: rows)
  }

  /// rank, front, trial, state, the epoch that counts by the first objective, the objectives, then every parameter and the metrics of that epoch.
  package var forPrograms: Table {
    let columns = ViewColumns(parameters: parameters, metrics: metrics, objectives: sweep.objectives.count)
    let fixed = ["rank", "front", "trial", "state", "epoch", "objective"] + ViewColumns.further(sweep.objectives.count)
    return Table(
      columns: (fixed + columns.parameters.map(\.column) + columns.metrics.map(\.column)).map { Table.Column($0) },
      rows: trials.enumerated().map { index, ranked in
        let known: [ParameterValue] = [
          .integer(index + 1), front(of: ranked), .integer(ranked.trial.number), .text(ranked.trial.state.rawValue), .integer(ranked.epoch),
        ]
        return known + values(of: ranked).map { $0.map(ParameterValue.real) ?? .null } + parameters.map { ranked.trial.assignment[$0] ?? .null }
          + metrics.map { ranked.metrics[$0].map(ParameterValue.real) ?? .null }
      })
  }

  private func front(of ranked: RankedTrial) -> ParameterValue { ranking.front(of: ranked.trial.number).map(ParameterValue.integer) ?? .null }

  private func values(of ranked: RankedTrial) -> [Double?] {
    [ranked.trial.objective] + (ranking.further[ranked.trial.number] ?? Array(repeating: nil, count: sweep.objectives.count - 1))
  }
}

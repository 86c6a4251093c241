// The objective in SQL: which way its order goes, which column of `trial_metric` names the epoch that counts, and which values can win. Written
// here once, for everything that ranks.

import GRDB
import SweepCore

extension Objective {
  /// Of `ORDER BY objective`, the best first.
  package var order: String { goal == .maximize ? "DESC" : "ASC" }

  /// The column of `trial_metric` with the epoch that counts.
  package var epochColumn: String {
    switch (at, goal) {
    case (.last, _): "last_epoch"
    case (.best, .maximize): "max_epoch"
    case (.best, .minimize): "min_epoch"
    }
  }

  /// Trials that have an objective, in files of any version: earlier ones kept infinite ones.
  package static let isFinite = "abs(objective) <= 1.7976931348623157e308"

  /// Trials that are ranked. The plus keeps SQLite from the index of the states, whose order is of no use here.
  static let isRanked = "+state = 'complete' AND planned AND \(isFinite)"

  /// The epoch whose objective is the trial's, by the summary; nil: there is none yet.
  func epoch(_ db: Database, of trial: Int64, sweepID: Int64) throws -> Int? {
    try Int.fetchOne(
      db.cachedStatement(
        sql: "SELECT \(epochColumn) FROM trial_metric JOIN metric ON metric.id = metric_id WHERE trial_id = ? AND sweep_id = ? AND name = ?"),
      arguments: [trial, sweepID, metric])
  }
}

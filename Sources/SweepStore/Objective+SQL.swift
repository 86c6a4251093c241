// The objective in SQL: which way its order goes, which column of `trial_metric` names the epoch that counts, and which values can win. Written
// here once, for everything that ranks.

import GRDB
import SweepCore

/// Texts and names inside a statement.
package enum SQLText {
  package static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }
  package static func quoted(name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }
}

extension Objective {
  /// Of `ORDER BY objective`, the best first.
  package var order: String { goal == .maximize ? "DESC" : "ASC" }

  /// The column of `trial_metric` with the value that counts.
  package var valueColumn: String {
    switch (at, goal) {
    case (.last, _): "last"
    case (.best, .maximize): "max"
    case (.best, .minimize): "min"
    }
  }

  /// The column of `trial_metric` with the epoch that counts.
  package var epochColumn: String { valueColumn + "_epoch" }

  /// Trials that have an objective, in files of any version: earlier ones kept infinite ones.
  package static let isFinite = "abs(objective) <= 1.7976931348623157e308"

  /// Trials that are ranked. The plus keeps SQLite from the index of the states, whose order is of no use here.
  static let isRanked = "+state = 'complete' AND planned AND \(isFinite)"

  /// Writes the objectives of a sweep beyond the first.
  static func setFurther(_ db: Database, sweepID: Int64, _ objectives: [Objective]) throws {
    try db.execute(sql: "DELETE FROM objective WHERE sweep_id = ?", arguments: [sweepID])
    for (place, objective) in objectives.enumerated().dropFirst() {
      try db.execute(
        sql: "INSERT INTO objective (sweep_id, place, metric, goal, metric_at) VALUES (?, ?, ?, ?, ?)",
        arguments: [sweepID, place + 1, objective.metric, objective.goal.rawValue, objective.at.rawValue])
    }
  }

  /// Ranks what was measured by other metrics than before.
  /// - Parameters:
  ///   - all: the first first; the rows of `sweep` and `objective` have these already.
  ///   - endsByIt: whether trials diverged by their last value of the first one before: they are complete where they did not diverge by this one.
  static func change(_ db: Database, sweepID: Int64, from allBefore: [Objective], to all: [Objective], endsByIt: Bool) throws {
    let (before, now) = (allBefore[0], all[0])
    let revision = try Revision.next(db, sweepID: sweepID)
    if all.dropFirst() != allBefore.dropFirst() {
      try db.execute(sql: "DELETE FROM objective_value WHERE trial_id IN (SELECT id FROM trial WHERE sweep_id = ?)", arguments: [sweepID])
      try db.execute(sql: MetricSummary.furtherSQL(where: "t.sweep_id = ?1"), arguments: [sweepID])
    }
    if endsByIt, before != now {
      let hasValue =
        "EXISTS (SELECT 1 FROM trial_metric JOIN metric ON metric.id = metric_id WHERE trial_id = trial.id AND name = ? AND sweep_id = ?)"
      try db.execute(
        sql: """
          UPDATE trial SET state = 'complete', reason = NULL
          WHERE sweep_id = ? AND state = 'diverged' AND instr(reason, ': ' || ? || ' is ') > 0 AND \(hasValue)
          """, arguments: [sweepID, before.metric, now.metric, sweepID])
    }
    try db.execute(
      sql: MetricSummary.objectiveSQL(where: "sweep_id = ?1"), arguments: [sweepID])
    if endsByIt, before != now {
      // The epoch is that of the value which is not finite.
      try db.execute(
        sql: """
          UPDATE trial SET state = 'diverged', reason = (
            SELECT 'epoch ' || last_epoch || ': ' || name || CASE WHEN last IS NULL THEN ' is not a number' ELSE ' is infinite' END
            FROM trial_metric JOIN metric ON metric.id = metric_id WHERE trial_id = trial.id AND name = ?2 AND metric.sweep_id = ?1)
          WHERE sweep_id = ?1 AND state = 'complete' AND EXISTS (
            SELECT 1 FROM trial_metric JOIN metric ON metric.id = metric_id WHERE trial_id = trial.id AND name = ?2 AND metric.sweep_id = ?1
            AND NOT ifnull(abs(last) <= 1.7976931348623157e308, 0))
          """, arguments: [sweepID, now.metric])
    }
    try db.execute(sql: "UPDATE trial SET revision = ? WHERE sweep_id = ?", arguments: [revision, sweepID])
    // Answers and models are those of the epoch that counted.
    for table in ["prediction", "model"] {
      try db.execute(
        sql: """
          DELETE FROM \(table) WHERE trial_id IN (SELECT id FROM trial WHERE sweep_id = ?1) AND epoch IS NOT (
            SELECT \(now.epochColumn) FROM trial_metric AS m JOIN metric AS d ON d.id = m.metric_id
            WHERE m.trial_id = \(table).trial_id AND d.sweep_id = ?1 AND d.name = ?2)
          """, arguments: [sweepID, now.metric])
    }
    try Events.insert(db, sweepID: sweepID, kind: "metric", detail: "\(allBefore.text) became \(all.text)")
  }

  /// The epoch whose objective is the trial's, by the summary; nil: there is none yet.
  func epoch(_ db: Database, of trial: Int64, sweepID: Int64) throws -> Int? {
    try Int.fetchOne(
      db.cachedStatement(
        sql: "SELECT \(epochColumn) FROM trial_metric JOIN metric ON metric.id = metric_id WHERE trial_id = ? AND sweep_id = ? AND name = ?"),
      arguments: [trial, sweepID, metric])
  }
}

// The running summary of one metric of one trial, a row of `trial_metric`: ranking reads it and never scans epochs.

import GRDB
import SweepCore

/// Last, smallest and largest value with their epochs. What is not finite counts as last, never as smallest or largest.
struct MetricSummary {
  private var last = Double.nan
  private var firstEpoch = Int.max
  private var lastEpoch = -1
  /// Whether an epoch came that is not after all others: then the rows of the epochs have to be read again.
  private var isDisordered = false
  private var min: (value: Double, epoch: Int)?
  private var max: (value: Double, epoch: Int)?

  mutating func add(_ value: Double, epoch: Int) {
    if epoch <= lastEpoch { isDisordered = true }
    (last, firstEpoch, lastEpoch) = (value, Swift.min(firstEpoch, epoch), epoch)
    guard value.isFinite else { return }
    if min.map({ value < $0.value }) ?? true { min = (value, epoch) }
    if max.map({ value > $0.value }) ?? true { max = (value, epoch) }
  }

  /// Merges into what earlier commits wrote. The earlier of equal values keeps its epoch.
  /// - Precondition: the epochs' own rows are written.
  func merge(_ db: Database, trialID: Int64, metricID: Int64) throws {
    guard try !isDisordered && add(db, trialID: trialID, metricID: metricID) else {
      return try Self.recompute(db, trialID: trialID, metricID: metricID)
    }
  }

  /// Of all metrics of a trial, from its epochs.
  static func ofEpochs(_ db: Database, trialID: Int64) throws -> [Int64: MetricSummary] {
    let rows = try Row.fetchCursor(
      db.cachedStatement(sql: "SELECT metric_id, epoch, value FROM epoch_metric WHERE trial_id = ? ORDER BY epoch"), arguments: [trialID])
    var summaries: [Int64: MetricSummary] = [:]
    while let row = try rows.next() {
      summaries[try row.get(0), default: MetricSummary()].add(try row.get(2) as Double? ?? .nan, epoch: try row.get(1))
    }
    return summaries
  }

  /// Of all metrics of a trial, as they are kept.
  static func kept(_ db: Database, trialID: Int64) throws -> [Int64: MetricSummary] {
    let rows = try Row.fetchAll(
      db.cachedStatement(sql: "SELECT metric_id, last, last_epoch, min, min_epoch, max, max_epoch FROM trial_metric WHERE trial_id = ?"),
      arguments: [trialID])
    return try rows.reduce(into: [:]) { summaries, row in
      var summary = MetricSummary()
      (summary.last, summary.lastEpoch) = (try row.get(1) as Double? ?? .nan, try row.get(2))
      if let value = try row.get(3) as Double?, let epoch = try row.get(4) as Int? { summary.min = (value, epoch) }
      if let value = try row.get(5) as Double?, let epoch = try row.get(6) as Int? { summary.max = (value, epoch) }
      summaries[try row.get(0)] = summary
    }
  }

  /// What an objective is by it; nil: it was not finite.
  func value(_ objective: Objective) -> Double? {
    switch (objective.at, objective.goal) {
    case (.last, _): last.isFinite ? last : nil
    case (.best, .minimize): min?.value
    case (.best, .maximize): max?.value
    }
  }

  /// Makes the summary of a metric again from its epochs.
  static func recompute(_ db: Database, trialID: Int64, metricID: Int64) throws {
    try db.cachedStatement(sql: "DELETE FROM trial_metric WHERE trial_id = ? AND metric_id = ?").execute(arguments: [trialID, metricID])
    let rows = try Row.fetchCursor(
      db.cachedStatement(sql: "SELECT epoch, value FROM epoch_metric WHERE trial_id = ? AND metric_id = ? ORDER BY epoch"),
      arguments: [trialID, metricID])
    var summary = MetricSummary()
    while let row = try rows.next() { summary.add(try row.get(1) as Double? ?? .nan, epoch: try row.get(0)) }
    if summary.lastEpoch >= 0 { _ = try summary.add(db, trialID: trialID, metricID: metricID) }
  }

  /// - Returns: false where there is a summary already that reaches beyond the first epoch of this one; nothing is written then.
  private func add(_ db: Database, trialID: Int64, metricID: Int64) throws -> Bool {
    let statement = try FastStatement(
      db,
      """
      INSERT INTO trial_metric VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET
        last = excluded.last, last_epoch = excluded.last_epoch,
        min_epoch = CASE WHEN min IS NULL OR excluded.min < min THEN excluded.min_epoch ELSE min_epoch END,
        min = CASE WHEN min IS NULL OR excluded.min < min THEN excluded.min ELSE min END,
        max_epoch = CASE WHEN max IS NULL OR excluded.max > max THEN excluded.max_epoch ELSE max_epoch END,
        max = CASE WHEN max IS NULL OR excluded.max > max THEN excluded.max ELSE max END
      WHERE last_epoch < ?9
      """)
    statement.bind(1, trialID)
    statement.bind(2, metricID)
    statement.bind(3, last)
    statement.bind(4, lastEpoch)
    statement.bind(5, min?.value)
    statement.bind(6, min?.epoch)
    statement.bind(7, max?.value)
    statement.bind(8, max?.epoch)
    statement.bind(9, firstEpoch)
    return try statement.run() == 1
  }

  /// Sets the values of all objectives of a trial from its summaries, as its sweep defines them.
  static func setObjectives(_ db: Database, trialID: Int64) throws {
    for sql in [objectiveSQL, furtherSQL] { try db.cachedStatement(sql: sql).execute(arguments: [trialID]) }
  }

  /// Writes `objective_value` of the trial ?1, a row for each objective beyond the first.
  static let furtherSQL = furtherSQL(where: "t.id = ?1")

  /// The same of all trials `t` that meet a condition and have reported something.
  static func furtherSQL(where condition: String) -> String {
    """
    INSERT INTO objective_value (trial_id, place, value)
    SELECT t.id, o.place, CASE WHEN o.metric_at = 'last' THEN CASE WHEN abs(m.last) <= 1.7976931348623157e308 THEN m.last END
        WHEN o.goal = 'minimize' THEN m.min ELSE m.max END
      FROM trial AS t JOIN objective AS o ON o.sweep_id = t.sweep_id
        LEFT JOIN metric AS d ON d.sweep_id = t.sweep_id AND d.name = o.metric
        LEFT JOIN trial_metric AS m ON m.trial_id = t.id AND m.metric_id = d.id
      WHERE \(condition) AND t.attempt > 0
    ON CONFLICT (trial_id, place) DO UPDATE SET value = excluded.value
    """
  }

  /// Sets `trial.objective` of the trial ?1 from its summary, as its sweep defines it.
  static let objectiveSQL = objectiveSQL(where: "id = ?1")

  /// The same of all trials that meet a condition.
  static func objectiveSQL(where condition: String) -> String {
    """
    UPDATE trial SET objective = (
      SELECT CASE WHEN s.metric_at = 'last' THEN CASE WHEN abs(m.last) <= 1.7976931348623157e308 THEN m.last END
        WHEN s.goal = 'minimize' THEN m.min ELSE m.max END
      FROM sweep AS s JOIN metric AS d ON d.sweep_id = s.id AND d.name = s.metric
        JOIN trial_metric AS m ON m.metric_id = d.id AND m.trial_id = trial.id
      WHERE s.id = trial.sweep_id)
    WHERE \(condition)
    """
  }
}

extension MetricSummary: Equatable {
  static func == (one: MetricSummary, other: MetricSummary) -> Bool {
    func same(_ one: (value: Double, epoch: Int)?, _ other: (value: Double, epoch: Int)?) -> Bool {
      one?.value == other?.value && one?.epoch == other?.epoch
    }
    return (one.last == other.last || one.last.isNaN && other.last.isNaN) && one.lastEpoch == other.lastEpoch && same(one.min, other.min)
      && same(one.max, other.max)
  }
}

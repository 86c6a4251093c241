// The running summary of one metric of one trial, a row of `trial_metric`: ranking reads it and never scans epochs.

import GRDB
import SweepCore

/// Last, smallest and largest value with their epochs. NaN counts as last, never as smallest or largest.
struct MetricSummary {
  private var last = Double.nan
  private var lastEpoch = 0
  private var min: (value: Double, epoch: Int)?
  private var max: (value: Double, epoch: Int)?

  mutating func add(_ value: Double, epoch: Int) {
    (last, lastEpoch) = (value, epoch)
    if value.isNaN { return }
    if min.map({ value < $0.value }) ?? true { min = (value, epoch) }
    if max.map({ value > $0.value }) ?? true { max = (value, epoch) }
  }

  /// Merges into what earlier commits wrote. The earlier of equal values keeps its epoch.
  func merge(_ db: Database, trialID: Int64, metricID: Int64) throws {
    let statement = try FastStatement(
      db,
      """
      INSERT INTO trial_metric VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
        last = excluded.last, last_epoch = excluded.last_epoch,
        min_epoch = CASE WHEN min IS NULL OR excluded.min < min THEN excluded.min_epoch ELSE min_epoch END,
        min = CASE WHEN min IS NULL OR excluded.min < min THEN excluded.min ELSE min END,
        max_epoch = CASE WHEN max IS NULL OR excluded.max > max THEN excluded.max_epoch ELSE max_epoch END,
        max = CASE WHEN max IS NULL OR excluded.max > max THEN excluded.max ELSE max END
      """)
    statement.bind(1, trialID)
    statement.bind(2, metricID)
    statement.bind(3, last)
    statement.bind(4, lastEpoch)
    statement.bind(5, min?.value)
    statement.bind(6, min?.epoch)
    statement.bind(7, max?.value)
    statement.bind(8, max?.epoch)
    try statement.run()
  }

  /// Sets `trial.objective` of the trial ?1 from its summary, as its sweep defines it.
  static let objectiveSQL = """
    UPDATE trial SET objective = (
      SELECT CASE WHEN s.metric_at = 'last' THEN m.last WHEN s.goal = 'minimize' THEN m.min ELSE m.max END
      FROM sweep AS s JOIN metric AS d ON d.sweep_id = s.id AND d.name = s.metric
        JOIN trial_metric AS m ON m.metric_id = d.id AND m.trial_id = trial.id
      WHERE s.id = trial.sweep_id)
    WHERE id = ?1
    """
}

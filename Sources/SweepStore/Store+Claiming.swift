// Claiming: what is left to do, and where each interrupted trial goes on. There is one runner per sweep (RunnerLock), so a claim needs no
// row lock; that a trial runs is recorded by the Recorder when its cohort starts.

import Foundation
import GRDB
import SweepCore

extension Store {
  /// Takes the trials of a runner that died or stopped back to `waiting`, to go on from their checkpoints.
  /// - Parameters:
  ///   - retryFailed: failed trials run again, too, with as many retries as at first.
  ///   - keepsEpochs: whether what they reported stays: programs keep their own checkpoints, and what they went on from is known when they start.
  /// - Returns: how many trials were taken back.
  @discardableResult public func requeue(sweepID: Int64, retryFailed: Bool, keepsEpochs: Bool = false) throws(SweepError) -> Int {
    try write { db in
      let states = retryFailed ? "('running', 'failed')" : "('running')"
      let orphans = try Int64.fetchAll(db, sql: "SELECT id FROM trial WHERE sweep_id = ? AND state IN \(states)", arguments: [sweepID])
      for id in orphans {
        if keepsEpochs {
          try db.cachedStatement(sql: "UPDATE trial SET state = 'waiting', finished_at = NULL, reason = NULL WHERE id = ?").execute(arguments: [id])
        } else {
          try takeBack(db, trialID: id)
        }
        try Attempts.closeOpen(db, trialID: id)
        if retryFailed {
          try db.cachedStatement(sql: "UPDATE attempt SET forgiven = 1 WHERE trial_id = ? AND result = 'failed'").execute(arguments: [id])
        }
      }
      if !orphans.isEmpty { try addEvent(db, sweepID: sweepID, kind: "requeued", detail: counted(orphans.count, "trial")) }
      return orphans.count
    }
  }

  /// Takes the next waiting trial for somebody who runs it elsewhere; nil: there is none. No two callers get the same.
  public func claim(sweepID: Int64) throws(SweepError) -> Trial? {
    guard let next = try waiting(sweepID: sweepID, after: 0, limit: 1).first else { return nil }
    let isOurs = try write { db in
      try db.execute(
        sql: """
          UPDATE trial SET state = 'running', attempt = attempt + 1, started_at = ifnull(started_at, ?) WHERE id = ? AND state = 'waiting'
          """, arguments: [timestamp(), next.id.rawValue])
      return db.changesCount == 1
    }
    return isOurs ? next : try claim(sweepID: sweepID)
  }

  /// Takes back those of the trials that have not ended, and returns them as they can go on.
  public func takeBack(_ trials: [Trial]) throws(SweepError) -> [Trial] {
    try write { db in
      try trials.compactMap { trial in
        guard try String.fetchOne(db, sql: "SELECT state FROM trial WHERE id = ?", arguments: [trial.id.rawValue]) == TrialState.running.rawValue
        else {
          return nil
        }
        let epochs = try takeBack(db, trialID: trial.id.rawValue)
        return Trial(id: trial.id, number: trial.number, assignment: trial.assignment, completedEpochs: epochs)
      }
    }
  }

  /// Epochs recorded after the checkpoint (there are none, unless the end of a trial was not committed with its last epoch) are removed, so
  /// that they come again.
  /// - Returns: the epochs that stay.
  @discardableResult private func takeBack(_ db: Database, trialID: Int64) throws -> Int {
    let checkpoint = try Int.fetchOne(db, sql: "SELECT epoch FROM checkpoint WHERE trial_id = ?", arguments: [trialID]) ?? 0
    try db.cachedStatement(sql: "DELETE FROM epoch_metric WHERE trial_id = ? AND epoch > ?").execute(arguments: [trialID, checkpoint])
    if db.changesCount > 0 { try recomputeSummary(db, trialID: trialID) }
    for table in ["prediction", "model"] {
      try db.cachedStatement(sql: "DELETE FROM \(table) WHERE trial_id = ? AND epoch > ?").execute(arguments: [trialID, checkpoint])
    }
    try db.cachedStatement(sql: "UPDATE trial SET state = 'waiting', epochs_done = ?, finished_at = NULL, reason = NULL WHERE id = ?")
      .execute(arguments: [checkpoint, trialID])
    return checkpoint
  }

  /// Makes the rows of `trial_metric` and the objective of a trial again from its epochs.
  private func recomputeSummary(_ db: Database, trialID: Int64) throws {
    for metric in try Int64.fetchAll(db, sql: "SELECT metric_id FROM trial_metric WHERE trial_id = ?", arguments: [trialID]) {
      try MetricSummary.recompute(db, trialID: trialID, metricID: metric)
    }
    try db.execute(sql: MetricSummary.objectiveSQL, arguments: [trialID])
  }

  /// Waiting trials that the file asks for, by number, without their checkpoints' states.
  /// - Parameter number: only trials after this one, so that a window follows the last.
  public func waiting(sweepID: Int64, after number: Int, limit: Int) throws(SweepError) -> [Trial] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT trial.id, number, parameters, ifnull(checkpoint.epoch, 0), trial.attempt, epochs_done,
            CASE trial.attempt WHEN 0 THEN 0 ELSE (SELECT count(*) FROM attempt AS a WHERE a.trial_id = trial.id AND result = 'failed' AND NOT forgiven) END,
            CASE trial.attempt WHEN 0 THEN 0 ELSE ifnull(
              (SELECT finished_at IS NULL FROM attempt AS a WHERE a.trial_id = trial.id AND a.attempt = trial.attempt), 0) END
          FROM trial LEFT JOIN checkpoint ON trial_id = trial.id
          WHERE sweep_id = ? AND trial.state = 'waiting' AND planned = 1 AND number > ? ORDER BY number LIMIT ?
          """, arguments: [sweepID, number, limit]
      ).map { row in
        guard let assignment = Assignment(json: try row.get(2)) else {
          throw SweepError(
            .input, "trial \(try row.get(1) as Int) has parameters that cannot be read", remedy: "the row was changed by hand; restore it")
        }
        return Trial(
          id: .init(rawValue: try row.get(0)), number: try row.get(1), assignment: assignment, completedEpochs: try row.get(3),
          past: .init(attempts: try row.get(4), failures: try row.get(6), lastEpoch: try row.get(5), wasCut: try row.get(7)))
      }
    }
  }

  /// The state to go on from; nil for a fresh trial.
  public func checkpoint(of trial: Trial.ID) throws(SweepError) -> Checkpoint? {
    try read { db in
      try Row.fetchOne(db, sql: "SELECT epoch, format, state FROM checkpoint WHERE trial_id = ?", arguments: [trial.rawValue])
        .map(Checkpoint.init)
    }
  }
}

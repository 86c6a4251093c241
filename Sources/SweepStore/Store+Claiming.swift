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
      // One whose end waits to be judged has ended.
      let states = retryFailed ? "('running', 'failed')" : "('running')"
      let orphans = try Int64.fetchAll(
        db, sql: "SELECT id FROM trial WHERE sweep_id = ? AND state IN \(states) AND held IS NULL", arguments: [sweepID])
      if orphans.isEmpty { return 0 }
      let revision = try Revision.next(db, sweepID: sweepID)
      for id in orphans {
        if keepsEpochs {
          try wait(db, trialID: id, revision: revision)
        } else {
          try takeBack(db, trialID: id, revision: revision)
        }
        try Attempts.closeOpen(db, trialID: id)
        if retryFailed {
          try db.cachedStatement(sql: "UPDATE attempt SET forgiven = 1 WHERE trial_id = ? AND result = 'failed'").execute(arguments: [id])
        }
      }
      try Events.insert(db, sweepID: sweepID, kind: "requeued", detail: counted(orphans.count, "trial"))
      return orphans.count
    }
  }

  private func wait(_ db: Database, trialID: Int64, revision: Int) throws {
    try db.cachedStatement(sql: "UPDATE trial SET state = 'waiting', finished_at = NULL, reason = NULL, revision = ? WHERE id = ?")
      .execute(arguments: [revision, trialID])
  }

  /// Takes the next waiting trial for somebody who runs it elsewhere; nil: there is none. No two callers get the same.
  /// - Parameter enqueuedFirst: whether points that were enqueued come before those with lower numbers.
  public func claim(sweepID: Int64, enqueuedFirst: Bool = false) throws(SweepError) -> Trial? {
    try write { db in
      let enqueued = try enqueuedFirst ? Self.waiting(db, "sampler = 'enqueued' ORDER BY number LIMIT 1", sweepID: sweepID).first : nil
      guard let next = try enqueued ?? Self.waiting(db, "number > 0 ORDER BY number LIMIT 1", sweepID: sweepID).first else { return nil }
      let revision = try Revision.next(db, sweepID: sweepID)
      try db.cachedStatement(
        sql: """
          UPDATE trial SET state = 'running', attempt = attempt + 1, position = 0, started_at = ifnull(started_at, ?), revision = ? WHERE id = ?
          """
      ).execute(arguments: [timestamp(), revision, next.id.rawValue])
      return next
    }
  }

  /// Takes back those of the trials that have not ended, and returns them as they can go on.
  public func takeBack(_ trials: [Trial]) throws(SweepError) -> [Trial] {
    guard let first = trials.first else { return [] }
    return try write { db in
      guard let sweepID = try Int64.fetchOne(db, sql: "SELECT sweep_id FROM trial WHERE id = ?", arguments: [first.id.rawValue]) else { return [] }
      let revision = try Revision.next(db, sweepID: sweepID)
      return try trials.compactMap { trial in
        let id = trial.id.rawValue
        guard let row = try Row.fetchOne(db, sql: "SELECT state, attempt, position FROM trial WHERE id = ?", arguments: [id]),
          try row.get(0) == TrialState.running.rawValue
        else { return nil }
        let epochs = try takeBack(db, trialID: id, revision: revision)
        return Trial(
          id: trial.id, number: trial.number, assignment: trial.assignment, completedEpochs: epochs,
          past: .init(attempts: try row.get(1), failures: trial.past.failures, lastEpoch: epochs, position: try row.get(2)), until: trial.until)
      }
    }
  }

  /// Epochs recorded after the checkpoint (there are none, unless the end of a trial was not committed with its last epoch) are removed, so
  /// that they come again.
  /// - Returns: the epochs that stay.
  @discardableResult private func takeBack(_ db: Database, trialID: Int64, revision: Int) throws -> Int {
    let checkpoint = try Int.fetchOne(db, sql: "SELECT epoch FROM checkpoint WHERE trial_id = ?", arguments: [trialID]) ?? 0
    try Epochs.cut(db, trialID: trialID, after: checkpoint)
    try db.cachedStatement(
      sql: "UPDATE trial SET state = 'waiting', epochs_done = ?, finished_at = NULL, reason = NULL, revision = ? WHERE id = ?"
    ).execute(arguments: [checkpoint, revision, trialID])
    return checkpoint
  }

  /// Waiting trials that the file asks for, by number, without their checkpoints' states.
  /// - Parameter number: only trials after this one, so that a window follows the last.
  public func waiting(sweepID: Int64, after number: Int, limit: Int) throws(SweepError) -> [Trial] {
    try read { db in try Self.waiting(db, "number > ? ORDER BY number LIMIT ?", [number, limit], sweepID: sweepID) }
  }

  /// Those of the trials with these numbers that wait.
  public func waiting(sweepID: Int64, numbers: [Int]) throws(SweepError) -> [Trial] {
    try read { db in
      try numbers.flatMap { try Self.waiting(db, "number = ?", [$0], sweepID: sweepID) }
    }
  }

  /// Waiting trials whose points were enqueued, by number.
  public func waitingEnqueued(sweepID: Int64) throws(SweepError) -> [Trial] {
    try read { db in try Self.waiting(db, "sampler = 'enqueued' ORDER BY number", sweepID: sweepID) }
  }

  private static func waiting(
    _ db: Database, _ condition: String, _ arguments: StatementArguments = [], sweepID: Int64
  ) throws -> [Trial] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT trial.id, number, parameters, ifnull(checkpoint.epoch, 0), trial.attempt, epochs_done,
          CASE trial.attempt WHEN 0 THEN 0 ELSE (SELECT count(*) FROM attempt AS a WHERE a.trial_id = trial.id AND result = 'failed' AND NOT forgiven) END,
          CASE trial.attempt WHEN 0 THEN 0 ELSE ifnull(
            (SELECT finished_at IS NULL FROM attempt AS a WHERE a.trial_id = trial.id AND a.attempt = trial.attempt), 0) END, position, until,
          CASE trial.attempt WHEN 0 THEN NULL ELSE (SELECT min(epoch) FROM epoch_metric AS e WHERE e.trial_id = trial.id) END
        FROM trial LEFT JOIN checkpoint ON trial_id = trial.id
        WHERE sweep_id = ? AND trial.state = 'waiting' AND planned = 1 AND \(condition)
        """, arguments: [sweepID] + arguments
    ).map { row in
      Trial(
        id: .init(rawValue: try row.get(0)), number: try row.get(1), assignment: try Assignment(stored: try row.get(2), trial: try row.get(1)),
        completedEpochs: try row.get(3),
        past: .init(
          attempts: try row.get(4), failures: try row.get(6), lastEpoch: try row.get(5), firstEpoch: try row.get(10), wasCut: try row.get(7),
          position: try row.get(8)),
        until: try row.get(9))
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

extension Store {
  /// Records what somebody tells of a trial that runs elsewhere: that it is theirs to tell of, and what they tell, in one transaction.
  /// - Parameters:
  ///   - attempt: the start of the trial that they were given; nil: they do not say, which is enough where it was never given to another.
  ///   - isSettling: whether the trial has ended, and this says what it comes to.
  ///   - events: what is told, of the trial as it stands.
  /// - Returns: the trial.
  /// - Throws: where it does not run, or is another's; nothing is written then.
  public func record(
    of number: Int, attempt: Int?, sweep: SweepRecord, parameterNames: [String], keeping: Keeping, as disposition: Disposition = .asTold,
    isSettling: Bool = false, events: (TrialRecord) throws(SweepError) -> [TrialEvent]
  ) throws(SweepError) -> Trial {
    try write { db in
      guard
        let row = try Row.fetchOne(
          db, sql: "SELECT \(TrialRecord.columns), position, held FROM trial WHERE sweep_id = ? AND number = ?", arguments: [sweep.id, number])
      else {
        throw SweepError(.input, "the sweep '\(sweep.name)' has no trial \(number)", place: path, remedy: "tell of one that was asked for")
      }
      let record = try TrialRecord(row)
      let isHeld = try row.get("held") as String? != nil
      guard record.state == .running, isSettling || !isHeld else {
        throw SweepError(
          .input, "trial \(number) of '\(sweep.name)' \(isHeld ? "has ended, and was told of" : "is \(record.state.rawValue), not running")",
          place: path,
          remedy: "each trial is asked for before it is told of, and told of once")
      }
      if !isSettling, record.attempt > 1 || attempt != nil, attempt != record.attempt {
        let problem = "trial \(number) of '\(sweep.name)' was taken back, and given to another"
        throw SweepError(
          .input, problem, place: path,
          remedy: attempt == nil ? "if it is yours, give the token that 'sweep ask' printed: --token TOKEN" : "ask for another trial")
      }
      var position = try row.get("position") as Int
      let now = Int64(Date().timeIntervalSince1970 * 1000)
      let reports = try events(record).map { event -> (report: TrialReport, disposition: Disposition) in
        position += 1
        let isEnd = if case .ended = event { true } else { false }
        return (
          TrialReport(trial: record.id, attempt: record.attempt, position: position, at: now, event: event), isEnd ? disposition : .asTold
        )
      }
      var writer = ReportWriter(sweep: sweep, parameterNames: parameterNames, keeping: keeping)
      try writer.write(reports, to: db)
      return Trial(
        id: record.id, number: number, assignment: record.assignment,
        past: .init(attempts: record.attempt, failures: 0, lastEpoch: record.epochsDone, position: position))
    }
  }
}

// The table `attempt`: each run of a trial's program, how it ended and what it took. Written by the Recorder, read by 'show' and 'logs', and
// by a runner that looks for processes that another left behind.

import GRDB
import SweepCore

/// A row of `attempt`.
public struct AttemptRecord: Sendable {
  public let number: Int
  public let startedAt: String
  public let finishedAt: String?
  /// nil: it runs, or the runner was killed.
  public let result: AttemptEnd.Result?
  public let reason: String?
  public let exitCode: Int?
  public let signal: Int?
  public let seconds: Double?
  public let cpuSeconds: Double?
  public let memoryBytes: Int?
  /// The path of what it printed on its standard output.
  public let log: String?

  fileprivate init(_ row: Row) throws {
    (number, startedAt, finishedAt) = (try row.get("attempt"), try row.get("started_at"), try row.get("finished_at"))
    result = (try row.get("result") as String?).flatMap(AttemptEnd.Result.init)
    (reason, exitCode, signal) = (try row.get("reason"), try row.get("exit_code"), try row.get("signal"))
    (seconds, cpuSeconds, memoryBytes) = (try row.get("seconds"), try row.get("cpu_seconds"), try row.get("memory_bytes"))
    log = try row.get("log")
  }
}

enum Attempts {
  static func insert(_ db: Database, _ trial: Trial.ID, _ attempt: AttemptStart, at time: String) throws {
    let insert = try FastStatement(
      db, "INSERT OR REPLACE INTO attempt (trial_id, attempt, started_at, process, log) VALUES (?, ?, ?, ?, ?)")
    insert.bind(1, trial.rawValue)
    insert.bind(2, attempt.number)
    insert.bind(3, time)
    insert.bind(4, attempt.process.map { Int($0) })
    insert.bind(5, attempt.log)
    try insert.run()
  }

  static func update(_ db: Database, _ trial: Trial.ID, _ end: AttemptEnd, at time: String) throws {
    let update = try FastStatement(
      db,
      """
      UPDATE attempt SET finished_at = ?3, result = ?4, reason = ?5, exit_code = ?6, signal = ?7, seconds = ?8, cpu_seconds = ?9, memory_bytes = ?10
      WHERE trial_id = ?1 AND attempt = ?2
      """)
    update.bind(1, trial.rawValue)
    update.bind(2, end.number)
    update.bind(3, time)
    update.bind(4, end.result.rawValue)
    update.bind(5, end.reason)
    update.bind(6, end.exitCode.map { Int($0) })
    update.bind(7, end.signal.map { Int($0) })
    update.bind(8, end.seconds)
    update.bind(9, end.cpuSeconds)
    update.bind(10, end.memoryBytes)
    try update.run()
  }

  /// Says of attempts whose end nobody saw that they were cut short. They have no `finished_at`, which tells them from all others.
  static func closeOpen(_ db: Database, trialID: Int64) throws {
    try db.cachedStatement(
      sql: "UPDATE attempt SET result = 'interrupted', reason = 'sweep itself was killed' WHERE trial_id = ? AND result IS NULL"
    ).execute(arguments: [trialID])
  }

  /// Removes what a trial reported: it starts anew.
  static func forget(_ db: Database, _ trial: Trial.ID) throws {
    for table in ["epoch_metric", "trial_metric", "prediction", "model"] {
      try db.cachedStatement(sql: "DELETE FROM \(table) WHERE trial_id = ?").execute(arguments: [trial.rawValue])
    }
  }
}

extension Store {
  /// The attempts of a trial, the first first.
  public func attempts(of trial: Trial.ID) throws(SweepError) -> [AttemptRecord] {
    try read { db in
      guard try db.tableExists("attempt") else { return [] }
      return try Row.fetchAll(db, sql: "SELECT * FROM attempt WHERE trial_id = ? ORDER BY attempt", arguments: [trial.rawValue])
        .map(AttemptRecord.init)
    }
  }

  /// The objective of all trials of a sweep by epoch, trials by number: what pruners judge by.
  /// - Parameter metric: another than that of the first objective.
  public func curves(_ sweep: SweepRecord, of metric: String? = nil) throws(SweepError) -> [(number: Int, epochs: [(epoch: Int, value: Double)])] {
    try read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT number, epoch, value FROM trial JOIN epoch_metric ON trial_id = trial.id JOIN metric ON metric.id = metric_id
          WHERE trial.sweep_id = ? AND name = ? ORDER BY number, epoch
          """, arguments: [sweep.id, metric ?? sweep.objective.metric])
      return try rows.reduce(into: []) { curves, row in
        let (number, point) = (try row.get(0) as Int, (epoch: try row.get(1) as Int, value: try row.get(2) as Double? ?? .nan))
        if curves.last?.number != number { curves.append((number, [])) }
        curves[curves.count - 1].epochs.append(point)
      }
    }
  }
}

// Reading: what status, list, rank, show and query ask. Every call is one consistent snapshot; a running sweep goes on meanwhile.

import Foundation
import GRDB
import GRDBSQLite
import SweepCore

/// How many trials of a sweep are in each state.
public struct StateCounts: Sendable {
  public let counts: [TrialState: Int]
  /// Of those that the file asks for.
  public let planned: [TrialState: Int]
  /// Waiting trials that the file asks for and that have been started before: they go on or start anew.
  public let interrupted: Int

  /// Trials that the file no longer asks for, in any state.
  public var unplanned: Int { total - planned.values.reduce(0, +) }
  /// Waiting trials that the file asks for.
  public var toRun: Int { planned[.waiting] ?? 0 }
  /// Trials that are over, however they ended.
  public var ended: Int { total - self[.waiting] - self[.running] - self[.paused] }
  /// What rankings leave out, in words: "8 diverged, 2 that the file no longer asks for"; nil: nothing.
  public var notRanked: String? {
    let states = TrialState.allCases.filter { $0 != .complete }.compactMap { state in planned[state].map { "\($0) \(state.rawValue)" } }
    let all = states + (unplanned > 0 ? ["\(unplanned) that the file no longer asks for"] : [])
    return all.isEmpty ? nil : all.joined(separator: ", ")
  }
  public subscript(state: TrialState) -> Int { counts[state] ?? 0 }
  public var total: Int { counts.values.reduce(0, +) }
}

/// The rows of a query, as SQLite types them.
public struct QueryResult: Sendable {
  public let columns: [String]
  public let rows: [[ParameterValue]]
}

extension Store {
  /// All sweeps, the newest first.
  public func sweeps() throws(SweepError) -> [SweepRecord] {
    try read { db in try SweepRecord.fetch(db, "ORDER BY id DESC") }
  }

  /// The sweep of that name, or without a name the newest.
  /// - Throws: where there is none; names the nearest.
  public func sweep(named name: String?) throws(SweepError) -> SweepRecord {
    let all = try sweeps()
    if let name {
      if let found = all.first(where: { $0.name == name }) { return found }
      throw SweepError(.input, .unknown("sweep", name, known: all.isEmpty ? ["none yet"] : all.map(\.name), place: path))
    }
    guard let newest = all.first else { throw SweepError(.input, "the database has no sweeps", place: path, remedy: "run one: sweep run FILE") }
    return newest
  }

  /// The newest sweep that has trials left to run.
  /// - Parameter orFailed: failed ones count as left.
  public func newestUnfinished(orFailed: Bool) throws(SweepError) -> SweepRecord? {
    try read { db in
      try SweepRecord.fetch(
        db,
        """
        WHERE EXISTS (
          SELECT 1 FROM trial WHERE sweep_id = sweep.id AND planned AND state IN ('waiting', 'running'\(orFailed ? ", 'failed'" : "")))
        ORDER BY id DESC LIMIT 1
        """
      ).first
    }
  }

  public func counts(sweepID: Int64) throws(SweepError) -> StateCounts {
    try read { db in
      // A count for each state and flag reads a part of an index; grouping would take twice as long over a million trials.
      func count(_ condition: String, _ arguments: StatementArguments = [], index: String = "") throws -> Int {
        let sql = "SELECT count(*) FROM trial \(index) WHERE sweep_id = ? AND \(condition)"
        return try Int.fetchOne(db.cachedStatement(sql: sql), arguments: [sweepID] + arguments) ?? 0
      }
      var planned: [TrialState: Int] = [:]
      var counts: [TrialState: Int] = [:]
      for state in TrialState.allCases {
        let asked = try count("state = ? AND planned = 1", [state.rawValue])
        let all = try count("state = ? AND planned = 0", [state.rawValue]) + asked
        if asked > 0 { planned[state] = asked }
        if all > 0 { counts[state] = all }
      }
      // SQLite would take a larger index. A file that is only read may be of a time before this one.
      let hasIndex = try Schema.migrator.completedMigrations(db).contains(Schema.indexesByFlag)
      let interrupted = try count(
        "state = 'waiting' AND planned AND attempt > 0", index: hasIndex ? "INDEXED BY trial_interrupted" : "")
      return StateCounts(counts: counts, planned: planned, interrupted: interrupted)
    }
  }

  /// The sweep's metrics, in the order of their columns.
  public func metrics(sweepID: Int64) throws(SweepError) -> [String] {
    try read { db in try String.fetchAll(db, sql: "SELECT name FROM metric WHERE sweep_id = ? ORDER BY id", arguments: [sweepID]) }
  }

  public func trial(_ number: Int, sweepID: Int64) throws(SweepError) -> TrialRecord? {
    try read { db in
      try Row.fetchOne(db, sql: "SELECT \(TrialRecord.columns) FROM trial WHERE sweep_id = ? AND number = ?", arguments: [sweepID, number])
        .map(TrialRecord.init)
    }
  }

  /// Trials in a state, by number; those that the file no longer asks for come last.
  public func trials(sweepID: Int64, state: TrialState, limit: Int) throws(SweepError) -> [TrialRecord] {
    try read { db in
      // Each flag is a part of an index in the order of the numbers: nothing is sorted, and nothing read beyond the limit.
      func trials(planned: Bool, limit: Int) throws -> [TrialRecord] {
        try Row.fetchAll(
          db, sql: "SELECT \(TrialRecord.columns) FROM trial WHERE sweep_id = ? AND state = ? AND planned = ? ORDER BY +number LIMIT ?",
          arguments: [sweepID, state.rawValue, planned, limit]
        ).map(TrialRecord.init)
      }
      let asked = try trials(planned: true, limit: limit)
      return asked + (try trials(planned: false, limit: limit - asked.count))
    }
  }

  /// The trials by objective, best first, the smaller number first among equals.
  /// - Parameters:
  ///   - limit: the first so many; nil: all.
  ///   - all: every trial that has an objective, not only complete ones that the file still asks for.
  public func ranking(_ sweep: SweepRecord, all: Bool = false, limit: Int? = nil) throws(SweepError) -> [RankedTrial] {
    var ranked: [RankedTrial] = []
    try forEachRanked(sweep, all: all, limit: limit) { ranked.append($0) }
    return ranked
  }

  /// The trials of a sweep that have begun, by number: the epochs of each, and the value of those that are ranked.
  public func course(_ sweep: SweepRecord) throws(SweepError) -> [(number: Int, epochs: Int, objective: Double?)] {
    try read { db in
      let rows = try Row.fetchCursor(
        db,
        sql: """
          \(sweep.trialsSQL)SELECT number, epochs_done, CASE WHEN \(Objective.isRanked) THEN objective END FROM trial
          WHERE sweep_id = ? AND (state <> 'waiting' OR epochs_done > 0) ORDER BY number
          """, arguments: [sweep.id])
      var course: [(number: Int, epochs: Int, objective: Double?)] = []
      while let row = try rows.next() { course.append((try row.get(0), try row.get(1), try row.get(2))) }
      return course
    }
  }

  /// Complete trials that have no finite value of the objective.
  public func unranked(_ sweep: SweepRecord) throws(SweepError) -> Int {
    try read { db in
      try Int.fetchOne(
        db,
        sql:
          "\(sweep.trialsSQL)SELECT count(*) FROM trial WHERE sweep_id = ? AND state = 'complete' AND planned AND NOT ifnull(\(Objective.isFinite), 0)",
        arguments: [sweep.id]) ?? 0
    }
  }

  /// Visits what `ranking` returns, within one snapshot, one trial in memory at a time.
  public func forEachRanked(
    _ sweep: SweepRecord, all: Bool = false, limit: Int? = nil, _ visit: (RankedTrial) throws -> Void
  ) throws(SweepError) {
    try read { db in
      let trials = try Row.fetchCursor(
        db,
        sql: """
          \(sweep.trialsSQL)SELECT \(TrialRecord.columns) FROM trial WHERE sweep_id = ? AND objective IS NOT NULL AND \(all ? Objective.isFinite : Objective.isRanked)
          ORDER BY objective \(sweep.objective.order), number LIMIT ?
          """, arguments: [sweep.id, limit ?? -1])
      let metrics = try MetricsThatCount(db, sweep)
      var rank = 0
      while let row = try trials.next() {
        rank += 1
        let trial = try TrialRecord(row)
        let (epoch, values) = try metrics.of(trial)
        try visit(RankedTrial(rank: rank, trial: trial, epoch: epoch, metrics: values))
      }
    }
  }

  /// The values of all objectives of the complete trials that the file asks for, by number; nil: it is not finite, or not there.
  public func outcomes(_ sweep: SweepRecord) throws(SweepError) -> [(number: Int, values: [Double?])] {
    let further = try objectiveValues(sweep)
    let none = [Double?](repeating: nil, count: sweep.objectives.count - 1)
    return try read { db in
      try Row.fetchAll(
        db, sql: "\(sweep.trialsSQL)SELECT number, objective FROM trial WHERE sweep_id = ? AND +state = 'complete' AND planned ORDER BY number",
        arguments: [sweep.id]
      ).map { row in
        let (number, first) = (try row.get(0) as Int, try row.get(1) as Double?)
        return (number, [first.flatMap { $0.isFinite ? $0 : nil }] + (further[number] ?? none))
      }
    }
  }

  /// The values of the objectives beyond the first, of each trial by number, in the order of the objectives; nil: it is not finite, or not there.
  public func objectiveValues(_ sweep: SweepRecord) throws(SweepError) -> [Int: [Double?]] {
    let count = sweep.objectives.count - 1
    if count == 0 { return [:] }
    return try read { db in
      let rows = try Row.fetchCursor(
        db,
        sql: "SELECT number, place, value FROM trial JOIN objective_value ON trial_id = trial.id WHERE sweep_id = ? AND value IS NOT NULL",
        arguments: [sweep.id])
      var values: [Int: [Double?]] = [:]
      while let row = try rows.next() {
        let place = try row.get(1) as Int
        guard (2...count + 1).contains(place) else { continue }
        values[try row.get(0), default: Array(repeating: nil, count: count)][place - 2] = try row.get(2)
      }
      return values
    }
  }

  /// The same of one trial.
  public func objectiveValues(_ sweep: SweepRecord, of number: Int) throws(SweepError) -> [Double?] {
    if sweep.objectives.count == 1 { return [] }
    return try read { db in
      try (2...sweep.objectives.count).map { place in
        try Double.fetchOne(
          db, sql: "SELECT value FROM trial JOIN objective_value ON trial_id = trial.id WHERE sweep_id = ? AND number = ? AND place = ?",
          arguments: [sweep.id, number, place])
      }
    }
  }

  /// Runs one statement that reads, and returns all of its rows.
  public func query(_ sql: String) throws(SweepError) -> QueryResult {
    var result = QueryResult(columns: [], rows: [])
    try query(sql) { columns, forEachRow in
      var rows: [[ParameterValue]] = []
      try forEachRow { rows.append($0) }
      result = QueryResult(columns: columns, rows: rows)
    }
    return result
  }

  /// Runs one statement that reads.
  /// - Parameters:
  ///   - timeout: seconds that SQLite may work; the time of the body does not count. nil: as long as it takes.
  ///   - body: gets the columns, and a function that visits each row, once, inside one snapshot; rows are not kept.
  /// - Throws: SQLite's complaint, with what there is to query; where the time is up; what the body throws.
  public func query(
    _ sql: String, timeout: Double? = nil,
    _ body: (_ columns: [String], _ forEachRow: @escaping (([ParameterValue]) throws -> Void) throws -> Void) throws -> Void
  ) throws(SweepError) {
    let deadline = timeout.map { QueryDeadline(seconds: $0) }
    do {
      try readUntranslated { db in
        deadline?.begin(db)
        let longest = sqlite3_limit(db.sqliteConnection, SQLITE_LIMIT_LENGTH, 16_000_000)  // bytes of one value that a query makes
        defer {
          deadline?.end(db)
          sqlite3_limit(db.sqliteConnection, SQLITE_LIMIT_LENGTH, longest)
        }
        let statement = try db.makeStatement(sql: sql)
        guard statement.isReadonly else {
          throw SweepError(.input, "this statement writes; 'sweep query' only reads", remedy: "use SELECT")
        }
        try body(statement.columnNames) { visit in
          let cursor = try Row.fetchCursor(statement)
          while let row = try cursor.next() {
            let start = ContinuousClock.now
            try visit(row.databaseValues.map(\.parameterValue))
            deadline?.move(by: .now - start)
          }
        }
      }
    } catch let error as SweepError {
      throw error
    } catch let error as DatabaseError where error.resultCode == .SQLITE_INTERRUPT && deadline != nil {
      let seconds = (timeout ?? 0).description.trimmingSuffix(".0")
      throw SweepError(.input, "the query took more than \(seconds) s", remedy: "ask for less, or allow it more time (--timeout; 0: no limit)")
    } catch let error as DatabaseError where error.resultCode == .SQLITE_NOMEM {
      throw SweepError(.input, "the query needs more memory than it may have", remedy: "ask for less at a time")
    } catch let error as DatabaseError
      where [.SQLITE_ERROR, .SQLITE_MISUSE, .SQLITE_AUTH, .SQLITE_TOOBIG].contains(error.resultCode)
    {
      let message = error.message ?? "the SQL cannot be run"
      if message.hasPrefix("Multiple statements") { throw SweepError(.input, "there is more than one statement", remedy: "ask one at a time") }
      if message.hasPrefix("too many attached") { throw SweepError(.input, "no other file can be attached", remedy: "name the database with --db") }
      throw SweepError(.input, message, remedy: try hint(for: message))
    } catch let error as DatabaseError {
      throw SweepError(error, path: path)
    } catch {
      throw SweepError(.input, "\(error)", place: path)
    }
  }

  /// What could have been meant by a table or column that does not exist.
  private func hint(for message: String) throws(SweepError) -> String {
    let views = try read { db in
      try String.fetchAll(
        db, sql: "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'grdb%' AND name NOT LIKE 'sqlite%'")
    }
    let name = message.split(separator: ": ").last.map(String.init) ?? ""
    if message.hasPrefix("no such table"), let near = nearest(to: name, in: views) { return "did you mean '\(near)'?" }
    if message.hasPrefix("no such column") {
      let columns = try read { db in
        try String.fetchAll(
          db,
          sql: "SELECT DISTINCT c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.name LIKE 'trials_%' OR m.name LIKE 'epochs_%'"
        )
      }
      if let near = nearest(to: name.split(separator: ".").last.map(String.init) ?? name, in: columns) { return "did you mean '\(near)'?" }
    }
    return "'sweep query' without SQL lists the tables and views with their columns"
  }

  /// The tables and views with their columns, views of sweeps first.
  public func relations() throws(SweepError) -> [(name: String, columns: [String])] {
    try read { db in
      let names = try String.fetchAll(
        db,
        sql: """
          SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'grdb%' AND name NOT LIKE 'sqlite%'
          ORDER BY name NOT LIKE 'trials\\_%' ESCAPE '\\' AND name NOT LIKE 'epochs\\_%' ESCAPE '\\', name
          """)
      return try names.map { name in (name, try String.fetchAll(db, sql: "SELECT name FROM pragma_table_info(?)", arguments: [name])) }
    }
  }

  /// Where the trials of a sweep keep files: beside the database, under the name of the sweep's views. An absolute path.
  public func trialFolder(of sweep: SweepRecord) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path + "-trials/" + sweep.slug
  }

  /// Adds a line to the sweep's history.
  public func addEvent(sweepID: Int64, kind: String, detail: String?) throws(SweepError) {
    try write { db in try Events.insert(db, sweepID: sweepID, kind: kind, detail: detail) }
  }
}

extension DatabaseValue {
  fileprivate var parameterValue: ParameterValue {
    switch storage {
    case .null: .null
    case .int64(let value): .integer(Int(value))
    case .double(let value): .real(value)
    case .string(let value): .text(value)
    case .blob(let value): .text("(\(value.count) bytes)")
    }
  }
}

extension String {
  fileprivate func trimmingSuffix(_ suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : self }
}

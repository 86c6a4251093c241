// Reading: what status, list, rank, show and query ask. Every call is one consistent snapshot; a running sweep goes on meanwhile.

import GRDB
import SweepCore

/// How many trials of a sweep are in each state.
public struct StateCounts: Sendable {
  public let counts: [TrialState: Int]
  /// Waiting trials that the file no longer asks for; they are among the waiting but will not run.
  public let unplanned: Int
  /// Waiting trials that have been started before, and will go on or start anew.
  public let interrupted: Int
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
    try read { db in try Row.fetchAll(db, sql: "SELECT * FROM sweep ORDER BY id DESC").map(SweepRecord.init) }
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

  public func counts(sweepID: Int64) throws(SweepError) -> StateCounts {
    try read { db in
      let rows = try Row.fetchAll(db, sql: "SELECT state, count(*) FROM trial WHERE sweep_id = ? GROUP BY state", arguments: [sweepID])
      func waiting(_ condition: String) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM trial WHERE sweep_id = ? AND state = 'waiting' AND \(condition)", arguments: [sweepID]) ?? 0
      }
      return StateCounts(
        counts: Dictionary(uniqueKeysWithValues: rows.compactMap { row in TrialState(rawValue: row[0]).map { ($0, row[1]) } }),
        unplanned: try waiting("NOT planned"), interrupted: try waiting("planned AND attempt > 0"))
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

  /// Trials in some states, by number.
  public func trials(sweepID: Int64, states: [TrialState], limit: Int) throws(SweepError) -> [TrialRecord] {
    try read { db in
      let names = states.map { "'\($0.rawValue)'" }.joined(separator: ", ")
      return try Row.fetchAll(
        db, sql: "SELECT \(TrialRecord.columns) FROM trial WHERE sweep_id = ? AND state IN (\(names)) ORDER BY number LIMIT ?",
        arguments: [sweepID, limit]
      ).map(TrialRecord.init)
    }
  }

  /// The epochs of a trial, ascending, with its metrics in the order of their columns.
  public func epochs(of trial: Trial.ID) throws(SweepError) -> [EpochMetrics] {
    try read { db in
      let rows = try Row.fetchAll(
        db,
        sql: "SELECT epoch, name, value FROM epoch_metric JOIN metric ON metric.id = metric_id WHERE trial_id = ? ORDER BY epoch, metric_id",
        arguments: [trial.rawValue])
      return rows.chunked { $0[0] as Int }.map { epoch, rows in
        EpochMetrics(epoch: epoch, values: rows.map { ($0[1], $0[2] ?? .nan) })
      }
    }
  }

  /// The trials by objective, best first, the smaller number first among equals.
  /// - Parameters:
  ///   - limit: the first so many; nil: all.
  ///   - states: only trials in these states, and only those that have an objective.
  public func ranking(_ sweep: SweepRecord, states: [TrialState] = [.complete], limit: Int? = nil) throws(SweepError) -> [RankedTrial] {
    try read { db in
      let order = sweep.objective.goal == .maximize ? "DESC" : "ASC"
      let names = states.map { "'\($0.rawValue)'" }.joined(separator: ", ")
      let trials = try Row.fetchCursor(
        db,
        sql: """
          SELECT \(TrialRecord.columns) FROM trial WHERE sweep_id = ? AND objective IS NOT NULL AND +state IN (\(names))
          ORDER BY objective \(order), number LIMIT ?
          """, arguments: [sweep.id, limit ?? -1])
      let best = sweep.objective.goal == .maximize ? "max_epoch" : "min_epoch"
      let epoch = try db.cachedStatement(
        sql: """
          SELECT \(sweep.objective.at == .last ? "last_epoch" : best) FROM trial_metric JOIN metric ON metric.id = metric_id
          WHERE trial_id = ? AND name = ?
          """)
      let values = try db.cachedStatement(
        sql: "SELECT name, value FROM epoch_metric JOIN metric ON metric.id = metric_id WHERE trial_id = ? AND epoch = ?")
      var ranked: [RankedTrial] = []
      while let row = try trials.next() {
        let trial = try TrialRecord(row)
        let at = try Int.fetchOne(epoch, arguments: [trial.id.rawValue, sweep.objective.metric]) ?? trial.epochsDone
        let metrics = try Row.fetchAll(values, arguments: [trial.id.rawValue, at])
        ranked.append(
          RankedTrial(
            rank: ranked.count + 1, trial: trial, epoch: at,
            metrics: Dictionary(uniqueKeysWithValues: metrics.compactMap { row in (row[1] as Double?).map { (row[0] as String, $0) } })))
      }
      return ranked
    }
  }

  /// Runs one statement that reads.
  /// - Throws: SQLite's complaint, with what there is to query.
  public func query(_ sql: String) throws(SweepError) -> QueryResult {
    do {
      return try database.read { db in
        let statement = try db.makeStatement(sql: sql)
        guard statement.isReadonly else {
          throw SweepError(.input, "this statement writes; 'sweep query' only reads", remedy: "use SELECT")
        }
        let cursor = try Row.fetchCursor(statement)
        var rows: [[ParameterValue]] = []
        while let row = try cursor.next() { rows.append(row.databaseValues.map(\.parameterValue)) }
        return QueryResult(columns: statement.columnNames, rows: rows)
      }
    } catch let error as SweepError {
      throw error
    } catch let error as DatabaseError
      where error.resultCode == .SQLITE_ERROR || error.resultCode == .SQLITE_MISUSE || error.resultCode == .SQLITE_AUTH
    {
      throw SweepError(.input, error.message ?? "the SQL cannot be run", remedy: try hint(for: error.message ?? ""))
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

  /// Adds a line to the sweep's history.
  public func addEvent(sweepID: Int64, kind: String, detail: String?) throws(SweepError) {
    try write { db in try addEvent(db, sweepID: sweepID, kind: kind, detail: detail) }
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

extension Sequence {
  /// Runs of neighbours with equal keys.
  fileprivate func chunked<Key: Equatable>(by key: (Element) -> Key) -> [(key: Key, elements: [Element])] {
    reduce(into: []) { runs, element in
      if let last = runs.last, last.key == key(element) {
        runs[runs.count - 1].elements.append(element)
      } else {
        runs.append((key(element), [element]))
      }
    }
  }
}

// Pages: a hundred trials, epochs, events or attempts at a time, of sweeps of any size. Each is one snapshot; a cursor goes on behind the last row
// of a page whatever has moved meanwhile. Orders and filters are answered from Columns, rows come from their tables.

import GRDB
import SweepCore

/// A trial on a page.
public struct TrialRow: Sendable {
  public let trial: TrialRecord
  /// Whether the file asks for it.
  public let isPlanned: Bool
  /// As in the ranking, from 1; nil: it is not ranked.
  public let rank: Int?
  /// The epoch that counts; nil where its metrics were not asked for.
  public let epoch: Int?
  /// Of the epoch that counts, by name; one that is not a number is missing.
  public let metrics: [String: Double]
}

public struct TrialPage: Sendable {
  /// The change of the sweep that it shows; 0 in files of earlier versions.
  public let revision: Int
  public let rows: [TrialRow]
  /// Where the next page begins; nil: this is the last.
  public let next: TrialCursor?
}

/// A part of a list, and where the next begins; nil: it is the last.
public struct Page<Element: Sendable>: Sendable {
  public let rows: [Element]
  public let next: Int64?
}

/// A row of `event`.
public struct EventRecord: Sendable, Identifiable {
  public let id: Int64
  public let at: String
  /// Its number.
  public let trial: Int?
  public let kind: String
  public let detail: String?
}

extension Store {
  /// A page of a sweep's trials. The first by a key that was not asked for before reads that of all trials (a million in some tenths of a second,
  /// docs/benchmarks.md), the others and all that follow take milliseconds.
  /// - Parameters:
  ///   - after: what the page before returned as `next`, for the same order.
  ///   - withMetrics: whether rows have the metrics of the epoch that counts.
  /// - Throws: where the sweep has no such metric, or the cursor is of another order.
  public func page(
    of sweep: SweepRecord, by order: TrialOrder, filter: TrialFilter = TrialFilter(), limit: Int = 100, after: TrialCursor? = nil,
    withMetrics: Bool = false
  ) throws(SweepError) -> TrialPage {
    if let after, after.order != order {
      throw SweepError(.input, "the cursor is of another order", place: sweep.name, remedy: "ask for the first page of this one")
    }
    return try columns(of: sweep, Set([order.key] + filter.conditions.map(\.key))) { db, columns in
      let places = columns.places(order, filter, after: after, limit: limit)
      let metrics = try withMetrics ? MetricsThatCount(db, sweep) : nil
      let find = try db.cachedStatement(sql: "SELECT \(TrialRecord.columns), planned FROM trial WHERE sweep_id = ? AND number = ?")
      let rows = try places.prefix(limit).map { place in
        guard let row = try Row.fetchOne(find, arguments: [sweep.id, place + 1]) else {
          throw SweepError.damaged("trial \(place + 1) is in an index alone", path)
        }
        let trial = try TrialRecord(row)
        let counting = try metrics?.of(trial)
        return TrialRow(
          trial: trial, isPlanned: try row.get("planned"), rank: columns.rank(place, sweep.objective), epoch: counting?.epoch,
          metrics: counting?.values ?? [:])
      }
      let last = places.count > limit && limit > 0 ? places[limit - 1] : nil
      return TrialPage(revision: columns.revision, rows: rows, next: last.map { columns.cursor(order, $0) })
    }
  }

  /// How many trials meet a filter.
  public func matching(_ filter: TrialFilter, in sweep: SweepRecord) throws(SweepError) -> Int {
    try columns(of: sweep, Set(filter.conditions.map(\.key))) { _, columns in columns.matching(filter) }
  }

  /// Runs the body with columns as they are in one snapshot.
  private func columns<Value: Sendable>(
    of sweep: SweepRecord, _ keys: Set<TrialKey>, _ body: (Database, inout Columns) throws -> Value
  ) throws(SweepError) -> Value {
    let known = try metrics(sweepID: sweep.id)
    for case .metric(let name) in keys where !known.contains(name) {
      throw SweepError(.input, .unknown("metric", name, known: known, place: sweep.name))
    }
    return try Self.translated(path) {
      // First the columns, then the snapshot: it is never older than they are.
      try columns.use(sweep.id) { columns in
        try readUntranslated { db in
          try columns.update(db, self, sweep, keys: keys)
          return try body(db, &columns)
        }
      }
    }
  }

  /// The epochs of a trial, ascending, with its metrics in the order of their columns.
  public func epochs(of trial: Trial.ID) throws(SweepError) -> [EpochMetrics] { try epochs(of: trial, after: nil, limit: .max).rows }

  /// A page of them.
  /// - Parameter after: the last epoch of the page before.
  public func epochs(of trial: Trial.ID, after: Int64?, limit: Int = 100) throws(SweepError) -> Page<EpochMetrics> {
    try read { db in
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT epoch, name, value FROM epoch_metric JOIN metric ON metric.id = metric_id WHERE trial_id = ? AND epoch > ?
          ORDER BY epoch, metric_id
          """, arguments: [trial.rawValue, after ?? -1])
      var epochs: [EpochMetrics] = []
      var (epoch, values) = (-1, [(name: String, value: Double)]())
      func end() {
        if !values.isEmpty { epochs.append(EpochMetrics(epoch: epoch, values: values)) }
        values = []
      }
      while let row = try rows.next() {
        let own: Int = try row.get(0)
        if own != epoch {
          end()
          if epochs.count == limit { return Page(rows: epochs, next: Int64(epoch)) }
          epoch = own
        }
        values.append((try row.get(1), try row.get(2) as Double? ?? .nan))
      }
      end()
      return Page(rows: epochs, next: nil)
    }
  }

  /// The history of a sweep, the newest first.
  /// - Parameter before: what the page before returned as `next`.
  public func events(sweepID: Int64, before: Int64? = nil, limit: Int = 100) throws(SweepError) -> Page<EventRecord> {
    try read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT event.id, at, number, kind, detail FROM event LEFT JOIN trial ON trial.id = trial_id WHERE event.sweep_id = ? AND event.id < ?
          ORDER BY event.id DESC LIMIT ?
          """, arguments: [sweepID, before ?? .max, limit + 1])
      let events = try rows.prefix(limit).map { row in
        EventRecord(id: try row.get(0), at: try row.get(1), trial: try row.get(2), kind: try row.get(3), detail: try row.get(4))
      }
      return Page(rows: events, next: rows.count > limit ? events.last?.id : nil)
    }
  }

  /// A page of the attempts of a trial, the first first.
  /// - Parameter after: what the page before returned as `next`.
  public func attempts(of trial: Trial.ID, after: Int64?, limit: Int = 100) throws(SweepError) -> Page<AttemptRecord> {
    let left = try attempts(of: trial).drop { Int64($0.number) <= after ?? 0 }
    return Page(rows: Array(left.prefix(limit)), next: left.count > limit ? left.prefix(limit).last.map { Int64($0.number) } : nil)
  }
}

/// The metrics of the epochs that count.
struct MetricsThatCount {
  private let db: Database
  private let sweep: SweepRecord
  private let values: Statement

  init(_ db: Database, _ sweep: SweepRecord) throws {
    (self.db, self.sweep) = (db, sweep)
    values = try db.cachedStatement(
      sql: "SELECT name, value FROM epoch_metric JOIN metric ON metric.id = metric_id WHERE trial_id = ? AND epoch = ?")
  }

  func of(_ trial: TrialRecord) throws -> (epoch: Int, values: [String: Double]) {
    let epoch = try sweep.objective.epoch(db, of: trial.id.rawValue, sweepID: sweep.id) ?? trial.epochsDone
    let rows = try Row.fetchAll(values, arguments: [trial.id.rawValue, epoch])
    let pairs = try rows.compactMap { row in try (row.get(1) as Double?).map { (try row.get(0) as String, $0) } }
    return (epoch, Dictionary(pairs, uniquingKeysWith: { $1 }))
  }
}

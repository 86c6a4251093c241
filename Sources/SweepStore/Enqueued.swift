// Points that are tried before any other: the table `enqueued`, who may add to it while a sweep runs, and how they become trials.

import GRDB
import SweepCore

/// What became of a point that somebody wants tried first.
public enum Enqueueing: Sendable, Equatable {
  case added
  /// It waits already.
  case waits
  /// It is a trial already.
  case isTrial(number: Int, state: TrialState)
}

/// A trial that was made of an enqueued point, or is that point.
public struct TakenTrial: Sendable, Equatable {
  public let number: Int
  /// Whether there was no trial with that point.
  public let isNew: Bool
  /// Whether the file had not asked for it any more.
  public let wasUnplanned: Bool
}

enum Enqueued {
  /// Whether a sweep's points were planned, or a search has decided anything: one that was made for its enqueued points alone has neither.
  static func isPlanned(_ db: Database, sweepID: Int64) throws -> Bool {
    try Bool.fetchOne(
      db, sql: "SELECT EXISTS (SELECT 1 FROM trial WHERE sweep_id = ?1) OR EXISTS (SELECT 1 FROM decision WHERE sweep_id = ?1)",
      arguments: [sweepID]) ?? false
  }

  private static let name = "enqueued"

  private static func first(_ db: Database, sweepID: Int64) throws -> (place: Int, point: Assignment)? {
    let sql = "SELECT place, parameters FROM enqueued WHERE sweep_id = ? ORDER BY place LIMIT 1"
    return try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [sweepID]).map {
      (try $0.get(0), try Assignment(stored: try $0.get(1), trial: 0))
    }
  }

  static func peek(_ db: Database, sweepID: Int64) throws -> Assignment? { try first(db, sweepID: sweepID)?.point }

  /// The first point that waits, which waits no more.
  static func takeFirst(_ db: Database, sweepID: Int64) throws -> Suggestion? {
    guard let (place, point) = try first(db, sweepID: sweepID) else { return nil }
    try db.cachedStatement(sql: "DELETE FROM enqueued WHERE sweep_id = ? AND place = ?").execute(arguments: [sweepID, place])
    return Suggestion(point, by: name)
  }

  /// Makes trials of all points that wait, in their order; a trial that is there already and has not run becomes one of them.
  /// - Parameter announce: gets those that are new before anybody else can see them.
  static func take(_ db: Database, sweepID: Int64, announce: (Trial) throws -> Void = { _ in }) throws -> [TakenTrial] {
    let texts = try String.fetchAll(db, sql: "SELECT parameters FROM enqueued WHERE sweep_id = ? ORDER BY place", arguments: [sweepID])
    if texts.isEmpty { return [] }
    let revision = try Revision.next(db, sweepID: sweepID)
    var next = (try Int.fetchOne(db, sql: "SELECT max(number) FROM trial WHERE sweep_id = ?", arguments: [sweepID]) ?? 0) + 1
    var taken: [TakenTrial] = []
    for text in texts {
      let row = try Row.fetchOne(
        db, sql: "SELECT id, number, planned FROM trial WHERE sweep_id = ? AND parameters = ? AND repeat = 0", arguments: [sweepID, text])
      if let row {
        let isPlanned = try row.get(2) as Bool
        try db.execute(
          sql: "UPDATE trial SET sampler = 'enqueued', planned = 1, revision = ? WHERE id = ? AND (state = 'waiting' OR NOT planned)",
          arguments: [revision, try row.get(0) as Int64])
        if db.changesCount == 1 { taken.append(TakenTrial(number: try row.get(1), isNew: false, wasUnplanned: !isPlanned)) }
      } else {
        try db.execute(
          sql: "INSERT INTO trial (sweep_id, number, parameters, revision, sampler) VALUES (?, ?, ?, ?, 'enqueued')",
          arguments: [sweepID, next, text, revision])
        try announce(
          Trial(id: .init(rawValue: db.lastInsertedRowID), number: next, assignment: try Assignment(stored: text, trial: next)))
        taken.append(TakenTrial(number: next, isNew: true, wasUnplanned: false))
        next += 1
      }
    }
    try db.execute(sql: "DELETE FROM enqueued WHERE sweep_id = ?", arguments: [sweepID])
    return taken
  }
}

extension Store {
  /// Whether anything of a sweep was planned yet.
  public func isPlanned(_ sweep: SweepRecord) throws(SweepError) -> Bool { try read { db in try Enqueued.isPlanned(db, sweepID: sweep.id) } }

  /// Has points tried before any other, in their order. Whoever runs the sweep takes them when it starts the next.
  /// - Parameter movesWaiting: whether a trial that waits with the point comes first by that; else it stays where it is.
  /// - Returns: what became of each.
  public func enqueue(_ points: [Assignment], sweep: SweepRecord, movesWaiting: Bool) throws(SweepError) -> [Enqueueing] {
    try write { db in
      var place = try Int.fetchOne(db, sql: "SELECT max(place) FROM enqueued WHERE sweep_id = ?", arguments: [sweep.id]) ?? 0
      let time = timestamp()
      let results = try points.map { point throws -> Enqueueing in
        let text = point.json
        if try Int.fetchOne(db, sql: "SELECT 1 FROM enqueued WHERE sweep_id = ? AND parameters = ?", arguments: [sweep.id, text]) != nil {
          return .waits
        }
        let row = try Row.fetchOne(
          db, sql: "SELECT number, state, planned, attempt, sampler FROM trial WHERE sweep_id = ? AND parameters = ? ORDER BY number LIMIT 1",
          arguments: [sweep.id, text])
        if let row, try row.get(2) as Bool, let state = TrialState(rawValue: try row.get(1)) {
          let canMove = try movesWaiting && state == .waiting && row.get(3) == 0 && row.get(4) as String? != "enqueued"
          if !canMove { return .isTrial(number: try row.get(0), state: state) }
        }
        place += 1
        try db.execute(
          sql: "INSERT INTO enqueued (sweep_id, place, parameters, at) VALUES (?, ?, ?, ?)", arguments: [sweep.id, place, text, time])
        return .added
      }
      let added = results.count { $0 == .added }
      if added > 0 { try Events.insert(db, sweepID: sweep.id, kind: "enqueued", detail: counted(added, "point")) }
      return results
    }
  }

  /// The next point that is to be tried first; nil: there is none.
  public func nextEnqueued(_ sweep: SweepRecord) throws(SweepError) -> Assignment? { try read { db in try Enqueued.peek(db, sweepID: sweep.id) } }

  /// How many points wait to be tried first, and how many trials were made of such.
  public func enqueuedCounts(_ sweep: SweepRecord) throws(SweepError) -> (waiting: Int, trials: Int) {
    try read { db in
      guard try db.tableExists("enqueued") else { return (0, 0) }  // a file of an earlier version
      let waiting = try Int.fetchOne(db, sql: "SELECT count(*) FROM enqueued WHERE sweep_id = ?", arguments: [sweep.id]) ?? 0
      let trials = try Int.fetchOne(db, sql: "SELECT count(*) FROM trial WHERE sweep_id = ? AND sampler = 'enqueued'", arguments: [sweep.id]) ?? 0
      return (waiting, trials)
    }
  }

  /// Makes trials of all points that wait, where points need no results.
  /// - Parameter announce: gets those that are new before anybody else can see them.
  public func takeEnqueued(_ sweep: SweepRecord, announce: (Trial) throws -> Void = { _ in }) throws(SweepError) -> [TakenTrial] {
    guard try nextEnqueued(sweep) != nil else { return [] }  // to look holds up nobody
    return try write { db in try Enqueued.take(db, sweepID: sweep.id, announce: announce) }
  }

  /// Who chose a trial's point, and why where there is more to say; nil: the sampler of its sweep, or a version that did not note it.
  public func origin(of trial: Trial.ID) throws(SweepError) -> (sampler: String, reason: String?)? {
    try read { db in
      guard try db.columns(in: "trial").contains(where: { $0.name == "sampler" }),
        let sampler = try String.fetchOne(db, sql: "SELECT sampler FROM trial WHERE id = ?", arguments: [trial.rawValue])
      else { return nil }
      let reason = try String.fetchOne(
        db, sql: "SELECT reason FROM decision WHERE trial_id = ? AND kind IN ('start', 'clone') ORDER BY number LIMIT 1",
        arguments: [trial.rawValue])
      return (sampler, reason)
    }
  }

  /// What became of the trials of a sweep that ended up to a time by themselves or were stopped, by number. Failures say nothing of a point.
  /// - Parameter time: as in the tables.
  public func ended(_ sweep: SweepRecord, upTo time: String) throws(SweepError) -> [(number: Int, assignment: Assignment, state: TrialState)] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT number, parameters, state FROM trial
          WHERE sweep_id = ? AND state IN ('complete', 'pruned', 'diverged') AND finished_at <= ? ORDER BY number
          """, arguments: [sweep.id, time]
      ).map { row in
        let number = try row.get(0) as Int
        return (number, try Assignment(stored: try row.get(1), trial: number), TrialState(rawValue: try row.get(2)) ?? .complete)
      }
    }
  }
}

// The table `decision`: what a search has decided, in its order, each written with what it changed. Resuming reads it; nothing is decided twice.

import Foundation
import GRDB
import SweepCore

/// A decision that concerns a trial, as it is replayed.
public struct DecisionRecord: Sendable {
  /// The trial's number.
  public let trial: Int
  /// The epoch from which it runs by this decision, and the one up to which; nil: to its end.
  public let from: Int
  public let until: Int?
  /// How many ends the search had waited for without a decision.
  public var waits: Int
}

/// A trial as a search knows it.
public struct TrialStanding: Sendable {
  public let trial: Trial
  public let state: TrialState
  /// Whether the file still asks for it.
  public let isPlanned: Bool
  /// How it ended, where it is not known yet whether it was to be stopped before.
  public let held: TrialEnd?
}

enum Decisions {
  /// Adds a decision of any kind.
  static func insert(
    _ db: Database, _ kind: String, sweepID: Int64, trial: Int64? = nil, parent: Int64? = nil, until: Int? = nil, position: Int? = nil,
    waits: Int = 0, reason: String? = nil, at time: String = timestamp()
  ) throws {
    try db.cachedStatement(
      sql: """
        INSERT INTO decision (sweep_id, number, at, kind, trial_id, parent_id, until, position, waits, reason)
        SELECT ?1, ifnull(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM decision WHERE sweep_id = ?1
        """
    ).execute(arguments: [sweepID, time, kind, trial, parent, until, position, waits, reason])
  }

  /// A trial is stopped early.
  static func insertStop(_ db: Database, of trial: Trial.ID, afterEpoch epoch: Int, sweep: SweepRecord, at time: String) throws {
    try insert(db, "stop", sweepID: sweep.id, trial: trial.rawValue, position: epoch, at: time)
  }

  /// A sampler has been asked for its points up to a position. Of such decisions only the last is kept: each holds what came before.
  static func setPosition(_ db: Database, sweepID: Int64, _ position: Int) throws {
    try db.cachedStatement(sql: "DELETE FROM decision WHERE sweep_id = ? AND kind = 'enumerate'").execute(arguments: [sweepID])
    try insert(db, "enumerate", sweepID: sweepID, position: position)
  }
}

extension Store {
  /// The position that a sampler has come to; nil: none is kept.
  public func position(of sweep: SweepRecord) throws(SweepError) -> Int? {
    try read { db in try Int.fetchOne(db, sql: "SELECT position FROM decision WHERE sweep_id = ? AND kind = 'enumerate'", arguments: [sweep.id]) }
  }

  /// Which trials a search has started, and which it had go on, in its order.
  public func decisions(of sweep: SweepRecord) throws(SweepError) -> [DecisionRecord] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT trial.number, ifnull(d.position, 0), d.until, d.waits FROM decision AS d JOIN trial ON trial.id = d.trial_id
          WHERE d.sweep_id = ? AND kind IN ('start', 'resume', 'clone') ORDER BY d.number
          """, arguments: [sweep.id]
      ).map { DecisionRecord(trial: try $0.get(0), from: try $0.get(1), until: try $0.get(2), waits: try $0.get(3)) }
    }
  }

  /// All trials of a sweep, by number.
  public func standings(_ sweep: SweepRecord) throws(SweepError) -> [TrialStanding] {
    try read { db in
      let rows = try Row.fetchCursor(
        db,
        sql:
          "SELECT id, number, parameters, state, planned, attempt, position, epochs_done, until, held FROM trial WHERE sweep_id = ? ORDER BY number",
        arguments: [sweep.id])
      var standings: [TrialStanding] = []
      while let row = try rows.next() {
        let trial = Trial(
          id: .init(rawValue: try row.get(0)), number: try row.get(1), assignment: try Assignment(stored: try row.get(2), trial: try row.get(1)),
          past: .init(attempts: try row.get(5), failures: 0, lastEpoch: try row.get(7), position: try row.get(6)), until: try row.get(8))
        let held = try (row.get(9) as String?).map { try JSONDecoder().decode(TrialEnd.self, from: Data($0.utf8)) }
        guard let state = TrialState(rawValue: try row.get(3)) else { continue }
        standings.append(TrialStanding(trial: trial, state: state, isPlanned: try row.get(4), held: held))
      }
      return standings
    }
  }

  /// Starts a trial by a decision: a new row, in one transaction with the decision. Where the point is there already, it is repeated.
  /// - Parameters:
  ///   - parent: the number of a trial from a copy of whose checkpoint it goes on.
  ///   - isFree: whether a point that somebody enqueued takes the place of the suggestion's.
  ///   - announce: gets what is tried before anybody else can see it.
  /// - Returns: its number, the epoch it goes on from, and what is tried.
  public func start(
    _ suggestion: Suggestion, parent: Int?, until: Int?, waits: Int, sweep: SweepRecord, isFree: Bool = false,
    announce: (Suggestion) throws -> Void = { _ in }
  ) throws(SweepError) -> (number: Int, from: Int, suggestion: Suggestion) {
    // A search that is asked again decides the same.
    try writeWithoutSync { db in
      let suggestion = try isFree ? Enqueued.takeFirst(db, sweepID: sweep.id) ?? suggestion : suggestion
      let parentID = try parent.map { try trialID($0, of: sweep, db) }
      let json = suggestion.point.json
      let number = (try Int.fetchOne(db, sql: "SELECT max(number) FROM trial WHERE sweep_id = ?", arguments: [sweep.id]) ?? 0) + 1
      let revision = try Revision.next(db, sweepID: sweep.id)
      try db.execute(
        sql: """
          INSERT INTO trial (sweep_id, number, parameters, repeat, until, parent_id, revision, sampler)
          SELECT ?1, ?2, ?3, count(*), ?4, ?5, ?6, ?7 FROM trial WHERE sweep_id = ?1 AND parameters = ?3
          """, arguments: [sweep.id, number, json, until, parentID, revision, suggestion.sampler])
      let id = db.lastInsertedRowID
      var from = 0
      if let parentID {
        try db.execute(
          sql: "INSERT INTO checkpoint (trial_id, epoch, format, state) SELECT ?, epoch, format, state FROM checkpoint WHERE trial_id = ?",
          arguments: [id, parentID])
        from = try Int.fetchOne(db, sql: "SELECT epoch FROM checkpoint WHERE trial_id = ?", arguments: [id]) ?? 0
      }
      try Decisions.insert(
        db, parent == nil ? "start" : "clone", sweepID: sweep.id, trial: id, parent: parentID, until: until, position: from, waits: waits,
        reason: suggestion.reason)
      try announce(suggestion)
      return (number, from, suggestion)
    }
  }

  /// Has a paused trial go on, in one transaction with the decision.
  /// - Returns: the epoch it goes on from.
  public func resume(_ number: Int, until: Int?, waits: Int, sweep: SweepRecord) throws(SweepError) -> Int {
    try write { db in
      let id = try trialID(number, of: sweep, db)
      let from = try Int.fetchOne(db, sql: "SELECT epochs_done FROM trial WHERE id = ?", arguments: [id]) ?? 0
      let revision = try Revision.next(db, sweepID: sweep.id)
      try db.execute(
        sql: "UPDATE trial SET state = 'waiting', until = ?, revision = ? WHERE id = ? AND state = 'paused'", arguments: [until, revision, id])
      guard db.changesCount == 1 else {
        throw SweepError(.input, "trial \(number) of '\(sweep.name)' is not paused, and cannot go on", place: path)
      }
      try Decisions.insert(db, "resume", sweepID: sweep.id, trial: id, until: until, position: from, waits: waits)
      return from
    }
  }

  /// How many trials of a sweep a sampler has chosen, by its name in `trial.sampler`.
  public func count(chosenBy sampler: String, of sweep: SweepRecord) throws(SweepError) -> Int {
    try read { db in
      try Int.fetchOne(db, sql: "SELECT count(*) FROM trial WHERE sweep_id = ? AND sampler = ?", arguments: [sweep.id, sampler]) ?? 0
    }
  }

  /// Notes, once, that a search has no more to try.
  public func exhaust(_ sweep: SweepRecord) throws(SweepError) {
    try write { db in
      let last = try String.fetchOne(db, sql: "SELECT kind FROM decision WHERE sweep_id = ? ORDER BY number DESC LIMIT 1", arguments: [sweep.id])
      if last != "exhausted" { try Decisions.insert(db, "exhausted", sweepID: sweep.id) }
    }
  }

  private func trialID(_ number: Int, of sweep: SweepRecord, _ db: Database) throws -> Int64 {
    guard let id = try Int64.fetchOne(db, sql: "SELECT id FROM trial WHERE sweep_id = ? AND number = ?", arguments: [sweep.id, number]) else {
      throw SweepError(.input, "the sweep '\(sweep.name)' has no trial \(number)", place: path)
    }
    return id
  }
}

extension Assignment {
  /// Reads the parameters of a row.
  init(stored text: String, trial number: Int) throws(SweepError) {
    guard let assignment = Assignment(json: text) else {
      throw SweepError(.input, "trial \(number) cannot be read: parameters \(text)", remedy: "the row was changed by hand; restore it")
    }
    self = assignment
  }
}

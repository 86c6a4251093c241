// What trials answered and the models they left: written with the epoch that they belong to, thinned to what the sweep keeps, and read
// back for rankings, histograms and evaluations.

import Foundation
import GRDB
import SweepCore

extension KeptOutcome {
  /// About what it keeps in memory.
  var bytes: Int { predictions.reduce(model?.state.count ?? 0) { $0 + 4 * $1.predicted.count } }
}

enum Outcomes {
  /// Writes what the epoch that counts left, if it is among these, and removes what is of another: a better epoch may have come, or an outcome
  /// have been made by somebody who did not know of a better one.
  /// - Precondition: the epochs' metrics are in the summary.
  static func write(_ outcomes: [Int: KeptOutcome], of trial: Trial.ID, sweep: SweepRecord, to db: Database) throws {
    let epoch = try sweep.objective.epoch(db, of: trial.rawValue, sweepID: sweep.id)
    for table in ["prediction", "model"] {
      try db.cachedStatement(sql: "DELETE FROM \(table) WHERE trial_id = ? AND epoch IS NOT ?").execute(arguments: [trial.rawValue, epoch])
    }
    guard let epoch, let outcome = outcomes[epoch] else { return }
    for predictions in outcome.predictions {
      let insert = try FastStatement(
        db, "INSERT OR REPLACE INTO prediction (trial_id, split_id, epoch, correct, predicted, probability) VALUES (?, ?, ?, ?, ?, ?)")
      insert.bind(1, trial.rawValue)
      insert.bind(2, try splitID(predictions.split, db))
      insert.bind(3, epoch)
      insert.bind(4, predictions.correct.bytes)
      insert.bind(5, predictions.predicted)
      insert.bind(6, predictions.probability.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] })
      try insert.run()
    }
    if let model = outcome.model { try save(model, in: "model", of: trial, to: db) }
  }

  /// Writes a trial's row of `checkpoint` or `model`, which have the same columns.
  static func save(_ state: Checkpoint, in table: String, of trial: Trial.ID, to db: Database) throws {
    let insert = try FastStatement(db, "INSERT OR REPLACE INTO \(table) (trial_id, epoch, format, state) VALUES (?, ?, ?, ?)")
    insert.bind(1, trial.rawValue)
    insert.bind(2, state.epoch)
    insert.bind(3, state.format)
    insert.bind(4, state.state)
    try insert.run()
  }

  private static func splitID(_ split: ImageSplit, _ db: Database) throws -> Int64 {
    let fingerprint = Int64(bitPattern: split.fingerprint)
    let find = try db.cachedStatement(sql: "SELECT id FROM split WHERE name = ? AND source = ? AND fingerprint = ?")
    if let id = try Int64.fetchOne(find, arguments: [split.name, split.source, fingerprint]) { return id }
    let classes = ParameterValue.list(split.classes.map { .text($0) }).json
    try db.execute(
      sql: "INSERT INTO split (name, source, fingerprint, images, classes, labels) VALUES (?, ?, ?, ?, ?, ?)",
      arguments: [split.name, split.source, fingerprint, split.labels.count, classes, Data(split.labels)])
    return db.lastInsertedRowID
  }

  /// Removes what the sweep no longer keeps of trials that have ended: the objective decides, the smaller number among equals, and trials that
  /// are not ranked come last. A trial that still runs may become the best, and keeps what it has.
  static func prune(_ db: Database, sweep: SweepRecord, keeping: Keeping) throws {
    for (table, policy) in [("prediction", keeping.predictions), ("model", keeping.models)] {
      guard case .top(let count) = policy else { continue }
      // CROSS JOIN: from the few that are kept to their trials, never over a million trials.
      try db.cachedStatement(
        sql: """
          DELETE FROM \(table) WHERE trial_id IN (
            SELECT trial.id FROM (SELECT DISTINCT trial_id FROM \(table)) AS kept CROSS JOIN trial ON trial.id = kept.trial_id
            WHERE sweep_id = ? AND state NOT IN ('waiting', 'running', 'paused')
            ORDER BY planned AND state = 'complete' DESC, objective IS NULL, objective \(sweep.objective.order), number LIMIT -1 OFFSET ?)
          """
      ).execute(arguments: [sweep.id, count])
    }
  }
}

extension Store {
  /// A trial's answers to a split, "validation" or "test"; nil where they are not kept.
  public func predictions(of trial: Trial.ID, split name: String) throws(SweepError) -> Predictions? {
    try read { db in
      guard try hasOutcomes(db) else { return nil }
      return try Row.fetchOne(
        db,
        sql: """
          SELECT name, source, fingerprint, labels, classes, predicted, probability FROM prediction JOIN split ON split.id = split_id
          WHERE trial_id = ? AND name = ?
          """, arguments: [trial.rawValue, name]
      ).map { row in
        let split = ImageSplit(
          name: try row.get(0), source: try row.get(1), fingerprint: UInt64(bitPattern: try row.get(2)), labels: [UInt8](try row.get(3) as Data),
          classes: try JSONDecoder().decode([String].self, from: Data((try row.get(4) as String).utf8)))
        let (predicted, steps) = ([UInt8](try row.get(5) as Data), [UInt8](try row.get(6) as Data))
        guard predicted.count == split.labels.count, steps.count == 2 * predicted.count else { throw Self.lengthsDiffer(path) }
        guard (predicted + split.labels).allSatisfy({ $0 < split.classes.count }) else {
          throw SweepError(.input, "the predictions of a trial name a class that there is not", place: path, remedy: "'sweep check' tells more")
        }
        return Predictions(
          split: split, predicted: predicted,
          probability: predicted.indices.map { UInt16(steps[2 * $0]) << 8 | UInt16(steps[2 * $0 + 1]) })
      }
    }
  }

  /// Which images of a split each ranked trial labelled rightly, by objective, best first, of those trials whose answers are kept. Trials that
  /// answered other images than the first are left out.
  /// - Parameter limit: at most so many trials; a bitset each.
  public func answers(_ sweep: SweepRecord, split name: String, limit: Int = 1000) throws(SweepError) -> [(trial: Trial.ID, correct: Bitset)] {
    try read { db in
      guard try hasOutcomes(db) else { return [] }
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT trial.id, split_id, images, correct FROM prediction JOIN trial ON trial.id = trial_id JOIN split ON split.id = split_id
          WHERE sweep_id = ? AND name = ? AND state = 'complete' AND planned AND \(Objective.isFinite)
          ORDER BY objective \(sweep.objective.order), number LIMIT ?
          """, arguments: [sweep.id, name, limit])
      var splitID: Int64?
      var answers: [(Trial.ID, Bitset)] = []
      while let row = try rows.next() {
        let split = try row.get(1) as Int64
        if let splitID, splitID != split { continue }
        splitID = split
        guard let bits = Bitset(bytes: [UInt8](try row.get(3) as Data), count: try row.get(2)) else { throw Self.lengthsDiffer(path) }
        answers.append((Trial.ID(rawValue: try row.get(0)), bits))
      }
      return answers
    }
  }

  private static func lengthsDiffer(_ path: String) -> SweepError {
    SweepError(.input, "the predictions of a trial have another length than its split", place: path, remedy: "'sweep check' tells more")
  }

  /// The model that a trial left; nil where none is kept.
  public func model(of trial: Trial.ID) throws(SweepError) -> Checkpoint? {
    try read { db in
      guard try hasOutcomes(db) else { return nil }
      return try Row.fetchOne(db, sql: "SELECT epoch, format, state FROM model WHERE trial_id = ?", arguments: [trial.rawValue])
        .map(Checkpoint.init)
    }
  }

  /// A file that is only read may be of a time before there were outcomes.
  private func hasOutcomes(_ db: Database) throws -> Bool { try db.tableExists("prediction") }
}

// Mends what a check found and what can be derived from the rest. What cannot be derived is left as it is, or runs again.

import Foundation
import GRDB
import SweepCore

extension Store {
  /// Checks the database, and mends what can be mended after a copy of the file was written beside it; again, until there is no more: what
  /// one repair removes may be missing elsewhere.
  /// - Precondition: the store was opened for writing, and nobody runs a sweep of it.
  /// - Returns: what was mended, the path of the copy, and what is left.
  /// - Throws: where the file itself is damaged: nothing can be derived from what may be somebody else's pages.
  public func repair(isSequential: (SweepRecord) -> Bool) throws(SweepError) -> (mended: [Finding], copy: String, left: Checkup) {
    let found = try check(isSequential: isSequential)
    var left = found
    if let finding = left.findings.first(where: { $0.check == .file && !$0.canBeRepaired }) { throw .damaged(finding.problem, path) }
    let copy = try Self.freeName(path + "-before-repair")
    try backup(to: copy, isChecked: false)
    for _ in 0..<Self.mostPasses {
      let findings = left.findings.filter(\.canBeRepaired)
      if findings.isEmpty { break }
      try mend(findings)
      left = try check(isSequential: isSequential)
    }
    // An index that is still wrong cannot be made: rows are there twice.
    left.findings = left.findings.map { $0.repair == .reindex ? Finding($0.check, $0.problem) : $0 }
    let mended = found.findings.filter { finding in !left.findings.contains { $0.isSame(as: finding) } }
    try write { db in
      for id in try Int64.fetchAll(db, sql: "SELECT id FROM sweep") {
        // Whoever follows the changes looks at all of them again.
        let revision = try Revision.next(db, sweepID: id)
        try db.execute(sql: "UPDATE trial SET revision = ? WHERE sweep_id = ? AND revision > 0", arguments: [revision, id])
        try Events.insert(db, sweepID: id, kind: "repaired", detail: "\(counted(mended.count, "finding")); the file as it was is \(copy)")
      }
    }
    return (mended, copy, left)
  }

  private static let mostPasses = 5

  /// Indexes and orphans first: everything else is asked through them, and would count them.
  private func mend(_ findings: [Finding]) throws(SweepError) {
    let repairs = findings.compactMap(\.repair)
    try write { db in
      if repairs.contains(.reindex) {
        // Rows that should not be there twice keep their index from being made: then it stays as it is, and what else is wrong is mended.
        do {
          try db.inSavepoint {
            try repair(.reindex, db); return .commit
          }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {}
      }
      if repairs.contains(.deleteOrphans) { try repair(.deleteOrphans, db) }
      for repair in repairs where repair != .reindex && repair != .deleteOrphans { try self.repair(repair, db) }
    }
  }

  private func repair(_ repair: Finding.Repair, _ db: Database) throws {
    switch repair {
    case .reindex: try db.execute(sql: "REINDEX")
    case .deleteOrphans: try deleteOrphans(db)
    case .recompute(let trial): try recomputeAll(db, trialID: trial)
    case .runAgain(let trial):
      for table in ["epoch_metric", "checkpoint", "prediction", "model"] {
        try db.execute(sql: "DELETE FROM \(table) WHERE trial_id = ?", arguments: [trial])
      }
      try recomputeAll(db, trialID: trial)
      try db.execute(sql: "UPDATE trial SET state = 'waiting', finished_at = NULL, reason = NULL, held = NULL WHERE id = ?", arguments: [trial])
    case .recount(let trial, let split):
      let find = "SELECT labels, predicted FROM prediction JOIN split ON split.id = split_id WHERE trial_id = ? AND split_id = ?"
      guard let row = try Row.fetchOne(db, sql: find, arguments: [trial, split]) else { return }
      let correct = Bitset(zip(try row.get(0) as Data, try row.get(1) as Data).map { $0 == $1 })
      try db.execute(sql: "UPDATE prediction SET correct = ? WHERE trial_id = ? AND split_id = ?", arguments: [Data(correct.bytes), trial, split])
    case .forgetAnswers(let trial): try db.execute(sql: "DELETE FROM prediction WHERE trial_id = ?", arguments: [trial])
    case .forgetModel(let trial): try db.execute(sql: "DELETE FROM model WHERE trial_id = ?", arguments: [trial])
    case .forgetCheckpoint(let trial): try db.execute(sql: "DELETE FROM checkpoint WHERE trial_id = ?", arguments: [trial])
    case .remakeViews(let sweep):
      guard let slug = try String.fetchOne(db, sql: "SELECT slug FROM sweep WHERE id = ?", arguments: [sweep]) else { return }
      let parameters = try String.fetchAll(
        db, sql: "SELECT DISTINCT member.key FROM trial, json_each(parameters) AS member WHERE sweep_id = ? ORDER BY member.key", arguments: [sweep])
      try Views.remake(db, sweepID: sweep, slug: slug, parameters: parameters)
    }
  }

  /// Rows whose parent is gone; a trial's own rows go with it.
  private func deleteOrphans(_ db: Database) throws {
    let references = try Row.fetchAll(
      db, sql: "SELECT m.name, f.\"from\", f.\"table\" FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table'")
    for reference in references {
      let (table, column, parent) = (try reference.get(0) as String, try reference.get(1) as String, try reference.get(2) as String)
      try db.execute(sql: "DELETE FROM \(table) WHERE \(column) IS NOT NULL AND \(column) NOT IN (SELECT id FROM \(parent))")
    }
  }

  /// Makes a trial's summaries, objective and count of epochs anew from its epochs.
  private func recomputeAll(_ db: Database, trialID: Int64) throws {
    try db.execute(sql: "DELETE FROM trial_metric WHERE trial_id = ?", arguments: [trialID])
    for metric in try MetricSummary.ofEpochs(db, trialID: trialID).keys { try MetricSummary.recompute(db, trialID: trialID, metricID: metric) }
    try db.execute(sql: "DELETE FROM objective_value WHERE trial_id = ?", arguments: [trialID])
    try MetricSummary.setObjectives(db, trialID: trialID)
    try db.execute(
      sql: "UPDATE trial SET epochs_done = (SELECT ifnull(max(epoch), 0) FROM epoch_metric WHERE trial_id = trial.id) WHERE id = ?",
      arguments: [trialID])
  }
}

import Foundation
import GRDB
import SweepCore
import SweepStore
import SweepTestSupport
import Testing

/// Each kind of damage that a program could do to a database, found, and mended where it can be derived.
struct CheckupTests {
  let made: PlannedSweep

  /// Four trials: two complete with three epochs, one interrupted after two, one that waits.
  init() throws {
    made = try PlannedSweep(count: 4)
    let recorder = made.recorder()
    let trials = try made.waiting()
    for (trial, epochs) in zip(trials, [3, 3, 2]) {
      try recorder.started(trial.id)
      for epoch in 1...epochs {
        let metrics = EpochMetrics(epoch: epoch, values: [("score", Double(trial.number * epoch)), ("loss", epoch == 2 ? .nan : 1)])
        try recorder.record(metrics, checkpoint: Checkpoint(epoch: epoch, format: "made", state: [1]), of: trial.id)
      }
      if epochs == 3 { try recorder.ended(trial.id, .complete) }
    }
    try recorder.flush()
  }

  private func check() throws -> [Finding] { try made.store.check { _ in true }.findings }

  /// What anybody could do to the file.
  private func damage(_ sql: String) throws {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    try DatabaseQueue(path: made.store.path, configuration: configuration).write { try $0.execute(sql: sql) }
  }

  @Test func aDatabaseThatASweepWroteHasNoFindings() throws {
    let checkup = try made.store.check { _ in true }
    #expect(checkup.findings.isEmpty)
    #expect(checkup.examined[.epochs] == 4 && checkup.examined[.checkpoints] == 1 && checkup.examined[.views] == 1)
    #expect(Set(checkup.examined.keys) == Set(Finding.Check.allCases))
  }

  @Test(arguments: [
    ("UPDATE trial_metric SET max = 7 WHERE trial_id = 1 AND metric_id = 1", Finding.Check.summaries, "a summary of its metrics"),
    ("UPDATE trial_metric SET last = 0.5 WHERE trial_id = 2 AND metric_id = 2", .summaries, "a summary of its metrics"),
    ("DELETE FROM trial_metric WHERE trial_id = 1 AND metric_id = 2", .summaries, "a summary of its metrics"),
    ("UPDATE trial SET objective = 99 WHERE id = 1", .summaries, "its objective is 99.0, and by its epochs 3.0"),
    ("UPDATE trial SET objective = NULL WHERE id = 1", .summaries, "its objective is missing"),
    ("UPDATE trial SET epochs_done = 7 WHERE id = 1", .epochs, "said to have 7 epochs, and has 3"),
    ("INSERT INTO epoch_metric VALUES (77, 1, 1, 0.5)", .orphans, "1 row of epoch_metric belongs to a trial"),
    ("INSERT INTO checkpoint VALUES (78, 1, 'made', x'00'), (79, 1, 'made', x'00')", .orphans, "2 rows of checkpoint belong to a trial"),
    ("INSERT INTO checkpoint VALUES (1, 3, 'made', x'00')", .checkpoints, "it is complete, and still has a checkpoint"),
    ("DROP VIEW trials_made", .views, "trials_made cannot be asked"),
  ])
  func whatCanBeDerivedIsFoundAndMended(sql: String, check: Finding.Check, problem: String) throws {
    try damage(sql)
    let findings = try self.check()
    #expect(findings.contains { $0.check == check && $0.problem.contains(problem) && $0.canBeRepaired }, "\(findings)")
    let (_, copy, left) = try made.store.repair { _ in true }
    #expect(left.findings.isEmpty)
    // The copy has the damage still.
    #expect(try !Store.openReadOnly(copy).check { _ in true }.findings.isEmpty)
    #expect(try made.store.ranking(made.sweep).map(\.trial.objective) == [6, 3])
    #expect(try made.store.query("SELECT max(score) FROM trials_made").rows == [[.real(6)]])
    #expect(try made.store.query("SELECT count(*) FROM event WHERE kind = 'repaired'").rows == [[.integer(1)]])
  }

  @Test(arguments: [
    ("DELETE FROM epoch_metric WHERE trial_id = 1 AND epoch = 2", "it lacks 1 (2) of 3 epochs"),
    ("DELETE FROM epoch_metric WHERE trial_id = 1 AND epoch < 3", "it lacks 2 (1, 2) of 3 epochs"),
    ("DELETE FROM epoch_metric WHERE trial_id = 1 AND epoch = 2 AND metric_id = 2", "an epoch lacks metrics that others have"),
  ])
  func aTrialThatLacksEpochsRunsAgain(sql: String, problem: String) throws {
    try damage(sql)
    let findings = try check()
    #expect(findings.contains { $0.trial == 1 && $0.problem == problem && $0.meansRunningAgain }, "\(findings)")
    // Programs number their epochs as they like.
    #expect(try !made.store.check { _ in false }.findings.contains { $0.check == .epochs && $0.meansRunningAgain })
    let (mended, _, left) = try made.store.repair { _ in true }
    #expect(left.findings.isEmpty && mended.contains(where: \.meansRunningAgain))
    #expect(try made.waiting().map(\.number) == [1, 4])
    #expect(try made.store.epochs(of: Trial.ID(rawValue: 1)).isEmpty)
    #expect(try made.store.ranking(made.sweep).map(\.trial.number) == [2])
  }

  @Test func anIndexThatDoesNotMatchItsTableIsMadeAnew() throws {
    let path = made.store.path
    try made.store.close()
    // An index that is empty, though its table is not, as a lost page would leave it.
    try DatabaseQueue(path: path).writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA writable_schema = ON")
      try db.execute(
        sql: "UPDATE sqlite_master SET sql = replace(sql, 'WHERE objective IS NOT NULL', 'WHERE objective > 1e9') WHERE name = 'trial_objective'")
    }
    try DatabaseQueue(path: path).writeWithoutTransaction { try $0.execute(sql: "REINDEX trial_objective; PRAGMA writable_schema = ON") }
    try DatabaseQueue(path: path).writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA writable_schema = ON")
      try db.execute(
        sql: "UPDATE sqlite_master SET sql = replace(sql, 'WHERE objective > 1e9', 'WHERE objective IS NOT NULL') WHERE name = 'trial_objective'")
    }
    let store = try Store.open(path)
    let findings = try store.check { _ in true }.findings
    #expect(findings.contains { $0.check == .file && $0.problem.contains("index trial_objective") && $0.canBeRepaired }, "\(findings)")
    #expect(try store.repair { _ in true }.left.findings.isEmpty)
    #expect(try store.ranking(store.sweep(named: "made")).count == 2)
  }

  @Test func whatWillNotRunAgainIsNotTakenBack() throws {
    try damage("UPDATE trial SET planned = 0 WHERE id = 1; DELETE FROM epoch_metric WHERE trial_id = 1 AND epoch = 2")
    #expect(try check().contains { $0.trial == 1 && $0.problem == "it lacks 1 (2) of 3 epochs" && !$0.canBeRepaired })
    _ = try made.store.repair { _ in true }
    #expect(try made.store.epochs(of: Trial.ID(rawValue: 1)).map(\.epoch) == [1, 3])
  }

  @Test func withOrphansNothingElseGoes() throws {
    try damage("DELETE FROM trial")
    let events = try made.store.query("SELECT count(*) FROM event").rows
    #expect(try made.store.repair { _ in true }.left.findings.isEmpty)
    #expect(try made.store.query("SELECT count(*) FROM event WHERE kind <> 'repaired'").rows == events)
    #expect(try made.store.query("SELECT count(*) FROM epoch_metric").rows == [[.integer(0)]])
  }

  @Test func parametersThatCannotBeReadAreToldAndLeft() throws {
    try damage("UPDATE trial SET parameters = '[1]' WHERE id = 3; UPDATE trial SET parameters = '{\"x\": 4 ,\"kind\":\"k\"}' WHERE id = 4")
    let findings = try check()
    #expect(findings.map(\.trial) == [3, 4] && findings.allSatisfy { !$0.canBeRepaired })
    #expect(findings[0].problem == "the parameters cannot be read")
  }

  @Test func onADamagedFileNothingIsMended() throws {
    try damage("UPDATE trial SET objective = 99 WHERE id = 1")
    let path = made.store.path
    try made.store.close()
    try DatabaseQueue(path: path).writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA writable_schema = ON")
      // Two tables in the same pages.
      try db.execute(sql: "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'event') WHERE name = 'model'")
    }
    let store = try Store.open(path)
    #expect(throws: SweepError.self) { try store.repair { _ in true } }
    try store.close()
    #expect(try DatabaseQueue(path: path).read { try Double.fetchOne($0, sql: "SELECT objective FROM trial WHERE id = 1") } == 99)
  }

  @Test func aRepairCopiesUnderAFreeName() throws {
    let names = try (1...2).map { _ in try made.store.repair { _ in true }.copy }
    #expect(names.map { ($0 as NSString).lastPathComponent } == ["results.sqlite-before-repair", "results.sqlite-before-repair-2"])
  }
}

import Foundation
import GRDB
import SweepCore
import SweepStore
import SweepTestSupport
import Testing

struct OpeningTests {
  private func complaint(_ body: () throws(SweepError) -> Store) -> SweepError? {
    do throws(SweepError) {
      _ = try body()
      return nil
    } catch { return error }
  }

  @Test func aDatabaseThatIsNotThereIsNotCreatedByReading() {
    let folder = TemporaryFolder()
    let error = complaint { () throws(SweepError) in try Store.openReadOnly(folder.path("none.sqlite")) }
    #expect(error?.description.contains("--db or SWEEP_DB") == true)
    #expect(!FileManager.default.fileExists(atPath: folder.path("none.sqlite")))
  }

  @Test func aFileThatIsNoDatabaseIsLeftAlone() throws {
    let folder = TemporaryFolder()
    let path = try folder.write("these are my notes, not a database, and they are longer than a header", to: "notes.txt")
    let errors = [
      complaint { () throws(SweepError) in try Store.open(path) }, complaint { () throws(SweepError) in try Store.openReadOnly(path) },
    ]
    for error in errors { #expect(error?.description.contains("not an SQLite database") == true) }
    #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("these are my notes"))
  }

  /// A sweep of three trials, of which the third was interrupted, as earlier versions left it.
  @Test(arguments: ["schema-1", "schema-2", "schema-3", "schema-4", "schema-5"])
  func aDatabaseOfAnEarlierVersionIsReadAsItIsAndMigratedWhenItIsWritten(name: String) throws {
    let folder = TemporaryFolder()
    let path = folder.path("old.sqlite")
    try FileManager.default.copyItem(atPath: "\(projectFolder)/Tests/Assets/databases/\(name).sqlite", toPath: path)
    func check(_ store: Store) throws {
      let sweep = try store.sweep(named: "old")
      let counts = try store.counts(sweepID: sweep.id)
      #expect(counts[.complete] == 2 && counts.toRun == 1 && counts.interrupted == 1 && counts.unplanned == 0)
      #expect(try store.ranking(sweep).map(\.trial.number) == [2, 1])
      #expect(try store.trials(sweepID: sweep.id, state: .waiting, limit: 5).map(\.number) == [3])
      #expect(try store.newestUnfinished(orFailed: false)?.id == sweep.id)
    }
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    let reading = try Store.openReadOnly(path)
    try check(reading)
    try reading.close()
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    let writing = try Store.open(path)
    try check(writing)
    #expect(try writing.waiting(sweepID: 1, after: 0, limit: 5).map(\.number) == [3])
    try writing.close()
    #expect(
      try DatabaseQueue(path: path).read { try String.fetchAll($0, sql: "SELECT identifier FROM grdb_migrations") } == ["1", "2", "3", "4", "5", "6"])
  }

  @Test func ofASweepOfSchemaFivePointsCanBeEnqueuedAndItGoesOn() throws {
    let folder = TemporaryFolder()
    let path = folder.path("old.sqlite")
    try FileManager.default.copyItem(atPath: "\(projectFolder)/Tests/Assets/databases/schema-5.sqlite", toPath: path)
    let reading = try Store.openReadOnly(path)
    let old = try reading.sweep(named: "search")
    #expect(try reading.enqueuedCounts(old) == (0, 0))
    #expect(try reading.origin(of: try #require(try reading.trial(1, sweepID: old.id)).id) == nil)
    try reading.close()
    let store = try Store.open(path)
    let sweep = try store.sweep(named: "search")
    #expect(try store.position(of: sweep) == 10_016)
    #expect(
      try store.enqueue([Assignment(["x": .integer(7)]), Assignment(["x": .integer(2)])], sweep: sweep, movesWaiting: true) == [
        .added, .isTrial(number: 2, state: .complete),
      ])
    #expect(try store.takeEnqueued(sweep).map { [$0.number, $0.isNew ? 1 : 0] } == [[5, 1]])
    #expect(try store.claim(sweepID: sweep.id, enqueuedFirst: true)?.number == 5)
    #expect(try store.check { _ in false }.findings.isEmpty)
    try store.close()
  }

  @Test func aSummaryThatInfinityHadWonIsMadeAnewByTheMigration() throws {
    let folder = TemporaryFolder()
    let path = folder.path("old.sqlite")
    try FileManager.default.copyItem(atPath: "\(projectFolder)/Tests/Assets/databases/schema-4.sqlite", toPath: path)
    let store = try Store.open(path)
    let sweep = try store.sweep(named: "infinite")
    #expect(try store.ranking(sweep).map(\.trial.objective) == [0.7, 0.5])
    #expect(try store.check { _ in false }.findings.isEmpty)
    try store.close()
  }

  /// Opens the file to write and to read, expects the complaint each time, and not a byte to change.
  private func expectRefusal(of path: String, saying text: String) throws {
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    let writing = complaint { () throws(SweepError) in try Store.open(path) }
    let reading = complaint { () throws(SweepError) in try Store.openReadOnly(path) }
    for error in [writing, reading] {
      #expect(error?.kind == .input && error?.description.contains(text) == true, "\(String(describing: error))")
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
  }

  @Test func anotherProgramsDatabaseIsLeftAloneToTheLastByte() throws {
    let folder = TemporaryFolder()
    let path = folder.path("other.sqlite")
    try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE bookmarks (url TEXT)") }
    try expectRefusal(of: path, saying: "belongs to another program")
  }

  @Test func aNewerSchemaIsLeftAloneToTheLastByte() throws {
    let made = try PlannedSweep(count: 1)
    let path = made.store.path
    try made.store.close()
    try DatabaseQueue(path: path).write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('from the future')") }
    try expectRefusal(of: path, saying: "newer version")
  }

  @Test(arguments: [1, 15, 99, 4096, 5000, 40_000]) func aFileThatWasCutIsToldAndLeftAlone(size: Int) throws {
    let made = try PlannedSweep(count: 500)
    let path = made.store.path
    try made.store.close()
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    try whole.prefix(size).write(to: URL(fileURLWithPath: path))
    try expectRefusal(of: path, saying: size < 100 ? "not an SQLite database" : "it was cut: it has \(size) bytes of \(whole.count)")
  }

  @Test func aValueOfTheWrongTypeIsAnErrorAndNotACrash() throws {
    let made = try PlannedSweep(count: 2)
    let path = made.store.path
    try made.store.close()
    try DatabaseQueue(path: path).writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA writable_schema = ON")
      try db.execute(sql: "UPDATE sqlite_master SET sql = replace(replace(sql, 'STRICT', ''), 'NOT NULL', '') WHERE name = 'trial'")
    }
    try DatabaseQueue(path: path).write { try $0.execute(sql: "UPDATE trial SET number = NULL WHERE id = 2") }
    let store = try Store.openReadOnly(path)
    let error = #expect(throws: SweepError.self) { try store.trials(sweepID: 1, state: .waiting, limit: 5) }
    #expect(error?.kind == .input && error?.description.contains("damaged") == true)
  }

  /// With a rollback journal a kill may leave pages of a commit in the file: whoever opens it undoes them, who only reads as well.
  @Test func aCommitThatWasCutShortIsUndone() throws {
    let made = try PlannedSweep(count: 2000)
    let path = made.store.path
    try made.store.close()
    let queue = try DatabaseQueue(path: path)
    for copy in ["reading.sqlite", "writing.sqlite"] {
      try queue.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN; UPDATE trial SET reason = hex(zeroblob(2000)), attempt = 7")
        for ending in ["", "-journal"] {
          try FileManager.default.copyItem(atPath: path + ending, toPath: made.folder.path(copy) + ending)
        }
        try db.execute(sql: "ROLLBACK")
      }
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: made.folder.path("reading.sqlite"))) != Data(contentsOf: URL(fileURLWithPath: path)))
    let sum = "SELECT sum(attempt), count(reason) FROM trial"
    #expect(try Store.openReadOnly(made.folder.path("reading.sqlite")).query(sum).rows == [[.integer(0), .integer(0)]])
    let store = try Store.open(made.folder.path("writing.sqlite"))
    #expect(try store.query(sum).rows == [[.integer(0), .integer(0)]])
    #expect(try store.check { _ in true }.findings.isEmpty)
  }

  @Test func beforeAMigrationTheDatabaseIsCopied() throws {
    let folder = TemporaryFolder()
    let path = folder.path("old.sqlite")
    try FileManager.default.copyItem(atPath: "\(projectFolder)/Tests/Assets/databases/schema-2.sqlite", toPath: path)
    let store = try Store.open(path)
    #expect(store.warnings.count == 1 && store.warnings[0].contains(path + "-schema-2"))
    try store.close()
    func migrations(_ path: String) throws -> [String] {
      try DatabaseQueue(path: path).read { try String.fetchAll($0, sql: "SELECT identifier FROM grdb_migrations") }
    }
    #expect(try migrations(path + "-schema-2") == ["1", "2"])
    #expect(try migrations(path) == ["1", "2", "3", "4", "5", "6"])
    // A second time there is nothing to copy.
    let again = try Store.open(path)
    #expect(again.warnings.isEmpty)
  }

  @Test func aMigrationThatFailsChangesNothing() throws {
    let folder = TemporaryFolder()
    let path = folder.path("old.sqlite")
    try FileManager.default.copyItem(atPath: "\(projectFolder)/Tests/Assets/databases/schema-1.sqlite", toPath: path)
    // What the third migration wants to make is there already.
    try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE model (x)") }
    #expect(throws: SweepError.self) { try Store.open(path) }
    let names = try DatabaseQueue(path: path).read { db in
      (try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations"), try db.tableExists("prediction"), try db.tableExists("split"))
    }
    #expect(names == (["1", "2"], false, false))
    #expect(FileManager.default.fileExists(atPath: path + "-schema-1"))
  }

  @Test func aFolderThatIsNotThereIsTold() {
    let error = complaint { () throws(SweepError) in try Store.open("/nowhere/at/all.sqlite") }
    #expect(error?.kind == .io)
  }

  @Test func theDatabaseIsInWALModeWithForeignKeys() throws {
    let made = try PlannedSweep(count: 1)
    #expect(try DatabaseQueue(path: made.store.path).read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
    #expect(try made.store.query("PRAGMA foreign_key_check").rows.isEmpty)
  }

  @Test func theSchemaRefusesStatesItDoesNotKnow() throws {
    let made = try PlannedSweep(count: 1)
    #expect(throws: DatabaseError.self) {
      try DatabaseQueue(path: made.store.path).write { try $0.execute(sql: "UPDATE trial SET state = 'sleeping'") }
    }
  }
}

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
  @Test(arguments: ["schema-1", "schema-2", "schema-3"]) func aDatabaseOfAnEarlierVersionIsReadAsItIsAndMigratedWhenItIsWritten(name: String) throws {
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
    #expect(try DatabaseQueue(path: path).read { try String.fetchAll($0, sql: "SELECT identifier FROM grdb_migrations") } == ["1", "2", "3", "4"])
  }

  @Test func anotherProgramsDatabaseIsLeftAlone() throws {
    let folder = TemporaryFolder()
    let path = folder.path("other.sqlite")
    try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE bookmarks (url TEXT)") }
    let error = complaint { () throws(SweepError) in try Store.open(path) }
    #expect(error?.description.contains("belongs to another program") == true)
    #expect(try DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master") } == 1)
  }

  @Test func aNewerSchemaIsLeftAlone() throws {
    let made = try PlannedSweep(count: 1)
    try DatabaseQueue(path: made.store.path).write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('from the future')") }
    let error = complaint { () throws(SweepError) in try Store.openReadOnly(made.store.path) }
    #expect(error?.description.contains("newer version") == true)
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

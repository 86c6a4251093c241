import Foundation
import GRDB
import SweepCore
import SweepStore
import SweepTestSupport
import Testing

struct BackupTests {
  @Test func aCopyIsOneFileWithEverything() throws {
    let made = try PlannedSweep(count: 3)
    let target = made.folder.path("copy.sqlite")
    try made.store.backup(to: target)
    let copy = try Store.openReadOnly(target)
    #expect(try copy.counts(sweepID: copy.sweep(named: "made").id).total == 3)
    try copy.close()
    #expect(try FileManager.default.contentsOfDirectory(atPath: made.folder.path).filter { $0.hasPrefix("copy") } == ["copy.sqlite"])
  }

  @Test func aCopyTakenWhileTrialsAreRecordedIsOneMomentOfThem() throws {
    let made = try PlannedSweep(count: 400)
    let recorder = made.recorder()
    let trials = try made.waiting()
    let reader = try Store.openReadOnly(made.store.path)
    DispatchWorkers.run([0, 1]) { part in
      if part == 0 {
        for trial in trials {
          try recorder.started(trial.id)
          for epoch in 1...5 {
            try recorder.record(EpochMetrics(epoch: epoch, values: [("score", 1)]), checkpoint: nil, of: trial.id)
          }
          try recorder.ended(trial.id, .complete)
          if trial.number % 50 == 0 { try recorder.flush() }
        }
      } else {
        for number in 0..<20 { try reader.backup(to: made.folder.path("copy-\(number).sqlite")) }
      }
    }
    try recorder.flush()
    for number in 0..<20 {
      let copy = try Store.openReadOnly(made.folder.path("copy-\(number).sqlite"))
      #expect(try copy.check { _ in true }.findings.isEmpty)
    }
  }

  @Test func aFileThatIsThereIsNotOverwritten() throws {
    let made = try PlannedSweep(count: 1)
    let target = try made.folder.write("precious", to: "copy.sqlite")
    #expect(throws: SweepError.self) { try made.store.backup(to: target) }
    #expect(try String(contentsOfFile: target, encoding: .utf8) == "precious")
  }

  @Test func aDamagedDatabaseGivesNoCopy() throws {
    let made = try PlannedSweep(count: 500)
    let path = made.store.path
    try made.store.close()
    let file = try #require(FileHandle(forUpdatingAtPath: path))
    try file.seek(toOffset: 3 * 4096)
    try file.write(contentsOf: Data(repeating: 0xAB, count: 4096))
    try file.close()
    let store = try Store.openReadOnly(path)
    #expect(throws: SweepError.self) { try store.backup(to: made.folder.path("copy.sqlite")) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: made.folder.path).filter { $0.hasPrefix("copy") }.isEmpty)
  }

  @Test func aFolderThatIsNotThereIsTold() throws {
    let made = try PlannedSweep(count: 1)
    #expect(throws: SweepError.self) { try made.store.backup(to: "/nowhere/at/all.sqlite") }
    let error = #expect(throws: SweepError.self) { try made.store.backup(to: made.folder.path) }
    #expect(error?.description.contains("the copy would be a folder") == true)
  }
}

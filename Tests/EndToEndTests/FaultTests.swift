// Disks that are full, failing, gone, read-only or far away, and what a sweep says and keeps then: with the built binary, real files, and a
// library that makes the C library's calls fail.

import Foundation
import SweepTestSupport
import Testing

@Suite(.serialized) struct FaultTests {
  let folder = TemporaryFolder()
  private static let trials = 20_000

  private func binary(_ faults: [String: String] = [:]) -> SweepBinary {
    SweepBinary(in: folder.path, environment: faults.isEmpty ? [:] : faults.merging(["LD_PRELOAD": SweepBinary.faults]) { $1 })
  }

  /// A sweep of 20,000 trials of 10 epochs in less than a second.
  private func writeSweep() throws {
    let values = (0..<200).map(String.init).joined(separator: ", ")
    try folder.write(
      """
      name: many
      trainer: test-function
      method: grid
      metric: {name: value, goal: minimize}
      parameters: {x: {values: [\(values)]}, y: {values: [\(values.split(separator: ", ").prefix(100).joined(separator: ", "))]}}
      """, to: "many.yaml")
  }

  private func expectOneLine(_ result: SweepBinary.Result, _ text: String, status: Int32 = 74, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(result.status == status, "\(result.errors)", sourceLocation: sourceLocation)
    let lines = result.errors.split(separator: "\n")
    #expect(lines.count { $0.contains("error:") } == 1 && lines.count < 10, "\(result.errors)", sourceLocation: sourceLocation)
    #expect(lines.last?.contains(text) == true, "\(result.errors)", sourceLocation: sourceLocation)
  }

  /// Whatever happened, the next run ends what is left, and all of it is there once.
  private func expectThatTheRestRuns(sourceLocation: SourceLocation = #_sourceLocation) throws {
    let result = try binary().run("run", "many.yaml", "-q")
    #expect(result.status == 0, "\(result.errors)", sourceLocation: sourceLocation)
    let path = folder.path("results.sqlite")
    #expect(try Results.integer(path, "SELECT count(*) FROM trial WHERE state = 'complete' AND epochs_done = 10") == Self.trials)
    #expect(try Results.integer(path, "SELECT count(*) FROM epoch_metric") == 10 * Self.trials)
    let check = try binary().run("check")
    #expect(check.status == 0, "\(check.errors)", sourceLocation: sourceLocation)
  }

  @Test(arguments: [0, 20, 100, 700, 1500]) func whenTheDiskIsFullASweepStopsWithOneLineAndGoesOnWhenItIsNot(writes: Int) throws {
    try writeSweep()
    let faults = ["SWEEP_FAULT_FILES": "results.sqlite", "SWEEP_FAULT_WRITES": "\(writes)", "SWEEP_FAULT_ERRNO": "ENOSPC"]
    expectOneLine(try binary(faults).run("run", "many.yaml", "-q"), "the disk is full")
    try expectThatTheRestRuns()
  }

  @Test(arguments: ["EIO", "EDQUOT"], [30, 900]) func aWriteThatFailsStopsASweepWithOneLine(error: String, writes: Int) throws {
    try writeSweep()
    let faults = ["SWEEP_FAULT_FILES": "results.sqlite", "SWEEP_FAULT_WRITES": "\(writes)", "SWEEP_FAULT_ERRNO": error]
    expectOneLine(try binary(faults).run("run", "many.yaml", "-q"), "reading or writing failed")
    try expectThatTheRestRuns()
  }

  @Test func whatCannotBeSyncedIsNotTakenForSafe() throws {
    try folder.write(tortureSweep, to: "torture.yaml")
    // Each commit syncs the log: here those of planning do, and one in the middle of the sweep does not.
    let faults = ["SWEEP_FAULT_FILES": "results.sqlite-wal", "SWEEP_FAULT_SYNCS": "12"]
    let result = try binary(faults).run("run", "torture.yaml", "-q", "--workers", "1")
    expectOneLine(result, "reading or writing failed")
    #expect(try Results.integer(folder.path("results.sqlite"), "SELECT count(*) FROM trial WHERE state = 'waiting'") > 0)
    #expect(try binary().run("run", "torture.yaml", "-q").status == 0)
  }

  @Test func aDiskThatCannotBeReadIsNotTakenForADamagedFile() throws {
    try writeSweep()
    #expect(try binary().run("run", "many.yaml", "-q").status == 0)
    for reads in [0, 1, 4, 8] {
      let faults = ["SWEEP_FAULT_FILES": "results.sqlite", "SWEEP_FAULT_READS": "\(reads)"]
      let result = try binary(faults).run("rank", "--all", "--format", "csv")
      #expect(result.status == 74 && !result.errors.contains("damaged"), "\(result.errors)")
    }
  }

  @Test func aLimitOnTheSizeOfFilesIsNamed() throws {
    try writeSweep()
    let command = ["--fsize=1500000", SweepBinary.path, "run", "many.yaml", "-q"]
    expectOneLine(try binary().run(command, program: "/usr/bin/prlimit"), "a limit on the size of files is reached (ulimit -f)")
    try expectThatTheRestRuns()
  }

  @Test func aFolderThatIsRemovedUnderASweepEndsIt() throws {
    try folder.write(endlessSweep, to: "torture.yaml")
    try FileManager.default.createDirectory(atPath: folder.path("gone"), withIntermediateDirectories: false)
    let child = try binary().start(["run", "torture.yaml", "-q", "--db", "gone/results.sqlite"])
    Results.wait(child, for: 20, in: folder.path("gone/results.sqlite"))
    try FileManager.default.removeItem(atPath: folder.path("gone"))
    expectOneLine(child.wait(), "the database was removed or replaced while the sweep ran")
  }

  @Test(.enabled("it runs as root, who may act as somebody without rights") { getuid() == 0 })
  func aFolderThatMayNotBeWrittenIsTold() throws {
    try writeSweep()
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
    let command = ["--reuid=65534", "--clear-groups", SweepBinary.path, "run", folder.path("many.yaml"), "--db", folder.path("results.sqlite")]
    let result = try binary().run(command, program: "/usr/bin/setpriv")
    expectOneLine(result, "Permission denied")
    #expect(!FileManager.default.fileExists(atPath: folder.path("results.sqlite")))
  }

  @Test func aTrialWhoseFolderCannotBeMadeStopsTheSweepAndFailsNoTrial() throws {
    try folder.write(
      "name: p\ncommand: [/bin/true]\nmethod: grid\nmetric: {name: seconds, goal: minimize}\nparameters: {i: {values: [1, 2, 3]}}\n", to: "p.yaml")
    try folder.write("not a folder", to: "results.sqlite-trials")
    expectOneLine(try binary().run("run", "p.yaml", "-q"), "the folder of a trial cannot be made")
    #expect(try Results.integer(folder.path("results.sqlite"), "SELECT count(*) FROM trial WHERE state = 'waiting' AND attempt = 0") == 3)
    try FileManager.default.removeItem(atPath: folder.path("results.sqlite-trials"))
    #expect(try binary().run("resume", "-q").status == 0)
  }

  // MARK: file systems that cannot share memory

  private static let far = ["SWEEP_FAULT_SHARED_MEMORY": "1"]

  @Test func whereMemoryCannotBeSharedThereIsOneWarningAndTheNumbersAreTheSame() throws {
    try writeSweep()
    let result = try binary(Self.far).run("run", "many.yaml", "-q")
    #expect(result.status == 0)
    #expect(result.errors.split(separator: "\n").count { $0.contains("warning: results.sqlite is where memory cannot be shared") } == 1)
    #expect(!FileManager.default.fileExists(atPath: folder.path("results.sqlite-wal")))
    // Nothing of it is left when the database comes home.
    try expectThatTheRestRuns()
    // And a database with a log goes there, too.
    #expect(try binary(Self.far).run("rank").status == 0)
    #expect(try binary(Self.far).run("run", "many.yaml", "-q").status == 0)
    #expect(try binary(Self.far).run("check").status == 0)
  }

  @Test func withARollbackJournalASweepSurvivesKillsHasOneRunnerAndReaders() throws {
    try folder.write(tortureSweep, to: "torture.yaml")
    #expect(try binary().run("run", "torture.yaml", "-q", "--db", "undisturbed.sqlite").status == 0)
    let path = folder.path("results.sqlite")
    func epochs() throws -> Int {
      let read = try binary(Self.far).run("query", "SELECT count(*) AS n FROM epochs_torture", "--format", "csv")
      #expect(read.status == 0, "\(read.errors)")
      return Int(read.output.split(separator: "\n").last ?? "") ?? 0
    }
    var before = 0
    for _ in 0..<2 {
      let child = try binary(Self.far).start(["run", "torture.yaml", "-q", "--workers", "2"])
      // More than there were: it has the sweep.
      Results.stop(child, after: before + 30, in: path)
      // Who else wants it must not change how it is written.
      for _ in 0..<3 {
        let second = try binary(Self.far).run("run", "torture.yaml", "-q")
        #expect(second.status == 75, "\(second.errors)")
      }
      #expect(try epochs() >= before + 30)
      child.send(SIGKILL)
      #expect(child.wait().status == 128 + SIGKILL)
      // Whoever reads next takes back what it had half written.
      before = try epochs()
    }
    #expect(try binary(Self.far).run("run", "torture.yaml", "-q").status == 0)
    #expect(try Results.metrics(path) == Results.metrics(folder.path("undisturbed.sqlite")))
    #expect(try binary(Self.far).run("check").status == 0)
  }

  // MARK: a disk of its own

  /// Whether a small disk can be had: root outside most containers.
  private static let canMount: Bool = {
    let folder = TemporaryFolder()
    let isMounted =
      (try? SweepBinary(in: folder.path).run(["-t", "tmpfs", "-o", "size=64k", "none", folder.path], program: "/usr/bin/mount").status) == 0
    if isMounted { _ = try? SweepBinary(in: "/tmp").run([folder.path], program: "/usr/bin/umount") }
    return isMounted
  }()

  @Test(.enabled("a small disk can be mounted") { canMount }) func onARealDiskThatIsFullASweepStopsAndGoesOnWhenThereIsRoom() throws {
    try writeSweep()
    let disk = folder.path("disk")
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
    func mount(_ options: String) throws {
      #expect(try binary().run(["-t", "tmpfs", "-o", options, "none", disk], program: "/usr/bin/mount").status == 0)
    }
    try mount("size=7m")
    defer { _ = try? SweepBinary(in: "/tmp").run(["-l", disk], program: "/usr/bin/umount") }
    expectOneLine(try binary().run("run", "many.yaml", "-q", "--db", "disk/results.sqlite"), "the disk is full")
    let status = try binary().run("status", "--db", "disk/results.sqlite")
    #expect(status.status == 0 && status.output.contains("20000"), "it can be read while the disk is full: \(status.errors)")
    try mount("remount,size=100m")
    #expect(try binary().run("run", "many.yaml", "-q", "--db", "disk/results.sqlite").status == 0)
    #expect(try Results.integer(disk + "/results.sqlite", "SELECT count(*) FROM epoch_metric") == 10 * Self.trials)
    #expect(try binary().run("check", "--db", "disk/results.sqlite").status == 0)
  }
}

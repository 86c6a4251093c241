// The promises of the tool, kept by the built binary: nothing lost on kill -9, the same numbers with any number of workers, readers at any time.

import Foundation
import GRDB
import SweepTestSupport
import Testing

@Suite(.serialized) struct DurabilityTests {
  let folder = TemporaryFolder()

  private func sweep(_ database: String, _ arguments: String..., content: String = tortureSweep) throws -> SweepBinary.Running {
    try folder.write(content, to: "torture.yaml")
    // The tests may themselves run under nohup.
    let wrapper = ["--default-signal=HUP", SweepBinary.path]
    let command = ["run", "torture.yaml", "--db", database] + (arguments.isEmpty ? ["--workers", "2"] : arguments)
    return try SweepBinary(in: folder.path).start(wrapper + command, program: "/usr/bin/env")
  }

  /// The metrics of a run that nobody disturbed.
  private static let undisturbed = Result { () -> (metrics: [String: UInt64], outcomes: [String: String]) in
    let folder = TemporaryFolder()
    try folder.write(tortureSweep, to: "torture.yaml")
    let result = try SweepBinary(in: folder.path).run("run", "torture.yaml")
    #expect(result.status == 0, "\(result.errors)")
    let metrics = try Results.metrics(folder.path("results.sqlite"))
    #expect(metrics.count > 12 * 60 * 12)  // and the epochs of those that diverge
    let outcomes = try Results.outcomes(folder.path("results.sqlite"))
    #expect(outcomes.count == 12 * 2 + 1)  // validation and test of every complete trial, and the best model
    return (metrics, outcomes)
  }

  @Test func aSweepKilledThreeTimesHasTheMetricsOfOneThatWasNot() throws {
    let expected = try Self.undisturbed.get().metrics
    let path = folder.path("killed.sqlite")
    for (kills, epochs) in [90, 250, 400].enumerated() {
      let child = try sweep("killed.sqlite")
      Results.stop(child, after: epochs, in: path)
      child.send(SIGKILL)
      #expect(child.wait().status == 128 + SIGKILL, "it ended before it was killed: kill \(kills + 1)")
      let done = Results.epochsDone(path)
      #expect(done >= epochs && done < 720, "killed after \(done) epochs")
      // What is recorded by now is already what it will be, and every epoch is whole.
      let sofar = try Results.metrics(path)
      #expect(sofar.allSatisfy { expected[$0.key] == $0.value })
      #expect(sofar.count % 12 == 0 && sofar.count >= done * 12)
    }
    let last = try sweep("killed.sqlite").wait()
    #expect(last.status == 0, "\(last.errors)")
    #expect(try Results.metrics(path) == expected)
    #expect(try Results.outcomes(path) == Self.undisturbed.get().outcomes)
    #expect(try Results.integer(path, "SELECT count(*) FROM checkpoint") == 0)
    #expect(try Results.integer(path, "SELECT count(*) FROM trial WHERE state = 'complete' AND epochs_done = 60") == 12)
    #expect(try Results.integer(path, "SELECT count(*) FROM trial WHERE state = 'diverged'") == 6)
    #expect(try Results.integer(path, "SELECT max(attempt) FROM trial") > 1)
    #expect(try DatabaseQueue(path: path).read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
  }

  @Test func thousandsOfTrialsASecondSurviveAKillAsWell() throws {
    let values = (0..<200).map(String.init).joined(separator: ", ")
    try folder.write(
      """
      trainer: test-function
      method: grid
      metric: {name: value, goal: minimize}
      parameters: {x: {values: [\(values)]}, y: {values: [\(values)]}}
      """, to: "trivial.yaml")
    let path = folder.path("trivial.sqlite")
    for epochs in [20_000, 150_000] {
      let child = try SweepBinary(in: folder.path).start(["run", "trivial.yaml", "--db", path])
      Results.stop(child, after: epochs, in: path)
      child.send(SIGKILL)
      #expect(child.wait().status == 128 + SIGKILL, "it ended before it was killed")
      let done = Results.epochsDone(path)
      #expect(done >= epochs && done < 400_000, "killed after \(done) epochs")
    }
    let last = try SweepBinary(in: folder.path).run("run", "trivial.yaml", "--db", path)
    #expect(last.status == 0, "\(last.errors)")
    #expect(try Results.integer(path, "SELECT count(*) FROM trial WHERE state = 'complete' AND epochs_done = 10") == 40_000)
    #expect(try Results.integer(path, "SELECT count(*) FROM epoch_metric") == 400_000)
    #expect(
      try Results.integer(
        path, "SELECT count(*) FROM trials_trivial AS t JOIN trial_metric AS m ON m.trial_id = t.trial WHERE value = x * x + y * y AND m.min = value")
        == 40_000)
  }

  @Test func oneTwoAndFiveWorkersGiveTheSameNumbers() throws {
    let expected = try Self.undisturbed.get().metrics
    for workers in ["1", "2", "5"] {
      let result = try sweep("w\(workers).sqlite", "--workers", workers).wait()
      #expect(result.status == 0, "\(result.errors)")
      #expect(try Results.metrics(folder.path("w\(workers).sqlite")) == expected, "\(workers) workers")
    }
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func aSignalFinishesTheEpochSavesAndExitsWith130(signal: Int32) throws {
    let child = try sweep("stopped.sqlite")
    let path = folder.path("stopped.sqlite")
    Results.stop(child, after: 40, in: path)
    child.send(signal)
    child.send(SIGCONT)
    let result = child.wait()
    #expect(result.status == 130)
    #expect(result.errors.contains("stopping after this epoch") && result.errors.contains("sweep resume torture"))
    #expect(try Results.integer(path, "SELECT count(*) FROM trial WHERE state = 'running'") == 0)
    #expect(try Results.integer(path, "SELECT count(*) FROM checkpoint JOIN trial ON trial.id = trial_id WHERE epoch <> epochs_done") == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.contains("-lock-") }.isEmpty)
    let resumed = try SweepBinary(in: folder.path).run("resume", "--db", "stopped.sqlite")
    #expect(resumed.status == 0 && resumed.errors.contains("12 complete"))
  }

  /// From its first millisecond on: it ends by the signal itself, before anything has begun, or as one that was told to stop.
  @Test func aSignalIsNeverLost() throws {
    try folder.write(tortureSweep, to: "torture.yaml")
    for milliseconds in 0..<40 {
      let child = try SweepBinary(in: folder.path).start(["run", "torture.yaml", "-q", "--db", "s\(milliseconds).sqlite"])
      usleep(UInt32(milliseconds) * 1000)
      child.send(SIGTERM)
      let status = child.wait().status
      #expect(status == 130 || status == 128 + SIGTERM, "after \(milliseconds) ms: \(status)")
    }
  }

  @Test func aSecondSignalStopsAtOnceAndLosesNothingRecorded() throws {
    // Steps of one image: an epoch takes far longer than the test waits.
    let slow = tortureSweep.replacing("[5, 50, 100]", with: "[1]").replacing(
      "training_images: {value: 60000}", with: "training_images: {value: 3000000}")
    try folder.write(slow, to: "slow.yaml")
    let child = try SweepBinary(in: folder.path).start(["run", "slow.yaml", "--db", "slow.sqlite"])
    let path = folder.path("slow.sqlite")
    let deadline = ContinuousClock.now + .seconds(60)
    while child.isRunning, ContinuousClock.now < deadline, (try? Results.integer(path, "SELECT count(*) FROM trial WHERE state = 'running'")) ?? 0 < 1
    {
      usleep(10_000)
    }
    child.send(SIGINT)
    while child.isRunning, ContinuousClock.now < deadline, !child.errors.contains("stopping after this epoch") { usleep(10_000) }
    #expect(child.isRunning)
    child.send(SIGINT)
    #expect(child.wait().status == 130)
    #expect(try Results.integer(path, "SELECT count(*) FROM trial WHERE state = 'running'") > 0)
    #expect(try Results.integer(path, "SELECT count(*) FROM epoch_metric") == 0)
  }

  @Test func aSecondRunnerIsTurnedAwayAndReadersAreNot() throws {
    let child = try sweep("shared.sqlite")
    let path = folder.path("shared.sqlite")
    Results.stop(child, after: 20, in: path)
    let binary = SweepBinary(in: folder.path)
    func read() throws {
      #expect(try Results.integer(path, "SELECT count(*) FROM trials_torture JOIN epochs_torture USING (trial)") >= 0)
      #expect(try binary.run("rank", "--all", "--db", "shared.sqlite").status == 0)
      #expect(try binary.run("query", "SELECT count(*), max(validation_accuracy) FROM epochs_torture", "--db", "shared.sqlite").status == 0)
    }
    let second = try binary.run("run", "torture.yaml", "--db", "shared.sqlite")
    #expect(second.status == 75 && second.errors.contains("being run by another process (process "), "\(second.errors)")
    try read()
    child.send(SIGCONT)
    while child.isRunning { try read() }
    let result = child.wait()
    #expect(result.status == 0 && !result.errors.contains("locked"))
  }

  @Test func whenASweepHasEndedOneFileHoldsItAll() throws {
    try folder.write(CommandTests.small, to: "small.yaml")
    #expect(try SweepBinary(in: folder.path).run("run", "small.yaml").status == 0)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }.sorted() == ["results.sqlite", "small.yaml"])
    try FileManager.default.copyItem(atPath: folder.path("results.sqlite"), toPath: folder.path("copy.sqlite"))
    #expect(try Results.integer(folder.path("copy.sqlite"), "SELECT count(*) FROM trial WHERE state = 'complete'") == 6)
  }

  @Test func aFinishedDatabaseCanBeReadWhereNothingCanBeWritten() throws {
    try folder.write(CommandTests.small, to: "small.yaml")
    let binary = SweepBinary(in: folder.path)
    #expect(try binary.run("run", "small.yaml").status == 0)
    #expect(try binary.run("resume").status == 0)
    #expect(!FileManager.default.fileExists(atPath: folder.path("results.sqlite-wal")))
    // Root may write anywhere, so a reader without rights it is.
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
    let reader = ["--reuid=65534", "--clear-groups", SweepBinary.path, "rank", "--db", folder.path("results.sqlite")]
    guard getuid() == 0 else { return }
    let rank = try binary.run(reader, program: "/usr/bin/setpriv")
    #expect(rank.status == 0 && rank.output.contains("validation accuracy"), "\(rank.errors)")
  }

  @Test func aFileThatLooksLikeALockIsLeftAlone() throws {
    try folder.write(CommandTests.small, to: "small.yaml")
    try folder.write("precious", to: "results.sqlite-lock")
    #expect(try SweepBinary(in: folder.path).run("run", "small.yaml").status == 0)
    #expect(try String(contentsOfFile: folder.path("results.sqlite-lock"), encoding: .utf8) == "precious")
  }

  @Test func aLinkToTheDatabaseIsTheSameDatabase() throws {
    let child = try sweep("real.sqlite", content: endlessSweep)
    Results.wait(child, for: 1, in: folder.path("real.sqlite"))
    try FileManager.default.createSymbolicLink(atPath: folder.path("link.sqlite"), withDestinationPath: folder.path("real.sqlite"))
    #expect(try sweep("link.sqlite", content: endlessSweep).wait().status == 75)
    child.send(SIGKILL)
    _ = child.wait()
    let status = try SweepBinary(in: folder.path).run("status", "--db", "link.sqlite")
    #expect(status.errors.contains("its runner was killed or failed; 'sweep resume torture' goes on"))
  }

  @Test func severalFirstRunsInOneFolderDoNotMeetAHalfMadeDatabase() throws {
    try folder.write(CommandTests.small, to: "small.yaml")
    for round in 0..<5 {
      let children = try (0..<4).map { number in
        try SweepBinary(in: folder.path).start(["run", "small.yaml", "--name", "s\(number)", "--db", "new\(round).sqlite", "--quiet"])
      }
      for child in children {
        let result = child.wait()
        #expect(result.status == 0, "\(result.errors)")
      }
    }
  }

  @Test func nohupKeepsASweepRunningWhenItsTerminalGoes() throws {
    try folder.write(endlessSweep, to: "torture.yaml")
    let path = folder.path("results.sqlite")
    let child = try SweepBinary(in: folder.path).start([SweepBinary.path, "run", "torture.yaml", "--workers", "2"], program: "/usr/bin/nohup")
    Results.wait(child, for: 20, in: path)
    child.send(SIGHUP)
    Results.wait(child, for: Results.epochsDone(path) + 200, in: path)
    #expect(child.isRunning)
    child.send(SIGTERM)
    #expect(child.wait().status == 130)
  }

  @Test func aReaderOfTheProgressMayGoAway() throws {
    try folder.write(tortureSweep, to: "torture.yaml")
    let command = "('\(SweepBinary.path)' run torture.yaml --workers 2; echo $? > code) 2>&1 | head -1"
    let result = try SweepBinary(in: folder.path).run(["-c", command], program: "/bin/sh")
    #expect(result.output.contains("torture: 18 trials"))
    #expect(try String(contentsOfFile: folder.path("code"), encoding: .utf8) == "0\n")
  }

  @Test func aDivergedTrialIsAResultAndNotAFailure() throws {
    try folder.write(tortureSweep.replacing("epochs: {value: 60}", with: "epochs: {value: 3}"), to: "torture.yaml")
    let binary = SweepBinary(in: folder.path)
    let result = try binary.run("run", "torture.yaml")
    #expect(result.status == 0 && result.errors.contains("12 complete, 6 diverged"))
    let status = try binary.run("status")
    #expect(status.errors.contains("diverged: epoch "))
    #expect(
      try binary.run("query", "SELECT count(*) FROM trials_torture WHERE state = 'diverged' AND train_loss IS NULL", "--format", "csv").output
        .hasSuffix("\n6\n"))
  }
}

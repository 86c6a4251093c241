// Who is stopped early does not depend on how many work, on who is faster, or on kills: a file of W&B's with hyperband, run in all ways.

import Foundation
import SweepTestSupport
import Testing

@Suite(.serialized) struct EarlyStoppingTests {
  private let folder = TemporaryFolder()
  private var binary: SweepBinary { SweepBinary(in: folder.path) }

  /// All that a sweep says but how long it took.
  private struct Record {
    let rank: [String]
    let trials: [String]
    let metrics: [String: UInt64]
  }

  /// Sixty trials of the built-in trainer.
  private static let trainings = """
    name: s
    method: grid
    metric: {name: validation_accuracy, goal: maximize}
    early_terminate: {type: hyperband, min_iter: 3, eta: 3}
    parameters:
      eta: {values: [0.0001, 0.001, 0.01, 0.05, 0.1]}
      lambda: {values: [0, 0.01, 0.1, 1]}
      batch_size: {values: [10, 20, 50]}
      epochs: {value: 9}
      dataset: {value: synthetic}
      training_images: {value: 200}
      validation_images: {value: 100}
    """

  /// They take a second, so that they can be killed meanwhile.
  private static let longerTrainings = trainings.replacing("training_images: {value: 200}", with: "training_images: {value: 20000}")

  /// Sixty trials of a program, of which now this, now that is the faster one.
  private static let programs = """
    name: s
    command: [sh, trial.sh, '${args_no_hyphens}']
    method: grid
    metric: {name: acc, goal: maximize}
    early_terminate: {type: hyperband, min_iter: 3, eta: 3}
    parameters: {x: {min: 1, max: 60}}
    """

  private static let saving = """
    x=${1#x=}
    e=$(cat "$SWEEP_CHECKPOINT/e" 2>/dev/null || echo 0)
    while [ $e -lt 9 ]; do
      e=$((e + 1)); sleep 0.00$((x * 7 % 10))
      echo epoch=$e acc=$((x * 37 % 61 * e))
      echo $e > "$SWEEP_CHECKPOINT/.e" && mv "$SWEEP_CHECKPOINT/.e" "$SWEEP_CHECKPOINT/e"
    done
    """

  private static let forgetful = """
    x=${1#x=}
    for e in 1 2 3 4 5 6 7 8 9; do sleep 0.00$((x * 7 % 10)); echo epoch=$e acc=$((x * 37 % 61 * e)); done
    """

  private func write(_ file: String, _ script: String = "") throws {
    try folder.write(file, to: "s.yaml")
    try folder.write(script, to: "trial.sh")
  }

  private func arguments(_ name: String, workers: Int) -> [String] { ["run", "s.yaml", "-q", "--workers", String(workers), "--db", name] }

  private func record(_ name: String, workers: Int) throws -> Record {
    let run = try binary.run(arguments(name, workers: workers))
    #expect(run.status == 0, "\(run.errors)")
    let rank = try binary.run("rank", "--all", "--format", "csv", "--db", name)
    let rows = rank.output.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    let seconds = rows.first?.firstIndex(of: "seconds")
    return Record(
      rank: rows.map { row in row.indices.filter { $0 != seconds }.map { String(row[$0]) }.joined(separator: ",") },
      trials: try texts(name, "SELECT number, state, epochs_done, reason FROM trial ORDER BY number"),
      metrics: try Results.metrics(folder.path(name)))
  }

  private func texts(_ name: String, _ sql: String) throws -> [String] { try Results.texts(folder.path(name), sql) }

  private func expect(_ found: Record, _ wanted: Record, _ what: String) {
    #expect(found.trials == wanted.trials, "\(what)")
    #expect(found.rank == wanted.rank, "\(what)")
    #expect(found.metrics == wanted.metrics, "\(what)")
  }

  // MARK: any number of workers, any kill

  @Test(arguments: [(trainings, ""), (programs, saving)]) func oneTwoAndEightWorkersStopTheSameTrials(file: String, script: String) throws {
    try write(file, script)
    let alone = try record("w1.sqlite", workers: 1)
    #expect(alone.trials.count == 60 && alone.rank.count == 61)
    #expect(alone.trials.contains { $0.contains(" pruned 3 pruned after epoch 3") } && alone.trials.contains { $0.hasSuffix(" complete 9 null") })
    for workers in [2, 8] { expect(try record("w\(workers).sqlite", workers: workers), alone, "\(workers) workers") }
  }

  @Test(arguments: [
    (longerTrainings, "", [40, 120, 250], 2), (programs, saving, [40, 120, 200], 8),
    (programs, forgetful, [40, 80, 120], 8),
  ])
  func killedThreeTimesTheSameTrialsAreStopped(file: String, script: String, kills: [Int], workers: Int) throws {
    try write(file, script)
    let whole = try record("whole.sqlite", workers: 2)
    for epochs in kills {
      let child = try binary.start(arguments("killed.sqlite", workers: workers))
      Results.stop(child, after: epochs, in: folder.path("killed.sqlite"))
      child.send(SIGKILL)
      #expect(child.wait().status == 128 + SIGKILL, "it ended before it was killed after \(epochs) epochs")
    }
    expect(try record("killed.sqlite", workers: workers), whole, "killed after \(kills) epochs")
    #expect(try Results.integer(folder.path("killed.sqlite"), "SELECT max(attempt) FROM trial") > 1)
    #expect(try binary.run("check", "--db", "killed.sqlite").status == 0)
  }

  /// The second trial has come to where it is judged, the first has not: nothing is decided when they are interrupted. When it is, the second is
  /// yet to begin anew, and its epochs are to come again.
  @Test(arguments: [SIGKILL, SIGTERM]) func aTrialThatBeginsAnewIsNotStoppedBeforeItHasReported(signal: Int32) throws {
    let script = """
      [ $SWEEP_ATTEMPT = 1 ] || sleep 0.2
      for e in 1 2 3 4 5; do
        echo epoch=$e acc=$((${1#x=} * e))
        while [ -e hold ] && [ $e = $((4 - ${1#x=})) ]; do sleep 0.01; done
      done
      """
    try write(Self.programs.replacing("{min: 1, max: 60}", with: "{values: [2, 1]}"), script)
    try folder.write("", to: "hold")
    let child = try binary.start(arguments("results.sqlite", workers: 2))
    Results.wait(child, for: 2 + 3, in: folder.path("results.sqlite"))
    child.send(signal)
    _ = child.wait()
    #expect(try texts("results.sqlite", "SELECT trial, epoch FROM epochs_s ORDER BY 1, 2") == ["1 1", "1 2", "2 1", "2 2", "2 3"])
    try FileManager.default.removeItem(atPath: folder.path("hold"))
    let found = try record("results.sqlite", workers: 1)
    let whole = try record("whole.sqlite", workers: 1)
    #expect(whole.trials == ["1 complete 5 null", "2 pruned 3 pruned after epoch 3"] && whole.metrics.count == 5 + 3)
    expect(found, whole, "after signal \(signal)")
  }

  /// Its program fails when it has come to where it is judged, and is to be tried again when it is known that it is to stop.
  @Test(arguments: [1, 2]) func aTrialThatIsTriedAgainKeepsTheEpochsByWhichItIsStopped(workers: Int) throws {
    let script = """
      case $1 in
      x=2) echo epoch=1 acc=2; sleep 0.3; echo epoch=2 acc=4; echo epoch=3 acc=6; sleep 0.4 ;;
      x=1) [ $SWEEP_ATTEMPT = 1 ] || sleep 0.2; for e in 1 2 3; do echo epoch=$e acc=$e; done; [ $SWEEP_ATTEMPT = 2 ] || exit 3 ;;
      esac
      """
    let file = Self.programs.replacing("{min: 1, max: 60}", with: "{values: [2, 1]}")
    try write(file + "\nretries: {count: 1, backoff: 0.5s}\nallow_flapping: true", script)
    let record = try record("results.sqlite", workers: workers)
    #expect(record.trials == ["1 complete 3 null", "2 pruned 3 pruned after epoch 3"])
    #expect(try texts("results.sqlite", "SELECT objective FROM trials_s ORDER BY trial") == ["6.0", "3.0"])
    #expect(try texts("results.sqlite", "SELECT epoch, acc FROM epochs_s WHERE trial = 2 ORDER BY 1") == ["1 1.0", "2 2.0", "3 3.0"])
  }

  // MARK: the last epoch, and who came first

  /// Whether a training has ended is known when it reports its last epoch.
  @Test(arguments: [3, 9]) func aTrainingThatHasComeToItsEndIsComplete(first: Int) throws {
    try write(Self.trainings.replacing("min_iter: 3", with: "min_iter: \(first)"))
    let record = try record("results.sqlite", workers: 2)
    #expect(!record.trials.contains { $0.contains(" pruned 9") })
    #expect(record.trials.count { $0.hasSuffix(" complete 9 null") } == 60 || first == 3)
  }

  @Test func byArrivalSomeProgramsAreStoppedToo() throws {
    try write(Self.programs + "\norder: arrival", Self.saving)
    let record = try record("results.sqlite", workers: 8)
    #expect(record.trials.contains { $0.contains(" pruned ") } && record.trials.contains { $0.contains(" complete 9 null") })
    #expect(record.trials.allSatisfy { $0.contains(" pruned ") || $0.contains(" complete ") })
  }
}

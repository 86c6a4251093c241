import SweepCore
import SweepStore
import SweepTestSupport
import Testing

struct ClaimingTests {
  private func score(_ epoch: Int) -> EpochMetrics { EpochMetrics(epoch: epoch, values: [("score", Double(epoch))]) }

  @Test func whatACrashLeftRunningGoesOnFromItsCheckpoint() throws {
    let made = try PlannedSweep(count: 3)
    let trials = try made.waiting()
    let recorder = made.recorder()
    try recorder.started(trials[0].id)
    try recorder.record(score(1), checkpoint: Checkpoint(epoch: 1, format: "f", state: [9]), of: trials[0].id)
    try recorder.started(trials[1].id)
    try recorder.started(trials[2].id)
    try recorder.ended(trials[2].id, .complete)
    try recorder.flush()
    // The runner is gone; another one comes.
    #expect(try made.waiting().isEmpty)
    #expect(try made.store.requeue(sweepID: made.sweep.id, retryFailed: false) == 2)
    let left = try made.waiting()
    #expect(left.map(\.number) == [1, 2] && left.map(\.completedEpochs) == [1, 0])
    #expect(try made.store.checkpoint(of: left[0].id)?.state == [9])
  }

  @Test func epochsAfterTheCheckpointAreTakenBackWithTheirSummary() throws {
    let made = try PlannedSweep(count: 1)
    let trial = try made.waiting()[0]
    let recorder = made.recorder()
    try recorder.started(trial.id)
    try recorder.record(score(1), checkpoint: Checkpoint(epoch: 1, format: "f", state: []), of: trial.id)
    try recorder.record(score(2), checkpoint: nil, of: trial.id)
    try recorder.flush()
    _ = try made.store.requeue(sweepID: made.sweep.id, retryFailed: false)
    #expect(try made.store.epochs(of: trial.id) == [score(1)])
    let row = try made.store.trial(1, sweepID: made.sweep.id)
    #expect(row?.epochsDone == 1 && row?.objective == 1)
  }

  @Test func failedTrialsStayUnlessAskedFor() throws {
    let made = try PlannedSweep(count: 1)
    let trial = try made.waiting()[0]
    let recorder = made.recorder()
    try recorder.started(trial.id)
    try recorder.ended(trial.id, .failed(reason: "no luck"))
    try recorder.flush()
    #expect(try made.store.requeue(sweepID: made.sweep.id, retryFailed: false) == 0)
    #expect(try made.store.requeue(sweepID: made.sweep.id, retryFailed: true) == 1)
    #expect(try made.store.trial(1, sweepID: made.sweep.id)?.reason == nil)
  }

  @Test func windowsFollowEachOther() throws {
    let made = try PlannedSweep(count: 10)
    let first = try made.store.waiting(sweepID: made.sweep.id, after: 0, limit: 4)
    let second = try made.store.waiting(sweepID: made.sweep.id, after: 4, limit: 100)
    #expect(first.map(\.number) == [1, 2, 3, 4] && second.map(\.number) == [5, 6, 7, 8, 9, 10])
  }

  @Test func onlyOneRunnerHoldsASweepAndAnotherSweepIsFree() throws {
    let folder = TemporaryFolder()
    let database = folder.path("results.sqlite")
    var lock: RunnerLock? = try RunnerLock(database: database, sweep: "one")
    do throws(SweepError) {
      _ = try RunnerLock(database: database, sweep: "one")
      Issue.record("two runners hold one sweep")
    } catch { #expect(error.kind == .busy && error.description.contains("process ")) }
    let other = try RunnerLock(database: database, sweep: "two")
    withExtendedLifetime((lock, other)) {}
    lock = nil
    _ = try RunnerLock(database: database, sweep: "one")
  }
}

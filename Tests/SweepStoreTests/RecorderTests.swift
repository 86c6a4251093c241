import GRDB
import SweepCore
import SweepStore
import SweepTestSupport
import Testing

struct RecorderTests {
  private func metrics(_ epoch: Int, _ score: Double) -> EpochMetrics { EpochMetrics(epoch: epoch, values: [("score", score), ("loss", -score)]) }
  private func checkpoint(_ epoch: Int) -> Checkpoint { Checkpoint(epoch: epoch, format: "f", state: [1, 2, UInt8(epoch)]) }

  @Test func epochsComeBackAsTheyWereReported() throws {
    let made = try PlannedSweep(count: 1)
    let trial = try made.waiting()[0]
    let recorder = made.recorder()
    try recorder.started(trial.id)
    let reported = [metrics(1, 0.1), metrics(2, 1.0 / 3), metrics(3, 1e-300)]
    for epoch in reported { try recorder.record(epoch, checkpoint: checkpoint(epoch.epoch), of: trial.id) }
    try recorder.flush()
    #expect(try made.store.epochs(of: trial.id) == reported)
    #expect(try made.store.checkpoint(of: trial.id) == checkpoint(3))
    let row = try made.store.trial(1, sweepID: made.sweep.id)
    #expect(row?.state == .running && row?.epochsDone == 3 && row?.attempt == 1 && row?.objective == 1e-300)
  }

  @Test func theEndOfATrialForgetsItsCheckpointAndKeepsItsReason() throws {
    let made = try PlannedSweep(count: 2)
    let trials = try made.waiting()
    let recorder = made.recorder()
    for trial in trials {
      try recorder.started(trial.id)
      try recorder.record(metrics(1, 0.5), checkpoint: checkpoint(1), of: trial.id)
    }
    try recorder.ended(trials[0].id, .complete)
    try recorder.ended(trials[1].id, .diverged(epoch: 1, reason: "loss is not a number"))
    try recorder.flush()
    #expect(try made.store.checkpoint(of: trials[0].id) == nil)
    let rows = try [1, 2].map { try made.store.trial($0, sweepID: made.sweep.id) }
    #expect(rows[0]?.state == .complete && rows[0]?.reason == nil && rows[0]?.finishedAt != nil)
    #expect(rows[1]?.state == .diverged && rows[1]?.reason == "epoch 1: loss is not a number")
  }

  @Test func theSummaryIsThatOfAllEpochsWhateverTheCommits() throws {
    let values = [0.3, 0.9, .nan, 0.1, 0.9, 0.5]
    var summaries: [[String]] = []
    for commitsEach in [true, false] {
      let made = try PlannedSweep(count: 1)
      let trial = try made.waiting()[0]
      let recorder = made.recorder()
      for (index, value) in values.enumerated() {
        try recorder.record(metrics(index + 1, value), checkpoint: nil, of: trial.id)
        if commitsEach { try recorder.flush() }
      }
      try recorder.flush()
      summaries.append(
        try made.store.query("SELECT last, last_epoch, min, min_epoch, max, max_epoch FROM trial_metric WHERE metric_id = 1").rows[0].map(
          \.description))
    }
    #expect(summaries[0] == ["0.5", "6", "0.1", "4", "0.9", "2"])
    #expect(summaries[1] == summaries[0])
  }

  @Test func notANumberIsNullAndInfinityIsKept() throws {
    let made = try PlannedSweep(count: 1)
    let trial = try made.waiting()[0]
    let recorder = made.recorder()
    try recorder.record(EpochMetrics(epoch: 1, values: [("score", .nan), ("loss", .infinity)]), checkpoint: nil, of: trial.id)
    try recorder.flush()
    let epochs = try made.store.epochs(of: trial.id)
    #expect(epochs[0]["score"]?.isNaN == true && epochs[0]["loss"] == .infinity)
    #expect(try made.store.trial(1, sweepID: made.sweep.id)?.objective == nil)
  }

  @Test(arguments: [(Objective.Goal.maximize, Objective.Epoch.last, 0.5), (.maximize, .best, 0.9), (.minimize, .best, 0.1)])
  func theObjectiveIsTheOneTheSweepAsksFor(goal: Objective.Goal, at: Objective.Epoch, expected: Double) throws {
    let made = try PlannedSweep(count: 1, objective: Objective(metric: "score", goal: goal, at: at))
    let trial = try made.waiting()[0]
    let recorder = made.recorder()
    for (index, value) in [0.9, 0.1, 0.5].enumerated() { try recorder.record(metrics(index + 1, value), checkpoint: nil, of: trial.id) }
    try recorder.flush()
    #expect(try made.store.trial(1, sweepID: made.sweep.id)?.objective == expected)
  }

  @Test func aMetricNobodyKnewOfGetsAColumnInTheViews() throws {
    let made = try PlannedSweep(count: 1)
    let trial = try made.waiting()[0]
    let recorder = made.recorder()
    try recorder.record(EpochMetrics(epoch: 1, values: [("score", 1), ("surprise", 7)]), checkpoint: nil, of: trial.id)
    try recorder.flush()
    #expect(try made.store.query("SELECT surprise FROM trials_made").rows == [[.real(7)]])
    #expect(try made.store.query("SELECT surprise FROM epochs_made").rows == [[.real(7)]])
  }

  @Test func anEpochReportedAgainReplacesTheFirst() throws {
    let made = try PlannedSweep(count: 1)
    let trial = try made.waiting()[0]
    let recorder = made.recorder()
    try recorder.record(metrics(1, 0.1), checkpoint: nil, of: trial.id)
    try recorder.record(metrics(1, 0.2), checkpoint: nil, of: trial.id)
    try recorder.flush()
    #expect(try made.store.epochs(of: trial.id) == [metrics(1, 0.2)])
  }

  @Test func manyWorkersMayReportAtOnce() throws {
    let made = try PlannedSweep(count: 40)
    let trials = try made.waiting()
    let recorder = made.recorder()
    DispatchWorkers.run(trials) { trial in
      try recorder.started(trial.id)
      for epoch in 1...50 { try recorder.record(metrics(epoch, Double(trial.number * epoch)), checkpoint: checkpoint(epoch), of: trial.id) }
      try recorder.ended(trial.id, .complete)
    }
    try recorder.flush()
    #expect(try made.store.counts(sweepID: made.sweep.id)[.complete] == 40)
    #expect(try made.store.query("SELECT count(*) FROM epoch_metric").rows == [[.integer(40 * 50 * 2)]])
  }

  @Test func aDatabaseThatFailsStopsTheRecorderAndIsTold() throws {
    let made = try PlannedSweep(count: 1)
    let trial = try made.waiting()[0]
    let recorder = made.recorder()
    // A metric row that breaks a rule of the schema: epochs are not negative.
    try recorder.record(metrics(-1, 0), checkpoint: nil, of: trial.id)
    #expect(throws: SweepError.self) { try recorder.flush() }
    #expect(throws: SweepError.self) { try recorder.started(trial.id) }
    #expect(try made.store.epochs(of: trial.id).isEmpty)
  }
}

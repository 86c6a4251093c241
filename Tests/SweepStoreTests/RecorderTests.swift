import Foundation
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

  /// All that a sweep has in the database, but for the times of the machine.
  private func rows(_ store: Store) throws -> [[String]] {
    try [
      "SELECT number, state, attempt, position, epochs_done, objective, started_at, finished_at, reason, held FROM trial",
      "SELECT * FROM epoch_metric", "SELECT * FROM trial_metric ORDER BY 1, 2",
      "SELECT trial_id, epoch, format, hex(state) FROM checkpoint ORDER BY 1",
      "SELECT trial_id, attempt, started_at, finished_at, result, reason, exit_code, seconds, log FROM attempt",
      "SELECT trial_id, split_id, epoch, hex(correct), hex(predicted), hex(probability) FROM prediction ORDER BY 1",
      "SELECT trial_id, epoch, format, hex(state) FROM model ORDER BY 1", "SELECT name FROM metric ORDER BY id",
      "SELECT trial_id, kind, detail FROM event ORDER BY id", "SELECT trial_id, kind, position FROM decision ORDER BY number",
    ].flatMap { try store.query($0).rows.map { $0.map(\.description) } }
  }

  @Test(arguments: 1...12) func reportsThatWereWrittenAndReadGiveTheSameRowsAndThoseThatComeTwiceGiveNone(seed: Int) throws {
    // Where the best epoch counts, each may be it; else the last one alone brings what it answered.
    var made = MadeReports(seed: seed, answers: seed % 2 == 0)
    let reports = (0..<150).map { _ in made.next() }
    var found: [[[String]]] = []
    for way in ["at once", "as text", "twice", "by another recorder"] {
      let sweep = try PlannedSweep(count: 5, objective: Objective(metric: "score", goal: .maximize, at: seed % 2 == 0 ? .best : .last))
      func recorder() -> Recorder {
        Recorder(
          store: sweep.store, sweep: sweep.sweep, parameterNames: ["kind", "x"], keeping: Keeping(predictions: .top(2), models: .top(1)))
      }
      var current = recorder()
      for (place, report) in reports.enumerated() {
        let read = way == "as text" ? try JSONDecoder().decode(TrialReport.self, from: JSONEncoder().encode(report)) : report
        try current.record(read)
        if way == "twice" { for again in reports[max(0, place - 20)...place] { try current.record(again) } }
        // Where a group ends is where it ends, whoever writes.
        if place % 10 == 9 {
          try current.flush()
          if way == "by another recorder" {
            current = recorder()
            for again in reports[max(0, place - 30)...place] { try current.record(again) }
            try current.flush()
          }
        }
      }
      try current.flush()
      found.append(try rows(sweep.store))
    }
    for (way, other) in zip(["as text", "twice", "by another recorder"], found.dropFirst()) {
      #expect(Set(other).symmetricDifference(found[0]).isEmpty, "\(way)")
      #expect(found[0] == other, "\(way)")
    }
  }

  @Test func everyCommitStampsWhatItChanges() throws {
    let made = try PlannedSweep(count: 3)
    func revisions() throws -> [String] { try made.store.query("SELECT revision FROM trial ORDER BY number").rows.map { $0[0].description } }
    #expect(try revisions() == ["0", "0", "0"])
    let (recorder, trials) = (made.recorder(), try made.waiting())
    for (place, trial) in [trials[1], trials[0], trials[1]].enumerated() {
      if place < 2 { try recorder.started(trial.id) }
      try recorder.record(metrics(place + 1, 0.5), checkpoint: nil, of: trial.id)
      try recorder.flush()
    }
    #expect(try revisions() == ["2", "3", "0"])
    #expect(try made.store.query("SELECT revision FROM sweep").rows == [[.integer(3)]])
    try made.store.requeue(sweepID: made.sweep.id, retryFailed: false)
    #expect(try revisions() == ["4", "4", "0"])
  }

  @Test func whatAStoppedTrialReportedLaterIsDropped() throws {
    let made = try PlannedSweep(count: 1)
    let (recorder, trial) = (made.recorder(), try made.waiting()[0])
    try recorder.started(trial.id)
    for epoch in 1...5 { try recorder.record(metrics(epoch, Double(epoch)), checkpoint: nil, of: trial.id) }
    try recorder.ended(trial.id, .pruned(afterEpoch: 2))
    try recorder.flush()
    #expect(try made.store.epochs(of: trial.id).map(\.epoch) == [1, 2])
    let row = try made.store.trial(1, sweepID: made.sweep.id)
    #expect(row?.state == .pruned && row?.epochsDone == 2 && row?.objective == 2)
    #expect(try made.store.check { _ in false }.findings.isEmpty)
  }

  @Test func anEndThatWaitsForItsVerdictIsKept() throws {
    let made = try PlannedSweep(count: 1)
    let (recorder, trial) = (made.recorder(), try made.waiting()[0])
    try recorder.started(trial.id)
    try recorder.tell(.ended(.diverged(epoch: 3, reason: "loss is infinite")), of: trial.id, as: .held)
    try recorder.flush()
    try made.store.requeue(sweepID: made.sweep.id, retryFailed: false)
    let standing = try made.store.standings(made.sweep)[0]
    #expect(standing.state == .running && standing.held == .diverged(epoch: 3, reason: "loss is infinite"))
  }
}

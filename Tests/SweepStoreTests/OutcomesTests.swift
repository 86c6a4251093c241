import GRDB
import SweepCore
import SweepStore
import SweepTestSupport
import Testing

struct OutcomesTests {
  private static let validation = ImageSplit(name: "validation", source: "made", fingerprint: .max, labels: [0, 1, 2, 1], classes: ["a", "b", "c"])

  private func outcome(_ predicted: [UInt8], _ split: ImageSplit = validation, epoch: Int = 1) -> KeptOutcome {
    KeptOutcome(
      predictions: [Predictions(split: split, predicted: predicted, probability: predicted.map { UInt16($0) * 20_000 })],
      model: Checkpoint(epoch: epoch, format: "f", state: [UInt8(epoch)]))
  }

  private func epoch(_ number: Int, _ score: Double) -> EpochMetrics { EpochMetrics(epoch: number, values: [("score", score)]) }

  private func kept(_ made: PlannedSweep, _ table: String) throws -> [Int] {
    try DatabaseQueue(path: made.store.path).read { db in
      try Int.fetchAll(db, sql: "SELECT DISTINCT number FROM \(table) JOIN trial ON trial.id = trial_id ORDER BY number")
    }
  }

  @Test func answersAndModelsComeBackAsTheyWere() throws {
    let made = try PlannedSweep(count: 1)
    let trial = try made.waiting()[0]
    let recorder = made.recorder()
    let given = outcome([0, 1, 1, 2])
    try recorder.record(epoch(1, 0.5), checkpoint: nil, kept: given, of: trial.id)
    try recorder.ended(trial.id, .complete)
    try recorder.flush()
    let found = try #require(try made.store.predictions(of: trial.id, split: "validation"))
    #expect(found == given.predictions[0] && found.split.labels == Self.validation.labels && found.split.classes == ["a", "b", "c"])
    #expect(found.correct == Bitset([true, true, false, false]))
    #expect(try made.store.predictions(of: trial.id, split: "test") == nil)
    #expect(try made.store.model(of: trial.id) == given.model)
    #expect(try made.store.answers(made.sweep, split: "validation").map(\.correct) == [found.correct])
  }

  @Test func theViewHasARowForEachImage() throws {
    let made = try PlannedSweep(count: 1)
    let labels = (0..<700).map { UInt8($0 % 200) }
    let split = ImageSplit(name: "test", source: "many", fingerprint: 1, labels: labels, classes: (0..<200).map { "c\($0)" })
    let predicted = labels.map { $0 == 7 ? 199 : $0 }
    let steps = (0..<700).map { UInt16($0 * 93) }
    let recorder = made.recorder()
    let kept = KeptOutcome(predictions: [Predictions(split: split, predicted: predicted, probability: steps)], model: nil)
    try recorder.record(epoch(1, 0.5), checkpoint: nil, kept: kept, of: try made.waiting()[0].id)
    try recorder.flush()
    let rows = try made.store.query("SELECT * FROM predictions_made ORDER BY image")
    #expect(rows.columns == ["trial", "split", "image", "label", "predicted", "correct", "probability"] && rows.rows.count == 700)
    for (image, row) in rows.rows.enumerated() {
      let isRight = labels[image] != 7
      #expect(
        row == [
          .integer(1), .text("test"), .integer(image), .text("c\(labels[image])"), .text("c\(predicted[image])"), .integer(isRight ? 1 : 0),
          .real(Double(steps[image]) / 65_535),
        ])
    }
  }

  @Test func onlyTheBestStay() throws {
    let made = try PlannedSweep(count: 6)
    let recorder = Teller(
      Recorder(store: made.store, sweep: made.sweep, parameterNames: ["kind", "x"], keeping: Keeping(predictions: .top(3), models: .top(1))),
      made.sweep, in: made.store)
    for (trial, score) in zip(try made.waiting(), [0.3, 0.5, 0.1, 0.5, 0.9, 0.2]) {
      try recorder.record(epoch(1, score), checkpoint: nil, kept: outcome([0, 1, 2, 1]), of: trial.id)
      try recorder.ended(trial.id, .complete)
      if trial.number % 2 == 0 { try recorder.flush() }
    }
    #expect(try kept(made, "prediction") == [2, 4, 5] && kept(made, "model") == [5])
  }

  @Test func whereTheBestEpochCountsAWorseOneDoesNotReplaceIt() throws {
    let made = try PlannedSweep(count: 1, objective: Objective(metric: "score", goal: .maximize, at: .best))
    let trial = try made.waiting()[0]
    let recorder = made.recorder()
    for (number, score) in [(1, 0.2), (2, 0.8), (3, 0.5)] {
      try recorder.record(epoch(number, score), checkpoint: nil, kept: outcome([UInt8(number % 3), 1, 2, 1], epoch: number), of: trial.id)
      try recorder.flush()
    }
    #expect(try made.store.model(of: trial.id)?.epoch == 2)
    #expect(try made.store.predictions(of: trial.id, split: "validation")?.predicted == [2, 1, 2, 1])
  }

  @Test func ofSeveralEpochsInOneCommitTheOneThatCountsIsKept() throws {
    // A worker that takes over a trial does not know its best epoch: it hands over what an earlier, better one makes useless.
    let made = try PlannedSweep(count: 2, objective: Objective(metric: "score", goal: .maximize, at: .best))
    let trials = try made.waiting()
    let recorder = made.recorder()
    try recorder.record(epoch(1, 0.2), checkpoint: nil, kept: outcome([0, 1, 2, 1], epoch: 1), of: trials[0].id)
    try recorder.flush()
    for (number, score) in [(2, 0.8), (3, 0.5), (4, 0.6)] {
      try recorder.record(epoch(number, score), checkpoint: nil, kept: outcome([UInt8(number % 3), 1, 2, 1], epoch: number), of: trials[0].id)
    }
    try recorder.flush()
    #expect(try made.store.model(of: trials[0].id)?.epoch == 2)
    #expect(try made.store.predictions(of: trials[0].id, split: "validation")?.predicted == [2, 1, 2, 1])
    // Where nothing is known of the epoch that counts, what is of another is not kept either.
    try recorder.record(epoch(5, 0.9), checkpoint: nil, of: trials[0].id)
    try recorder.record(epoch(6, 0.1), checkpoint: nil, kept: outcome([1, 1, 1, 1], epoch: 6), of: trials[0].id)
    try recorder.flush()
    #expect(try made.store.model(of: trials[0].id) == nil && kept(made, "prediction") == [])
  }

  @Test func trialsThatAreNotRankedDoNotTakeTheBestOnesPlace() throws {
    let made = try PlannedSweep(count: 3, objective: Objective(metric: "score", goal: .maximize, at: .best))
    let recorder = Teller(
      Recorder(store: made.store, sweep: made.sweep, parameterNames: ["kind", "x"], keeping: Keeping(predictions: .top(1), models: .top(1))),
      made.sweep, in: made.store)
    let trials = try made.waiting()
    for (trial, score) in zip(trials, [0.3, 0.9, 0.5]) {
      try recorder.started(trial.id)
      try recorder.record(epoch(1, score), checkpoint: nil, kept: outcome([0, 1, 2, 1]), of: trial.id)
    }
    try recorder.ended(trials[0].id, .complete)
    try recorder.flush()
    #expect(try kept(made, "model") == [1, 2, 3])  // the others may still become the best
    try recorder.ended(trials[1].id, .diverged(epoch: 1, reason: "made"))
    try recorder.flush()
    #expect(try kept(made, "model") == [1, 3])
    try recorder.ended(trials[2].id, .complete)
    try recorder.flush()
    #expect(try kept(made, "model") == [3] && kept(made, "prediction") == [3])
  }

  @Test func trialsThatAnsweredOtherImagesThanTheBestAreNotCompared() throws {
    let made = try PlannedSweep(count: 3)
    let recorder = made.recorder()
    let other = ImageSplit(name: "validation", source: "made", fingerprint: 5, labels: [0, 0], classes: ["a", "b", "c"])
    for (trial, score) in zip(try made.waiting(), [0.9, 0.5, 0.7]) {
      let kept = trial.number == 2 ? outcome([0, 0], other) : outcome([0, 1, 2, 1])
      try recorder.record(epoch(1, score), checkpoint: nil, kept: kept, of: trial.id)
      try recorder.ended(trial.id, .complete)
    }
    try recorder.flush()
    let trials = try made.store.ranking(made.sweep).map(\.trial)
    #expect(try made.store.answers(made.sweep, split: "validation").map(\.trial) == [trials[0].id, trials[1].id])
    #expect(trials.map(\.number) == [1, 3, 2])
  }

  @Test func whatIsAfterTheCheckpointIsTakenBackWithItsEpoch() throws {
    let made = try PlannedSweep(count: 1)
    let trial = try made.waiting()[0]
    let recorder = made.recorder()
    try recorder.started(trial.id)
    try recorder.record(epoch(1, 0.2), checkpoint: Checkpoint(epoch: 1, format: "f", state: []), of: trial.id)
    try recorder.record(epoch(2, 0.3), checkpoint: nil, kept: outcome([0, 1, 2, 1], epoch: 2), of: trial.id)
    try recorder.flush()
    #expect(try kept(made, "prediction") == [1])
    _ = try made.store.requeue(sweepID: made.sweep.id, retryFailed: false)
    #expect(try kept(made, "prediction") == [] && kept(made, "model") == [])
  }
}

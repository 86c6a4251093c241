// A small database with something in every table: trials that ended in every way, epochs, answers, models, checkpoints, attempts.
// What the targets `sql` and `databases` begin with.

import SweepCore
import SweepStore
import SweepTestSupport

enum FuzzFixtures {
  /// The views have the names that the cookbook's statements ask.
  static let sweep = "example"

  static func makeDatabase(at path: String) throws {
    let store = try Store.open(path)
    let sweep = try PlannedSweep.plan(Array(1...12), name: sweep, in: store).sweep
    let recorder = Teller(Recorder(store: store, sweep: sweep, parameterNames: ["kind", "x"]), sweep, in: store)
    let split = ImageSplit(name: "validation", source: "made", fingerprint: 1, labels: [0, 1, 2, 1], classes: ["a", "b", "c"])
    for trial in try store.waiting(sweepID: sweep.id, after: 0, limit: 10) {
      try recorder.started(trial.id, AttemptStart(number: 1, process: nil, log: "/nowhere/log", isFresh: true))
      for epoch in 1...3 {
        let score = Double((trial.number * 7 + epoch) % 10) / 10
        let predictions = Predictions(split: split, predicted: [0, 1, UInt8(trial.number % 3), 1], probability: [60_000, 1, 2, 65_535])
        let model = Checkpoint(epoch: epoch, format: "fuzz", state: [UInt8(trial.number), UInt8(epoch)])
        try recorder.record(
          EpochMetrics(epoch: epoch, values: [("score", score), ("loss", trial.number == 5 ? .nan : 1 - score)]), checkpoint: model,
          kept: KeptOutcome(predictions: [predictions], model: model), of: trial.id)
      }
      try recorder.flush()
      switch trial.number {
      case 8: try recorder.ended(trial.id, .failed(reason: "it was to fail"))
      case 9: try recorder.ended(trial.id, .pruned(afterEpoch: 3))
      case 10: break  // it runs on
      default: try recorder.ended(trial.id, .complete)
      }
    }
    try recorder.flush()
    try store.close()
  }
}

// Reports of every kind, made at random, of trials that go through their attempts as they do in a run.

import SweepCore
import SweepNumerics

package struct MadeReports {
  private var generator: SeededGenerator
  private let trials: [Trial.ID]
  /// Whether every epoch brings what it answered.
  private let answers: Bool
  private struct Place {
    var attempt = 0
    var position = 0
    var epoch = 0
    /// Whether the next is a start.
    var isOver = true
  }
  private var places: [Trial.ID: Place] = [:]
  private let split = ImageSplit(
    name: "validation", source: "made, \"with quotes\"", fingerprint: .max, labels: [0, 1, 2, 1], classes: ["ä", "b", "c"])

  package init(seed: Int, trials: [Trial.ID] = (1...5).map { Trial.ID(rawValue: $0) }, answers: Bool = true) {
    self.answers = answers
    generator = SeededGenerator(seed: seed, purpose: .sampling, index: 0)
    self.trials = trials
  }

  private mutating func pick(_ below: Int) -> Int { min(Int(generator.nextUnit() * Double(below)), below - 1) }

  package mutating func next() -> TrialReport {
    let trial = trials[pick(trials.count)]
    var place = places[trial] ?? Place()
    let event: TrialEvent
    switch place.isOver ? 0 : pick(12) {
    case 0:
      let isFresh = pick(3) == 0
      place = Place(attempt: place.attempt + 1, epoch: isFresh ? 0 : place.epoch, isOver: false)
      let isProgram = pick(2) == 0
      event = .started(
        AttemptStart(
          number: place.attempt, slot: pick(4), process: isProgram ? Int32(pick(30_000)) : nil, log: isProgram ? "/nowhere/output \"1\".log" : nil,
          isFresh: isFresh))
    case 1:
      let waitsAgain = pick(2) == 0
      place.isOver = waitsAgain
      event = .attemptEnded(
        AttemptEnd(
          number: place.attempt, result: AttemptEnd.Result.allCases[pick(5)], reason: pick(2) == 0 ? nil : "exit code 1: é\n",
          exitCode: pick(2) == 0 ? 1 : nil,
          signal: nil, seconds: generator.nextUnit(), secondsEpoch: pick(2) == 0 ? nil : place.epoch, cpuSeconds: 0, memoryBytes: pick(1 << 30)),
        waitsAgain: waitsAgain)
    case 2:
      place.isOver = true
      let ends: [TrialEnd] = [
        .complete, .pruned(afterEpoch: place.epoch), .diverged(epoch: place.epoch, reason: "loss is infinite"), .failed(reason: "it broke"),
      ]
      event = .ended(ends[pick(4)])
    case 3: event = .note("something that people should know")
    case 4: event = .withdrawn(metrics: pick(2) == 0 ? nil : ["loss", "never told"], after: place.epoch - pick(4))
    default:
      place.epoch += 1 + pick(2)
      let specials: [Double] = [.nan, .infinity, -.infinity, -0.0, 0, .leastNonzeroMagnitude]
      let values = ["score", "loss", "train.loss"].prefix(1 + pick(3)).map { name in
        (name: name, value: pick(6) == 0 ? specials[pick(6)] : generator.nextNormal())
      }
      let state = Checkpoint(epoch: place.epoch, format: "made", state: (0..<pick(7)).map { UInt8($0 * 37) })
      let predictions = Predictions(split: split, predicted: [0, 1, UInt8(pick(3)), 1], probability: [60_000, 0, 2, 65_535])
      event = .epoch(
        EpochReport(
          EpochMetrics(epoch: place.epoch, values: Array(values)), checkpoint: pick(2) == 0 ? nil : state,
          outcome: answers ? KeptOutcome(predictions: [predictions], model: pick(2) == 0 ? nil : state) : nil))
    }
    place.position += 1
    places[trial] = place
    return TrialReport(trial: trial, attempt: place.attempt, position: place.position, at: 1_767_225_600_000 + Int64(pick(1 << 30)), event: event)
  }
}

// The sweeps and trials of the lab in its database, found by what they were trained with.

import SweepCore
import SweepKit
import SweepReport
import SweepStore

/// A finished sweep.
struct LabSweep {
  let record: SweepRecord
  let space: SearchSpace
  let metrics: [String]
  let ranked: [RankedTrial]

  init(_ name: String, in store: Store) throws {
    record = try store.sweep(named: name)
    space = try record.space
    metrics = try store.metrics(sweepID: record.id)
    ranked = try store.ranking(record)
  }

  var figures: SweepFigures { SweepFigures(record, space: space, metrics: metrics) }

  /// A network of Table 3.
  func trial(_ lambda: Double, _ eta: Double, _ batchSize: Int) throws -> LabTrial {
    try LabTrial(self, ["lambda": .real(lambda), "eta": .real(eta), "batch_size": .integer(batchSize)])
  }

  /// The network that is the report's worst.
  var worstRow: LabTrial { get throws { try trial(LabReport.worst.lambda, LabReport.worst.eta, LabReport.worst.batchSize) } }
}

/// A finished network.
struct LabTrial {
  private let sweep: LabSweep
  private let ranked: RankedTrial

  /// The one trial of a sweep that has these values.
  init(_ sweep: LabSweep, _ values: [String: ParameterValue] = [:]) throws {
    let found = sweep.ranked.filter { ranked in values.allSatisfy { ranked.trial.assignment[$0.key]?.means($0.value) == true } }
    guard found.count == 1 else {
      throw SweepError(.input, "'\(sweep.record.name)' has \(found.count) finished trials with \(values)", remedy: "run 'make lab' to its end")
    }
    (self.sweep, ranked) = (sweep, found[0])
  }

  init(_ sweep: String, _ values: [String: ParameterValue] = [:], in store: Store) throws { try self.init(try LabSweep(sweep, in: store), values) }

  subscript(metric: String) -> Double { ranked.metrics[metric] ?? .nan }
  var figures: SweepFigures { sweep.figures }

  func curve(_ store: Store) throws -> (name: String, trial: TrialRecord, epochs: [EpochMetrics]) {
    ("", ranked.trial, try store.epochs(of: ranked.trial.id))
  }

  /// Its answers to the test images.
  func answers(_ store: Store) throws -> Predictions {
    guard let found = try store.predictions(of: ranked.trial.id, split: "test") else {
      throw SweepError(.input, "no answers of '\(sweep.record.name)' are kept", remedy: "remove the database and run 'make lab' again")
    }
    return found
  }
}

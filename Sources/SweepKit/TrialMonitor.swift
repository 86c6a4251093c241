// Stands between an executor and the world: every epoch goes through here to the recorder, the pruner and whoever watches.

import SweepCore
import SweepStore

/// What happens in a running sweep, for those who show it. Called from the workers, several at once.
public protocol SweepObserver: Sendable {
  func observe(_ event: SweepEvent)
}

public enum SweepEvent: Sendable {
  /// Before anything runs.
  case planned(RunPlan)
  case started(cohort: Cohort, worker: Int)
  case epoch(trial: Trial, metrics: EpochMetrics, worker: Int)
  case ended(trial: Trial, end: TrialEnd, worker: Int)
  case left(worker: Int)
}

/// What a run is about to do.
public struct RunPlan: Sendable {
  public let sweep: SweepRecord
  /// The names of the parameters that vary.
  public let swept: [String]
  public let result: PlanResult
  /// Trials to run that were started before.
  public let resumed: Int
  public let toRun: Int
  /// The sum of the costs of all cohorts, as far as it can be told.
  public let work: Double
  public let workers: Int
}

/// The reporter that executors see, for one cohort on one worker.
struct TrialMonitor: TrialReporter {
  private let trials: [Trial.ID: Trial]
  private let worker: Int
  private let recorder: Recorder
  private let pruner: any Pruner
  private let stop: StopSignal
  private let observer: any SweepObserver

  init(_ cohort: Cohort, worker: Int, recorder: Recorder, pruner: any Pruner, stop: StopSignal, observer: any SweepObserver) {
    trials = Dictionary(uniqueKeysWithValues: cohort.trials.map { ($0.id, $0) })
    (self.worker, self.recorder, self.pruner, self.stop, self.observer) = (worker, recorder, pruner, stop, observer)
  }

  func report(_ metrics: EpochMetrics, of id: Trial.ID, checkpoint: Checkpoint?) throws -> Verdict {
    try recorder.record(metrics, checkpoint: checkpoint, of: id)
    if let trial = trials[id] { observer.observe(.epoch(trial: trial, metrics: metrics, worker: worker)) }
    if stop.isSet { return .interrupt }
    return pruner.verdict(on: id, after: metrics.epoch, given: History())
  }

  func finish(_ id: Trial.ID, _ end: TrialEnd) throws(SweepError) {
    try recorder.ended(id, end)
    if let trial = trials[id] { observer.observe(.ended(trial: trial, end: end, worker: worker)) }
  }
}

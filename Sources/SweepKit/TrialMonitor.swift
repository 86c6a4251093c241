// Stands between an executor and the world: every epoch goes through here to the recorder, the pruner and whoever watches.

import SweepCore
import SweepExecutors
import SweepStore
import Synchronization

/// The reporter that executors see, for one cohort on one worker.
// Sendable: all state is in the one Mutex.
final class TrialMonitor: TrialReporter {
  private let trials: [Trial.ID: Trial]
  private let worker: Int
  private let recorder: Recorder
  private let pruner: any Pruner
  private let stop: StopSignal
  private let observer: any SweepObserver
  private let pool: WorkerPool
  private let schedule: Schedule
  private let objective: Objective
  private let keeping: Keeping
  private struct State {
    var handedOver: Set<Trial.ID> = []
    /// The best value of each trial's objective on this worker.
    var best: [Trial.ID: Double] = [:]
  }
  private let state = Mutex(State())

  init(
    _ cohort: Cohort, worker: Int, recorder: Recorder, pruner: any Pruner, stop: StopSignal, observer: any SweepObserver, pool: WorkerPool,
    schedule: Schedule, objective: Objective, keeping: Keeping
  ) {
    trials = Dictionary(uniqueKeysWithValues: cohort.trials.map { ($0.id, $0) })
    (self.worker, self.recorder, self.pruner, self.stop, self.observer) = (worker, recorder, pruner, stop, observer)
    (self.pool, self.schedule, self.objective, self.keeping) = (pool, schedule, objective, keeping)
  }

  func report(_ metrics: EpochMetrics, of id: Trial.ID, checkpoint: Checkpoint?, outcome: EpochOutcome?) throws -> Verdict {
    try recorder.record(metrics, checkpoint: checkpoint, kept: try outcome.flatMap { try kept($0, after: metrics, of: id) }, of: id)
    if let trial = trials[id] { observer.observe(.epoch(trial: trial, metrics: metrics, worker: worker)) }
    if stop.isSet { return .interrupt }
    return pruner.verdict(on: id, after: metrics.epoch, given: History())
  }

  /// What is kept of an epoch: of the last, or where the best counts of each that is better than those before. After an interruption the
  /// best is not known here; the recorder, which knows it, then throws away what is worse.
  private func kept(_ outcome: EpochOutcome, after metrics: EpochMetrics, of id: Trial.ID) throws -> KeptOutcome? {
    guard keeping.predictions != .none || keeping.models != .none else { return nil }
    switch objective.at {
    case .last: guard outcome.isLast else { return nil }
    case .best:
      guard let value = metrics[objective.metric] else { return nil }
      let isBest = state.withLock { state in
        guard state.best[id].map({ objective.isBetter(value, than: $0) }) ?? true else { return false }
        state.best[id] = value
        return true
      }
      guard isBest else { return nil }
    }
    return KeptOutcome(
      predictions: keeping.predictions == .none ? [] : try outcome.predictions(), model: keeping.models == .none ? nil : outcome.model())
  }

  func finish(_ id: Trial.ID, _ end: TrialEnd) throws(SweepError) {
    try recorder.ended(id, end)
    if let trial = trials[id] { observer.observe(.ended(trial: trial, end: end, worker: worker)) }
  }

  var idleWorkers: Int { stop.isSet ? 0 : pool.idle }

  func handOver(_ cohort: Cohort) {
    state.withLock { $0.handedOver.formUnion(cohort.trials.map(\.id)) }
    schedule.handOver(cohort)
    pool.wake()
  }

  /// Whether the trial still belongs to this cohort.
  func keeps(_ trial: Trial) -> Bool { state.withLock { !$0.handedOver.contains(trial.id) } }
}

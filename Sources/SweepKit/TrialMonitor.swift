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
  private let handedOver = Mutex<Set<Trial.ID>>([])

  init(
    _ cohort: Cohort, worker: Int, recorder: Recorder, pruner: any Pruner, stop: StopSignal, observer: any SweepObserver, pool: WorkerPool,
    schedule: Schedule
  ) {
    trials = Dictionary(uniqueKeysWithValues: cohort.trials.map { ($0.id, $0) })
    (self.worker, self.recorder, self.pruner, self.stop, self.observer) = (worker, recorder, pruner, stop, observer)
    (self.pool, self.schedule) = (pool, schedule)
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

  var idleWorkers: Int { stop.isSet ? 0 : pool.idle }

  func handOver(_ cohort: Cohort) {
    handedOver.withLock { $0.formUnion(cohort.trials.map(\.id)) }
    schedule.handOver(cohort)
    pool.wake()
  }

  /// Whether the trial still belongs to this cohort.
  func keeps(_ trial: Trial) -> Bool { handedOver.withLock { !$0.contains(trial.id) } }
}

// Stands between an executor and the world: every epoch goes through here to the recorder, the pruner and whoever watches.

import Logging
import SweepCore
import SweepExecutors
import SweepStore
import Synchronization

/// What all trials of a run share.
struct RunContext: Sendable {
  let sweep: SweepRecord
  let keeping: Keeping
  let recorder: Recorder
  let schedule: Schedule
  let rules: StopRules
  let stop: StopSignal
  let observer: any SweepObserver
  let logger: Logger
  /// nil: nobody is stopped early.
  let curves: Curves?

  /// Whether running trials are to be interrupted. Asked after every epoch; that the recorder has failed shows in its own errors.
  var isStopping: Bool { stop.isSet || rules.isTimeUp }
  /// Whether nothing more is to be started.
  var isOver: Bool { isStopping || recorder.failure != nil || rules.reason != nil }
}

/// The reporter that executors see, for one cohort on one worker.
// Sendable: all state is in the one Mutex, but for an atomic number.
final class TrialMonitor: TrialReporter {
  private let trials: [Trial.ID: Trial]
  private let context: RunContext
  /// nil: the executor runs its trials side by side by itself.
  private let pool: WorkerPool?
  private struct State {
    var handedOver: Set<Trial.ID> = []
    /// The best value of each trial's objective on this worker.
    var best: [Trial.ID: Double] = [:]
  }
  private let state = Mutex(State())
  /// The worker, or a program's slot.
  private let place: Atomic<Int>

  init(_ cohort: Cohort, worker: Int, in context: RunContext, pool: WorkerPool?) {
    trials = Dictionary(uniqueKeysWithValues: cohort.trials.map { ($0.id, $0) })
    (self.context, self.pool) = (context, pool)
    place = Atomic(worker)
  }

  private var worker: Int { place.load(ordering: .relaxed) }

  func report(_ metrics: EpochMetrics, of id: Trial.ID, checkpoint: Checkpoint?, outcome: EpochOutcome?) throws -> Verdict {
    let keptOutcome = try outcome.flatMap { try kept($0, after: metrics, of: id) }
    try context.recorder.record(metrics, checkpoint: checkpoint, kept: keptOutcome, of: id)
    if let trial = trials[id] { context.observer.observe(.epoch(trial: trial, metrics: metrics, worker: worker)) }
    if let value = metrics[context.sweep.objective.metric] { context.rules.reported(value) }
    let verdict = context.curves?.verdict(on: id, after: metrics) ?? .proceed
    return context.isStopping ? .interrupt : verdict
  }

  /// What is kept of an epoch: of the last, or where the best counts of each that is better than those before. After an interruption the
  /// best is not known here; the recorder, which knows it, then throws away what is worse.
  private func kept(_ outcome: EpochOutcome, after metrics: EpochMetrics, of id: Trial.ID) throws -> KeptOutcome? {
    let (keeping, objective) = (context.keeping, context.sweep.objective)
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

  func finish(_ id: Trial.ID, _ end: TrialEnd) throws {
    try context.recorder.ended(id, end)
    context.rules.ended(end)
    context.curves?.ended(id)
    if let trial = trials[id] { context.observer.observe(.ended(trial: trial, end: end, worker: worker)) }
  }

  // MARK: programs

  func started(_ attempt: AttemptStart, of id: Trial.ID) throws {
    place.store(attempt.slot, ordering: .relaxed)
    try context.recorder.started(id, attempt)
    context.curves?.started(id, isFresh: attempt.isFresh)
    if let trial = trials[id] { context.observer.observe(.started(cohort: Cohort([trial]), worker: attempt.slot)) }
  }

  func ended(_ attempt: AttemptEnd, of id: Trial.ID, waitsAgain: Bool) throws {
    if let epoch = attempt.secondsEpoch {
      let metric = (name: CommandExecutor.secondsMetric, value: attempt.seconds)
      try context.recorder.record(EpochMetrics(epoch: epoch, values: [metric]), checkpoint: nil, of: id)
      if context.sweep.objective.metric == metric.name, attempt.result == .complete { context.rules.reported(metric.value) }
    }
    try context.recorder.attemptEnded(id, attempt, waitsAgain: waitsAgain)
    context.observer.observe(.left(worker: worker))
  }

  func note(_ text: String, of id: Trial.ID) throws {
    try context.recorder.note(id, text)
    context.logger.notice("\(text)")
  }

  // MARK: cohorts

  var idleWorkers: Int { context.isOver ? 0 : pool?.idle ?? 0 }

  func handOver(_ cohort: Cohort) {
    state.withLock { $0.handedOver.formUnion(cohort.trials.map(\.id)) }
    context.schedule.handOver(cohort)
    pool?.wake()
  }

  /// Whether the trial still belongs to this cohort.
  func keeps(_ trial: Trial) -> Bool { state.withLock { !$0.handedOver.contains(trial.id) } }
}

/// Where an executor that runs its trials side by side takes them from.
struct RunQueue: TrialQueue {
  let context: RunContext

  func next(slot: Int) -> (trial: Trial, reporter: any TrialReporter)? {
    guard !context.isOver, let work = context.schedule.next(), let trial = work.cohort.trials.first else { return nil }
    return (trial, TrialMonitor(work.cohort, worker: slot, in: context, pool: nil))
  }

  var isStopping: Bool { context.isStopping || context.recorder.failure != nil }
  var isOver: Bool { context.isOver }
}

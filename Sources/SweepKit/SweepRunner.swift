// Runs a sweep from its file to its last trial. `run()` is the table of contents of the whole tool.

import Logging
import SweepCore
import SweepExecutors
import SweepSearch
import SweepStore

/// How a run ended.
public struct SweepOutcome: Sendable {
  public let sweep: SweepRecord
  public let counts: StateCounts
  /// Trials that ended in this run.
  public let ended: Int
  public let seconds: Double
  public let wasInterrupted: Bool
}

/// Runs one sweep in one process.
public struct SweepRunner: Sendable {
  private let file: SweepFile
  private let trainer: TrainerEntry
  private let store: Store
  private let options: Options
  private let stop: StopSignal
  private let observer: any SweepObserver
  private let logger: Logger

  public struct Options: Sendable {
    /// nil: one per core.
    public var workers: Int?
    public var maxTrials: Int?
    public var retryFailed: Bool

    public init(workers: Int? = nil, maxTrials: Int? = nil, retryFailed: Bool = false) {
      (self.workers, self.maxTrials, self.retryFailed) = (workers, maxTrials, retryFailed)
    }
  }

  public init(
    _ file: SweepFile, trainer: TrainerEntry, store: Store, options: Options = Options(), stop: StopSignal = StopSignal(),
    observer: any SweepObserver, logger: Logger = Logger(label: "sweep")
  ) {
    (self.file, self.trainer, self.store, self.options) = (file, trainer, store, options)
    (self.stop, self.observer, self.logger) = (stop, observer, logger)
  }

  /// Plans what is new, takes back what a crash left running, and runs what waits, until nothing does or someone says stop.
  /// - Throws: where another process runs the sweep, the file no longer fits it, or the database fails. A failing trial does not throw.
  public func run() throws(SweepError) -> SweepOutcome {
    let start = ContinuousClock.now
    let lock = try RunnerLock(database: store.path, sweep: file.name)
    defer { withExtendedLifetime(lock) {} }
    let planner = Planner(maxTrials: options.maxTrials)
    let points = try planner.count(file)
    if points >= 200_000 { logger.notice("planning \(points) points; their rows take about \(points / 2_000) MB") }
    let (sweep, result) = try planner.plan(file, trainer: trainer, in: store, stop: stop)
    try store.requeue(sweepID: sweep.id, retryFailed: options.retryFailed)
    let before = try store.counts(sweepID: sweep.id)
    if before.toRun > 0 { try checkParameters() }
    for note in trainer.notes + file.doubts { logger.warning("\(note)") }
    tell(result)

    let workers = options.workers ?? WorkerPool.onePerCore
    let executor = trainer.make()
    let schedule = Schedule(store: store, sweepID: sweep.id, executor: executor, workers: workers)
    let toRun = before.toRun
    let work = schedule.expectedWork(of: toRun)
    if toRun > 0 {
      try executor.prepare(for: file.space)
      let environment = RunEnvironment.text(workers: workers, implementation: trainer.implementation)
      try store.addEvent(sweepID: sweep.id, kind: "started", detail: environment)
    }
    observer.observe(
      .planned(
        RunPlan(sweep: sweep, swept: file.space.sweptNames, result: result, resumed: before.interrupted, toRun: toRun, work: work, workers: workers)))
    try runTrials(of: sweep, on: executor, schedule: schedule, workers: workers)

    let after = try store.counts(sweepID: sweep.id)
    let wasInterrupted = stop.isSet && after.toRun + after[.running] > 0
    if wasInterrupted { try store.requeue(sweepID: sweep.id, retryFailed: false) }
    let ended = before[.waiting] - after[.waiting] - after[.running]
    if ended > 0 || wasInterrupted {
      try store.addEvent(sweepID: sweep.id, kind: wasInterrupted ? "interrupted" : "finished", detail: "\(counted(ended, "trial")) ended")
    }
    return SweepOutcome(
      sweep: sweep, counts: try store.counts(sweepID: sweep.id), ended: ended, seconds: (ContinuousClock.now - start) / .seconds(1),
      wasInterrupted: wasInterrupted)
  }

  /// A definition from the database may be older than the trainer.
  private func checkParameters() throws(SweepError) {
    let (known, given) = (Set(trainer.parameters.map(\.name)), Set(file.space.names))
    let complaints =
      given.subtracting(known).sorted().map { Diagnostic("'\(file.name)' has a parameter \($0) that \(trainer.name) does not take") }
      + known.subtracting(given).sorted().map { Diagnostic("'\(file.name)' has no parameter \($0), which \(trainer.name) takes") }
    let remedy = "it was planned by another version: run its file again under another --name"
    if !complaints.isEmpty { throw SweepError(.input, complaints.map { Diagnostic($0.problem, remedy: remedy) }) }
  }

  private func tell(_ result: PlanResult) {
    guard result.fellOutCount > 0 else { return }
    let more = result.fellOutCount > result.fellOut.count ? ", …" : ""
    logger.notice(
      "\(counted(result.fellOutCount, "trial")) no longer in the file, kept, and not to run: \(result.fellOut.map(String.init).joined(separator: ", "))\(more)"
    )
  }

  private func runTrials(of sweep: SweepRecord, on executor: any TrialExecutor, schedule: Schedule, workers: Int) throws(SweepError) {
    let recorder = Recorder(store: store, sweep: sweep, parameterNames: file.space.names, keeping: file.keeping)
    let pruner = NoPruner()
    let pool = WorkerPool(workers: workers)
    pool.run {
      stop.isSet || recorder.failure != nil ? nil : schedule.next()
    } work: { work, worker in
      let monitor = TrialMonitor(
        work.cohort, worker: worker, recorder: recorder, pruner: pruner, stop: stop, observer: observer, pool: pool, schedule: schedule,
        objective: sweep.objective, keeping: file.keeping)
      run(work, on: executor, monitor: monitor, recorder: recorder, schedule: schedule, worker: worker)
    }
    try recorder.flush()
    if let failure = schedule.failure { throw failure }
  }

  /// Runs one cohort. What an executor throws is one trial's failure: in a cohort of several, each runs again alone, from where it was.
  private func run(
    _ work: Schedule.Work, on executor: any TrialExecutor, monitor: TrialMonitor, recorder: Recorder, schedule: Schedule, worker: Int
  ) {
    let cohort = work.cohort
    observer.observe(.started(cohort: cohort, worker: worker))
    defer { observer.observe(.left(worker: worker)) }
    do {
      if !work.isHandedOver { for trial in cohort.trials { try recorder.started(trial.id) } }
      try executor.run(cohort, reportingTo: monitor)
    } catch {
      // A recorder that has failed is not the trial's fault; every call below then throws, and so does the last `flush`.
      guard recorder.failure == nil else { return }
      do throws(SweepError) {
        if cohort.trials.count > 1 {
          try recorder.flush()
          try schedule.putBack(cohort.trials.filter(monitor.keeps), cost: cohort.cost / Double(cohort.trials.count))
        } else if let trial = cohort.trials.first {
          try monitor.finish(trial.id, .failed(reason: "\(error)"))
        }
      } catch {
        recorder.fail(error)
      }
    }
  }
}

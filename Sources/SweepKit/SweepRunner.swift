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
  /// Why it ended before its plan, where a rule of the file said so.
  public let stopReason: String?
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
    /// Points that may be planned; nil: `Planner.defaultMaxTrials`.
    public var maxTrials: Int?
    /// Whether failed trials run again.
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
    if let points, points >= 200_000 { logger.notice("planning \(points) points; their rows take about \(points / 2_000) MB") }
    try tellChangedCommand()
    let (sweep, result) = try planner.plan(file, count: points, trainer: trainer, in: store, stop: stop)
    let workplace = Workplace(sweep: sweep.name, folder: store.trialFolder(of: sweep)) { [logger] in logger.notice("\($0)") }
    endLeftovers(workplace)
    try store.requeue(sweepID: sweep.id, retryFailed: options.retryFailed, keepsEpochs: file.program != nil)
    let before = try store.counts(sweepID: sweep.id)
    if before.toRun > 0 { try checkParameters() }
    for note in trainer.notes + file.doubts { logger.warning("\(note)") }
    tell(result)

    let workers = options.workers ?? file.program?.slots ?? WorkerPool.onePerCore
    let executor = trainer.make(workplace)
    let schedule = Schedule(store: store, sweepID: sweep.id, executor: executor, workers: workers, growing: points == nil ? file : nil)
    let work = schedule.expectedWork(of: before.toRun)
    if before.toRun > 0 || points == nil {
      try executor.prepare(for: file.space)
      let environment = RunEnvironment.text(workers: workers, implementation: trainer.implementation)
      try store.addEvent(sweepID: sweep.id, kind: "started", detail: environment)
    }
    let rules = StopRules(
      file.rules, objective: sweep.objective, isProgram: file.program != nil,
      best: try store.ranking(sweep, all: true, limit: 1).first?.trial.objective)
    observer.observe(
      .planned(
        RunPlan(
          sweep: sweep, swept: file.space.sweptNames, result: result, resumed: before.interrupted, toRun: before.toRun, isEndless: points == nil,
          work: work, workers: workers)))
    try runTrials(of: sweep, on: executor, schedule: schedule, rules: rules, workers: workers)

    let after = try store.counts(sweepID: sweep.id)
    let isLeft = after.toRun + after[.running] > 0 || points == nil && stop.isSet
    let wasInterrupted = stop.isSet && isLeft
    if after[.running] > 0 { try store.requeue(sweepID: sweep.id, retryFailed: false, keepsEpochs: file.program != nil) }
    let ended = after.ended - before.ended
    let stopReason = isLeft && !wasInterrupted ? rules.reason?.text : nil
    if ended > 0 || wasInterrupted || stopReason != nil {
      let kind = wasInterrupted ? "interrupted" : stopReason == nil ? "finished" : "stopped"
      try store.addEvent(
        sweepID: sweep.id, kind: kind, detail: "\(counted(ended, "trial")) ended" + (stopReason.map { "; \($0)" } ?? ""))
    }
    return SweepOutcome(
      sweep: sweep, counts: try store.counts(sweepID: sweep.id), ended: ended, seconds: (ContinuousClock.now - start) / .seconds(1),
      wasInterrupted: wasInterrupted, stopReason: stopReason)
  }

  /// What a command computes may be something else now; whether it is, only its author knows.
  private func tellChangedCommand() throws(SweepError) {
    guard let program = file.program, let known = try store.sweeps().first(where: { $0.name == file.name }),
      let before = try? SweepFile(definition: known.definition).program, before.command != program.command,
      try store.counts(sweepID: known.id).ended > 0
    else { return }
    logger.warning("the command was \(before.command.text) when trials of '\(file.name)' ran, and is now \(program.command.text)")
  }

  /// A runner that was killed may have left programs running; none runs twice at a time.
  private func endLeftovers(_ workplace: Workplace) {
    guard file.program != nil else { return }
    stop.beforeForcedExit { _ = endPrograms(in: workplace.folder) }
    let count = endPrograms(in: workplace.folder)
    if count > 0 { logger.notice("ended \(count == 1 ? "1 process" : "\(count) processes") that a killed run had left behind") }
  }

  /// A definition from the database may be older than the trainer.
  private func checkParameters() throws(SweepError) {
    let given = Set(file.space.names)
    let known = trainer.isOpen ? given : Set(trainer.parameters.map(\.name))
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

  private func runTrials(
    of sweep: SweepRecord, on executor: any TrialExecutor, schedule: Schedule, rules: StopRules, workers: Int
  ) throws(SweepError) {
    let recorder = Recorder(store: store, sweep: sweep, parameterNames: file.space.names, keeping: file.keeping) { [logger] error in
      logger.warning("another program holds the database; what the trials report waits in memory until it lets go (\(error))")
    }
    let curves: Curves? = if let early = file.earlyTermination { try Curves(try early.pruner(), sweep: sweep, in: store) } else { nil }
    let context = RunContext(
      sweep: sweep, keeping: file.keeping, recorder: recorder, schedule: schedule, rules: rules, stop: stop, observer: observer, logger: logger,
      curves: curves)
    if let concurrent = executor as? any ConcurrentTrialExecutor {
      do { try concurrent.run(slots: workers, from: RunQueue(context: context)) } catch {
        recorder.fail(error as? SweepError ?? SweepError(.io, "\(error)"))
      }
    } else {
      let pool = WorkerPool(workers: workers)
      pool.run {
        context.isOver ? nil : schedule.next()
      } work: { work, worker in
        run(work, on: executor, in: context, pool: pool, worker: worker)
      }
    }
    try recorder.flush()
    if let failure = schedule.failure { throw failure }
  }

  /// Runs one cohort. What an executor throws is one trial's failure: in a cohort of several, each runs again alone, from where it was.
  private func run(_ work: Schedule.Work, on executor: any TrialExecutor, in context: RunContext, pool: WorkerPool, worker: Int) {
    let (cohort, recorder) = (work.cohort, context.recorder)
    let monitor = TrialMonitor(cohort, worker: worker, in: context, pool: pool)
    observer.observe(.started(cohort: cohort, worker: worker))
    defer { observer.observe(.left(worker: worker)) }
    do {
      for trial in cohort.trials where !work.isHandedOver {
        try recorder.started(trial.id)
        context.curves?.started(trial.id, isFresh: trial.completedEpochs == 0)
      }
      try executor.run(cohort, reportingTo: monitor)
    } catch {
      // A recorder that has failed is not the trial's fault; every call below then throws, and so does the last `flush`.
      guard recorder.failure == nil else { return }
      do {
        if cohort.trials.count > 1 {
          try recorder.flush()
          try context.schedule.putBack(cohort.trials.filter(monitor.keeps), cost: cohort.cost / Double(cohort.trials.count))
        } else if let trial = cohort.trials.first {
          try monitor.finish(trial.id, .failed(reason: "\(error)"))
        }
      } catch {
        recorder.fail(error as? SweepError ?? SweepError(.io, "\(error)"))
      }
    }
  }
}

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
  private let methods: Registry<SearchMethod>

  public struct Options: Sendable {
    /// nil: one per core.
    public var workers: Int?
    /// Points that may be planned; nil: `Planner.defaultMaxTrials`.
    public var maxTrials: Int?
    /// Whether failed trials run again.
    public var retryFailed: Bool
    /// Whether a file from elsewhere, or with another program, is that of the sweep all the same.
    public var isSame: Bool

    public init(workers: Int? = nil, maxTrials: Int? = nil, retryFailed: Bool = false, isSame: Bool = false) {
      (self.workers, self.maxTrials, self.retryFailed, self.isSame) = (workers, maxTrials, retryFailed, isSame)
    }
  }

  /// - Parameter methods: by which a file's `method` is looked up.
  public init(
    _ file: SweepFile, trainer: TrainerEntry, store: Store, options: Options = Options(), stop: StopSignal = StopSignal(),
    observer: any SweepObserver, logger: Logger = Logger(label: "sweep"), methods: Registry<SearchMethod> = samplers
  ) {
    (self.file, self.trainer, self.store, self.options) = (file, trainer, store, options)
    (self.stop, self.observer, self.logger, self.methods) = (stop, observer, logger, methods)
  }

  /// Plans what is new, takes back what a crash left running, and runs what waits, until nothing does or someone says stop.
  /// - Throws: where another process runs the sweep, the file no longer fits it, or the database fails. A failing trial does not throw.
  public func run() throws(SweepError) -> SweepOutcome {
    let start = ContinuousClock.now
    let lock = try RunnerLock(database: store.path, sweep: file.name)
    defer { withExtendedLifetime(lock) {} }
    let planner = Planner(maxTrials: options.maxTrials, methods: methods, isSame: options.isSame)
    let points = try planner.count(file)
    if let points, points >= 200_000 { logger.notice("planning \(points) points; their rows take about \(points / 2_000) MB") }
    let (sweep, result) = try planner.plan(file, count: points, trainer: trainer, in: store, stop: stop)
    let workplace = Workplace(
      sweep: sweep.name, folder: store.trialFolder(of: sweep), objective: sweep.objective, keeping: file.keeping
    ) { [logger] in logger.notice("\($0)") }
    let executor = trainer.make(workplace)
    let isLeft = try isAnythingLeft(of: sweep)
    let hasWork = isLeft || points == nil
    // Before anything is taken back: nothing is lost by a run that cannot begin.
    if hasWork {
      try checkParameters()
      try executor.prepare(for: file.space)
    }
    endLeftovers(workplace)
    try store.requeue(sweepID: sweep.id, retryFailed: options.retryFailed, keepsEpochs: trainer.conduct.keepsCheckpoints)
    let before = try store.counts(sweepID: sweep.id)
    for note in trainer.notes + file.doubts { logger.warning("\(note)") }
    tell(result)

    let slots = options.workers ?? trainer.conduct.slots ?? WorkerPool.onePerCore
    if let note = try SearchForecast.idleWorkers(file, workers: slots, methods: methods) { logger.notice("\(note)") }
    if hasWork {
      let environment = RunEnvironment.text(workers: slots, implementation: trainer.implementation)
      try store.addEvent(sweepID: sweep.id, kind: "started", detail: environment)
    }
    let context = try context(of: sweep, slots: slots)
    let news = News()
    let reporter = RunReporter(context) { news.tell() }
    let queue = RunQueue(
      context, reporter: reporter, executor: executor, slots: slots, search: try search(in: context, isEndless: points == nil),
      parallel: file.parallel,
      news: news, takeEnqueued: try enqueued(in: context))
    let work = queue.expectedWork(of: before.toRun)
    observer.observe(
      .planned(
        RunPlan(
          sweep: sweep, swept: file.space.sweptNames, result: result, resumed: before.interrupted, toRun: before.toRun, isEndless: points == nil,
          work: work, workers: slots)))
    try run(executor, slots: slots, from: queue, reportingTo: reporter, in: context)

    let after = try store.counts(sweepID: sweep.id)
    let isUnfinished = after.toRun + after[.running] > 0 || points == nil
    let wasInterrupted = stop.isSet && isUnfinished
    if after[.running] > 0 { try store.requeue(sweepID: sweep.id, retryFailed: false, keepsEpochs: trainer.conduct.keepsCheckpoints) }
    let ended = after.ended - before.ended
    let stopReason = isUnfinished && !wasInterrupted ? context.rules.reason?.text : nil
    if ended > 0 || wasInterrupted || stopReason != nil {
      let kind = wasInterrupted ? "interrupted" : stopReason == nil ? "finished" : "stopped"
      try store.addEvent(
        sweepID: sweep.id, kind: kind, detail: "\(counted(ended, "trial")) ended" + (stopReason.map { "; \($0)" } ?? ""))
    }
    return SweepOutcome(
      sweep: sweep, counts: try store.counts(sweepID: sweep.id), ended: ended, seconds: (ContinuousClock.now - start) / .seconds(1),
      wasInterrupted: wasInterrupted, stopReason: stopReason)
  }

  /// Whether there are trials to run.
  private func isAnythingLeft(of sweep: SweepRecord) throws(SweepError) -> Bool {
    let planned = try store.counts(sweepID: sweep.id).planned
    let states: [TrialState] = options.retryFailed ? [.waiting, .running, .failed] : [.waiting, .running]
    return states.contains { (planned[$0] ?? 0) > 0 }
  }

  private func context(of sweep: SweepRecord, slots: Int) throws(SweepError) -> RunContext {
    let recorder = Recorder(store: store, sweep: sweep, parameterNames: file.space.names, keeping: file.keeping) { [logger] error in
      logger.warning("another program holds the database; what the trials report waits in memory until it lets go (\(error))")
    }
    let rules = StopRules(
      file.rules, objective: sweep.objective, watchesFlapping: trainer.conduct.watchesFlapping,
      best: try store.ranking(sweep, all: true, limit: 1).first?.trial.objective)
    return RunContext(
      sweep: sweep, store: store, recorder: recorder, judge: try Judge(file, methods: methods, sweep: sweep, in: store, slots: slots), rules: rules,
      stop: stop,
      observer: observer, logger: logger)
  }

  /// What plans trials while others run; nil: all are planned.
  private func search(in context: RunContext, isEndless: Bool) throws(SweepError) -> (any TrialSearch)? {
    guard isEndless else { return nil }
    let method = try methods.find(file.method)
    if let sampler = method.pointSampler {
      return try EnumeratingSearch(file, sampler, sweep: context.sweep, in: store, judge: context.judge)
    }
    return try method.strategy.map { strategy throws(SweepError) in
      let search = try DecidingSearch(file, strategy, sweep: context.sweep, in: store, recorder: context.recorder, judge: context.judge)
      for note in search.prior.notes { logger.notice("\(note)") }
      return search
    }
  }

  /// Makes trials of points that somebody enqueued; nil: the search does so itself.
  private func enqueued(in context: RunContext) throws(SweepError) -> (@Sendable () throws(SweepError) -> [TakenTrial])? {
    guard try methods.find(file.method).pointSampler != nil else { return nil }
    return { [file] () throws(SweepError) in
      try context.store.takeEnqueued(context.sweep) { trial in
        context.judge.planned(trial.number, epochs: trial.plannedEpochs, cost: try file.cost(of: trial.assignment))
      }
    }
  }

  private func run(
    _ executor: any TrialExecutor, slots: Int, from queue: RunQueue, reportingTo reporter: RunReporter, in context: RunContext
  ) throws(SweepError) {
    do {
      try reporter.settle()  // a run before may have left ends that can be judged now
      try executor.run(slots: slots, from: queue, reportingTo: reporter)
    } catch { context.recorder.fail(error as? SweepError ?? SweepError(.io, "\(error)")) }
    try context.recorder.flush()
    if let failure = queue.failure { throw failure }
  }

  /// A runner that was killed may have left programs running; none runs twice at a time.
  private func endLeftovers(_ workplace: Workplace) {
    guard let end = trainer.conduct.endLeftovers else { return }
    stop.beforeForcedExit { _ = end(workplace) }
    let count = end(workplace)
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
    if let change = result.changeOfObjectives(to: file.objectives) { logger.notice("\(change)") }
    guard result.fellOutCount > 0 else { return }
    let more = result.fellOutCount > result.fellOut.count ? ", …" : ""
    logger.notice(
      "\(counted(result.fellOutCount, "trial")) no longer in the file, kept, and not to run: \(result.fellOut.map(String.init).joined(separator: ", "))\(more)"
    )
  }
}

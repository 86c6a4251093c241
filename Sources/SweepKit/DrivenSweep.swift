// A sweep whose trials one client runs, who asks and tells over and over in one process: what `sweep drive` speaks for. The database has every row, as
// after a run; what is known stays in memory, so that a call takes microseconds.

import Foundation
import Logging
import SweepCore
import SweepExecutors
import SweepSearch
import SweepStore

/// A sweep that is driven by one client, which holds it as a runner would.
// Not Sendable: one call after the other.
public final class DrivenSweep {
  /// A trial that the client runs.
  private struct Running {
    let trial: Trial
    var lastEpoch: Int
    /// Metrics that it was told.
    var told: Set<String> = []
  }

  public let file: SweepFile
  public let sweep: SweepRecord
  private let store: Store
  private let lock: RunnerLock
  private let context: RunContext
  private let reporter: RunReporter
  private let search: (any TrialSearch)?
  private var ready: ArraySlice<Trial> = []
  private var lastNumber = 0
  private var running: [Int: Running] = [:]
  /// Whether points need no results: those that somebody enqueues are not decided, but taken.
  private let takesEnqueued: Bool
  /// Enqueued trials after the window, which came before their turn.
  private var early: Set<Int> = []

  private static let window = 4096

  /// Plans the sweep, or finds it as it is; trials that a client before left running wait again.
  /// - Throws: where the file does not fit the sweep of its name, or somebody else is at it.
  public init(_ file: SweepFile, in store: Store, isSame: Bool = false, logger: Logger = Logger(label: "sweep")) throws(SweepError) {
    let file = file.from(folderOf: store.path)
    lock = try RunnerLock(database: store.path, sweep: file.name)
    let planned = try Planner(isSame: isSame).plan(file, trainer: AskExecutor.entry, in: store)
    (self.file, self.store, sweep) = (file, store, planned.sweep)
    try store.requeue(sweepID: sweep.id, retryFailed: false)
    let judge = try Judge(file, sweep: sweep, in: store)
    let recorder = Recorder(store: store, sweep: sweep, parameterNames: file.space.names, keeping: file.keeping)
    let rules = StopRules(
      file.rules, objective: sweep.objective, watchesFlapping: false, best: try store.ranking(sweep, all: true, limit: 1).first?.trial.objective)
    context = RunContext(
      sweep: sweep, store: store, recorder: recorder, judge: judge, rules: rules, stop: StopSignal(), observer: SilentObserver(), logger: logger)
    reporter = RunReporter(context) {}
    let method = try samplers.find(file.method)
    takesEnqueued = method.pointSampler != nil
    if let strategy = method.strategy {
      search = try DecidingSearch(file, strategy, sweep: sweep, in: store, recorder: recorder, judge: judge)
    } else if let sampler = method.pointSampler, try Planner.plansAsItRuns(file) {
      search = try EnumeratingSearch(file, sampler, sweep: sweep, in: store, judge: judge)
    } else {
      search = nil
    }
    do { try reporter.settle() } catch { throw SweepError.of(error) }
    if takesEnqueued, !judge.needsOrder {
      ready += try store.waitingEnqueued(sweepID: sweep.id)
      early = Set(ready.map(\.number))
    }
  }

  /// Who chose the last trial, and why; nil: it was planned with all others, or is one of a client before.
  public private(set) var lastSuggestion: Suggestion?
  /// Processor time that the search has taken for its last trial; nil: it is not asked for each.
  public private(set) var secondsOfLastDecision: Double?

  // MARK: asking

  /// The next trial, which is running from now on.
  public func ask() throws(SweepError) -> AskTell.Answer {
    if let failure = context.recorder.failure { throw failure }
    (lastSuggestion, secondsOfLastDecision) = (nil, nil)
    if let reason = context.rules.reason { return .none(because: reason.text) }
    if ready.isEmpty {
      try takeEnqueued()
      try readWindow()
    }
    if ready.isEmpty, let search {
      guard let planned = try search.plan(1) else { return .none(because: nil) }
      if planned.count > 0, let search = search as? DecidingSearch {
        (lastSuggestion, secondsOfLastDecision) = (search.lastSuggestion, search.seconds)
      }
      if !planned.resumed.isEmpty { ready += try store.waiting(sweepID: sweep.id, numbers: planned.resumed) }
      try readWindow()
    }
    guard let trial = ready.popFirst() else { return search == nil ? .none(because: nil) : .wait }
    running[trial.number] = Running(trial: trial, lastEpoch: trial.past.lastEpoch)
    try report(.started(AttemptStart(number: trial.past.attempts + 1, isFresh: trial.past.lastEpoch == 0)), of: trial)
    return .trial(trial)
  }

  private func readWindow() throws(SweepError) {
    repeat {
      let trials = try store.waiting(sweepID: sweep.id, after: lastNumber, limit: Self.window)
      guard let last = trials.last else { return }
      lastNumber = last.number
      ready += trials.filter { early.remove($0.number) == nil }
    } while ready.isEmpty
  }

  /// Makes trials of points that somebody has enqueued meanwhile.
  private func takeEnqueued() throws(SweepError) {
    guard takesEnqueued else { return }
    let taken = try store.takeEnqueued(sweep) { [judge = context.judge, file] trial in
      judge.planned(trial.number, epochs: trial.plannedEpochs, cost: try file.cost(of: trial.assignment))
    }
    let back = taken.filter { $0.wasUnplanned && $0.number <= lastNumber }.map(\.number)
    if !back.isEmpty { ready += try store.waiting(sweepID: sweep.id, numbers: back) }
  }

  // MARK: telling

  /// Records metrics of an epoch; the trial goes on.
  /// - Parameter epoch: nil: the one after the last.
  /// - Returns: whether it goes on indeed. One that does not is over with this; `wait`: that is known only when others have told more.
  public func report(_ values: [(name: String, value: Double)], epoch: Int? = nil, of number: Int) throws(SweepError) -> Verdict {
    let known = try find(number)
    if values.isEmpty {
      let verdict = context.judge.verdict(on: known.trial)
      return try end(known.trial, by: verdict)
    }
    let metrics = try epochMetrics(values, epoch: epoch, of: known)
    let verdict = try report(.epoch(EpochReport(metrics)), of: known.trial)
    if let end = TrialEnd.after(metrics, watching: sweep.objective.metric, isLast: false, verdict: .proceed) {
      try finish(known.trial, end)
      return .prune(afterEpoch: metrics.epoch)
    }
    return try end(known.trial, by: verdict)
  }

  private func end(_ trial: Trial, by verdict: Verdict) throws(SweepError) -> Verdict {
    if case .prune(let epoch) = verdict { try finish(trial, .pruned(afterEpoch: epoch)) }
    return verdict
  }

  /// Ends a trial, with the values of its last epoch.
  /// - Throws: where it does not run, or would be complete without what it is ranked by.
  public func tell(
    _ values: [(name: String, value: Double)], epoch: Int? = nil, of number: Int, _ end: TrialEnd = .complete
  ) throws(SweepError) {
    let known = try find(number)
    for metric in sweep.objectives.map(\.metric) where end == .complete && !known.told.contains(metric) {
      if values.contains(where: { $0.name == metric }) { continue }
      throw SweepError(.input, "trial \(number) would end without \(metric), by which '\(sweep.name)' ranks", remedy: "tell its value")
    }
    var reached = end
    if !values.isEmpty {
      let metrics = try epochMetrics(values, epoch: epoch, of: known)
      try report(.epoch(EpochReport(metrics)), of: known.trial)
      if end == .complete { reached = TrialEnd.after(metrics, watching: sweep.objective.metric, isLast: true) ?? .complete }
    }
    try finish(known.trial, reached)
  }

  /// Adds trials that have ended elsewhere, as if the search had chosen them: they count for what it knows, and not for its budget.
  public func load(_ trials: [(point: Assignment, values: [(name: String, value: Double)])]) throws(SweepError) {
    guard let search = search as? DecidingSearch else {
      throw SweepError(.input, "'\(file.method)' does not learn from trials", place: file.name, remedy: "use a method that does, such as auto")
    }
    for (place, trial) in trials.enumerated() {
      for metric in sweep.objectives.map(\.metric) where !trial.values.contains(where: { $0.name == metric }) {
        throw SweepError(.input, "trial \(place + 1) of those to load has no \(metric)", remedy: "give its value")
      }
    }
    for (point, values) in trials {
      try search.load(point)
      try readWindow()
      guard let trial = ready.popLast() else { continue }
      running[trial.number] = Running(trial: trial, lastEpoch: 0)
      try report(.started(AttemptStart(number: 1, isFresh: true)), of: trial)
      try tell(values, of: trial.number)
    }
  }

  /// Writes what is not written yet, and lets go of the sweep. What still runs waits for the next client.
  public func close() throws(SweepError) {
    try context.recorder.flush()
    try store.requeue(sweepID: sweep.id, retryFailed: false)
    withExtendedLifetime(lock) {}
  }

  private func find(_ number: Int) throws(SweepError) -> Running {
    guard let known = running[number] else {
      throw SweepError(.input, "trial \(number) of '\(sweep.name)' does not run here", remedy: "tell of one that was asked for, once")
    }
    return known
  }

  private func epochMetrics(_ values: [(name: String, value: Double)], epoch: Int?, of known: Running) throws(SweepError) -> EpochMetrics {
    let epoch = epoch ?? known.lastEpoch + 1
    guard (0...EpochMetrics.largestEpoch).contains(epoch) else {
      throw SweepError(.input, "the epoch is \(epoch)", remedy: "use one of 0 to \(EpochMetrics.largestEpoch)")
    }
    running[known.trial.number]?.lastEpoch = epoch
    running[known.trial.number]?.told.formUnion(values.map(\.name))
    return EpochMetrics(epoch: epoch, values: values)
  }

  private func finish(_ trial: Trial, _ end: TrialEnd) throws(SweepError) {
    running[trial.number] = nil
    try report(.ended(end), of: trial)
  }

  @discardableResult private func report(_ event: TrialEvent, of trial: Trial) throws(SweepError) -> Verdict {
    do { return try reporter.report(event, of: trial) } catch { throw SweepError.of(error) }
  }
}

extension SweepError {
  fileprivate static func of(_ error: any Error) -> SweepError { error as? SweepError ?? SweepError(.io, "\(error)") }
}

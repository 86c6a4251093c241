// Ask and tell: whoever runs the trials elsewhere asks for one, and tells what came of it. The database is the only state, so that every call
// may come from another process; `sweep ask` and `sweep tell` are this.

import Foundation
import SweepCore
import SweepExecutors
import SweepSearch
import SweepStore

/// A sweep whose trials somebody else runs.
public struct AskTell: Sendable {
  /// As it was planned.
  public let file: SweepFile
  /// Its row.
  public let sweep: SweepRecord
  /// That trials are ranked by another metric than before, in a sentence; nil: they are not.
  public let changeOfObjective: String?
  private let store: Store

  /// Plans the sweep, or finds it as it is.
  /// - Parameter isSame: whether a file from elsewhere is that of the sweep all the same.
  /// - Throws: where the file does not fit the sweep of its name, or a runner is at it.
  public init(_ file: SweepFile, in store: Store, isSame: Bool = false) throws(SweepError) {
    let file = file.from(folderOf: store.path)
    (self.file, self.store) = (file, store)
    let lock = try Self.lock(store, file)
    defer { withExtendedLifetime(lock) {} }
    if let known = try store.sweeps().first(where: { $0.name == file.name }), known.definition == (try file.definition()), try store.isPlanned(known)
    {
      (sweep, changeOfObjective) = (known, nil)  // to count the points anew would take as long as there are many
    } else {
      let planned = try Planner(isSame: isSame).plan(file, trainer: AskExecutor.entry, in: store)
      (sweep, changeOfObjective) = (planned.sweep, planned.result.changeOfObjectives(to: file.objectives))
    }
  }

  /// Others may ask at the same time: their locks are held for milliseconds. A runner's is not.
  static func lock(_ store: Store, _ file: SweepFile) throws(SweepError) -> RunnerLock {
    for _ in 0..<40 {
      if let lock = try? RunnerLock(database: store.path, sweep: file.name) { return lock }
      usleep(50_000)
    }
    return try RunnerLock(database: store.path, sweep: file.name)
  }

  /// The sweep of a name, as it was planned; nil: the newest.
  public init(named name: String?, in store: Store) throws(SweepError) {
    let record = try store.sweep(named: name)
    try self.init(record.file, in: store)
  }

  // MARK: asking

  /// What is given to who asks.
  public enum Answer: Sendable {
    /// A trial, which is running from now on. Nobody else is given the same.
    case trial(Trial)
    /// None until more is told of those that run.
    case wait
    /// None any more, and why, where the sweep's rules say so.
    case none(because: String?)

    public var trial: Trial? { if case .trial(let trial) = self { trial } else { nil } }
  }

  /// The next trial.
  /// - Throws: where a runner is at the sweep.
  public func ask() throws(SweepError) -> Answer {
    // The points of a method that learns are decided in turn.
    let needsNoResults = try samplers.find(file.method).pointSampler != nil
    if needsNoResults, try store.nextEnqueued(sweep) != nil {
      let lock = try Self.lock(store, file)  // a runner must not miss them
      defer { withExtendedLifetime(lock) {} }
      _ = try store.takeEnqueued(sweep)
    }
    let judge = try Judge(file, sweep: sweep, in: store)
    try settle(judge)
    if let reason = try reasonToStop() { return .none(because: reason) }
    if let trial = try store.claim(sweepID: sweep.id, enqueuedFirst: needsNoResults && !judge.needsOrder) { return .trial(trial) }
    guard try Planner.plansAsItRuns(file) else { return .none(because: nil) }
    // Two who ask at once may each plan one; nothing is lost by that.
    let lock = try Self.lock(store, file)
    defer { withExtendedLifetime(lock) {} }
    let method = try samplers.find(file.method)
    let search: any TrialSearch
    if let sampler = method.pointSampler {
      search = try EnumeratingSearch(file, sampler, sweep: sweep, in: store, judge: judge)
    } else if let strategy = method.strategy {
      search = try DecidingSearch(file, strategy, sweep: sweep, in: store, recorder: recorder(), judge: judge)
    } else {
      preconditionFailure("a method has points or decides")
    }
    guard let planned = try search.plan(1) else { return .none(because: nil) }
    if planned.isEmpty { return .wait }
    return try store.claim(sweepID: sweep.id).map(Answer.trial) ?? .wait
  }

  /// Why nothing more is given out; nil: it is.
  private func reasonToStop() throws(SweepError) -> String? {
    let rules = StopRules(
      file.rules, objective: sweep.objective, watchesFlapping: false, best: try store.ranking(sweep, all: true, limit: 1).first?.trial.objective)
    if file.rules.maxFailures != nil {
      for _ in 0..<(try store.counts(sweepID: sweep.id)[.failed]) { rules.ended(.failed(reason: "")) }
    }
    return rules.reason?.text
  }

  /// Gives trials that were asked for and never told back to those that wait.
  /// - Returns: how many.
  @discardableResult public func takeBack() throws(SweepError) -> Int { try store.requeue(sweepID: sweep.id, retryFailed: false) }

  // MARK: telling

  /// Records metrics of an epoch. Values of the same epoch come together; of those that come twice the last counts.
  /// - Parameters:
  ///   - epoch: nil: the one after the last.
  ///   - claim: that of the trial, as `ask` gave it. Where nobody took the trial back, it need not be given.
  /// - Returns: whether the trial goes on. One that does not is over with this.
  @discardableResult public func report(
    _ values: [(name: String, value: Double)], epoch: Int? = nil, of trial: Int, claim: Claim? = nil
  ) throws(SweepError) -> Verdict {
    var last = 0
    let told = try tell(of: trial, claim) { record throws(SweepError) in
      let epoch = try Self.checked(epoch, after: record)
      last = epoch
      return values.isEmpty ? [] : [.epoch(EpochReport(EpochMetrics(epoch: epoch, values: values)))]
    }
    let judge = try Judge(file, sweep: sweep, in: store)
    judge.started(told, isFresh: false)
    let verdict = values.isEmpty ? judge.verdict(on: told) : judge.reported(told, EpochMetrics(epoch: last, values: values))
    if case .prune(let epoch) = verdict {
      _ = try tell(of: trial, claim) { _ in [.ended(.pruned(afterEpoch: epoch))] }
    }
    try settle(judge)
    return verdict
  }

  /// Ends a trial with the values of its last epoch.
  /// - Parameter claim: as for `report`.
  public func tell(
    _ values: [(name: String, value: Double)], epoch: Int? = nil, of trial: Int, claim: Claim? = nil, _ end: TrialEnd = .complete
  ) throws(SweepError) {
    let further = sweep.objectives.count > 1 && end == .complete ? try store.objectiveValues(sweep, of: trial) : []
    _ = try tell(of: trial, claim) { record throws(SweepError) in
      let epoch = try Self.checked(epoch, after: record)
      for (objective, known) in zip(sweep.objectives, [record.objective] + further) where end == .complete && known == nil {
        let metric = objective.metric
        if values.contains(where: { $0.name == metric }) { continue }
        let meant = nearest(to: metric, in: values.map(\.name)).map { " instead of \($0)" } ?? ""
        throw SweepError(
          .input, "trial \(trial) would end without \(metric), by which '\(sweep.name)' ranks", place: store.path,
          remedy: "tell \(metric)=VALUE\(meant)")
      }
      let last = EpochMetrics(epoch: epoch, values: values)
      let reached = end == .complete ? TrialEnd.after(last, watching: sweep.objective.metric, isLast: true) ?? .complete : end
      return (values.isEmpty ? [] : [.epoch(EpochReport(last))]) + [.ended(reached)]
    } disposition: { [file] in
      // What it comes to is decided with the others.
      file.earlyTermination != nil && file.order == .number ? .held : .asTold
    }
    guard file.earlyTermination != nil, file.order == .number else { return }
    try settle(try Judge(file, sweep: sweep, in: store))
  }

  private func tell(
    of number: Int, _ claim: Claim?, _ events: (TrialRecord) throws(SweepError) -> [TrialEvent], disposition: () -> Disposition = { .asTold }
  ) throws(SweepError) -> Trial {
    try store.record(
      of: number, attempt: claim?.attempt, sweep: sweep, parameterNames: file.space.names, keeping: file.keeping, as: disposition()
    ) { record throws(SweepError) in
      if let claim, claim.trial != number {
        throw SweepError(
          .input, "the token \(claim) is that of trial \(claim.trial), not of \(number)", remedy: "give the one that 'sweep ask' printed")
      }
      return try events(record)
    }
  }

  /// Ends those of which it is known now what they come to.
  private func settle(_ judge: Judge) throws(SweepError) {
    for (trial, end) in judge.settled() {
      _ = try store.record(
        of: trial.number, attempt: nil, sweep: sweep, parameterNames: file.space.names, keeping: file.keeping, isSettling: true
      ) { _ in [.ended(end)] }
    }
  }

  private static func checked(_ epoch: Int?, after record: TrialRecord) throws(SweepError) -> Int {
    let epoch = epoch ?? record.epochsDone + 1
    guard (0...EpochMetrics.largestEpoch).contains(epoch) else {
      throw SweepError(.input, "the epoch is \(epoch)", remedy: "use one of 0 to \(EpochMetrics.largestEpoch)")
    }
    return epoch
  }

  private func recorder() -> Recorder { Recorder(store: store, sweep: sweep, parameterNames: file.space.names, keeping: file.keeping) }
}

/// What tells one asker of a trial from another: the trial was taken back, and given out again.
public struct Claim: Sendable, Equatable, CustomStringConvertible {
  public let trial: Int
  /// The start of the trial that it stands for.
  public let attempt: Int

  public init(_ trial: Trial) { (self.trial, attempt) = (trial.number, trial.attempt) }

  /// "7-2"
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let trial = parts[0], let attempt = parts[1], trial > 0, attempt > 0 else { return nil }
    (self.trial, self.attempt) = (trial, attempt)
  }

  public var description: String { "\(trial)-\(attempt)" }
}

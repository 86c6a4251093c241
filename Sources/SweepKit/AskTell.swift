// Ask and tell: whoever runs the trials elsewhere asks for one, and tells what came of it. The database is the only state, so that every call
// may come from another process; `sweep ask` and `sweep tell` are this.

import Foundation
import SweepCore
import SweepExecutors
import SweepFormats
import SweepStore

/// A sweep whose trials somebody else runs.
public struct AskTell: Sendable {
  /// As it was planned.
  public let file: SweepFile
  /// Its row.
  public let sweep: SweepRecord
  private let store: Store
  /// Whether points are planned as they are asked for.
  private let isEndless: Bool

  /// Plans the sweep, or finds it as it is.
  /// - Throws: where the file does not fit the sweep of its name, or a runner is at it.
  public init(_ file: SweepFile, in store: Store) throws(SweepError) {
    let lock = try Self.lock(store, file)
    defer { withExtendedLifetime(lock) {} }
    let planner = Planner()
    let count = try planner.count(file)
    (self.file, self.store, isEndless) = (file, store, count == nil)
    sweep = try planner.plan(file, count: count, trainer: AskExecutor.entry, in: store).sweep
  }

  /// Others may ask at the same time: their locks are held for milliseconds. A runner's is not.
  private static func lock(_ store: Store, _ file: SweepFile) throws(SweepError) -> RunnerLock {
    for _ in 0..<40 {
      if let lock = try? RunnerLock(database: store.path, sweep: file.name) { return lock }
      usleep(50_000)
    }
    return try RunnerLock(database: store.path, sweep: file.name)
  }

  /// The sweep of a name, as it was planned; nil: the newest.
  public init(named name: String?, in store: Store) throws(SweepError) {
    let record = try store.sweep(named: name)
    try self.init(SweepFile(definition: record.definition), in: store)
  }

  /// The next trial, which is running from now on; nil: there is none left. Nobody else is given the same.
  /// - Throws: where a runner is at the sweep.
  public func ask() throws(SweepError) -> Trial? {
    if let trial = try store.claim(sweepID: sweep.id) { return trial }
    guard isEndless else { return nil }
    var growth = try Planner.Growth(of: file, sweepID: sweep.id, in: store)
    return try growth.grow(by: 1) > 0 ? store.claim(sweepID: sweep.id) : nil
  }

  /// Records metrics of an epoch. Values of the same epoch come together; of those that come twice the last counts.
  /// - Parameter epoch: nil: the one after the last.
  public func report(_ values: [(name: String, value: Double)], epoch: Int? = nil, of trial: Int) throws(SweepError) {
    let record = try running(trial)
    let recorder = recorder()
    try recorder.record(EpochMetrics(epoch: try Self.checked(epoch, after: record), values: values), checkpoint: nil, of: record.id)
    try recorder.flush()
  }

  /// Ends a trial with the values of its last epoch.
  public func tell(_ values: [(name: String, value: Double)], epoch: Int? = nil, of trial: Int, _ end: TrialEnd = .complete) throws(SweepError) {
    let record = try running(trial)
    let recorder = recorder()
    let epoch = try Self.checked(epoch, after: record)
    let metric = sweep.objective.metric
    if end == .complete, record.objective == nil, !values.contains(where: { $0.name == metric }) {
      let meant = nearest(to: metric, in: values.map(\.name)).map { " instead of \($0)" } ?? ""
      throw SweepError(
        .input, "trial \(trial) would end without \(metric), by which '\(sweep.name)' ranks", place: store.path,
        remedy: "tell \(metric)=VALUE\(meant)")
    }
    if !values.isEmpty { try recorder.record(EpochMetrics(epoch: epoch, values: values), checkpoint: nil, of: record.id) }
    try recorder.ended(record.id, end == .complete ? .reached(values.last { $0.name == metric }?.value, of: metric, epoch: epoch) : end)
    try recorder.flush()
  }

  private static func checked(_ epoch: Int?, after record: TrialRecord) throws(SweepError) -> Int {
    let epoch = epoch ?? record.epochsDone + 1
    guard (0...ProgramReport.largestEpoch).contains(epoch) else {
      throw SweepError(.input, "the epoch is \(epoch)", remedy: "use one of 0 to \(ProgramReport.largestEpoch)")
    }
    return epoch
  }

  /// Gives trials that were asked for and never told back to those that wait.
  /// - Returns: how many.
  @discardableResult public func takeBack() throws(SweepError) -> Int { try store.requeue(sweepID: sweep.id, retryFailed: false) }

  private func recorder() -> Recorder { Recorder(store: store, sweep: sweep, parameterNames: file.space.names, keeping: file.keeping) }

  private func running(_ number: Int) throws(SweepError) -> TrialRecord {
    guard let record = try store.trial(number, sweepID: sweep.id) else {
      throw SweepError(.input, "the sweep '\(sweep.name)' has no trial \(number)", place: store.path, remedy: "tell of one that was asked for")
    }
    guard record.state == .running else {
      throw SweepError(
        .input, "trial \(number) of '\(sweep.name)' is \(record.state.rawValue), not running", place: store.path,
        remedy: "each trial is asked for before it is told of, and told of once")
    }
    return record
  }
}

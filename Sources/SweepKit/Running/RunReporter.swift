// Stands between whoever runs trials and the world: every event goes through here to the recorder, the judge, the rules and whoever watches.

import Foundation
import Logging
import SweepCore
import SweepExecutors
import SweepStore
import Synchronization

/// What all trials of a run share.
struct RunContext: Sendable {
  let sweep: SweepRecord
  let store: Store
  let recorder: Recorder
  let judge: Judge
  let rules: StopRules
  let stop: StopSignal
  let observer: any SweepObserver
  let logger: Logger

  /// Whether running trials are to be interrupted. Asked after every epoch; that the recorder has failed shows in its own errors.
  var isStopping: Bool { stop.isSet || rules.isTimeUp }
  /// Whether nothing more is to be started.
  var isOver: Bool { isStopping || recorder.failure != nil || rules.reason != nil }

  /// Another program has held the database for a minute.
  func tellWait(_ error: SweepError) {
    logger.warning("another program holds the database; the sweep waits until it lets go (\(error))")
  }

  /// Reads, as often as it takes while another program holds the database.
  func patiently<Value>(_ read: () throws(SweepError) -> Value) throws(SweepError) -> Value {
    var isTold = false
    while true {
      do throws(SweepError) { return try read() } catch {
        guard error.kind == .busy, !isStopping else { throw error }
        if !isTold { tellWait(error) }
        isTold = true
      }
    }
  }
}

/// The reporter of a run.
// Sendable: all state is in the one Mutex.
final class RunReporter: TrialReporter {
  private struct Place {
    var attempt: Int
    var position: Int
    var slot = 0
    /// What a program prints goes there.
    var log: String?
    /// The wall time of an attempt that ended before it was known which epoch is the last that counts.
    var seconds: Double?
  }

  private let context: RunContext
  private let news: @Sendable () -> Void
  private let places = Mutex<[Trial.ID: Place]>([:])
  private let hasTold = Mutex(false)

  /// - Parameter news: told when something was decided, or may be.
  init(_ context: RunContext, news: @escaping @Sendable () -> Void) { (self.context, self.news) = (context, news) }

  @discardableResult func report(_ event: TrialEvent, of trial: Trial) throws -> Verdict {
    switch event {
    case .started(let start):
      try record(event, of: trial)
      context.judge.started(trial, isFresh: start.isFresh)
      // A program that is tried again takes whatever slot is free.
      if start.log != nil { context.observer.observe(.started(cohort: Cohort([trial]), worker: start.slot)) }
      return .proceed
    case .epoch(let epoch):
      let pauses = epoch.metrics.epoch == trial.until
      let slot = try record(event, of: trial, as: pauses ? .paused : .asTold).slot
      context.observer.observe(.epoch(trial: trial, metrics: epoch.metrics, worker: slot))
      let verdict = context.judge.reported(trial, epoch.metrics)
      // One that may be dropped does not reach a target.
      if verdict == .proceed, let value = epoch.metrics[context.sweep.objective.metric] { context.rules.reported(value) }
      try settle()
      if case .prune = verdict { return verdict }
      return pauses || context.isStopping ? .interrupt : verdict
    case .withdrawn(let metrics, let after):
      try record(event, of: trial)
      context.judge.withdrawn(trial, metrics, after: after)
      return .proceed
    case .attemptEnded(let end, _):
      try attemptEnded(end, event, of: trial)
      return .proceed
    case .ended(let told):
      if let end = context.judge.ended(trial, told) {
        try finish(trial, end)
      } else {
        try record(event, of: trial, as: .held)
      }
      try settle()
      return .proceed
    case .note(let text):
      try record(event, of: trial)
      context.logger.notice("\(text)")
      return .proceed
    }
  }

  /// Ends those of which it is known now what they come to.
  func settle() throws {
    guard context.judge.isActive else { return }
    for (trial, end) in context.judge.settled() { try finish(trial, end) }
    news()
  }

  private func finish(_ trial: Trial, _ end: TrialEnd) throws {
    // The wall time belongs to the last epoch that counts.
    if case .pruned(let epoch) = end, let seconds = places.withLock({ $0[trial.id]?.seconds }) { try record(seconds, at: epoch, of: trial) }
    let place = try record(.ended(end), of: trial)
    places.withLock { $0[trial.id] = nil }
    if let best = context.judge.best(of: trial) { context.rules.reported(best) }
    context.rules.ended(end)
    if case .failed(let reason) = end { tellFirst(failure: reason, of: trial, log: place.log) }
    context.observer.observe(.ended(trial: trial, end: end, worker: place.slot))
  }

  /// The first failure of a run is told when it happens: whatever made the trial fail may make all of them fail.
  private func tellFirst(failure: String, of trial: Trial, log: String?) {
    let isFirst = hasTold.withLock { hasTold in
      defer { hasTold = true }
      return !hasTold
    }
    guard isFirst else { return }
    let errors = log.map { ($0 as NSString).deletingLastPathComponent + "/errors.log" }
    let hasErrors = errors.map { ((try? FileManager.default.attributesOfItem(atPath: $0)[.size]) as? Int ?? 0) > 0 } ?? false
    let shown = (hasErrors ? errors : log).map { " — \($0)" } ?? ""
    context.logger.notice("trial \(trial.number) failed: \(failure)\(shown)")
  }

  private func attemptEnded(_ end: AttemptEnd, _ event: TrialEvent, of trial: Trial) throws {
    if let epoch = end.secondsEpoch {
      places.withLock { $0[trial.id]?.seconds = end.seconds }
      try record(end.seconds, at: epoch, of: trial)
      if context.sweep.objective.metric == CommandExecutor.secondsMetric, end.result == .complete { context.rules.reported(end.seconds) }
    }
    let place = try record(event, of: trial)
    context.observer.observe(.left(worker: place.slot))
  }

  private func record(_ seconds: Double, at epoch: Int, of trial: Trial) throws {
    let metrics = EpochMetrics(epoch: epoch, values: [(CommandExecutor.secondsMetric, seconds)])
    try record(.epoch(EpochReport(metrics)), of: trial)
    context.judge.measured(trial, metrics)
  }

  /// Stamps an event and hands it on.
  @discardableResult private func record(_ event: TrialEvent, of trial: Trial, as disposition: Disposition = .asTold) throws -> Place {
    let place = places.withLock { places in
      if case .started(let start) = event { places[trial.id] = Place(attempt: start.number, position: 0, slot: start.slot, log: start.log) }
      func next(_ place: inout Place) -> Place {
        place.position += 1
        return place
      }
      return next(&places[trial.id, default: Place(attempt: trial.past.attempts, position: trial.past.position)])
    }
    let report = TrialReport(
      trial: trial.id, attempt: place.attempt, position: place.position, at: Int64(Date().timeIntervalSince1970 * 1000), event: event)
    try context.recorder.record(report, as: disposition)
    return place
  }
}

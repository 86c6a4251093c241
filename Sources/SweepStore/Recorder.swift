// The one writer of a running sweep. Reports are handed over from any thread and go on; a serial queue commits them in groups. What a trial reports
// together (an epoch's metrics and its checkpoint) is committed together. How a group becomes rows is in ReportWriter. One of the files that know Dispatch.

import Dispatch
import SweepCore
import Synchronization

/// Takes reports from whoever runs trials and commits them in groups, each once.
// Sendable: all state is in the one Mutex.
public final class Recorder: Sendable {
  private struct State {
    var pending: [(report: TrialReport, disposition: Disposition)] = []
    var bytes = 0
    var isScheduled = false
    var isWaiting = false
    /// Reports handed over, and those of them that are in the database.
    var submitted = 0
    var committed = 0
    var failure: SweepError?
    var writer: ReportWriter
  }

  /// How long a report waits for others to share its commit.
  private static let delay = DispatchTimeInterval.milliseconds(20)
  /// What may wait in memory before workers are made to wait instead.
  private static let bound = 16 << 20

  private let store: Store
  private let onWait: @Sendable (SweepError) -> Void
  private let queue = DispatchQueue(label: "sweep.recorder")
  private let state: Mutex<State>

  /// - Parameters:
  ///   - keeping: of which trials the outcomes stay when better ones come.
  ///   - onWait: called when another program has held the database for a minute; what was handed over waits for it.
  public init(
    store: Store, sweep: SweepRecord, parameterNames: [String], keeping: Keeping = .standard,
    onWait: @escaping @Sendable (SweepError) -> Void = { _ in }
  ) {
    (self.store, self.onWait) = (store, onWait)
    state = Mutex(State(writer: ReportWriter(sweep: sweep, parameterNames: parameterNames, keeping: keeping)))
  }

  /// Hands over a report. One whose place in its attempt was recorded before is passed over.
  /// - Throws: what stopped the recorder; nothing more will be recorded then.
  public func record(_ report: TrialReport, as disposition: Disposition = .asTold) throws(SweepError) {
    let (failure, mustSchedule, isFull) = state.withLock { state in
      if state.failure == nil {
        state.pending.append((report, disposition))
        state.bytes += report.event.bytes
        state.submitted += 1
      }
      defer { state.isScheduled = true }
      return (state.failure, !state.isScheduled, state.bytes > Self.bound)
    }
    if let failure { throw failure }
    if mustSchedule { schedule() }
    if isFull { queue.sync { commit() } }
  }

  /// Commits everything that was handed over.
  /// - Throws: the first failure, even one from before.
  public func flush() throws(SweepError) {
    let target = state.withLock { $0.submitted }
    repeat { queue.sync { commit() } } while state.withLock { $0.failure == nil && $0.committed < target }
    if let failure { throw failure }
  }

  /// What stopped the recorder, if anything did.
  public var failure: SweepError? { state.withLock { $0.failure } }

  /// Stops recording because of something that happened elsewhere in the database; `flush` will throw it.
  public func fail(_ error: SweepError) { state.withLock { $0.failure = $0.failure ?? error } }

  /// Weak, so that a recorder that was flushed goes away at once, and the database with it.
  private func schedule() { queue.asyncAfter(deadline: .now() + Self.delay) { [weak self] in self?.commit() } }

  private func commit() {
    let (reports, known) = state.withLock { state in
      defer { (state.pending, state.bytes, state.isScheduled) = ([], 0, false) }
      return (state.failure == nil ? state.pending : [], state.writer)
    }
    guard !reports.isEmpty else { return }
    do throws(SweepError) {
      try store.checkFile()
      let writer = try store.write { db in
        var writer = known
        try writer.write(reports, to: db)
        try store.checkFile()  // again: what follows is SQLite's own commit
        return writer
      }
      state.withLock { state in
        state.writer = writer
        state.committed += reports.count
        state.isWaiting = false
      }
    } catch {
      // Another sweep in the same file may be planning a million trials: what we have waits for it.
      guard error.kind == .busy else { return fail(error) }
      let isNew = state.withLock { state in
        defer { state.isWaiting = true }
        return !state.isWaiting
      }
      if isNew { onWait(error) }
      state.withLock { state in
        state.pending = reports + state.pending
        state.bytes += reports.reduce(0) { $0 + $1.report.event.bytes }
        state.isScheduled = true
      }
      schedule()
    }
  }
}

extension TrialEvent {
  /// About what it keeps in memory, here and while it is committed.
  fileprivate var bytes: Int {
    guard case .epoch(let epoch) = self else { return 400 }
    return 200 + epoch.metrics.values.count * 64 + (epoch.checkpoint?.state.count ?? 0) + (epoch.outcome?.bytes ?? 0)
  }
}

// The one writer of a running sweep. Workers hand over what happened and go on; a serial queue commits it in groups. What a trial reports
// together (an epoch's metrics and its checkpoint) is committed together. One of the three files that know Dispatch.

import Dispatch
import GRDB
import SweepCore
import Synchronization

/// Takes starts, epochs and ends from all workers and commits them in groups.
// Sendable: all state is in the one Mutex.
public final class Recorder: Sendable {
  private enum Message: Sendable {
    case started(AttemptStart?, at: String)
    case epoch(EpochMetrics, Checkpoint?, KeptOutcome?)
    case attemptEnded(AttemptEnd, waitsAgain: Bool, at: String)
    case ended(TrialEnd, at: String)
    case note(String)

    /// About what it keeps in memory, here and while it is committed.
    var bytes: Int {
      switch self {
      case .started, .attemptEnded, .ended, .note: 400
      case .epoch(let metrics, let checkpoint, let kept):
        200 + metrics.values.count * 64 + (checkpoint?.state.count ?? 0) + (kept?.bytes ?? 0)
      }
    }
  }

  private struct State {
    var pending: [(trial: Trial.ID, message: Message)] = []
    var bytes = 0
    var isScheduled = false
    var isWaiting = false
    /// Messages handed over, and those of them that are in the database.
    var submitted = 0
    var committed = 0
    var failure: SweepError?
    /// The rows of `metric`, once they are committed.
    var metricIDs: [String: Int64] = [:]
  }

  /// How long a message waits for others to share its commit.
  private static let delay = DispatchTimeInterval.milliseconds(20)
  /// What may wait in memory before workers are made to wait instead.
  private static let bound = 16 << 20

  private let store: Store
  private let sweep: SweepRecord
  private let parameterNames: [String]
  private let keeping: Keeping
  private let onWait: @Sendable (SweepError) -> Void
  private let queue = DispatchQueue(label: "sweep.recorder")
  private let state = Mutex(State())

  /// - Parameters:
  ///   - keeping: of which trials the outcomes stay when better ones come.
  ///   - onWait: called when another program has held the database for a minute; what was handed over waits for it.
  public init(
    store: Store, sweep: SweepRecord, parameterNames: [String], keeping: Keeping = .standard,
    onWait: @escaping @Sendable (SweepError) -> Void = { _ in }
  ) {
    (self.store, self.sweep, self.parameterNames, self.keeping, self.onWait) = (store, sweep, parameterNames, keeping, onWait)
  }

  /// - Parameter attempt: what runs, where it is a program.
  /// - Throws: what stopped the recorder; nothing more will be recorded then.
  public func started(_ trial: Trial.ID, _ attempt: AttemptStart? = nil) throws(SweepError) {
    try submit(trial, .started(attempt, at: timestamp()))
  }

  /// - Parameter waitsAgain: whether the trial goes back to those that wait; else `ended` follows.
  public func attemptEnded(_ trial: Trial.ID, _ end: AttemptEnd, waitsAgain: Bool) throws(SweepError) {
    try submit(trial, .attemptEnded(end, waitsAgain: waitsAgain, at: timestamp()))
  }

  /// Adds a line about a trial to the sweep's history.
  public func note(_ trial: Trial.ID, _ text: String) throws(SweepError) { try submit(trial, .note(text)) }

  /// - Parameter kept: what the trial answered after this epoch. It stays if this is the epoch that counts.
  public func record(_ metrics: EpochMetrics, checkpoint: Checkpoint?, kept: KeptOutcome? = nil, of trial: Trial.ID) throws(SweepError) {
    try submit(trial, .epoch(metrics, checkpoint, kept))
  }

  public func ended(_ trial: Trial.ID, _ end: TrialEnd) throws(SweepError) { try submit(trial, .ended(end, at: timestamp())) }

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

  private func submit(_ trial: Trial.ID, _ message: Message) throws(SweepError) {
    let (failure, mustSchedule, isFull) = state.withLock { state in
      if state.failure == nil {
        state.pending.append((trial, message))
        state.bytes += message.bytes
        state.submitted += 1
      }
      defer { state.isScheduled = true }
      return (state.failure, !state.isScheduled, state.bytes > Self.bound)
    }
    if let failure { throw failure }
    if mustSchedule { schedule() }
    if isFull { queue.sync { commit() } }
  }

  /// Weak, so that a recorder that was flushed goes away at once, and the database with it.
  private func schedule() { queue.asyncAfter(deadline: .now() + Self.delay) { [weak self] in self?.commit() } }

  private func commit() {
    let (messages, known) = state.withLock { state in
      defer { (state.pending, state.bytes, state.isScheduled) = ([], 0, false) }
      return (state.failure == nil ? state.pending : [], state.metricIDs)
    }
    guard !messages.isEmpty else { return }
    do throws(SweepError) {
      try store.checkFile()
      let metricIDs = try store.write { db in
        var metricIDs = known
        try write(messages, to: db, metricIDs: &metricIDs)
        return metricIDs
      }
      state.withLock { state in
        state.metricIDs = metricIDs
        state.committed += messages.count
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
        state.pending = messages + state.pending
        state.bytes += messages.reduce(0) { $0 + $1.message.bytes }
        state.isScheduled = true
      }
      schedule()
    }
  }

  /// All that a group changes in one trial, so that each row is written once.
  private struct Change {
    var startedAt: String?
    var attempts = 0
    /// Whether what was reported before is forgotten.
    var isFresh = false
    var lastEpoch: Int?
    var checkpoint: Checkpoint?
    /// By epoch: which of them counts is known when all are in the summary.
    var kept: [Int: KeptOutcome] = [:]
    var state = TrialState.running
    var endedAt: String?
    var reason: String?
    var summaries: [Int64: MetricSummary] = [:]

    var hasEnded: Bool { endedAt != nil }

    mutating func start(at time: String, isFresh: Bool) {
      startedAt = startedAt ?? time
      attempts += 1
      (state, endedAt, reason) = (.running, nil, nil)
      if isFresh { (self.isFresh, lastEpoch, kept, summaries) = (true, nil, [:], [:]) }
    }
  }

  private func write(_ messages: [(trial: Trial.ID, message: Message)], to db: Database, metricIDs: inout [String: Int64]) throws {
    var order: [Trial.ID] = []
    var changes: [Trial.ID: Change] = [:]
    var hasNewMetrics = false
    let insert = try FastStatement(db, "INSERT OR REPLACE INTO epoch_metric (trial_id, epoch, metric_id, value) VALUES (?, ?, ?, ?)")
    for (trial, message) in messages {
      if changes[trial] == nil { order.append(trial) }
      switch message {
      case .started(let attempt, let at):
        let isFresh = attempt.map { $0.isFresh && $0.number > 1 } ?? false
        if isFresh { try Attempts.forget(db, trial) }
        changes[trial, default: Change()].start(at: at, isFresh: isFresh)
        if let attempt { try Attempts.insert(db, trial, attempt, at: at) }
      case .attemptEnded(let end, let waitsAgain, let at):
        try Attempts.update(db, trial, end, at: at)
        var change = changes[trial] ?? Change()
        if waitsAgain { (change.state, change.reason) = (.waiting, end.reason) }
        changes[trial] = change
      case .ended(let end, let at):
        changes[trial, default: Change()].state = end.state
        changes[trial]?.reason = end.reason
        changes[trial]?.endedAt = at
      case .note(let text):
        if changes[trial] == nil { order.removeLast() }
        try store.addEvent(db, sweepID: sweep.id, kind: "note", detail: text)
      case .epoch(let metrics, let checkpoint, let kept):
        var change = changes[trial] ?? Change()
        changes[trial] = nil  // so that the change is not copied below
        insert.bind(1, trial.rawValue)
        insert.bind(2, metrics.epoch)
        var isRecorded = false
        for (name, value) in metrics.values {
          guard let id = try metricIDs[name] ?? metricID(name, db, count: metricIDs.count, hasNew: &hasNewMetrics) else { continue }
          metricIDs[name] = id
          insert.bind(3, id)
          insert.bind(4, value)
          try insert.run()
          isRecorded = true
          change.summaries[id, default: MetricSummary()].add(value, epoch: metrics.epoch)
        }
        if isRecorded { change.lastEpoch = max(change.lastEpoch ?? 0, metrics.epoch) }
        if let checkpoint { change.checkpoint = checkpoint }
        if let kept { change.kept[metrics.epoch] = kept }
        changes[trial] = change
      }
    }
    for trial in order {
      if let change = changes[trial] { try write(change, of: trial, to: db) }
    }
    if hasNewMetrics { try Views.remake(db, sweepID: sweep.id, slug: sweep.slug, parameters: parameterNames) }
    if changes.values.contains(where: { !$0.kept.isEmpty || $0.hasEnded }) { try Outcomes.prune(db, sweep: sweep, keeping: keeping) }
  }

  private func write(_ change: Change, of trial: Trial.ID, to db: Database) throws {
    for (metric, summary) in change.summaries { try summary.merge(db, trialID: trial.rawValue, metricID: metric) }
    let update = try FastStatement(
      db,
      """
      UPDATE trial SET state = ?2, attempt = attempt + ?3, started_at = ifnull(started_at, ?4), finished_at = ?5, reason = ?6,
        epochs_done = CASE ?8 WHEN 1 THEN ?7 ELSE max(epochs_done, ?7) END WHERE id = ?1
      """)
    update.bind(1, trial.rawValue)
    update.bind(2, change.state.rawValue)
    update.bind(3, change.attempts)
    update.bind(4, change.startedAt)
    update.bind(5, change.endedAt)
    update.bind(6, change.reason)
    update.bind(7, change.lastEpoch ?? 0)
    update.bind(8, change.isFresh ? 1 : 0)
    try update.run()
    if !change.summaries.isEmpty || change.isFresh {
      let objective = try FastStatement(db, MetricSummary.objectiveSQL)
      objective.bind(1, trial.rawValue)
      try objective.run()
    }
    if !change.kept.isEmpty { try Outcomes.write(change.kept, of: trial, sweep: sweep, to: db) }
    if change.hasEnded {
      let forget = try FastStatement(db, "DELETE FROM checkpoint WHERE trial_id = ?")
      forget.bind(1, trial.rawValue)
      try forget.run()
    } else if let checkpoint = change.checkpoint {
      try Outcomes.save(checkpoint, in: "checkpoint", of: trial, to: db)
    }
  }

  /// The metrics that a sweep can have: each is a column of its views.
  private static let mostMetrics = 1000
  private static let longestMetricName = 200

  /// The row of a metric; a name not seen before gets one. nil, said once: there are too many, or it is too long.
  private func metricID(_ name: String, _ db: Database, count: Int, hasNew: inout Bool) throws -> Int64? {
    if let id = try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT id FROM metric WHERE sweep_id = ? AND name = ?"), arguments: [sweep.id, name])
    {
      return id
    }
    guard count < Self.mostMetrics, name.utf8.count <= Self.longestMetricName else {
      let text = "metrics beyond the first \(Self.mostMetrics), or with names of more than \(Self.longestMetricName) bytes, are not recorded"
      let isSaid =
        try Bool.fetchOne(
          db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM event WHERE sweep_id = ? AND detail = ?)"), arguments: [sweep.id, text]) ?? false
      if !isSaid { try store.addEvent(db, sweepID: sweep.id, kind: "note", detail: text) }
      return nil
    }
    try db.execute(sql: "INSERT INTO metric (sweep_id, name) VALUES (?, ?)", arguments: [sweep.id, name])
    hasNew = true
    return db.lastInsertedRowID
  }
}

// From reports to rows: what a group of them changes in each trial is gathered, so that each row is written once. Knows SQL and no threads; when a group
// is written is the Recorder's business.

import Foundation
import GRDB
import SweepCore

/// What a report means for its trial, beyond what it says.
public enum Disposition: Sendable, Equatable {
  case asTold
  /// A trial that has ended, and of which it is not known yet whether it was to be stopped before: it counts as running, and its end waits.
  case held
  /// With this epoch a trial has come as far as it was to go for now.
  case paused
}

/// Writes reports of one sweep. A value: a group that cannot be committed leaves it as it was.
struct ReportWriter {
  /// Where in its reports a trial is.
  private struct Place: Comparable {
    var attempt: Int
    var position: Int

    static func < (one: Place, other: Place) -> Bool { (one.attempt, one.position) < (other.attempt, other.position) }
  }

  private let sweep: SweepRecord
  private let parameterNames: [String]
  private let keeping: Keeping
  /// The rows of `metric`.
  private var metricIDs: [String: Int64] = [:]
  /// The last report of each trial that runs.
  private var places: [Trial.ID: Place] = [:]

  init(sweep: SweepRecord, parameterNames: [String], keeping: Keeping) {
    (self.sweep, self.parameterNames, self.keeping) = (sweep, parameterNames, keeping)
  }

  /// All that a group changes in one trial.
  private struct Change {
    var place: Place
    var startedAt: String?
    /// Whether what was reported before is forgotten.
    var isFresh = false
    var lastEpoch: Int?
    var checkpoint: Checkpoint?
    /// Whether the one that is there is of a trial that has ended since.
    var forgetsCheckpoint = false
    /// By epoch: which of them counts is known when all are in the summary.
    var outcomes: [Int: KeptOutcome] = [:]
    var state = TrialState.running
    var endedAt: String?
    var reason: String?
    var held: TrialEnd?
    var summaries: [Int64: MetricSummary] = [:]
    /// Metrics of which rows were removed: their summaries are made anew.
    var withdrawn: Set<Int64> = []

    var hasEnded: Bool { endedAt != nil && held == nil }

    init(_ place: Place) { self.place = place }

    mutating func start(at time: String, isFresh: Bool) {
      startedAt = startedAt ?? time
      (state, endedAt, reason, held) = (.running, nil, nil, nil)
      if isFresh { (self.isFresh, lastEpoch, outcomes, summaries) = (true, nil, [:], [:]) }
    }

    mutating func end(_ end: TrialEnd, at time: String) {
      (state, reason, endedAt, held) = (end.state, end.reason, time, nil)
      (checkpoint, forgetsCheckpoint) = (nil, true)
    }
  }

  /// - Returns: how many of the reports were new.
  @discardableResult mutating func write(_ reports: [(report: TrialReport, disposition: Disposition)], to db: Database) throws -> Int {
    var order: [Trial.ID] = []
    var changes: [Trial.ID: Change] = [:]
    var hasNewMetrics = false
    var count = 0
    let insert = try FastStatement(db, "INSERT OR REPLACE INTO epoch_metric (trial_id, epoch, metric_id, value) VALUES (?, ?, ?, ?)")
    let find = try FastStatement(db, "SELECT attempt, position FROM trial WHERE id = ?")
    // Most reports of a trial come one after the other.
    var current: (trial: Trial.ID, change: Change)?
    func keep() {
      if let current { changes[current.trial] = current.change }
      current = nil
    }
    for (report, disposition) in reports {
      let trial = report.trial
      let place = Place(attempt: report.attempt, position: report.position)
      if current?.trial != trial {
        keep()
        if let known = changes.removeValue(forKey: trial) {  // removed, so that it is not copied
          current = (trial, known)
        } else if place > lastPlace(of: trial, find) {
          order.append(trial)
          current = (trial, Change(Place(attempt: 0, position: 0)))
        }
      }
      // What was recorded before is not recorded again.
      if let last = current?.change.place, place <= last { continue }
      guard var change = current?.change else { continue }
      current = nil  // so that it is not copied
      count += 1
      change.place = place
      switch report.event {
      case .started(let attempt):
        let isFresh = attempt.isFresh && attempt.number > 1
        if isFresh { try Attempts.forget(db, trial) }
        let time = timestamp(milliseconds: report.at)
        change.start(at: time, isFresh: isFresh)
        if attempt.log != nil { try Attempts.insert(db, trial, attempt, at: time) }
      case .epoch(let epoch):
        insert.bind(1, trial.rawValue)
        insert.bind(2, epoch.metrics.epoch)
        var isRecorded = false
        for (name, value) in epoch.metrics.values {
          guard let id = try metricIDs[name] ?? metricID(name, db, hasNew: &hasNewMetrics) else { continue }
          metricIDs[name] = id
          insert.bind(3, id)
          insert.bind(4, value)
          try insert.run()
          isRecorded = true
          change.summaries[id, default: MetricSummary()].add(value, epoch: epoch.metrics.epoch)
        }
        if isRecorded { change.lastEpoch = max(change.lastEpoch ?? 0, epoch.metrics.epoch) }
        if let checkpoint = epoch.checkpoint { change.checkpoint = checkpoint }
        if let outcome = epoch.outcome { change.outcomes[epoch.metrics.epoch] = outcome }
        if disposition == .paused { change.state = .paused }
      case .withdrawn(let metrics, let after): try withdraw(metrics, after: after, of: trial, in: &change, db)
      case .attemptEnded(let end, let waitsAgain):
        try Attempts.update(db, trial, end, at: timestamp(milliseconds: report.at))
        if waitsAgain { (change.state, change.reason) = (.waiting, end.reason) }
      case .ended(let end):
        let time = timestamp(milliseconds: report.at)
        if disposition == .held { (change.held, change.endedAt) = (end, time) } else { change.end(end, at: time) }
        if change.hasEnded, case .pruned(let epoch) = end {
          try withdraw(nil, after: epoch, of: trial, in: &change, db)
          try Decisions.insertStop(db, of: trial, afterEpoch: epoch, sweep: sweep, at: time)
        }
      case .note(let text): try Events.insert(db, sweepID: sweep.id, kind: "note", detail: text, trial: trial)
      }
      current = (trial, change)
    }
    keep()
    if changes.isEmpty { return 0 }
    let revision = try Revision.next(db, sweepID: sweep.id)
    let statements = try Statements(db, hasFurther: sweep.objectives.count > 1)
    for trial in order {
      guard let change = changes[trial] else { continue }
      try write(change, of: trial, revision: revision, statements, to: db)
      places[trial] = change.hasEnded ? nil : change.place
    }
    if hasNewMetrics { try Views.remake(db, sweepID: sweep.id, slug: sweep.slug, parameters: parameterNames) }
    if changes.values.contains(where: { !$0.outcomes.isEmpty || $0.hasEnded }) { try Outcomes.prune(db, sweep: sweep, keeping: keeping) }
    return count
  }

  private func lastPlace(of trial: Trial.ID, _ find: FastStatement) -> Place {
    if let known = places[trial] { return known }
    find.bind(1, trial.rawValue)
    let (attempt, position) = find.firstRow() ?? (0, 0)
    return Place(attempt: attempt, position: position)
  }

  /// What is run for every trial of a group, prepared once.
  private struct Statements {
    let update: FastStatement
    let objective: FastStatement
    /// Of a sweep with several objectives.
    let further: FastStatement?
    let forget: FastStatement

    init(_ db: Database, hasFurther: Bool) throws {
      update = try FastStatement(
        db,
        """
        UPDATE trial SET state = ?2, attempt = ?3, started_at = ifnull(started_at, ?4), finished_at = ?5, reason = ?6,
          epochs_done = CASE ?8 WHEN 1 THEN ?7 ELSE max(epochs_done, ?7) END, position = ?9, held = ?10, revision = ?11 WHERE id = ?1
        """)
      objective = try FastStatement(db, MetricSummary.objectiveSQL)
      further = try hasFurther ? FastStatement(db, MetricSummary.furtherSQL) : nil
      forget = try FastStatement(db, "DELETE FROM checkpoint WHERE trial_id = ?")
    }
  }

  private func write(_ change: Change, of trial: Trial.ID, revision: Int, _ statements: Statements, to db: Database) throws {
    for metric in change.withdrawn { try MetricSummary.recompute(db, trialID: trial.rawValue, metricID: metric) }
    for (metric, summary) in change.summaries where !change.withdrawn.contains(metric) {
      try summary.merge(db, trialID: trial.rawValue, metricID: metric)
    }
    let update = statements.update
    update.bind(1, trial.rawValue)
    update.bind(2, change.state.rawValue)
    update.bind(3, change.place.attempt)
    update.bind(4, change.startedAt)
    update.bind(5, change.endedAt)
    update.bind(6, change.reason)
    update.bind(7, change.lastEpoch ?? 0)
    update.bind(8, change.isFresh ? 1 : 0)
    update.bind(9, change.place.position)
    update.bind(10, try change.held.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) })
    update.bind(11, revision)
    try update.run()
    if !change.withdrawn.isEmpty { try Epochs.recount(db, trialID: trial.rawValue) }
    if !change.summaries.isEmpty || !change.withdrawn.isEmpty || change.isFresh {
      statements.objective.bind(1, trial.rawValue)
      try statements.objective.run()
      statements.further?.bind(1, trial.rawValue)
      try statements.further?.run()
    }
    if !change.outcomes.isEmpty { try Outcomes.write(change.outcomes, of: trial, sweep: sweep, to: db) }
    if change.forgetsCheckpoint {
      statements.forget.bind(1, trial.rawValue)
      try statements.forget.run()
    }
    if let checkpoint = change.checkpoint {
      try Outcomes.save(checkpoint, in: "checkpoint", of: trial, to: db)
    }
  }

  /// Removes what a trial reported of metrics after an epoch: rows now, so that what comes again in the same group stays, and summaries when all is there.
  private func withdraw(_ names: [String]?, after epoch: Int, of trial: Trial.ID, in change: inout Change, _ db: Database) throws {
    let known = try names.map { try Self.metrics(db, sweepID: sweep.id, named: $0) }
    let removed = try Epochs.remove(db, trialID: trial.rawValue, metrics: known, after: epoch)
    for metric in removed.union((known ?? Array(change.summaries.keys)).filter { change.summaries[$0] != nil }) {
      change.summaries[metric] = nil
      change.withdrawn.insert(metric)
    }
    if names?.contains(sweep.objective.metric) ?? true {
      change.outcomes = change.outcomes.filter { $0.key <= epoch }
      try Epochs.removeOutcomes(db, trialID: trial.rawValue, after: epoch)
    }
  }

  /// The rows of metrics.
  private static func metrics(_ db: Database, sweepID: Int64, named names: [String]) throws -> [Int64] {
    try names.compactMap {
      try Int64.fetchOne(db.cachedStatement(sql: "SELECT id FROM metric WHERE sweep_id = ? AND name = ?"), arguments: [sweepID, $0])
    }
  }

  /// The metrics that a sweep can have: each is a column of its views.
  static let mostMetrics = 1000
  private static let longestMetricName = 200

  /// The row of a metric; a name not seen before gets one. nil, said once: there are too many, or it is too long.
  private func metricID(_ name: String, _ db: Database, hasNew: inout Bool) throws -> Int64? {
    if let id = try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT id FROM metric WHERE sweep_id = ? AND name = ?"), arguments: [sweep.id, name])
    {
      return id
    }
    // Others may have recorded some: what this process knows of does not count.
    let count = try Int.fetchOne(db.cachedStatement(sql: "SELECT count(*) FROM metric WHERE sweep_id = ?"), arguments: [sweep.id]) ?? 0
    guard count < Self.mostMetrics, name.utf8.count <= Self.longestMetricName else {
      let text = "metrics beyond the first \(Self.mostMetrics), or with names of more than \(Self.longestMetricName) bytes, are not recorded"
      let isSaid =
        try Bool.fetchOne(
          db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM event WHERE sweep_id = ? AND detail = ?)"), arguments: [sweep.id, text]) ?? false
      if !isSaid { try Events.insert(db, sweepID: sweep.id, kind: "note", detail: text) }
      return nil
    }
    try db.execute(sql: "INSERT INTO metric (sweep_id, name) VALUES (?, ?)", arguments: [sweep.id, name])
    hasNew = true
    return db.lastInsertedRowID
  }
}

/// The epochs that a trial has reported, with what is derived from them.
enum Epochs {
  /// Removes what was reported after an epoch, and makes the summaries anew.
  /// - Returns: whether there was anything.
  @discardableResult static func cut(_ db: Database, trialID: Int64, after epoch: Int) throws -> Bool {
    try db.cachedStatement(sql: "DELETE FROM epoch_metric WHERE trial_id = ? AND epoch > ?").execute(arguments: [trialID, epoch])
    let isCut = db.changesCount > 0
    if isCut {
      for metric in try Int64.fetchAll(db, sql: "SELECT metric_id FROM trial_metric WHERE trial_id = ?", arguments: [trialID]) {
        try MetricSummary.recompute(db, trialID: trialID, metricID: metric)
      }
      try MetricSummary.setObjectives(db, trialID: trialID)
      try recount(db, trialID: trialID)
    }
    try removeOutcomes(db, trialID: trialID, after: epoch)
    return isCut
  }

  /// Removes what was reported of metrics after an epoch. Their summaries are the caller's business.
  /// - Parameter metrics: nil: of all.
  /// - Returns: those of which there was something.
  static func remove(_ db: Database, trialID: Int64, metrics: [Int64]?, after epoch: Int) throws -> Set<Int64> {
    var told = Set(
      try Int64.fetchAll(
        db.cachedStatement(sql: "SELECT DISTINCT metric_id FROM epoch_metric WHERE trial_id = ? AND epoch > ?"), arguments: [trialID, epoch]))
    if let metrics { told.formIntersection(metrics) }
    let delete = try db.cachedStatement(sql: "DELETE FROM epoch_metric WHERE trial_id = ? AND epoch > ? AND metric_id = ?")
    for metric in told { try delete.execute(arguments: [trialID, epoch, metric]) }
    return told
  }

  /// Removes what was kept of epochs after one.
  static func removeOutcomes(_ db: Database, trialID: Int64, after epoch: Int) throws {
    for table in ["prediction", "model"] {
      try db.cachedStatement(sql: "DELETE FROM \(table) WHERE trial_id = ? AND epoch > ?").execute(arguments: [trialID, epoch])
    }
  }

  /// Sets `epochs_done` to what is there.
  static func recount(_ db: Database, trialID: Int64) throws {
    try db.cachedStatement(
      sql: "UPDATE trial SET epochs_done = (SELECT ifnull(max(epoch), 0) FROM epoch_metric WHERE trial_id = trial.id) WHERE id = ?"
    ).execute(arguments: [trialID])
  }
}

/// The number of a sweep's last change.
enum Revision {
  /// Counts a commit. Every row of `trial` that it changes is stamped with it.
  static func next(_ db: Database, sweepID: Int64) throws -> Int {
    try db.cachedStatement(sql: "UPDATE sweep SET revision = revision + 1 WHERE id = ?").execute(arguments: [sweepID])
    return try Int.fetchOne(db.cachedStatement(sql: "SELECT revision FROM sweep WHERE id = ?"), arguments: [sweepID]) ?? 0
  }
}

/// The history of a sweep.
enum Events {
  static func insert(_ db: Database, sweepID: Int64, kind: String, detail: String?, trial: Trial.ID? = nil) throws {
    try db.cachedStatement(sql: "INSERT INTO event (at, sweep_id, trial_id, kind, detail) VALUES (?, ?, ?, ?, ?)")
      .execute(arguments: [timestamp(), sweepID, trial?.rawValue, kind, detail])
  }
}

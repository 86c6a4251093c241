// Planning: a sweep and all its trials become rows, in one transaction, before anything runs. Planning again adds what is new.

import GRDB
import SweepCore

/// A sweep as planning saves it.
public struct SweepPlan: Sendable {
  public let name: String
  public let definition: String
  /// The first first.
  public let objectives: [Objective]
  public let parameterNames: [String]
  /// Metrics that are known beforehand, in the order of their columns.
  public let metrics: [String]
  /// Whether a trial diverges by its last value of the objective alone, as programs do.
  public let endsByObjective: Bool

  public init(
    name: String, definition: String, objective: Objective, further: [Objective] = [], parameterNames: [String], metrics: [String],
    endsByObjective: Bool = false
  ) {
    (self.name, self.definition, objectives) = (name, definition, [objective] + further)
    (self.parameterNames, self.metrics, self.endsByObjective) = (parameterNames, metrics, endsByObjective)
  }
}

/// What planning did.
public struct PlanResult: Sendable, Equatable {
  /// Trials that are new.
  public let added: Int
  /// All trials of the sweep that the file asks for.
  public let planned: Int
  /// Numbers of trials that the file no longer asks for: at most `listed`, with the count of all. Their rows are kept.
  public let fellOut: [Int]
  public let fellOutCount: Int
  /// By which trials were ranked before, where these are others now.
  public internal(set) var changedObjectives: [Objective]?

  /// That they are others now, in a sentence; nil: they are not.
  public func changeOfObjectives(to now: [Objective]) -> String? {
    changedObjectives.map { "what was measured is ranked by '\(now.text)' from now on, no more by '\($0.text)'" }
  }

  public static let listed = 20

  package init(added: Int, planned: Int, fellOut: [Int], fellOutCount: Int) {
    (self.added, self.planned, self.fellOut, self.fellOutCount) = (added, planned, fellOut, fellOutCount)
  }
}

extension Store {
  /// Saves the sweep and a row for each assignment; those that are there already stay as they are.
  /// - Parameters:
  ///   - leavesTrials: the sweep alone is saved: its trials come by decisions, or later.
  ///   - position: of the sampler when all assignments have come; nil: they come from no sampler.
  ///   - next: the next assignments, none at the end. Called inside the transaction, so memory stays flat.
  public func plan(
    _ plan: SweepPlan, leavesTrials: Bool = false, position: () -> Int? = { nil }, next: () throws -> [Assignment]
  ) throws(SweepError) -> (sweep: SweepRecord, result: PlanResult) {
    try write { db in
      let slug = viewSlug(of: plan.name)
      let known = try SweepRecord.fetch(db, "WHERE name = ?", [plan.name]).first
      let objective = plan.objectives[0]
      if known == nil, let other = try String.fetchOne(db, sql: "SELECT name FROM sweep WHERE slug = ?", arguments: [slug]) {
        throw SweepError(
          .input, "the sweep '\(plan.name)' would have the same views (trials_\(slug)) as the sweep '\(other)'", remedy: "choose another --name")
      }
      let id: Int64
      if let known {
        id = known.id
        if known.definition == plan.definition, try leavesTrials || Enqueued.isPlanned(db, sweepID: id) {
          let taken = try leavesTrials ? [] : Enqueued.take(db, sweepID: id).filter(\.isNew)
          let planned = try Int.fetchOne(db, sql: "SELECT count(*) FROM trial WHERE sweep_id = ? AND planned", arguments: [id]) ?? 0
          if !taken.isEmpty { try Events.insert(db, sweepID: id, kind: "planned", detail: "\(counted(taken.count, "new trial")), \(planned) in all") }
          return (try record(db, id), PlanResult(added: taken.count, planned: planned, fellOut: [], fellOutCount: 0))
        }
        try db.execute(
          sql: "UPDATE sweep SET definition = ?, metric = ?, goal = ?, metric_at = ? WHERE id = ?",
          arguments: [plan.definition, objective.metric, objective.goal.rawValue, objective.at.rawValue, id])
        if known.objectives.dropFirst() != plan.objectives.dropFirst() { try Objective.setFurther(db, sweepID: id, plan.objectives) }
        if known.objectives != plan.objectives {
          try Objective.change(db, sweepID: id, from: known.objectives, to: plan.objectives, endsByIt: plan.endsByObjective)
        }
      } else {
        try db.execute(
          sql: "INSERT INTO sweep (name, slug, definition, metric, goal, metric_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
          arguments: [
            plan.name, slug, plan.definition, objective.metric, objective.goal.rawValue, objective.at.rawValue, timestamp(),
          ])
        id = db.lastInsertedRowID
        try Objective.setFurther(db, sweepID: id, plan.objectives)
      }
      for metric in plan.metrics {
        try db.execute(sql: "INSERT INTO metric (sweep_id, name) VALUES (?, ?) ON CONFLICT (sweep_id, name) DO NOTHING", arguments: [id, metric])
      }
      var result = try leavesTrials ? standing(db, sweepID: id) : insertTrials(db, sweepID: id, isNew: known == nil, next: next)
      if let known, known.objectives != plan.objectives { result.changedObjectives = known.objectives }
      if let position = position() { try Decisions.setPosition(db, sweepID: id, position) }
      try Views.remake(db, sweepID: id, slug: slug, parameters: plan.parameterNames)
      try Events.insert(db, sweepID: id, kind: "planned", detail: "\(counted(result.added, "new trial")), \(result.planned) in all")
      return (try record(db, id), result)
    }
  }

  /// Adds trials to a sweep that is planned as it runs, in one transaction with the position that its sampler has come to.
  /// - Parameter announce: gets those that are new before anybody else can see them.
  /// - Returns: those that are new.
  public func addTrials(
    _ assignments: [Assignment], sweep: SweepRecord, upTo position: Int, announce: ([Trial]) throws -> Void = { _ in }
  ) throws(SweepError) -> [Trial] {
    try write { db in
      let revision = try Revision.next(db, sweepID: sweep.id)
      let insert = try TrialInsertion(db, sweepID: sweep.id, revision: revision, rows: 1)
      var number = (try Int.fetchOne(db, sql: "SELECT max(number) FROM trial WHERE sweep_id = ?", arguments: [sweep.id]) ?? 0) + 1
      var writer = AssignmentWriter()
      var added: [Trial] = []
      for assignment in assignments {
        writer.write(assignment)
        guard try insert.run([writer.text], from: number) == 1 else { continue }
        added.append(Trial(id: .init(rawValue: db.lastInsertedRowID), number: number, assignment: assignment))
        number += 1
      }
      try Decisions.setPosition(db, sweepID: sweep.id, position)
      try announce(added)
      return added
    }
  }

  /// What a plan that leaves the trials alone comes to.
  private func standing(_ db: Database, sweepID: Int64) throws -> PlanResult {
    let planned = try Int.fetchOne(db, sql: "SELECT count(*) FROM trial WHERE sweep_id = ? AND planned", arguments: [sweepID]) ?? 0
    return PlanResult(added: 0, planned: planned, fellOut: [], fellOutCount: 0)
  }

  private func insertTrials(_ db: Database, sweepID: Int64, isNew: Bool, next: () throws -> [Assignment]) throws -> PlanResult {
    // What a sweep begins with needs no number of its change: nobody has seen it without.
    let revision = try isNew ? 0 : Revision.next(db, sweepID: sweepID)
    // One that was made for points that are tried first has no others to compare with.
    let isNew = try isNew || Int.fetchOne(db, sql: "SELECT 1 FROM trial WHERE sweep_id = ? LIMIT 1", arguments: [sweepID]) == nil
    let enqueued = try Enqueued.take(db, sweepID: sweepID).filter(\.isNew)
    let insert = try TrialInsertion(db, sweepID: sweepID, revision: revision, rows: 1)
    let insertMany = try TrialInsertion(db, sweepID: sweepID, revision: revision, rows: 50)
    // Trials that are there already and asked for again; only those whose flag changes are then written.
    try db.execute(sql: "CREATE TEMP TABLE kept (id INTEGER PRIMARY KEY)")
    let keep = try FastStatement(db, "INSERT OR IGNORE INTO kept SELECT id FROM trial WHERE sweep_id = ? AND parameters = ?")
    keep.bind(1, sweepID)
    let first = try Int.fetchOne(db, sql: "SELECT ifnull(max(number), 0) + 1 FROM trial WHERE sweep_id = ?", arguments: [sweepID]) ?? 1
    var (number, kept) = (first, 0)
    var writer = AssignmentWriter()
    while case let assignments = try next(), !assignments.isEmpty {
      let texts = assignments.map { assignment in
        writer.write(assignment)
        return writer.text
      }
      for start in stride(from: 0, to: texts.count, by: insertMany.rows) {
        let chunk = texts[start..<min(start + insertMany.rows, texts.count)]
        if isNew, chunk.count == insertMany.rows {
          if try insertMany.run(chunk, from: number) == chunk.count {
            number += chunk.count
            continue
          }
          // Some were there already, and left gaps: one by one, then.
          try db.execute(sql: "DELETE FROM trial WHERE sweep_id = ? AND number >= ?", arguments: [sweepID, number])
        }
        for text in chunk {
          if try insert.run([text], from: number) == 1 {
            number += 1
          } else if !isNew {
            keep.bind(2, text: text)
            kept += try keep.run()
          }
        }
      }
    }
    try db.execute(
      sql: """
        UPDATE trial SET planned = 0, revision = :revision
          WHERE sweep_id = :sweep AND planned = 1 AND number < :first AND sampler IS NOT 'enqueued' AND id NOT IN (SELECT id FROM kept);
        UPDATE trial SET planned = 1, revision = :revision WHERE sweep_id = :sweep AND planned = 0 AND id IN (SELECT id FROM kept);
        """, arguments: ["sweep": sweepID, "first": first, "revision": revision])
    let besides =
      try Int.fetchOne(
        db,
        sql: "SELECT count(*) FROM trial WHERE sweep_id = ? AND sampler = 'enqueued' AND planned AND number < ? AND id NOT IN (SELECT id FROM kept)",
        arguments: [sweepID, first]) ?? 0
    try db.execute(sql: "DROP TABLE kept")
    let dropped = "FROM trial WHERE sweep_id = ? AND NOT planned"
    return PlanResult(
      added: number - first + enqueued.count, planned: number - first + kept + besides,
      fellOut: try Int.fetchAll(db, sql: "SELECT number \(dropped) ORDER BY number LIMIT \(PlanResult.listed)", arguments: [sweepID]),
      fellOutCount: try Int.fetchOne(db, sql: "SELECT count(*) \(dropped)", arguments: [sweepID]) ?? 0)
  }

  private func record(_ db: Database, _ id: Int64) throws -> SweepRecord {
    guard let record = try SweepRecord.fetch(db, "WHERE id = ?", [id]).first else { preconditionFailure("the sweep was just written") }
    return record
  }
}

/// Inserts trials whose texts are new, several with one statement: to begin a statement costs as much as two rows.
private struct TrialInsertion {
  let rows: Int
  private let statement: FastStatement

  init(_ database: Database, sweepID: Int64, revision: Int, rows: Int) throws {
    self.rows = rows
    let values = Array(repeating: "(\(sweepID), \(revision), ?, ?)", count: rows).joined(separator: ", ")
    statement = try FastStatement(
      database, "INSERT INTO trial (sweep_id, revision, number, parameters) VALUES \(values) ON CONFLICT (sweep_id, parameters, repeat) DO NOTHING")
  }

  /// - Parameters:
  ///   - texts: as many as `rows`.
  ///   - number: of the first.
  /// - Returns: how many were new.
  func run(_ texts: ArraySlice<[UInt8]>, from number: Int) throws -> Int {
    for (index, text) in texts.enumerated() {
      statement.bind(Int32(2 * index + 1), number + index)
      statement.bind(Int32(2 * index + 2), text: text)
    }
    return try statement.run()
  }
}

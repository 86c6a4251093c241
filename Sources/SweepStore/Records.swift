// The rows of `sweep` and `trial` as values, for everyone who reads. They hold no connection and can go to any thread.

import Foundation
import GRDB
import SweepCore

/// A row of `sweep`.
public struct SweepRecord: Sendable, Identifiable {
  public let id: Int64
  public let name: String
  public let slug: String
  /// The JSON of the sweep file as it was planned.
  public var definition: String { decoded.json }
  package let decoded: SweepDefinition
  /// That of the sweep, unless it is to be ranked by another.
  public var objective: Objective { objectives[0] }
  /// All of them, that one first; several have a Pareto front.
  public private(set) var objectives: [Objective]
  /// Whether the objective is another than that of the sweep: `trial.objective` is not it, and what is kept of the epoch that counts is not its.
  public private(set) var isRankedByOther = false
  public let createdAt: String

  /// - Parameter further: rows of `objective`.
  private init(_ row: Row, further: [Row]) throws {
    id = try row.get("id")
    name = try row.get("name")
    slug = try row.get("slug")
    decoded = SweepDefinition(try row.get("definition"))
    createdAt = try row.get("created_at")
    let name = name
    objectives = try ([row] + further).map { row in
      guard let goal = Objective.Goal(rawValue: try row.get("goal")), let at = Objective.Epoch(rawValue: try row.get("metric_at")) else {
        throw SweepError(.input, "sweep '\(name)' has an unknown goal or metric_at", remedy: "update sweep")
      }
      return Objective(metric: try row.get("metric"), goal: goal, at: at)
    }
  }

  /// The sweeps of a clause such as "WHERE id = ?".
  static func fetch(_ db: Database, _ clause: String, _ arguments: StatementArguments = []) throws -> [SweepRecord] {
    // A file that is only read may be of a time before there were several.
    let hasFurther = try db.tableExists("objective")
    return try Row.fetchAll(db, sql: "SELECT * FROM sweep \(clause)", arguments: arguments).map { row in
      let id = try row.get("id") as Int64
      return try SweepRecord(
        row, further: hasFurther ? Row.fetchAll(db, sql: "SELECT * FROM objective WHERE sweep_id = ? ORDER BY place", arguments: [id]) : [])
    }
  }
}

extension SweepRecord {
  /// The same sweep, to be ranked by what was measured of another metric, alone.
  public func ranked(by other: Objective) -> SweepRecord {
    var sweep = self
    (sweep.objectives, sweep.isRankedByOther) = ([other], isRankedByOther || other != objective)
    return sweep
  }

  /// Stands before a statement about the table `trial` whose column `objective` is to be the one that the sweep is ranked by.
  var trialsSQL: String {
    guard isRankedByOther else { return "" }
    return """
      WITH trial AS (
        SELECT t.id, t.sweep_id, t.number, t.parameters, t.planned, t.state, t.attempt, t.epochs_done, m.\(objective.valueColumn) AS objective,
          t.started_at, t.finished_at, t.reason
        FROM main.trial AS t LEFT JOIN main.metric AS d ON d.sweep_id = t.sweep_id AND d.name = \(SQLText.quoted(objective.metric))
          LEFT JOIN main.trial_metric AS m ON m.trial_id = t.id AND m.metric_id = d.id
        WHERE t.sweep_id = \(id))

      """
  }
}

/// A row of `trial`.
public struct TrialRecord: Sendable, Identifiable {
  public let id: Trial.ID
  public let number: Int
  public let assignment: Assignment
  public let state: TrialState
  public let attempt: Int
  public let epochsDone: Int
  public let objective: Double?
  public let startedAt: String?
  public let finishedAt: String?
  public let reason: String?

  static let columns = "id, number, parameters, state, attempt, epochs_done, objective, started_at, finished_at, reason"

  init(_ row: Row) throws {
    id = Trial.ID(rawValue: try row.get(0))
    number = try row.get(1)
    assignment = try Assignment(stored: try row.get(2), trial: number)
    let word = try row.get(3) as String
    guard let state = TrialState(rawValue: word) else {
      throw SweepError(.input, "trial \(number) cannot be read: it is \(word)", remedy: "the row was changed by hand; restore it, or update sweep")
    }
    self.state = state
    attempt = try row.get(4)
    epochsDone = try row.get(5)
    objective = try row.get(6)
    startedAt = try row.get(7)
    finishedAt = try row.get(8)
    reason = try row.get(9)
  }
}

/// A trial in a ranking, with the metrics of the epoch that counts.
public struct RankedTrial: Sendable {
  public let rank: Int
  public let trial: TrialRecord
  /// The epoch whose metrics these are: the last, or the best of the objective.
  public let epoch: Int
  /// By name; NaN is missing.
  public let metrics: [String: Double]
}

extension Checkpoint {
  /// Of the columns epoch, format and state.
  init(_ row: Row) throws { self.init(epoch: try row.get(0), format: try row.get(1), state: [UInt8](try row.get(2) as Data)) }
}

extension Row {
  /// The value of a column. Where the file is damaged it may be of another type: this throws then, and a subscript would trap.
  func get<Value: DatabaseValueConvertible & StatementColumnConvertible>(_ index: Int) throws -> Value { try decode(atIndex: index) }
  func get<Value: DatabaseValueConvertible & StatementColumnConvertible>(_ name: String) throws -> Value { try decode(forColumn: name) }
}

// The rows of `sweep` and `trial` as values, for everyone who reads. They hold no connection and can go to any thread.

import GRDB
import SweepCore

/// A row of `sweep`.
public struct SweepRecord: Sendable, Identifiable {
  public let id: Int64
  public let name: String
  public let slug: String
  /// The JSON of the sweep file as it was planned.
  public let definition: String
  public let objective: Objective
  public let createdAt: String

  init(_ row: Row) throws {
    id = row["id"]
    name = row["name"]
    slug = row["slug"]
    definition = row["definition"]
    createdAt = row["created_at"]
    guard let goal = Objective.Goal(rawValue: row["goal"]), let at = Objective.Epoch(rawValue: row["metric_at"]) else {
      throw SweepError(.input, "sweep '\(name)' has an unknown goal or metric_at", remedy: "update sweep")
    }
    objective = Objective(metric: row["metric"], goal: goal, at: at)
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
    id = Trial.ID(rawValue: row[0])
    number = row[1]
    let text: String = row[2]
    guard let assignment = Assignment(json: text), let state = TrialState(rawValue: row[3]) else {
      throw SweepError(.input, "trial \(number) cannot be read: parameters \(text)", remedy: "the row was changed by hand; restore it")
    }
    self.assignment = assignment
    self.state = state
    attempt = row[4]
    epochsDone = row[5]
    objective = row[6]
    startedAt = row[7]
    finishedAt = row[8]
    reason = row[9]
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

// What those who show a running sweep are told. The command line's displays are observers; nothing here decides anything.

import SweepCore
import SweepStore

/// What happens in a running sweep, for those who show it. Called from the workers, several at once.
public protocol SweepObserver: Sendable {
  func observe(_ event: SweepEvent)
}

public enum SweepEvent: Sendable {
  /// Before anything runs.
  case planned(RunPlan)
  case started(cohort: Cohort, worker: Int)
  case epoch(trial: Trial, metrics: EpochMetrics, worker: Int)
  case ended(trial: Trial, end: TrialEnd, worker: Int)
  case left(worker: Int)
}

/// What a run is about to do.
public struct RunPlan: Sendable {
  public let sweep: SweepRecord
  /// The names of the parameters that vary.
  public let swept: [String]
  public let result: PlanResult
  /// Trials to run that were started before.
  public let resumed: Int
  public let toRun: Int
  /// Whether more are planned when these have run.
  public let isEndless: Bool
  /// The sum of the costs of all cohorts, as far as it can be told.
  public let work: Double
  public let workers: Int
}

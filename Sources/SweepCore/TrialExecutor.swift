// The boundary between the sweep and whatever a trial is: a built-in training, later any program.
// The pool gives the concurrency; an executor runs on the thread it is called on and sees the world only through a `TrialReporter`.

/// Trials that run together on one worker, with the work they are expected to be.
public struct Cohort: Sendable {
  public var trials: [Trial]
  /// In units of the executor's own; the pool starts with the largest.
  public let cost: Double

  public init(_ trials: [Trial], cost: Double = 1) {
    self.trials = trials
    self.cost = cost
  }
}

/// Runs the trials of a cohort to their ends.
public protocol TrialExecutor: Sendable {
  /// Gets what every trial of the space will need, before any of them runs.
  /// - Throws: where it is missing or damaged, so that one error is told instead of a failure for each trial.
  func prepare(for space: SearchSpace) throws(SweepError)

  /// Groups trials that may share work. Every trial is in exactly one cohort. The numbers a trial reports never depend on its cohort.
  func cohorts(of trials: [Trial], workers: Int) -> [Cohort]

  /// Seconds that each cohort will take on one worker, from a short measurement; nil where it cannot be told.
  func seconds(for cohorts: [Cohort]) throws -> [Double]?

  /// Runs the cohort on the calling thread and reports every epoch and every end. Returns early where the reporter says `interrupt`.
  /// - Throws: what made the whole cohort impossible. The caller then runs its trials one by one, so that only the guilty one fails.
  func run(_ cohort: Cohort, reportingTo reporter: any TrialReporter) throws
}

extension TrialExecutor {
  public func prepare(for space: SearchSpace) throws(SweepError) {}
  public func cohorts(of trials: [Trial], workers: Int) -> [Cohort] { trials.map { Cohort([$0]) } }
  public func seconds(for cohorts: [Cohort]) throws -> [Double]? { nil }
}

/// How a trial ended.
public enum TrialEnd: Sendable, Equatable {
  case complete
  case pruned(afterEpoch: Int)
  /// A metric became NaN or infinite: a result, not an error.
  case diverged(epoch: Int, reason: String)
  case failed(reason: String)

  public var state: TrialState {
    switch self {
    case .complete: .complete
    case .pruned: .pruned
    case .diverged: .diverged
    case .failed: .failed
    }
  }

  /// Why, in a sentence; nil for a complete trial.
  public var reason: String? {
    switch self {
    case .complete: nil
    case .pruned(let epoch): "pruned after epoch \(epoch)"
    case .diverged(let epoch, let reason): "epoch \(epoch): \(reason)"
    case .failed(let reason): reason
    }
  }
}

/// The executor's only view of the world.
public protocol TrialReporter: Sendable {
  /// Records an epoch together with the state it left and what it can tell of its outcome; all of it is saved, or nothing.
  /// - Parameter outcome: nil where the executor has no images and no model.
  func report(_ metrics: EpochMetrics, of trial: Trial.ID, checkpoint: Checkpoint?, outcome: EpochOutcome?) throws -> Verdict
  /// Records how a trial ended. Called once for each trial that was neither interrupted nor handed over.
  func finish(_ trial: Trial.ID, _ end: TrialEnd) throws
  /// Workers that have nothing left to do. An executor of cohorts may hand them trials that it would go on with.
  var idleWorkers: Int { get }
  /// Gives trials away between two epochs, each with its checkpoint, to go on as another cohort. The caller does not go on with them.
  func handOver(_ cohort: Cohort)
}

extension TrialReporter {
  public func report(_ metrics: EpochMetrics, of trial: Trial.ID, checkpoint: Checkpoint?) throws -> Verdict {
    try report(metrics, of: trial, checkpoint: checkpoint, outcome: nil)
  }
}

// The boundary between the sweep and whatever a trial is: a built-in training, any program, a closure.
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

/// An executor that runs several trials at once by itself: what waits for other processes needs no thread for each.
public protocol ConcurrentTrialExecutor: TrialExecutor {
  /// Takes trials from the queue while fewer than `slots` run, on the calling thread, until there are none and all have ended. Where the queue
  /// says stop, the running ones are interrupted and given back.
  func run(slots: Int, from queue: any TrialQueue) throws
}

/// Where a concurrent executor gets its trials from.
public protocol TrialQueue: Sendable {
  /// The next trial and who hears of it; nil: none now. It is asked again when a trial has ended.
  func next(slot: Int) -> (trial: Trial, reporter: any TrialReporter)?
  /// Whether running trials are to be interrupted.
  var isStopping: Bool { get }
  /// Whether nothing more is to be started, not even another attempt.
  var isOver: Bool { get }
}

/// How a trial ended.
public enum TrialEnd: Sendable, Equatable {
  case complete
  case pruned(afterEpoch: Int)
  /// A metric became NaN or infinite: a result, not an error.
  case diverged(epoch: Int, reason: String)
  case failed(reason: String)

  /// That of a trial that came to its own end: `diverged` where the last value of its objective is not finite.
  public static func reached(_ value: Double?, of metric: String, epoch: Int) -> TrialEnd {
    guard let value, !value.isFinite else { return .complete }
    return .diverged(epoch: epoch, reason: "\(metric) is \(value.isNaN ? "not a number" : "infinite")")
  }

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
  /// Records that an attempt runs. Only executors of programs have attempts to tell of.
  func started(_ attempt: AttemptStart, of trial: Trial.ID) throws
  /// Records how an attempt ended; where the trial has not ended with it (a retry, an interruption), it waits again.
  func ended(_ attempt: AttemptEnd, of trial: Trial.ID, waitsAgain: Bool) throws
  /// Something that people should know of a trial, in a sentence. It is kept in the sweep's history.
  func note(_ text: String, of trial: Trial.ID) throws
}

extension TrialReporter {
  public var idleWorkers: Int { 0 }
  public func handOver(_ cohort: Cohort) {}
  public func started(_ attempt: AttemptStart, of trial: Trial.ID) throws {}
  public func ended(_ attempt: AttemptEnd, of trial: Trial.ID, waitsAgain: Bool) throws {}
  public func note(_ text: String, of trial: Trial.ID) throws {}

  public func report(_ metrics: EpochMetrics, of trial: Trial.ID, checkpoint: Checkpoint?) throws -> Verdict {
    try report(metrics, of: trial, checkpoint: checkpoint, outcome: nil)
  }
}

// The boundary between the sweep and whatever runs its trials, wherever: an executor gets slots and a queue of cohorts, and sends reports.
// What computes on threads is a `CohortTrainer`, which a `PooledExecutor` runs.

/// Trials that run together, with the work they are expected to be.
public struct Cohort: Sendable {
  public var trials: [Trial]
  /// In units of the executor's own; the queue gives out the largest first.
  public let cost: Double
  /// Whether its trials were running a moment ago and only change hands: nobody says again that they start.
  public var isRunning: Bool

  public init(_ trials: [Trial], cost: Double = 1, isRunning: Bool = false) {
    (self.trials, self.cost, self.isRunning) = (trials, cost, isRunning)
  }
}

/// Runs trials: takes cohorts from a queue, and reports what becomes of their trials.
public protocol TrialExecutor: Sendable {
  /// Gets what every trial of the space will need, before any of them runs.
  /// - Throws: where it is missing or damaged, so that one error is told instead of a failure for each trial.
  func prepare(for space: SearchSpace) throws(SweepError)

  /// Groups trials that may share work. Every trial is in exactly one cohort. The numbers a trial reports never depend on its cohort.
  func cohorts(of trials: [Trial], slots: Int) -> [Cohort]

  /// Seconds that each cohort will take in one slot, from a short measurement; nil where it cannot be told.
  func seconds(for cohorts: [Cohort]) throws -> [Double]?

  /// Takes cohorts while fewer than `slots` run, and returns when the queue has none left and all have ended. Where the queue says that it is
  /// stopping, running trials end after their epoch, and go on another time.
  /// - Throws: what keeps any trial from being run, or the reports from being recorded.
  func run(slots: Int, from queue: any TrialQueue, reportingTo reporter: any TrialReporter) throws
}

extension TrialExecutor {
  public func prepare(for space: SearchSpace) throws(SweepError) {}
  public func cohorts(of trials: [Trial], slots: Int) -> [Cohort] { trials.map { Cohort([$0]) } }
  public func seconds(for cohorts: [Cohort]) throws -> [Double]? { nil }
}

/// What a slot gets that asks for work.
public enum Work: Sendable {
  case cohort(Cohort)
  /// None now, and more may come: `TrialQueue.onNews` tells when to ask again.
  case wait
  /// None, unless a running cohort is given back.
  case none
}

/// Where an executor gets its cohorts, and hears of what is decided meanwhile.
public protocol TrialQueue: Sendable {
  /// The next cohort for a slot. A slot that asks has nothing to do.
  func next(slot: Int) -> Work
  /// What a trial is told whose last report was answered with `wait`; `wait` while that is not known.
  func verdict(on trial: Trial) -> Verdict
  /// Takes trials that run, with their checkpoints: others go on with them, or they themselves once their verdict is known.
  func giveBack(_ cohort: Cohort)
  /// Takes back trials of a cohort that failed as a whole: each runs again alone, from where it was.
  func runAlone(_ cohort: Cohort) throws
  /// Whether running trials are to be interrupted.
  var isStopping: Bool { get }
  /// Whether nothing more is to be started, not even another attempt.
  var isOver: Bool { get }
  /// Has the executor told when there may be work again, a verdict, or a reason to stop. Called from any thread; it has to be quick.
  func onNews(_ tell: @escaping @Sendable () -> Void)
}

/// The executor's only way to tell of what it runs.
public protocol TrialReporter: Sendable {
  /// Takes what happened to a trial; all of it is saved, or nothing.
  /// - Returns: what the trial is told. Only the answer to an epoch means anything.
  /// - Throws: what keeps it from being saved: nothing more will be.
  @discardableResult func report(_ event: TrialEvent, of trial: Trial) throws -> Verdict
}

/// What a trial is told after an epoch.
public enum Verdict: Sendable, Equatable {
  case proceed
  /// Stop for good: the trial was not worth the epochs after that one.
  case prune(afterEpoch: Int)
  /// Stop for now: the sweep is being interrupted, or the trial has come as far as it was to go; the epoch just reported is saved.
  case interrupt
  /// It is not known yet whether the trial goes on: whoever can keeps it where it is, whoever cannot goes on and is told later.
  case wait
}

/// Trains cohorts on the thread that it is called on. A `PooledExecutor` makes an executor of it.
public protocol CohortTrainer: Sendable {
  func prepare(for space: SearchSpace) throws(SweepError)
  func cohorts(of trials: [Trial], slots: Int) -> [Cohort]
  func seconds(for cohorts: [Cohort]) throws -> [Double]?

  /// Trains the cohort and reports every epoch and every end. Returns early where all are told to stop for now.
  /// - Throws: what made the whole cohort impossible. Its trials are then run one by one, so that only the guilty one fails.
  func train(_ cohort: Cohort, reportingTo reporter: any CohortReporter) throws
}

extension CohortTrainer {
  public func prepare(for space: SearchSpace) throws(SweepError) {}
  public func cohorts(of trials: [Trial], slots: Int) -> [Cohort] { trials.map { Cohort([$0]) } }
  public func seconds(for cohorts: [Cohort]) throws -> [Double]? { nil }
}

/// What a trainer on a thread of a pool can do beyond reporting.
public protocol CohortReporter: TrialReporter {
  /// What a trial is told whose last report was answered with `wait`.
  /// - Parameter waits: until it is known, so that the answer is never `wait`.
  func verdict(on trial: Trial, waits: Bool) -> Verdict
  /// Workers that have nothing to do. They may be handed trials that this one would go on with.
  var idleWorkers: Int { get }
  /// Gives trials away between two epochs, each with its checkpoint. The caller does not go on with them.
  func handOver(_ cohort: Cohort)
}

extension CohortReporter {
  /// Reports an epoch and, where the verdict is not known yet, waits for it. The answer is never `wait`.
  public func verdict(after metrics: EpochMetrics, checkpoint: Checkpoint? = nil, of trial: Trial) throws -> Verdict {
    let verdict = try report(.epoch(EpochReport(metrics, checkpoint: checkpoint)), of: trial)
    return verdict == .wait ? self.verdict(on: trial, waits: true) : verdict
  }
}

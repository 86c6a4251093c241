// How far a run is, from what its observers are told: what is counted, what it means, and no words. The command line makes its lines of it.

import SweepCore

/// What is known of a run's progress. A value; whoever shows it keeps it in a lock.
public struct RunProgress: Sendable {
  private struct Running {
    var trial: Trial
    let share: Double
    var epoch: Int

    /// Of the epochs that were left when it started: 0...1.
    var done: Double {
      let total = trial.plannedEpochs.map { $0 - trial.completedEpochs } ?? 0
      return total > 0 ? Double(epoch - trial.completedEpochs) / Double(total) : 0
    }
  }

  /// What a worker has.
  public struct RunningCohort: Sendable {
    public fileprivate(set) var trials: [Trial]
    /// The last that one of them reported.
    public let epoch: Int
    /// Trials that have reported the epoch; they do so one after the other, at its end.
    fileprivate var reported = 0
    /// The best objective of the epoch.
    public fileprivate(set) var best: Double?

    fileprivate init(trials: [Trial], epoch: Int) { (self.trials, self.epoch) = (trials, epoch) }
  }

  /// nil before anything is planned.
  public private(set) var plan: RunPlan?
  /// Trials that are over, and epochs that were reported, in this run.
  public private(set) var (ended, epochs) = (0, 0)
  /// Of those that are over.
  public private(set) var failed = 0
  /// In units of the costs of cohorts.
  public private(set) var workDone = 0.0
  /// By worker.
  public private(set) var cohorts: [Int: RunningCohort] = [:]
  /// The best objective of any epoch; one that is not finite never is.
  public private(set) var best: (value: Double, trial: Int)?
  private var running: [Trial.ID: Running] = [:]
  private var start = ContinuousClock.now
  private var unsettledSince: ContinuousClock.Instant?

  public init() {}

  /// Whether there is anything to show yet.
  public var hasNews: Bool { epochs > 0 || ended > 0 || !cohorts.isEmpty }

  /// False in the middle of a cohort's reports, when a rate would count one trial and not those that trained beside it. A cohort that takes
  /// longer than a second for its reports runs its trials one by one.
  public var isSettled: Bool { unsettledSince.map { ContinuousClock.now - $0 > .seconds(1) } ?? true }

  /// Since the run was planned.
  public var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }
  /// Of the work that is known of: 0...1.
  public var fraction: Double { plan.map { $0.work > 0 ? min(1, workDone / $0.work) : 0 } ?? 0 }
  /// If it goes on as it did; nil: it is too early to say.
  public var secondsLeft: Double? {
    let fraction = fraction
    return fraction > 0.001 ? seconds * (1 - fraction) / fraction : nil
  }
  public var epochsPerSecond: Double { Double(epochs) / max(seconds, 0.001) }

  public mutating func note(_ event: SweepEvent) {
    count(event)
    let isWhole = cohorts.values.allSatisfy { $0.reported == 0 || $0.reported >= $0.trials.count }
    unsettledSince = isWhole ? nil : unsettledSince ?? .now
  }

  private mutating func count(_ event: SweepEvent) {
    switch event {
    case .planned(let plan):
      self.plan = plan
      start = .now
    case .started(let cohort, let worker):
      let taken = Set(cohort.trials.map(\.id))
      for other in cohorts.keys { cohorts[other]?.trials.removeAll { taken.contains($0.id) } }  // handed over
      cohorts[worker] = RunningCohort(trials: cohort.trials, epoch: cohort.trials.first?.completedEpochs ?? 0)
      for trial in cohort.trials {
        // One that another worker had keeps what is left of its share.
        let share = running[trial.id].map { $0.share * (1 - $0.done) } ?? cohort.cost / Double(cohort.trials.count)
        running[trial.id] = Running(trial: trial, share: share, epoch: trial.completedEpochs)
      }
    case .epoch(let trial, let metrics, let worker):
      epochs += 1
      advance(trial.id, to: metrics.epoch)
      if let cohort = cohorts[worker], cohort.epoch != metrics.epoch {
        cohorts[worker] = RunningCohort(trials: cohort.trials, epoch: metrics.epoch)
      }
      cohorts[worker]?.reported += 1
      guard let objective = plan?.sweep.objective, let value = metrics[objective.metric], value.isFinite else { return }
      if best.map({ objective.isBetter(value, than: $0.value) }) ?? true { best = (value, trial.number) }
      if cohorts[worker]?.best.map({ objective.isBetter(value, than: $0) }) ?? true { cohorts[worker]?.best = value }
    case .ended(let trial, let end, _):
      ended += 1
      if case .failed = end { failed += 1 }
      advance(trial.id, to: nil)
      running[trial.id] = nil
    case .left(let worker): cohorts[worker] = nil
    }
  }

  /// Counts the work of a trial up to an epoch, or to its end.
  private mutating func advance(_ id: Trial.ID, to epoch: Int?) {
    guard var trial = running[id] else { return }
    let before = trial.done
    trial.epoch = epoch ?? trial.epoch
    workDone += trial.share * ((epoch == nil ? 1 : trial.done) - before)
    running[id] = trial
  }
}

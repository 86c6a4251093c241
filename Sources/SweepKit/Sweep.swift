// A sweep from Swift, without a file: parameters, an objective and a closure that is one trial. `Examples/ClosureSweep` is a program that does it.

import SweepCore
import SweepExecutors
import SweepStore

/// A sweep over a closure.
///
///     let sweep = Sweep("parabola", minimize: "loss", parameters: [Parameter("x", .values([.real(-1), .real(0), .real(2)]))])
///     let outcome = try sweep.run(in: try Store.open("results.sqlite")) { trial, report in
///       let x = trial.real("x")
///       for epoch in 1...10 { try report(epoch: epoch, ["loss": x * x + 1 / Double(epoch)]) }
///     }
public struct Sweep: Sendable {
  public let file: SweepFile

  /// - Parameters:
  ///   - method: "grid" or "random".
  ///   - seed: of the sampler.
  ///   - rules: when it ends early; a random search over real numbers needs a `runCap`.
  public init(
    _ name: String, minimize metric: String, parameters: [Parameter], method: String = "grid", seed: Int = 0, rules: RunRules = RunRules(),
    earlyTermination: EarlyTermination? = nil
  ) {
    self.init(name, [Objective(metric: metric, goal: .minimize)], parameters, method, seed, rules, earlyTermination)
  }

  /// The same with a metric of which more is better.
  public init(
    _ name: String, maximize metric: String, parameters: [Parameter], method: String = "grid", seed: Int = 0, rules: RunRules = RunRules(),
    earlyTermination: EarlyTermination? = nil
  ) {
    self.init(name, [Objective(metric: metric, goal: .maximize)], parameters, method, seed, rules, earlyTermination)
  }

  /// The same with several objectives: what comes out is a Pareto front. Trials are stopped early, and diverge, by the first.
  public init(
    _ name: String, optimizing first: Objective, _ others: Objective..., parameters: [Parameter], method: String = "grid", seed: Int = 0,
    rules: RunRules = RunRules(), earlyTermination: EarlyTermination? = nil
  ) {
    self.init(name, [first] + others, parameters, method, seed, rules, earlyTermination)
  }

  private init(
    _ name: String, _ objectives: [Objective], _ parameters: [Parameter], _ method: String, _ seed: Int, _ rules: RunRules, _ early: EarlyTermination?
  ) {
    file = SweepFile(
      name: name, method: method, trainer: Self.trainer, objective: objectives[0], further: Array(objectives.dropFirst()),
      space: SearchSpace(parameters), seed: seed, rules: rules, earlyTermination: early)
  }

  /// How the database names trials of a closure.
  public static let trainer = "closure"

  /// Runs what has not run yet, several trials at once, each on a thread of its own. An interrupted trial starts anew the next time.
  /// - Parameters:
  ///   - trial: one trial: it reports its epochs, and ends by returning. What it throws makes the trial `failed`, and the sweep goes on.
  /// - Returns: how the run ended; the results are in the store.
  /// - Throws: where the sweep is run elsewhere, does not fit the one of its name, or the database fails.
  @discardableResult public func run(
    in store: Store, workers: Int? = nil, stop: StopSignal = StopSignal(), observer: any SweepObserver = SilentObserver(),
    _ trial: @escaping @Sendable (Trial, ClosureReport) throws -> Void
  ) throws(SweepError) -> SweepOutcome {
    let entry = TrainerEntry(name: Self.trainer, parameters: [], metrics: [], isOpen: true) { _ in
      PooledExecutor(ClosureTrainer(metric: file.objective.metric, body: trial))
    }
    return try SweepRunner(file, trainer: entry, store: store, options: .init(workers: workers), stop: stop, observer: observer).run()
  }
}

/// Nobody watches.
public struct SilentObserver: SweepObserver {
  public init() {}
  public func observe(_ event: SweepEvent) {}
}

/// Thrown into a trial's closure when it is not to go on; let it pass.
public struct TrialIsOver: Error {
  let verdict: Verdict
}

/// How a closure tells of its epochs.
public struct ClosureReport {
  fileprivate let trial: Trial
  fileprivate let reporter: any CohortReporter
  fileprivate let state: State

  /// What was reported last.
  fileprivate final class State {
    var last = EpochMetrics(epoch: 0, values: [])
  }

  /// Records the metrics of an epoch, counted from 1.
  /// - Throws: `TrialIsOver` where the trial was pruned or the sweep is being stopped; let it pass.
  public func callAsFunction(epoch: Int, _ metrics: [String: Double]) throws {
    state.last = EpochMetrics(epoch: epoch, values: metrics.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) })
    let verdict = try reporter.verdict(after: state.last, of: trial)
    if verdict != .proceed { throw TrialIsOver(verdict: verdict) }
  }
}

extension Trial {
  /// A parameter as a number.
  /// - Precondition: it is one.
  public func real(_ name: String) -> Double {
    guard let number = assignment[name]?.number else { preconditionFailure("the parameter \(name) is no number") }
    return number
  }

  /// A parameter as a whole number.
  /// - Precondition: it is one.
  public func integer(_ name: String) -> Int {
    guard let number = assignment[name]?.number.flatMap({ Int(exactly: $0) }) else { preconditionFailure("the parameter \(name) is no whole number") }
    return number
  }

  /// A parameter as a text; of anything else its description.
  public func text(_ name: String) -> String { assignment[name]?.description ?? "" }
}

/// Runs a closure for each trial.
private struct ClosureTrainer: CohortTrainer {
  let metric: String
  let body: @Sendable (Trial, ClosureReport) throws -> Void

  func train(_ cohort: Cohort, reportingTo reporter: any CohortReporter) throws {
    for trial in cohort.trials {
      let state = ClosureReport.State()
      var (isLast, verdict) = (true, Verdict.proceed)
      do {
        try body(trial, ClosureReport(trial: trial, reporter: reporter, state: state))
      } catch let over as TrialIsOver {
        (isLast, verdict) = (false, over.verdict)
      }
      if verdict == .interrupt { continue }
      if let end = TrialEnd.after(state.last, watching: metric, isLast: isLast, verdict: verdict) { try reporter.report(.ended(end), of: trial) }
    }
  }
}

// Keeps a sweep's rules of when it ends early, while it runs: asked before every start, told of every report and end.

import Foundation
import SweepCore
import Synchronization

/// Whether a run is over before its plan is.
// Sendable: all state is in the one Mutex.
final class StopRules: Sendable {
  /// Why nothing more is started.
  enum Reason: Sendable, Equatable {
    case target(Double)
    case timeBudget(Double)
    case failures(Int)
    /// The first trials all failed at once.
    case flapping(Int)
  }

  private struct State {
    var reason: Reason?
    var failed = 0
    var complete = 0
  }

  private let rules: RunRules
  private let objective: Objective
  private let timeBudget: Duration?
  private let watchesFlapping: Bool
  private let start = ContinuousClock.now
  private let state = Mutex(State())

  /// As W&B's agent: so many failures in the first minute.
  private static let flaps = 3
  private static let flappingTime = Duration.seconds(60)

  /// - Parameter best: of the trials that have run before.
  init(_ rules: RunRules, objective: Objective, watchesFlapping: Bool, best: Double?) {
    (self.rules, self.objective) = (rules, objective)
    timeBudget = rules.timeBudget.map { .seconds(min(max($0, 0), Quantity.mostSeconds)) }
    let isSwitchedOff = ["true", "1"].contains(ProcessInfo.processInfo.environment["WANDB_AGENT_DISABLE_FLAPPING"]?.lowercased() ?? "")
    self.watchesFlapping = watchesFlapping && !rules.allowsFlapping && !isSwitchedOff
    if let best { reported(best) }
  }

  /// nil: it goes on.
  var reason: Reason? {
    if isTimeUp { state.withLock { $0.reason = $0.reason ?? rules.timeBudget.map(Reason.timeBudget) } }
    return state.withLock { $0.reason }
  }

  /// Whether running trials are to be interrupted.
  var isTimeUp: Bool { timeBudget.map { ContinuousClock.now - start >= $0 } ?? false }

  func reported(_ value: Double) {
    guard let target = rules.target, value.isFinite, value == target || objective.isBetter(value, than: target) else { return }
    state.withLock { $0.reason = $0.reason ?? .target(target) }
  }

  func ended(_ end: TrialEnd) {
    state.withLock { state in
      switch end {
      case .failed: state.failed += 1
      default: return state.complete += 1
      }
      if let most = rules.maxFailures, state.failed >= most { state.reason = state.reason ?? .failures(state.failed) }
      if watchesFlapping, state.complete == 0, state.failed >= Self.flaps, ContinuousClock.now - start < Self.flappingTime {
        state.reason = state.reason ?? .flapping(state.failed)
      }
    }
  }
}

extension StopRules.Reason {
  /// For people, with what to do about it.
  var text: String {
    switch self {
    case .target(let target): "the target of \(target) is reached: nothing more is started"
    case .timeBudget(let seconds): "the time budget of \(seconds) s is used up; 'sweep resume' goes on with another"
    case .failures(let count): "\(counted(count, "trial")) failed, as many as max_failures allows: nothing more is started"
    case .flapping(let count):
      "the first \(count) trials failed at once: nothing more is started; 'sweep logs TRIAL' shows why ('allow_flapping: true' goes on)"
    }
  }
}

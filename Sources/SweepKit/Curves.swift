// The curves of a running sweep, and the pruner that judges by them. Only there where a sweep asks for early stopping: they stay in memory.

import SweepCore
import SweepStore
import Synchronization

/// What has been reported so far, and which running trials are to stop.
// Sendable: all state is in the one Mutex.
final class Curves: Sendable {
  private struct State {
    var history: History
    var running: Set<Trial.ID> = []
    /// Running trials that a report has put behind, their own or another's: they are told at their next own.
    var condemned: Set<Trial.ID> = []
  }

  private let pruner: any Pruner
  private let objective: Objective
  private let state: Mutex<State>

  /// With what the database knows of the sweep.
  init(_ pruner: any Pruner, sweep: SweepRecord, in store: Store) throws(SweepError) {
    (self.pruner, objective) = (pruner, sweep.objective)
    var history = History(goal: objective.goal)
    for curve in try store.curves(sweep) {
      for point in curve.epochs { history.add(point.value, of: curve.trial, epoch: point.epoch) }
    }
    state = Mutex(State(history: history))
  }

  /// - Parameter isFresh: what it reported before does not count.
  func started(_ trial: Trial.ID, isFresh: Bool) {
    state.withLock { state in
      state.running.insert(trial)
      state.condemned.remove(trial)
      if isFresh { state.history.remove(trial) }
    }
  }

  func ended(_ trial: Trial.ID) {
    state.withLock { state in
      state.running.remove(trial)
      state.condemned.remove(trial)
    }
  }

  /// Adds what a trial reported. As with W&B, each report is held against all running trials, not only the one that reports.
  func verdict(on trial: Trial.ID, after metrics: EpochMetrics) -> Verdict {
    guard let value = metrics[objective.metric] else { return .proceed }
    return state.withLock { state in
      state.history.add(value, of: trial, epoch: metrics.epoch)
      for other in state.running where pruner.verdict(on: other, after: metrics.epoch, given: state.history) == .prune {
        state.condemned.insert(other)
      }
      return state.condemned.contains(trial) ? .prune : .proceed
    }
  }
}

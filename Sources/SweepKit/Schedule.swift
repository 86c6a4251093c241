// What runs next: reads waiting trials in windows (so that a million of them fit), has them grouped, and hands out the longest cohort first.

import SweepCore
import SweepStore
import Synchronization

/// The cohorts of a sweep that are still to run. Asked by all workers.
// Sendable: all state is in the one Mutex.
final class Schedule: Sendable {
  /// What a worker does next.
  struct Work {
    var cohort: Cohort
    /// Whether its trials were running on another worker a moment ago.
    let isHandedOver: Bool
  }

  private struct State {
    var ready: [Work] = []
    var lastNumber = 0
    var isExhausted = false
    var failure: SweepError?
    /// Of an endless sweep, once it was needed.
    var growth: Planner.Growth?
  }

  /// Trials read and grouped at a time.
  private static let window = 4096

  private let store: Store
  private let sweepID: Int64
  private let executor: any TrialExecutor
  private let workers: Int
  /// The file of a sweep whose points never end: more of them are planned when they run out.
  private let growing: SweepFile?
  private let state = Mutex(State())

  init(store: Store, sweepID: Int64, executor: any TrialExecutor, workers: Int, growing: SweepFile? = nil) {
    (self.store, self.sweepID, self.executor, self.workers) = (store, sweepID, executor, workers)
    self.growing = growing
  }

  /// The next cohort with its checkpoints loaded; nil: nothing now, or reading failed.
  func next() -> Work? {
    state.withLock { state in
      do throws(SweepError) {
        if state.ready.isEmpty, !state.isExhausted { try readWindow(&state) }
        if state.ready.isEmpty, let growing {
          var growth: Planner.Growth
          if let known = state.growth { growth = known } else { growth = try Planner.Growth(of: growing, sweepID: sweepID, in: store) }
          let added = try growth.grow(by: max(16, 2 * workers))
          state.growth = growth
          if added > 0 { try readWindow(&state) }
        }
        guard var work = state.ready.popLast() else { return nil }
        for (index, trial) in work.cohort.trials.enumerated() where trial.completedEpochs > 0 && trial.checkpoint == nil {
          work.cohort.trials[index].checkpoint = try store.checkpoint(of: trial.id)
        }
        return work
      } catch {
        state.failure = error
        state.isExhausted = true
        return nil
      }
    }
  }

  /// Puts those of the trials that have not ended back, each on its own, to run next.
  /// - Parameter cost: of each.
  func putBack(_ trials: [Trial], cost: Double) throws(SweepError) {
    let left = try store.takeBack(trials)
    state.withLock { $0.ready += left.map { Work(cohort: Cohort([$0], cost: cost), isHandedOver: false) } }
  }

  /// Takes trials that one worker leaves to the next who asks.
  func handOver(_ cohort: Cohort) { state.withLock { $0.ready.append(Work(cohort: cohort, isHandedOver: true)) } }

  /// The cost of the first `trials` trials, told from the first window. Call it before `next`.
  func expectedWork(of trials: Int) -> Double {
    state.withLock { state in
      do throws(SweepError) { try readWindow(&state) } catch { state.failure = error }
      let read = state.ready.reduce(0) { $0 + $1.cohort.trials.count }
      return state.ready.reduce(0) { $0 + $1.cohort.cost } * (read > 0 ? Double(trials) / Double(read) : 0)
    }
  }

  var failure: SweepError? { state.withLock { $0.failure } }

  private func readWindow(_ state: inout State) throws(SweepError) {
    let trials = try store.waiting(sweepID: sweepID, after: state.lastNumber, limit: Self.window)
    state.isExhausted = trials.count < Self.window
    state.lastNumber = trials.last?.number ?? state.lastNumber
    // The longest is taken from the end; of equals the first comes first.
    state.ready = executor.cohorts(of: trials, workers: workers).reversed().sorted { $0.cost < $1.cost }
      .map { Work(cohort: $0, isHandedOver: false) }
  }
}

// Runs what computes on threads: a pool of workers takes cohorts from the queue, and each trains one after the other. What a trainer throws is one
// trial's failure, never that of those which trained beside it.

import SweepCore
import Synchronization

/// An executor of a trainer that works on the thread it is called on.
public struct PooledExecutor: TrialExecutor {
  private let trainer: any CohortTrainer

  public init(_ trainer: any CohortTrainer) { self.trainer = trainer }

  public func prepare(for space: SearchSpace) throws(SweepError) { try trainer.prepare(for: space) }
  public func cohorts(of trials: [Trial], slots: Int) -> [Cohort] { trainer.cohorts(of: trials, slots: slots) }
  public func seconds(for cohorts: [Cohort]) throws -> [Double]? { try trainer.seconds(for: cohorts) }

  public func run(slots: Int, from queue: any TrialQueue, reportingTo reporter: any TrialReporter) throws {
    let pool = WorkerPool(workers: slots)
    let failure = FirstError()
    queue.onNews { pool.wake() }
    pool.run { worker -> WorkerPool.Next<Cohort> in
      switch queue.next(slot: worker) {
      case .cohort(let cohort): .item(cohort)
      case .wait: .wait
      case .none: .none
      }
    } work: { cohort, worker in
      do { try run(cohort, worker: worker, CohortMonitor(queue: queue, reporter: reporter, pool: pool)) } catch { failure.note(error) }
    }
    if let error = failure.error { throw error }
  }

  /// Runs one cohort.
  /// - Throws: what keeps it from being recorded how it went.
  private func run(_ cohort: Cohort, worker: Int, _ monitor: CohortMonitor) throws {
    do {
      for trial in cohort.trials where !cohort.isRunning {
        try monitor.report(.started(AttemptStart(number: trial.attempt, slot: worker, isFresh: trial.completedEpochs == 0)), of: trial)
      }
      try trainer.train(cohort, reportingTo: monitor)
    } catch {
      if monitor.cannotReport { throw error }
      let own = cohort.trials.filter(monitor.keeps)
      if cohort.trials.count > 1 {
        try monitor.queue.runAlone(Cohort(own, cost: cohort.cost * Double(own.count) / Double(cohort.trials.count)))
      } else if let trial = own.first {
        try monitor.report(.ended(.failed(reason: "\(error)")), of: trial)
      }
    }
  }
}

/// What the workers' errors come to.
// Sendable: the error is in the Mutex.
private final class FirstError: Sendable {
  private let state = Mutex<(any Error)?>(nil)

  var error: (any Error)? { state.withLock { $0 } }
  func note(_ error: any Error) { state.withLock { $0 = $0 ?? error } }
}

/// The reporter that a trainer sees, for one cohort on one worker.
// Sendable: all state is in the one Mutex.
private final class CohortMonitor: CohortReporter {
  let queue: any TrialQueue
  private let reporter: any TrialReporter
  private let pool: WorkerPool
  private struct State {
    var handedOver: Set<Trial.ID> = []
    var cannotReport = false
  }
  private let state = Mutex(State())

  init(queue: any TrialQueue, reporter: any TrialReporter, pool: WorkerPool) { (self.queue, self.reporter, self.pool) = (queue, reporter, pool) }

  /// Whether an error is the reporter's, and no trial's fault.
  var cannotReport: Bool { state.withLock { $0.cannotReport } }

  /// Whether the trial still belongs to this cohort.
  func keeps(_ trial: Trial) -> Bool { state.withLock { !$0.handedOver.contains(trial.id) } }

  @discardableResult func report(_ event: TrialEvent, of trial: Trial) throws -> Verdict {
    do { return try reporter.report(event, of: trial) } catch {
      state.withLock { $0.cannotReport = true }
      throw error
    }
  }

  func verdict(on trial: Trial, waits: Bool) -> Verdict {
    guard waits else { return queue.verdict(on: trial) }
    return pool.wait {
      let verdict = queue.verdict(on: trial)
      return verdict == .wait ? nil : verdict
    }
  }

  var idleWorkers: Int { queue.isOver ? 0 : pool.idle }

  func handOver(_ cohort: Cohort) {
    state.withLock { $0.handedOver.formUnion(cohort.trials.map(\.id)) }
    queue.giveBack(cohort)
  }
}

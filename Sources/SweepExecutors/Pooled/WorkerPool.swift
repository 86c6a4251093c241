// The worker pool: N private serial Dispatch queues that take cohorts until there are none. One of the files that know Dispatch.
// Neither concurrentPerform nor the global queues: those share threads with everything else in the process.

import Dispatch
import Foundation
import Synchronization

/// Runs work on a fixed number of workers. A worker without work waits for what the others may leave it.
// Sendable: all state is in the one Mutex; the condition is only slept on.
public final class WorkerPool: Sendable {
  private struct State {
    /// Workers that have an item, or ask for one.
    var working = 0
    /// Workers that sleep because there is nothing for them.
    var idle = 0
    /// Of them, those that were told to wait: there will be more.
    var waiting = 0
    /// Counts calls of `wake`, so that one between asking and sleeping is not missed.
    var wakes = 0
    var hasEnded = false
  }

  /// What a worker gets that asks for an item.
  public enum Next<Item: Sendable>: Sendable {
    case item(Item)
    /// None now: it asks again after `wake`.
    case wait
    /// None, unless another worker leaves some.
    case none
  }

  public let workers: Int
  private let state = Mutex(State())
  private let bell = NSCondition()

  /// As many workers as there are cores.
  public static var onePerCore: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// - Precondition: at least one worker.
  public init(workers: Int) {
    precondition(workers > 0, "a pool has at least one worker")
    self.workers = workers
  }

  /// Workers that wait for work.
  public var idle: Int { state.withLock { $0.idle } }

  /// Has workers that wait ask again.
  public func wake() {
    bell.lock()
    state.withLock { $0.wakes += 1 }
    bell.broadcast()
    bell.unlock()
  }

  /// Sleeps until there was another wake than that.
  private func sleep(after wakes: Int) {
    bell.lock()
    while state.withLock({ $0.wakes == wakes }) { bell.wait() }
    bell.unlock()
  }

  /// Has the calling worker wait in the middle of its work until there is an answer, which is asked for after every `wake`.
  public func wait<Answer>(for answer: () -> Answer?) -> Answer {
    while true {
      let wakes = state.withLock { $0.wakes }
      if let found = answer() { return found }
      sleep(after: wakes)
    }
  }

  /// Gives each worker one item of work after the other, and returns when `next` has none for any of them and all have stopped.
  /// - Parameters:
  ///   - next: called from the workers, several at once, with the worker's number, from 0. It is asked again after `wake` and when a worker has done an
  ///     item.
  ///   - work: called from the workers.
  public func run<Item: Sendable>(next: @escaping @Sendable (_ worker: Int) -> Next<Item>, work: @escaping @Sendable (Item, _ worker: Int) -> Void) {
    let all = DispatchGroup()
    for worker in 0..<workers {
      DispatchQueue(label: "sweep.worker.\(worker)", qos: .userInitiated).async(group: all) { [self] in serve(worker, next, work) }
    }
    all.wait()
  }

  /// What a worker does next.
  private enum Turn { case again, sleep(isWaiting: Bool), stop }

  private func serve<Item>(_ worker: Int, _ next: (Int) -> Next<Item>, _ work: (Item, Int) -> Void) {
    var wakes = state.withLock { state in
      state.working += 1
      return state.wakes
    }
    while true {
      let next = next(worker)
      if case .item(let item) = next {
        work(item, worker)
        wake()  // others may find what it put back
      }
      switch turn(after: next, wakes) {
      case .again: break
      case .stop: return wake()
      case .sleep(let isWaiting):
        sleep(after: wakes)
        // In one step: who does not sleep any more works, or nobody would wait for it.
        let hasEnded = state.withLock { state in
          state.idle -= 1
          if isWaiting { state.waiting -= 1 }
          if !state.hasEnded { state.working += 1 }
          return state.hasEnded
        }
        if hasEnded { return }
      }
      wakes = state.withLock { $0.wakes }
    }
  }

  private func turn<Item>(after next: Next<Item>, _ wakes: Int) -> Turn {
    state.withLock { state in
      if case .item = next { return .again }
      if state.wakes != wakes { return .again }
      state.working -= 1
      if case .wait = next {
        state.waiting += 1
        state.idle += 1
        return .sleep(isWaiting: true)
      }
      if state.working == 0, state.waiting == 0 {
        state.hasEnded = true
        return .stop
      }
      state.idle += 1
      return .sleep(isWaiting: false)
    }
  }
}

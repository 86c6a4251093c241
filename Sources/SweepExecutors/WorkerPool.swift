// The worker pool: N private serial Dispatch queues that take cohorts until there are none. One of the three files that know Dispatch.
// Neither concurrentPerform nor the global queues: those share threads with everything else in the process.

import Dispatch
import Foundation
import Synchronization

/// Runs work on a fixed number of workers. A worker without work waits for what the others may leave it.
// Sendable: all state is in the one Mutex.
public final class WorkerPool: Sendable {
  private struct State {
    /// Workers that have an item, or ask for one.
    var working = 0
    var idle = 0
    /// Counts calls of `wake`, so that one between asking and waiting is not missed.
    var wakes = 0
  }

  public let workers: Int
  private let state = Mutex(State())
  private let signal = DispatchSemaphore(value: 0)

  /// As many workers as there are cores.
  public static var onePerCore: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// - Precondition: at least one worker.
  public init(workers: Int) {
    precondition(workers > 0, "a pool has at least one worker")
    self.workers = workers
  }

  /// Workers that wait for work.
  public var idle: Int { state.withLock { $0.idle } }

  /// Has idle workers ask again.
  public func wake() {
    let sleepers = state.withLock { state in
      defer { state.idle = 0 }
      state.wakes += 1
      return state.idle
    }
    for _ in 0..<sleepers { signal.signal() }
  }

  /// Gives each worker one item of work after the other, and returns when `next` has nothing for any of them and all have stopped.
  /// - Parameters:
  ///   - next: called from the workers, several at once; nil: nothing now. It is asked again after `wake` and when a worker has done an item.
  ///   - work: called from the workers; the number is the worker's, from 0.
  public func run<Item: Sendable>(next: @escaping @Sendable () -> Item?, work: @escaping @Sendable (Item, Int) -> Void) {
    let all = DispatchGroup()
    for worker in 0..<workers {
      DispatchQueue(label: "sweep.worker.\(worker)", qos: .userInitiated).async(group: all) { [self] in
        var turn = Turn.again
        while turn != .stop {
          if turn == .wait { signal.wait() }
          turn = takeTurn(worker, next, work)
        }
      }
    }
    all.wait()
  }

  /// What a worker does next.
  private enum Turn { case again, wait, stop }

  private func takeTurn<Item>(_ worker: Int, _ next: () -> Item?, _ work: (Item, Int) -> Void) -> Turn {
    let wakes = state.withLock { state in
      state.working += 1
      return state.wakes
    }
    let item = next()
    if let item { work(item, worker) }
    let turn: Turn = state.withLock { state in
      state.working -= 1
      if item != nil || state.wakes != wakes { return .again }
      if state.working == 0 { return .stop }
      state.idle += 1
      return .wait
    }
    // After an item there may be others, put back; after the last worker there are none.
    if item != nil || turn == .stop { wake() }
    return turn
  }
}

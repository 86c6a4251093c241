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

    /// Returns how many are to be signalled.
    mutating func wake() -> Int {
      defer { idle = 0 }
      wakes += 1
      return idle
    }
  }

  public let workers: Int
  private let state = Mutex(State())
  private let bell = DispatchSemaphore(value: 0)

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
  public func wake() { ring(state.withLock { $0.wake() }) }

  private func ring(_ sleepers: Int) { for _ in 0..<sleepers { bell.signal() } }

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
          if turn == .wait { bell.wait() }
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
    let (turn, sleepers): (Turn, Int) = state.withLock { state in
      state.working -= 1
      if item != nil { return (.again, state.wake()) }  // others may find what it put back
      if state.wakes != wakes { return (.again, 0) }
      if state.working == 0 { return (.stop, state.wake()) }
      state.idle += 1
      return (.wait, 0)
    }
    ring(sleepers)
    return turn
  }
}

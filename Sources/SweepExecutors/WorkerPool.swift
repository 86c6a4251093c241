// The worker pool: N private serial Dispatch queues that take cohorts until there are none. One of the three files that know Dispatch.
// Neither concurrentPerform nor the global queues: those share threads with everything else in the process.

import Dispatch
import Foundation

/// Runs work on a fixed number of workers.
public struct WorkerPool: Sendable {
  public let workers: Int

  /// As many workers as there are cores.
  public static var onePerCore: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// - Precondition: at least one worker.
  public init(workers: Int) {
    precondition(workers > 0, "a pool has at least one worker")
    self.workers = workers
  }

  /// Gives each worker one item of work after the other until `next` answers nil, and returns when all have stopped.
  /// - Parameters:
  ///   - next: called from the workers, several at once.
  ///   - work: called from the workers; the number is the worker's, from 0.
  public func run<Item: Sendable>(next: @escaping @Sendable () -> Item?, work: @escaping @Sendable (Item, Int) -> Void) {
    let all = DispatchGroup()
    for worker in 0..<workers {
      DispatchQueue(label: "sweep.worker.\(worker)", qos: .userInitiated).async(group: all) {
        while let item = next() { work(item, worker) }
      }
    }
    all.wait()
  }
}

// Reading for code that must not wait: on threads of its own, because a query that takes a second would keep one of the few threads that all
// asynchronous code shares.

import Dispatch
import SweepCore
import Synchronization

extension Store {
  /// Runs what reads this store on a thread of its own; any number may be asked at once, and four read.
  public func reading<Value: Sendable>(_ body: @escaping @Sendable (Store) throws -> Value) async throws(SweepError) -> Value {
    let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
      ReadingQueues.shared.run { continuation.resume(returning: Result { try body(self) }) }
    }
    return try Self.translated(path) { try result.get() }
  }
}

/// Serial queues, the one with the least to do first. A concurrent queue would take the threads of asynchronous code.
// Sendable: all state is in the one Mutex.
final class ReadingQueues: Sendable {
  static let shared = ReadingQueues(count: 4)

  private let queues: [DispatchQueue]
  private let waiting: Mutex<[Int]>

  private init(count: Int) {
    queues = (0..<count).map { DispatchQueue(label: "sweep.reading.\($0)") }
    waiting = Mutex(Array(repeating: 0, count: count))
  }

  func run(_ body: @escaping @Sendable () -> Void) {
    let place = waiting.withLock { waiting in
      let place = waiting.indices.min { waiting[$0] < waiting[$1] } ?? 0
      waiting[place] += 1
      return place
    }
    queues[place].async { [self] in
      body()
      waiting.withLock { $0[place] -= 1 }
    }
  }

  /// Runs the first on this thread and the second on another, and returns when both have ended.
  static func both<One, Other: Sendable>(
    _ one: () throws -> One, _ other: @escaping @Sendable () throws -> Other
  ) throws -> (One, Other) {
    let group = DispatchGroup()
    let result = Later<Other>()
    DispatchQueue(label: "sweep.reading.beside").async(group: group) { result.value.withLock { $0 = Result { try other() } } }
    let own = Result { try one() }
    group.wait()
    guard let found = result.value.withLock({ $0 }) else { preconditionFailure("the group waits for it") }
    return (try own.get(), try found.get())
  }

  private final class Later<Value: Sendable>: Sendable {
    let value = Mutex<Result<Value, any Error>?>(nil)
  }
}

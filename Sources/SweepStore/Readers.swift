// The connections of a store that only reads: one to begin with, more when several ask at once, so that nobody waits for somebody else's query.
// Not a pool of GRDB's: that wants a write-ahead log, and a connection more before the first question.

import GRDB
import SweepCore
import Synchronization

/// Connections to one file that was opened for reading.
// Sendable: all state is in the one Mutex.
final class Readers: Sendable {
  private struct State: Sendable {
    var queues: [DatabaseQueue]
    /// Who reads or waits at each.
    var busy: [Int]
    /// Whether another connection may still be tried.
    var canGrow = true
  }

  /// Connections at most. A thread that waits for the disk needs none of the processor's.
  private static let most = 8

  let first: DatabaseQueue
  private let state: Mutex<State>
  private let open: @Sendable () throws -> DatabaseQueue
  /// Which file the first connection has.
  private let file: FileIdentity?
  private let path: String

  /// - Parameters:
  ///   - first: a connection that was checked.
  ///   - open: makes another to the same file.
  init(path: String, _ first: DatabaseQueue, open: @escaping @Sendable () throws -> DatabaseQueue) {
    (self.path, self.first, self.open, file) = (path, first, open, FileIdentity(path))
    state = Mutex(State(queues: [first], busy: [0]))
  }

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    let place = state.withLock { state in
      let place = idle(&state) ?? state.busy.indices.min { state.busy[$0] < state.busy[$1] } ?? 0
      state.busy[place] += 1
      return place
    }
    return try read(at: place, body)
  }

  /// Reads where nobody else does; nil: there is no connection left for that. Whoever already reads may call it: it does not wait.
  func readBeside<Value>(_ body: (Database) throws -> Value) throws -> Value? {
    let place = state.withLock { state in
      let place = idle(&state)
      if let place { state.busy[place] += 1 }
      return place
    }
    guard let place else { return nil }
    return try read(at: place, body)
  }

  private func read<Value>(at place: Int, _ body: (Database) throws -> Value) throws -> Value {
    let queue = state.withLock { $0.queues[place] }
    defer { state.withLock { $0.busy[place] -= 1 } }
    return try queue.read(body)
  }

  /// A connection that nobody uses, made now if need be.
  private func idle(_ state: inout State) -> Int? {
    if let idle = state.busy.firstIndex(of: 0) { return idle }
    guard state.canGrow, state.queues.count < Self.most else { return nil }
    // Another file may have taken the name; and where no more files can be open, what there is has to do.
    guard file == FileIdentity(path), let queue = try? open() else {
      state.canGrow = false
      return nil
    }
    state.queues.append(queue)
    state.busy.append(0)
    return state.queues.count - 1
  }

  func close() throws {
    let queues = state.withLock { $0.queues }
    for queue in queues { try queue.close() }
  }
}

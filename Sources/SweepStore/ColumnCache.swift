// What of columns is kept between two pages, and how much memory it may take. Nothing is here before somebody asks for a page.

import SweepCore
import Synchronization

/// The columns of the sweeps of a store that pages were asked of.
// Sendable: all state is in the one Mutex.
final class ColumnCache: Sendable {
  /// The columns of one sweep. One page at a time: who comes second finds what the first has read.
  // Sendable: all state is in the one Mutex.
  private final class Shared: Sendable {
    let columns = Mutex(Columns())
  }

  private struct Entry {
    let sweepID: Int64
    let shared: Shared
    var bytes = 0
  }

  /// Twelve keys of a million trials and more.
  private static let mostBytes = 256 << 20

  /// The one asked for last comes last.
  private let entries = Mutex<[Entry]>([])

  func use<Value: Sendable>(_ sweepID: Int64, _ body: (inout Columns) throws -> Value) throws -> Value {
    let shared = entries.withLock { entries in
      let known = entries.firstIndex { $0.sweepID == sweepID }.map { entries.remove(at: $0) }
      let entry = known ?? Entry(sweepID: sweepID, shared: Shared())
      entries.append(entry)
      return entry.shared
    }
    let (value, bytes) = try shared.columns.withLock { columns in
      do {
        let value = try body(&columns)
        columns.shrink(to: Self.mostBytes)
        return (value, columns.bytes)
      } catch {
        columns = Columns()  // it may be half of one change and half of another
        throw error
      }
    }
    entries.withLock { entries in
      if let place = entries.firstIndex(where: { $0.sweepID == sweepID }) { entries[place].bytes = bytes }
      while entries.count > 1, entries.reduce(0, { $0 + $1.bytes }) > Self.mostBytes { entries.removeFirst() }
    }
    return value
  }
}

// Ends a query that takes too long: SQLite asks now and then whether to go on. An endless one would keep its snapshot, and the log would grow
// beside it for as long as a sweep runs.

import GRDB
import GRDBSQLite

extension Store {
  /// Of all that SQLite keeps in memory in this process, for programs that answer what anybody asks. A query that needs more fails.
  public static func limitMemory(megabytes: Int) { sqlite3_hard_heap_limit64(Int64(megabytes) << 20) }
}

/// Used on the connection's own queue alone.
final class QueryDeadline {
  private var time: ContinuousClock.Instant

  init(seconds: Double) { time = .now + .seconds(seconds) }

  /// Gives it more time: what somebody else needed.
  func move(by duration: Duration) { time += duration }

  func begin(_ database: Database) {
    let instructions: Int32 = 10_000  // a fraction of a millisecond
    sqlite3_progress_handler(
      database.sqliteConnection, instructions,
      { context in
        guard let context else { return 0 }
        return Unmanaged<QueryDeadline>.fromOpaque(context).takeUnretainedValue().time < .now ? 1 : 0
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  func end(_ database: Database) { sqlite3_progress_handler(database.sqliteConnection, 0, nil, nil) }
}

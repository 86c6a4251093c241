// One runner per sweep, whatever name the database goes by.

import Foundation
import SweepCore

/// Held while a sweep runs.
public final class RunnerLock: Sendable {
  private let lock: FileLock

  /// - Parameter database: a file that exists; a link to it is as good as its name.
  /// - Throws: `SweepError` of kind busy where another process runs the sweep.
  public init(database: String, sweep: String) throws(SweepError) {
    let path = Self.path(database: database, sweep: sweep)
    var lock = try FileLock.take(path, waits: false, note: Self.note)
    for _ in 0..<5 where lock == nil {  // 'sweep status' may just be looking whether it is held
      usleep(10_000)
      lock = try FileLock.take(path, waits: false, note: Self.note)
    }
    guard let lock else {
      let holder = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
      throw SweepError(
        .busy, "the sweep '\(sweep)' is being run by another process\(holder.isEmpty ? "" : " (\(holder))")", place: database,
        remedy: "wait for it, or stop it; 'sweep status' and 'sweep rank' work meanwhile")
    }
    self.lock = lock
  }

  private static var note: String { "process \(getpid()), since \(timestamp())" }

  /// Whether some process runs the sweep now. Leaves no trace.
  public static func isHeld(database: String, sweep: String) -> Bool { FileLock.isHeld(path(database: database, sweep: sweep)) }

  private static func path(database: String, sweep: String) -> String {
    FileLock.path(beside: database, for: "run-" + viewSlug(of: sweep).lowercased())
  }
}

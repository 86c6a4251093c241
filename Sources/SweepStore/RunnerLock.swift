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
    guard let lock = try FileLock.take(path, waits: false, note: "process \(getpid()), since \(timestamp())") else {
      let holder = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
      throw SweepError(
        .busy, "the sweep '\(sweep)' is being run by another process\(holder.isEmpty ? "" : " (\(holder))")", place: database,
        remedy: "wait for it, or stop it; 'sweep status' and 'sweep rank' work meanwhile")
    }
    self.lock = lock
  }

  /// Whether some process runs the sweep now. Leaves no trace.
  public static func isHeld(database: String, sweep: String) -> Bool { FileLock.isHeld(path(database: database, sweep: sweep)) }

  private static func path(database: String, sweep: String) -> String {
    let real = realpath(database, nil).map { pointer in
      defer { free(pointer) }
      return String(cString: pointer)
    }
    return "\(real ?? database)-lock-\(viewSlug(of: sweep).lowercased())"
  }
}

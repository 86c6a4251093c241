// One runner per sweep: a lock on a file beside the database, which the system releases however the runner ends.

import Foundation
import SweepCore

/// Held while a sweep runs. Released by `deinit` or by the death of the process.
// Sendable: nothing changes after init.
public final class RunnerLock: Sendable {
  private let path: String
  private let descriptor: Int32

  /// - Throws: `SweepError` of kind busy where another process runs the sweep.
  public init(database: String, sweep: String) throws(SweepError) {
    let path = "\(database)-lock-\(viewSlug(of: sweep).lowercased())"
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else {
        throw SweepError(
          .io, "cannot create the lock file: \(String(cString: strerror(errno)))", place: path,
          remedy: "does the folder exist, and may you write to it?")
      }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let holder = Self.content(of: descriptor)
        close(descriptor)
        throw SweepError(
          .busy, "the sweep '\(sweep)' is being run by another process\(holder.isEmpty ? "" : " (\(holder))")", place: database,
          remedy: "wait for it, or stop it; 'sweep status' and 'sweep rank' work meanwhile")
      }
      // The last holder may have removed the file between our open and our lock; then this is a lock on nothing.
      var mine = stat()
      var there = stat()
      if fstat(descriptor, &mine) == 0, stat(path, &there) == 0, mine.st_ino == there.st_ino {
        self.path = path
        self.descriptor = descriptor
        let text = "process \(getpid()), since \(timestamp())"
        ftruncate(descriptor, 0)
        _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
        return
      }
      close(descriptor)
    }
  }

  private static func content(of descriptor: Int32) -> String {
    var buffer = [UInt8](repeating: 0, count: 200)
    let count = pread(descriptor, &buffer, buffer.count, 0)
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
  }

  deinit {
    unlink(path)
    close(descriptor)
  }
}

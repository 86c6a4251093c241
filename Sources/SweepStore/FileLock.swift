// A lock on a file beside the database, which the system releases however its holder ends.

import Foundation
import SweepCore

/// Held from `init` to `deinit`, or to the death of the process. The file goes with the lock.
// Sendable: nothing changes after init.
final class FileLock: Sendable {
  private let path: String
  private let descriptor: Int32

  /// Takes the lock.
  /// - Parameters:
  ///   - waits: until it is free; else nil is the answer where somebody holds it.
  ///   - note: what the file says meanwhile.
  /// - Throws: where the file cannot be made or locked at all.
  static func take(_ path: String, waits: Bool, note: String = "") throws(SweepError) -> FileLock? {
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw failure("cannot create the lock file", path) }
      if flock(descriptor, waits ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
        defer { close(descriptor) }
        if errno == EINTR { continue }
        if errno == EWOULDBLOCK { return nil }
        throw failure("cannot lock the file", path)
      }
      // The last holder may have removed the file between our open and our lock; then this is a lock on nothing.
      var mine = stat()
      var there = stat()
      guard fstat(descriptor, &mine) == 0, stat(path, &there) == 0, mine.st_ino == there.st_ino else {
        close(descriptor)
        continue
      }
      ftruncate(descriptor, 0)
      _ = note.withCString { pwrite(descriptor, $0, strlen($0), 0) }
      return FileLock(path: path, descriptor: descriptor)
    }
  }

  /// The name of a lock file beside a file, the same whatever name the file goes by. The file itself need not exist yet, but its folder.
  static func path(beside file: String, for purpose: String) -> String {
    func real(_ path: String) -> String? {
      realpath(path, nil).map { pointer in
        defer { free(pointer) }
        return String(cString: pointer)
      }
    }
    if let whole = real(file) { return "\(whole)-lock-\(purpose)" }
    let parts = file as NSString
    let folder = parts.deletingLastPathComponent
    return "\(real(folder.isEmpty ? "." : folder) ?? folder)/\(parts.lastPathComponent)-lock-\(purpose)"
  }

  /// Whether somebody holds it now.
  static func isHeld(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }  // and with it the lock, if it was free
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0
  }

  private init(path: String, descriptor: Int32) { (self.path, self.descriptor) = (path, descriptor) }

  deinit {
    unlink(path)
    close(descriptor)
  }

  static func failure(_ what: String, _ path: String) -> SweepError {
    let reason = String(cString: strerror(errno))
    return SweepError(.io, "\(what): \(reason)", place: path, remedy: "does the folder exist, and may you write to it?")
  }
}

// Which machine has a database where locks may not reach other machines: a file beside it that only one can have made, with a beat that its holder
// writes anew. Others watch it with their own monotonic clock; no times of two machines are compared. Where one machine alone is, locks decide.

import Foundation
import SweepCore

/// What shares a kernel, and so the locks of files.
package struct Machine: Sendable, Equatable {
  package let host: String
  /// Another one each time that the machine starts.
  package let boot: String

  package init(host: String, boot: String) { (self.host, self.boot) = (host, boot) }

  package static let this = Machine(host: kernel("hostname"), boot: kernel("random/boot_id"))

  private static func kernel(_ name: String) -> String {
    ((try? String(contentsOfFile: "/proc/sys/kernel/\(name)", encoding: .utf8)) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// A database is this machine's from `take` to `release`, `deinit`, or the end of all its processes that have it.
///
/// All processes of a machine share one file and a lock on it; the last removes it. One that a machine left behind is taken over: by its own
/// processes at once, by others when it has not changed for three beats.
package final class OwnerFile: Sendable {
  private let beat: OwnerBeat

  private init(_ beat: OwnerBeat) {
    self.beat = beat
    beat.begin()
  }

  deinit { beat.end() }

  /// Nothing may be done with the database afterwards.
  package func release() { beat.end() }

  /// - Throws: where another machine has taken the database over, because this one stood still or could not reach the file.
  package func check() throws(SweepError) { try beat.check() }

  /// How often it is written, in seconds. The variable is for tests.
  package static var usualBeat: Double {
    let beat = ProcessInfo.processInfo.environment["SWEEP_OWNER_BEAT"].flatMap(Double.init) ?? 10
    return beat > 0 && beat <= longestBeat ? beat : 10
  }

  /// - Parameter database: a file in a folder that exists; a link to it is as good as its name.
  package static func path(of database: String) -> String { FileLock.path(beside: database, for: "owner") }

  /// Takes a database for this machine. Waits where another has it, or had it: for a beat, or for three that do not come.
  /// - Throws: `SweepError` of kind busy where another machine has it.
  package static func take(
    _ database: String, machine: Machine = .this, beat: Double = usualBeat
  ) throws(SweepError) -> OwnerFile {
    let path = path(of: database)
    let record = OwnerRecord(machine: machine, beat: beat)
    while true {
      switch try look(path, machine, database: database, beat: beat) {
      case .shared(let file, let found): return OwnerFile(OwnerBeat(path, file, found.joined(by: record), database: database))
      case .free(let dead):
        guard let file = try succeed(dead?.text, path, record, database: database, beat: beat) else { continue }
        withExtendedLifetime(dead) {}  // and with it the lock that keeps this machine's others from doing the same
        return OwnerFile(OwnerBeat(path, file, record, database: database))
      case .changing: continue
      }
    }
  }

  /// Whether this user may write the file, and the folder that it is in.
  static func canBeTaken(_ database: String) -> Bool {
    let path = path(of: database)
    return access((path as NSString).deletingLastPathComponent, W_OK) == 0 && (access(path, W_OK) == 0 || errno == ENOENT)
  }

  /// For who cannot take it: waits until no other machine has it.
  static func waitForOthers(_ database: String, machine: Machine = .this, beat: Double = usualBeat) throws(SweepError) {
    let path = path(of: database)
    while let text = try OwnedFile.text(of: path), OwnerRecord(text)?.machine != machine {
      if try watch(path, text, database: database, beat: beat) == .still { return }
    }
  }

  // MARK: who has it

  private enum Sight {
    /// Processes of this machine.
    case shared(OwnedFile, OwnerRecord)
    /// Nobody, or one that is dead.
    case free((text: String, file: OwnedFile?)?)
    case changing
  }

  private static func look(_ path: String, _ machine: Machine, database: String, beat: Double) throws(SweepError) -> Sight {
    guard let text = try OwnedFile.text(of: path) else { return .free(nil) }
    guard let record = OwnerRecord(text), record.machine == machine else {
      return try watch(path, text, database: database, beat: beat) == .still ? .free((text, nil)) : .changing
    }
    guard let file = try OwnedFile.opened(path) else { return .changing }
    if try file.lock(LOCK_EX | LOCK_NB) { return file.isStill(at: path) ? .free((text, file)) : .changing }
    // Its last holder may be removing it at this moment.
    return try file.lock(LOCK_SH) && file.isStill(at: path) ? .shared(file, record) : .changing
  }

  private enum Movement { case still, changed }

  /// Watches a file of another machine, for as long as that may need to show that it lives.
  /// - Throws: busy where the same holder has written another beat.
  private static func watch(_ path: String, _ text: String, database: String, beat: Double) throws(SweepError) -> Movement {
    let seen = OwnerRecord(text)
    let lease = Duration.seconds(3 * max(beat, seen?.beat ?? beat))
    let start = ContinuousClock.now
    while true {
      usleep(UInt32(1e6 * min(0.1, beat / 10)))
      let now = ContinuousClock.now  // before it is read: a watcher that stood still must not count that
      let text = (before: text, now: try OwnedFile.text(of: path))
      if text.now == text.before {
        if now - start > lease { return .still }
        continue
      }
      guard let seen, let record = text.now.flatMap(OwnerRecord.init), record.id == seen.id else { return .changed }
      throw SweepError(
        .busy, "another machine has the database: \(record.holder)", place: database,
        remedy: "ask there, wait for it to end, or read a copy that 'sweep backup' makes there; better keep databases on local disks")
    }
  }

  /// Seconds; what a file may say of itself is not to keep others waiting for ever.
  static let longestBeat = 60.0

  // MARK: taking it

  /// Puts a new file in the place of the one that is dead. The successor has a name that only one can make, and looks again before and after it is
  /// put in place: of two who find the same file dead, one wins, also where it was they who were slow.
  /// - Returns: nil: another was faster.
  private static func succeed(
    _ dead: String?, _ path: String, _ record: OwnerRecord, database: String, beat: Double
  ) throws(SweepError) -> OwnedFile? {
    let next = path + "-next"
    guard let file = try OwnedFile.made(next) else {
      // Another is at it, for some milliseconds; or was killed within them.
      guard let text = try OwnedFile.text(of: next) else { return nil }
      if try watch(next, text, database: database, beat: beat) == .still, try OwnedFile.text(of: next) == text { unlink(next) }
      return nil
    }
    guard try file.lock(LOCK_SH | LOCK_NB), file.write(record) else {
      defer { file.remove(at: next) }
      throw FileLock.failure("cannot write the owner file", next)
    }
    if try OwnedFile.text(of: path) == dead, rename(next, path) != 0, errno != ENOENT {
      defer { file.remove(at: next) }
      throw FileLock.failure("cannot put the owner file in place", path)
    }
    if file.isStill(at: path) { return file }
    file.remove(at: next)
    return nil
  }
}

// What an owner file says, the file itself, and the thread that writes it every few seconds and sees whether it is still there. Who may have it is
// decided in OwnerFile.

import Foundation
import SweepCore
import Synchronization

/// What the file says.
struct OwnerRecord: Sendable {
  let machine: Machine
  let process: Int32
  let since: String
  /// Seconds.
  let beat: Double
  /// Of the file, whoever writes it.
  let id: String

  init(machine: Machine, beat: Double) {
    (self.machine, self.beat) = (machine, beat)
    (process, since, id) = (getpid(), timestamp(), UUID().uuidString)
  }

  /// - Returns: nil where it is only being written, or not ours.
  init?(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard lines.count > 6, let process = Int32(lines[2]), let beat = Double(lines[4]), beat > 0 else { return nil }
    machine = Machine(host: lines[0], boot: lines[1])
    (self.process, since, self.beat, id) = (process, lines[3], min(beat, OwnerFile.longestBeat), lines[5])
  }

  private init(machine: Machine, process: Int32, since: String, beat: Double, id: String) {
    (self.machine, self.process, self.since, self.beat, self.id) = (machine, process, since, beat, id)
  }

  /// The same file, written by another process of the machine.
  func joined(by other: OwnerRecord) -> OwnerRecord {
    OwnerRecord(machine: machine, process: other.process, since: other.since, beat: max(beat, other.beat), id: id)
  }

  var holder: String { "\(machine.host) (process \(process), since \(since))" }

  /// Another one each time, and always as long: it is written over the last.
  var text: String {
    let text = [machine.host, machine.boot, "\(process)", since, "\(beat)", id, UUID().uuidString].joined(separator: "\n") + "\n"
    return text + String(repeating: " ", count: max(0, 511 - text.utf8.count)) + "\n"
  }
}

/// The file, open; closed with the last reference, and then the lock is free.
final class OwnedFile: Sendable {
  private let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }
  deinit { close(descriptor) }

  /// - Returns: nil where there is one.
  static func made(_ path: String) throws(SweepError) -> OwnedFile? { try opened(path, O_RDWR | O_CREAT | O_EXCL, otherwise: EEXIST) }

  /// - Returns: nil where there is none.
  static func opened(_ path: String) throws(SweepError) -> OwnedFile? { try opened(path, O_RDWR, otherwise: ENOENT) }

  private static func opened(_ path: String, _ flags: Int32, otherwise: Int32) throws(SweepError) -> OwnedFile? {
    let descriptor = open(path, flags | O_CLOEXEC, 0o666)
    if descriptor >= 0 { return OwnedFile(descriptor) }
    if errno == otherwise || errno == ESTALE { return nil }
    throw FileLock.failure("cannot open the owner file", path)
  }

  /// What a file says now: a network file system asks its server when a file is opened.
  /// - Returns: nil where there is none.
  static func text(of path: String) throws(SweepError) -> String? {
    guard let file = try opened(path, O_RDONLY, otherwise: ENOENT) else { return nil }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = pread(file.descriptor, &bytes, bytes.count, 0)
    if count < 0, errno == ESTALE { return nil }
    guard count >= 0 else { throw FileLock.failure("cannot read the owner file", path) }
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  /// - Returns: false where another process holds it, or a signal came.
  func lock(_ operation: Int32) throws(SweepError) -> Bool {
    if flock(descriptor, operation) == 0 { return true }
    if errno == EWOULDBLOCK || errno == EINTR { return false }
    throw FileLock.failure("cannot lock the owner file", "/proc/self/fd/\(descriptor)")
  }

  func write(_ record: OwnerRecord) -> Bool {
    let bytes = Array(record.text.utf8)
    return pwrite(descriptor, bytes, bytes.count, 0) == bytes.count && fsync(descriptor) == 0
  }

  /// Whether the path leads to this file.
  func isStill(at path: String) -> Bool {
    let there = open(path, O_RDONLY | O_CLOEXEC)
    guard there >= 0 else { return false }
    defer { close(there) }
    var (mine, its) = (stat(), stat())
    return fstat(descriptor, &mine) == 0 && fstat(there, &its) == 0 && mine.st_nlink > 0 && mine.st_dev == its.st_dev && mine.st_ino == its.st_ino
  }

  func remove(at path: String) { if isStill(at: path) { unlink(path) } }
}

/// Keeps a file changing until it ends.
final class OwnerBeat: Sendable {
  private let path: String
  private let record: OwnerRecord
  private let database: String
  private let state: Mutex<State>

  private struct State {
    /// nil when it has ended.
    var file: OwnedFile?
    var last = ContinuousClock.now
    var loss: SweepError?
  }

  init(_ path: String, _ file: OwnedFile, _ record: OwnerRecord, database: String) {
    (self.path, self.record, self.database) = (path, record, database)
    state = Mutex(State(file: file))
  }

  func begin() {
    Thread.detachNewThread {
      let step = min(0.2, self.record.beat / 2)
      var next = ContinuousClock.now + .seconds(self.record.beat)
      while true {
        usleep(UInt32(1e6 * step))
        let goesOn = self.state.withLock { state in
          guard ContinuousClock.now >= next else { return state.file != nil }
          next = .now + .seconds(self.record.beat)
          return self.beat(&state)
        }
        guard goesOn else { return }
      }
    }
  }

  /// The last of the machine's processes removes the file.
  func end() {
    state.withLock { state in
      if let file = state.file, state.loss == nil, (try? file.lock(LOCK_EX | LOCK_NB)) == true { file.remove(at: path) }
      state.file = nil
    }
  }

  /// - Throws: where the file is another's. Asks the disk only where the last beat is late.
  func check() throws(SweepError) {
    let loss = state.withLock { state in
      if ContinuousClock.now - state.last > .seconds(1.5 * record.beat) { _ = beat(&state) }
      return state.loss
    }
    if let loss { throw loss }
  }

  /// - Returns: whether there is more to come.
  private func beat(_ state: inout State) -> Bool {
    guard let file = state.file, state.loss == nil else { return false }
    if file.write(record), file.isStill(at: path) {
      state.last = .now
      return true
    }
    // Nobody takes it over before three beats were not written. Until then a disk that fails may come back.
    guard ContinuousClock.now - state.last > .seconds(2 * record.beat) else { return true }
    let other = (try? OwnedFile.text(of: path)).flatMap { $0 }.flatMap(OwnerRecord.init)
    let seconds = Int((ContinuousClock.now - state.last) / .seconds(1))
    state.loss = SweepError(
      .io, other.map { "the database was taken over by \($0.holder)" } ?? "the owner file cannot be written, or was removed", place: database,
      remedy: "this process could not write it for \(counted(seconds, "second")); run the command again: what was recorded is kept")
    return false
  }
}

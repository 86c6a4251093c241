// Copies of a database that are whole, also of one that is being written.

import Foundation
import GRDB
import SweepCore

extension Store {
  /// Writes a copy of the database as it is at this moment, checks it, and only then gives it its name. A sweep that runs goes on meanwhile.
  /// - Parameters:
  ///   - target: a file that does not exist.
  ///   - isChecked: false: it may be as damaged as the database is.
  /// - Throws: where it exists or cannot be written; nothing is left then.
  public func backup(to target: String, isChecked: Bool = true) throws(SweepError) {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: target, isDirectory: &isFolder) {
      throw isFolder.boolValue
        ? SweepError(.input, "the copy would be a folder", place: target, remedy: "name a file in it: \(target)/copy.sqlite")
        : SweepError(.input, "the file is there already", place: target, remedy: "name another, or remove it")
    }
    let part = target + ".part"
    unlink(part)  // of a copy that was cut short
    defer { for ending in ["", "-wal", "-shm", "-journal"] { unlink(part + ending) } }
    try Self.translated(target) {
      let copy = try DatabaseQueue(path: part)
      try Self.translated(path) { try reader.backup(to: copy) }
      // A file that needs nothing beside it, wherever it is taken.
      let mode = try copy.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA journal_mode = DELETE") }
      let faults = try isChecked ? copy.read { try String.fetchAll($0, sql: "PRAGMA quick_check(1)") } : ["ok"]
      guard mode == "delete", faults == ["ok"] else {
        throw SweepError(.input, "the copy is damaged, and so is the database (\(faults.first ?? ""))", place: path, remedy: "see 'sweep check'")
      }
      try copy.close()
    }
    // Whole on the disk before it has the name of a copy.
    guard sync(part), renamex(part, target), sync(URL(fileURLWithPath: target).deletingLastPathComponent().path) else {
      throw SweepError(
        .io, "the copy cannot be put in place: \(String(cString: strerror(errno)))", place: target, remedy: "is there space, and may you write there?"
      )
    }
  }

  /// Makes a file, or the names in a folder, last.
  private func sync(_ path: String) -> Bool {
    let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
    defer { Foundation.close(descriptor) }
    return descriptor >= 0 && fsync(descriptor) == 0
  }

  /// Renames where there is nothing of the new name.
  private func renamex(_ old: String, _ new: String) -> Bool { link(old, new) == 0 || errno != EEXIST && rename(old, new) == 0 }
}

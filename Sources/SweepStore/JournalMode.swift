// How a database is kept safe while it is written: by a write-ahead log, or, where its file system cannot share memory between processes as the
// log needs, by a rollback journal. Which file systems those are is known here; everything else does not notice the difference.

import Foundation
import GRDB
import SweepCore

enum JournalMode {
  /// Opens a database for writing with the best journal that its file system allows.
  /// - Parameter base: without anything that looks at the file when a connection is made: `settings` are for that.
  /// - Returns: the writer, and a warning where it is not the usual one.
  static func open(
    _ path: String, _ content: FileHeader.Content, _ base: Configuration, settings: String
  ) throws -> (writer: any DatabaseWriter, warning: String?) {
    var configuration = base
    configuration.prepareDatabase { try $0.execute(sql: settings) }
    if let name = FileSystem.remote(beside: path) {
      return try rollback(path, base, settings: settings, because: "is on a file system of type \(name)")
    }
    // Tried without the database where that has no log: one that got a log for the trial would break whoever has it open as it was.
    if case .database(hasLog: true) = content {
    } else if !FileSystem.canShareMemory(beside: path) {
      return try rollback(path, base, settings: settings, because: noSharedMemory)
    }
    do {
      let pool = try DatabasePool(path: path, configuration: configuration)
      // GRDB has set NORMAL, with which a power failure takes all that came since the log last went into the file: hours of a slow sweep.
      try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      return (pool, nil)
    } catch let error as DatabaseError where isRefused(error) {
      return try rollback(path, base, settings: settings, because: noSharedMemory)
    }
  }

  private static let noSharedMemory = "is where memory cannot be shared"

  /// Whether the write-ahead log cannot work there, rather than that the disk is full or another program holds the file.
  static func isRefused(_ error: DatabaseError) -> Bool {
    [.SQLITE_IOERR_SHMMAP, .SQLITE_IOERR_SHMOPEN, .SQLITE_IOERR_SHMLOCK].contains(error.extendedResultCode)
      || error.message?.hasPrefix("could not activate WAL Mode") == true
  }

  private static func rollback(_ path: String, _ base: Configuration, settings: String, because reason: String) throws -> (
    any DatabaseWriter, String?
  ) {
    var configuration = base
    configuration.prepareDatabase { db in
      // A database that was written with a log elsewhere: whoever has it alone needs no shared memory to leave that.
      try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
      _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
      try db.execute(sql: "PRAGMA locking_mode = NORMAL")
      _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master")  // lets go
      try db.execute(sql: settings + "; PRAGMA synchronous = EXTRA")  // the folder, too: a journal that comes back undoes the commit
    }
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    unlink(FileHeader.real(path) + "-shm")  // of the attempt to have a log; no log, no index of it
    return (
      queue,
      """
      \(path) \(reason), so it is kept with a rollback journal: for one machine at a time, slower, and long queries make the sweep wait; \
      better keep it on a local disk (--db)
      """
    )
  }
}

/// What a folder is on.
package enum FileSystem {
  /// The name of the file system where several machines may see it, or where it is not known to share memory; nil for a local disk.
  static func remote(of folder: String) -> String? {
    var status = stat()
    guard stat(folder, &status) == 0, let mounts = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8) else { return nil }
    let device = UInt64(status.st_dev)
    // As the C library takes device numbers apart.
    let (major, minor) = (device >> 8 & 0xfff | device >> 32 & ~0xfff, device & 0xff | device >> 12 & ~0xff)
    return remote(device: "\(major):\(minor)", in: mounts)
  }

  /// The same of the folder in which a file is or will be, whatever name the file goes by.
  static func remote(beside path: String) -> String? { remote(of: URL(fileURLWithPath: FileHeader.real(path)).deletingLastPathComponent().path) }

  /// - Parameters:
  ///   - device: "0:45"
  ///   - mounts: the lines of /proc/self/mountinfo (proc_pid_mountinfo(5)): the device is the third word, the type the one after " - ".
  package static func remote(device: String, in mounts: String) -> String? {
    for line in mounts.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count > 2, words[2] == device, let dash = words.firstIndex(of: "-"), dash + 1 < words.count else { continue }
      let type = String(words[dash + 1])
      return names.contains(type) || type == "fuse" || type.hasPrefix("fuse.") ? type : nil
    }
    return nil
  }

  private static let names: Set = [
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "panfs",
    "prl_fs", "pvfs2", "smb3", "smbfs", "vboxsf", "virtiofs", "wekafs",
  ]

  /// Whether a file can be mapped as SQLite does it with the index of a log. Where the disk is full or the folder read-only, that is for SQLite to tell.
  static func canShareMemory(beside path: String) -> Bool {
    let name = FileLock.path(beside: path, for: "trial-shm")  // one of a killed process is taken and removed
    let descriptor = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return true }
    defer {
      unlink(name)
      close(descriptor)
    }
    let size = 1 << 15
    guard ftruncate(descriptor, off_t(size)) == 0 else { return true }
    let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let memory, memory != MAP_FAILED else { return false }
    munmap(memory, size)
    return true
  }

  /// Bytes that may still be written there; nil: it does not say.
  static func space(of folder: String) -> UInt64? {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return nil }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }
}

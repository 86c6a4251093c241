// The results database: opening it, for the one who writes and for the many who read. GRDB is known to this room alone.
// What is read and written is in Store+Planning, +Claiming, +Reading and the Recorder; the tables are in Schema.swift.

import Foundation
import GRDB
import GRDBSQLite
import SweepCore

/// A results database.
public struct Store: Sendable {
  public let path: String
  let database: any DatabaseReader
  /// nil where the database was opened for reading.
  private let pool: DatabasePool?
  /// Which file it was when it was opened.
  private let file: FileIdentity?

  /// Opens the database for writing, creates it where there is none, and brings its schema up to date.
  /// - Throws: `SweepError` where the file cannot be opened, is no database, or was written by a newer version.
  public static func open(_ path: String) throws(SweepError) -> Store {
    _ = try exists(path)
    // Two programs that make the same new database would each find it half made.
    let lock = try FileLock.take(FileLock.path(beside: path, for: "opening"), waits: true)
    defer { withExtendedLifetime(lock) {} }
    return try translated(path) {
      var configuration = commonConfiguration()
      configuration.busyMode = .timeout(60)  // another sweep in the same file may be planning a million rows
      configuration.maximumReaderCount = 8
      // 32 MB of pages: planning is one transaction, and pages that do not fit are written to the log again and again.
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -32768") }
      let pool = try DatabasePool(path: path, configuration: configuration)
      try Schema.check(pool, path: path, mayBeEmpty: true)
      try Schema.migrator.migrate(pool)
      return Store(path: path, database: pool, pool: pool, file: FileIdentity(path))
    }
  }

  /// Opens the database for reading. Nothing can be written through it, whatever the SQL says, and no other file be attached.
  public static func openReadOnly(_ path: String) throws(SweepError) -> Store {
    guard try exists(path) else {
      throw SweepError(.input, "there is no database", place: path, remedy: "run a sweep first, or name another with --db or SWEEP_DB")
    }
    return try translated(path) {
      do {
        return try reading(path, name: path)
      } catch let error as DatabaseError where [.SQLITE_READONLY, .SQLITE_CANTOPEN].contains(error.resultCode.primaryResultCode) {
        // A folder we may not write to: SQLite cannot put its index of the log beside the file. Without a log nobody writes, and it is not needed.
        guard !FileManager.default.fileExists(atPath: path + "-wal"), let name = immutableName(path) else { throw error }
        return try reading(path, name: name)
      }
    }
  }

  private static func reading(_ path: String, name: String) throws -> Store {
    var configuration = commonConfiguration()
    configuration.readonly = true
    configuration.busyMode = .timeout(10)
    configuration.prepareDatabase { sqlite3_limit($0.sqliteConnection, SQLITE_LIMIT_ATTACHED, 0) }
    let queue = try DatabaseQueue(path: name, configuration: configuration)
    try Schema.check(queue, path: path, mayBeEmpty: false)
    return Store(path: path, database: queue, pool: nil, file: nil)
  }

  /// The file as a URI that tells SQLite that it will not change.
  private static func immutableName(_ path: String) -> String? {
    path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed).map { "file:\($0)?immutable=1" }
  }

  /// Whether there is such a file.
  /// - Throws: where it is a folder.
  private static func exists(_ path: String) throws(SweepError) -> Bool {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return false }
    guard !isFolder.boolValue else {
      throw SweepError(.input, "the database is a folder", place: path, remedy: "name a file in it: --db \(path)/results.sqlite")
    }
    return true
  }

  private static func commonConfiguration() -> Configuration {
    var configuration = Configuration()
    configuration.label = "sweep"
    configuration.foreignKeysEnabled = true
    return configuration
  }

  /// The writer. Used on the recorder's queue while a sweep runs, and by planning before it.
  /// - Precondition: the store was opened for writing.
  var writer: DatabasePool {
    guard let pool else { preconditionFailure("this store was opened for reading") }
    return pool
  }

  /// Runs the body and turns what SQLite says into an error that a user can act on.
  static func translated<Value>(_ path: String, _ body: () throws -> Value) throws(SweepError) -> Value {
    do { return try body() } catch let error as SweepError { throw error } catch let error as DatabaseError {
      throw SweepError(error, path: path)
    } catch {
      throw SweepError(.io, "\(error)", place: path)
    }
  }

  /// - Throws: where the file was removed or replaced since it was opened: SQLite would go on writing into what nobody will ever see.
  func checkFile() throws(SweepError) {
    guard file == FileIdentity(path) else {
      throw SweepError(
        .io, "the database was removed or replaced while the sweep ran; what was recorded since then is lost", place: path,
        remedy: "restore it if you can, then run the sweep again")
    }
  }

  /// Closes the database: what the log still holds goes into the file, and `-wal` and `-shm` go away where nobody else has it open.
  /// Nothing may be asked of this store afterwards.
  public func close() throws(SweepError) {
    try Self.translated(path) {
      if let pool {
        do {
          try pool.writeWithoutTransaction { _ = try $0.checkpoint(.passive) }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
          // Somebody else is at it; whoever closes last does the rest.
        }
        pool.invalidateReadOnlyConnections()  // the writer must be the last to close: a reader leaves the log as it is
      }
      try database.close()
    }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws(SweepError) -> Value {
    try Self.translated(path) { try database.read(body) }
  }

  func write<Value>(_ body: (Database) throws -> Value) throws(SweepError) -> Value {
    try Self.translated(path) { try writer.write(body) }
  }
}

/// Device and inode of a file.
private struct FileIdentity: Equatable {
  private let device: UInt64
  private let inode: UInt64

  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
  }
}

extension SweepError {
  init(_ error: DatabaseError, path: String) {
    let message = error.message ?? "error \(error.resultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_NOTADB:
      self.init(.input, "the file is not an SQLite database", place: path, remedy: "name another with --db or SWEEP_DB")
    case .SQLITE_CORRUPT:
      self.init(.input, "the database is damaged (\(message))", place: path, remedy: "restore a copy, or keep it and start anew with another --db")
    case .SQLITE_FULL:
      self.init(.io, "the disk is full", place: path, remedy: "free some space, then run 'sweep resume': what was recorded is kept")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      self.init(.busy, "another program holds the database (\(message))", place: path, remedy: "wait for it to end, then try again")
    case .SQLITE_CANTOPEN:
      self.init(.io, "the database cannot be opened (\(message))", place: path, remedy: "does its folder exist, and may you write to it?")
    case .SQLITE_READONLY:
      self.init(.io, "the database cannot be written (\(message))", place: path, remedy: "check its permissions and those of its folder")
    case .SQLITE_IOERR:
      self.init(.io, "reading or writing failed (\(message))", place: path, remedy: "is the disk full or gone?")
    default:
      self.init(.io, message, place: path)
    }
  }
}

// The results database: opening it, for the one who writes and for the many who read. GRDB is known to this room alone.
// What is read and written is in Store+Planning, +Claiming, +Reading and the Recorder; the tables are in Schema.swift.

import Foundation
import GRDB
import GRDBSQLite
import SweepCore

/// A results database.
public struct Store: Sendable {
  public let path: String
  /// What its user should know of how it was opened.
  public let warnings: [String]
  private let connections: Connections
  /// What pages of trials are made of, kept from one page to the next.
  let columns = ColumnCache()
  /// Which file it was when it was opened.
  private let file: FileIdentity?
  /// Where other machines may see the database: that this one has it. The last to go.
  private let owner: OwnerFile?

  private enum Connections {
    case reading(Readers)
    case writing(any DatabaseWriter)
  }

  private init(path: String, readers: Readers, owner: OwnerFile?) {
    (self.path, connections, file, warnings, self.owner) = (path, .reading(readers), nil, [], owner)
  }

  private init(path: String, writer: any DatabaseWriter, warnings: [String], owner: OwnerFile?) {
    (self.path, connections, self.warnings, self.owner) = (path, .writing(writer), warnings, owner)
    file = FileIdentity(path)
  }

  /// Opens the database for writing, creates it where there is none, and brings its schema up to date, after a copy of the old one was made.
  /// Nothing is written before the file is known to be ours.
  /// Where other machines may see the file, it is this one's until the store is closed: that may wait for half a minute.
  /// - Throws: `SweepError` where the file cannot be opened, is no database or damaged, was written by a newer version, or is another machine's.
  public static func open(_ path: String) throws(SweepError) -> Store {
    _ = try exists(path)
    let owner = FileSystem.remote(beside: path) == nil ? nil : try OwnerFile.take(path)
    // Two programs that make the same new database would each find it half made.
    let lock = try FileLock.take(FileLock.path(beside: path, for: "opening"), waits: true)
    defer { withExtendedLifetime(lock) {} }
    var warnings: [String] = []
    let content = try FileHeader.check(path)
    if case .database = content, let copy = try copyBeforeMigrations(path) {
      warnings.append("the database is brought up to this version of sweep; as it was before, it is in \(copy)")
    }
    return try translated(path) {
      var configuration = commonConfiguration()
      configuration.busyMode = .timeout(60)  // another sweep in the same file may be planning a million rows
      configuration.maximumReaderCount = 8
      // 32 MB of pages: planning is one transaction, and pages that do not fit are written to the log again and again.
      let settings = "PRAGMA cache_size = -32768; PRAGMA journal_size_limit = 67108864"
      let (writer, warning) = try JournalMode.open(path, content, configuration, settings: settings)
      try Schema.check(writer, path: path, mayBeEmpty: true)
      try Schema.migrator.migrate(writer)
      return Store(path: path, writer: writer, warnings: warnings + (warning.map { [$0] } ?? []), owner: owner)
    }
  }

  /// Looks at a file without writing to it.
  /// - Returns: the path of a copy, where its schema is about to change and there is something to lose.
  private static func copyBeforeMigrations(_ path: String) throws(SweepError) -> String? {
    let store = try reading(path, mayBeEmpty: true, owner: nil, mayUndo: true)
    let version: String? = try store.read { db in
      guard try db.tableExists("sweep"), try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM sweep)") == true,
        try !Schema.migrator.hasCompletedMigrations(db)
      else { return nil }
      return try Schema.migrator.completedMigrations(db).last
    }
    guard let version else {
      try store.close()
      return nil
    }
    let copy = try freeName("\(path)-schema-\(version)")
    try store.backup(to: copy)
    try store.close()
    return copy
  }

  /// Opens the database for reading. Nothing can be written through it, whatever the SQL says, and no other file be attached.
  /// Where other machines may see the file, it is this one's meanwhile: nothing else keeps a reader from undoing what another is about to commit.
  public static func openReadOnly(_ path: String) throws(SweepError) -> Store {
    guard try exists(path) else {
      throw SweepError(.input, "there is no database", place: path, remedy: "run a sweep first, or name another with --db or SWEEP_DB")
    }
    var owner: OwnerFile?
    var mayUndo = true
    if FileSystem.remote(beside: path) != nil {
      mayUndo = OwnerFile.canBeTaken(path)
      if mayUndo { owner = try OwnerFile.take(path) } else { try OwnerFile.waitForOthers(path) }
    }
    try FileHeader.check(path)
    return try reading(path, mayBeEmpty: false, owner: owner, mayUndo: mayUndo)
  }

  /// - Parameter mayUndo: whether what a commit left that was cut short may be taken back.
  private static func reading(_ path: String, mayBeEmpty: Bool, owner: OwnerFile?, mayUndo: Bool) throws(SweepError) -> Store {
    try translated(path) {
      func open(_ name: String) throws -> Store {
        var configuration = commonConfiguration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { sqlite3_limit($0.sqliteConnection, SQLITE_LIMIT_ATTACHED, 0) }
        let queue = try DatabaseQueue(path: name, configuration: configuration)
        try Schema.check(queue, path: path, mayBeEmpty: mayBeEmpty)
        return Store(
          path: path, readers: Readers(path: path, queue) { [configuration] in try DatabaseQueue(path: name, configuration: configuration) },
          owner: owner)
      }
      do { return try open(path) } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_READONLY_ROLLBACK && mayUndo {
        // A commit was cut short, and who only reads cannot undo it. Whoever opens the file to write does, by looking at it.
        try DatabaseQueue(path: path).close()
        return try open(path)
      } catch let error as DatabaseError
        where [.SQLITE_READONLY, .SQLITE_CANTOPEN].contains(error.resultCode.primaryResultCode) || JournalMode.isRefused(error)
        || error.extendedResultCode == .SQLITE_IOERR_SHMSIZE  // the disk is full
      {
        // SQLite cannot put its index of the log beside the file. Without a log nobody writes, and it is not needed.
        guard FileHeader.unfinished(path) == 0, let name = immutableName(path) else { throw error }
        return try open(name)
      }
    }
  }

  /// The file as a URI that tells SQLite that it will not change.
  private static func immutableName(_ path: String) -> String? {
    path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed).map { "file:\($0)?immutable=1" }
  }

  /// Whether there is such a file.
  /// - Throws: where it is a folder.
  static func exists(_ path: String) throws(SweepError) -> Bool {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return false }
    guard !isFolder.boolValue else {
      throw SweepError(.input, "the database is a folder", place: path, remedy: "name a file in it: --db \(path)/results.sqlite")
    }
    return true
  }

  /// The name, or with a number behind it where there is such a file.
  static func freeName(_ name: String) throws(SweepError) -> String {
    var (candidate, number) = (name, 1)
    while try exists(candidate) { (candidate, number) = ("\(name)-\(number + 1)", number + 1) }
    return candidate
  }

  private static func commonConfiguration() -> Configuration {
    var configuration = Configuration()
    configuration.label = "sweep"
    configuration.foreignKeysEnabled = true
    return configuration
  }

  /// The writer. Used on the recorder's queue while a sweep runs, and by planning before it.
  /// - Precondition: the store was opened for writing.
  var writer: any DatabaseWriter {
    guard case .writing(let writer) = connections else { preconditionFailure("this store was opened for reading") }
    return writer
  }

  /// Runs the body and turns what SQLite says into an error that a user can act on.
  static func translated<Value>(_ path: String, _ body: () throws -> Value) throws(SweepError) -> Value {
    do { return try body() } catch let error as SweepError { throw error } catch let error as DatabaseError {
      throw SweepError(error, path: path)
    } catch is RowDecodingError {
      throw SweepError.damaged("a value is not of the type of its column", path)
    } catch {
      throw SweepError(.io, "\(error)", place: path)
    }
  }

  /// - Throws: where the file was removed or replaced since it was opened: SQLite would go on writing into what nobody will ever see. Or where
  ///   another machine has taken the database over.
  func checkFile() throws(SweepError) {
    try owner?.check()
    guard file == FileIdentity(path) else {
      throw SweepError(
        .io, "the database was removed or replaced while the sweep ran; what was recorded since then is lost", place: path,
        remedy: "restore it if you can, then run the sweep again")
    }
  }

  /// What is left to do where a file is beyond repair.
  public static func salvage(_ path: String) -> String {
    "restore a copy ('sweep backup' makes them), or save what can be read into a new file: sqlite3 '\(path)' .recover | sqlite3 saved.sqlite"
  }

  /// Closes the database: what the log still holds goes into the file, and `-wal` and `-shm` go away where nobody else has it open.
  /// Nothing may be asked of this store afterwards.
  public func close() throws(SweepError) {
    try Self.translated(path) {
      if case .reading(let readers) = connections {
        try readers.close()
        return
      }
      if let pool = writer as? DatabasePool {
        do {
          try pool.writeWithoutTransaction { _ = try $0.checkpoint(.passive) }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
          // Somebody else is at it; whoever closes last does the rest.
        }
        pool.invalidateReadOnlyConnections()  // the writer must be the last to close: a reader leaves the log as it is
      }
      try writer.close()
    }
    owner?.release()
  }

  func read<Value>(_ body: (Database) throws -> Value) throws(SweepError) -> Value {
    try Self.translated(path) { try readUntranslated(body) }
  }

  /// The same with SQLite's own errors.
  func readUntranslated<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try owner?.check()
    return switch connections {
    case .reading(let readers): try readers.read(body)
    case .writing(let writer): try writer.read(body)
    }
  }

  /// A connection for what is no question.
  var reader: any DatabaseReader {
    switch connections {
    case .reading(let readers): readers.first
    case .writing(let writer): writer
    }
  }

  /// For who reads already and has work for two: runs the body on a connection that is free; nil: there is none.
  func readBeside<Value>(_ body: (Database) throws -> Value) throws -> Value? {
    guard case .reading(let readers) = connections else { return nil }
    return try readers.readBeside(body)
  }

  func write<Value>(_ body: (Database) throws -> Value) throws(SweepError) -> Value {
    try owner?.check()
    return try Self.translated(path) { try writer.write(body) }
  }

  /// For what is made again, and the same, where a power failure takes it along: it is on the disk with the next commit of any other kind, and needs
  /// no wait of its own.
  func writeWithoutSync<Value>(_ body: (Database) throws -> Value) throws(SweepError) -> Value {
    guard let pool = writer as? DatabasePool else { return try write(body) }
    try owner?.check()
    return try Self.translated(path) {
      try pool.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA synchronous = NORMAL")
        var value: Value?
        let result = Result {
          try db.inTransaction(.immediate) {
            value = try body(db)
            return .commit
          }
        }
        try db.execute(sql: "PRAGMA synchronous = FULL")
        try result.get()
        guard let value else { preconditionFailure("the transaction has run") }
        return value
      }
    }
  }
}

/// Device and inode of a file.
struct FileIdentity: Equatable {
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
      // SQLite takes a disk that cannot be read for a file that is damaged.
      if let failure = FileHeader.readingFailure(path) {
        self.init(.io, "the disk cannot be read: \(failure)", place: path, remedy: "copy what is on it to another; the database may be whole")
      } else {
        self = .damaged(message, path)
      }
    case .SQLITE_FULL: self = .full(path)
    case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
      self.init(.busy, "another program holds the database (\(message))", place: path, remedy: "wait for it to end, then try again")
    case .SQLITE_CANTOPEN:
      self.init(.io, "the database cannot be opened (\(message))", place: path, remedy: "does its folder exist, and may you write to it?")
    case .SQLITE_READONLY:
      self.init(.io, "the database cannot be written (\(message))", place: path, remedy: "check its permissions and those of its folder")
    case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHORT_READ: self = .damaged("it ends too early", path)
    case .SQLITE_IOERR: self = .failing(message, path)
    default: self.init(.io, message, place: path)
    }
  }

  static func damaged(_ how: String, _ path: String) -> SweepError {
    SweepError(
      .input, "the database is damaged (\(how))", place: path,
      remedy: "'sweep check' tells what is wrong, where the file can be opened; \(Store.salvage(path))")
  }

  private static let goOn = "then run the command again: what was recorded is kept"

  private static func full(_ path: String) -> SweepError {
    SweepError(.io, "the disk is full", place: path, remedy: "free some space, \(goOn)")
  }

  /// SQLite says of a write that failed only that it did.
  private static func failing(_ message: String, _ path: String) -> SweepError {
    if let space = FileSystem.space(of: URL(fileURLWithPath: path).deletingLastPathComponent().path), space < 1 << 16 { return full(path) }
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    let size = UInt64(max(FileHeader.size(path) ?? 0, FileHeader.size(path + "-wal") ?? 0))
    if UInt64(limit.rlim_cur) < size + (1 << 20) {
      return SweepError(.io, "a limit on the size of files is reached (ulimit -f)", place: path, remedy: "raise it, \(goOn)")
    }
    return SweepError(
      .io, "reading or writing failed (\(message))", place: path, remedy: "is the disk gone, failing, or a quota reached? Mend it, \(goOn)")
  }
}

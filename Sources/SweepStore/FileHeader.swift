// The first bytes of a database file: opening one that is none, or that was cut, must not change it. They are read through SQLite's own handle:
// to close one of our own would let go of the locks that this process has on the file through SQLite (POSIX has it so).

import Foundation
import GRDBSQLite
import SweepCore

enum FileHeader {
  enum Content {
    case empty
    /// Whether it was last written with a write-ahead log.
    case database(hasLog: Bool)
  }

  /// - Throws: where the file cannot be read, is no database, or is shorter than it says of itself.
  @discardableResult static func check(_ path: String) throws(SweepError) -> Content {
    guard size(path) ?? 0 > 0 else { return .empty }
    let bytes: [UInt8]
    do { bytes = try withFile(path) { file throws(Failure) in try read(file, count: 100, from: 0) } } catch {
      throw SweepError(.io, "the database cannot be read: \(error)", place: path, remedy: "check its permissions, and the disk")
    }
    guard bytes.starts(with: Array("SQLite format 3\u{0}".utf8)), size(path) ?? 0 >= 100 else {
      throw SweepError(.input, "the file is not an SQLite database", place: path, remedy: "name another with --db or SWEEP_DB")
    }
    func number(_ offset: Int, _ count: Int) -> Int { bytes[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) } }
    let pageSize = number(16, 2) == 1 ? 65536 : number(16, 2)
    // While there is a log, pages that are missing may be in it, and a journal undoes what a commit began with. The count of pages holds if both
    // counters of changes agree. A runner may be closing the file meanwhile: what is asked for last has then grown.
    let isWhole = unfinished(path) == 0
    let size = Self.size(path) ?? 0
    if isWhole, number(24, 4) == number(92, 4), number(28, 4) * pageSize > size {
      throw SweepError.damaged("it was cut: it has \(size) bytes of \(number(28, 4) * pageSize)", path)
    }
    return .database(hasLog: bytes[18] == 2)
  }

  /// Why the bytes of a database or its log cannot be read; nil: they can.
  static func readingFailure(_ path: String) -> String? {
    do {
      try withFile(path) { file throws(Failure) in
        for offset in stride(from: 0, to: size(path) ?? 0, by: 1 << 20) { _ = try read(file, count: 1 << 20, from: offset) }
      }
      return nil
    } catch { return error.description }
  }

  /// Bytes of commits that are beside the file: not yet in it, or to be undone.
  static func unfinished(_ path: String) -> Int { ["-wal", "-journal"].reduce(0) { $0 + (size(real(path) + $1) ?? 0) } }

  /// The path without links, as SQLite names what is beside the file.
  static func real(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }

  /// The size of a file in bytes; nil: there is none.
  static func size(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }

  /// What the disk says.
  private struct Failure: Error, CustomStringConvertible {
    /// An errno; 0: SQLite does not know either.
    let code: Int32
    var description: String { code == 0 ? "it fails" : String(cString: strerror(code)) }
  }

  /// Runs the body with SQLite's handle of a file.
  private static func withFile<Value>(
    _ path: String, _ body: (UnsafeMutablePointer<sqlite3_file>) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    var connection: OpaquePointer?
    defer { sqlite3_close(connection) }
    var file: UnsafeMutablePointer<sqlite3_file>?
    guard sqlite3_open_v2(path, &connection, SQLITE_OPEN_READONLY, nil) == SQLITE_OK,
      sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK, let file, file.pointee.pMethods != nil
    else { throw Failure(code: sqlite3_system_errno(connection)) }
    return try body(file)
  }

  /// Bytes of a file; zeros beyond its end.
  private static func read(_ file: UnsafeMutablePointer<sqlite3_file>, count: Int, from offset: Int) throws(Failure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    errno = 0
    let code = bytes.withUnsafeMutableBytes { file.pointee.pMethods.pointee.xRead(file, $0.baseAddress, Int32(count), Int64(offset)) }
    guard code == SQLITE_OK || code == SQLITE_IOERR | 2 << 8 else { throw Failure(code: errno) }  // the second: SQLITE_IOERR_SHORT_READ
    return bytes
  }
}

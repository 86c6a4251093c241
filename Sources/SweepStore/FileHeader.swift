// The first bytes of a database file, read without SQLite: opening a file that is none, or that was cut, must not change it.

import Foundation
import SweepCore

enum FileHeader {
  enum Content { case empty, database }

  /// - Throws: where the file cannot be read, is no database, or is shorter than it says of itself.
  @discardableResult static func check(_ path: String) throws(SweepError) -> Content {
    guard size(path) != nil else { return .empty }
    let bytes: [UInt8]
    do {
      let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { try? file.close() }
      bytes = [UInt8](try file.read(upToCount: 100) ?? Data())
    } catch {
      throw SweepError(
        .io, "the database cannot be read: \(String(cString: strerror(errno)))", place: path, remedy: "check its permissions, and the disk")
    }
    if bytes.isEmpty { return .empty }
    guard bytes.count == 100, bytes.starts(with: Array("SQLite format 3\u{0}".utf8)) else {
      throw SweepError(.input, "the file is not an SQLite database", place: path, remedy: "name another with --db or SWEEP_DB")
    }
    func number(_ offset: Int, _ count: Int) -> Int { bytes[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) } }
    let pageSize = number(16, 2) == 1 ? 65536 : number(16, 2)
    // While there is a log, pages that are missing may be in it. The count of pages holds if both counters of changes agree. A runner may be
    // closing the file meanwhile: what is asked for last has then grown.
    let log = Self.size(path + "-wal") ?? 0
    let size = Self.size(path) ?? 0
    if log == 0, number(24, 4) == number(92, 4), number(28, 4) * pageSize > size {
      throw SweepError.damaged("it was cut: it has \(size) bytes of \(number(28, 4) * pageSize)", path)
    }
    return .database
  }

  /// Why the bytes of a file cannot be read; nil: they can, or there is no such file.
  static func readingFailure(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = read(descriptor, buffer.baseAddress, buffer.count)
      if count < 0, errno != EINTR { return String(cString: strerror(errno)) }
      if count == 0 { return nil }
    }
  }

  /// The size of a file in bytes; nil: there is none.
  static func size(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }
}

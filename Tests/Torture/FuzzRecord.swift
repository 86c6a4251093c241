// The figures of a fuzzing worker, in a file that worker and supervisor both have in memory: what a worker wrote survives its crash.
// Numbers and short texts at fixed places. Each is written by one side while the other only reads, so nothing is locked.

import Foundation
import SweepCore

/// A page of shared memory.
// Not Sendable: each process uses it on one thread.
final class FuzzRecord {
  enum Field: Int {
    /// The input that is being tried; -1: none yet.
    case current
    case inputs, accepted, refused
    case slowest, slowestNanoseconds
    /// The largest of all inputs.
    case peakKilobytes
    /// Of the input that took too much; 0: none did.
    case overKilobytes
  }

  enum Text: Int {
    /// Of the input that is being tried.
    case description
    case slowest
    /// What is wrong, where the worker itself saw it.
    case finding
  }

  private static let size = 4096
  private static let texts = 1024
  private static let longestText = 512
  private let memory: UnsafeMutableRawPointer

  init(_ path: String) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    guard descriptor >= 0, ftruncate(descriptor, off_t(Self.size)) == 0,
      let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
    else {
      throw SweepError(.io, "the record cannot be shared: \(String(cString: strerror(errno)))", place: path)
    }
    self.memory = memory
  }

  deinit { munmap(memory, Self.size) }

  subscript(field: Field) -> Int {
    get { memory.load(fromByteOffset: 8 * field.rawValue, as: Int.self) }
    set { memory.storeBytes(of: newValue, toByteOffset: 8 * field.rawValue, as: Int.self) }
  }

  /// One line, cut where it is too long.
  subscript(text: Text) -> String {
    get {
      let start = memory + Self.texts + Self.longestText * text.rawValue
      return String(decoding: UnsafeRawBufferPointer(start: start, count: Self.longestText).prefix { $0 != 0 }, as: UTF8.self)
    }
    set {
      let start = memory + Self.texts + Self.longestText * text.rawValue
      let line = newValue.utf8.prefix(Self.longestText - 1).map { $0 < 0x20 || $0 == 0x7f || $0 == UInt8(ascii: "|") ? 0x20 : $0 }
      for (offset, byte) in (line + [0]).enumerated() { start.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self) }
    }
  }
}

// Metrics that a program writes into a file of its own: what they are, where they come from, and how a file is read while it grows.
// Between the files of a running trial and the executor that makes epochs of them. No format is known here, and nothing waits.

import Foundation
import SweepCore

/// Metrics that a program reported somewhere else than on its standard output.
package struct ProgramReport: Sendable, Equatable {
  /// The program's own count, whatever it counts and wherever it begins; nil where it gave none.
  package var step: Int?
  /// Each name once. NaN and infinity are values.
  package var values: [(name: String, value: Double)]

  /// Of values with one name the last counts.
  package init(step: Int?, values: [(name: String, value: Double)]) {
    self.step = step
    self.values = []
    var places: [String: Int] = [:]
    for (name, value) in values {
      if let place = places[name] {
        self.values[place].value = value
      } else {
        places[name] = self.values.count
        self.values.append((name, value))
      }
    }
  }

  /// Equal to the last bit (NaN equals NaN).
  package static func == (one: ProgramReport, other: ProgramReport) -> Bool {
    one.step == other.step
      && one.values.elementsEqual(other.values) { $0.name == $1.name && $0.value.bitPattern == $1.value.bitPattern }
  }
}

extension ProgramReport {
  /// Under which names a program tells its epoch, if nothing else is agreed.
  package static let standardEpochNames = ["epoch", "step"]

  /// Makes a report of an object of JSON: the step is the first of `epochNames` that is an integer, every other number a value.
  ///
  /// Numbers of nested objects are named by the way to them, `train.loss`. Everything else (texts, truth values, lists) is ignored; nil where
  /// no number is left.
  package init?(members: [(name: String, value: ParameterValue)], epochNames: [String] = standardEpochNames) {
    var (step, stepName): (Int?, String?)
    for name in epochNames where step == nil {
      if case .integer(let number)? = members.last(where: { $0.name == name })?.value { (step, stepName) = (number, name) }
    }
    let values = members.filter { $0.name != stepName }.flatMap { Self.numbers(of: $0.value, named: $0.name) }
    guard !values.isEmpty else { return nil }
    self.init(step: step, values: values)
  }

  /// The numbers in a value, each named by the way to it.
  static func numbers(of value: ParameterValue, named name: String) -> [(name: String, value: Double)] {
    if case .mapping(let members) = value { return members.flatMap { numbers(of: $0.value, named: name + "." + $0.name) } }
    return value.number.map { [(name, $0)] } ?? []
  }
}

/// Where a program's reports come from.
package protocol ReportSource {
  /// What has come since the last call; never waits, never throws: a half-written record is read the next time.
  mutating func poll() -> [ProgramReport]
}

/// What can be read from a growing file, piece by piece.
protocol GrowingContent {
  /// Takes what it can from the next bytes of a file.
  /// - Parameter offset: where they begin in the file. At 0 the content begins anew: a file that shrank is read again.
  mutating func take(_ bytes: ArraySlice<UInt8>, at offset: Int) -> Taken
}

/// How far a content came with the bytes that it was offered.
enum Taken {
  /// It goes on this many bytes later, which may be more than it was offered; 0: it waits for more.
  case bytes(Int)
  /// It wants at least this many bytes from the same place at once.
  case needs(Int)
}

/// A file that a program may still be writing, read from where the last reading ended. It need not exist yet.
///
/// Of the file, no more is in memory than a chunk, or the bytes that its content needs at once.
struct GrowingFile {
  static let chunk = 1 << 20

  private let path: String
  private var offset = 0

  init(_ path: String) { self.path = path }

  /// Offers what has come since the last call. Only regular files are read: a pipe could make us wait.
  mutating func read(into content: inout some GrowingContent) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size != offset else { return }
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
    let size = Int(status.st_size)  // what comes meanwhile is for the next call: a fast writer must not keep us here
    if size < offset { offset = 0 }
    var wanted = Self.chunk
    while offset < size {
      let bytes = Self.bytes(of: descriptor, from: offset, count: min(wanted, size - offset))
      guard !bytes.isEmpty else { return }
      switch content.take(bytes[...], at: offset) {
      case .bytes(let count):
        guard count > 0, count <= size - offset else { return }
        offset += count
        wanted = Self.chunk
      case .needs(let count):
        guard count > bytes.count, count <= size - offset else { return }
        wanted = count
      }
    }
  }

  private static func bytes(of descriptor: Int32, from offset: Int, count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let read = pread(descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, off_t(offset + filled))
        if read < 0, errno == EINTR { continue }
        guard read > 0 else { return }
        filled += read
      }
    }
  }
}

extension ArraySlice<UInt8> {
  /// The unsigned number that begins `distance` bytes after the first, its lowest byte first.
  /// - Precondition: there are that many bytes.
  func number<Number: FixedWidthInteger & UnsignedInteger>(at distance: Int, as type: Number.Type = Number.self) -> Number {
    let start = startIndex + distance
    return self[start..<start + Number.bitWidth / 8].reversed().reduce(0) { $0 << 8 | Number($1) }
  }
}

/// A cyclic redundancy check of 32 bits, lowest bit first, as record formats protect their bytes with.
struct CRC32 {
  /// The polynomial of zlib and Ethernet.
  static let zlib = CRC32(reversedPolynomial: 0xedb8_8320)
  /// Castagnoli's, of LevelDB and TensorFlow.
  static let castagnoli = CRC32(reversedPolynomial: 0x82f6_3b78)

  private let table: [UInt32]

  private init(reversedPolynomial polynomial: UInt32) {
    table = (0..<256).map { byte in (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ polynomial : crc >> 1 } }
  }

  func callAsFunction(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { crc, byte in crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
  }
}

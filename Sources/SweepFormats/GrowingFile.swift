// A file that somebody else is still writing, read piece by piece. What its bytes mean is known to the formats that are read through it.

import Foundation

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

// Reads a data file of a size that is known beforehand, plain or gzipped, into memory. It never trusts a header for a size to allocate.

import CZlib
import Foundation
import SweepCore

enum DataFile {
  /// The bytes of the file, decompressed where it is gzipped.
  /// - Throws: where it cannot be read, is damaged, or is not exactly `size` bytes.
  /// - Parameter remedy: what to do where the file is not there.
  static func read(_ path: String, size: Int, remedy: String) throws(SweepError) -> [UInt8] {
    let replace = "replace or remove this file; \(remedy)"
    guard let file = gzopen(path, "rb") else {
      throw SweepError(errno == ENOENT ? .input : .io, "cannot open the file: \(String(cString: strerror(errno)))", place: path, remedy: remedy)
    }
    defer { gzclose(file) }
    gzbuffer(file, 1 << 20)
    var failure: String?
    // One byte more than allowed is enough to see that a file is too long.
    let bytes = [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
      while count <= size, let start = buffer.baseAddress {
        let step = gzread(file, start + count, UInt32(min(size + 1 - count, 1 << 24)))
        if step < 0 {
          var code: Int32 = 0
          failure = String(cString: gzerror(file, &code))
        }
        if step <= 0 { break }
        count += Int(step)
      }
    }
    if let failure {
      throw SweepError(.input, "the file is damaged after byte \(bytes.count) of \(size) (\(failure))", place: path, remedy: replace)
    }
    if bytes.count < size {
      throw SweepError(.input, "the file is truncated: it ends at byte \(bytes.count) of \(size)", place: path, remedy: replace)
    }
    if bytes.count > size {
      throw SweepError(.input, "the file is too long: it goes on after byte \(size), where it should end", place: path, remedy: replace)
    }
    return bytes
  }

  /// - Throws: where a label is not one of the classes.
  static func checkLabels(_ labels: [UInt8], classes: Int, path: String, remedy: String, offset: (Int) -> Int) throws(SweepError) {
    if let bad = labels.firstIndex(where: { $0 >= classes }) {
      throw SweepError(
        .input, "image \(bad) has the label \(labels[bad]) at byte offset \(offset(bad)); labels are 0 to \(classes - 1)", place: path, remedy: remedy
      )
    }
  }
}

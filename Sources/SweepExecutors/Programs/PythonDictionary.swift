// A dictionary as Python prints it: {'loss': 0.5, "epoch": 1, 'acc': np.float64(0.9)}. Read where a program prints one on a line; nothing is evaluated.

import SweepCore

/// Reads what `print` of a dictionary writes.
enum PythonDictionary {
  /// The members of a dictionary, in their order; nil where the text is not one. Of NumPy's and PyTorch's numbers, `np.float64(0.5)` and
  /// `tensor(0.5, device='cuda:0')`, the number counts, and that of a text which is nothing but a number, as Transformers 5 prints its metrics; other texts,
  /// lists and what else there may be are null.
  static func members(of bytes: UnsafeBufferPointer<UInt8>) -> [(name: String, value: ParameterValue)]? {
    var reader = Reader(bytes: bytes)
    guard let members = reader.dictionary(), reader.isAtEnd else { return nil }
    return members
  }

  /// Things inside each other that are read.
  private static let deepest = 20

  private struct Reader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
    var depth = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    var isAtEnd: Bool {
      mutating get {
        skipSpace()
        return peek == nil
      }
    }

    private mutating func skipSpace() { while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0d { position += 1 } }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
      skipSpace()
      guard peek == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    mutating func dictionary() -> [(name: String, value: ParameterValue)]? {
      guard take("{") else { return nil }
      var members: [(name: String, value: ParameterValue)] = []
      while !take("}") {
        guard let name = key(), take(":"), let value = value() else { return nil }
        members.append((name, value))
        guard take(",") else { return take("}") ? members : nil }
      }
      return members
    }

    /// A text, or a number as a name.
    private mutating func key() -> String? {
      skipSpace()
      return peek == UInt8(ascii: "'") || peek == UInt8(ascii: "\"") ? text() : word()
    }

    private mutating func value() -> ParameterValue? {
      skipSpace()
      depth += 1
      defer { depth -= 1 }
      guard let first = peek, depth < PythonDictionary.deepest else { return nil }
      switch first {
      case UInt8(ascii: "'"), UInt8(ascii: "\""): return text().map { Self.number($0) ?? .null }
      case UInt8(ascii: "{"): return dictionary().map { .mapping(of: $0.map { ($0.name, $0.value) }) }
      case UInt8(ascii: "["): return list(closing: "]")
      case UInt8(ascii: "("): return list(closing: ")")
      default: break
      }
      guard let word = word() else { return nil }
      if peek == UInt8(ascii: "(") { return call() }
      return Self.number(word) ?? .null
    }

    private mutating func list(closing: Unicode.Scalar) -> ParameterValue? {
      position += 1
      while !take(closing) {
        guard value() != nil else { return nil }
        guard take(",") else { return take(closing) ? .null : nil }
      }
      return .null
    }

    /// The arguments of something such as `tensor(0.5, device='cuda:0')`: the first, where it is a number.
    private mutating func call() -> ParameterValue? {
      position += 1
      var first: ParameterValue?
      while !take(")") {
        guard let argument = value() else { return nil }
        if first == nil { first = argument }
        if take("=") { guard value() != nil else { return nil } }
        guard take(",") else { return take(")") ? first ?? .null : nil }
      }
      return first ?? .null
    }

    /// What stands up to the next mark.
    private mutating func word() -> String? {
      let start = position
      while let byte = peek, !Self.marks.contains(byte) { position += 1 }
      return position > start ? String(decoding: bytes[start..<position], as: UTF8.self) : nil
    }

    private static let marks: Set<UInt8> = Set(" \t\r,:=(){}[]'\"".utf8)

    private mutating func text() -> String? {
      guard let quote = peek else { return nil }
      position += 1
      var text: [UInt8] = []
      while let byte = peek {
        position += 1
        if byte == quote { return String(decoding: text, as: UTF8.self) }
        if byte == UInt8(ascii: "\\"), let next = peek {
          position += 1
          text.append(next)
        } else {
          text.append(byte)
        }
      }
      return nil
    }

    /// Python's spelling: 1, 0.5, 1e-05, nan, inf, -inf.
    private static func number(_ word: String) -> ParameterValue? {
      switch word {
      case "nan": return .real(.nan)
      case "inf": return .real(.infinity)
      case "-inf": return .real(-.infinity)
      default: break
      }
      guard let first = word.utf8.first, first == UInt8(ascii: "-") || first == UInt8(ascii: ".") || (48...57).contains(first), !word.contains("x")
      else { return nil }
      return Int(word).map(ParameterValue.integer) ?? Double(word).map(ParameterValue.real)
    }
  }
}

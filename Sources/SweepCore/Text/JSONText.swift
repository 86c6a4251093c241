// The little JSON that assignments and reports need: writing a value, and reading one back exactly and fast, 1 and 1.0 told apart.
// A million trials are read through here, so it works on UTF-8 bytes and keeps no tree beyond the value itself.

package enum JSONText {
  /// The text between quotes, with the escapes that JSON demands and no others.
  static func quoted(_ text: String) -> String {
    var bytes: [UInt8] = []
    append(quoted: text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends the same as UTF-8. A million trials are written through here.
  static func append(quoted text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    let needsEscapes = text.utf8.contains { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
    if needsEscapes {
      for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "\""): bytes += Array("\\\"".utf8)
        case UInt8(ascii: "\\"): bytes += Array("\\\\".utf8)
        case UInt8(ascii: "\n"): bytes += Array("\\n".utf8)
        case UInt8(ascii: "\r"): bytes += Array("\\r".utf8)
        case UInt8(ascii: "\t"): bytes += Array("\\t".utf8)
        case ..<0x20: bytes += Array((byte < 0x10 ? "\\u000" : "\\u00").utf8) + Array(String(byte, radix: 16).utf8)
        default: bytes.append(byte)
        }
      }
    } else {
      bytes += text.utf8
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Appends the canonical text of a value.
  static func append(_ value: ParameterValue, to bytes: inout [UInt8]) {
    switch value {
    case .text(let text): append(quoted: text, to: &bytes)
    case .list(let values):
      bytes.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        append(value, to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .mapping(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        append(quoted: member.name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(member.value, to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    // A number that is larger than any is infinite for those who read it. What is no number JSON cannot say.
    case .real(let number) where number.isInfinite: bytes += (number < 0 ? "-9e999" : "9e999").utf8
    case .real(let number) where number.isNaN: bytes += "null".utf8
    default: bytes += value.description.utf8
    }
  }

  /// The members of an object, in their order; nil where the text is not one.
  static func members(of text: String) -> [(name: String, value: ParameterValue)]? {
    var text = text
    return text.withUTF8 { members(of: $0) }
  }

  /// - Parameter acceptsNaN: whether NaN, Infinity and -Infinity are numbers, as Python writes them.
  package static func members(of bytes: UnsafeBufferPointer<UInt8>, acceptsNaN: Bool = false) -> [(name: String, value: ParameterValue)]? {
    var reader = Reader(bytes: bytes, acceptsNaN: acceptsNaN)
    guard let members = reader.object(), reader.isAtEnd() else { return nil }
    return members
  }

  /// The value of a text of any kind; nil where it is no JSON.
  static func value(of text: String) -> ParameterValue? {
    var text = text
    return text.withUTF8 { bytes in
      var reader = Reader(bytes: bytes)
      guard let value = reader.value(), reader.isAtEnd() else { return nil }
      return value
    }
  }

  /// Objects and lists inside each other that are read: deeper ones are refused, not crashed on.
  private static let deepest = 64

  private struct Reader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
    private var depth = 0
    private let acceptsNaN: Bool

    init(bytes: UnsafeBufferPointer<UInt8>, acceptsNaN: Bool = false) { (self.bytes, self.acceptsNaN) = (bytes, acceptsNaN) }

    mutating func object() -> [(name: String, value: ParameterValue)]? {
      var members: [(name: String, value: ParameterValue)] = []
      guard take("{") else { return nil }
      if take("}") { return members }
      repeat {
        guard let name = string(), take(":"), let value = value() else { return nil }
        members.append((name, value))
      } while take(",")
      return take("}") ? members : nil
    }

    mutating func isAtEnd() -> Bool {
      skipSpace()
      return position == bytes.count
    }

    private mutating func list() -> [ParameterValue]? {
      var values: [ParameterValue] = []
      guard take("[") else { return nil }
      if take("]") { return values }
      repeat {
        guard let value = value() else { return nil }
        values.append(value)
      } while take(",")
      return take("]") ? values : nil
    }

    private mutating func skipSpace() {
      while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
      skipSpace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    mutating func value() -> ParameterValue? {
      skipSpace()
      guard position < bytes.count, depth < JSONText.deepest else { return nil }
      switch bytes[position] {
      case UInt8(ascii: "\""): return string().map(ParameterValue.text)
      case UInt8(ascii: "{"):
        depth += 1
        defer { depth -= 1 }
        return object().map { .mapping(of: $0.map { ($0.name, $0.value) }) }
      case UInt8(ascii: "["):
        depth += 1
        defer { depth -= 1 }
        return list().map(ParameterValue.list)
      default: break
      }
      let start = position
      while position < bytes.count, !Self.endsWord(bytes[position]) { position += 1 }
      let word = String(decoding: bytes[start..<position], as: UTF8.self)
      switch word {
      case "null": return .null
      case "true": return .bool(true)
      case "false": return .bool(false)
      case "NaN" where acceptsNaN: return .real(.nan)
      case "Infinity" where acceptsNaN: return .real(.infinity)
      case "-Infinity" where acceptsNaN: return .real(-.infinity)
      default:
        // Swift reads more than JSON knows: "nan", "0x10", "+1".
        guard let first = word.utf8.first, first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10, !word.contains("x") else { return nil }
        if word == "9e999" || word == "-9e999" { return .real(word == "9e999" ? .infinity : -.infinity) }
        return Int(word).map(ParameterValue.integer) ?? Double(word).flatMap { $0.isFinite ? .real($0) : nil }
      }
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x09, 0x0a, 0x0d: true
      default: false
      }
    }

    private mutating func string() -> String? {
      guard take("\"") else { return nil }
      var start = position
      var result = ""
      while position < bytes.count {
        switch bytes[position] {
        case UInt8(ascii: "\""):
          result += String(decoding: bytes[start..<position], as: UTF8.self)
          position += 1
          return result
        case UInt8(ascii: "\\"):
          result += String(decoding: bytes[start..<position], as: UTF8.self)
          position += 1
          guard let character = escape() else { return nil }
          result.unicodeScalars.append(character)
          start = position
        default: position += 1
        }
      }
      return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
      guard position < bytes.count else { return nil }
      defer { position += 1 }
      switch bytes[position] {
      case UInt8(ascii: "n"): return "\n"
      case UInt8(ascii: "r"): return "\r"
      case UInt8(ascii: "t"): return "\t"
      case UInt8(ascii: "b"): return "\u{8}"
      case UInt8(ascii: "f"): return "\u{c}"
      case UInt8(ascii: "u"):
        guard let unit = codeUnit() else { return nil }
        guard unit & 0xfc00 == 0xd800 else { return Unicode.Scalar(unit) ?? "\u{fffd}" }
        // A character beyond the first 65,536 comes as two; half of one is none.
        guard position + 2 < bytes.count, bytes[position + 1] == UInt8(ascii: "\\"), bytes[position + 2] == UInt8(ascii: "u") else {
          return "\u{fffd}"
        }
        position += 2
        guard let low = codeUnit() else { return nil }
        guard low & 0xfc00 == 0xdc00 else { return "\u{fffd}" }
        return Unicode.Scalar(0x10000 + (unit & 0x3ff) << 10 + (low & 0x3ff))
      case let other: return Unicode.Scalar(other)
      }
    }

    /// Four hexadecimal digits after the u at the position, which moves to the last of them.
    private mutating func codeUnit() -> UInt32? {
      guard position + 4 < bytes.count else { return nil }
      let digits = String(decoding: bytes[position + 1...position + 4], as: UTF8.self)
      position += 4
      return UInt32(digits, radix: 16)
    }
  }
}

// The little JSON that assignments need: quoting a text, and reading a flat object back exactly and fast.
// A million trials are read through here, so it works on UTF-8 bytes and keeps no tree. General JSON is Foundation's business.

enum JSONText {
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

  /// The members of a flat object (no nested objects or arrays), in their order; nil where the text is not one.
  static func members(of text: String) -> [(name: String, value: ParameterValue)]? {
    var text = text
    return text.withUTF8 { bytes in
      var reader = Reader(bytes: bytes)
      return reader.object()
    }
  }

  private struct Reader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func object() -> [(name: String, value: ParameterValue)]? {
      var members: [(name: String, value: ParameterValue)] = []
      guard take("{") else { return nil }
      if take("}") { return atEnd ? members : nil }
      repeat {
        guard let name = string(), take(":"), let value = value() else { return nil }
        members.append((name, value))
      } while take(",")
      return take("}") && atEnd ? members : nil
    }

    private var atEnd: Bool { position == bytes.count }

    private mutating func skipSpace() {
      while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
      skipSpace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    private mutating func value() -> ParameterValue? {
      skipSpace()
      guard position < bytes.count else { return nil }
      if bytes[position] == UInt8(ascii: "\"") { return string().map(ParameterValue.text) }
      let start = position
      while position < bytes.count, ![UInt8(ascii: ","), UInt8(ascii: "}"), 0x20, 0x0a].contains(bytes[position]) { position += 1 }
      let word = String(decoding: bytes[start..<position], as: UTF8.self)
      switch word {
      case "null": return .null
      case "true": return .bool(true)
      case "false": return .bool(false)
      default: return Int(word).map(ParameterValue.integer) ?? Double(word).map(ParameterValue.real)
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
      case UInt8(ascii: "u"):
        guard position + 4 < bytes.count else { return nil }
        let digits = String(decoding: bytes[position + 1...position + 4], as: UTF8.self)
        position += 4
        return UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)
      case let other: return Unicode.Scalar(other)
      }
    }
  }
}

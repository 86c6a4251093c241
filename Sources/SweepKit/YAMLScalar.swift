// What a plain (unquoted) YAML scalar means here. YAML 1.1 as PyYAML reads it, but `1e-5` is a number, as the authors of sweep files mean it. Where a text became
// something that its author may not have meant, `doubt` says what.

import SweepCore

package enum YAMLScalar {
  package static func value(of text: String) -> ParameterValue {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return .bool(true)
    case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": return .bool(false)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .real(.infinity)
    case "-.inf", "-.Inf", "-.INF": return .real(-.infinity)
    case ".nan", ".NaN", ".NAN": return .text("nan")  // what Python prints of it, and reads as it
    default: break
    }
    guard let first = text.utf8.first(where: { $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) || first == UInt8(ascii: ".")
    else { return .text(text) }
    let digits = text.replacing("_", with: "")
    return integer(digits).map(ParameterValue.integer) ?? real(digits).map(ParameterValue.real) ?? .text(text)
  }

  /// Whether it is a whole number of more than 64 bits, which nothing here can keep as one.
  package static func isTooLarge(_ text: String) -> Bool {
    guard text.utf8.count > 15, let first = text.utf8.first(where: { $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }), (48...57).contains(first)
    else {
      return false
    }
    let digits = text.replacing("_", with: "")
    return integer(digits) == nil && digits.wholeMatch(of: /[-+]?([1-9][0-9]*|0[0-7]+|0o[0-7]+|0x[0-9A-Fa-f]+|0b[01]+)/) != nil
  }

  /// Why a text may have become something else than was meant.
  enum Doubt: String, CaseIterable {
    case leadingZero, truth, exponent, date, sexagesimal

    /// "010 is the whole number 8"
    func text(_ scalar: String) -> String {
      let value = YAMLScalar.value(of: scalar)
      switch self {
      case .leadingZero: if case .text = value { return "\(scalar) stays a text" } else { return "\(scalar) is read as the whole number \(value)" }
      case .truth: return "\(scalar) is read as \(value)"
      case .exponent: return "\(scalar) is read as the number \(value)"
      case .date, .sexagesimal: return "\(scalar) stays a text"
      }
    }

    var why: String {
      switch self {
      case .leadingZero: "a whole number that begins with 0 has the base 8 in YAML 1.1"
      case .truth: "yes, no, on and off are truth values in YAML 1.1"
      case .exponent: "for PyYAML it is a text"
      case .date: "for PyYAML it is a date"
      case .sexagesimal: "for PyYAML it is a number of base 60"
      }
    }

    func remedy(_ scalar: String) -> String {
      switch self {
      case .leadingZero: "quote such values if they are names, '\(scalar)'; write them without the 0 if they are numbers"
      case .truth: "quote the word, '\(scalar)', if it is one; else write \(YAMLScalar.value(of: scalar))"
      case .exponent: "write \(YAMLScalar.value(of: scalar).description.pythonFloat), which is a number for both; quote it if it is a name"
      case .date: "quote it: '\(scalar)'"
      case .sexagesimal: "quote it, '\(scalar)', or write the number"
      }
    }
  }

  static func doubt(_ text: String) -> Doubt? {
    // There may be very many of them, and long ones.
    let bytes = Array(text.utf8.prefix(40))
    guard bytes.count < 40, let first = bytes.first else { return nil }
    if "yYnNoO".utf8.contains(first) {
      if ["yes", "no", "on", "off"].contains(text.lowercased()), case .bool = value(of: text) { return .truth }
      return nil
    }
    func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    let digits = bytes.drop { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
    guard let start = digits.first, isDigit(start) || start == UInt8(ascii: ".") else { return nil }
    let rest = digits.dropFirst()
    if start == UInt8(ascii: "0"), !rest.isEmpty, rest.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: "_") }) { return .leadingZero }
    if let place = digits.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }), value(of: text).number != nil {
      // PyYAML wants a point and a sign.
      let sign = digits[(place + 1)...].first
      let isPython = digits[..<place].contains(UInt8(ascii: ".")) && (sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"))
      return isPython ? nil : .exponent
    }
    if digits.contains(UInt8(ascii: ":")), digits.allSatisfy({ isDigit($0) || ":._".utf8.contains($0) }) { return .sexagesimal }
    let parts = digits.split(separator: UInt8(ascii: "-"), maxSplits: 2, omittingEmptySubsequences: false)
    let isDate = parts.count == 3 && digits.count == bytes.count && parts[0].count == 4 && (1...2).contains(parts[1].count)
    return isDate && parts[0].allSatisfy(isDigit) && parts[1].allSatisfy(isDigit) && (parts[2].first.map(isDigit) ?? false) ? .date : nil
  }

  /// Decimal, 0x, 0o, 0b, and a leading 0 for octal. Nothing else may start with a 0: 018 is a text, as in YAML 1.1.
  private static func integer(_ text: String) -> Int? {
    let isNegative = text.hasPrefix("-")
    var digits = text[...]
    if isNegative || text.hasPrefix("+") { digits = digits.dropFirst() }
    guard let first = digits.first, first.isASCII, first.isNumber else { return nil }
    var radix = 10
    for (prefix, base) in [("0x", 16), ("0o", 8), ("0b", 2), ("0", 8)] where digits.hasPrefix(prefix) && digits.count > prefix.count {
      radix = base
      digits = digits.dropFirst(prefix.count)
      break
    }
    return Int((isNegative ? "-" : "") + digits, radix: radix)
  }

  /// A finite decimal number, with or without a point and an exponent.
  private static func real(_ text: String) -> Double? {
    let isWhole = !text.contains { ".eE".contains($0) }
    let startsWithZero = text.drop { "+-".contains($0) }.hasPrefix("0")
    guard text.allSatisfy("0123456789.eE+-".contains), !(isWhole && startsWithZero) else { return nil }
    // Swift wants a digit on both sides of the point.
    let spelled = text.hasSuffix(".") ? text + "0" : text.replacing("-.", with: "-0.")
    guard let value = Double(spelled) else { return nil }
    return value.isFinite ? value : nil
  }
}

extension String {
  /// A number's text as PyYAML reads it as a number: with a point, and a sign in its exponent.
  fileprivate var pythonFloat: String {
    let parts = split(separator: "e")
    guard parts.count == 2 else { return self }
    return (parts[0].contains(".") ? parts[0] : parts[0] + ".0") + "e" + (parts[1].hasPrefix("-") ? "" : "+") + parts[1]
  }
}

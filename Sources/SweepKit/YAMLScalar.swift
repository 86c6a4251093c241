// What a plain (unquoted) YAML scalar means here. YAML 1.1 as PyYAML reads it, but `1e-5` is a number, as the authors of sweep files mean it.

import SweepCore

package enum YAMLScalar {
  package static func value(of text: String) -> ParameterValue {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return .bool(true)
    case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": return .bool(false)
    default: break
    }
    guard let first = text.utf8.first(where: { $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) || first == UInt8(ascii: ".")
    else { return .text(text) }
    let digits = text.replacing("_", with: "")
    return integer(digits).map(ParameterValue.integer) ?? real(digits).map(ParameterValue.real) ?? .text(text)
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

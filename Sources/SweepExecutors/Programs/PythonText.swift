// Values as Python spells them, which is how W&B's agent gives them to a program: `--nesterov=True --lr=1e-05 --betas=[0.9, 0.999]`.
// Checked against Python's own `str()` and `json.dumps()` by `Tests/Oracles/python_text.py`. The JSON that the store keeps is not made here.

import SweepCore

extension ParameterValue {
  /// Python's `str()` of the value: texts bare, but quoted inside lists and mappings.
  package var pythonText: String {
    if case .text(let text) = self { text } else { pythonRepresentation }
  }

  /// Python's `json.dumps()` of the value: ASCII alone, a space after each comma and colon.
  package var pythonJSON: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .real(let value): value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : value.pythonText
    case .text(let text): Self.pythonJSON(quoted: text)
    case .list(let values): "[" + values.map(\.pythonJSON).joined(separator: ", ") + "]"
    case .mapping(let members): Self.pythonJSON(of: members.map { ($0.name, $0.value) })
    }
  }

  /// Python's `json.dumps()` of a dictionary with its members in this order.
  package static func pythonJSON(of members: [(name: String, value: ParameterValue)]) -> String {
    "{" + members.map { pythonJSON(quoted: $0.name) + ": " + $0.value.pythonJSON }.joined(separator: ", ") + "}"
  }

  /// Python's `repr()`.
  private var pythonRepresentation: String {
    switch self {
    case .null: "None"
    case .bool(let value): value ? "True" : "False"
    case .integer(let value): String(value)
    case .real(let value): value.pythonText
    case .text(let text): Self.pythonRepresentation(of: text)
    case .list(let values): "[" + values.map(\.pythonRepresentation).joined(separator: ", ") + "]"
    case .mapping(let members):
      "{" + members.map { Self.pythonRepresentation(of: $0.name) + ": " + $0.value.pythonRepresentation }.joined(separator: ", ") + "}"
    }
  }

  /// In single quotes, or in double ones where the text has single quotes alone; what cannot be printed is escaped.
  private static func pythonRepresentation(of text: String) -> String {
    let quote: Unicode.Scalar = text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
    var result = String(quote)
    for scalar in text.unicodeScalars {
      switch scalar {
      case quote, "\\": result += "\\" + String(scalar)
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if scalar.isPrintableInPython {
          result.unicodeScalars.append(scalar)
        } else if scalar.value < 0x100 {
          result += "\\x" + hexadecimal(scalar.value, digits: 2)
        } else if scalar.value < 0x10000 {
          result += "\\u" + hexadecimal(scalar.value, digits: 4)
        } else {
          result += "\\U" + hexadecimal(scalar.value, digits: 8)
        }
      }
    }
    return result + String(quote)
  }

  private static func pythonJSON(quoted text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\" + String(scalar)
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{8}": result += "\\b"
      case "\u{c}": result += "\\f"
      case " "..."~": result.unicodeScalars.append(scalar)
      default: for unit in String(scalar).utf16 { result += "\\u" + hexadecimal(UInt32(unit), digits: 4) }
      }
    }
    return result + "\""
  }

  private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}

extension Double {
  /// Python's `repr()`: the shortest digits that read back as the same number, with an exponent below 1e-4 and from 1e16.
  fileprivate var pythonText: String {
    guard isFinite else { return isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
    // Swift finds the same digits, but places the point by other rules.
    let parts = magnitude.description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".")
    let written = mantissa[0] + (mantissa.count > 1 && mantissa[1] != "0" ? mantissa[1] : "")
    let significant = written.drop { $0 == "0" }
    var digits = Array(significant)
    while digits.count > 1, digits.last == "0" { digits.removeLast() }
    let sign = self.sign == .minus ? "-" : ""
    guard !digits.isEmpty else { return sign + "0.0" }
    // The number is 0.DIGITS times ten to the power of `point`.
    let point = mantissa[0].count - (written.count - significant.count) + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    if point < -3 || point > 16 {
      let fraction = digits.count > 1 ? "." + String(digits[1...]) : ""
      let exponent = abs(point - 1)
      return "\(sign)\(digits[0])\(fraction)e\(point < 1 ? "-" : "+")\(exponent < 10 ? "0" : "")\(exponent)"
    }
    if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + String(digits) }
    if digits.count <= point { return sign + String(digits) + String(repeating: "0", count: point - digits.count) + ".0" }
    return sign + String(digits[..<point]) + "." + String(digits[point...])
  }
}

extension Unicode.Scalar {
  /// Python's `str.isprintable()` of one character.
  fileprivate var isPrintableInPython: Bool {
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: self == " "
    default: true
    }
  }
}

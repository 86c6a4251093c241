// From rows to columns: a million rows in a fifth of a second, stepped through SQLite's own interface, of the JSON of a trial the one parameter
// that is asked for. Where nobody else needs the second connection, it reads the other half.

import Foundation
import GRDB
import GRDBSQLite
import SweepCore

/// A part of a column while it is read. Texts have places in the order in which they came.
struct ColumnScan: Sendable {
  private(set) var keys: [SortKey]
  private(set) var texts: [String] = []
  private var places: [String: Int] = [:]
  /// Neighbours often have the same.
  private var last: (bytes: [UInt8], key: SortKey)?

  init(count: Int) { keys = Array(repeating: .none, count: count) }

  mutating func set(_ place: Int, _ key: SortKey) { keys[place] = key }

  mutating func set(_ place: Int, text: String) {
    let known = places[text]
    if known == nil {
      places[text] = texts.count
      texts.append(text)
    }
    keys[place] = SortKey(text: known ?? texts.count - 1)
  }

  mutating func set(_ place: Int, text bytes: UnsafeBufferPointer<UInt8>) {
    if let last, last.bytes.elementsEqual(bytes) { return keys[place] = last.key }
    set(place, text: ColumnText.of(String(decoding: bytes, as: UTF8.self)))
    last = (Array(bytes), keys[place])
  }

  mutating func set(_ place: Int, _ value: ParameterValue?) {
    switch value {
    case nil, .null: keys[place] = .none
    case .bool(let truth): keys[place] = SortKey(truth)
    case .integer(let number): keys[place] = SortKey(Double(number))
    case .real(let number): keys[place] = SortKey(number)
    case .text(let text): set(place, text: ColumnText.of(text))
    case .some(let other): set(place, text: ColumnText.ofJSON(other.json))
    }
  }

  /// Takes what the other found.
  mutating func merge(_ other: ColumnScan) {
    for (place, key) in other.keys.enumerated() where key != .none {
      if let text = key.text { set(place, text: other.texts[text]) } else { keys[place] = key }
    }
  }
}

/// Texts as columns keep them: in front of each what tells texts from lists and mappings, which come behind.
enum ColumnText {
  static func of(_ text: String) -> String { "t" + text }
  static func ofJSON(_ json: String) -> String { "z" + json }
  static func value(_ kept: String) -> ParameterValue {
    let text = String(kept.dropFirst())
    return kept.hasPrefix("t") ? .text(text) : ParameterValue(json: text) ?? .null
  }
}

enum RawRows {
  /// Steps through all rows of a statement, which the visit does not run again.
  static func forEach(_ db: Database, _ sql: String, _ arguments: [Int64], _ visit: (OpaquePointer) throws -> Void) throws {
    let statement = try db.cachedStatement(sql: sql)
    let raw = statement.sqliteStatement
    sqlite3_reset(raw)  // GRDB leaves a cached statement stepped, and binding then is a misuse
    for (index, argument) in arguments.enumerated() { sqlite3_bind_int64(raw, Int32(index + 1), argument) }
    defer { withExtendedLifetime(statement) { _ = sqlite3_reset(raw) } }
    while true {
      switch sqlite3_step(raw) {
      case SQLITE_ROW: try visit(raw)
      case SQLITE_DONE: return
      case let code: throw DatabaseError(resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage)
      }
    }
  }

  /// The text of a column, valid until the next step; it ends with a zero.
  static func text(_ row: OpaquePointer, _ column: Int32) -> UnsafeBufferPointer<UInt8>? {
    sqlite3_column_text(row, column).map { UnsafeBufferPointer(start: $0, count: Int(sqlite3_column_bytes(row, column))) }
  }

  /// The number of a column; nil: it holds none.
  static func number(_ row: OpaquePointer, _ column: Int32) -> Double? {
    let type = sqlite3_column_type(row, column)
    return type == SQLITE_FLOAT || type == SQLITE_INTEGER ? sqlite3_column_double(row, column) : nil
  }
}

/// Finds one parameter in the canonical JSON of a trial without reading the others.
struct ParameterFinder: Sendable {
  private let name: String
  /// The name as JSON, with the colon behind it.
  private let needle: [UInt8]

  init(_ name: String) {
    self.name = name
    needle = Array((ParameterValue.text(name).json + ":").utf8)
  }

  /// Puts the value at a place of a column.
  /// - Parameter json: with a zero behind it.
  func read(_ json: UnsafeBufferPointer<UInt8>, into column: inout ColumnScan, at place: Int) {
    if !readCanonical(json, &column, place) { column.set(place, Assignment(json: String(decoding: json, as: UTF8.self))?[name]) }
  }

  /// - Returns: false where the text is of another form, or the value of a kind that is not worth the code here.
  private func readCanonical(_ json: UnsafeBufferPointer<UInt8>, _ column: inout ColumnScan, _ place: Int) -> Bool {
    guard json.first == UInt8(ascii: "{") else { return false }
    var position = 1
    while position < json.count, json[position] == UInt8(ascii: "\"") {
      if starts(json, at: position) { return readValue(json, position + needle.count, &column, place) }
      guard let colon = Self.endOfString(json, position), colon < json.count, json[colon] == UInt8(ascii: ":"),
        let end = Self.endOfValue(json, colon + 1), end < json.count
      else { return false }
      if json[end] == UInt8(ascii: "}") {
        column.set(place, SortKey.none)
        return end == json.count - 1
      }
      guard json[end] == UInt8(ascii: ",") else { return false }
      position = end + 1
    }
    return false
  }

  private func starts(_ json: UnsafeBufferPointer<UInt8>, at position: Int) -> Bool {
    guard position + needle.count < json.count, let base = json.baseAddress else { return false }
    return needle.withUnsafeBytes { bytes in bytes.baseAddress.map { memcmp(base + position, $0, bytes.count) == 0 } ?? false }
  }

  private func readValue(_ json: UnsafeBufferPointer<UInt8>, _ start: Int, _ column: inout ColumnScan, _ place: Int) -> Bool {
    switch json[start] {
    case UInt8(ascii: "\""):
      guard let end = Self.endOfString(json, start) else { return false }
      let text = UnsafeBufferPointer(rebasing: json[start + 1..<end - 1])
      guard !text.contains(UInt8(ascii: "\\")) else { return false }
      column.set(place, text: text)
      return true
    case UInt8(ascii: "t"), UInt8(ascii: "f"):
      column.set(place, SortKey(json[start] == UInt8(ascii: "t")))
      return true
    case UInt8(ascii: "n"):
      column.set(place, SortKey.none)
      return true
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      guard let (number, end) = Self.number(json, start), Self.endsValue(json[end]) else { return false }
      column.set(place, SortKey(number))
      return true
    default: return false
    }
  }

  /// The position behind the string that begins there.
  private static func endOfString(_ json: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
    var position = start + 1
    while position < json.count {
      switch json[position] {
      case UInt8(ascii: "\""): return position + 1
      case UInt8(ascii: "\\"): position += 2
      default: position += 1
      }
    }
    return nil
  }

  /// The position behind the value that begins there; nil where it is a list or a mapping.
  private static func endOfValue(_ json: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
    guard start < json.count else { return nil }
    switch json[start] {
    case UInt8(ascii: "\""): return endOfString(json, start)
    case UInt8(ascii: "["), UInt8(ascii: "{"): return nil
    default:
      var position = start
      while position < json.count, !endsValue(json[position]) { position += 1 }
      return position
    }
  }

  private static func endsValue(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") }

  private static let powersOfTen: [Double] = (0...22).map { pow(10, Double($0)) }

  /// A number and the position behind it. Where digits and power are exact in a double, one division or product rounds as it should; any other
  /// number is for the C library.
  private static func number(_ json: UnsafeBufferPointer<UInt8>, _ start: Int) -> (Double, Int)? {
    var position = start
    let isNegative = json[position] == UInt8(ascii: "-")
    if isNegative { position += 1 }
    var (mantissa, digits, power) = (0, 0, 0)
    var isFraction = false
    while position < json.count {
      let digit = json[position] &- UInt8(ascii: "0")
      if digit < 10 {
        digits += 1
        if digits <= 15 { mantissa = mantissa * 10 + Int(digit) }
        if isFraction { power -= 1 }
      } else if json[position] == UInt8(ascii: "."), !isFraction {
        isFraction = true
      } else {
        break
      }
      position += 1
    }
    guard digits > 0, position < json.count, let base = json.baseAddress else { return nil }
    if digits <= 15, power >= -22, endsValue(json[position]) {
      let value = Double(mantissa) / powersOfTen[-power]
      return (isNegative ? -value : value, position)
    }
    var end: UnsafeMutablePointer<CChar>?
    let text = UnsafeRawPointer(base + start).assumingMemoryBound(to: CChar.self)
    let value = strtod(text, &end)
    guard let end else { return nil }
    return (value, start + (UnsafePointer(end) - text))
  }
}

enum TimeText {
  /// Seconds since 1970 of a time as the tables have it, "2026-11-24T09:05:00.123Z"; nil: it is another text.
  static func seconds(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    guard text.count >= 20, text[text.count - 1] == UInt8(ascii: "Z"), text[4] == UInt8(ascii: "-"), text[10] == UInt8(ascii: "T") else { return nil }
    func number(_ range: Range<Int>) -> Int? {
      text[range].reduce(0 as Int?) { sum, byte in
        let digit = byte &- UInt8(ascii: "0")
        return digit < 10 ? sum.map { $0 * 10 + Int(digit) } : nil
      }
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13), let minute = number(14..<16),
      let second = number(17..<19), 1...12 ~= month
    else { return nil }
    var fraction = 0.0
    if text[19] == UInt8(ascii: "."), text.count > 21, text.count < 36, let digits = number(20..<text.count - 1) {
      fraction = Double(digits) / pow(10, Double(text.count - 21))
    }
    // Days by the civil calendar, with years that begin in March.
    let (y, m) = month > 2 ? (year, month - 3) : (year - 1, month + 9)
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 719_469
    return Double(((days * 24 + hour) * 60 + minute) * 60 + second) + fraction
  }

  static func seconds(_ text: String) -> Double? {
    var text = text
    return text.withUTF8 { seconds($0) }
  }
}

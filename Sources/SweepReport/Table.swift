// A table on its way out: columns and rows of values. Built by the reports, written by an exporter.

import SweepCore

/// Columns, and rows that are visited once and need not be in memory.
package struct Table {
  package typealias Row = [ParameterValue]
  package struct Column: Sendable {
    /// The name in CSV and JSON.
    package let name: String
    /// The heading for people.
    package let title: String
    /// How people see a value; CSV and JSON have it exact.
    package let format: @Sendable (ParameterValue) -> String

    package init(_ name: String, title: String? = nil, format: @escaping @Sendable (ParameterValue) -> String = Table.plain) {
      (self.name, self.title, self.format) = (name, Table.visible(title ?? name), format)
    }
  }

  package let columns: [Column]
  /// Calls its argument with each row, in order. A row has a value for each column.
  package let forEachRow: ((Row) throws -> Void) throws -> Void

  package init(columns: [Column], forEachRow: @escaping ((Row) throws -> Void) throws -> Void) {
    (self.columns, self.forEachRow) = (columns, forEachRow)
  }

  /// - Precondition: every row has a value for each column.
  package init(columns: [Column], rows: [Row]) {
    precondition(rows.allSatisfy { $0.count == columns.count }, "a row has a value for each column")
    self.init(columns: columns) { visit in try rows.forEach(visit) }
  }

  /// The value as it is; nothing for null. Control characters are shown as escapes, so that a name cannot drive the terminal.
  package static func plain(_ value: ParameterValue) -> String { value == .null ? "" : visible(value.description) }

  /// A parameter: "null" for null, and of a long real number, as random search draws them, six significant digits.
  package static func parameter(_ value: ParameterValue) -> String {
    guard case .real(let number) = value, number.description.count > 9, number != 0 else { return value == .null ? "null" : plain(value) }
    var (scale, digits) = (1.0, abs(number))
    while digits < 1e5, scale < 1e300 { (scale, digits) = (scale * 10, digits * 10) }
    guard digits < 1e6 else { return number.description }
    return ((number * scale).rounded() / scale).description
  }

  /// A share or a measurement with four digits behind the point.
  package static func rounded(_ value: ParameterValue) -> String {
    guard let number = value.number else { return plain(value) }
    return fixed(number, digits: 4)
  }

  /// The same of a text of several lines, which stay.
  package static func visibleLines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { visible(String($0)) }.joined(separator: "\n")
  }

  package static func visible(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return text }
    guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
    return text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\\u{\(String($0.value, radix: 16))}" : String($0) }.joined()
  }
}

/// The number with so many digits behind the point, without Foundation's locale.
package func fixed(_ number: Double, digits: Int) -> String {
  let scale = (0..<digits).reduce(1.0) { value, _ in value * 10 }
  guard number.isFinite, abs(number) * scale < 0x1p62 else { return number.description }
  let scaled = Int((abs(number) * scale).rounded())
  let text = String(scaled)
  let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
  let sign = number < 0 && scaled > 0 ? "-" : ""
  return digits == 0 ? sign + padded : sign + padded.dropLast(digits) + "." + padded.suffix(digits)
}

extension String {
  /// A name as a heading: "batch size" for "batch_size".
  package var spaced: String { replacing("_", with: " ") }
}

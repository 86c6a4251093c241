// Aligned columns for the terminal: numbers to the right, text to the left, a rule under the headings.

import SweepCore

package struct TextTable: Exporter {
  package init() {}

  package var isForPeople: Bool { true }

  /// Rows that decide how wide columns are. Later ones are not kept, and may stick out.
  private static let measured = 1000

  package func write(_ table: Table, to output: (String) throws -> Void) throws {
    var first: [Table.Row] = []
    var layout: Layout?
    try table.forEachRow { row in
      if let layout { return try output(layout.line(row)) }
      first.append(row)
      if first.count == Self.measured { layout = try begin(table, first, output) }
    }
    if layout == nil { _ = try begin(table, first, output) }
  }

  /// Writes the headings and the rows so far.
  private func begin(_ table: Table, _ rows: [Table.Row], _ output: (String) throws -> Void) throws -> Layout {
    let layout = Layout(table.columns, rows)
    try output(layout.line(table.columns.map(\.title)))
    try output(layout.line(layout.widths.map { String(repeating: "─", count: $0) }))
    for row in rows { try output(layout.line(row)) }
    return layout
  }

  private struct Layout {
    let columns: [Table.Column]
    let widths: [Int]
    let isRight: [Bool]

    init(_ columns: [Table.Column], _ rows: [Table.Row]) {
      self.columns = columns
      widths = columns.indices.map { column in
        rows.reduce(columns[column].title.count) { max($0, columns[column].format($1[column]).count) }
      }
      isRight = columns.indices.map { column in
        rows.contains { $0[column].number != nil } && rows.allSatisfy { $0[column].number != nil || $0[column] == .null }
      }
    }

    func line(_ row: Table.Row) -> String { line(zip(columns, row).map { $0.format($1) }) }

    func line(_ cells: [String]) -> String {
      var line = ""
      var space = 0  // not yet written, so that no line ends with it
      for (column, cell) in cells.enumerated() {
        let missing = max(0, widths[column] - cell.count)
        if isRight[column] { space += missing }
        if !cell.isEmpty {
          line += String(repeating: " ", count: space)
          line += cell
          space = 0
        }
        space += (isRight[column] ? 0 : missing) + 2
      }
      return line + "\n"
    }
  }
}

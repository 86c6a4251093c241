// Aligned columns for the terminal: numbers to the right, text to the left, a rule under the headings.

import SweepCore

package struct TextTable: Exporter {
  package init() {}

  package var isForPeople: Bool { true }

  package func text(of table: Table) -> String {
    let cells = table.rows.map { row in zip(table.columns, row).map { $0.format($1) } }
    let widths = table.columns.indices.map { column in
      max(table.columns[column].title.count, cells.map { $0[column].count }.max() ?? 0)
    }
    let isRight = table.columns.indices.map { column in
      table.rows.contains { $0[column].number != nil } && table.rows.allSatisfy { $0[column].number != nil || $0[column] == .null }
    }
    func line(_ cells: [String]) -> String {
      let padded = cells.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - cells[column].count)
        return isRight[column] ? space + cells[column] : cells[column] + space
      }
      return String(padded.joined(separator: "  ").reversed().drop { $0 == " " }.reversed()) + "\n"
    }
    let rule = widths.map { String(repeating: "─", count: $0) }
    return line(table.columns.map(\.title)) + line(rule) + cells.map(line).joined()
  }
}

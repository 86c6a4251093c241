// A table of GitHub-flavoured Markdown, numbers to the right.

import SweepCore

package struct MarkdownExporter: Exporter {
  package init() {}

  package var isForPeople: Bool { true }

  package func text(of table: Table) -> String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
    func escaped(_ text: String) -> String { text.replacing("|", with: "\\|") }
    let rules = table.columns.indices.map { column in table.rows.contains { $0[column].number != nil } ? "---:" : "---" }
    return line(table.columns.map { escaped($0.title) }) + line(rules)
      + table.rows.map { row in line(zip(table.columns, row).map { escaped($0.format($1)) }) }.joined()
  }
}

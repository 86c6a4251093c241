// A table of GitHub-flavoured Markdown. The first row tells which columns hold numbers, which go to the right.

import SweepCore

package struct MarkdownExporter: Exporter {
  package init() {}

  package var isForPeople: Bool { true }

  package func write(_ table: Table, to output: (String) throws -> Void) throws {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
    func escaped(_ text: String) -> String { text.replacing("|", with: "\\|").replacing("<", with: "\\<") }
    func head(_ first: Table.Row?) -> String {
      line(table.columns.map { escaped($0.title) }) + line(table.columns.indices.map { first?[$0].number != nil ? "---:" : "---" })
    }
    var isEmpty = true
    try table.forEachRow { row in
      if isEmpty { try output(head(row)) }
      isEmpty = false
      try output(line(zip(table.columns, row).map { escaped($0.format($1)) }))
    }
    if isEmpty { try output(head(nil)) }
  }
}

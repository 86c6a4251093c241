// Comma-separated values by RFC 4180, with a header line; null is empty; lines end with a line feed, as Unix tools expect.

import SweepCore

package struct CSVExporter: Exporter {
  package init() {}

  package var isForPeople: Bool { false }

  package func write(_ table: Table, to output: (String) throws -> Void) throws {
    try output(table.columns.map { quoted($0.name) }.joined(separator: ",") + "\n")
    try table.forEachRow { row in
      try output(row.map { $0 == .null ? "" : quoted($0.description) }.joined(separator: ",") + "\n")
    }
  }

  private func quoted(_ text: String) -> String {
    let needsQuotes = text.unicodeScalars.contains { [",", "\"", "\n", "\r"].contains($0) }
    return needsQuotes ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }
}

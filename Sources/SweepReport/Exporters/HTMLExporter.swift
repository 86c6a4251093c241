// A table as an element of an HTML page, without styles of its own. Numbers go to the right.

import SweepCore

package struct HTMLExporter: Exporter {
  package init() {}

  package var isForPeople: Bool { true }

  package func write(_ table: Table, to output: (String) throws -> Void) throws {
    func cell(_ tag: String, _ text: String, isNumber: Bool = false) -> String {
      "<\(tag)\(isNumber ? " class=\"number\"" : "")>\(Self.escaped(text))</\(tag)>"
    }
    func head(_ first: Table.Row?) -> String {
      let cells = table.columns.enumerated().map { cell("th", $1.title, isNumber: first?[$0].number != nil) }
      return "<table>\n<thead><tr>\(cells.joined())</tr></thead>\n<tbody>\n"
    }
    var isEmpty = true
    try table.forEachRow { row in
      if isEmpty { try output(head(row)) }
      isEmpty = false
      let cells = zip(table.columns, row).map { cell("td", $0.format($1), isNumber: $1.number != nil) }
      try output("<tr>\(cells.joined())</tr>\n")
    }
    if isEmpty { try output(head(nil)) }
    try output("</tbody>\n</table>\n")
  }

  /// The text with the characters that mean something in HTML written out.
  package static func escaped(_ text: String) -> String {
    Table.visibleLines(text).replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
  }
}

// What writes a table. One file per format; Exporters.swift is the register.

/// Writes a table as text that ends with a newline, piece by piece, so that a table of any length fits.
package protocol Exporter: Sendable {
  /// Whether people read it, who want few columns and few digits; programs get everything.
  var isForPeople: Bool { get }

  func write(_ table: Table, to output: (String) throws -> Void) throws
}

extension Exporter {
  /// The whole text at once.
  package func text(of table: Table) throws -> String {
    var text = ""
    try write(table) { text += $0 }
    return text
  }
}

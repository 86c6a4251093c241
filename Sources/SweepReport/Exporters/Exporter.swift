// What writes a table. One file per format; Exporters.swift is the register.

/// Writes a table as text that ends with a newline.
package protocol Exporter: Sendable {
  /// Whether people read it, who want few columns and few digits; programs get everything.
  var isForPeople: Bool { get }
  func text(of table: Table) -> String
}

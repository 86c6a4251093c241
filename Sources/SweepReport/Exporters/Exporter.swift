// What writes a table. One file per format; Exporters.swift is the register.

/// Writes a table as text that ends with a newline.
package protocol Exporter: Sendable {
  func text(of table: Table) -> String
}

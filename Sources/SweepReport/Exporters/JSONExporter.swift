// An array of flat objects, one line each. Numbers that JSON cannot say (infinity) become null, like NaN.

import SweepCore

package struct JSONExporter: Exporter {
  package init() {}

  package var isForPeople: Bool { false }

  package func text(of table: Table) -> String {
    let names = table.columns.map { ParameterValue.text($0.name).json }
    let objects = table.rows.map { row in
      "  {" + zip(names, row).map { "\($0): \(number($1))" }.joined(separator: ", ") + "}"
    }
    return objects.isEmpty ? "[]\n" : "[\n" + objects.joined(separator: ",\n") + "\n]\n"
  }

  private func number(_ value: ParameterValue) -> String {
    if case .real(let real) = value, !real.isFinite { "null" } else { value.json }
  }
}

// An array of flat objects, one line each. Numbers that JSON cannot say (infinity) become null, like NaN.

import SweepCore

package struct JSONExporter: Exporter {
  package init() {}

  package var isForPeople: Bool { false }

  package func write(_ table: Table, to output: (String) throws -> Void) throws {
    let names = table.columns.map { ParameterValue.text($0.name).json }
    var isEmpty = true
    try table.forEachRow { row in
      try output((isEmpty ? "[\n  {" : ",\n  {") + zip(names, row).map { "\($0): \(Self.text($1))" }.joined(separator: ", ") + "}")
      isEmpty = false
    }
    try output(isEmpty ? "[]\n" : "\n]\n")
  }

  private static func text(_ value: ParameterValue) -> String {
    if case .real(let number) = value, !number.isFinite { "null" } else { value.json }
  }
}

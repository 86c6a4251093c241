// The register of formats (`--format`): a new one is its file, its test and a line here.

import SweepCore

package let exporters = Registry<any Exporter>(
  "format", [("table", TextTable()), ("csv", CSVExporter()), ("json", JSONExporter()), ("markdown", MarkdownExporter()), ("html", HTMLExporter())])

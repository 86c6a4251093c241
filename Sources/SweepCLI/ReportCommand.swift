// `sweep report [SWEEP] -o FILE`: all of a sweep on one page.

import ArgumentParser
import SweepCore
import SweepKit
import SweepReport
import SweepStore

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Write a page about a sweep: ranking, curves, importance, answers, and the SQL behind each table.",
    discussion: """
      An .html file needs nothing else, figures are inside. Beside an .md file its figures are in a folder. Figures need gnuplot
      (Debian: gnuplot-nox).

      EXAMPLE
        sweep report -o report.html
        sweep report cifar10-grid -o report.md --no-figures
      """)

  @Argument(help: "The sweep's name (default: the newest).") var sweep: String?
  @Option(name: .shortAndLong, help: ArgumentHelp("The page; .html or .md.", valueName: "file"), completion: .file(extensions: ["html", "md"]))
  var output: String
  @Flag(inversion: .prefixedNo, help: "Draw figures.") var figures = true
  @OptionGroup var objective: ObjectiveOption
  @OptionGroup var database: DatabaseOption

  func run() throws {
    let store = try database.reading()
    let record = try objective.applied(to: try store.sweep(named: sweep), in: store)
    let file = try record.file
    let trainer = try? Registry<TrainerEntry>.builtin().entry(for: file)
    let page = try SweepPage(record, in: store) { trainer?.samples($0, $1) }
    try page.document(description: file.summary, withFigures: figures).write(to: output)
    Terminal.error("\(record.name): \(output)")
  }
}

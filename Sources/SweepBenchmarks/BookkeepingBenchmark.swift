// What the tool itself costs: trials that compute nothing, and questions about a million of them.

import ArgumentParser
import SweepCore

struct BookkeepingBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bookkeeping", abstract: "Trivial trials a second; planning, ranking and querying a million.")

  @Option(parsing: .upToNextOption, help: "Trials, one figure for each; the last one is then asked questions.") var trials = [
    10_000, 100_000, 1_000_000,
  ]

  func run() throws {
    try BenchmarkCommand.head(
      "Bookkeeping",
      "`test-function` trials that report 10 epochs each and compute next to nothing, from the command to the ranked table: planned as rows, "
        + "every epoch recorded, every trial's end and summary, durable against `kill -9`.")
    var rows: [[ParameterValue]] = []
    var last: Folder?
    for count in trials {
      let folder = try Folder()
      last = folder
      try folder.write(Self.file(trials: count), to: "trivial.yaml")
      let child = try Child.sweep("run", "trivial.yaml", "--quiet", in: folder)
      let planned = try Child.number("SELECT (julianday(min(started_at)) - julianday((SELECT created_at FROM sweep))) * 86400 FROM trial", in: folder)
      let size = try Child.number("SELECT page_count * page_size / 1e6 FROM pragma_page_count, pragma_page_size", in: folder)
      rows.append([
        .integer(count), .rounded(child.seconds, 2, " s"), .rounded(Double(count) / child.seconds, 0),
        .rounded(10 * Double(count) / child.seconds, 0),
        .rounded(planned, 2, " s"), .rounded(child.peak, 0, " MB"), .rounded(size, 0, " MB"),
      ])
    }
    try BenchmarkCommand.table(["trials", "time", "trials/s", "epochs/s", "of it planning", "peak memory", "database"], rows)
    guard let last else { return }
    BenchmarkCommand.print("Questions about the last of them, from the command to its last line:\n")
    let one = (trials.last ?? 0) / 2
    let questions = [
      ["rank", "--top", "20"], ["status"], ["show", "\(one)"], ["query", "SELECT * FROM epochs_trivial WHERE trial = \(one)"],
      ["query", "SELECT x, min(value) FROM trials_trivial GROUP BY x ORDER BY 2 LIMIT 10"],
    ]
    try BenchmarkCommand.table(
      ["command", "time"],
      try questions.map { arguments in
        let best = try (0..<3).map { _ in try Child(Child.sweep, arguments, in: last).seconds }.min() ?? 0
        return [.text("`sweep \(arguments.joined(separator: " "))`"), .rounded(best * 1000, 0, " ms")]
      })
    try ReadingBenchmark.run(in: last)
  }

  private static func file(trials: Int) -> String {
    """
    name: trivial
    trainer: test-function
    method: grid
    metric: {name: value, goal: minimize}
    parameters:
      function: {value: himmelblau}
      x: {values: [\((0..<100).map { "\(Double($0) / 10 - 5)" }.joined(separator: ", "))]}
      y: {values: [\((0..<trials / 100).map { "\(Double($0) / 1000 - 5)" }.joined(separator: ", "))]}
      epochs: {value: 10}
    """
  }
}

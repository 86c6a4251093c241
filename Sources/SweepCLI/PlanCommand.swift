// `sweep plan FILE`: what would run, and how long it would take. Writes nothing, opens no database.

import ArgumentParser
import SweepCore
import SweepKit
import SweepReport

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show what a sweep file asks for, without running or writing anything.",
    discussion: """
      EXAMPLE
        sweep plan sweeps/cifar10-grid.yaml
        sweep plan sweeps/cifar10-grid.yaml --rows 27 --format csv
      """)

  @OptionGroup var source: SweepFileArguments
  @Option(help: "How many points to show.") var rows = 5
  @Flag(inversion: .prefixedNo, help: "Estimate the time from a short measurement.") var estimate = true
  @OptionGroup var search: SearchOptions
  @OptionGroup var pool: PoolOptions
  @OptionGroup var format: FormatOption

  func validate() throws {
    if rows < 0 { throw ValidationError("--rows is \(rows); use 0 or more") }
  }

  func run() throws {
    let trainers = try Registry.builtin()
    let loaded = try source.load(trainers)
    let file = search.applied(to: loaded.file)
    let trainer = try trainers.entry(for: file)
    let forecast = try Forecast(file, trainer: trainer, workers: pool.workers, maxTrials: pool.maxTrials)
    try format.print(table(file, forecast))
    loaded.tell(notes: true)
    for line in summary(file, forecast) { Terminal.error(line) }
    for doubt in trainer.notes + file.doubts { Terminal.error("warning: \(doubt)") }
    if estimate { Terminal.error(forecast.time()) }
  }

  /// The first points: the swept parameters for people, all of them for programs.
  private func table(_ file: SweepFile, _ forecast: Forecast) throws -> Table {
    let shown = format.isForPeople ? file.space.sweptNames : file.space.names
    let points = try forecast.first(rows)
    return Table(
      columns: [Table.Column("trial")] + shown.map { Table.Column($0, format: Table.parameter) },
      rows: points.enumerated().map { index, point in [.integer(index + 1)] + shown.map { point[$0] ?? .null } })
  }

  private func summary(_ file: SweepFile, _ forecast: Forecast) -> [String] {
    let factors = file.space.factors.compactMap { names, count in count.flatMap { $0 > 1 ? "\($0) \(names.joined(separator: " with "))" : nil } }
    let isProduct = file.method == "grid" && file.rules.runCap == nil
    let constraints = file.space.hasForbiddenPoints ? ", less what when and exclude leave out" : ""
    let constants = file.space.parameters.filter(\.domain.isConstant).map { "\($0.name) \($0.domain.text)" }
    let constant = constants.isEmpty ? [] : ["constant: \(constants.joined(separator: ", "))"]
    let points = forecast.search?.points ?? forecast.count.map { counted($0, "point") } ?? "points without end"
    let product = factors.isEmpty || !isProduct ? "" : " = " + factors.joined(separator: " × ") + constraints
    let objectives = file.objectives.map { "objective: \($0.goal.rawValue) \($0.metric), the \($0.at.rawValue) epoch's" }
    return ["\(file.name): \(points)\(product)"] + constant + objectives + (forecast.search?.lines() ?? [forecast.cohortSummary])
  }
}

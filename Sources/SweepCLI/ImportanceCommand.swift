// `sweep importance`: which parameters matter.

import ArgumentParser
import SweepCore
import SweepKit
import SweepReport
import SweepStore

struct ImportanceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "importance", abstract: "Show how much of the differences between trials each parameter explains.",
    discussion: """
      On a full grid an exact functional ANOVA: shares of the variance of the objective, of parameters alone and of pairs. Where the grid is not
      full, PED-ANOVA: what sets the best tenth of the trials apart. Trials that differ in their seed alone tell how much is noise.

      EXAMPLE
        sweep importance
        sweep importance cifar10-grid --format json
      """)

  @Argument(help: "The sweep's name (default: the newest).") var sweep: String?
  @OptionGroup var objective: ObjectiveOption
  @OptionGroup var database: DatabaseOption
  @OptionGroup var format: FormatOption

  func run() throws {
    let store = try database.reading()
    let record = try objective.applied(to: try store.sweep(named: sweep), in: store)
    let importance = try Importance(of: record.objective, trials: try store.ranking(record).map(\.trial), space: record.space)
    try format.print(importance.table)
    Terminal.error("\(record.name): \(importance.sentence)")
  }
}

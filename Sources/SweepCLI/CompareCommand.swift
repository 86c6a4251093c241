// `sweep compare A B`: two trials on the same images.

import ArgumentParser
import SweepCore
import SweepReport
import SweepStore

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Compare two trials on the images that both answered.",
    discussion: """
      Only images on which the two disagree tell them apart: McNemar's exact test, and a 95 % interval of the difference of the accuracies.
      The p-value is that of two trials chosen beforehand. For the best of many, 'sweep rank' takes the choice into account.

      EXAMPLE
        sweep compare 20 12
        sweep compare table1:best multiple-bce:best
      """)

  @Argument(help: "A trial: its number or 'best', or SWEEP:NUMBER.") var first: TrialReference
  @Argument(help: "Another trial.") var second: TrialReference
  @Option(help: "The sweep's name (default: the newest).") var sweep: String?
  @OptionGroup var objective: ObjectiveOption
  @OptionGroup var database: DatabaseOption
  @OptionGroup var format: FormatOption

  func run() throws {
    let store = try database.reading()
    func ranked(_ record: SweepRecord) throws(SweepError) -> SweepRecord { try objective.applied(to: record, in: store) }
    let (a, b) = (try first.found(in: store, sweep: sweep, by: ranked), try second.found(in: store, sweep: sweep, by: ranked))
    let rows = try ["validation", "test"].map { split -> Table.Row in
      let (one, other) = (try a.predictions(split, in: store), try b.predictions(split, in: store))
      guard one.split == other.split else {
        throw SweepError(
          .input, "\(a.name) answered \(one.split.source) and \(b.name) \(other.split.source): not the same \(split) images", place: store.path,
          remedy: "compare trials of the same data")
      }
      let test = McNemar(one.correct, other.correct)
      let share = { (count: Int) in ParameterValue.real(Double(count) / Double(test.images)) }
      return [
        .text(split), .integer(test.images), share(test.bothRight + test.onlyFirst), share(test.bothRight + test.onlySecond),
        .real(test.difference), .real(test.interval.lowerBound), .real(test.interval.upperBound), .integer(test.onlyFirst),
        .integer(test.onlySecond), .real(test.pValue),
      ]
    }
    let columns = [
      Table.Column("split"), .init("images"), .init("first", title: a.name, format: Table.rounded),
      .init("second", title: b.name, format: Table.rounded),
      .init("difference", format: Table.rounded), .init("lower", title: "95 % from", format: Table.rounded),
      .init("upper", title: "to", format: Table.rounded), .init("only_first", title: "only \(a.name)"), .init("only_second", title: "only \(b.name)"),
      .init("p", title: "p (McNemar, exact)", format: { Self.spelled($0.number ?? .nan) }),
    ]
    try format.print(Table(columns: columns, rows: rows))
  }

  /// "0.0312", or "< 0.0001".
  private static func spelled(_ p: Double) -> String { p < 0.0001 ? "< 0.0001" : fixed(p, digits: 4) }
}

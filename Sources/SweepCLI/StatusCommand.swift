// `sweep status [SWEEP]` and `sweep list`: where a sweep stands, and which sweeps there are.

import ArgumentParser
import SweepCore
import SweepKit
import SweepReport
import SweepStore

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show how many trials of a sweep are in which state, which run, and why some failed.",
    discussion: """
      EXAMPLE
        sweep status
        sweep status cifar10-grid --format json
      """)

  @Argument(help: "The sweep's name (default: the newest).") var sweep: String?
  @OptionGroup var objective: ObjectiveOption
  @OptionGroup var database: DatabaseOption
  @OptionGroup var format: FormatOption

  func run() throws {
    let store = try database.reading()
    let record = try objective.applied(to: try store.sweep(named: sweep), in: store)
    let counts = try store.counts(sweepID: record.id)
    try format.print(try SweepOverview.table(of: [(record, counts)], in: store))
    let enqueued = try store.enqueuedCounts(record).waiting
    if enqueued > 0 { Terminal.error("\(counted(enqueued, "enqueued point")) \(enqueued == 1 ? "comes" : "come") first") }
    for state in [TrialState.running, .failed, .diverged] {
      for trial in try store.trials(sweepID: record.id, state: state, limit: Self.listed) {
        let planned = trial.assignment["epochs"].map { " of \($0)" } ?? ""
        let reason = trial.reason.map { ": \($0)" } ?? ", epoch \(trial.epochsDone)\(planned)"
        Terminal.error("trial \(trial.number) \(state.rawValue)\(reason)")
      }
      if counts[state] > Self.listed { Terminal.error("… and \(counts[state] - Self.listed) more \(state.rawValue)") }
    }
    // A sweep that ends in between has no running trials any more.
    if counts[.running] > 0, !RunnerLock.isHeld(database: store.path, sweep: record.name), try store.counts(sweepID: record.id)[.running] > 0 {
      let isAsked = (try? record.file)?.trainer == "ask"
      Terminal.error(
        isAsked
          ? "running trials were asked for: 'sweep tell NUMBER METRIC=VALUE' ends one, 'sweep ask --sweep \(record.name) --take-back' takes them back"
          : "nobody runs this sweep: its runner was killed or failed; 'sweep resume \(record.name)' goes on")
    }
  }

  /// Trials named of each state.
  private static let listed = 10
}

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the sweeps of the database, the newest first.",
    discussion: """
      EXAMPLE
        sweep list
        sweep list --db results.sqlite.example
      """)

  @OptionGroup var database: DatabaseOption
  @OptionGroup var format: FormatOption

  func run() throws {
    let store = try database.reading()
    try format.print(try SweepOverview.table(of: try store.sweeps().map { ($0, try store.counts(sweepID: $0.id)) }, in: store))
  }
}

/// A row for each sweep: its trials by state, and the best so far.
enum SweepOverview {
  static func table(of sweeps: [(sweep: SweepRecord, counts: StateCounts)], in store: Store) throws -> Table {
    // Few sweeps ever pause a trial.
    let states = TrialState.allCases.filter { state in state != .paused || sweeps.contains { $0.counts[state] > 0 } }
    let columns =
      [Table.Column("sweep"), Table.Column("trials")] + states.map { Table.Column($0.rawValue) } + [Table.Column("unplanned")]
      + [
        Table.Column("metric"), Table.Column("best", format: Table.rounded), Table.Column("best_trial", title: "trial"),
        Table.Column("created_at", title: "created"),
      ]
    let rows = try sweeps.map { sweep, counts -> [ParameterValue] in
      let best = try store.ranking(sweep, limit: 1).first?.trial
      return [.text(sweep.name), .integer(counts.total)] + states.map { .integer(counts[$0]) } + [
        .integer(counts.unplanned),
        .text(sweep.objective.metric), best?.objective.map(ParameterValue.real) ?? .null, best.map { .integer($0.number) } ?? .null,
        .text(sweep.createdAt),
      ]
    }
    return Table(columns: columns, rows: rows)
  }
}

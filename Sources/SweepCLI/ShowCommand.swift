// `sweep show TRIAL`: one trial's parameters and its epochs.

import ArgumentParser
import SweepCore
import SweepReport
import SweepStore

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a trial: its parameters on standard error, its epochs as a table.",
    discussion: """
      EXAMPLE
        sweep show 7
        sweep show 7 --sweep cifar10-grid --format csv
      """)

  @Argument(help: "The trial: its number, as 'sweep rank' shows it, or 'best', or SWEEP:NUMBER.") var trial: TrialReference
  @Option(help: "The sweep's name (default: the newest).") var sweep: String?
  @OptionGroup var database: DatabaseOption
  @OptionGroup var format: FormatOption

  func run() throws {
    let store = try database.reading()
    let named = try trial.found(in: store, sweep: sweep)
    let (record, found) = (named.sweep, named.trial)
    Terminal.error("\(record.name), trial \(found.number): \(Self.state(of: found))")
    for (name, value) in zip(found.assignment.names, found.assignment.values) { Terminal.error("  \(name): \(value)") }
    if let origin = try store.origin(of: found.id) {
      Terminal.error("  chosen by \(origin.sampler)\(origin.reason.map { ": \($0)" } ?? "")")
    }
    let times = [found.startedAt.map { "started \($0)" }, found.finishedAt.map { "finished \($0)" }].compactMap { $0 }
    if !times.isEmpty { Terminal.error("  \(times.joined(separator: ", ")), attempts: \(found.attempt)") }
    for attempt in try store.attempts(of: found.id) { Terminal.error("  \(Self.text(of: attempt))") }

    let metrics = try store.metrics(sweepID: record.id)
    let columns = ViewColumns(parameters: [], metrics: metrics).metrics
    try format.print(
      Table(
        columns: [Table.Column("epoch")]
          + columns.map {
            Table.Column(
              $0.column, title: ($0.column == $0.name ? $0.name : $0.column).spaced, format: $0.name.hasSuffix("_gap") ? Table.rounded : Self.brief)
          },
        rows: try store.epochs(of: found.id).map { epoch in
          [.integer(epoch.epoch)] + metrics.map { name in epoch[name].flatMap { $0.isNaN ? nil : .real($0) } ?? .null }
        }))
  }

  /// "failed, exit code 1", "pruned after epoch 2"
  private static func state(of trial: TrialRecord) -> String {
    guard let reason = trial.reason else { return trial.state.rawValue }
    return reason.hasPrefix(trial.state.rawValue) ? reason : "\(trial.state.rawValue), \(reason)"
  }

  /// "attempt 1: failed after 3.2 s (CPU 2.9 s, 41 MiB): exit code 1 — results.sqlite-trials/…/output.log"
  private static func text(of attempt: AttemptRecord) -> String {
    let took = attempt.seconds.map { seconds in
      " after \(duration(seconds)) (CPU \(duration(attempt.cpuSeconds ?? 0))\((attempt.memoryBytes ?? 0) > 0 ? ", \((attempt.memoryBytes ?? 0) >> 20) MiB" : ""))"
    }
    let reason = attempt.reason.map { ": \($0)" } ?? ""
    let log = attempt.result == .failed ? attempt.log?.replacing("output.log", with: "errors.log") : attempt.log
    return "attempt \(attempt.number): \(attempt.result?.rawValue ?? "running")\(took ?? "")\(reason)" + (log.map { " — \($0)" } ?? "")
  }

  /// Four digits behind the point; of small numbers (learning rates, seconds) the first four that are not zero.
  private static func brief(_ value: ParameterValue) -> String {
    guard let number = value.number, abs(number) < 0.05, abs(number) >= 1e-9 else { return Table.rounded(value) }
    var (digits, scaled) = (3, abs(number))
    while scaled < 1 { (digits, scaled) = (digits + 1, scaled * 10) }
    let text = fixed(number, digits: digits)
    return String(text.reversed().drop { $0 == "0" }.reversed())
  }
}

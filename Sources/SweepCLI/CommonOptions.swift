// Options that several commands share.

import ArgumentParser
import Foundation
import Logging
import SweepCore
import SweepKit
import SweepReport
import SweepStore

struct DatabaseOption: ParsableArguments {
  @Option(
    help: ArgumentHelp("The results database (default: $SWEEP_DB, else results.sqlite in this folder).", valueName: "file"), completion: .file())
  var db: String?

  func validate() throws {
    if path == ":memory:" || path.hasPrefix("file:") { throw ValidationError("'\(path)' is not the name of a file; results are kept in one") }
    if db == "" { throw ValidationError("--db is empty; name a file") }
  }

  var path: String {
    if let db { return db }
    let environment = ProcessInfo.processInfo.environment["SWEEP_DB"] ?? ""
    return environment.isEmpty ? "results.sqlite" : environment
  }

  func reading() throws(SweepError) -> Store { try Store.openReadOnly(path) }
}

extension Store {
  func tellWarnings() { for warning in warnings { Terminal.error("warning: \(warning)") } }
}

/// A sweep file, and what the command line says of its parameters.
struct SweepFileArguments: ParsableArguments {
  @Argument(help: "The sweep file (YAML); - for standard input.", completion: .file(extensions: ["yaml", "yml"])) var file: String
  @Argument(help: "What replaces parameters of the file: lr=0.1,0.2 'seed=range(5)' +new=1 '~gone'.") var overrides: [String] = []

  func load(_ trainers: Registry<TrainerEntry>) throws(SweepError) -> LoadedSweep {
    try SweepFileLoader(trainers: trainers).read(file, overrides: overrides)
  }
}

/// What the command line says of how points are chosen, in place of the file.
struct SearchOptions: ParsableArguments {
  @Option(help: "The seed of the method (default: the file's).") var seed: Int?
  @Option(
    help: ArgumentHelp(
      "A sweep of the same database from whose results a method that learns starts; may be repeated (default: the file's).", valueName: "sweep"))
  var prior: [String] = []

  func validate() throws {
    if let seed, !(0...Int(Int32.max)).contains(seed) { throw ValidationError("--seed is \(seed); use 0 to \(Int32.max)") }
  }

  var isEmpty: Bool { seed == nil && prior.isEmpty }

  func applied(to file: SweepFile) -> SweepFile {
    var file = file.seeded(seed)
    if !prior.isEmpty { file.prior = prior.enumerated().filter { prior.firstIndex(of: $0.element) == $0.offset }.map(\.element) }
    return file
  }
}

/// By what trials are ranked, where it is not the sweep's own objective: all that was measured is in the database.
struct ObjectiveOption: ParsableArguments {
  @Option(help: "Rank by another metric than the sweep's, as it was measured.") var metric: String?
  @Option(
    help: "minimize or maximize (default: the sweep's; of another metric what its name says, if it does).",
    completion: .list(["minimize", "maximize"])) var goal: String?
  @Option(help: "The value of the last epoch counts, or the best (default: the sweep's).", completion: .list(["last", "best"])) var at: String?

  func validate() throws {
    func check(_ name: String, _ word: String?, _ known: [String]) throws {
      if let word, !known.contains(word) { throw ValidationError(Diagnostic.unknown(name, word, known: known).description) }
    }
    try check("--goal", goal, Objective.Goal.allCases.map(\.rawValue))
    try check("--at", at, Objective.Epoch.allCases.map(\.rawValue))
  }

  /// The sweep as it is to be ranked.
  /// - Throws: where no trial has reported such a metric.
  func applied(to sweep: SweepRecord, in store: Store) throws(SweepError) -> SweepRecord {
    try Self.applied(metric: metric, goal: goal, at: at, to: sweep, in: store)
  }

  static func applied(metric: String?, goal: String?, at: String?, to sweep: SweepRecord, in store: Store) throws(SweepError) -> SweepRecord {
    guard metric != nil || goal != nil || at != nil else { return sweep }
    let known = try store.metrics(sweepID: sweep.id)
    if let metric, !known.contains(metric) {
      throw SweepError(.usage, .unknown("metric", metric, known: known.isEmpty ? ["none yet"] : known, place: "--metric of '\(sweep.name)'"))
    }
    let own = sweep.objectives.first { $0.metric == metric } ?? sweep.objective
    // Another metric does not share the goal, unless it is said.
    let chosen = goal.flatMap(Objective.Goal.init) ?? (metric == nil || metric == own.metric ? own.goal : Self.usual(metric ?? "") ?? own.goal)
    return sweep.ranked(by: Objective(metric: metric ?? own.metric, goal: chosen, at: at.flatMap(Objective.Epoch.init) ?? own.at))
  }

  /// Which way a metric is better by its name; nil: it does not say.
  private static func usual(_ metric: String) -> Objective.Goal? {
    let words = Set(metric.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init))
    if !words.isDisjoint(with: ["loss", "cost", "error", "err", "rmse", "mse", "mae", "perplexity", "ppl", "seconds"]) { return .minimize }
    return words.isDisjoint(with: ["acc", "accuracy", "auc", "auroc", "f1", "precision", "recall", "score", "reward", "map", "iou", "bleu"])
      ? nil : .maximize
  }
}

struct FormatOption: ParsableArguments {
  @Option(help: "table, csv, json, markdown or html. JSON is an array of flat objects.", completion: .list(exporters.names))
  var format = "table"

  func validate() throws {
    if exporters[format] == nil { throw ValidationError(exporters.unknown(format).description) }
  }

  var isForPeople: Bool { exporters[format]?.isForPeople ?? true }

  func print(_ table: Table) throws {
    var pending = ""
    // What is for programs has every byte of a name, unless it is a terminal that would obey it.
    let isTerminal = !isForPeople && Terminal.outputIsTerminal
    try exporters.find(format).write(table) { text in
      pending += isTerminal ? Table.visibleLines(text) : text
      if pending.utf8.count > 1 << 16 {
        Terminal.output(pending)
        pending = ""
      }
    }
    Terminal.output(pending)
  }
}

struct PoolOptions: ParsableArguments {
  @Option(help: "How many trials run at once (default: one per core, or per value of 'resources').")
  var workers: Int?

  @Option(help: "Allow a grid of up to so many points (default: 10000000).")
  var maxTrials: Int?

  func validate() throws {
    if let workers, workers < 1 { throw ValidationError("--workers is \(workers); use 1 or more") }
    if let maxTrials, maxTrials < 1 { throw ValidationError("--max-trials is \(maxTrials); use 1 or more") }
  }
}

struct RunOptions: ParsableArguments {
  @OptionGroup var pool: PoolOptions

  @Flag(help: "Run failed trials again, too.")
  var retryFailed = false

  @Flag(name: .shortAndLong, help: "No progress on standard error.")
  var quiet = false

  /// Runs the sweep, prints its ranked table, and ends with the exit code that tells how it went.
  func run(_ file: SweepFile, isSame: Bool = false, database: DatabaseOption, format: FormatOption) throws {
    let trainers = try Registry.builtin()
    let trainer = try trainers.entry(for: file)
    let store = try Store.open(database.path)
    store.tellWarnings()
    let display = makeDisplay()
    signal(SIGPIPE, SIG_IGN)  // a reader of the progress that goes away does not end the sweep
    let stop = StopSignal()
    let grace = file.grace.map { "; programs have \(duration($0)) to end" }
    stop.onSignals { display.say("stopping\(grace ?? " after this epoch"); once more to stop at once") }
    let logger = Logger(label: "sweep") { _ in DisplayLogHandler(display: display) }
    let runner = SweepRunner(
      file, trainer: trainer, store: store,
      options: .init(workers: pool.workers, maxTrials: pool.maxTrials, retryFailed: retryFailed, isSame: isSame),
      stop: stop, observer: display, logger: logger)
    let outcome: SweepOutcome
    do { outcome = try runner.run() } catch {
      display.close()
      try? store.close()  // the error that ends the run is the one to tell
      throw error
    }
    display.close()
    try RankCommand.print(outcome.sweep, in: store, format: format, quiet: quiet)
    try store.close()
    Terminal.error(summary(of: outcome, database: database))
    if let reason = outcome.stopReason { Terminal.error("\(outcome.sweep.name): \(reason)") }
    if outcome.wasInterrupted { throw ExitCode.interrupted }
    if outcome.counts[.failed] > 0 { throw ExitCode.someTrialsFailed }
  }

  private func makeDisplay() -> any ProgressDisplay {
    if quiet { return QuietDisplay() }
    return Terminal.errorIsTerminal ? LiveDisplay() : LineDisplay()
  }

  private func summary(of outcome: SweepOutcome, database: DatabaseOption) -> String {
    let states = TrialState.allCases.compactMap { state in outcome.counts.planned[state].map { "\($0) \(state.rawValue)" } }
    let unplanned = outcome.counts.unplanned > 0 ? ["\(outcome.counts.unplanned) no longer in the file"] : []
    let counts = (states + unplanned).joined(separator: ", ")
    let rate = outcome.seconds > 0 && outcome.ended > 0 ? " in \(duration(outcome.seconds))" : ""
    let next =
      outcome.wasInterrupted
      ? "; go on with: sweep resume \(outcome.sweep.name)"
      : outcome.counts[.failed] > 0 && !retryFailed ? "; see why with 'sweep status \(outcome.sweep.name)', try again with --retry-failed" : ""
    return "\(outcome.sweep.name): \(counts); \(outcome.ended) ended now\(rate); results in \(database.path)\(next)"
  }
}

/// "1:02:03", "4:05" or "6.7 s"
func duration(_ seconds: Double) -> String {
  guard seconds >= 60, seconds.isFinite else { return "\(fixed(max(0, seconds), digits: 1)) s" }
  let whole = Int(seconds.rounded())
  func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  return whole < 3600 ? "\(whole / 60):\(two(whole % 60))" : "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
}

/// Sends what the library has to say to the progress display, which knows where the cursor is.
struct DisplayLogHandler: LogHandler {
  let display: any ProgressDisplay
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.notice

  init(display: any ProgressDisplay) { self.display = display }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    display.say(event.level >= .warning ? "\(event.level): \(event.message)" : "\(event.message)")
  }
}

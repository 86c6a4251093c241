// `sweep ask` and `sweep tell`: a sweep whose trials somebody else runs, one call at a time, from any shell.

import ArgumentParser
import Foundation
import SweepCore
import SweepKit
import SweepStore

struct AskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ask", abstract: "Get the next trial of a sweep to run yourself, as a line of JSON.",
    discussion: """
      The trial is running from then on, until 'sweep tell' says how it ended; nobody else is given the same. Its token tells it from an earlier
      start of it, if it was taken back. Without a trial left, or where the sweep's rules say that it is over, nothing is printed and the exit code
      is 1; where a trial comes once more is told of those that run, {"wait":true} is printed and the exit code is 75.

      EXAMPLE
        sweep ask sweep.yaml
        sweep ask --sweep mine
        sweep ask --sweep mine --take-back
      """)

  @Argument(help: "The sweep file: it is planned if it is new (default: what the database knows).", completion: .file(extensions: ["yaml", "yml"]))
  var file: String?
  @Option(help: "The sweep's name (default: the file's, or the newest).") var sweep: String?
  @Flag(help: "The sweep of that name is this one, though its file is another than the one that it was planned from.") var same = false
  @OptionGroup var search: SearchOptions
  @Flag(help: "First take back trials that were asked for and never told of.") var takeBack = false
  @OptionGroup var database: DatabaseOption

  func validate() throws {
    if file == nil, !search.isEmpty { throw ValidationError("--seed and --prior go with a sweep file") }
  }

  func run() throws {
    let loaded = try file.map { path in try SweepFileLoader(trainers: try Registry.builtin()).read(path) }
    if let loaded, !loaded.lacksProgram { loaded.tell() }  // who asks needs none
    let store = try Store.open(database.path)
    store.tellWarnings()
    let sweep =
      try loaded.map { try AskTell(search.applied(to: $0.file).renamed(self.sweep), in: store, isSame: same) }
      ?? AskTell(named: self.sweep, in: store)
    if let change = sweep.changeOfObjective { Terminal.error(change) }
    if takeBack { Terminal.error("\(counted(try sweep.takeBack(), "trial")) taken back") }
    let answer = try sweep.ask()
    try store.close()
    switch answer {
    case .trial(let trial):
      let parameters = ParameterValue.mapping(of: sweep.file.space.configuration(of: trial.assignment).map { ($0.name, $0.value) })
      let members: [(String, ParameterValue)] = [
        ("sweep", .text(sweep.sweep.name)), ("trial", .integer(trial.number)), ("parameters", parameters), ("token", .text(Claim(trial).description)),
      ]
      Terminal.output(ParameterValue.mapping(of: members).json + "\n")
    case .wait:
      Terminal.output(ParameterValue.mapping(of: [("wait", .bool(true))]).json + "\n")
      throw ExitCode(SweepError.Kind.busy.exitCode)
    case .none(let reason):
      Terminal.error("\(sweep.sweep.name): \(reason ?? "no trial is left")")
      throw ExitCode(1)
    }
  }
}

struct TellCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tell", abstract: "Say what came of a trial that was asked for.",
    discussion: """
      Where the sweep stops trials early, --more prints whether the trial goes on: {"verdict":"proceed"}, "prune" (it is over), or "wait" where that
      is known only when others have told more: ask again with --more alone.

      EXAMPLE
        sweep tell 7 accuracy=0.93
        sweep tell 7 --epoch 3 loss=0.2 accuracy=0.91 --more
        sweep tell 7 --failed "out of memory"
        sweep tell 7 --token 7-2 accuracy=0.93
      """)

  @Argument(help: "The trial: its number, or SWEEP:NUMBER.") var trial: TrialReference
  @Argument(help: "Metrics: name=value.") var metrics: [String] = []
  @Option(help: "The sweep's name (default: the newest).") var sweep: String?
  @Option(help: "The epoch of the metrics (default: the one after the last).") var epoch: Int?
  @Flag(help: "More epochs follow: the trial goes on.") var more = false
  @Option(help: "The trial failed, and why.") var failed: String?
  @Option(help: "The token that 'sweep ask' printed; needed where the trial was taken back meanwhile.") var token: String?
  @OptionGroup var database: DatabaseOption

  func validate() throws {
    _ = try values()
    if more, failed != nil { throw ValidationError("--more and --failed contradict each other") }
    if let token, Claim(token) == nil { throw ValidationError("'\(token)' is no token; give the one that 'sweep ask' printed") }
    if metrics.isEmpty, failed == nil, !more { throw ValidationError("give metrics (name=value), or --failed WHY") }
    if trial.number == nil { throw ValidationError("name the trial by its number") }
  }

  private func values() throws -> [(name: String, value: Double)] {
    try metrics.map { text in
      guard let equals = text.firstIndex(of: "="), equals > text.startIndex, let value = Double(text[text.index(after: equals)...]) else {
        throw ValidationError("'\(text)' is no metric; write name=value with a number")
      }
      return (String(text[..<equals]), value)
    }
  }

  func run() throws {
    guard FileManager.default.fileExists(atPath: database.path) else { return _ = try database.reading() }
    let store = try Store.open(database.path)
    store.tellWarnings()
    let sweep = try AskTell(named: trial.sweep ?? sweep, in: store)
    let number = trial.number ?? 0
    let claim = token.flatMap { Claim($0) }
    if more {
      let verdict = try sweep.report(try values(), epoch: epoch, of: number, claim: claim)
      if sweep.file.earlyTermination != nil {
        Terminal.output(ParameterValue.mapping(of: [("verdict", .text(verdict.word))]).json + "\n")
      }
    } else {
      try sweep.tell(try values(), epoch: epoch, of: number, claim: claim, failed.map { .failed(reason: $0) } ?? .complete)
    }
    try store.close()
  }
}

extension Verdict {
  /// As those who tell read it.
  var word: String {
    switch self {
    case .proceed: "proceed"
    case .prune: "prune"
    case .interrupt: "interrupt"
    case .wait: "wait"
    }
  }
}

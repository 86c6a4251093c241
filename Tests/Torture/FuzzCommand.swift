// `sweep-torture fuzz`: inputs that nobody would write, by the thousand, made from a seed. Whatever they are, the answer is a result or a
// refusal, in time and in little memory. Here are the options and the table at the end; the supervisor does the rest.

import ArgumentParser
import SweepCore

struct FuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz", abstract: "Try damaged and hostile inputs; tell of crashes, hangs, and too much memory.",
    discussion: """
      Kinds: files (sweep files), data (data sets, and files in which programs report), sql (statements for 'sweep query'), databases (damaged
      results). Each input is a function of the seed, the kind and its number. What went wrong is kept, and tried again with --only.

      EXAMPLE
        sweep-torture fuzz files sql --seconds 60
        sweep-torture fuzz files --seed 7 --only 1234
      """)

  @Argument(help: "files, data, sql or databases; all of them by default.") var kinds: [FuzzKind] = []
  @Option(help: "For all kinds together, each from its first input on.") var seconds = 600.0
  @Option(help: "Of the inputs; random by default.") var seed: Int?
  @Option(help: "Megabytes that a worker may have resident.") var memory = 200
  @Option(help: "Seconds that an input may take.") var patience = 10.0
  @Option(help: "Inputs of each kind at most.") var inputs: Int?
  @Option(help: "Try this one input, and show all that it says.") var only: Int?
  @Option(help: "The folder for inputs that went wrong.") var keep = ".build/torture"
  @Option(help: .hidden) var worker: String?
  @Option(help: .hidden) var from = 0

  func validate() throws {
    guard seconds > 0, seconds < 1e9, patience > 0, patience < 1e9, 1...1_000_000 ~= memory else {
      throw ValidationError("--seconds, --patience and --memory are positive")
    }
    guard only ?? 0 >= 0, only ?? 0 < Self.mostInputs, inputs ?? 0 >= 0, from >= 0, from <= inputs ?? .max else {
      throw ValidationError("--only and --inputs are not negative")
    }
  }

  func run() throws {
    if let worker, let kind = kinds.first, let seed {
      let kilobytes = memory * 1_000_000 / 1024
      return try FuzzWorker(kind: kind, seed: seed, inputs: from..<(inputs ?? Self.mostInputs), memory: kilobytes, folder: worker).run()
    }
    let seed = seed ?? Int.random(in: 1..<1_000_000_000)
    let kinds = kinds.isEmpty ? FuzzKind.allCases : kinds
    TortureCommand.say("seed \(seed)")
    let limits = FuzzSupervisor.Limits(
      seconds: seconds / Double(kinds.count), memory: memory, patience: patience,
      inputs: only.map { $0..<$0 + 1 } ?? 0..<(inputs ?? Self.mostInputs), keep: keep, isReplay: only != nil)
    var rows = [
      "| kind | inputs | accepted | refused | crashes | hangs | over \(memory) MB | wrong | slowest input | peak memory |",
      "|---|---|---|---|---|---|---|---|---|---|",
    ]
    var findings = 0
    for kind in kinds {
      var supervisor = try FuzzSupervisor(kind, seed: seed, limits: limits)
      try supervisor.run(TortureCommand.say)
      rows.append(supervisor.row)
      findings += supervisor.findings.count
    }
    TortureCommand.say("\n" + rows.joined(separator: "\n"))
    if findings > 0 { throw ExitCode.failure }
  }

  /// As many as a generator has streams.
  private static let mostInputs = 1 << 31
}

extension Error {
  /// Whether it is how the user is told that something cannot be used.
  var isRefusal: Bool { self is SweepError }
}

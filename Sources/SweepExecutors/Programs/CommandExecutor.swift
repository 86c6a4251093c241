// Runs trials that are programs: the executor behind `program:` and `command:` of a sweep file. It prepares what all trials share and leaves
// the watching to ProgramLoop; docs/programs.md tells a program's author what it is given and how it reports.

import Foundation
import SweepCore

/// Runs a program for each trial, several at once on one thread.
package struct CommandExecutor: TrialExecutor {
  let program: ProgramSpecification
  let space: SearchSpace
  let objective: Objective
  /// Metrics of the objectives beyond it.
  let further: [String]
  /// Whether trials are stopped or chosen by what others tell.
  let isJudged: Bool
  let workplace: Workplace

  /// The trainer entry of one sweep's program.
  package static func entry(
    _ program: ProgramSpecification, space: SearchSpace, objective: Objective, further: [Objective] = [], isJudged: Bool = false
  ) -> TrainerEntry {
    let conduct = Conduct(keepsCheckpoints: true, slots: program.slots, watchesFlapping: true) { endPrograms(in: $0.folder) }
    return TrainerEntry(name: name, parameters: [], metrics: [], isOpen: true, conduct: conduct) { workplace in
      CommandExecutor(
        program: program, space: space, objective: objective, further: further.map(\.metric), isJudged: isJudged, workplace: workplace)
    }
  }

  /// How the database names trials of a program.
  package static let name = "program"
  /// The metric that every attempt has: its wall time.
  package static let secondsMetric = "seconds"

  /// - Throws: where the program, or the folder it runs in, is not there.
  package func prepare(for space: SearchSpace) throws(SweepError) {
    var status = stat()
    guard stat(program.folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw SweepError(.input, "the working folder \(program.folder) does not exist", remedy: "make it, or name another with 'folder:'")
    }
    let environment = ProgramEnvironment(program)
    let words = program.command.arguments([], jsonFile: "", environment: environment.value)
    guard let first = words.first else { throw SweepError(.input, "the command is empty", remedy: "name a program: 'program: train.py'") }
    // `env` finds what it starts by itself, after its own options and variables.
    let called = first == "/usr/bin/env" ? words.dropFirst().first { !$0.contains("=") } ?? first : first
    guard called.hasPrefix("-") || environment.find(called, from: program.folder) != nil else {
      if called.contains("/"), access(absolute(called), F_OK) == 0 {
        throw SweepError(.input, "the command '\(called)' cannot be executed", remedy: "chmod +x \(called), or name its interpreter")
      }
      throw SweepError(
        .input, "the command '\(called)' is not found",
        remedy: called.contains("/") ? "is its path right, from \(program.folder)?" : "install it, or give its path")
    }
    // A module may be anywhere on Python's path.
    if let file = program.command.program, words.contains(file), !program.command.isModule, access(absolute(file), R_OK) != 0 {
      throw SweepError(
        .input, "the program '\(file)' is not there or cannot be read", place: program.folder, remedy: "start sweep in its folder, or set 'folder:'")
    }
  }

  private func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : program.folder + "/" + path }

  package func run(slots: Int, from queue: any TrialQueue, reportingTo reporter: any TrialReporter) throws {
    var loop = try ProgramLoop(self, slots: min(slots, program.slots ?? slots), queue: queue, reporter: reporter)
    try loop.run()
  }
}

/// The variables of a program before those of its trial.
struct ProgramEnvironment {
  private let variables: [String: String]

  init(_ program: ProgramSpecification) {
    var variables = ProcessInfo.processInfo.environment
    // Python holds back what it prints where nobody looks at a terminal.
    variables["PYTHONUNBUFFERED"] = variables["PYTHONUNBUFFERED"] ?? "1"
    variables["WANDB_MODE"] = variables["WANDB_MODE"] ?? "offline"
    if let threads = program.limits.threads {
      for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "RAYON_NUM_THREADS", "GOMAXPROCS"] {
        variables[name] = String(threads)
      }
    }
    self.variables = variables.merging(program.environment) { $1 }
  }

  func value(_ name: String) -> String? { variables[name] }

  /// NAME=value, with those of a trial in place of others of the same name.
  func texts(with own: [(String, String)]) -> [String] {
    let names = Set(own.map(\.0))
    return variables.compactMap { names.contains($0.key) ? nil : "\($0.key)=\($0.value)" } + own.map { "\($0.0)=\($0.1)" }
  }

  /// The path of a program, as a shell would find it; nil where there is none.
  func find(_ name: String, from folder: String) -> String? {
    func runs(_ path: String) -> Bool {
      var status = stat()
      return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
    if name.contains("/") { return runs(name.hasPrefix("/") ? name : folder + "/" + name) ? name : nil }
    let folders = (variables["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":", omittingEmptySubsequences: false)
    return folders.lazy.map { $0.isEmpty ? folder + "/" + name : "\($0)/\(name)" }.first(where: runs)
  }
}

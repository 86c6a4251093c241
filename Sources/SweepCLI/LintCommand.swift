// `sweep lint FILE`: all that is wrong with a sweep file, and all that is allowed and yet hardly meant. Runs and writes nothing.

import ArgumentParser
import SweepCore
import SweepKit

struct LintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint", abstract: "Check a sweep file without running anything.",
    discussion: """
      Errors end with 65. Warnings are about what W&B would silently do otherwise than written; notes about what has no effect here.

      EXAMPLE
        sweep lint sweep.yaml
        sweep lint sweep.yaml lr=0.1,0.2
      """)

  @OptionGroup var source: SweepFileArguments

  func run() throws {
    let trainers = try Registry.builtin()
    let loaded = try source.load(trainers)
    for remark in loaded.remarks { Terminal.output("\(remark.kind): \(remark.diagnostic)\n") }
    let trainer = try trainers.entry(for: loaded.file)
    let doubts = trainer.notes + loaded.file.doubts
    for doubt in doubts { Terminal.output("warning: \(doubt)\n") }
    let count = try Planner(maxTrials: .max - 1).count(loaded.file)
    let made = loaded.remarks.count + doubts.count
    let remarks = made == 0 ? "nothing to remark" : counted(made, "remark")
    Terminal.error(
      "\(loaded.file.name): \(count.map { counted($0, "point") } ?? loaded.file.rules.runCap.map { "up to \(counted($0, "point"))" } ?? "points without end"); \(remarks)"
    )
    if loaded.file.program != nil || loaded.lacksProgram {
      try trainer.make(Workplace(sweep: loaded.file.name, folder: ".", objective: loaded.file.objective)).prepare(for: loaded.file.space)
    }
  }
}

extension LoadedSweep {
  /// Says what the author should know, before anything runs. Notes are for 'sweep lint' and 'sweep plan'.
  func tell(notes: Bool = false) {
    for remark in remarks where notes || remark.kind == .warning { Terminal.error("\(remark.kind): \(remark.diagnostic)") }
  }
}

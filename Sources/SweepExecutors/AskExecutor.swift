// Trials that somebody else runs: `sweep ask` hands out their parameters, `sweep tell` takes their results. There is nothing to run here.

import SweepCore

/// The executor behind `trainer: ask`.
package struct AskExecutor: TrialExecutor {
  package static let name = "ask"

  package static let entry = TrainerEntry(name: name, parameters: [], metrics: [], isOpen: true) { _ in AskExecutor() }

  package func prepare(for space: SearchSpace) throws(SweepError) {
    throw SweepError(
      .input, "the sweep file names no program to run",
      remedy: "add 'program: train.py' or 'command: [...]'; or run its trials yourself with 'sweep ask' and 'sweep tell'")
  }

  package func run(slots: Int, from queue: any TrialQueue, reportingTo reporter: any TrialReporter) throws {
    preconditionFailure("nothing of it is ever prepared to run")
  }
}

// A trial executor whose trials do what a closure says, for tests of everything around it.

import SweepCore
import Synchronization

/// Runs `epochs` epochs of each trial; metric "score" = x + epoch. Cohorts of `cohortSize`; `script` may throw for a trial and epoch.
package final class ScriptedExecutor: TrialExecutor {
  private let cohortSize: Int
  private let script: @Sendable (Trial, Int) throws -> Void
  private let log = Mutex<[Int]>([])

  package init(cohortSize: Int = 1, script: @escaping @Sendable (Trial, Int) throws -> Void = { _, _ in }) {
    (self.cohortSize, self.script) = (cohortSize, script)
  }

  /// The numbers of the trials that were started, in order, once for each start.
  package var started: [Int] { log.withLock { $0 } }

  package func cohorts(of trials: [Trial], workers: Int) -> [Cohort] {
    stride(from: 0, to: trials.count, by: cohortSize).map { Cohort(Array(trials[$0..<min($0 + cohortSize, trials.count)])) }
  }

  package func run(_ cohort: Cohort, reportingTo reporter: any TrialReporter) throws {
    log.withLock { $0 += cohort.trials.map(\.number) }
    trials: for trial in cohort.trials {
      var total = trial.checkpoint.map { Double($0.state[0]) } ?? 0
      for epoch in trial.completedEpochs + 1...(trial.plannedEpochs ?? 3) {
        try script(trial, epoch)
        total += 1
        let score = (trial.assignment["x"]?.number ?? 0) + total
        let checkpoint = Checkpoint(epoch: epoch, format: "scripted", state: [UInt8(total)])
        switch try reporter.report(EpochMetrics(epoch: epoch, values: [("score", score)]), of: trial.id, checkpoint: checkpoint) {
        case .interrupt: break trials
        case .prune:
          try reporter.finish(trial.id, .pruned(afterEpoch: epoch))
          continue trials
        case .proceed: break
        }
      }
      try reporter.finish(trial.id, .complete)
    }
  }

  /// As a trainer that sweep files can name.
  package var entry: TrainerEntry {
    TrainerEntry(
      name: "scripted",
      parameters: [
        ParameterDeclaration("x", .real(), meaning: "added to the score"),
        ParameterDeclaration("epochs", .integer(1...1000), default: .integer(3), meaning: "epochs"),
        ParameterDeclaration("mode", .choice(["plain", "fancy"]), default: .text("plain"), meaning: "nothing"),
      ], metrics: ["score"], make: { _ in self })
  }
}

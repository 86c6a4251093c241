// A trainer whose trials do what a closure says, for tests of everything around it.

import SweepCore
import SweepExecutors
import Synchronization

/// Runs `epochs` epochs of each trial; metric "score" = x + epoch. Cohorts of `cohortSize`; `script` may throw for a trial and epoch.
package final class ScriptedTrainer: CohortTrainer {
  private let cohortSize: Int
  private let script: @Sendable (Trial, Int) throws -> Void
  private let more: @Sendable (Trial, Int) -> [(name: String, value: Double)]
  private let log = Mutex<[Int]>([])

  /// - Parameter more: metrics beside the score.
  package init(
    cohortSize: Int = 1, script: @escaping @Sendable (Trial, Int) throws -> Void = { _, _ in },
    more: @escaping @Sendable (Trial, Int) -> [(name: String, value: Double)] = { _, _ in [] }
  ) {
    (self.cohortSize, self.more, self.script) = (cohortSize, more, script)
  }

  /// The numbers of the trials that were started, in order, once for each start.
  package var started: [Int] { log.withLock { $0 } }

  package func cohorts(of trials: [Trial], slots: Int) -> [Cohort] {
    stride(from: 0, to: trials.count, by: cohortSize).map { Cohort(Array(trials[$0..<min($0 + cohortSize, trials.count)])) }
  }

  package func train(_ cohort: Cohort, reportingTo reporter: any CohortReporter) throws {
    log.withLock { $0 += cohort.trials.map(\.number) }
    trials: for trial in cohort.trials {
      var total = trial.checkpoint.map { Double($0.state[0]) } ?? 0
      let last = trial.plannedEpochs ?? 3
      for epoch in trial.completedEpochs + 1...last {
        try script(trial, epoch)
        total += 1
        let metrics = EpochMetrics(epoch: epoch, values: [("score", (trial.assignment["x"]?.number ?? 0) + total)] + more(trial, epoch))
        let checkpoint = Checkpoint(epoch: epoch, format: "scripted", state: [UInt8(total)])
        let verdict = try reporter.verdict(after: metrics, checkpoint: checkpoint, of: trial)
        if let end = TrialEnd.after(metrics, isLast: epoch == last, verdict: verdict) {
          try reporter.report(.ended(end), of: trial)
          continue trials
        }
        if verdict == .interrupt { continue trials }
      }
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
      ], metrics: ["score"], make: { _ in PooledExecutor(self) })
  }
}

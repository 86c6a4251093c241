// One number for everything that a small sweep computes, the same whoever computes it. It changes only when somebody means it to.

import SweepCore
import SweepExecutors
import SweepTraining
import Synchronization
import Testing

struct DigestTests {
  /// Of the metrics of every epoch and the weights after the fourth, on any machine. A change of it is a change of every user's numbers:
  /// say so in the changelog.
  static let committed = "6212baabfa53286f"

  /// Two losses, both ways of measuring, batches below and above those that fit registers, and one that does not divide the images.
  static let trials = BuiltinTrainerTests.trials([
    Parameter("eta", .values([.real(0.01), .real(0.3)])), Parameter("lambda", .values([.real(0), .real(0.01)])),
    Parameter("batch_size", .values([.integer(3), .integer(5), .integer(32)])), Parameter("decay_every", .constant(.integer(2))),
    Parameter("loss", .values([.text("softmax_cross_entropy"), .text("multiple_binary_cross_entropy")])),
    Parameter("train_metrics", .values([.text("exact"), .text("running")])), Parameter("epochs", .constant(.integer(5))),
    Parameter("training_images", .constant(.integer(203))),
  ])

  /// Stops every trial after its fourth epoch, whose weights are in the checkpoint, and passes on what is handed over.
  final class Listener: CohortReporter {
    private let epochs = Mutex<[Trial.ID: [EpochMetrics]]>([:])
    private let weights = Mutex<[Trial.ID: [UInt8]]>([:])
    let waiting: Mutex<[Cohort]>
    let pool: WorkerPool

    init(_ cohorts: [Cohort], workers: Int) {
      waiting = Mutex(cohorts)
      pool = WorkerPool(workers: workers)
    }

    func report(_ event: TrialEvent, of trial: Trial) throws -> Verdict {
      guard case .epoch(let epoch) = event else {
        Issue.record("\(trial) is over: \(event)")
        return .proceed
      }
      epochs.withLock { $0[trial.id, default: []].append(epoch.metrics) }
      guard epoch.metrics.epoch == 4 else { return .proceed }
      weights.withLock { $0[trial.id] = epoch.checkpoint?.state }
      return .interrupt
    }

    func verdict(on trial: Trial, waits: Bool) -> Verdict { .proceed }
    var idleWorkers: Int { pool.idle }
    func handOver(_ cohort: Cohort) {
      waiting.withLock { $0.append(cohort) }
      pool.wake()
    }

    /// FNV-1a over the bits of all numbers, trials and epochs ascending; without `seconds`, the only metric that time has a part
    /// in, and the gaps, which are differences of others.
    var digest: String {
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      for trial in DigestTests.trials {
        for metrics in epochs.withLock({ $0[trial.id] ?? [] }) {
          for (name, value) in metrics.values where name != "seconds" && !name.hasSuffix("_gap") {
            for shift in stride(from: 0, to: 64, by: 8) { add(UInt8(truncatingIfNeeded: value.bitPattern >> shift)) }
          }
        }
        weights.withLock { $0[trial.id] ?? [] }.forEach(add)
      }
      return String(hash, radix: 16)
    }
  }

  @Test(arguments: Kernels.available.map(\.name), [1, 2, 5, 48]) func theDigestIsTheCommittedOne(variant: String, cohortSize: Int) throws {
    let trainer = BuiltinTrainer(kernels: try Kernels.chosen(["SWEEP_KERNELS": variant]), data: DatasetCache(folders: DataFolders([:])))
    for workers in [1, 2, 3] {
      let cohorts = trainer.cohorts(of: Self.trials, slots: 1).flatMap { cohort in
        stride(from: 0, to: cohort.trials.count, by: cohortSize).map {
          Cohort(Array(cohort.trials[$0..<min($0 + cohortSize, cohort.trials.count)]))
        }
      }
      let listener = Listener(cohorts, workers: workers)
      listener.pool.run { _ in
        listener.waiting.withLock { $0.popLast() }.map(WorkerPool.Next.item) ?? .none
      } work: { (cohort: Cohort, _) in
        do { try trainer.train(cohort, reportingTo: listener) } catch { Issue.record(error) }
      }
      #expect(listener.digest == Self.committed, "\(variant), cohorts of \(cohortSize), \(workers) workers")
    }
  }
}

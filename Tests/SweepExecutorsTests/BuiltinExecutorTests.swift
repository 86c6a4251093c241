import SweepCore
import SweepExecutors
import SweepTraining
import Synchronization
import Testing

struct BuiltinExecutorTests {
  static let executor = BuiltinExecutor(kernels: Kernels.available[0], data: DatasetCache(folders: DataFolders([:])))

  static func trials(_ parameters: [Parameter], completed: Int = 0) -> [Trial] {
    var all = parameters
    let given = Set(parameters.map(\.name))
    let settings: [String: ParameterValue] = [
      "eta": .real(0.01), "dataset": .text("synthetic"), "training_images": .integer(100), "validation_images": .integer(20), "epochs": .integer(2),
    ]
    for declaration in Hyperparameters.declarations where !given.contains(declaration.name) {
      all.append(Parameter(declaration.name, .constant(settings[declaration.name] ?? declaration.defaultValue ?? .null)))
    }
    let space = SearchSpace(all)
    return (0..<(space.gridCount ?? 0)).compactMap { index in
      guard let point = try? space.gridPoint(at: index) else { return nil }
      return Trial(id: .init(rawValue: Int64(index + 1)), number: index + 1, assignment: point, completedEpochs: completed)
    }
  }

  static let table3 = [
    Parameter("lambda", .values([.real(0.1), .real(0.01), .real(0.001)])), Parameter("eta", .values([.real(0.001), .real(0.005), .real(0.01)])),
    Parameter("batch_size", .values([.integer(5), .integer(50), .integer(100)])),
  ]

  @Test(arguments: [1, 2, 3, 8, 64]) func everyTrialIsInExactlyOneCohort(workers: Int) {
    let trials = Self.trials(Self.table3)
    let cohorts = Self.executor.cohorts(of: trials, workers: workers)
    #expect(cohorts.flatMap(\.trials).map(\.number).sorted() == Array(1...27))
    #expect(cohorts.allSatisfy { $0.trials.count <= BuiltinExecutor.largestCohort })
    #expect(cohorts.count >= min(27, workers))
  }

  @Test func aCohortSharesDataBatchSizeSeedAndEpoch() {
    let swept =
      Self.table3 + [Parameter("seed", .values([.integer(1), .integer(2)])), Parameter("validation_images", .values([.integer(10), .integer(20)]))]
    for cohort in Self.executor.cohorts(of: Self.trials(swept) + Self.trials(swept, completed: 1), workers: 1) {
      for name in ["batch_size", "seed", "validation_images"] { #expect(Set(cohort.trials.map { $0.assignment[name] }).count == 1) }
      #expect(Set(cohort.trials.map(\.completedEpochs)).count == 1)
    }
  }

  @Test func smallBatchesCostMore() {
    let cohorts = Self.executor.cohorts(of: Self.trials([Parameter("batch_size", .values([.integer(5), .integer(100)]))]), workers: 1)
    let costs = Dictionary(uniqueKeysWithValues: cohorts.map { ($0.trials[0].assignment["batch_size"]?.number ?? 0, $0.cost) })
    #expect((costs[5] ?? 0) > (costs[100] ?? 0))
  }

  @Test func theEstimateIsPositiveAndGrowsWithTheEpochs() throws {
    let cohorts = Self.executor.cohorts(of: Self.trials([Parameter("epochs", .values([.integer(1), .integer(100)]))]), workers: 8)
    let seconds = try #require(try Self.executor.seconds(for: cohorts))
    #expect(seconds.count == cohorts.count && seconds.allSatisfy { $0 > 0 })
  }

  final class Listener: TrialReporter {
    let epochs = Mutex<[Trial.ID: [EpochMetrics]]>([:])
    let checkpoints = Mutex<[Trial.ID: Checkpoint]>([:])
    let ends = Mutex<[Trial.ID: TrialEnd]>([:])
    func report(_ metrics: EpochMetrics, of trial: Trial.ID, checkpoint: Checkpoint?, outcome: EpochOutcome?) throws -> Verdict {
      epochs.withLock { $0[trial, default: []].append(metrics) }
      checkpoints.withLock { $0[trial] = checkpoint ?? $0[trial] }
      return .proceed
    }
    func finish(_ trial: Trial.ID, _ end: TrialEnd) throws { ends.withLock { $0[trial] = end } }
    var idleWorkers: Int { 0 }
    func handOver(_ cohort: Cohort) {}
  }

  @Test func everyEpochButTheLastLeavesACheckpointAndEveryTrialAnEnd() throws {
    let trials = Self.trials(Self.table3)
    let listener = Listener()
    for cohort in Self.executor.cohorts(of: trials, workers: 2) { try Self.executor.run(cohort, reportingTo: listener) }
    #expect(listener.epochs.withLock { $0.values.allSatisfy { $0.map(\.epoch) == [1, 2] } })
    #expect(listener.checkpoints.withLock { $0.values.allSatisfy { $0.epoch == 1 } && $0.count == 27 })
    #expect(listener.ends.withLock { $0.values.allSatisfy { $0 == .complete } && $0.count == 27 })
  }

  @Test func preparingNamesAMissingDataset() {
    let executor = BuiltinExecutor(kernels: Kernels.available[0], data: DatasetCache(folders: DataFolders(["HOME": "/nowhere"])))
    let space = SearchSpace([
      Parameter("dataset", .constant(.text("cifar10"))), Parameter("training_images", .constant(.integer(100))),
      Parameter("validation_images", .constant(.integer(100))), Parameter("scaling", .constant(.text("standardise"))),
    ])
    #expect { try executor.prepare(for: space) } throws: { "\($0)".contains("sweep data fetch cifar10") }
  }
}

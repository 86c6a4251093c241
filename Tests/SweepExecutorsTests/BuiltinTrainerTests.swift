import SweepCore
import SweepExecutors
import SweepTraining
import Synchronization
import Testing

struct BuiltinTrainerTests {
  static let trainer = BuiltinTrainer(kernels: Kernels.available[0], data: DatasetCache(folders: DataFolders([:])))

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
    let cohorts = Self.trainer.cohorts(of: trials, slots: workers)
    #expect(cohorts.flatMap(\.trials).map(\.number).sorted() == Array(1...27))
    #expect(cohorts.allSatisfy { $0.trials.count <= BuiltinTrainer.largestCohort })
    #expect(cohorts.count >= min(27, workers))
  }

  @Test func aCohortSharesDataBatchSizeSeedAndEpoch() {
    let swept =
      Self.table3 + [Parameter("seed", .values([.integer(1), .integer(2)])), Parameter("validation_images", .values([.integer(10), .integer(20)]))]
    for cohort in Self.trainer.cohorts(of: Self.trials(swept) + Self.trials(swept, completed: 1), slots: 1) {
      for name in ["batch_size", "seed", "validation_images"] { #expect(Set(cohort.trials.map { $0.assignment[name] }).count == 1) }
      #expect(Set(cohort.trials.map(\.completedEpochs)).count == 1)
    }
  }

  @Test func smallBatchesCostMore() {
    let cohorts = Self.trainer.cohorts(of: Self.trials([Parameter("batch_size", .values([.integer(5), .integer(100)]))]), slots: 1)
    let costs = Dictionary(uniqueKeysWithValues: cohorts.map { ($0.trials[0].assignment["batch_size"]?.number ?? 0, $0.cost) })
    #expect((costs[5] ?? 0) > (costs[100] ?? 0))
  }

  @Test func theEstimateIsPositiveAndGrowsWithTheEpochs() throws {
    let cohorts = Self.trainer.cohorts(of: Self.trials([Parameter("epochs", .values([.integer(1), .integer(100)]))]), slots: 8)
    let seconds = try #require(try Self.trainer.seconds(for: cohorts))
    #expect(seconds.count == cohorts.count && seconds.allSatisfy { $0 > 0 })
  }

  final class Listener: CohortReporter {
    let epochs = Mutex<[Trial.ID: [EpochMetrics]]>([:])
    let checkpoints = Mutex<[Trial.ID: Checkpoint]>([:])
    let ends = Mutex<[Trial.ID: TrialEnd]>([:])
    let handedOver = Mutex<[Cohort]>([])
    /// By trial and epoch; else it goes on.
    let verdicts: @Sendable (Trial, Int) -> Verdict
    init(_ verdicts: @escaping @Sendable (Trial, Int) -> Verdict = { _, _ in .proceed }) { self.verdicts = verdicts }
    func report(_ event: TrialEvent, of trial: Trial) throws -> Verdict {
      switch event {
      case .epoch(let epoch):
        epochs.withLock { $0[trial.id, default: []].append(epoch.metrics) }
        checkpoints.withLock { $0[trial.id] = epoch.checkpoint ?? $0[trial.id] }
        return verdicts(trial, epoch.metrics.epoch)
      case .ended(let end): ends.withLock { $0[trial.id] = end }
      default: break
      }
      return .proceed
    }
    func verdict(on trial: Trial, waits: Bool) -> Verdict { verdicts(trial, epochs.withLock { $0[trial.id]?.last?.epoch ?? 0 }) }
    var idleWorkers: Int { 0 }
    func handOver(_ cohort: Cohort) { handedOver.withLock { $0.append(cohort) } }
  }

  @Test func everyEpochButTheLastLeavesACheckpointAndEveryTrialAnEnd() throws {
    let trials = Self.trials(Self.table3)
    let listener = Listener()
    for cohort in Self.trainer.cohorts(of: trials, slots: 2) { try Self.trainer.train(cohort, reportingTo: listener) }
    #expect(listener.epochs.withLock { $0.values.allSatisfy { $0.map(\.epoch) == [1, 2] } })
    #expect(listener.checkpoints.withLock { $0.values.allSatisfy { $0.epoch == 1 } && $0.count == 27 })
    #expect(listener.ends.withLock { $0.values.allSatisfy { $0 == .complete } && $0.count == 27 })
  }

  @Test func aTrialThatIsFinishedIsCompleteWhateverTheVerdict() throws {
    let trials = Self.trials([Parameter("lambda", .values([.real(0), .real(0.1)]))])
    let listener = Listener { _, epoch in epoch == 2 ? .prune(afterEpoch: 2) : .proceed }
    try Self.trainer.train(Cohort(trials), reportingTo: listener)
    #expect(listener.ends.withLock { $0.count == 2 && $0.values.allSatisfy { $0 == .complete } })
  }

  @Test func whoseVerdictIsNotKnownIsGivenAwayAndTheOthersGoOn() throws {
    let trials = Self.trials([Parameter("lambda", .values([.real(0), .real(0.1), .real(0.2)])), Parameter("epochs", .constant(.integer(4)))])
    let listener = Listener { trial, epoch in trial.number == 2 && epoch == 2 ? .wait : trial.number == 3 ? .prune(afterEpoch: 1) : .proceed }
    try Self.trainer.train(Cohort(trials), reportingTo: listener)
    #expect(listener.ends.withLock { $0 } == [trials[0].id: .complete, trials[2].id: .pruned(afterEpoch: 1)])
    let given = try #require(listener.handedOver.withLock { $0.first })
    #expect(given.isRunning && given.trials.map(\.number) == [2] && given.trials[0].completedEpochs == 2)
    // Elsewhere it goes on as if nothing had happened.
    let (alone, elsewhere) = (Listener(), Listener())
    try Self.trainer.train(Cohort([trials[1]]), reportingTo: alone)
    try Self.trainer.train(given, reportingTo: elsewhere)
    func numbers(_ listener: Listener) -> [[Double]] {
      listener.epochs.withLock { ($0[trials[1].id] ?? []).suffix(2).map { $0.values.filter { $0.name != "seconds" }.map(\.value) } }
    }
    #expect(numbers(alone) == numbers(elsewhere))
  }

  @Test func preparingNamesAMissingDataset() {
    let trainer = BuiltinTrainer(kernels: Kernels.available[0], data: DatasetCache(folders: DataFolders(["HOME": "/nowhere"])))
    let space = SearchSpace([
      Parameter("dataset", .constant(.text("cifar10"))), Parameter("training_images", .constant(.integer(100))),
      Parameter("validation_images", .constant(.integer(100))), Parameter("scaling", .constant(.text("standardise"))),
    ])
    #expect { try trainer.prepare(for: space) } throws: { "\($0)".contains("sweep data fetch cifar10") }
  }
}

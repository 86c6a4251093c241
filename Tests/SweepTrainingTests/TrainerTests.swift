import SweepCore
import SweepTraining
import Testing

struct TrainerTests {
  static let cache = DatasetCache(folders: DataFolders([:]))

  static func hyperparameters(_ changes: [String: ParameterValue] = [:]) -> Hyperparameters {
    var values: [String: ParameterValue] = [
      "eta": .real(0.01), "dataset": .text("synthetic"), "training_images": .integer(203), "validation_images": .integer(50), "epochs": .integer(4),
      "batch_size": .integer(20),
    ]
    for declaration in Hyperparameters.declarations where values[declaration.name] == nil { values[declaration.name] = declaration.defaultValue }
    return Hyperparameters(Assignment(values.merging(changes) { $1 }))
  }

  struct Run {
    var epochs: [EpochMetrics] = []
    var end: TrialEnd?
    var networks: [OneLayerNetwork] = []
  }

  /// Trains a cohort; `seconds`, which no result depends on, is left out.
  static func train(
    _ all: [Hyperparameters], from starts: [(Int, OneLayerNetwork)]? = nil, kernels: Kernels = Kernels.available[0],
    verdict: (Int, Int) -> Verdict = { _, _ in .proceed }
  ) throws -> [Run] {
    let data = try cache.data(for: all[0].data)
    var runs = [Run](repeating: Run(), count: all.count)
    let members = all.enumerated().map { index, h in
      Trainer.Member(
        hyperparameters: h, completedEpochs: starts?[index].0 ?? 0,
        network: starts?[index].1 ?? OneLayerNetwork(inputs: data.images.inputs, classes: data.images.classes, seed: h.seed))
    }
    try Trainer(kernels: kernels).train(members, on: data) { index, step in
      switch step {
      case .epoch(let metrics, let network):
        runs[index].epochs.append(EpochMetrics(epoch: metrics.epoch, values: metrics.values.filter { $0.name != "seconds" }))
        runs[index].networks.append(network())
        return verdict(index, metrics.epoch)
      case .undecided(let epoch, _): return verdict(index, epoch)
      case .ended(let end):
        runs[index].end = end
        return .proceed
      }
    }
    return runs
  }

  static let varied: [Hyperparameters] = [
    hyperparameters(), hyperparameters(["eta": .real(0.1), "lambda": .real(0.01)]),
    hyperparameters(["loss": .text("multiple_binary_cross_entropy"), "eta": .real(0.05)]), hyperparameters(["epochs": .integer(2)]),
    hyperparameters(["decay_every": .integer(1), "decay_factor": .real(0.5)]), hyperparameters(["lambda": .real(1)]),
    hyperparameters(["eta": .real(1e30)]), hyperparameters(["eta": .real(0.3)]), hyperparameters(["eta": .real(0.001)]),
    hyperparameters(["loss": .text("multiple_binary_cross_entropy"), "epochs": .integer(3)]),
  ]

  @Test func aCohortOfAnySizeGivesEachTrialTheNumbersItGetsAlone() throws {
    let alone = try Self.varied.map { try Self.train([$0])[0] }
    for size in [2, 3, 5, 10] {
      for start in stride(from: 0, to: Self.varied.count, by: size) {
        let members = Array(Self.varied[start..<min(start + size, Self.varied.count)])
        for (offset, run) in try Self.train(members).enumerated() {
          #expect(run.epochs == alone[start + offset].epochs, "cohort of \(size), member \(start + offset)")
          #expect(run.networks.last?.weights.map(\.bitPattern) == alone[start + offset].networks.last?.weights.map(\.bitPattern))
          #expect(run.end == alone[start + offset].end)
        }
      }
    }
  }

  @Test(arguments: Kernels.available.map(\.name)) func everyVariantGivesTheSameBits(variant: String) throws {
    let kernels = try Kernels.chosen(["SWEEP_KERNELS": variant])
    #expect(try Self.train(Self.varied, kernels: kernels).map(\.epochs) == Self.train(Self.varied).map(\.epochs))
  }

  @Test func aTrainingResumedFromACheckpointGivesTheNumbersOfOneThatWasNot() throws {
    let whole = try Self.train([Self.varied[1]])[0]
    for epoch in 1..<4 {
      let checkpoint = whole.networks[epoch - 1].checkpoint(epoch: epoch)
      let network = try OneLayerNetwork(inputs: 64, classes: 10, checkpoint: checkpoint)
      let rest = try Self.train([Self.varied[1]], from: [(epoch, network)])[0]
      #expect(rest.epochs == Array(whole.epochs[epoch...]))
    }
  }

  @Test func aCheckpointOfAnotherFormatOrSizeIsRefused() {
    let small = OneLayerNetwork(inputs: 3, classes: 2, seed: 1).checkpoint(epoch: 1)
    #expect(throws: SweepError.self) { try OneLayerNetwork(inputs: 4, classes: 2, checkpoint: small) }
    #expect(throws: SweepError.self) {
      try OneLayerNetwork(inputs: 3, classes: 2, checkpoint: Checkpoint(epoch: 1, format: "other", state: small.state))
    }
  }

  @Test func trainingLearns() throws {
    let run = try Self.train([Self.hyperparameters(["epochs": .integer(20), "training_images": .integer(2000)])])[0]
    let first = run.epochs[0]
    let last = run.epochs[19]
    #expect((last["train_loss"] ?? 9) < (first["train_loss"] ?? 0))
    #expect((last["test_accuracy"] ?? 0) > 0.8)
    #expect(run.end == .complete)
  }

  @Test func everyMetricIsReportedAndTheCostIsTheLossWithThePenalty() throws {
    let run = try Self.train([Self.hyperparameters(["lambda": .real(0.1), "epochs": .integer(1)])])[0]
    #expect(run.epochs[0].values.map(\.name) == Trainer.metrics.filter { $0 != "seconds" })
    let norm = run.networks[0].weights.reduce(0.0) { $0 + Double($1) * Double($1) }
    let cost = run.epochs[0]["validation_cost"] ?? 0
    let loss = run.epochs[0]["validation_loss"] ?? 0
    #expect(abs(cost - loss - 0.1 * norm) < 1e-9)
  }

  @Test func aLearningRateThatIsTooLargeEndsAsDivergedWithTheEpoch() throws {
    let run = try Self.train([Self.hyperparameters(["eta": .real(1e30), "lambda": .real(1)])])[0]
    guard case .diverged(let epoch, let reason) = run.end else {
      Issue.record("ended as \(String(describing: run.end))")
      return
    }
    #expect(epoch == run.epochs.count && reason.contains("train_"))
  }

  @Test func aPrunedTrialLeavesAndTheOthersGoOn() throws {
    let alone = try Self.train([Self.varied[1]])[0]
    let runs = try Self.train([Self.varied[0], Self.varied[1]]) { index, epoch in index == 0 && epoch == 2 ? .prune(afterEpoch: 2) : .proceed }
    #expect(runs[0].end == .pruned(afterEpoch: 2) && runs[0].epochs.count == 2)
    #expect(runs[1].epochs == alone.epochs && runs[1].end == .complete)
  }

  @Test func anInterruptedTrialHasNoEnd() throws {
    let runs = try Self.train([Self.varied[0], Self.varied[1]]) { _, epoch in epoch == 2 ? .interrupt : .proceed }
    #expect(runs.allSatisfy { $0.end == nil && $0.epochs.count == 2 })
  }

  @Test func aBatchLargerThanTheSplitIsTheSplit() throws {
    let huge = try Self.train([Self.hyperparameters(["batch_size": .integer(1_000_000)])])[0]
    let exact = try Self.train([Self.hyperparameters(["batch_size": .integer(203)])])[0]
    #expect(huge.epochs == exact.epochs)
  }

  @Test func runningMetricsAreThoseOfTheBatchesBeforeTheirSteps() throws {
    // One batch an epoch: what it says before its step is what an evaluation said after the step before, but for the order of the sum.
    let whole: [String: ParameterValue] = ["batch_size": .integer(203), "lambda": .real(0.01)]
    let exact = try Self.train([Self.hyperparameters(whole)])[0]
    let running = try Self.train([Self.hyperparameters(whole.merging(["train_metrics": .text("running")]) { $1 })])[0]
    #expect(running.networks == exact.networks)
    for epoch in 1..<4 {
      let (before, now) = (exact.epochs[epoch - 1], running.epochs[epoch])
      let loss = try #require(now["train_loss"])
      #expect(abs(loss - (before["train_loss"] ?? .nan)) < 1e-9 && now["train_accuracy"] == before["train_accuracy"])
      let penalty = (exact.epochs[epoch]["train_cost"] ?? .nan) - (exact.epochs[epoch]["train_loss"] ?? .nan)
      #expect(abs((now["train_cost"] ?? .nan) - loss - penalty) < 1e-12)
      for metric in ["validation_loss", "test_accuracy"] { #expect(now[metric] == exact.epochs[epoch][metric]) }
    }
    // Smaller batches learn within the epoch: the average lags behind.
    let batches = try Self.train([Self.hyperparameters(["train_metrics": .text("running")])])[0]
    let after = try Self.train([Self.hyperparameters()])[0]
    #expect((batches.epochs[0]["train_loss"] ?? 0) > (after.epochs[0]["train_loss"] ?? .infinity))
  }

  @Test func stepDecayMultipliesAfterEveryNEpochs() {
    let decay = StepDecay(eta: 1, every: 2, factor: 0.5)
    #expect((1...6).map(decay.rate) == [1, 1, 0.5, 0.5, 0.25, 0.25])
    #expect(StepDecay(eta: 1, every: nil, factor: 0.5).rate(inEpoch: 100) == 1)
  }

  @Test func everyEpochHasAPermutationOfItsOwn() {
    let one = MiniBatches(count: 1000, batchSize: 30, seed: 1, epoch: 1)
    #expect(one.order.sorted() == Array(0..<1000))
    #expect(one.order == MiniBatches(count: 1000, batchSize: 30, seed: 1, epoch: 1).order)
    #expect(one.order != MiniBatches(count: 1000, batchSize: 30, seed: 1, epoch: 2).order)
    #expect(one.order != MiniBatches(count: 1000, batchSize: 30, seed: 2, epoch: 1).order)
    #expect(Array(one.ranges).last == 990..<1000)
  }

  @Test func initialWeightsAreNormalWithDeviationOneHundredth() {
    let network = OneLayerNetwork(inputs: 3072, classes: 10, seed: 1)
    let variance = network.weights.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(network.weights.count)
    #expect(abs(variance.squareRoot() - 0.01) < 0.0002)
  }
}

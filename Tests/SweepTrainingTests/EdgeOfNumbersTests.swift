import SweepCore
import SweepNumerics
import SweepTraining
import Testing

/// What is asked of training at the edges of what may be asked.
struct EdgeOfNumbersTests {
  private typealias Run = TrainerTests.Run
  private func train(_ changes: [String: ParameterValue]) throws -> Run { try TrainerTests.train([TrainerTests.hyperparameters(changes)])[0] }

  @Test(arguments: [1e10, 1e30, 1e308]) func aHugeLearningRateEndsAsDivergedOrWithFiniteNumbersAndNothingBetween(eta: Double) throws {
    let run = try train(["eta": .real(eta), "lambda": .real(0.1)])
    switch run.end {
    case .diverged(let epoch, _): #expect(run.epochs.allSatisfy { $0.epoch <= epoch })
    case .complete: #expect(run.epochs.count == 4 && run.epochs.allSatisfy { $0["train_loss"]?.isFinite == true })
    default: Issue.record("it ended as \(String(describing: run.end))")
    }
  }

  @Test func withoutAPenaltyTheCostIsTheLoss() throws {
    for epoch in try train(["lambda": .real(0)]).epochs { #expect(epoch["train_cost"] == epoch["train_loss"]) }
  }

  @Test func aPenaltyTooSmallToMatterChangesNothing() throws {
    #expect(try train(["lambda": .real(1e-300)]).networks.last == train(["lambda": .real(0)]).networks.last)
  }

  @Test func anEpochCoversEveryImageOnceAndTheLastBatchHasTheRest() {
    for (count, size) in [(203, 20), (203, 203), (203, 1000), (203, 1), (1, 7), (40, 20)] {
      let batches = MiniBatches(count: count, batchSize: size, seed: 1, epoch: 3)
      #expect(batches.ranges.flatMap { batches.order[$0] }.sorted() == (0..<UInt32(count)).map { $0 })
      #expect(batches.ranges.map(\.count).dropLast().allSatisfy { $0 == size })
      #expect(Array(batches.ranges).last?.count == (count % size == 0 ? min(size, count) : count % size))
    }
  }

  @Test func oneEpochIsTheFirstOfMany() throws {
    let (one, many) = (try train(["epochs": .integer(1)]), try train(["epochs": .integer(4)]))
    #expect(one.epochs.count == 1 && one.end == .complete)
    #expect(one.epochs[0] == many.epochs[0])
  }

  /// 50 images of which none shows 3 of the classes, and one that shows another alone.
  @Test(arguments: losses.names) func aClassThatNoImageShowsIsLearnedToBeRare(loss: String) throws {
    var generator = SeededGenerator(seed: 5, purpose: .synthetic)
    let pixels = (0..<60 * 12).map { _ in UInt8(generator.next(below: 256)) }
    let labels = (0..<60).map { UInt8($0 == 0 ? 9 : $0 % 7) }
    let images = ImageSet(pixels: pixels, labels: labels, inputs: 12, classes: 10, pool: 55)
    let data = TrainingData(images, trainingImages: 50, validationImages: 5)
    let hyperparameters = TrainerTests.hyperparameters(["loss": .text(loss), "eta": .real(0.1), "epochs": .integer(20)])
    var (epochs, last): ([EpochMetrics], OneLayerNetwork?) = ([], nil)
    let start = OneLayerNetwork(inputs: 12, classes: 10, seed: 1)
    try Trainer(kernels: Kernels.available[0]).train(
      [Trainer.Member(hyperparameters: hyperparameters, completedEpochs: 0, network: start)], on: data
    ) { _, step in
      if case .epoch(let metrics, let network) = step { (epochs, last) = (epochs + [metrics], network()) }
      return .proceed
    }
    #expect(epochs.count == 20 && last != nil)
    for epoch in epochs { #expect(epoch.values.allSatisfy { $0.value.isFinite }) }
    #expect((epochs.last?["train_accuracy"] ?? 0) > 0.4)
  }
}

// What every registered loss owes, so that a new one is tested by being registered.

import SweepCore
import SweepNumerics
import SweepTraining
import Testing

struct LossContractTests {
  static let classes = 10
  private let kernels = Kernels.available[0]

  /// The scores of one image as the columns of a cohort of one.
  private func columns<Value>(_ scores: [Float], label: UInt8, _ body: (ScoreColumns) -> Value) -> Value {
    let block = AlignedFloats(scores)
    return withExtendedLifetime(block) {
      [label].withUnsafeBufferPointer { labels in
        body(ScoreColumns(block, rows: 1, stride: Self.classes, members: 0..<1, classes: Self.classes, labels: labels))
      }
    }
  }

  private func loss(_ loss: any Loss, _ scores: [Float], label: UInt8) -> Double {
    var tallies = Tallies(members: 1)
    columns(scores, label: label) { loss.evaluate($0, into: &tallies, using: kernels) }
    return tallies.losses[0]
  }

  private func gradient(_ loss: any Loss, _ scores: [Float], label: UInt8) -> [Double] {
    let result = AlignedFloats(Self.classes)
    columns(scores, label: label) { loss.gradient(of: $0, scales: AlignedFloats([1]), into: result, using: kernels) }
    return result.values.map { Double($0) * loss.gradientScale(classes: Self.classes) }
  }

  @Test(arguments: losses.names) func theGradientIsTheDerivativeByFiniteDifferences(name: String) throws {
    let loss = try losses.find(name)
    var generator = SeededGenerator(seed: 5, purpose: .synthetic)
    for label in 0..<UInt8(Self.classes) {
      let scores = (0..<Self.classes).map { _ in Float(2 * generator.nextNormal()) }
      let analytic = gradient(loss, scores, label: label)
      for k in 0..<Self.classes {
        let h: Float = 0.03125
        var (up, down) = (scores, scores)
        up[k] += h
        down[k] -= h
        let numeric = (self.loss(loss, up, label: label) - self.loss(loss, down, label: label)) / Double(up[k] - down[k])
        #expect(abs(numeric - analytic[k]) < 2e-4, "∂l/∂s_\(k), label \(label)")
      }
    }
  }

  @Test(arguments: losses.names) func aWholeStepFollowsTheGradientOfTheCost(name: String) throws {
    // J(W) over a batch, with the penalty, against the change of the weights by one step of size eta.
    let images = try Synthetic().load(pool: 40, from: DataFolders([:]))
    let data = TrainingData(images, trainingImages: 30, validationImages: 10)
    let (eta, lambda) = (1.0, 0.05)
    let network = OneLayerNetwork(inputs: images.inputs, classes: images.classes, seed: 2)
    let loss = try losses.find(name)
    let rows = (0..<30).map { UInt32($0) }
    func cost(_ network: OneLayerNetwork) -> Double {
      let cohort = TrainingCohort([(.init(loss: loss, lambda: lambda), network)], batchSize: 30, kernels: kernels)
      let tallies = images.pixels.withUnsafeBufferPointer { cohort.evaluate(on: data, images: $0.baseAddress!, range: data.training) }
      return tallies.losses[0] / 30 + lambda * cohort.squareNorms()[0]
    }
    let cohort = TrainingCohort([(.init(loss: loss, lambda: lambda), network)], batchSize: 30, kernels: kernels)
    let batches = MiniBatches(order: rows, batchSize: 30)
    images.pixels.withUnsafeBufferPointer { _ = cohort.train(on: data, images: $0.baseAddress!, batches: batches, rates: [eta]) }
    let after = cohort.network(at: 0)
    for index in [0, 17, 64, 130, 333, 639] {
      var (up, down) = (network, network)
      up.weights[index] += 0.01
      down.weights[index] -= 0.01
      let numeric = (cost(up) - cost(down)) / Double(up.weights[index] - down.weights[index])
      let analytic = Double(network.weights[index] - after.weights[index]) / eta
      #expect(abs(numeric - analytic) < 2e-4, "∂J/∂W[\(index)]")
    }
  }

  @Test func everyLossHasATypeOfItsOwn() throws {
    let types = try losses.names.map { ObjectIdentifier(type(of: try losses.find($0))) }
    #expect(Set(types).count == losses.names.count)
  }

  @Test(arguments: losses.names) func hugeScoresStayFinite(name: String) throws {
    let loss = try losses.find(name)
    let scores: [Float] = [1e4, -1e4, 300, -300, 90, -90, 1, 0, -1, 5]
    for label in 0..<UInt8(Self.classes) {
      #expect(self.loss(loss, scores, label: label).isFinite)
      #expect(gradient(loss, scores, label: label).allSatisfy { $0.isFinite })
    }
  }

  @Test(arguments: losses.names) func anUnsureNetworkHasTheLossOfAGuess(name: String) throws {
    let guess = try loss(losses.find(name), [Float](repeating: 0, count: 10), label: 3)
    // Softmax: ln 10; binary: each of the ten answers costs ln 2.
    #expect(abs(guess - (name == "softmax_cross_entropy" ? 2.302585 : 0.693147)) < 1e-5)
  }
}

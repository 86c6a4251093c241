import SweepCore
import SweepNumerics
import SweepTraining
import Testing

/// Every variant that this machine has, compared with the plain reference by `==`.
struct KernelTests {
  struct Shape: Sendable, CustomTestStringConvertible {
    let rows: Int, inputs: Int, members: Int
    var classes = 10
    var testDescription: String { "\(rows) rows, \(inputs) inputs, \(members) networks of \(classes) classes" }
  }

  static let shapes = [
    Shape(rows: 1, inputs: 1, members: 1), Shape(rows: 5, inputs: 64, members: 1), Shape(rows: 7, inputs: 49, members: 3),
    Shape(rows: 2, inputs: 257, members: 7), Shape(rows: 3, inputs: 20, members: 8), Shape(rows: 4, inputs: 600, members: 5),
    Shape(rows: 5, inputs: 784, members: 9), Shape(rows: 6, inputs: 33, members: 6), Shape(rows: 8, inputs: 272, members: 4),
    Shape(rows: 5, inputs: 30, members: 3, classes: 1), Shape(rows: 20, inputs: 30, members: 5, classes: 2),
    Shape(rows: 6, inputs: 40, members: 2, classes: 17), Shape(rows: 19, inputs: 40, members: 3, classes: 24),
    Shape(rows: 4, inputs: 9, members: 2, classes: 256), Shape(rows: 9, inputs: 100, members: 14), Shape(rows: 40, inputs: 259, members: 27),
    Shape(rows: 16, inputs: 256, members: 4), Shape(rows: 33, inputs: 300, members: 5), Shape(rows: 50, inputs: 515, members: 9),
    Shape(rows: 100, inputs: 784, members: 2), Shape(rows: 31, inputs: 17, members: 11),
  ]

  /// A made batch: images with labels, networks, and what the reference says of them.
  final class Case {
    let shape: Shape
    let data: TrainingData
    var networks: [OneLayerNetwork]
    let order: [UInt32]
    let x: [Float]

    init(_ shape: Shape) {
      self.shape = shape
      var generator = SeededGenerator(seed: shape.rows, purpose: .synthetic, index: shape.inputs)
      let images = shape.rows + 4
      let pixels = (0..<(images + 1) * shape.inputs).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      let labels = (0...images).map { _ in UInt8(generator.next(below: UInt32(shape.classes))) }
      data = TrainingData(
        ImageSet(pixels: pixels, labels: labels, inputs: shape.inputs, classes: shape.classes, pool: images), trainingImages: images - 1,
        validationImages: 1)
      networks = (0..<shape.members).map { OneLayerNetwork(inputs: shape.inputs, classes: shape.classes, seed: $0 + 1) }
      order = (0..<shape.rows).map { UInt32(($0 * 7 + 3) % (images - 1)) }
      let gathered = order.flatMap { pixels[Int($0) * shape.inputs..<(Int($0) + 1) * shape.inputs] }
      x = ReferenceKernels.standardise(gathered, mean: data.standardisation.mean.values, scale: data.standardisation.scale.values)
    }

    func scores(_ network: OneLayerNetwork, row: Int) -> [Float] {
      (0..<shape.classes).map { c in
        ReferenceKernels.score(
          x[row * shape.inputs..<(row + 1) * shape.inputs], network.weights[c * shape.inputs..<(c + 1) * shape.inputs], bias: network.bias[c])
      }
    }

    /// One step by the reference, on the first so many rows.
    func stepped(_ network: OneLayerNetwork, rows: Int, isSoftmax: Bool, rate: Double, lambda: Double) -> OneLayerNetwork {
      let scale = Float(-rate * (isSoftmax ? 1 : 1 / Double(shape.classes)) / Double(rows))
      let gradients = order.prefix(rows).enumerated().map { row, image in
        let s = scores(network, row: row)
        let p = isSoftmax ? ReferenceKernels.softmax(s) : s.map(ReferenceKernels.sigmoid)
        return p.indices.map { (p[$0] - ($0 == Int(data.images.labels[Int(image)]) ? 1 : 0)) * scale }
      }
      let decay = Float(1 - 2 * rate * lambda)
      var result = network
      for c in 0..<shape.classes {
        let g = gradients.map { $0[c] }
        for k in 0..<shape.inputs {
          let column = (0..<rows).map { x[$0 * shape.inputs + k] }
          result.weights[c * shape.inputs + k] = ReferenceKernels.updated(
            network.weights[c * shape.inputs + k], x: column, g: g, decay: decay)
        }
        result.bias[c] = ReferenceKernels.updatedBias(network.bias[c], g: g)
      }
      return result
    }
  }

  @Test(arguments: Kernels.available.map(\.name), shapes) func aStepEqualsTheReferenceToTheLastBit(variant: String, shape: Shape) throws {
    let kernels = try Kernels.chosen(["SWEEP_KERNELS": variant])
    let made = Case(shape)
    let lossNames = losses.names
    let rates = (0..<shape.members).map { 0.01 * Double($0 + 1) }
    let members = made.networks.indices.map { index in
      (TrainingCohort.Member(loss: losses[lossNames[index % 2]]!, lambda: 0.1 * Double(index)), made.networks[index])
    }
    let cohort = TrainingCohort(members, batchSize: shape.rows, kernels: kernels)
    var expected = made.networks
    let lastRows = (shape.rows + 1) / 2  // the last batch of an epoch may be smaller
    made.data.images.pixels.withUnsafeBufferPointer { pixels in
      let batches = MiniBatches(order: made.order + made.order + made.order.prefix(lastRows), batchSize: shape.rows)
      cohort.train(on: made.data, images: pixels.baseAddress!, batches: batches, rates: rates)
    }
    for rows in [shape.rows, shape.rows, lastRows] {
      for index in expected.indices {
        expected[index] = made.stepped(expected[index], rows: rows, isSoftmax: index % 2 == 0, rate: rates[index], lambda: 0.1 * Double(index))
      }
    }
    for index in expected.indices { #expect(cohort.network(at: index) == expected[index], "network \(index)") }
  }

  @Test(arguments: Kernels.available.map(\.name), shapes) func anEvaluationEqualsTheReferenceToTheLastBit(variant: String, shape: Shape) throws {
    let kernels = try Kernels.chosen(["SWEEP_KERNELS": variant])
    let made = Case(shape)
    let members = made.networks.indices.map { index in
      (TrainingCohort.Member(loss: losses[losses.names[index % 2]]!, lambda: 0), made.networks[index])
    }
    let cohort = TrainingCohort(members, batchSize: 1, kernels: kernels)
    let tallies = made.data.images.pixels.withUnsafeBufferPointer {
      cohort.evaluate(on: made.data, images: $0.baseAddress!, range: 0..<shape.rows)
    }
    let pixels = Array(made.data.images.pixels[..<(shape.rows * shape.inputs)])
    let x = ReferenceKernels.standardise(pixels, mean: made.data.standardisation.mean.values, scale: made.data.standardisation.scale.values)
    for (index, network) in made.networks.enumerated() {
      var (loss, correct) = (0.0, Int64(0))
      for row in 0..<shape.rows {
        let s = (0..<shape.classes).map { c in
          ReferenceKernels.score(
            x[row * shape.inputs..<(row + 1) * shape.inputs], network.weights[c * shape.inputs..<(c + 1) * shape.inputs], bias: network.bias[c])
        }
        let label = Int(made.data.images.labels[row])
        loss += Double(index % 2 == 0 ? ReferenceKernels.softmaxLoss(s, label: label) : ReferenceKernels.sigmoidLoss(s, label: label))
        correct += ReferenceKernels.prediction(s) == label ? 1 : 0
      }
      #expect(tallies.losses[index] == loss && tallies.correct[index] == correct, "network \(index)")
    }
    for (norm, network) in zip(cohort.squareNorms(), made.networks) {
      let exact = network.weights.reduce(0.0) { $0 + Double($1) * Double($1) }
      #expect(abs(norm - exact) <= 1e-12 * exact)
    }
  }

  @Test(arguments: Kernels.available.map(\.name)) func expAndLogAreAccurateAndEqualTheReference(variant: String) throws {
    let kernels = try Kernels.chosen(["SWEEP_KERNELS": variant])
    for start in stride(from: -87.0, to: 88, by: 0.37) {
      let x = (0..<16).map { Float(start + 0.023 * Double($0)) }
      for (argument, value) in zip(x, kernels.exponential(x)) where argument <= 88 {
        #expect(value == ReferenceKernels.exponential(argument))
        let exact = Double(argument).exponential
        #expect(abs(Double(value) - exact) <= 2.4e-7 * exact, "exp(\(argument))")  // 2 units in the last place
      }
    }
    for start in stride(from: 0.01, to: 20, by: 0.11) {
      let x = (0..<16).map { Float(start + 0.0068 * Double($0)) }
      for (argument, value) in zip(x, kernels.logarithm(x)) {
        #expect(value == ReferenceKernels.logarithm(argument))
        let exact = Double(argument).naturalLogarithm
        #expect(abs(Double(value) - exact) <= max(1e-7, 3e-7 * abs(exact)), "log(\(argument))")
      }
    }
    let special: [Float] = [-1000, 1000, -.infinity, .infinity, .nan] + [Float](repeating: 0, count: 11)
    let exponentials = kernels.exponential(special)
    #expect(exponentials[0] > 0 && exponentials[0] < 2e-38 && exponentials[1].isFinite && exponentials[4].isNaN)
    #expect(kernels.logarithm(special)[4].isNaN)
  }

  @Test func anUnknownVariantIsRefusedWithTheKnownOnes() {
    #expect { try Kernels.chosen(["SWEEP_KERNELS": "avx9000"]) } throws: { "\($0)".contains("avx9000") && "\($0)".contains("portable") }
  }
}

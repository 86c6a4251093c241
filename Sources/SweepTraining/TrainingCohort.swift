// Several networks trained as one matrix product X·[W₁|W₂|…]. A network's columns share vectors with its neighbours' and sums with
// nobody, so its numbers do not depend on the company it keeps. Lives on one worker; knows no store, no reporter, no epochs.

import SweepCore

/// The packed weights of networks that see the same images in the same order.
package final class TrainingCohort {
  /// One network's place among the columns, with what is its own.
  package struct Member {
    package let loss: any Loss
    package let lambda: Double
    package init(loss: any Loss, lambda: Double) { (self.loss, self.lambda) = (loss, lambda) }
  }

  package let members: [Member]
  private let inputs: Int
  private let classes: Int
  private let kernels: Kernels
  private let panels: Int
  private let weights: AlignedFloats
  private let bias: AlignedFloats
  private let decay: AlignedFloats
  private let step: AlignedFloats
  // Working memory for one batch, or one chunk of an evaluation.
  private let capacity: Int
  private let packed: AlignedFloats
  private let scores: AlignedFloats
  private let gradient: AlignedFloats

  /// - Parameter batchSize: the most rows that `step` will see.
  package init(_ members: [(member: Member, network: OneLayerNetwork)], batchSize: Int, kernels: Kernels) {
    precondition(!members.isEmpty, "a cohort has members")
    self.members = members.map(\.member)
    self.kernels = kernels
    inputs = members[0].network.inputs
    classes = members[0].network.classes
    panels = Kernels.panels(columns: members.count * classes)
    let columns = panels * Kernels.lanes
    weights = AlignedFloats(columns * inputs)
    bias = AlignedFloats(columns)
    decay = AlignedFloats(columns)
    step = AlignedFloats(columns)
    capacity = (max(batchSize, Self.evaluationRows) + Kernels.lanes - 1) / Kernels.lanes * Kernels.lanes
    packed = AlignedFloats(capacity * inputs)
    scores = AlignedFloats(capacity * columns)
    gradient = AlignedFloats(capacity * columns)
    for (index, entry) in members.enumerated() { insert(entry.network, at: index) }
  }

  /// Rows of an evaluation's chunk: enough to pay for a pass over the weights, few enough for the second-level cache.
  private static let evaluationRows = 96

  private func offset(column: Int) -> Int { (column / Kernels.lanes) * inputs * Kernels.lanes + column % Kernels.lanes }

  private func insert(_ network: OneLayerNetwork, at index: Int) {
    for c in 0..<classes {
      let column = index * classes + c
      let base = offset(column: column)
      for k in 0..<inputs { weights.pointer[base + k * Kernels.lanes] = network.weights[c * inputs + k] }
      bias.pointer[column] = network.bias[c]
    }
  }

  /// The network of a member as it stands.
  package func network(at index: Int) -> OneLayerNetwork {
    let weights = [Float](unsafeUninitializedCapacity: classes * inputs) { buffer, count in
      for c in 0..<classes {
        let base = offset(column: index * classes + c)
        for k in 0..<inputs { buffer[c * inputs + k] = self.weights.pointer[base + k * Kernels.lanes] }
      }
      count = classes * inputs
    }
    let bias = (0..<classes).map { self.bias.pointer[index * classes + $0] }
    return OneLayerNetwork(inputs: inputs, classes: classes, weights: weights, bias: bias)
  }

  private func columns(of index: Int, rows: Int) -> ScoreColumns {
    ScoreColumns(scores, rows: rows, width: panels * Kernels.lanes, first: index * classes, classes: classes)
  }

  /// One step of gradient descent for every member on the images `rows`:
  /// W ← W·(1 − 2·eta·lambda) − (eta/B)·∂(Σl)/∂W, b ← b − (eta/B)·∂(Σl)/∂b.
  /// - Parameter rates: each member's eta in this epoch.
  package func step(on data: TrainingData, images: UnsafePointer<UInt8>, rows: UnsafeBufferPointer<UInt32>, rates: [Double]) {
    let count = rows.count
    for (index, member) in members.enumerated() {
      let decayValue = Float(1 - 2 * rates[index] * member.lambda)
      let stepValue = Float(rates[index] * member.loss.gradientScale(classes: classes) / Double(count))
      for column in index * classes..<(index + 1) * classes {
        decay.pointer[column] = decayValue
        step.pointer[column] = stepValue
      }
    }
    kernels.pack(images, rows: rows.baseAddress, count: count, standardisation: data.standardisation, into: packed)
    kernels.forward(packed, count: count, inputs: inputs, weights: weights, bias: bias, into: scores)
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { labels in
      for (index, row) in rows.enumerated() { labels[index] = data.images.labels[Int(row)] }
      guard let labels = UnsafePointer(labels.baseAddress) else { return }
      for (index, member) in members.enumerated() {
        member.loss.gradient(of: columns(of: index, rows: count), labels: labels, into: gradient, using: kernels)
      }
    }
    kernels.update(packed, count: count, inputs: inputs, weights: weights, bias: bias, gradient: gradient, decay: decay, step: step)
  }

  /// Summed loss and correct predictions of every member over the images of a range, in their order.
  package func evaluate(on data: TrainingData, images: UnsafePointer<UInt8>, range: Range<Int>) -> [Tally] {
    var tallies = [Tally](repeating: Tally(), count: members.count)
    data.images.labels.withUnsafeBufferPointer { labels in
      guard let labels = labels.baseAddress else { return }
      for chunk in Chunks(count: range.count, size: Self.evaluationRows) {
        let first = range.lowerBound + chunk.lowerBound
        kernels.pack(images, rows: nil, first: first, count: chunk.count, standardisation: data.standardisation, into: packed)
        kernels.forward(packed, count: chunk.count, inputs: inputs, weights: weights, bias: bias, into: scores)
        for (index, member) in members.enumerated() {
          member.loss.evaluate(columns(of: index, rows: chunk.count), labels: labels + first, into: &tallies[index], using: kernels)
        }
      }
    }
    return tallies
  }

  /// ‖W‖² of every member: each class over inputs ascending, then the classes ascending.
  package func squareNorms() -> [Double] {
    let norms = kernels.squareNorms(weights, inputs: inputs, panels: panels)
    return members.indices.map { index in norms[index * classes..<(index + 1) * classes].reduce(0, +) }
  }
}

// Several networks trained as one matrix product X·[W₁|W₂|…]. A network's columns share vectors with its neighbours' and sums with
// nobody, so its numbers do not depend on the company it keeps. Lives on one worker; knows no store, no reporter, no epochs.

import SweepCore

/// The weights of networks that see the same images in the same order.
package final class TrainingCohort {
  /// One network's place among the columns, with what is its own.
  package struct Member {
    package let loss: any Loss
    package let lambda: Double
    package init(loss: any Loss, lambda: Double) { (self.loss, self.lambda) = (loss, lambda) }
  }

  package let members: [Member]
  /// Neighbours with one loss, which are evaluated together.
  private let runs: [Range<Int>]
  private let classes: Int
  private let kernels: Kernels
  private let layer: Layer
  // Working memory for one batch, or one chunk of an evaluation.
  private let scratch: AlignedFloats
  private let scores: AlignedFloats
  private let gradient: AlignedFloats
  private let decay: AlignedFloats
  private let scales: AlignedFloats
  private var labels: [UInt8]

  /// - Parameter batchSize: the most rows of a batch.
  package init(_ members: [(member: Member, network: OneLayerNetwork)], batchSize: Int, kernels: Kernels) {
    precondition(!members.isEmpty, "a cohort has members")
    self.members = members.map(\.member)
    self.kernels = kernels
    runs = Self.runs(of: self.members)
    classes = members[0].network.classes
    layer = Layer(inputs: members[0].network.inputs, columns: members.count * classes)
    scratch = AlignedFloats(Kernels.scratch(rows: batchSize))
    scores = AlignedFloats(max(batchSize, Self.evaluationRows) * layer.stride)
    gradient = AlignedFloats(batchSize * layer.stride)
    decay = AlignedFloats(layer.stride)
    scales = AlignedFloats(members.count)
    labels = Array(repeating: 0, count: batchSize)
    for (index, entry) in members.enumerated() { insert(entry.network, at: index) }
  }

  /// Rows of an evaluation's chunk: enough to pay for a pass over the weights, few enough for the second-level cache.
  private static let evaluationRows = 240

  private static func runs(of members: [Member]) -> [Range<Int>] {
    members.indices.reduce(into: []) { runs, index in
      if let last = runs.last, type(of: members[last.lowerBound].loss) == type(of: members[index].loss) {
        runs[runs.count - 1] = last.lowerBound..<index + 1
      } else {
        runs.append(index..<index + 1)
      }
    }
  }

  private func insert(_ network: OneLayerNetwork, at index: Int) {
    for c in 0..<classes {
      let column = index * classes + c
      for k in 0..<layer.inputs { layer.weights.pointer[k * layer.stride + column] = network.weights[c * layer.inputs + k] }
      layer.bias.pointer[column] = network.bias[c]
    }
  }

  /// The network of a member as it stands.
  package func network(at index: Int) -> OneLayerNetwork {
    let inputs = layer.inputs
    let weights = [Float](unsafeUninitializedCapacity: classes * inputs) { buffer, count in
      for k in 0..<inputs {
        let row = layer.weights.pointer + k * layer.stride + index * classes
        for c in 0..<classes { buffer[c * inputs + k] = row[c] }
      }
      count = classes * inputs
    }
    let bias = (0..<classes).map { layer.bias.pointer[index * classes + $0] }
    return OneLayerNetwork(inputs: inputs, classes: classes, weights: weights, bias: bias)
  }

  /// Gradient descent for every member over the batches, in their order; one step is
  /// W ← W·(1 − 2·eta·lambda) − (eta/B)·∂(Σl)/∂W, b ← b − (eta/B)·∂(Σl)/∂b.
  /// - Parameters:
  ///   - rates: each member's eta.
  ///   - measures: whether to tally every batch before its step.
  /// - Returns: the tallies; zero where not measured.
  @discardableResult package func train(
    on data: TrainingData, images: UnsafePointer<UInt8>, batches: MiniBatches, rates: [Double], measures: Bool = false
  ) -> Tallies {
    precondition(batches.batchSize <= labels.count, "the cohort was made for smaller batches")
    var tallies = Tallies(members: members.count)
    for (index, member) in members.enumerated() {
      let shrink = Float(1 - 2 * rates[index] * member.lambda)
      for column in index * classes..<(index + 1) * classes { decay.pointer[column] = shrink }
    }
    batches.order.withUnsafeBufferPointer { order in
      var last: ImageBatch?
      for range in batches.ranges {
        let rows = UnsafeBufferPointer(rebasing: order[range])
        let batch = ImageBatch(data, images: images, rows: rows)
        if let last {
          kernels.update(last, layer, scratch: scratch, gradient: gradient, decay: decay, thenForward: batch, into: scores)
        } else {
          kernels.forward(batch, layer, scratch: scratch, into: scores)
        }
        last = batch
        for (index, row) in rows.enumerated() { labels[index] = data.images.labels[Int(row)] }
        labels.withUnsafeBufferPointer { labels in
          if measures { tally(rows: rows.count, labels: labels, into: &tallies) }
          derive(rows: rows.count, labels: labels, rates: rates)
        }
      }
      if let last { kernels.update(last, layer, scratch: scratch, gradient: gradient, decay: decay) }
    }
    return tallies
  }

  /// Summed loss and correct predictions of every member over the images of a range, in their order.
  /// - Parameter visit: called with each image and the scores of the first member, [classes].
  package func evaluate(
    on data: TrainingData, images: UnsafePointer<UInt8>, range: Range<Int>, visit: ((_ image: Int, _ scores: [Float]) -> Void)? = nil
  ) -> Tallies {
    var tallies = Tallies(members: members.count)
    data.images.labels.withUnsafeBufferPointer { labels in
      for chunk in Chunks(count: range.count, size: Self.evaluationRows) {
        let rows = range.lowerBound + chunk.lowerBound..<range.lowerBound + chunk.upperBound
        kernels.forward(ImageBatch(data, images: images, range: rows), layer, scratch: scratch, into: scores)
        tally(rows: rows.count, labels: .init(rebasing: labels[rows]), into: &tallies)
        guard let visit else { continue }
        for (row, image) in rows.enumerated() {
          visit(image, Array(UnsafeBufferPointer(start: scores.pointer + row * layer.stride, count: classes)))
        }
      }
    }
    return tallies
  }

  /// ‖W‖² of every member: each class over inputs ascending, then the classes ascending.
  package func squareNorms() -> [Double] {
    let norms = kernels.squareNorms(layer)
    return members.indices.map { index in norms[index * classes..<(index + 1) * classes].reduce(0, +) }
  }

  private func tally(rows: Int, labels: UnsafeBufferPointer<UInt8>, into tallies: inout Tallies) {
    for run in runs { members[run.lowerBound].loss.evaluate(columns(of: run, rows: rows, labels: labels), into: &tallies, using: kernels) }
  }

  /// The step that the scores ask for: −(eta/B)·∂(Σl)/∂s.
  private func derive(rows: Int, labels: UnsafeBufferPointer<UInt8>, rates: [Double]) {
    for (index, member) in members.enumerated() {
      scales.pointer[index] = Float(-rates[index] * member.loss.gradientScale(classes: classes) / Double(rows))
    }
    for run in runs {
      let columns = columns(of: run, rows: rows, labels: labels)
      members[run.lowerBound].loss.gradient(of: columns, scales: scales, into: gradient, using: kernels)
    }
  }

  private func columns(of run: Range<Int>, rows: Int, labels: UnsafeBufferPointer<UInt8>) -> ScoreColumns {
    ScoreColumns(scores, rows: rows, stride: layer.stride, members: run, classes: classes, labels: labels)
  }
}

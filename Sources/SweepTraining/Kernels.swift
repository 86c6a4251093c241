// The door to CKernels: which variant of the hot loops this process uses, and calls with Swift's types.
// Shapes and the promised order of summation are described in CKernels.h; ReferenceKernels.swift says the same in plain Swift.

import CKernels
import Foundation
import SweepCore

/// One variant of the kernels. All variants give the same bits.
// @unchecked: the pointer leads to a constant table of functions that is never written.
package struct Kernels: @unchecked Sendable {
  private let table: UnsafePointer<sweep_kernels>

  package var name: String { String(cString: table.pointee.name) }

  /// Every variant that this machine can run, fastest first.
  package static let available: [Kernels] = {
    var variants: [Kernels] = []
    var entry = sweep_all_kernels()
    while let table = entry?.pointee {
      if table.pointee.is_available() != 0 { variants.append(Kernels(table: table)) }
      entry = entry?.successor()
    }
    return variants
  }()

  /// The fastest variant, or the one that the environment's SWEEP_KERNELS names.
  package static func chosen(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws(SweepError) -> Kernels {
    guard let wanted = environment["SWEEP_KERNELS"], !wanted.isEmpty else { return available[0] }
    guard let kernels = available.first(where: { $0.name == wanted }) else {
      throw SweepError(
        .usage, "SWEEP_KERNELS is '\(wanted)', which is no variant that this machine can run",
        remedy: "unset it, or use one of \(available.map(\.name).joined(separator: ", "))")
    }
    return kernels
  }

  /// False for a variant without fused multiply-add, where every multiply-add is an exact and very slow library call.
  package var isFast: Bool { table.pointee.has_fma != 0 }

  /// scores = bias + images · weights, for every row of the batch.
  package func forward(_ batch: ImageBatch, _ layer: Layer, scratch: AlignedFloats, into scores: AlignedFloats) {
    withUnsafePointers(batch.c, layer.c) { table.pointee.forward($0, $1, scratch.pointer, scores.pointer) }
  }

  /// weights = weights · decay + images transposed · gradient; bias = bias + sum of gradient. `decay` has a value per column.
  package func update(_ batch: ImageBatch, _ layer: Layer, scratch: AlignedFloats, gradient: AlignedFloats, decay: AlignedFloats) {
    withUnsafePointers(batch.c, layer.c) { table.pointee.update($0, $1, scratch.pointer, gradient.pointer, decay.pointer) }
  }

  /// An update by one batch and the forward product of the next; small batches in one pass over the weights.
  package func update(
    _ batch: ImageBatch, _ layer: Layer, scratch: AlignedFloats, gradient: AlignedFloats, decay: AlignedFloats, thenForward next: ImageBatch,
    into scores: AlignedFloats
  ) {
    withUnsafePointers(batch.c, layer.c) { batch, layer in
      withUnsafePointer(to: next.c) {
        table.pointee.update_forward(batch, layer, scratch.pointer, gradient.pointer, decay.pointer, $0, scores.pointer)
      }
    }
  }

  /// Floats that the products need as `scratch` for updates by batches of so many rows; forward products need no more, whatever their rows.
  package static func scratch(rows: Int) -> Int { max(rows, 2 * SWEEP_SMALL_BATCH) * SWEEP_ROW }

  /// The sum of the squares of each column's weights.
  package func squareNorms(_ layer: Layer) -> [Double] {
    [Double](unsafeUninitializedCapacity: layer.stride) { buffer, count in
      withUnsafePointer(to: layer.c) { table.pointee.square_norms($0, buffer.baseAddress) }
      count = layer.columns
    }
  }

  /// Writes the derivative of every row's loss by its scores, times the scale of the member (of multiple binary cross-entropy also times
  /// the number of classes), into the same columns of `gradient`.
  package func softmaxGradient(_ scores: ScoreColumns, scales: AlignedFloats, into gradient: AlignedFloats) {
    withUnsafePointer(to: scores.c) { table.pointee.softmax_gradient($0, scales.pointer + scores.members.lowerBound, gradient.pointer) }
  }

  package func sigmoidGradient(_ scores: ScoreColumns, scales: AlignedFloats, into gradient: AlignedFloats) {
    withUnsafePointer(to: scores.c) { table.pointee.sigmoid_gradient($0, scales.pointer + scores.members.lowerBound, gradient.pointer) }
  }

  /// Adds every row's loss, and whether its largest score is its label's, to the member's tally.
  package func softmaxEvaluate(_ scores: ScoreColumns, into tallies: inout Tallies) {
    evaluate(scores, into: &tallies, table.pointee.softmax_evaluate)
  }

  package func sigmoidEvaluate(_ scores: ScoreColumns, into tallies: inout Tallies) {
    evaluate(scores, into: &tallies, table.pointee.sigmoid_evaluate)
  }

  private func evaluate(
    _ scores: ScoreColumns, into tallies: inout Tallies,
    _ function: (UnsafePointer<sweep_scores>?, UnsafeMutablePointer<Double>?, UnsafeMutablePointer<Int64>?) -> Void
  ) {
    let first = scores.members.lowerBound
    withUnsafePointer(to: scores.c) { c in
      tallies.losses.withUnsafeMutableBufferPointer { losses in
        tallies.correct.withUnsafeMutableBufferPointer { correct in
          guard let losses = losses.baseAddress, let correct = correct.baseAddress else { return }
          function(c, losses + first, correct + first)
        }
      }
    }
  }

  /// eˣ and ln x as the losses compute them, of 16 values; for the tests of their accuracy.
  package func exponential(_ x: [Float]) -> [Float] { sixteen(x, table.pointee.exponential) }
  package func logarithm(_ x: [Float]) -> [Float] { sixteen(x, table.pointee.logarithm) }

  private func sixteen(_ x: [Float], _ function: (UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void) -> [Float] {
    precondition(x.count == 16, "the kernels work on 16 values at a time")
    return [Float](unsafeUninitializedCapacity: 16) { buffer, count in
      function(x, buffer.baseAddress)
      count = 16
    }
  }
}

private func withUnsafePointers<First, Second>(_ first: First, _ second: Second, _ body: (UnsafePointer<First>, UnsafePointer<Second>) -> Void) {
  withUnsafePointer(to: first) { first in withUnsafePointer(to: second) { body(first, $0) } }
}

/// Rows of bytes with what standardises them. Valid as long as what it points to.
package struct ImageBatch {
  fileprivate let c: sweep_batch

  /// The images with these indices, in this order.
  package init(_ data: TrainingData, images: UnsafePointer<UInt8>, rows: UnsafeBufferPointer<UInt32>) {
    c = sweep_batch(
      images: images, rows: rows.baseAddress, first: 0, count: rows.count, inputs: data.images.inputs, mean: data.standardisation.mean.pointer,
      scale: data.standardisation.scale.pointer)
  }

  /// The images of a range.
  package init(_ data: TrainingData, images: UnsafePointer<UInt8>, range: Range<Int>) {
    c = sweep_batch(
      images: images, rows: nil, first: range.lowerBound, count: range.count, inputs: data.images.inputs, mean: data.standardisation.mean.pointer,
      scale: data.standardisation.scale.pointer)
  }
}

/// The weights of a cohort, [inputs × stride], and its bias, [stride]: networks side by side. Columns are computed in eights.
package struct Layer {
  package let weights: AlignedFloats
  package let bias: AlignedFloats
  package let inputs: Int
  package let columns: Int
  /// Floats from one row to the next, in the weights and in scores: whole vectors.
  package let stride: Int

  package init(inputs: Int, columns: Int) {
    stride = (columns + SWEEP_LANES - 1) / SWEEP_LANES * SWEEP_LANES
    weights = AlignedFloats(inputs * stride)
    bias = AlignedFloats(stride)
    (self.inputs, self.columns) = (inputs, columns)
  }

  fileprivate var c: sweep_layer {
    let width = (columns + SWEEP_UNIT - 1) / SWEEP_UNIT * SWEEP_UNIT
    return sweep_layer(weights: weights.pointer, bias: bias.pointer, inputs: inputs, width: width, stride: stride)
  }
}

/// The columns of neighbouring members with one loss within the scores of a cohort, [rows × stride]. Valid as long as what it points to.
package struct ScoreColumns {
  fileprivate let c: sweep_scores
  fileprivate let members: Range<Int>

  /// - Parameter labels: one for each row.
  package init(_ scores: AlignedFloats, rows: Int, stride: Int, members: Range<Int>, classes: Int, labels: UnsafeBufferPointer<UInt8>) {
    self.members = members
    c = sweep_scores(
      scores: scores.pointer, count: rows, stride: stride, first: members.lowerBound * classes, members: members.count, classes: classes,
      labels: labels.baseAddress)
  }
}

/// Summed losses and numbers of rightly labelled images, one of each for each member.
package struct Tallies: Equatable {
  package var losses: [Double]
  package var correct: [Int64]

  package init(members: Int) {
    losses = Array(repeating: 0, count: members)
    correct = Array(repeating: 0, count: members)
  }
}

/// Floats on a 64-byte boundary, zero at first, with a vector to spare at the end, as the kernels ask. Owned by one worker; freed with the object.
// @unchecked: written before it is shared (Standardisation), or never shared.
package final class AlignedFloats: @unchecked Sendable {
  package let pointer: UnsafeMutablePointer<Float>
  package let count: Int

  package init(_ count: Int) {
    self.count = count
    let raw = UnsafeMutableRawPointer.allocate(byteCount: (count + SWEEP_LANES) * MemoryLayout<Float>.stride, alignment: 64)
    pointer = raw.bindMemory(to: Float.self, capacity: count + SWEEP_LANES)
    pointer.initialize(repeating: 0, count: count + SWEEP_LANES)
  }

  package convenience init(_ values: [Float]) {
    self.init(values.count)
    for (index, value) in values.enumerated() { pointer[index] = value }
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }

  package var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}

/// x = (byte − mean) · scale per dimension, from the training split.
package struct Standardisation: Sendable {
  /// In units of a byte, [inputs].
  package let mean: AlignedFloats
  /// 1 / standard deviation in units of a byte, 0 for a dimension that never varies, [inputs].
  package let scale: AlignedFloats
}

// The door to CKernels: which variant of the hot loops this process uses, and calls with Swift's types.
// Shapes and the promised order of summation are described in CKernels.h; ReferenceKernels.swift says the same in plain Swift.

import CKernels
import Foundation
import SweepCore

/// One variant of the kernels. All variants give the same bits.
// @unchecked: the pointer leads to a constant table of functions that is never written.
package struct Kernels: @unchecked Sendable {
  private let table: UnsafePointer<sweep_kernels>

  /// Columns of a panel, rows of a tile.
  package static let lanes = 16

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
        .usage, "SWEEP_KERNELS is '\(wanted)', which this machine cannot run",
        remedy: "unset it, or use one of \(available.map(\.name).joined(separator: ", "))")
    }
    return kernels
  }

  /// False on a machine without fused multiply-add, where every multiply-add is an exact and very slow library call.
  package static var areFast: Bool { sweep_has_fma() != 0 }

  package static func panels(columns: Int) -> Int { (columns + lanes - 1) / lanes }

  /// Gathers and standardises `rows` (or `count` images from `first` on) into tiles.
  package func pack(
    _ images: UnsafePointer<UInt8>, rows: UnsafePointer<UInt32>?, first: Int = 0, count: Int, standardisation: borrowing Standardisation,
    into packed: AlignedFloats
  ) {
    table.pointee.pack(
      images, rows, first, count, standardisation.mean.count, standardisation.mean.pointer, standardisation.scale.pointer, packed.pointer)
  }

  package func forward(_ packed: AlignedFloats, count: Int, inputs: Int, weights: AlignedFloats, bias: AlignedFloats, into scores: AlignedFloats) {
    table.pointee.forward(packed.pointer, count, inputs, weights.pointer, bias.count / Self.lanes, bias.pointer, scores.pointer)
  }

  package func update(
    _ packed: AlignedFloats, count: Int, inputs: Int, weights: AlignedFloats, bias: AlignedFloats, gradient: AlignedFloats, decay: AlignedFloats,
    step: AlignedFloats
  ) {
    table.pointee.update(
      packed.pointer, count, inputs, weights.pointer, bias.count / Self.lanes, bias.pointer, gradient.pointer, decay.pointer, step.pointer)
  }

  /// The sum of the squares of each column's weights.
  package func squareNorms(_ weights: AlignedFloats, inputs: Int, panels: Int) -> [Double] {
    [Double](unsafeUninitializedCapacity: panels * Self.lanes) { buffer, count in
      table.pointee.square_norms(weights.pointer, inputs, panels, buffer.baseAddress)
      count = panels * Self.lanes
    }
  }

  package func softmaxGradient(_ scores: ScoreColumns, labels: UnsafePointer<UInt8>, into gradient: AlignedFloats) {
    table.pointee.softmax_gradient(scores.pointer, scores.rows, scores.width, scores.first, scores.classes, labels, gradient.pointer)
  }

  package func sigmoidGradient(_ scores: ScoreColumns, labels: UnsafePointer<UInt8>, into gradient: AlignedFloats) {
    table.pointee.sigmoid_gradient(scores.pointer, scores.rows, scores.width, scores.first, scores.classes, labels, gradient.pointer)
  }

  package func softmaxEvaluate(_ scores: ScoreColumns, labels: UnsafePointer<UInt8>, into tally: inout Tally) {
    table.pointee.softmax_evaluate(scores.pointer, scores.rows, scores.width, scores.first, scores.classes, labels, &tally.loss, &tally.correct)
  }

  package func sigmoidEvaluate(_ scores: ScoreColumns, labels: UnsafePointer<UInt8>, into tally: inout Tally) {
    table.pointee.sigmoid_evaluate(scores.pointer, scores.rows, scores.width, scores.first, scores.classes, labels, &tally.loss, &tally.correct)
  }

  /// eˣ and ln x as the losses compute them, of 16 values; for the tests of their accuracy.
  package func exponential(_ x: [Float]) -> [Float] { sixteen(x, table.pointee.exponential) }
  package func logarithm(_ x: [Float]) -> [Float] { sixteen(x, table.pointee.logarithm) }

  private func sixteen(_ x: [Float], _ function: (UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void) -> [Float] {
    precondition(x.count == Self.lanes, "the kernels work on \(Self.lanes) values at a time")
    return [Float](unsafeUninitializedCapacity: Self.lanes) { buffer, count in
      function(x, buffer.baseAddress)
      count = Self.lanes
    }
  }
}

/// The columns of one trial within the scores of a cohort, [rows × width].
package struct ScoreColumns {
  package let pointer: UnsafePointer<Float>
  package let rows: Int
  /// Floats from one row to the next.
  package let width: Int
  package let first: Int
  package let classes: Int

  package init(_ scores: AlignedFloats, rows: Int, width: Int, first: Int, classes: Int) {
    pointer = UnsafePointer(scores.pointer)
    (self.rows, self.width, self.first, self.classes) = (rows, width, first, classes)
  }
}

/// Summed loss and number of rightly labelled images over (a part of) a split.
package struct Tally: Equatable {
  package var loss = 0.0
  package var correct: Int64 = 0
  package init() {}
}

/// Floats on a 64-byte boundary, zero at first. Owned by one worker; freed with the object.
// @unchecked: written before it is shared (Standardisation), or never shared.
package final class AlignedFloats: @unchecked Sendable {
  package let pointer: UnsafeMutablePointer<Float>
  package let count: Int

  package init(_ count: Int) {
    self.count = count
    let raw = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
    pointer = raw.bindMemory(to: Float.self, capacity: max(count, 1))
    pointer.initialize(repeating: 0, count: count)
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

// The network of one trial on its own: s = W x + b. This is the form in which it is born, saved and loaded; training packs several
// of them side by side (TrainingCohort).

import SweepCore
import SweepNumerics

/// The weights of a one-layer network.
package struct OneLayerNetwork: Sendable, Equatable {
  package let inputs: Int
  package let classes: Int
  /// [classes × inputs], row-major.
  package var weights: [Float]
  /// [classes]
  package var bias: [Float]

  package init(inputs: Int, classes: Int, weights: [Float], bias: [Float]) {
    precondition(weights.count == inputs * classes && bias.count == classes, "weights are [classes × inputs], bias is [classes]")
    (self.inputs, self.classes, self.weights, self.bias) = (inputs, classes, weights, bias)
  }

  /// W and b drawn from N(0, 0.01²), in this order, by (seed) alone.
  package init(inputs: Int, classes: Int, seed: Int) {
    var generator = SeededGenerator(seed: seed, purpose: .weights)
    let weights = (0..<inputs * classes).map { _ in Float(0.01 * generator.nextNormal()) }
    let bias = (0..<classes).map { _ in Float(0.01 * generator.nextNormal()) }
    self.init(inputs: inputs, classes: classes, weights: weights, bias: bias)
  }

  /// The name of the layout below.
  package static let checkpointFormat = "one-layer-network/1"

  /// Weights, then bias, as little-endian 32-bit floats.
  package func checkpoint(epoch: Int) -> Checkpoint {
    let state = (weights + bias).map { $0.bitPattern.littleEndian }.withUnsafeBytes(Array.init)
    return Checkpoint(epoch: epoch, format: Self.checkpointFormat, state: state)
  }

  /// - Throws: `SweepError` where the checkpoint has another format or size.
  package init(inputs: Int, classes: Int, checkpoint: Checkpoint) throws(SweepError) {
    let count = (inputs + 1) * classes
    guard checkpoint.format == Self.checkpointFormat, checkpoint.state.count == count * 4 else {
      throw SweepError(
        .input,
        "the checkpoint is '\(checkpoint.format)' with \(checkpoint.state.count) bytes; expected '\(Self.checkpointFormat)' with \(count * 4)",
        remedy: "it was written by another version or for other data: start the sweep anew under another --name")
    }
    let values = checkpoint.state.withUnsafeBytes { bytes in
      (0..<count).map { Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self))) }
    }
    self.init(inputs: inputs, classes: classes, weights: Array(values[..<(inputs * classes)]), bias: Array(values[(inputs * classes)...]))
  }
}

// The order in which an epoch visits the training images: a fresh permutation that depends on (seed, epoch) alone.

import SweepCore
import SweepNumerics

/// The mini-batches of one epoch.
package struct MiniBatches: Sendable {
  /// Indices of images.
  package let order: [UInt32]
  package let batchSize: Int

  /// A permutation of 0 ..< count: Fisher–Yates with Philox numbers of (seed, epoch).
  package init(count: Int, batchSize: Int, seed: Int, epoch: Int) {
    var generator = SeededGenerator(seed: seed, purpose: .shuffle, index: epoch)
    var order = Array(0..<UInt32(count))
    order.withUnsafeMutableBufferPointer { order in
      for last in stride(from: count - 1, to: 0, by: -1) {
        order.swapAt(last, Int(generator.next(below: UInt32(last + 1))))
      }
    }
    self.init(order: order, batchSize: batchSize)
  }

  package init(order: [UInt32], batchSize: Int) { (self.order, self.batchSize) = (order, batchSize) }

  /// Ranges of `order`; the last batch may be smaller.
  package var ranges: Chunks { Chunks(count: order.count, size: batchSize) }
}

/// The ranges of at most `size` that cover 0 ..< count.
package struct Chunks: Sequence {
  let count: Int
  let size: Int

  package init(count: Int, size: Int) { (self.count, self.size) = (count, size) }

  package func makeIterator() -> AnyIterator<Range<Int>> {
    var start = 0
    return AnyIterator {
      guard start < count else { return nil }
      defer { start += Swift.min(size, count - start) }
      return start..<(start + Swift.min(size, count - start))
    }
  }
}

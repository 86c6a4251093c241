// Images in memory as bytes, one copy for all workers, and a selection of them with the numbers that standardise it.
// Where the bytes come from is the business of a DatasetSource.

import Foundation
import SweepCore

/// All images of a data set: the training pool first, then the test images.
package struct ImageSet: Sendable {
  /// [count × inputs], row-major.
  package let pixels: [UInt8]
  /// [count], each below `classes`.
  package let labels: [UInt8]
  package let inputs: Int
  package let classes: Int
  /// Images that training and validation may use: the first `pool` ones. The rest is the test split.
  package let pool: Int

  package init(pixels: [UInt8], labels: [UInt8], inputs: Int, classes: Int, pool: Int) {
    precondition(pixels.count == labels.count * inputs && pool < labels.count, "an image set has a label for each image, and test images")
    (self.pixels, self.labels, self.inputs, self.classes, self.pool) = (pixels, labels, inputs, classes, pool)
  }

  /// A number of the pixels and labels of a range: FNV-1a over words of eight bytes, then over the labels.
  package func fingerprint(of range: Range<Int>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ word: UInt64) { hash = (hash ^ word) &* 0x100_0000_01b3 }
    pixels.withUnsafeBytes { bytes in
      let end = range.upperBound * inputs
      var offset = range.lowerBound * inputs
      while offset + 8 <= end {
        add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
        offset += 8
      }
      for byte in bytes[offset..<end] { add(UInt64(byte)) }
    }
    for label in labels[range] { add(UInt64(label)) }
    return hash
  }
}

extension [UInt8] {
  /// An empty array with room for so many pixels, in large pages where the system has them: rows are visited in shuffled order, and
  /// looking up a page for each costs 3 % of a training.
  package init(roomForPixels count: Int) {
    self = []
    reserveCapacity(count)
    #if os(Linux)
      withUnsafeMutableBytes { bytes in
        let page = 2 << 20
        guard let start = bytes.baseAddress, count > 2 * page else { return }
        let first = (UInt(bitPattern: start) + UInt(page) - 1) / UInt(page) * UInt(page)
        _ = madvise(UnsafeMutableRawPointer(bitPattern: first), count - page, MADV_HUGEPAGE)  // a wish: nothing depends on it
      }
    #endif
  }
}

/// What a trial trains, validates and tests on.
package struct TrainingData: Sendable {
  package let images: ImageSet
  package let training: Range<Int>
  /// The images right after the training split: of CIFAR-10's 50,000, 49,000 + 1,000 leaves the last 1,000; 10,000 + 10,000 is batch 1 and batch 2.
  package let validation: Range<Int>
  package let test: Range<Int>
  package let standardisation: Standardisation

  /// The images of a split by its name in metrics: train, validation or test.
  package func range(ofSplit name: String) -> Range<Int>? { ["train": training, "validation": validation, "test": test][name] }

  /// - Precondition: the pool has enough images.
  package init(_ images: ImageSet, trainingImages: Int, validationImages: Int, scaling: Scaling = .standardise) {
    precondition(trainingImages + validationImages <= images.pool, "the selection was checked against the pool")
    self.images = images
    training = 0..<trainingImages
    validation = trainingImages..<trainingImages + validationImages
    test = images.pool..<images.labels.count
    standardisation = Self.standardisation(of: images, range: 0..<trainingImages, scaling: scaling)
  }

  /// Mean and standard deviation of each dimension over the range. The sums are whole numbers, so they are exact in any order.
  private static func standardisation(of images: ImageSet, range: Range<Int>, scaling: Scaling) -> Standardisation {
    let inputs = images.inputs
    var sums = [UInt64](repeating: 0, count: inputs)
    var squares = [UInt64](repeating: 0, count: inputs)
    images.pixels.withUnsafeBufferPointer { pixels in
      for chunk in Chunks(count: range.count, size: 4096) {  // 4,096 · 255² fits 32 bits
        var partialSums = [UInt32](repeating: 0, count: inputs)
        var partialSquares = [UInt32](repeating: 0, count: inputs)
        partialSums.withUnsafeMutableBufferPointer { sum in
          partialSquares.withUnsafeMutableBufferPointer { square in
            for row in chunk {
              let image = UnsafeBufferPointer(rebasing: pixels[(range.lowerBound + row) * inputs..<(range.lowerBound + row + 1) * inputs])
              for k in 0..<inputs {
                let value = UInt32(image[k])
                sum[k] &+= value
                square[k] &+= value &* value
              }
            }
          }
        }
        for k in 0..<inputs {
          sums[k] += UInt64(partialSums[k])
          squares[k] += UInt64(partialSquares[k])
        }
      }
    }
    let count = UInt64(range.count)
    let mean = sums.map { Float(Double($0) / Double(count)) }
    let scale = zip(sums, squares).map { sum, square in
      if scaling == .centre { return Float(1) / 255 }
      let variance = count * square - sum * sum  // times count²
      return variance == 0 ? 0 : Float(Double(count) / Double(variance).squareRoot())
    }
    return Standardisation(mean: AlignedFloats(mean), scale: AlignedFloats(scale))
  }
}

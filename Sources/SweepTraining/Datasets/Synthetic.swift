// A data set that is made, not read, for tests and trials of the tool: ten noisy prototypes of 8 × 8 grey pixels.
// Image i depends on i alone, so any number of images can be asked for and all of them agree.

import SweepCore
import SweepNumerics

package struct Synthetic: DatasetSource {
  package init() {}

  static let inputs = 64
  static let classes = 10

  package var summary: String { "synthetic: any number of made images and 200 for the test, 8 × 8 in grey, 10 classes" }
  package var pool: Int? { nil }
  package var testImages: Int { 200 }
  package var classNames: [String] {
    (0..<Self.classes).map { "class \($0)" }
  }
  package var remedy: String { "it is made, not read: use it as it is" }

  package func folder(in folders: DataFolders) -> String? { nil }

  package func load(pool: Int, from folders: DataFolders) throws(SweepError) -> ImageSet {
    let prototypes = (0..<Self.classes).map { c in
      var generator = SeededGenerator(seed: 0, purpose: .synthetic, index: -1 - c)
      return (0..<Self.inputs).map { _ in Int(generator.next(below: 81)) + 88 }
    }
    var pixels = [UInt8](roomForPixels: (pool + testImages) * Self.inputs)
    var labels: [UInt8] = []
    // Test images have numbers of their own, so that the pool may grow without touching them.
    for number in Array(0..<pool) + (0..<testImages).map({ 1 << 31 + $0 }) {
      var generator = SeededGenerator(seed: 1, purpose: .synthetic, index: number)
      let label = Int(generator.next(below: UInt32(Self.classes)))
      labels.append(UInt8(label))
      for k in stride(from: 0, to: Self.inputs, by: 2) {
        // Four bytes of a number sum to a bell around 510.
        let bits = generator.next()
        for half in 0..<2 {
          let noise = (0..<4).reduce(0) { $0 + Int(truncatingIfNeeded: bits >> (8 * (4 * half + $1))) & 255 } - 510
          pixels.append(UInt8(clamping: prototypes[label][k + half] + noise / 3))
        }
      }
    }
    return ImageSet(pixels: pixels, labels: labels, inputs: Self.inputs, classes: Self.classes, pool: pool)
  }
}

// Several trials that answered the same images: their accuracies, how often two of them disagree, and how both would vary over other images.

import SweepCore

/// The answers of trials to the same n images.
package struct PairedAnswers: Sendable {
  /// [trials], each [images]: whether the image was labelled rightly.
  package let correct: [Bitset]
  package let images: Int
  /// [trials], 0...1.
  package let accuracies: [Double]

  /// - Precondition: at least one trial; all with as many images, at least one.
  package init(_ correct: [Bitset]) {
    guard let images = correct.first?.count, images > 0 else { preconditionFailure("there are trials that answered images") }
    precondition(correct.allSatisfy { $0.count == images }, "all trials answered the same images")
    (self.correct, self.images) = (correct, images)
    accuracies = correct.map { Double($0.ones) / Double(images) }
  }

  /// The standard error of the difference of two accuracies if both were equally good (McNemar 1947): √(b + c) / n, with b and c the
  /// images that only the one or only the other labelled rightly.
  package func standardError(_ one: Int, _ other: Int) -> Double {
    let disagreements = correct[one].countOnly(here: correct[other]) + correct[other].countOnly(here: correct[one])
    return Double(disagreements).squareRoot() / Double(images)
  }

  /// The covariance of the accuracies over samples of n images, [trials × trials], row-major: (n₁₁/n − p̂ᵢ p̂ⱼ) / n.
  package var covariance: [Double] {
    let (count, n) = (correct.count, Double(images))
    var matrix = [Double](repeating: 0, count: count * count)
    for i in 0..<count {
      for j in 0...i {
        let both = Double(correct[i].ones - correct[i].countOnly(here: correct[j]))
        let value = (both / n - accuracies[i] * accuracies[j]) / n
        matrix[i * count + j] = value
        matrix[j * count + i] = value
      }
    }
    return matrix
  }
}

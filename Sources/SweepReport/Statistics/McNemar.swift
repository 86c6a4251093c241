// Two trials on the same images: only the images on which they disagree tell them apart.

import Foundation
import SweepCore
import SweepNumerics

/// The comparison of two trials that answered the same n images.
package struct McNemar: Sendable, Equatable {
  package let bothRight: Int
  /// b: images that only the first labelled rightly.
  package let onlyFirst: Int
  /// c: images that only the second labelled rightly.
  package let onlySecond: Int
  package let bothWrong: Int

  /// - Precondition: the answers are to the same images.
  package init(_ first: Bitset, _ second: Bitset) {
    onlyFirst = first.countOnly(here: second)
    onlySecond = second.countOnly(here: first)
    bothRight = first.ones - onlyFirst
    bothWrong = first.count - bothRight - onlyFirst - onlySecond
  }

  package var images: Int { bothRight + onlyFirst + onlySecond + bothWrong }
  /// Accuracy of the first less that of the second.
  package var difference: Double { Double(onlyFirst - onlySecond) / Double(images) }

  /// The exact two-sided p-value (McNemar 1947, "Note on the sampling error of the difference between correlated proportions or
  /// percentages"): twice the chance of min(b, c) or fewer heads in b + c throws of a coin, at most 1.
  package var pValue: Double {
    let (n, k) = (onlyFirst + onlySecond, min(onlyFirst, onlySecond))
    guard n > 0 else { return 1 }
    func logChoose(_ k: Int) -> Double { lgamma(Double(n) + 1) - lgamma(Double(k) + 1) - lgamma(Double(n - k) + 1) }
    let tail = (0...k).reduce(0.0) { $0 + exp(logChoose($1) - Double(n) * log(2.0)) }
    return min(1, 2 * tail)
  }

  /// The 95 % interval of the difference (Bonett and Price 2012, "Adjusted Wald confidence interval for a difference of binomial
  /// proportions based on paired data"): that of Wald with one image added to b and to c, and two to n.
  package var interval: ClosedRange<Double> {
    let n = Double(images) + 2
    let (b, c) = ((Double(onlyFirst) + 1) / n, (Double(onlySecond) + 1) / n)
    let half = Normal.quantile975 * ((b + c - (b - c) * (b - c)) / n).squareRoot()
    return max(-1, b - c - half)...min(1, b - c + half)
  }
}

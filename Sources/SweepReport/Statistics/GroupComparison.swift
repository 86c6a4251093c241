// Groups of trials that differ in their seed alone, compared with the best group: the images are the same for all, the seeds are not.

import Foundation
import SweepCore
import SweepNumerics

/// The confidence set of groups of trials by the means of their accuracies.
///
/// A mean varies with the images, which all trials share, and with the seeds. What images do is in the covariance of the trials' accuracies. The
/// variance of the seeds, σ², is what trials of a group differ by beyond that: their sample variance, pooled over the groups, less the mean of
/// v_ss − v_st over pairs of seeds. Known from f = Σ (n_g − 1) degrees of freedom only, it is widened by (t_f / z)², so that few seeds do not
/// pass for many.
package enum GroupComparison {
  /// - Parameters:
  ///   - answers: the trials of each group, at least one; all to the same images.
  ///   - draws: of the bootstrap.
  package static func confidenceSet(of answers: [[Bitset]], draws count: Int = 2000) -> ConfidenceSet {
    let paired = PairedAnswers(answers.flatMap { $0 })
    let covariance = paired.covariance
    guard answers.contains(where: { $0.count > 1 }) else {
      return ConfidenceSet(paired, draws: BootstrapDraws(covariance: covariance, estimates: answers.count, count: count))
    }
    let trials = paired.correct.count
    var start = 0
    let ranges = answers.map { members in
      defer { start += members.count }
      return start..<start + members.count
    }
    let values = ranges.map { Array(paired.accuracies[$0]).mean }
    let seeds = seedVariance(ranges, values, paired.accuracies, covariance)
    var matrix = [Double](repeating: 0, count: ranges.count * ranges.count)
    for (i, one) in ranges.enumerated() {
      for (j, other) in ranges.enumerated() {
        let sum = one.reduce(0.0) { sum, a in other.reduce(sum) { $0 + covariance[a * trials + $1] } }
        matrix[i * ranges.count + j] = sum / Double(one.count * other.count) + (i == j ? seeds / Double(one.count) : 0)
      }
    }
    let groups = ranges.count
    return ConfidenceSet(values, draws: BootstrapDraws(covariance: matrix, estimates: groups, count: count)) { i, j in
      max(0, matrix[i * groups + i] + matrix[j * groups + j] - 2 * matrix[i * groups + j]).squareRoot()
    }
  }

  private static func seedVariance(_ ranges: [Range<Int>], _ means: [Double], _ accuracies: [Double], _ covariance: [Double]) -> Double {
    let (trials, freedom) = (accuracies.count, ranges.reduce(0) { $0 + $1.count - 1 })
    var (squares, images) = (0.0, 0.0)
    for (range, mean) in zip(ranges, means) where range.count > 1 {
      for s in range {
        squares += (accuracies[s] - mean) * (accuracies[s] - mean)
        // Σ_s Σ_t (v_ss − v_st) / n is what images alone add to the sum of squares.
        for t in range { images += (covariance[s * trials + s] - covariance[s * trials + t]) / Double(range.count) }
      }
    }
    let widening = Student.quantile975(freedom) / Normal.quantile975
    return max(0, (squares - images) / Double(freedom)) * widening * widening
  }
}

// Which trials may be the best, and how far each may be behind it: multiple comparisons with the best. That the best was chosen on the
// same images is part of the question that the set answers.

import SweepCore

/// A set that holds the truly best of several estimates with 95 % probability, and for each an interval of what it is behind the best.
///
/// Multiple comparisons with the best (Edwards and Hsu 1983, "Multiple comparisons with the best treatment"; Hsu 1984, "Constrained
/// simultaneous confidence intervals for multiple comparisons with the best"). Each estimate i is compared with all others at once by a
/// critical value of its own, q_i: the 95 % quantile of max_j |θ̂*_j − θ̂*_i| / s_ij over bootstrap draws. Then with 95 % probability all
/// differences are within q_i·s_ij of the truth, and the best is ahead of i by at least max_j (θ̂_j − θ̂_i − q_i·s_ij), at most
/// max_j (θ̂_j − θ̂_i + q_i·s_ij), and not less than 0. The set is of those whose interval reaches 0. The truly best one has 0, so it is in the
/// set with 95 % probability, whichever it is: the number of candidates and the look at the data are accounted for.
package struct ConfidenceSet: Sendable {
  package struct Member: Sendable {
    /// Whether it cannot be told from the best.
    package let isTied: Bool
    /// How far the best is ahead of it, in units of the estimates, from 0.
    package let behind: ClosedRange<Double>
  }

  /// In the order of the estimates.
  package let members: [Member]

  package var tied: Int { members.count { $0.isTied } }

  /// - Parameters:
  ///   - values: θ̂, the more the better.
  ///   - standardError: s of the difference of two; 0 where they cannot differ.
  ///   - continuity: what a lead has to be beyond chance at least: 1/n for shares of n, as in Edwards' correction of McNemar's test.
  package init(
    _ values: [Double], draws: BootstrapDraws, continuity: Double = 0, level: Double = 0.95, standardError: (Int, Int) -> Double
  ) {
    precondition(draws.estimates == values.count, "a draw for each estimate")
    let all = values.indices
    members = all.map { own in
      let errors = all.map { $0 == own ? 0 : standardError($0, own) }
      let critical = Self.quantile(draws.largestDifference(from: own, weights: errors.map { $0 > 0 ? Float(1 / $0) : 0 }), level)
      var (lower, upper) = (0.0, 0.0)
      for other in all {
        let (lead, reach) = (values[other] - values[own], errors[other] > 0 ? critical * errors[other] + continuity : 0)
        (lower, upper) = (max(lower, lead - reach), max(upper, lead + reach))
      }
      return Member(isTied: lower == 0, behind: lower...upper)
    }
  }

  /// The set of trials by their accuracies on the same images.
  package init(_ answers: PairedAnswers, draws: BootstrapDraws) {
    self.init(answers.accuracies, draws: draws, continuity: 1 / Double(answers.images), standardError: answers.standardError)
  }

  /// The smallest value that at least so many of the draws do not exceed.
  private static func quantile(_ draws: [Float], _ level: Double) -> Double {
    let sorted = draws.sorted()
    let rank = min(sorted.count - 1, Int((level * Double(sorted.count + 1)).rounded(.up)) - 1)
    return Double(sorted[rank])
  }
}

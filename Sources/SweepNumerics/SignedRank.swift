// Wilcoxon's signed-rank test: whether paired differences lie above 0. What is compared is not known here.

/// Wilcoxon 1945, one-sided. Zeros count half on either side (`zsplit`).
package enum SignedRank {
  /// The sum of the ranks of |D| where D is above 0, equal ones sharing their mean; of zeros, half of theirs.
  package static func statistic(_ differences: [Double]) -> Double { Double(doubledStatistic(differences, ranks: doubledRanks(differences))) / 2 }

  /// How likely so great a statistic is where either sign is as likely: exact for up to 50 differences that are neither equal nor 0, and for up to 13 of
  /// any kind; else by the normal distribution, with the variance that ties leave. 1 of no differences.
  package static func share(notBelow differences: [Double]) -> Double {
    let ranks = doubledRanks(differences)
    let statistic = doubledStatistic(differences, ranks: ranks)
    let count = differences.count
    let hasTies = Set(ranks).count < count || differences.contains(0)
    if count <= (hasTies ? 13 : 50) { return exactShare(notBelow: statistic, differences, ranks: ranks) }
    let n = Double(count)
    var variance = n * (n + 1) * (2 * n + 1)
    for (place, rank) in ranks.enumerated() where ranks.firstIndex(of: rank) == place {
      let t = Double(ranks.count { $0 == rank })
      variance -= (t * t * t - t) / 2
    }
    return Normal.share(below: -(Double(statistic) / 2 - n * (n + 1) / 4) / (variance / 24).squareRoot())
  }

  /// Twice the rank of each |D|, which is a whole number.
  private static func doubledRanks(_ differences: [Double]) -> [Int] {
    differences.map { one in
      let below = differences.count { abs($0) < abs(one) }
      return 2 * below + differences.count { abs($0) == abs(one) } + 1
    }
  }

  private static func doubledStatistic(_ differences: [Double], ranks: [Int]) -> Int {
    let above = zip(differences, ranks).reduce(0) { $1.0 > 0 ? $0 + $1.1 : $0 }
    // z zeros have the doubled rank z + 1 each: the sum is even.
    return above + zip(differences, ranks).reduce(0) { $1.0 == 0 ? $0 + $1.1 : $0 } / 2
  }

  /// Counts the signs by what the ranks add up to.
  private static func exactShare(notBelow statistic: Int, _ differences: [Double], ranks: [Int]) -> Double {
    let zeros = zip(differences, ranks).reduce(0) { $1.0 == 0 ? $0 + $1.1 : $0 } / 2
    let signed = zip(differences, ranks).filter { $0.0 != 0 }.map(\.1)
    // ways[s]: in how many their sum is s; at most 2⁵⁰, so exact.
    var ways = [1.0] + [Double](repeating: 0, count: signed.reduce(0, +))
    for rank in signed { for sum in stride(from: ways.count - 1, through: rank, by: -1) { ways[sum] += ways[sum - rank] } }
    let least = max(statistic - zeros, 0)
    return ways[least...].reduce(0, +) / ways.reduce(0, +)
  }
}

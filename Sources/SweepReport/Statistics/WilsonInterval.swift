// How far a share measured on n samples may be from the truth.

import SweepNumerics

/// The 95 % score interval of a proportion (Wilson 1927, "Probable inference, the law of succession, and statistical inference").
package struct WilsonInterval: Sendable, Equatable {
  package let lower: Double
  package let upper: Double

  /// - Parameters:
  ///   - share: p̂ of 0...1.
  ///   - samples: n, at least 1.
  package init(share: Double, samples: Int) {
    let n = Double(samples)
    let z = Normal.quantile975
    let centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    lower = max(0, centre - half)
    upper = min(1, centre + half)
  }
}

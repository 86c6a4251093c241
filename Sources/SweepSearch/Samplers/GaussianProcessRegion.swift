// The box in which a Gaussian process is asked for its best point: around the best one known, as large as progress allows.

import SweepNumerics

/// Eriksson et al. 2019, "Scalable global optimization via local Bayesian optimization" (TuRBO-1), without restarts: a side that has shrunk away
/// opens again, and the model stays global.
struct TrustRegion: Sendable {
  var low: [Double]
  var high: [Double]
  /// nil: it is the whole space.
  var centre: [Double]?

  static func whole(_ dimensions: Int) -> TrustRegion {
    TrustRegion(low: [Double](repeating: 0, count: dimensions), high: [Double](repeating: 1, count: dimensions))
  }

  /// - Parameter side: of a box whose dimensions have one length scale.
  init(around centre: [Double], side: Double, lengths: [Double], encoding: Encoding) {
    let numbers = encoding.dimensions.indices.filter { !encoding.dimensions[$0].isCategory }
    let logarithms = numbers.map { exactLogarithm(lengths[$0]) }
    let mean = logarithms.reduce(0, +) / Double(max(numbers.count, 1))
    self = .whole(encoding.count)
    for (place, dimension) in numbers.enumerated() {
      let half = min(max(side * exactExponential(logarithms[place] - mean), 0.01), 2) / 2
      let middle = centre[dimension].isNaN ? 0.5 : centre[dimension]
      (low[dimension], high[dimension]) = (max(middle - half, 0), min(middle + half, 1))
    }
    self.centre = centre
  }

  private init(low: [Double], high: [Double]) { (self.low, self.high) = (low, high) }

  /// Of the width of a space of so many numbers: what lies as far from its centre as the corners of a space of four.
  static func share(of dimensions: Int) -> Double { min(1, 2 / Double(max(dimensions, 1)).squareRoot()) }

  /// The side after these values, by number: doubled after 3 improvements in a row, halved after so many failures as the space needs.
  /// - Parameters:
  ///   - values: nil counts as no improvement.
  ///   - start: how many of them do not count.
  static func side(_ values: [Double?], start: Int, encoding: Encoding) -> Double {
    let first = 0.8 * share(of: encoding.dimensions.count { !$0.isCategory })
    let known = values.compactMap { $0 }.sorted()
    guard let least = known.first else { return first }
    // An improvement must be one of those that are to be had, wherever the objective's zero is.
    let threshold = 1e-3 * (known[known.count / 2] - least)
    var (side, successes, failures) = (first, 0, 0)
    var best = values.prefix(start).reduce(Double.infinity) { min($0, $1 ?? .infinity) }
    for value in values.dropFirst(start) {
      if let value, value < best - threshold {
        (successes, failures) = (successes + 1, 0)
      } else {
        (successes, failures) = (0, failures + 1)
      }
      best = min(best, value ?? .infinity)
      if successes == 3 { (side, successes) = (min(2 * side, 1.6), 0) }
      if failures == max(4, encoding.count / 2) { (side, failures) = (side / 2, 0) }
      if side < 0x1p-7 { side = 0.8 }
    }
    return side
  }
}

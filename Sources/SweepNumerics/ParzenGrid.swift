// Densities of one dimension from few numbers, on a grid of points: categories, whole numbers or reals. What is estimated is not known here.

import Foundation

/// The points at which a parameter's density is evaluated: its choices, or at most 50 points at equal distances from `low` to `high`.
package struct ParzenGrid {
  /// What a parameter's values were drawn from.
  package enum Distribution: Sendable, Equatable {
    /// One of `count` choices without order; at least 1.
    case categorical(count: Int)
    /// low, low + step, …, up to high. With `log`, which needs `low` above 0 and a step of 1, by equal ratios.
    case integer(low: Int, high: Int, step: Int = 1, log: Bool = false)
    /// `low...high`; with `log`, which needs `low` above 0, by equal ratios.
    case real(low: Double, high: Double, log: Bool = false)
  }

  private let isCategorical: Bool
  package let count: Int
  private let takesLog: Bool
  private let low: Double
  private let distance: Double

  /// Nil for a distribution of a single value.
  package init?(_ distribution: Distribution) {
    let most = 50
    switch distribution {
    case .categorical(let count):
      guard count > 1 else { return nil }
      self.init(low: 0, high: Double(count - 1), count: count, isCategorical: true)
    case .integer(let low, let high, let step, let takesLog):
      precondition(step > 0 && (!takesLog || low > 0 && step == 1), "whole numbers have a step above 0; by ratios a step of 1 and a low above 0")
      let steps = ((Double(high) - Double(low)) / Double(step)).rounded(.down)
      guard steps >= 1 else { return nil }
      let points = takesLog ? (Foundation.log(steps + 1) / Foundation.log(2)).rounded(.up) + 1 : steps + 1
      self.init(low: Double(low), high: Double(low) + steps * Double(step), count: Int(min(points, Double(most))), takesLog: takesLog)
    case .real(let low, let high, let takesLog):
      precondition(!takesLog || low > 0, "a range by ratios has a low above 0")
      guard low < high else { return nil }
      self.init(low: low, high: high, count: most, takesLog: takesLog)
    }
  }

  private init(low: Double, high: Double, count: Int, isCategorical: Bool = false, takesLog: Bool = false) {
    (self.isCategorical, self.count, self.takesLog) = (isCategorical, count, takesLog)
    self.low = takesLog ? Foundation.log(low) : low
    distance = ((takesLog ? Foundation.log(high) : high) - self.low) / Double(count - 1)
  }

  /// The nearest point; half-way between two, the lower.
  package func point(of value: Double) -> Int {
    let position = (((takesLog ? Foundation.log(value) : value) - low) / distance - 0.5).rounded(.up)
    return Int(min(max(position, 0), Double(count - 1)))
  }

  /// The Parzen estimate at each point from the number of trials at each: a kernel for each point that has trials, weighted by their number,
  /// and one of weight 1 for the prior. 10⁻¹² more, so that one can divide by it.
  package func density(_ trials: [Int]) -> [Double] {
    let seen = trials.indices.filter { trials[$0] > 0 }
    let total = trials.reduce(0, +)
    let kernel = isCategorical ? categoricalKernel(kernels: seen.count + 1) : gaussianKernel(width: bandwidth(trials, seen: seen, total: total))
    let prior = isCategorical ? { _ in 1 / Double(count) } : gaussianKernel(width: Double(count), around: Double(count - 1) / 2)
    return trials.indices.map { point in
      let observed = seen.reduce(0) { $0 + Double(trials[$1]) * kernel($1, point) }
      return (observed + prior(point)) / Double(total + 1) + 1e-12
    }
  }

  /// The prior's weight is spread over the choices and the kernels, 1 / kernels for each choice, and the seen choice has 1 more.
  private func categoricalKernel(kernels: Int) -> (Int, Int) -> Double {
    let spread = 1 / Double(kernels)
    let sum = Double(count) * spread + 1
    return { seen, point in (seen == point ? spread + 1 : spread) / sum }
  }

  private func gaussianKernel(width: Double) -> (Int, Int) -> Double {
    let kernels = (0..<count).map { gaussianKernel(width: width, around: Double($0)) }
    return { seen, point in kernels[seen](point) }
  }

  /// The mass that a normal distribution, cut off half a distance beyond the ends, has within half a distance of a point.
  private func gaussianKernel(width: Double, around centre: Double) -> (Int) -> Double {
    func mass(_ low: Double, _ high: Double) -> Double { Normal.mass(from: (low - centre) / width, to: (high - centre) / width) }
    let whole = mass(-0.5, Double(count) - 0.5)
    return { point in mass(Double(point) - 0.5, Double(point) + 0.5) / whole }
  }

  /// Scott's rule (Scott 1992, "Multivariate Density Estimation") in distances of the grid: 1.059 · min(IQR / 1.34, σ) · n^−1/5, and so much at
  /// least that nine tenths of a kernel fit around its point.
  private func bandwidth(_ trials: [Int], seen: [Int], total: Int) -> Double {
    let n = Double(total)
    let mean = Double(seen.reduce(0) { $0 + $1 * trials[$1] }) / n
    let squares = seen.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) * Double(trials[$1]) }
    let deviation = (squares / max(1, n - 1)).squareRoot()
    var (lower, upper) = (seen.last, seen.last)
    var passed = 0
    for point in seen.reversed() {
      let upTo = total - passed
      if upTo >= total / 4 { lower = point }
      if upTo > total * 3 / 4 { upper = point }
      passed += trials[point]
    }
    let range = Double((upper ?? 0) - (lower ?? 0))
    return max(1.059 * min(range / 1.34, deviation) * pow(n, -0.2), 0.5 / 1.64)
  }
}

// Which parameters matter for being among the best, from any set of trials: random, adaptive or an unfinished grid.
// Takes plain numbers from whoever read the trials, gives shares to a table. Says nothing of interactions: `FunctionalANOVA` does, on full grids.

import Foundation
import SweepCore

/// PED-ANOVA (Watanabe, Bansal, Hutter 2023, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary Subspaces"), with the
/// choices of Optuna 5.0's `PedAnovaImportanceEvaluator`, whose numbers these are.
///
/// For each parameter d the densities of its values among the best trials, p(x_d | D_γ′), and among all, p(x_d | D_γ) with γ = 1, are
/// estimated on a grid of at most 50 points; the importance is their Pearson divergence Σ p (p′/p − 1)² over that grid (Theorem 1).
/// Conditional parameters are not known here: every trial has a value of every parameter.
package struct PEDANOVA: Sendable, Equatable {
  /// What a parameter's values were drawn from.
  package enum Distribution: Sendable, Equatable {
    /// One of `count` choices without order; at least 1.
    case categorical(count: Int)
    /// low, low + step, …, up to high. With `log`, which needs `low` above 0 and a step of 1, by equal ratios.
    case integer(low: Int, high: Int, step: Int = 1, log: Bool = false)
    /// `low...high`; with `log`, which needs `low` above 0, by equal ratios.
    case real(low: Double, high: Double, log: Bool = false)
  }

  /// [parameters], in the order of the distributions; each of 0...1, together 1.
  ///
  /// All are equal where nothing tells them apart: fewer than two finite objectives, as many best trials as trials (by ties), or no parameter
  /// that can vary. A parameter with a single possible value has 0. One that could vary and has the same value in all trials has not: its two
  /// densities lean differently towards the prior, as they rest on different numbers of trials.
  package let importances: [Double]

  /// - Parameters:
  ///   - trials: [trials × parameters], each value within its distribution; of a categorical parameter the position of the choice, from 0.
  ///   - objectives: [trials]; a trial whose objective is NaN or infinite does not count.
  ///   - targetQuantile: γ′, the share of the trials that are the best, above 0 and below 1. The ⌈γ′ · trials⌉ best are taken, and all that equal the
  ///     last of them. Below five of them the numbers are shaky.
  /// - Complexity: O(trials × (parameters + log trials)).
  package init(
    _ distributions: [Distribution], trials: [[Double]], objectives: [Double], goal: Objective.Goal, targetQuantile: Double = 0.1
  ) {
    precondition(trials.count == objectives.count, "PED-ANOVA needs an objective of each trial")
    precondition(trials.allSatisfy { $0.count == distributions.count }, "a trial has a value of each parameter")
    precondition(targetQuantile > 0 && targetQuantile < 1, "a quantile is a share of the trials")
    let finite = objectives.indices.filter { objectives[$0].isFinite }
    let losses = finite.map { goal == .minimize ? objectives[$0] : -objectives[$0] }
    var divergences = [Double](repeating: 0, count: distributions.count)
    if finite.count > 1 {
      let cutoff = losses.sorted()[Int((targetQuantile * Double(losses.count)).rounded(.up)) - 1]
      for (parameter, distribution) in distributions.enumerated() {
        guard let grid = EvaluationGrid(distribution) else { continue }
        var best = [Int](repeating: 0, count: grid.count)
        var all = best
        for (trial, loss) in zip(finite, losses) {
          let point = grid.point(of: trials[trial][parameter])
          all[point] += 1
          if loss <= cutoff { best[point] += 1 }
        }
        // Optuna also multiplies by (best trials / trials)²; as a common factor it leaves the normalised numbers alone.
        divergences[parameter] = zip(grid.density(best), grid.density(all)).reduce(0) { sum, densities in
          let (top, local) = densities
          return sum + local * (top / local - 1) * (top / local - 1)
        }
      }
    }
    let total = divergences.reduce(0, +)
    importances = divergences.map { total == 0 ? 1 / Double(divergences.count) : $0 / total }
  }
}

/// The points at which a parameter's density is evaluated: its choices, or at most 50 points at equal distances from `low` to `high`.
private struct EvaluationGrid {
  private let isCategorical: Bool
  let count: Int
  private let takesLog: Bool
  private let low: Double
  private let distance: Double

  /// Nil for a distribution of a single value.
  init?(_ distribution: PEDANOVA.Distribution) {
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
  func point(of value: Double) -> Int {
    let position = (((takesLog ? Foundation.log(value) : value) - low) / distance - 0.5).rounded(.up)
    return Int(min(max(position, 0), Double(count - 1)))
  }

  /// The Parzen estimate at each point from the number of trials at each: a kernel for each point that has trials, weighted by their number,
  /// and one of weight 1 for the prior. 10⁻¹² more, so that one can divide by it.
  func density(_ trials: [Int]) -> [Double] {
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
    func mass(_ low: Double, _ high: Double) -> Double { normalMass(from: (low - centre) / width, to: (high - centre) / width) }
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

/// Φ(high) − Φ(low), from the tail that is nearer so that no digits are lost.
private func normalMass(from low: Double, to high: Double) -> Double {
  if low > 0 { return normalMass(from: -high, to: -low) }
  return (erfc(-high / 2.0.squareRoot()) - erfc(-low / 2.0.squareRoot())) / 2
}

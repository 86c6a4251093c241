// Which parameters matter for being among the best, from any set of trials: random, adaptive or an unfinished grid.
// Takes plain numbers from whoever read the trials, gives shares to a table. Says nothing of interactions: `FunctionalANOVA` does, on full grids.

import Foundation
import SweepCore
import SweepNumerics

/// PED-ANOVA (Watanabe, Bansal, Hutter 2023, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary Subspaces"), with the
/// choices of Optuna 5.0's `PedAnovaImportanceEvaluator`, whose numbers these are.
///
/// For each parameter d the densities of its values among the best trials, p(x_d | D_γ′), and among all, p(x_d | D_γ) with γ = 1, are
/// estimated on a grid of at most 50 points; the importance is their Pearson divergence Σ p (p′/p − 1)² over that grid (Theorem 1).
/// Conditional parameters are not known here: every trial has a value of every parameter.
package struct PEDANOVA: Sendable, Equatable {
  package typealias Distribution = ParzenGrid.Distribution

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
        guard let grid = ParzenGrid(distribution) else { continue }
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

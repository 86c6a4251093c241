// The values that a Gaussian process is fitted to: what trials without a value count as, and the power that makes values look normal.

import SweepCore
import SweepNumerics

/// A value for each outcome, where there is one; smaller is better.
enum OutcomeValues {
  /// The values of an objective at the ends of trials; of those that were stopped early an estimate, never better than the best complete one; nil:
  /// it failed, diverged or has no finite value.
  static func of(_ outcomes: [History.Outcome], objective: Int = 0) -> [Double?] {
    let complete = outcomes.filter { $0.state == .complete && value(of: $0, objective) != nil }
    let best = complete.compactMap { value(of: $0, objective) }.min()
    /// Of an epoch, what complete trials gained after it, in the middle; nil: too few of them were there.
    var gains: [Int: Double?] = [:]
    func gain(after epoch: Int) -> Double? {
      if let known = gains[epoch] { return known }
      let found = complete.compactMap { other -> Double? in
        guard let final = self.value(of: other, 0), let place = other.curve.epochs.firstIndex(of: epoch) else { return nil }
        return final - other.curve.values[place]
      }.sorted()
      let median = found.count < 4 ? nil : (found[(found.count - 1) / 2] + found[found.count / 2]) / 2
      gains[epoch] = .some(median)
      return median
    }
    return outcomes.map { outcome in
      switch outcome.state {
      case .failed, .diverged: return nil
      case .complete: return value(of: outcome, objective)
      case .waiting, .running, .paused, .pruned:
        guard let value = value(of: outcome, objective) else { return nil }
        guard objective == 0, let epoch = outcome.curve.epochs.last else { return max(value, best ?? value) }
        let estimate = (outcome.curve.values.last ?? value) + (gain(after: epoch) ?? 0)
        return max(estimate, best ?? estimate)
      }
    }
  }

  /// Several objectives as one: of each its share of the way from the best to the worst, weighed at random, as an augmented Chebyshev norm (Knowles
  /// 2006, "ParEGO"). A trial that lacks one has none.
  static func scalarised(_ outcomes: [History.Outcome], objectives: Int, _ generator: inout SeededGenerator) -> [Double?] {
    let weights = (0..<objectives).map { _ in -exactLogarithm(generator.nextUnit()) }
    let total = weights.reduce(0, +)
    let shares = (0..<objectives).map { objective -> [Double?] in
      let values = of(outcomes, objective: objective)
      let known = values.compactMap { $0 }
      guard let least = known.min(), let most = known.max(), most > least else { return values.map { $0.map { _ in 0 } } }
      return values.map { $0.map { ($0 / 2 - least / 2) / (most / 2 - least / 2) * weights[objective] / total } }
    }
    return outcomes.indices.map { place in
      let terms = shares.compactMap { $0[place] }
      return terms.count < objectives ? nil : (terms.max() ?? 0) + 0.05 * terms.reduce(0, +)
    }
  }

  private static func value(of outcome: History.Outcome, _ objective: Int) -> Double? {
    guard objective < outcome.objectives.count, let value = outcome.objectives[objective], value.isFinite else { return nil }
    return value
  }
}

/// Values to mean 0 and deviation 1; those that are missing are the worst of them.
package struct ProcessOutputs {
  /// nil where there is none.
  private let values: [Double?]
  private let standardised: [Double]
  private let hasShape: Bool

  package init(_ values: [Double?]) {
    self.values = values
    let known = values.compactMap { $0 }
    // Of magnitudes whose squares can be had.
    let size = known.reduce(0) { max($0, abs($1)) }
    let scaled = size > 0 ? known.map { $0 / size } : known
    let (mean, deviation) = YeoJohnson.moments(scaled)
    // Rounded, so that what the unit of the objective does to the last bits does not decide where a fit ends.
    standardised = scaled.map { deviation > 0 ? (($0 - mean) / deviation * 0x1p36).rounded() * 0x1p-36 : 0 }
    hasShape = Set(known).count >= 3 && deviation > 0
  }

  /// The values with a power (Yeo and Johnson 2000), and the logarithm of its Jacobian.
  package func transformed(power: Double) -> (y: [Double], logJacobian: Double) {
    guard hasShape else { return (filled(standardised), 0) }
    let transformed = YeoJohnson.transformed(standardised, power: power)
    return (filled(transformed.values), transformed.logJacobian)
  }

  /// The powers to choose from: by the process's likelihood, or the one with which independent values are most likely.
  var powers: [Double] { hasShape ? [1, 0.5, 0, -1, -2.5] : [1] }
  var likeliestPower: Double { hasShape ? YeoJohnson.likeliestPower(standardised) : 1 }

  private func filled(_ known: [Double]) -> [Double] {
    let worst = known.max() ?? 0
    var place = 0
    return values.map { value in
      if value == nil { return worst }
      defer { place += 1 }
      return known[place]
    }
  }
}

// The normal distribution that an evolution strategy draws from, and how the best of some points change it. Where the points come from, and when it
// begins anew, is in EvolutionStrategy.swift.

import SweepNumerics

/// CMA-ES with active update (Hansen 2016, arXiv:1604.00772; equation numbers in brackets), a margin for whole numbers (Hamano et al. 2022,
/// arXiv:2205.13482) and, for noise, learning rates that adapt (Nomura, Akimoto and Ono 2023, arXiv:2304.03473).
///
/// Sums go up in their index.
package struct CovarianceAdaptation: Sendable {
  /// The constants of d dimensions and λ points.
  package struct Rates: Sendable {
    package let population: Int
    /// w, the best first; [population].
    package let weights: [Double]
    package let c1: Double
    package let cMu: Double
    package let cSigma: Double
    package let dSigma: Double
    package let cC: Double
    /// μ, μ_eff and χ.
    let parents: Int
    let effective: Double
    let chi: Double

    package init(dimensions: Int, population: Int) {
      let d = Double(max(dimensions, 1))
      self.population = population
      parents = population / 2
      let raw = (1...population).map { exactLogarithm((Double(population) + 1) / 2) - exactLogarithm(Double($0)) }
      func effective(_ weights: ArraySlice<Double>) -> Double {
        let sum = weights.reduce(0, +)
        return sum * sum / weights.reduce(0) { $0 + $1 * $1 }
      }
      let m = effective(raw[..<parents])
      self.effective = m
      c1 = 2 / ((d + 1.3) * (d + 1.3) + m)
      cMu = min(1 - c1 - 1e-8, 2 * (m - 2 + 1 / m) / ((d + 2) * (d + 2) + m))
      let alpha = min(1 + c1 / cMu, 1 + 2 * effective(raw[parents...]) / (m + 2), (1 - c1 - cMu) / (d * cMu))
      let positive = raw.reduce(0) { $0 + max($1, 0) }
      let negative = raw.reduce(0) { $0 - min($1, 0) }
      weights = raw.map { $0 >= 0 ? $0 / positive : alpha * $0 / negative }
      cSigma = (m + 2) / (d + m + 5)
      dSigma = 1 + 2 * max(0, ((m - 1) / (d + 1)).squareRoot() - 1) + cSigma
      cC = (4 + m / d) / (d + 4 + 2 * m / d)
      chi = d.squareRoot() * (1 - 1 / (4 * d) + 1 / (21 * d * d))
    }
  }

  package let rates: Rates
  package let dimensions: Int
  /// m.
  package private(set) var mean: [Double]
  /// σ.
  package private(set) var deviation: Double
  /// C, [d × d] row-major.
  package private(set) var covariance: [Double]
  /// p_σ and p_c.
  package private(set) var sigmaPath: [Double]
  package private(set) var covariancePath: [Double]
  /// g.
  package private(set) var generation = 0
  /// A of the margin: how much further a coordinate goes where it is evaluated.
  package private(set) var stretch: [Double]
  /// η_m and η_Σ.
  package private(set) var learningRates = (mean: 1.0, covariance: 1.0)
  /// Where the next value of a coordinate begins, ascending; empty: any value.
  private let borders: [[Double]]
  private let adaptsRates: Bool
  /// E and V of the mean's and the covariance's changes.
  private var trends: (mean: [Double], covariance: [Double])
  private var spreads = (mean: 0.0, covariance: 0.0)
  private var eigen: SymmetricEigen
  /// √ of the eigenvalues: D.
  private var axes: [Double]

  /// - Parameters:
  ///   - covariance: [d × d] row-major; nil: I.
  ///   - borders: for each coordinate, the middles between its values; empty: any value.
  package init(
    mean: [Double], deviation: Double, covariance: [Double]? = nil, population: Int, borders: [[Double]]? = nil, adaptsRates: Bool = false
  ) {
    let d = mean.count
    dimensions = d
    rates = Rates(dimensions: d, population: population)
    (self.mean, self.deviation) = (mean, deviation)
    self.covariance = covariance ?? Self.identity(d)
    let zeros = [Double](repeating: 0, count: d)
    (sigmaPath, covariancePath, stretch) = (zeros, zeros, zeros.map { _ in 1 })
    self.borders = borders ?? mean.map { _ in [] }
    self.adaptsRates = adaptsRates
    trends = (zeros, [Double](repeating: 0, count: d * d))
    eigen = SymmetricEigen(self.covariance, size: d)
    axes = Self.roots(eigen)
  }

  private static func identity(_ d: Int) -> [Double] { (0..<d * d).map { $0 / max(d, 1) == $0 % max(d, 1) ? 1 : 0 } }

  private static func roots(_ eigen: SymmetricEigen) -> [Double] { eigen.values.map { max($0, 1e-16).squareRoot() } }

  // MARK: - Points

  /// x = m + σ B D z.
  package func point(_ z: [Double]) -> [Double] {
    var x = mean
    for i in 0..<dimensions {
      var sum = 0.0
      for k in 0..<dimensions { sum += eigen.vectors[i * dimensions + k] * (axes[k] * z[k]) }
      x[i] += deviation * sum
    }
    return x
  }

  /// Where a point is evaluated, not yet rounded; and back.
  package func stretched(_ x: [Double]) -> [Double] { (0..<dimensions).map { mean[$0] + stretch[$0] * (x[$0] - mean[$0]) } }
  package func unstretched(_ x: [Double]) -> [Double] { (0..<dimensions).map { mean[$0] + (x[$0] - mean[$0]) / stretch[$0] } }

  /// A point that was drawn from elsewhere, brought to the Mahalanobis length that one drawn here has at most: √d + 2d/(d+2) (Hansen 2011,
  /// "Injecting external solutions into CMA-ES").
  package func shortened(_ x: [Double]) -> [Double] {
    let d = Double(dimensions)
    let length = Self.norm(whitened((0..<dimensions).map { (x[$0] - mean[$0]) / deviation }))
    let most = d.squareRoot() + 2 * d / (d + 2)
    return length <= most ? x : (0..<dimensions).map { mean[$0] + (x[$0] - mean[$0]) * (most / length) }
  }

  /// C^(−½) y.
  private func whitened(_ y: [Double]) -> [Double] {
    var turned = [Double](repeating: 0, count: dimensions)
    for i in 0..<dimensions { for k in 0..<dimensions { turned[k] += eigen.vectors[i * dimensions + k] * y[i] } }
    for k in 0..<dimensions { turned[k] /= axes[k] }
    return (0..<dimensions).map { i in
      var sum = 0.0
      for k in 0..<dimensions { sum += eigen.vectors[i * dimensions + k] * turned[k] }
      return sum
    }
  }

  private static func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  // MARK: - The update

  /// Takes in as many points as the population has, the best first.
  package mutating func update(_ points: [[Double]]) {
    if dimensions == 0 { return }
    let (d, r) = (dimensions, rates)
    let old = (mean: mean, deviation: deviation, covariance: covariance)
    generation += 1
    let steps = points.map { x in (0..<d).map { (x[$0] - mean[$0]) / deviation } }
    var parents = [Double](repeating: 0, count: d)
    for (weight, y) in zip(r.weights[..<r.parents], steps) { for j in 0..<d { parents[j] += weight * y[j] } }
    for j in 0..<d { mean[j] += deviation * parents[j] }
    let push = (r.cSigma * (2 - r.cSigma) * r.effective).squareRoot()
    for (j, y) in whitened(parents).enumerated() { sigmaPath[j] = (1 - r.cSigma) * sigmaPath[j] + push * y }
    let length = Self.norm(sigmaPath)
    deviation *= exactExponential(r.cSigma / r.dSigma * (length / r.chi - 1))
    var decay = 1.0
    for _ in 0..<2 * (generation + 1) { decay *= 1 - r.cSigma }
    let isShort = length / (1 - decay).squareRoot() < (1.4 + 2 / (Double(d) + 1)) * r.chi
    let pull = isShort ? (r.cC * (2 - r.cC) * r.effective).squareRoot() : 0
    for j in 0..<d { covariancePath[j] = (1 - r.cC) * covariancePath[j] + pull * parents[j] }
    var weights = r.weights
    for (index, y) in steps.enumerated() where weights[index] < 0 {
      let length = Self.norm(whitened(y))
      weights[index] *= Double(d) / (length * length + 1e-8)
    }
    let rest = isShort ? 0 : r.cC * (2 - r.cC)
    let kept = 1 + r.c1 * rest - r.c1 - r.cMu * r.weights.reduce(0, +)
    for i in 0..<d {
      for j in 0...i {
        var sum = 0.0
        for (weight, y) in zip(weights, steps) { sum += weight * (y[i] * y[j]) }
        let value = kept * covariance[i * d + j] + r.c1 * (covariancePath[i] * covariancePath[j]) + r.cMu * sum
        covariance[i * d + j] = value
        covariance[j * d + i] = value
      }
    }
    if adaptsRates { adapt(from: old) }
    eigen = SymmetricEigen(covariance, size: d)
    axes = Self.roots(eigen)
    for j in 0..<d where !borders[j].isEmpty { keepMargin(j) }
  }

  /// Shortens the steps of the mean and of Σ = σ²C to what their signal bears.
  private mutating func adapt(from old: (mean: [Double], deviation: Double, covariance: [Double])) {
    let d = dimensions
    func trusted(_ rate: Double, _ trend: [Double], _ spread: Double, _ beta: Double) -> Double {
      let square = trend.reduce(0) { $0 + $1 * $1 }
      guard spread > square else { return rate }
      let ratio = (square - beta / (2 - beta) * spread) / (spread - square)
      return min(rate * exactExponential(min(0.1 * rate, beta) * min(max(ratio / (1.4 * rate) - 1, -1), 1)), 1)
    }
    /// E and V with what is new.
    func follow(_ trend: inout [Double], _ spread: inout Double, _ change: [Double], _ beta: Double) {
      for j in trend.indices { trend[j] = (1 - beta) * trend[j] + beta * change[j] }
      spread = (1 - beta) * spread + beta * change.reduce(0) { $0 + $1 * $1 }
    }
    let move = (0..<d).map { mean[$0] - old.mean[$0] }
    follow(&trends.mean, &spreads.mean, whitened(move).map { $0 / old.deviation }, 0.1)
    // From both sides: each column, then each row.
    let before = old.covariance.map { $0 * (old.deviation * old.deviation) }
    let growth = zip(covariance, before).map { $0 * (deviation * deviation) - $1 }
    var half = growth
    for j in 0..<d { for (i, value) in whitened((0..<d).map { growth[$0 * d + j] }).enumerated() { half[i * d + j] = value } }
    var local: [Double] = []
    for i in 0..<d { local += whitened(Array(half[i * d..<(i + 1) * d])).map { $0 / (old.deviation * old.deviation * 2.0.squareRoot()) } }
    follow(&trends.covariance, &spreads.covariance, local, 0.03)
    let rate = learningRates.mean
    learningRates = (
      trusted(rate, trends.mean, spreads.mean, 0.1), trusted(learningRates.covariance, trends.covariance, spreads.covariance, 0.03)
    )
    for j in 0..<d { mean[j] = old.mean[j] + learningRates.mean * move[j] }
    let sum = zip(before, growth).map { $0 + learningRates.covariance * $1 }
    let logarithms = SymmetricEigen(sum, size: d).values.reduce(0) { $0 + exactLogarithm(max($1, 1e-300)) }
    deviation = exactExponential(logarithms / Double(2 * d))
    covariance = sum.map { $0 / (deviation * deviation) }
    deviation *= rate / learningRates.mean
  }

  /// Sees to it that a coordinate leaves its value now and then, however small σ is.
  private mutating func keepMargin(_ j: Int) {
    let borders = borders[j]
    let alpha = 1 / Double(dimensions * rates.population)
    let scale = deviation * covariance[j * dimensions + j].squareRoot()
    let place = borders.firstIndex { $0 >= mean[j] } ?? borders.count
    let (low, high) = (borders[min(max(place - 1, 0), borders.count - 1)], borders[min(place, borders.count - 1)])
    func distance(_ share: Double) -> Double { abs(Normal.quantile(min((1 + share) / 2, 1 - 0x1p-53))) }
    let below = Normal.share(below: (low - mean[j]) / (scale * stretch[j]))
    let above = Normal.share(below: (mean[j] - high) / (scale * stretch[j]))
    let between = 1 - below - above
    // Of two values there is one border, and both sides are its own.
    if max(below, above) > 0.5 || low == high {
      if min(below, above) < alpha {
        let away = scale * stretch[j] * distance(1 - 2 * alpha)
        mean[j] = mean[j] > high ? high + away : mean[j] < high ? high - away : high
      }
      return
    }
    let (down, up) = (max(below, alpha / 2), max(above, alpha / 2))
    let lack = 1 - down - up - between
    let sum = down + between + up - 1.5 * alpha
    func share(_ p: Double) -> Double { min(max(p + lack * (p - alpha / 2) / sum, 1e-10), 0.5 - 1e-10) }
    let (toLow, toHigh) = (distance(1 - 2 * share(down)), distance(1 - 2 * share(up)))
    stretch[j] = (high - low) / ((toLow + toHigh) * scale)
    mean[j] = (low * toHigh + high * toLow) / (toLow + toHigh)
  }

  // MARK: - The end

  /// Whether nothing more is to be had from here [Hansen 2016, B.3]: the distribution is a point, a needle, or gone.
  /// - Parameter start: σ₀.
  package func isSpent(start: Double) -> Bool {
    if dimensions == 0 { return false }
    let d = dimensions
    let (least, most) = (axes.min() ?? 1, axes.max() ?? 1)
    if !deviation.isFinite || !most.isFinite { return true }
    if deviation * most < 1e-9 || deviation * most > 1e4 * start || most > 1e7 * least { return true }
    let spans = (0..<d).map { deviation * covariance[$0 * d + $0].squareRoot() }
    if spans.allSatisfy({ $0 < 1e-12 * start }), covariancePath.allSatisfy({ abs(deviation * $0) < 1e-12 * start }) { return true }
    if (0..<d).contains(where: { mean[$0] == mean[$0] + 0.2 * spans[$0] }) { return true }
    let axis = generation % d
    return (0..<d).allSatisfy { mean[$0] == mean[$0] + 0.1 * deviation * axes[axis] * eigen.vectors[$0 * d + axis] }
  }
}

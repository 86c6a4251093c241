// A Gaussian process with a Matérn 5/2 kernel over the columns of a search space, its posterior, and the choice of its parameters by maximum a
// posteriori. Values are standardised by the caller; nothing here knows of trials.
//
// Rasmussen and Williams 2006, chapters 2 and 5; priors of length scales: Hvarfner, Hellsten, Nardi 2024, "Vanilla Bayesian optimization performs
// great in high dimensions".

import SweepNumerics

/// Parameters of a process as logarithms: the length scale ℓ of each dimension, the noise σ², the scale s².
package struct ProcessParameters: Sendable, Equatable {
  package var values: [Double]

  package init(values: [Double]) { self.values = values }

  var dimensions: Int { values.count - 2 }
  func length(_ dimension: Int) -> Double { exactExponential(values[dimension]) }
  var noise: Double { exactExponential(values[dimensions]) }
  var scale: Double { exactExponential(values[dimensions + 1]) }

  /// The mode of the prior, with a little noise.
  package static func typical(_ dimensions: Int) -> ProcessParameters {
    let length = ProcessPrior.location(dimensions) - 3
    return ProcessParameters(values: [Double](repeating: length, count: dimensions) + [exactLogarithm(0.01), 0])
  }

  /// Longer length scales and next to no noise: where the objective of a fit has several minima, the other one is here.
  package static func smooth(_ dimensions: Int) -> ProcessParameters {
    let length = ProcessPrior.location(dimensions) - 1.5
    return ProcessParameters(values: [Double](repeating: length, count: dimensions) + [exactLogarithm(1e-4), 1])
  }

  func kernel(_ columns: ProcessColumns) -> Matern {
    let weights = (0..<dimensions).map { exactExponential(-2 * values[$0]) }
    return Matern(weights: columns.owner.map { weights[$0] }, isCategory: columns.isCategory, scale: scale)
  }
}

/// What is believed of the parameters before any value is known: length scales LogNormal(√2 + ½ log d, √3), noise Gamma(1.1, rate 30), scale
/// Gamma(2, 1).
package enum ProcessPrior {
  static func location(_ dimensions: Int) -> Double { 2.0.squareRoot() + exactLogarithm(Double(max(dimensions, 1))) / 2 }

  /// ln 0.025 … 7 of a length scale, ln 1e-6 … 1 of the noise, −6 … 6 of the scale.
  static func low(_ dimensions: Int) -> [Double] { [Double](repeating: exactLogarithm(0.025), count: dimensions) + [exactLogarithm(1e-6), -6] }
  static func high(_ dimensions: Int) -> [Double] { [Double](repeating: 7, count: dimensions) + [1, 6] }

  /// Adds −log of the density, without constants, and its derivatives.
  package static func add(_ parameters: ProcessParameters, to value: inout Double, _ gradient: inout [Double]) {
    let (d, location) = (parameters.dimensions, location(parameters.dimensions))
    for j in 0..<d {
      let away = parameters.values[j] - location
      value += away * away / 6 + parameters.values[j]
      gradient[j] += away / 3 + 1
    }
    let (noise, scale) = (parameters.noise, parameters.scale)
    value += -0.1 * parameters.values[d] + 30 * noise - parameters.values[d + 1] + scale
    gradient[d] += -0.1 + 30 * noise
    gradient[d + 1] += -1 + scale
  }
}

/// J(θ) = ½ yᵀA⁻¹y + Σ log L_ii − log prior, A = K + σ²I, of one set of points and its gradient. A class for its room alone.
package final class ProcessObjective {
  private let columns: ProcessColumns
  private let points: PointColumns
  private let kernels: NumericKernels
  private var (factor, derivative, scratch, inverse): (SquareMatrix, SquareMatrix, SquareMatrix, SquareMatrix)

  package init(_ columns: ProcessColumns, _ points: PointColumns, kernels: NumericKernels = .fastest) {
    (self.columns, self.points, self.kernels) = (columns, points, kernels)
    let room = SquareMatrix(size: points.count)
    (factor, derivative, scratch, inverse) = (room, room, room, room)
  }

  package func callAsFunction(_ parameters: ProcessParameters, _ y: [Double], gradient: inout [Double]) -> Double {
    let d = parameters.dimensions
    let kernel = parameters.kernel(columns)
    let noise = parameters.noise
    for j in gradient.indices { gradient[j] = 0 }
    kernels.gram(kernel, points, noise: noise, into: &factor, derivative: &derivative)
    guard kernels.factor(&factor) else { return 1e10 }
    let alpha = kernels.solve(factor, y)
    kernels.inverse(factor, scratch: &scratch, into: &inverse)
    let byColumn = kernels.gradient(kernel, points, inverse: inverse, alpha: alpha, derivative: &derivative)
    for (column, owner) in columns.owner.enumerated() { gradient[owner] += byColumn[column] }
    var (fit, squares, trace) = (0.0, 0.0, 0.0)
    for i in y.indices {
      fit += y[i] * alpha[i]
      squares += alpha[i] * alpha[i]
      trace += inverse[i, i]
    }
    gradient[d] = noise * (trace - squares) / 2
    // Σ W∘K, by K = A − σ²I.
    gradient[d + 1] = (Double(y.count) - fit - noise * (trace - squares)) / 2
    var value = fit / 2 + factor.logDiagonal
    ProcessPrior.add(parameters, to: &value, &gradient)
    return value
  }

  /// The best parameters found from two starts.
  package func fitted(_ y: [Double]) -> (parameters: ProcessParameters, value: Double) {
    let (first, second) = (minimum(y, from: .typical(columns.dimensions)), minimum(y, from: .smooth(columns.dimensions)))
    return second.value < first.value ? second : first
  }

  /// The best parameters from a start.
  package func minimum(_ y: [Double], from start: ProcessParameters, iterations: Int = 50) -> (parameters: ProcessParameters, value: Double) {
    var minimizer = BoxMinimizer(low: ProcessPrior.low(start.dimensions), high: ProcessPrior.high(start.dimensions))
    minimizer.iterations = iterations
    let end = minimizer.minimum(from: start.values) { x, gradient in self(ProcessParameters(values: x), y, gradient: &gradient) }
    return (ProcessParameters(values: end.x), end.value)
  }
}

extension SquareMatrix {
  /// Σ log of the diagonal: one logarithm of the product, whose exponents are taken out on the way.
  var logDiagonal: Double {
    var (product, exponent) = (1.0, 0)
    for i in 0..<size {
      product *= self[i, i]
      exponent += Int(product.exponent)
      product = product.significand
    }
    return exactLogarithm(product) + Double(exponent) * 0.6931471805599453
  }
}

/// A process with its parameters and values: what it believes at other points.
package final class GaussianProcess {
  let parameters: ProcessParameters
  let columns: ProcessColumns
  let kernel: Matern
  /// Means of the function at the points that it was made of.
  let means: [Double]
  private let points: PointColumns
  private let kernels: NumericKernels
  private let factor: SquareMatrix
  private let alpha: [Double]
  private let inverse: SquareMatrix
  private var scratch: [Double]

  /// nil: the covariance is not positive definite.
  package init?(_ columns: ProcessColumns, _ points: PointColumns, _ y: [Double], _ parameters: ProcessParameters, kernels: NumericKernels = .fastest)
  {
    (self.columns, self.points, self.parameters, self.kernels) = (columns, points, parameters, kernels)
    kernel = parameters.kernel(columns)
    var factor = SquareMatrix(size: points.count)
    var (room, inverse) = (factor, factor)
    let noise = parameters.noise
    kernels.gram(kernel, points, noise: noise, into: &factor, derivative: &room)
    guard kernels.factor(&factor) else { return nil }
    let alpha = kernels.solve(factor, y)
    kernels.inverse(factor, scratch: &room, into: &inverse)
    (self.factor, self.alpha, self.inverse) = (factor, alpha, inverse)
    // K·α = y − σ²α.
    means = y.indices.map { y[$0] - noise * alpha[$0] }
    scratch = [Double](repeating: 0, count: 3 * factor.paddedSize)
  }

  /// Means and variances of the function, without noise.
  package func posterior(_ rows: [[Double]]) -> (means: [Double], variances: [Double]) {
    let (mean, explained) = kernels.predict(kernel, points, factor, alpha: alpha, at: columns.points(rows))
    return (Array(mean[..<rows.count]), explained[..<rows.count].map { max(kernel.scale - $0, 1e-12) })
  }

  /// log EI below `best` of many rows (Ament et al. 2023, "Unexpected improvements to expected improvement").
  package func logImprovement(_ rows: [[Double]], below best: Double) -> [Double] {
    let (means, variances) = posterior(rows)
    return rows.indices.map { place in
      let deviation = variances[place].squareRoot()
      return Normal.logImprovement((best - means[place]) / deviation).value + exactLogarithm(deviation)
    }
  }

  /// The same of one row, with its derivatives by the columns.
  package func logImprovement(at x: [Double], below best: Double, gradient: inout [Double]) -> Double {
    var explainedGradient = gradient
    let (mean, explained) = kernels.posterior(
      kernel, points, inverse: inverse, alpha: alpha, at: x, scratch: &scratch, meanGradient: &gradient, explainedGradient: &explainedGradient)
    let deviation = max(kernel.scale - explained, 1e-12).squareRoot()
    let h = Normal.logImprovement((best - mean) / deviation)
    for j in gradient.indices { gradient[j] = (-h.share * gradient[j] - h.density * explainedGradient[j] / deviation) / deviation }
    return h.value + exactLogarithm(deviation)
  }
}

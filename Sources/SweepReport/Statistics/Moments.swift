// What several statistics need of a few numbers.

/// The 97.5 % quantile of the normal distribution: half the width of a 95 % interval, in standard errors.
let normalQuantile = 1.959963984540054

extension [Double] {
  var mean: Double { reduce(0, +) / Double(count) }

  /// Σ (x − mean)².
  var squaredDeviations: Double {
    let mean = mean
    return reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  }
}

// What several statistics need of a few numbers.

extension [Double] {
  var mean: Double { reduce(0, +) / Double(count) }

  /// Σ (x − mean)².
  var squaredDeviations: Double {
    let mean = mean
    return reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  }
}

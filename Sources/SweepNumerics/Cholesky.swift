// The Cholesky factor of a covariance. Sums go up in k, one order on every machine.

package enum Cholesky {
  /// L with L·Lᵀ = the matrix, lower triangle, row-major. The matrix is positive semidefinite up to rounding, [size × size]: a row that
  /// depends on those before it gets a zero on the diagonal.
  package static func semidefinite(_ matrix: [Double], size: Int) -> [Double] {
    var factor = [Double](repeating: 0, count: size * size)
    for j in 0..<size {
      var rest = matrix[j * size + j]
      for k in 0..<j { rest -= factor[j * size + k] * factor[j * size + k] }
      guard rest > 1e-10 * matrix[j * size + j] else { continue }
      let pivot = rest.squareRoot()
      factor[j * size + j] = pivot
      for i in j + 1..<size {
        var value = matrix[i * size + j]
        for k in 0..<j { value -= factor[i * size + k] * factor[j * size + k] }
        factor[i * size + j] = value / pivot
      }
    }
    return factor
  }
}

// Eigenvalues and vectors of a symmetric matrix. One order of operations, of +, −, ×, ÷ and √ alone: the same bits on every machine.

/// A = V diag(values) Vᵀ by Householder's tridiagonal form and implicit QL steps (Bowdler, Martin, Reinsch and Wilkinson 1968, "The QR and QL
/// algorithms for symmetric matrices": tred2 and tql2).
package struct SymmetricEigen: Sendable {
  package let size: Int
  /// In no particular order.
  package private(set) var values: [Double]
  /// V, [size × size] row-major: vector k is column k.
  package private(set) var vectors: [Double]

  /// - Parameter matrix: [size × size] row-major, finite; only its lower triangle is read.
  package init(_ matrix: [Double], size: Int) {
    self.size = size
    (values, vectors) = ([Double](repeating: 0, count: size), matrix)
    if size == 0 { return }
    var besides = [Double](repeating: 0, count: size)
    vectors.withUnsafeMutableBufferPointer { v in
      values.withUnsafeMutableBufferPointer { d in
        besides.withUnsafeMutableBufferPointer { e in
          Self.tridiagonalise(v, d, e, size)
          Self.diagonalise(v, d, e, size)
        }
      }
    }
  }

  private typealias Numbers = UnsafeMutableBufferPointer<Double>

  private static func tridiagonalise(_ v: Numbers, _ d: Numbers, _ e: Numbers, _ n: Int) {
    for j in 0..<n { d[j] = v[(n - 1) * n + j] }
    for i in stride(from: n - 1, to: 0, by: -1) {
      var (scale, h) = (0.0, 0.0)
      for k in 0..<i { scale += abs(d[k]) }
      if scale == 0 {
        e[i] = d[i - 1]
        for j in 0..<i {
          d[j] = v[(i - 1) * n + j]
          v[i * n + j] = 0
          v[j * n + i] = 0
        }
      } else {
        for k in 0..<i {
          d[k] /= scale
          h += d[k] * d[k]
        }
        let f = d[i - 1]
        let g = f > 0 ? -h.squareRoot() : h.squareRoot()
        e[i] = scale * g
        h -= f * g
        d[i - 1] = f - g
        for j in 0..<i { e[j] = 0 }
        for j in 0..<i {
          let f = d[j]
          v[j * n + i] = f
          var g = e[j] + v[j * n + j] * f
          for k in j + 1..<max(i, j + 1) {
            g += v[k * n + j] * d[k]
            e[k] += v[k * n + j] * f
          }
          e[j] = g
        }
        var sum = 0.0
        for j in 0..<i {
          e[j] /= h
          sum += e[j] * d[j]
        }
        let half = sum / (h + h)
        for j in 0..<i { e[j] -= half * d[j] }
        for j in 0..<i {
          let (f, g) = (d[j], e[j])
          for k in j..<i { v[k * n + j] -= f * e[k] + g * d[k] }
          d[j] = v[(i - 1) * n + j]
          v[i * n + j] = 0
        }
      }
      d[i] = h
    }
    for i in 0..<n - 1 {
      v[(n - 1) * n + i] = v[i * n + i]
      v[i * n + i] = 1
      let h = d[i + 1]
      if h != 0 {
        for k in 0...i { d[k] = v[k * n + i + 1] / h }
        for j in 0...i {
          var g = 0.0
          for k in 0...i { g += v[k * n + i + 1] * v[k * n + j] }
          for k in 0...i { v[k * n + j] -= g * d[k] }
        }
      }
      for k in 0...i { v[k * n + i + 1] = 0 }
    }
    for j in 0..<n {
      d[j] = v[(n - 1) * n + j]
      v[(n - 1) * n + j] = 0
    }
    v[n * n - 1] = 1
    e[0] = 0
  }

  private static func diagonalise(_ v: Numbers, _ d: Numbers, _ e: Numbers, _ n: Int) {
    for i in 1..<max(n, 1) { e[i - 1] = e[i] }
    e[n - 1] = 0
    var (shift, largest) = (0.0, 0.0)
    for l in 0..<n {
      largest = max(largest, abs(d[l]) + abs(e[l]))
      var m = l
      while m < n - 1, abs(e[m]) > 0x1p-52 * largest { m += 1 }
      // More steps than ever needed: a matrix that is not finite must not keep it here.
      for _ in 0..<60 where m > l {
        let g = d[l]
        let p = (d[l + 1] - g) / (2 * e[l])
        let r = (p * p + 1).squareRoot()
        let t = p < 0 ? p - r : p + r
        d[l] = e[l] / t
        d[l + 1] = e[l] * t
        let h = g - d[l]
        for i in l + 2..<max(n, l + 2) { d[i] -= h }
        shift += h
        rotate(v, d, e, n, l, m)
        if abs(e[l]) <= 0x1p-52 * largest { break }
      }
      d[l] += shift
      e[l] = 0
    }
  }

  /// One implicit QL step on rows l...m.
  private static func rotate(_ v: Numbers, _ d: Numbers, _ e: Numbers, _ n: Int, _ l: Int, _ m: Int) {
    let below = e[l + 1]
    let second = d[l + 1]
    var p = d[m]
    var (c, c2, c3) = (1.0, 1.0, 1.0)
    var (s, s2) = (0.0, 0.0)
    for i in stride(from: m - 1, through: l, by: -1) {
      (c3, c2, s2) = (c2, c, s)
      let g = c * e[i]
      let h = c * p
      let r = (p * p + e[i] * e[i]).squareRoot()
      e[i + 1] = s * r
      s = r == 0 ? 0 : e[i] / r
      c = r == 0 ? 1 : p / r
      p = c * d[i] - s * g
      d[i + 1] = h + s * (c * g + s * d[i])
      for k in 0..<n {
        let h = v[k * n + i + 1]
        v[k * n + i + 1] = s * v[k * n + i] + c * h
        v[k * n + i] = c * v[k * n + i] - s * h
      }
    }
    p = -s * s2 * c3 * below * e[l] / second
    e[l] = s * p
    d[l] = c * p
  }
}

// The kernels in plain Swift, one number at a time and in the promised order. Slow; the tests compare every variant with it by `==`.
// Weights are [class][input] here: no columns of neighbours, no tiles, no vectors.

/// What the fast kernels must equal to the last bit.
package enum ReferenceKernels {
  /// x = (byte − mean) · scale.
  package static func standardise(_ bytes: [UInt8], mean: [Float], scale: [Float]) -> [Float] {
    bytes.indices.map { (Float(bytes[$0]) - mean[$0 % mean.count]) * scale[$0 % mean.count] }
  }

  /// s = b + Σₖ xₖ wₖ, inputs ascending, one fused multiply-add per term.
  package static func score(_ x: ArraySlice<Float>, _ w: ArraySlice<Float>, bias: Float) -> Float {
    zip(x, w).reduce(bias) { sum, pair in sum.addingProduct(pair.0, pair.1) }
  }

  /// w ← w·decay + Σᵢ gᵢ xᵢ, rows ascending from zero, the shrunk weight last; `x` and `g` hold one input and one class for every row.
  package static func updated(_ w: Float, x: [Float], g: [Float], decay: Float) -> Float {
    zip(x, g).reduce(Float(0)) { sum, pair in sum.addingProduct(pair.0, pair.1) }.addingProduct(w, decay)
  }

  package static func updatedBias(_ b: Float, g: [Float]) -> Float { b + g.reduce(0, +) }

  package static func softmax(_ s: [Float]) -> [Float] {
    let top = s[prediction(s)]
    let e = s.map { exponential($0 - top) }
    let inverse = 1 / e.reduce(0, +)
    return e.map { $0 * inverse }
  }

  /// −log softmax(s)_y = log Σ exp(sₖ − max) + (max − s_y).
  package static func softmaxLoss(_ s: [Float], label: Int) -> Float {
    let top = s[prediction(s)]
    return logarithm(s.map { exponential($0 - top) }.reduce(0, +)) + (top - s[label])
  }

  package static func sigmoid(_ s: Float) -> Float {
    let e = exponential(s > 0 ? -s : s)
    return (s > 0 ? 1 : e) / (1 + e)
  }

  /// (1/K) Σₖ softplus(sₖ) − yₖ sₖ, with softplus(s) = log(1 + exp(−|s|)) + max(s, 0).
  package static func sigmoidLoss(_ s: [Float], label: Int) -> Float {
    var sum: Float = 0
    for (k, score) in s.enumerated() {
      let softplus = logarithm(1 + exponential(score > 0 ? -score : score)) + (score > 0 ? score : 0)
      sum += softplus - (k == label ? 1 : 0) * score
    }
    return sum / Float(s.count)
  }

  /// The first of the largest scores.
  package static func prediction(_ s: [Float]) -> Int {
    s.indices.dropFirst().reduce(0) { s[$1] > s[$0] ? $1 : $0 }
  }

  package static func exponential(_ argument: Float) -> Float {
    var x = argument
    if x > 88 { x = 88 }
    if x < -87.3 { x = -87.3 }
    let magic: Float = 12_582_912
    let shifted = magic.addingProduct(x, 1.44269504)
    let n = shifted - magic
    var r = x.addingProduct(n, -0.693145752)
    r = r.addingProduct(n, -1.42860677e-6)
    var p: Float = 1.98412698e-4
    for coefficient: Float in [1.38888889e-3, 8.33333333e-3, 4.16666667e-2, 1.66666667e-1, 0.5, 1, 1] { p = coefficient.addingProduct(p, r) }
    let power = Float(bitPattern: (shifted.bitPattern &- magic.bitPattern &+ 127) << 23)
    return p * power
  }

  package static func logarithm(_ x: Float) -> Float {
    if x.isNaN { return x }
    let bits = Int32(bitPattern: x.bitPattern)
    let e = (bits &- 0x3f35_04f3) >> 23
    let m = Float(bitPattern: UInt32(bitPattern: bits &- (e << 23)))
    let s = (m - 1) / (m + 1)
    let q = s * s
    var p: Float = 0.222222222
    for coefficient: Float in [0.285714286, 0.4, 0.666666667] { p = coefficient.addingProduct(p, q) }
    let series = (s + s).addingProduct(p * q, s)
    return series.addingProduct(Float(e), 0.693147181)
  }
}

// The standard normal distribution: its quantiles, the mass between two points, and the one quantile that intervals are made of.

package enum Normal {
  /// The 97.5 % quantile: half the width of a 95 % interval, in standard errors.
  package static let quantile975 = 1.959963984540054

  /// The number below which a share of `p` of the distribution lies; `p` is a normal number of (0, 1).
  ///
  /// Wichura 1988, algorithm AS 241, PPND16; relative error about 1e-16. Uses +, ×, ÷, √ and a logarithm of our own, all of them exactly specified,
  /// so that the bits are the same on every machine.
  package static func quantile(_ p: Double) -> Double {
    let q = p - 0.5
    func ratio(_ x: Double, _ numerator: [Double], _ denominator: [Double]) -> Double {
      func horner(_ coefficients: [Double]) -> Double { coefficients.reversed().reduce(0) { $0 * x + $1 } }
      return horner(numerator) / horner(denominator)
    }
    if abs(q) <= 0.425 { return q * ratio(0.180625 - q * q, Self.a, Self.b) }
    let r = (-exactLogarithm(q < 0 ? p : 1 - p)).squareRoot()
    let magnitude = r <= 5 ? ratio(r - 1.6, Self.c, Self.d) : ratio(r - 5, Self.e, Self.f)
    return q < 0 ? -magnitude : magnitude
  }

  /// Φ(x).
  package static func share(below x: Double) -> Double { exactErfc(-x / root2) / 2 }

  /// Φ(high) − Φ(low), from the tail that is nearer so that no digits are lost.
  package static func mass(from low: Double, to high: Double) -> Double {
    if low > 0 { return mass(from: -high, to: -low) }
    return (exactErfc(-high / root2) - exactErfc(-low / root2)) / 2
  }

  private static let a = [
    3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457, 67265.770927008700853,
    33430.575583588128105, 2509.0809287301226727,
  ]
  private static let b = [
    1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077, 21213.794301586595867, 39307.895800092710610,
    28729.085735721942674, 5226.4952788528545610,
  ]
  private static let c = [
    1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504, 1.27045825245236838258,
    0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4,
  ]
  private static let d = [
    1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550, 0.148103976427480074590, 0.0151986665636164571966,
    5.47593808499534494600e-4, 1.05075007164441684324e-9,
  ]
  private static let e = [
    6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230, 0.0265321895265761230930,
    0.00124266094738807843860, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
  ]
  private static let f = [
    1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
    1.42151175831644588870e-7, 2.04426310338993978564e-15,
  ]
}

/// ln x, with the same bits on every machine: x = m·2ᵉ with m in [√½, √2), ln m = 2 artanh((m−1)/(m+1)) by its series.
package func exactLogarithm(_ x: Double) -> Double {
  guard x > 0, x < .infinity else { return x == 0 ? -.infinity : x > 0 ? x : .nan }
  var (m, e) = (x.significand, Double(x.exponent))
  if m > 1.4142135623730951 { (m, e) = (m / 2, e + 1) }
  let s = (m - 1) / (m + 1)
  let square = s * s
  var sum = 0.0
  for k in stride(from: 25, through: 1, by: -2) { sum = sum * square + 1 / Double(k) }
  return 2 * s * sum + e * 0.6931471805599453
}

/// eˣ, with the same bits on every machine: x = k ln 2 + r, and the series of eʳ. Relative error about 2e-16.
@inlinable package func exactExponential(_ x: Double) -> Double {
  // Adding 3·2⁵¹ rounds to a whole number, and leaves it in the low bits.
  let shifted = x * 1.4426950408889634 + 0x1.8p52
  let k = shifted - 0x1.8p52
  let r = x - k * 0.69314718036912382 - k * 1.9082149292705877e-10
  let s = r * r
  let even = 1.0 / 2 + s * (1.0 / 24 + s * (1.0 / 720 + s * (1.0 / 40_320 + s * (1.0 / 3_628_800 + s * (1.0 / 479_001_600)))))
  let odd =
    1.0 / 6 + s * (1.0 / 120 + s * (1.0 / 5040 + s * (1.0 / 362_880 + s * (1.0 / 39_916_800 + s * (1.0 / 6_227_020_800)))))
  let power = 1 + (r + s * (even + r * odd))
  if abs(x) < 707 { return Double(bitPattern: power.bitPattern &+ shifted.bitPattern &<< 52) }
  if x.isNaN { return x }
  if x > 709.8 { return .infinity }
  if x < -745.2 { return 0 }
  let half = (k / 2).rounded(.down)
  return power * Double(sign: .plus, exponent: Int(half), significand: 1) * Double(sign: .plus, exponent: Int(k - half), significand: 1)
}

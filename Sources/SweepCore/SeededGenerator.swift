// Random numbers that depend on what they are for, not on who asked before: a counter-based generator.
// Everything random in a result (initial weights, shuffles, later samplers) comes from here; integer arithmetic only, so the bits are
// the same on every machine.

/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"): a keyed bijection of a counter.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private let key: (UInt32, UInt32)
  private let stream: (UInt32, UInt32)
  private var block: UInt64 = 0
  private var pending: UInt64?

  /// - Parameters:
  ///   - seed: the seed of the sweep or the trial.
  ///   - purpose: what the numbers are for, so that two uses of a seed never share numbers.
  ///   - index: which of them, for instance the epoch.
  public init(seed: Int, purpose: Purpose, index: Int = 0) {
    let bits = UInt64(bitPattern: Int64(seed))
    key = (UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32))
    stream = (UInt32(truncatingIfNeeded: index), purpose.rawValue)
  }

  public enum Purpose: UInt32, Sendable {
    case sampling = 1
    case weights = 2
    case shuffle = 3
    case synthetic = 4
    case resampling = 5
    case permutation = 6
  }

  public mutating func next() -> UInt64 {
    if let value = pending {
      pending = nil
      return value
    }
    let words = Self.philox(
      counter: (UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), stream.0, stream.1), key: key)
    block += 1
    pending = UInt64(words.2) | UInt64(words.3) << 32
    return UInt64(words.0) | UInt64(words.1) << 32
  }

  /// A whole number of `0..<bound`, unbiased (Lemire 2019, "Fast random integer generation in an interval").
  public mutating func next(below bound: UInt32) -> UInt32 {
    let threshold = (0 &- bound) % bound
    while true {
      let product = UInt64(UInt32(truncatingIfNeeded: next())) * UInt64(bound)
      if UInt32(truncatingIfNeeded: product) >= threshold { return UInt32(product >> 32) }
    }
  }

  /// A real number of the open interval (0, 1), a multiple of 2⁻⁵² plus 2⁻⁵³: all of them exact.
  public mutating func nextUnit() -> Double { (Double(next() >> 12) + 0.5) * 0x1p-52 }

  package typealias Words = (UInt32, UInt32, UInt32, UInt32)

  package static func philox(counter: Words, key: (UInt32, UInt32)) -> Words {
    var (c, k) = (counter, key)
    for round in 0..<10 {
      if round > 0 { k = (k.0 &+ 0x9E37_79B9, k.1 &+ 0xBB67_AE85) }
      let first = UInt64(c.0) * 0xD251_1F53
      let second = UInt64(c.2) * 0xCD9E_8D57
      c = (
        UInt32(second >> 32) ^ c.1 ^ k.0, UInt32(truncatingIfNeeded: second), UInt32(first >> 32) ^ c.3 ^ k.1, UInt32(truncatingIfNeeded: first)
      )
    }
    return c
  }
}

extension SeededGenerator {
  /// A standard normal number by inversion of the distribution function (Wichura 1988, algorithm AS 241, PPND16; relative error about 1e-16).
  /// Uses +, ×, ÷, √ and a logarithm of our own, all of them exactly specified, so that the bits are the same on every machine.
  public mutating func nextNormal() -> Double { Self.normalQuantile(nextUnit()) }

  /// The number below which a share of `p` of the standard normal distribution lies; `p` is a normal number of (0, 1).
  package static func normalQuantile(_ p: Double) -> Double {
    let q = p - 0.5
    func ratio(_ x: Double, _ numerator: [Double], _ denominator: [Double]) -> Double {
      func horner(_ coefficients: [Double]) -> Double { coefficients.reversed().reduce(0) { $0 * x + $1 } }
      return horner(numerator) / horner(denominator)
    }
    if abs(q) <= 0.425 { return q * ratio(0.180625 - q * q, Self.a, Self.b) }
    let r = (-Self.logarithm(q < 0 ? p : 1 - p)).squareRoot()
    let magnitude = r <= 5 ? ratio(r - 1.6, Self.c, Self.d) : ratio(r - 5, Self.e, Self.f)
    return q < 0 ? -magnitude : magnitude
  }

  /// ln x for positive normal x: x = m·2ᵉ with m in [√½, √2), ln m = 2 artanh((m−1)/(m+1)) by its series.
  package static func logarithm(_ x: Double) -> Double {
    var (m, e) = (x.significand, Double(x.exponent))
    if m > 1.4142135623730951 { (m, e) = (m / 2, e + 1) }
    let s = (m - 1) / (m + 1)
    let square = s * s
    var sum = 0.0
    for k in stride(from: 25, through: 1, by: -2) { sum = sum * square + 1 / Double(k) }
    return 2 * s * sum + e * 0.6931471805599453
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

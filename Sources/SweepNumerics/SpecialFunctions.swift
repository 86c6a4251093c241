// Special functions of +, −, ×, ÷, √ and our own exponential and logarithm alone, so that the bits are the same on every machine: the error
// function, and what the normal distribution makes of it. Densities and samplers are elsewhere.

/// erfc x = 1 − erf x, relative error about 4e-16 wherever it is a normal number (W. J. Cody 1969, "Rational Chebyshev approximations for the
/// error function").
package func exactErfc(_ x: Double) -> Double {
  let y = abs(x)
  if y <= Cody.small { return 1 - Cody.erf(x) }
  let tail = Cody.exponential(ofSquare: y) * Cody.tail(y)
  return x < 0 ? 2 - tail : tail
}

/// erfcx x = exp(x²) erfc x, which falls no faster than 1/x.
package func exactErfcx(_ x: Double) -> Double {
  if abs(x) <= Cody.small { return exactExponential(x * x) * (1 - Cody.erf(x)) }
  return x > 0 ? Cody.tail(x) : 2 / Cody.exponential(ofSquare: -x) - Cody.tail(-x)
}

/// ln(1 + x) for x > −1, without the loss of digits near 0.
package func exactLogarithm(onePlus x: Double) -> Double {
  let sum = 1 + x
  // What the sum lost, as a correction (Kahan; Goldberg 1991, theorem 4).
  return sum == 1 ? x : sum.isFinite ? exactLogarithm(sum) * (x / (sum - 1)) : sum
}

/// eˣ − 1, without the loss of digits near 0.
package func exactExponentialMinusOne(_ x: Double) -> Double {
  if abs(x) > 0.5 { return exactExponential(x) - 1 }
  // x + x²/2! + x³/3! + …
  var sum = 0.0
  for n in stride(from: 15.0, through: 2, by: -1) { sum = (sum + 1) * x / n }
  return x + x * sum
}

extension Normal {
  /// φ(x).
  package static func density(at x: Double) -> Double { Cody.exponential(ofSquare: abs(x), halved: true) * 0.3989422804014327 }

  /// ln φ(x).
  package static func logDensity(at x: Double) -> Double { -x * x / 2 - logRoot }

  /// ln Φ(x), without underflow in the lower tail.
  package static func logShare(below x: Double) -> Double {
    if x > 0 { return exactLogarithm(onePlus: -exactErfc(x / root2) / 2) }
    return exactLogarithm(exactErfcx(-x / root2) / 2) - x * x / 2
  }

  /// ln(Φ(high) − Φ(low)) for low < high, without underflow where both are far in one tail.
  package static func logMass(from low: Double, to high: Double) -> Double {
    if low > 0 { return logMass(from: -high, to: -low) }
    if high > 0 { return exactLogarithm(mass(from: low, to: high)) }
    // Φ(high)(1 − Φ(low)/Φ(high)), in which the exponentials of the squares are of a difference.
    let (above, below) = (exactErfcx(-high / root2), exactErfcx(-low / root2))
    let ratio = low == -.infinity ? 0 : below / above * exactExponential((high - low) * (high + low) / 2)
    return exactLogarithm(above / 2) - high * high / 2 + exactLogarithm(onePlus: -ratio)
  }

  /// ln h(z) with h(z) = φ(z) + zΦ(z), the expected improvement in standard deviations (Ament et al. 2023, "Unexpected improvements to expected
  /// improvement"), with Φ/h and φ/h, of which its gradient is made.
  package static func logImprovement(_ z: Double) -> (value: Double, share: Double, density: Double) {
    if z > -1 {
      let (share, density) = (share(below: z), density(at: z))
      let h = density + z * share
      return (exactLogarithm(h), share / h, density / h)
    }
    let square = z * z
    if z > -100 {
      // Φ/φ
      let ratio = exactErfcx(-z / root2) * 1.2533141373155003
      let rest = 1 + z * ratio
      return (logDensity(at: z) + exactLogarithm(rest), ratio / rest, 1 / rest)
    }
    // The difference above would cancel.
    let inverse = 1 / square
    let series = inverse * (-3 + inverse * (15 - 105 * inverse))
    let ratio = (1 + inverse * (-1 + inverse * (3 - 15 * inverse))) / -z
    return (logDensity(at: z) - 2 * exactLogarithm(-z) + exactLogarithm(onePlus: series), ratio * square / (1 + series), square / (1 + series))
  }

  package static let root2 = 2.0.squareRoot()
  /// ½ ln 2π.
  private static let logRoot = 0.91893853320467274
}

/// The approximations of Cody's three ranges, with the names that his program CALERF has for the coefficients.
private enum Cody {
  /// |x| up to which erf is approximated.
  static let small = 0.46875

  static func erf(_ x: Double) -> Double { x * ratio(x * x, a, b) }

  /// erfcx y for y > 0.46875.
  static func tail(_ y: Double) -> Double {
    if y <= 4 { return ratio(y, c, d) }
    if y > 1e8 { return inverseRootPi / y }
    let z = 1 / (y * y)
    return (inverseRootPi - z * ratio(z, p, q)) / y
  }

  /// e^(−y²), or e^(−y²/2), for y ≥ 0: y² in two parts of which the greater is exact, or its rounding error would be the exponential's.
  static func exponential(ofSquare y: Double, halved: Bool = false) -> Double {
    if y > 64 { return 0 }
    let coarse = (y * 16).rounded(.down) / 16
    let (square, rest) = (coarse * coarse, (y - coarse) * (y + coarse))
    return halved ? exactExponential(-square / 2) * exactExponential(-rest / 2) : exactExponential(-square) * exactExponential(-rest)
  }

  /// Both polynomials from the highest power down.
  private static func ratio(_ x: Double, _ numerator: [Double], _ denominator: [Double]) -> Double {
    var (top, bottom) = (0.0, 0.0)
    for coefficient in numerator { top = top * x + coefficient }
    for coefficient in denominator { bottom = bottom * x + coefficient }
    return top / bottom
  }

  private static let inverseRootPi = 0.56418958354775629
  private static let a = [
    1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3,
  ]
  private static let b = [1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3]
  private static let c = [
    2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1, 2.98635138197400131e2, 8.81952221241769090e2,
    1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3,
  ]
  private static let d = [
    1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3, 3.29079923573345963e3,
    4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
  ]
  private static let p = [
    1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1, 1.60837851487422766e-2,
    6.58749161529837803e-4,
  ]
  private static let q = [
    1.0, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2, 2.33520497626869185e-3,
  ]
}

// The beta distribution: its quantiles, for shapes of any size. Knows nothing of parameters that are drawn from it.

/// The beta distribution with the shapes a and b, both above 0. Relative error of a quantile below 1e-10 for shapes of 1e-3...1e6; a result of any
/// others is of 0...1, and a quantile below 1e-308 is 0.
package struct Beta {
  private let a: Double
  private let b: Double
  /// ln B(a, b).
  private let logBeta: Double

  package init(_ a: Double, _ b: Double) {
    (self.a, self.b) = (max(a, 1e-300), max(b, 1e-300))
    logBeta = Self.logBeta(self.a, self.b)
  }

  /// The x of 0...1 with I_x(a, b) = u. Newton's method on the logarithm of the smaller tail over t = ln(x/(1−x)), where both ends of 0...1 are
  /// far away, with bisection wherever it leaves the bracket.
  package func quantile(_ u: Double) -> Double {
    if a == b, a == 1 || u == 0.5 { return u }
    var (low, high) = (-800.0, 800.0)
    var t = min(max(exactLogarithm(a) - exactLogarithm(b), -700), 700)
    for _ in 0..<200 {
      let tail = tail(at: t)
      let excess = tail.logarithm - (tail.isLower ? exactLogarithm(u) : exactLogarithm(onePlus: -u))
      if (excess > 0) == tail.isLower { high = t } else { low = t }
      let newton = t - excess / tail.slope
      let next = newton > low && newton < high ? newton : (low + high) / 2
      let isClose = abs(next - t) <= 1e-15 * max(abs(t), 1)
      t = next
      if isClose { break }
    }
    return exactExponential(-Self.softplus(-t))
  }

  /// I_x(a, b).
  package func share(below x: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    let tail = tail(at: exactLogarithm(x) - exactLogarithm(onePlus: -x))
    return tail.isLower ? exactExponential(tail.logarithm) : -exactExponentialMinusOne(tail.logarithm)
  }

  /// The logarithm of the tail that the continued fraction gives at t without cancellation, and its derivative by t.
  /// dI/dt = xᵃ(1−x)ᵇ/B(a, b), so that of ln I is a divided by the fraction.
  private func tail(at t: Double) -> (logarithm: Double, slope: Double, isLower: Bool) {
    let (logX, logY) = (-Self.softplus(-t), -Self.softplus(t))
    let power = a * logX + b * logY - logBeta
    let isLower = exactExponential(logX) < (a + 1) / (a + b + 2)
    let fraction = isLower ? Self.fraction(a, b, exactExponential(logX)) : Self.fraction(b, a, exactExponential(logY))
    return isLower ? (power + exactLogarithm(fraction / a), a / fraction, true) : (power + exactLogarithm(fraction / b), -b / fraction, false)
  }

  /// I_x(a, b)·a·B(a, b)/(xᵃ(1−x)ᵇ): the continued fraction of Abramowitz and Stegun 26.5.8 by Lentz's method (Press et al., "Numerical Recipes",
  /// §6.4). Takes some √max(a, b) terms.
  private static func fraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
    func away(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
    var c = 1.0
    var d = 1 / away(1 - (a + b) * x / (a + 1))
    var value = d
    for index in 1...100_000 {
      let m = Double(index)
      var change = 1.0
      for term in [m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))] {
        d = 1 / away(1 + term * d)
        c = away(1 + term / c)
        change = c * d
        value *= change
      }
      if abs(change - 1) < 3e-16 { break }
    }
    return value
  }

  /// ln(1 + eᵛ).
  private static func softplus(_ v: Double) -> Double { max(v, 0) + exactLogarithm(onePlus: exactExponential(-abs(v))) }

  /// ln B(a, b) without the cancellation of ln Γ(a) + ln Γ(b) − ln Γ(a+b) where one is large: the leading terms of Stirling's series are taken
  /// together, as in DiDonato and Morris 1992 (ACM algorithm 708).
  private static func logBeta(_ a: Double, _ b: Double) -> Double {
    let (p, q) = (min(a, b), max(a, b))
    if q < 10 { return logGamma(p) + logGamma(q) - logGamma(p + q) }
    let rest = stirling(q) - stirling(p + q)
    let ratio = exactLogarithm(onePlus: -p / (p + q))
    if p < 10 { return logGamma(p) + rest + p - p * exactLogarithm(p + q) + (q - 0.5) * ratio }
    return -0.5 * exactLogarithm(q) + 0.5 * exactLogarithm(2 * Double.pi) + stirling(p) + rest + (p - 0.5) * exactLogarithm(p / (p + q)) + q * ratio
  }

  /// ln Γ(x) for x > 0: Stirling's series, after Γ(x) = Γ(x+n)/(x(x+1)…(x+n−1)) where x is small.
  private static func logGamma(_ x: Double) -> Double {
    var (shifted, product) = (x, 1.0)
    while shifted < 10 { (shifted, product) = (shifted + 1, product * shifted) }
    return (shifted - 0.5) * exactLogarithm(shifted) - shifted + 0.5 * exactLogarithm(2 * Double.pi) + stirling(shifted) - exactLogarithm(product)
  }

  /// What Stirling's formula lacks of ln Γ(x), for x ≥ 10: 1/(12x) − 1/(360x³) + … (Abramowitz and Stegun 6.1.41, whose last divisors
  /// here are 360360/691 and 122400/3617).
  private static func stirling(_ x: Double) -> Double {
    let divisors: [Double] = [12, -360, 1260, -1680, 1188, -521.5050651230101, 156, -33.84019905999447]
    let square = 1 / (x * x)
    return divisors.reversed().reduce(0) { $0 * square + 1 / $1 } / x
  }
}

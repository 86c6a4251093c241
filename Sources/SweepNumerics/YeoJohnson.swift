// The power transformation of Yeo and Johnson: it makes a sample of numbers look more like one of a normal distribution. A pure function.

/// Yeo and Johnson 2000, "A new family of power transformations to improve normality or symmetry".
package enum YeoJohnson {
  /// t(y) of numbers that are standardised, with mean 0 and deviation 1 again, and the logarithm of the Jacobian.
  package struct Transformed: Sendable {
    package let values: [Double]
    package let logJacobian: Double
  }

  /// - Parameter values: standardised.
  package static func transformed(_ values: [Double], power: Double) -> Transformed {
    let t = values.map { value(of: $0, power: power) }
    let (mean, deviation) = moments(t)
    if deviation == 0 { return Transformed(values: values.map { _ in 0 }, logJacobian: 0) }
    let jacobian = (power - 1) * signedLogarithms(values) - Double(values.count) * exactLogarithm(deviation)
    return Transformed(values: t.map { ($0 - mean) / deviation }, logJacobian: jacobian)
  }

  /// The power in −4...4 with which independent values are most likely, by 40 steps of golden section.
  /// - Parameter values: standardised.
  package static func likeliestPower(_ values: [Double]) -> Double {
    let signed = signedLogarithms(values)
    func cost(_ power: Double) -> Double {
      let deviation = moments(values.map { value(of: $0, power: power) }).deviation
      return Double(values.count) * exactLogarithm(max(deviation, 1e-150)) - (power - 1) * signed
    }
    let golden = (5.0.squareRoot() - 1) / 2
    var (low, high) = (-4.0, 4.0)
    var (first, second) = (high - golden * (high - low), low + golden * (high - low))
    var (firstCost, secondCost) = (cost(first), cost(second))
    for _ in 0..<40 {
      if firstCost < secondCost {
        (high, second, secondCost) = (second, first, firstCost)
        first = high - golden * (high - low)
        firstCost = cost(first)
      } else {
        (low, first, firstCost) = (first, second, secondCost)
        second = low + golden * (high - low)
        secondCost = cost(second)
      }
    }
    return (low + high) / 2
  }

  /// t(y).
  package static func value(of y: Double, power: Double) -> Double {
    let (magnitude, power, sign) = y >= 0 ? (y, power, 1.0) : (-y, 2 - power, -1.0)
    let logarithm = exactLogarithm(1 + magnitude)
    if power == 1 { return y }
    return sign * (abs(power) < 1e-9 ? logarithm : (exactExponential(power * logarithm) - 1) / power)
  }

  /// The mean and the deviation by 1/n.
  package static func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
    if values.isEmpty { return (0, 0) }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot())
  }

  /// Σ sign(y) log(1 + |y|).
  private static func signedLogarithms(_ values: [Double]) -> Double {
    values.reduce(0) { $0 + ($1 < 0 ? -1 : 1) * exactLogarithm(1 + abs($1)) }
  }
}

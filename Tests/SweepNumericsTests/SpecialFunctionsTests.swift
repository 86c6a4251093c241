// Our own special functions against mpmath and SciPy. Where they are used is not tested here.

import Foundation
import SweepCore
import SweepNumerics
import SweepTestSupport
import Testing

/// The numbers of a list of a fixture of Tests/Assets/search.
func fixture(_ file: String) throws -> ParameterValue {
  let text = try String(contentsOfFile: projectFolder + "/Tests/Assets/search/" + file, encoding: .utf8)
  return try #require(ParameterValue(json: text))
}

extension ParameterValue {
  /// A member of a mapping; null where there is none.
  subscript(name: String) -> ParameterValue {
    if case .mapping(let members) = self { members.first { $0.name == name }?.value ?? .null } else { .null }
  }

  var elements: [ParameterValue] { if case .list(let values) = self { values } else { [] } }
  var numbers: [Double] { elements.compactMap(\.number) }
}

struct SpecialFunctionsTests {
  private func compare(_ name: String, at arguments: String, tolerance: Double = 1e-9, _ function: (Double) -> Double) throws {
    let table = try fixture("log_h.json")
    let (x, expected) = (table[arguments].numbers, table[name].numbers)
    #expect(!x.isEmpty && x.count == expected.count)
    for (x, expected) in zip(x, expected) { #expect(abs(function(x) / expected - 1) < tolerance, "\(name)(\(x))") }
  }

  @Test func theLogarithmOfTheExpectedImprovementIsThatOfMpmath() throws {
    try compare("log_h", at: "z") { Normal.logImprovement($0).value }
  }

  @Test func theScaledErrorComplementIsThatOfSciPy() throws { try compare("erfcx", at: "erfcx_x", tolerance: 1e-15, exactErfcx) }

  @Test func theLogarithmOfTheNormalShareIsThatOfSciPy() throws {
    try compare("log_ndtr", at: "log_ndtr_x", tolerance: 1e-14) { Normal.logShare(below: $0) }
  }

  @Test func theErrorComplementIsThatOfTheSystem() {
    for step in -600...2600 {
      let x = Double(step) / 100
      #expect(abs(exactErfc(x) / erfc(x) - 1) < 4e-15, "\(x)")
      #expect(abs(exactErfcx(x) * exp(-x * x) / erfc(x) - 1) < 3e-13, "\(x)")
    }
    #expect([-Double.infinity, -30, 0, 30, .infinity].map(exactErfc) == [2, 2, 1, 0, 0])
    #expect(exactErfc(.nan).isNaN && exactErfcx(1e300) > 0)
  }

  @Test func exponentialAndLogarithmAreThoseOfTheSystem() {
    var generator = SeededGenerator(seed: 1, purpose: .synthetic)
    for _ in 0..<20_000 {
      let x = (generator.nextUnit() - 0.5) * 1416
      #expect(abs(exactExponential(x) / exp(x) - 1) < 4.5e-16, "\(x)")
      let y = exactExponential(x)
      #expect(abs(exactLogarithm(y) - log(y)) <= 4.5e-16 * max(1, abs(log(y))), "\(y)")
      let small = x * exactExponential(x / 20 - 30)
      if small < 700 { #expect(abs(exactExponentialMinusOne(small) / expm1(small) - 1) < 1e-15, "\(small)") }
      if small > -1 { #expect(abs(exactLogarithm(onePlus: small) / log1p(small) - 1) < 1e-15, "\(small)") }
    }
    #expect([-Double.infinity, -746, 0, 710, .infinity].map(exactExponential) == [0, 0, 1, .infinity, .infinity])
    #expect(exactExponential(.nan).isNaN)
    for x in [-707.1, -709, -730, -745] { #expect(abs(exactExponential(x) - exp(x)) <= 0x1p-1073) }
    #expect(exactLogarithm(0) == -.infinity && exactLogarithm(.infinity) == .infinity && exactLogarithm(-1).isNaN)
    #expect(abs(exactLogarithm(.leastNonzeroMagnitude) - log(Double.leastNonzeroMagnitude)) < 1e-12 && exactExponentialMinusOne(0) == 0)
    #expect(exactLogarithm(onePlus: 0) == 0 && exactLogarithm(onePlus: 1e-300) == 1e-300 && exactLogarithm(onePlus: .infinity) == .infinity)
  }

  /// mpmath, 50 digits.
  @Test func exponentialsEqualThoseOfFiftyDigits() {
    let table = [
      (-700.25, 7.678723813110872e-305), (-103.5, 1.1233656060805691e-45), (-37.123456789, 7.542018048499793e-17), (-9.75, 5.829466373086881e-05),
      (-1.0, 0.36787944117144233), (-0.3465735902, 0.7071067812430968), (-1e-09, 0.999999999), (1e-17, 1.0), (0.25, 1.2840254166877414),
      (0.3465735903, 1.414213562401418), (1.0, 2.718281828459045), (3.3, 27.112638920657883), (12.5, 268337.2865208745),
      (88.125, 1.8715490673755397e+38), (355.6, 2.723439705306271e+154), (700.5, 1.6721859620674984e+304), (709.75, 1.7398368732641605e+308),
    ]
    for (x, expected) in table { #expect(abs(exactExponential(x) / expected - 1) < 4.5e-16, "\(x)") }
  }

  @Test func theGradientOfTheImprovementIsThatOfItsLogarithm() {
    // d/dz ln h = Φ/h.
    for z in [-150, -101, -99.5, -30, -3, -1.01, -0.99, 0, 2.5] {
      let step = 1e-5 * max(1, abs(z))
      let slope = (Normal.logImprovement(z + step).value - Normal.logImprovement(z - step).value) / (2 * step)
      #expect(abs(Normal.logImprovement(z).share / slope - 1) < 1e-6, "\(z)")
      // h = φ + zΦ
      #expect(abs(Normal.logImprovement(z).density + z * Normal.logImprovement(z).share - 1) < 1e-8 * z * z + 1e-12, "\(z)")
    }
  }

  @Test func massesInTheTailsKeepTheirDigits() {
    for (low, high) in [(-1.0, 2.0), (-3, -2), (1, 1.5), (-8, -7.9), (0.5, .infinity), (-.infinity, -4)] {
      #expect(abs(Normal.logMass(from: low, to: high) - log(Normal.mass(from: low, to: high))) < 1e-12, "\(low) \(high)")
    }
    // mpmath, 50 digits.
    for (low, high, expected) in [
      (-12.0, -11.5, -69.4964061279051), (-40.0, -39.99, -805.3174692698356), (-38.5, -38.0, -726.5572160237004),
      (-1000.0, -999.5, -499507.95119468815),
    ] {
      #expect(abs(Normal.logMass(from: low, to: high) / expected - 1) < 1e-12)
      #expect(abs(Normal.logMass(from: -high, to: -low) / expected - 1) < 1e-12)
    }
  }
}

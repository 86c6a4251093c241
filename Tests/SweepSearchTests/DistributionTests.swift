// Distributions against SciPy and NumPy: quantiles, the grid of q_uniform, and what is written of them.
// How a sampler draws from them is not tested here.

import Foundation
import SweepCore
import SweepNumerics
import SweepSearch
import SweepTestSupport
import Testing

/// A member of a mapping; null where there is none.
private func member(_ name: String, of value: ParameterValue) -> ParameterValue {
  if case .mapping(let members) = value { members.first { $0.name == name }?.value ?? .null } else { .null }
}

private func list(_ name: String, of value: ParameterValue) -> [ParameterValue] {
  if case .list(let values) = member(name, of: value) { values } else { [] }
}

/// A distribution and what SciPy says of it; `Tests/Oracles/distributions.py` makes the file.
struct ScipyDistribution: CustomTestStringConvertible {
  let distribution: Distribution
  let shares: [Double]
  /// `.integer` where the step is one.
  let values: [ParameterValue]

  var testDescription: String { distribution.text }

  init(_ check: ParameterValue) throws {
    let given = member("parameter", of: check)
    let family = try #require(
      Distribution.Family(rawValue: member("distribution", of: given) == .null ? "uniform" : "\(member("distribution", of: given))"))
    let numbers = try family.arguments.map { argument in
      let value = member(argument.name, of: given)
      return try #require(value == .null ? argument.defaultValue : value)
    }
    distribution = Distribution(
      family, try #require(numbers[0].number), try #require(numbers[1].number), step: numbers.count > 2 ? numbers[2] : nil)
    (shares, values) = (list("shares", of: check).compactMap(\.number), list("values", of: check))
  }

  static func all() throws -> [ScipyDistribution] {
    // Not by JSONDecoder: it does not tell 1 from 1.0.
    let text = try String(contentsOfFile: projectFolder + "/Tests/Assets/distributions-scipy.json", encoding: .utf8)
    return try list("checks", of: try #require(ParameterValue(json: text))).map(ScipyDistribution.init)
  }
}

struct DistributionTests {
  @Test(arguments: try ScipyDistribution.all()) func quantilesEqualThoseOfSciPy(check: ScipyDistribution) throws {
    #expect(!check.shares.isEmpty && check.shares.count == check.values.count)
    for (share, value) in zip(check.shares, check.values) {
      let found = check.distribution.value(at: share)
      if case .real(let number) = found, case .real(let theirs) = value {
        #expect(abs(number - theirs) <= 1e-9 * abs(theirs), "\(share)")
      } else {
        #expect(found == value, "\(share)")
      }
    }
  }

  @Test func everyFamilyIsCompared() throws {
    #expect(Set(try ScipyDistribution.all().map(\.distribution.family)) == Set(Distribution.Family.allCases))
  }

  @Test(arguments: Distribution.Family.allCases) func valuesAreFiniteAndAscendWithTheirShare(family: Distribution.Family) throws {
    let extremes: [(Double, Double)] =
      family.isBounded ? [(1, 2), (1e-300, 1e300), (700, 1e6)] : [(1, 1), (1e-3, 1e-3), (1e6, 1e-3), (1e-3, 1e6), (1e6, 1e6)]
    for (first, second) in extremes {
      for step in [ParameterValue.real(0.5), .integer(3)] {
        let distribution = Distribution(family, first, second, step: step)
        let shares = [0, 1e-300, 1e-12, 0.001, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999, 1 - 1e-12, 1]
        let values = try shares.map { try #require(distribution.value(at: $0).number) }
        #expect(values.allSatisfy(\.isFinite) && values == values.sorted(), "\(distribution.text): \(values)")
      }
    }
  }

  @Test func betaQuantilesOfShapesWithAClosedFormAreThose() {
    // With b = 1 the distribution function is xᵃ, and the other way round.
    for shape in [1e-3, 0.02, 0.5, 1, 3, 77.7, 1e4, 1e6] {
      for share in [1e-9, 0.01, 0.3, 0.5, 0.8, 0.99, 0.9999999] {
        let lower = exp(log(share) / shape)
        if lower > 1e-300 { #expect(abs(Beta(shape, 1).quantile(share) / lower - 1) < 1e-10, "\(shape) \(share)") }
        let upper = -expm1(log1p(-share) / shape)
        #expect(abs(Beta(1, shape).quantile(share) / upper - 1) < 1e-10, "\(shape) \(share)")
      }
    }
  }

  @Test func theNormalQuantileIsWhatNormalNumbersAreMadeOf() {
    var (numbers, units) = (SeededGenerator(seed: 5, purpose: .sampling), SeededGenerator(seed: 5, purpose: .sampling))
    for _ in 0..<1000 { #expect(numbers.nextNormal() == Normal.quantile(units.nextUnit())) }
  }

  @Test func roundingHalvesToEvenMayLeaveTheRange() {
    let halves = Distribution(.qUniform, 0, 10, step: .integer(4))
    #expect([0.19, 0.2, 0.21, 0.6, 0.99].map { halves.value(at: $0) } == [0, 0, 4, 8, 8].map(ParameterValue.integer))
    #expect(Distribution(.qUniform, 0, 11, step: .integer(4)).value(at: 0.999) == .integer(12))
  }

  @Test func aGridHasTheNumbersOfNumPysArange() {
    func grid(_ distribution: Distribution) -> [ParameterValue] { (0..<(distribution.gridCount ?? 0)).map(distribution.gridValue) }
    #expect(grid(Distribution(.qUniform, 0, 10, step: .integer(3), isWhole: true)) == [0, 3, 6, 9].map(ParameterValue.integer))
    #expect(grid(Distribution(.qUniform, 0, 3, step: .integer(1))) == [0, 1, 2].map(ParameterValue.real))
    #expect(
      grid(Distribution(.qUniform, 0, 1, step: .real(0.1)))
        == [0, 0.1, 0.2, 0.30000000000000004, 0.4, 0.5, 0.6000000000000001, 0.7000000000000001, 0.8, 0.9].map(ParameterValue.real))
    #expect(grid(Distribution(.qUniform, 1, 1.3, step: .real(0.1))) == [1, 1.1, 1.2000000000000002, 1.3000000000000003].map(ParameterValue.real))
    #expect(grid(Distribution(.qUniform, 5, 6, step: .integer(10), isWhole: true)) == [.integer(5)])
    for family in Distribution.Family.allCases where family != .qUniform { #expect(Distribution(family, 1, 2).gridCount == nil) }
    #expect(Distribution(.qUniform, 0, 1e300).gridCount == nil)
  }

  @Test func textsAreThoseOfAPerson() {
    #expect(Distribution(.logUniformValues, 0.001, 0.1).text == "log_uniform_values 0.001...0.1")
    #expect(Distribution(.normal, 0, 1).text == "normal mu 0 sigma 1")
    #expect(Distribution(.qUniform, 0, 1, step: .real(0.25)).text == "q_uniform 0...1 step 0.25")
    #expect(Distribution(.qBeta, 2, 0.5, step: .integer(1)).text == "q_beta a 2 b 0.5 step 1")
  }

  @Test(arguments: Distribution.Family.allCases) func aDistributionIsReadBackFromItsJSON(family: Distribution.Family) throws {
    for (step, isWhole) in [(ParameterValue.real(2), false), (.integer(2), true), (.real(0.5), true), (.integer(1), false)] {
      let distribution = Distribution(family, 1, 3, step: step, isWhole: isWhole)
      #expect(try JSONDecoder().decode(Distribution.self, from: JSONEncoder().encode(distribution)) == distribution)
    }
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(Distribution.self, from: Data(#"{"distribution":"\#(family.rawValue)"}"#.utf8)) }
  }

  @Test func jsonLooksAsInASweepFile() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    func json(_ distribution: Distribution) throws -> String { String(decoding: try encoder.encode(distribution), as: UTF8.self) }
    #expect(try json(Distribution(.logUniform, -9.5, 0)) == #"{"distribution":"log_uniform","max":0,"min":-9.5}"#)
    #expect(try json(Distribution(.qNormal, 0, 1, step: .integer(8))) == #"{"distribution":"q_normal","mu":0,"q":8,"sigma":1}"#)
    #expect(try json(Distribution(.qUniform, 0, 8, step: .integer(2), isWhole: true)) == #"{"distribution":"q_uniform","max":8,"min":0,"q":2}"#)
  }
}

// A space as numbers: every domain and family there and back, bins, conditions, zips. What samplers make of the numbers is not tested here.

import SweepCore
import SweepNumerics
import SweepSearch
import Testing

/// An expression that is right by inspection.
func expression(_ text: String) throws -> ParameterExpression { try ParameterExpression(text) }

struct EncodingTests {
  /// A domain with what its dimension is to be; no kind: it has none.
  struct Case: CustomTestStringConvertible {
    let domain: Parameter.Domain
    let kind: Encoding.Kind?
    var testDescription: String { domain.text }

    init(_ domain: Parameter.Domain, _ kind: Encoding.Kind?) { (self.domain, self.kind) = (domain, kind) }
    init(_ family: Distribution.Family, _ first: Double, _ second: Double, step: ParameterValue? = nil, _ kind: Encoding.Kind?) {
      self.init(.distribution(Distribution(family, first, second, step: step)), kind)
    }
  }

  static let cases: [Case] = [
    Case(.constant(.text("x")), nil), Case(.values([.integer(1)]), nil), Case(.weighted([.text("a")], [1]), nil),
    Case(.values([.real(0.1), .integer(10), .real(0.001)]), .ordered(count: 3)),
    Case(.values([.integer(1 << 60 + 1), .integer(1 << 60), .integer(1 << 60 + 2)]), .ordered(count: 3)),
    Case(.values([.integer(3), .integer(5)]), .category(count: 2)), Case(.values([.bool(true), .bool(false)]), .category(count: 2)),
    Case(.values([.integer(1), .text("1"), .null, .bool(true), .list([.integer(1)]), .mapping([.init("a", .null)])]), .category(count: 6)),
    Case(.values([.real(.infinity), .real(1), .real(2)]), .category(count: 3)),
    Case(.weighted([.integer(1), .integer(2), .integer(3)], [0.5, 0, 0.5]), .category(count: 3)),
    Case(.integers(min: -3, max: 4), .ordered(count: 8)), Case(.integers(min: 1 << 60, max: 1 << 60 + 9), .ordered(count: 10)),
    Case(.integers(min: 0, max: 1 << 40 - 1), .ordered(count: 1 << 40)), Case(.integers(min: 0, max: .max), .continuous),
    Case(.integers(min: .min, max: .max), .continuous), Case(.integers(min: .min, max: 0), .continuous),
    Case(.reals(min: -1, max: 3), .continuous), Case(.reals(min: -1.5e308, max: 1.5e308), .continuous),
    Case(.reals(min: 0, max: .leastNonzeroMagnitude), .continuous),
    Case(.uniform, -2, 5, .continuous), Case(.logUniform, -9, 2, .continuous), Case(.logUniform, -2000, 2000, .continuous),
    Case(.logUniformValues, 1e-6, 0.1, .continuous), Case(.invLogUniform, -2, 7, .continuous), Case(.invLogUniformValues, 0.001, 10, .continuous),
    Case(.normal, 3, 2, .continuous), Case(.normal, 3, 0, nil), Case(.logNormal, 0, 1, .continuous), Case(.logNormal, 0, 0, nil),
    Case(.beta, 2, 5, .continuous), Case(.beta, 0.05, 0.05, .continuous), Case(.qUniform, 0, 10, step: .integer(2), .ordered(count: 6)),
    Case(.qUniform, 0, 1, step: .real(0.1), .ordered(count: 11)), Case(.qUniform, 5, 6, step: .integer(10), .ordered(count: 2)),
    Case(.qUniform, 0, 1e300, step: .real(1), .continuous), Case(.qUniform, 1e17, 1.00001e17, step: .integer(1), .continuous),
    Case(.qLogUniform, 0, 5, step: .integer(1), .ordered(count: 148)), Case(.qLogUniform, -9, 1, step: .real(0.5), .ordered(count: 6)),
    Case(.qLogUniformValues, 1, 1000, step: .integer(1), .ordered(count: 1000)),
    Case(.qLogUniformValues, 16, 256, step: .integer(16), .ordered(count: 16)),
    Case(.qNormal, 0, 2, step: .integer(1), .ordered(count: 21)), Case(.qNormal, 0, 0, step: .integer(1), nil),
    Case(.qLogNormal, 1, 1, step: .real(0.5), .ordered(count: 632)), Case(.qLogNormal, 0, 10, step: .integer(1), .continuous),
    Case(.qBeta, 2, 2, step: .real(0.05), .ordered(count: 21)),
  ]

  private func encoding(_ domain: Parameter.Domain) -> Encoding { Encoding(SearchSpace([Parameter("p", domain), Parameter("k", .constant(.null))])) }

  @Test func everyFamilyIsAmongTheCases() {
    let families = Self.cases.compactMap { if case .distribution(let distribution) = $0.domain { distribution.family } else { nil } }
    #expect(Set(families) == Set(Distribution.Family.allCases))
  }

  @Test(arguments: cases) func aDimensionIsOfItsKindAndItsPointsComeBack(of check: Case) throws {
    let encoding = encoding(check.domain)
    #expect(encoding.dimensions.map(\.kind) == (check.kind.map { [$0] } ?? []))
    for u in [0, 1e-9, 0.001, 0.1, 0.25, 0.3, 0.5, 0.77, 0.9, 0.999_999, 1] {
      let start = encoding.row(ofUnit: encoding.dimensions.map { _ in u })
      let row = try #require(try encoding.snapped(start))
      #expect(try encoding.snapped(row) == row, "\(u)")
      let point = try #require(try encoding.point(row))
      #expect(point.names == ["k", "p"] && check.domain.has(point["p"] ?? .null), "\(u) \(point.json)")
      // What was rounded gives the same point as what it was rounded from.
      if check.kind != .continuous { #expect(try encoding.point(start) == point, "\(u)") }
      let back = encoding.row(of: point)
      if check.kind == .continuous {
        if case .reals(0, _) = check.domain { continue }
        let isQuantised = if case .distribution(let distribution) = check.domain { distribution.step != nil } else { false }
        // Next to 1 there are few numbers.
        let isSteep = if case .distribution(let distribution) = check.domain { distribution.family == .beta && distribution.first < 1 } else { false }
        for (u, v) in zip(row, back) { #expect(abs(u - v) < (isQuantised ? 0.25 : isSteep ? 1e-3 : 1e-9), "\(u) \(v)") }
      } else {
        #expect(back == row, "\(u)")
      }
    }
  }

  @Test(arguments: cases) func theBinsCoverTheirIntervalAndHoldTheirMiddles(of check: Case) throws {
    guard let dimension = encoding(check.domain).dimensions.first, case .ordered(let count) = dimension.kind else { return }
    let places = count < 2000 ? Array(0..<count) : [0, 1, 2, count / 3, count / 2, count / 2 + 1, count - 2, count - 1]
    #expect(dimension.bin(0).low == 0 && dimension.bin(count - 1).high == 1)
    for place in places {
      let (low, high) = dimension.bin(place)
      let middle = dimension.centre(place)
      #expect(low < middle && middle < high, "\(place): \(low) \(middle) \(high)")
      if place > 0 { #expect(dimension.bin(place - 1).high == low) }
      #expect(dimension.snapped(middle) == middle && dimension.step(near: middle) == place)
      for u in [low + (high - low) * 0.01, low + (high - low) * 0.99] { #expect(dimension.step(near: u) == place, "\(place) \(u)") }
    }
  }

  @Test func drawsOfTheRandomSamplerComeBack() throws {
    for check in Self.cases {
      if case .integers(.min, _) = check.domain { continue }
      let space = SearchSpace([Parameter("p", check.domain)])
      let encoding = Encoding(space)
      for point in try RandomSampler().points(at: 0..<200, in: SearchProblem(space, seed: 4)) {
        let row = encoding.row(of: point)
        #expect(row.allSatisfy { $0 >= 0 })
        guard check.kind != .continuous, case .distribution(let distribution) = check.domain, !distribution.family.isBounded else {
          if check.kind != .continuous { #expect(try encoding.point(row) == point, "\(point.json)") }
          continue
        }
        // What lies in a tail is moved to its edge.
        let back = try #require(try encoding.point(row)?["p"]?.number)
        let near = [1e-6, 1 - 1e-6].compactMap { distribution.value(at: $0).number }
        #expect(back == min(max(point["p"]?.number ?? .nan, near[0]), near[1]), "\(point.json)")
      }
    }
  }

  @Test func ordinalNumbersLieInTheirOrderAndTheNearestIsTaken() {
    let encoding = encoding(.values([.real(0.1), .integer(10), .real(0.001)]))
    func row(_ value: ParameterValue) -> [Double] { encoding.row(of: Assignment(["p": value])) }
    #expect(row(.real(0.001)) == [0.5 / 3] && row(.real(0.1)) == [0.5] && row(.real(10)) == [2.5 / 3])
    #expect(row(.integer(7)) == [2.5 / 3] && row(.real(-1e9)) == [0.5 / 3] && row(.text("x"))[0].isNaN)
    #expect(encoding.row(of: Assignment(["q": .integer(1)]))[0].isNaN)
  }

  @Test func whatLiesOutsideIsMovedToTheEdgeAndUnknownCategoriesAreNotInUse() {
    func u(_ value: ParameterValue, in domain: Parameter.Domain) -> Double { encoding(domain).row(of: Assignment(["p": value]))[0] }
    #expect(u(.real(7), in: .reals(min: 0, max: 1)) == 1 && u(.integer(-7), in: .reals(min: 0, max: 1)) == 0)
    #expect(u(.integer(99), in: .integers(min: 1, max: 4)) == 0.875 && u(.real(1e300), in: .integers(min: 1, max: 4)) == 0.875)
    #expect(u(.integer(.max), in: .integers(min: .min, max: .max)) == 1 && u(.integer(.min), in: .integers(min: .min, max: .max)) == 0)
    #expect(u(.real(0), in: .distribution(Distribution(.logUniformValues, 1e-6, 1))) == 0)
    #expect(u(.real(9), in: .distribution(Distribution(.beta, 2, 2))) == 1 - 1e-6)
    #expect(u(.text("c"), in: .values([.text("a"), .text("b")])).isNaN && u(.text("x"), in: .reals(min: 0, max: 1)).isNaN)
  }

  @Test func hugeRangesReachBothEnds() throws {
    for (min, max) in [(Int.min, Int.max), (0, .max), (.min, 0), (.min, -1), (-1, .max)] {
      let encoding = encoding(.integers(min: min, max: max))
      #expect(try encoding.point([0])?["p"] == .integer(min) && encoding.point([1])?["p"] == .integer(max))
      let middle = try #require(try encoding.point([0.5])?["p"]?.number)
      #expect(abs(middle - (Double(min) / 2 + Double(max) / 2)) <= 1024)
    }
  }

  @Test func logarithmicStepsAreEvenInTheirLogarithm() throws {
    let encoding = encoding(.distribution(Distribution(.qLogUniformValues, 1, 1000, step: .integer(1))))
    // (ln 31.6 − ln ½)/(ln 1000.5 − ln ½)
    #expect(try encoding.point([0.5456])?["p"] == .integer(32))
    #expect(abs(encoding.row(of: Assignment(["p": .integer(1)]))[0] - 0.0912) < 1e-3)
  }

  @Test func categoriesFollowTheirProbabilities() {
    let encoding = encoding(.weighted([.text("a"), .text("b"), .text("c")], [0.7, 0, 0.3]))
    let places = (0..<1000).map { encoding.row(ofUnit: [(Double($0) + 0.5) / 1000])[0] }
    #expect([0, 1, 2].map { place in places.count { $0 == place } } == [700, 0, 300])
    #expect(encoding.dimensions[0].probabilities == [0.7, 0, 0.3] && encoding.centre == [0])
  }

  @Test func aZipIsOneCategory() throws {
    var constraints = Constraints()
    constraints.zips = [["a", "c"], ["one", "two"]]
    let space = SearchSpace(
      [
        Parameter("a", .values([.integer(1), .integer(2), .integer(3)])), Parameter("b", .reals(min: 0, max: 1)),
        Parameter("c", .values([.text("x"), .text("y"), .null])), Parameter("one", .values([.integer(7)])),
        Parameter("two", .values([.integer(8)])),
      ], constraints: constraints)
    let encoding = Encoding(space)
    #expect(encoding.dimensions.map(\.names) == [["a", "c"], ["b"]] && encoding.dimensions[0].kind == .category(count: 3))
    #expect(encoding.pointCount == nil)
    let point = try #require(try encoding.point([2, 0.25]))
    #expect(point.json == #"{"a":3,"b":0.25,"c":null,"one":7,"two":8}"#)
    #expect(encoding.row(of: point) == [2, 0.25])
    // No place has both.
    #expect(encoding.row(of: Assignment(["a": .integer(1), "b": .real(0), "c": .text("y")]))[0].isNaN)
  }

  private func conditional() throws -> SearchSpace {
    var constraints = Constraints()
    constraints.conditions = [
      "depth": try expression("model == 'tree'"), "leaf": try expression("depth > 3"), "rate": try expression("model == 'net'"),
      "second": try expression("model == 'net'"),
    ]
    constraints.otherwise = ["rate": .real(0.5)]
    constraints.exclusions = [try expression("model == 'tree' and size > 7")]
    constraints.zips = [["first", "second"]]
    return SearchSpace(
      [
        Parameter("model", .values([.text("net"), .text("tree")])), Parameter("depth", .integers(min: 1, max: 6)),
        Parameter("leaf", .reals(min: 0, max: 1)), Parameter("rate", .reals(min: 0, max: 1)), Parameter("size", .integers(min: 1, max: 10)),
        Parameter("first", .values([.integer(1), .integer(2)])), Parameter("second", .values([.text("p"), .text("q")])),
      ], constraints: constraints)
  }

  @Test func whatIsNotInUseIsNoNumber() throws {
    let encoding = Encoding(try conditional())
    // depth, first+second, leaf, model, rate, size
    #expect(encoding.dimensions.map(\.names) == [["depth"], ["first", "second"], ["leaf"], ["model"], ["rate"], ["size"]])
    #expect(encoding.dimensions.map(\.isConditional) == [true, false, true, false, true, false])
    let net = try #require(try encoding.snapped([0.9, 1, 0.2, 0, 0.5, 0.01]))
    #expect(net[0].isNaN && net[2].isNaN && Array(net[3...]) == [0, 0.5, 0.05])
    #expect(try encoding.point(net)?.json == #"{"first":2,"model":"net","rate":0.5,"second":"q","size":1}"#)
    let tree = try #require(try encoding.snapped([0.9, 1, .nan, 1, 0.5, 0.01]))
    // A leaf that comes into use is in the middle.
    #expect(tree[1] == 1 && tree[2] == 0.5 && tree[3] == 1 && tree[4].isNaN)
    let point = try #require(try encoding.point(tree))
    #expect(point.json == #"{"depth":6,"first":2,"leaf":0.5,"model":"tree","rate":0.5,"size":1}"#)
    #expect(same(encoding.row(of: point), tree))
    #expect(same(encoding.row(of: try #require(try encoding.point(net))), net))
    #expect(try encoding.snapped([0.9, 1, 0.2, 1, 0.5, 0.99]) == nil && encoding.point([0.9, 1, 0.2, 1, 0.5, 0.99]) == nil)
  }

  private func same(_ one: [Double], _ other: [Double]) -> Bool {
    one.count == other.count && zip(one, other).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
  }

  @Test func snappedRowsOfAConditionalSpaceAreFixedPoints() throws {
    let encoding = Encoding(try conditional())
    var generator = SeededGenerator(seed: 1, purpose: .synthetic)
    var (allowed, forbidden) = (0, 0)
    for _ in 0..<2000 {
      guard let row = try encoding.snapped(encoding.row(ofUnit: (0..<encoding.count).map { _ in generator.nextUnit() })) else {
        forbidden += 1
        continue
      }
      allowed += 1
      let point = try #require(try encoding.point(row))
      #expect(same(try #require(try encoding.snapped(row)), row))
      let back = encoding.row(of: point)
      #expect(zip(back, row).allSatisfy { abs($0 - $1) < 1e-12 || $0.isNaN && $1.isNaN }, "\(point.json)")
      #expect(try encoding.point(back)?.names == point.names)
    }
    #expect(allowed > 1500 && forbidden > 200)
  }

  @Test func constantsHaveNoDimensionAndNestedNamesAreKept() throws {
    let constant = Encoding(SearchSpace([Parameter("a", .constant(.integer(1))), Parameter("b", .values([.text("x")]))]))
    #expect(constant.count == 0 && constant.pointCount == 1)
    #expect(try constant.point([])?.json == #"{"a":1,"b":"x"}"#)
    let nested = Encoding(
      SearchSpace([Parameter(path: ["optimizer", "lr"], .reals(min: 0, max: 2)), Parameter("optimizer.lr2", .integers(min: 0, max: 1))]))
    #expect(try nested.point([0.25, 0.75])?.json == #"{"optimizer.lr":0.5,"optimizer.lr2":1}"#)
    #expect(nested.pointCount == nil && encoding(.integers(min: 1, max: 6)).pointCount == 6)
  }

  @Test func aSpaceOfManyPointsIsNotCounted() {
    let names = (0..<7).map { "p\($0)" }
    #expect(Encoding(SearchSpace(names.map { Parameter($0, .integers(min: 1, max: 1000)) })).pointCount == nil)
    #expect(Parameter.Domain.integers(min: .min, max: .max).count == .max && Parameter.Domain.integers(min: 0, max: .max).count == .max)
    #expect(Parameter.Domain.integers(min: 1, max: .max).count == .max)
  }
}

// A search space as numbers and categories: what all samplers that learn compute with. Rounding happens here, so that a model never sees a point that
// cannot be run (Garrido-Merchán and Hernández-Lobato 2020, "Dealing with categorical and integer-valued variables in Bayesian optimization").

import SweepCore
import SweepNumerics

/// Maps the points of a space to rows of numbers, and back.
///
/// A row has a number for each dimension: u of 0...1 of one that is ordered, the place 0, 1, … of a category, NaN where the parameter is not in use.
/// Parameters that are zipped are one category; constants have no dimension.
package struct Encoding: Sendable {
  /// How the values of a dimension lie.
  package enum Kind: Sendable, Equatable {
    /// Any u.
    case continuous
    /// So many values, each the middle of its bin.
    case ordered(count: Int)
    /// So many values in no order.
    case category(count: Int)
  }

  package struct Dimension: Sendable {
    /// One; those of a zip.
    package let names: [String]
    package let kind: Kind
    /// Whether there are points in which it is not in use.
    package let isConditional: Bool
    /// Of the values of a category; empty: all alike.
    package let probabilities: [Double]
    fileprivate let scale: Scale
    /// As positions in the space.
    fileprivate let places: [Int]

    package var isCategory: Bool { if case .category = kind { true } else { false } }
    package var isContinuous: Bool { kind == .continuous }
    /// How many values it has; nil: as many as there are numbers.
    package var count: Int? {
      switch kind {
      case .continuous: nil
      case .ordered(let count), .category(let count): count
      }
    }
  }

  package let space: SearchSpace
  package let dimensions: [Dimension]
  /// Points where none is forbidden, nor any parameter out of use.
  private let isPlain: Bool
  private let constants: [ParameterValue]

  package init(_ space: SearchSpace) {
    self.space = space
    isPlain = !space.hasForbiddenPoints
    let places = Dictionary(uniqueKeysWithValues: space.names.enumerated().map { ($1, $0) })
    var constants = space.parameters.map { _ in ParameterValue.null }
    var dimensions: [Dimension] = []
    for (names, _) in space.factors {
      let members = names.compactMap { places[$0] }
      let isConditional = names.allSatisfy { space.constraints.conditions[$0] != nil }
      if names.count > 1 {
        let lists = members.map { place in (0..<(space.parameters[place].domain.count ?? 1)).map(space.parameters[place].domain.value(at:)) }
        let count = lists[0].count
        for (place, list) in zip(members, lists) { constants[place] = list[0] }
        if count < 2 { continue }
        dimensions.append(
          Dimension(
            names: names, kind: .category(count: count), isConditional: isConditional, probabilities: [], scale: .lists(lists), places: members))
      } else {
        let (scale, kind, probabilities) = Scale.of(space.parameters[members[0]].domain)
        guard let kind else {
          constants[members[0]] = scale.value(at: 0.5, of: 1)
          continue
        }
        dimensions.append(
          Dimension(names: names, kind: kind, isConditional: isConditional, probabilities: probabilities, scale: scale, places: members))
      }
    }
    (self.dimensions, self.constants) = (dimensions, constants)
  }

  package var count: Int { dimensions.count }
  /// The number of points, where they can be counted: those that are forbidden or the same included.
  package var pointCount: Int? {
    var total = 1
    for dimension in dimensions {
      guard let count = dimension.count else { return nil }
      let (product, overflow) = total.multipliedReportingOverflow(by: count)
      if overflow { return nil }
      total = product
    }
    return total
  }

  /// The row of a point. What the space does not have is ignored, and what lies outside of it is moved to its edge; a value that a category does not
  /// have is not in use.
  package func row(of point: Assignment) -> [Double] {
    let given = point.names == space.names ? point.values.map { $0 } : space.names.map { point[$0] }
    let inactive = inactive(zip(given, constants).map { $0 ?? $1 })
    return dimensions.map { dimension in
      let used = dimension.places.indices.filter { !inactive.contains(dimension.places[$0]) }
      if used.isEmpty { return .nan }
      if case .lists(let lists) = dimension.scale {
        // Those in use say which it is.
        let place = lists[0].indices.first { place in
          used.allSatisfy { member in given[dimension.places[member]].map(lists[member][place].means) ?? false }
        }
        return place.map(Double.init) ?? .nan
      }
      return given[dimension.places[0]].map { dimension.scale.number(of: $0, count: dimension.count ?? 1) } ?? .nan
    }
  }

  /// Positions of the parameters that are not in use with these values; none where that cannot be said.
  private func inactive(_ values: [ParameterValue]) -> Set<Int> {
    guard !space.constraints.conditions.isEmpty, let (inactive, _) = try? space.use(of: values) else { return [] }
    return inactive
  }

  /// The nearest row that can be run: rounded, NaN where a parameter is not in use, and of one that comes into use its middle.
  /// - Returns: nil: the point is forbidden.
  /// - Throws: where a condition cannot be decided.
  package func snapped(_ row: [Double]) throws(SweepError) -> [Double]? {
    var row = zip(dimensions, row).map { dimension, u in dimension.snapped(u.isNaN ? dimension.middle : u) }
    if isPlain { return row }
    let (inactive, isAllowed) = try space.use(of: values(of: row))
    guard isAllowed else { return nil }
    for (index, dimension) in dimensions.enumerated() where dimension.places.allSatisfy(inactive.contains) { row[index] = .nan }
    return row
  }

  /// For each dimension, whether it is in use in the point of a row, which may be a forbidden one.
  /// - Throws: where a condition cannot be decided.
  package func use(in row: [Double]) throws(SweepError) -> [Bool] {
    if isPlain { return dimensions.map { _ in true } }
    let (inactive, _) = try space.use(of: values(of: row))
    return dimensions.map { !$0.places.allSatisfy(inactive.contains) }
  }

  /// The point of a row that can be run; nil: it is forbidden.
  /// - Throws: where a condition cannot be decided.
  package func point(_ row: [Double]) throws(SweepError) -> Assignment? { try space.point(values(of: row)) }

  private func values(of row: [Double]) -> [ParameterValue] {
    var values = constants
    for (dimension, u) in zip(dimensions, row) {
      let u = u.isNaN ? dimension.middle : u
      if case .lists(let lists) = dimension.scale {
        for (place, list) in zip(dimension.places, lists) { values[place] = list[min(max(Int(u), 0), list.count - 1)] }
      } else {
        values[dimension.places[0]] = dimension.scale.value(at: u, of: dimension.count ?? 1)
      }
    }
    return values
  }

  /// A row from numbers of 0..<1, one for each dimension: a category by its probabilities. Not yet snapped.
  package func row(ofUnit unit: [Double]) -> [Double] {
    zip(dimensions, unit).map { dimension, u in dimension.isCategory ? Double(dimension.category(at: u)) : u }
  }

  /// The middle of the space: u = ½, and the first value of each category. Not yet snapped.
  package var centre: [Double] { dimensions.map(\.middle) }
}

/// Snaps rows of one encoding, and remembers which of its dimensions are in use with which values: conditions are expressions, and slow.
package final class RowSnapper {
  private let encoding: Encoding
  /// The dimensions that conditions and exclusions read; nil: one of them has no values that could be listed.
  private let deciding: [Int]?
  /// By the places of those: which dimensions are not in use; an empty list: the point is forbidden.
  private var uses: [[Int]: [Bool]] = [:]

  package init(_ encoding: Encoding) {
    self.encoding = encoding
    let constraints = encoding.space.constraints
    let names = Set(constraints.conditions.values.flatMap(\.names) + constraints.exclusions.flatMap(\.names))
    let deciding = encoding.dimensions.indices.filter { !names.isDisjoint(with: encoding.dimensions[$0].names) }
    self.deciding = deciding.contains { encoding.dimensions[$0].isContinuous } ? nil : deciding
  }

  /// As `Encoding.snapped`.
  package func snapped(_ row: [Double]) throws(SweepError) -> [Double]? {
    guard encoding.space.hasForbiddenPoints, let deciding else { return try encoding.snapped(row) }
    var row = zip(encoding.dimensions, row).map { dimension, u in dimension.snapped(u.isNaN ? dimension.middle : u) }
    let places = deciding.map { encoding.dimensions[$0].isCategory ? Int(row[$0]) : encoding.dimensions[$0].step(near: row[$0]) }
    if let use = uses[places] {
      if use.isEmpty { return nil }
      for j in row.indices where use[j] { row[j] = .nan }
      return row
    }
    let result = try encoding.snapped(row)
    uses[places] = result?.map(\.isNaN) ?? []
    return result
  }
}

extension Encoding.Dimension {
  /// u = ½, or the first category.
  package var middle: Double { isCategory ? 0 : 0.5 }

  /// The category at a share of the probabilities.
  package func category(at share: Double) -> Int {
    let count = count ?? 1
    if probabilities.isEmpty { return min(max(Int(share * Double(count)), 0), count - 1) }
    var sum = 0.0
    for (place, probability) in probabilities.enumerated() {
      sum += probability
      if share < sum { return place }
    }
    return count - 1
  }

  /// The nearest u that can be run.
  package func snapped(_ u: Double) -> Double {
    switch kind {
    case .continuous: scale.inner(u)
    case .category(let count): Double(min(max(Int(u.rounded()), 0), count - 1))
    case .ordered: centre(step(near: u))
    }
  }

  /// The middle of a bin of an ordered dimension, by its place from 0.
  package func centre(_ place: Int) -> Double { scale.centre(place, of: count ?? 1) }

  /// The place of the bin that u is in.
  package func step(near u: Double) -> Int {
    let count = count ?? 1
    return min(max(scale.step(near: u, of: count), 0), count - 1)
  }

  /// The bin around one of its middles: half-way to its neighbours, 0 and 1 at the ends.
  package func bin(_ place: Int) -> (low: Double, high: Double) {
    let count = count ?? 1
    return (
      place == 0 ? 0 : (centre(place - 1) + centre(place)) / 2, place == count - 1 ? 1 : (centre(place) + centre(place + 1)) / 2
    )
  }
}

/// How a parameter's values and numbers of 0...1 belong together.
private enum Scale: Sendable {
  case linear(min: Double, max: Double)
  /// In logarithms: of the ends; and the ends themselves.
  case logarithmic(low: Double, high: Double, min: Double, max: Double)
  /// By the distribution function.
  case quantile(Distribution)
  /// Whole numbers; bins of one width, or so many that they are as good as real numbers.
  case integers(min: Int, max: Int)
  /// min, min + step, …; bins of one width. `whole`: the values are whole numbers.
  case steps(first: Double, step: Double, whole: Bool)
  /// The same, in logarithms of lo...hi.
  case logSteps(first: Double, step: Double, whole: Bool, low: Double, high: Double)
  /// The same, by the distribution function.
  case quantileSteps(Distribution, first: Double, step: Double, whole: Bool)
  /// Numbers in their order, whatever lies between them.
  case ranks([ParameterValue])
  case list([ParameterValue])
  /// Of a zip, a list for each member.
  case lists([[ParameterValue]])

  /// - Returns: no kind: it has one value, that at any u.
  static func of(_ domain: Parameter.Domain) -> (Scale, Encoding.Kind?, probabilities: [Double]) {
    switch domain {
    case .constant(let value): return (.list([value]), nil, [])
    case .values(let values):
      if values.count < 2 { return (.list(values), nil, []) }
      let numbers = values.compactMap(\.number)
      guard numbers.count == values.count, values.count >= 3, numbers.allSatisfy(\.isFinite) else {
        return (.list(values), .category(count: values.count), [])
      }
      return (.ranks(values.sorted(by: isBelow)), .ordered(count: values.count), [])
    case .weighted(let values, let probabilities):
      return (.list(values), values.count < 2 ? nil : .category(count: values.count), probabilities)
    case .integers(let min, let max):
      let (distance, overflow) = max.subtractingReportingOverflow(min)
      return (.integers(min: min, max: max), overflow || distance >= mostBins ? .continuous : .ordered(count: distance + 1), [])
    case .reals(let min, let max): return (.linear(min: min, max: max), .continuous, [])
    case .distribution(let distribution): return of(distribution)
    }
  }

  private static func of(_ distribution: Distribution) -> (Scale, Encoding.Kind?, probabilities: [Double]) {
    let (first, second) = (distribution.first, distribution.second)
    if let step = distribution.step { return of(distribution, step: step) }
    switch distribution.family {
    case .uniform: return (.linear(min: first, max: second), .continuous, [])
    case .logUniformValues, .invLogUniformValues:
      return (.logarithmic(low: exactLogarithm(first), high: exactLogarithm(second), min: first, max: second), .continuous, [])
    case .logUniform: return logarithmic(low: first, high: second)
    case .invLogUniform: return logarithmic(low: -second, high: -first)
    case .normal, .logNormal:
      if second == 0 { return (.list([distribution.value(at: 0.5)]), nil, []) }
      return (.quantile(distribution), .continuous, [])
    default: return (.quantile(distribution), .continuous, [])
    }
  }

  private static func logarithmic(low: Double, high: Double) -> (Scale, Encoding.Kind?, probabilities: [Double]) {
    // Those that are numbers.
    let (low, high) = (min(max(low, -708), 709), min(max(high, -708), 709))
    let (least, greatest) = (exactExponential(low), exactExponential(high))
    return (.logarithmic(low: low, high: high, min: least, max: greatest), least < greatest ? .continuous : nil, [])
  }

  /// Values that are told apart by a u: of more of them, any u is one.
  private static let mostBins = 1 << 40
  private static let mostQuantileBins = 1 << 20

  /// A quantised family: multiples of its step, from the least that is drawn to the greatest.
  private static func of(_ distribution: Distribution, step: ParameterValue) -> (Scale, Encoding.Kind?, probabilities: [Double]) {
    let tail = distribution.family.isBounded ? 0 : outside
    guard let low = distribution.value(at: tail).number, let high = distribution.value(at: 1 - tail).number, let width = step.number,
      high > low
    else { return (.list([distribution.value(at: 0.5)]), nil, []) }
    let most = distribution.family.isBounded ? mostBins : mostQuantileBins
    guard (high - low) / width < Double(most), abs(low) / width < 0x1p52, abs(high) / width < 0x1p52 else {
      return (.quantile(distribution), .continuous, [])
    }
    let whole = if case .integer = step { true } else { false }
    let count = Int(((high - low) / width).rounded()) + 1
    switch distribution.family {
    case .qUniform: return (.steps(first: low, step: width, whole: whole), .ordered(count: count), [])
    case .qLogUniform, .qLogUniformValues:
      // Of bins as wide as a step; 0 has no logarithm.
      let bottom = low > width / 2 ? low - width / 2 : low > 0 ? low / 2 : width / 8
      return (
        .logSteps(first: low, step: width, whole: whole, low: exactLogarithm(bottom), high: exactLogarithm(high + width / 2)), .ordered(count: count),
        []
      )
    default: return (.quantileSteps(distribution, first: low, step: width, whole: whole), .ordered(count: count), [])
    }
  }

  /// The value at u; of a category, at its place.
  func value(at u: Double, of count: Int) -> ParameterValue {
    switch self {
    case .linear(let min, let max): return .real(Swift.min(Swift.max(Self.between(min, max, u), min), max))
    case .integers(let min, let max):
      if count > 1 { return .integer(min + Self.place(u * Double(count), of: count)) }
      // Distances beyond 2⁶³ are numbers without a sign.
      let distance = UInt(bitPattern: max &- min)
      let step = (u * Double(distance)).rounded()
      return .integer(step >= Double(distance) ? max : step <= 0 ? min : min &+ Int(bitPattern: Swift.min(UInt(step), distance)))
    case .logarithmic(let low, let high, let min, let max):
      if u <= 0 { return .real(min) }
      if u >= 1 { return .real(max) }
      return .real(Swift.min(Swift.max(exactExponential(low + u * (high - low)), min), max))
    case .quantile(let distribution): return distribution.value(at: inner(u))
    case .list(let values): return values[Self.place(u, of: values.count)]
    case .lists(let lists): return lists[0][Self.place(u, of: lists[0].count)]
    case .ranks(let values): return values[Self.place(Double(step(near: u, of: count)), of: values.count)]
    case .steps(let first, let step, let whole), .logSteps(let first, let step, let whole, _, _), .quantileSteps(_, let first, let step, let whole):
      let value = first + Double(Self.place(Double(self.step(near: u, of: count)), of: count)) * step
      return whole ? .integer(Int(exactly: value.rounded()) ?? (value < 0 ? .min : .max)) : .real((value / step).rounded() * step + 0)
    }
  }

  private static func place(_ u: Double, of count: Int) -> Int { u.isNaN ? 0 : u >= Double(count) ? count - 1 : max(Int(u), 0) }

  /// What is not asked of a distribution that has no end, on either side.
  private static let outside = 1e-6

  /// The u that can be run, of one that is continuous.
  func inner(_ u: Double) -> Double {
    switch self {
    case .quantile(let distribution), .quantileSteps(let distribution, _, _, _):
      distribution.family.isBounded ? min(max(u, 0), 1) : min(max(u, Self.outside), 1 - Self.outside)
    default: min(max(u, 0), 1)
    }
  }

  /// min + u(max − min), where the difference may be none.
  private static func between(_ min: Double, _ max: Double, _ u: Double) -> Double {
    let width = max - min
    return width.isFinite ? min + u * width : min * (1 - u) + max * u
  }

  /// Of two numbers; whole numbers beyond 2⁵³ are told apart.
  private static func isBelow(_ first: ParameterValue, _ second: ParameterValue) -> Bool {
    if case .integer(let first) = first, case .integer(let second) = second { return first < second }
    return (first.number ?? 0) < (second.number ?? 0)
  }

  /// The u, or the place, of a value; NaN where there is none.
  func number(of value: ParameterValue, count: Int) -> Double {
    func unit(_ u: Double) -> Double { min(max(u, 0), 1) }
    switch self {
    case .list(let values): return values.firstIndex { $0.means(value) }.map(Double.init) ?? .nan
    case .lists(let lists): return lists[0].firstIndex { $0.means(value) }.map(Double.init) ?? .nan
    case .ranks(let values):
      if let place = values.firstIndex(where: { $0.means(value) }) { return centre(place, of: count) }
      guard let number = value.number, !number.isNaN else { return .nan }
      let nearest = values.indices.min { abs((values[$0].number ?? 0) - number) < abs((values[$1].number ?? 0) - number) }
      return centre(nearest ?? 0, of: count)
    default: break
    }
    guard let x = value.number, !x.isNaN else { return .nan }
    switch self {
    case .linear(let min, let max):
      let width = max - min
      return unit(width.isFinite ? (x - min) / width : (x / 2 - min / 2) / (max / 2 - min / 2))
    case .integers(let min, let max):
      let whole = if case .integer(let exact) = value { exact } else { Int(exactly: x.rounded()) ?? (x < 0 ? .min : .max) }
      let distance = UInt(bitPattern: Swift.min(Swift.max(whole, min), max) &- min)
      return count > 1 ? centre(Int(distance), of: count) : Double(distance) / Double(UInt(bitPattern: max &- min))
    case .logarithmic(let low, let high, let min, let max):
      return x <= min ? 0 : x >= max ? 1 : unit((exactLogarithm(x) - low) / (high - low))
    case .quantile(let distribution):
      let half = (distribution.step?.number ?? 0) / 2
      return inner((distribution.share(below: x - half) + distribution.share(below: x + half)) / 2)
    case .steps(let first, let step, _), .logSteps(let first, let step, _, _, _), .quantileSteps(_, let first, let step, _):
      return centre(Self.place(((x - first) / step).rounded(), of: count), of: count)
    case .list, .lists, .ranks: return .nan
    }
  }

  /// The middle of a bin.
  func centre(_ place: Int, of count: Int) -> Double {
    switch self {
    case .logSteps(let first, let step, _, let low, let high):
      let value = first + Double(place) * step
      return (exactLogarithm(value > 0 ? value : step / 4) - low) / (high - low)
    case .quantileSteps(let distribution, let first, let step, _):
      let value = first + Double(place) * step
      let (low, high) = (distribution.share(below: value - step / 2), distribution.share(below: value + step / 2))
      return (low + high) / 2
    default: return (Double(place) + 0.5) / Double(count)
    }
  }

  /// The place of the nearest middle.
  func step(near u: Double, of count: Int) -> Int {
    let guess: Double
    switch self {
    case .logSteps(let first, let step, _, let low, let high): guess = (exactExponential(low + u * (high - low)) - first) / step
    case .quantileSteps(let distribution, let first, let step, _):
      guess = ((distribution.value(at: inner(u)).number ?? first) - first) / step
    default: return Self.place(u * Double(count), of: count)
    }
    // The nearest by u, which is not that by the value.
    var place = Self.place(guess.rounded(), of: count)
    while place > 0, u <= (centre(place - 1, of: count) + centre(place, of: count)) / 2 { place -= 1 }
    while place < count - 1, u > (centre(place, of: count) + centre(place + 1, of: count)) / 2 { place += 1 }
    return place
  }
}

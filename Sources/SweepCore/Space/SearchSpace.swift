// The search space: all parameters of a sweep. The grid over it is an enumeration with constant time per position and no state.
// Order is that of W&B's grid: names ascending, level by level where they are nested, the last changes fastest, values as listed.

/// The parameters of a sweep, by name ascending, and what ties them together.
public struct SearchSpace: Sendable, Hashable {
  public let parameters: [Parameter]
  public let names: [String]
  public let constraints: Constraints
  /// Parameters that take their values together, as positions in `parameters`, in the order of the grid.
  private let axes: [[Int]]
  /// Conditional parameters, as positions: each after those that its condition reads.
  private let conditional: [Int]

  /// - Precondition: the names are unique, the constraints name parameters, those zipped together list equally many values, and no condition
  ///   reads a parameter that depends on its own.
  public init(_ parameters: [Parameter], constraints: Constraints = Constraints()) {
    let sorted = parameters.sorted { $0.name < $1.name }
    let names = sorted.map(\.name)
    precondition(Set(names).count == names.count, "a search space names each parameter once")
    let zipped = constraints.zips.map { $0.map { name in Self.place(of: name, in: names) } }
    let single = sorted.indices.filter { place in !zipped.contains { $0.contains(place) } }.map { [$0] }
    axes = (zipped + single).map { $0.sorted { sorted[$0].isBefore(sorted[$1]) } }.sorted { sorted[$0[0]].isBefore(sorted[$1[0]]) }
    for axis in zipped { precondition(Set(axis.map { sorted[$0].domain.count }).count == 1, "zipped parameters list equally many values") }
    conditional = constraints.conditionsInOrder().map { Self.place(of: $0, in: names) }
    (self.parameters, self.names, self.constraints) = (sorted, names, constraints)
  }

  private static func place(of name: String, in names: [String]) -> Int {
    guard let place = names.firstIndex(of: name) else { preconditionFailure("\(name) is no parameter of the space") }
    return place
  }

  public subscript(name: String) -> Parameter? { parameters.first { $0.name == name } }

  /// The listed values of a parameter, or the ends of its range.
  public func landmarks(_ name: String) -> [ParameterValue] { self[name]?.domain.landmarks ?? [] }

  /// The names of the parameters that vary, ascending.
  public var sweptNames: [String] { parameters.filter { ($0.domain.count ?? 2) > 1 }.map(\.name) }

  /// Whether positions of the grid may have no points.
  public var hasForbiddenPoints: Bool { !constraints.isEmpty }

  /// The groups of parameters that vary together, in the order of the grid, with the number of their values; nil: not to be counted.
  public var factors: [(names: [String], count: Int?)] {
    axes.map { axis in (axis.map { names[$0] }, parameters[axis[0]].domain.count) }
  }

  /// The number of positions of the grid; nil where a parameter cannot be enumerated. `Int.max` stands for "more than can be counted".
  public var gridCount: Int? {
    var total = 1
    for axis in axes {
      guard let count = parameters[axis[0]].domain.count else { return nil }
      let (product, overflow) = total.multipliedReportingOverflow(by: count)
      total = overflow ? .max : product
    }
    return total
  }

  /// The point at a position of the grid, whose digits are a mixed-radix number; constant time. nil where the space forbids it, or where it is
  /// the same as at another position because what differs is not in use.
  /// - Throws: where a condition cannot be decided.
  public func gridPoint(at index: Int) throws(SweepError) -> Assignment? {
    var rest = index
    var values = [ParameterValue](repeating: .null, count: parameters.count)
    var isFirst = [Bool](repeating: true, count: constraints.isEmpty ? 0 : parameters.count)
    for axis in axes.reversed() {
      guard let count = parameters[axis[0]].domain.count else { preconditionFailure("\(names[axis[0]]) cannot be enumerated") }
      for place in axis {
        values[place] = parameters[place].domain.value(at: rest % count)
        if !isFirst.isEmpty { isFirst[place] = rest % count == 0 }
      }
      rest /= count
    }
    if constraints.isEmpty { return Assignment(names: names, values: values) }
    let inactive = try inactive(values)
    for axis in axes where axis.allSatisfy({ inactive.contains($0) && !isFirst[$0] }) { return nil }
    return try point(values, without: inactive)
  }

  /// How likely the values at a position of the grid are together, where some have probabilities: a weight, not a probability.
  public func gridWeight(at index: Int) -> Double {
    var (rest, weight) = (index, 1.0)
    for axis in axes.reversed() {
      let count = parameters[axis[0]].domain.count ?? 1
      for place in axis {
        if case .weighted(_, let probabilities) = parameters[place].domain { weight *= probabilities[rest % count] }
      }
      rest /= count
    }
    return weight
  }

  /// The point with these values, one for each parameter, where it is allowed: what is not in use has the value for that, or is left out.
  /// - Throws: where a condition cannot be decided.
  public func point(_ values: [ParameterValue]) throws(SweepError) -> Assignment? {
    constraints.isEmpty ? Assignment(names: names, values: values) : try point(values, without: try inactive(values))
  }

  /// Which parameters are not in use with these values, as positions in `parameters`, and whether the point is allowed.
  /// - Throws: where a condition cannot be decided.
  package func use(of values: [ParameterValue]) throws(SweepError) -> (inactive: Set<Int>, isAllowed: Bool) {
    if constraints.isEmpty { return ([], true) }
    let inactive = try inactive(values)
    return (inactive, try isAllowed(values, without: inactive))
  }

  /// The parameters whose conditions do not hold.
  private func inactive(_ values: [ParameterValue]) throws(SweepError) -> Set<Int> {
    var inactive: Set<Int> = []
    for place in conditional {
      guard let condition = constraints.conditions[names[place]] else { continue }
      let holds = try located("parameters.\(names[place]).when") { () throws(SweepError) in
        try condition.isTrue { name in value(of: name, in: values, without: inactive) }
      }
      if !holds { inactive.insert(place) }
    }
    return inactive
  }

  private func value(of name: String, in values: [ParameterValue], without inactive: Set<Int>) -> ParameterValue? {
    guard let place = names.firstIndex(of: name) else { return nil }
    return inactive.contains(place) ? constraints.otherwise[name] : values[place]
  }

  private func isAllowed(_ values: [ParameterValue], without inactive: Set<Int>) throws(SweepError) -> Bool {
    for (index, exclusion) in constraints.exclusions.enumerated() {
      let isExcluded = try located("exclude[\(index)]") { () throws(SweepError) in
        try exclusion.isTrue { name in value(of: name, in: values, without: inactive) }
      }
      if isExcluded { return false }
    }
    return true
  }

  private func point(_ values: [ParameterValue], without inactive: Set<Int>) throws(SweepError) -> Assignment? {
    guard try isAllowed(values, without: inactive) else { return nil }
    if inactive.isEmpty { return Assignment(names: names, values: values) }
    let kept = names.indices.filter { !inactive.contains($0) || constraints.otherwise[names[$0]] != nil }
    return Assignment(
      names: kept.map { names[$0] }, values: kept.map { inactive.contains($0) ? constraints.otherwise[names[$0]] ?? .null : values[$0] })
  }

  private func located<Value>(_ place: String, _ body: () throws(SweepError) -> Value) throws(SweepError) -> Value {
    do { return try body() } catch { throw SweepError(error.kind, error.diagnostics.map { $0.at(place) }) }
  }

  /// The values of an assignment as a program gets them: nested parameters as mappings, names ascending.
  public func configuration(of assignment: Assignment) -> [(name: String, value: ParameterValue)] {
    let pairs = zip(assignment.names, assignment.values).map { name, value in (self[name]?.path ?? [name], value) }
    return Self.nested(pairs)
  }

  /// What `configuration(of:)` nests, side by side again, by names joined by dots. Nothing is left out: of what the space does not have, too, the name is told.
  package func flattened(_ configuration: [(name: String, value: ParameterValue)]) -> [(name: String, value: ParameterValue)] {
    func flatten(_ name: String, _ value: ParameterValue) -> [(name: String, value: ParameterValue)] {
      guard self[name] == nil, case .mapping(let members) = value, !members.isEmpty else { return [(name, value)] }
      return members.flatMap { flatten("\(name).\($0.name)", $0.value) }
    }
    return configuration.flatMap { flatten($0.name, $0.value) }
  }

  private static func nested(_ pairs: [([String], ParameterValue)]) -> [(name: String, value: ParameterValue)] {
    Dictionary(grouping: pairs) { $0.0[0] }.sorted { $0.key < $1.key }.map { name, inner in
      if inner.count == 1, inner[0].0.count == 1 { return (name, inner[0].1) }
      return (name, .mapping(of: nested(inner.map { (Array($0.0.dropFirst()), $0.1) }).map { ($0.name, $0.value) }))
    }
  }
}

extension Parameter {
  /// The order of the grid.
  fileprivate func isBefore(_ other: Parameter) -> Bool { path.lexicographicallyPrecedes(other.path) }
}

extension SearchSpace: Codable {
  /// A name that no parameter can have.
  private static let constraintsKey = "(constraints)"

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    let constraints = try container.decodeIfPresent(Constraints.self, forKey: Name(Self.constraintsKey)) ?? Constraints()
    let domains = try container.allKeys.filter { $0.stringValue != Self.constraintsKey }.map { name in
      (name.stringValue, try container.decode(Parameter.Domain.self, forKey: name))
    }
    self.init(domains.map { Parameter(path: constraints.paths[$0] ?? [$0], $1) }, constraints: constraints)
  }

  /// An object with a member for each parameter, as in a sweep file, and one for what ties them together.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Name.self)
    for parameter in parameters { try container.encode(parameter.domain, forKey: Name(parameter.name)) }
    var constraints = constraints
    for parameter in parameters where parameter.path.count > 1 { constraints.paths[parameter.name] = parameter.path }
    if constraints != Constraints() { try container.encode(constraints, forKey: Name(Self.constraintsKey)) }
  }
}

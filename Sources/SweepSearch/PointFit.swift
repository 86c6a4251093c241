// A point that somebody gave by hand, or that another sweep tried, as a point of a space: every value in the spelling of its domain, what is not in
// use left out. Nothing is moved to where it fits.

import SweepCore

/// Why a point is none of a space.
package enum PointProblem: Error, Sendable, Equatable {
  /// A parameter that varies, and is in use, has no value.
  case missing(String)
  /// A value is none of those of the parameter.
  case outside(String, ParameterValue, domain: String)
  /// A value is given where the parameter is not in use.
  case notInUse(String, ParameterValue, condition: String)
  /// The values of parameters that go together do not.
  case apart([String])
  /// `exclude` forbids it.
  case excluded

  /// The parameter that it is about, or what is wrong, in a word or two.
  package var summary: String {
    switch self {
    case .missing(let name): "no \(name)"
    case .outside(let name, _, _): "\(name) out of range"
    case .notInUse(let name, _, _): "\(name) not in use"
    case .apart(let names): "\(names.joined(separator: " and ")) apart"
    case .excluded: "excluded"
    }
  }

  package var diagnostic: Diagnostic {
    switch self {
    case .missing(let name): Diagnostic("\(name) has no value", remedy: "give every parameter that varies one: \(name)=VALUE")
    case .outside(let name, let value, let domain):
      Diagnostic("\(name) is \(value)", remedy: "use a value of \(domain), or let the sweep file allow it")
    case .notInUse(let name, let value, let condition):
      Diagnostic("\(name) is \(value) where it is not in use", remedy: "leave it out: it is in use when \(condition)")
    case .apart(let names):
      Diagnostic("\(names.joined(separator: " and ")) do not go together so", remedy: "they take their values together: give those of one row")
    case .excluded: Diagnostic("the sweep's exclude forbids the point", remedy: "give one that it allows")
    }
  }
}

extension SearchSpace {
  /// The point with these values. Constants need none, and of parameters that take their values together one that tells the row is enough.
  /// - Parameters:
  ///   - given: by name; names that the space does not have are ignored.
  ///   - isLenient: whether constants may differ, and what is not in use may have a value: another sweep's points.
  ///   - isGrid: whether the values of a distribution are those that a grid has of it.
  /// - Throws: where a condition cannot be decided.
  package func fitted(
    _ given: [String: ParameterValue], isLenient: Bool = false, isGrid: Bool = false
  ) throws(SweepError) -> Result<Assignment, PointProblem> {
    var values: [ParameterValue?] = []
    for parameter in parameters {
      guard let value = given[parameter.name] else {
        values.append(parameter.domain.isConstant ? parameter.domain.value(at: 0) : nil)
        continue
      }
      if case .constant(let constant) = parameter.domain, isLenient {
        values.append(constant)
      } else if let fitted = parameter.domain.fitted(value, isGrid: isGrid) {
        values.append(fitted)
      } else if let otherwise = constraints.otherwise[parameter.name], otherwise.means(value) {
        values.append(nil)  // as it is where it is not in use
      } else {
        return .failure(.outside(parameter.name, value, domain: parameter.domain.text))
      }
    }
    for zip in constraints.zips {
      let places = zip.compactMap { names.firstIndex(of: $0) }
      guard places.contains(where: { values[$0] != nil }) else { continue }
      let rows = (0..<(parameters[places[0]].domain.count ?? 0)).filter { row in
        places.allSatisfy { place in values[place].map(parameters[place].domain.value(at: row).means) ?? true }
      }
      guard let row = rows.first else { return .failure(.apart(zip)) }
      let tells = places.allSatisfy { place in
        rows.allSatisfy { parameters[place].domain.value(at: $0).means(parameters[place].domain.value(at: row)) }
      }
      if !tells { continue }
      for place in places { values[place] = parameters[place].domain.value(at: row) }
    }
    let isConditional = names.map { constraints.conditions[$0] != nil }
    for (place, name) in names.enumerated() where values[place] == nil && !isConditional[place] { return .failure(.missing(name)) }
    let (inactive, isAllowed) = try use(of: values.map { $0 ?? .null })
    for (place, name) in names.enumerated() where isConditional[place] {
      if !inactive.contains(place) {
        if values[place] == nil { return .failure(.missing(name)) }
      } else if !isLenient, let value = given[name], !(constraints.otherwise[name].map(value.means) ?? false) {
        return .failure(.notInUse(name, value, condition: constraints.conditions[name]?.text ?? ""))
      }
    }
    guard isAllowed, let point = try point(values.map { $0 ?? .null }) else { return .failure(.excluded) }
    return .success(point)
  }
}

extension Parameter.Domain {
  /// The value as the domain spells it; nil: it is none of its values.
  fileprivate func fitted(_ value: ParameterValue, isGrid: Bool) -> ParameterValue? {
    switch self {
    case .constant(let constant): return constant.means(value) ? constant : nil
    case .values(let values), .weighted(let values, _): return values.first { $0.means(value) }
    case .integers(let min, let max):
      let whole = if case .integer(let exact) = value { exact } else { value.number.flatMap { Int(exactly: $0) } }
      return whole.flatMap { (min...max).contains($0) ? .integer($0) : nil }
    case .reals(let min, let max): return value.number.flatMap { (min...max).contains($0) ? .real($0) : nil }
    case .distribution(let distribution): return distribution.fitted(value, isGrid: isGrid)
    }
  }
}

extension Distribution {
  /// A rounding of the ends is no reason to refuse a number.
  private static let tolerance = 1e-9

  fileprivate func fitted(_ value: ParameterValue, isGrid: Bool) -> ParameterValue? {
    guard let number = value.number, number.isFinite else { return nil }
    // What a grid has of it is not rounded to multiples of the step, and may be spelled otherwise.
    if isGrid, let count = gridCount, let step = step?.number, case let index = ((number - first) / step).rounded(), index >= 0,
      index < Double(count),
      case let listed = gridValue(at: Int(index)), listed.means(value)
    {
      return listed
    }
    if family.isBounded || family == .beta || family == .qBeta {
      let (low, high) = (self.value(at: 0).number ?? first, self.value(at: 1).number ?? second)
      let slack = Self.tolerance * max(abs(low), abs(high))
      guard number >= low - slack, number <= high + slack else { return nil }
    }
    if family == .logNormal || family == .qLogNormal, number < 0 || number == 0 && step == nil { return nil }
    guard let step, let width = step.number else { return .real(number) }
    let multiple = (number / width).rounded()
    guard abs(number - multiple * width) <= Self.tolerance * max(abs(number), width) else { return nil }
    if case .integer = step { return Int(exactly: multiple * width).map(ParameterValue.integer) }
    return .real(multiple * width + 0)
  }
}

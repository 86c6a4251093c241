// A point that somebody else names: parameters as a program knows them, checked against the space.

extension SearchSpace {
  /// The point of parameters as `configuration(of:)` writes them. Constants and what is not in use may be left out.
  /// - Throws: where a parameter is missing, unknown or outside of its domain, or the point is forbidden.
  package func point(given configuration: ParameterValue) throws(SweepError) -> Assignment {
    var given: [String: ParameterValue] = [:]
    try flatten(configuration, into: &given, path: [])
    let known = Set(names)
    if let odd = given.keys.filter({ !known.contains($0) }).sorted().first { throw SweepError(.input, .unknown("parameter", odd, known: names)) }
    var values: [ParameterValue] = []
    for parameter in parameters {
      if let value = given[parameter.name] {
        values.append(try parameter.domain.member(like: value, of: parameter.name, otherwise: constraints.otherwise[parameter.name]))
      } else {
        values.append(parameter.domain.isConstant || constraints.conditions[parameter.name] != nil ? parameter.domain.someValue : .null)
      }
    }
    let (inactive, isAllowed) = try use(of: values)
    for (place, parameter) in parameters.enumerated() where given[parameter.name] == nil && !inactive.contains(place) && !parameter.domain.isConstant {
      throw SweepError(.input, "\(parameter.name) is missing", remedy: "give it a value of \(parameter.domain.text)")
    }
    guard isAllowed, let point = try point(values) else {
      throw SweepError(.input, "exclude forbids the point \(configuration.json)", remedy: "choose another")
    }
    return point
  }

  private func flatten(_ value: ParameterValue, into given: inout [String: ParameterValue], path: [String]) throws(SweepError) {
    let name = path.joined(separator: ".")
    if !path.isEmpty, self[name] != nil { return given[name] = value }
    guard case .mapping(let members) = value, path.isEmpty || parameters.contains(where: { $0.path.starts(with: path) }) else {
      if path.isEmpty { throw SweepError(.input, "the parameters are \(value.json)", remedy: "write an object with a member for each") }
      return given[name] = value
    }
    for member in members { try flatten(member.value, into: &given, path: path + [member.name]) }
  }
}

extension Parameter.Domain {
  /// Any of its values.
  fileprivate var someValue: ParameterValue {
    switch self {
    case .constant(let value): value
    case .values(let values), .weighted(let values, _): values.first ?? .null
    case .integers(let min, _): .integer(min)
    case .reals(let min, _): .real(min)
    case .distribution(let distribution): .real(distribution.first)
    }
  }

  /// The value of the domain that means the same.
  /// - Throws: where there is none.
  fileprivate func member(like value: ParameterValue, of name: String, otherwise: ParameterValue?) throws(SweepError) -> ParameterValue {
    let found: ParameterValue?
    switch self {
    case .constant(let constant): found = constant.means(value) ? constant : nil
    case .values(let values), .weighted(let values, _): found = values.first { $0.means(value) }
    case .integers(let min, let max):
      found = value.number.flatMap { Int(exactly: $0) }.flatMap { $0 >= min && $0 <= max ? .integer($0) : nil }
    case .reals(let min, let max): found = value.number.flatMap { $0 >= min && $0 <= max ? .real($0) : nil }
    case .distribution(let distribution): found = distribution.member(like: value)
    }
    if let found { return found }
    if let otherwise, otherwise.means(value) { return someValue }
    throw SweepError(.input, "\(name) is \(value.json)", remedy: "give it a value of \(text)")
  }
}

extension Distribution {
  /// The number in the type that is drawn, where it can be; a bounded family's within its bounds, give or take a step.
  fileprivate func member(like value: ParameterValue) -> ParameterValue? {
    guard let number = value.number, number.isFinite else { return nil }
    let slack = step?.number ?? 1e-9 * max(abs(first), abs(second))
    switch family {
    case .uniform, .qUniform, .logUniformValues, .invLogUniformValues, .qLogUniformValues:
      guard number >= first - slack, number <= second + slack else { return nil }
    case .beta, .qBeta: guard number >= -slack, number <= 1 + slack else { return nil }
    case .logUniform, .invLogUniform, .qLogUniform, .logNormal, .qLogNormal: guard number >= 0 else { return nil }
    case .normal, .qNormal: break
    }
    if case .integer? = step { return Int(exactly: number.rounded()).map { .integer($0) } }
    return .real(number)
  }
}

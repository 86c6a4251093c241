// Whether a point is one of its space: for tests, by other means than those that make points.

import SweepCore
import SweepSearch

extension SearchSpace {
  /// Whether a point has a value of its domain for each parameter in use, that for not being in use or none for each other, and is allowed.
  func has(_ point: Assignment) throws -> Bool {
    let values = parameters.map { point[$0.name] ?? .null }
    func value(_ name: String) -> ParameterValue? { point[name] }
    guard point.names == point.names.sorted(), point.names.allSatisfy(names.contains) else { return false }
    for (parameter, value) in zip(parameters, values) {
      var isUsed = true
      // Of a parent that is not in use the condition does not hold, as its value is none or that for not being in use.
      if let condition = constraints.conditions[parameter.name] { isUsed = try condition.isTrue { point[$0] } }
      let isRight =
        isUsed ? point[parameter.name] != nil && parameter.domain.has(value) : point[parameter.name] == constraints.otherwise[parameter.name]
      if !isRight { return false }
    }
    for zip in constraints.zips {
      let lists = zip.compactMap { self[$0]?.domain }.map { domain in (0..<(domain.count ?? 0)).map(domain.value(at:)) }
      let given = zip.map { point[$0] }
      let isListed = lists[0].indices.contains { place in
        zip.indices.allSatisfy { given[$0] == nil || given[$0] == lists[$0][place] || given[$0] == constraints.otherwise[zip[$0]] }
      }
      if !isListed { return false }
    }
    return try !constraints.exclusions.contains { try $0.isTrue { point[$0] } }
  }
}

extension Parameter.Domain {
  func has(_ value: ParameterValue) -> Bool {
    switch self {
    case .constant(let constant): value == constant
    case .values(let values), .weighted(let values, _): values.contains(value)
    case .integers(let min, let max): if case .integer(let whole) = value { min <= whole && whole <= max } else { false }
    case .reals(let min, let max): if case .real(let number) = value { min <= number && number <= max } else { false }
    case .distribution(let distribution): distribution.has(value)
    }
  }
}

extension Distribution {
  fileprivate func has(_ value: ParameterValue) -> Bool {
    guard let number = value.number, number.isFinite else { return false }
    let ends = [0, 1].compactMap { self.value(at: $0).number }
    guard number >= ends[0] * (ends[0] < 0 ? 1 + 1e-12 : 1 - 1e-12), number <= ends[1] * (ends[1] < 0 ? 1 - 1e-12 : 1 + 1e-12) else { return false }
    guard let step else { return if case .real = value { true } else { false } }
    if case .integer(let step) = step { return if case .integer(let whole) = value { whole % step == 0 } else { false } }
    return number == (number / (step.number ?? 1)).rounded() * (step.number ?? 1)
  }
}

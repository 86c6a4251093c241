// The search space: all parameters of a sweep. The grid over it is an enumeration with constant time per point and no state.
// Order is that of W&B's grid: names ascending, the last name changes fastest, values as listed.

/// The parameters of a sweep, by name ascending.
public struct SearchSpace: Sendable, Hashable {
  public let parameters: [Parameter]
  public let names: [String]

  /// - Precondition: the names are unique.
  public init(_ parameters: [Parameter]) {
    self.parameters = parameters.sorted { $0.name < $1.name }
    self.names = self.parameters.map(\.name)
    precondition(Set(names).count == names.count, "a search space names each parameter once")
  }

  public subscript(name: String) -> Parameter? { parameters.first { $0.name == name } }

  /// The listed values of a parameter, or the ends of its range.
  public func landmarks(_ name: String) -> [ParameterValue] { self[name]?.domain.landmarks ?? [] }

  /// The names of the parameters that vary, ascending.
  public var sweptNames: [String] { parameters.filter { ($0.domain.count ?? 2) > 1 }.map(\.name) }

  /// The number of points of the grid; nil where a parameter cannot be enumerated. `Int.max` stands for "more than can be counted".
  public var gridCount: Int? {
    var total = 1
    for parameter in parameters {
      guard let count = parameter.domain.count else { return nil }
      let (product, overflow) = total.multipliedReportingOverflow(by: count)
      total = overflow ? .max : product
    }
    return total
  }

  /// Point `index` of the grid, as digits of a mixed-radix number. Constant time.
  public func gridPoint(at index: Int) -> Assignment {
    var rest = index
    var values = [ParameterValue](repeating: .null, count: parameters.count)
    for position in parameters.indices.reversed() {
      let domain = parameters[position].domain
      guard let count = domain.count else { preconditionFailure("\(names[position]) cannot be enumerated") }
      values[position] = domain.value(at: rest % count)
      rest /= count
    }
    return Assignment(names: names, values: values)
  }
}

extension SearchSpace: Codable {
  public init(from decoder: any Decoder) throws {
    let domains = try decoder.singleValueContainer().decode([String: Parameter.Domain].self)
    self.init(domains.map { Parameter($0.key, $0.value) })
  }

  /// An object with a member for each parameter, as in a sweep file.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.domain) }))
  }
}

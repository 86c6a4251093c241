// A parameter of a search space, and what an executor says of the parameters it takes.
// Everything that can be set is a parameter, constant or swept; checks happen once, in the loader, by `ParameterDeclaration`.

/// A named dimension of the search space.
public struct Parameter: Sendable, Hashable {
  /// Of a nested parameter the names on the way to it, joined by dots: "optimizer.lr".
  public let name: String
  public let domain: Domain
  /// The names on the way to it; of one that is not nested its name alone, dots and all.
  public let path: [String]

  public init(_ name: String, _ domain: Domain) { (self.name, self.domain, path) = (name, domain, [name]) }

  /// - Parameter path: at least one name.
  public init(path: [String], _ domain: Domain) { (name, self.domain, self.path) = (path.joined(separator: "."), domain, path) }

  /// The values a parameter can take.
  public enum Domain: Sendable, Hashable {
    case constant(ParameterValue)
    /// One of the listed values, none of which means the same as another; at least one.
    case values([ParameterValue])
    /// Any whole number of `min...max`, both ends included; `min < max`.
    case integers(min: Int, max: Int)
    /// Any real number of `min...max`; `min < max`, both finite. A grid cannot enumerate it.
    case reals(min: Double, max: Double)
    /// One of the listed values with its probability; as many of the one as of the other, which add up to 1.
    case weighted([ParameterValue], [Double])
    /// Drawn from a distribution. A grid can enumerate `q_uniform` alone.
    case distribution(Distribution)

    /// How many values there are; nil where they cannot be counted. `Int.max` stands for more than that, too.
    public var count: Int? {
      switch self {
      case .constant: 1
      case .values(let values), .weighted(let values, _): values.count
      case .integers(let min, let max):
        (max.subtractingReportingOverflow(min).overflow || max &- min == .max) ? .max : max - min + 1
      case .reals: nil
      case .distribution(let distribution): distribution.gridCount
      }
    }

    /// The value at a position of the enumeration; constant time. Traps where there is no `count`.
    public func value(at index: Int) -> ParameterValue {
      switch self {
      case .constant(let value): return value
      case .values(let values), .weighted(let values, _): return values[index]
      case .integers(let min, _): return .integer(min + index)
      case .distribution(let distribution): return distribution.gridValue(at: index)
      case .reals: preconditionFailure("a range of real numbers has no enumeration")
      }
    }

    /// The listed values; of a range, its ends; of a distribution, which may have none, nothing.
    public var landmarks: [ParameterValue] {
      switch self {
      case .constant(let value): [value]
      case .values(let values), .weighted(let values, _): values
      case .distribution: []
      case .integers(let min, let max): [.integer(min), .integer(max)]
      case .reals(let min, let max): [.real(min), .real(max)]
      }
    }

    public var isConstant: Bool { if case .constant = self { true } else { false } }
  }
}

extension Parameter.Domain {
  /// As a person writes it.
  public var text: String {
    switch self {
    case .constant(let value): value.description
    case .values(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
    case .integers(let min, let max): "\(min)...\(max)"
    case .reals(let min, let max): "\(min)...\(max)"
    case .weighted(let values, let probabilities):
      "[" + zip(values, probabilities).map { "\($0) (\($1))" }.joined(separator: ", ") + "]"
    case .distribution(let distribution): distribution.text
    }
  }
}

/// What an executor says of one parameter it takes: its type, range, default and meaning.
public struct ParameterDeclaration: Sendable {
  public enum Kind: Sendable {
    case integer(ClosedRange<Int>)
    /// `above` is excluded, `from` included.
    case real(above: Double? = nil, from: Double? = nil, upTo: Double? = nil)
    case choice([String])
    /// true or false.
    case truth
  }

  public let name: String
  public let kind: Kind
  public let allowsNull: Bool
  /// nil: the file must give it.
  public let defaultValue: ParameterValue?
  /// A few words, for the complaint that it is missing.
  public let meaning: String

  public init(_ name: String, _ kind: Kind, allowsNull: Bool = false, default defaultValue: ParameterValue? = nil, meaning: String) {
    self.name = name
    self.kind = kind
    self.allowsNull = allowsNull
    self.defaultValue = defaultValue
    self.meaning = meaning
  }

  /// The value in this declaration's own type (5.0 becomes 5 for a whole number, 1 becomes 1.0 for a real one), or what is wrong with it.
  public func checked(_ value: ParameterValue) -> Result<ParameterValue, Diagnostic> {
    func refuse(_ remedy: String) -> Result<ParameterValue, Diagnostic> {
      if case .text(let text) = value, text.first?.isNumber == true, !text.hasPrefix("0") || text.contains("."), Double(text)?.isFinite == true {
        return .failure(Diagnostic("\(name) is the text \(shown(value))", remedy: "write it without quotes"))
      }
      return .failure(Diagnostic("\(name) is \(shown(value))", remedy: "use \(remedy)\(allowsNull ? ", or null" : "")"))
    }
    switch (kind, value) {
    case (_, .null) where allowsNull:
      return .success(.null)
    case (.integer(let range), _):
      let whole = if case .integer(let exact) = value { exact } else { value.number.flatMap { Int(exactly: $0) } }
      guard let whole, range.contains(whole) else {
        return refuse("a whole number of \(range.lowerBound) to \(range.upperBound)")
      }
      return .success(.integer(whole))
    case (.real(let above, let from, let upTo), _):
      let bounds = [above.map { "above \($0)" }, from.map { "of at least \($0)" }, upTo.map { "up to \($0)" }].compactMap { $0 }
      guard let number = value.number, number.isFinite, above.map({ number > $0 }) ?? true, from.map({ number >= $0 }) ?? true,
        upTo.map({ number <= $0 }) ?? true
      else { return refuse((["a number"] + bounds).joined(separator: " ")) }
      return .success(.real(number))
    case (.truth, .bool):
      return .success(value)
    case (.truth, _):
      return refuse("true or false")
    case (.choice(let names), .text(let name)) where names.contains(name):
      return .success(value)
    case (.choice(let names), _):
      if case .text(let name) = value, let nearest = nearest(to: name, in: names) {
        return refuse("'\(nearest)'; known: \(names.joined(separator: ", "))")
      }
      return refuse("one of \(names.joined(separator: ", "))")
    }
  }

  private func shown(_ value: ParameterValue) -> String {
    if case .text(let text) = value { "'\(text)'" } else { value.description }
  }
}

// In JSON a domain looks as in a sweep file. Databases keep it, so old texts must be readable for ever.
extension Parameter.Domain: Codable {
  private enum CodingKeys: CodingKey { case value, values, probabilities, min, max, distribution }

  public init(from decoder: any Decoder) throws {
    let keyed = try decoder.container(keyedBy: CodingKeys.self)
    func given(_ key: CodingKeys) throws -> ParameterValue? { keyed.contains(key) ? try keyed.decode(ParameterValue.self, forKey: key) : nil }
    if let value = try given(.value) {
      self = .constant(value)
    } else if keyed.contains(.values) {
      let values = try keyed.decode([ParameterValue].self, forKey: .values)
      let probabilities = try keyed.decodeIfPresent([Double].self, forKey: .probabilities)
      self = probabilities.map { .weighted(values, $0) } ?? .values(values)
    } else if keyed.contains(.distribution) {
      self = .distribution(try Distribution(from: decoder))
    } else {
      switch (try given(.min), try given(.max)) {
      case (.integer(let min)?, .integer(let max)?): self = .integers(min: min, max: max)
      case (.real(let min)?, .real(let max)?): self = .reals(min: min, max: max)
      default:
        throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "a domain has value, values, or min and max"))
      }
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var keyed = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .constant(let value): try keyed.encode(value, forKey: .value)
    case .values(let values): try keyed.encode(values, forKey: .values)
    case .weighted(let values, let probabilities):
      try keyed.encode(values, forKey: .values)
      try keyed.encode(probabilities, forKey: .probabilities)
    case .distribution(let distribution): try distribution.encode(to: encoder)
    case .integers(let min, let max):
      try keyed.encode(ParameterValue.integer(min), forKey: .min)
      try keyed.encode(ParameterValue.integer(max), forKey: .max)
    case .reals(let min, let max):
      try keyed.encode(ParameterValue.real(min), forKey: .min)
      try keyed.encode(ParameterValue.real(max), forKey: .max)
    }
  }
}

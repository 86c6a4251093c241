// A parameter of a search space, and what an executor says of the parameters it takes.
// Everything that can be set is a parameter, constant or swept; checks happen once, in the loader, by `ParameterDeclaration`.

/// A named dimension of the search space.
public struct Parameter: Sendable, Hashable {
  public let name: String
  public let domain: Domain

  public init(_ name: String, _ domain: Domain) {
    self.name = name
    self.domain = domain
  }

  /// The values a parameter can take.
  public enum Domain: Sendable, Hashable {
    case constant(ParameterValue)
    /// One of the listed values, none of which means the same as another; at least one.
    case values([ParameterValue])
    /// Any whole number of `min...max`, both ends included; `min < max`.
    case integers(min: Int, max: Int)
    /// Any real number of `min...max`; `min < max`, both finite. A grid cannot enumerate it.
    case reals(min: Double, max: Double)

    /// How many values there are; nil where they cannot be counted.
    public var count: Int? {
      switch self {
      case .constant: 1
      case .values(let values): values.count
      case .integers(let min, let max): max - min + 1
      case .reals: nil
      }
    }

    /// The value at a position of the enumeration; constant time. Traps for `reals`.
    public func value(at index: Int) -> ParameterValue {
      switch self {
      case .constant(let value): return value
      case .values(let values): return values[index]
      case .integers(let min, _): return .integer(min + index)
      case .reals: preconditionFailure("a range of real numbers has no enumeration")
      }
    }

    /// The listed values; of a range, its ends.
    public var landmarks: [ParameterValue] {
      switch self {
      case .constant(let value): [value]
      case .values(let values): values
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
  private enum CodingKeys: CodingKey { case value, values, min, max }

  public init(from decoder: any Decoder) throws {
    let keyed = try decoder.container(keyedBy: CodingKeys.self)
    func given(_ key: CodingKeys) throws -> ParameterValue? { keyed.contains(key) ? try keyed.decode(ParameterValue.self, forKey: key) : nil }
    if let value = try given(.value) {
      self = .constant(value)
    } else if keyed.contains(.values) {
      self = .values(try keyed.decode([ParameterValue].self, forKey: .values))
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
    case .integers(let min, let max):
      try keyed.encode(ParameterValue.integer(min), forKey: .min)
      try keyed.encode(ParameterValue.integer(max), forKey: .max)
    case .reals(let min, let max):
      try keyed.encode(ParameterValue.real(min), forKey: .min)
      try keyed.encode(ParameterValue.real(max), forKey: .max)
    }
  }
}

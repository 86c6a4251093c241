// One value of one parameter, as a sweep file spells it and a trial receives it.
// Values travel from the loader through the planner into the `parameters` column and back; their JSON text is canonical, so equal
// assignments have equal text. No arithmetic happens here.

/// A value of a parameter: null, a truth value, a number, a text, or for a program's parameters a list or a mapping of such values.
public enum ParameterValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case integer(Int)
  /// No NaN: the loader makes a text of it.
  case real(Double)
  case text(String)
  case list([ParameterValue])
  /// By name ascending, each name once: `mapping(of:)` makes it so.
  case mapping([Member])

  /// A member of a mapping.
  public struct Member: Sendable, Hashable {
    public let name: String
    public let value: ParameterValue

    public init(_ name: String, _ value: ParameterValue) { (self.name, self.value) = (name, value) }
  }

  /// A mapping; of members with one name the last counts.
  public static func mapping(of members: some Sequence<(String, ParameterValue)>) -> ParameterValue {
    let last = Dictionary(members.map { ($0, $1) }) { $1 }
    return .mapping(last.sorted { $0.key < $1.key }.map { Member($0.key, $0.value) })
  }

  /// The value as a number, where it is one (`true` and texts are not).
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    case .null, .bool, .text, .list, .mapping: nil
    }
  }

  /// Whether both mean the same: `3e6` and `3000000` do, `1` and `true` do not, nor, as with W&B, do `[1]` and `[1.0]`.
  public func means(_ other: ParameterValue) -> Bool {
    if case .integer(let mine) = self, case .integer(let theirs) = other { return mine == theirs }
    if let mine = number, let theirs = other.number { return mine == theirs }
    return self == other
  }
}

extension ParameterValue: CustomStringConvertible {
  /// The value as a person reads it: texts without quotes, numbers in their shortest exact form.
  public var description: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .real(let value): value.description
    case .text(let value): value
    case .list, .mapping: json
    }
  }
}

extension ParameterValue {
  /// The canonical JSON text: the shortest digits that read back as the same number, no optional escapes, no spaces.
  /// An infinite number is 9e999, and what is none is null.
  public var json: String {
    var bytes: [UInt8] = []
    JSONText.append(self, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Reads any JSON text; nil where it is none. Of members with one name the last counts; NaN and infinity are no JSON.
  public init?(json text: String) {
    guard let value = JSONText.value(of: text) else { return nil }
    self = value
  }
}

// In JSON a value is itself, but for a real number that is whole (JSON's writers and readers do not tell 1.0 from 1, and a trial's text does)
// and for a mapping, which must not look like one.
extension ParameterValue: Codable {
  fileprivate enum CodingKeys: CodingKey { case real, mapping }

  public init(from decoder: any Decoder) throws {
    if let keyed = try? decoder.container(keyedBy: CodingKeys.self) {
      self =
        keyed.contains(.real)
        ? .real(try keyed.decodeReal())
        : .mapping(of: try keyed.decode([String: ParameterValue].self, forKey: .mapping).map { ($0, $1) })
      return
    }
    if var elements = try? decoder.unkeyedContainer() {
      var list: [ParameterValue] = []
      while !elements.isAtEnd { list.append(try elements.decode(ParameterValue.self)) }
      self = .list(list)
      return
    }
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .real(value)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    if case .real(let value) = self, value == value.rounded() {
      var keyed = encoder.container(keyedBy: CodingKeys.self)
      return value.isFinite ? try keyed.encode(value, forKey: .real) : try keyed.encode(value.description, forKey: .real)
    }
    if case .mapping(let members) = self {
      var keyed = encoder.container(keyedBy: CodingKeys.self)
      return try keyed.encode(Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) }), forKey: .mapping)
    }
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .real(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .list(let values): try container.encode(values)
    case .mapping: preconditionFailure("written above")
    }
  }
}

extension KeyedDecodingContainer<ParameterValue.CodingKeys> {
  /// A whole number, or the text of an infinite one.
  fileprivate func decodeReal() throws -> Double {
    if let number = try? decode(Double.self, forKey: .real) { return number }
    let text = try decode(String.self, forKey: .real)
    guard let number = Double(text) else {
      throw DecodingError.dataCorruptedError(forKey: .real, in: self, debugDescription: "'\(text)' is no number")
    }
    return number
  }
}

// One value of one parameter, as a sweep file spells it and a trial receives it.
// Values travel from the loader through the planner into the `parameters` column and back; their JSON text is canonical, so equal
// assignments have equal text. No arithmetic happens here.

/// A value of a parameter: null, a truth value, a number or a text.
public enum ParameterValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case integer(Int)
  /// Finite: the loader refuses NaN and infinity.
  case real(Double)
  case text(String)

  /// The value as a number, where it is one (`true` and texts are not).
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    case .null, .bool, .text: nil
    }
  }

  /// Whether both mean the same: `3e6` and `3000000` do, `1` and `true` do not.
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
    }
  }
}

extension ParameterValue {
  /// The canonical JSON text: the shortest digits that read back as the same number, and no optional escapes.
  public var json: String {
    if case .text(let value) = self { JSONText.quoted(value) } else { description }
  }
}

// In JSON a value is itself, but for a real number that is whole: JSON's writers and readers do not tell 1.0 from 1, and a trial's text does.
extension ParameterValue: Codable {
  private enum CodingKeys: CodingKey { case real }

  public init(from decoder: any Decoder) throws {
    if let keyed = try? decoder.container(keyedBy: CodingKeys.self) {
      self = .real(try keyed.decode(Double.self, forKey: .real))
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
      return try keyed.encode(value, forKey: .real)
    }
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .real(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    }
  }
}

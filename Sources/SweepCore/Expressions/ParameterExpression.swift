// A small expression over parameters: what `when:` and `exclude:` of a sweep file say, and how a value is computed from others.
// The loader checks it once, samplers and planner ask it for each point. It has no loops and no names but parameters, so it always ends.
// `ParameterExpressionParser` reads it, `ParameterExpression+Check` types it, `ParameterExpression+Value` computes it.

/// An expression such as `optimizer == "sgd" and momentum > 0.5`, in the manner of Python.
///
/// Values: `1`, `1e-5`, `.5`, `'text'`, `"text"`, `true`, `false`, `null` (also `True`, `False`, `None`), `[1, 2]`. Parameters: `lr`,
/// `optimizer.lr`, and between backticks those with other characters: `` `weight-decay` ``. Operators, the loosest first: `a if c else b`,
/// `or` (`||`), `and` (`&&`), `not`, `== != < <= > >= in`, `not in` (chained as in Python: `1 < a <= 3`), `+ -`, `* / // %`, unary `-` and `!`,
/// `**`. Functions: `Function.allCases`.
///
/// A parameter that is not there is null. Null equals null alone, is in no order with anything (`null > 1` is false), counts as false, and
/// arithmetic with it gives null: a condition over an absent parameter is false.
public struct ParameterExpression: Sendable {
  /// As it was written.
  public let text: String
  /// The parameters that it reads, sorted, each once.
  public let names: [String]
  let root: Node

  /// - Throws: `SweepError` that names the column, counted in characters from 1, at which the text is no expression.
  public init(_ text: String) throws(SweepError) {
    var parser = try ParameterExpressionParser(text)
    root = try parser.expression()
    names = parser.names.sorted()
    self.text = text
  }

  /// More is hardly written by a person.
  static let longest = 10_000
  /// Parentheses and the like inside each other: deeper ones are refused, not crashed on.
  static let deepest = 100

  /// The functions, by the name under which they are called.
  public enum Function: String, Sendable, CaseIterable {
    case min, max, abs, round, floor, ceil, sqrt, exp, log, log10, len, int, float, str
  }
}

extension ParameterExpression {
  /// A part of an expression, and the column of what names it: the operator, or the first character.
  struct Node: Sendable {
    indirect enum Kind: Sendable {
      case literal(ParameterValue)
      case name(String)
      case list([Node])
      case call(Function, [Node])
      case negative(Node)
      case not(Node)
      /// At least two.
      case any([Node])
      /// At least two.
      case all([Node])
      /// `a < b <= c`; at least one link.
      case comparison(Node, [Link<Comparison>])
      /// Operators of one precedence, from left to right; at least one.
      case arithmetic(Node, [Link<Arithmetic>])
      case conditional(condition: Node, then: Node, otherwise: Node)
    }
    let kind: Kind
    let column: Int
  }

  /// An operator and its right side. Long chains are lists, not deep trees, so that walking them takes no more stack.
  struct Link<Operator: Sendable>: Sendable {
    let operation: Operator
    let column: Int
    let right: Node
  }

  enum Comparison: String, Sendable {
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case within = "in"
    case notWithin = "not in"
  }

  enum Arithmetic: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case divideWhole = "//"
    case remainder = "%"
    case power = "**"
  }
}

extension ParameterExpression: Hashable, CustomStringConvertible {
  public static func == (one: ParameterExpression, other: ParameterExpression) -> Bool { one.text == other.text }

  public func hash(into hasher: inout Hasher) { hasher.combine(text) }

  public var description: String { text }
}

// In JSON an expression is its text.
extension ParameterExpression: Codable {
  public init(from decoder: any Decoder) throws {
    try self.init(try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

/// The kinds of values that something can have; a parameter with the values `auto` and `0.1` has two.
public struct ValueType: OptionSet, Sendable, Hashable, CustomStringConvertible {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let null = ValueType(rawValue: 1)
  public static let bool = ValueType(rawValue: 2)
  /// Whole or real.
  public static let number = ValueType(rawValue: 4)
  public static let text = ValueType(rawValue: 8)
  public static let list = ValueType(rawValue: 16)
  public static let mapping = ValueType(rawValue: 32)
  public static let any = ValueType(rawValue: 63)

  /// The kind of one value.
  public init(of value: ParameterValue) {
    self =
      switch value {
      case .null: .null
      case .bool: .bool
      case .integer, .real: .number
      case .text: .text
      case .list: .list
      case .mapping: .mapping
      }
  }

  /// "a number or a text"
  public var description: String {
    let names: [(ValueType, String)] = [
      (.bool, "true or false"), (.number, "a number"), (.text, "a text"), (.list, "a list"), (.mapping, "a mapping"), (.null, "null"),
    ]
    let mine = names.filter { contains($0.0) }.map(\.1)
    return mine.isEmpty ? "nothing" : mine.joined(separator: " or ")
  }
}

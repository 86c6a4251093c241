// The value of an expression for one point. Whole numbers stay whole as in Python, but become real where they leave 64 bits.
// Everything here is plain arithmetic, exactly specified, with an exponential and a logarithm of our own: the bits are the same on every machine.

import SweepNumerics

extension ParameterExpression {
  /// The value, given those of the parameters; one that is nil is null.
  /// - Throws: `SweepError` for a division by zero, a number beyond all bounds, and operands that do not fit.
  public func value(_ parameter: (String) -> ParameterValue?) throws(SweepError) -> ParameterValue {
    try value(root, parameter)
  }

  /// Whether it holds; null does not.
  /// - Throws: as `value`, and where it is neither true nor false nor null.
  public func isTrue(_ parameter: (String) -> ParameterValue?) throws(SweepError) -> Bool {
    try isTrue(root, parameter)
  }

  private func isTrue(_ node: Node, _ parameter: (String) -> ParameterValue?) throws(SweepError) -> Bool {
    switch try value(node, parameter) {
    case .bool(let isTrue): return isTrue
    case .null: return false
    case let other: throw error("a condition is \(shown(other)), not true or false,", at: node.column)
    }
  }

  private func error(_ problem: String, at column: Int, remedy: String? = nil) -> SweepError {
    SweepError(.input, "\(problem) at column \(column)", place: Self.place(text), remedy: remedy)
  }

  private func shown(_ value: ParameterValue) -> String {
    if case .text(let text) = value { "'\(text)'" } else { value.description }
  }

  private func value(_ node: Node, _ parameter: (String) -> ParameterValue?) throws(SweepError) -> ParameterValue {
    switch node.kind {
    case .literal(let value): return value
    case .name(let name): return parameter(name) ?? .null
    case .list(let elements): return .list(try values(elements, parameter))
    case .call(let function, let arguments): return try call(function, try values(arguments, parameter), at: node.column)
    case .negative(let operand):
      let value = try value(operand, parameter)
      switch value {
      case .null: return .null
      case .integer(.min): return .real(-Double(Int.min))
      case .integer(let number): return .integer(-number)
      case .real(let number): return .real(-number)
      default: throw error("cannot negate \(shown(value))", at: node.column)
      }
    case .not(let operand): return .bool(!(try isTrue(operand, parameter)))
    case .any(let parts):
      for part in parts where try isTrue(part, parameter) { return .bool(true) }
      return .bool(false)
    case .all(let parts):
      for part in parts where !(try isTrue(part, parameter)) { return .bool(false) }
      return .bool(true)
    case .comparison(let first, let links):
      var left = try value(first, parameter)
      for link in links {
        let right = try value(link.right, parameter)
        guard try holds(left, link.operation, right, at: link.column) else { return .bool(false) }
        left = right
      }
      return .bool(true)
    case .arithmetic(let first, let links):
      var left = try value(first, parameter)
      for link in links { left = try result(left, link.operation, try value(link.right, parameter), at: link.column) }
      return left
    case .conditional(let condition, let then, let otherwise):
      return try value(try isTrue(condition, parameter) ? then : otherwise, parameter)
    }
  }

  private func values(_ nodes: [Node], _ parameter: (String) -> ParameterValue?) throws(SweepError) -> [ParameterValue] {
    var values: [ParameterValue] = []
    for node in nodes { values.append(try value(node, parameter)) }
    return values
  }

  // MARK: Comparing

  private func holds(_ left: ParameterValue, _ operation: Comparison, _ right: ParameterValue, at column: Int) throws(SweepError) -> Bool {
    switch operation {
    case .equal: return left.means(right)
    case .unequal: return !left.means(right)
    case .less: return try isOrdered(left, right, at: column, by: <, by: <)
    case .lessOrEqual: return try isOrdered(left, right, at: column, by: <=, by: <=)
    case .greater: return try isOrdered(left, right, at: column, by: >, by: >)
    case .greaterOrEqual: return try isOrdered(left, right, at: column, by: >=, by: >=)
    case .within: return try isWithin(left, right, at: column)
    case .notWithin: return !(try isWithin(left, right, at: column))
    }
  }

  private func isOrdered(
    _ left: ParameterValue, _ right: ParameterValue, at column: Int, by numbers: (Double, Double) -> Bool, by texts: (String, String) -> Bool
  ) throws(SweepError) -> Bool {
    switch (left, right) {
    case (.null, _), (_, .null): return false
    case (.text(let left), .text(let right)): return texts(left, right)
    // Beyond 2⁵³ two whole numbers can be one real number: their difference tells them apart.
    case (.integer(let left), .integer(let right)): return numbers(left < right ? -1 : left > right ? 1 : 0, 0)
    default:
      guard let left = left.number, let right = right.number else {
        throw error("cannot compare \(shown(left)) with \(shown(right)) for order", at: column)
      }
      return numbers(left, right)
    }
  }

  /// In a list as an element, in a text as a part, in a mapping as a name. Nothing is in null.
  private func isWithin(_ left: ParameterValue, _ right: ParameterValue, at column: Int) throws(SweepError) -> Bool {
    switch (left, right) {
    case (_, .null): return false
    case (_, .list(let values)): return values.contains { $0.means(left) }
    case (.text(let part), .text(let whole)): return part.isEmpty || whole.contains(part)
    case (.text(let name), .mapping(let members)): return members.contains { $0.name == name }
    case (.null, .text), (.null, .mapping): return false
    default: throw error("\(shown(left)) cannot be in \(shown(right))", at: column)
    }
  }

  // MARK: Arithmetic

  private func result(
    _ left: ParameterValue, _ operation: Arithmetic, _ right: ParameterValue, at column: Int
  ) throws(SweepError) -> ParameterValue {
    switch (left, operation, right) {
    case (.null, _, _), (_, _, .null): return .null
    case (.text(let left), .add, .text(let right)): return .text(left + right)
    case (.list(let left), .add, .list(let right)): return .list(left + right)
    default: break
    }
    guard let one = left.number, let other = right.number else {
      throw error(operation.problem(shown(left), shown(right)), at: column)
    }
    let divides = operation == .divide || operation == .divideWhole || operation == .remainder
    if divides && other == 0 || operation == .power && one == 0 && other < 0 {
      throw error("division by zero", at: column, remedy: "ask before, as in b != 0 and a / b > 1")
    }
    if case .integer(let one) = left, case .integer(let other) = right, let exact = Self.whole(one, operation, other) { return .integer(exact) }
    switch operation {
    case .add: return try real(one + other, at: column)
    case .subtract: return try real(one - other, at: column)
    case .multiply: return try real(one * other, at: column)
    case .divide: return try real(one / other, at: column)
    case .divideWhole: return try real(Self.quotient(one, other).whole, at: column)
    case .remainder: return try real(Self.quotient(one, other).remainder, at: column)
    case .power:
      guard let power = Self.power(one, other) else {
        throw error("a negative number has no real power of \(other)", at: column)
      }
      return try real(power, at: column)
    }
  }

  private func real(_ value: Double, at column: Int) throws(SweepError) -> ParameterValue {
    guard value.isFinite else { throw error("the result is \(value.isNaN ? "not a number" : "too large")", at: column) }
    return .real(value)
  }

  /// Whole numbers stay whole; nil where they cannot.
  private static func whole(_ one: Int, _ operation: Arithmetic, _ other: Int) -> Int? {
    func fitting(_ result: (partialValue: Int, overflow: Bool)) -> Int? { result.overflow ? nil : result.partialValue }
    switch operation {
    case .add: return fitting(one.addingReportingOverflow(other))
    case .subtract: return fitting(one.subtractingReportingOverflow(other))
    case .multiply: return fitting(one.multipliedReportingOverflow(by: other))
    case .divide: return nil
    case .divideWhole:
      // Rounds down, as in Python.
      guard let quotient = fitting(one.dividedReportingOverflow(by: other)) else { return nil }
      return one % other != 0 && (one < 0) != (other < 0) ? quotient - 1 : quotient
    case .remainder:
      let remainder = one.remainderReportingOverflow(dividingBy: other).partialValue
      return remainder != 0 && (remainder < 0) != (other < 0) ? remainder + other : remainder
    case .power:
      guard other >= 0 else { return nil }
      if one == 0 || one == 1 { return other == 0 ? 1 : one }
      if one == -1 { return other % 2 == 0 ? 1 : -1 }
      guard other < Int.bitWidth else { return nil }
      var power = 1
      for _ in 0..<other {
        guard let next = fitting(power.multipliedReportingOverflow(by: one)) else { return nil }
        power = next
      }
      return power
    }
  }

  /// The quotient rounded down and the remainder with the divisor's sign, as Python's `//` and `%`: 1.0 // 0.1 is 9.
  private static func quotient(_ one: Double, _ other: Double) -> (whole: Double, remainder: Double) {
    var remainder = one.truncatingRemainder(dividingBy: other)
    var quotient = (one - remainder) / other
    if remainder != 0, (remainder < 0) != (other < 0) {
      remainder += other
      quotient -= 1
    }
    let whole = quotient.rounded(.down)
    return (quotient - whole > 0.5 ? whole + 1 : whole, remainder)
  }

  // MARK: Functions

  private func call(_ function: Function, _ arguments: [ParameterValue], at column: Int) throws(SweepError) -> ParameterValue {
    guard let argument = arguments.first else { preconditionFailure("the parser counts arguments") }
    func misfit() -> SweepError { error("\(function.rawValue) of \(shown(argument)) makes no sense", at: column) }
    if function == .str { return .text(argument.description) }
    if function == .min || function == .max { return try extreme(function, arguments, at: column) }
    if argument == .null { return .null }
    switch (function, argument) {
    case (.len, .text(let text)): return .integer(text.unicodeScalars.count)
    case (.len, .list(let values)): return .integer(values.count)
    case (.len, .mapping(let members)): return .integer(members.count)
    case (.int, .bool(let value)): return .integer(value ? 1 : 0)
    case (.float, .bool(let value)): return .real(value ? 1 : 0)
    case (.int, .text(let text)):
      guard let value = Int(text) else { throw misfit() }
      return .integer(value)
    case (.float, .text(let text)):
      guard let value = Double(text), value.isFinite else { throw misfit() }
      return .real(value)
    case (.abs, .integer(let value)) where value != .min: return .integer(abs(value))
    case (.int, .integer), (.round, .integer), (.floor, .integer), (.ceil, .integer): return argument
    default: break
    }
    guard let number = argument.number else { throw misfit() }
    func whole(_ rounded: Double) -> ParameterValue { Int(exactly: rounded).map(ParameterValue.integer) ?? .real(rounded) }
    switch function {
    case .abs: return .real(abs(number))
    case .round: return whole(number.rounded(.toNearestOrEven))
    case .floor: return whole(number.rounded(.down))
    case .ceil: return whole(number.rounded(.up))
    case .int: return whole(number.rounded(.towardZero))
    case .float: return .real(number)
    case .sqrt:
      guard number >= 0 else { throw misfit() }
      return .real(number.squareRoot())
    case .exp: return try real(Self.exponential(number), at: column)
    case .log:
      guard number > 0 else { throw misfit() }
      return .real(exactLogarithm(number))
    case .log10:
      guard number > 0 else { throw misfit() }
      return .real(Self.decimalLogarithm(number))
    case .len, .min, .max, .str: throw misfit()
    }
  }

  /// The least or the greatest of several values, or of one list; all numbers or all texts. Null where one of them is null.
  private func extreme(_ function: Function, _ arguments: [ParameterValue], at column: Int) throws(SweepError) -> ParameterValue {
    var values = arguments
    if arguments.count == 1, case .list(let elements) = arguments[0] { values = elements }
    guard var best = values.first else { throw error("\(function.rawValue) of an empty list makes no sense", at: column) }
    if values.contains(.null) { return .null }
    guard values.allSatisfy({ $0.number != nil }) || values.allSatisfy({ ValueType(of: $0) == .text }) else {
      throw error("\(function.rawValue) of \(values.map(shown).joined(separator: " and ")) makes no sense", at: column)
    }
    for value in values.dropFirst() where try holds(value, function == .min ? .less : .greater, best, at: column) { best = value }
    return best
  }
}

extension ParameterExpression {
  /// x to the power of y: whole powers by squaring, the fraction of y by exp(y ln x), so that few digits are lost (about 1e-15 of the result).
  /// nil for a negative x and a fraction; x is not 0 where y is negative.
  static func power(_ x: Double, _ y: Double) -> Double? {
    let whole = y.rounded(.toNearestOrEven)
    let fraction = y - whole
    if fraction != 0 {
      if x < 0 { return nil }
      if x == 0 { return 0 }
    }
    // Beyond 2⁶² only 0, 1 and infinity are left, and every such exponent is even.
    var exponent = Int(exactly: abs(whole)) ?? 1 << 62
    var (power, square) = (1.0, x)
    while exponent > 0 {
      if exponent & 1 == 1 { power *= square }
      exponent >>= 1
      if exponent > 0 { square *= square }
    }
    if whole < 0 { power = 1 / power }
    switch fraction {
    case 0: return power
    case 0.5: return power * x.squareRoot()
    case -0.5: return power / x.squareRoot()
    default: return power * exponential(fraction * exactLogarithm(x))
    }
  }

  /// eˣ: x = k ln 2 + r with |r| ≤ ½ ln 2, eʳ by its series; about one unit in the last place.
  static func exponential(_ x: Double) -> Double {
    if x > 710 { return .infinity }
    if x < -746 { return 0 }
    let k = (x / 0.6931471805599453).rounded()
    // ln 2 in two parts, so that k times the first is exact.
    let r = (x - k * 0x1.62e42feep-1) - k * 1.90821492927058770002e-10
    var sum = 1.0
    for n in stride(from: 18.0, through: 1, by: -1) { sum = 1 + r / n * sum }
    return Double(sign: .plus, exponent: Int(k), significand: sum)
  }

  /// Exact for powers of ten.
  static func decimalLogarithm(_ x: Double) -> Double {
    let logarithm = exactLogarithm(x) / 2.302585092994046
    let nearest = logarithm.rounded()
    return Double("1e\(Int(nearest))") == x ? nearest : logarithm
  }
}

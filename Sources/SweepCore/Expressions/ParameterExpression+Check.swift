// What can be said of an expression before anything runs: the type of its value, and what can never work.
// It complains only where no values that the parameters can have would do; the rest shows when a value is computed.

extension ParameterExpression {
  /// What is wrong with the expression, given the types of the parameters.
  /// - Parameters:
  ///   - known: the names of all parameters, to suggest the nearest for one that is unknown.
  ///   - isCondition: whether it must be true or false (or null, which counts as false), as for `when:` and `exclude:`.
  ///   - types: the types that a parameter can have; nil where there is no such parameter. One that can be absent has `.null` among them.
  public func check(known: [String] = [], isCondition: Bool = true, _ types: (String) -> ValueType?) -> [Diagnostic] {
    var checker = Checker(text: text, known: known)
    let type = checker.type(root, types)
    if isCondition { checker.requireCondition(type, at: root.column) }
    return checker.diagnostics
  }

  /// The types that its value can have, given those of the parameters; an unknown parameter can be anything.
  public func type(_ types: (String) -> ValueType?) -> ValueType {
    var checker = Checker(text: text, known: [])
    return checker.type(root, types)
  }

  private struct Checker {
    let text: String
    let known: [String]
    var diagnostics: [Diagnostic] = []

    private mutating func complain(_ problem: String, at column: Int, remedy: String? = nil) {
      diagnostics.append(Diagnostic("\(problem) at column \(column)", place: ParameterExpression.place(text), remedy: remedy))
    }

    mutating func requireCondition(_ type: ValueType, at column: Int) {
      guard type.isDisjoint(with: [.bool, .null]) else { return }
      complain("a condition is \(type), not true or false,", at: column, remedy: "compare it with something, as in lr > 0.1")
    }

    /// After a complaint the type is `any`, so that one mistake is told once.
    mutating func type(_ node: Node, _ types: (String) -> ValueType?) -> ValueType {
      switch node.kind {
      case .literal(let value): return ValueType(of: value)
      case .name(let name):
        if let type = types(name) { return type }
        let unknown = Diagnostic.unknown("parameter", name, known: known)
        complain(unknown.problem, at: node.column, remedy: known.isEmpty ? nil : unknown.remedy)
        return .any
      case .list(let elements):
        for element in elements { _ = type(element, types) }
        return .list
      case .call(let function, let arguments): return call(function, arguments, node.column, types)
      case .negative(let operand):
        return required(type(operand, types), .number, at: node.column) { "cannot negate \($0)" }
      case .not(let operand):
        requireCondition(type(operand, types), at: operand.column)
        return .bool
      case .any(let parts), .all(let parts):
        for part in parts { requireCondition(type(part, types), at: part.column) }
        return .bool
      case .comparison(let first, let links):
        var left = type(first, types)
        for link in links {
          let right = type(link.right, types)
          compare(left, link.operation, right, at: link.column)
          left = right
        }
        return .bool
      case .arithmetic(let first, let links):
        var left = type(first, types)
        for link in links { left = result(left, link.operation, type(link.right, types), at: link.column) }
        return left
      case .conditional(let condition, let then, let otherwise):
        requireCondition(type(condition, types), at: condition.column)
        return type(then, types).union(type(otherwise, types))
      }
    }

    /// `wanted`, and null where the operand can be null.
    private mutating func required(_ type: ValueType, _ wanted: ValueType, at column: Int, _ problem: (ValueType) -> String) -> ValueType {
      if type.isDisjoint(with: wanted.union(.null)) {
        complain(problem(type), at: column)
        return .any
      }
      return (type.isDisjoint(with: wanted) ? [] : wanted.intersection([.number, .text])).union(type.intersection(.null))
    }

    private mutating func call(_ function: Function, _ arguments: [Node], _ column: Int, _ types: (String) -> ValueType?) -> ValueType {
      let given = arguments.map { type($0, types) }
      func problem(_ type: ValueType) -> String { "\(function.rawValue) of \(type) makes no sense" }
      switch function {
      case .abs, .round, .floor, .ceil, .sqrt, .exp, .log, .log10: return required(given[0], .number, at: column, problem)
      case .int, .float:
        _ = required(given[0], [.number, .text, .bool], at: column, problem)
        return ValueType.number.union(given[0].intersection(.null))
      case .str: return .text
      case .len:
        _ = required(given[0], [.text, .list, .mapping], at: column, problem)
        return ValueType.number.union(given[0].intersection(.null))
      case .min, .max:
        if given.count == 1, !given[0].isDisjoint(with: [.list, .null]) { return [.number, .text, .null] }
        let common = given.reduce(into: ValueType([.number, .text])) { common, type in
          if !type.contains(.null) { common.formIntersection(type) }
        }
        if common.isEmpty {
          complain("\(function.rawValue) of \(given.map(\.description).joined(separator: " and ")) makes no sense", at: column)
          return .any
        }
        return given.contains { $0.contains(.null) } ? common.union(.null) : common
      }
    }

    private mutating func compare(_ left: ValueType, _ operation: Comparison, _ right: ValueType, at column: Int) {
      switch operation {
      case .equal, .unequal: break
      case .less, .lessOrEqual, .greater, .greaterOrEqual:
        let works = !left.union(right).isDisjoint(with: .null) || !left.intersection(right).isDisjoint(with: [.number, .text])
        if !works { complain("cannot compare \(left) with \(right) for order", at: column) }
      case .within, .notWithin:
        if right.isDisjoint(with: [.list, .mapping, .text, .null]) {
          complain("nothing is in \(right)", at: column, remedy: "write a list after 'in', as in model in [\"resnet\", \"vit\"]")
        } else if right.isDisjoint(with: [.list, .null]), left.isDisjoint(with: [.text, .null]) {
          complain("\(left) cannot be in \(right)", at: column)
        }
      }
    }

    private mutating func result(_ left: ValueType, _ operation: Arithmetic, _ right: ValueType, at column: Int) -> ValueType {
      let works: ValueType = operation == .add ? [.number, .text, .list] : .number
      let common = left.intersection(right).intersection(works)
      let null = left.union(right).intersection(.null)
      guard common.isEmpty, null.isEmpty else { return common.union(null) }
      complain(operation.problem("\(left)", "\(right)"), at: column)
      return .any
    }
  }
}

extension ParameterExpression.Arithmetic {
  /// "cannot add a number and a text"
  func problem(_ left: String, _ right: String) -> String {
    switch self {
    case .add: "cannot add \(left) and \(right)"
    case .subtract: "cannot subtract \(right) from \(left)"
    case .multiply: "cannot multiply \(left) by \(right)"
    case .divide, .divideWhole, .remainder: "cannot divide \(left) by \(right)"
    case .power: "cannot raise \(left) to the power of \(right)"
    }
  }
}

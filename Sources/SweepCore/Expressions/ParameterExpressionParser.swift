// Reads the text of an expression: first its words, then, by recursive descent, what they say.
// It knows no types and no parameters; `ParameterExpression+Check` does.

/// Words of an expression, one after the other, and the grammar over them.
struct ParameterExpressionParser {
  private enum Word: Equatable {
    case value(ParameterValue)
    /// A name or a keyword.
    case word(String)
    /// A name between backticks.
    case quotedName(String)
    case symbol(String)
    case end
  }
  private struct Token {
    let word: Word
    /// As written.
    let text: String
    let column: Int
  }
  private typealias Node = ParameterExpression.Node

  private let text: String
  private var tokens: [Token] = []
  private var position = 0
  private var depth = 0
  /// The parameters seen so far.
  private(set) var names: Set<String> = []

  private static let keywords: Set = ["and", "or", "not", "in", "if", "else", "is"]
  private static let literals: [String: ParameterValue] = [
    "true": .bool(true), "True": .bool(true), "false": .bool(false), "False": .bool(false), "null": .null, "None": .null,
  ]

  init(_ text: String) throws(SweepError) {
    self.text = text
    guard text.utf8.count <= ParameterExpression.longest else {
      throw SweepError(.input, "an expression has \(text.utf8.count) bytes", remedy: "use at most \(ParameterExpression.longest)")
    }
    var scanner = Scanner(characters: Array(text), text: text)
    repeat { tokens.append(try scanner.next()) } while tokens.last?.word != .end
    if tokens.count == 1 { throw SweepError(.input, "the expression is empty", remedy: "write a condition such as lr > 0.1") }
  }

  /// The whole text.
  mutating func expression() throws(SweepError) -> ParameterExpression.Node {
    let root = try conditional()
    guard token.word == .end else { throw unexpected("an operator") }
    return root
  }

  // MARK: The grammar, the loosest operator first

  private mutating func conditional() throws(SweepError) -> Node {
    try descend()
    defer { depth -= 1 }
    let value = try disjunction()
    let column = token.column
    guard take(word: "if") else { return value }
    let condition = try disjunction()
    guard take(word: "else") else { throw unexpected("'else' and a value") }
    return Node(kind: .conditional(condition: condition, then: value, otherwise: try conditional()), column: column)
  }

  private mutating func disjunction() throws(SweepError) -> Node {
    let column = token.column
    var parts = [try conjunction()]
    while take(word: "or") || take("||") { parts.append(try conjunction()) }
    return parts.count == 1 ? parts[0] : Node(kind: .any(parts), column: column)
  }

  private mutating func conjunction() throws(SweepError) -> Node {
    let column = token.column
    var parts = [try negation()]
    while take(word: "and") || take("&&") { parts.append(try negation()) }
    return parts.count == 1 ? parts[0] : Node(kind: .all(parts), column: column)
  }

  private mutating func negation() throws(SweepError) -> Node {
    let column = token.column
    guard take(word: "not") else { return try comparison() }
    try descend()
    defer { depth -= 1 }
    return Node(kind: .not(try negation()), column: column)
  }

  private mutating func comparison() throws(SweepError) -> Node {
    let first = try sum()
    var links: [ParameterExpression.Link<ParameterExpression.Comparison>] = []
    while true {
      let column = token.column
      guard let operation = takeComparison() else { break }
      links.append(.init(operation: operation, column: column, right: try sum()))
    }
    return links.isEmpty ? first : Node(kind: .comparison(first, links), column: first.column)
  }

  private mutating func takeComparison() -> ParameterExpression.Comparison? {
    if case .symbol(let symbol) = token.word, let operation = ParameterExpression.Comparison(rawValue: symbol) {
      position += 1
      return operation
    }
    if take(word: "in") { return .within }
    guard token.word == .word("not"), tokens[position + 1].word == .word("in") else { return nil }
    position += 2
    return .notWithin
  }

  private mutating func sum() throws(SweepError) -> Node {
    var links: [ParameterExpression.Link<ParameterExpression.Arithmetic>] = []
    let first = try product()
    while let (operation, column) = takeArithmetic(["+", "-"]) { links.append(.init(operation: operation, column: column, right: try product())) }
    return links.isEmpty ? first : Node(kind: .arithmetic(first, links), column: first.column)
  }

  private mutating func product() throws(SweepError) -> Node {
    var links: [ParameterExpression.Link<ParameterExpression.Arithmetic>] = []
    let first = try unary()
    while let (operation, column) = takeArithmetic(["*", "/", "//", "%"]) {
      links.append(.init(operation: operation, column: column, right: try unary()))
    }
    return links.isEmpty ? first : Node(kind: .arithmetic(first, links), column: first.column)
  }

  private mutating func unary() throws(SweepError) -> Node {
    let column = token.column
    if take("-") { return Node(kind: .negative(try deeperUnary()), column: column) }
    if take("!") { return Node(kind: .not(try deeperUnary()), column: column) }
    if take("+") { return try deeperUnary() }
    let base = try primary()
    guard let (operation, place) = takeArithmetic(["**"]) else { return base }
    // To the right: 2 ** 3 ** 2 is 2 ** 9, and 2 ** -1 is one half.
    return Node(kind: .arithmetic(base, [.init(operation: operation, column: place, right: try deeperUnary())]), column: base.column)
  }

  private mutating func deeperUnary() throws(SweepError) -> Node {
    try descend()
    defer { depth -= 1 }
    return try unary()
  }

  private mutating func primary() throws(SweepError) -> Node {
    let start = token
    switch start.word {
    case .value(let value):
      position += 1
      return Node(kind: .literal(value), column: start.column)
    case .quotedName(let name):
      position += 1
      return parameter(name, start.column)
    case .word(let word) where !Self.keywords.contains(word):
      position += 1
      if let value = Self.literals[word] { return Node(kind: .literal(value), column: start.column) }
      return token.word == .symbol("(") ? try call(of: word, at: start.column) : parameter(word, start.column)
    case .symbol("["):
      position += 1
      return Node(kind: .list(try elements(until: "]")), column: start.column)
    case .symbol("("):
      position += 1
      if take(")") { return Node(kind: .list([]), column: start.column) }
      let inner = try conditional()
      guard take(",") else {
        guard take(")") else { throw unexpected("an operator or ')'") }
        return inner
      }
      // As in Python, values between parentheses are as good as a list.
      return Node(kind: .list([inner] + (try elements(until: ")"))), column: start.column)
    default: throw unexpected("a value")
    }
  }

  private mutating func parameter(_ name: String, _ column: Int) -> Node {
    names.insert(name)
    return Node(kind: .name(name), column: column)
  }

  private mutating func call(of name: String, at column: Int) throws(SweepError) -> Node {
    guard let function = ParameterExpression.Function(rawValue: name) else {
      let unknown = Diagnostic.unknown("function", name, known: ParameterExpression.Function.allCases.map(\.rawValue))
      throw SweepError(.input, "\(unknown.problem) at column \(column)", place: ParameterExpression.place(text), remedy: unknown.remedy)
    }
    position += 1
    let arguments = try elements(until: ")")
    let isRight = function == .min || function == .max ? !arguments.isEmpty : arguments.count == 1
    guard isRight else {
      let wanted = function == .min || function == .max ? "at least one value" : "one value"
      throw SweepError(.input, "\(name) at column \(column) takes \(wanted), not \(arguments.count)", place: ParameterExpression.place(text))
    }
    return Node(kind: .call(function, arguments), column: column)
  }

  /// Expressions with commas between, and the closing bracket.
  private mutating func elements(until closing: String) throws(SweepError) -> [Node] {
    var elements: [Node] = []
    while !take(closing) {
      elements.append(try conditional())
      guard take(",") || token.word == .symbol(closing) else { throw unexpected("',' or '\(closing)'") }
    }
    return elements
  }

  // MARK: Words

  private var token: Token { tokens[position] }

  private mutating func take(_ symbol: String) -> Bool { take(Word.symbol(symbol)) }
  private mutating func take(word: String) -> Bool { take(Word.word(word)) }
  private mutating func take(_ word: Word) -> Bool {
    guard token.word == word else { return false }
    position += 1
    return true
  }

  private mutating func takeArithmetic(_ symbols: [String]) -> (ParameterExpression.Arithmetic, Int)? {
    guard case .symbol(let symbol) = token.word, symbols.contains(symbol), let operation = ParameterExpression.Arithmetic(rawValue: symbol) else {
      return nil
    }
    defer { position += 1 }
    return (operation, token.column)
  }

  private mutating func descend() throws(SweepError) {
    depth += 1
    guard depth <= ParameterExpression.deepest else {
      throw SweepError(
        .input, "the expression is nested more than \(ParameterExpression.deepest) deep at column \(token.column)",
        place: ParameterExpression.place(text))
    }
  }

  /// "expected a value after '==' at column 12"
  private func unexpected(_ wanted: String) -> SweepError {
    let after = position > 0 ? " after '\(tokens[position - 1].text)'" : ""
    let found = token.word == .end ? "" : ", not '\(token.text)'"
    let isWord = { (word: String) in token.word == .word(word) }
    let remedy = isWord("is") ? "compare with ==, or != for 'is not'" : nil
    return SweepError(.input, "expected \(wanted)\(after) at column \(token.column)\(found)", place: ParameterExpression.place(text), remedy: remedy)
  }
}

extension ParameterExpression {
  /// The expression for an error, cut where it is long.
  static func place(_ text: String) -> String { text.count > 80 ? "\(text.prefix(79))…" : text }
}

extension ParameterExpressionParser {
  /// Cuts a text into words.
  private struct Scanner {
    let characters: [Character]
    let text: String
    var position = 0

    private static let symbols = [
      "**", "//", "==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", "!",
    ]
    /// What other languages write, and what is meant.
    private static let slips = ["=": "compare with ==", "&": "write and", "|": "write or", "^": "write ** for a power", "~": "write not"]

    mutating func next() throws(SweepError) -> Token {
      while let character = peek(), character.isWhitespace { position += 1 }
      let start = position
      guard let first = peek() else { return Token(word: .end, text: "", column: start + 1) }
      func token(_ word: Word) -> Token { Token(word: word, text: String(characters[start..<position]), column: start + 1) }
      if first.isDigit || first == "." && peek(1)?.isDigit == true { return token(.value(try number())) }
      if first.startsName { return token(.word(name())) }
      if first == "'" || first == "\"" { return token(.value(.text(try quoted(first)))) }
      if first == "`" { return token(.quotedName(try quoted(first))) }
      for symbol in Self.symbols where characters[start...].starts(with: symbol) {
        position += symbol.count
        return token(.symbol(symbol))
      }
      throw error("'\(first)' at column \(start + 1) is not part of an expression", remedy: Self.slips[String(first)])
    }

    private func peek(_ ahead: Int = 0) -> Character? { position + ahead < characters.count ? characters[position + ahead] : nil }

    private func error(_ problem: String, remedy: String? = nil) -> SweepError {
      SweepError(.input, problem, place: ParameterExpression.place(text), remedy: remedy)
    }

    /// An identifier, or several with dots between.
    private mutating func name() -> String {
      let start = position
      while let character = peek(), character.continuesName || character == "." && peek(1)?.continuesName == true { position += 1 }
      return String(characters[start..<position])
    }

    private mutating func number() throws(SweepError) -> ParameterValue {
      let start = position
      func digits() { while let character = peek(), character.isDigit || character == "_" { position += 1 } }
      digits()
      if peek() == "." {
        position += 1
        digits()
      }
      if peek() == "e" || peek() == "E" {
        let signed = peek(1) == "+" || peek(1) == "-"
        if peek(signed ? 2 : 1)?.isDigit == true {
          position += signed ? 2 : 1
          digits()
        }
      }
      while let character = peek(), character.continuesName || character == "." { position += 1 }
      let spelled = String(characters[start..<position])
      let plain = spelled.filter { $0 != "_" }
      if let value = Int(plain) { return .integer(value) }
      // Swift wants a digit on both sides of the point, and reads more than is a number here: 0x10.
      let middle = plain.replacing(".e", with: ".0e").replacing(".E", with: ".0E")
      let padded = (plain.hasPrefix(".") ? "0" : "") + middle + (plain.hasSuffix(".") ? "0" : "")
      guard padded.allSatisfy("0123456789.eE+-".contains), let value = Double(padded) else {
        throw error("'\(spelled)' at column \(start + 1) is neither a number nor a name", remedy: "write a name like that between backticks")
      }
      guard value.isFinite else { throw error("the number '\(spelled)' at column \(start + 1) is too large") }
      return .real(value)
    }

    /// What is between two quotes, or two backticks. As in Python, a backslash keeps a quote, makes \n and \t, and is itself before all others.
    private mutating func quoted(_ quote: Character) throws(SweepError) -> String {
      let start = position
      var result = ""
      position += 1
      while let character = peek(), character != quote {
        position += 1
        guard character == "\\", quote != "`", let escaped = peek() else {
          result.append(character)
          continue
        }
        position += 1
        switch escaped {
        case "n": result += "\n"
        case "t": result += "\t"
        case "\\", "'", "\"": result.append(escaped)
        default: result += "\\" + String(escaped)
        }
      }
      guard peek() == quote else { throw error("the \(quote) at column \(start + 1) has no end", remedy: "close it with another \(quote)") }
      position += 1
      if quote == "`", result.isEmpty { throw error("there is no name between the backticks at column \(start + 1)") }
      return result
    }
  }
}

extension Character {
  fileprivate var isDigit: Bool { ("0"..."9").contains(self) }
  fileprivate var startsName: Bool { isLetter || self == "_" }
  fileprivate var continuesName: Bool { startsName || isNumber }
}

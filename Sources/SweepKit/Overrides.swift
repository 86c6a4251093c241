// What the command line says about parameters: `lr=0.1,0.2 seed=range(5) +new=1 ~gone`, Hydra's grammar for the simple forms.
// Reads one argument at a time; whoever has the sweep file applies them to it. Interpolations and Hydra's other functions are refused.

import SweepCore

/// One argument that sets, adds or removes a parameter.
///
/// `name=VALUE` sets one that the file has, `+name=` adds one, `++name=` does either, `~name` removes one. A value is a number, `true`, `false`,
/// `null`, a text (bare, or between quotes), a list `[1, 2]` or a mapping `{a: 1}`; several with commas between, or `choice(a,b)`, are swept over,
/// and so are `range(stop)`, `range(start,stop)`, `range(start,stop,step)` (without the stop) and `interval(min,max)`.
package struct Override: Sendable, Equatable {
  package enum Action: Sendable, Equatable { case set, add, setOrAdd, remove }

  package enum Form: Sendable, Equatable {
    case value(ParameterValue)
    /// At least one.
    case values([ParameterValue])
    /// The first is below the second.
    case interval(ParameterValue, ParameterValue)
  }

  package let action: Action
  package let name: String
  /// nil for `remove`.
  package let domain: Form?

  /// More values than that are hardly meant by one argument.
  package static let mostValues = 200_000

  /// Bytes. Linux takes no longer argument either.
  private static let longest = 128 << 10

  /// - Throws: `SweepError` of kind `usage` that names the argument and the column, counted in characters from 1.
  package init(_ argument: String) throws(SweepError) {
    guard argument.utf8.count <= Self.longest else {
      throw SweepError(.usage, "an argument has \(argument.utf8.count) bytes, more than \(Self.longest)", remedy: "write it into the sweep file")
    }
    var reader = OverrideReader(argument)
    action =
      if reader.take("++") { .setOrAdd } else if reader.take("+") { .add } else if reader.take("~") { .remove } else { .set }
    name = try reader.name()
    guard reader.take("=") else {
      guard action == .remove else {
        throw reader.error("'\(argument)' sets nothing", remedy: "write \(name)=VALUE, or ~\(name) to remove the parameter")
      }
      domain = nil
      return
    }
    if action == .remove { throw reader.error("'\(argument)' removes a parameter and has a value", remedy: "write ~\(name)") }
    domain = try reader.form()
  }

  /// What is wrong with it for a sweep that has the parameters `known`: it sets or removes one that is not there, or adds one that is.
  package func problem(known: [String]) -> Diagnostic? {
    let isKnown = known.contains(name)
    switch action {
    case .setOrAdd: return nil
    case .add where isKnown: return Diagnostic("the sweep has the parameter '\(name)' already", place: "+\(name)", remedy: "write \(name)=")
    case .set where !isKnown:
      let unknown = Diagnostic.unknown("parameter", name, known: known, place: "\(name)=")
      return Diagnostic(unknown.problem, place: unknown.place, remedy: "\(unknown.remedy ?? ""); to add it write +\(name)=")
    case .remove where !isKnown: return .unknown("parameter", name, known: known, place: "~\(name)")
    case .add, .set, .remove: return nil
    }
  }
}

/// The grammar of one argument.
private struct OverrideReader {
  private let argument: String
  private let characters: [Character]
  private var position = 0
  private var depth = 0

  /// Lists and mappings inside each other.
  private static let deepest = 50
  private static let functions = ["choice", "range", "interval"]

  init(_ argument: String) { (self.argument, characters) = (argument, Array(argument)) }

  func error(_ problem: String, remedy: String? = nil) -> SweepError { SweepError(.usage, problem, place: argument, remedy: remedy) }

  private func unexpected(_ wanted: String) -> SweepError {
    let found = peek.map { "'\($0)'" } ?? "the end"
    return error("expected \(wanted) at column \(position + 1) of '\(argument)', not \(found)", remedy: "quote a text with such characters: 'a,b'")
  }

  private var peek: Character? { position < characters.count ? characters[position] : nil }

  mutating func take(_ text: String) -> Bool {
    guard characters[position...].starts(with: text) else { return false }
    position += text.count
    return true
  }

  private mutating func skipSpace() { while peek?.isWhitespace == true { position += 1 } }

  /// Up to the equals sign, with blanks around it dropped.
  mutating func name() throws(SweepError) -> String {
    let start = position
    while let character = peek, character != "=" { position += 1 }
    let name = String(characters[start..<position]).trimmed
    guard !name.isEmpty else { throw error("'\(argument)' names no parameter", remedy: "write NAME=VALUE") }
    if let odd = name.first(where: { $0.isWhitespace || "'\"()[]{},~+".contains($0) }) {
      throw error("'\(name)' is no name: it has a '\(odd)'", remedy: "write NAME=VALUE")
    }
    return name
  }

  /// What stands behind the equals sign.
  mutating func form() throws(SweepError) -> Override.Form {
    skipSpace()
    if peek == nil { return .value(.text("")) }
    if let function = try function() { return function }
    let values = try elements(until: nil)
    return values.count == 1 ? .value(values[0]) : .values(values)
  }

  // MARK: Functions

  private mutating func function() throws(SweepError) -> Override.Form? {
    let name = String(characters[position...].prefix { $0.isLetter || $0 == "_" })
    guard !name.isEmpty, position + name.count < characters.count, characters[position + name.count] == "(" else { return nil }
    guard Self.functions.contains(name) else {
      let unknown = Diagnostic.unknown("function", name, known: Self.functions, place: argument)
      throw SweepError(.usage, "\(unknown.problem) at column \(position + 1)", place: argument, remedy: unknown.remedy)
    }
    let column = position + 1
    position += name.count + 1
    skipSpace()
    let arguments = peek == ")" ? [] : try elements(until: ")")
    guard take(")") else { throw unexpected("',' or ')'") }
    skipSpace()
    guard peek == nil else { throw unexpected("the end after \(name)(…)") }
    switch name {
    case "choice":
      guard !arguments.isEmpty else { throw error("choice() has no values", remedy: "write choice(a,b)") }
      return .values(arguments)
    case "range": return .values(try range(arguments))
    default:
      guard arguments.count == 2, let low = arguments[0].number, let high = arguments[1].number, low < high else {
        throw error("interval(…) at column \(column) needs two numbers, the smaller first", remedy: "write interval(0.1,1)")
      }
      return .interval(arguments[0], arguments[1])
    }
  }

  /// The start and all that follow it, a step apart, before the stop.
  private func range(_ arguments: [ParameterValue]) throws(SweepError) -> [ParameterValue] {
    let numbers = arguments.compactMap(\.number)
    guard (1...3).contains(arguments.count), numbers.count == arguments.count else {
      throw error("range(…) needs one, two or three numbers", remedy: "write range(stop), range(start,stop) or range(start,stop,step)")
    }
    let start = numbers.count > 1 ? numbers[0] : 0
    let stop = numbers.count > 1 ? numbers[1] : numbers[0]
    let step = numbers.count > 2 ? numbers[2] : 1
    guard step != 0 else { throw error("the step of the range is 0", remedy: "use another step") }
    guard (stop - start) / step > 0 else { throw error("the range has no values", remedy: "the stop is not among the values") }
    guard (stop - start) / step <= Double(Override.mostValues) else {
      throw error("the range has more than \(Override.mostValues) values", remedy: "use interval(\(start),\(stop))")
    }
    let isWhole = arguments.allSatisfy { if case .integer = $0 { true } else { false } }
    // Counted in the last decimal place that is written, so that range(0,1,0.1) has the 0.3 that a person means and ends before 1.
    let scale = Self.scale(of: [start, stop, step])
    var values: [ParameterValue] = []
    for index in 0...Override.mostValues {
      let value =
        if let scale {
          ((start * scale).rounded() + Double(index) * (step * scale).rounded()) / scale
        } else { start.addingProduct(step, Double(index)) }
      guard step > 0 ? value < stop : value > stop else { break }
      values.append(isWhole ? .integer(Int(value)) : .real(value))
    }
    return values
  }

  /// The power of ten that makes all numbers whole, if they stay exact.
  private static func scale(of numbers: [Double]) -> Double? {
    var scale = 1.0
    for _ in 0...15 {
      if numbers.allSatisfy({ abs($0 * scale) < 0x1p52 && ($0 * scale).rounded() / scale == $0 }) { return scale }
      scale *= 10
    }
    return nil
  }

  // MARK: Values

  /// At least one value, with commas between; `closing` stays.
  private mutating func elements(until closing: Character?) throws(SweepError) -> [ParameterValue] {
    var values: [ParameterValue] = []
    repeat {
      values.append(try element(until: closing.map { [",", $0] } ?? [","]))
      skipSpace()
    } while take(",")
    guard peek == closing else { throw unexpected(closing.map { "',' or '\($0)'" } ?? "','") }
    return values
  }

  private mutating func element(until ends: Set<Character>) throws(SweepError) -> ParameterValue {
    skipSpace()
    switch peek {
    case "'", "\"": return .text(try quoted())
    case "[", "{":
      depth += 1
      defer { depth -= 1 }
      guard depth <= Self.deepest else { throw error("'\(argument)' is nested more than \(Self.deepest) deep") }
      return peek == "[" ? try list() : try mapping()
    default:
      let (text, isEscaped) = try bare(until: ends)
      return isEscaped ? .text(text) : YAMLScalar.value(of: text)
    }
  }

  private mutating func list() throws(SweepError) -> ParameterValue {
    position += 1
    skipSpace()
    if take("]") { return .list([]) }
    let values = try elements(until: "]")
    position += 1
    return .list(values)
  }

  private mutating func mapping() throws(SweepError) -> ParameterValue {
    position += 1
    var members: [(String, ParameterValue)] = []
    skipSpace()
    if take("}") { return .mapping(of: members) }
    repeat {
      skipSpace()
      let name = peek == "'" || peek == "\"" ? try quoted() : try bare(until: [":", ",", "}"]).text
      skipSpace()
      guard take(":") else { throw unexpected("':' and a value") }
      members.append((name, try element(until: [",", "}"])))
      skipSpace()
    } while take(",")
    guard take("}") else { throw unexpected("',' or '}'") }
    return .mapping(of: members)
  }

  /// A text between quotes; a backslash keeps the quote or another backslash.
  private mutating func quoted() throws(SweepError) -> String {
    let (start, quote) = (position, characters[position])
    var text = ""
    position += 1
    while let character = peek, character != quote {
      position += 1
      if character == "\\", let next = peek, next == quote || next == "\\" {
        text.append(next)
        position += 1
      } else {
        text.append(character)
      }
    }
    guard peek == quote else { throw error("the \(quote) at column \(start + 1) of '\(argument)' has no end", remedy: "close the quote") }
    position += 1
    return text
  }

  /// A text without quotes, blanks at its ends dropped; a backslash keeps a character that would end it.
  private mutating func bare(until ends: Set<Character>) throws(SweepError) -> (text: String, isEscaped: Bool) {
    let start = position
    var (text, isEscaped) = ("", false)
    while let character = peek, !ends.contains(character) {
      if character == "\\", position + 1 < characters.count, "\\()[]{}:=, \t'\"".contains(characters[position + 1]) {
        isEscaped = true
        text.append(characters[position + 1])
        position += 2
        continue
      }
      if character == "$", position + 1 < characters.count, characters[position + 1] == "{" {
        throw error("the interpolation at column \(position + 1) of '\(argument)' is not read", remedy: "quote it if the text is meant")
      }
      if "()[]{}'\"".contains(character) { throw unexpected("a plain value") }
      text.append(character)
      position += 1
    }
    guard position > start else { throw unexpected("a value") }
    return (text.trimmed, isEscaped)
  }
}

extension String {
  /// Without blanks at its ends.
  fileprivate var trimmed: String {
    let start = drop(while: \.isWhitespace)
    return String(start.prefix(start.count - start.reversed().prefix(while: \.isWhitespace).count))
  }
}

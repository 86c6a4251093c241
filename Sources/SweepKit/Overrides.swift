// What the command line says about parameters: `lr=0.1,0.2 seed=range(5) +new=1 ~gone`, Hydra's grammar for the simple forms.
// Reads one argument at a time; whoever has the sweep file applies them to it. Interpolations and Hydra's other functions are refused.

import SweepCore

/// One argument that sets, adds or removes a parameter.
///
/// `name=VALUE` sets one that the file has, `+name=` adds one, `++name=` does either, `~name` removes one. A value is a number, `true`, `false`,
/// `null`, a text (bare, or between quotes), a list `[1, 2]` or a mapping `{a: 1}`; several with commas between, or `choice(a,b)`, are swept over,
/// and so are `range(stop)`, `range(start,stop)`, `range(start,stop,step)` (without the stop; `step=2` names one) and `interval(min,max)`.
/// `tag(log, …)` draws an interval evenly in its logarithm, `int(…)` makes values or an interval whole; `float`, `str`, `bool`, `sort` and `shuffle` are Hydra's.
/// A name that has other characters stands between quotes: `'+data.x'=1`.
package struct Override: Sendable, Equatable {
  package enum Action: Sendable, Equatable { case set, add, setOrAdd, remove }

  package enum Form: Sendable, Equatable {
    case value(ParameterValue)
    /// At least one.
    case values([ParameterValue])
    case interval(Interval)
  }

  /// The numbers between two.
  package struct Interval: Sendable, Equatable {
    /// Below `high`.
    package var low: ParameterValue
    package var high: ParameterValue
    package var isLogarithmic = false
    package var isWhole = false

    package init(_ low: ParameterValue, _ high: ParameterValue, isLogarithmic: Bool = false, isWhole: Bool = false) {
      (self.low, self.high, self.isLogarithmic, self.isWhole) = (low, high, isLogarithmic, isWhole)
    }

    /// As a sweep file calls it.
    package var distribution: String {
      isLogarithmic ? isWhole ? "q_log_uniform_values" : "log_uniform_values" : isWhole ? "int_uniform" : "uniform"
    }
  }

  package let action: Action
  package let name: String
  /// nil for `remove`.
  package let domain: Form?
  /// Bare values as they were written.
  package let scalars: [String]

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
      (domain, scalars) = (nil, [])
      return
    }
    if action == .remove { throw reader.error("'\(argument)' removes a parameter and has a value", remedy: "write ~\(name)") }
    domain = try reader.form()
    scalars = reader.scalars
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
  /// Bare values as they were written.
  private(set) var scalars: [String] = []

  /// Lists and mappings inside each other.
  private static let deepest = 50
  private static let functions = ["choice", "range", "interval", "tag", "int", "float", "str", "bool", "sort", "shuffle"]

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

  /// Up to the equals sign, with blanks around it dropped; or between quotes.
  mutating func name() throws(SweepError) -> String {
    if peek == "'" || peek == "\"" {
      let name = try quoted()
      skipSpace()
      if name.isEmpty { throw error("'\(argument)' names no parameter", remedy: "write NAME=VALUE") }
      return name
    }
    let start = position
    while let character = peek, character != "=" { position += 1 }
    let name = String(characters[start..<position]).trimmed
    guard !name.isEmpty else { throw error("'\(argument)' names no parameter", remedy: "write NAME=VALUE") }
    if let odd = name.first(where: { $0.isWhitespace || "'\"()[]{},~+".contains($0) }) {
      throw error(
        "'\(name)' is no name: it has a '\(odd)'", remedy: "write NAME=VALUE, and a name with such characters between quotes: \"'NAME'=VALUE\"")
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
    guard let form = try call() else { return nil }
    skipSpace()
    guard peek == nil else { throw unexpected("the end after \(name)(…)") }
    return form
  }

  /// A function with its arguments, which may be functions; nil where there is none.
  private mutating func call() throws(SweepError) -> Override.Form? {
    skipSpace()
    let name = String(characters[position...].prefix { $0.isLetter || $0 == "_" })
    guard !name.isEmpty, position + name.count < characters.count, characters[position + name.count] == "(" else { return nil }
    guard Self.functions.contains(name) else {
      let unknown = Diagnostic.unknown("function", name, known: Self.functions, place: argument)
      throw SweepError(.usage, "\(unknown.problem) at column \(position + 1)", place: argument, remedy: unknown.remedy)
    }
    let column = position + 1
    position += name.count + 1
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else { throw error("'\(argument)' is nested more than \(Self.deepest) deep") }
    switch name {
    case "choice":
      let (values, _) = try arguments(of: name)
      guard !values.isEmpty else { throw error("choice() has no values", remedy: "write choice(a,b)") }
      return .values(values)
    case "range": return .values(try range(try arguments(of: name, ["start", "stop", "step"])))
    case "interval":
      let (values, named) = try arguments(of: name, ["start", "end"])
      let (low, high) = (values.first ?? named["start"], values.count > 1 ? values[1] : named["end"])
      guard values.count + named.count == 2, let low, let high, let least = low.number, let most = high.number, least < most else {
        throw error("interval(…) at column \(column) needs two numbers, the smaller first", remedy: "write interval(0.1,1)")
      }
      return .interval(Override.Interval(low, high))
    case "tag": return try tagged(column)
    default: return try converted(name, column)
    }
  }

  /// `tag(log, interval(…))`: of the tags, log alone means something.
  private mutating func tagged(_ column: Int) throws(SweepError) -> Override.Form {
    var tags: [String] = []
    while true {
      if var form = try call() {
        try close("tag")
        if tags.contains("log"), case .interval(var interval) = form {
          guard let low = interval.low.number, low > 0 else {
            throw error("tag(log, …) at column \(column) needs an interval above 0", remedy: "write tag(log, interval(0.0001,0.1))")
          }
          interval.isLogarithmic = true
          form = .interval(interval)
        }
        return form
      }
      skipSpace()
      tags.append(try bare(until: [",", ")"]).text)
      guard take(",") else { throw error("tag(…) at column \(column) tags nothing", remedy: "write tag(log, interval(0.0001,0.1))") }
    }
  }

  /// `int(interval(1,8))`, `float(1,2)`, `sort(choice(3,1))`.
  private mutating func converted(_ name: String, _ column: Int) throws(SweepError) -> Override.Form {
    let form: Override.Form
    var named: [String: ParameterValue] = [:]
    if let inner = try call() {
      form = inner
      skipSpace()
      if take(",") { named = try arguments(of: name, ["reverse"]).named } else { try close(name) }
    } else {
      let values: [ParameterValue]
      (values, named) = try arguments(of: name, ["reverse"])
      guard !values.isEmpty else { throw error("\(name)() at column \(column) has no values", remedy: "write \(name)(1,2)") }
      form = values.count == 1 ? .value(values[0]) : .values(values)
    }
    func convert(_ value: ParameterValue) throws(SweepError) -> ParameterValue {
      switch name {
      case "int":
        if let number = value.number ?? Double(value.description), let whole = Int(exactly: number.rounded(.towardZero)) { return .integer(whole) }
      case "float": if let number = value.number ?? Double(value.description) { return .real(number) }
      case "str": return .text(value.description)
      case "bool":
        if case .bool = value { return value }
        if let number = value.number { return .bool(number != 0) }
      default: return value
      }
      throw error("\(name)(\(value)) at column \(column) is none", remedy: "write a value of that kind")
    }
    switch form {
    case .value(let value): return .value(try convert(value))
    case .values(let values):
      var converted: [ParameterValue] = []
      for value in values { converted.append(try convert(value)) }
      if name == "sort" {
        converted =
          converted.allSatisfy { $0.number != nil }
          ? converted.sorted { ($0.number ?? 0) < ($1.number ?? 0) } : converted.sorted { $0.description < $1.description }
        if named["reverse"] == .bool(true) { converted.reverse() }
      }
      return .values(converted)
    case .interval(var interval):
      if name == "int" {
        (interval.low, interval.high, interval.isWhole) = (try convert(interval.low), try convert(interval.high), true)
      } else if name == "float" {
        (interval.low, interval.high) = (try convert(interval.low), try convert(interval.high))
      } else {
        throw error("\(name)(interval(…)) at column \(column) is not read", remedy: "write interval(…), tag(log, interval(…)) or int(interval(…))")
      }
      return .interval(interval)
    }
  }

  /// What stands up to the end of a function: values, then those that have a name.
  private mutating func arguments(
    of function: String, _ known: [String] = []
  ) throws(SweepError) -> (values: [ParameterValue], named: [String: ParameterValue]) {
    var values: [ParameterValue] = []
    var named: [String: ParameterValue] = [:]
    skipSpace()
    while peek != ")" {
      let word = String(characters[position...].prefix { $0.isLetter })
      let after = characters[(position + word.count)...].first { !$0.isWhitespace }
      if !word.isEmpty, after == "=" {
        guard known.contains(word), named[word] == nil else {
          throw error("\(function)(…) has no \(word)", remedy: known.isEmpty ? "write the values alone" : "it has \(known.joined(separator: ", "))")
        }
        position += word.count
        skipSpace()
        _ = take("=")
        named[word] = try element(until: [",", ")"])
      } else {
        values.append(try element(until: [",", ")"]))
      }
      skipSpace()
      guard take(",") else { break }
      skipSpace()
    }
    try close(function)
    return (values, named)
  }

  private mutating func close(_ function: String) throws(SweepError) {
    skipSpace()
    guard take(")") else { throw unexpected("',' or ')' of \(function)(…)") }
  }

  /// The start and all that follow it, a step apart, before the stop.
  private func range(_ arguments: (values: [ParameterValue], named: [String: ParameterValue])) throws(SweepError) -> [ParameterValue] {
    // As in Python, one argument is the stop.
    let isStop = arguments.values.count == 1 && arguments.named["stop"] == nil
    let named = arguments.named.merging(zip(isStop ? ["stop"] : ["start", "stop", "step"], arguments.values).map { ($0, $1) }) { $1 }
    guard named.count == arguments.values.count + arguments.named.count, let last = named["stop"], named.values.allSatisfy({ $0.number != nil })
    else {
      throw error("range(…) needs one, two or three numbers", remedy: "write range(stop), range(start,stop) or range(start,stop,step)")
    }
    let (start, stop, step) = (named["start"]?.number ?? 0, last.number ?? 0, named["step"]?.number ?? 1)
    guard step != 0 else { throw error("the step of the range is 0", remedy: "use another step") }
    guard (stop - start) / step > 0 else { throw error("the range has no values", remedy: "the stop is not among the values") }
    guard (stop - start) / step <= Double(Override.mostValues) else {
      throw error("the range has more than \(Override.mostValues) values", remedy: "use interval(\(start),\(stop))")
    }
    let isWhole = named.values.allSatisfy { if case .integer = $0 { true } else { false } }
    // Counted in the last decimal place that is written, so that range(0,1,0.1) has the 0.3 that a person means and ends before 1.
    let scale = Self.scale(of: [start, stop, step])
    var values: [ParameterValue] = []
    for index in 0...Override.mostValues {
      let value =
        if let scale {
          ((start * scale).rounded() + Double(index) * (step * scale).rounded()) / scale
        } else { start.addingProduct(step, Double(index)) }
      guard step > 0 ? value < stop : value > stop else { break }
      guard !isWhole || abs(value) <= 0x1p53 else {
        throw error("the range has whole numbers beyond 2 to the power of 53", remedy: "list its values")
      }
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
      if !isEscaped, YAMLScalar.isTooLarge(text) {
        throw error("\(text) is a whole number of more than 64 bits", remedy: "quote it, so that it is handed over as it is: '\(text)'")
      }
      if isEscaped { return .text(text) }
      scalars.append(text)
      return YAMLScalar.value(of: text)
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

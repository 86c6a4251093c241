// What W&B's files cannot say: parameters that are in use only `when:` something holds, combinations to `exclude:`, parameters that `zip:`
// together, and explicit points to `include:` from a file. All of it becomes the constraints of the search space.

import Foundation
import SweepCore
import Yams

extension SweepFileReading {
  /// The names that `zip:` ties together, as far as they can be read.
  func isZipped(_ name: String) -> Bool { zippedNames.contains(name) }

  /// The search space of the parameters that were read, and of the file's constraints; nil where complaints made it impossible.
  mutating func withConstraints(
    _ parameters: [Parameter], _ top: [String: Node], declarations: [ParameterDeclaration]?, members: Node.Mapping?
  ) -> SearchSpace? {
    var (parameters, constraints) = (parameters, Constraints())
    if let node = top["include"] {
      let included = readInclude(node, declarations: declarations)
      let names = included.map(\.name)
      for name in names where members?[Node(name)] != nil {
        complain("\(name) is included, and listed under parameters, too", at: "include", remedy: "remove it from one of them")
      }
      parameters.removeAll { names.contains($0.name) }
      parameters += included
      if names.count > 1 { constraints.zips.append(names) }
    }
    guard Set(parameters.map(\.name)).count == parameters.count else {
      let twice = Dictionary(grouping: parameters, by: \.name).filter { $1.count > 1 }.keys.sorted()
      complain(
        "\(twice.joined(separator: ", ")) is the name of two parameters, one of them nested", at: "parameters", remedy: "rename one of them")
      return nil
    }
    readConditions(members, parameters, declarations: declarations, &constraints)
    if let node = top["zip"] { readZips(node, parameters, &constraints) }
    if let node = top["exclude"] { readExclusions(node, parameters, &constraints) }
    let circle = constraints.circle
    if !circle.isEmpty {
      complain("the conditions of \(circle.joined(separator: ", ")) depend on each other", at: "parameters", remedy: "break the circle")
    }
    return complaints.isEmpty ? SearchSpace(parameters, constraints: constraints) : nil
  }

  // MARK: when

  private mutating func readConditions(
    _ members: Node.Mapping?, _ parameters: [Parameter], declarations: [ParameterDeclaration]?, _ constraints: inout Constraints
  ) {
    for parameter in parameters {
      // Its own condition and those of what it is nested in must all hold.
      var (mapping, keyPath) = (members, "parameters")
      var conditions: [(text: String, place: String)] = []
      var otherwise: ParameterValue?
      for (level, name) in parameter.path.enumerated() {
        keyPath += level == 0 ? ".\(name)" : ".parameters.\(name)"
        guard let node = mapping?[Node(name)]?.mapping else { break }
        if let when = node["when"], let text = text(when, at: keyPath + ".when") { conditions.append((text, keyPath + ".when")) }
        if level == parameter.path.count - 1, let node = node["otherwise"] { otherwise = Self.value(node) }
        mapping = node["parameters"]?.mapping
      }
      if conditions.isEmpty {
        if otherwise != nil { complain("\(parameter.name) has 'otherwise' without 'when'", at: keyPath, remedy: "add a condition: when: 'a == 1'") }
        continue
      }
      let parsed = conditions.compactMap { expression($0.text, parameters, at: $0.place) }
      guard parsed.count == conditions.count else { continue }
      let joined = parsed.count == 1 ? parsed[0].text : parsed.map { "(\($0.text))" }.joined(separator: " and ")
      constraints.conditions[parameter.name] = expression(joined, parameters, at: keyPath)
      constraints.otherwise[parameter.name] = otherwise
      guard let declaration = declarations?.first(where: { $0.name == parameter.name }) else { continue }
      // A trainer that declares its parameters gets all of them.
      guard let value = otherwise ?? declaration.defaultValue else {
        complain("\(parameter.name) has no value when it is not in use", at: keyPath, remedy: "add 'otherwise: VALUE'")
        continue
      }
      switch declaration.checked(value) {
      case .success(let value): constraints.otherwise[parameter.name] = value
      case .failure(let diagnostic): complain(diagnostic, at: keyPath + ".otherwise")
      }
    }
  }

  /// An expression over the parameters.
  /// - Parameter isCondition: whether it is true or false.
  mutating func expression(
    _ text: String, _ parameters: [Parameter], at keyPath: String, isCondition: Bool = true
  ) -> ParameterExpression? {
    do throws(SweepError) {
      let expression = try ParameterExpression(text)
      let problems = expression.check(known: parameters.map(\.name), isCondition: isCondition) { name in
        // Any may be out of use.
        parameters.first { $0.name == name }.map { $0.domain.type.union(.null) }
      }
      for problem in problems { complain(Diagnostic("\(problem.problem) of '\(text)'", remedy: problem.remedy), at: keyPath) }
      return problems.isEmpty ? expression : nil
    } catch {
      for problem in error.diagnostics { complain(Diagnostic("\(problem.problem) of '\(text)'", remedy: problem.remedy), at: keyPath) }
      return nil
    }
  }

  // MARK: exclude

  private mutating func readExclusions(_ node: Node, _ parameters: [Parameter], _ constraints: inout Constraints) {
    let elements: [Node] = if case .sequence(let sequence) = node { Array(sequence) } else { [node] }
    for (index, element) in elements.enumerated() {
      let keyPath = "exclude[\(index)]"
      lines[keyPath] = element.mark?.line
      guard let text = element.mapping.map(Self.condition) ?? text(element, at: keyPath) else { continue }
      if let expression = expression(text, parameters, at: keyPath) { constraints.exclusions.append(expression) }
    }
  }

  /// `{a: 1, b: [2, 3]}` as an expression: a == 1 and b in [2, 3].
  private static func condition(_ mapping: Node.Mapping) -> String {
    mapping.map { key, value in
      let name = "`\(key.string ?? "")`"
      return value.sequence == nil ? "\(name) == \(literal(value))" : "\(name) in \(literal(value))"
    }.joined(separator: " and ")
  }

  private static func literal(_ node: Node) -> String { value(node)?.json ?? "null" }

  // MARK: zip

  private mutating func readZips(_ node: Node, _ parameters: [Parameter], _ constraints: inout Constraints) {
    for (index, group) in Self.zips(node).enumerated() {
      let keyPath = "zip[\(index)]"
      lines[keyPath] = lines[keyPath] ?? node.mark?.line
      var counts: [String] = []
      for name in group {
        guard let parameter = parameters.first(where: { $0.name == name }) else {
          complain(.unknown("parameter", name, known: parameters.map(\.name)), at: keyPath)
          continue
        }
        guard case .values(let values) = parameter.domain else {
          complain("\(name) has no list of values to zip", at: keyPath, remedy: "give it 'values: [...]'")
          continue
        }
        counts.append("\(values.count) \(name)")
        if constraints.zips.contains(where: { $0.contains(name) }) {
          complain("\(name) is zipped twice", at: keyPath, remedy: "put all that go together into one list")
        }
      }
      guard counts.count == group.count else { continue }
      if group.count < 2 { complain("zip needs at least two names", at: keyPath, remedy: "zip: [a, b]") }
      if Set(counts.map { $0.prefix { $0 != " " } }).count > 1 {
        complain("zipped parameters have \(counts.joined(separator: ", ")) values", at: keyPath, remedy: "list equally many")
      }
      if complaints.isEmpty { constraints.zips.append(group) }
    }
  }

  /// `[a, b]` is one group, `[[a, b], [c, d]]` are two.
  static func zips(_ node: Node) -> [[String]] {
    guard case .sequence(let sequence) = node else { return [node.string.map { [$0] } ?? []] }
    let groups = sequence.compactMap { $0.sequence?.compactMap(\.string) }
    return groups.isEmpty ? [sequence.compactMap(\.string)] : groups
  }

  // MARK: include

  /// The columns of explicit points, which take their values together.
  private mutating func readInclude(_ node: Node, declarations: [ParameterDeclaration]?) -> [Parameter] {
    lines["include"] = lines["include"] ?? node.mark?.line
    var rows: [(place: String, values: [String: ParameterValue])] = []
    if let elements = node.sequence, elements.contains(where: { $0.mapping != nil }) {
      for (index, element) in elements.enumerated() {
        guard case .mapping(let members)? = Self.value(element) else {
          complain("include[\(index)] is \(Self.kind(element)), not a point", at: "include", remedy: "write {name: value, ...} for each")
          continue
        }
        rows.append(("include[\(index)]", Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) })))
      }
    } else {
      for file in texts(node, at: "include") ?? [] { rows += points(of: file) }
    }
    guard complaints.isEmpty else { return [] }
    guard !rows.isEmpty else {
      complain("no points are included", at: "include", remedy: "name a CSV or JSON file, or list points: [{lr: 0.1, seed: 1}, ...]")
      return []
    }
    let names = Set(rows.flatMap(\.values.keys)).sorted()
    for name in names {
      guard let problem = Self.problem(ofName: name), let row = rows.first(where: { $0.values[name] != nil }) else { continue }
      complain("\(row.place): \(problem)", at: "include", remedy: "give every parameter a name that can be read")
    }
    guard complaints.isEmpty else { return [] }
    return names.compactMap { name in
      let declaration = declarations?.first { $0.name == name }
      if declarations != nil, declaration == nil {
        complain(.unknown("parameter", name, known: declarations?.map(\.name) ?? []), at: "include")
        return nil
      }
      let column = rows.compactMap { row -> ParameterValue? in
        guard let value = row.values[name] else {
          complain("\(row.place) has no \(name), and other points have", at: "include", remedy: "give every point the same parameters")
          return nil
        }
        switch declaration?.checked(value) ?? .success(value) {
        case .success(let value): return value
        case .failure(let diagnostic):
          complain(Diagnostic("\(row.place): \(diagnostic.problem)", remedy: diagnostic.remedy), at: "include")
          return nil
        }
      }
      return column.count == rows.count ? Parameter(name, .values(column)) : nil
    }
  }

  /// The points in a file beside the sweep file.
  private mutating func points(of file: String) -> [(place: String, values: [String: ParameterValue])] {
    let base = path == "-" ? "." : (path as NSString).deletingLastPathComponent
    let full = file.hasPrefix("/") || base.isEmpty ? file : "\(base)/\(file)"
    guard let data = FileManager.default.contents(atPath: full), let text = String(data: data, encoding: .utf8) else {
      complain("the file '\(file)' cannot be read", at: "include", remedy: "is it there, beside the sweep file, and UTF-8?")
      return []
    }
    if text.drop(while: \.isWhitespace).first.map({ $0 == "[" || $0 == "{" }) ?? false {
      if let large = Self.largeNumber(in: text) {
        complainOfSize(large, "\(file): ", at: "include")
        return []
      }
      let lines = text.split(whereSeparator: \.isNewline)
      let value = ParameterValue(json: text)
      let rows: [ParameterValue?] =
        if case .list(let rows)? = value { rows } else if let value { [value] } else { lines.map { ParameterValue(json: String($0)) } }
      return rows.enumerated().compactMap { index, row in
        guard case .mapping(let members)? = row else {
          complain(
            "\(file) is no list of JSON objects (at number \(index + 1))", at: "include", remedy: "write [{\"lr\": 0.1}, ...], or an object a line")
          return nil
        }
        return ("\(file), point \(index + 1)", Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) }))
      }
    }
    let table = CSVTable(text)
    guard let header = table.rows.first?.map({ $0.trimmingCharacters(in: .whitespaces) }), Set(header).count == header.count else {
      complain("\(file) has no first line with a name of its own for each column", at: "include", remedy: "begin it with: lr,batch_size")
      return []
    }
    let nameless = header.indices.filter { Self.problem(ofName: header[$0]) != nil }
    guard nameless.isEmpty else {
      for index in nameless {
        complain(
          "\(file), line 1: \(Self.problem(ofName: header[index]) ?? "") (column \(index + 1) of \(header.count))", at: "include",
          remedy: "name the column in the first line, or remove it")
      }
      return []
    }
    return table.rows.dropFirst().enumerated().compactMap { index, row in
      guard row.count == header.count else {
        complain(
          "\(file), line \(index + 2) has \(counted(row.count, "field")), and the first line \(header.count)", at: "include", remedy: "correct it")
        return nil
      }
      if let large = row.map({ $0.trimmingCharacters(in: .whitespaces) }).first(where: YAMLScalar.isTooLarge) {
        complainOfSize(large, "\(file), line \(index + 2): ", at: "include")
        return nil
      }
      let values = zip(header, row).map { ($0, YAMLScalar.value(of: $1.trimmingCharacters(in: .whitespaces))) }
      return ("\(file), line \(index + 2)", Dictionary(uniqueKeysWithValues: values))
    }
  }

  /// What keeps a name from being a column, and from being given to a program. All other characters are as good as letters.
  static func problem(ofName name: String) -> String? {
    if name.allSatisfy(\.isWhitespace) { return "a parameter has no name" }
    if name.contains("=") { return "the name '\(name)' has an =, after which a program looks for the value" }
    return name.unicodeScalars.contains { $0.properties.generalCategory == .control }
      ? "the name of a parameter has control characters: \(ParameterValue.text(name).json)" : nil
  }

  /// A whole number of more than 64 bits in a text of JSON; nil: there is none.
  private static func largeNumber(in json: String) -> Substring? {
    var rest = json[...]
    while let start = rest.firstIndex(where: { $0 == "\"" || $0.isNumber }) {
      if rest[start] == "\"" {
        rest = rest[rest.index(after: start)...]
        while let next = rest.first, next != "\"" { rest = rest.dropFirst(next == "\\" ? 2 : 1) }
        rest = rest.dropFirst()
        continue
      }
      let word = rest[start...].prefix { $0.isNumber || ".eE+-".contains($0) }
      if word.allSatisfy(\.isNumber), Int(word) == nil { return word }
      rest = rest[word.endIndex...]
    }
    return nil
  }

  mutating func complainOfSize(_ number: some StringProtocol, _ place: String, at keyPath: String) {
    complain(
      "\(place)\(number) is a whole number of more than 64 bits", at: keyPath, remedy: "quote it, so that it is handed over as it is: '\(number)'")
  }
}

extension Parameter.Domain {
  /// The types that its values can have.
  var type: ValueType {
    switch self {
    case .constant, .values, .weighted: landmarks.reduce(into: []) { $0.formUnion(ValueType(of: $1)) }
    case .integers, .reals, .distribution: .number
    }
  }
}

/// Comma-separated values (RFC 4180): fields in quotes may hold commas, newlines and doubled quotes. Empty lines are skipped.
struct CSVTable {
  private(set) var rows: [[String]] = []

  init(_ text: String) {
    var (row, field, isQuoted, wasQuoted) = ([String](), "", false, false)
    func isBlank() -> Bool { row.isEmpty && field.isEmpty && !wasQuoted }
    var characters = text.unicodeScalars.drop { $0 == "\u{feff}" }
    while let character = characters.popFirst() {
      switch character {
      case "\"" where isQuoted && characters.first == "\"":
        field.unicodeScalars.append("\"")
        characters.removeFirst()
      case "\"" where isQuoted: isQuoted = false
      case "\"" where field.isEmpty: (isQuoted, wasQuoted) = (true, true)
      case "," where !isQuoted: (row, field, wasQuoted) = (row + [field], "", false)
      case "\r" where !isQuoted && characters.first == "\n": break
      case "\n" where !isQuoted:
        if !isBlank() { rows.append(row + [field]) }
        (row, field, wasQuoted) = ([], "", false)
      default: field.unicodeScalars.append(character)
      }
    }
    if !isBlank() { rows.append(row + [field]) }
  }
}

// `parameters:` of a sweep file: what values each parameter can take. Those that a trainer declares are checked against its declarations;
// a program's may have any name, be nested, and be lists and mappings. Every distribution of W&B is read here, with W&B's inference of types.

import Foundation
import SweepCore
import SweepExecutors
import SweepSearch
import Yams

extension SweepFileReading {
  /// - Parameter declarations: nil: any parameter will do.
  mutating func readSpace(_ top: [String: Node], declarations: [ParameterDeclaration]?, trainer: TrainerEntry?) -> SearchSpace? {
    checkOverrides(top["parameters"], declared: declarations?.map(\.name) ?? [])
    let node = overridden(top["parameters"])
    if node == nil, top["include"] == nil, declarations != nil || trainer != nil {
      let known = declarations.map { "; known: \($0.map(\.name).joined(separator: ", "))" } ?? ""
      complain("parameters is missing", at: "", remedy: "add 'parameters:' with a value or values for each\(known)")
      return nil
    }
    var parameters: [Parameter] = []
    if let node {
      if let count = node.mapping?.count, count > Self.mostParameters { return tooMany(count) }
      guard let members = mapping(node, at: "parameters", keys: declarations?.map(\.name)) else { return nil }
      if let declarations {
        parameters = declared(members, declarations)
      } else {
        parameters = members.sorted { $0.key < $1.key }.flatMap { readParameter($0.value, path: [$0.key], at: "parameters.\($0.key)") }
      }
    }
    if parameters.count > Self.mostParameters { return tooMany(parameters.count) }
    return withConstraints(parameters, top, declarations: declarations, members: node?.mapping)
  }

  /// Each is a column of the sweep's views, beside up to a thousand metrics; SQLite has no more than 2,000.
  private static let mostParameters = 900

  private mutating func tooMany(_ count: Int) -> SearchSpace? {
    complain("there are \(count) parameters, more than \(Self.mostParameters)", at: "parameters", remedy: "gather some of them in one, as a mapping")
    return nil
  }

  private mutating func declared(_ members: [String: Node], _ declarations: [ParameterDeclaration]) -> [Parameter] {
    var parameters: [Parameter] = []
    for declaration in declarations {
      let keyPath = "parameters.\(declaration.name)"
      if let node = members[declaration.name] {
        guard let domain = readDomain(node, Value(name: declaration.name, declaration: declaration), at: keyPath) else { continue }
        parameters.append(Parameter(declaration.name, domain))
      } else if let value = declaration.defaultValue {
        parameters.append(Parameter(declaration.name, .constant(value)))
      } else {
        complain("\(declaration.name) (\(declaration.meaning)) is missing", at: "parameters", remedy: "add '\(declaration.name): {values: [...]}'")
      }
    }
    return parameters
  }

  /// A parameter that may be nested: then those inside it.
  private mutating func readParameter(_ node: Node, path: [String], at keyPath: String) -> [Parameter] {
    let name = path.joined(separator: ".")
    if let problem = Self.problem(ofName: path.last ?? "") {
      complain(problem, at: keyPath, remedy: "give the parameter another name")
      return []
    }
    if let inner = node.mapping?["parameters"] {
      guard path.count < 20, mapping(node, at: keyPath, keys: ["parameters", "distribution", "when"]) != nil,
        let members = mapping(inner, at: keyPath + ".parameters", keys: nil)
      else { return [] }
      if members.isEmpty { complain("\(name) has no parameters", at: keyPath, remedy: "list at least one, or remove it") }
      return members.sorted { $0.key < $1.key }.flatMap {
        readParameter($0.value, path: path + [$0.key], at: "\(keyPath).parameters.\($0.key)")
      }
    }
    return readDomain(node, Value(name: name, declaration: nil), at: keyPath).map { [Parameter(path: path, $0)] } ?? []
  }

  // MARK: the command line

  /// The parameters with what the command line says in place of what the file says.
  private func overridden(_ node: Node?) -> Node? {
    guard !overrides.isEmpty else { return node }
    var mapping = node?.mapping ?? Node.Mapping([])
    for override in overrides { mapping = Self.changed(mapping, path: Self.path(of: override.name, in: mapping), by: override.domain) }
    return .mapping(mapping)
  }

  /// "optimizer.lr" is a parameter of that name, or else lr inside optimizer.
  private static func path(of name: String, in mapping: Node.Mapping) -> [String] {
    if mapping[Node(name)] != nil { return [name] }
    guard let dot = name.firstIndex(of: "."), let inner = mapping[Node(String(name[..<dot]))]?.mapping?["parameters"]?.mapping else { return [name] }
    return [String(name[..<dot])] + path(of: String(name[name.index(after: dot)...]), in: inner)
  }

  private static func changed(_ mapping: Node.Mapping, path: [String], by form: Override.Form?) -> Node.Mapping {
    var (mapping, key) = (mapping, Node(path[0]))
    if path.count > 1, var outer = mapping[key]?.mapping, let inner = outer["parameters"]?.mapping {
      outer["parameters"] = .mapping(changed(inner, path: Array(path.dropFirst()), by: form))
      mapping[key] = .mapping(outer)
      return mapping
    }
    guard let form else {
      mapping[key] = nil
      return mapping
    }
    var pairs: [(Node, Node)]
    switch form {
    case .value(let value): pairs = [(Node("value"), node(value))]
    case .values(let values): pairs = [(Node("values"), Node(values.map(node)))]
    case .interval(let interval):
      pairs = [(Node("min"), node(interval.low)), (Node("max"), node(interval.high))]
      if interval.isLogarithmic, interval.isWhole { pairs.append((Node("q"), node(.integer(1)))) }
      pairs.append((Node("distribution"), Node(interval.distribution)))
    }
    // Conditions stay.
    for name in ["when", "otherwise"] {
      if let kept = mapping[key]?.mapping?[name] { pairs.append((Node(name), kept)) }
    }
    mapping[key] = .mapping(Node.Mapping(pairs))
    return mapping
  }

  private static func node(_ value: ParameterValue) -> Node {
    switch value {
    case .text(let text): Node(text, Tag(.implicit), .doubleQuoted)
    case .list(let values): Node(values.map(node))
    case .mapping(let members): .mapping(Node.Mapping(members.map { (Node($0.name), node($0.value)) }))
    case .real(let number) where number.isInfinite: Node(number < 0 ? "-.inf" : ".inf", Tag(.implicit), .plain)
    default: Node(value.description, Tag(.implicit), .plain)
    }
  }

  /// Complains of what the command line sets, adds or removes and cannot.
  private mutating func checkOverrides(_ node: Node?, declared: [String]) {
    let given = Self.names(in: node?.mapping ?? Node.Mapping([]), after: "")
    for override in overrides {
      // A parameter with a default can be set though the file does not.
      if let problem = override.problem(known: override.action == .add ? given : given + declared) {
        complain(problem, at: "parameters.\(override.name)")
      }
      let isAmongTexts =
        if case .values(let values)? = override.domain { values.contains { if case .text = $0 { true } else { false } } } else { false }
      remark(scalars: override.scalars, isAmongTexts: isAmongTexts, hasRemedy: true, at: "parameters.\(override.name)")
    }
  }

  private static func names(in mapping: Node.Mapping, after prefix: String) -> [String] {
    mapping.flatMap { key, value -> [String] in
      let name = prefix + (key.string ?? "")
      return [name] + (value.mapping?["parameters"]?.mapping.map { names(in: $0, after: name + ".") } ?? [])
    }
  }

  // MARK: domains

  /// A parameter whose values are read.
  struct Value {
    let name: String
    /// nil: any value will do.
    let declaration: ParameterDeclaration?
  }

  private static let domainKeys = [
    "value", "values", "probabilities", "min", "max", "mu", "sigma", "a", "b", "q", "distribution", "when", "otherwise",
  ]

  private mutating func readDomain(_ node: Node, _ parameter: Value, at keyPath: String) -> Parameter.Domain? {
    if case .scalar(let scalar) = node, !scalar.string.isEmpty {
      complain("\(parameter.name) is '\(scalar.string)'", at: keyPath, remedy: "write {value: \(scalar.string)}")
      return nil
    }
    if case .sequence = node {
      complain("\(parameter.name) is a list", at: keyPath, remedy: "write {values: [...]}")
      return nil
    }
    guard let members = mapping(node, at: keyPath, keys: Self.domainKeys + (parameter.declaration == nil ? ["parameters"] : [])) else { return nil }
    let simple = ["constant", "categorical", "categorical_w_probabilities", "int_uniform"]
    var distribution: String?
    if members["distribution"] != nil {
      let known = simple + Distribution.Family.allCases.map(\.rawValue)
      distribution = choice(members, "distribution", among: known, default: nil, path: keyPath + ".distribution")
      if distribution == nil { return nil }
    }
    let given = Set(members.keys).subtracting(["distribution", "when", "otherwise"])
    if let family = distribution.flatMap(Distribution.Family.init), family != .uniform {
      return drawn(family, members, given: given, parameter, at: keyPath)
    }
    let domain: Parameter.Domain?
    let kind: String
    switch given {
    case ["value"]:
      (domain, kind) = (members["value"].flatMap { checked($0, parameter, at: keyPath + ".value") }.map { .constant($0) }, "constant")
      if let node = members["value"] { remarkScalars([node], parameter, at: keyPath + ".value") }
    case ["values"]:
      (domain, kind) = (members["values"].flatMap { values($0, parameter, at: keyPath + ".values") }, "categorical")
    case ["values", "probabilities"]:
      (domain, kind) = (weighted(members, parameter, at: keyPath), "categorical_w_probabilities")
    case ["min", "max"]:
      domain = range(members, parameter, isUniform: distribution == "uniform", at: keyPath)
      if case .integers? = domain { kind = "int_uniform" } else { kind = "uniform" }
    default:
      let numbers = given.intersection(["mu", "sigma", "a", "b", "q"])
      complain(
        "\(parameter.name) has \(given.isEmpty ? "no value" : given.sorted().joined(separator: " and "))", at: keyPath,
        remedy: numbers.isEmpty ? "give one of: value, values, or min and max" : "say of which distribution: 'distribution: normal'")
      return nil
    }
    guard let domain else { return nil }
    if let distribution, distribution != kind, !(distribution == "categorical" && kind == "categorical_w_probabilities") {
      complain(
        "distribution '\(distribution)' does not go with what is given", at: keyPath + ".distribution", remedy: "leave it out, or use '\(kind)'")
    }
    return domain
  }

  /// One of W&B's distributions.
  private mutating func drawn(
    _ family: Distribution.Family, _ members: [String: Node], given: Set<String>, _ parameter: Value, at keyPath: String
  ) -> Parameter.Domain? {
    var spelled: [ParameterValue] = []
    for key in given.sorted() where !family.arguments.contains(where: { $0.name == key }) {
      complain(
        "\(key) does not go with \(family.rawValue)", at: "\(keyPath).\(key)",
        remedy: "it takes \(family.arguments.map(\.name).joined(separator: ", "))")
    }
    for argument in family.arguments {
      let place = "\(keyPath).\(argument.name)"
      guard let node = members[argument.name] else {
        if let value = argument.defaultValue {
          spelled.append(value)
        } else {
          complain("\(parameter.name) has no \(argument.name)", at: keyPath, remedy: "\(family.rawValue) needs it")
        }
        continue
      }
      lines[place] = lines[place] ?? node.mark?.line
      let declaration = ParameterDeclaration(
        argument.name, .real(above: argument.above, from: argument.from, upTo: argument.upTo), meaning: "an end, or a measure of a distribution")
      switch declaration.checked(Self.value(node) ?? .null) {
      case .success: spelled.append(Self.value(node) ?? .null)
      case .failure(let diagnostic): complain(diagnostic, at: place)
      }
    }
    let numbers = spelled.compactMap(\.number)
    guard numbers.count == family.arguments.count else { return nil }
    if family.isBounded, numbers[0] >= numbers[1] {
      complain("min \(spelled[0]) is not below max \(spelled[1])", at: keyPath + ".min", remedy: "exchange them, or use 'value:' for one value")
      return nil
    }
    let isWhole = spelled.prefix(2).allSatisfy { if case .integer = $0 { true } else { false } }
    let distribution = Distribution(family, numbers[0], numbers[1], step: spelled.count > 2 ? spelled[2] : nil, isWhole: isWhole)
    remarkExponents(distribution, parameter, at: keyPath)
    return checked(distribution, parameter, at: keyPath) ? .distribution(distribution) : nil
  }

  /// Bounds that are exponents of e are the trap of W&B's older names.
  private mutating func remarkExponents(_ distribution: Distribution, _ parameter: Value, at keyPath: String) {
    let newer: [Distribution.Family: Distribution.Family] = [
      .logUniform: .logUniformValues, .invLogUniform: .invLogUniformValues, .qLogUniform: .qLogUniformValues,
    ]
    guard let other = newer[distribution.family] else { return }
    func short(_ number: Double) -> String { String(format: "%.4g", exp(number)) }
    remark(
      .warning,
      Diagnostic(
        "the bounds of \(distribution.family.rawValue) are exponents of e: \(parameter.name) is drawn from \(short(distribution.first)) to "
          + short(distribution.second),
        remedy: "if they are meant as values, use \(other.rawValue)"), at: keyPath)
  }

  /// Whether all that can be drawn is fit for what the trainer declares.
  private mutating func checked(_ distribution: Distribution, _ parameter: Value, at keyPath: String) -> Bool {
    guard let declaration = parameter.declaration else { return true }
    guard distribution.family.isBounded else {
      complain(
        "\(distribution.family.rawValue) has no bounds, and \(parameter.name) has", at: keyPath + ".distribution",
        remedy: "use uniform, log_uniform_values or q_uniform")
      return false
    }
    for share in [0x1p-53, 1 - 0x1p-53, 0.3] {
      if case .failure(let diagnostic) = declaration.checked(distribution.value(at: share)) {
        complain(
          "\(distribution.text) gives values that do not fit: \(diagnostic.problem)", at: keyPath, remedy: diagnostic.remedy ?? "change its bounds")
        return false
      }
    }
    return true
  }

  /// Values in their order; of those that mean the same, the place is that of the first and the spelling that of the last, as with W&B.
  private mutating func values(_ node: Node, _ parameter: Value, at keyPath: String) -> Parameter.Domain? {
    guard let all = listed(node, parameter, at: keyPath) else { return nil }
    if isZipped(parameter.name) { return .values(all) }
    var distinct: [ParameterValue] = []
    var places: [ParameterValue: Int] = [:]
    for value in all {
      // Whole numbers are one value however they are spelled; 0.0 and −0.0 are equal, and have one hash.
      var key = value
      if case .real(let number) = value, let whole = Int(exactly: number) { key = .integer(whole) }
      if let place = places[key] {
        distinct[place] = value
      } else {
        places[key] = distinct.count
        distinct.append(value)
      }
    }
    return .values(distinct)
  }

  private mutating func listed(_ node: Node, _ parameter: Value, at keyPath: String) -> [ParameterValue]? {
    lines[keyPath] = lines[keyPath] ?? node.mark?.line
    guard case .sequence(let sequence) = node else {
      complain("\(keyPath) is \(Self.kind(node)), not a list", at: keyPath, remedy: "write [a, b, c], or use 'value:' for one")
      return nil
    }
    guard !sequence.isEmpty else {
      complain("\(keyPath) is empty", at: keyPath, remedy: "list at least one value")
      return nil
    }
    let values = sequence.enumerated().map { index, element in checked(element, parameter, at: "\(keyPath)[\(index)]") }
    remarkScalars(Array(sequence), parameter, at: keyPath)
    return values.contains(nil) ? nil : values.compactMap { $0 }
  }

  /// Says what plain scalars became, where their author may have meant something else: once for each reason.
  private mutating func remarkScalars(_ nodes: [Node], _ parameter: Value, at keyPath: String) {
    let scalars = nodes.compactMap(\.scalar).filter { $0.style == .plain && $0.tag.description != "tag:yaml.org,2002:str" }.map(\.string)
    let isAmongTexts = nodes.contains { if case .text? = Self.value($0) { true } else { false } }
    remark(scalars: scalars, isAmongTexts: isAmongTexts, hasRemedy: parameter.declaration == nil, at: keyPath)
    for text in nodes.compactMap(Self.value).compactMap({ if case .text(let text) = $0 { text } else { nil } }) {
      guard let literal = CommandTemplate.literal(in: text) else { continue }
      remark(.warning, Diagnostic("'\(text)' is handed over as it is: \(literal.problem)", remedy: literal.remedy), at: keyPath)
    }
  }

  private mutating func remark(scalars: [String], isAmongTexts: Bool, hasRemedy: Bool, at keyPath: String) {
    for doubt in YAMLScalar.Doubt.allCases {
      var found = scalars.filter { YAMLScalar.doubt($0) == doubt }
      // Of truth values alone everybody knows what they are.
      if doubt == .truth, !isAmongTexts { found = [] }
      guard let first = found.first, let last = found.last else { continue }
      let listed = (found.count > 4 ? Array(found.prefix(3)) + [last] : found).map(doubt.text).joined(separator: ", ")
      remark(
        doubt == .exponent || doubt == .date ? .note : .warning,
        Diagnostic("\(listed): \(doubt.why)", remedy: hasRemedy ? doubt.remedy(first) : nil), at: keyPath)
    }
  }

  /// A whole number that would not be kept as it is.
  private static func largeNumber(in node: Node) -> String? {
    switch node {
    case .scalar(let scalar): scalar.style == .plain && YAMLScalar.isTooLarge(scalar.string) ? scalar.string : nil
    case .sequence(let sequence): sequence.lazy.compactMap(largeNumber).first
    case .mapping(let mapping): mapping.lazy.compactMap { largeNumber(in: $0.value) }.first
    case .alias: nil
    }
  }

  private mutating func weighted(_ members: [String: Node], _ parameter: Value, at keyPath: String) -> Parameter.Domain? {
    guard let valuesNode = members["values"], let values = listed(valuesNode, parameter, at: keyPath + ".values") else { return nil }
    guard let sequence = members["probabilities"]?.sequence else {
      complain("\(keyPath).probabilities is no list", at: keyPath + ".probabilities", remedy: "write a probability for each value")
      return nil
    }
    let probabilities = sequence.compactMap { Self.value($0)?.number }
    guard probabilities.count == values.count, sequence.count == values.count, probabilities.allSatisfy({ $0 >= 0 }) else {
      complain(
        "\(counted(values.count, "value")) and \(sequence.count) probabilities", at: keyPath + ".probabilities",
        remedy: "give each value a probability of 0 or more")
      return nil
    }
    let sum = probabilities.reduce(0, +)
    guard abs(sum - 1) < 1e-6 else {
      complain("the probabilities add up to \(sum)", at: keyPath + ".probabilities", remedy: "make it 1")
      return nil
    }
    // One that is listed twice has both shares, as if drawn.
    var merged: [(value: ParameterValue, probability: Double)] = []
    for (value, probability) in zip(values, probabilities) where probability > 0 {
      if let place = merged.firstIndex(where: { $0.value.means(value) }) {
        merged[place].probability += probability
      } else {
        merged.append((value, probability))
      }
    }
    return .weighted(merged.map(\.value), merged.map(\.probability))
  }

  private mutating func range(_ members: [String: Node], _ parameter: Value, isUniform: Bool, at keyPath: String) -> Parameter.Domain? {
    guard let min = members["min"], let max = members["max"], let low = checked(min, parameter, at: keyPath + ".min"),
      let high = checked(max, parameter, at: keyPath + ".max")
    else { return nil }
    guard let lower = low.number, let upper = high.number else {
      complain("\(parameter.name) has a range of things that are not numbers", at: keyPath, remedy: "list its values: {values: [...]}")
      return nil
    }
    let isOrdered = if case (.integer(let low), .integer(let high)) = (low, high) { low < high } else { lower < upper }
    guard isOrdered else {
      complain("min \(low) is not below max \(high)", at: keyPath + ".min", remedy: "exchange them, or use 'value:' for one value")
      return nil
    }
    if case (.integer(let low), .integer(let high)) = (low, high), !isUniform || parameter.declaration != nil {
      guard !high.subtractingReportingOverflow(low).overflow, high - low < Int.max else {
        complain("the range is too large to count", at: keyPath, remedy: "use a smaller one")
        return nil
      }
      return .integers(min: low, max: high)
    }
    guard (upper - lower).isFinite else {
      complain("the range is too large", at: keyPath, remedy: "use a smaller one")
      return nil
    }
    return .reals(min: lower, max: upper)
  }

  private mutating func checked(_ node: Node, _ parameter: Value, at keyPath: String) -> ParameterValue? {
    lines[keyPath] = lines[keyPath] ?? node.mark?.line
    if parameter.declaration != nil, node.scalar == nil {
      complain("\(parameter.name) is \(Self.kind(node))", at: keyPath, remedy: "write a number, a text, true, false or null")
      return nil
    }
    if let large = Self.largeNumber(in: node) {
      complainOfSize(large, "", at: keyPath)
      return nil
    }
    guard let value = Self.value(node) else {
      complain("\(parameter.name) is \(Self.kind(node)) with a key that is no text", at: keyPath, remedy: "use texts as keys")
      return nil
    }
    switch parameter.declaration?.checked(value) ?? .success(value) {
    case .success(let value): return value
    case .failure(let diagnostic):
      complain(diagnostic, at: keyPath)
      return nil
    }
  }
}

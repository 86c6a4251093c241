// From the text of a sweep file to a SweepFile, or to everything that is wrong with it: every key is known, every value checked, every
// complaint has file, line and remedy. The file has the shape of a W&B sweep configuration; docs/sweep-file.md describes it.

import Foundation
import SweepCore
import SweepSearch
import Yams

/// Loads sweep files against a register of trainers.
public struct SweepFileLoader: Sendable {
  private let trainers: Registry<TrainerEntry>

  public init(trainers: Registry<TrainerEntry>) { self.trainers = trainers }

  /// - Parameter path: a file, or - for standard input.
  /// - Throws: `SweepError` with all that is wrong.
  public func load(_ path: String) throws(SweepError) -> SweepFile {
    let data: Data
    do {
      data =
        try path == "-"
        ? FileHandle.standardInput.readToEnd() ?? Data() : FileHandle(forReadingFrom: URL(fileURLWithPath: path)).readToEnd() ?? Data()
    } catch {
      throw SweepError(.input, "cannot read the sweep file: \(String(cString: strerror(errno)))", place: path, remedy: "is the name right?")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw SweepError(.input, "the sweep file is not UTF-8 text", place: path, remedy: "save it as UTF-8")
    }
    return try load(text: text, path: path)
  }

  /// - Parameter path: for messages, and for the name of a sweep whose file gives none.
  public func load(text: String, path: String) throws(SweepError) -> SweepFile {
    var reading = Reading(path: path, trainers: trainers)
    let file = reading.file(try Self.root(text, path: path))
    guard let file, reading.complaints.isEmpty else { throw SweepError(.input, reading.complaints) }
    return file
  }

  private static func root(_ text: String, path: String) throws(SweepError) -> Node {
    let shape = "see docs/sweep-file.md for the shape of a sweep file"
    do {
      guard let node = try Yams.compose(yaml: text) else { throw SweepError(.input, "the sweep file is empty", place: path, remedy: shape) }
      return node
    } catch let error as SweepError {
      throw error
    } catch let error as YamlError {
      switch error {
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
        throw SweepError(
          .input, "this cannot be read as YAML: \(problem)", place: "\(path):\(mark.line), column \(mark.column)",
          remedy: remedy(for: problem, in: text, line: mark.line))
      case .duplicatedKeysInMapping(let keys, let context):
        throw SweepError(
          .input, "\(keys.joined(separator: ", ")) is given twice in one mapping", place: "\(path):\(context.mark.line)", remedy: "remove one of them"
        )
      default:
        throw SweepError(.input, "this cannot be read as YAML: \(error)", place: path, remedy: shape)
      }
    } catch {
      throw SweepError(.input, "this cannot be read as YAML: \(error)", place: path, remedy: shape)
    }
  }

  private static func remedy(for problem: String, in text: String, line: Int) -> String {
    let words = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(line - 1).first ?? ""
    if words.prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") { return "the line is indented with a tab; use spaces" }
    if problem.contains("another document") { return "a sweep file is one document: remove the second '---' and what follows" }
    return "check the indentation and quotes there"
  }
}

/// One pass over the tree of a file, which collects complaints and goes on.
private struct Reading {
  let path: String
  let trainers: Registry<TrainerEntry>
  var complaints: [Diagnostic] = []
  /// The line of each part of the file, by its path in the file.
  var lines: [String: Int] = [:]

  init(path: String, trainers: Registry<TrainerEntry>) { (self.path, self.trainers) = (path, trainers) }

  mutating func file(_ root: Node) -> SweepFile? {
    guard
      let top = mapping(root, at: "", keys: ["name", "description", "method", "metric", "trainer", "keep_predictions", "keep_models", "parameters"])
    else { return nil }
    let trainer = choice(top, "trainer", among: trainers.names, default: trainers.names.first).flatMap { trainers[$0] }
    let method = choice(top, "method", among: samplers.names, default: nil)
    let name = top["name"].flatMap { text($0, at: "name") } ?? Self.baseName(of: path)
    if name.utf8.count > SweepFile.longestName {
      complain("the name has \(name.utf8.count) bytes", at: "name", remedy: "use at most \(SweepFile.longestName)")
    }
    let objective = readObjective(top["metric"], metrics: trainer?.metrics ?? [])
    let space = trainer.flatMap { readSpace(top["parameters"], trainer: $0) }
    let keeping = Keeping(
      predictions: policy(top, "keep_predictions", default: Keeping.standard.predictions),
      models: policy(top, "keep_models", default: Keeping.standard.models))
    if let trainer, let space, complaints.isEmpty {
      for problem in trainer.problems(space) { complain(problem, at: problem.place ?? "parameters") }
    }
    if let space, let sampler = method.flatMap({ samplers[$0] }) {
      do throws(SweepError) { _ = try sampler.count(in: space) } catch {
        for problem in error.diagnostics { complain(problem, at: problem.place ?? "parameters") }
      }
    }
    guard let trainer, let method, let objective, let space else { return nil }
    return SweepFile(
      name: name, summary: top["description"].flatMap { text($0, at: "description") }, method: method, trainer: trainer.name, objective: objective,
      space: space, keeping: keeping)
  }

  private mutating func policy(_ members: [String: Node], _ key: String, default fallback: KeepPolicy) -> KeepPolicy {
    guard let node = members[key] else { return fallback }
    guard let policy = KeepPolicy(node.scalar?.string ?? "") else {
      complain("\(key) is \(Self.kind(node))", at: key, remedy: "write all, none, or 'top 20' for the best 20 trials")
      return fallback
    }
    return policy
  }

  private static func baseName(of path: String) -> String {
    let name = path == "-" ? "standard-input" : path.split(separator: "/").last.map(String.init) ?? path
    return name.split(separator: ".").first.map(String.init) ?? name
  }

  // MARK: complaints

  private mutating func complain(_ diagnostic: Diagnostic, at keyPath: String) {
    var known = keyPath
    while lines[known] == nil, let dot = known.lastIndex(where: { $0 == "." || $0 == "[" }) { known = String(known[..<dot]) }
    let line = lines[known].map { ":\($0)" } ?? ""
    complaints.append(diagnostic.at(path + line + (keyPath.isEmpty ? "" : ", \(keyPath)")))
  }

  private mutating func complain(_ problem: String, at keyPath: String, remedy: String) {
    complain(Diagnostic(problem, remedy: remedy), at: keyPath)
  }

  // MARK: shapes

  /// A mapping with known keys only; nil, with a complaint, where it is none.
  private mutating func mapping(_ node: Node, at keyPath: String, keys: [String]?) -> [String: Node]? {
    lines[keyPath] = lines[keyPath] ?? node.mark?.line
    guard case .mapping(let mapping) = node else {
      complain(
        "\(keyPath.isEmpty ? "the file" : keyPath) is \(Self.kind(node)), not a mapping", at: keyPath, remedy: "write it as 'key: value' lines")
      return nil
    }
    var members: [String: Node] = [:]
    for (key, value) in mapping {
      let name = key.scalar?.string ?? ""
      let inner = keyPath.isEmpty ? name : "\(keyPath).\(name)"
      lines[inner] = key.mark?.line
      if let keys, !keys.contains(name) {
        complain(.unknown("key", name, known: keys), at: inner)
      } else {
        members[name] = value
      }
    }
    return members
  }

  private static func kind(_ node: Node) -> String {
    switch node {
    case .scalar(let scalar): scalar.string.isEmpty ? "empty" : "'\(scalar.string)'"
    case .sequence: "a list"
    case .mapping: "a mapping"
    case .alias: "an alias"
    }
  }

  private mutating func text(_ node: Node, at keyPath: String) -> String? {
    guard let scalar = node.scalar, !scalar.string.isEmpty else {
      complain("\(keyPath) is \(Self.kind(node))", at: keyPath, remedy: "write a text")
      return nil
    }
    return scalar.string
  }

  private mutating func choice(_ members: [String: Node], _ key: String, among known: [String], default fallback: String?, path: String? = nil)
    -> String?
  {
    let keyPath = path ?? key
    guard let node = members[key] else {
      if fallback == nil { complain("\(keyPath) is missing", at: "", remedy: "add '\(key):' with one of \(known.joined(separator: ", "))") }
      return fallback
    }
    guard let word = text(node, at: keyPath) else { return nil }
    guard known.contains(word) else {
      complain(.unknown(key, word, known: known), at: keyPath)
      return nil
    }
    return word
  }

  // MARK: metric

  private mutating func readObjective(_ node: Node?, metrics: [String]) -> Objective? {
    guard let node else {
      complain("metric is missing", at: "", remedy: "add 'metric:' with a name and a goal (maximize or minimize)")
      return nil
    }
    guard let members = mapping(node, at: "metric", keys: ["name", "goal", "at"]) else { return nil }
    var name = members["name"].flatMap { text($0, at: "metric.name") }
    if members["name"] == nil { complain("metric.name is missing", at: "metric", remedy: "name one of \(metrics.joined(separator: ", "))") }
    if let given = name, !metrics.isEmpty, !metrics.contains(given) {
      complain(.unknown("metric", given, known: metrics), at: "metric.name")
      name = nil
    }
    // W&B's default.
    let goal = choice(members, "goal", among: Objective.Goal.allCases.map(\.rawValue), default: "minimize", path: "metric.goal")
    let at = choice(members, "at", among: Objective.Epoch.allCases.map(\.rawValue), default: "last", path: "metric.at")
    guard let name, let goal = goal.flatMap(Objective.Goal.init), let at = at.flatMap(Objective.Epoch.init) else { return nil }
    return Objective(metric: name, goal: goal, at: at)
  }

  // MARK: parameters

  private mutating func readSpace(_ node: Node?, trainer: TrainerEntry) -> SearchSpace? {
    guard let node else {
      complain(
        "parameters is missing", at: "",
        remedy: "add 'parameters:' with a value or values for each; known: \(trainer.parameters.map(\.name).joined(separator: ", "))")
      return nil
    }
    guard let members = mapping(node, at: "parameters", keys: trainer.parameters.map(\.name)) else { return nil }
    var parameters: [Parameter] = []
    for declaration in trainer.parameters {
      let keyPath = "parameters.\(declaration.name)"
      if let node = members[declaration.name] {
        guard let domain = readDomain(node, of: declaration, at: keyPath) else { continue }
        parameters.append(Parameter(declaration.name, domain))
      } else if let value = declaration.defaultValue {
        parameters.append(Parameter(declaration.name, .constant(value)))
      } else {
        complain("\(declaration.name) (\(declaration.meaning)) is missing", at: "parameters", remedy: "add '\(declaration.name): {values: [...]}'")
      }
    }
    return SearchSpace(parameters)
  }

  private mutating func readDomain(_ node: Node, of declaration: ParameterDeclaration, at keyPath: String) -> Parameter.Domain? {
    if case .scalar(let scalar) = node, !scalar.string.isEmpty {
      complain("\(declaration.name) is '\(scalar.string)'", at: keyPath, remedy: "write {value: \(scalar.string)}")
      return nil
    }
    if case .sequence = node {
      complain("\(declaration.name) is a list", at: keyPath, remedy: "write {values: [...]}")
      return nil
    }
    guard let members = mapping(node, at: keyPath, keys: ["value", "values", "min", "max", "distribution"]) else { return nil }
    let distribution =
      members["distribution"] == nil
      ? nil
      : choice(members, "distribution", among: ["constant", "categorical", "int_uniform", "uniform"], default: nil, path: keyPath + ".distribution")
    let domain: Parameter.Domain?
    switch (members["value"], members["values"], members["min"], members["max"]) {
    case (let value?, nil, nil, nil):
      domain = checked(value, declaration, at: keyPath + ".value").map { .constant($0) }
    case (nil, let list?, nil, nil):
      domain = values(list, declaration, at: keyPath + ".values")
    case (nil, nil, let min?, let max?):
      domain = range(min, max, declaration, at: keyPath)
    default:
      complain(
        "\(declaration.name) has \(members.keys.filter { $0 != "distribution" }.sorted().joined(separator: " and ").ifEmpty("no value"))",
        at: keyPath,
        remedy: "give one of: value, values, or min and max")
      return nil
    }
    guard let domain else { return nil }
    if let distribution, distribution != Self.distribution(of: domain) {
      complain(
        "distribution '\(distribution)' does not go with what is given", at: keyPath + ".distribution",
        remedy: "leave it out, or use '\(Self.distribution(of: domain))'")
    }
    return domain
  }

  private static func distribution(of domain: Parameter.Domain) -> String {
    switch domain {
    case .constant: "constant"
    case .values: "categorical"
    case .integers: "int_uniform"
    case .reals: "uniform"
    }
  }

  private mutating func values(_ node: Node, _ declaration: ParameterDeclaration, at keyPath: String) -> Parameter.Domain? {
    guard case .sequence(let sequence) = node else {
      complain("\(keyPath) is \(Self.kind(node)), not a list", at: keyPath, remedy: "write [a, b, c], or use 'value:' for one")
      return nil
    }
    guard !sequence.isEmpty else {
      complain("\(keyPath) is empty", at: keyPath, remedy: "list at least one value")
      return nil
    }
    var distinct: [ParameterValue] = []
    var seen: Set<ParameterValue> = []
    var isFine = true
    for (index, element) in sequence.enumerated() {
      guard let value = checked(element, declaration, at: "\(keyPath)[\(index)]") else {
        isFine = false
        continue
      }
      if seen.insert(value).inserted { distinct.append(value) }
    }
    return isFine ? .values(distinct) : nil
  }

  private mutating func range(_ min: Node, _ max: Node, _ declaration: ParameterDeclaration, at keyPath: String) -> Parameter.Domain? {
    guard let low = checked(min, declaration, at: keyPath + ".min"), let high = checked(max, declaration, at: keyPath + ".max") else { return nil }
    guard let lower = low.number, let upper = high.number else {
      complain("\(declaration.name) has a range of things that are not numbers", at: keyPath, remedy: "list its values: {values: [...]}")
      return nil
    }
    let isOrdered = if case (.integer(let low), .integer(let high)) = (low, high) { low < high } else { lower < upper }
    guard isOrdered else {
      complain("min \(low) is not below max \(high)", at: keyPath + ".min", remedy: "exchange them, or use 'value:' for one value")
      return nil
    }
    if case (.integer(let low), .integer(let high)) = (low, high) {
      guard !high.subtractingReportingOverflow(low).overflow, high - low < Int.max else {
        complain("the range is too large to count", at: keyPath, remedy: "use a smaller one")
        return nil
      }
      return .integers(min: low, max: high)
    }
    return .reals(min: lower, max: upper)
  }

  private mutating func checked(_ node: Node, _ declaration: ParameterDeclaration, at keyPath: String) -> ParameterValue? {
    lines[keyPath] = node.mark?.line
    guard case .scalar(let scalar) = node else {
      complain("\(declaration.name) is \(Self.kind(node))", at: keyPath, remedy: "write a number, a text, true, false or null")
      return nil
    }
    let value = scalar.style == .plain || scalar.style == .any ? YAMLScalar.value(of: scalar.string) : .text(scalar.string)
    switch declaration.checked(value) {
    case .success(let value): return value
    case .failure(let diagnostic):
      complain(diagnostic, at: keyPath)
      return nil
    }
  }
}

extension String {
  fileprivate func ifEmpty(_ other: String) -> String { isEmpty ? other : self }
}

// One pass over the tree of a sweep file, which collects complaints and remarks and goes on. Here are the keys of the top level and the shapes
// that all keys share; parameters, constraints, programs and rules have files of their own beside it.

import Foundation
import SweepCore
import SweepExecutors
import SweepSearch
import Yams

/// The keys at the top of a sweep file.
package let sweepFileKeys = [
  "name", "description", "method", "seed", "metric", "metrics", "trainer", "program", "command", "folder", "environment", "report", "limits",
  "resources",
  "retries", "keep_predictions", "keep_models", "early_terminate", "order", "parallel", "cost", "prior", "noise", "run_cap", "time_budget",
  "max_failures",
  "allow_flapping", "parameters",
  "include", "zip", "exclude",
]

/// Reads a file's tree.
struct SweepFileReading {
  let path: String
  let trainers: Registry<TrainerEntry>
  let overrides: [Override]
  /// Keys of the top level that may be there for their anchors.
  private let anchored: Set<String>
  private(set) var complaints: [Diagnostic] = []
  private(set) var remarks: [Remark] = []
  /// The line of each part of the file, by its path in the file.
  var lines: [String: Int] = [:]
  /// Parameters that take their values together: of them a value may be listed twice.
  private(set) var zippedNames: Set<String> = []
  /// Whether the file names neither a trainer nor a program, and is not for the first trainer.
  private(set) var lacksProgram = false

  init(path: String, trainers: Registry<TrainerEntry>, overrides: [Override] = [], anchored: Set<String> = []) {
    (self.path, self.trainers, self.overrides, self.anchored) = (path, trainers, overrides, anchored)
  }

  /// What only W&B's server knows what to do with.
  static let serverKeys = ["apiVersion", "kind", "controller", "job", "image_uri", "entity", "project", "scheduler"]

  mutating func file(_ root: Node) -> SweepFile? {
    if let problem = hydraConfiguration(root) {
      complain(problem, at: "")
      return nil
    }
    guard var top = mapping(root, at: "", keys: sweepFileKeys + Self.serverKeys) else { return nil }
    for key in Self.serverKeys where top[key] != nil {
      remark(.note, Diagnostic("\(key) only means something to W&B's server; it is not used here"), at: key)
      top[key] = nil
    }
    zippedNames = Set((top["zip"].map(Self.zips) ?? []).flatMap { $0 })
    let isProgram = top["program"] != nil || top["command"] != nil
    let trainer = isProgram ? nil : readTrainer(top)
    if isProgram, top["trainer"] != nil { complain("there are both a trainer and a program", at: "trainer", remedy: "remove one of them") }
    let method = readMethod(top)
    let name = top["name"].flatMap { text($0, at: "name") } ?? Self.baseName(of: path)
    if name.utf8.count > SweepFile.longestName {
      complain("the name has \(name.utf8.count) bytes", at: "name", remedy: "use at most \(SweepFile.longestName)")
    }
    let objectives = readObjectives(top, trainer: trainer, isProgram: isProgram)
    let declarations = isProgram || trainer?.isOpen == true ? nil : trainer?.parameters
    let space = trainer != nil || isProgram ? readSpace(top, declarations: declarations, trainer: trainer) : nil
    let keeping = Keeping(
      predictions: policy(top, "keep_predictions", default: Keeping.standard.predictions),
      models: policy(top, "keep_models", default: Keeping.standard.models))
    let seed = top["seed"].flatMap { wholeNumber($0, at: "seed", in: 0...Int(Int32.max)) } ?? 0
    let rules = readRules(top)
    let early = readEarlyTermination(top["early_terminate"])
    let order = readOrder(top, early, method: method)
    let parallel = readParallel(top, method: method)
    let cost = space.flatMap { readCost(top["cost"], $0) }
    let program = isProgram ? readProgram(top, space: space) : nil
    if !isProgram {
      for key in ["folder", "environment", "report", "limits", "resources", "retries"] where top[key] != nil {
        complain("\(key) is for programs, and the file names none", at: key, remedy: "add 'program:', or remove it")
      }
    }
    if lacksProgram, complaints.isEmpty {
      remark(
        .note,
        Diagnostic(
          "no program is named: there is nothing to run",
          remedy: "add 'program: train.py' or 'command: [...]'; or ask for the trials with 'sweep ask' (and 'trainer: ask' says so)"), at: "")
      if top["early_terminate"] != nil {
        remark(.note, Diagnostic("without a program early_terminate is for who tells: 'sweep tell --more' answers by it"), at: "early_terminate")
      }
    }
    if let trainer, let space, complaints.isEmpty {
      for problem in trainer.problems(space) { complain(problem, at: problem.place ?? "parameters") }
    }
    remarkMachine(top, method: method, early)
    if objectives.count > 1, let early, early.type != "none", let first = objectives.first {
      remark(
        .note, Diagnostic("trials are stopped early by the first of \(objectives.count) objectives, \(first.metric), alone"), at: "early_terminate")
    }
    guard let method, let objective = objectives.first, let space, complaints.isEmpty else { return nil }
    var file = SweepFile(
      name: name, summary: top["description"].flatMap { text($0, at: "description") }, method: method, trainer: trainer?.name ?? CommandExecutor.name,
      objective: objective, further: Array(objectives.dropFirst()), space: space, keeping: keeping, seed: seed, rules: rules, earlyTermination: early,
      order: order, parallel: parallel)
    file.setCost(cost)
    if let node = top["noise"] {
      if case .bool(let truth)? = Self.value(node) {
        file.isNoisy = truth
        if truth, method != "cma" { remark(.note, Diagnostic("noise is for method cma; the others need no word of it"), at: "noise") }
      } else {
        complain("noise is \(Self.kind(node))", at: "noise", remedy: "write true where the same point measured again gives another value")
      }
    }
    file.prior = readPrior(top["prior"], name: name, method: method)
    file.program = program
    if let method = samplers[method] { check(file.problem, method) }
    if cost != nil, complaints.isEmpty { checkCost(of: file) }
    return complaints.isEmpty ? file : nil
  }

  /// Asks the method whether it can search the space, and for a first point.
  private mutating func check(_ problem: SearchProblem, _ method: SearchMethod) {
    do throws(SweepError) {
      switch method {
      case .points(let sampler):
        if let count = try sampler.count(in: problem), count == 0 { return }
        _ = try sampler.points(at: 0..<1, in: problem)
      case .adaptive(let sampler): _ = try sampler.search(problem).suggest(1, given: History())
      case .strategy(let strategy): _ = try strategy.search(problem).decision(1, given: History())
      }
    } catch {
      for problem in error.diagnostics { complain(problem, at: problem.place ?? "parameters") }
    }
  }

  /// Whether `cost` is a number above 0, as far as a few hundred points show: a search that has begun cannot be given another.
  private mutating func checkCost(of file: SweepFile) {
    do throws(SweepError) {
      for point in try RandomSampler().points(at: 0..<256, in: SearchProblem(file.space, seed: file.seed)) { _ = try file.cost(of: point) }
    } catch {
      for problem in error.diagnostics { complain(problem, at: "cost") }
    }
  }

  private mutating func readTrainer(_ top: [String: Node]) -> TrainerEntry? {
    if top["trainer"] != nil { return choice(top, "trainer", among: trainers.names, default: nil).flatMap { trainers[$0] } }
    guard let first = trainers.entries.first?.plugin else { return nil }
    // A file that names neither trainer nor program is for the first trainer where it has its metric, or a parameter that this cannot do without. Every other
    // one lacks its program, or is for somebody who asks for points.
    let names = top["parameters"]?.mapping?.keys.compactMap(\.string) ?? []
    let needed = first.parameters.filter { $0.defaultValue == nil }.map(\.name)
    let ranking = top["metric"] ?? top["metrics"]?.sequence?.first
    let metric = ranking?.mapping?["name"]?.string ?? ranking?.string
    let isForeign =
      !names.isEmpty && !names.contains(where: needed.contains) && !(metric.map(first.metrics.contains) ?? false)
      && !names.allSatisfy(first.parameters.map(\.name).contains)
    guard isForeign, let ask = trainers[AskExecutor.name] else { return first }
    lacksProgram = true
    return ask
  }

  /// What to do with a configuration of Hydra's, which people keep beside a sweep file.
  private func hydraConfiguration(_ root: Node) -> Diagnostic? {
    guard let top = root.mapping, top["method"] == nil, let hydra = top["hydra"]?.mapping ?? (top["defaults"]?.sequence != nil ? [:] : nil) else {
      return nil
    }
    let sweeper = hydra["sweeper"]?.mapping
    let params = sweeper?["params"]?.mapping ?? sweeper?["search_space"]?.mapping ?? [:]
    let overrides = params.compactMap { key, value in key.string.flatMap { name in value.string.map { "\(name)=\($0)" } } }
    let example =
      overrides.isEmpty
      ? "'lr=interval(0.0001,0.1)'" : overrides.prefix(3).map { "'\($0)'" }.joined(separator: " ") + (overrides.count > 3 ? " …" : "")
    var moves: [String] = []
    if !params.isEmpty { moves.append("what is under params belongs under 'parameters:', or on the command line: sweep run FILE \(example)") }
    if let trials = sweeper?["n_trials"]?.string { moves.append("n_trials is 'run_cap: \(trials)'") }
    if let direction = sweeper?["direction"]?.string { moves.append("direction is 'metric: {name: …, goal: \(direction)}'") }
    if sweeper?["n_jobs"] != nil { moves.append("n_jobs is --workers") }
    moves.append("the script is 'program:', with command: ['${env}', '${interpreter}', '${program}', '${args_no_hyphens}']")
    return Diagnostic(
      "this is a configuration of Hydra\(sweeper == nil ? "" : "'s sweeper"), not a sweep file", remedy: moves.joined(separator: "; "))
  }

  private mutating func readMethod(_ top: [String: Node]) -> String? {
    if top["method"]?.string == "bayes" {
      remark(.note, Diagnostic("method bayes is 'auto' here: it chooses a sampler for each trial, and says which"), at: "method")
      return "auto"
    }
    if top["method"]?.string == "custom" {
      complain("method custom is code on W&B's side", at: "method", remedy: "use one of \(samplers.names.joined(separator: ", "))")
      return nil
    }
    return choice(top, "method", among: samplers.names, default: nil)
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

  // MARK: complaints and remarks

  mutating func complain(_ diagnostic: Diagnostic, at keyPath: String) { complaints.append(diagnostic.at(place(of: keyPath))) }

  mutating func complain(_ problem: String, at keyPath: String, remedy: String) {
    complain(Diagnostic(problem, remedy: remedy), at: keyPath)
  }

  mutating func remark(_ kind: Remark.Kind, _ diagnostic: Diagnostic, at keyPath: String) {
    remarks.append(Remark(kind, diagnostic.at(place(of: keyPath))))
  }

  /// "sweeps/a.yaml:12, parameters.eta", or where the command line said it "command line, eta".
  private func place(of keyPath: String) -> String {
    if let override = overrides.first(where: { keyPath == "parameters.\($0.name)" || keyPath.hasPrefix("parameters.\($0.name).") }) {
      return "command line, \(override.name)"
    }
    var known = keyPath
    while lines[known] == nil, let dot = known.lastIndex(where: { $0 == "." || $0 == "[" }) { known = String(known[..<dot]) }
    let line = lines[known].map { ":\($0)" } ?? ""
    return path + line + (keyPath.isEmpty ? "" : ", \(keyPath)")
  }

  // MARK: shapes

  /// A mapping with known keys only; nil, with a complaint, where it is none.
  mutating func mapping(_ node: Node, at keyPath: String, keys: [String]?) -> [String: Node]? {
    lines[keyPath] = lines[keyPath] ?? node.mark?.line
    guard case .mapping(let mapping) = node else {
      complain(
        "\(keyPath.isEmpty ? "the file" : keyPath) is \(Self.kind(node)), not a mapping", at: keyPath,
        remedy: Self.remedy(forWord: node.string, at: keyPath) ?? "write it as 'key: value' lines")
      return nil
    }
    var members: [String: Node] = [:]
    for (key, value) in mapping {
      let name = key.scalar?.string ?? ""
      let inner = keyPath.isEmpty ? name : "\(keyPath).\(name)"
      lines[inner] = key.mark?.line
      if let keys, !keys.contains(name), keyPath.isEmpty, anchored.contains(name) {
        remark(.note, Diagnostic("\(name) is read for its anchor alone"), at: name)
      } else if let keys, !keys.contains(name) {
        complain(.unknown("key", name, known: keys.filter { !Self.serverKeys.contains($0) }), at: inner)
      } else {
        members[name] = value
      }
    }
    return members
  }

  /// The mapping that is meant by a word in its place.
  private static func remedy(forWord word: String?, at keyPath: String) -> String? {
    guard let word, !word.isEmpty else { return nil }
    switch keyPath {
    case _ where keyPath.hasPrefix("metrics["): return "write {name: \(word), goal: \(word.lowercased().contains("acc") ? "maximize" : "minimize")}"
    case "metric": return "write metric: {name: \(word), goal: \(word.lowercased().contains("acc") ? "maximize" : "minimize")}"
    case "early_terminate":
      let type = pruners.names.contains(word) ? word : nearest(to: word, in: pruners.names) ?? "hyperband"
      return "write early_terminate: {type: \(type)\(type == "hyperband" ? ", min_iter: 3" : "")}"
    default: return nil
    }
  }

  static func kind(_ node: Node) -> String {
    switch node {
    case .scalar(let scalar): scalar.string.isEmpty ? "empty" : "'\(scalar.string)'"
    case .sequence: "a list"
    case .mapping: "a mapping"
    case .alias: "an alias"
    }
  }

  mutating func text(_ node: Node, at keyPath: String) -> String? {
    guard let scalar = node.scalar, !scalar.string.isEmpty else {
      complain("\(keyPath) is \(Self.kind(node))", at: keyPath, remedy: "write a text")
      return nil
    }
    return scalar.string
  }

  /// The elements of a list, or one scalar as a list of one.
  mutating func texts(_ node: Node, at keyPath: String) -> [String]? {
    lines[keyPath] = lines[keyPath] ?? node.mark?.line
    if node.scalar != nil { return text(node, at: keyPath).map { [$0] } }
    guard case .sequence(let sequence) = node else {
      complain("\(keyPath) is \(Self.kind(node)), not a list", at: keyPath, remedy: "write [a, b, c]")
      return nil
    }
    let texts = sequence.enumerated().map { index, element in text(element, at: "\(keyPath)[\(index)]") }
    return texts.contains(nil) ? nil : texts.compactMap { $0 }
  }

  mutating func number(_ node: Node, at keyPath: String) -> Double? {
    guard let number = Self.value(node)?.number else {
      complain("\(keyPath) is \(Self.kind(node))", at: keyPath, remedy: "write a number")
      return nil
    }
    return number
  }

  mutating func wholeNumber(_ node: Node, at keyPath: String, in range: ClosedRange<Int>) -> Int? {
    guard let number = Self.value(node)?.number.flatMap({ Int(exactly: $0) }), range.contains(number) else {
      complain("\(keyPath) is \(Self.kind(node))", at: keyPath, remedy: "write a whole number of \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return number
  }

  mutating func choice(_ members: [String: Node], _ key: String, among known: [String], default fallback: String?, path: String? = nil) -> String? {
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

  /// What a node means as a parameter's value: scalars as YAML 1.1 has them, lists and mappings of such; nil where a key is no scalar.
  static func value(_ node: Node) -> ParameterValue? {
    switch node {
    case .scalar(let scalar):
      switch scalar.tag.description {
      case "tag:yaml.org,2002:float":
        let value = YAMLScalar.value(of: scalar.string)
        return value.number.map(ParameterValue.real) ?? (value == .text("nan") ? value : nil)
      case "tag:yaml.org,2002:str" where scalar.style == .plain: return .text(scalar.string)
      default: break
      }
      return scalar.style == .plain || scalar.style == .any ? YAMLScalar.value(of: scalar.string) : .text(scalar.string)
    case .sequence(let sequence):
      let values = sequence.map(value)
      return values.contains(nil) ? nil : .list(values.compactMap { $0 })
    case .mapping(let mapping):
      var members: [(String, ParameterValue)] = []
      for (key, element) in mapping {
        guard let name = key.scalar?.string, let value = value(element) else { return nil }
        members.append((name, value))
      }
      return .mapping(of: members)
    case .alias: return nil
    }
  }

  // MARK: metric

  /// The objectives of `metric` or `metrics`; none, with a complaint, where something is wrong with them.
  private mutating func readObjectives(_ top: [String: Node], trainer: TrainerEntry?, isProgram: Bool) -> [Objective] {
    guard let node = top["metrics"] else {
      return readObjective(top["metric"], at: "metric", trainer: trainer, isProgram: isProgram).map { [$0] } ?? []
    }
    if top["metric"] != nil {
      complain(
        "there are both metric and metrics", at: "metrics", remedy: "keep 'metrics:' with all of them, the first of which tables are sorted by")
      return []
    }
    lines["metrics"] = lines["metrics"] ?? node.mark?.line
    guard case .sequence(let sequence) = node, !sequence.isEmpty else {
      let remedy =
        node.mapping == nil ? "write metrics: [{name: loss, goal: minimize}, {name: seconds, goal: minimize}]" : "for one objective write 'metric:'"
      complain("metrics is \(node.sequence == nil ? Self.kind(node) : "empty"), not a list", at: "metrics", remedy: remedy)
      return []
    }
    var objectives: [Objective] = []
    for (place, element) in sequence.enumerated() {
      let keyPath = "metrics[\(place)]"
      guard let objective = readObjective(element, at: keyPath, trainer: trainer, isProgram: isProgram) else { continue }
      if objectives.contains(where: { $0.metric == objective.metric }) {
        complain("\(objective.metric) is listed twice", at: keyPath, remedy: "list each metric once")
      }
      if place > 0, element.mapping?["target"] != nil {
        remark(.note, Diagnostic("only a target of the first objective ends a sweep; this one is not used"), at: "\(keyPath).target")
      }
      objectives.append(objective)
    }
    return objectives.count == sequence.count ? objectives : []
  }

  private mutating func readObjective(_ node: Node?, at place: String, trainer: TrainerEntry?, isProgram: Bool) -> Objective? {
    guard let node else {
      if isProgram {
        remark(
          .warning,
          Diagnostic(
            "no metric is named: trials are ranked by \(CommandExecutor.secondsMetric), their wall time",
            remedy: "add 'metric:' with a name and a goal"), at: "")
        return Objective(metric: CommandExecutor.secondsMetric, goal: .minimize)
      }
      complain("metric is missing", at: "", remedy: "add 'metric:' with a name and a goal (maximize or minimize)")
      return nil
    }
    guard var members = mapping(node, at: place, keys: ["name", "goal", "at", "target", "impute", "impute_while_running"]) else { return nil }
    for key in ["impute", "impute_while_running"] where members[key] != nil {
      remark(.note, Diagnostic("\(key) is for W&B's bayes; it is not used here"), at: "\(place).\(key)")
    }
    let known = trainer?.isOpen == false ? trainer?.metrics ?? [] : []
    var name = members["name"].flatMap { text($0, at: "\(place).name") }
    if members["name"] == nil {
      complain("\(place).name is missing", at: place, remedy: known.isEmpty ? "name one" : "name one of \(known.joined(separator: ", "))")
    }
    if let given = name, !known.isEmpty, !known.contains(given) {
      complain(.unknown("metric", given, known: known), at: "\(place).name")
      name = nil
    }
    if isProgram, members["goal"] == nil {
      remark(.note, Diagnostic("\(place).goal is not given: W&B minimizes then, and so does this"), at: place)
    }
    let goals = Objective.Goal.allCases.map(\.rawValue)
    if isProgram, let word = members["goal"]?.string, !goals.contains(word), nearest(to: word, in: goals) == nil, !word.lowercased().hasPrefix("max")
    {
      remark(
        .warning, Diagnostic("'\(word)' is no goal: W&B minimizes then, and so does this", remedy: "write minimize or maximize"), at: "\(place).goal")
      members["goal"] = nil
    }
    let goal = choice(members, "goal", among: goals, default: "minimize", path: "\(place).goal")
    let at = choice(members, "at", among: Objective.Epoch.allCases.map(\.rawValue), default: "last", path: "\(place).at")
    guard let name, let goal = goal.flatMap(Objective.Goal.init), let at = at.flatMap(Objective.Epoch.init) else { return nil }
    return Objective(metric: name, goal: goal, at: at)
  }
}

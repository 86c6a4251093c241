// What a sweep file says of when a sweep ends early, and of early stopping. Times and sizes are written as people write them.

import SweepCore
import SweepSearch
import Yams

extension SweepFileReading {
  mutating func readRules(_ top: [String: Node]) -> RunRules {
    var rules = RunRules()
    rules.runCap = top["run_cap"].flatMap { wholeNumber($0, at: "run_cap", in: 1...1_000_000_000) }
    rules.maxFailures = top["max_failures"].flatMap { wholeNumber($0, at: "max_failures", in: 1...1_000_000_000) }
    rules.timeBudget = top["time_budget"].flatMap { seconds($0, at: "time_budget") }
    let (first, place) = top["metrics"].map { ($0.sequence?.first, "metrics[0]") } ?? (top["metric"], "metric")
    rules.target = first?.mapping?["target"].flatMap { number($0, at: "\(place).target") }
    if let node = top["allow_flapping"] {
      switch Self.value(node) {
      case .bool(let value)?: rules.allowsFlapping = value
      default: complain("allow_flapping is \(Self.kind(node))", at: "allow_flapping", remedy: "write true or false")
      }
    }
    return rules
  }

  mutating func readEarlyTermination(_ node: Node?) -> EarlyTermination? {
    guard let node else { return nil }
    guard let members = mapping(node, at: "early_terminate", keys: nil),
      let type = choice(members, "type", among: pruners.names, default: nil, path: "early_terminate.type"), let entry = pruners[type]
    else { return nil }
    var options: [String: ParameterValue] = [:]
    for key in members.keys.sorted() where key != "type" && !entry.options.contains(where: { $0.name == key }) {
      complain(.unknown("key", key, known: ["type"] + entry.options.map(\.name)), at: "early_terminate.\(key)")
    }
    for option in entry.options {
      guard let node = members[option.name] else {
        options[option.name] = option.defaultValue
        continue
      }
      switch option.checked(Self.value(node) ?? .null) {
      case .success(let value): options[option.name] = value
      case .failure(let diagnostic): complain(diagnostic, at: "early_terminate.\(option.name)")
      }
    }
    if let problem = entry.problem(options) { complain(problem, at: "early_terminate") }
    return EarlyTermination(type: type, options: options)
  }

  private static func learns(_ method: String?) -> Bool { method.flatMap { samplers[$0]?.strategy } != nil }

  /// With whom a trial is compared that may be stopped early.
  mutating func readOrder(_ top: [String: Node], _ early: EarlyTermination?, method: String?) -> SweepFile.Order {
    let words = SweepFile.Order.allCases.map(\.rawValue)
    let order = choice(top, "order", among: words, default: SweepFile.Order.number.rawValue).flatMap(SweepFile.Order.init) ?? .number
    let learns = Self.learns(method)
    guard learns || early.map({ $0.type != "none" }) ?? false else {
      if top["order"] != nil { remark(.note, Diagnostic("order has no effect: nothing is stopped early"), at: "order") }
      return order
    }
    if order == .arrival {
      remark(
        .note,
        Diagnostic(
          learns
            ? "each trial is chosen by whatever has ended before it: which trials there are depends on how many workers there are, and which is the faster one"
            : "a trial is compared with all that have reported before it, as W&B's agents do it: what is stopped depends on which is the faster one",
          remedy: "leave order out for the same trials with any number of workers"), at: "order")
    } else if !learns, early?.type == "hyperband", top["order"] == nil {
      remark(
        .note,
        Diagnostic(
          "a trial is compared with those of lower numbers, so that any number of workers stops the same; W&B compares those that came first",
          remedy: "'order: arrival' does as W&B"), at: "early_terminate")
    }
    return order
  }

  /// How a method that learns is planned: `parallel` and `cost`.
  mutating func readParallel(_ top: [String: Node], method: String?) -> Int {
    let parallel = top["parallel"].flatMap { wholeNumber($0, at: "parallel", in: 1...10_000) } ?? SweepFile.standardParallel
    if let method = method.flatMap({ samplers[$0] }), method.strategy == nil {
      for key in ["parallel", "cost"] where top[key] != nil {
        remark(.note, Diagnostic("\(key) is for methods that learn from results; it has no effect on this one"), at: key)
      }
    }
    return parallel
  }

  /// Sweeps from which a method that learns starts.
  mutating func readPrior(_ node: Node?, name: String, method: String) -> [String] {
    guard let node, let names = texts(node, at: "prior") else { return [] }
    for (index, prior) in names.enumerated() {
      if prior == name {
        complain("prior names the sweep itself", at: "prior[\(index)]", remedy: "what it has found is known to it: name another, or remove it")
      } else if names.firstIndex(of: prior) != index {
        complain("prior names \(prior) twice", at: "prior[\(index)]", remedy: "remove one of them")
      }
    }
    if let method = samplers[method], method.strategy == nil {
      remark(.note, Diagnostic("prior is for methods that learn from results; it has no effect on this one"), at: "prior")
    }
    return names
  }

  /// What makes results depend on how fast and how large a machine is, where they would not otherwise: points are chosen, or trials stopped, by what
  /// others came to.
  mutating func remarkMachine(_ top: [String: Node], method: String?, _ early: EarlyTermination?) {
    let learns = Self.learns(method)
    guard learns || early.map({ $0.type != "none" }) ?? false else { return }
    let follows = learns ? "what is tried after it" : "what is stopped after it"
    for (key, what) in [("wall", "a slower machine cuts off"), ("cpu", "a slower machine cuts off"), ("memory", "another machine may cut off")]
    where top["limits"]?.mapping?[key] != nil {
      remark(
        .note,
        Diagnostic(
          "what \(what) fails, and \(follows) depends on that: with limits.\(key) results depend on the machine",
          remedy: "make it so large that it only stops what hangs"), at: "limits.\(key)")
    }
    if top["time_budget"] != nil {
      remark(
        .note,
        Diagnostic(
          "time_budget ends a run by the clock: how many trials there are depends on the machine",
          remedy: "run_cap is the same everywhere; both together are fine"), at: "time_budget")
    }
  }

  mutating func readCost(_ node: Node?, _ space: SearchSpace) -> ParameterExpression? {
    guard let node, let text = text(node, at: "cost"), let cost = expression(text, space.parameters, at: "cost", isCondition: false) else {
      return nil
    }
    let type = cost.type { name in space[name].map { $0.domain.type.union(.null) } }
    if type.isDisjoint(with: [.number]) {
      complain("cost is \(type), not a number", at: "cost", remedy: "write what an epoch costs, such as '1 / batch_size'")
    }
    return cost
  }

  /// "90", "90s", "1.5h", "1h30m", "2d" in seconds.
  mutating func seconds(_ node: Node, at keyPath: String) -> Double? {
    guard let seconds = node.scalar.flatMap({ Quantity.seconds($0.string) }), seconds > 0 else {
      complain("\(keyPath) is \(Self.kind(node))", at: keyPath, remedy: "write a time such as 90s, 15m, 1h30m or 2d")
      return nil
    }
    return seconds
  }

  /// "512MB", "4GiB", "1e9" in bytes.
  mutating func bytes(_ node: Node, at keyPath: String) -> Int? {
    guard let bytes = node.scalar.flatMap({ Quantity.bytes($0.string) }), bytes > 0 else {
      complain("\(keyPath) is \(Self.kind(node))", at: keyPath, remedy: "write a size such as 512MB or 4GB")
      return nil
    }
    return bytes
  }
}

/// Times and sizes with their units.
package enum Quantity {
  /// More than thirty years are nobody's limit.
  package static let mostSeconds = 1e9

  /// nil where it is none, or more than `mostSeconds`.
  package static func seconds(_ text: String) -> Double? {
    sum(text, units: ["s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "ms": 0.001, "": 1]).flatMap { $0 <= mostSeconds ? $0 : nil }
  }

  /// Decimal and binary units are the same here, the binary ones, as with `ulimit` and W&B's own tools; a limit is no matter of 7 %.
  package static func bytes(_ text: String) -> Int? {
    let units = [
      "": 1.0, "b": 1, "k": 0x1p10, "kb": 0x1p10, "kib": 0x1p10, "m": 0x1p20, "mb": 0x1p20, "mib": 0x1p20, "g": 0x1p30, "gb": 0x1p30, "gib": 0x1p30,
      "t": 0x1p40, "tb": 0x1p40, "tib": 0x1p40,
    ]
    return sum(text, units: units).flatMap { $0 < 0x1p62 ? Int($0) : nil }
  }

  /// Numbers, each with its unit.
  private static func sum(_ text: String, units: [String: Double]) -> Double? {
    var rest = Substring(text.lowercased().filter { $0 != " " && $0 != "_" })
    guard !rest.isEmpty else { return nil }
    var sum = 0.0
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(unit.count)
      guard let number = Double(digits), let scale = units[String(unit)], unit != "" || rest.isEmpty else { return nil }
      sum += number * scale
    }
    return sum.isFinite ? sum : nil
  }
}

// What a sweep file says of a program: its command, surroundings, limits, slots and retries, and what is doubtful about them.

import Foundation
import SweepCore
import SweepExecutors
import Yams

/// The keys of `limits:`.
package let limitKeys = ["wall", "cpu", "memory", "threads", "grace"]

extension SweepFileReading {
  /// - Parameter space: nil where the parameters could not be read.
  mutating func readProgram(_ top: [String: Node], space: SearchSpace?) -> ProgramSpecification? {
    let program = top["program"].flatMap { text($0, at: "program") }
    let words = top["command"].flatMap { readCommand($0) }
    if top["command"] != nil, words == nil { return nil }
    let command = CommandTemplate(words ?? CommandTemplate.standard, program: program)
    if let program, program.hasPrefix("-m ") {
      let module = program.dropFirst(3).trimmingCharacters(in: .whitespaces)
      complain(
        "'\(program)' is no file", at: "program",
        remedy: "write program: \(module) and command: ['${env}', '${interpreter}', '-m', '${program}', '${args}']")
    }
    var specification = ProgramSpecification(command: command, folder: readFolder(top["folder"], command))
    specification.environment = top["environment"].flatMap { readEnvironment($0) } ?? [:]
    specification.report = top["report"].flatMap { readReport($0) } ?? ReportFormat()
    specification.limits = top["limits"].flatMap { readLimits($0) } ?? Limits()
    specification.resources = top["resources"].flatMap { readResources($0) } ?? [:]
    specification.retries = top["retries"].flatMap { readRetries($0) } ?? Retries()
    if let space {
      func place(_ index: Int?) -> String { index.map { "command[\($0)]" } ?? "command" }
      let problems = command.problems(parameterNames: space.names)
      for (index, diagnostic) in problems { complain(diagnostic, at: place(index)) }
      let script = script(program, in: specification.folder)
      let doubts = command.doubts(
        hasParameters: !space.parameters.isEmpty && !Self.readsByItself(script), parameterNames: space.names
      ) { name in
        specification.environment[name] ?? ProcessInfo.processInfo.environment[name]
      }
      for (index, diagnostic) in doubts where !problems.contains(where: { $0.index == index }) { remark(.warning, diagnostic, at: place(index)) }
      if let call = ["wandb.agent(", "wandb.sweep("].first(where: script.contains) {
        remark(
          .warning,
          Diagnostic(
            "\(program ?? "the program") calls \(call)…): it would ask W&B's server for a sweep of its own, in every trial",
            remedy: "have it train once, with wandb.init() or by its arguments, and leave the sweep to this file"), at: "program")
      }
    }
    return specification
  }

  /// Whether a script names one of the other ways to get its parameters.
  private static func readsByItself(_ script: String) -> Bool {
    ["wandb.init", "SWEEP_PARAMETERS", "WANDB_SWEEP_PARAM_PATH"].contains { script.contains($0) }
  }

  /// The text of a program where it is one, without its comments.
  private func script(_ program: String?, in folder: String) -> String {
    guard let program, let data = FileManager.default.contents(atPath: program.hasPrefix("/") ? program : "\(folder)/\(program)") else { return "" }
    let lines = String(decoding: data.prefix(1 << 20), as: UTF8.self).split(separator: "\n")
    return lines.filter { $0.drop { $0 == " " || $0 == "\t" }.first != "#" }.joined(separator: "\n")
  }

  private mutating func readCommand(_ node: Node) -> [String]? {
    lines["command"] = lines["command"] ?? node.mark?.line
    if let scalar = node.scalar, !scalar.string.isEmpty {
      remark(
        .warning, Diagnostic("command is one text, not a list; it is cut at its spaces, and no shell is in between", remedy: "write a list"),
        at: "command")
      return scalar.string.split { $0 == " " || $0 == "\n" }.map(String.init)
    }
    guard case .sequence(let sequence) = node else {
      complain("command is \(Self.kind(node)), not a list", at: "command", remedy: "write ['${env}', '${interpreter}', '${program}', '${args}']")
      return nil
    }
    var words: [String] = []
    for (index, element) in sequence.enumerated() {
      lines["command[\(index)]"] = element.mark?.line
      guard let word = element.scalar?.string else {
        complain("command[\(index)] is \(Self.kind(element))", at: "command[\(index)]", remedy: "write a text; quote one that begins with { or [")
        return nil
      }
      words.append(word)
    }
    return words
  }

  /// Where the program runs: as the file says, else here, as with W&B; but beside the file where only there is such a program.
  private mutating func readFolder(_ node: Node?, _ command: CommandTemplate) -> String {
    let here = FileManager.default.currentDirectoryPath
    func absolute(_ path: String, from base: String) -> String {
      URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: base, isDirectory: true)).standardizedFileURL.path
    }
    let beside = path == "-" ? here : absolute((path as NSString).deletingLastPathComponent, from: here)
    if let node { return text(node, at: "folder").map { absolute($0, from: beside) } ?? here }
    guard let program = command.program, !program.hasPrefix("/") else { return here }
    func has(_ folder: String) -> Bool {
      (command.isModule ? command.moduleFiles : [program]).contains { FileManager.default.fileExists(atPath: folder + "/" + $0) }
    }
    return !has(here) && has(beside) ? beside : here
  }

  private mutating func readEnvironment(_ node: Node) -> [String: String]? {
    guard let members = mapping(node, at: "environment", keys: nil) else { return nil }
    let variables = members.mapValues { node in
      if node.scalar == nil { complain("a variable is \(Self.kind(node))", at: "environment", remedy: "write a text or a number") }
      return node.scalar?.string ?? ""
    }
    for (name, value) in variables.sorted(by: { $0.key < $1.key }) {
      guard let literal = CommandTemplate.literal(in: value) else { continue }
      remark(.warning, Diagnostic("'\(value)' is what \(name) becomes: \(literal.problem)", remedy: literal.remedy), at: "environment.\(name)")
    }
    return variables
  }

  private mutating func readReport(_ node: Node) -> ReportFormat? {
    guard let members = mapping(node, at: "report", keys: ["pattern", "epoch"]) else { return nil }
    let format = ReportFormat(
      pattern: members["pattern"].flatMap { text($0, at: "report.pattern") }, epoch: members["epoch"].flatMap { text($0, at: "report.epoch") })
    if let problem = format.problem { complain(problem, at: "report.pattern") }
    return format
  }

  private mutating func readLimits(_ node: Node) -> Limits? {
    guard let members = mapping(node, at: "limits", keys: limitKeys) else { return nil }
    var limits = Limits()
    limits.wall = members["wall"].flatMap { seconds($0, at: "limits.wall") }
    limits.cpu = members["cpu"].flatMap { seconds($0, at: "limits.cpu") }
    limits.memory = members["memory"].flatMap { bytes($0, at: "limits.memory") }
    limits.threads = members["threads"].flatMap { wholeNumber($0, at: "limits.threads", in: 1...1024) }
    limits.grace = members["grace"].flatMap { seconds($0, at: "limits.grace") } ?? limits.grace
    return limits
  }

  private mutating func readResources(_ node: Node) -> [String: [String]]? {
    guard let members = mapping(node, at: "resources", keys: nil) else { return nil }
    var resources: [String: [String]] = [:]
    for (name, node) in members.sorted(by: { $0.key < $1.key }) {
      let values = texts(node, at: "resources.\(name)")
      if values?.isEmpty == true { complain("resources.\(name) is empty", at: "resources.\(name)", remedy: "list a value for each slot") }
      resources[name] = values
    }
    return resources
  }

  private mutating func readRetries(_ node: Node) -> Retries? {
    var retries = Retries()
    lines["retries"] = lines["retries"] ?? node.mark?.line
    if node.scalar != nil {
      retries.count = wholeNumber(node, at: "retries", in: 0...1000) ?? 0
      return retries
    }
    guard let members = mapping(node, at: "retries", keys: ["count", "backoff", "on"]) else { return nil }
    retries.count = members["count"].flatMap { wholeNumber($0, at: "retries.count", in: 0...1000) } ?? 1
    retries.backoff = members["backoff"].flatMap { seconds($0, at: "retries.backoff") } ?? retries.backoff
    if let words = members["on"].flatMap({ texts($0, at: "retries.on") }) {
      let known = Retries.Cause.allCases.map(\.rawValue)
      for (index, word) in words.enumerated() where !known.contains(word) {
        complain(.unknown("cause", word, known: known), at: "retries.on[\(index)]")
      }
      retries.causes = Set(words.compactMap(Retries.Cause.init))
    }
    return retries
  }
}

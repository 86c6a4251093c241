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
    var specification = ProgramSpecification(command: command, folder: readFolder(top["folder"], program: program))
    specification.environment = top["environment"].flatMap { readEnvironment($0) } ?? [:]
    specification.report = top["report"].flatMap { readReport($0) } ?? ReportFormat()
    specification.limits = top["limits"].flatMap { readLimits($0) } ?? Limits()
    specification.resources = top["resources"].flatMap { readResources($0) } ?? [:]
    specification.retries = top["retries"].flatMap { readRetries($0) } ?? Retries()
    if let space {
      let doubts = command.doubts(
        hasParameters: !space.parameters.isEmpty && !readsByItself(program, in: specification.folder), parameterNames: space.names
      ) { name in
        specification.environment[name] ?? ProcessInfo.processInfo.environment[name]
      }
      for (index, diagnostic) in doubts { remark(.warning, diagnostic, at: index.map { "command[\($0)]" } ?? "command") }
    }
    return specification
  }

  /// Whether a script names one of the other ways to get its parameters.
  private func readsByItself(_ program: String?, in folder: String) -> Bool {
    guard let program, let data = FileManager.default.contents(atPath: program.hasPrefix("/") ? program : "\(folder)/\(program)") else {
      return false
    }
    let text = String(decoding: data.prefix(1 << 20), as: UTF8.self)
    return ["wandb.init", "SWEEP_PARAMETERS", "WANDB_SWEEP_PARAM_PATH"].contains { text.contains($0) }
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
  private mutating func readFolder(_ node: Node?, program: String?) -> String {
    let here = FileManager.default.currentDirectoryPath
    func absolute(_ path: String, from base: String) -> String {
      URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: base, isDirectory: true)).standardizedFileURL.path
    }
    let beside = path == "-" ? here : absolute((path as NSString).deletingLastPathComponent, from: here)
    if let node { return text(node, at: "folder").map { absolute($0, from: beside) } ?? here }
    guard let program, !program.hasPrefix("/") else { return here }
    let isHere = FileManager.default.fileExists(atPath: here + "/" + program)
    return !isHere && FileManager.default.fileExists(atPath: beside + "/" + program) ? beside : here
  }

  private mutating func readEnvironment(_ node: Node) -> [String: String]? {
    guard let members = mapping(node, at: "environment", keys: nil) else { return nil }
    return members.mapValues { node in
      if node.scalar == nil { complain("a variable is \(Self.kind(node))", at: "environment", remedy: "write a text or a number") }
      return node.scalar?.string ?? ""
    }
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

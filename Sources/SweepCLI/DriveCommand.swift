// `sweep drive`: a sweep for one client over standard input and output, a JSON object a line in each direction. Its words are docs/drive.md's; what they
// do is DrivenSweep's.

import ArgumentParser
import Foundation
import SweepCore
import SweepKit
import SweepStore

struct DriveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drive", abstract: "Serve a sweep to one program over standard input and output, as lines of JSON.",
    discussion: """
      For programs that ask for trials and tell of them thousands of times: one process, tens of microseconds a call, and every row in the
      database. docs/drive.md has all calls.

      EXAMPLE
        {"op":"open","file":"sweep.yaml"}          {"ok":true,"sweep":"mine","sampler":"auto","why":"..."}
        {"op":"ask"}                               {"parameters":{"lr":0.01},"sampler":"gp","trial":1}
        {"op":"tell","trial":1,"value":0.93}       {"ok":true}
        {"op":"close"}                             {"ok":true}
      """)

  @OptionGroup var database: DatabaseOption

  func run() throws {
    let server = DriveServer(database: database.path)
    while let line = readLine(strippingNewline: true) {
      if line.allSatisfy(\.isWhitespace) { continue }
      Terminal.output(server.answer(to: line).json + "\n")
      if server.isClosed { return }
    }
    try server.close()  // the client has gone
  }
}

/// What is served.
private final class DriveServer {
  private let database: String
  private var store: Store?
  private var sweep: DrivenSweep?
  private(set) var isClosed = false

  init(database: String) { self.database = database }

  /// Never fails: what is wrong is an answer, too, and nothing of the call has happened then.
  func answer(to line: String) -> ParameterValue {
    do {
      guard let call = Call(ParameterValue(json: line)) else {
        throw SweepError(.input, "the line is no JSON object", remedy: "write one object a line, such as {\"op\":\"ask\"}")
      }
      switch try call.text("op") ?? "" {
      case "open": return try open(call)
      case "ask":
        try call.check([])
        return try ask()
      case "tell": return try tell(call)
      case "load": return try load(call)
      case "close":
        try close()
        isClosed = true
        return .done
      case let op: throw SweepError(.input, .unknown("op", op, known: ["open", "ask", "tell", "load", "close"]))
      }
    } catch let error as SweepError {
      return .mapping(of: [("error", .text(error.description))])
    } catch {
      return .mapping(of: [("error", .text("\(error)"))])
    }
  }

  func close() throws {
    try sweep?.close()
    sweep = nil
    try store?.close()
    store = nil
  }

  private func open(_ call: Call) throws -> ParameterValue {
    try call.check(["file", "definition", "name", "budget", "lag", "seed"])
    let loader = SweepFileLoader(trainers: try Registry.builtin())
    let loaded: LoadedSweep
    if let text = try call.text("definition") {
      loaded = try loader.read(text: text, path: "-")
    } else if let path = try call.text("file") {
      loaded = try loader.read(path)
    } else {
      throw SweepError(.input, "open names no sweep", remedy: "give \"file\", the path of a sweep file, or \"definition\", its text")
    }
    let file = loaded.file.renamed(try call.text("name"))
      .with(runCap: try call.integer("budget", from: 1), parallel: try call.integer("lag", from: 1), seed: try call.integer("seed", from: 0))
    try close()  // of what was open before
    let store = try Store.open(database)
    store.tellWarnings()
    do {
      let sweep = try DrivenSweep(file, in: store)
      (self.store, self.sweep) = (store, sweep)
    } catch {
      try? store.close()
      throw error
    }
    return .mapping(of: [
      ("ok", .bool(true)), ("sweep", .text(file.name)), ("sampler", .text(file.method)), ("why", .text("the method of \(file.name)")),
    ])
  }

  private func driven() throws -> DrivenSweep {
    guard let sweep else { throw SweepError(.input, "no sweep is open", remedy: "begin with {\"op\":\"open\",\"file\":\"sweep.yaml\"}") }
    return sweep
  }

  private func ask() throws -> ParameterValue {
    let sweep = try driven()
    switch try sweep.ask() {
    case .trial(let trial):
      let parameters = sweep.file.space.configuration(of: trial.assignment).map { ($0.name, $0.value) }
      var members: [(String, ParameterValue)] = [("trial", .integer(trial.number)), ("parameters", .mapping(of: parameters))]
      if let chosen = sweep.lastSuggestion { members.append(("sampler", .text(chosen.sampler))) }
      if let reason = sweep.lastSuggestion?.reason { members.append(("why", .text(reason))) }
      if let seconds = sweep.secondsOfLastDecision { members.append(("seconds", .real(seconds))) }
      return .mapping(of: members)
    case .wait: return .mapping(of: [("wait", .bool(true))])
    case .none(let reason): return .mapping(of: [("done", .bool(true))] + (reason.map { [("why", .text($0))] } ?? []))
    }
  }

  private func tell(_ call: Call) throws -> ParameterValue {
    try call.check(["trial", "value", "values", "epoch", "more", "failed"])
    let sweep = try driven()
    guard let number = try call.integer("trial", from: 1) else {
      throw SweepError(.input, "tell names no trial", remedy: "give \"trial\", its number")
    }
    let (values, epoch) = (try values(call, of: sweep), try call.integer("epoch", from: 0))
    if try call.truth("more") {
      if call.members["failed"] != nil { throw SweepError(.input, "more and failed contradict each other", remedy: "give one of them") }
      let verdict = try sweep.report(values, epoch: epoch, of: number)
      return .mapping(of: [("ok", .bool(true)), ("verdict", .text(verdict.word))])
    }
    try sweep.tell(values, epoch: epoch, of: number, try call.text("failed").map { .failed(reason: $0) } ?? .complete)
    return .done
  }

  /// "value" is that of what the sweep is ranked by; "values" has metrics by their names.
  private func values(_ call: Call, of sweep: DrivenSweep) throws -> [(name: String, value: Double)] {
    var values: [(name: String, value: Double)] = []
    if let value = try call.number("value") { values.append((sweep.sweep.objective.metric, value)) }
    switch call.members["values"] {
    case nil: break
    case .mapping(let members)?:
      for member in members {
        guard let value = Call.number(member.value) else {
          throw SweepError(.input, "\(member.name) is \(member.value.json)", remedy: "write a number")
        }
        values.append((member.name, value))
      }
    case let other?: throw SweepError(.input, "values is \(other.json)", remedy: "write an object of metrics by their names")
    }
    return values
  }

  private func load(_ call: Call) throws -> ParameterValue {
    try call.check(["trials"])
    let sweep = try driven()
    guard case .list(let trials)? = call.members["trials"] else {
      throw SweepError(.input, "load has no trials", remedy: "give \"trials\": [{\"parameters\": {...}, \"value\": 0.3}, ...]")
    }
    try sweep.load(
      try trials.map { trial in
        guard let one = Call(trial), case .mapping(let parameters)? = one.members["parameters"]
        else { throw SweepError(.input, "a trial is \(trial.json)", remedy: "write {\"parameters\": {...}, \"value\": 0.3}") }
        return (try sweep.file.point(parameters.map { ($0.name, $0.value) }), try values(one, of: sweep))
      })
    return .mapping(of: [("ok", .bool(true)), ("trials", .integer(trials.count))])
  }
}

/// A line of the client.
private struct Call {
  let members: [String: ParameterValue]

  /// nil: it is no object.
  init?(_ value: ParameterValue?) {
    guard case .mapping(let members)? = value else { return nil }
    self.members = Dictionary(members.map { ($0.name, $0.value) }) { $1 }
  }

  /// - Throws: where a member has a name that means nothing.
  func check(_ known: [String]) throws {
    if let odd = members.keys.sorted().first(where: { $0 != "op" && !known.contains($0) }) {
      throw SweepError(.input, .unknown("member", odd, known: known))
    }
  }

  func text(_ name: String) throws -> String? {
    switch members[name] {
    case nil, .null?: return nil
    case .text(let text)?: return text
    case let value?: throw SweepError(.input, "\(name) is \(value.json)", remedy: "write a text")
    }
  }

  func truth(_ name: String) throws -> Bool {
    switch members[name] {
    case nil, .null?: return false
    case .bool(let truth)?: return truth
    case let value?: throw SweepError(.input, "\(name) is \(value.json)", remedy: "write true or false")
    }
  }

  func integer(_ name: String, from least: Int) throws -> Int? {
    guard let value = members[name], value != .null else { return nil }
    guard let number = value.number.flatMap({ Int(exactly: $0) }), number >= least else {
      throw SweepError(.input, "\(name) is \(value.json)", remedy: "write a whole number of at least \(least)")
    }
    return number
  }

  func number(_ name: String) throws -> Double? {
    guard let value = members[name] else { return nil }
    guard let number = Self.number(value) else { throw SweepError(.input, "\(name) is \(value.json)", remedy: "write a number") }
    return number
  }

  /// JSON has no word for what is not finite: null is NaN, and texts such as "inf" are what they say.
  static func number(_ value: ParameterValue) -> Double? {
    switch value {
    case .null: .nan
    case .text(let text): Double(text)
    default: value.number
    }
  }
}

extension ParameterValue {
  fileprivate static var done: ParameterValue { .mapping(of: [("ok", .bool(true))]) }
}

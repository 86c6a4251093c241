// `sweep enqueue SWEEP lr=0.1 …`: points that are tried before any other, also while the sweep runs.

import ArgumentParser
import Foundation
import SweepCore
import SweepKit
import SweepStore

struct EnqueueCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enqueue", abstract: "Have points of a sweep tried before any other.",
    discussion: """
      A point has a value for every parameter that varies and is in use; constants need none. Several points are lines of JSON on standard input, or
      the best of another sweep. A new sweep is written without its trials; 'sweep run' and 'sweep ask' try the points first. One that runs takes them
      when it starts its next trial, and one that has ended goes on with them when it is run again. A point that was tried is not tried twice.

      EXAMPLE
        sweep enqueue search.yaml lr=0.1 batch=32
        sweep enqueue mine - < points.jsonl
        sweep enqueue mine --from earlier --top 5
      """)

  @Argument(help: "The sweep's name, or a sweep file.", completion: .file(extensions: ["yaml", "yml"])) var sweep: String
  @Argument(help: "The values of one point: lr=0.1 batch=32; - for lines of JSON on standard input: {\"lr\": 0.1, \"batch\": 32}.")
  var values: [String] = []
  @Option(help: "With a file: the sweep's name (default: the file's).") var name: String?
  @Option(help: ArgumentHelp("Another sweep of the database, whose best points are enqueued.", valueName: "sweep")) var from: String?
  @Option(help: "How many of them (default: 1).") var top: Int?
  @OptionGroup var database: DatabaseOption

  func validate() throws {
    if values.isEmpty, from == nil { throw ValidationError("give a point (NAME=VALUE …), - for lines of JSON, or --from SWEEP") }
    if values.contains("-"), values.count > 1 { throw ValidationError("give one point by its values, or - for lines of JSON, not both") }
    if top != nil, from == nil { throw ValidationError("--top goes with --from") }
    if let top, top < 1 { throw ValidationError("--top is \(top); use 1 or more") }
  }

  func run() throws {
    var isFolder: ObjCBool = false
    let isFile = FileManager.default.fileExists(atPath: sweep, isDirectory: &isFolder) && !isFolder.boolValue
    if !isFile, name != nil { throw SweepError(.usage, "--name goes with a sweep file, and '\(sweep)' is none") }
    let trainers = try Registry.builtin()
    let loaded = try isFile ? SweepFileLoader(trainers: trainers).read(sweep) : nil
    if let loaded, !loaded.lacksProgram { loaded.tell() }
    guard isFile || FileManager.default.fileExists(atPath: database.path) else { return _ = try database.reading() }
    let store = try Store.open(database.path)
    store.tellWarnings()
    defer { try? store.close() }
    let queue =
      try loaded.map { loaded in
        let file = loaded.file.renamed(name)
        return try PointQueue(file, trainer: try trainers.entry(for: file), in: store)
      } ?? PointQueue(named: sweep, in: store)
    var points = try given(queue)
    if let from {
      let best = try queue.points(bestOf: try store.sweep(named: from), limit: top ?? 1)
      for sentence in best.leftOut { Terminal.error("left out: \(sentence)") }
      points += best.points
      if points.isEmpty {
        throw SweepError(
          .input, best.leftOut.isEmpty ? "'\(from)' has no complete trial" : "no point of '\(from)' is one of '\(queue.sweep.name)'",
          remedy: best.leftOut.isEmpty ? "wait for one, or name another sweep" : "name a point by its values")
      }
    }
    let results = try queue.enqueue(points)
    for (point, result) in zip(points, results) {
      switch result {
      case .added: break
      case .waits: Terminal.error("\(point.json) is enqueued already")
      case .isTrial(let number, let state): Terminal.error("\(point.json) is trial \(number) already, which is \(state.rawValue)")
      }
    }
    let added = results.count { $0 == .added }
    let isRunning = RunnerLock.isHeld(database: store.path, sweep: queue.sweep.name)
    let then = added == 0 ? "" : isRunning ? "; the run that is under way takes them" : "; 'sweep run' and 'sweep ask' try them first"
    Terminal.error("\(queue.sweep.name): \(counted(added, "point")) enqueued\(then)")
  }

  private func given(_ queue: PointQueue) throws -> [Assignment] {
    if values != ["-"] { return try values.isEmpty ? [] : [queue.file.point(values.map(Self.value))] }
    guard let text = String(data: try FileHandle.standardInput.readToEnd() ?? Data(), encoding: .utf8) else {
      throw SweepError(.input, "standard input is not UTF-8 text", remedy: "write a point a line as JSON: {\"lr\": 0.1}")
    }
    var points: [Assignment] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if line.allSatisfy(\.isWhitespace) { continue }
      let place = "standard input, line \(index + 1)"
      guard case .mapping(let members)? = ParameterValue(json: String(line)) else {
        throw SweepError(.input, "this is no JSON object", place: place, remedy: "write a point a line: {\"lr\": 0.1, \"batch\": 32}")
      }
      do throws(SweepError) { points.append(try queue.file.point(members.map { ($0.name, $0.value) })) } catch {
        throw SweepError(error.kind, error.diagnostics.map { $0.at(place) })
      }
    }
    if points.isEmpty { throw SweepError(.input, "standard input has no points", remedy: "write a point a line as JSON: {\"lr\": 0.1}") }
    return points
  }

  /// "lr=0.1" in the grammar of the command line's overrides, with one value.
  private static func value(_ argument: String) throws -> (name: String, value: ParameterValue) {
    let parsed = try Override(argument)
    guard parsed.action == .set, case .value(let value)? = parsed.domain else {
      throw SweepError(.usage, "'\(argument)' is no value of a point", remedy: "write NAME=VALUE with one value; several points are lines of JSON: -")
    }
    return (parsed.name, value)
  }
}

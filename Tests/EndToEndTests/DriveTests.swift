// `sweep drive` as a client in another language sees it: a child process, lines of JSON, the rows that it leaves, and kills.

import Foundation
import SweepCore
import SweepTestSupport
import Testing

/// A client.
private final class DriveClient {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var buffer = Data()

  init(in folder: TemporaryFolder) throws {
    process.executableURL = URL(fileURLWithPath: SweepBinary.path)
    process.arguments = ["drive", "--db", folder.path("results.sqlite")]
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.environment = SweepBinary(in: folder.path).environment
    (process.standardInput, process.standardOutput) = (input, output)
    try process.run()
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  /// The members of the answer to a line.
  @discardableResult func call(_ line: String) throws -> [String: ParameterValue] {
    try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
    while !buffer.contains(0x0A) {
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { break }
      buffer += more
    }
    let end = try #require(buffer.firstIndex(of: 0x0A), "drive has ended")
    let text = String(decoding: buffer[..<end], as: UTF8.self)
    buffer = buffer[buffer.index(after: end)...]
    guard case .mapping(let members)? = ParameterValue(json: text) else { return [:] }
    return Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) })
  }

  func killHard() {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// - Returns: the exit code.
  func end() throws -> Int32 {
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    return process.terminationStatus
  }
}

struct DriveTests {
  private let folder = TemporaryFolder()

  private func write(_ method: String = "tpe", more: String = "") throws {
    try folder.write(
      """
      name: d
      trainer: ask
      method: \(method)
      metric: {name: loss, goal: minimize}
      run_cap: 25
      parameters: {x: {min: -1.0, max: 2.0}, k: {values: [a, b]}}
      \(more)
      """, to: "d.yaml")
  }

  /// What a trial gives.
  private func loss(_ answer: [String: ParameterValue]) throws -> Double {
    guard case .mapping(let members)? = answer["parameters"] else { throw SweepError(.input, "no parameters in \(answer)") }
    let x = try #require(members.first { $0.name == "x" }?.value.number)
    return x * x + (members.contains { $0.value == .text("a") } ? 0.5 : 0)
  }

  private func rows() throws -> [String] {
    try Results.texts(folder.path("results.sqlite"), "SELECT number, parameters, state, objective, epochs_done, sampler FROM trial ORDER BY number")
  }

  /// Drives the sweep to its end.
  private func drive(_ client: DriveClient, killing: Set<Int> = []) throws {
    var client = client
    try client.call(#"{"op":"open","file":"d.yaml","lag":1}"#)
    for call in 1... {
      let answer = try client.call(#"{"op":"ask"}"#)
      guard case .integer(let trial)? = answer["trial"] else {
        #expect(answer["done"] == .bool(true), "\(answer)")
        break
      }
      if killing.contains(call) {
        client.killHard()
        client = try DriveClient(in: folder)
        try client.call(#"{"op":"open","file":"d.yaml","lag":1}"#)
        continue
      }
      #expect(try client.call(#"{"op":"tell","trial":\#(trial),"value":\#(try loss(answer))}"#) == ["ok": .bool(true)])
    }
    #expect(try client.call(#"{"op":"close"}"#)["ok"] == .bool(true))
    #expect(try client.end() == 0)
  }

  @Test(arguments: ["random", "tpe", "auto"]) func aDrivenSweepHasAllRowsAndTheSameAfterKills(method: String) throws {
    try write(method)
    try drive(DriveClient(in: folder))
    let expected = try rows()
    #expect(expected.count == 25 && expected.allSatisfy { $0.contains("complete") })
    try FileManager.default.removeItem(atPath: folder.path("results.sqlite"))
    try drive(DriveClient(in: folder), killing: [1, 4, 5, 17, 24])
    #expect(try rows() == expected)
  }

  @Test func whatIsWrongIsAnAnswerAndNothingHappensThen() throws {
    try write()
    let client = try DriveClient(in: folder)
    for (line, words) in [
      (#"nonsense"#, "no JSON object"), (#"{"op":"ask"}"#, "no sweep is open"), (#"{"op":"opne"}"#, "did you mean 'open'"),
      (#"{"op":"open","file":"none.yaml"}"#, "cannot read"), (#"{"op":"open","file":"d.yaml","budget":0}"#, "at least 1"),
      (#"{"op":"open","file":"d.yaml","bugdet":3}"#, "did you mean 'budget'"),
    ] {
      guard case .text(let error)? = try client.call(line)["error"] else {
        Issue.record("\(line) is taken")
        continue
      }
      #expect(error.contains(words), "\(error)")
    }
    try client.call(#"{"op":"open","file":"d.yaml"}"#)
    #expect(try client.call(#"{"op":"tell","trial":1,"value":1}"#)["error"] != nil)
    #expect(try client.call(#"{"op":"ask"}"#)["trial"] == .integer(1))
    #expect(try client.call(#"{"op":"tell","trial":1,"values":{"los":1}}"#)["error"] != nil)
    #expect(try client.call(#"{"op":"tell","trial":1,"value":"nan"}"#)["ok"] == .bool(true))
    #expect(try client.call(#"{"op":"ask"}"#)["trial"] == .integer(2))
    #expect(try client.call(#"{"op":"tell","trial":2,"failed":"no memory"}"#)["ok"] == .bool(true))
    #expect(try client.end() == 0)
    #expect(try rows().map { $0.contains("diverged") || $0.contains("failed") } == [true, true])
  }

  @Test func epochsAreToldWithTheVerdictInTheAnswer() throws {
    try write("random", more: "early_terminate: {type: hyperband, min_iter: 1, eta: 3}")
    let client = try DriveClient(in: folder)
    try client.call(#"{"op":"open","file":"d.yaml"}"#)
    var verdicts: [ParameterValue] = []
    for trial in 1...6 {
      #expect(try client.call(#"{"op":"ask"}"#)["trial"] == .integer(trial))
      let answer = try client.call(#"{"op":"tell","trial":\#(trial),"value":\#(trial),"more":true}"#)
      verdicts.append(try #require(answer["verdict"]))
    }
    #expect(verdicts.contains(.text("prune")) && verdicts.contains(.text("proceed")))
    #expect(try client.call(#"{"op":"close"}"#)["ok"] == .bool(true))
    #expect(try rows().filter { $0.contains("pruned") }.count == verdicts.filter { $0 == .text("prune") }.count)
  }

  @Test func askAnswersToWaitWhereNothingMayBeDecidedYet() throws {
    try write("tpe")
    let client = try DriveClient(in: folder)
    try client.call(#"{"op":"open","file":"d.yaml","lag":3}"#)
    for trial in 1...3 { #expect(try client.call(#"{"op":"ask"}"#)["trial"] == .integer(trial)) }
    #expect(try client.call(#"{"op":"ask"}"#) == ["wait": .bool(true)])
    try client.call(#"{"op":"tell","trial":3,"value":1}"#)
    #expect(try client.call(#"{"op":"ask"}"#) == ["wait": .bool(true)], "trial 1 comes first")
    try client.call(#"{"op":"tell","trial":1,"value":1}"#)
    #expect(try client.call(#"{"op":"ask"}"#)["trial"] == .integer(4))
  }

  @Test func loadedTrialsAreKnownAndDoNotCountAgainstTheBudget() throws {
    try write("tpe")
    let client = try DriveClient(in: folder)
    try client.call(#"{"op":"open","file":"d.yaml","budget":2,"lag":1}"#)
    let trials = (0..<30).map { #"{"parameters":{"x":\#(Double($0) / 20),"k":"b"},"value":\#(Double($0 * $0))}"# }.joined(separator: ",")
    #expect(try client.call(#"{"op":"load","trials":[\#(trials)]}"#)["trials"] == .integer(30))
    #expect(try client.call(#"{"op":"load","trials":[{"parameters":{"x":7,"k":"b"},"value":1}]}"#)["error"] != nil)
    let half = #"{"op":"load","trials":[{"parameters":{"x":1,"k":"a"},"value":1},{"parameters":{"x":1.5,"k":"b"}}]}"#
    #expect(try client.call(half)["error"] != nil, "the second has no value, and the first is not there either")
    #expect(try client.call(#"{"op":"open","file":"none.yaml"}"#)["error"] != nil, "what is open stays so")
    for trial in [31, 32] {
      #expect(try client.call(#"{"op":"ask"}"#)["trial"] == .integer(trial))
      try client.call(#"{"op":"tell","trial":\#(trial),"value":3}"#)
    }
    #expect(try client.call(#"{"op":"ask"}"#)["done"] == .bool(true))
    try client.call(#"{"op":"close"}"#)
    #expect(try rows().count == 32)
  }
}

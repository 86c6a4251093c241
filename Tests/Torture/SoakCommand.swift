// `sweep-torture soak`: one long sweep of trials that cost nothing. Memory and the log of the database may not grow with the trials that have
// ended. It looks from outside, as `top` and a second shell would; it disturbs nothing.

import ArgumentParser
import Foundation
import SweepCore
import SweepTestSupport

struct SoakCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "soak", abstract: "Run many trials for long; tell how memory and the log grow.",
    discussion: """
      EXAMPLE
        sweep-torture soak --trials 1000000 --limit 1.2
      """)

  @Option(help: "Trials of ten epochs; a multiple of 100.") var trials = 200_000
  @Option(help: "How many times the peak of the first quarter the peak may be.") var limit = 1.5

  func validate() throws {
    guard trials >= 1_000, trials % 100 == 0, limit > 0 else { throw ValidationError("--trials is a multiple of 100 from 1000, --limit positive") }
  }

  func run() throws {
    let folder = TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    try folder.write(Self.file(trials: trials), to: "soak.yaml")
    Interruption.listen()
    defer { Interruption.endChildren() }
    let process = try start(in: folder)
    let start = ContinuousClock.now
    func elapsed() -> Double { (ContinuousClock.now - start) / .seconds(1) }
    TortureCommand.say("| trials ended | seconds | resident MB | -wal MB |\n|---:|---:|---:|---:|")
    var (ended, rows, looked, status) = (0, 0, 0.0, 0.0)
    var last = Sample(process: process.processIdentifier)
    var quarter: Sample?
    while process.isRunning {
      try Interruption.sleep(0.1)
      if let sample = Sample(process: process.processIdentifier) { last = sample }
      guard elapsed() - looked > 0.5 else { continue }
      looked = elapsed()
      ended = try Self.ended(folder.path("results.sqlite")) ?? ended
      if quarter == nil, ended >= trials / 4 { quarter = last }
      if ended >= (rows + 1) * trials / 10 {
        rows = ended * 10 / trials
        row(ended, elapsed(), last, folder)
      }
      if elapsed() - status > 3 {
        status = elapsed()
        let result = try SweepBinary(in: folder.path).run("status")
        if result.status != 0 { throw SweepError(.io, "'sweep status' ended with \(result.status): \(result.errors)") }
      }
    }
    process.waitUntilExit()
    let isComplete = process.terminationStatus == 0 && process.terminationReason == .exit
    guard isComplete, try Self.ended(folder.path("results.sqlite")) == trials else {
      throw SweepError(.io, "the run ended with \(process.terminationStatus) before its last trial", place: folder.path)
    }
    row(trials, elapsed(), last, folder)
    guard let quarter, let last else { throw SweepError(.input, "the run was over before it could be measured", remedy: "use more --trials") }
    let ratio = last.peak / quarter.peak
    let figures = "\(Self.text(quarter.peak)) MB in the first quarter, \(Self.text(last.peak)) MB in all"
    TortureCommand.say("\nPeak memory: \(figures): \((ratio * 100).rounded() / 100) times as much (at most \(limit) is allowed).")
    if ratio > limit { throw ExitCode.failure }
  }

  private func start(in folder: TemporaryFolder) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: SweepBinary.path)
    process.arguments = ["run", "soak.yaml", "--quiet"]
    process.environment = SweepBinary(in: folder.path).environment
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// Prints a row of the table.
  private func row(_ ended: Int, _ seconds: Double, _ sample: Sample?, _ folder: TemporaryFolder) {
    let log = (try? FileManager.default.attributesOfItem(atPath: folder.path("results.sqlite-wal"))[.size] as? Int) ?? 0
    TortureCommand.say("| \(ended) | \(Self.text(seconds)) | \(Self.text(sample?.resident ?? 0)) | \(Self.text(Double(log) / 1e6)) |")
  }

  private static func text(_ number: Double) -> String { "\((number * 10).rounded() / 10)" }

  /// Trials that have ended; nil: nothing is planned yet.
  private static func ended(_ path: String) throws -> Int? {
    guard let recorded = try Recorded(path) else { return nil }
    defer { try? recorded.close() }
    return try recorded.count("SELECT count(*) FROM trial WHERE state = 'complete'")
  }

  private static func file(trials: Int) -> String {
    """
    name: soak
    trainer: test-function
    method: grid
    metric: {name: value, goal: minimize}
    parameters:
      x: {values: [\((0..<100).map(String.init).joined(separator: ", "))]}
      y: {values: [\((0..<trials / 100).map(String.init).joined(separator: ", "))]}
      epochs: {value: 10}
    """
  }
}

/// The memory of a process, in megabytes.
private struct Sample {
  let resident: Double
  /// The most it ever was.
  let peak: Double

  /// nil: it has ended.
  init?(process: pid_t) {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else { return nil }
    func megabytes(_ name: String) -> Double? {
      let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
      return line?.split(whereSeparator: { " \t".contains($0) }).dropFirst().first.flatMap { Double($0) }.map { $0 * 1024 / 1e6 }
    }
    guard let resident = megabytes("VmRSS"), let peak = megabytes("VmHWM") else { return nil }
    (self.resident, self.peak) = (resident, peak)
  }
}

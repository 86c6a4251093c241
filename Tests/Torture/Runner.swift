// The children of the torture: a run of the tool with a deadline, and a reader that keeps one snapshot open for long. They report; what it
// means is judged in Torment.

import Foundation
import SweepCore
import SweepTestSupport

/// A command of the tool that runs.
final class Runner {
  /// In seconds. What takes longer hangs.
  static let patience = 120.0

  let command: String
  private let running: SweepBinary.Running
  private var result: SweepBinary.Result?

  init(_ arguments: [String], in folder: String, environment: [String: String] = [:]) throws {
    command = arguments.first ?? ""
    running = try SweepBinary(in: folder, environment: environment).start(arguments)
  }

  var isRunning: Bool { running.isRunning }

  func send(_ signal: Int32) { if running.isRunning { running.send(signal) } }

  /// How it ended.
  /// - Throws: where it hangs; it is killed then.
  func end() throws -> SweepBinary.Result {
    if let result { return result }
    guard try Interruption.wait(atMost: Self.patience, until: { !running.isRunning }) else {
      running.send(SIGKILL)
      throw Violation("hang: 'sweep \(command)' did not end in \(Int(Self.patience)) s; it said: \(running.wait().errors.suffix(300))")
    }
    let end = running.wait()
    result = end
    return end
  }
}

/// Something that does not hold.
struct Violation: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// A shell of SQLite with a transaction that reads: what it sees may not change while it is open, whatever happens to the runner.
final class LongReader {
  private let process = Process()
  private let input = Pipe()
  private let outputPath: String

  private static let question = """
    SELECT (SELECT count(*) FROM trial) || ' ' || (SELECT total(epochs_done) FROM trial) || ' ' || (SELECT count(*) FROM epoch_metric);\n
    """

  init(database: String) throws {
    outputPath = (database as NSString).deletingLastPathComponent + "/.reader-\(UUID().uuidString)"
    try Data().write(to: URL(fileURLWithPath: outputPath))
    process.executableURL = URL(fileURLWithPath: "/usr/bin/sqlite3")
    process.arguments = ["-readonly", "-batch", database]
    process.standardInput = input
    let output = FileHandle(forWritingAtPath: outputPath)
    process.standardOutput = output
    process.standardError = output
    try process.run()
    try? input.fileHandleForWriting.write(contentsOf: Data((".timeout 10000\nBEGIN;\n" + Self.question).utf8))
  }

  static let isThere = FileManager.default.isExecutableFile(atPath: "/usr/bin/sqlite3")

  /// Looks once more, and goes.
  /// - Throws: where the reader saw something else than before.
  func end() throws {
    defer { try? FileManager.default.removeItem(atPath: outputPath) }
    try? input.fileHandleForWriting.write(contentsOf: Data((Self.question + "COMMIT;\n.quit\n").utf8))
    try? input.fileHandleForWriting.close()
    guard try Interruption.wait(atMost: Runner.patience, until: { !process.isRunning }) else {
      kill(process.processIdentifier, SIGKILL)
      throw Violation("hang: a reader with a long transaction did not end")
    }
    let said = try String(contentsOfFile: outputPath, encoding: .utf8)
    // It may have come before the tables.
    if said.contains("no such table") { return }
    let answers = said.split(separator: "\n")
    guard answers.count == 2, answers[0] == answers[1] else { throw Violation("a reader with a long transaction saw \(answers)") }
  }
}

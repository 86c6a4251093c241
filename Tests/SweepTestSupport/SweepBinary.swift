// The built `sweep` as a child process, as a user runs it.

import Foundation

package struct SweepBinary: Sendable {
  package let folder: String
  package let environment: [String: String]

  /// - Parameters:
  ///   - folder: where it runs, and so where results.sqlite is.
  package init(in folder: String, environment: [String: String] = [:]) {
    self.folder = folder
    self.environment = ["PATH": "/usr/bin:/bin", "HOME": folder].merging(environment) { $1 }
  }

  /// Beside the test bundle, where the package manager puts the products.
  package static let path: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    return (own as NSString).deletingLastPathComponent + "/sweep"
  }()

  package struct Result: Sendable {
    package let status: Int32
    package let output: String
    package let errors: String
  }

  /// Starts it and does not wait. Its output goes to files, so that it never waits for a reader.
  package func start(_ arguments: [String], program: String = SweepBinary.path) throws -> Running {
    let name = UUID().uuidString
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = environment
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = FileHandle.nullDevice
    let paths = ["out", "err"].map { "\(folder)/.\(name).\($0)" }
    for path in paths { try Data().write(to: URL(fileURLWithPath: path)) }
    process.standardOutput = FileHandle(forWritingAtPath: paths[0])
    process.standardError = FileHandle(forWritingAtPath: paths[1])
    try process.run()
    return Running(process: process, outputPath: paths[0], errorPath: paths[1])
  }

  package func run(_ arguments: String...) throws -> Result { try run(arguments) }
  package func run(_ arguments: [String], program: String = SweepBinary.path) throws -> Result { try start(arguments, program: program).wait() }

  /// A child that runs.
  package final class Running {
    private let process: Process
    private let outputPath: String
    private let errorPath: String

    init(process: Process, outputPath: String, errorPath: String) {
      (self.process, self.outputPath, self.errorPath) = (process, outputPath, errorPath)
    }

    package var isRunning: Bool { process.isRunning }
    package var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }
    package func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// The exit code; 128 + the signal where one ended it.
    package func wait() -> Result {
      process.waitUntilExit()
      defer { for path in [outputPath, errorPath] { try? FileManager.default.removeItem(atPath: path) } }
      let code = process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
      return Result(status: code, output: (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "", errors: errors)
    }
  }
}

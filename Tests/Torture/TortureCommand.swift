// `sweep-torture`: what the tool promises under kills, bad input and long runs, tried by the thousand. Beside the tests, which try each promise
// a few times. The subcommands do the work; here is the root, and how errors are told.

import ArgumentParser
import Foundation
import SweepCore

@main
struct TortureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep-torture", abstract: "Kill sweeps, feed the tool damaged input, run it for long; tell what does not hold.",
    subcommands: [KillCommand.self, FuzzCommand.self, SoakCommand.self])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as SweepError {
      for diagnostic in error.diagnostics { complain("\(diagnostic)") }
      Foundation.exit(error.kind == .interrupted ? 130 : 1)
    } catch {
      exit(withError: error)
    }
  }

  /// A line on standard output, at once: a pipe should show what is done.
  static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

  /// A line on standard error.
  static func complain(_ line: String) { FileHandle.standardError.write(Data("sweep-torture: \(line)\n".utf8)) }
}

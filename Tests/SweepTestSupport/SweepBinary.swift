// The built `sweep` as a child process, as a user runs it.

import Dispatch
import Foundation
import Synchronization

package struct SweepBinary: Sendable {
  package let folder: String
  package let environment: [String: String]

  /// - Parameters:
  ///   - folder: where it runs, and so where results.sqlite is.
  package init(in folder: String, environment: [String: String] = [:]) {
    self.folder = folder
    self.environment = ["PATH": "/usr/bin:/bin", "HOME": folder].merging(Self.sanitizers) { $1 }.merging(environment) { $1 }
  }

  /// What `.ci/sanitize` has for children.
  package static let sanitizers = ProcessInfo.processInfo.environment.filter { ["LD_PRELOAD", "TSAN_OPTIONS", "ASAN_OPTIONS"].contains($0.key) }

  /// The library of faults, beside what else is to be loaded first.
  package static var faults: String { ([sanitizers["LD_PRELOAD"]].compactMap { $0 } + [besides("libCFaults.so")]).joined(separator: ":") }

  package static let path = besides("sweep")

  /// A product of the package manager, which puts it beside the test bundle.
  package static func besides(_ name: String) -> String {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    return (own as NSString).deletingLastPathComponent + "/" + name
  }

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

    /// A test that fails may leave one that stands still or has no end.
    deinit { if process.isRunning { send(SIGKILL) } }

    package var isRunning: Bool { process.isRunning }
    package var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }
    package func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Lets it run in short turns and looks at it between them, while it stands still; where the look is the one that was waited for, there it
    /// stays until SIGCONT. No machine is so fast, and no look so late, that it ends meanwhile. Gives up after a minute.
    package func stop(when isThere: () -> Bool) {
      let deadline = ContinuousClock.now + .seconds(60)
      let patience = DispatchQueue(label: "patience")
      while process.isRunning, ContinuousClock.now < deadline {
        send(SIGSTOP)
        while process.isRunning, !standsStill { usleep(100) }
        // A look may wait for what the child holds: SQLite tries for ten seconds to read beside somebody who prepares its log.
        let isLate = Atomic(false)
        let goOn = DispatchWorkItem { [process] in
          isLate.store(true, ordering: .releasing)
          kill(process.processIdentifier, SIGCONT)
        }
        patience.asyncAfter(deadline: .now() + 0.3, execute: goOn)
        let isThere = isThere()
        patience.sync { goOn.cancel() }
        if isThere, !isLate.load(ordering: .acquiring) { return }
        send(SIGCONT)
        usleep(1000)
      }
    }

    /// Whether all of its threads have come to where SIGSTOP keeps them: a call of the system ends before.
    private var standsStill: Bool {
      let process = process.processIdentifier
      // A thread may have ended since it was listed.
      return Processes.threads(of: process).allSatisfy { Processes.stat(of: "\(process)/task/\($0)")?.state ?? "T" == "T" }
    }

    /// The exit code; 128 + the signal where one ended it.
    package func wait() -> Result {
      process.waitUntilExit()
      defer { for path in [outputPath, errorPath] { try? FileManager.default.removeItem(atPath: path) } }
      let code = process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
      return Result(status: code, output: (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "", errors: errors)
    }
  }
}

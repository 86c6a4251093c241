// A program as a child process: how long it took, how much memory it had at most, what it printed.

import Foundation
import SweepCore

struct Child {
  let seconds: Double
  /// Megabytes that were resident at the worst moment.
  let peak: Double
  let output: String

  /// The built `sweep`, beside this program.
  static let sweep = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path + "/sweep"

  /// Runs a program to its end, with the results database in its own folder.
  /// - Throws: where it cannot be started or does not end with 0; then what it said is on standard error.
  init(_ program: String, _ arguments: [String], in folder: Folder, environment: [String: String] = [:]) throws {
    let path = "\(folder.path)/.output"
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    let env = "/usr/bin/env"
    var arguments = ([env, "-u", "SWEEP_DB", "-C", folder.path, program] + arguments).map { strdup($0) } + [nil]
    var environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { strdup("\($0)=\($1)") } + [nil]
    defer { (arguments + environment).forEach { free($0) } }
    let start = ContinuousClock.now
    var pid = pid_t()
    let code = posix_spawn(&pid, env, &actions, nil, &arguments, &environment)
    guard code == 0 else { throw SweepError(.io, "cannot start it: \(String(cString: strerror(code)))", place: program) }
    var status: Int32 = 0
    var usage = rusage()
    while wait4(pid, &status, 0, &usage) < 0, errno == EINTR {}
    seconds = (ContinuousClock.now - start) / .seconds(1)
    peak = Double(usage.ru_maxrss) * 1024 / 1e6
    output = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    guard status == 0 else { throw SweepError(.io, "it ended with status \(status)", place: program) }
  }

  static func sweep(_ arguments: String..., in folder: Folder) throws -> Child { try Child(sweep, arguments, in: folder) }

  /// The one number that a query of the folder's results answers with.
  static func number(_ sql: String, in folder: Folder) throws -> Double {
    try sweep("query", "--format", "csv", sql, in: folder).output.split(separator: "\n").last.flatMap { Double($0) } ?? .nan
  }
}

/// A folder that goes with its owner.
final class Folder {
  let path = NSTemporaryDirectory() + "sweep-benchmarks-\(UUID().uuidString)"
  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
}

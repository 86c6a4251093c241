// One process that runs a trial's program: started, watched, signalled and reaped together with its group. CSpawn does the starting; what the
// process is for is not known here.

import CSpawn
import Foundation
import SweepCore

/// A running process, leader of a group of its own.
struct ChildProcess {
  let id: pid_t
  /// Readable when the process has ended.
  let endDescriptor: Int32
  /// The memory of this process when it started: the kernel counts it as the child's, until the child has had more.
  private let ownMemory: Int

  /// What a process starts with.
  struct Request {
    var path: String
    var arguments: [String]
    /// NAME=value.
    var environment: [String]
    var folder: String
    /// Where its standard output and error go.
    var output: Int32
    var errors: Int32
    var cpuSeconds: Int?
    /// How many processors, from which one on.
    var processors: (first: Int, count: Int)?
    var group: ControlGroup?
    /// How many descriptors it may open at first; 0: as many as we.
    var descriptors: UInt
  }

  /// - Throws: why it cannot be started.
  init(_ request: Request, devNull: Int32) throws(SweepError) {
    var spawn = csp_request()
    (spawn.input, spawn.output, spawn.error, spawn.cgroup) = (devNull, request.output, request.errors, request.group?.entrance ?? -1)
    spawn.descriptors = request.descriptors
    spawn.cpu_seconds = UInt(request.cpuSeconds ?? 0)
    (spawn.first_processor, spawn.processors) = (Int32(request.processors?.first ?? 0), Int32(request.processors?.count ?? 0))
    var step: UnsafePointer<CChar>?
    let started = withCStrings(request.arguments) { arguments in
      withCStrings(request.environment) { environment in
        request.path.withCString { path in
          request.folder.withCString { folder in
            (spawn.path, spawn.folder) = (path, folder)
            (spawn.arguments, spawn.environment) = (arguments, environment)
            return csp_spawn(&spawn, &step)
          }
        }
      }
    }
    guard started > 0 else {
      let code = errno
      if let step, String(cString: step) == "chdir" { throw Self.failure("the folder \(request.folder) cannot be entered", code) }
      throw Self.failure("'\(request.path)' cannot be started", code)
    }
    id = started
    endDescriptor = csp_descriptor(started)
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    ownMemory = usage.ru_maxrss
  }

  private static func failure(_ problem: String, _ code: Int32) -> SweepError {
    let remedy =
      switch code {
      case ENOENT: "is it there, and is the interpreter in its first line?"
      case EACCES: "is it executable? chmod +x"
      case E2BIG: "its parameters are too long for a command line or a variable: use ${args_json_file}"
      case ENOEXEC: "it is no program: start it with its interpreter, or give it a first line such as #!/bin/sh"
      default: "is something missing, or are there too many processes?"
      }
    return SweepError(.input, "\(problem): \(String(cString: strerror(code)))", remedy: remedy)
  }

  /// Sends a signal to the whole group.
  func signal(_ number: Int32) { kill(-id, number) }

  var hasEnded: Bool { csp_has_ended(id) != 0 }

  /// How a process ended.
  struct End {
    /// Neither this nor a signal: nobody could see how it ended.
    let exitCode: Int32?
    let signal: Int32?
    let cpuSeconds: Double
    /// nil: less than this process had when it started it.
    let memoryBytes: Int?

    /// Whether one of the signals that ask a program to end has ended it, or what it ran (a shell then exits with 128 and the signal).
    var isByRequest: Bool { [SIGHUP, SIGINT, SIGTERM].contains(signal ?? (exitCode ?? 0) - 128) }
  }

  /// Reaps the process where it has ended, after what is left of its group was killed: until then its number cannot belong to others.
  func reap() -> End? {
    guard hasEnded else { return nil }
    var (status, usage) = (Int32(0), rusage())
    kill(-id, SIGKILL)
    let result = csp_reap(id, &status, &usage)
    guard result != 0 else { return nil }
    close(endDescriptor)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    let signal = status & 0x7f
    return End(
      exitCode: result > 0 && signal == 0 ? status >> 8 & 0xff : nil, signal: result < 0 || signal == 0 ? nil : signal,
      cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime), memoryBytes: usage.ru_maxrss > ownMemory ? usage.ru_maxrss * 1024 : nil)
  }
}

/// Calls `body` with the texts as C has them, NULL at the end.
private func withCStrings<Result>(_ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result) -> Result {
  // All in one piece of memory.
  var bytes: [CChar] = []
  bytes.reserveCapacity(texts.reduce(0) { $0 + $1.utf8.count + 1 })
  let starts = texts.map { text in
    defer {
      bytes += text.utf8.map { CChar(bitPattern: $0) }
      bytes.append(0)
    }
    return bytes.count
  }
  return bytes.withUnsafeMutableBufferPointer { buffer in
    let pointers = starts.map { start in buffer.baseAddress.map { $0 + start } } + [nil]
    return pointers.withUnsafeBufferPointer { pointers in
      guard let first = pointers.baseAddress else { preconditionFailure("there is always the NULL") }
      return body(first)
    }
  }
}

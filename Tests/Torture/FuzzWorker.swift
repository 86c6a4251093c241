// The child that tries inputs, one after the other, until it has tried all, something is wrong, or it is killed.
// Below the supervisor, which it tells everything through the record; above the targets. It crashes where the code under test does.

import ArgumentParser
import Foundation

struct FuzzWorker {
  /// Says that the worker ended because of a finding that the record tells.
  static let foundSomething: Int32 = 3

  let kind: FuzzKind
  let seed: Int
  let inputs: Range<Int>
  /// Kilobytes.
  let memory: Int
  /// The supervisor's: the record, the files of the input, and what targets keep.
  let folder: String

  func run() throws {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    let record = try FuzzRecord(folder + "/record")
    let target = try kind.target.init(seed: seed, scratch: folder)
    let supervisor = getppid()
    for index in inputs {
      // Nobody is left to tell.
      guard getppid() == supervisor else { return }
      record[.description] = "(being made)"
      record[.current] = index
      let input = try target.input(index)
      try input.write(to: folder + "/input")
      record[.description] = input.description
      record[.inputs] += 1
      try tried(input, index, by: target, record)
    }
  }

  private func tried(_ input: FuzzInput, _ index: Int, by target: any FuzzTarget, _ record: FuzzRecord) throws {
    Self.forgetPeak(above: memory / 3)
    let start = ContinuousClock.now
    do {
      record[try target.attempt(input, in: folder + "/input") ? .accepted : .refused] += 1
    } catch  where error.isRefusal {
      record[.refused] += 1
    } catch {
      record[.finding] = error is FuzzFinding ? "\(error)" : "threw \(type(of: error)): \(error)"
    }
    let nanoseconds = Int((ContinuousClock.now - start) / .nanoseconds(1))
    let peak = Self.kilobytes("VmHWM")
    record[.peakKilobytes] = max(record[.peakKilobytes], peak)
    if nanoseconds > record[.slowestNanoseconds] {
      (record[.slowestNanoseconds], record[.slowest]) = (nanoseconds, index)
      record[.slowest] = input.description
    }
    if peak > memory { record[.overKilobytes] = peak }
    if peak > memory || !record[.finding].isEmpty { throw ExitCode(Self.foundSomething) }
  }

  /// The GNU library's malloc_trim, which its module for Swift leaves out.
  private static let trim = dlsym(nil, "malloc_trim").map { unsafeBitCast($0, to: (@convention(c) (Int) -> Int32).self) }

  /// Lets the peak begin anew, so that it is of the next input alone.
  /// - Parameter limit: with more kilobytes than that, what was freed goes back to the system first.
  private static func forgetPeak(above limit: Int) {
    if kilobytes("VmRSS") > limit { _ = trim?(0) }
    let descriptor = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = write(descriptor, "5", 1)
    close(descriptor)
  }

  /// A line of what the system says of this process.
  private static func kilobytes(_ name: String) -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
  }
}

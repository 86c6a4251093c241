// Ctrl-C while children run: every wait of the torture looks here, and nothing that was started stays behind.
// It looks at /proc; it does not decide what is right or wrong.

import Foundation
import SweepCore
import Synchronization

enum Interruption {
  private static let flag = Atomic<Bool>(false)

  static var isAsked: Bool { flag.load(ordering: .relaxed) }

  /// Notes SIGINT and SIGTERM. Children do not inherit it, as they would a signal that is ignored.
  static func listen() {
    _ = isAsked
    for number in [SIGINT, SIGTERM] { signal(number) { _ in Interruption.flag.store(true, ordering: .relaxed) } }
    signal(SIGPIPE, SIG_IGN)  // a reader that has died is noticed by what it says
  }

  /// - Throws: where somebody asked to stop.
  static func check() throws {
    if isAsked { throw SweepError(.interrupted, "interrupted; its children are ended, and nothing is kept") }
  }

  static func sleep(_ seconds: Double) throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
      try check()
      let left = (end - ContinuousClock.now) / .seconds(1)
      if left > 0 { usleep(UInt32(min(left, 0.05) * 1e6)) }
    }
  }

  /// Waits until the condition holds.
  /// - Returns: whether it does; false: it took too long.
  static func wait(atMost seconds: Double, until condition: () throws -> Bool) throws -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while try !condition() {
      guard ContinuousClock.now < end else { return false }
      try check()
      usleep(1_000)
    }
    return true
  }

  /// Ends all children of this process, and waits a moment until they are gone.
  static func endChildren() {
    for _ in 0..<100 {
      let left = children
      if left.isEmpty { return }
      for child in left { kill(child, SIGKILL) }
      usleep(10_000)
    }
  }

  /// Those that are not dead already.
  private static var children: [pid_t] {
    let own = String(getpid())
    return processes.compactMap { process in
      let fields = text("/proc/\(process)/stat").split(separator: ") ").last?.split(separator: " ") ?? []
      return fields.count > 1 && fields[1] == own && fields[0] != "Z" ? pid_t(process) : nil
    }
  }

  /// Processes in whose environment a trial's folder is one in this folder.
  static func processes(ofTrialsIn folder: String) -> [String] {
    let mark = Array("SWEEP_TRIAL_FOLDER=\(folder)/".utf8)
    return processes.filter { process in
      let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") ?? Data()
      return environment.split(separator: 0).contains { $0.starts(with: mark) }
    }
  }

  private static var processes: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { Int($0) != nil }
  }

  private static func text(_ path: String) -> String { String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self) }
}

// Ctrl-C while children run: every wait of the torture looks here, and nothing that was started stays behind.
// It looks at /proc; it does not decide what is right or wrong.

import Foundation
import SweepCore
import SweepTestSupport
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
    return Processes.all.compactMap { process in
      guard let stat = Processes.stat(of: process), stat.parent == own, stat.state != "Z" else { return nil }
      return pid_t(process)
    }
  }
}

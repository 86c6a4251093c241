// What each fault does to a run, and what the run may answer. What is then in the database is looked at in Torment.

import Foundation
import SweepCore
import SweepStore
import SweepTestSupport

extension Torment {
  func disturb(_ fault: Fault, after delay: Double) throws -> End {
    switch fault {
    case .kill: try kill(after: delay)
    case .terminate: try terminate(try start(), after: delay)
    case .interruptTwice: try interruptTwice(after: delay)
    case .stop: try stop(after: delay)
    case .secondRunner: try startTwo(after: delay)
    case .clock: try jump(after: delay)
    case .nothing: try ended(try start(), as: [0])
    }
  }

  /// Waits for the end of a run.
  /// - Parameter allowed: exit codes that are right; 128 and more: the signal that ended it.
  private func ended(_ runner: Runner, as allowed: [Int32]) throws -> End {
    let result = try runner.end()
    if !allowed.contains(result.status) { tell("'sweep \(runner.command)' ended with \(result.status): \(result.errors.suffix(300))") }
    return End(isOver: result.status == 0, isClean: result.status == 0)
  }

  private func kill(_ runner: Runner) throws -> End {
    runner.send(SIGKILL)
    let end = try ended(runner, as: [0, 128 + SIGKILL])
    if try runner.end().status == 128 + SIGKILL { tally.kills += 1 }
    return end
  }

  /// Kills a run, and sometimes the one after it, before that has got far.
  private func kill(after delay: Double) throws -> End {
    let (isDouble, second) = (random.chance(0.3), random.real(0..<0.03))
    let runner = try start()
    try Interruption.sleep(delay)
    let end = try kill(runner)
    guard isDouble, !end.isOver else { return end }
    let next = try start()
    try Interruption.sleep(second)
    return try kill(next)
  }

  private func terminate(_ runner: Runner, after delay: Double) throws -> End {
    try Interruption.sleep(delay)
    runner.send(SIGTERM)
    tally.terminations += 1
    let sent = ContinuousClock.now
    let result = try runner.end()
    let seconds = (ContinuousClock.now - sent) / .seconds(1)
    let wrotePlan = !result.errors.contains("planning was interrupted")
    let isHeard = result.errors.contains("stopping") || !wrotePlan
    switch result.status {
    case 0:
      // What was said comes from a thread of its own: in the last moment it may be missing.
      if !isHeard, seconds > 0.3 + reference.seconds / 4 { tell("SIGTERM was not heard: it ended with 0, \(seconds) s later") }
      return End(isOver: true, isClean: true)
    case 128 + SIGTERM where !isHeard: return End()  // before it listened
    case 130: return End(isClean: wrotePlan)  // else it touched nothing, nor what a kill before it left running
    default: tell("after SIGTERM it ended with \(result.status): \(result.errors.suffix(300))")
    }
    return End()
  }

  private func interruptTwice(after delay: Double) throws -> End {
    let pause = random.real(0..<0.1)
    let runner = try start()
    try Interruption.sleep(delay)
    runner.send(SIGINT)
    try Interruption.sleep(pause)
    runner.send(SIGINT)
    tally.interrupts += 1
    return try ended(runner, as: [0, 130])  // which is also 128 + SIGINT: before it listened
  }

  /// Stops a run for a moment. It holds its lock, and readers read.
  private func stop(after delay: Double) throws -> End {
    let (pause, isKilled) = (random.real(0.05..<0.4), random.chance(0.5))
    let starts = try count(Self.starts)
    let runner = try start()
    try Interruption.sleep(delay)
    runner.send(SIGSTOP)
    tally.stops += 1
    try Interruption.sleep(0.01)
    let isHeld = runner.isRunning && RunnerLock.isHeld(database: database, sweep: workload.name)
    let second = try start("run")
    let readers = try [["status"], ["rank", "--all"]].map { try Runner($0, in: folder) }
    try Interruption.sleep(pause)
    if isHeld, !second.isRunning, try second.end().status != 75 { tell("a second run did not find the lock of one that was stopped") }
    runner.send(SIGCONT)
    for reader in readers { try judge(reader) }
    let other = try second.end()
    if ![0, 75].contains(other.status) { tell("a second run ended with \(other.status): \(other.errors.suffix(300))") }
    // The second one may have been there first; then the one that was stopped is turned away.
    if isKilled { runner.send(SIGKILL) }
    let first = try runner.end()
    if first.status == 128 + SIGKILL { tally.kills += 1 }
    let allowed: [Int32] = other.status == 0 ? [0, 75, 128 + SIGKILL] : [0, 128 + SIGKILL]
    if !allowed.contains(first.status) { tell("a run that had been stopped ended with \(first.status): \(first.errors.suffix(300))") }
    try checkStarts(since: starts)
    return End(isOver: first.status == 0 || other.status == 0)
  }

  /// Readers answer, or say that there is nothing yet.
  private func judge(_ reader: Runner) throws {
    let result = try reader.end()
    let isEarly = ["there is no database", "the database is empty", "has no sweeps"].contains { result.errors.contains($0) }
    if result.status != 0, result.status != 65 || !isEarly {
      tell("'sweep \(reader.command)' ended with \(result.status): \(result.errors.suffix(300))")
    }
  }

  /// Starts two at the same moment; who got the lock is then killed.
  private func startTwo(after delay: Double) throws -> End {
    let starts = try count(Self.starts)
    let pair = [try start(), try start("run")]
    tally.secondRunners += 1
    guard try Interruption.wait(atMost: Runner.patience, until: { pair.contains { !$0.isRunning } }) else {
      for runner in pair { runner.send(SIGKILL) }
      throw Violation("hang: neither of two runs is turned away")
    }
    let (loser, winner) = pair[0].isRunning ? (pair[1], pair[0]) : (pair[0], pair[1])
    let status = try loser.end().status
    defer { try? checkStarts(since: starts) }
    switch status {
    case 75:
      try Interruption.sleep(delay)
      return try kill(winner)
    case 0:  // it was all done before the other one looked
      var end = try ended(winner, as: [0, 75])
      end.isOver = true
      return end
    default:
      tell("one of two runs ended with \(status)")
      return try ended(winner, as: [0])
    }
  }

  /// Runs that found something to do and the lock free.
  private static let starts = "SELECT count(*) FROM event WHERE kind = 'started'"

  private func checkStarts(since before: Int) throws {
    if workload.isEndless { return }  // it always finds something to do
    let now = try count(Self.starts)
    if now > before + 1 { tell("of two runs at once \(now - before) did the work") }
  }

  /// A run whose clock jumps, and which is then ended one way or the other.
  private func jump(after delay: Double) throws -> End {
    let environment = JumpingClock.environment(undisturbed: reference.seconds, drawnBy: &random)
    let way = Int.random(in: 0..<3, using: &random)
    let runner = try start(environment: environment)
    if FaultLibrary.isThere { tally.clockJumps += environment["SWEEP_FAULT_CLOCK"]?.split(separator: ",").count ?? 0 }
    if way == 0 { return try terminate(runner, after: delay) }
    if way == 1 { return try ended(runner, as: [0]) }
    try Interruption.sleep(delay)
    return try kill(runner)
  }
}

// One attempt of one trial while it runs: its process, its reports, and how it comes to its end. ProgramLoop owns it and tells it when there is
// something to read or time is up.

import Foundation
import SweepCore

/// Why an attempt is being ended before the program ends by itself.
enum Termination {
  case interrupted
  case pruned(afterEpoch: Int)
  /// A limit that it went beyond, in words.
  case limit(String)
}

/// A started program.
// A class: parts of it are read and changed from several places of the loop. Never leaves the loop's thread.
final class RunningProgram {
  let trial: Trial
  let reporter: any TrialReporter
  let slot: Int
  let folder: TrialFolder
  /// The values that it holds of each resource.
  let held: [String: String]
  let process: ChildProcess
  let group: ControlGroup?
  private let executor: CommandExecutor
  private let remarks: ReportRemarks
  private(set) var reports: ProgramReports
  private(set) var termination: Termination?
  /// Whether there is more in its log than was read.
  private(set) var hasMore = false
  /// Once it has been reaped: its number may then be another's.
  private var end: ChildProcess.End?
  /// The most memory that its first process was seen to have.
  private var memoryBytes = 0
  /// When SIGKILL follows SIGTERM.
  private var killTime: ContinuousClock.Instant?
  private let start: ContinuousClock.Instant
  private let wallLimit: ContinuousClock.Instant?

  init(
    _ trial: Trial, reporter: any TrialReporter, slot: Int, folder: TrialFolder, held: [String: String], process: ChildProcess,
    group: ControlGroup?, reports: ProgramReports, remarks: ReportRemarks, executor: CommandExecutor
  ) {
    (self.trial, self.reporter, self.slot, self.folder, self.held) = (trial, reporter, slot, folder, held)
    (self.process, self.group, self.reports, self.remarks, self.executor) = (process, group, reports, remarks, executor)
    let start = ContinuousClock.now
    self.start = start
    wallLimit = executor.program.limits.wall.map { start + .seconds($0) }
  }

  var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

  /// When something has to be done even if nothing happens.
  var deadline: ContinuousClock.Instant? { termination == nil ? wallLimit : killTime }

  // MARK: what it reports

  /// Reads some of what it printed.
  /// - Throws: what stopped the recorder.
  func readLog(_ buffer: UnsafeMutableRawBufferPointer) throws { hasMore = try reports.readLog(buffer, into: sink) }

  /// Reads what it wrote into files.
  func readFiles() throws { try reports.readFiles(into: sink) }

  private var sink: Sink { Sink(program: self) }

  private struct Sink: ReportSink {
    let program: RunningProgram

    func take(_ event: TrialEvent) throws {
      let verdict = try program.reporter.report(event, of: program.trial)
      if case .epoch = event { program.take(verdict) }
    }

    func remark(_ remark: ReportRemark) throws { try program.remarks.tell(remark, of: program.trial, to: program.reporter) }
  }

  /// Whether it is not known yet whether the trial goes on: meanwhile the program does. At first, because a run before may have left it open.
  private(set) var isUndecided = true

  /// Does what the trial is told.
  func take(_ verdict: Verdict) {
    isUndecided = verdict == .wait
    switch verdict {
    case .proceed, .wait: break
    case .prune(let epoch): end(.pruned(afterEpoch: epoch))
    case .interrupt: end(.interrupted)
    }
  }

  // MARK: how it ends

  /// Asks it to end, if it has not by itself: SIGTERM now, SIGKILL when the grace is over, both to the whole group.
  func end(_ reason: Termination) {
    guard termination == nil, end == nil, !process.hasEnded else { return }
    termination = reason
    killTime = .now + .seconds(executor.program.limits.grace)
    process.signal(SIGTERM)
    process.signal(SIGCONT)  // one that is stopped could not hear it
  }

  /// Does what is due.
  func passTime() {
    let now = ContinuousClock.now
    if termination == nil, let wallLimit, now >= wallLimit {
      end(.limit("the wall time limit of \(duration((wallLimit - start) / .seconds(1)))"))
    } else if termination != nil, let killTime, now >= killTime {
      process.signal(SIGKILL)
      self.killTime = nil
    }
  }

  func lookAtMemory() { memoryBytes = max(memoryBytes, ProcessTree.peakMemory(of: process.id) ?? 0) }

  /// What an attempt came to.
  struct Ending {
    enum How {
      case trial(TrialEnd)
      case failed(String, Retries.Cause)
      case interrupted
    }
    let how: How
    let attempt: AttemptEnd
  }

  /// How it ended; nil while it runs. What it reported last is read first.
  /// - Parameter isStopping: whether the sweep has been told to stop; where that is likely, it may take a moment to know.
  func ended(_ buffer: UnsafeMutableRawBufferPointer, isStopping: (_ isLikely: Bool) -> Bool) throws -> Ending? {
    guard let end = process.reap() else { return nil }
    self.end = end
    let seconds = seconds
    defer { reports.close() }
    if end.signal == nil { try folder.mark(.whole) }
    try reports.finish(buffer, isWhole: end.signal == nil, into: sink)
    let how = how(end, isStopping: isStopping)
    let (result, reason): (AttemptEnd.Result, String?) =
      switch how {
      case .interrupted: (.interrupted, "sweep was told to stop")
      case .failed(let reason, _): (.failed, reason)
      case .trial(let end): (end.attemptResult, end.reason)
      }
    return Ending(
      how: how,
      attempt: AttemptEnd(
        number: folder.attempt, result: result, reason: reason, exitCode: end.exitCode, signal: end.signal, seconds: seconds,
        secondsEpoch: reports.names.contains(CommandExecutor.secondsMetric) ? nil : secondsEpoch(how), cpuSeconds: end.cpuSeconds,
        memoryBytes: max(memoryBytes, end.memoryBytes ?? 0)))
  }

  /// The epoch that gets the attempt's wall time: the last that counts.
  private func secondsEpoch(_ how: Ending.How) -> Int {
    if case .trial(.pruned(let epoch)) = how { epoch } else { max(0, reports.lastEpoch) }
  }

  private func how(_ end: ChildProcess.End, isStopping: (_ isLikely: Bool) -> Bool) -> Ending.How {
    switch termination {
    case .interrupted: return .interrupted
    case .pruned(let epoch): return .trial(.pruned(afterEpoch: epoch))
    case .limit(let limit): return .failed("it went beyond \(limit)\(end.signal == SIGKILL ? ", and had to be killed" : "")", .limit)
    case nil: break
    }
    // What a child used counts when the program has ended, too.
    if let limit = executor.program.limits.cpu, end.signal == SIGXCPU || end.cpuSeconds >= limit {
      return .failed("it went beyond the CPU time limit of \(duration(limit))", .limit)
    }
    // Whoever stops the sweep may end the program before we have asked it to: a second signal does, and so does a cluster that ends a job.
    if end.exitCode != 0, isStopping(end.isByRequest) { return .interrupted }
    if let signal = end.signal {
      let guess = signal == SIGKILL ? ": is the machine out of memory?" : ""
      return .failed("it was ended by signal \(signal) (\(Self.name(of: signal)))\(guess)", .signal)
    }
    guard let code = end.exitCode else { return .failed("nobody could see how it ended", .exit) }
    if code != 0 {
      let words = reports.lastWords
      return .failed("exit code \(code)\(words.isEmpty ? "" : ": \(words)")", .exit)
    }
    let metric = executor.objective.metric
    let last = EpochMetrics(epoch: reports.lastObjective?.epoch ?? 0, values: reports.lastObjective.map { [(metric, $0.value)] } ?? [])
    return .trial(TrialEnd.after(last, isLast: true) ?? .complete)
  }

  private static func name(of signal: Int32) -> String {
    let names: [Int32: String] = [
      SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGABRT: "SIGABRT", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL",
      SIGSEGV: "SIGSEGV", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM", SIGUSR1: "SIGUSR1", SIGUSR2: "SIGUSR2", SIGBUS: "SIGBUS",
      SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ",
    ]
    return names[signal] ?? String(cString: strsignal(signal))
  }
}

extension TrialEnd {
  /// The same of an attempt.
  fileprivate var attemptResult: AttemptEnd.Result {
    switch self {
    case .complete: .complete
    case .pruned: .pruned
    case .diverged: .diverged
    case .failed: .failed
    }
  }
}

/// "90 s", "1.5 s"
func duration(_ seconds: Double) -> String { seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s" }

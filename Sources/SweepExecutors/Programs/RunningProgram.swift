// One attempt of one trial while it runs: its process, what it has reported, and how it came to its end. ProgramLoop owns it and tells it when
// there is something to read or time is up.

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
  private(set) var process: ChildProcess
  private(set) var termination: Termination?
  /// When SIGKILL follows SIGTERM.
  private var killTime: ContinuousClock.Instant?
  private let start: ContinuousClock.Instant
  private let wallLimit: ContinuousClock.Instant?
  private let grace: Duration
  private let log: Int32
  private let objective: Objective
  private var lines = LineReader()
  private let parser: LineParser
  private var sources: [any ReportSource]
  private let parameterNames: Set<String>

  /// Where a report without an epoch belongs.
  private var epoch: Int
  /// What was reported of it: a metric that comes again begins the next.
  private var namesOfEpoch: Set<String> = []
  private(set) var lastEpoch: Int
  private var hasNotedRepetition = false
  private(set) var hasSeconds = false
  private var lastObjective: (epoch: Int, value: Double)?
  private var lastLine: [UInt8] = []

  init(
    _ trial: Trial, reporter: any TrialReporter, slot: Int, folder: TrialFolder, held: [String: String], process: ChildProcess, log: Int32,
    isFresh: Bool, parser: LineParser, executor: CommandExecutor
  ) {
    (self.trial, self.reporter, self.slot, self.folder, self.held) = (trial, reporter, slot, folder, held)
    (self.process, self.log, self.parser, objective) = (process, log, parser, executor.objective)
    let start = ContinuousClock.now
    self.start = start
    let limits = executor.program.limits
    wallLimit = limits.wall.map { start + .seconds($0) }
    grace = .seconds(limits.grace)
    sources = [
      JSONLinesFile(path: folder.reports), WandbRunFile(folder: folder.own), TensorBoardFiles(folder: folder.tensorBoard),
    ]
    parameterNames = Set(trial.assignment.names)
    lastEpoch = isFresh ? 0 : trial.past.lastEpoch
    epoch = lastEpoch + 1
  }

  var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

  /// When something has to be done even if nothing happens.
  var deadline: ContinuousClock.Instant? { termination == nil ? wallLimit : killTime }

  // MARK: what it reports

  /// Reads some of what it printed.
  /// - Returns: whether there was anything.
  /// - Throws: what stopped the recorder.
  func readOutput(_ buffer: UnsafeMutableRawBufferPointer) throws -> Bool {
    guard let count = process.read(into: buffer) else { return false }
    guard count > 0 else {
      process.closeOutput()
      return false
    }
    let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
    keep(bytes)
    var reports: [ProgramReport] = []
    lines.read(bytes.assumingMemoryBound(to: UInt8.self)) { line in
      if let report = parser.report(line) { reports.append(report) } else { remember(line) }
    }
    try take(reports, fromOutput: true)
    return true
  }

  /// Reads what it wrote into files.
  func readFiles() throws {
    for index in sources.indices { try take(sources[index].poll(), fromOutput: false) }
  }

  /// Writes to the log. A full disk loses a log, not a trial.
  private func keep(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes
    while !rest.isEmpty {
      let count = write(log, rest.baseAddress, rest.count)
      guard count > 0 else { return }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  private func remember(_ line: UnsafeBufferPointer<UInt8>) {
    if line.contains(where: { $0 > 0x20 }) { lastLine = Array(line.prefix(400)) }
  }

  private func take(_ reports: [ProgramReport], fromOutput: Bool) throws {
    for report in reports {
      var values = report.values
      // A program that prints its own parameters reports nothing.
      if fromOutput { values.removeAll { parameterNames.contains($0.name) && $0.name != objective.metric } }
      guard !values.isEmpty else { continue }
      try add(values, at: report.step)
    }
  }

  private func add(_ values: [(name: String, value: Double)], at step: Int?) throws {
    if let step, step < 0 { return }
    let isRepeated = values.contains { namesOfEpoch.contains($0.name) }
    if let step {
      if step <= lastEpoch, step != epoch || isRepeated, !hasNotedRepetition {
        hasNotedRepetition = true
        try reporter.note("trial \(trial.number) reported epoch \(step) again; of values that come twice the last counts", of: trial.id)
      }
      if step != epoch { namesOfEpoch = [] }
      epoch = step
    } else if isRepeated {
      epoch = max(epoch, lastEpoch) + 1
      namesOfEpoch = []
    }
    for (name, value) in values {
      namesOfEpoch.insert(name)
      if name == objective.metric { lastObjective = (epoch, value) }
      if name == CommandExecutor.secondsMetric { hasSeconds = true }
    }
    lastEpoch = max(lastEpoch, epoch)
    switch try reporter.report(EpochMetrics(epoch: epoch, values: values), of: trial.id, checkpoint: nil) {
    case .proceed: break
    case .prune: end(.pruned(afterEpoch: epoch))
    case .interrupt: end(.interrupted)
    }
  }

  // MARK: how it ends

  /// Asks it to end: SIGTERM now, SIGKILL when the grace is over, both to the whole group.
  func end(_ reason: Termination) {
    guard termination == nil else { return }
    termination = reason
    killTime = .now + grace
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

  /// How it ended; nil while it runs. What it printed last is read first.
  func ended(_ buffer: UnsafeMutableRawBufferPointer, cpuLimit: Double?) throws -> Ending? {
    guard let end = process.reap() else { return nil }
    for _ in 0..<Self.lastReads { guard try readOutput(buffer) else { break } }
    process.closeOutput()
    // A line without an end counts where the program came to its own.
    if end.signal == nil {
      var report: ProgramReport?
      lines.finish { report = parser.report($0) }
      if let report { try take([report], fromOutput: true) }
    }
    try readFiles()
    if !hasSeconds {
      _ = try reporter.report(
        EpochMetrics(epoch: lastEpoch, values: [(CommandExecutor.secondsMetric, seconds)]), of: trial.id, checkpoint: nil)
    }
    return Ending(how: how(end, cpuLimit: cpuLimit), process: end, seconds: seconds)
  }

  /// Of an ended program: more than a pipe holds, and yet not for ever where somebody else goes on writing.
  private static let lastReads = 64

  func closeLog() { close(log) }

  /// What an attempt came to.
  struct Ending {
    enum How {
      case trial(TrialEnd)
      case failed(String, Retries.Cause)
      case interrupted
    }
    let how: How
    let process: ChildProcess.End
    let seconds: Double
  }

  private func how(_ end: ChildProcess.End, cpuLimit: Double?) -> Ending.How {
    switch termination {
    case .interrupted: return .interrupted
    case .pruned(let epoch): return .trial(.pruned(afterEpoch: epoch))
    case .limit(let limit): return .failed("it went beyond \(limit)\(end.signal == SIGKILL ? ", and had to be killed" : "")", .limit)
    case nil: break
    }
    if let signal = end.signal {
      // The kernel's own limit: SIGXCPU, and SIGKILL for those who ignore it.
      if let cpuLimit, signal == SIGXCPU || signal == SIGKILL && end.cpuSeconds >= cpuLimit {
        return .failed("it went beyond the CPU time limit of \(duration(cpuLimit))", .limit)
      }
      let guess = signal == SIGKILL ? ": is the machine out of memory?" : ""
      return .failed("it was ended by signal \(signal) (\(Self.name(of: signal)))\(guess)", .signal)
    }
    if let code = end.exitCode, code != 0 {
      let words = lastWords
      return .failed("exit code \(code)\(words.isEmpty ? "" : ": \(words)")", .exit)
    }
    if let last = lastObjective, !last.value.isFinite {
      return .trial(.diverged(epoch: last.epoch, reason: "\(objective.metric) is \(last.value.isNaN ? "not a number" : "infinite")"))
    }
    return .trial(.complete)
  }

  /// The last line that it wrote, to standard error or else to standard output, fit for a table.
  private var lastWords: String {
    let log = open(folder.log, O_RDONLY | O_CLOEXEC)
    defer { close(log) }
    let size = lseek(log, 0, SEEK_END)
    let tail = [UInt8](unsafeUninitializedCapacity: 2048) { buffer, count in
      count = max(0, pread(log, buffer.baseAddress, buffer.count, max(0, size - off_t(buffer.count))))
    }
    let line = tail.split(separator: 0x0a).last { $0.contains { $0 > 0x20 } } ?? lastLine[...]
    let text = String(decoding: line.prefix(200), as: UTF8.self)
    let words = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    return words.trimmingCharacters(in: .whitespaces)
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

/// "90 s", "1.5 s"
func duration(_ seconds: Double) -> String { seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s" }

// The loop that runs programs: starts them while there are trials and slots, waits for what they print and for their ends in one poll(2), keeps
// their limits, and tries again what failed. One thread for all of them, however many run.

import CSpawn
import Foundation
import SweepCore

struct ProgramLoop {
  private let executor: CommandExecutor
  private let slots: Int
  private let queue: any TrialQueue
  private let environment: ProgramEnvironment
  private let parser: LineParser
  private let devNull: Int32
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
  private var running: [RunningProgram] = []
  private var freeSlots: [Int]
  private var freeResources: [String: [String]]
  /// Failed trials that wait for another attempt.
  private var delayed: [(time: ContinuousClock.Instant, trial: Trial, reporter: any TrialReporter)] = []
  private var lastTick = ContinuousClock.now
  private var paths: [String: String] = [:]
  /// What stopped the recorder.
  private var failure: (any Error)?

  /// How often files are looked at and limits kept.
  private static let tick = Duration.milliseconds(100)

  init(_ executor: CommandExecutor, slots: Int, queue: any TrialQueue) throws {
    (self.executor, self.slots, self.queue) = (executor, slots, queue)
    environment = ProgramEnvironment(executor.program)
    parser = try LineParser(executor.program.report)
    devNull = open("/dev/null", O_RDWR | O_CLOEXEC)
    freeSlots = (0..<slots).reversed()
    freeResources = executor.program.resources.mapValues { $0.reversed() }
    csp_adopt_orphans()
  }

  /// Returns when there are no more trials and all have ended.
  /// - Throws: what stopped the recorder; the programs are ended then, too.
  mutating func run() throws {
    defer {
      buffer.deallocate()
      close(devNull)
    }
    while true {
      if isStopping { for program in running { program.end(.interrupted) } }
      startWhatCan()
      if running.isEmpty && (isStopping || delayed.isEmpty) { break }
      let news = wait()
      do { try look(at: news) } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
  }

  private var isStopping: Bool { failure != nil || queue.isStopping }

  // MARK: starting

  private mutating func startWhatCan() {
    while !isStopping, let slot = freeSlots.last, let next = nextTrial(slot) {
      freeSlots.removeLast()
      do {
        try start(next.trial, next.reporter, slot: slot)
      } catch {
        freeSlots.append(slot)
        do { try next.reporter.finish(next.trial.id, .failed(reason: "\(error)")) } catch { failure = failure ?? error }
      }
    }
  }

  private mutating func nextTrial(_ slot: Int) -> (trial: Trial, reporter: any TrialReporter)? {
    let now = ContinuousClock.now
    if let due = delayed.firstIndex(where: { $0.time <= now }) {
      let entry = delayed.remove(at: due)
      return (entry.trial, entry.reporter)
    }
    return queue.next(slot: slot)
  }

  private mutating func start(_ trial: Trial, _ reporter: any TrialReporter, slot: Int) throws {
    let attempt = trial.past.attempts + 1
    let folder = try TrialFolder(in: executor.workplace.folder, trial: trial, attempt: attempt)
    let isFresh = !folder.hasCheckpoint
    let program = executor.program
    let parameters = executor.space.configuration(of: trial.assignment)
    try folder.write(parameters, asJSON: program.command.usesJSONFile)
    let held = freeResources.compactMapValues(\.last)
    let own =
      [
        ("SWEEP_NAME", executor.workplace.sweep), ("SWEEP_TRIAL", String(trial.number)), (ProcessTree.mark, folder.path),
        ("SWEEP_ATTEMPT", String(attempt)), ("SWEEP_CONTINUES", isFresh ? "0" : "1"), ("SWEEP_CHECKPOINT", folder.checkpoint),
        ("SWEEP_REPORT", folder.reports), ("SWEEP_TENSORBOARD", folder.tensorBoard),
        ("WANDB_X_TRANSACTION_LOG_FLUSH_INTERVAL", "0.5"), ("SWEEP_PARAMETERS", ParameterValue.pythonJSON(of: parameters)), ("WANDB_DIR", folder.own),
        ("WANDB_SWEEP_ID", identifier),
        ("WANDB_RUN_ID", "\(identifier)-\(trial.number)-\(attempt)"), ("WANDB_SWEEP_PARAM_PATH", folder.yaml),
      ] + held.map { ($0.key, $0.value) }
    let arguments = program.command.arguments(parameters, jsonFile: folder.json, environment: environment.value)
    let log = try folder.openLog()
    let process: ChildProcess
    do throws(SweepError) {
      process = try ChildProcess(
        .init(
          path: try path(of: arguments.first ?? ""), arguments: arguments, environment: environment.texts(with: own), folder: program.folder,
          errors: log, cpuSeconds: program.limits.cpu.map { max(1, Int($0.rounded(.up))) },
          processors: program.limits.threads.map { (slot * $0, $0) }), devNull: devNull)
    } catch {
      close(log)
      throw error
    }
    for name in held.keys { freeResources[name]?.removeLast() }
    running.append(
      RunningProgram(
        trial, reporter: reporter, slot: slot, folder: folder, held: held, process: process, log: log, isFresh: isFresh, parser: parser,
        executor: executor))
    try reporter.started(AttemptStart(number: attempt, slot: slot, process: process.id, log: folder.log, isFresh: isFresh), of: trial.id)
  }

  /// The sweep as W&B's tools may call it.
  private var identifier: String {
    String(
      executor.workplace.sweep.unicodeScalars.map {
        $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil) ? Character($0) : "-"
      })
  }

  private mutating func path(of name: String) throws(SweepError) -> String {
    if let known = paths[name] { return known }
    guard let found = environment.find(name, from: executor.program.folder) else {
      throw SweepError(.input, "the command '\(name)' is not found", remedy: "install it, or give its path")
    }
    paths[name] = found
    return found
  }

  // MARK: waiting

  /// What poll(2) says of a program.
  private struct News {
    let hasPrinted: Bool
    let hasEnded: Bool
  }

  /// Waits until a program prints or ends, or something is due.
  /// - Returns: the news of each running program.
  private func wait() -> [News] {
    var descriptors = running.flatMap { program in
      [program.process.output, program.process.endDescriptor].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    }
    let next = (running.compactMap(\.deadline) + delayed.map(\.time) + [lastTick + Self.tick]).min() ?? .now
    let milliseconds = max(0, min(100, ((next - .now) / .milliseconds(1)).rounded(.up)))
    poll(&descriptors, nfds_t(descriptors.count), Int32(milliseconds))
    return running.indices.map { index in
      let (output, end) = (descriptors[2 * index], descriptors[2 * index + 1])
      return News(hasPrinted: output.revents != 0, hasEnded: end.revents != 0 || end.fd < 0)
    }
  }

  // MARK: looking

  private mutating func look(at news: [News]) throws {
    let isTick = ContinuousClock.now - lastTick >= Self.tick
    if isTick {
      lastTick = .now
      keepLimits()
    }
    for (program, news) in zip(running, news) {
      if news.hasPrinted { _ = try program.readOutput(buffer) }
      if isTick { try program.readFiles() }
      program.passTime()
      guard news.hasEnded, let ending = try program.ended(buffer, cpuLimit: executor.program.limits.cpu) else { continue }
      release(program)
      try conclude(program, ending)
    }
  }

  /// Of all processes of each trial together; what the kernel counts for each process alone is not enough.
  private func keepLimits() {
    let limits = executor.program.limits
    guard limits.memory != nil || limits.cpu != nil else { return }
    let usages = ProcessTree.usage(of: Set(running.map(\.process.id)))
    for program in running {
      guard let usage = usages[program.process.id] else { continue }
      if let memory = limits.memory, usage.memoryBytes > memory {
        program.end(.limit("the memory limit of \(memory >> 20) MiB"))
      } else if let cpu = limits.cpu, usage.cpuSeconds > cpu {
        program.end(.limit("the CPU time limit of \(duration(cpu))"))
      }
    }
  }

  private mutating func release(_ program: RunningProgram) {
    program.closeLog()
    running.removeAll { $0 === program }
    freeSlots.append(program.slot)
    for (name, value) in program.held { freeResources[name]?.append(value) }
    // Who left the group, and was left to us when its parent died.
    let known = Set(running.map(\.process.id))
    ProcessTree.killMarked(folder: program.folder.path) { ProcessTree.children().filter { !known.contains($0) } }
  }

  private mutating func conclude(_ program: RunningProgram, _ ending: RunningProgram.Ending) throws {
    let (trial, reporter) = (program.trial, program.reporter)
    func end(_ result: AttemptEnd.Result, _ reason: String?) -> AttemptEnd {
      AttemptEnd(
        number: program.folder.attempt, result: result, reason: reason, exitCode: ending.process.exitCode, signal: ending.process.signal,
        seconds: ending.seconds, cpuSeconds: ending.process.cpuSeconds, memoryBytes: ending.process.memoryBytes)
    }
    switch ending.how {
    case .interrupted:
      try reporter.ended(end(.interrupted, "sweep was told to stop"), of: trial.id, waitsAgain: true)
    case .failed(let reason, let cause):
      let failures = trial.past.failures + 1
      guard !isStopping, let wait = executor.program.retries.wait(afterFailures: failures, cause: cause) else {
        try reporter.ended(end(.failed, reason), of: trial.id, waitsAgain: false)
        return try reporter.finish(trial.id, .failed(reason: reason))
      }
      try reporter.ended(end(.failed, reason), of: trial.id, waitsAgain: true)
      executor.workplace.say("trial \(trial.number): \(reason); attempt \(program.folder.attempt + 1) in \(duration(wait))")
      let past = Trial.Past(attempts: program.folder.attempt, failures: failures, lastEpoch: program.lastEpoch)
      let again = Trial(id: trial.id, number: trial.number, assignment: trial.assignment, past: past)
      delayed.append((.now + .seconds(wait), again, reporter))
    case .trial(let trialEnd):
      try reporter.ended(end(trialEnd.result, trialEnd.reason), of: trial.id, waitsAgain: false)
      try reporter.finish(trial.id, trialEnd)
    }
  }
}

extension TrialEnd {
  /// The same of an attempt.
  fileprivate var result: AttemptEnd.Result {
    switch self {
    case .complete: .complete
    case .pruned: .pruned
    case .diverged: .diverged
    case .failed: .failed
    }
  }
}

// The loop that runs programs: starts them while there are trials and slots, waits for their ends and for what their logs get in one poll(2),
// keeps their limits, and tries again what failed. One thread for all of them, however many run.

import CSpawn
import Foundation
import SweepCore

struct ProgramLoop {
  private let executor: CommandExecutor
  private let slots: Int
  private let queue: any TrialQueue
  private let reporter: any TrialReporter
  private let environment: ProgramEnvironment
  private let parser: LineParser
  private let devNull: Int32
  /// Where a trial's limits are to hold for all that it starts.
  private let groups: ControlGroups?
  /// Tells of logs that were written to.
  private let watch: Int32
  /// Whose logs they are.
  private var watched: [Int32: RunningProgram] = [:]
  /// How many descriptors a program may open at first.
  private let descriptors: UInt
  /// Groups of programs that have ended, of which some processes may still be left to us.
  private var pastGroups: Set<pid_t> = []
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
  private var running: [RunningProgram] = []
  private var freeSlots: [Int]
  private var freeResources: [String: [String]]
  /// Of a cohort that was taken, those that wait for a slot.
  private var taken: [Trial] = []
  /// Failed trials that wait for another attempt.
  private var delayed: [(time: ContinuousClock.Instant, trial: Trial, past: ProgramReports.Past)] = []
  /// Whether there may be more trials although there are none now.
  private var hasMoreToCome = false
  /// Wakes the loop when the queue has news.
  private let bell: Bell
  private var lastTick = ContinuousClock.now
  private var paths: [String: String] = [:]
  private let remarks = ReportRemarks()
  /// Programs whose output was looked through for what was not read.
  private var missed = 0
  /// What stopped the recorder, or keeps trials from being started at all.
  private var failure: (any Error)?

  /// What many trials have in common has been said by then.
  private static let mostMissed = 200

  /// How often files are looked at and limits kept.
  private static let tick = Duration.milliseconds(100)

  init(_ executor: CommandExecutor, slots: Int, queue: any TrialQueue, reporter: any TrialReporter) throws {
    (self.executor, self.slots, self.queue, self.reporter) = (executor, slots, queue, reporter)
    let bell = Bell()
    self.bell = bell
    queue.onNews { bell.ring() }
    environment = ProgramEnvironment(executor.program)
    parser = try LineParser(executor.program.report)
    devNull = open("/dev/null", O_RDWR | O_CLOEXEC)
    watch = csp_watch_open()
    groups = executor.program.limits.endTrials ? ControlGroups() : nil
    freeSlots = (0..<slots).reversed()
    freeResources = executor.program.resources.mapValues { $0.reversed() }
    csp_adopt_orphans()
    descriptors = csp_raise_descriptors()  // some for each program, and a program's own limit stays what it was
  }

  /// Returns when there are no more trials and all have ended.
  /// - Throws: what stopped the recorder; the programs are ended then, too.
  mutating func run() throws {
    defer {
      buffer.deallocate()
      close(devNull)
      close(watch)
      groups?.remove()
    }
    while true {
      if isStopping { for program in running { program.end(.interrupted) } }
      startWhatCan()
      if running.isEmpty && (isStopping || delayed.isEmpty && !hasMoreToCome) { break }
      let ended = wait()
      do { try look(atEnded: ended) } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
  }

  private var isStopping: Bool { failure != nil || queue.isStopping }

  /// - Parameter isLikely: whether to wait for it: signals that were sent to all of us at once arrive one after the other.
  private func isStopping(isLikely: Bool) -> Bool {
    let deadline = ContinuousClock.now + .milliseconds(250)
    while isLikely, !isStopping, ContinuousClock.now < deadline { usleep(5000) }
    return isStopping
  }

  // MARK: starting

  private mutating func startWhatCan() {
    if queue.isOver { (delayed, taken) = ([], []) }  // they wait in the database
    while !isStopping, let slot = freeSlots.last, let next = nextTrial(slot) {
      freeSlots.removeLast()
      do {
        try start(next.trial, slot: slot, after: next.past)
      } catch let error as SweepError where error.kind == .io {
        // Its folder cannot be written, and so no other: the trials wait until somebody has mended the disk.
        freeSlots.append(slot)
        failure = failure ?? error
      } catch {
        freeSlots.append(slot)
        do { try reporter.report(.ended(.failed(reason: "\(error)")), of: next.trial) } catch { failure = failure ?? error }
      }
    }
  }

  /// - Returns: with it what it has told in this run.
  private mutating func nextTrial(_ slot: Int) -> (trial: Trial, past: ProgramReports.Past?)? {
    let now = ContinuousClock.now
    while let due = delayed.firstIndex(where: { $0.time <= now }) {
      let (_, trial, past) = delayed.remove(at: due)
      guard case .prune(let epoch) = queue.verdict(on: trial) else { return (trial, past) }
      // What it reported before it failed was enough to know.
      do { try reporter.report(.ended(.pruned(afterEpoch: epoch)), of: trial) } catch { failure = failure ?? error }
    }
    if taken.isEmpty {
      let work = queue.next(slot: slot)
      if case .cohort(let cohort) = work { taken = cohort.trials.reversed() }
      if case .wait = work { hasMoreToCome = true } else { hasMoreToCome = false }
    }
    return taken.popLast().map { ($0, nil) }
  }

  private mutating func start(_ trial: Trial, slot: Int, after known: ProgramReports.Past?) throws {
    let attempt = trial.past.attempts + 1
    let past = try TrialFolder.hasCheckpoint(of: trial, in: executor.workplace.folder) ? known ?? readPast(trial) : nil
    let folder = try TrialFolder(in: executor.workplace.folder, trial: trial, attempt: attempt)
    let isFresh = past == nil || !folder.hasCheckpoint  // what there was may have been another's
    if !isFresh, attempt > 1 { try folder.mark(.continues) }
    let program = executor.program
    let parameters = executor.space.configuration(of: trial.assignment)
    try folder.write(parameters, asJSON: program.command.usesJSONFile)
    let held = freeResources.compactMapValues(\.last)
    let variables = variables(of: trial, parameters, in: folder, isFresh: isFresh) + held.map { ($0.key, $0.value) }
    let arguments = program.command.arguments(parameters, jsonFile: folder.json, environment: environment.value)
    let (output, errors) = (try folder.open(folder.log), try folder.open(folder.errors))
    defer {
      close(output)
      close(errors)
    }
    let reports = try ProgramReports(of: trial, in: folder, after: isFresh ? nil : past, parser: parser, executor: executor)
    // Before the program starts, so that nothing is missed.
    let file = csp_watch_add(watch, folder.log)
    let group = groups?.make("\(trial.number)-\(attempt)")
    let process: ChildProcess
    do throws(SweepError) {
      process = try ChildProcess(
        .init(
          path: try path(of: arguments.first ?? ""), arguments: arguments, environment: environment.texts(with: variables), folder: program.folder,
          output: output, errors: errors, cpuSeconds: program.limits.cpu.map { Int($0.rounded(.up)) + Self.cpuMargin },
          processors: program.limits.threads.map { (slot * $0, $0) }, group: group, descriptors: descriptors), devNull: devNull)
    } catch {
      group?.end()
      reports.close()
      csp_watch_remove(watch, file)
      throw error
    }
    for name in held.keys { freeResources[name]?.removeLast() }
    let started = RunningProgram(
      trial, reporter: reporter, slot: slot, folder: folder, held: held, process: process, group: group, reports: reports, remarks: remarks,
      executor: executor)
    running.append(started)
    if file >= 0 { watched[file] = started }
    try reporter.report(
      .started(AttemptStart(number: attempt, slot: slot, process: process.id, log: folder.log, isFresh: isFresh)), of: trial)
  }

  /// What a program finds in its environment of its trial (docs/programs.md).
  private func variables(
    of trial: Trial, _ parameters: [(name: String, value: ParameterValue)], in folder: TrialFolder, isFresh: Bool
  ) -> [(String, String)] {
    let text = ParameterValue.pythonJSON(of: parameters)
    return [
      ("SWEEP_NAME", executor.workplace.sweep), ("SWEEP_TRIAL", String(trial.number)), (ProcessTree.mark, folder.path),
      ("SWEEP_ATTEMPT", String(folder.attempt)), ("SWEEP_CONTINUES", isFresh ? "0" : "1"), ("SWEEP_CHECKPOINT", folder.checkpoint),
      ("SWEEP_REPORT", folder.reports), ("SWEEP_TENSORBOARD", folder.tensorBoard), ("WANDB_DIR", folder.own), ("WANDB_SWEEP_ID", identifier),
      ("WANDB_RUN_ID", "\(identifier)-\(trial.number)-\(folder.attempt)"), ("WANDB_SWEEP_PARAM_PATH", folder.yaml),
      // Its 15 seconds are too long for early stopping, and for what a kill may lose.
      ("WANDB_X_TRANSACTION_LOG_FLUSH_INTERVAL", "0.5"),
    ] + (text.utf8.count < Self.longestVariable ? [("SWEEP_PARAMETERS", text)] : [])
  }

  /// Seconds that the kernel's own limit of processor time is above the program's: it holds for one process and not for all of them, and only
  /// ends what we did not.
  private static let cpuMargin = 1

  /// The kernel takes no variable of more than 128 KiB.
  private static let longestVariable = 100_000

  /// Reads again what the attempts of a trial told, for the one that goes on from them. Where one was cut short with the runner, its last reports may be in its
  /// files and not in the database: they come again, and with them all that followed.
  private func readPast(_ trial: Trial) throws -> ProgramReports.Past {
    let attempts = trial.past.attempts
    var past = ProgramReports.Past(first: trial.past.firstEpoch, last: trial.past.lastEpoch)
    guard attempts > 0 else { return past }  // nothing was recorded: it starts anew
    var isLost = false
    for folder in TrialFolder.all(of: trial, in: executor.workplace.folder) {
      isLost = isLost || folder.attempt > attempts || folder.isOld || folder.attempt == attempts && trial.past.wasCut
      guard access(folder.log, R_OK) == 0 else { continue }
      let isContinuing = folder.has(.continues)
      var reports = try ProgramReports(of: trial, in: folder, after: isContinuing ? past : nil, parser: parser, executor: executor)
      defer { reports.close() }
      let sink = PastReports(trial: trial, reporter: isLost ? reporter : nil)
      if !isContinuing { try sink.take(.withdrawn(metrics: nil, after: -1)) }  // it began anew
      try reports.finish(buffer, isWhole: folder.has(.whole), into: sink)
      past = reports.left
    }
    return past
  }

  /// Takes what an attempt before told. What there was to remark has been said.
  private struct PastReports: ReportSink {
    let trial: Trial
    /// nil: it is recorded.
    let reporter: (any TrialReporter)?

    func take(_ event: TrialEvent) throws { try reporter?.report(event, of: trial) }
    func remark(_ remark: ReportRemark) {}
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

  /// Waits until a program ends or prints, or something is due.
  /// - Returns: the programs that have ended.
  private func wait() -> [RunningProgram] {
    var descriptors = running.map { pollfd(fd: $0.process.endDescriptor, events: Int16(POLLIN), revents: 0) }
    descriptors.append(pollfd(fd: watch, events: Int16(POLLIN), revents: 0))
    descriptors.append(pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0))
    // Another attempt is due only where there is a slot for it.
    let next = (running.compactMap(\.deadline) + (freeSlots.isEmpty ? [] : delayed.map(\.time)) + [lastTick + Self.tick]).min() ?? .now
    let hasMore = running.contains(where: \.hasMore)
    let milliseconds = hasMore ? 0 : max(0, min(100, ((next - .now) / .milliseconds(1)).rounded(.up)))
    poll(&descriptors, nfds_t(descriptors.count), Int32(milliseconds))
    bell.silence()
    // Where there is no descriptor of the end, it is asked for each time.
    return zip(running, descriptors).compactMap { $1.revents != 0 || $1.fd < 0 ? $0 : nil }
  }

  // MARK: looking

  private mutating func look(atEnded ended: [RunningProgram]) throws {
    let isTick = ContinuousClock.now - lastTick >= Self.tick
    if isTick {
      lastTick = .now
      keepLimits()
      for program in running { try program.readFiles() }
      ProcessTree.reapOrphans(groups: pastGroups, but: Set(running.map(\.process.id)))
      // Those that ended long ago have nobody left.
      if pastGroups.count > 4096 { pastGroups = [] }
    }
    for program in withNews(isTick: isTick) { try program.readLog(buffer) }
    for program in running where program.isUndecided { program.take(queue.verdict(on: program.trial)) }
    for program in running { program.passTime() }
    for program in ended {
      do {
        guard let ending = try program.ended(buffer, isStopping: isStopping(isLikely:)) else { continue }
        release(program)
        try conclude(program, ending)
      } catch {
        release(program)
        throw error
      }
    }
  }

  /// Programs whose logs have more than was read. Those that cannot be watched are looked at now and then.
  private func withNews(isTick: Bool) -> [RunningProgram] {
    var files = [Int32](repeating: 0, count: 256)
    let count = csp_watch_next(watch, &files, Int32(files.count))
    let written = files.prefix(Int(count))
    if written.contains(-1) { return running }
    let known = Set(written.compactMap { watched[$0].map(ObjectIdentifier.init) })
    let isBlind = watched.count < running.count
    return running.filter { $0.hasMore || known.contains(ObjectIdentifier($0)) || isTick && isBlind }
  }

  /// Of all processes of each trial together; what the kernel counts for each process alone is not enough.
  private func keepLimits() {
    let limits = executor.program.limits
    for program in running { program.lookAtMemory() }
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
    guard running.contains(where: { $0 === program }) else { return }
    running.removeAll { $0 === program }
    for (file, other) in watched where other === program {
      csp_watch_remove(watch, file)
      watched[file] = nil
    }
    freeSlots.append(program.slot)
    for (name, value) in program.held { freeResources[name]?.append(value) }
    program.group?.end()
    // Who left the process group, and was left to us when its parent died.
    let known = Set(running.map(\.process.id))
    pastGroups.insert(program.process.id)
    ProcessTree.killMarked(program.folder.path, isWhole: true) { ProcessTree.children().filter { !known.contains($0) } }
  }

  private mutating func conclude(_ program: RunningProgram, _ ending: RunningProgram.Ending) throws {
    let trial = program.trial
    switch ending.how {
    case .interrupted:
      try reporter.report(.attemptEnded(ending.attempt, waitsAgain: true), of: trial)
    case .failed(let reason, let cause):
      let failures = trial.past.failures + 1
      guard let wait = executor.program.retries.wait(afterFailures: failures, cause: cause) else {
        try reporter.report(.attemptEnded(ending.attempt, waitsAgain: false), of: trial)
        try reporter.report(.ended(.failed(reason: reason)), of: trial)
        return
      }
      try reporter.report(.attemptEnded(ending.attempt, waitsAgain: true), of: trial)
      if queue.isOver { return }
      executor.workplace.say("trial \(trial.number): \(reason); attempt \(program.folder.attempt + 1) in \(duration(wait))")
      let told = program.reports.left
      let past = Trial.Past(attempts: program.folder.attempt, failures: failures, lastEpoch: told.last, firstEpoch: told.first)
      delayed.append(
        (.now + .seconds(wait), Trial(id: trial.id, number: trial.number, assignment: trial.assignment, past: past, until: trial.until), told))
    case .trial(let trialEnd):
      try reporter.report(.attemptEnded(ending.attempt, waitsAgain: false), of: trial)
      if trialEnd == .complete { try noteMissingObjective(program) }
      try reporter.report(.ended(trialEnd), of: trial)
    }
  }

  /// Says when a program does not report what the sweep ranks by, or when some of it could not be read, and why.
  private mutating func noteMissingObjective(_ program: RunningProgram) throws {
    for metric in executor.further where !program.reports.hasTold(metric) && metric != CommandExecutor.secondsMetric && missed < Self.mostMissed {
      missed += 1
      try remarks.tell(missedMetric(metric, program).remark(), of: program.trial, to: reporter)
    }
    let metric = executor.objective.metric
    let unread = program.reports.isObjectivePrinted ? program.reports.unread : nil
    let hasTold = program.reports.hasTold(metric)
    guard metric != CommandExecutor.secondsMetric, !hasTold || unread != nil, missed < Self.mostMissed else { return }
    missed += 1
    let search = missedMetric(metric, program)
    let remark = hasTold ? unread.flatMap { search.remark(onUnread: $0) } : search.remark()
    if let remark { try remarks.tell(remark, of: program.trial, to: reporter) }
  }

  private func missedMetric(_ metric: String, _ program: RunningProgram) -> MissedMetric {
    MissedMetric(
      metric: metric, names: program.reports.names.sorted(), output: program.folder.log, errors: program.folder.errors,
      format: executor.program.report)
  }
}

/// Wakes somebody who waits in poll(2), from any thread.
// Sendable: nothing changes after init; the system guards the pipe.
private final class Bell: Sendable {
  /// Readable while it rings.
  let descriptor: Int32
  private let rope: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    pipe(&ends)
    (descriptor, rope) = (ends[0], ends[1])
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
  }

  deinit {
    close(descriptor)
    close(rope)
  }

  func ring() {
    var byte: UInt8 = 0
    _ = write(rope, &byte, 1)  // one that is full rings already
  }

  func silence() {
    var bytes = [UInt8](repeating: 0, count: 64)
    while read(descriptor, &bytes, bytes.count) > 0 {}
  }
}

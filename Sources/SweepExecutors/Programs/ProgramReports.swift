// What one attempt of a program has reported: reads its log and its files as they grow, and makes epochs of what they tell. Everything a program
// prints goes straight into a file, so nothing of it is lost with us: after a kill the same reading is done again.

import Foundation
import SweepCore
import SweepFormats

/// Gets what a program reports.
protocol ReportSink {
  func take(_ event: TrialEvent) throws
  func remark(_ remark: ReportRemark) throws
}

/// What was said of the reports of a run's trials: nothing is said of every trial that is true of many.
// A class: all programs of a loop share it. Never leaves the loop's thread.
final class ReportRemarks {
  private var said: Set<String> = []

  func tell(_ remark: ReportRemark, of trial: Trial, to reporter: any TrialReporter) throws {
    if said.insert(remark.key).inserted { try reporter.report(.note("trial \(trial.number) \(remark.text)"), of: trial) }
  }
}

/// Reads the reports of one attempt.
struct ProgramReports {
  /// The ways to report. Where a metric is told in several, the first of them counts, whichever is read first.
  fileprivate enum Way: Int, CaseIterable {
    case file, wandb, tensorBoard, printed

    var text: String {
      switch self {
      case .file: "$SWEEP_REPORT"
      case .wandb: "W&B"
      case .tensorBoard: "TensorBoard"
      case .printed: "its output"
      }
    }
  }

  /// Who tells a metric.
  private struct Origin: Hashable, Comparable {
    let way: Way
    let writer: ProgramReport.Writer

    static func < (one: Origin, other: Origin) -> Bool {
      one.way == other.way ? one.writer < other.writer : one.way.rawValue < other.way.rawValue
    }

    /// A folder of TensorBoard's may have one file after the other; all else stands for itself.
    func isBeside(_ other: Origin) -> Bool { way == .tensorBoard && other.way == way && other.writer.run == writer.run }
  }

  /// What is counted together.
  fileprivate struct Run: Hashable, Comparable {
    let way: Way
    let name: String

    static func < (one: Run, other: Run) -> Bool {
      one.way == other.way ? ProgramReport.Writer(run: one.name) < ProgramReport.Writer(run: other.name) : one.way.rawValue < other.way.rawValue
    }
  }

  /// What attempts leave to one that goes on from their checkpoint.
  struct Past {
    /// The smallest and the largest epoch that was told; nil and 0: none.
    fileprivate(set) var first: Int?
    fileprivate(set) var last: Int
    fileprivate var numberings: [Run: Numbering] = [:]
    /// The last epoch of each metric, and by whom it was told.
    fileprivate var metrics: [String: (run: Run, epoch: Int)] = [:]

    /// Where nothing else is known than what the database has.
    init(first: Int?, last: Int) { (self.first, self.last) = (first, last) }
  }

  private let trial: Trial
  private let objective: Objective
  private let parser: LineParser
  private let counter: String?
  private let parameterNames: Set<String>
  private let folder: TrialFolder
  private let past: Past?
  /// Whether others are compared with what it tells of the objective: then that is held back until it is known who tells it.
  private let isJudged: Bool
  private let log: Int32
  private var lines = LineReader()
  private var sources: [(way: Way, source: any ReportSource)]

  private var numberings: [Run: Numbering] = [:]
  /// By metric.
  private var owners: [String: Origin] = [:]
  /// Of metrics that several files of a folder tell: those that do not count, and what each has told last.
  private var barred: [String: Set<Origin>] = [:]
  private var told: [String: [Origin: (time: Double, epoch: Int)]] = [:]
  /// Values of the objective by those who tell it while one with a better right may still do so.
  private var held: [Origin: [EpochMetrics]] = [:]
  /// Said at the end, if it is still so.
  private var doubtful: [Origin: ReportRemark] = [:]
  /// A line that names the objective, and was not read.
  private(set) var unread: String?
  private var hasWithdrawn = false
  /// Of the runs of this attempt, which of the attempts before they go on with.
  private var lineage: [Run: Run] = [:]
  /// Those who have something there to be read.
  private var present: [Origin] = []
  /// By metric, attempts before included.
  private var epochs: [String: ClosedRange<Int>] = [:]
  /// The names of all metrics so far.
  private(set) var names: Set<String> = []
  private(set) var lastObjective: (epoch: Int, value: Double)?

  /// - Parameter past: what attempts left that this one goes on from; nil: it begins anew.
  /// - Throws: where the log cannot be read.
  init(of trial: Trial, in folder: TrialFolder, after past: Past?, parser: LineParser, executor: CommandExecutor) throws(SweepError) {
    (self.trial, self.folder, self.parser, objective, self.past) = (trial, folder, parser, executor.objective, past)
    (counter, isJudged) = (executor.program.report.epoch, executor.isJudged)
    parameterNames = Set(trial.assignment.names)
    log = open(folder.log, O_RDONLY | O_CLOEXEC)
    if log < 0 { throw TrialFolder.failure("the log cannot be read", folder.log) }
    sources = [
      (.file, JSONLinesFile(path: folder.reports)), (.wandb, WandbRunFile(folder: folder.own)),
      (.tensorBoard, TensorBoardFiles(folder: folder.tensorBoard)),
    ]
    if let past, let first = past.first {
      epochs = past.metrics.mapValues { min(first, $0.epoch)...$0.epoch }
      if epochs.isEmpty { epochs[""] = first...max(first, past.last) }
    }
  }

  /// The largest that was told, attempts before included; -1: none yet.
  var lastEpoch: Int { epochs.values.map(\.upperBound).max() ?? -1 }

  func close() { Foundation.close(log) }

  /// What the attempt leaves to the next one, if that goes on from a checkpoint.
  var left: Past {
    var left = past ?? Past(first: nil, last: 0)
    (left.first, left.last) = (epochs.values.map(\.lowerBound).min(), max(0, lastEpoch))
    // A run that has another name in each attempt takes the place of the one that it goes on with.
    for (run, before) in lineage where run != before { left.numberings[before] = nil }
    for (run, numbering) in numberings { left.numberings[run] = numbering.continued }
    left.metrics = [:]
    for (name, range) in epochs {
      let run = owners[name].map { Run(way: $0.way, name: $0.writer.run) } ?? past?.metrics[name]?.run
      left.metrics[name] = run.map { ($0, range.upperBound) }
    }
    return left
  }

  /// Reads some of what was printed.
  /// - Returns: whether there may be more at once.
  mutating func readLog(_ buffer: UnsafeMutableRawBufferPointer, into sink: some ReportSink) throws -> Bool {
    if isJudged { try readFiles(into: sink) }  // what may overrule the output is known before it
    let count = read(log, buffer.baseAddress, buffer.count)
    guard count > 0 else { return false }
    var found: [ProgramReport] = []
    let parser = parser
    let metric = Array(objective.metric.utf8)
    let objective = objective.metric
    var missed: String?
    lines.read(UnsafeRawBufferPointer(rebasing: buffer[..<count]).assumingMemoryBound(to: UInt8.self)) { line in
      let report = parser.report(line)
      if let report { found.append(report) }
      // Where others are read, a line that names it and has no value of it is one that its author counts on.
      if line.count < 2000, line.contains(metric), !(report?.values.contains { $0.name == objective } ?? false) {
        let text = String(decoding: line, as: UTF8.self)
        // What diverges is the more telling.
        if missed.map({ !Self.diverges($0) }) ?? true { missed = text }
      }
    }
    if let missed, unread.map({ !Self.diverges($0) }) ?? true { unread = missed }
    for one in found { try take(one, from: .printed, into: sink) }
    return count == buffer.count
  }

  private static func diverges(_ line: String) -> Bool { line.lowercased().firstMatch(of: /[^a-z](nan|inf)([^a-z]|$)/) != nil }

  /// Reads what was written into files.
  mutating func readFiles(into sink: some ReportSink) throws {
    for index in sources.indices {
      let way = sources[index].way
      let generation = sources[index].source.generation
      let reports = sources[index].source.poll()
      if isJudged {
        present.removeAll { $0.way == way }
        present += sources[index].source.writers.map { Origin(way: way, writer: $0) }
      }
      if sources[index].source.generation != generation { try forget(way, sink) }
      for one in reports { try take(one, from: way, into: sink) }
    }
  }

  /// Reads all that is left when nothing more comes.
  /// - Parameter isWhole: whether the program came to its own end: then a last line counts that was not ended.
  mutating func finish(_ buffer: UnsafeMutableRawBufferPointer, isWhole: Bool, into sink: some ReportSink) throws {
    try readFiles(into: sink)
    // Not beyond what is there now: somebody who escaped may go on writing for ever.
    var status = stat()
    var left = fstat(log, &status) == 0 ? Int(status.st_size) - Int(lseek(log, 0, SEEK_CUR)) : 0
    while left > 0 {
      left -= buffer.count
      _ = try readLog(buffer, into: sink)
    }
    var last: ProgramReport?
    let parser = parser
    lines.finish { last = parser.report($0) }
    if isWhole, let last { try take(last, from: .printed, into: sink) }
    try settle(into: sink)
  }

  // MARK: whose a metric is

  private mutating func take(_ found: ProgramReport, from way: Way, into sink: some ReportSink) throws {
    let isPrinted = way == .printed
    if let step = found.step, !(0...EpochMetrics.largestEpoch).contains(step) {
      return try sink.remark(
        ReportRemark(key: "no step", text: "wrote \(found.values[0].name) of step \(step), which is no epoch: it is passed over"))
    }
    let origin = Origin(way: way, writer: found.writer)
    let run = Run(way: way, name: found.writer.run)
    var numbering = numberings.removeValue(forKey: run) ?? newNumbering(of: run)
    defer { numberings[run] = numbering }
    var report = found
    // A program that prints its own parameters reports nothing.
    if isPrinted { report.values.removeAll { parameterNames.contains($0.name) && $0.name != objective.metric && $0.name != counter } }
    // Where a report belongs does not depend on who else tells the same: of steps, which each metric has for itself, those of others are left out first.
    report.values = try report.values.filter { name, _ in
      try isOwner(origin, of: name, at: found.time, &numbering, sink) || found.step == nil
    }
    if report.values.isEmpty { return }
    if let twice = found.repeated, isPrinted || way == .file {
      try sink.remark(ReportRemark(key: "twice on a line", text: "told \(twice) more than once on a line; the last counts"))
    }
    let place =
      report.isSummary
      ? numbering.placeOfSummary(report) : numbering.place(report) { !isPrinted || !parameterNames.contains($0) || $0 == counter }
    for remark in place.remarks { if remark.key == "steps" { doubtful[origin] = remark } else { try sink.remark(remark) } }
    if place.epoch > EpochMetrics.largestEpoch { return }
    if let epoch = place.withdrawsAfter { try withdrawPast(of: run, after: epoch, telling: report.values.map(\.name), sink) }
    for (epoch, name, value) in place.earlier where owners[name] == origin {
      try sink.take(.epoch(EpochReport(EpochMetrics(epoch: epoch, values: [(name, value)]))))
    }
    let values = place.values.filter { owners[$0.name] == origin }
    if let time = found.time { for (name, _) in values { told[name, default: [:]][origin] = (time, place.epoch) } }
    guard isJudged, mayBeTaken(from: origin) else { return try tell(EpochMetrics(epoch: place.epoch, values: values), into: sink) }
    // Nobody is compared with what may not count.
    let waits = values.filter { $0.name == objective.metric }
    if !waits.isEmpty { held[origin, default: []].append(EpochMetrics(epoch: place.epoch, values: waits)) }
    try tell(EpochMetrics(epoch: place.epoch, values: values.filter { $0.name != objective.metric }), into: sink)
  }

  private mutating func tell(_ metrics: EpochMetrics, into sink: some ReportSink) throws {
    if metrics.values.isEmpty { return }
    names.formUnion(metrics.values.map(\.name))
    if let value = metrics[objective.metric] { lastObjective = (metrics.epoch, value) }
    for (name, _) in metrics.values {
      let range = epochs[name] ?? metrics.epoch...metrics.epoch
      epochs[name] = min(range.lowerBound, metrics.epoch)...max(range.upperBound, metrics.epoch)
    }
    try sink.take(.epoch(EpochReport(metrics)))
  }

  /// Says at the end what is known only then.
  private mutating func settle(into sink: some ReportSink) throws {
    if let owner = owners[objective.metric], let values = held.removeValue(forKey: owner) { for metrics in values { try tell(metrics, into: sink) } }
    held = [:]
    for (origin, remark) in doubtful where owners.values.contains(origin) { try sink.remark(remark) }
    doubtful = [:]
    let counts = numberings.filter { $0.key.way == .file || $0.key.way == .printed }.values
    if let counter, !counts.isEmpty, !counts.contains(where: \.hasCounter) {
      try sink.remark(ReportRemark(key: "no counter", text: "never told \(counter), by which 'report: epoch' numbers its reports: they are counted"))
    }
  }

  /// The numbering of a writer that tells its first. One that has another name in each attempt, as W&B's runs, goes on with the first of its kind.
  private mutating func newNumbering(of run: Run) -> Numbering {
    if let past, let before = past.numberings[run] != nil ? run : past.numberings.keys.filter({ $0.way == run.way }).min() {
      lineage[run] = before
      if let numbering = past.numberings[before] { return numbering }
    }
    return Numbering(
      counter: counter, objective: objective.metric, after: past?.last ?? 0, latest: past?.metrics.mapValues(\.epoch) ?? [:])
  }

  /// Whether somebody with a better right to the objective may still tell it.
  private func mayBeTaken(from origin: Origin) -> Bool { present.contains { $0 < origin } }

  /// What a run told in attempts before, after an epoch that is told again. What others have told in this attempt stays.
  private mutating func withdrawPast(of run: Run, after epoch: Int, telling names: [String], _ sink: some ReportSink) throws {
    guard let past, let before = lineage[run] else { return }
    // Of several runs without lasting names nobody knows which is which: of these only what is told again is withdrawn.
    let isAlone = run == before || past.numberings.keys.count { $0.way == run.way } == 1
    let metrics = past.metrics.filter { name, told in
      told.run == before && told.epoch > epoch && (isAlone || names.contains(name))
        && (owners[name].map { Run(way: $0.way, name: $0.writer.run) == run } ?? true)
    }.keys.sorted()
    if metrics.isEmpty { return }
    try sink.take(.withdrawn(metrics: metrics + (hasWithdrawn ? [] : [CommandExecutor.secondsMetric]), after: epoch))
    hasWithdrawn = true
    if metrics.contains(objective.metric) { lastObjective = nil }
    for name in metrics { cut(name, after: epoch) }
  }

  private mutating func cut(_ name: String, after epoch: Int) {
    guard let range = epochs[name] else { return }
    epochs[name] = range.lowerBound > epoch ? nil : range.lowerBound...min(epoch, range.upperBound)
  }

  /// Whether a metric is told by the one who counts. Who has a better right takes it over, and what the other told is withdrawn: so it is the same whoever
  /// is read first.
  private mutating func isOwner(
    _ origin: Origin, of name: String, at time: Double?, _ numbering: inout Numbering, _ sink: some ReportSink
  ) throws -> Bool {
    guard let owner = owners[name] else {
      owners[name] = origin
      return true
    }
    if owner == origin { return true }
    if barred[name]?.contains(origin) ?? false { return false }
    if origin.isBeside(owner), owner < origin, let time, let last = told[name]?[owner], time >= last.time {
      owners[name] = origin  // one file after the other, as far as is known by now
      return true
    }
    let (winner, loser) = origin < owner ? (origin, owner) : (owner, origin)
    if !numbering.isCounter(name) { try sink.remark(Self.rivalry(of: winner, and: loser, over: name)) }
    barred[name, default: []].insert(loser)
    guard winner == origin else { return false }
    owners[name] = origin
    if name == objective.metric { held[loser] = nil }
    let kept = origin.isBeside(owner) ? told[name]?[origin]?.epoch : nil
    numbering.forget(name, after: kept ?? past?.metrics[name]?.epoch)
    try withdraw([name], after: kept, sink)
    return true
  }

  private static func rivalry(of winner: Origin, and loser: Origin, over name: String) -> ReportRemark {
    let text: String
    if winner.way != loser.way {
      text = "tells \(name) in two ways, by \(winner.way.text) and by \(loser.way.text): that of \(winner.way.text) counts"
    } else if winner.way == .wandb {
      text = "tells \(name) in several runs of W&B: that of \(winner.writer.file) counts, which started first"
    } else {
      text = "tells \(name) in several event files of TensorBoard: that of \(winner.writer.file) counts, which is the first by its name"
    }
    return ReportRemark(key: "\(winner.way) before \(loser.way)", text: text)
  }

  /// Withdraws what was told of metrics in this attempt, up to an epoch that stays.
  private mutating func withdraw(_ metrics: [String], after epoch: Int?, _ sink: some ReportSink) throws {
    if metrics.contains(objective.metric) { lastObjective = nil }
    names.subtract(metrics)
    let last = epoch ?? past.flatMap { $0.first == nil ? nil : $0.last } ?? -1
    for name in metrics { cut(name, after: last) }
    try sink.take(.withdrawn(metrics: metrics, after: last))
  }

  /// What was told in one way has other names now.
  private mutating func forget(_ way: Way, _ sink: some ReportSink) throws {
    let metrics = owners.filter { $0.value.way == way }.map(\.key).sorted()
    held = held.filter { $0.key.way != way }
    for name in metrics { (owners[name], told[name], barred[name]) = (nil, nil, nil) }
    numberings = numberings.filter { $0.key.way != way }
    if !metrics.isEmpty { try withdraw(metrics, after: nil, sink) }
  }

  /// Whether a metric was told, here or in attempts before.
  func hasTold(_ metric: String) -> Bool { epochs[metric] != nil }

  /// Whether the objective is told by what is printed.
  var isObjectivePrinted: Bool { owners[objective.metric]?.way == .printed }

  /// The last line on standard error, or else on standard output that is no report, fit for a table.
  var lastWords: String {
    // Of a line that was overwritten, what stands there last counts.
    let lines = [folder.errors, folder.log].flatMap { path in
      Self.tail(of: path, bytes: 4096).split(separator: 0x0a).reversed().compactMap { $0.split(separator: 0x0d).last }
    }
    let line = lines.first { line in
      line.contains { $0 > 0x20 } && Array(line).withUnsafeBufferPointer { parser.report($0) } == nil
    }
    let text = String(decoding: (line ?? []).prefix(200), as: UTF8.self)
    let words = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    return words.trimmingCharacters(in: .whitespaces)
  }

  /// The end of a log.
  static func tail(of path: String, bytes: Int) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return [] }
    defer { Foundation.close(file) }
    let size = lseek(file, 0, SEEK_END)
    let tail = [UInt8](unsafeUninitializedCapacity: bytes) { buffer, count in
      count = max(0, pread(file, buffer.baseAddress, bytes, max(0, size - off_t(bytes))))
    }
    // It begins within a line, unless that is all there is.
    guard size > off_t(bytes), let end = tail.firstIndex(of: 0x0a) else { return tail }
    return Array(tail[(end + 1)...])
  }
}

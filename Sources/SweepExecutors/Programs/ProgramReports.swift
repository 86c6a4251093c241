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
  private enum Way: Int, CaseIterable {
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
  private struct Run: Hashable {
    let way: Way
    let name: String
  }

  private let trial: Trial
  private let objective: Objective
  private let parser: LineParser
  private let counter: String?
  private let parameterNames: Set<String>
  private let folder: TrialFolder
  private let continuation: Continuation?
  private let log: Int32
  private var lines = LineReader()
  private var sources: [(way: Way, source: any ReportSource)]

  private var numberings: [Run: Numbering] = [:]
  /// By metric.
  private var owners: [String: Origin] = [:]
  /// Of metrics that several files of a folder tell: those that do not count, and what each has told last.
  private var barred: [String: Set<Origin>] = [:]
  private var told: [String: [Origin: (time: Double, epoch: Int)]] = [:]
  private var hasWithdrawn = false
  /// The largest and the smallest, attempts before included; -1 and nil: none yet.
  private(set) var lastEpoch: Int
  private(set) var firstEpoch: Int?
  /// The names of all metrics so far.
  private(set) var names: Set<String> = []
  private(set) var lastObjective: (epoch: Int, value: Double)?

  /// - Parameter continuation: what attempts left that this one goes on from; nil: it begins anew.
  /// - Throws: where the log cannot be read.
  init(
    of trial: Trial, in folder: TrialFolder, after continuation: Continuation?, parser: LineParser, executor: CommandExecutor
  ) throws(SweepError) {
    (self.trial, self.folder, self.parser, objective, self.continuation) = (trial, folder, parser, executor.objective, continuation)
    counter = executor.program.report.epoch
    parameterNames = Set(trial.assignment.names)
    log = open(folder.log, O_RDONLY | O_CLOEXEC)
    if log < 0 { throw TrialFolder.failure("the log cannot be read", folder.log) }
    sources = [
      (.file, JSONLinesFile(path: folder.reports)), (.wandb, WandbRunFile(folder: folder.own)),
      (.tensorBoard, TensorBoardFiles(folder: folder.tensorBoard)),
    ]
    (lastEpoch, firstEpoch) = (continuation?.last ?? -1, continuation?.first)
  }

  func close() { Foundation.close(log) }

  /// What the attempt leaves to the next one, if that goes on from a checkpoint.
  var continuing: Continuation? { firstEpoch.map { Continuation(first: $0, last: lastEpoch) } }

  /// Reads some of what was printed.
  /// - Returns: whether there may be more at once.
  mutating func readLog(_ buffer: UnsafeMutableRawBufferPointer, into sink: some ReportSink) throws -> Bool {
    let count = read(log, buffer.baseAddress, buffer.count)
    guard count > 0 else { return false }
    var found: [ProgramReport] = []
    let parser = parser
    lines.read(UnsafeRawBufferPointer(rebasing: buffer[..<count]).assumingMemoryBound(to: UInt8.self)) { line in
      if let report = parser.report(line) { found.append(report) }
    }
    for one in found { try take(one, from: .printed, into: sink) }
    return count == buffer.count
  }

  /// Reads what was written into files.
  mutating func readFiles(into sink: some ReportSink) throws {
    for index in sources.indices {
      let way = sources[index].way
      let generation = sources[index].source.generation
      let reports = sources[index].source.poll()
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
  }

  // MARK: whose a metric is

  private mutating func take(_ found: ProgramReport, from way: Way, into sink: some ReportSink) throws {
    let isPrinted = way == .printed
    let origin = Origin(way: way, writer: found.writer)
    let run = Run(way: way, name: found.writer.run)
    var numbering = numberings.removeValue(forKey: run) ?? Numbering(counter: counter, after: continuation)
    defer { numberings[run] = numbering }
    var report = found
    // A program that prints its own parameters reports nothing.
    if isPrinted { report.values.removeAll { parameterNames.contains($0.name) && $0.name != objective.metric } }
    report.values = try report.values.filter { name, _ in
      let isOwned = try isOwner(origin, of: name, at: found.time, &numbering, sink)
      return isOwned || found.step == nil && numbering.isCounter(name)  // where a program is it may say in two ways
    }
    if report.values.isEmpty { return }
    let place =
      report.isSummary ? numbering.placeOfSummary(report) : numbering.place(report) { !isPrinted || !parameterNames.contains($0) }
    for remark in place.remarks { try sink.remark(remark) }
    if let epoch = place.withdrawsAfter, !hasWithdrawn {
      hasWithdrawn = true
      lastEpoch = min(lastEpoch, epoch)
      try sink.take(.withdrawn(metrics: nil, after: epoch))
    }
    for (epoch, name, value) in place.earlier where owners[name] == origin {
      try sink.take(.epoch(EpochReport(EpochMetrics(epoch: epoch, values: [(name, value)]))))
    }
    let values = place.values.filter { owners[$0.name] == origin }
    if values.isEmpty { return }
    for (name, value) in values {
      names.insert(name)
      if let time = found.time { told[name, default: [:]][origin] = (time, place.epoch) }
      if name == objective.metric { lastObjective = (place.epoch, value) }
    }
    (lastEpoch, firstEpoch) = (max(lastEpoch, place.epoch), min(firstEpoch ?? place.epoch, place.epoch))
    try sink.take(.epoch(EpochReport(EpochMetrics(epoch: place.epoch, values: values))))
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
    let kept = origin.isBeside(owner) ? told[name]?[origin]?.epoch : nil
    numbering.forget(name, after: kept)
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
    try sink.take(.withdrawn(metrics: metrics, after: epoch ?? continuation?.last ?? -1))
  }

  /// What was told in one way has other names now.
  private mutating func forget(_ way: Way, _ sink: some ReportSink) throws {
    let metrics = owners.filter { $0.value.way == way }.map(\.key).sorted()
    for name in metrics { (owners[name], told[name], barred[name]) = (nil, nil, nil) }
    numberings = numberings.filter { $0.key.way != way }
    if !metrics.isEmpty { try withdraw(metrics, after: nil, sink) }
  }

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
    return [UInt8](unsafeUninitializedCapacity: bytes) { buffer, count in
      count = max(0, pread(file, buffer.baseAddress, bytes, max(0, size - off_t(bytes))))
    }
  }
}

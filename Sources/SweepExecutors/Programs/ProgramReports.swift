// What one attempt of a program has reported: reads its log and its files as they grow, and makes epochs of what they tell. Everything a program
// prints goes straight into a file, so nothing of it is lost with us: after a kill the same reading is done again.

import Foundation
import SweepCore
import SweepFormats

/// Reads the reports of one attempt.
struct ProgramReports {
  private let trial: Trial
  private let objective: Objective
  private let parser: LineParser
  private let parameterNames: Set<String>
  private let folder: TrialFolder
  private let log: Int32
  private var lines = LineReader()
  private var sources: [any ReportSource]
  /// Whether reports without an epoch are counted: of an earlier attempt that went on from somewhere, nobody knows from where.
  private let countsEpochs: Bool

  /// Where a report without an epoch belongs.
  private var epoch: Int
  /// What was reported of it: a metric that comes again begins the next.
  private var namesOfEpoch: Set<String> = []
  /// The largest; -1: none yet.
  private(set) var lastEpoch: Int
  private var hasNotedRepetition = false
  /// The names of all metrics so far.
  private(set) var names: Set<String> = []
  private(set) var lastObjective: (epoch: Int, value: Double)?

  /// - Parameter lastEpoch: of attempts before this one that it goes on from; nil: none.
  /// - Throws: where the log cannot be read.
  init(
    of trial: Trial, in folder: TrialFolder, after lastEpoch: Int?, countsEpochs: Bool = true, parser: LineParser, executor: CommandExecutor
  ) throws(SweepError) {
    (self.trial, self.folder, self.parser, objective, self.countsEpochs) = (trial, folder, parser, executor.objective, countsEpochs)
    parameterNames = Set(trial.assignment.names)
    log = open(folder.log, O_RDONLY | O_CLOEXEC)
    if log < 0 { throw TrialFolder.failure("the log cannot be read", folder.log) }
    sources = [
      JSONLinesFile(path: folder.reports, epochNames: executor.program.report.epochNames), WandbRunFile(folder: folder.own),
      TensorBoardFiles(folder: folder.tensorBoard),
    ]
    self.lastEpoch = lastEpoch ?? -1
    epoch = (lastEpoch ?? 0) + 1
  }

  func close() { Foundation.close(log) }

  /// Gets what is told of each epoch.
  typealias Report = (EpochMetrics) throws -> Void

  /// Reads some of what was printed.
  /// - Returns: whether there may be more at once.
  mutating func readLog(_ buffer: UnsafeMutableRawBufferPointer, _ report: Report, note: (String) throws -> Void) throws -> Bool {
    let count = read(log, buffer.baseAddress, buffer.count)
    guard count > 0 else { return false }
    var found: [ProgramReport] = []
    let parser = parser
    lines.read(UnsafeRawBufferPointer(rebasing: buffer[..<count]).assumingMemoryBound(to: UInt8.self)) { line in
      if let report = parser.report(line) { found.append(report) }
    }
    for one in found { try take(one, isPrinted: true, report, note: note) }
    return count == buffer.count
  }

  /// Reads what was written into files.
  mutating func readFiles(_ report: Report, note: (String) throws -> Void) throws {
    for index in sources.indices {
      for one in sources[index].poll() { try take(one, isPrinted: false, report, note: note) }
    }
  }

  /// Reads all that is left when nothing more comes.
  /// - Parameter isWhole: whether the program came to its own end: then a last line counts that was not ended.
  mutating func finish(
    _ buffer: UnsafeMutableRawBufferPointer, isWhole: Bool, _ report: Report, note: (String) throws -> Void
  ) throws {
    // Not beyond what is there now: somebody who escaped may go on writing for ever.
    var status = stat()
    var left = fstat(log, &status) == 0 ? Int(status.st_size) - Int(lseek(log, 0, SEEK_CUR)) : 0
    while left > 0 {
      left -= buffer.count
      _ = try readLog(buffer, report, note: note)
    }
    var last: ProgramReport?
    let parser = parser
    lines.finish { last = parser.report($0) }
    if isWhole, let last { try take(last, isPrinted: true, report, note: note) }
    try readFiles(report, note: note)
  }

  private mutating func take(_ found: ProgramReport, isPrinted: Bool, _ report: Report, note: (String) throws -> Void) throws {
    var values = found.values
    // A program that prints its own parameters reports nothing.
    if isPrinted { values.removeAll { parameterNames.contains($0.name) && $0.name != objective.metric } }
    guard !values.isEmpty, (0...ProgramReport.largestEpoch).contains(found.step ?? 0), found.step != nil || countsEpochs else { return }
    let isRepeated = values.contains { namesOfEpoch.contains($0.name) }
    if let step = found.step {
      if !hasNotedRepetition, step < lastEpoch || step == lastEpoch && (step != epoch || isRepeated) {
        hasNotedRepetition = true
        try note("trial \(trial.number) reported epoch \(step) again; of values that come twice the last counts")
      }
      if step != epoch { namesOfEpoch = [] }
      epoch = step
    } else if isRepeated {
      epoch = max(epoch, lastEpoch) + 1
      namesOfEpoch = []
    }
    for (name, value) in values {
      namesOfEpoch.insert(name)
      names.insert(name)
      if name == objective.metric { lastObjective = (epoch, value) }
    }
    lastEpoch = max(lastEpoch, epoch)
    try report(EpochMetrics(epoch: epoch, values: values))
  }

  /// The last line on standard error, or else on standard output that is no report, fit for a table.
  var lastWords: String {
    // Of a line that was overwritten, what stands there last counts.
    let lines = [folder.errors, folder.log].flatMap { path in
      Self.tail(of: path).split(separator: 0x0a).reversed().compactMap { $0.split(separator: 0x0d).last }
    }
    let line = lines.first { line in
      line.contains { $0 > 0x20 } && Array(line).withUnsafeBufferPointer { parser.report($0) } == nil
    }
    let text = String(decoding: (line ?? []).prefix(200), as: UTF8.self)
    let words = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    return words.trimmingCharacters(in: .whitespaces)
  }

  private static func tail(of path: String) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    defer { Foundation.close(file) }
    let size = lseek(file, 0, SEEK_END)
    return [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
      count = max(0, pread(file, buffer.baseAddress, buffer.count, max(0, size - off_t(buffer.count))))
    }
  }
}

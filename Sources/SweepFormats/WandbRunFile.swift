// Reads what a script logged with `wandb.log` and put into `run.summary`, from the run file that W&B keeps on disk whether or not it has a network.
// Beside a running trial: its `WANDB_DIR` in, reports out. Media, texts and W&B's own keys are not read.

import Foundation
import SweepCore

/// The runs below the folder that a trial had as `WANDB_DIR`. They may appear at any time: a script may call `wandb.init` more than once.
///
/// A run is `wandb/offline-run-<time>-<id>/run-<id>.wandb`, or `wandb/run-…` where W&B has a network. W&B flushes that file at the end and
/// every 15 seconds, or as often as the environment variable `WANDB_X_TRANSACTION_LOG_FLUSH_INTERVAL` says (measured with 0.31.0).
package struct WandbRunFile: ReportSource {
  private let folder: String
  private var runs: [String: (file: GrowingFile, records: WandbRecords)] = [:]

  package init(folder: String) { self.folder = folder }

  package var writers: [ProgramReport.Writer] { runs.map { Self.writer($0.value.records, path: $0.key) } }

  private static func writer(_ records: WandbRecords, path: String) -> ProgramReport.Writer {
    let name = ((path as NSString).deletingLastPathComponent as NSString).lastPathComponent
    return ProgramReport.Writer(run: "\(records.start) \(name)", file: name)
  }

  /// The reports of the first run, then those of the next. The values of a report are by name ascending: W&B itself keeps no order.
  package mutating func poll() -> [ProgramReport] {
    paths().flatMap { path in
      var run = runs[path] ?? (GrowingFile(path), WandbRecords())
      run.file.read(into: &run.records)
      let reports = run.records.takeReports()
      runs[path] = run
      let writer = Self.writer(run.records, path: path)
      return reports.map { report in
        var report = report
        report.writer = writer
        return report
      }
    }
  }

  /// The run files, the oldest first: the names of their folders have the time after the prefix.
  private func paths() -> [String] {
    ["wandb", ".wandb"].map { folder + "/" + $0 }.flatMap { base in
      Self.names(in: base).compactMap(Run.init).sorted().flatMap { run in
        let folder = base + "/" + run.name
        return Self.names(in: folder).filter { $0.hasPrefix("run-") && $0.hasSuffix(".wandb") }.sorted().map { folder + "/" + $0 }
      }
    }
  }

  /// A folder of a run.
  private struct Run: Comparable {
    let name: String
    private let order: Substring

    init?(_ name: String) {
      guard let prefix = ["offline-run-", "run-"].first(where: name.hasPrefix) else { return nil }
      (self.name, order) = (name, name.dropFirst(prefix.count))
    }

    static func < (one: Run, other: Run) -> Bool { (one.order, one.name) < (other.order, other.name) }
  }

  private static func names(in folder: String) -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] }
}

/// The history and the summary in a run file. The file is a log as LevelDB writes it (doc/log_format.md there) after a header of seven bytes: blocks of 32 KiB
/// with fragments of records, each with zlib's CRC, its length and its kind before it; no fragment crosses a block's end.
private struct WandbRecords: GrowingContent {
  private static let header = Array(":W&B".utf8) + [0xe1, 0xbe, 0]  // magic number and version
  private static let block = 32 << 10
  private static let fragmentHeader = 7
  /// Longer records are skipped; thousands of metrics in one call are some hundred KiB.
  private static let longestRecord = 16 << 20

  /// The fragments of the record so far; nil outside a record, and in one that cannot be read.
  private var record: [UInt8]?
  private var reports: [ProgramReport] = []
  /// When the run started: microseconds since 1970.
  private(set) var start = 0
  /// What `define_metric` makes of the history record that comes next: `acc.max`.
  private var derived: [(name: String, value: Double)] = []
  /// Names that were logged.
  private var logged: Set<String> = []
  private var hasEnded = false

  mutating func takeReports() -> [ProgramReport] {
    defer { reports = [] }
    return reports
  }

  mutating func take(_ bytes: ArraySlice<UInt8>, at offset: Int) -> Taken {
    var rest = bytes
    if offset == 0 {
      (record, start, derived, logged, hasEnded) = (nil, 0, [], [], false)
      guard rest.starts(with: Self.header) else { return .bytes(0) }  // not yet whole, or another file
      rest = rest.dropFirst(Self.header.count)
    }
    while let length = takeFragment(rest, leftInBlock: Self.block - (offset + rest.startIndex - bytes.startIndex) % Self.block) {
      rest = rest.dropFirst(length)
    }
    return .bytes(bytes.count - rest.count)
  }

  /// The bytes until the next fragment; nil where that needs more than there are. What is damaged in a block costs the rest of it.
  private mutating func takeFragment(_ bytes: ArraySlice<UInt8>, leftInBlock: Int) -> Int? {
    let toNextBlock = bytes.count >= leftInBlock ? leftInBlock : nil
    guard leftInBlock >= Self.fragmentHeader else { return toNextBlock }
    guard bytes.count >= Self.fragmentHeader else { return nil }
    let length = Self.fragmentHeader + Int(bytes.number(at: 4, as: UInt16.self))
    if length <= leftInBlock {
      guard bytes.count >= length else { return nil }
      let checked = bytes.prefix(length).dropFirst(6)
      if bytes.number(at: 0) == CRC32.zlib(checked), let kind = checked.first, add(checked.dropFirst(), kind: kind) { return length }
    }
    if toNextBlock != nil { record = nil }
    return toNextBlock
  }

  /// Returns false where there is no such kind of fragment.
  private mutating func add(_ fragment: ArraySlice<UInt8>, kind: UInt8) -> Bool {
    let (isFirst, isLast): (Bool, Bool)
    switch kind {
    case 1: (isFirst, isLast) = (true, true)
    case 2: (isFirst, isLast) = (true, false)
    case 3: (isFirst, isLast) = (false, false)
    case 4: (isFirst, isLast) = (false, true)
    default: return false
    }
    if isFirst { record = [] }
    if let before = record?.count { before + fragment.count <= Self.longestRecord ? record?.append(contentsOf: fragment) : (record = nil) }
    if isLast {
      if let record { take(record: record[...]) }
      record = nil
    }
    return true
  }

  /// Takes a `Record` (wandb_internal.proto), which has one of: the history in field 2, a summary in 3, the run in 17, its end in 18. What the script itself
  /// puts into the summary has an `_info` in field 200, and what W&B makes of the history has none.
  private mutating func take(record: ArraySlice<UInt8>) {
    var isScripts = false
    var content: ProtobufReader.Field?
    for field in ProtobufReader(record) {
      if field.number == 200 { isScripts = true }
      if [2, 3, 17, 18].contains(field.number) { content = field }
    }
    guard let content, let fields = content.fields else { return }
    switch content.number {
    case 2:
      if var report = Self.report(of: fields) {
        logged.formUnion(report.values.map(\.name))
        report = ProgramReport(step: report.step, values: report.values + derived)
        reports.append(report)
      }
      derived = []
    case 3: take(summary: fields, isScripts: isScripts)
    case 17: start = fields.last(17)?.fields.map { ($0.last(1)?.integer ?? 0) &* 1_000_000 &+ ($0.last(2)?.integer ?? 0) / 1000 } ?? 0
    default: hasEnded = true
    }
  }

  /// A `SummaryRecord` has items in field 1. Before each history record there is one that W&B made of it: of that, what `define_metric` asked for is an object.
  /// Versions before 0.17 write one summary after the end, which has both.
  private mutating func take(summary: ProtobufReader, isScripts: Bool) {
    let items = summary.filter { $0.number == 1 }.compactMap { $0.fields.flatMap(Item.init) }.filter { $0.keys.first?.hasPrefix("_") == false }
    if isScripts {
      let values = items.flatMap(\.numbers).sorted { $0.name < $1.name }
      if !values.isEmpty { reports.append(ProgramReport(step: nil, values: values, isSummary: true)) }
      return
    }
    let asked = items.filter { $0.json.first == UInt8(ascii: "{") }.flatMap(\.numbers).filter { name, _ in
      Self.summaries.contains { name.hasSuffix("." + $0) }
    }
    if !hasEnded {
      derived = asked.sorted { $0.name < $1.name }
    } else {
      let values = asked + items.flatMap(\.numbers).filter { name, _ in !logged.contains(name) && !asked.contains { $0.name == name } }
      if !values.isEmpty { reports.append(ProgramReport(step: nil, values: values.sorted { $0.name < $1.name }, isSummary: true)) }
    }
  }

  /// What `define_metric(…, summary:)` knows.
  private static let summaries = ["min", "max", "mean", "best", "last", "first"]

  /// The report of a `HistoryRecord`, with items in field 1 and the step in 2; nil where no number is in it.
  private static func report(of history: ProtobufReader) -> ProgramReport? {
    var step: Int?
    var items: [Item] = []
    for field in history {
      switch field.number {
      case 1: if let item = field.fields.flatMap(Item.init) { items.append(item) }
      // A step without a number is step 0: Protocol Buffers leave zeros out.
      case 2: if let fields = field.fields { step = fields.last(1)?.integer ?? 0 }
      default: break
      }
    }
    step = step ?? items.first { $0.keys == ["_step"] }.flatMap { Int(String(decoding: $0.json, as: UTF8.self)) }
    // An image, a table or a histogram is an object that says its `_type`; its size and the like are no metrics.
    let media = Set(items.lazy.filter { $0.keys.last == "_type" }.map { $0.keys.dropLast() })
    let values = items.filter { item in
      item.keys.first?.hasPrefix("_") == false && (media.isEmpty || !item.keys.indices.contains { media.contains(item.keys[..<$0]) })
    }.flatMap(\.numbers)
    guard !values.isEmpty else { return nil }
    return ProgramReport(step: step, values: values.sorted { $0.name < $1.name })
  }

  /// An item of the history: where its value belongs, and the value's JSON. Key in field 1, or nested keys in 2; value in 16.
  private struct Item {
    let keys: [String]
    let json: ArraySlice<UInt8>

    init?(_ fields: ProtobufReader) {
      var (key, nested, json): (String?, [String], ArraySlice<UInt8>?) = (nil, [], nil)
      for field in fields {
        switch field.number {
        case 1: key = field.text
        case 2: nested += field.text.map { [$0] } ?? []
        case 16: json = field.message
        default: break
        }
      }
      guard let json, let keys = nested.isEmpty ? key.map({ [$0] }) : nested else { return nil }
      (self.keys, self.json) = (keys, json)
    }

    /// The value where it is a number, or the numbers in it where it is an object, as W&B before 0.17 has them.
    var numbers: [(name: String, value: Double)] {
      let name = keys.joined(separator: ".")
      if json.first != UInt8(ascii: "{") { return Self.number(json).map { [(name, $0)] } ?? [] }
      guard let members = json.withUnsafeBufferPointer({ JSONText.members(of: $0, acceptsNaN: true) }) else { return [] }
      return Self.numbers(of: .mapping(of: members.map { ($0.name, $0.value) }), named: name)
    }

    /// Without those of media.
    private static func numbers(of value: ParameterValue, named name: String) -> [(name: String, value: Double)] {
      guard case .mapping(let members) = value else { return ProgramReport.numbers(of: value, named: name) }
      if members.contains(where: { $0.name == "_type" }) { return [] }
      return members.flatMap { numbers(of: $0.value, named: name + "." + $0.name) }
    }

    /// W&B writes NaN as Python's JSON does, and in some places as a text.
    private static func number(_ json: ArraySlice<UInt8>) -> Double? {
      switch String(decoding: json, as: UTF8.self) {
      case "NaN", "\"NaN\"": return .nan
      case "Infinity", "\"Infinity\"": return .infinity
      case "-Infinity", "\"-Infinity\"": return -.infinity
      case let text: return json.allSatisfy(isOfNumber) ? Double(text) : nil
      }
    }

    /// Swift's numbers are more than JSON's: "nan", "0x10".
    private static func isOfNumber(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): true
      default: false
      }
    }
  }
}

// Reads the scalars of TensorBoard's event files, as TensorFlow, PyTorch, Keras and Lightning write them.
// Beside a running trial: the folder of its logs in, reports out. Histograms, pictures and the rest of TensorBoard are not read.

import Foundation

/// The event files anywhere below a folder. They may appear at any time.
///
/// A value is named by its tag. TensorBoard has one run per folder, so where several folders have event files the folder is in the name, without what all of
/// them share and what frameworks number or stamp by themselves: `train/loss` and `validation/loss`; of `lightning_logs/version_0` it is `loss`.
/// A report is what was written at once, often a single value: several reports may have the same step.
package struct TensorBoardFiles: ReportSource {
  private let folder: String
  private var files: [String: (file: GrowingFile, events: TensorBoardEvents)] = [:]
  /// The names of the folders that all files are in, from the outside in.
  private var shared: [Substring] = []
  package private(set) var generation = 0
  package private(set) var writers: [ProgramReport.Writer] = []
  /// As they were found last: in any order.
  private var paths: [String] = []

  package init(folder: String) { self.folder = folder }

  /// The reports of one file after those of the other, in the order of their folders and names. Links to folders are not followed.
  package mutating func poll() -> [ProgramReport] {
    let found = found()
    if found.isEmpty { return [] }
    if found != paths {
      paths = found
      writers = found.map { ProgramReport.Writer(run: ($0 as NSString).deletingLastPathComponent, file: $0) }.sorted()
      let before = shared
      shared = Self.shared(writers)
      if shared != before {
        if !files.isEmpty { generation += 1 }
        files = [:]
      }
    }
    return writers.flatMap { writer -> [ProgramReport] in
      var entry = files[writer.file] ?? (GrowingFile(folder + "/" + writer.file), TensorBoardEvents())
      entry.file.read(into: &entry.events)
      let reports = entry.events.takeReports()
      files[writer.file] = entry
      if reports.isEmpty { return [] }
      let run = writer.run.split(separator: "/").dropFirst(shared.count).filter { !Self.isStamp($0) }
      return reports.map { report in
        var named = ProgramReport(step: report.step, values: report.values.map { (Self.name($0.name, in: run), $0.value) })
        (named.writer, named.time) = (writer, report.time)
        return named
      }
    }
  }

  /// The files below the folder.
  private func found() -> [String] {
    guard let all = FileManager.default.enumerator(atPath: folder) else { return [] }
    return all.compactMap { $0 as? String }.filter { ($0 as NSString).lastPathComponent.contains("tfevents") }
  }

  private static func shared(_ writers: [ProgramReport.Writer]) -> [Substring] {
    let runs = writers.map { $0.run.split(separator: "/") }
    guard var shared = runs.first else { return [] }
    for run in runs.dropFirst() { shared = zip(shared, run).prefix { $0 == $1 }.map(\.0) }
    return shared
  }

  /// Whether a framework gave a folder its name: `lightning_logs/version_3` by Lightning, `runs/Nov27_14-12-35_host` by PyTorch and Hugging Face, the time that
  /// PyTorch's `add_hparams` calls a folder by, and dates as people put them together.
  private static func isStamp(_ name: Substring) -> Bool {
    name == "lightning_logs" || name == "runs"
      || name.wholeMatch(of: /version_\d+|\d{9,11}\.\d+|\d{8}[-_T]?\d{6}|\d{4}-\d\d-\d\d[-_T ]\d\d.*|[A-Z][a-z]{2}\d\d_\d\d-\d\d-\d\d_.*/) != nil
  }

  /// `add_scalars("loss", {"train": …})` makes a folder for the tag `loss`, `loss_train` with PyTorch and `loss/train` with tensorboardX: `loss/train` here.
  private static func name(_ tag: String, in run: [Substring]) -> String {
    let own = tag.replacing("/", with: "_") + "_"
    if let last = run.last, last.hasPrefix(own), last.utf8.count > own.utf8.count {
      return (run.dropLast() + [tag[...], last.dropFirst(own.count)]).joined(separator: "/")
    }
    if run.count > 1, run.dropLast().suffix(tag.split(separator: "/").count).joined(separator: "/") == tag { return run.joined(separator: "/") }
    return (run + [tag[...]]).joined(separator: "/")
  }
}

/// The scalars in an event file: records of a length, its masked CRC, an `Event` (event.proto) and its masked CRC.
private struct TensorBoardEvents: GrowingContent {
  private static let recordHeader = 12
  private static let recordFooter = 4
  /// Longer records are skipped. Pictures can be that long, scalars are not.
  private static let longestRecord = 16 << 20

  private var reports: [ProgramReport] = []

  mutating func takeReports() -> [ProgramReport] {
    defer { reports = [] }
    return reports
  }

  /// Where a record is damaged, nothing tells where the next one begins: the file is not read on, unless the damage goes.
  mutating func take(_ bytes: ArraySlice<UInt8>, at offset: Int) -> Taken {
    var rest = bytes
    while rest.count >= Self.recordHeader {
      guard rest.number(at: 8) == Self.maskedCRC(rest.prefix(8)), let length = Int(exactly: rest.number(at: 0, as: UInt64.self)),
        length < Int.max / 2
      else { break }
      let whole = Self.recordHeader + length + Self.recordFooter
      let isFirst = rest.count == bytes.count  // what came before it is taken first: of this there may not be enough yet
      if length > Self.longestRecord { return .bytes(isFirst ? whole : bytes.count - rest.count) }
      guard rest.count >= whole else { return isFirst ? .needs(whole) : .bytes(bytes.count - rest.count) }
      let event = rest.dropFirst(Self.recordHeader).prefix(length)
      guard rest.number(at: Self.recordHeader + length) == Self.maskedCRC(event) else { break }
      if let report = report(of: event) { reports.append(report) }
      rest = rest.dropFirst(whole)
    }
    return .bytes(bytes.count - rest.count)
  }

  private static func maskedCRC(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    let crc = CRC32.castagnoli(bytes)
    return (crc >> 15 | crc << 17) &+ 0xa282_ead8
  }

  /// An `Event` has its time in field 1, its step in 2 and a `Summary` in 5, which has its values in 1. nil where none of them is a scalar.
  private func report(of event: ArraySlice<UInt8>) -> ProgramReport? {
    var step = 0  // Protocol Buffers leave zeros out
    var time: Double?
    var values: [(name: String, value: Double)] = []
    for field in ProtobufReader(event) {
      switch field.number {
      case 1: if case .fixed64(let bits) = field.value { time = Double(bitPattern: bits) }
      case 2: step = field.integer ?? step
      case 5: values += field.fields?.filter { $0.number == 1 }.compactMap { $0.fields.flatMap(value) } ?? []
      default: break
      }
    }
    // What Lightning writes in place of a metric that is never logged.
    values.removeAll { $0.name == "hp_metric" && $0.value == -1 && step == 0 }
    if values.isEmpty { return nil }
    var report = ProgramReport(step: step, values: values)
    report.time = time
    return report
  }

  /// A `Summary.Value` has its tag in field 1, and a float in 2 or a tensor in 8.
  private func value(of fields: ProtobufReader) -> (name: String, value: Double)? {
    var (tag, number): (String?, Double?)
    for field in fields {
      switch (field.number, field.value) {
      case (1, _): tag = field.text
      case (2, .fixed32(let bits)): number = Double(Float(bitPattern: bits))
      case (8, .bytes(let tensor)): number = Self.scalar(of: tensor)
      default: break
      }
    }
    guard let tag, let number, !tag.hasPrefix("_hparams_") else { return nil }
    return (tag, number)
  }

  /// The one number of a `TensorProto`: type in field 1, shape in 2, the number's bytes in 4, or floats in 5 or doubles in 6.
  private static func scalar(of tensor: ArraySlice<UInt8>) -> Double? {
    var type: Int?
    var numbers: [Double] = []
    for field in ProtobufReader(tensor) {
      switch (field.number, field.value) {
      case (1, .varint): type = field.integer
      case (2, .bytes(let shape)): guard isOfOneNumber(shape) else { return nil }
      case (4, .bytes(let content)) where content.count == 4 && type == float: numbers.append(real(content.number(at: 0, as: UInt32.self)))
      case (4, .bytes(let content)) where content.count == 8 && type == double: numbers.append(real(content.number(at: 0, as: UInt64.self)))
      case (5, .bytes(let packed)) where packed.count == 4: numbers.append(real(packed.number(at: 0, as: UInt32.self)))
      case (6, .bytes(let packed)) where packed.count == 8: numbers.append(real(packed.number(at: 0, as: UInt64.self)))
      case (5, .fixed32(let bits)): numbers.append(real(bits))
      case (6, .fixed64(let bits)): numbers.append(real(bits))
      default: break
      }
    }
    return numbers.count == 1 && (type == float || type == double) ? numbers.first : nil
  }

  // tensorflow/core/framework/types.proto
  private static let (float, double) = (1, 2)

  private static func real(_ bits: UInt32) -> Double { Double(Float(bitPattern: bits)) }
  private static func real(_ bits: UInt64) -> Double { Double(bitPattern: bits) }

  /// A `TensorShapeProto` has its dimensions in field 2, each with its size in 1.
  private static func isOfOneNumber(_ shape: ArraySlice<UInt8>) -> Bool {
    ProtobufReader(shape).allSatisfy { field in field.number != 2 || field.fields?.last(1)?.integer == 1 }
  }
}

// Files in which programs report: JSON lines, W&B's run file, TensorBoard's event files, damaged at every level of their formats, with right
// checksums where those would hide the damage. A part of the target `data`. No program runs.

import Foundation
import SweepCore
import SweepExecutors
import SweepFormats
import SweepTestSupport

struct FuzzReports {
  private enum Format: String, CaseIterable {
    case lines, wandb, tensorBoard

    var file: String {
      switch self {
      case .lines: "metrics.jsonl"
      case .wandb: "wandb/offline-run-20260101_000000-example/run-example.wandb"
      case .tensorBoard: "logs/events.out.tfevents.example"
      }
    }

    func source(in folder: String) -> any ReportSource {
      switch self {
      case .lines: JSONLinesFile(path: folder + "/" + file)
      case .wandb: WandbRunFile(folder: folder)
      case .tensorBoard: TensorBoardFiles(folder: folder)
      }
    }
  }

  private let wandb: [UInt8]
  private let tensorBoard: [UInt8]

  init() throws {
    func asset(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: projectFolder + "/Tests/Assets/" + name))) }
    wandb = try asset("wandb/run-0.31.0.wandb")
    tensorBoard = try asset("tensorboard/events.out.tfevents.example")
  }

  func input(_ mutator: inout Mutator) -> FuzzInput {
    let format = mutator.random.pick(Format.allCases)
    var bytes: [UInt8]
    switch format {
    case .lines: bytes = lines(&mutator)
    case .wandb: bytes = mutator.random.oneIn(2) ? wandb : runFile(&mutator)
    case .tensorBoard: bytes = mutator.random.oneIn(2) ? tensorBoard : eventFile(&mutator)
    }
    if !mutator.random.oneIn(3) { bytes = mutator.damaged(bytes, head: 300) }
    // Where the file is cut when it is read as one that grows.
    let cut = mutator.random.number(0...bytes.count)
    return FuzzInput("\(format.rawValue): \(mutator.summary)", files: [(format.file, .bytes(bytes))], arguments: [format.rawValue, String(cut)])
  }

  /// Reads the file as it is, and as it grows, shrinks and grows again.
  /// - Returns: whether there was a report in it.
  func attempt(_ input: FuzzInput, in folder: String) throws -> Bool {
    guard input.arguments.count == 2, let format = Format(rawValue: input.arguments[0]), let cut = Int(input.arguments[1]) else { return false }
    var source = format.source(in: folder)
    let reports = source.poll()
    guard source.poll().isEmpty else { throw FuzzFinding("reports came twice") }
    for report in reports where Set(report.values.map(\.name)).count != report.values.count { throw FuzzFinding("a name came twice in one report") }

    let growing = folder + "-growing"
    let path = URL(fileURLWithPath: growing + "/" + format.file)
    try FileManager.default.createDirectory(at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: growing) }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + format.file))
    source = format.source(in: growing)
    for count in [cut, bytes.count, cut / 2, bytes.count] {
      try bytes.prefix(count).write(to: path)
      _ = source.poll()
    }
    return !reports.isEmpty
  }

  // MARK: - JSON

  private static let numbers = [
    "1", "-0", "1e400", "-1e400", "1e-400", "0.1e", "00", "01", "1.", ".1", "+1", "NaN", "Infinity", "-Infinity", "nan", "9223372036854775807",
    "0x10",
    "9223372036854775808", "-9223372036854775808", "9007199254740993", "1e308", "4.9e-324", "--1", "true", "null", "\"1\"",
    String(repeating: "9", count: 400), "0." + String(repeating: "0", count: 400) + "1", "1e" + String(repeating: "9", count: 40),
  ]
  private static let names = [
    "loss", "epoch", "step", "_step", "_type", "", ".", "a.b", "\\u0000", "\\ud800", "\\ud83d\\ude80", "\\x", "\u{2028}", "\u{1b}[31m", "e\u{301}",
    "\\u00e9",
  ]

  private func json(_ mutator: inout Mutator, depth: Int = 0) -> String {
    switch mutator.random.number(0...(depth < 4 ? 9 : 6)) {
    case 0...5: return mutator.random.pick(Self.numbers)
    case 6: return "\"" + mutator.random.pick(Self.names) + "\""
    case 7: return "[" + (0..<mutator.random.number(0...3)).map { _ in json(&mutator, depth: depth + 1) }.joined(separator: ",") + "]"
    default: return object(&mutator, depth: depth + 1)
    }
  }

  private func object(_ mutator: inout Mutator, depth: Int = 0) -> String {
    let members = (0..<mutator.random.number(0...5)).map { _ in "\"\(mutator.random.pick(Self.names))\": " + json(&mutator, depth: depth) }
    return "{" + members.joined(separator: ", ") + "}"
  }

  private static func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

  /// Each is made when its turn comes.
  private static let longLines: [(deed: String, line: @Sendable () -> String)] = [
    ("deep", { repeated("{\"a\":", 150_000) }),
    ("deep and whole", { repeated("{\"a\":", 90_000) + "1" + repeated("}", 90_000) }),
    ("deep lists", { "{\"a\":" + repeated("[", 1_000_000) }),
    ("long key", { "{\"" + repeated("k", 900_000) + "\": 1}" }),
    ("10 MB", { "{\"a\": \"" + repeated("v", 10_000_000) + "\", \"loss\": 1}\n{\"loss\": 2}" }),
    ("60,000 members", { "{" + (0..<60_000).map { "\"m\($0)\":1" }.joined(separator: ",") + "}" }),
    ("one name", { "{" + repeated("\"loss\":1,", 100_000) + "\"loss\":2}" }),
    ("1,000,000 digits", { "{\"a\":" + repeated("9", 1_000_000) + "}" }),
    ("NULs", { repeated("\0", 2_000_000) + "{\"loss\":1}" }),
    ("200,000 reports", { repeated("{\"loss\":1}\n", 200_000) }),
  ]

  private func lines(_ mutator: inout Mutator) -> [UInt8] {
    var text = (0..<mutator.random.number(1...20)).map { _ in object(&mutator) }.joined(separator: "\n")
    guard mutator.random.oneIn(20) else { return Array(text.utf8) }
    let (deed, line) = mutator.random.pick(Self.longLines)
    mutator.note(deed)
    text += "\n" + line()
    return Array(text.utf8)
  }

  // MARK: - W&B

  private func lie(_ mutator: inout Mutator, oneIn count: Int = 6) -> UInt64? { mutator.random.oneIn(count) ? mutator.random.pick(Wire.lies) : nil }

  private func runFile(_ mutator: inout Mutator) -> [UInt8] {
    mutator.note("made")
    var bytes = Wire.wandbHeader
    for _ in 0..<mutator.random.number(1...6) {
      let items = (0..<mutator.random.number(1...4)).flatMap { _ in
        let name = Array(mutator.random.pick(Self.names).utf8)
        let value = mutator.random.oneIn(30) ? String(repeating: "{\"a\":", count: 12_000) : json(&mutator)
        let item = Wire.field(mutator.random.oneIn(2) ? 1 : 2, name, length: lie(&mutator)) + Wire.field(16, Array(value.utf8), length: lie(&mutator))
        return Wire.field(1, item, length: lie(&mutator))
      }
      let step = Wire.field(2, [8] + Wire.varint(lie(&mutator, oneIn: 2) ?? 5), length: lie(&mutator))
      var record = Wire.field(2, items + step, length: lie(&mutator))
      if mutator.random.oneIn(4) { record = mutator.damaged(record) }
      record = Array(record.prefix(65_000))
      let kind = mutator.random.pick([1, 1, 1, 2, 3, 4, 0, 255] as [UInt8])
      bytes += Wire.fragment(record, kind: kind, length: lie(&mutator, oneIn: 10).map { UInt16(truncatingIfNeeded: $0) })
      if mutator.random.oneIn(8) { bytes += [UInt8](repeating: 0, count: (32 << 10) - bytes.count % (32 << 10)) }
    }
    return bytes
  }

  // MARK: - TensorBoard

  private func eventFile(_ mutator: inout Mutator) -> [UInt8] {
    mutator.note("made")
    return (0..<mutator.random.number(1...6)).flatMap { _ in
      let shape = Wire.field(2, Wire.field(2, [8] + Wire.varint(lie(&mutator, oneIn: 2) ?? 1)), length: lie(&mutator))
      let tensor =
        [8, UInt8(mutator.random.number(0...3))] + shape
        + Wire.field(UInt64(mutator.random.number(4...6)), mutator.random.bytes(mutator.random.pick([0, 4, 8, 9])))
      let simple = [0x15] + mutator.random.bytes(4)
      let name = Array(mutator.random.pick(Self.names).utf8)
      let value = Wire.field(1, name, length: lie(&mutator)) + (mutator.random.oneIn(2) ? simple : Wire.field(8, tensor, length: lie(&mutator)))
      let count = mutator.random.oneIn(20) ? 10_000 : mutator.random.number(1...3)
      let summary = Array(repeatElement(Wire.field(1, value, length: lie(&mutator)), count: count).joined())
      var event = [16] + Wire.varint(lie(&mutator, oneIn: 2) ?? 3) + Wire.field(5, summary, length: lie(&mutator))
      if mutator.random.oneIn(4) { event = mutator.damaged(event) }
      return Wire.record(event, length: lie(&mutator, oneIn: 8))
    }
  }
}

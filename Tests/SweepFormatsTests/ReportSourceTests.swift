// What programs wrote into files: real ones of W&B and TensorBoard, JSON lines, and all that can be wrong with them.

import Foundation
import SweepCore
import SweepExecutors
import SweepFormats
import SweepNumerics
import SweepTestSupport
import Testing

struct ReportSourceTests {
  private static func asset(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: projectFolder + "/Tests/Assets/" + name)))
  }

  /// The formats, each with a real file and the name under which a source finds it.
  enum Format: CaseIterable {
    case wandb, tensorBoard, jsonLines

    func bytes() throws -> [UInt8] {
      switch self {
      case .wandb: try ReportSourceTests.asset("wandb/run-0.31.0.wandb")
      case .tensorBoard: try ReportSourceTests.asset("tensorboard/events.out.tfevents.example")
      case .jsonLines: Array(ReportSourceTests.lines.utf8)
      }
    }

    var file: String {
      switch self {
      case .wandb: "wandb/offline-run-20260101_000000-example/run-example.wandb"
      case .tensorBoard: "events.out.tfevents.example"
      case .jsonLines: "metrics.jsonl"
      }
    }

    func source(in folder: TemporaryFolder) -> any ReportSource {
      switch self {
      case .wandb: WandbRunFile(folder: folder.path)
      case .tensorBoard: TensorBoardFiles(folder: folder.path)
      case .jsonLines: JSONLinesFile(path: folder.path(file))
      }
    }

    var expected: [ProgramReport] {
      switch self {
      case .wandb: ReportSourceTests.wandbReports
      case .tensorBoard: ReportSourceTests.tensorBoardReports
      case .jsonLines: ReportSourceTests.lineReports
      }
    }
  }

  /// What Tests/Assets/wandb/make.py logs.
  private static let wandbReports: [ProgramReport] = [
    ProgramReport(
      step: 0,
      values: [("accuracy", 1), ("dotted.name", 3), ("loss", 1.5), ("slash/name", 4), ("train.deep.error", 2), ("train.loss", 0.5)]),
    ProgramReport(step: 1, values: [("large", .infinity), ("loss", .nan), ("nested.nan", .nan), ("small", -.infinity)]),
    ProgramReport(step: 10, values: [("first", 1), ("loss", 0.25), ("second", Double(Float(0.1))), ("third", -7), ("tiny", 1e-300)]),
    ProgramReport(step: 11, values: [("loss", 2)]),
    ProgramReport(step: 12, values: row),
  ]
  private static let row: [(name: String, value: Double)] = (0..<1000).map { number in
    let digits = String(10_000 + number).dropFirst()
    return ("metric_\(digits)", Double(number) / 8)
  }

  /// What Tests/Assets/tensorboard/make.py writes.
  private static let tensorBoardReports: [ProgramReport] = [
    ProgramReport(step: 1, values: [("loss", 1.5), ("accuracy", 0.25)]),
    ProgramReport(step: 2, values: [("loss", 0.75), ("accuracy", 0.1)]),
    ProgramReport(step: 3, values: [("loss", 0.5), ("accuracy", 0.2)]),
    ProgramReport(step: 4, values: [("loss", 0.125)]),
    ProgramReport(step: 5, values: [("loss", 0.3)]),
    ProgramReport(step: 6, values: [("loss", .nan), ("large", .infinity), ("small", -.infinity)]),
    ProgramReport(step: 1 << 40, values: [("train/loss", 2)]),
  ]

  private static let lines = """
    {"epoch": 1, "step": 500, "loss": 0.5, "train": {"loss": 0.25, "deep": {"error": 1e-3}}}
    {"step": 7, "loss": NaN, "large": Infinity, "small": -Infinity, "text": "a\\nb", "flag": true, "list": [1], "nothing": null}

    no JSON at all
    [1, 2]
    {"epoch": 0.5, "step": 8, "loss": 1}
    {"epoch": 3, "text": "no number"}
    {"loss": 3, "loss": 4}\r
    {"epoch": 4, "accuracy": 1}
    """
  private static let lineReports: [ProgramReport] = [
    ProgramReport(step: nil, values: [("epoch", 1), ("step", 500), ("loss", 0.5), ("train.deep.error", 1e-3), ("train.loss", 0.25)]),
    ProgramReport(step: nil, values: [("step", 7), ("loss", .nan), ("large", .infinity), ("small", -.infinity)]),
    ProgramReport(step: nil, values: [("epoch", 0.5), ("step", 8), ("loss", 1)]),
    ProgramReport(step: nil, values: [("epoch", 3)]),
    ProgramReport(step: nil, values: [("loss", 4)]),
    ProgramReport(step: nil, values: [("epoch", 4), ("accuracy", 1)]),
  ]

  private static func append(_ bytes: some Sequence<UInt8>, to path: String) throws {
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.seekToEnd()
    try file.write(contentsOf: Data(bytes))
    try file.close()
  }

  // MARK: - Every format

  @Test(arguments: Format.allCases) func realFilesGiveTheirValues(format: Format) throws {
    let folder = TemporaryFolder()
    var source = format.source(in: folder)
    #expect(source.poll().isEmpty, "there is no file yet")
    try folder.write(try format.bytes(), to: format.file)
    #expect(source.poll() == format.expected)
    #expect(source.poll().isEmpty, "each report comes once")
  }

  @Test(arguments: Format.allCases) func aGrowingFileGivesTheSameReports(format: Format) throws {
    let folder = TemporaryFolder()
    let bytes = try format.bytes()
    var source = format.source(in: folder)
    try folder.write([UInt8](), to: format.file)
    let path = folder.path(format.file)
    // Byte by byte; in the long row of metrics of W&B by more, but for both sides of the block's end.
    var reports: [ProgramReport] = []
    var position = 0
    while position < bytes.count {
      let isNearInteresting = position < 4_500 || 32_700...32_800 ~= position || position > bytes.count - 500
      let end = min(bytes.count, position + (isNearInteresting ? 1 : 97))
      try Self.append(bytes[position..<end], to: path)
      reports += source.poll()
      position = end
    }
    #expect(reports == format.expected)
  }

  @Test(arguments: Format.allCases) func aTruncatedFileGivesTheFirstReports(format: Format) throws {
    let folder = TemporaryFolder()
    let bytes = try format.bytes()
    let path = try folder.write(bytes, to: format.file)
    for count in stride(from: bytes.count, through: 0, by: -1) where count < 5_000 || count % 61 == 0 {
      try #require(truncate(path, off_t(count)) == 0)
      var source = format.source(in: folder)
      let reports = source.poll()
      #expect(reports == Array(format.expected.prefix(reports.count)))
    }
  }

  @Test(arguments: Format.allCases) func nothingInAFileIsFatal(format: Format) throws {
    let folder = TemporaryFolder()
    let bytes = try format.bytes()
    var random = SeededGenerator(seed: 7, purpose: .synthetic)
    for _ in 0..<2_000 {
      var mutant = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        // Two of three in the first 300 bytes, where the lengths and headers are many.
        let place = Int.random(in: 0..<(Int.random(in: 0..<3, using: &random) > 0 ? min(300, mutant.count) : mutant.count), using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: mutant[place] = .random(in: 0...255, using: &random)
        case 1: mutant.removeSubrange(place..<min(mutant.count, place + Int.random(in: 1...9, using: &random)))
        default: mutant.insert(contentsOf: (0..<9).map { _ in UInt8.random(in: 0...255, using: &random) }, at: place)
        }
      }
      try folder.write(mutant, to: format.file)
      var source = format.source(in: folder)
      _ = source.poll()
    }
    for count in [0, 1, 7, 1_000, 3_000_000] {
      try folder.write((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }, to: format.file)
      var source = format.source(in: folder)
      #expect(source.poll().isEmpty)
    }
  }

  @Test(arguments: Format.allCases) func filesMayShrinkVanishAndComeBack(format: Format) throws {
    let folder = TemporaryFolder()
    let bytes = try format.bytes()
    let path = try folder.write(bytes, to: format.file)
    var source = format.source(in: folder)
    #expect(source.poll() == format.expected)
    try folder.write(Array(bytes.prefix(100)), to: format.file)
    _ = source.poll()
    try FileManager.default.removeItem(atPath: path)
    #expect(source.poll().isEmpty)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    #expect(source.poll().isEmpty, "a folder of that name")
    try FileManager.default.removeItem(atPath: path)
    try #require(mkfifo(path, 0o600) == 0)
    #expect(source.poll().isEmpty, "a pipe would make us wait")
    try FileManager.default.removeItem(atPath: path)
    try folder.write([UInt8](), to: format.file)
    #expect(source.poll().isEmpty)
    try folder.write(bytes, to: format.file)
    #expect(source.poll() == format.expected, "a file that shrank is read from its beginning")
  }

  // MARK: - W&B

  /// Three logs, then what the script put into `run.summary`; and what `define_metric` made of four (Tests/Assets/wandb/make-summary.py).
  @Test func summariesAreReadAsTheScriptMadeThem() throws {
    func reports(_ asset: String) throws -> [ProgramReport] {
      let folder = TemporaryFolder()
      try folder.write(try Self.asset("wandb/\(asset)"), to: "wandb/offline-run-20260101_000000-x/run-x.wandb")
      var source = WandbRunFile(folder: folder.path)
      return source.poll()
    }
    #expect(
      try reports("wandb-summary.wandb") == [
        ProgramReport(step: 0, values: [("acc", 0.5), ("epoch", 0), ("val.loss", 2)]),
        ProgramReport(step: 1, values: [("acc", 0.75), ("epoch", 1), ("val.loss", 1)]),
        ProgramReport(step: 2, values: [("acc", 0.625), ("epoch", 2), ("val.loss", 1.5)]),
        ProgramReport(step: nil, values: [("best_acc", 0.75)], isSummary: true), ProgramReport(step: nil, values: [("acc", 0.875)], isSummary: true),
        ProgramReport(step: nil, values: [("test.acc", 0.25), ("test.deep.loss", 3)], isSummary: true),
        ProgramReport(step: nil, values: [("val.loss", 1)], isSummary: true),
      ])
    let defined = try reports("wandb-defined.wandb")
    func column(_ name: String) -> [Double?] { defined.map { report in report.values.first { $0.name == name }?.value } }
    #expect(defined.map(\.step) == [0, 1, 2, 3])
    #expect(column("acc") == [0.5, 0.875, 0.75, 0.625] && column("acc.max") == [0.5, 0.875, 0.875, 0.875])
    #expect(column("loss.min") == [2, 1, 1, 1] && column("x.mean") == [1, 1.5, 2, 3] && column("plain") == [1, 2, 3, 6])
    #expect(column("val/acc.max") == [0.25, 0.5, 0.5, 0.5] && column("plain.last") == [nil, nil, nil, nil])
  }

  @Test func theRunsOfATrialComeInTheirOrder() throws {
    let folder = TemporaryFolder()
    func run(_ value: UInt8) -> [UInt8] { Self.wandbHeader + Self.fragment(Self.history(loss: [value])) }
    var source = WandbRunFile(folder: folder.path)
    try folder.write(run(UInt8(ascii: "2")), to: "wandb/run-20260102_000000-b/run-b.wandb")
    try folder.write(run(UInt8(ascii: "1")), to: "wandb/offline-run-20260101_000000-z/run-z.wandb")
    try folder.write(run(UInt8(ascii: "9")), to: "wandb/other/run-x.wandb")
    #expect(source.poll().compactMap(\.values.first?.value) == [1, 2])
    try folder.write(run(UInt8(ascii: "3")), to: "wandb/offline-run-20260103_000000-a/run-a.wandb")
    #expect(source.poll().compactMap(\.values.first?.value) == [3])
  }

  @Test func damageInARunFileCostsTheRestOfItsBlock() throws {
    let folder = TemporaryFolder()
    var bytes = try Format.wandb.bytes()
    bytes[1_000] ^= 1  // in the second report; the long row begins in the same block
    try folder.write(bytes + Self.fragment(Self.history(loss: [UInt8(ascii: "7")])), to: Format.wandb.file)
    var source = WandbRunFile(folder: folder.path)
    #expect(source.poll() == [Self.wandbReports[0], ProgramReport(step: nil, values: [("loss", 7)])])
  }

  @Test func itemsOfTheHistoryAreReadAsEveryVersionWritesThem() throws {
    func values(_ json: String) throws -> [String: Double] {
      let folder = TemporaryFolder()
      try folder.write(Self.wandbHeader + Self.fragment(Self.history(loss: Array(json.utf8))), to: Format.wandb.file)
      var source = WandbRunFile(folder: folder.path)
      return Dictionary(uniqueKeysWithValues: source.poll().flatMap(\.values).map { ($0.name, $0.value) })
    }
    #expect(try values("-1.5e+3") == ["loss": -1500])
    #expect(try values("\"-Infinity\"") == ["loss": -.infinity])
    #expect(try values("\"NaN\"")["loss"]?.isNaN == true)
    #expect(try values(#"{"a": {"b": 1, "c": "text"}, "d": NaN}"#).keys.sorted() == ["loss.a.b", "loss.d"])
    #expect(try values(#"{"a": {"_type": "image-file", "size": 1}, "d": 2}"#) == ["loss.d": 2])
    for json in ["", "\"1\"", "nan", "0x10", "inf", "true", "null", "[1]", "{", "1 2", "--1", #"{"_type": "image-file", "size": 1}"#] {
      #expect(try values(json).isEmpty, "\(json)")
    }
  }

  // MARK: - TensorBoard

  @Test func foldersAreInTheNamesOfTheirValues() throws {
    let folder = TemporaryFolder()
    var source = TensorBoardFiles(folder: folder.path)
    func file(_ value: Float) -> [UInt8] { Self.event(Self.scalar("loss", value)) }
    try folder.write(file(1), to: "logs/train/events.out.tfevents.1.host")
    try folder.write(file(2), to: "events.out.tfevents.2.host")
    try folder.write(file(3), to: "logs/notes.txt")
    #expect(
      source.poll() == [ProgramReport(step: 0, values: [("loss", 2)]), ProgramReport(step: 0, values: [("logs/train/loss", 1)])])
    try folder.write(file(4), to: "logs/train/events.out.tfevents.3.host")
    #expect(source.poll() == [ProgramReport(step: 0, values: [("logs/train/loss", 4)])])
  }

  @Test func damageInAnEventFileEndsIt() throws {
    let folder = TemporaryFolder()
    var bytes = try Format.tensorBoard.bytes()
    bytes[bytes.count - 200] ^= 1
    try folder.write(bytes, to: Format.tensorBoard.file)
    var source = TensorBoardFiles(folder: folder.path)
    let reports = source.poll()
    #expect(!reports.isEmpty && reports == Array(Self.tensorBoardReports.prefix(reports.count)) && reports.count < Self.tensorBoardReports.count)
    try folder.write(try Format.tensorBoard.bytes(), to: Format.tensorBoard.file)
    #expect(reports + source.poll() == Self.tensorBoardReports, "and no further than the damage lasts")
  }

  @Test func longEventsAreReadOrPassedOver() throws {
    let folder = TemporaryFolder()
    let picture = Self.field(1, Self.field(1, Array("picture".utf8)) + Self.field(4, [UInt8](repeating: 1, count: 3 << 20)))
    let long = Self.event(picture + Self.field(1, Self.scalar("beside", 5)))
    let tooLong = Self.event(Self.field(9, [UInt8](repeating: 1, count: 17 << 20)))
    let path = try folder.write(long + tooLong.dropLast(2), to: "events.tfevents")
    var source = TensorBoardFiles(folder: folder.path)
    #expect(source.poll() == [ProgramReport(step: 0, values: [("beside", 5)])])
    #expect(source.poll().isEmpty)
    try Self.append(tooLong.suffix(2) + Self.event(Self.scalar("after", 6)), to: path)
    #expect(source.poll() == [ProgramReport(step: 0, values: [("after", 6)])])
  }

  @Test func theEventsBeforeOneThatNeverEndsAreReadOnce() throws {
    let folder = TemporaryFolder()
    // A length that is longer than what is read, with a right checksum, of which the file does not have so much.
    let tooLong = Self.event(Self.field(9, [UInt8](repeating: 1, count: 17 << 20)))
    try folder.write(Self.event(Self.scalar("loss", 1)) + Self.event(Self.scalar("loss", 2)) + tooLong.prefix(100), to: "events.tfevents")
    var source = TensorBoardFiles(folder: folder.path)
    #expect(source.poll().map(\.values.count) == [1, 1])
    #expect(source.poll().isEmpty)
  }

  // MARK: - JSON lines

  @Test func longLinesAreSkipped() throws {
    let folder = TemporaryFolder()
    let long = #"{"text": ""# + String(repeating: "x", count: 2 << 20) + #"", "loss": 1}"#
    let path = try folder.write(#"{"loss": 0}"# + "\n" + long.prefix(1_500_000), to: "lines")
    var source = JSONLinesFile(path: path)
    #expect(source.poll() == [ProgramReport(step: nil, values: [("loss", 0)])])
    try Self.append(long.dropFirst(1_500_000).utf8, to: path)
    #expect(source.poll().isEmpty)
    try Self.append("\n{\"loss\": 2}\n".utf8, to: path)
    #expect(source.poll() == [ProgramReport(step: nil, values: [("loss", 2)])])

    let fitting = #"{"text": ""# + String(repeating: "x", count: 1_000_000) + #"", "loss": 3}"#
    try Self.append((fitting + "\n" + fitting + "\n").utf8, to: path)
    #expect(source.poll() == Array(repeating: ProgramReport(step: nil, values: [("loss", 3)]), count: 2))
  }

  @Test func aLineWaitsForItsEnd() throws {
    let folder = TemporaryFolder()
    let path = try folder.write(#"{"a": {"b": 1}"#, to: "lines")
    var source = JSONLinesFile(path: path)
    #expect(source.poll().isEmpty)
    try Self.append("}".utf8, to: path)
    #expect(source.poll() == [ProgramReport(step: nil, values: [("a.b", 1)])])
    try Self.append("\n{\"a\": 2}".utf8, to: path)
    #expect(source.poll() == [ProgramReport(step: nil, values: [("a", 2)])])
  }

  // MARK: - Protocol Buffers

  @Test func fieldsAreReadInTheirOrder() {
    let bytes: [UInt8] = [8, 0xac, 2, 0x11, 1, 0, 0, 0, 0, 0, 0, 0x80, 0x1a, 2, 104, 105, 0x25, 1, 0, 0, 0x80, 0xf8, 0xff, 0xff, 0xff, 0x0f, 7]
    let fields = Array(ProtobufReader(bytes[...]))
    #expect(fields.map(\.number) == [1, 2, 3, 4, 0x1fff_ffff])
    let expected: [ProtobufReader.Value] = [
      .varint(300), .fixed64(0x8000_0000_0000_0001), .bytes([104, 105]), .fixed32(0x8000_0001), .varint(7),
    ]
    #expect(fields.map(\.value) == expected)
  }

  @Test(
    arguments: [
      [8], [8, 0x80], [0, 1], [0x0b], [0x0c], [0x0e, 1], [0x0f, 1],  // cut off, number 0, groups, kinds that do not exist
      [0x0a, 2, 1], [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],  // longer than what there is
      [0x09, 1, 2, 3], [0x0d, 1, 2, 3],
      [8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], [8, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1],  // 65 bits
      [0x80, 0x80, 0x80, 0x80, 0x10, 1], [0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1],  // numbers above the largest
    ] as [[UInt8]]) func malformedFieldsEndTheMessage(bytes: [UInt8])
  {
    var reader = ProtobufReader(([8, 1] + bytes + [8, 2])[2...(bytes.count + 1)])
    #expect(reader.next() == nil)
    #expect(reader.next() == nil)
    #expect(Array(ProtobufReader(([8, 1] + bytes)[...])).map(\.value) == [.varint(1)])
  }

  /// The checks of the files keep damage away from their messages; here it has a right CRC.
  @Test func nothingInAMessageIsFatal() throws {
    let folder = TemporaryFolder()
    var random = SeededGenerator(seed: 11, purpose: .synthetic)
    let items = Self.item("a", "1") + Self.item("b", #"{"c": [1, {"d": "e"}], "_type": "x"}"#)
    let history = Self.field(2, items + Self.field(2, [8, 5]))
    let shape = Self.field(2, Self.field(2, [8, 1]))
    let contents = Self.field(4, [0, 0, 0x80, 0x3f]) + Self.field(5, [0, 0, 0, 0])
    let tensor: [UInt8] = [8, 1] + shape + contents + [0x2d, 0, 0, 0, 0]
    let summary = Self.scalar("a", 1) + Self.field(8, tensor)
    for _ in 0..<2_000 {
      func mutant(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<3 { bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random) }
        return bytes
      }
      try folder.write(Self.wandbHeader + Self.fragment(mutant(history)), to: Format.wandb.file)
      let event: [UInt8] = [16, 1] + Self.field(5, Self.field(1, summary))
      try folder.write(Self.event(mutant(summary)) + Self.record(mutant(event)), to: "a.tfevents")
      var (wandb, tensorBoard) = (WandbRunFile(folder: folder.path), TensorBoardFiles(folder: folder.path))
      _ = wandb.poll()
      _ = tensorBoard.poll()
    }
  }

  // MARK: - Writing such files

  private static let wandbHeader = Array(":W&B".utf8) + [0xe1, 0xbe, 0]

  private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    var (count, length): (Int, [UInt8]) = (bytes.count, [])
    repeat {
      length.append(UInt8(count & 0x7f) | (count > 0x7f ? 0x80 : 0))
      count >>= 7
    } while count > 0
    return (number > 15 ? [number << 3 | 0x82, number >> 4] : [number << 3 | 2]) + length + bytes
  }

  private static func item(_ key: String, _ json: String) -> [UInt8] { field(1, field(2, Array(key.utf8)) + field(16, Array(json.utf8))) }

  private static func history(loss: [UInt8]) -> [UInt8] { field(2, field(1, field(1, Array("loss".utf8)) + field(16, loss))) }

  private static func fragment(_ record: [UInt8]) -> [UInt8] {
    littleEndian(crc([1] + record, 0xedb8_8320)) + littleEndian(UInt16(record.count)) + [1] + record
  }

  private static func scalar(_ tag: String, _ value: Float) -> [UInt8] { field(1, Array(tag.utf8)) + [0x15] + littleEndian(value.bitPattern) }

  /// An event with one value of a summary, or with a field that is none.
  private static func event(_ value: [UInt8]) -> [UInt8] {
    value.first == 9 << 3 | 2 ? record(value) : record(field(5, value.count > 1 << 20 ? value : field(1, value)))
  }

  private static func record(_ data: [UInt8]) -> [UInt8] {
    func masked(_ bytes: [UInt8]) -> [UInt8] {
      let value = crc(bytes, 0x82f6_3b78)
      return littleEndian((value >> 15 | value << 17) &+ 0xa282_ead8)
    }
    let length = littleEndian(UInt64(data.count))
    return length + masked(length) + data + masked(data)
  }

  private static func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: number.littleEndian, Array.init) }

  private static func crc(_ bytes: [UInt8], _ polynomial: UInt32) -> UInt32 {
    var crc: UInt32 = ~0
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ polynomial : crc >> 1 }
    }
    return ~crc
  }
}

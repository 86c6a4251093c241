// Results databases that were damaged byte by byte, page by page, and word by word: everything that reads is asked of them, then what writes.
// A target of the fuzzer. Reading must leave the file as it was; writing may fail.

import Foundation
import SweepCore
import SweepKit
import SweepStore
import SweepTestSupport

struct FuzzDatabases: FuzzTarget {
  private let seed: Int
  private let originals: [(name: String, bytes: [UInt8])]

  init(seed: Int, scratch: String) throws {
    self.seed = seed
    let folder = scratch + "/databases-\(getpid())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try FuzzFixtures.makeDatabase(at: folder + "/made.sqlite")
    originals = try [("made", folder + "/made.sqlite"), ("example", projectFolder + "/results.sqlite.example")].map { name, path in
      (name, Array(try Data(contentsOf: URL(fileURLWithPath: path))))
    }
  }

  // MARK: - Damage

  func input(_ index: Int) throws -> FuzzInput {
    var mutator = Mutator(seed: seed, kind: .databases, index: index)
    // The small one three times out of four: damage in it is more often read.
    let (name, original) = mutator.random.oneIn(4) ? originals[1] : originals[0]
    var bytes = original
    for _ in 0..<mutator.random.number(1...3) { damage(&bytes, &mutator) }
    var files: [(name: String, content: FuzzInput.Content)] = [("results.sqlite", .bytes(bytes))]
    if mutator.random.oneIn(12) {
      mutator.note("log")
      files.append(("results.sqlite-wal", .bytes(log(&mutator))))
    }
    if mutator.random.oneIn(30) {
      mutator.note("index of the log")
      files.append(("results.sqlite-shm", .bytes(mutator.random.bytes(mutator.random.pick([0, 100, 32_768])))))
    }
    return FuzzInput("\(name): \(mutator.summary)", files: files)
  }

  private static let page = 4096

  private func damage(_ bytes: inout [UInt8], _ mutator: inout Mutator) {
    guard bytes.count > Self.page else { return bytes = mutator.random.bytes(5_000) }
    let pages = bytes.count / Self.page
    let start = mutator.random.number(0...pages - 1) * Self.page
    switch mutator.random.number(0...11) {
    case 0...2:
      mutator.note("flips")
      // Two of three in the first pages, where the schema is.
      for _ in 0..<mutator.random.number(1...20) {
        let last = mutator.random.oneIn(3) ? bytes.count - 1 : min(bytes.count, mutator.random.pick([100, 4096, 20_000])) - 1
        bytes[mutator.random.number(0...last)] ^= 1 << UInt8(mutator.random.number(0...7))
      }
    case 3:
      mutator.note("page as another")
      let other = mutator.random.number(0...pages - 1) * Self.page
      bytes.replaceSubrange(start..<start + Self.page, with: Array(bytes[other..<other + Self.page]))
    case 4:
      mutator.note("page of one byte")
      bytes.replaceSubrange(start..<start + Self.page, with: [UInt8](repeating: mutator.random.pick([0, 0xff]), count: Self.page))
    case 5:
      mutator.note("page of noise")
      bytes.replaceSubrange(start..<start + Self.page, with: mutator.random.bytes(Self.page))
    case 6:
      mutator.note("cut")
      bytes.removeLast(mutator.random.oneIn(2) ? Self.page * mutator.random.number(1...pages) : mutator.random.number(1...bytes.count))
    case 7:
      mutator.note("longer")
      bytes += mutator.random.bytes(mutator.random.number(1...10_000))
    case 8:
      mutator.note("header")
      // The fields of four bytes begin at 16; before them is the page size.
      let place = mutator.random.pick([16, 18, 20] + Array(stride(from: 24, to: 100, by: 4)))
      let lie = mutator.random.pick([0, 1, 2, 3, 512, 0x7fff_ffff, 0x8000_0000, .max] as [UInt32])
      bytes.replaceSubrange(place..<place + 4, with: Wire.bigEndian(lie))
    case 9:
      mutator.note("page header")
      // Kind, first free block, number of cells, where the cells begin, and the first pointers to them.
      let place = start + (start == 0 ? 100 : 0) + mutator.random.number(0...20)
      bytes[place] = mutator.random.pick([0, 1, 2, 5, 10, 13, 0x7f, 0x80, 0xff])
    default: replaceWord(&bytes, &mutator)
    }
  }

  /// Words of the schema and of rows, with others of the same length: the file is whole, and says something else.
  private static let words: [(String, [String])] = [
    ("trial", ["trail", "sweep", "event", "\0\0\0\0\0"]), ("epoch", ["state", "value"]), ("STRICT", ["      "]), ("NOT NULL", ["        "]),
    ("UNIQUE", ["      "]),
    ("INTEGER PRIMARY KEY", ["INTEGER            ", "TEXT    PRIMARY KEY"]), ("WITHOUT ROWID", ["             "]),
    ("complete", ["waiting ", "finished", "COMPLETE"]),
    ("waiting", ["running", "nothing"]), ("maximize", ["minimize", "maximise"]), ("last", ["best", "lost"]), ("CHECK", ["     ", "check"]),
    ("REAL", ["TEXT", "BLOB"]),
    ("TEXT", ["BLOB", "REAL"]), ("BLOB", ["TEXT"]), ("CREATE", ["DELETE", "create"]), ("VIEW", ["TEMP"]), ("SELECT", ["VALUES", "WITH x"]),
    ("{\"", ["[\"", "{{", "\0\""]),
    ("\":", ["\"}", ",:"]), ("score", ["sc\0re", "scor\u{e9}"]), ("loss", ["lo\"s", "score"]), ("[\"", ["{\"", "  "]),
    ("sweep_id", ["sweep_no", "trial_id"]),
    ("grdb_migrations", ["grdb_migration5"]), ("json_valid", ["json_value", "length    "]), ("validation", ["validatiom"]),
    ("example", ["exampl\0", "../../x"]),
  ]

  private func replaceWord(_ bytes: inout [UInt8], _ mutator: inout Mutator) {
    let (word, others) = mutator.random.pick(Self.words)
    let (pattern, other) = (Array(word.utf8), Array(mutator.random.pick(others).utf8))
    mutator.note("\(word) as another")
    var places: [Int] = []
    var place = 0
    while place + pattern.count <= bytes.count, places.count < 1_000 {
      if bytes[place] == pattern[0], bytes[place..<place + pattern.count].elementsEqual(pattern) { places.append(place) }
      place += 1
    }
    guard !places.isEmpty else { return }
    for place in mutator.random.oneIn(3) ? places : [mutator.random.pick(places)] {
      bytes.replaceSubrange(place..<place + min(other.count, pattern.count), with: other.prefix(pattern.count))
    }
  }

  /// A write-ahead log that is none, or begins like one.
  private func log(_ mutator: inout Mutator) -> [UInt8] {
    let magic =
      Wire.bigEndian(0x377f_0682 as UInt32) + Wire.bigEndian(3_007_000 as UInt32)
      + Wire.bigEndian(mutator.random.pick([512, 4096, 65_536, 3] as [UInt32]))
    return mutator.random.pick([[], magic, Array("log".utf8)]) + mutator.random.bytes(mutator.random.pick([0, 10, 32, 4_152, 50_000]))
  }

  // MARK: - Attempts

  func attempt(_ input: FuzzInput, in folder: String) throws -> Bool {
    let path = folder + "/results.sqlite"
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    let refusals = try FuzzReading(path).refusals
    guard try Data(contentsOf: URL(fileURLWithPath: path)) == before else { throw FuzzFinding("reading wrote into the database") }
    try write(into: path, copiedTo: folder + "-written")
    return refusals == 0
  }

  /// Plans and takes back in a copy, where that can be opened at all.
  private func write(into path: String, copiedTo folder: String) throws {
    try? FileManager.default.removeItem(atPath: folder)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: path + suffix) {
      try FileManager.default.copyItem(atPath: path + suffix, toPath: folder + "/results.sqlite" + suffix)
    }
    guard let store = try unlessRefused({ try Store.open(folder + "/results.sqlite") }) else { return }
    for sweep in try unlessRefused({ try store.sweeps() }) ?? [] {
      _ = try unlessRefused { try store.requeue(sweepID: sweep.id, retryFailed: true) }
    }
    for name in ["another", FuzzFixtures.sweep] { _ = try unlessRefused { try PlannedSweep.plan([1, 2, 99], name: name, in: store) } }
    if let left = try unlessRefused({ try store.repair { _ in true }.left }), let finding = left.findings.first(where: \.canBeRepaired) {
      throw FuzzFinding("not mended: \(finding.problem)")
    }
    _ = try unlessRefused { try store.close() }
  }
}

/// What the body returns; nil where it was refused.
func unlessRefused<Value>(_ body: () throws -> Value) throws -> Value? {
  do { return try body() } catch  where error.isRefusal { return nil }
}

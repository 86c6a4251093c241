// Statements for `sweep query`: those that try to write, to read other files, or never to end, and what becomes of the cookbook's when it is
// shaken. A target of the fuzzer. After each, the databases and their folder must be as they were.

import Foundation
import SweepCore
import SweepStore
import SweepTestSupport

struct FuzzSQL: FuzzTarget {
  /// Seconds.
  private static let timeout = 1.0

  private let seed: Int
  private let folder: String
  /// The databases as they were made.
  private let originals: [(path: String, bytes: Data)]
  private let names: Set<String>
  private let cookbook: [String]

  init(seed: Int, scratch: String) throws {
    self.seed = seed
    Store.limitMemory(megabytes: 100)  // as 'sweep query' does
    // Each worker has its own: one may end because its database was written.
    folder = scratch + "/sql-\(getpid())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let (made, example) = (folder + "/made.sqlite", folder + "/example.sqlite")
    try FuzzFixtures.makeDatabase(at: made)
    try FileManager.default.copyItem(atPath: projectFolder + "/results.sqlite.example", toPath: example)
    originals = try [made, example].map { ($0, try Data(contentsOf: URL(fileURLWithPath: $0))) }
    names = try Self.names(in: folder)
    cookbook = try Corpus.blocks("sql").map(\.text)
    // Statements name files without a folder: those that they make are then found.
    guard FileManager.default.changeCurrentDirectoryPath(folder) else { throw SweepError(.io, "the folder cannot be entered", place: folder) }
  }

  func input(_ index: Int) throws -> FuzzInput {
    let hostile = FuzzStatements.hostile
    if index < hostile.count { return Self.input(hostile[index](), "example") }
    var mutator = Mutator(seed: seed, kind: .sql, index: index)
    var statement: String
    if mutator.random.oneIn(2) {
      statement = FuzzStatements.random(&mutator)
    } else {
      statement = mutator.random.pick(cookbook)
      var tokens = FuzzStatements.tokens(of: statement)
      for _ in 0..<mutator.random.number(1...4) {
        tokens[mutator.random.number(0...tokens.count - 1)] = FuzzStatements.expression(&mutator, depth: 2)
      }
      statement = tokens.joined()
    }
    if mutator.random.oneIn(5) { statement = String(decoding: mutator.damaged(Array(statement.utf8), steps: 1...3), as: UTF8.self) }
    return Self.input(statement, mutator.random.pick(["made", "example"]))
  }

  private static func input(_ statement: String, _ database: String) -> FuzzInput {
    FuzzInput("\(database): \(statement.prefix(100))", files: [("statement.sql", .bytes(Array(statement.utf8)))], arguments: [database])
  }

  func attempt(_ input: FuzzInput, in inputFolder: String) throws -> Bool {
    let statement = String(decoding: try Data(contentsOf: URL(fileURLWithPath: inputFolder + "/statement.sql")), as: UTF8.self)
    let path = "\(folder)/\(input.arguments.first ?? "made").sqlite"
    var refusal: SweepError?
    do throws(SweepError) {
      try Store.openReadOnly(path).query(statement, timeout: Self.timeout) { _, forEachRow in try forEachRow { _ in } }
    } catch {
      refusal = error
    }
    for (path, bytes) in originals where (try? Data(contentsOf: URL(fileURLWithPath: path))) != bytes { throw FuzzFinding("wrote into \(path)") }
    let added = try Self.names(in: folder).subtracting(names)
    guard added.isEmpty else { throw FuzzFinding("wrote \(added.sorted().joined(separator: ", "))") }
    if let refusal { throw refusal }
    return true
  }

  /// The files of a folder, without those that a reader may need.
  private static func names(in folder: String) throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") })
  }
}

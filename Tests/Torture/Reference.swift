// What a database holds, read through the store's own queries, and what it must hold: that of a run which nobody disturbed. Compares to the
// last bit. It runs nothing.

import Foundation
import SweepCore
import SweepStore

/// A results database, open for reading.
struct Recorded {
  private let store: Store

  /// - Returns: nil where nothing is planned yet.
  init?(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let opened: Store
    do { opened = try Store.openReadOnly(path) } catch {
      if error.description.contains("the database is empty") { return nil }
      throw error
    }
    if try opened.query("SELECT count(*) FROM sweep").rows == [[.integer(0)]] {
      try opened.close()
      return nil
    }
    store = opened
  }

  func close() throws { try store.close() }

  func rows(_ sql: String) throws -> [[ParameterValue]] { try store.query(sql).rows }

  /// The one number that a statement answers with.
  func count(_ sql: String) throws -> Int {
    guard case .integer(let number)? = try rows(sql).first?.first else { throw SweepError(.input, "no number is the answer to \(sql)") }
    return number
  }

  /// Visits every metric of every epoch but `seconds`, the one that time decides: trial, epoch, metric, the bits of the value.
  func forEachValue(_ visit: @escaping (_ trial: Int, _ epoch: Int, _ metric: String, _ bits: UInt64) -> Void) throws {
    var names: [ParameterValue: String] = [:]
    for row in try rows("SELECT id, name FROM metric") {
      if case .text(let name) = row[1] { names[row[0]] = name }
    }
    let known = names
    try store.query("SELECT number, epoch, metric_id, value FROM trial JOIN epoch_metric ON trial_id = trial.id") { _, forEachRow in
      try forEachRow { row in
        guard case .integer(let trial) = row[0], case .integer(let epoch) = row[1] else { return }
        let name = known[row[2]] ?? "\(row[2])"
        if name == "seconds" { return }
        if case .real(let value) = row[3] { visit(trial, epoch, name, value.bitPattern) } else { visit(trial, epoch, name, Double.nan.bitPattern) }
      }
    }
  }
}

/// Where a value belongs.
struct ValuePlace: Hashable {
  let trial: Int
  let epoch: Int
  let metric: String
}

/// How a database differs from the reference.
struct Comparison {
  /// Everything that was found.
  var places = Set<ValuePlace>()
  var epochs = 0
  var differences = 0
  var missing = 0
  var twice = 0
  /// The first few, in words.
  var examples: [String] = []

  mutating func note(_ example: String) { if examples.count < 3 { examples.append(example) } }
}

/// What an undisturbed run came to.
struct Reference {
  let seconds: Double
  let bits: [ValuePlace: UInt64]
  private let tables: [[[ParameterValue]]]

  /// What must be the same, beside the epochs: how trials ended, the summaries of their metrics, what they answered, and models that are kept.
  private static let statements = [
    "SELECT number, parameters, planned, state, epochs_done, objective, reason FROM trial ORDER BY number",
    """
    SELECT number, name, last, last_epoch, min, min_epoch, max, max_epoch FROM trial JOIN trial_metric ON trial_id = trial.id
    JOIN metric ON metric.id = metric_id WHERE name <> 'seconds' ORDER BY number, name
    """,
    """
    SELECT number, name, epoch, hex(correct), hex(predicted), hex(probability) FROM prediction JOIN trial ON trial.id = trial_id
    JOIN split ON split.id = split_id ORDER BY number, name
    """,
    "SELECT number, epoch, format, hex(model.state) FROM model JOIN trial ON trial.id = trial_id ORDER BY number",
  ]

  init(_ recorded: Recorded, seconds: Double) throws {
    self.seconds = seconds
    var bits: [ValuePlace: UInt64] = [:]
    try recorded.forEachValue { bits[ValuePlace(trial: $0, epoch: $1, metric: $2)] = $3 }
    self.bits = bits
    tables = try Self.statements.map { try recorded.rows($0) }
  }

  /// Compares what is recorded so far.
  /// - Parameter isWhole: nothing may be missing.
  func compare(_ recorded: Recorded, isWhole: Bool) throws -> Comparison {
    var result = Comparison()
    try recorded.forEachValue { trial, epoch, metric, found in
      let place = ValuePlace(trial: trial, epoch: epoch, metric: metric)
      if !result.places.insert(place).inserted {
        result.twice += 1
        result.note("\(place) is there twice")
      }
      if bits[place] != found {
        result.differences += 1
        let expected = bits[place].map { "\(Double(bitPattern: $0))" } ?? "nothing"
        result.note("\(place) is \(Double(bitPattern: found)), not \(expected)")
      }
    }
    if isWhole {
      for place in bits.keys where !result.places.contains(place) {
        result.missing += 1
        result.note("\(place) is missing")
      }
      result.epochs = try recorded.count("SELECT count(*) FROM (SELECT DISTINCT trial_id, epoch FROM epoch_metric)")
    }
    return result
  }

  /// What differs in how trials ended, their summaries, answers and models; nil: nothing.
  func difference(_ recorded: Recorded) throws -> String? {
    for (sql, expected) in zip(Self.statements, tables) {
      let found = try recorded.rows(sql)
      if found == expected { continue }
      guard let (there, here) = zip(expected, found).first(where: { $0 != $1 }) else { return "\(found.count) rows, not \(expected.count): \(sql)" }
      return "\(Self.text(here)) instead of \(Self.text(there)): \(sql)"
    }
    return nil
  }

  private static func text(_ row: [ParameterValue]) -> String { "(" + row.map { String("\($0)".prefix(40)) }.joined(separator: ", ") + ")" }
}

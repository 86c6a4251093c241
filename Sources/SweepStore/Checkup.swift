// What `sweep check` looks at: that the file is whole, that rows belong together, that no epoch is missing, and that everything that is kept twice
// says the same twice. It only reads; Store+Repair mends what can be derived.

import Foundation
import GRDB
import SweepCore

/// Something in a database that is not as it should be.
public struct Finding: Sendable, Equatable {
  public enum Check: String, Sendable, CaseIterable {
    /// SQLite's own: pages, indexes, types.
    case file
    /// Rows whose sweep, trial, metric or split is there.
    case orphans
    case parameters
    /// None missing, and as many as the trial says.
    case epochs
    /// Last, smallest and largest values; the objective.
    case summaries
    /// Which images were labelled rightly; the epoch that counts.
    case answers
    case checkpoints
    case views
  }

  /// How it can be mended.
  enum Repair: Equatable {
    case reindex, deleteOrphans
    case recompute(trial: Int64)
    /// From its first epoch.
    case runAgain(trial: Int64)
    case recount(trial: Int64, split: Int64)
    case forgetAnswers(trial: Int64)
    case forgetModel(trial: Int64)
    case forgetCheckpoint(trial: Int64)
    case remakeViews(sweep: Int64)
  }

  public let check: Check
  /// Where it concerns one.
  public let sweep: String?
  public let trial: Int?
  public let problem: String
  let repair: Repair?

  public var canBeRepaired: Bool { repair != nil }
  /// Whether a repair makes the trial wait again.
  public var meansRunningAgain: Bool { if case .runAgain? = repair { true } else { false } }

  func isSame(as other: Finding) -> Bool {
    check == other.check && sweep == other.sweep && trial == other.trial && problem == other.problem
  }

  init(_ check: Check, _ problem: String, sweep: String? = nil, trial: Int? = nil, repair: Repair? = nil) {
    (self.check, self.problem, self.sweep, self.trial, self.repair) = (check, problem, sweep, trial, repair)
  }
}

/// What a check has looked at and found.
public struct Checkup: Sendable {
  /// How many things each check has looked at; what is missing could not be looked at.
  public internal(set) var examined: [Finding.Check: Int] = [:]
  public internal(set) var findings: [Finding] = []
}

extension Store {
  /// Looks at the whole database, in one snapshot.
  /// - Parameter isSequential: whether the trials of a sweep have the epochs 1, 2, 3, … up to their parameter `epochs`; programs number theirs as they
  ///   like.
  /// - Throws: where it cannot be read at all.
  public func check(isSequential: (SweepRecord) -> Bool) throws(SweepError) -> Checkup {
    try read { db in
      var checkup = Checkup()
      for check in Finding.Check.allCases {
        do {
          let result = try Checks(db).run(check, isSequential)
          checkup.examined[check] = result.count
          checkup.findings += result.findings
        } catch {
          // Where pages are damaged, SQLite may stop at any row.
          guard check == .file || !checkup.findings.isEmpty, let problem = error.damage else { throw error }
          checkup.findings.append(Finding(check, check == .file ? problem : "cannot be looked at: \(problem)"))
        }
      }
      return checkup
    }
  }
}

extension Error {
  /// What is wrong with a file by this error; nil: it does not speak of the file.
  fileprivate var damage: String? {
    if self is RowDecodingError { return "a value is not of the type of its column" }
    if let error = self as? SweepError { return error.diagnostics.first?.problem }
    guard let error = self as? DatabaseError, error.resultCode == .SQLITE_CORRUPT else { return nil }
    return error.message
  }
}

private struct Checks {
  typealias Result = (count: Int, findings: [Finding])

  let db: Database

  init(_ db: Database) { self.db = db }

  func run(_ check: Finding.Check, _ isSequential: (SweepRecord) -> Bool) throws -> Result {
    switch check {
    case .file: try file()
    case .orphans: try orphans()
    case .parameters: try parameters()
    case .epochs: try epochs(isSequential)
    case .summaries: try summaries()
    case .answers: try answers()
    case .checkpoints: try checkpoints()
    case .views: try views()
    }
  }

  /// Pages.
  func file() throws -> Result {
    let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
    let lines = try String.fetchAll(db, sql: "PRAGMA integrity_check(100)").filter { $0 != "ok" }
    return (
      pages,
      lines.map { line in
        let isOfIndex = line.contains("missing from index") || line.contains("entries in index")
        return Finding(.file, line, repair: isOfIndex ? .reindex : nil)
      }
    )
  }

  /// Rows of tables that refer to others.
  func orphans() throws -> Result {
    let rows = try Row.fetchAll(db, sql: "SELECT \"table\" AS t, parent, count(*) AS n FROM pragma_foreign_key_check GROUP BY t, parent")
    let count = try ["trial", "metric", "epoch_metric", "trial_metric", "checkpoint", "event"].reduce(0) {
      $0 + (try Int.fetchOne(db, sql: "SELECT count(*) FROM \($1)") ?? 0)
    }
    return (
      count,
      try rows.map { row in
        let (table, parent) = (try row.get("t") as String, try row.get("parent") as String)
        let number = try row.get("n") as Int
        return Finding(
          .orphans, "\(counted(number, "row")) of \(table) \(number == 1 ? "belongs" : "belong") to a \(parent) that is not there",
          repair: .deleteOrphans)
      }
    )
  }

  func parameters() throws -> Result {
    try forEachTrial(.parameters) { trial, add in
      guard let assignment = Assignment(json: trial.parameters) else { return add("the parameters cannot be read", nil) }
      if assignment.json != trial.parameters { add("the parameters are not in the one way in which they are written", nil) }
    }
  }

  func epochs(_ isSequential: (SweepRecord) -> Bool) throws -> Result {
    let sequential = try sweeps().mapValues(isSequential)
    let numbers = try db.cachedStatement(
      sql:
        "SELECT count(DISTINCT epoch), ifnull(min(epoch), 1), ifnull(max(epoch), 0), count(DISTINCT metric_id), count(*) FROM epoch_metric WHERE trial_id = ?"
    )
    return try forEachTrial(.epochs) { trial, add in
      guard let row = try Row.fetchOne(numbers, arguments: [trial.id]) else { return }
      let (count, first, last) = (try row.get(0) as Int, try row.get(1) as Int, try row.get(2) as Int)
      if sequential[trial.sweep] == true {
        let again: Finding.Repair? = trial.isPlanned ? .runAgain(trial: trial.id) : nil
        let planned = Assignment(json: trial.parameters).flatMap { if case .integer(let epochs)? = $0["epochs"] { epochs } else { nil } }
        if first != 1 || count != last {
          return add("it lacks \(try missing(trial.id, last)) of \(counted(last, "epoch"))", again)
        }
        if try count * row.get(3) != row.get(4) { return add("an epoch lacks metrics that others have", again) }
        if trial.state == TrialState.complete.rawValue, let planned, last != planned {
          return add("it is complete, and has \(last) of \(planned) epochs", again)
        }
      }
      if last != trial.epochsDone { add("it is said to have \(counted(trial.epochsDone, "epoch")), and has \(last)", .recompute(trial: trial.id)) }
    }
  }

  /// "3 (1, 4, 7)"
  private func missing(_ trial: Int64, _ last: Int) throws -> String {
    let there = try Set(Int.fetchAll(db, sql: "SELECT DISTINCT epoch FROM epoch_metric WHERE trial_id = ?", arguments: [trial]))
    let gone = (1...max(1, last)).filter { !there.contains($0) }
    return "\(gone.count) (\(gone.prefix(5).map(String.init).joined(separator: ", "))\(gone.count > 5 ? ", …" : ""))"
  }

  func summaries() throws -> Result {
    let objectives = try sweeps().mapValues { sweep in
      try sweep.objectives.map { objective in
        (
          objective: objective,
          metric: try Int64.fetchOne(db, sql: "SELECT id FROM metric WHERE sweep_id = ? AND name = ?", arguments: [sweep.id, objective.metric])
        )
      }
    }
    return try forEachTrial(.summaries) { trial, add in
      let made = try MetricSummary.ofEpochs(db, trialID: trial.id)
      let kept = try MetricSummary.kept(db, trialID: trial.id)
      let repair = Finding.Repair.recompute(trial: trial.id)
      if made != kept { return add("a summary of its metrics is not that of its epochs", repair) }
      guard let objectives = objectives[trial.sweep] else { return }
      let further = try objectives.count == 1 ? [] : objectiveValues(of: trial.id)
      for (place, (objective, metric)) in objectives.enumerated() {
        let value = metric.flatMap { made[$0]?.value(objective) }
        let kept = place == 0 ? trial.objective : further.first { $0.place == place + 1 }?.value
        if value != kept {
          let which = objectives.count == 1 ? "its objective is" : "its \(objective.metric) as an objective is"
          add("\(which) \(kept.map(\.description) ?? "missing"), and by its epochs \(value.map(\.description) ?? "missing")", repair)
        }
      }
      if let stray = further.first(where: { $0.place > objectives.count }) {
        add("it has a value of objective \(stray.place), which is none", repair)
      }
    }
  }

  private func objectiveValues(of trial: Int64) throws -> [(place: Int, value: Double?)] {
    try Row.fetchAll(db.cachedStatement(sql: "SELECT place, value FROM objective_value WHERE trial_id = ?"), arguments: [trial])
      .map { (try $0.get(0), try $0.get(1)) }
  }

  func answers() throws -> Result {
    guard try db.tableExists("prediction") else { return (0, []) }
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT trial.number, trial.sweep_id, trial.id, split_id, images, labels, correct, predicted, length(probability), p.epoch, trial.state
        FROM prediction AS p JOIN trial ON trial.id = trial_id JOIN split ON split.id = split_id
        """)
    let sweeps = try sweeps()
    var result: Result = (0, [])
    while let row = try rows.next() {
      result.count += 1
      let (id, split, images) = (try row.get(2) as Int64, try row.get(3) as Int64, try row.get(4) as Int)
      let (labels, correct, predicted) = ([UInt8](try row.get(5) as Data), [UInt8](try row.get(6) as Data), [UInt8](try row.get(7) as Data))
      let sweep = sweeps[try row.get(1)]
      func add(_ problem: String, _ repair: Finding.Repair) throws {
        result.findings.append(Finding(.answers, problem, sweep: sweep?.name, trial: try row.get(0), repair: repair))
      }
      guard labels.count == images, predicted.count == images, try row.get(8) == 2 * images else {
        try add("its answers have another length than their split", .forgetAnswers(trial: id))
        continue
      }
      if correct != Bitset(zip(labels, predicted).map { $0 == $1 }).bytes {
        try add("which images it labelled rightly is not what its answers say", .recount(trial: id, split: split))
      }
      if let sweep, try row.get(10) == TrialState.complete.rawValue, try row.get(9) != sweep.objective.epoch(db, of: id, sweepID: sweep.id) {
        try add("its answers are of another epoch than the one that counts", .forgetAnswers(trial: id))
      }
    }
    let models = try Row.fetchAll(
      db, sql: "SELECT trial.id, sweep_id, number, model.epoch FROM model JOIN trial ON trial.id = trial_id WHERE trial.state = 'complete'")
    for model in models {
      result.count += 1
      let id = try model.get(0) as Int64
      guard let sweep = sweeps[try model.get(1)], try model.get(3) != sweep.objective.epoch(db, of: id, sweepID: sweep.id) else { continue }
      result.findings.append(
        Finding(
          .answers, "its model is of another epoch than the one that counts", sweep: sweep.name, trial: try model.get(2),
          repair: .forgetModel(trial: id)))
    }
    return result
  }

  func checkpoints() throws -> Result {
    let find = try db.cachedStatement(sql: "SELECT epoch FROM checkpoint WHERE trial_id = ?")
    var result = try forEachTrial(.checkpoints) { trial, add in
      guard let epoch = try Int.fetchOne(find, arguments: [trial.id]) else { return }
      if trial.state != TrialState.waiting.rawValue, trial.state != TrialState.running.rawValue {
        add("it is \(trial.state), and still has a checkpoint", .forgetCheckpoint(trial: trial.id))
      } else if epoch > trial.epochsDone {
        add("its checkpoint is of epoch \(epoch), and it has \(counted(trial.epochsDone, "epoch"))", .forgetCheckpoint(trial: trial.id))
      }
    }
    result.count = try Int.fetchOne(db, sql: "SELECT count(*) FROM checkpoint") ?? 0
    return result
  }

  func views() throws -> Result {
    let sweeps = try sweeps().values.sorted { $0.id < $1.id }
    return (
      sweeps.count,
      sweeps.compactMap { sweep in
        // A file that is only read may be of a time before there were answers.
        let names = ["trials", "epochs"] + ((try? db.tableExists("prediction")) == true ? ["predictions"] : [])
        let broken = names.filter { name in (try? db.makeStatement(sql: "SELECT * FROM \"\(name)_\(sweep.slug)\"")) == nil }
        guard !broken.isEmpty else { return nil }
        return Finding(
          .views, "\(broken.map { "\($0)_\(sweep.slug)" }.joined(separator: ", ")) cannot be asked", sweep: sweep.name,
          repair: .remakeViews(sweep: sweep.id))
      }
    )
  }

  // MARK: what all checks need

  struct TrialRow {
    let (id, sweep, number, epochsDone): (Int64, Int64, Int, Int)
    let (parameters, state): (String, String)
    let objective: Double?
    let isPlanned: Bool
  }

  private func sweeps() throws -> [Int64: SweepRecord] {
    Dictionary(try SweepRecord.fetch(db, "").map { ($0.id, $0) }, uniquingKeysWith: { $1 })
  }

  private func forEachTrial(_ check: Finding.Check, _ body: (TrialRow, _ add: (String, Finding.Repair?) -> Void) throws -> Void) throws -> Result {
    let names = try sweeps().mapValues(\.name)
    let rows = try Row.fetchCursor(db, sql: "SELECT id, sweep_id, number, epochs_done, parameters, state, objective, planned FROM trial ORDER BY id")
    var result: Result = (0, [])
    while let row = try rows.next() {
      let trial = TrialRow(
        id: try row.get(0), sweep: try row.get(1), number: try row.get(2), epochsDone: try row.get(3), parameters: try row.get(4),
        state: try row.get(5), objective: try row.get(6), isPlanned: try row.get(7))
      result.count += 1
      var found: [Finding] = []
      func add(_ problem: String, _ repair: Finding.Repair?) {
        found.append(Finding(check, problem, sweep: names[trial.sweep], trial: trial.number, repair: repair))
      }
      try body(trial, add)
      result.findings += found
    }
    return result
  }
}

// One sweep under torture: run, disturbed, looked at and resumed until it is complete, then compared with the one that nobody disturbed.
// What each fault does is in Torment+Faults; what is right is in Reference.

import Foundation
import SweepCore
import SweepNumerics
import SweepStore
import SweepTestSupport

final class Torment {
  let workload: Workload
  let reference: Reference
  let folder: String
  var random: SeededGenerator
  var tally = Tally()
  private(set) var violations = 0
  /// Where it is, for what is told.
  private var place = ""
  private let name: String
  private var reader: LongReader?
  private var runs = 0
  private var seen = Seen()

  /// What was recorded when it was last looked at.
  private struct Seen {
    var places = Set<ValuePlace>()
    var ended = 0
    var valuesOfEnded = 0
  }

  /// How a disturbed run ended.
  struct End {
    /// It exited with 0: there is nothing left to do.
    var isOver = false
    /// It stopped in good order: nothing is left running, and the one file holds everything unless somebody reads it.
    var isClean = false
  }

  /// - Parameters:
  ///   - seed: of the whole torture.
  ///   - index: which sweep of it this is.
  init(_ workload: Workload, _ reference: Reference, seed: Int, index: Int) throws {
    (self.workload, self.reference) = (workload, reference)
    random = SeededGenerator(seed: seed, purpose: .sampling, index: index)
    name = "seed \(seed), sweep \(index) (\(workload.name))"
    folder = try Self.makeFolder(for: workload)
  }

  var database: String { folder + "/results.sqlite" }

  static func makeFolder(for workload: Workload) throws -> String {
    // The real path: that is what the processes of its trials know.
    let folder = (NSTemporaryDirectory() as NSString).resolvingSymlinksInPath + "/sweep-torture-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(workload.file.utf8).write(to: URL(fileURLWithPath: folder + "/sweep.yaml"))
    if let script = workload.script { try Data(script.utf8).write(to: URL(fileURLWithPath: folder + "/trial.sh")) }
    return folder
  }

  /// Removes a folder, after those who might still write into it.
  static func remove(_ folder: String) {
    if Interruption.isAsked { Interruption.endChildren() }
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Disturbs the sweep until it is complete anyway, or enough was done, and then lets it end.
  /// - Parameter isEnough: told what was done so far.
  func run(until isEnough: (Tally) -> Bool, progress: (Tally) -> Void) throws {
    defer { if violations == 0 || Interruption.isAsked { Self.remove(folder) } }
    var step = 0
    var isOver = false
    while !isOver, !isEnough(tally) {
      step += 1
      let fault = Fault.drawn(by: &random)
      let delay = Fault.delay(undisturbed: reference.seconds, drawnBy: &random)
      let (reads, leaves, removes) = (random.chance(0.12), random.chance(0.4), random.chance(0.4))
      place = "step \(step), \(fault.rawValue) after \(Int(delay * 1000)) ms"
      try judged {
        if reader == nil, reads, LongReader.isThere, !workload.isFar, FileManager.default.fileExists(atPath: database) {
          reader = try LongReader(database: database)
          tally.longReaders += 1
        }
        let end = try disturb(fault, after: delay)
        isOver = end.isOver
        try look(after: end)
        if reader == nil { remove(end.isClean ? ["-wal", "-shm"] : removes ? ["-shm"] : []) }
        if leaves { try endReader() }
      }
      progress(tally)
    }
    place = "at its end"
    try judged { try endReader() }
    try judged { try finish() }
    tally.sweeps += 1
    progress(tally)
  }

  /// Tells what the body finds wrong, and goes on.
  private func judged(_ body: () throws -> Void) throws {
    do { try body() } catch let error as SweepError where error.kind == .interrupted { throw error } catch {
      tell("\(error)")
      // Whoever is left of this step would be in the way of the next.
      Interruption.endChildren()
      reader = nil
    }
  }

  /// Tells that something does not hold.
  func tell(_ problem: String) {
    violations += 1
    TortureCommand.complain("VIOLATED: \(name), \(place): \(problem) — kept in \(folder)")
  }

  /// Starts a run of the sweep, from its file, or where it is planned also by its name.
  func start(_ forced: String? = nil, environment: [String: String] = [:]) throws -> Runner {
    let byName = random.chance(0.5)
    let workers = Int.random(in: workload.workers, using: &random)
    let command = try forced ?? (byName && isPlanned() ? "resume" : "run")
    runs += 1
    if runs > 1 { tally.resumes += 1 }
    let arguments = [command, command == "run" ? "sweep.yaml" : workload.name, "--quiet", "--workers", "\(workers)"]
    let far = workload.isFar ? ["SWEEP_FAULT_SHARED_MEMORY": "1"] : [:]
    return try Runner(arguments, in: folder, environment: FaultLibrary.environment.merging(far) { $1 }.merging(environment) { $1 })
  }

  /// Asks the database, if the sweep is in it.
  func recorded<Value>(_ body: (Recorded) throws -> Value) throws -> Value? {
    guard let recorded = try Recorded(database) else { return nil }
    defer { try? recorded.close() }
    return try body(recorded)
  }

  func count(_ sql: String) throws -> Int { try recorded { try $0.count(sql) } ?? 0 }

  private func isPlanned() throws -> Bool { try recorded { _ in true } ?? false }

  private func endReader() throws {
    defer { reader = nil }
    try reader?.end()
  }

  private func remove(_ endings: [String]) {
    for ending in endings where unlink(database + ending) == 0 { tally.removedFiles += 1 }
  }

  /// What must hold after every fault.
  private func look(after end: End) throws {
    try recorded { recorded in
      let check = try recorded.rows("PRAGMA quick_check")
      if check != [[.text("ok")]] { tell("quick_check says \(check)") }
      let left = try recorded.count("SELECT count(*) FROM trial WHERE state IN ('waiting', 'running')")
      if end.isOver, left > 0 { tell("it ended with 0, and \(counted(left, "trial")) did not") }
      let running = try recorded.count("SELECT count(*) FROM trial WHERE state = 'running'")
      if end.isClean, running > 0 { tell("it stopped in good order, and \(counted(running, "trial")) did not") }
      if let sql = workload.wrongValues {
        let wrong = try recorded.count(sql)
        if wrong > 0 { tell("\(counted(wrong, "value")) of epochs are wrong") }
      } else {
        let comparison = try reference.compare(recorded, isWhole: false)
        if comparison.differences + comparison.twice > 0 { tell("epochs differ: \(comparison.examples)") }
        let lost = seen.places.subtracting(comparison.places)
        if workload.hasCheckpoints, let first = lost.first { tell("\(counted(lost.count, "value")) lost that had been recorded, such as \(first)") }
        seen.places = comparison.places
      }
      let ended = try recorded.count("SELECT count(*) FROM trial WHERE state NOT IN ('waiting', 'running')")
      let values = try recorded.count(
        "SELECT count(*) FROM trial JOIN epoch_metric ON trial_id = trial.id WHERE state NOT IN ('waiting', 'running')")
      if ended < seen.ended || values < seen.valuesOfEnded {
        tell("\(seen.ended) trials with \(seen.valuesOfEnded) values had ended, and now \(ended) with \(values)")
      }
      (seen.ended, seen.valuesOfEnded) = (ended, values)
    }
  }

  /// Lets the sweep end and compares everything.
  private func finish() throws {
    let result = try start().end()
    if result.status != 0 { tell("it does not go on to its end: exit code \(result.status): \(result.errors.suffix(300))") }
    let expected = ["results.sqlite", "results.sqlite-trials", "sweep.yaml", "trial.sh"]
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") && !expected.contains($0) }
    if !files.isEmpty { tell("when it has ended there are still \(files.sorted())") }
    if try !Interruption.wait(atMost: 2, until: { Processes.ofTrials(in: folder).isEmpty }) {
      tell("processes of its trials still run: \(Processes.ofTrials(in: folder))")
    }
    let isThere: Bool? = try recorded { recorded in
      let comparison = try reference.compare(recorded, isWhole: true)
      tally.epochs += comparison.epochs
      tally.differences += comparison.differences
      tally.missing += comparison.missing
      tally.twice += comparison.twice
      if !comparison.examples.isEmpty {
        tell("\(comparison.differences) values differ, \(comparison.missing) are missing, \(comparison.twice) twice: \(comparison.examples)")
      }
      if let difference = try reference.difference(recorded) { tell("otherwise than undisturbed: \(difference)") }
      for (sql, expected) in Self.sound {
        let rows = try recorded.rows(sql)
        if rows != expected { tell("\(sql) answers \(rows.prefix(3))") }
      }
      return true
    }
    if isThere == nil { tell("there is nothing in the database") }
  }

  /// What a complete database answers.
  private static let sound: [(String, [[ParameterValue]])] = [
    ("PRAGMA integrity_check", [[.text("ok")]]), ("PRAGMA foreign_key_check", []), ("SELECT trial_id FROM checkpoint", []),
    ("SELECT number FROM trial WHERE state IN ('waiting', 'running')", []), ("SELECT trial_id FROM attempt WHERE result IS NULL", []),
    (
      """
      SELECT number, epochs_done, found, highest FROM trial JOIN
        (SELECT trial_id, count(DISTINCT epoch) AS found, max(epoch) AS highest FROM epoch_metric GROUP BY trial_id) ON trial_id = trial.id
      WHERE found <> highest OR highest <> epochs_done
      """, []
    ),
  ]
}

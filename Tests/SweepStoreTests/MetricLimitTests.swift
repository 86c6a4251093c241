// A sweep has a thousand metrics at most, whoever reports them: each is a column of its views, and SQLite has views of 2000.

import Foundation
import GRDB
import SweepTestSupport
import Testing

struct MetricLimitTests {
  private let folder = TemporaryFolder()
  private var binary: SweepBinary { SweepBinary(in: folder.path) }
  private var database: String { folder.path("results.sqlite") }

  private func ask(_ count: Int) throws {
    try folder.write(
      "name: k\ntrainer: ask\nmethod: grid\nmetric: {name: acc, goal: maximize}\nparameters: {x: {min: 1, max: \(count)}}\n", to: "k.yaml")
    for _ in 0..<count { #expect(try binary.run("ask", "k.yaml").status == 0) }
  }

  /// What a process tells of a trial: its objective, and 900 metrics that nobody else has.
  private func words(of trial: Int) -> [String] { ["tell", "\(trial)", "acc=0.\(trial)"] + (1...900).map { "m\(trial)_\($0)=\($0)" } }

  private func integer(_ sql: String) throws -> Int {
    try DatabaseQueue(path: database).read { try Int.fetchOne($0, sql: sql) ?? -1 }
  }

  private func expectAThousand() throws {
    #expect(try integer("SELECT count(*) FROM metric") == 1000)
    #expect(try integer("SELECT count(acc) FROM trials_k") == 3)
    #expect(try integer("SELECT count(*) FROM epochs_k") == 3)
    #expect(try integer("SELECT count(*) FROM trial WHERE state = 'complete'") == 3)
    // 999 beside the objective, and that of three.
    #expect(try integer("SELECT count(*) FROM epoch_metric") == 999 + 3)
    #expect(try integer("SELECT count(*) FROM event WHERE detail LIKE '%are not recorded'") == 1)
    let query = try binary.run("query", "SELECT max(acc) AS best FROM trials_k", "--format", "csv")
    #expect(query.output == "best\n0.3\n", "\(query.errors)")
    #expect(try binary.run("check").status == 0)
  }

  @Test func processesOneAfterTheOtherHaveAThousandTogether() throws {
    try ask(3)
    for trial in 1...3 {
      let told = try binary.run(words(of: trial))
      #expect(told.status == 0, "\(told.errors)")
    }
    #expect(try integer("SELECT count(m1_900) FROM trials_k") == 1)
    try expectAThousand()
  }

  @Test func processesAtOnceHaveAThousandTogether() throws {
    try ask(3)
    let children = try (1...3).map { try binary.start(words(of: $0)) }
    for child in children {
      let told = child.wait()
      #expect(told.status == 0, "\(told.errors)")
    }
    try expectAThousand()
  }

  /// As a version before wrote it, which counted what one process told.
  @Test func aDatabaseWithMoreIsMended() throws {
    try ask(3)
    for trial in 1...3 { #expect(try binary.run("tell", "\(trial)", "acc=0.\(trial)", "loss=\(trial)").status == 0) }
    try DatabaseQueue(path: database).write { db in
      for number in 1...2698 { try db.execute(sql: "INSERT INTO metric (sweep_id, name) VALUES (1, ?)", arguments: ["m\(number)"]) }
      let columns = try Row.fetchAll(db, sql: "SELECT id, name FROM metric").map { row in
        "(SELECT m.last FROM trial_metric AS m WHERE m.trial_id = t.id AND m.metric_id = \(row[0] as Int)) AS \"\(row[1] as String)\""
      }
      try db.execute(sql: "DROP VIEW trials_k")
      try db.execute(sql: "CREATE VIEW trials_k AS SELECT t.number AS trial, \(columns.joined(separator: ", ")) FROM trial AS t WHERE sweep_id = 1")
    }
    #expect(try integer("SELECT count(*) FROM metric") == 2700)
    #expect(try binary.run("query", "SELECT count(*) FROM trials_k").errors.contains("too many columns"))
    let check = try binary.run("check")
    #expect(check.status == 65 && check.errors.contains("trials_k cannot be asked"), "\(check.errors)")
    let repair = try binary.run("check", "--repair")
    #expect(repair.status == 0 && repair.errors.contains("mended 1 finding"), "\(repair.errors)")
    #expect(try integer("SELECT count(*) FROM trials_k WHERE acc > 0 AND loss = trial") == 3)
    #expect(try binary.run("check").status == 0)
    // Nothing that was told is gone, and the ranking is what it was.
    #expect(try integer("SELECT count(*) FROM metric") == 2700)
    #expect(try binary.run("rank", "--format", "csv").output.split(separator: "\n").count == 4)
  }
}

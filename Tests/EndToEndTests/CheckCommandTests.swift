// `sweep check`, `sweep backup` and `sweep query` as a user runs them, also one who means harm.

import Foundation
import SweepTestSupport
import Testing

struct CheckCommandTests {
  private let folder = TemporaryFolder()
  private var binary: SweepBinary { SweepBinary(in: folder.path) }

  private func run() throws {
    try folder.write(CommandTests.small, to: "small.yaml")
    #expect(try binary.run("run", "small.yaml", "-q").status == 0)
  }

  private func damage(_ sql: String) throws {
    let result = try binary.run([folder.path("results.sqlite"), sql], program: "/usr/bin/sqlite3")
    #expect(result.status == 0, "\(result.errors)")
  }

  @Test func aSoundDatabaseHasNoProblems() throws {
    try run()
    let check = try binary.run("check", "--format", "csv")
    #expect(check.status == 0 && check.errors.isEmpty)
    let rows = check.output.split(separator: "\n").dropFirst()
    #expect(rows.count == 8 && rows.allSatisfy { $0.hasSuffix(",0") })
  }

  @Test func whatIsWrongIsToldWithItsRemedyMendedAndRunAgain() throws {
    try run()
    let before = try Results.metrics(folder.path("results.sqlite"))
    try damage("DELETE FROM epoch_metric WHERE trial_id = 2 AND epoch = 1; UPDATE trial SET objective = 2 WHERE id = 3")
    let check = try binary.run("check")
    #expect(check.status == 65)
    #expect(check.errors.contains("epochs: trial 2 of 'small': it lacks 1 (1) of "))
    #expect(check.errors.contains("summaries: trial 3 of 'small': its objective is 2.0"))
    #expect(check.errors.contains("'sweep check --repair' mends all of it"))
    let repair = try binary.run("check", "--repair")
    #expect(repair.status == 0 && repair.errors.contains("the file as it was is results.sqlite-before-repair"), "\(repair.errors)")
    #expect(repair.errors.contains("sweep resume small"))
    #expect(try binary.run("resume", "small", "-q").status == 0)
    #expect(try binary.run("check").status == 0)
    #expect(try Results.metrics(folder.path("results.sqlite")) == before)
  }

  @Test func nothingIsMendedWhileASweepRuns() throws {
    try folder.write(endlessSweep, to: "torture.yaml")
    let child = try binary.start(["run", "torture.yaml", "-q", "--workers", "1"])
    Results.wait(child, for: 20, in: folder.path("results.sqlite"))
    // It may be checked and copied.
    #expect(try binary.run("check").status == 0)
    #expect(try binary.run("backup", "copy.sqlite").status == 0)
    #expect(try binary.run("check", "--db", "copy.sqlite").status == 0)
    let changed = try binary.run(
      [folder.path("results.sqlite"), "PRAGMA busy_timeout = 5000; UPDATE trial SET objective = 7 WHERE state = 'waiting'"],
      program: "/usr/bin/sqlite3")
    #expect(changed.status == 0, "\(changed.errors)")
    let repair = try binary.run("check", "--repair")
    #expect(repair.status == 75 && repair.errors.contains("is being run by another process"), "\(repair.errors)")
    child.send(SIGTERM)
    #expect(child.wait().status == 130)
  }

  @Test func aCopyThatWasTakenInTheMiddleCanBeGoneOnWith() throws {
    try folder.write(tortureSweep, to: "torture.yaml")
    let child = try binary.start(["run", "torture.yaml", "-q", "--workers", "2"])
    Results.stop(child, after: 200, in: folder.path("results.sqlite"))
    #expect(try binary.run("backup", "copy.sqlite").status == 0)
    child.send(SIGCONT)
    #expect(child.wait().status == 0)
    #expect(try Results.integer(folder.path("copy.sqlite"), "SELECT count(*) FROM trial WHERE state IN ('waiting', 'running')") > 0)
    let resumed = try binary.run("resume", "--db", "copy.sqlite", "-q")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try Results.metrics(folder.path("copy.sqlite")) == Results.metrics(folder.path("results.sqlite")))
  }

  @Test func namesThatWouldDriveATerminalAreSpelledOut() throws {
    let name = "a\u{1b}[31m'\"\n../../x`touch pwned`$(touch pwned)<b>"
    let metric = "los\u{1b}]0;s\u{7}'\"`touch pwned`<b>"
    func json(_ text: String) throws -> String { String(decoding: try JSONEncoder().encode(text), as: UTF8.self) }
    try folder.write(
      """
      name: \(json(name))
      command: [python3, trial.py, "${args}"]
      method: grid
      metric: {name: \(json(metric)), goal: minimize}
      parameters: {p: {values: [\(json(name)), "../../w"]}, q: {values: [1, 2]}}
      """, to: "hostile.yaml")
    try folder.write(
      """
      import json, os
      with open(os.environ["SWEEP_REPORT"], "w") as file:
        for epoch in range(1, 4): file.write(json.dumps({"epoch": epoch, json.loads(r'''\(json(metric))'''): 1 / epoch}) + "\\n")
      """, to: "trial.py")
    let run = try binary.run("run", "hostile.yaml")
    #expect(run.status == 0, "\(run.errors)")
    let commands = [
      ["status"], ["list"], ["rank", "--all"], ["rank", "--format", "json"], ["rank", "--format", "markdown"], ["rank", "--format", "html"],
      ["show", "1"], ["query"], ["query", "SELECT * FROM trial"], ["importance"], ["plot", "curves"], ["plot", "slice", "--output", "p.svg"],
      ["report", "--output", "r.html"], ["report", "--output", "r.md"], ["check"], ["backup", "b.sqlite"], ["resume"],
    ]
    for command in commands {
      let result = try binary.run(command)
      #expect(result.status == 0, "\(command) \(result.errors)")
      #expect(!(result.output + result.errors).contains("\u{1b}"), "\(command)")
    }
    for file in ["r.html", "r.md", "p.svg"] {
      let text = try String(contentsOfFile: folder.path(file), encoding: .utf8)
      #expect(!text.contains("\u{1b}") && (file == "r.md" || !text.contains("<b>")), "\(file)")
    }
    let files = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    #expect(!files.contains { $0.hasSuffix("pwned") })
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("results.sqlite-trials")).count == 1)
  }

  @Test func aQueryMayNotWriteNorReadOtherFilesNorGoOnForEver() throws {
    try run()
    let before = try Data(contentsOf: URL(fileURLWithPath: folder.path("results.sqlite")))
    let statements = [
      "ATTACH 'other.sqlite' AS other": "no other file can be attached", "VACUUM INTO 'copy.sqlite'": "only reads",
      "DELETE FROM trial": "only reads", "PRAGMA journal_mode = DELETE": "only reads", "SELECT load_extension('x')": "not authorized",
      "SELECT writefile('x', 'y')": "no such function", "SELECT 1; SELECT 2": "more than one statement",
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n": "took more than 0.5 s",
      "SELECT json_group_array(hex(zeroblob(1000000))) FROM epoch_metric JOIN epoch_metric": "more memory than it may have",
      "SELECT hex(zeroblob(9000000))": "too big",
    ]
    for (sql, complaint) in statements {
      let result = try binary.run("query", sql, "--timeout", "0.5")
      #expect(result.status == 65 && result.errors.contains(complaint), "\(sql): \(result.errors)")
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("results.sqlite"))) == before)
    #expect(try Set(FileManager.default.contentsOfDirectory(atPath: folder.path)).isDisjoint(with: ["other.sqlite", "copy.sqlite", "x"]))
  }

  @Test func ctrlCEndsAQueryAtOnce() throws {
    try run()
    // The tests may run where it is ignored.
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    let child = try binary.start(["--default-signal=INT", SweepBinary.path, "query", endless, "--timeout", "0"], program: "/usr/bin/env")
    usleep(200_000)
    #expect(child.isRunning)
    child.send(SIGINT)
    #expect(child.wait().status == 128 + SIGINT)
  }
}

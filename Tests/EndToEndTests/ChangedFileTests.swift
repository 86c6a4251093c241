// The file of a sweep that has results is run again and is not what it was: what may change its numbers is told of or refused.

import Foundation
import SweepTestSupport
import Testing

struct ChangedFileTests {
  private let folder = TemporaryFolder()
  private var binary: SweepBinary { SweepBinary(in: folder.path) }
  private func texts(_ sql: String) throws -> [String] { try Results.texts(folder.path("results.sqlite"), sql) }

  private static let content = """
    name: c
    command: [sh, ./trial.sh, '${args_no_hyphens}']
    method: grid
    metric: {name: acc, goal: maximize}
    environment: {A: one}
    report: {epoch: epoch}
    parameters: {x: {values: [1, 2]}}
    """

  private func run(_ content: String) throws -> SweepBinary.Result {
    try folder.write(content, to: "c.yaml")
    return try binary.run("run", "c.yaml", "-q")
  }

  /// Runs one file, then another.
  private func run(_ content: String, then changed: String) throws -> SweepBinary.Result {
    for name in ["trial.sh", "sub/trial.sh"] { try folder.write(Array("echo epoch=1 acc=${1#x=}".utf8), to: name) }
    let first = try run(content)
    #expect(first.status == 0 && !first.errors.contains("warning"), "\(first.errors)")
    return try run(changed)
  }

  @Test(arguments: [
    ("{A: one}", "{A: two}", ["the environment.A was one when trials of 'c' ran, and is now two —"]),
    ("environment: {A: one}\n", "", ["the environment.A was one when trials of 'c' ran, and is now not set —"]),
    (
      "{A: one}", "{B: x}",
      ["environment.A was one when trials of 'c' ran, and is now not set —", "environment.B was not set when", "and is now x —"]
    ),
    ("name: c\n", "name: c\nfolder: sub\n", ["the folder was . when trials of 'c' ran, and is now sub —"]),
    ("{epoch: epoch}", "{epoch: step}", ["the report.epoch was epoch when trials of 'c' ran, and is now step —"]),
    ("{epoch: epoch}", "{epoch: epoch, pattern: 'acc=(?<acc>[0-9]+) (?<epoch>[0-9]+)'}", ["the report.pattern was not set when", "acc=(?<acc>"]),
    ("[sh, ", "[sh, -e, ", ["the command was sh ./trial.sh ${args_no_hyphens} when", "is now sh -e ./trial.sh ${args_no_hyphens} —"]),
  ])
  func whatOnlyTheProgramsAuthorCanJudgeIsRefusedWithTheTwoWaysOn(old: String, new: String, told: [String]) throws {
    let result = try run(Self.content, then: Self.content.replacing(old, with: new))
    #expect(result.status == 65)
    for text in told + ["give it a name of its own: --name NEW-NAME; if it is the same, and its numbers too, say so: --same"] {
      #expect(result.errors.contains(text), "\(result.errors)")
    }
    // Both ways on are what they are said to be.
    let other = try binary.run("run", "c.yaml", "-q", "--name", "other")
    #expect(other.status == 0, "\(other.errors)")
    let same = try binary.run("run", "c.yaml", "-q", "--same")
    #expect(same.status == 0 && same.output.contains("2.0000"), "\(same.errors)")
    #expect(try binary.run("run", "c.yaml", "-q").status == 0, "it is that file from now on")
    #expect(try texts("SELECT count(*) FROM attempt JOIN trial ON trial.id = trial_id JOIN sweep ON sweep.id = sweep_id WHERE name = 'c'") == ["2"])
  }

  // MARK: another project

  private static func project(_ value: String) -> [String: String] {
    [
      "sweep.yaml": "command: [sh, ./trial.sh]\nmethod: grid\nmetric: {name: loss}\nparameters: {x: {values: [1, 2]}}",
      "trial.sh": "echo loss=\(value)",
    ]
  }

  private func write(_ files: [String: String], to project: String) throws {
    for (name, text) in files { try folder.write(Array(text.utf8), to: "\(project)/\(name)") }
  }

  @Test(arguments: ["one database, each from its folder", "one folder, two files"]) func aSecondProjectOfTheSameNameIsRefused(how: String) throws {
    try write(Self.project("0.5"), to: "a")
    try write(Self.project("0.9"), to: "b")
    func run(_ project: String, _ arguments: String...) throws -> SweepBinary.Result {
      how.hasPrefix("one database")
        ? try SweepBinary(in: folder.path(project), environment: ["SWEEP_DB": folder.path("results.sqlite")]).run(
          ["run", "sweep.yaml", "-q"] + arguments)
        : try binary.run(["run", "\(project)/sweep.yaml", "-q"] + arguments)
    }
    try folder.write(Array("echo loss=0.1".utf8), to: "trial.sh")
    #expect(try run("a").status == 0)
    let refused = try run("b")
    #expect(refused.status == 65 && refused.output.isEmpty)
    #expect(refused.errors.contains("the file was a/sweep.yaml when trials of 'sweep' ran, and is now b/sweep.yaml"), "\(refused.errors)")
    #expect(refused.errors.contains("give it a name of its own: --name NEW-NAME; if it is the same, and its numbers too, say so: --same"))
    #expect(try run("b", "--name", "b").status == 0)
    #expect(try run("b", "--same").status == 0, "its user knows better")
    #expect(try run("b").status == 0)
    #expect(try run("a").status == 65)
    #expect(try texts("SELECT name FROM sweep ORDER BY 1") == ["b", "sweep"])
  }

  @Test func aProjectMayMoveWithItsDatabase() throws {
    try write(Self.project("0.5"), to: "a")
    #expect(try SweepBinary(in: folder.path("a")).run("run", "sweep.yaml", "-q").status == 0)
    try FileManager.default.moveItem(atPath: folder.path("a"), toPath: folder.path("moved"))
    let again = try SweepBinary(in: folder.path("moved")).run("run", "sweep.yaml", "-q")
    #expect(again.status == 0, "\(again.errors)")
  }

  @Test func aFileThatIsTheSameByAnotherWayIsTheSame() throws {
    try write(Self.project("0.5"), to: "a")
    #expect(symlink(folder.path("a"), folder.path("link")) == 0)
    func run(_ arguments: [String], in place: String) throws -> Int32 {
      try SweepBinary(in: folder.path(place), environment: ["SWEEP_DB": folder.path("a/results.sqlite")]).run(["run"] + arguments + ["-q"]).status
    }
    for path in ["sweep.yaml", "./sweep.yaml", "../a/sweep.yaml", folder.path("a/sweep.yaml")] { #expect(try run([path], in: "a") == 0, "\(path)") }
    #expect(try run(["sweep.yaml"], in: "link") == 0, "a link to the folder")
    // What has no results yet is nobody's.
    try write(
      Self.project("0.5").merging(["sweep.yaml": "trainer: ask\nmethod: grid\nmetric: {name: loss}\nparameters: {x: {value: 1}}"]) { $1 }, to: "c")
    try write(
      Self.project("0.5").merging(["sweep.yaml": "trainer: ask\nmethod: grid\nmetric: {name: loss}\nparameters: {x: {value: 1}}"]) { $1 }, to: "d")
    #expect(try binary.run("ask", "c/sweep.yaml").status == 0)
    let other = try binary.run("ask", "d/sweep.yaml")
    #expect(other.status == 65 && other.errors.contains("c/sweep.yaml when trials of 'sweep' ran"), "\(other.errors)")
    #expect(try binary.run("ask", "d/sweep.yaml", "--same").status == 1)
  }

  private static let stopped = content + "\nearly_terminate: {type: hyperband, min_iter: 2}\norder: number"
  private static let byArrival = content + "\nearly_terminate: {type: hyperband, min_iter: 2}\norder: arrival"

  @Test(arguments: [
    (stopped, "min_iter: 2", "min_iter: 3", "early_terminate was hyperband with eta 3.0, min_iter 2,", "is now hyperband with eta 3.0, min_iter 3,"),
    (stopped, "min_iter: 2", "min_iter: 2, eta: 2", "early_terminate was hyperband with eta 3.0,", "is now hyperband with eta 2.0,"),
    (stopped, "\nearly_terminate: {type: hyperband, min_iter: 2}\norder: number", "", "early_terminate was hyperband", "is now none"),
    (content, "name: c", "early_terminate: {type: hyperband, min_iter: 2}\nname: c", "early_terminate was none", "is now hyperband"),
    (stopped, "order: number", "order: arrival", "order was number", "is now arrival"),
    (byArrival, "order: arrival", "order: number", "order was arrival", "is now number"),
  ])
  func byWhatTrialsAreStoppedCannotChange(content: String, old: String, new: String, was: String, isNow: String) throws {
    let changed = content.replacing(old, with: new)
    let refused = try run(content, then: changed)
    #expect(refused.status == 65 && refused.errors.contains(was) && refused.errors.contains(isNow), "\(refused.errors)")
    #expect(refused.errors.contains("start a new sweep with --name NEW-NAME, or restore "), "\(refused.errors)")
    // Both ways on are what they are said to be.
    let other = try binary.run("run", "c.yaml", "-q", "--name", "other")
    #expect(other.status == 0, "\(other.errors)")
    let restored = try run(content)
    #expect(restored.status == 0 && !restored.errors.contains("warning"), "\(restored.errors)")
  }

  @Test(arguments: [("", ""), ("[1, 2]", "[1, 2, 3]"), ("name: c", "# as before\nname: c"), ("name: c", "description: more words\nname: c")])
  func aFileThatSaysTheSameIsRunWithoutAWord(old: String, new: String) throws {
    let result = try run(Self.content, then: old.isEmpty ? Self.content : Self.content.replacing(old, with: new))
    #expect(result.status == 0 && !result.errors.contains("warning") && !result.errors.contains("error"), "\(result.errors)")
    #expect(try texts("SELECT DISTINCT state FROM trials_c") == ["complete"])
  }

  @Test func aFileOfWhichNothingHasRunMayChange() throws {
    try folder.write(Array("echo epoch=1 acc=1".utf8), to: "trial.sh")
    let missing = try run(Self.content.replacing("[sh, ", with: "[no-such-command, "))
    #expect(missing.status == 65)
    #expect(try texts("SELECT state, count(*) FROM trials_c GROUP BY 1") == ["waiting 2"])
    let result = try run(Self.content)
    #expect(result.status == 0 && !result.errors.contains("warning"), "\(result.errors)")
  }
}

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
    ("{A: one}", "{A: two}", ["the environment.A was one when trials of 'c' ran, and is now two;"]),
    ("environment: {A: one}\n", "", ["the environment.A was one when trials of 'c' ran, and is now not set;"]),
    ("{A: one}", "{B: x}", ["environment.A was one when trials of 'c' ran, and is now not set;", "environment.B was not set when", "and is now x;"]),
    ("name: c\n", "name: c\nfolder: sub\n", ["the folder was ", "/sub;"]),
    ("{epoch: epoch}", "{epoch: step}", ["the report.epoch was epoch when trials of 'c' ran, and is now step;"]),
    ("{epoch: epoch}", "{epoch: epoch, pattern: 'acc=(?<acc>[0-9]+) (?<epoch>[0-9]+)'}", ["the report.pattern was not set when", "acc=(?<acc>"]),
    ("[sh, ", "[sh, -e, ", ["the command was sh ./trial.sh ${args_no_hyphens} when", "is now sh -e ./trial.sh ${args_no_hyphens};"]),
  ])
  func whatOnlyTheProgramsAuthorCanJudgeIsToldOf(old: String, new: String, told: [String]) throws {
    let result = try run(Self.content, then: Self.content.replacing(old, with: new))
    #expect(result.status == 0)
    let warnings = result.errors.split(separator: "\n").filter { $0.hasPrefix("sweep: warning: ") }.joined(separator: "\n")
    for text in told + ["start a new sweep with --name NEW-NAME"] { #expect(warnings.contains(text), "\(result.errors)") }
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

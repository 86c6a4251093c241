// What was measured is in the database: trials are ranked by another metric than the sweep's, and a metric that was mended in the file costs no training.

import Foundation
import SweepTestSupport
import Testing

struct OtherMetricTests {
  private let folder = TemporaryFolder()
  private var binary: SweepBinary { SweepBinary(in: folder.path) }
  private func texts(_ sql: String) throws -> [String] { try Results.texts(folder.path("results.sqlite"), sql) }

  /// Loss falls and rises again; accuracy falls with x; odd is no number at the end of every other trial.
  private static let script = """
    x=${1#--x=}
    for e in 1 2 3; do
      echo "epoch=$e loss=$((x + (e - 2) * (e - 2))) acc=0.$((9 - x))$((4 - e)) odd=$([ $e = 3 ] && [ $((x % 2)) = 0 ] && echo nan || echo $x)"
    done
    """

  private func run(_ metric: String, _ more: String = "", _ arguments: String...) throws -> SweepBinary.Result {
    try folder.write(Self.script, to: "trial.sh")
    try folder.write(
      "name: a\ncommand: [sh, trial.sh, '${args}']\nmethod: grid\nmetric: \(metric)\n\(more)\nparameters: {x: {values: [1, 2, 3, 4]}}\n", to: "a.yaml"
    )
    return try binary.run(["run", "a.yaml", "-q", "--workers", "1"] + arguments)
  }

  private func ranking(_ arguments: String...) throws -> [String] {
    let output = try binary.run(["rank", "a", "--format", "csv"] + arguments).output
    let rows = output.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    guard let header = rows.first, let trial = header.firstIndex(of: "trial") else { return [output] }
    return rows.dropFirst().map { $0[trial] }
  }

  @Test func everythingThatRanksTakesAnotherMetric() throws {
    #expect(try run("{name: loss, goal: minimize}").status == 0)
    #expect(try ranking() == ["1", "2", "3", "4"])
    #expect(try ranking("--goal", "maximize") == ["4", "3", "2", "1"])
    #expect(try ranking("--metric", "acc", "--goal", "minimize") == ["4", "3", "2", "1"])
    #expect(try ranking("--metric", "acc", "--goal", "maximize", "--at", "best") == ["1", "2", "3", "4"])
    #expect(try ranking("--metric", "odd") == ["1", "3"], "what is no number has no rank")
    #expect(try binary.run("rank", "a", "--metric", "odd").errors.contains("not ranked: 2 complete without a value of odd"))
    let best = try binary.run("rank", "a", "--metric", "acc", "--at", "best", "--top", "1")
    #expect(best.output.contains("0.8300") && best.errors.contains("ranked by maximize acc at best"), "\(best.output)\(best.errors)")
    let status = try binary.run("status", "a", "--metric", "acc", "--format", "json").output
    #expect(status.contains("\"metric\": \"acc\"") && status.contains("\"best\": 0.81"), "\(status)")
    for command in [["importance", "a"], ["plot", "slice", "a"], ["plot", "parallel", "a"], ["plot", "importance", "a"]] {
      let result = try binary.run(command + ["--metric", "acc", "--goal", "maximize"])
      #expect(result.status == 0, "\(command) \(result.errors)")
    }
    let curves = try binary.run("plot", "curves", "best", "--metric", "acc", "--goal", "minimize", "--keep-script", "curves.gp")
    #expect(curves.status == 0, "\(curves.errors)")
    let script = try String(contentsOfFile: folder.path("curves.gp"), encoding: .utf8)
    #expect(script.contains("3.0 0.51"), "the curve of trial 4")
    #expect(try binary.run("report", "a", "-o", "r.md", "--metric", "acc", "--at", "best").status == 0)
    let page = try String(contentsOfFile: folder.path("r.md"), encoding: .utf8)
    #expect(page.contains("maximize acc") && page.contains("0.8300"))
    // The statements on the page give what stands above them.
    let statement = try #require(page.firstMatch(of: /```sql\n(SELECT v\.trial[\s\S]*?)```/)).1
    #expect(
      try binary.run("query", String(statement), "--format", "csv").output.split(separator: "\n").dropFirst().first?.hasPrefix("1,0.83") == true)
    let unknown = try binary.run("rank", "a", "--metric", "accc")
    #expect(unknown.status == 64 && unknown.errors.contains("unknown metric 'accc'") && unknown.errors.contains("did you mean 'acc'?"))
    #expect(try binary.run("rank", "a", "--goal", "max").status == 64)
  }

  @Test(arguments: [
    ("{name: loss, goal: maximize}", "{name: loss, goal: minimize}", ["1 2.0", "2 3.0", "3 4.0", "4 5.0"]),
    ("{name: los, goal: minimize}", "{name: loss, goal: minimize, at: best}", ["1 1.0", "2 2.0", "3 3.0", "4 4.0"]),
    ("{name: odd, goal: minimize}", "{name: acc, goal: maximize}", ["1 0.81", "2 0.71", "3 0.61", "4 0.51"]),
    ("{name: acc, goal: maximize}", "{name: odd, goal: minimize}", ["1 1.0", "3 3.0"]),
  ])
  func aMendedMetricTrainsNothingAgain(before: String, now: String, expected: [String]) throws {
    _ = try run(before)
    let result = try run(now)
    #expect(result.status == 0 && result.errors.contains("what was measured is ranked by '"), "\(result.errors)")
    #expect(try texts("SELECT trial, objective FROM trials_a WHERE state = 'complete' ORDER BY trial") == expected)
    #expect(try texts("SELECT count(*), max(attempt) FROM attempt") == ["4 1"])
    #expect(try texts("SELECT count(*) FROM event WHERE kind = 'metric'") == ["1"])
    let check = try binary.run("check")
    #expect(check.status == 0, "\(check.output)\(check.errors)")
    #expect(try run(now).status == 0)
  }

  @Test func whatTheOldMetricDecidedKeepsIt() throws {
    let early = "early_terminate: {type: hyperband, min_iter: 1}"
    #expect(try run("{name: loss, goal: minimize}", early).status == 0)
    #expect(try texts("SELECT count(*) FROM trials_a WHERE state = 'pruned'") == ["3"])
    let refused = try run("{name: acc, goal: maximize}", early)
    #expect(refused.status == 65)
    #expect(
      refused.errors.contains(
        "the metric was 'minimize loss at last' when 3 trials were stopped by it, and is now 'maximize acc at last' — "
          + "'sweep rank a --metric acc --goal maximize' ranks what was measured; to decide by it start a new sweep with --name NEW-NAME, or restore"),
      "\(refused.errors)")
    #expect(try ranking("--metric", "acc", "--goal", "maximize") == ["1"])
    #expect(try run("{name: acc, goal: maximize}", early, "--name", "b").status == 0)
    #expect(try run("{name: loss, goal: minimize, target: 0}", early).status == 0, "a target decides nothing of what has run")
  }
}

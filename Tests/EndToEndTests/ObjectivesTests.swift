// Several objectives, from the file to the front: what the epochs say is what the database has, whatever happens to trials, and what `rank` prints is the front.

import Foundation
import SweepTestSupport
import Testing

struct ObjectivesTests {
  private let folder = TemporaryFolder()
  private var binary: SweepBinary { SweepBinary(in: folder.path) }
  private func texts(_ sql: String) throws -> [String] { try Results.texts(folder.path("results.sqlite"), sql) }

  /// Accuracy rises with x, size too but for x = 3, which wastes; x = 6 has no size, x = 7 none that is a number.
  private static let script = """
    x=${1#--x=}
    for e in 1 2 3; do
      size=$((10 * x + e))
      [ $x = 3 ] && size=99
      [ $x = 7 ] && size=nan
      [ $x = 6 ] && echo "epoch=$e acc=0.$x$e" || echo "epoch=$e acc=0.$x$((4 - e)) size=$size"
    done
    """

  private static let both = "metrics: [{name: acc, goal: maximize}, {name: size, goal: minimize, at: best}]"

  private func run(_ metrics: String = Self.both, xs: [Int] = [1, 2, 3, 4, 5], _ arguments: String...) throws -> SweepBinary.Result {
    try folder.write(Self.script, to: "trial.sh")
    try folder.write("name: a\ncommand: [sh, trial.sh, '${args}']\nmethod: grid\n\(metrics)\nparameters: {x: {values: \(xs)}}\n", to: "a.yaml")
    return try binary.run(["run", "a.yaml", "-q", "--workers", "2"] + arguments)
  }

  /// The first columns of `rank --format csv`, without its header.
  private func ranking(_ arguments: String..., columns: Int = 3) throws -> [String] {
    let rows = try binary.run(["rank", "a", "--format", "csv"] + arguments).output.split(separator: "\n")
    return rows.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false).prefix(columns).joined(separator: " ") }
  }

  @Test func theFrontIsRankedAndWhatItDominatesComesAfterIt() throws {
    let result = try run(xs: [1, 2, 3, 4, 5, 6, 7])
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.split(separator: "\n").count == 6, "the front at the end of a run: \(result.output)")
    #expect(
      try texts("SELECT trial, objective, objective_2 FROM trials_a ORDER BY trial")
        == ["1 0.11 11.0", "2 0.21 21.0", "3 0.31 99.0", "4 0.41 41.0", "5 0.51 51.0", "6 0.63 null", "7 0.71 null"])
    let people = try binary.run("rank", "a")
    #expect(people.output.hasPrefix("front  trial   acc ↑   size ↓  x\n"), "\(people.output)")
    #expect(
      people.errors.contains("the Pareto front has 4 of 5 trials; its hypervolume is ")
        && people.errors.contains(", from the reference point acc 0.07, size "),
      "\(people.errors)")
    #expect(people.errors.contains("not in the fronts: 2 complete without a value of size"), "\(people.errors)")
    #expect(people.errors.contains("1 trial more; --all goes on"), "\(people.errors)")
    // rank, front, trial, state, epoch, objective, objective_2
    #expect(try ranking() == ["1 1 5", "2 1 4", "3 1 2", "4 1 1"])
    #expect(try ranking("--all") == ["1 1 5", "2 1 4", "3 1 2", "4 1 1", "5 2 3", "6  7", "7  6"])
    #expect(try ranking("--top", "2", columns: 7) == ["1 1 5 complete 3 0.51 51.0", "2 1 4 complete 3 0.41 41.0"])
    #expect(try ranking("--top", "5").last == "5 2 3")
    #expect(try binary.run("rank", "a", "--format", "json").output.contains("\"objective_2\": 51"))
    #expect(try binary.run("rank", "a", "--format", "markdown").output.contains("| front | trial | acc ↑"))
    // Each metric alone ranks as ever, by the goal and the epoch that the file gives it.
    for (metric, first) in [("size", "1,1,"), ("acc", "1,7,")] {
      let alone = try binary.run("rank", "a", "--metric", metric, "--format", "csv").output.split(separator: "\n")
      #expect(alone.first?.hasPrefix("rank,trial,") == true && alone[1].hasPrefix(first), "\(alone)")
    }
    let check = try binary.run("check")
    #expect(check.status == 0, "\(check.output)\(check.errors)")
  }

  @Test func theFrontIsThatOfTheStatementInTheDocuments() throws {
    #expect(try run().status == 0)
    let page = try String(contentsOfFile: projectFolder + "/docs/schema.md", encoding: .utf8)
    let statement = try #require(page.firstMatch(of: /```text\n(SELECT trial, objective, objective_2[\s\S]*?)```/)).1
    let answer = try binary.run("query", String(statement).replacing("trials_NAME", with: "trials_a"), "--format", "csv")
    #expect(answer.output.split(separator: "\n").dropFirst().map { $0.prefix(1) } == ["5", "4", "2", "1"], "\(answer.output)\(answer.errors)")
    #expect(try binary.run("report", "a", "-o", "r.md", "--no-figures").status == 0)
    let report = try String(contentsOfFile: folder.path("r.md"), encoding: .utf8)
    let own = String(try #require(report.firstMatch(of: /```sql\n(SELECT a\.trial[\s\S]*?)```/), "\(report)").1)
    #expect(try binary.run("query", own, "--format", "csv").output == answer.output)
    #expect(report.contains("Pareto front") && report.contains("Objective 2: minimize size, of the best epoch."))
  }

  @Test func figuresOfTheFrontAreDrawnInTheTerminalAndInFiles() throws {
    #expect(try run().status == 0)
    let pareto = try binary.run("plot", "pareto", "a")
    #expect(pareto.status == 0 && pareto.output.contains("● 4 trials of the front, 1 dominated"), "\(pareto.output)\(pareto.errors)")
    #expect(pareto.output.filter { $0 == "●" }.count == 5 && pareto.output.contains("acc (more is better)"), "\(pareto.output)")
    let growth = try binary.run("plot", "hypervolume", "a")
    #expect(growth.status == 0 && growth.output.contains("hypervolume of the front"), "\(growth.output)\(growth.errors)")
    for (kind, block) in [("pareto", "$front << END\n0.51 51.0\n0.41 41.0\n"), ("hypervolume", "$growth << END\n1.0 ")] {
      let drawn = try binary.run("plot", kind, "-o", "\(kind).svg", "--keep-script", "\(kind).gp")
      #expect(drawn.status == 0, "\(drawn.errors)")
      #expect(try String(contentsOfFile: folder.path("\(kind).svg"), encoding: .utf8).contains("<svg"))
      #expect(try String(contentsOfFile: folder.path("\(kind).gp"), encoding: .utf8).contains(block))
    }
    #expect(try binary.run("report", "a", "-o", "r.html").status == 0)
    let page = try String(contentsOfFile: folder.path("r.html"), encoding: .utf8)
    #expect(page.contains("The Pareto front among all trials") && page.contains("The hypervolume of the front, trial by trial"))
    _ = try run("metric: {name: acc, goal: maximize}", "--name", "one")
    let refused = try binary.run("plot", "pareto", "one")
    #expect(refused.status == 65 && refused.errors.contains("has one objective, acc, and so no Pareto front"), "\(refused.errors)")
  }

  @Test func ofThreeObjectivesEachPairHasAPanel() throws {
    let metrics = "metrics: [{name: acc, goal: maximize}, {name: size}, {name: seconds}]"
    #expect(try run(metrics).status == 0)
    let drawn = try binary.run("plot", "pareto", "-o", "p.svg", "--keep-script", "p.gp")
    #expect(drawn.status == 0, "\(drawn.errors)")
    #expect(try String(contentsOfFile: folder.path("p.gp"), encoding: .utf8).split(separator: "\n").count { $0.hasPrefix("plot ") } == 3)
    #expect(try binary.run("plot", "pareto").output.contains("seconds (less is better)"))
    #expect(try texts("SELECT count(*) FROM trials_a WHERE objective_3 > 0") == ["5"])
    #expect(try binary.run("check").status == 0)
  }

  // MARK: the values are those of the epochs

  @Test func otherObjectivesThanBeforeTrainNothingAgain() throws {
    _ = try run("metric: {name: acc, goal: maximize}")
    #expect(try texts("SELECT count(*) FROM objective") == ["0"])
    let now = try run()
    #expect(
      now.errors.contains(
        "what was measured is ranked by 'maximize acc at last and minimize size at best' from now on, no more by 'maximize acc at last'"),
      "\(now.errors)")
    #expect(try ranking() == ["1 1 5", "2 1 4", "3 1 2", "4 1 1"])
    #expect(try run("metrics: [{name: acc, goal: maximize}, {name: size, goal: maximize}]").status == 0)
    #expect(try texts("SELECT trial, objective_2 FROM trials_a ORDER BY trial") == ["1 13.0", "2 23.0", "3 99.0", "4 43.0", "5 53.0"])
    #expect(try ranking() == ["1 1 5", "2 1 3"])
    #expect(try run("metrics: [{name: acc, goal: maximize}]").status == 0)
    #expect(
      try texts("SELECT (SELECT count(*) FROM objective), (SELECT count(*) FROM objective_value), count(*), max(attempt) FROM attempt") == ["0 0 5 1"]
    )
    #expect(try binary.run("query", "SELECT objective_2 FROM trials_a").status == 65)
    #expect(try ranking(columns: 2) == ["1 5", "2 4", "3 3", "4 2", "5 1"])
    #expect(try texts("SELECT count(*) FROM event WHERE kind = 'metric'") == ["3"])
    #expect(try binary.run("check").status == 0)
  }

  @Test func trialsThatWereStoppedByTheFirstObjectiveKeepIt() throws {
    let early = "\nearly_terminate: {type: hyperband, min_iter: 1}"
    let first = try run(Self.both + early)
    #expect(first.status == 0, "\(first.errors)")
    let lint = try binary.run("lint", "a.yaml")
    #expect(lint.errors.contains("trials are stopped early by the first of 2 objectives, acc, alone") || lint.output.contains("alone"), "\(lint)")
    #expect(try run("metrics: [{name: acc, goal: maximize}, {name: seconds}]" + early).status == 0, "the second decides nothing")
    let refused = try run("metrics: [{name: size}, {name: acc, goal: maximize}]" + early)
    let isStopped = try texts("SELECT count(*) FROM trials_a WHERE state = 'pruned'") != ["0"]
    #expect(isStopped ? refused.status == 65 && refused.errors.contains("the metrics were 'maximize acc at last and ") : refused.status == 0)
  }

  /// What an attempt reported that is not gone on from does not count.
  @Test func aRetryCountsByItsOwnReports() throws {
    let script = """
      if [ ! -e "done-$SWEEP_TRIAL" ]; then touch "done-$SWEEP_TRIAL"; echo epoch=1 acc=0.9 size=1; echo epoch=2 acc=0.9 size=1; exit 3; fi
      echo epoch=1 acc=0.1 size=7
      """
    try folder.write(script, to: "trial.sh")
    try folder.write(
      "name: a\ncommand: [sh, trial.sh]\nmethod: grid\n\(Self.both)\nretries: {count: 1, backoff: 10ms}\nparameters: {x: {values: [1, 2]}}\n",
      to: "a.yaml")
    let run = try binary.run("run", "a.yaml", "-q", "--workers", "1")
    #expect(run.status == 0, "\(run.errors)")
    #expect(try texts("SELECT state, objective, objective_2 FROM trials_a") == ["complete 0.1 7.0", "complete 0.1 7.0"])
    #expect(try binary.run("check").status == 0)
  }

  @Test func whoTellsATrialTellsAllObjectives() throws {
    try folder.write("name: k\ntrainer: ask\nmethod: grid\n\(Self.both)\nparameters: {x: {values: [1, 2]}}\n", to: "k.yaml")
    #expect(try binary.run("ask", "k.yaml").status == 0)
    let refused = try binary.run("tell", "1", "acc=0.5", "sise=3")
    #expect(
      refused.status == 65 && refused.errors.contains("trial 1 would end without size") && refused.errors.contains("instead of sise"),
      "\(refused.errors)")
    #expect(try texts("SELECT count(*) FROM epoch_metric") == ["0"])
    #expect(try binary.run("tell", "1", "size=3", "--epoch", "1", "--more").status == 0)
    #expect(try binary.run("tell", "1", "acc=0.5").status == 0)
    #expect(try texts("SELECT state, objective, objective_2 FROM trials_k WHERE trial = 1") == ["complete 0.5 3.0"])
  }

  @Test func aProgramThatLeavesOneOutIsToldOf() throws {
    let result = try run(xs: [1, 6])
    #expect(
      try texts("SELECT detail FROM event WHERE kind = 'note'").contains { $0.hasPrefix("trial 2 ended without having reported size") }, "\(result)")
  }

  /// Two parabolas whose minima are at 0 and 2: what lies between them is the front.
  @Test(arguments: ["auto", "tpe", "nsga2"]) func aSearchThatLearnsIsGivenAllOfThem(method: String) throws {
    try folder.write("awk -v x=${1#--x=} 'BEGIN {print \"left=\" x * x, \"right=\" (x - 2) * (x - 2)}'\n", to: "trial.sh")
    let file =
      "command: [sh, trial.sh, '${args}']\nmethod: \(method)\nrun_cap: 60\nmetrics: [{name: left}, {name: right}]\n"
      + "parameters: {x: {min: -20.0, max: 20.0}}\n"
    try folder.write(file, to: "s.yaml")
    for workers in ["1", "4"] {
      let run = try binary.run("run", "s.yaml", "-q", "--workers", workers, "--name", "w\(workers)")
      #expect(run.status == 0, "\(run.errors)")
    }
    let points = "SELECT trial, x, objective, objective_2 FROM "
    #expect(try texts(points + "trials_w1 ORDER BY trial") == texts(points + "trials_w4 ORDER BY trial"))
    // At random a tenth of the points would lie there.
    let between = try Results.integer(folder.path("results.sqlite"), "SELECT count(*) FROM trials_w1 WHERE x BETWEEN -1 AND 3")
    #expect(between > 9, "\(between) of 60")
    #expect(try binary.run("check").status == 0)
  }

  // MARK: the file

  @Test(arguments: [
    ("metric: {name: acc}\nmetrics: [{name: size}]", "there are both metric and metrics"),
    ("metrics: {name: acc}", "metrics is a mapping, not a list"), ("metrics: []", "metrics is empty, not a list"),
    ("metrics: [acc, size]", "write {name: acc, goal: maximize}"), ("metrics: [{name: acc}, {name: acc}]", "acc is listed twice"),
    ("metrics: [{name: acc}, {goal: minimize}]", "metrics[1].name is missing"),
    ("metrics: [{name: acc}, {name: size, gaol: minimize}]", "did you mean 'goal'?"),
  ])
  func whatIsWrongWithTheListIsSaid(metrics: String, complaint: String) throws {
    let result = try run(metrics)
    #expect(result.status == 65 && result.errors.contains(complaint), "\(result.errors)")
  }
}

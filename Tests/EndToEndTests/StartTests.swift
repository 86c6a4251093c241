// Where a search starts, as a user says it: enqueued points, the seed, the sweeps that come before, and what is told of all that.

import Foundation
import SweepTestSupport
import Testing

struct StartTests {
  private let folder = TemporaryFolder()
  private var binary: SweepBinary { SweepBinary(in: folder.path) }
  private func texts(_ sql: String) throws -> [String] { try Results.texts(folder.path("results.sqlite"), sql) }

  private func write(
    _ name: String = "s", method: String = "random", x: String = "{min: 0.0, max: 1.0}", _ more: String = "run_cap: 3"
  ) throws {
    try folder.write(
      "name: \(name)\ntrainer: test-function\nmethod: \(method)\nmetric: {name: value}\nparameters: {x: \(x), y: {values: [1, 2]}}\n\(more)\n",
      to: "\(name).yaml")
  }

  private func run(_ arguments: String..., expecting status: Int32 = 0) throws -> SweepBinary.Result {
    let result = try binary.run(arguments)
    #expect(result.status == status, "\(arguments): \(result.errors)")
    return result
  }

  @Test func enqueuedPointsComeFirstAndAreSaidToBe() throws {
    try write()
    let first = try run("enqueue", "s.yaml", "x=0.25", "y=2")
    #expect(first.errors.contains("s: 1 point enqueued; 'sweep run' and 'sweep ask' try them first") && first.output.isEmpty)
    #expect(try run("status", "s").errors.contains("1 enqueued point comes first"))
    #expect(try run("enqueue", "s", "x=0.25", "y=2").errors.contains("is enqueued already"))
    _ = try run("run", "s.yaml", "-q")
    #expect(try texts("SELECT x, y FROM trials_s WHERE trial = 1") == ["0.25 2.0"])
    #expect(try texts("SELECT state, count(*) FROM trials_s GROUP BY 1") == ["complete 4"])
    #expect(try run("show", "1").errors.contains("chosen by enqueued"))
    #expect(try run("enqueue", "s", "x=0.25", "y=2").errors.contains("is trial 1 already, which is complete"))
    #expect(try run("enqueue", "s", "x=0.5", "y=1").errors.contains("1 point enqueued"))
    #expect(try run("resume", "s", "-q").errors.contains("5 complete; 1 ended now"))
    #expect(try texts("SELECT kind, detail FROM event WHERE kind = 'enqueued'") == ["enqueued 1 point", "enqueued 1 point"])
  }

  @Test func whatIsNoPointIsRefusedWithTheRemedy() throws {
    try write()
    for (arguments, text) in [
      (["x=0.25"], "y has no value — give every parameter that varies one: y=VALUE"), (["x=1.5", "y=1"], "x is 1.5 — use a value of 0.0...1.0"),
      (["x=0.5", "y=3"], "y is 3"), (["x=0.5", "y=1", "z=1"], "unknown parameter 'z'"), (["x=0.5", "y=1", "epochs=3"], "epochs is 3"),
      (["x=0.5", "y=1", "y=2"], "y is given twice"),
    ] {
      let refused = try binary.run(["enqueue", "s.yaml"] + arguments)
      #expect(refused.status == 65 && refused.errors.contains(text), "\(arguments): \(refused.errors)")
    }
    for arguments in [[], ["x=0.1,0.2", "y=1"], ["--top", "3", "x=1"], ["-", "x=1"], ["x"]] {
      #expect(try binary.run(["enqueue", "s.yaml"] + arguments).status == 64, "\(arguments)")
    }
    #expect(try run("enqueue", "sss", "x=1", expecting: 65).errors.contains("did you mean 's'?"))
    #expect(try texts("SELECT count(*) FROM enqueued") == ["0"])
  }

  @Test func severalPointsComeAsLinesOrFromAnotherSweep() throws {
    try write("earlier")
    _ = try run("run", "earlier.yaml", "-q")
    try write("s", x: "{min: 0.0, max: 2.0}")
    try folder.write("{\"x\": 0.5, \"y\": 1}\n\n{\"x\": 0.75, \"y\": 2.0}\n", to: "points.jsonl")
    let lines = try binary.run(["-c", "'\(SweepBinary.path)' enqueue s.yaml - < points.jsonl"], program: "/bin/sh")
    #expect(lines.status == 0 && lines.errors.contains("2 points enqueued"), "\(lines.errors)")
    try folder.write("{\"x\": 0.5}\n", to: "points.jsonl")
    let half = try binary.run(["-c", "'\(SweepBinary.path)' enqueue s - < points.jsonl"], program: "/bin/sh")
    #expect(half.status == 65 && half.errors.contains("standard input, line 1"), "\(half.errors)")
    #expect(try run("enqueue", "s", "--from", "earlier", "--top", "2").errors.contains("2 points enqueued"))
    _ = try run("run", "s.yaml", "-q")
    #expect(try texts("SELECT x FROM trials_s WHERE trial <= 2 ORDER BY trial") == ["0.5", "0.75"])
    #expect(
      try texts("SELECT x FROM trials_s WHERE trial IN (3, 4) ORDER BY trial")
        == texts("SELECT x FROM trials_earlier ORDER BY objective, trial LIMIT 2"))
  }

  @Test func aPointIsTakenWhileTheSweepRuns() throws {
    try folder.write(
      """
      name: s
      command: [sh, -c, "sleep 0.3; echo loss=1"]
      method: grid
      metric: {name: loss}
      parameters: {x: {values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]}}
      """, to: "s.yaml")
    let running = try binary.start(["run", "s.yaml", "-q", "--workers", "1"])
    Results.wait(running, for: 1, in: folder.path("results.sqlite"))
    let enqueued = try run("enqueue", "s", "x=12")
    #expect(enqueued.errors.contains("the run that is under way takes them") || !running.isRunning, "\(enqueued.errors)")
    #expect(running.wait().status == 0)
    #expect(try texts("SELECT state, count(*) FROM trials_s GROUP BY 1") == ["complete 12"])
    let order = try texts("SELECT trial FROM trials_s ORDER BY started_at, trial")
    #expect(order.last != "12", "\(order)")
    #expect(try texts("SELECT count(*) FROM attempt") == ["12"])
  }

  @Test func aSeedOnTheCommandLineIsAnotherSweep() throws {
    try write()
    _ = try run("run", "s.yaml", "-q")
    _ = try run("run", "s.yaml", "-q", "--name", "again", "--seed", "2")
    #expect(try texts("SELECT count(*) FROM trials_s JOIN trials_again USING (x)") == ["0"])
    #expect(try run("run", "s.yaml", "--seed", "2", expecting: 65).errors.contains("seed was 0 when 's' was planned and is now 2"))
    #expect(try run("run", "s.yaml", "--seed", "-2", expecting: 64).errors.contains("--seed"))
    let plans = try [[], ["--seed", "2"]].map { try binary.run(["plan", "s.yaml", "--format", "csv", "--no-estimate"] + $0).output }
    #expect(plans[0] != plans[1])
  }

  @Test func priorIsForMethodsThatLearnAndNeverTheSweepItself() throws {
    try write("s", "run_cap: 3\nprior: [t]")
    #expect(try run("lint", "s.yaml").output.contains("note: prior is for methods that learn from results; it has no effect on this one"))
    try write("s", "run_cap: 3\nprior: [t, s, t]")
    let lint = try run("lint", "s.yaml", expecting: 65)
    #expect(lint.errors.contains("prior names the sweep itself") && lint.errors.contains("prior names t twice"))
  }

  @Test func aPlanOfASearchThatLearnsSaysWhatItDoesAndARunSaysWhoIsIdle() throws {
    try write("s", method: "tpe", "run_cap: 6\nparallel: 2")
    let plan = try run("plan", "s.yaml", "--format", "csv", "--workers", "2")
    #expect(plan.output.split(separator: "\n").count == 3, "\(plan.output)")  // no more than are tried before anything is known
    for text in ["up to 6 points, each chosen", "method tpe: ", "a proposal takes ", "parallel 2: planned as if 2 trials ran"] {
      #expect(plan.errors.contains(text), "\(text): \(plan.errors)")
    }
    let idle = try run("run", "s.yaml", "-q", "--workers", "4")
    #expect(idle.errors.contains("parallel: 2 keeps 2 of 4 workers busy; write parallel: 8"), "\(idle.errors)")
    let first = plan.output.split(separator: "\n")[1].split(separator: ",")
    #expect(try texts("SELECT trial, x FROM trials_s WHERE trial = 1").first?.hasPrefix("1 ") == true)
    #expect(try texts("SELECT x FROM trials_s WHERE trial = 1").first.map { text in first.contains { $0 == text } } == true, "\(first)")
    try write("t", method: "tpe", "run_cap: 6\nprior: [s]")
    #expect(try run("plan", "t.yaml").errors.contains("prior: it starts from what trials of s came to"))
    #expect(try run("run", "t.yaml", "-q").errors.contains("prior 's': 6 trials known"))
    #expect(try run("show", "t:1").errors.contains("chosen by tpe"))
    #expect(try run("run", "t.yaml", "-q", "--prior", "u", expecting: 65).errors.contains("prior"))
  }

  @Test func whatMakesResultsDependOnTheMachineIsNoted() throws {
    try folder.write(
      """
      name: p
      command: [sh, -c, "echo loss=1"]
      method: grid
      metric: {name: loss}
      parameters: {x: {values: [1, 2]}}
      limits: {wall: 10s, memory: 1GB}
      time_budget: 1h
      """, to: "p.yaml")
    #expect(try !run("lint", "p.yaml").output.contains("depend on the machine"))
    let text = try String(contentsOfFile: folder.path("p.yaml"), encoding: .utf8)
    try folder.write(text + "\nearly_terminate: {type: hyperband, min_iter: 1}\n", to: "p.yaml")
    let notes = try run("lint", "p.yaml").output.split(separator: "\n").filter {
      $0.contains("depend on the machine") || $0.contains("depends on the machine")
    }
    #expect(notes.count == 3 && notes.allSatisfy { $0.hasPrefix("note: ") }, "\(notes)")
  }

  @Test func severalSweepsAreOneOptimizationFigure() throws {
    try write("a")
    try write("b")
    for name in ["a", "b"] { _ = try run("run", "\(name).yaml", "-q", "--seed", name == "a" ? "1" : "2") }
    let both = try run("plot", "optimization", "a", "b")
    #expect(both.output.contains("A a") && both.output.contains("B b"), "\(both.output)")
    try folder.write(
      "name: up\ntrainer: test-function\nmethod: grid\nmetric: {name: value, goal: maximize}\nparameters: {x: {values: [1, 2]}}\n", to: "up.yaml")
    _ = try run("run", "up.yaml", "-q")
    #expect(try run("plot", "optimization", "a", "up", expecting: 64).errors.contains("draw sweeps with one objective"))
    #expect(try run("plot", "contour", "up", expecting: 65).errors.contains("a contour plot needs two parameters"))
    #expect(try run("plot", "contour", "a", "--x", "y", "--y", "x").output.contains("best (*)"))
  }
}

// Searches that plan as they go: they end when there is nothing new, or when the target is reached, and wait without work.

import Foundation
import SweepTestSupport
import Testing

struct EndlessSearchTests {
  private let folder = TemporaryFolder()
  private var binary: SweepBinary { SweepBinary(in: folder.path) }
  private func texts(_ sql: String) throws -> [String] { try Results.texts(folder.path("results.sqlite"), sql) }

  private static let fourPoints = "{distribution: q_uniform, min: 0, max: 3, q: 1}"

  /// A search without a cap. The program is told the number of its trial.
  private func write(program: String?, metric: String, x: String = Self.fourPoints) throws {
    if let program { try folder.write(program, to: "trial.sh") }
    let trainer = program == nil ? "trainer: test-function" : "command: [sh, trial.sh, '${args_no_hyphens}']"
    try folder.write("name: e\n\(trainer)\nmethod: random\nmetric: \(metric)\nparameters: {x: \(x)}\n", to: "e.yaml")
  }

  /// Whether the trials take a second or nothing: while they run, the search has nothing to do.
  @Test(arguments: [("sleep 1; echo loss=1", "{name: loss}"), ("echo loss=1", "{name: loss}"), (nil, "{name: value}")] as [(String?, String)])
  func aSpaceThatIsUsedUpEndsTheSweep(program: String?, metric: String) throws {
    try write(program: program, metric: metric)
    let seconds = try Results.processorSeconds(of: ["run", "e.yaml", "-q", "--workers", "2"], in: folder.path)
    #expect(seconds < 1 || !SweepBinary.sanitizers.isEmpty, "\(seconds) s of the processor")
    #expect(try texts("SELECT x, state FROM trials_e ORDER BY x") == (0..<4).map { "\($0) complete" })
    #expect(try texts("SELECT kind FROM event ORDER BY id DESC LIMIT 1") == ["finished"])
    let again = try binary.run("run", "e.yaml", "-q")
    #expect(again.status == 0 && again.errors.contains("4 complete; 0 ended now"), "\(again.errors)")
  }

  @Test(arguments: [1, 4]) func aTargetThatTheLastTrialReachesIsTold(workers: Int) throws {
    try write(program: "sleep 0.0$SWEEP_TRIAL; echo loss=$((4 - SWEEP_TRIAL))", metric: "{name: loss, target: 0}")
    let run = try binary.run("run", "e.yaml", "-q", "--workers", String(workers))
    #expect(run.status == 0 && run.errors.contains("the target of 0.0 is reached: nothing more is started"), "\(run.errors)")
    #expect(try texts("SELECT state, count(*) FROM trials_e GROUP BY 1") == ["complete 4"])
    #expect(
      try texts("SELECT kind, detail FROM event ORDER BY id DESC LIMIT 1")
        == ["stopped 4 trials ended; the target of 0.0 is reached: nothing more is started"])
  }

  /// However far ahead was planned.
  @Test(arguments: [1, 4, 8, 16]) func aTargetEndsASearchWithoutAnEnd(trial: Int) throws {
    try write(program: "echo loss=$((\(trial) - SWEEP_TRIAL))", metric: "{name: loss, target: 0}", x: "{min: 0.0, max: 1.0}")
    let run = try binary.run("run", "e.yaml", "-q", "--workers", "1")
    #expect(run.status == 0 && run.errors.contains("the target of 0.0 is reached: nothing more is started"), "\(run.errors)")
    #expect(try texts("SELECT count(*) FROM trials_e WHERE state = 'complete'") == ["\(trial)"])
    #expect(try texts("SELECT kind FROM event ORDER BY id DESC LIMIT 1") == ["stopped"])
  }

  // MARK: infinity

  @Test(arguments: ["inf", "Infinity", "1e999"]) func infinityIsNotTheBestAndReachesNoTarget(infinity: String) throws {
    let script = """
      case $1 in
      x=1) echo epoch=1 acc=\(infinity); echo epoch=2 acc=0.5 ;;
      x=2) echo epoch=1 acc=0.6; echo epoch=2 acc=0.7 ;;
      x=3) echo epoch=1 acc=0.8 ;;
      esac
      """
    try write(program: script, metric: "{name: acc, goal: maximize, at: best, target: 0.9}", x: "{values: [1, 2, 3]}")
    let content = try String(contentsOfFile: folder.path("e.yaml"), encoding: .utf8)
    try folder.write(content.replacing("random", with: "grid"), to: "e.yaml")
    let run = try binary.run("run", "e.yaml", "--workers", "1")
    #expect(run.status == 0 && !run.errors.contains("the target of"), "\(run.errors)")
    #expect(
      try texts("SELECT trial, state, objective FROM trials_e ORDER BY objective DESC") == ["3 complete 0.8", "2 complete 0.7", "1 complete 0.5"])
    #expect(try texts("SELECT max, max_epoch FROM trial_metric JOIN metric ON id = metric_id WHERE trial_id = 1 AND name = 'acc'") == ["0.5 2"])
    for arguments in [["rank", "--format", "csv"], ["rank", "--all", "--format", "csv"]] {
      let rows = try binary.run(arguments).output.split(separator: "\n").dropFirst()
      #expect(rows.map { String($0.prefix(4)) } == ["1,3,", "2,2,", "3,1,"], "\(rows)")
    }
  }
}

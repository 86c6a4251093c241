// Programs as trials, with the built binary, real child processes and real kills: what they report arrives, limits hold, nothing is left
// behind, and what a kill interrupts goes on.

import Foundation
import GRDB
import SweepTestSupport
import Testing

@Suite(.serialized) struct ProgramTests {
  let folder = TemporaryFolder()

  /// Writes a shell script and a sweep file that runs it.
  private func write(
    _ script: String, parameters: String = "i: {value: 1}", metric: String = "{name: loss, goal: minimize}", _ more: String = "",
    arguments: String = "'${args_no_hyphens}'"
  ) throws {
    try folder.write(script, to: "trial.sh")
    let lines = parameters.split(separator: "\n").map { "  \($0)\n" }.joined()
    try folder.write(
      "name: p\nmethod: grid\nmetric: \(metric)\ncommand: [sh, trial.sh, \(arguments)]\n\(more)\nparameters:\n\(lines)", to: "p.yaml")
  }

  private var binary: SweepBinary { SweepBinary(in: folder.path) }
  private var database: String { folder.path("results.sqlite") }

  @discardableResult private func run(_ arguments: String..., expecting status: Int32 = 0) throws -> SweepBinary.Result {
    let result = try binary.run(["run", "p.yaml", "-q"] + arguments)
    #expect(result.status == status, "\(result.errors)")
    return result
  }

  private func texts(_ sql: String) throws -> [String] {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    return try DatabaseQueue(path: database, configuration: configuration).read { db in
      try Row.fetchAll(db, sql: sql).map { row in
        row.databaseValues.map { $0.isNull ? "null" : String(describing: $0.storage.value ?? "") }.joined(separator: " ")
      }
    }
  }

  /// Processes of this test's trials that still run.
  private var leftOver: [String] { Processes.ofTrials(in: folder.path) }

  private func wait(_ what: String, seconds: Double = 20, until condition: () -> Bool) {
    let end = Date().addingTimeInterval(seconds)
    while !condition() {
      guard Date() < end else {
        Issue.record("\(what) did not come in \(seconds) s")
        return
      }
      usleep(5_000)
    }
  }

  // MARK: reporting

  @Test func linesAndFilesAreMetrics() throws {
    try write(
      """
      echo "config: $1 i=9"
      echo "epoch=1 loss=0.5, accuracy=50%"
      echo '{"epoch": 2, "loss": 0.25, "train": {"loss": NaN}, "note": "x"}'
      printf '\\000\\377\\200binary\\n'
      echo loss=0.125; echo accuracy=0.75
      echo '{"step": 2, "late": 1}' >> "$SWEEP_REPORT"
      echo "no epoch=4 loss=9"
      echo "an error" >&2
      printf 'epoch=4 loss=0.0625'
      """, parameters: "i: {values: [1, 2]}")
    let result = try run()
    #expect(result.output.contains("0.0625"))
    #expect(
      try texts("SELECT epoch, name, value FROM epoch_metric JOIN metric ON id = metric_id WHERE trial_id = 1 AND name <> 'seconds' ORDER BY 1, 2")
        == [
          "1 accuracy 0.5", "1 loss 0.5", "2 late 1.0", "2 loss 0.25", "2 train.loss null", "3 accuracy 0.75", "3 loss 0.125", "4 loss 0.0625",
        ])
    let path = try binary.run("logs", "1", "--path").output.dropLast()
    let log = String(decoding: FileManager.default.contents(atPath: String(path)) ?? Data(), as: UTF8.self)
    #expect(log.contains("config: i=1") && !log.contains("an error") && log.hasSuffix("epoch=4 loss=0.0625"), "\(log)")
    #expect(try binary.run("logs", "1").errors == "an error\n")
  }

  @Test func aPatternReadsLinesAsPeopleWriteThem() throws {
    try write(
      "for e in 1 2; do echo \"Epoch $e/2 - loss: 0.$e - acc 1\"; done", metric: "{name: loss}",
      "report: {pattern: 'Epoch (?<n>\\d+)/.*loss: (?<loss>[0-9.]+)', epoch: n}")
    try run()
    #expect(try texts("SELECT epoch, loss FROM epochs_p") == ["1 0.1", "2 0.2"])
  }

  @Test func ofAnEpochThatComesAgainTheLastCountsAndItIsSaid() throws {
    try write(
      "echo epoch=1 loss=1; echo epoch=1 loss=0.1; echo epoch=2 loss=3; echo epoch=5 loss=5", metric: "{name: loss, goal: minimize, at: best}")
    let result = try run()
    #expect(result.errors.contains("trial 1 told loss of epoch 1 more than once; of the values of one epoch the last counts"))
    #expect(try texts("SELECT epoch, loss FROM epochs_p") == ["1 0.1", "2 3.0", "5 5.0"])
    #expect(
      try texts(
        "SELECT min, min_epoch, max, last, last_epoch, epochs_done, objective FROM trial_metric JOIN trial ON id = trial_id WHERE metric_id = 1")
        == ["0.1 1 5.0 5.0 5 5 0.1"])
    #expect(try texts("SELECT detail FROM event WHERE kind = 'note'").count == 1)
  }

  @Test func whateverAProgramPrintsDoesNotBreakTheRun() throws {
    try write(
      """
      head -c 3000000 /dev/urandom
      echo
      head -c 10000000 /dev/zero | tr '\\0' x
      echo
      yes 'not a metric, but a line = with things' | head -n 300000
      echo 'loss=notanumber'; echo 'loss=1e999 x'; echo '{"loss": '; echo '{"loss": {"a": [}}'
      echo '{"epoch": 3, "loss": 0.5}'
      """)
    try run()
    #expect(try texts("SELECT state, objective, epochs_done FROM trials_p") == ["complete 0.5 3"])
    let log = try #require(
      try FileManager.default.attributesOfItem(atPath: folder.path("results.sqlite-trials/p/1/attempt-1/output.log"))[.size] as? Int)
    #expect(log > 24_000_000)
  }

  @Test func aProgressBarOnStandardErrorDoesNotHideWhatIsPrinted() throws {
    try write("for e in 1 2 3; do printf '\\r %d%%|##  | %d/3' $e $e >&2; echo epoch=$e loss=$e; done; printf '\\r\\n' >&2; echo done >&2; exit 3")
    try run(expecting: 1)
    #expect(try texts("SELECT count(*) FROM epochs_p WHERE loss IS NOT NULL") == ["3"])
    #expect(try texts("SELECT reason FROM trials_p") == ["exit code 3: done"])
  }

  @Test func epochsAreReadAlikeWhereverTheyAreReported() throws {
    try write(
      """
      echo '{"it": 1.0, "loss": 1}'; echo 'it=2 loss=2'; echo '{"it": 3, "loss": 3}' >> $SWEEP_REPORT
      echo 'it=9223372036854775807 late=9'; echo '{"it": -1, "early": 9, "epoch": 1}'; echo '{"a\\ud800": 1, "it": 4, "loss": 4}'
      """, "report: {epoch: it}")
    let result = try run()
    #expect(result.errors.contains("tells loss in two ways, by $SWEEP_REPORT and by its output: that of $SWEEP_REPORT counts"))
    #expect(try texts("SELECT epoch, loss FROM epochs_p WHERE loss IS NOT NULL ORDER BY 1") == ["3 3.0"])
    #expect(try texts("SELECT max(early), max(late) FROM epochs_p") == ["9.0 9.0"])
  }

  @Test func manyMetricsAreOneColumnEachUpToAThousand() throws {
    try write("i=0; while [ $i -lt 1200 ]; do i=$((i + 1)); echo m$i=1; done; echo loss=1", metric: "{name: m1}")
    try run()
    #expect(try texts("SELECT count(*) FROM metric") == ["1000"])
    #expect(try texts("SELECT count(*) FROM event WHERE detail LIKE '%are not recorded'") == ["1"])
  }

  @Test func foldersOfARemovedDatabaseAreNobodys() throws {
    try write("echo $1 >> \"$SWEEP_CHECKPOINT/s\"; [ $SWEEP_CONTINUES = 0 ] && echo loss=${1#i=}", parameters: "i: {value: 1}")
    try run()
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasPrefix("results.sqlite") && !name.hasSuffix("-trials")
    {
      try FileManager.default.removeItem(atPath: folder.path(name))
    }
    try write("echo $1 >> \"$SWEEP_CHECKPOINT/s\"; [ $SWEEP_CONTINUES = 0 ] && echo loss=${1#i=}", parameters: "i: {value: 7}")
    try run()
    #expect(try texts("SELECT state, objective FROM trials_p") == ["complete 7.0"])
    #expect(FileManager.default.fileExists(atPath: folder.path("results.sqlite-trials/p/1.old-1/checkpoint/s")))
  }

  @Test func programsThatLeaveManyChildrenLeaveNoZombies() throws {
    try write(
      "i=0; while [ $i -lt 10 ]; do i=$((i + 1)); (sleep 0.01 &) ; setsid sleep 0.01 & done; sleep 0.05; echo loss=1",
      parameters: "i: {min: 1, max: 30}\nj: {value: 1}")
    try folder.write("echo loss=1; sleep 3", to: "last.sh")
    let child = try binary.start(["run", "p.yaml", "-q", "--workers", "4"])
    var most = 0
    while child.isRunning {
      let zombies = Processes.all.compactMap(Processes.stat(of:)).count { $0.state == "Z" && $0.name == "sleep" }
      most = max(most, zombies)
      usleep(20_000)
    }
    #expect(child.wait().status == 0 && most < 150, "\(most) zombies")
  }

  @Test func howAProgramEndedIsSeenThoughWeWereToldToIgnoreIt() throws {
    try write("exit 3")
    let result = try binary.run(["-c", "trap '' CHLD; exec \(SweepBinary.path) run p.yaml -q"], program: "/bin/sh")
    #expect(result.status == 1)
    #expect(try texts("SELECT state, reason FROM trials_p") == ["failed exit code 3"])
  }

  @Test func aMetricThatIsNeverReportedIsMissed() throws {
    try write("printf '80%% |####\\repoch=0 test_loss=1\\r\\n'", parameters: "i: {values: [1, 2]}")
    // Of two at once, either may be the first.
    let result = try run("--workers", "1")
    #expect(result.errors.contains("trial 1 ended without having reported loss, and so has no rank; it reported test_loss"))
    #expect(!result.errors.contains("again"))
    #expect(try texts("SELECT epoch, test_loss FROM epochs_p") == ["0 1.0", "0 1.0"])
  }

  @Test func aMetricThatIsNotANumberMakesTheTrialDiverged() throws {
    try write("echo epoch=1 loss=1; echo epoch=2 loss=nan")
    try run()
    #expect(try texts("SELECT state, reason FROM trials_p") == ["diverged epoch 2: loss is not a number"])
  }

  // MARK: kills

  /// Counts to 60, a checkpoint right after every report: what is reported and lost would never come again. It waits at 50 while it is held, so
  /// that no machine is so fast that it ends before it is killed.
  private static let counting = """
    n=$(cat "$SWEEP_CHECKPOINT/n" 2>/dev/null || echo 0)
    [ "$SWEEP_CONTINUES" = "$([ -e "$SWEEP_CHECKPOINT/n" ] && echo 1 || echo 0)" ] || exit 9
    while [ "$n" -lt 60 ]; do
      n=$((n + 1)); sleep 0.01
      while [ "$n" -gt 50 ] && [ -e hold ]; do sleep 0.01; done
      echo "epoch=$n loss=$((100 - n))"
      echo "$n" > "$SWEEP_CHECKPOINT/.n" && mv "$SWEEP_CHECKPOINT/.n" "$SWEEP_CHECKPOINT/n"
    done
    """

  @Test func killedAndResumedNothingIsLostAndNothingIsLeftBehind() throws {
    try write(Self.counting, parameters: "i: {values: [1, 2, 3]}")
    try folder.write("", to: "hold")
    for epochs in [10, 40, 90] {
      let child = try binary.start(["run", "p.yaml", "-q", "--workers", "2"])
      Results.wait(child, for: epochs, in: database)
      child.send(SIGKILL)
      #expect(child.wait().status == 128 + SIGKILL)
      wait("the end of the programs") { leftOver.isEmpty }
    }
    try FileManager.default.removeItem(atPath: folder.path("hold"))
    try run()
    #expect(try texts("SELECT trial, state, epochs_done, objective FROM trials_p") == (1...3).map { "\($0) complete 60 40.0" })
    #expect(try texts("SELECT count(*), count(DISTINCT trial * 100 + epoch), sum(loss) FROM epochs_p") == ["180 180 12510.0"])
    #expect(try texts("SELECT count(*) > 4, sum(result = 'interrupted') >= 2, sum(result IS NULL) FROM attempt") == ["1 1 0"])
    #expect(leftOver.isEmpty)
  }

  /// A program starts before its start is committed; kill -9 may come in between. Here the database is that from before the second attempt.
  @Test func whatAnAttemptPrintedThatWasNeverRecordedIsReadToo() throws {
    try write(Self.counting, parameters: "i: {value: 1}")
    try folder.write("", to: "hold")
    for (epochs, copy) in [(10, "before.sqlite"), (40, "after.sqlite")] {
      let child = try binary.start(["run", "p.yaml", "-q"])
      Results.wait(child, for: epochs, in: database)
      child.send(SIGKILL)
      #expect(child.wait().status == 128 + SIGKILL)
      wait("the end of the programs") { leftOver.isEmpty }
      #expect(try binary.run("backup", copy).status == 0)
    }
    for ending in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: database + ending) }
    try FileManager.default.moveItem(atPath: folder.path("before.sqlite"), toPath: database)
    #expect(try texts("SELECT attempt, epochs_done < 40 FROM trial") == ["1 1"])
    try FileManager.default.removeItem(atPath: folder.path("hold"))
    try run()
    #expect(try texts("SELECT state, epochs_done FROM trials_p") == ["complete 60"])
    #expect(try texts("SELECT count(*), count(DISTINCT epoch), sum(loss) FROM epochs_p") == ["60 60 4170.0"])
    #expect(FileManager.default.fileExists(atPath: folder.path("results.sqlite-trials/p/1/attempt-2.old-1")))
  }

  @Test func aProgramThatSavesNothingStartsAnewAndForgetsWhatItReported() throws {
    try write(
      "[ $SWEEP_ATTEMPT = 1 ] && { echo epoch=7 loss=7; sleep 60; }; for e in 1 2; do echo epoch=$e loss=$e; done", "")
    let child = try binary.start(["run", "p.yaml", "-q"])
    Results.wait(child, for: 7, in: database)
    child.send(SIGTERM)
    #expect(child.wait().status == 130)
    #expect(try texts("SELECT state, epochs_done FROM trials_p") == ["waiting 7"])
    try run()
    #expect(try texts("SELECT epoch, loss FROM epochs_p") == ["1 1.0", "2 2.0"])
    #expect(try texts("SELECT max, epochs_done FROM trial_metric JOIN trial ON id = trial_id WHERE metric_id = 1") == ["2.0 2"])
    #expect(try texts("SELECT attempt, result FROM attempt") == ["1 interrupted", "2 complete"])
  }

  @Test func aSecondInterruptLeavesNothingBehind() throws {
    try write("trap '' TERM; sleep 100 & setsid sleep 100 & echo loss=1; wait; while :; do sleep 1; done", "limits: {grace: 60s}")
    let child = try binary.start(["run", "p.yaml", "-q"])
    Results.wait(child, for: 1, in: database)
    child.send(SIGINT)
    usleep(300_000)
    child.send(SIGINT)
    #expect(child.wait().status == 130)
    wait("the end of the programs") { leftOver.isEmpty }
    // Whether its end was recorded before ours is a matter of luck.
    #expect(try texts("SELECT count(*) FROM trials_p WHERE state IN ('running', 'waiting')") == ["1"])
  }

  /// Before the programs were asked to end: that they are killed then is no failure of theirs. With so many processes to kill there is time to
  /// record one.
  @Test func twoInterruptsAtOnceFailNoTrial() throws {
    try write(
      "for n in $(seq 150); do sleep 100 & done; echo epoch=$SWEEP_ATTEMPT loss=1; sh -c 'sleep 100'; exit $?",
      parameters: "i: {min: 1, max: 4}")
    for round in 1...3 {
      let child = try binary.start(["run", "p.yaml", "-q", "--workers", "4"])
      wait("four programs") { (try? texts("SELECT count(*) FROM epochs_p WHERE epoch = \(round)")) == ["4"] }
      child.send(SIGTERM)
      child.send(SIGINT)
      #expect(child.wait().status == 130)
      #expect(try texts("SELECT DISTINCT state FROM trials_p WHERE state NOT IN ('running', 'waiting')") == [])
      wait("the end of the programs") { leftOver.isEmpty }
    }
  }

  /// As a cluster does that ends a job: the programs are gone when the runner hears of it.
  @Test(arguments: ["exec sleep 100", "trap 'exit 143' TERM; sleep 100"]) func aSignalToTheSweepAndItsProgramsFailsNoTrial(end: String) throws {
    try write("echo loss=1; \(end)", parameters: "i: {min: 1, max: 4}")
    let child = try binary.start(["run", "p.yaml", "-q", "--workers", "4"])
    Results.stop(child, after: 4, in: database)
    let programs = leftOver.compactMap { pid_t($0) }
    #expect(programs.count >= 4)
    for program in programs { kill(program, SIGTERM) }
    child.send(SIGTERM)
    child.send(SIGCONT)
    #expect(child.wait().status == 130)
    #expect(try texts("SELECT state, count(*) FROM trials_p GROUP BY 1") == ["waiting 4"])
  }

  @Test func interruptedProgramsHaveTimeToSave() throws {
    try write("trap 'echo saved > \"$SWEEP_CHECKPOINT/s\"; exit 0' TERM; echo loss=1; while :; do sleep 0.05; done")
    let child = try binary.start(["run", "p.yaml", "-q"])
    Results.wait(child, for: 1, in: database)
    child.send(SIGINT)
    #expect(child.wait().status == 130)
    #expect(FileManager.default.fileExists(atPath: folder.path("results.sqlite-trials/p/1/checkpoint/s")))
    #expect(try texts("SELECT state FROM trials_p") == ["waiting"])
  }

  // MARK: limits

  @Test(arguments: [
    ("sleep 100", "wall: 0.5", "it went beyond the wall time limit of 0.5 s"),
    ("sleep 100 & setsid sleep 100 & setsid sh -c 'sleep 100 & sleep 100' & wait", "wall: 0.5", "it went beyond the wall time limit of 0.5 s"),
    ("trap '' TERM; while :; do sleep 1; done", "wall: 0.5, grace: 0.5", "had to be killed"),
    ("tail /dev/zero", "memory: 100MB", "it went beyond the memory limit of 100 MiB"),
    ("sh -c 'tail /dev/zero' & wait", "memory: 100MB", "it went beyond the memory limit of 100 MiB"),
    ("while :; do :; done", "cpu: 1", "it went beyond the CPU time limit of 1 s"),
    ("sh -c 'while :; do :; done' || true; exit 0", "cpu: 1", "it went beyond the CPU time limit of 1 s"),
    ("sh -c 'while :; do :; done' & sh -c 'while :; do :; done' & wait", "cpu: 1", "it went beyond the CPU time limit of 1 s"),
  ])
  func everyLimitEndsATrialWithItsGroup(script: String, limit: String, reason: String) throws {
    try write("echo loss=1\n" + script, "limits: {\(limit)}")
    try run(expecting: 1)
    let rows = try texts("SELECT state, t.reason, result, a.seconds < 10 FROM trials_p AS t JOIN attempt AS a ON trial_id = trial")
    #expect(rows.count == 1 && rows[0].hasPrefix("failed ") && rows[0].contains(reason) && rows[0].hasSuffix(" failed 1"), "\(rows)")
    #expect(leftOver.isEmpty)
  }

  /// Where groups of cgroup v2 can be made.
  private static let hasGroups: Bool = {
    return ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].contains { parent in
      let path = "\(parent)/sweep-test-\(getpid())"
      guard mkdir(path, 0o755) == 0 else { return false }
      defer { rmdir(path) }
      return access(path + "/cgroup.kill", W_OK) == 0
    }
  }()

  @Test(.enabled(if: hasGroups, "no cgroup v2 in which groups can be made"))
  func whoHidesItsEnvironmentAndSessionGoesWithItsTrialToo() throws {
    try write("setsid env -i sleep 98765.25 & sleep 0.2; echo loss=1", "limits: {wall: 60}")
    try run()
    let processes = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }
    let hidden = processes.filter { process in
      let words = FileManager.default.contents(atPath: "/proc/\(process)/cmdline")?.split(separator: 0) ?? []
      return words.elementsEqual(["sleep", "98765.25"].map { Data($0.utf8) })
    }
    #expect(hidden.isEmpty)
  }

  @Test func whatIsLeftOfAGroupGoesWithItsTrial() throws {
    try write("sleep 100 & setsid sleep 100 & echo loss=1")
    try run()
    #expect(try texts("SELECT state FROM trials_p") == ["complete"])
    // One that was killed may be seen for a moment.
    wait("the end of what was left", seconds: 10) { leftOver.isEmpty }
  }

  @Test func threadsLimitTheProcessors() throws {
    try write("echo \"loss=1 processors=$(nproc) threads=$OMP_NUM_THREADS\"", parameters: "i: {values: [1, 2]}", "limits: {threads: 1}")
    try run("--workers", "2")
    #expect(try texts("SELECT processors, threads FROM trials_p") == ["1.0 1.0", "1.0 1.0"])
  }

  // MARK: slots, retries, rules

  @Test func everyRunningTrialHoldsASlotOfItsOwn() throws {
    try write(
      "mkdir \"slot-$GPU\" || exit 5; sleep 0.1; rmdir \"slot-$GPU\"; echo loss=1 gpu=$GPU", parameters: "i: {min: 1, max: 6}",
      "resources: {GPU: [3, 7]}")
    try run("--workers", "5")
    #expect(try texts("SELECT DISTINCT gpu FROM trials_p ORDER BY 1") == ["3.0", "7.0"])
  }

  @Test func failuresAreTriedAgainAsOftenAsTheFileSays() throws {
    try write(
      """
      case $1 in
      i=1) [ $SWEEP_ATTEMPT = 3 ] || { echo "not yet" >&2; exit $SWEEP_ATTEMPT; } ;;
      i=2) kill -9 $$ ;;
      i=3) sleep 100 ;;
      esac
      echo loss=$SWEEP_ATTEMPT
      """, parameters: "i: {min: 1, max: 3}", "retries: {count: 2, backoff: 0.05s, on: [exit, limit]}\nlimits: {wall: 1}\nallow_flapping: true")
    let result = try run(expecting: 1)
    #expect(result.errors.contains("trial 1: exit code 1: not yet; attempt 2 in 0.05 s"))
    #expect(
      try texts("SELECT trial, state, attempt, ifnull(objective, 'none') FROM trials_p") == [
        "1 complete 3 3.0", "2 failed 1 none", "3 failed 3 none",
      ])
    #expect(try texts("SELECT exit_code, signal FROM attempt WHERE trial_id = 1") == ["1 null", "2 null", "0 null"])
    #expect(try texts("SELECT reason FROM trials_p WHERE trial = 2") == ["it was ended by signal 9 (SIGKILL): is the machine out of memory?"])
  }

  @Test(arguments: [
    ("exit 3", "max_failures: 4\nallow_flapping: true", Int32(1), "4 trials failed, as many as max_failures allows", "failed 4"),
    ("exit 3", "", 1, "the first 3 trials failed at once", "failed 3"),
    ("echo loss=$((10 - ${1#i=}))", "run_cap: 5", 0, "", "complete 5"),
    ("sleep 0.2; echo loss=1", "time_budget: 0.5s", 0, "the time budget", ""),
  ])
  func rulesEndASweepBeforeItsPlan(script: String, rule: String, status: Int32, said: String, counts: String) throws {
    try write(script, parameters: "i: {min: 1, max: 20}", rule)
    let result = try run("--workers", "1", expecting: status)
    #expect(said.isEmpty || result.errors.contains(said), "\(result.errors)")
    #expect(try texts("SELECT state, count(*) FROM trials_p GROUP BY 1").contains(counts) || counts.isEmpty)
    #expect(try texts("SELECT count(*) FROM trials_p WHERE state = 'running'") == ["0"])
  }

  @Test func whenTheTargetIsReachedNothingMoreIsStarted() throws {
    try write("echo loss=$((20 - ${1#i=}))", parameters: "i: {min: 1, max: 20}", metric: "{name: loss, target: 15}")
    let result = try run("--workers", "1")
    #expect(result.errors.contains("the target of 15.0 is reached"))
    #expect(try texts("SELECT count(*), min(objective) FROM trials_p WHERE state = 'complete'") == ["5 15.0"])
    try run("--workers", "1")
    #expect(try texts("SELECT count(*) FROM trials_p WHERE state = 'complete'") == ["5"])
  }

  @Test func hyperbandStopsProgramsAndBuiltInTrialsAlike() throws {
    let early = "early_terminate: {type: hyperband, min_iter: 2}"
    try write("for e in 1 2 3 4; do echo epoch=$e loss=${1#i=}; sleep 0.2; done", parameters: "i: {min: 1, max: 3}", early)
    try run("--workers", "1")
    #expect(
      try texts("SELECT trial, state, reason FROM trials_p") == ["1 complete null", "2 pruned pruned after epoch 2", "3 pruned pruned after epoch 2"])
    try folder.write(
      "name: t\ntrainer: test-function\nmethod: grid\nmetric: {name: value}\n\(early)\nparameters: {x: {values: [1, 2, 3]}, epochs: {value: 4}}",
      to: "t.yaml")
    #expect(try binary.run("run", "t.yaml", "--workers", "1").status == 0)
    #expect(try texts("SELECT state, epochs_done FROM trials_t") == ["complete 4", "pruned 2", "pruned 2"])
  }

  @Test func anEndlessSearchOfWhatHasAnEndEnds() throws {
    try write("echo loss=1", parameters: "x: {distribution: q_uniform, min: 0, max: 3, q: 1}")
    try folder.write(
      try String(contentsOfFile: folder.path("p.yaml"), encoding: .utf8).replacing("method: grid", with: "method: random"), to: "p.yaml")
    try run()
    #expect(try texts("SELECT count(*), count(DISTINCT x) FROM trials_p") == ["4 4"])
  }

  @Test func afterRetryFailedATrialHasItsRetriesAgain() throws {
    try write("exit $SWEEP_ATTEMPT", "retries: {count: 1, backoff: 0.01s}\nallow_flapping: true")
    try run(expecting: 1)
    try run("--retry-failed", expecting: 1)
    #expect(try texts("SELECT exit_code, forgiven FROM attempt") == ["1 1", "2 1", "3 0", "4 0"])
  }

  @Test func whatIsNoTimeIsRefusedAndNotTrappedOn() throws {
    for rule in ["limits: {wall: 1111111111111111111111111111111}", "time_budget: 99999999999999999999999999", "limits: {grace: 1e300s}"] {
      try write("echo loss=1", rule)
      #expect(try run(expecting: 65).errors.contains("write a time such as"))
    }
  }

  @Test func randomSearchWithoutAnEndGoesOnUntilItIsStopped() throws {
    try write("echo loss=1", parameters: "x: {min: 0.0, max: 1.0}")
    try folder.write(
      try String(contentsOfFile: folder.path("p.yaml"), encoding: .utf8).replacing("method: grid", with: "method: random"), to: "p.yaml")
    func count() -> Int { (try? Results.integer(database, "SELECT count(*) FROM trial WHERE state = 'complete'")) ?? 0 }
    for least in [40, 80] {
      let child = try binary.start(["run", "p.yaml", "-q"])
      wait("\(least) trials") { count() >= least }
      child.send(SIGINT)
      #expect(child.wait().status == 130)
    }
    #expect(try texts("SELECT count(DISTINCT x) = count(*), count(*) = max(trial) FROM trials_p") == ["1 1"])
  }

  // MARK: before anything runs

  @Test func aProgramThatIsNotThereIsToldOnceAndNothingIsRun() throws {
    try folder.write("program: nothing.py\nmethod: grid\nmetric: {name: loss}\nparameters: {i: {values: [1, 2]}}", to: "p.yaml")
    let result = try run(expecting: 65)
    #expect(result.errors.contains("the program 'nothing.py' is not there"))
    #expect(try texts("SELECT count(*) FROM trial WHERE state = 'waiting'") == ["2"])
    try folder.write("command: [no-such-command]\nmethod: grid\nmetric: {name: loss}\nparameters: {i: {values: [1, 2]}}", to: "q.yaml")
    let lint = try binary.run("lint", "q.yaml")
    #expect(lint.status == 65 && lint.errors.contains("the command 'no-such-command' is not found"))
    #expect(lint.output.contains("warning: ") && lint.output.contains("q.yaml:1"))
  }

  @Test func overridesOnTheCommandLineAreRun() throws {
    try write("echo loss=1", parameters: "i: {values: [1, 2]}")
    try run("i=5,6,7", "+j=x")
    #expect(try texts("SELECT i, j FROM trials_p") == ["5 x", "6 x", "7 x"])
  }

  @Test func valuesReachTheProgramAsPythonPrintsThem() throws {
    try write(
      "for word in \"$@\"; do echo \"$word\"; done; cat \"$WANDB_SWEEP_PARAM_PATH\"; echo \"$SWEEP_PARAMETERS\"",
      parameters: "a: {value: true}\nb: {value: 1e-5}\nc: {value: [1, x]}\nd:\n  parameters:\n    e: {value: null}", arguments: "'${args}'")
    try run()
    #expect(
      try binary.run("logs", "1").output == """
        --a=True
        --b=1e-05
        --c=[1, 'x']
        --d={'e': None}
        "a": {value: true}
        "b": {value: 1.0e-05}
        "c": {value: [1, "x"]}
        "d": {value: {"e": null}}
        {"a": true, "b": 1e-05, "c": [1, "x"], "d": {"e": null}}

        """)
  }

  // MARK: ask and tell

  @Test func trialsAreAskedForAndToldOf() throws {
    try folder.write("name: asked\nmethod: grid\nmetric: {name: loss}\nparameters: {units: {values: [8, 16, 32]}}", to: "a.yaml")
    #expect(try binary.run("ask", "a.yaml").output == "{\"parameters\":{\"units\":8},\"sweep\":\"asked\",\"token\":\"1-1\",\"trial\":1}\n")
    #expect(try binary.run("ask").output.contains("\"units\":16"))
    #expect(try binary.run("tell", "1", "loss=0.5", "--more").status == 0)
    #expect(try binary.run("tell", "1", "loss=0.25", "accuracy=0.9").status == 0)
    #expect(try binary.run("tell", "2", "--failed", "out of luck").status == 0)
    let third = try binary.run("ask").output
    let misspelt = try binary.run("tell", "3", "los=1")
    #expect(third.contains("\"trial\":3") && misspelt.status == 65 && misspelt.errors.contains("tell loss=VALUE instead of los"))
    #expect(try texts("SELECT count(*) FROM epoch_metric WHERE trial_id = 3") == ["0"])
    let again = try binary.run("tell", "1", "loss=0")
    #expect(again.status == 65 && again.errors.contains("trial 1 of 'asked' is complete, not running"))
    #expect(try binary.run("ask").status == 1)
    #expect(try binary.run("ask", "--take-back").output.contains("\"trial\":3"))
    #expect(
      try texts("SELECT trial, state, objective, reason FROM trials_asked") == [
        "1 complete 0.25 null", "2 failed null out of luck", "3 running null null",
      ])
    let run = try binary.run("run", "a.yaml")
    #expect(run.status == 65 && run.errors.contains("names no program to run"))
  }

  @Test func manyWhoAskAtOnceGetTrialsOfTheirOwn() throws {
    try folder.write("name: asked\nmethod: grid\nmetric: {name: loss}\nparameters: {units: {min: 1, max: 40}}", to: "a.yaml")
    #expect(try binary.run("ask", "a.yaml").status == 0)
    let script = "for i in 1 2 3 4 5; do \(SweepBinary.path) ask --sweep asked || exit 1; done"
    let children = try (0..<4).map { _ in try binary.start(["-c", script], program: "/bin/sh") }
    let lines = children.flatMap { child -> [String] in
      let result = child.wait()
      #expect(result.status == 0, "\(result.errors)")
      return result.output.split(separator: "\n").map(String.init)
    }
    #expect(lines.count == 20 && Set(lines).count == 20)
  }

  // MARK: the real things

  private static let hasNumPy = Python.has("numpy")
  private static let hasWandb = Python.has("wandb, numpy")

  @Test(.enabled(if: hasNumPy, "python3 has no numpy"))
  func aTrainingInNumPyKilledTwiceHasTheNumbersOfOneThatWasNot() throws {
    let binary = SweepBinary(in: projectFolder + "/Examples/fashion-mnist", environment: ["PATH": Python.path, "HOME": folder.path])
    func command(_ database: String) -> [String] {
      ["run", "sweep.yaml", "-q", "--db", folder.path(database), "lr=0.1,0.5", "epochs=3", "--name", "e"]
    }
    #expect(try binary.run(command("whole.sqlite")).status == 0)
    for epochs in [1, 3] {
      let child = try binary.start(command("killed.sqlite"))
      Results.wait(child, for: epochs, in: folder.path("killed.sqlite"))
      child.send(SIGKILL)
      _ = child.wait()
    }
    #expect(try binary.run(command("killed.sqlite")).status == 0)
    let whole = try Results.metrics(folder.path("whole.sqlite"))
    #expect(try whole.count > 0 && Results.metrics(folder.path("killed.sqlite")) == whole)
    #expect(leftOver.isEmpty)
  }

  @Test(.enabled(if: hasWandb, "python3 has no wandb"))
  func anUnmodifiedScriptOfWandbIsRecorded() throws {
    let binary = SweepBinary(in: projectFolder + "/Examples/fashion-mnist", environment: ["PATH": Python.path, "HOME": folder.path])
    let result = try binary.run(["run", "sweep_wandb.yaml", "-q", "--db", database, "lr=0.5", "epochs=2", "--name", "w"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(try texts("SELECT count(*) FROM epoch_metric JOIN metric ON id = metric_id WHERE name = 'accuracy'").first.flatMap(Int.init) ?? 0 >= 2)
    #expect(try texts("SELECT DISTINCT state FROM trials_w") == ["complete"])
  }
}

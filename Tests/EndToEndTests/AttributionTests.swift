// Which number a report has, which attempt and which run it belongs to, and what is said of it: with the built binary and real programs.

import Foundation
import SweepTestSupport
import Testing

struct AttributionTests {
  private let folder = TemporaryFolder()
  private var binary: SweepBinary { SweepBinary(in: folder.path, environment: ["PATH": Python.path]) }
  private func texts(_ sql: String) throws -> [String] { try Results.texts(folder.path("results.sqlite"), sql) }

  /// Runs a shell script as the only trial.
  @discardableResult private func run(_ script: String, metric: String = "{name: loss, goal: minimize}", _ more: String = "") throws -> String {
    try folder.write(script, to: "trial.sh")
    try folder.write(
      "name: a\ncommand: [sh, trial.sh, '${args}']\nmethod: grid\nmetric: \(metric)\n\(more)\nparameters: {i: {value: 1}}\n", to: "a.yaml")
    let result = try binary.run("run", "a.yaml", "-q")
    #expect(result.status == 0, "\(result.errors)")
    return result.errors
  }

  /// Removes the database, with the files of its trials.
  private func forget() {
    for ending in ["", "-wal", "-shm", "-trials"] { try? FileManager.default.removeItem(atPath: folder.path("results.sqlite\(ending)")) }
  }

  private func epochs(_ columns: String = "loss") throws -> [String] {
    try texts("SELECT epoch, \(columns) FROM epochs_a WHERE loss IS NOT NULL ORDER BY epoch")
  }

  // MARK: one counter an attempt

  @Test func ofTwoCountersOnALineTheFinerNumbersAndTheOtherIsAMetric() throws {
    let said = try run(
      #"for i in 1 2 3 4; do printf '{"loss": 0.%d, "epoch": %s, "step": %d0}\n' $i $(echo "$i / 2" | bc -l | cut -c1-4) $i; done"#)
    #expect(try epochs("loss, metric_epoch") == ["10 0.1 0.5", "20 0.2 1.0", "30 0.3 1.5", "40 0.4 2.0"])
    #expect(try texts("SELECT objective FROM trials_a") == ["0.4"])
    #expect(
      said.contains("trial 1 counts by step, the finer one, and epoch is kept as a metric\n"))
  }

  @Test func wholeAndFractionalEpochsAloneAreCounted() throws {
    let said = try run("for e in 1.0 1.5 2.0 2.5; do echo \"epoch=$e loss=$e\"; done")
    #expect(try epochs("loss, metric_epoch") == ["1 1.0 1.0", "2 1.5 1.5", "3 2.0 2.0", "4 2.5 2.5"])
    #expect(said.contains("trial 1 told epoch 1.5, which is no whole number: its reports are counted from there on, and epoch is kept as a metric"))
  }

  @Test(arguments: [
    // Training by step, validation by epoch: both are kept, and their last is the last of each, whichever begins.
    (
      "for e in 1 2; do for s in 1 2; do echo \"step=$(((e - 1) * 2 + s))0 train=0.$e$s\"; done; echo \"epoch=$e loss=0.$e\"; done",
      ["20 0.1 1.0", "40 0.2 2.0"], "counts by step, which came first, and epoch is kept as a metric"
    ),
    (
      "echo epoch=0 loss=9; for e in 1 2; do for s in 1 2; do echo \"step=$(((e - 1) * 2 + s))0 train=0.$e$s\"; done; echo \"epoch=$e loss=0.$e\"; done",
      ["0 9.0 null", "1 0.1 null", "2 0.2 null"], "counts by epoch, which came first, and step is kept as a metric"
    ),
  ])
  func countersOnDifferentLinesAreNotMixed(script: String, expected: [String], remark: String) throws {
    let said = try run(script)
    let column = expected.contains { $0.hasSuffix("null") } ? "NULL" : "metric_epoch"
    #expect(try epochs("loss, \(column)") == expected)
    #expect(said.contains(remark), "\(said)")
    #expect(try texts("SELECT count(*), max(train) FROM epochs_a WHERE train IS NOT NULL") == ["4 0.22"])
    #expect(try texts("SELECT train FROM trials_a") == ["0.22"], "the last that was told")
  }

  @Test func aCounterThatFallsIsAMetricFromThereOn() throws {
    let said = try run("for fold in 1 2; do for e in 1 2; do echo \"epoch=$e loss=0.$fold$e\"; done; done")
    #expect(try epochs("loss, metric_epoch") == ["1 0.11 1.0", "2 0.12 2.0", "3 0.21 1.0", "4 0.22 2.0"])
    #expect(said.contains("trial 1 told epoch 1 after 2: its reports are counted from there on, and epoch is kept as a metric"))
  }

  @Test func aLateValueBelongsToItsEpoch() throws {
    let said = try run("echo epoch=1 train=1; echo epoch=2 train=2; echo epoch=1 loss=0.1; echo epoch=3 train=3; echo epoch=2 loss=0.2")
    #expect(try epochs("loss, train") == ["1 0.1 1.0", "2 0.2 2.0"])
    #expect(!said.contains("trial 1"), "\(said)")
  }

  @Test func aLineThatSaysNothingButTheEpochNumbersThoseAfterIt() throws {
    try run("for e in 3 4; do echo epoch=$e; echo loss=0.$e; echo acc=0.$e; done")
    #expect(try epochs("loss, acc") == ["3 0.3 0.3", "4 0.4 0.4"])
  }

  @Test func theFilesCounterCountsAndNoOther() throws {
    let said = try run(#"for i in 1 2; do echo "{\"loss\": $i, \"epoch\": $i, \"step\": ${i}0}"; done"#, "report: {epoch: epoch}")
    #expect(try epochs("loss, step") == ["1 1.0 10.0", "2 2.0 20.0"])
    #expect(!said.contains("trial 1"), "\(said)")
  }

  @Test func whatManyTrialsDoIsSaidOnce() throws {
    try folder.write("for e in 0.5 1; do echo \"epoch=$e loss=$e\"; done", to: "trial.sh")
    try folder.write("command: [sh, trial.sh, '${args}']\nmethod: grid\nmetric: {name: loss}\nparameters: {i: {min: 1, max: 12}}\n", to: "a.yaml")
    let said = try binary.run("run", "a.yaml", "-q").errors
    #expect(said.components(separatedBy: "which is no whole number").count == 2, "\(said)")
    #expect(try texts("SELECT count(*) FROM epochs_a WHERE loss IS NOT NULL") == ["24"])
  }

  // MARK: an attempt that goes on

  /// Does five epochs, fails, and goes on from the checkpoint; what it prints of an epoch is told by the shell's `say EPOCH DONE-IN-THIS-ATTEMPT`.
  private static func continued(_ say: String, saves: String = "echo $n > $SWEEP_CHECKPOINT/n") -> String {
    """
    n=$(cat "$SWEEP_CHECKPOINT/n" 2>/dev/null || echo 0); first=$n
    say() { \(say); }
    while [ $n -lt 7 ]; do
      n=$((n + 1)); say $n $((n - first)); \(saves)
      [ $n = 5 ] && [ $SWEEP_ATTEMPT = 1 ] && exit 1
    done; true
    """
  }
  private static let retries = "retries: {count: 1, backoff: 0.01s}"

  @Test(arguments: [
    ("echo step=$2 loss=0.$1", "1", "went on from its checkpoint and begins with step 1 again: that is epoch 6"),
    ("echo step=$(($2 - 1)) loss=0.$1", "0", "went on from its checkpoint and begins with step 0 again: that is epoch 5"),
    ("echo epoch=$1 loss=0.$1", "1", ""),
    ("echo loss=0.$1", "1", ""),
    ("echo \"{\\\"step\\\": $2, \\\"loss\\\": 0.$1}\" >> $SWEEP_REPORT", "1", "begins with step 1 again: that is epoch 6"),
    ("echo epoch=$1.5 loss=0.$1", "1", "which is no whole number"),
  ])
  func whatIsNumberedFromTheBeginningAgainFollows(say: String, first: String, remark: String) throws {
    let said = try run(Self.continued(say), Self.retries)
    let start = Int(first) ?? 1
    #expect(try epochs() == (1...7).map { "\($0 - 1 + start) 0.\($0)" })
    #expect(try texts("SELECT objective FROM trials_a") == ["0.7"])
    #expect(remark.isEmpty ? !said.contains("went on") : said.contains(remark), "\(said)")
  }

  @Test func whatIsToldAgainReplacesWhatWasToldBeforeAndNothingOldRanks() throws {
    // The checkpoint is two epochs behind, and the second attempt ends before the first one had come.
    let script = """
      n=$(cat "$SWEEP_CHECKPOINT/n" 2>/dev/null || echo 0)
      for e in $(seq $((n + 1)) $([ $SWEEP_ATTEMPT = 1 ] && echo 6 || echo 5)); do
        echo epoch=$e loss=0.$SWEEP_ATTEMPT$e; [ $e = 3 ] && echo 3 > $SWEEP_CHECKPOINT/n
      done; [ $SWEEP_ATTEMPT = 2 ]
      """
    let said = try run(script, Self.retries)
    #expect(try epochs() == ["1 0.11", "2 0.12", "3 0.13", "4 0.24", "5 0.25"])
    #expect(try texts("SELECT objective, epochs_done FROM trials_a") == ["0.25 5"])
    #expect(said.contains("went on from its checkpoint and tells epoch 4 to 6 again, which replaces what was told before"))
    let check = try binary.run("check")
    #expect(check.status == 0, "\(check.output)")
  }

  @Test func aCounterStaysThatOfTheAttemptBefore() throws {
    let script = """
      n=$(cat "$SWEEP_CHECKPOINT/n" 2>/dev/null || echo 0)
      [ $n = 0 ] || echo epoch=$n acc=0.$n
      while [ $n -lt 4 ]; do
        n=$((n + 1)); echo step=${n}0 loss=0.$n; echo epoch=$n acc=0.$n; echo $n > $SWEEP_CHECKPOINT/n
        [ $n = 2 ] && [ $SWEEP_ATTEMPT = 1 ] && exit 1
      done; true
      """
    try run(script, Self.retries)
    #expect(try epochs("loss, acc") == ["10 0.1 0.1", "20 0.2 0.2", "30 0.3 0.3", "40 0.4 0.4"])
  }

  @Test func aStepThatBeginsAgainInEachEpochLosesNothingInAnotherAttempt() throws {
    let script = """
      n=$(cat "$SWEEP_CHECKPOINT/n" 2>/dev/null || echo 0)
      while [ $n -lt 6 ]; do
        n=$((n + 1)); echo epoch=$((n / 3)) step=$((n % 3)) loss=0.$n; echo $n > $SWEEP_CHECKPOINT/n
        [ $n = 4 ] && [ $SWEEP_ATTEMPT = 1 ] && exit 1
      done; true
      """
    try run(script, Self.retries)
    #expect(try epochs().map { $0.split(separator: " ")[1] } == (1...6).map { "0.\($0)" })
  }

  @Test func aLateValueIsNoFallForTheNextAttempt() throws {
    let script = """
      n=$(cat "$SWEEP_CHECKPOINT/n" 2>/dev/null || echo 0)
      for e in $(seq $((n + 1)) $((3 + SWEEP_ATTEMPT))); do
        echo epoch=$e loss=0.$e; [ $e -gt 1 ] && echo epoch=$((e - 1)) val=0.$e; [ $e = 2 ] && echo 2 > $SWEEP_CHECKPOINT/n
      done; [ $SWEEP_ATTEMPT = 2 ]
      """
    try run(script, Self.retries)
    #expect(try epochs() == ["1 0.1", "2 0.2", "3 0.3", "4 0.4", "5 0.5"])
  }

  @Test func aLastLineWithoutItsEndIsReadTheSameAgain() throws {
    let script = "echo 1 > $SWEEP_CHECKPOINT/n; [ $SWEEP_ATTEMPT = 1 ] && { printf 'loss=1\nloss=2'; exit 1; }; echo loss=3"
    for retries in ["retries: {count: 1, backoff: 0.01s}", "retries: 0"] {
      try folder.write(script, to: "trial.sh")
      try folder.write(
        "name: a\ncommand: [sh, trial.sh, '${args}']\nmethod: grid\nmetric: {name: loss}\n\(retries)\nparameters: {i: {value: 1}}\n", to: "a.yaml")
      _ = try binary.run("run", "a.yaml", "-q")
      #expect(try binary.run("run", "a.yaml", "-q", "--retry-failed").status == 0)
      #expect(try epochs() == ["1 1.0", "2 2.0", "3 3.0"])
      forget()
    }
  }

  @Test func foldersAloneAreNoCheckpoint() throws {
    let said = try run(
      "mkdir -p $SWEEP_CHECKPOINT/weights; echo epoch=1 loss=0.$SWEEP_ATTEMPT; [ $SWEEP_ATTEMPT = 1 ] && exit 1; [ $SWEEP_CONTINUES = 0 ] && echo epoch=2 loss=0.5",
      Self.retries)
    #expect(try epochs() == ["1 0.2", "2 0.5"])
    #expect(!said.contains("went on"), "\(said)")
  }

  @Test func whatAnotherWriterHasToldInTheAttemptStays() throws {
    let script = """
      n=$(cat "$SWEEP_CHECKPOINT/n" 2>/dev/null || echo 0)
      printf '{"acc": 0.%d, "epoch": %d}\\n' $((5 + SWEEP_ATTEMPT)) $((n + 6)) >> $SWEEP_REPORT; sleep 0.4
      for e in $(seq $((n + 1)) 5); do echo epoch=$e loss=0.$e; [ $e = 3 ] && echo 3 > $SWEEP_CHECKPOINT/n; done
      [ $SWEEP_ATTEMPT = 2 ]
      """
    try run(script, Self.retries)
    #expect(try epochs() == ["1 0.1", "2 0.2", "3 0.3", "4 0.4", "5 0.5"])
    #expect(try texts("SELECT acc FROM epochs_a WHERE acc IS NOT NULL ORDER BY epoch") == ["0.6", "0.7"])
  }

  @Test(arguments: ["echo epoch=$1 loss=$1", "echo step=$2 loss=$1", "echo loss=$1", "echo epoch=$1.5 loss=$1"])
  func afterKillsTheRowsAreThoseOfARunWithoutThem(say: String) throws {
    let script = """
      n=$(cat "$SWEEP_CHECKPOINT/n" 2>/dev/null || echo 0); first=$n
      say() { \(say); }
      while [ $n -lt 30 ]; do
        n=$((n + 1)); say $n $((n - first)); echo $n > $SWEEP_CHECKPOINT/.n; mv $SWEEP_CHECKPOINT/.n $SWEEP_CHECKPOINT/n
        while [ $n -gt 25 ] && [ -e hold ]; do sleep 0.01; done; sleep 0.01
      done; true
      """
    try folder.write(script, to: "trial.sh")
    try folder.write(
      "name: a\ncommand: [sh, trial.sh, '${args}']\nmethod: grid\nmetric: {name: loss}\nparameters: {i: {values: [1, 2]}}\n", to: "a.yaml")
    try folder.write("", to: "hold")
    for epochs in [4, 20, 35] {
      let child = try binary.start(["run", "a.yaml", "-q"])
      Results.wait(child, for: epochs, in: folder.path("results.sqlite"))
      child.send(SIGKILL)
      _ = child.wait()
    }
    try FileManager.default.removeItem(atPath: folder.path("hold"))
    let last = try binary.run("run", "a.yaml", "-q")
    #expect(last.status == 0, "\(last.errors)")
    // The last reports before a kill may come twice: once more read from the log, once more told by who goes on.
    #expect(try texts("SELECT count(DISTINCT loss), max(loss) FROM epochs_a WHERE loss IS NOT NULL GROUP BY trial") == ["30 30.0", "30 30.0"])
    #expect(try texts("SELECT objective FROM trials_a") == ["30.0", "30.0"])
    #expect(
      try texts("SELECT count(*) FROM epochs_a AS a JOIN epochs_a AS b ON a.trial = b.trial AND a.epoch < b.epoch AND a.loss > b.loss") == ["0"],
      "later reports have larger numbers")
    #expect(try binary.run("check").status == 0)
  }

  // MARK: two who tell the same

  @Test func whatIsToldInTwoWaysCountsOnceWhicheverIsReadFirst() throws {
    for order in ["echo epoch=$e loss=0.$e$e; sleep 0.25; J", "J; sleep 0.25; echo epoch=$e loss=0.$e$e"] {
      let json = "printf '{\"step\": %d, \"loss\": %s}\\n' $((e - 1)) 0.$e >> $SWEEP_REPORT"
      let said = try run("for e in 1 2 3; do \(order.replacing("J", with: json)); done")
      #expect(try epochs() == ["0 0.1", "1 0.2", "2 0.3"])
      #expect(said.contains("trial 1 tells loss in two ways, by $SWEEP_REPORT and by its output: that of $SWEEP_REPORT counts"), "\(said)")
      forget()
    }
  }

  @Test func whereAReportBelongsDoesNotDependOnWhoElseTellsTheSame() throws {
    let (file, printed) = ("echo '{\"loss\": 3}' >> $SWEEP_REPORT", "echo loss=1; echo loss=2; echo acc=8")
    for order in ["\(file); sleep 0.3; \(printed)", "\(printed); sleep 0.3; \(file)"] {
      try run("\(order); sleep 0.2")
      #expect(try texts("SELECT epoch, acc FROM epochs_a WHERE acc IS NOT NULL") == ["2 8.0"])
      #expect(try texts("SELECT epoch FROM epochs_a WHERE seconds IS NOT NULL") == ["2"])
      forget()
    }
  }

  /// Real event files, copied by the program as a writer would have written them.
  @Test(arguments: [
    ("lightning", "val_acc", ["3 0.029721520841121674", "7 0.0010123897809535265"], ""),
    ("lightning", "test_acc", ["8 0.0010123897809535265"], ""),
    ("keras", "validation/epoch_accuracy", ["0 0.65625", "1 0.71875", "2 0.75"], ""),
    ("keras", "train/epoch_accuracy", ["0 0.46875", "1 0.59375", "2 0.625"], ""),
    ("hparams", "hparam/accuracy", ["0 0.8999999761581421"], "tells loss in several event files of TensorBoard"),
    ("hparams", "loss", ["0 1.0", "1 0.5", "2 0.3333333432674408"], "that of events.out.tfevents.1795789270.host.1.0 counts"),
    (
      "reopened", "loss",
      ["0 1.0", "1 0.5", "2 0.3333333432674408", "3 0.25", "4 0.20000000298023224", "5 0.1666666716337204"], ""
    ),
    ("rivals", "loss", ["0 0.0", "1 1.0", "2 2.0", "3 3.0"], "that of events.out.tfevents.1795789284.host.1.0 counts"),
  ])
  func tensorBoardsFilesHaveTheNamesThatTheirAuthorsGave(name: String, metric: String, expected: [String], remark: String) throws {
    let said = try run(
      "mkdir -p $SWEEP_TENSORBOARD; cp -r \(projectFolder)/Tests/Assets/tensorboard/\(name)/. $SWEEP_TENSORBOARD/",
      metric: "{name: \(metric), goal: minimize}")
    #expect(
      try texts("SELECT epoch, value FROM epoch_metric JOIN metric ON id = metric_id WHERE name = '\(metric)' ORDER BY epoch") == expected)
    #expect(remark.isEmpty ? !said.contains("counts") : said.contains(remark), "\(said)")
  }

  @Test func whicheverWriterIsReadFirstTheRowsAreTheSame() throws {
    // The files of two writers come in either order, as a busy machine has it.
    let assets = "\(projectFolder)/Tests/Assets/tensorboard/rivals"
    for files in [["host.1.0", "host.2.0"], ["host.2.0", "host.1.0"]] {
      try run(
        "mkdir -p $SWEEP_TENSORBOARD; cp \(assets)/*\(files[0]) $SWEEP_TENSORBOARD/; sleep 0.4; cp \(assets)/*\(files[1]) $SWEEP_TENSORBOARD/; sleep 0.2"
      )
      #expect(try epochs() == ["0 0.0", "1 1.0", "2 2.0", "3 3.0"])
      #expect(try texts("SELECT last, max FROM trial_metric JOIN metric ON id = metric_id WHERE name = 'loss'") == ["3.0 3.0"])
      #expect(try binary.run("check").status == 0)
      forget()
    }
  }

  @Test func aFolderThatComesLaterGivesAllTheirNames() throws {
    let assets = "\(projectFolder)/Tests/Assets/tensorboard/keras"
    try run(
      "mkdir -p $SWEEP_TENSORBOARD; cp -r \(assets)/train $SWEEP_TENSORBOARD/; sleep 0.4; cp -r \(assets)/validation $SWEEP_TENSORBOARD/; sleep 0.2",
      metric: "{name: validation/epoch_loss, goal: minimize}")
    let told = "SELECT DISTINCT name FROM epoch_metric JOIN metric ON id = metric_id WHERE name LIKE '%epoch_loss' ORDER BY 1"
    #expect(try texts(told) == ["train/epoch_loss", "validation/epoch_loss"])
    #expect(try texts("SELECT count(*) FROM trial_metric JOIN metric ON id = metric_id WHERE name = 'epoch_loss'") == ["0"])
  }

  // MARK: what did not count, and why

  @Test(arguments: [
    ("printf '\\033[32mepoch=1 acc=0.5\\033[0m\\n'", "0.5"), ("echo \"{'epoch': 1, 'acc': 0.5}\"", "0.5"),
    ("echo \"{'acc': np.float64(0.25), 'name': 'a, b', 'list': [1, (2,)], 'n': {'x': tensor(1., device='cuda:0')}, 'ok': True}\"", "0.25"),
    ("echo \"{'acc': '0.125', 'epoch': '1'}\"", "0.125"), ("echo \"{'acc': 0.5, 'loss': nan}\"", "0.5"),
  ])
  func whatCanBeReadWithoutDoubtIsRead(script: String, expected: String) throws {
    try run(script, metric: "{name: acc, goal: maximize}")
    #expect(try texts("SELECT objective FROM trials_a") == [expected])
  }

  @Test(
    arguments: [
      ("echo 'epoch: 1, acc: 0.5'", "acc", "its output has 'epoch: 1, acc: 0.5': that is not name=value; report: {pattern: '", "0.5"),
      ("echo 'epoch=1 acc=0.5 *'", "acc", "a line counts where it is nothing but name=value pairs; report: {pattern: '", "0.5"),
      ("echo 'Epoch 3/3, acc: 0.25, val_acc: 0.75, best acc: 0.9'", "acc", "report: {pattern: '", "0.25"),
      ("echo 'Epoch 3/3 - val_acc: 0.75 - acc: 0.25 (new best)'", "acc", "report: {pattern: '", "0.25"),
      ("echo 'acc: 1,234.5'", "acc", "commas between thousands are not read", nil),
      ("echo 'loss: 0.3 | acc: 0.9'", "acc", "that is not name=value; report: {pattern: '", "0.9"),
      ("echo 'Epoch [3/10] Val Acc: 91.5%'", "val_acc", "names are taken as they are spelt; report: {pattern: '", "0.915"),
      ("echo 'epoch 2: acc 0.75 (best 0.8)'", "acc", "report: {pattern: '", "0.75"),
      ("echo 'acc=0,75'", "acc", "a comma is no decimal point; print the number with a point", nil),
      ("printf '{\\n  \"epoch\": 1,\\n  \"acc\": 0.5\\n}\\n'", "acc", "a JSON object is read on one line, not on several", nil),
      ("echo 'INFO:root:acc=0.5' >&2", "acc", "standard error has 'INFO:root:acc=0.5': that is not read; print it on standard output", nil),
      ("echo 'Acc=0.5'", "acc", "it reported Acc; did you mean 'metric: {name: Acc}'? 'sweep rank --metric Acc' ranks by it", nil),
      ("echo hello", "acc", "it reported nothing", nil),
    ] as [(String, String, String, String?)])
  func whatIsMissedIsShownWithWhatWouldReadIt(script: String, metric: String, words: String, value: String?) throws {
    let said = try run(script, metric: "{name: \(metric), goal: maximize}")
    #expect(said.contains("trial 1 ended without having reported \(metric), and so has no rank") && said.contains(words), "\(said)")
    guard let value else { return }
    // What it proposes does what it says.
    let pattern = try #require(said.firstMatch(of: /report: \{pattern: '(.*)'\} reads it/)).1
    try folder.write(
      "name: b\ncommand: [sh, trial.sh, '${args}']\nmethod: grid\nmetric: {name: \(metric), goal: maximize}\n"
        + "report: {pattern: '\(pattern)'}\nparameters: {i: {value: 1}}\n", to: "b.yaml")
    #expect(try binary.run("run", "b.yaml", "-q").status == 0)
    #expect(try texts("SELECT objective FROM trials_b") == [value])
  }

  @Test(arguments: [
    (
      "echo acc=0.5; echo 'epoch=2 acc=0.9 *'; echo acc=0.6",
      "its output has 'epoch=2 acc=0.9 *': a line counts where it is nothing but name=value pairs"
    ),
    ("echo acc=500.0; echo acc=1,500.0", "commas between thousands are not read"),
    ("echo '{\"acc\": 0.5}'; echo '{\"acc\": \"0.9\"}'", "a text is no number"),
    ("echo acc=0.5; echo acc=None", "its value is no number"),
  ])
  func linesThatWereNotReadBesideOthersAreTold(script: String, words: String) throws {
    let said = try run(script, metric: "{name: acc, goal: maximize}")
    #expect(said.contains("trial 1 told acc on lines that were not read, beside others that were") && said.contains(words), "\(said)")
  }

  @Test(arguments: [
    "echo acc=0.5; echo 'the acc is fine'; echo 'acc: running'", "echo '{\"acc\": 0.5, \"note\": \"acc\"}'; echo val_acc=1; echo ACC=2",
  ])
  func otherLinesAreNot(script: String) throws {
    let said = try run(script, metric: "{name: acc, goal: maximize}")
    #expect(!said.contains("trial 1"), "\(said)")
  }

  @Test func aPatternDoesNotPassByWhatDiverges() throws {
    let said = try run(
      "echo 'Epoch 1: loss 0.5'; echo 'Epoch 2: loss nan'; echo 'saving loss plot'",
      "report: {pattern: 'Epoch (?<epoch>\\d+): loss (?<loss>[.0-9]+)'}")
    #expect(said.contains("has 'Epoch 2: loss nan': report.pattern does not match it"), "\(said)")
  }

  @Test func aNameThatIsTwiceOnALineIsTold() throws {
    #expect(try run("echo epoch=1 loss=0.5 acc=1 loss=0.25").contains("trial 1 told loss more than once on a line; the last counts"))
    #expect(try epochs() == ["1 0.25"])
  }

  @Test(arguments: ["step", "epoch"]) func aMetricMayBeCalledAsACounterIs(name: String) throws {
    try run("for i in 1 2 3; do echo step=$((i * 100)) epoch=$i; done", metric: "{name: \(name), goal: minimize}")
    #expect(try texts("SELECT objective FROM trials_a") == [name == "step" ? "300.0" : "3.0"])
  }

  @Test func aCounterOfTheFileThatNeverComesIsTold() throws {
    let said = try run("for i in 1 2; do echo epoch=$i loss=$i; done", "report: {epoch: iteration}")
    #expect(said.contains("trial 1 never told iteration, by which 'report: epoch' numbers its reports: they are counted"), "\(said)")
    #expect(try epochs("loss, metric_epoch") == ["1 1.0 1.0", "2 2.0 2.0"])
  }

  // MARK: early stopping

  /// Where trials are compared, what may not count is not compared: the same with any number of workers, and the best is not stopped by it.
  @Test(arguments: [1, 2, 4]) func nobodyIsStoppedByWhatDoesNotCount(workers: Int) throws {
    let script = """
      i=${1#--i=}; : > $SWEEP_REPORT
      for e in 1 2 3 4; do echo epoch=$e acc=0.$((9 - i)); sleep 0.15; printf '{"epoch": %d, "acc": 0.%d%d}\n' $e $i $e >> $SWEEP_REPORT; done
      """
    try folder.write(script, to: "trial.sh")
    try folder.write(
      "name: a\ncommand: [sh, trial.sh, '${args}']\nmethod: grid\nmetric: {name: acc, goal: maximize}\n"
        + "early_terminate: {type: hyperband, min_iter: 2}\nparameters: {i: {values: [1, 2, 3, 4]}}\n", to: "a.yaml")
    let result = try binary.run("run", "a.yaml", "-q", "--workers", "\(workers)")
    #expect(result.status == 0, "\(result.errors)")
    #expect(try texts("SELECT trial, state, objective FROM trials_a") == (1...4).map { "\($0) complete 0.\($0)4" })
  }

  @Test func whatIsToldAgainIsNoFurtherValueForThoseWhoAreCompared() throws {
    // Quarters of epochs: the second attempt of the best trial goes on from before what it had told.
    let script = """
      i=${1#--i=}; n=$(cat "$SWEEP_CHECKPOINT/n" 2>/dev/null || echo 0)
      for q in $(seq $((n + 1)) 6); do
        echo "epoch=$(echo "$q / 4" | bc -l | cut -c1-4) loss=$([ $i = 2 ] && echo 0.$(echo 984321 | cut -c$q) || echo 0.5)"
        [ $q = 1 ] && echo 1 > $SWEEP_CHECKPOINT/n
        [ $i = 2 ] && [ $q = 2 ] && [ $SWEEP_ATTEMPT = 1 ] && exit 1
      done; true
      """
    try folder.write(script, to: "trial.sh")
    for (name, retries) in [("a", 1), ("b", 1)] {
      try folder.write(name == "a" ? script : script.replacing("&& exit 1", with: "&& :"), to: "trial.sh")
      try folder.write(
        "name: \(name)\ncommand: [sh, trial.sh, '${args}']\nmethod: grid\nmetric: {name: loss}\nretries: {count: \(retries), backoff: 0.01s}\n"
          + "early_terminate: {type: hyperband, min_iter: 3}\nparameters: {i: {values: [1, 2]}}\n", to: "\(name).yaml")
      #expect(try binary.run("run", "\(name).yaml", "-q", "--workers", "1").status == 0)
    }
    for view in ["trials_a", "trials_b"] {
      #expect(try texts("SELECT trial, state, objective FROM \(view)") == ["1 complete 0.5", "2 complete 0.1"], "\(view)")
    }
    #expect(
      try texts("SELECT trial, epoch, loss FROM epochs_a WHERE loss IS NOT NULL")
        == texts("SELECT trial, epoch, loss FROM epochs_b WHERE loss IS NOT NULL"))
  }

  // MARK: failures

  @Test func theFirstFailureIsToldWhenItHappensWithItsLastLineAndItsLog() throws {
    try folder.write(
      "[ $1 = --i=2 ] && { echo 'RuntimeError: no memory' >&2; exit 1; }; while [ -e hold ]; do sleep 0.1; echo loss=1; done; echo loss=1",
      to: "trial.sh")
    try folder.write(
      "name: a\ncommand: [sh, trial.sh, '${args}']\nmethod: grid\nmetric: {name: loss}\nparameters: {i: {min: 1, max: 4}}\n", to: "a.yaml")
    try folder.write("", to: "hold")
    let child = try binary.start(["run", "a.yaml", "--workers", "2"])
    let deadline = ContinuousClock.now + .seconds(30)
    while !(child.errors.contains("trial 2 failed") && child.errors.contains("1/4 trials, 1 failed")), ContinuousClock.now < deadline {
      usleep(10_000)
    }
    let said = child.errors
    try FileManager.default.removeItem(atPath: folder.path("hold"))
    #expect(child.wait().status == 1)
    #expect(
      said.contains(
        "sweep: trial 2 failed: exit code 1: RuntimeError: no memory — \(folder.path("results.sqlite-trials/a/2/attempt-1/errors.log"))\n"),
      "\(said)")
    #expect(said.contains("1/4 trials, 1 failed, "))
  }
}

// Every command as a user types it, on made images: output, exit codes, and what it leaves behind.

import Foundation
import GRDB
import SweepCore
import SweepTestSupport
import Testing

struct CommandTests {
  let folder = TemporaryFolder()
  var binary: SweepBinary { SweepBinary(in: folder.path) }

  static let small = """
    name: small
    description: made images
    method: grid
    metric: {name: validation_accuracy, goal: maximize}
    parameters:
      eta: {values: [0.001, 0.01, 0.1]}
      lambda: {values: [0, 0.1]}
      epochs: {value: 3}
      dataset: {value: synthetic}
      training_images: {value: 300}
      validation_images: {value: 100}
    """

  private func ran() throws -> SweepBinary.Result {
    try folder.write(Self.small, to: "small.yaml")
    return try binary.run("run", "small.yaml")
  }

  private func json(_ text: String) throws -> [[String: Any]] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
  }

  @Test func runPrintsTheRankedTableOnStandardOutputAndTheRestOnStandardError() throws {
    let result = try ran()
    #expect(result.status == 0)
    let lines = result.output.split(separator: "\n")
    #expect(lines[0].hasPrefix("rank  trial  validation accuracy  95 % interval  behind the best  test accuracy  95 % interval  lambda"))
    #expect(lines.count == 8)
    #expect(result.errors.contains("small: 6 trials (6 new), 6 to run"))
    #expect(result.errors.contains("small: 6 complete; 6 ended now in") && result.errors.contains("results in results.sqlite"))
  }

  @Test func runningAgainAndResumingChangeNothing() throws {
    let first = try ran()
    for arguments in [["run", "small.yaml"], ["resume"], ["resume", "small"]] {
      let again = try binary.run(arguments)
      #expect(again.status == 0 && again.output == first.output && again.errors.contains("0 ended now"))
    }
  }

  @Test func rankInJSONIsAnArrayOfFlatObjects() throws {
    _ = try ran()
    let rows = try json(try binary.run("rank", "small", "--format", "json").output)
    #expect(rows.count == 6)
    #expect(rows[0]["rank"] as? Int == 1 && rows[0]["state"] as? String == "complete" && rows[0]["trial"] is Int)
    for name in ["lambda", "eta", "batch_size", "epochs", "dataset", "seed", "validation_accuracy", "test_accuracy", "train_loss", "learning_rate"] {
      #expect(rows[0][name] != nil, "\(name)")
    }
    #expect(rows[0]["decay_every"] is NSNull)
  }

  @Test func topAndFormatsWork() throws {
    _ = try ran()
    let top = try binary.run("rank", "--top", "2", "--format", "csv")
    #expect(top.output.split(separator: "\n").count == 3)
    let markdown = try binary.run("rank", "--format", "markdown")
    #expect(markdown.output.hasPrefix("| rank | trial | validation accuracy |"))
    let unknown = try binary.run("rank", "--format", "jsn")
    #expect(unknown.status == 64 && unknown.errors.contains("did you mean 'json'?"))
  }

  @Test func statusListAndShowTellWhatThereIs() throws {
    _ = try ran()
    let status = try json(try binary.run("status", "--format", "json").output)
    #expect(status.count == 1 && status[0]["complete"] as? Int == 6 && status[0]["sweep"] as? String == "small")
    #expect(try binary.run("list").output.contains("small"))
    let show = try binary.run("show", "2", "--format", "json")
    #expect(try json(show.output).map { $0["epoch"] as? Int } == [1, 2, 3])
    #expect(show.errors.contains("small, trial 2: complete") && show.errors.contains("eta: "))
    #expect(try binary.run("show", "2").output.matches(of: /\.\d{13,}/).isEmpty)  // four digits that count are enough for people
    let none = try binary.run("show", "7")
    #expect(none.status == 65 && none.errors.contains("its trials are 1 to 6"))
  }

  @Test func queryAnswersAndNeverWrites() throws {
    _ = try ran()
    let answer = try binary.run("query", "SELECT eta, count(*) AS n FROM trials_small GROUP BY eta ORDER BY eta", "--format", "csv")
    #expect(answer.output == "eta,n\n0.001,2\n0.01,2\n0.1,2\n")
    let before = try Results.metrics(folder.path("results.sqlite"))
    for sql in ["DELETE FROM epoch_metric", "DROP VIEW trials_small", "ATTACH 'x' AS y"] {
      let result = try binary.run("query", sql)
      #expect(result.status == 65 || result.status == 74, "\(sql): \(result.status)")
      #expect(result.errors.hasPrefix("sweep: error: "))
    }
    #expect(try Results.metrics(folder.path("results.sqlite")) == before)
    let help = try binary.run("query")
    #expect(help.output.contains("trials_small") && help.output.contains("validation_accuracy"))
    let slip = try binary.run("query", "SELECT * FROM trial_small")
    #expect(slip.status == 65 && slip.errors.contains("did you mean 'trials_small'?"))
  }

  @Test func planShowsAndWritesNothing() throws {
    try folder.write(Self.small, to: "small.yaml")
    let plan = try binary.run("plan", "small.yaml")
    #expect(plan.status == 0)
    #expect(plan.errors.contains("small: 6 points = 3 eta × 2 lambda") && plan.errors.contains("cohorts for") && plan.errors.contains("time: about"))
    #expect(plan.output.contains("0.001"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["small.yaml"])
    let rows = try binary.run("plan", "small.yaml", "--rows", "100", "--format", "csv", "--no-estimate")
    #expect(rows.output.split(separator: "\n").count == 7)
  }

  @Test func aGridBeyondTenMillionNeedsAWord() throws {
    try folder.write(
      Self.small.replacing("eta: {values: [0.001, 0.01, 0.1]}", with: "eta: {value: 1}\n  seed: {min: 1, max: 6000000}"), to: "small.yaml")
    let result = try binary.run("plan", "small.yaml", "--no-estimate")
    #expect(result.status == 65 && result.errors.contains("12000000 points") && result.errors.contains("--max-trials 12000000"))
    let run = try binary.run("run", "small.yaml")
    #expect(run.status == 65)
    #expect(try binary.run("plan", "small.yaml", "--no-estimate", "--max-trials", "12000000").status == 0)
  }

  @Test func aSweepOfAnEarlierVersionIsReadAndNotGoneOnWith() throws {
    try FileManager.default.copyItem(atPath: projectFolder + "/Tests/Assets/databases/schema-1.sqlite", toPath: folder.path("results.sqlite"))
    let rank = try binary.run("rank")
    #expect(rank.status == 0 && rank.output.split(separator: "\n").count == 4)
    let refused = try binary.run("resume", "old")
    #expect(refused.status == 65 && refused.errors.contains("no parameter train_metrics") && refused.errors.contains("--name"))
    try DatabaseQueue(path: folder.path("results.sqlite")).write { try $0.execute(sql: "UPDATE trial SET state = 'complete'") }
    let finished = try binary.run("resume", "old")
    #expect(finished.status == 0 && finished.errors.contains("3 complete; 0 ended now"), "\(finished.errors)")
  }

  @Test func aChangedFileTellsTheTwoWaysOn() throws {
    _ = try ran()
    try folder.write(Self.small.replacing("value: 3", with: "value: 4"), to: "small.yaml")
    let refused = try binary.run("run", "small.yaml")
    #expect(
      refused.status == 65 && refused.errors.contains("epochs was 3 when 'small' was planned and is now 4") && refused.errors.contains("--name"))
    #expect(try binary.run("run", "small.yaml", "--name", "other").status == 0)
    try folder.write(Self.small.replacing("[0.001, 0.01, 0.1]", with: "[0.01, 0.1, 1.0]"), to: "small.yaml")
    let changed = try binary.run("run", "small.yaml")
    #expect(
      changed.status == 0 && changed.errors.contains("2 trials no longer in the file, kept, and not to run: ") && changed.errors.contains("(2 new)"))
    #expect(changed.errors.contains("6 complete, 2 no longer in the file"))
    let rank = try binary.run("rank", "small")
    #expect(rank.output.split(separator: "\n").count == 8 && rank.errors.contains("2 that the file no longer asks for"))
    #expect(try binary.run("rank", "small", "--all").output.split(separator: "\n").count == 10)
  }

  @Test func everyComplaintAboutAFileComesAtOnce() throws {
    try folder.write(Self.small.replacing("lambda", with: "lamda").replacing("0.001,", with: "-1,"), to: "small.yaml")
    let result = try binary.run("run", "small.yaml")
    #expect(result.status == 65)
    #expect(result.errors.contains("unknown key 'lamda' — small.yaml:7, parameters.lamda — did you mean 'lambda'?"))
    #expect(result.errors.contains("eta is -1 — small.yaml:6, parameters.eta.values[0] — use a number above 0.0"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("results.sqlite")))
  }

  @Test func missingDataIsOneErrorAndNotAFailureOfEachTrial() throws {
    try folder.write(Self.small.replacing("synthetic", with: "cifar10"), to: "small.yaml")
    let result = try binary.run("run", "small.yaml")
    #expect(result.status == 65 && result.errors.contains("sweep data fetch cifar10"))
    #expect(try Results.integer(folder.path("results.sqlite"), "SELECT count(*) FROM trial WHERE state <> 'waiting'") == 0)
  }

  @Test(arguments: [
    (["run"], 64), (["run", "none.yaml"], 65), (["frobnicate"], 64), (["rank"], 65), (["rank", "--db", "/nowhere/x.sqlite"], 65),
    (["query", "SELECT 1", "--db", "notes.txt"], 65), (["run", "small.yaml", "--db", "/nowhere/x.sqlite"], 74),
    (["run", "small.yaml", "--workers", "0"], 64),
    (["data", "fetch", "cifar11"], 65), (["data", "fetch", "fashion-mnist"], 64), (["--help"], 0), (["--version"], 0),
    (["run", "small.yaml", "--name", ""], 64),
  ])
  func exitCodesAreThoseOfTheHelp(arguments: [String], code: Int) throws {
    try folder.write(Self.small, to: "small.yaml")
    try folder.write("not a database, and longer than a hundred bytes, so that it is more than a header of one, as SQLite has it", to: "notes.txt")
    let result = try binary.run(arguments)
    #expect(Int(result.status) == code, "\(result.errors)")
    if code != 0 { #expect(!result.errors.isEmpty) }
  }

  @Test func aNameCannotDriveTheTerminal() throws {
    try folder.write(Self.small.replacing("name: small", with: #"name: "a\e[31mb""#), to: "small.yaml")
    let result = try binary.run("run", "small.yaml")
    #expect(result.status == 0)
    let list = try binary.run("list")
    #expect(!(result.errors + list.output + list.errors).contains("\u{1b}") && list.output.contains("a\\u{1b}[31mb"))
  }

  @Test func theDatabaseIsTheOneThatTheEnvironmentNames() throws {
    try folder.write(Self.small, to: "small.yaml")
    let other = SweepBinary(in: folder.path, environment: ["SWEEP_DB": "mine.sqlite"])
    #expect(try other.run("run", "small.yaml", "--quiet").status == 0)
    #expect(
      FileManager.default.fileExists(atPath: folder.path("mine.sqlite")) && !FileManager.default.fileExists(atPath: folder.path("results.sqlite")))
  }

  @Test func quietSaysNothingButTheOutcome() throws {
    try folder.write(Self.small, to: "small.yaml")
    let result = try binary.run("run", "small.yaml", "--quiet")
    #expect(result.errors.split(separator: "\n").count == 1)
  }

  @Test func kernelsCanBeForcedAndUnknownOnesAreRefused() throws {
    try folder.write(Self.small, to: "small.yaml")
    let portable = SweepBinary(in: folder.path, environment: ["SWEEP_KERNELS": "portable"])
    #expect(try portable.run("run", "small.yaml", "--db", "portable.sqlite").status == 0)
    #expect(try binary.run("run", "small.yaml", "--db", "fast.sqlite").status == 0)
    #expect(try Results.metrics(folder.path("portable.sqlite")) == Results.metrics(folder.path("fast.sqlite")))
    let unknown = SweepBinary(in: folder.path, environment: ["SWEEP_KERNELS": "fast"])
    #expect(try unknown.run("run", "small.yaml").status == 64)
  }

  @Test func aParameterMayHaveAnyNameInAFileOfPoints() throws {
    try folder.write("\"a\"\"b\",c\\d,it's é\n1.5,x,true\n2.5,y,false\n", to: "points.csv")
    try folder.write(
      "name: names\ncommand: [/bin/true]\nmethod: grid\nmetric: {name: seconds, goal: minimize}\ninclude: points.csv\n", to: "names.yaml")
    let run = try binary.run("run", "names.yaml", "-q")
    #expect(run.status == 0, "\(run.errors)")
    let columns = #""a""b" AS q, "c\d" AS b, "it's é" AS e"#
    let view = try binary.run("query", "SELECT \(columns) FROM trials_names ORDER BY trial", "--format", "csv")
    #expect(view.output == "q,b,e\n1.5,x,1\n2.5,y,0\n", "\(view.output)\(view.errors)")
    let rank = try binary.run("rank", "names", "--all", "--format", "csv").output
    #expect(rank.contains(#""a""b""#) && rank.contains(#"c\d"#) && rank.contains(",1.5,x,"), "\(rank)")
    let show = try binary.run("show", "1")
    #expect(show.errors.contains(#"  a"b: 1.5"#) && show.errors.contains(#"  c\d: x"#), "\(show.errors)")
    #expect(try binary.run("check").status == 0)
  }

  @Test func dataListAndVerifyWork() throws {
    let list = try json(try binary.run("data", "list", "--format", "json").output)
    #expect(list.map { $0["dataset"] as? String } == ["cifar10", "fashion-mnist", "synthetic"])
    let verify = try binary.run("data", "verify", "synthetic", "--format", "csv")
    #expect(verify.status == 0 && verify.output.contains("synthetic,train,1000,"))
    try folder.write([UInt8](repeating: 0, count: 99), to: "cifar-10-batches-bin/data_batch_1.bin")
    let bad = try SweepBinary(in: folder.path, environment: ["SWEEP_DATA": folder.path]).run("data", "verify", "cifar10")
    #expect(bad.status == 65 && bad.errors.contains("truncated: it ends at byte 99") && bad.errors.contains("data_batch_1.bin"))
  }

  @Test func completionScriptsAreGenerated() throws {
    for shell in ["bash", "zsh", "fish"] { #expect(try binary.run("--generate-completion-script", shell).output.contains("resume")) }
  }
}

import Foundation
import SweepCore
import SweepKit
import SweepTestSupport
import Testing

struct SweepFileLoaderTests {
  private func load(_ text: String) throws(SweepError) -> SweepFile {
    try SweepFileLoader(trainers: try Registry.builtin()).load(text: text, path: "a.yaml")
  }

  @Test(arguments: ["0", "-1", "eta - 0.5", "1 / (eta - eta)"]) func aCostThatCannotWorkIsFoundBeforeAnythingRuns(cost: String) {
    let text = "method: tpe\nrun_cap: 9\nmetric: {name: loss, goal: minimize}\ncost: \(cost)\nparameters: {eta: {min: 0.0, max: 1.0}}\ntrainer: ask\n"
    #expect(complaints(text).contains { $0.contains("cost") }, "\(complaints(text))")
  }

  /// The complaints, one a line.
  private func complaints(_ text: String) -> [String] {
    do throws(SweepError) {
      _ = try load(text)
      return []
    } catch { return error.diagnostics.map(\.description) }
  }

  private func file(_ parameters: String, method: String = "grid", metric: String = "{name: validation_accuracy, goal: maximize}") -> String {
    "method: \(method)\nmetric: \(metric)\nparameters:\n" + parameters.split(separator: "\n").map { "  \($0)\n" }.joined()
  }

  @Test func aFileIsReadWithItsDefaultsFilledIn() throws {
    let sweep = try load(file("eta: {values: [0.1, 1e-5, 1]}\nlambda: {value: 0}\nseed: {min: 1, max: 3}\ndecay_every: {value: null}"))
    #expect(sweep.name == "a" && sweep.method == "grid" && sweep.trainer == "one-layer-network")
    #expect(sweep.objective == Objective(metric: "validation_accuracy", goal: .maximize, at: .last))
    #expect(sweep.space["eta"]?.domain == .values([.real(0.1), .real(1e-5), .real(1)]))
    #expect(sweep.space["seed"]?.domain == .integers(min: 1, max: 3))
    #expect(sweep.space["decay_every"]?.domain == .constant(.null))
    #expect(sweep.space["batch_size"]?.domain == .constant(.integer(100)))
    #expect(sweep.space.gridCount == 9)
  }

  @Test func repeatedValuesCollapse() throws {
    let sweep = try load(file("eta: {values: [1, 1.0, 0.5, 1e0]}"))
    #expect(sweep.space["eta"]?.domain == .values([.real(1), .real(0.5)]))
  }

  @Test func theDefinitionReadsBackAsTheSameSweep() throws {
    let sweep = try load(file("eta: {values: [0.1, 0.2]}\nseed: {min: 1, max: 3}"))
    #expect(try SweepFile(definition: sweep.definition()) == sweep)
  }

  @Test func severalObjectivesAreReadAndKept() throws {
    let metrics = "[{name: validation_accuracy, goal: maximize, at: best, target: 0.9}, {name: loss_gap}]"
    let sweep = try load("method: grid\nmetrics: \(metrics)\nparameters: {eta: {values: [0.1, 0.2]}}\n")
    let gap = Objective(metric: "loss_gap", goal: .minimize)
    #expect(
      sweep.objectives == [Objective(metric: "validation_accuracy", goal: .maximize, at: .best), gap] && sweep.objective == sweep.objectives[0])
    #expect(sweep.rules.target == 0.9 && sweep.problem.objectives == 2)
    #expect(try SweepFile(definition: sweep.definition()) == sweep)
    #expect(try sweep.definition().contains(#""furtherObjectives":[{"at":"last","goal":"minimize","metric":"loss_gap"}]"#))
    // A list of one is what metric is.
    let one = try load("method: grid\nmetrics: [{name: loss_gap}]\nparameters: {eta: {value: 0.1}}\n")
    let plain = try load("method: grid\nmetric: {name: loss_gap}\nparameters: {eta: {value: 0.1}}\n")
    #expect(try one.definition() == plain.definition() && !plain.definition().contains("further"))
    // Each is looked at.
    let doubtful = try load("method: grid\nmetrics: [{name: loss_gap}, {name: validation_accuracy}]\nparameters: {eta: {value: 0.1}}\n")
    #expect(doubtful.doubts == ["the goal is to minimize validation_accuracy; if that is not meant, set metrics[1].goal"])
    #expect(
      complaints("method: grid\nmetrics: [{name: loss_gap}, {name: los}]\nparameters: {eta: {value: 0.1}}\n").contains {
        $0.contains("metrics[1].name")
      })
  }

  /// Databases keep definitions, so this text must be readable for ever.
  @Test func aDefinitionOfTheFirstVersionIsRead() throws {
    let text =
      #"{"method":"grid","name":"old","objective":{"at":"last","goal":"maximize","metric":"validation_accuracy"},"space":{"batch_size":{"values":[5,50]},"decay_every":{"value":null},"eta":{"value":{"real":1}},"lambda":{"value":0.5},"loss":{"value":"softmax_cross_entropy"},"seed":{"max":3,"min":1}},"trainer":"one-layer-network"}"#
    let sweep = try SweepFile(definition: text)
    #expect(sweep.space["batch_size"]?.domain == .values([.integer(5), .integer(50)]))
    #expect(sweep.space["decay_every"]?.domain == .constant(.null) && sweep.space["eta"]?.domain == .constant(.real(1)))
    #expect(sweep.space["seed"]?.domain == .integers(min: 1, max: 3) && sweep.space["lambda"]?.domain == .constant(.real(0.5)))
    #expect(try sweep.definition() == text)
  }

  @Test func whatIsKeptIsReadAndHasADefault() throws {
    let plain = try load(file("eta: {value: 1}"))
    #expect(plain.keeping == Keeping(predictions: .top(1000), models: .top(1)))
    let named = try load("keep_predictions: all\nkeep_models: top 3\n" + file("eta: {value: 1}"))
    #expect(named.keeping == Keeping(predictions: .all, models: .top(3)))
    #expect(try SweepFile(definition: named.definition()).keeping == named.keeping)
    #expect(
      complaints("keep_models: top 0\n" + file("eta: {value: 1}")) == [
        "keep_models is 'top 0' — a.yaml:1, keep_models — write all, none, or 'top 20' for the best 20 trials"
      ])
  }

  @Test func seedsAreExactBeyondWhatARealNumberHolds() throws {
    let sweep = try load(file("eta: {value: 1}\nseed: {values: [9007199254740992, 9007199254740993, 9223372036854775807]}"))
    #expect(sweep.space["seed"]?.domain.count == 3)
  }

  @Test func allThatIsWrongIsToldAtOnceWithLineAndRemedy() {
    let text = """
      method: gird
      metrc: {name: x}
      metric: {name: validation_acuracy, goal: up, at: first}
      parameters:
        eta: {values: [0.1, 0, -1, fast]}
        lamda: {value: 0}
        batch_size: 5
        epochs: {value: 1.5}
        seed: {min: 5, max: 1}
        loss: {values: [softmax]}
        decay_every: {value: 3, values: [3]}
        decay_factor: {}
      """
    let found = complaints(text)
    let expected = [
      "unknown method 'gird' — a.yaml:1, method — did you mean 'grid'? known: grid",
      "unknown key 'metrc' — a.yaml:2, metrc — did you mean 'metric'?",
      "unknown metric 'validation_acuracy' — a.yaml:3, metric.name — did you mean 'validation_accuracy'?",
      "unknown goal 'up' — a.yaml:3, metric.goal — known: minimize, maximize", "unknown at 'first' — a.yaml:3, metric.at — known: last, best",
      "eta is 0 — a.yaml:5, parameters.eta.values[1] — use a number above 0.0",
      "eta is -1 — a.yaml:5, parameters.eta.values[2] — use a number above 0.0",
      "eta is 'fast' — a.yaml:5, parameters.eta.values[3] — use a number above 0.0",
      "unknown key 'lamda' — a.yaml:6, parameters.lamda — did you mean 'lambda'?",
      "batch_size is '5' — a.yaml:7, parameters.batch_size — write {value: 5}",
      "epochs is 1.5 — a.yaml:8, parameters.epochs.value — use a whole number",
      "min 5 is not below max 1 — a.yaml:9, parameters.seed.min",
      "loss is 'softmax' — a.yaml:10, parameters.loss.values[0]",
      "decay_every has value and values — a.yaml:11, parameters.decay_every — give one of",
      "decay_factor has no value — a.yaml:12, parameters.decay_factor — give one of",
    ]
    for line in expected { #expect(found.contains { $0.hasPrefix(line) }, "\(line)\nin\n\(found.joined(separator: "\n"))") }
    #expect(found.count == expected.count)
  }

  @Test func aGridOverARangeOfRealsIsRefusedInItsLine() {
    #expect(
      complaints(file("eta: {min: 0.1, max: 0.2}")) == [
        "eta is a range of real numbers, which a grid cannot enumerate — a.yaml:4, parameters.eta — list its values: {values: [...]}, or use 'method: random'"
      ])
  }

  @Test func whatIsMissingIsNamed() {
    let found = complaints("description: nothing else")
    #expect(found.contains { $0.hasPrefix("method is missing") })
    #expect(found.contains { $0.hasPrefix("metric is missing") })
    #expect(found.contains { $0.hasPrefix("parameters is missing") })
    #expect(complaints(file("lambda: {value: 0}")).contains { $0.hasPrefix("eta (learning rate) is missing — a.yaml:3, parameters") })
  }

  @Test func moreImagesThanThereAreIsAnErrorOfTheFile() {
    let found = complaints(file("eta: {value: 1}\ntraining_images: {values: [10, 50000]}"))
    #expect(found.count == 1 && found[0].contains("51000, but cifar10 has 50000") && found[0].contains("a.yaml:5, parameters.training_images"))
  }

  @Test(arguments: [
    ("", "empty"), ("- a\n- b", "not a mapping"), ("method: [grid", "cannot be read as YAML"), ("a: b: c", "cannot be read as YAML"),
    ("{method: grid, method: grid}", "given twice"),
    ("parameters: {eta: {value: 1}", "a.yaml:"), ("\tmethod: grid", "a tab; use spaces"), ("---\na: b\n---\nc: d", "one document"),
    ("just words", "not a mapping"),
  ])
  func whatIsNoSweepFileIsToldAsSuch(text: String, expected: String) {
    let found = complaints(text).joined(separator: "\n")
    #expect(found.contains(expected) && found.contains("a.yaml"), "\(found)")
  }

  @Test func zeroEpochsAndBatchesOfNoImageAreRefusedAndZeroLambdaIsNot() {
    #expect(
      complaints(file("eta: {value: 1}\nlambda: {value: 0}\nepochs: {value: 0}\nbatch_size: {value: 0}")) == [
        "batch_size is 0 — a.yaml:7, parameters.batch_size.value — use a whole number of 1 to 1000000",
        "epochs is 0 — a.yaml:6, parameters.epochs.value — use a whole number of 1 to 1000000",
      ])
  }

  @Test func whatWouldCostTooMuchToReadIsRefused() {
    let bomb = (1...9).map { level in "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", "))]" }
    #expect(
      complaints("a0: &a0 [x]\n" + bomb.joined(separator: "\n")).joined().contains("more than 200000 keys and values, with aliases (*) spelled out"))
    let program = "program: x.py\nmethod: random\nmetric: {name: loss, goal: minimize}\nparameters:\n"
    let many = complaints(program + (1...901).map { "  p\($0): {value: 1}\n" }.joined())
    #expect(many.count == 1 && many[0].hasPrefix("there are 901 parameters, more than 900 — a.yaml:"))
    let deep = complaints(program + "  p: {value: \(String(repeating: "[", count: 70) + String(repeating: "]", count: 70))}\n")
    #expect(deep.joined().contains("more than 60 inside one another"))
    #expect(complaints(program + "  p: {distribution: beta, a: 2e6, b: 1}\n").joined().contains("a is 2000000.0"))
  }

  @Test func theOddWaysToWriteNumbersAndLinesAreUnderstoodOrRefused() throws {
    func value(_ text: String) throws -> ParameterValue? {
      let file = try load("program: x.py\nmethod: grid\nmetric: {name: loss, goal: minimize}\nparameters:\n  p: {value: \(text)}\n")
      return if case .constant(let value)? = file.space["p"]?.domain { value } else { nil }
    }
    for (text, expected) in [
      ("0x1F", .integer(31)), ("017", .integer(15)), ("0o17", .integer(15)), ("1_000", .integer(1000)), ("-0", .integer(0)), ("-0.0", .real(-0.0)),
      ("9223372036854775807", .integer(.max)), ("1e-400", .real(0)), ("018", .text("018")),
    ] as [(String, ParameterValue)] { #expect(try value(text) == expected, "\(text)") }
    #expect(try value(".inf") == .real(.infinity) && value("-.inf") == .real(-.infinity) && value(".nan") == .text("nan"))
    for text in ["1e400", "-1e400", "NaN"] {
      // No number that a trial could be given: a text, as it is written.
      #expect(try value(text) == .text(text), "\(text)")
    }
    let lines = ["method: grid", "metric: {name: loss, goal: minimize}", "program: x.py", "parameters:", "  p: {value: 1}"]
    let plain = try load(lines.joined(separator: "\n"))
    #expect(try load(lines.joined(separator: "\r\n")) == plain)
    let folder = TemporaryFolder()
    let path = try folder.write("\u{FEFF}" + lines.joined(separator: "\n"), to: "a.yaml")
    #expect(try SweepFileLoader(trainers: try Registry.builtin()).load(path).renamed(plain.name) == plain)
    #expect(complaints(lines.joined(separator: "\n") + "\n\tq: 1").joined().contains("tab"))
    #expect(!complaints(lines.joined(separator: "\n") + "\n\0").isEmpty)
  }

  @Test func aFileThatIsNotThereOrNotTextIsTold() throws {
    let folder = TemporaryFolder()
    let loader = SweepFileLoader(trainers: try Registry.builtin())
    #expect { try loader.load(folder.path("none.yaml")) } throws: { "\($0)".contains("none.yaml") }
    let path = try folder.write([0xff, 0xfe, 0x00], to: "bad.yaml")
    #expect { try loader.load(path) } throws: { "\($0)".contains("not UTF-8") }
  }

  @Test(arguments: [
    ("1e-5", ParameterValue.real(1e-5)), ("1e5", .real(1e5)), (".5", .real(0.5)), ("5.", .real(5)), ("-.5", .real(-0.5)), ("1_000", .integer(1000)),
    ("012", .integer(10)), ("0o12", .integer(10)), ("0x1F", .integer(31)), ("-7", .integer(-7)), ("+7", .integer(7)), ("yes", .bool(true)),
    ("Off", .bool(false)), ("~", .null), ("None", .text("None")), ("1e400", .text("1e400")), (".inf", .real(.infinity)), ("-.INF", .real(-.infinity)),
    (".NaN", .text("nan")), ("1.2.3", .text("1.2.3")),
    ("-", .text("-")), ("nan", .text("nan")), ("0", .integer(0)), ("1-2", .text("1-2")), ("018", .text("018")), ("0.5", .real(0.5)),
    ("9223372036854775807", .integer(.max)), ("1e", .text("1e")), ("100000000000000000000", .real(1e20)),
  ])
  func plainScalarsMeanWhatTheirAuthorsMean(text: String, expected: ParameterValue) {
    #expect(YAMLScalar.value(of: text) == expected)
  }

  static let sweepFiles = (try? FileManager.default.contentsOfDirectory(atPath: projectFolder + "/sweeps"))?.filter { $0.hasSuffix(".yaml") } ?? []

  @Test(arguments: sweepFiles) func everyCommittedSweepFileLoadsUnderItsOwnName(file: String) throws {
    let sweep = try SweepFileLoader(trainers: try Registry.builtin()).load(projectFolder + "/sweeps/" + file)
    #expect(sweep.name + ".yaml" == file)
    #expect(sweep.summary != nil)
  }
}

// What people write in sweep files that means something else than they think, and what they write for other tools: it is read as they mean it, or told with
// what would be.

import Foundation
import SweepCore
import SweepExecutors
import SweepKit
import SweepTestSupport
import Testing

struct MeantOtherwiseTests {
  private let folder = TemporaryFolder()

  private func read(_ text: String, overrides: [String] = []) throws(SweepError) -> LoadedSweep {
    try SweepFileLoader(trainers: try Registry.builtin()).read(text: text, path: folder.path("a.yaml"), overrides: overrides)
  }

  private func complaints(_ text: String, overrides: [String] = []) -> String {
    do throws(SweepError) {
      _ = try read(text, overrides: overrides)
      return ""
    } catch { return error.description }
  }

  private func remarks(_ text: String) throws -> String { try read(text).remarks.map { "\($0.kind): \($0.diagnostic)" }.joined(separator: "\n") }

  /// A file whose trials are a program.
  private func file(_ parameters: String, _ more: String = "program: train.py") -> String {
    "\(more)\nmethod: grid\nmetric: {name: loss, goal: minimize}\nparameters:\n" + parameters.split(separator: "\n").map { "  \($0)\n" }.joined()
  }

  private func values(_ parameters: String, overrides: [String] = []) throws -> [ParameterValue] {
    try read(file(parameters), overrides: overrides).file.space["p"]?.domain.landmarks ?? []
  }

  // MARK: YAML

  @Test func mergeKeysAreReadAsPyYAMLReadsThem() throws {
    let text = """
      defaults: &defaults
        lr: {value: 0.1}
        layers: {values: [1, 2]}
      more: &more
        lr: {value: 0.5}
        drop: {value: 0.25}
      program: train.py
      method: grid
      metric: {name: loss, goal: minimize}
      parameters:
        <<: [*defaults, *more]
        layers: {<<: {values: [9]}, values: [3, 4]}
        nested: {parameters: {<<: *more, own: {value: 1}}}
      """
    let space = try read(text).file.space
    #expect(space["lr"]?.domain.text == "0.1", "of several the first counts")
    #expect(space["layers"]?.domain.text == "[3, 4]", "what a mapping says itself counts")
    #expect(space["drop"]?.domain.text == "0.25")
    #expect(space.names == ["drop", "layers", "lr", "nested.drop", "nested.lr", "nested.own"])
    #expect(try remarks(text).contains("note: defaults is read for its anchor alone"))
    #expect(complaints(file("<<: 5\nlr: {value: 1}")).contains("<< merges mappings, and this is '5' — \(folder.path("a.yaml")):5"))
    #expect(complaints(file("lr: {value: 1}") + "extra: {a: 1}\n").contains("unknown key 'extra'"), "what has no anchor is a mistake as ever")
  }

  @Test(arguments: [
    (
      "[001, 008, 010]",
      "warning: 001 is read as the whole number 1, 008 stays a text, 010 is read as the whole number 8: a whole number that begins with 0 has the base 8"
    ),
    ("[no, yes, maybe]", "warning: no is read as false, yes is read as true: yes, no, on and off are truth values in YAML 1.1"),
    ("[1e5, 2]", "note: 1e5 is read as the number 100000.0: for PyYAML it is a text"),
    ("[1e-5]", "write 1.0e-05, which is a number for both"), ("[2024-01-31]", "note: 2024-01-31 stays a text: for PyYAML it is a date"),
    ("[1:30, 2]", "warning: 1:30 stays a text: for PyYAML it is a number of base 60"),
    ("[$HOME/data]", "warning: '$HOME/data' is handed over as it is: no shell reads it"), ("[~/data]", "'~/data' is handed over as it is"),
    ("['${envvar:X}']", "macros are replaced in 'command' alone"),
  ])
  func whatScalarsBecameIsTold(values: String, expected: String) throws {
    let said = try remarks(file("p: {values: \(values)}"))
    #expect(said.contains(expected) && said.contains("a.yaml:5, parameters.p.values"), "\(said)")
    let alone = try remarks(file("p: {value: \(values.dropFirst().dropLast().split(separator: ",")[0])}"))
    #expect(alone.isEmpty == values.hasPrefix("[no"), "\(alone)")
  }

  @Test(arguments: [
    "[yes, no]", "[true, x]", "['no', yes-man]", "['010', x]", "[10, 0, 0.5, -1]", "[1.0e-5, 1.5e+3]", "[a:b, 'on']", "[10.0.0.1]", "[$5]", "[a~b]",
  ])
  func whatIsMeantAsItIsReadIsNotRemarkedOn(values: String) throws { #expect(try remarks(file("p: {values: \(values)}")).isEmpty) }

  @Test func numbersBeyond64BitsAreRefusedWhereverTheyAre() throws {
    for value in ["12345678901234567890", "-9223372036854775809", "0xFFFFFFFFFFFFFFFFF", "1_000_000_000_000_000_000_000"] {
      for form in ["{value: \(value)}", "{values: [1, \(value)]}", "{value: [[\(value)]]}", "{value: {a: \(value)}}"] {
        let complaint = complaints(file("p: \(form)"))
        #expect(complaint.contains("\(value) is a whole number of more than 64 bits") && complaint.contains("quote it"), "\(form)\n\(complaint)")
      }
    }
    try folder.write("p\n12345678901234567890\n", to: "points.csv")
    try folder.write("[{\"p\": 12345678901234567890, \"q\": \"12345678901234567890\"}]", to: "points.json")
    for (name, place) in [("points.csv", "points.csv, line 2: "), ("points.json", "points.json: ")] {
      #expect(
        complaints(file("q: {value: 1}", "program: a.py\ninclude: \(name)")).contains(place + "12345678901234567890 is a whole number"), "\(name)")
    }
    #expect(try values("p: {values: [9223372036854775807, -9223372036854775808, 9007199254740993, 9007199254740992]}").count == 4, "none is merged")
    #expect(try values("p: {value: '12345678901234567890'}") == [.text("12345678901234567890")])
    #expect(complaints(file("p: {value: 1}"), overrides: ["p=12345678901234567890"]).contains("more than 64 bits"))
  }

  @Test func infinityIsHandedOverAsPythonReadsIt() throws {
    #expect(try values("p: {values: [.inf, -.inf, .nan, 1.5]}").map(\.pythonText) == ["inf", "-inf", "nan", "1.5"])
    let file = try read(file("p: {values: [.inf, 1]}")).file
    #expect(try SweepFile(definition: try file.definition()) == file)
    let point = Assignment(["p": .real(.infinity), "q": .real(-.infinity)])
    #expect(point.json == #"{"p":9e999,"q":-9e999}"# && Assignment(json: point.json) == point)
  }

  // MARK: commands

  @Test(arguments: [
    ("[python, t.py, '${lr}']", "${lr} is no macro: lr is a parameter of this file — $:1, command[2] — write \"${parameter:lr}\""),
    ("[python, t.py, '--lr=${lr}/${opt.name}']", "write \"--lr=${parameter:lr}/${parameter:opt.name}\""),
    ("['${args}']", "the command begins with the parameters"), ("['${args_no_hyphens}', x]", "before ${args_no_hyphens}"),
    ("[python, -m, '${program}', '${args}']", "'t.py' is a file, and -m takes a module"),
  ])
  func whatCannotBeMeantIsAnError(command: String, expected: String) throws {
    let said = complaints(file("lr: {value: 1}\nopt: {parameters: {name: {value: sgd}}}", "command: \(command)\nprogram: t.py"))
    #expect(said.contains(expected.replacing("$:1", with: "\(folder.path("a.yaml")):1")), "\(said)")
  }

  @Test(arguments: [
    ("[python, t.py, '--size=256 --epochs=15', '${args}']", #"make each an element: ["--size=256", "--epochs=15"]"#),
    ("[python, t.py, '--size 256', '${args}']", "'--size 256' is one word to the program"),
    ("[python, t.py, 'run_${{wandb.run.name}}', '${args}']", "nothing replaces ${{…}}"),
  ])
  func whatIsHardlyMeantIsAWarning(command: String, expected: String) throws {
    #expect(try remarks(file("lr: {value: 1}", "command: \(command)")).contains(expected))
  }

  @Test(arguments: [
    "[python, t.py, '--title=a b c', '${args}']", "[python, -c, 'print(1) -x', '${args}']", "[sh, -c, 'lr=1; echo ${lr} --a --b', '${args}']",
    "['${env}', '${interpreter}', -m, '${program}', '${args}']", "[python, t.py, 'some words here', '${args}']", "[t.py, '${args}', '--x=-1 - 2']",
    "[xvfb-run, -a, -s, '-screen 0 640x480x24', python, t.py, '${args}']", "[t.py, '--prompt=Say --hello to me', '${args}']",
    "[python, t.py, '--env=${program}', '${args}']",
  ])
  func harmlessCommandsAreNotRemarkedOn(command: String) throws {
    let said = try remarks(file("lr: {value: 1}\nprogram: {value: 1}", "command: \(command)\nprogram: pkg.train"))
    #expect(said.isEmpty || command.contains("--env=${program}"), "\(said)")
  }

  @Test func overridesAreRemarkedOnAsTheFileIs() throws {
    let loaded = try read(file("p: {value: 1}\nq: {value: 1}"), overrides: ["p=010,x", "q=yes,x"])
    let said = loaded.remarks.map { "\($0.kind): \($0.diagnostic)" }.joined(separator: "\n")
    #expect(said.contains("010 is read as the whole number 8") && said.contains("yes is read as true") && said.contains("command line, p"), "\(said)")
    #expect(try read(file("p: {value: 1}"), overrides: ["p='010'"]).remarks.isEmpty)
    #expect(complaints(file("p: {value: 1}"), overrides: ["p=1,12345678901234567890"]).contains("more than 64 bits"))
  }

  @Test func aModuleIsNoFile() throws {
    try folder.write(Array("".utf8), to: "pkg/train.py")
    let text = file("lr: {value: 1}", "command: [python3, -m, '${program}', '${args}']\nprogram: pkg.train")
    try folder.write(text, to: "a.yaml")
    let loaded = try SweepFileLoader(trainers: try Registry.builtin()).read(folder.path("a.yaml")).file
    let entry = try Registry.builtin().entry(for: loaded)
    try entry.make(Workplace(sweep: "a", folder: folder.path, objective: loaded.objective)).prepare(for: loaded.space)
    #expect(try loaded.definition().contains("\"folder\":\"\(folder.path)\""), "beside the file, where the module is")
    #expect(
      complaints(file("lr: {value: 1}", "program: '-m pkg.train'")).contains(
        "write program: pkg.train and command: ['${env}', '${interpreter}', '-m', '${program}', '${args}']"))
  }

  @Test func environmentsAndScriptsThatDoOtherThanTheySeemAreTold() throws {
    let said = try remarks(file("lr: {value: 1}", "program: train.py\nenvironment: {A: '$HOME/x', B: '~/y', C: '${envvar:Z}', D: 'costs $5', E: a}"))
    for name in ["A", "B", "C"] { #expect(said.contains("environment.\(name)"), "\(said)") }
    #expect(!said.contains("environment.D") && !said.contains("environment.E"))
    for (script, isTold) in [
      ("wandb.agent(id, train)", true), ("  sweep = wandb.sweep({})", true), ("# wandb.agent(id)", false), ("wandb.init()", false),
    ] {
      try folder.write(Array("import wandb\n\(script)\n".utf8), to: "train.py")
      let said = try remarks(file("lr: {value: 1}", "program: train.py\nfolder: ."))
      #expect(said.contains("it would ask W&B's server for a sweep of its own") == isTold, "\(script)\n\(said)")
    }
  }

  // MARK: files that are nobody's

  @Test(arguments: [
    ("dim: {values: [3, 16]}", "bench/mean_time", true),
    ("lr: {values: [1, 2]}\nbatch_size: {values: [32, 64]}\nseed: {value: 5}", "val_accuracy", true),
    ("eta: {value: 0.1}\nlamda: {value: 1}", "val_accuracy", false), ("etta: {value: 0.1}", "validation_accuracy", false),
    ("batch_size: {values: [50, 100]}", "validation_los", false),
  ])
  func aFileWithoutAProgramThatIsNotTheTrainersLacksOne(parameters: String, metric: String, lacks: Bool) throws {
    let text =
      "method: grid\nmetric: {name: \(metric), goal: minimize}\nparameters:\n" + parameters.split(separator: "\n").map { "  \($0)\n" }.joined()
    let loaded = try? read(text)
    #expect((loaded?.lacksProgram ?? false) == lacks, "\(complaints(text))")
    if lacks { #expect(try remarks(text).contains("note: no program is named: there is nothing to run")) } else { #expect(!complaints(text).isEmpty) }
    #expect(try read("trainer: ask\n" + text.replacing("validation_los", with: "x")).lacksProgram == false)
  }

  @Test func aWordInPlaceOfAMappingGetsTheMapping() {
    let text = file("a: {value: 1}")
    #expect(complaints(text.replacing("{name: loss, goal: minimize}", with: "val_loss")).contains("write metric: {name: val_loss, goal: minimize}"))
    #expect(complaints(text.replacing("{name: loss, goal: minimize}", with: "val_acc")).contains("write metric: {name: val_acc, goal: maximize}"))
    #expect(complaints(text + "early_terminate: hyperband\n").contains("write early_terminate: {type: hyperband, min_iter: 3}"))
    #expect(complaints(text + "early_terminate: hyperbnd\n").contains("write early_terminate: {type: hyperband, min_iter: 3}"))
  }

  @Test func aConfigurationOfHydrasIsToldInOneLine() {
    let text = """
      defaults: [override /hydra/sweeper: optuna]
      hydra:
        sweeper: {direction: maximize, n_trials: 20, n_jobs: 2, params: {model.lr: "interval(0.0001, 0.1)", data.batch_size: "choice(32, 64)"}}
      """
    let said = complaints(text)
    #expect(said.split(separator: "\n").count == 1 && said.hasPrefix("this is a configuration of Hydra's sweeper, not a sweep file"))
    for words in [
      "sweep run FILE 'model.lr=interval(0.0001, 0.1)' 'data.batch_size=choice(32, 64)'", "n_trials is 'run_cap: 20'", "goal: maximize", "--workers",
    ] { #expect(said.contains(words), "\(said)") }
    #expect(complaints("defaults: [base]\nmodel: {lr: 1}").hasPrefix("this is a configuration of Hydra, not a sweep file"))
  }

  @Test func parametersMayHaveAnyName() throws {
    let names = ["+data.x", "_a", "größe", "model/encoder", "a b", "lr (log)", "2x", "日本"]
    let loaded = try read(
      file(names.map { "\"\($0)\": {values: [1, 2]}" }.joined(separator: "\n")), overrides: ["'+data.x'=5", "größe=6", "model/encoder=7"])
    #expect(Set(loaded.file.space.names) == Set(names) && loaded.remarks.isEmpty)
    #expect(loaded.file.space["+data.x"]?.domain.text == "5" && loaded.file.space["größe"]?.domain.text == "6")
    #expect(
      try read(file("model/encoder: {values: [a, b]}\nx: {value: 1, when: \"`model/encoder` == 'a'\"}")).file.space.names == ["model/encoder", "x"])
  }

  @Test func drawnIntervalsOfTheCommandLineAreDistributions() throws {
    func domain(_ override: String) throws -> String? {
      try read(file("p: {value: 1}").replacing("grid", with: "random"), overrides: [override]).file.space["p"]?.domain.text
    }
    #expect(try domain("p=tag(log, interval(0.0001, 0.1))")?.contains("log_uniform_values") == true)
    #expect(try domain("p=int(interval(1, 8))") == "1...8")
    #expect(try domain("p=tag(log, int(interval(1, 8)))")?.contains("q_log_uniform_values") == true)
    #expect(try domain("p=interval(0, 1)") != nil)
  }
}

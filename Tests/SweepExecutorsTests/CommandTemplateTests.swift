import Foundation
import SweepCore
import SweepExecutors
import SweepTestSupport
import Testing

struct CommandTemplateTests {
  private let parameters: [(name: String, value: ParameterValue)] = [
    ("amsgrad", .bool(true)), ("betas", .list([.real(0.9), .real(0.999)])), ("lr", .real(1e-5)), ("model", .text("it's")), ("nesterov", .bool(false)),
    ("none", .null), ("optimizer", .mapping(of: [("name", .text("adam")), ("eps", .integer(1))])),
  ]

  private func arguments(_ elements: String..., program: String? = "train.py") -> [String] {
    CommandTemplate(elements, program: program).arguments(parameters, jsonFile: "/tmp/1.json") { ["HOME": "/root", "ARGS": "${args}"][$0] }
  }

  private func doubts(_ elements: String..., program: String? = "train.py", hasParameters: Bool = true) -> [String] {
    CommandTemplate(elements, program: program).doubts(hasParameters: hasParameters, parameterNames: ["lr", "optimizer.name"]) {
      ["HOME": "/root"][$0]
    }.map { "\($0.index.map(String.init) ?? "all"): \($0.diagnostic)" }
  }

  @Test func theStandardCommandIsThatOfWandb() {
    let words = CommandTemplate(program: "train.py").arguments([("lr", .real(0.1))], jsonFile: "") { _ in nil }
    #expect(words == ["/usr/bin/env", "python", "train.py", "--lr=0.1"])
    #expect(arguments().prefix(3) == words.prefix(3))
  }

  // What wandb 0.31's create_sweep_command_args makes of the same values.
  @Test func everyMacroExpandsAsInWandb() {
    let dictionary = "{'eps': 1, 'name': 'adam'}"
    let plain = ["amsgrad=True", "betas=[0.9, 0.999]", "lr=1e-05", "model=it's", "nesterov=False", "none=None", "optimizer=\(dictionary)"]
    #expect(arguments("${args}") == plain.map { "--" + $0 })
    #expect(arguments("${args_no_hyphens}") == plain)
    #expect(arguments("${args_append_hydra}") == plain.map { "+" + $0 })
    #expect(arguments("${args_override_hydra}") == plain.map { "++" + $0 })
    #expect(
      arguments("${args_no_equals}") == [
        "--amsgrad", "True", "--betas", "[0.9, 0.999]", "--lr", "1e-05", "--model", "it's", "--nesterov", "False", "--none", "None", "--optimizer",
        dictionary,
      ])
    #expect(
      arguments("${args_no_boolean_flags}")
        == ["--amsgrad", "--betas=[0.9, 0.999]", "--lr=1e-05", "--model=it's", "--none=None", "--optimizer=\(dictionary)"])
    let json =
      #"{"amsgrad": true, "betas": [0.9, 0.999], "lr": 1e-05, "model": "it's", "nesterov": false, "none": null, "#
      + #""optimizer": {"eps": 1, "name": "adam"}}"#
    #expect(arguments("${args_json}") == [json])
    #expect(arguments("--file", "${args_json_file}") == ["--file", "/tmp/1.json"])
    #expect(arguments("${args_dict}") == parameters.map(\.name))
    #expect(arguments("${env}", "${program}") == ["/usr/bin/env", "train.py"])
  }

  @Test func aMacroIsAWordOfItsOwnAndAnUnknownOneIsNothing() {
    #expect(arguments("python", "--x=${args}", "${Args}", "${}", "${args} ${program}", "$", "${") == ["python", "--x=${args}", "$", "${"])
    #expect(arguments("${program}", program: nil) == [])
  }

  @Test func environmentVariablesAreReplacedAnywhere() {
    #expect(arguments("a${envvar:HOME}/b${envvar:UNSET}c") == ["a/root/bUNSETc"])
    #expect(arguments("${envvar:HOME}", "${envvar:UNSET}", "x${envvar:home}") == ["/root", "UNSET", "x${envvar:home}"])
    #expect(arguments("${envvar:home}") == [])
    // The agent looks for macros when the variables are in place.
    #expect(arguments("${envvar:ARGS}").count == 7)
  }

  @Test func oneParameterGoesAnywhere() {
    #expect(arguments("--rate=${parameter:lr}/${parameter:optimizer.name}") == ["--rate=1e-05/adam"])
    #expect(arguments("${parameter:betas}", "${parameter:absent}", "x${parameter:absent}") == ["[0.9, 0.999]", "x"])
    let words = CommandTemplate(["${parameter:a}"], program: nil).arguments([("a", .text("${args}"))], jsonFile: "") { _ in nil }
    #expect(words == ["${args}"])
  }

  @Test func thePathDecidesBetweenPythonAndPython3() {
    let folder = TemporaryFolder()
    func interpreter() -> [String] {
      CommandTemplate(["${interpreter}"], program: nil).arguments([], jsonFile: "") { $0 == "PATH" ? "/nowhere:" + folder.path("") : nil }
    }
    func install(_ name: String) {
      _ = FileManager.default.createFile(atPath: folder.path(name), contents: nil, attributes: [.posixPermissions: 0o755])
    }
    #expect(interpreter() == ["python"])
    install("python3")
    #expect(interpreter() == ["python3"])
    install("python")
    #expect(interpreter() == ["python"])
  }

  @Test func onlyTheMacroOfTheFileNeedsTheFile() {
    #expect(CommandTemplate(["a", "${args_json_file}"], program: nil).usesJSONFile)
    #expect(!CommandTemplate(["a", "--x=${args_json_file}", "${args_json}"], program: nil).usesJSONFile)
  }

  @Test func usualCommandsAreBeyondDoubt() {
    #expect(doubts("${env}", "${interpreter}", "${program}", "${args}") == [])
    #expect(doubts("python", "train.py", "--lr", "${parameter:lr}", "--home=${envvar:HOME}", "+hydra.sweep=glob(*)") == [])
    #expect(doubts("sh", "-c", "python train.py --lr=$LR > log.txt && echo *.txt", "${args}") == [])
    #expect(doubts("/bin/bash", "-lc", "run | tee log", "${args}") == [])
    #expect(doubts("python", "train.py", hasParameters: false) == [])
  }

  @Test func whatIsHardlyMeantIsTold() {
    let known =
      "known: env, interpreter, program, args, args_no_equals, args_no_hyphens, args_no_boolean_flags, args_json, args_json_file, "
      + "args_append_hydra, args_override_hydra, envvar:NAME, parameter:NAME"
    #expect(
      doubts("python", "${Args}", "${args}")
        == ["1: ${Args} is no macro and stands for nothing — did you mean ${args}? \(known)"])
    #expect(
      doubts("${HOME}", "${args}")
        == ["0: ${HOME} is no macro and stands for nothing — for the environment variable write ${envvar:HOME}; \(known)"])
    #expect(
      doubts("python", "--x=${args}", "${args}") == [
        "1: '--x=${args}' keeps its ${args} as it is: a macro is an element of its own — make \"${args}\" an element, "
          + "or write ${parameter:NAME} for one parameter"
      ])
    #expect(
      doubts("python", "train.py") == [
        "all: no word of the command hands over the parameters — add ${args}, unless the program reads them from SWEEP_PARAMETERS "
          + "in its environment or from wandb.config"
      ])
    #expect(
      doubts("${program}", "${args}", program: nil)
        == ["0: ${program} stands for nothing: the sweep names no program — add program: and the path of the script"])
    #expect(
      doubts("a", "${envvar:NOPE}", "${args}")
        == ["1: the environment variable NOPE is not set, so 'NOPE' itself stands for it — export NOPE=…"])
    #expect(
      doubts("a", "--lr=${parameter:rl}") == ["1: unknown parameter 'rl' — known: lr, optimizer.name"])
    #expect(
      doubts("a", "${parameter:optimizer.nam}")
        == ["1: unknown parameter 'optimizer.nam' — did you mean 'optimizer.name'? known: lr, optimizer.name"])
    #expect(
      doubts("python train.py", "${args}")
        == ["0: 'python train.py' is the name of a program, with spaces in it — make each word an element: [python, train.py, …]"])
    #expect(doubts().count == 1)
  }

  @Test(arguments: ["|", ">", "2>&1", ">log.txt", "&&", "$HOME/data", "--data=$DATA", "--data=${DATA}", "~/data", "data/*.csv", "$(date)"])
  func whatOnlyAShellUnderstandsIsTold(word: String) {
    let found = doubts("python", word, "${args}")
    #expect(found.count == 1 && found[0].hasPrefix("1: '\(word)'") && found[0].contains("no shell reads the command"))
  }

  @Test func aCommandIsSavedAsItsWords() throws {
    func saved(_ template: CommandTemplate) throws -> String { String(decoding: try JSONEncoder().encode(template), as: UTF8.self) }
    let (bare, full) = (CommandTemplate(["a", "${args}"], program: nil), CommandTemplate(["a"], program: "b.py"))
    #expect(try saved(bare) == #"["a","${args}"]"#)
    for template in [bare, full] {
      #expect(try JSONDecoder().decode(CommandTemplate.self, from: Data(try saved(template).utf8)) == template)
    }
  }
}

struct PythonTextTests {
  // `Tests/Oracles/python_text.py` makes the file.
  @Test func valuesAreSpelledAsByPython() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: projectFolder + "/Tests/Assets/python-text.json"))
    let pairs = try JSONDecoder().decode([[String]].self, from: data)
    #expect(pairs.count > 300)
    for pair in pairs {
      let value = try #require(ParameterValue(json: pair[0]))
      #expect(value.pythonText == pair[1])
      #expect(value.pythonJSON == pair[0])
    }
  }
}

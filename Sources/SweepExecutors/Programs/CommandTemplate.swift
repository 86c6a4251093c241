// The `command:` of a sweep file: how a program is called for a trial, with the macros of W&B's agent.
// What the agent of wandb 0.31 does with a macro is done here too, its surprises included; `doubts` tells them. Nothing is started here.

import Foundation
import SweepCore

/// The words of a command, macros among them.
///
/// A word that is nothing but `${name}` stands for any number of words; an unknown name for none. Within a word, `${envvar:NAME}` is the value
/// of an environment variable (of one that is not set, its name), and, beyond W&B, `${parameter:NAME}` that of one parameter.
package struct CommandTemplate: Sendable, Hashable {
  /// As the file gives them. An empty command is the standard one.
  package let elements: [String]
  package let program: String?

  package static let standard = ["${env}", "${interpreter}", "${program}", "${args}"]

  package init(_ elements: [String] = standard, program: String?) { (self.elements, self.program) = (elements, program) }

  /// The macros that hand over all parameters.
  static let parameterMacros = [
    "args", "args_no_equals", "args_no_hyphens", "args_no_boolean_flags", "args_json", "args_json_file", "args_append_hydra",
    "args_override_hydra", "args_dict",
  ]
  static let macros = ["env", "interpreter", "program"] + parameterMacros

  /// As a person reads it.
  package var text: String { ([program.map { "\($0):" }].compactMap { $0 } + words).joined(separator: " ") }

  /// Whether the program is a module, as after `python -m`, and so no file.
  package var isModule: Bool { zip(words, words.dropFirst()).contains { $0 == "-m" && $1 == "${program}" } }

  /// The files that a module may be, from the folder that it is run in.
  package var moduleFiles: [String] {
    let path = (program ?? "").replacing(".", with: "/")
    return ["\(path).py", "\(path)/__main__.py", "\(path)/__init__.py"]
  }

  /// What is run.
  var words: [String] { elements.isEmpty ? Self.standard : elements }

  /// Whether a file with the parameters must be there before the program starts: `ParameterValue.pythonJSON(of:)` is its text.
  package var usesJSONFile: Bool { words.contains("${args_json_file}") }

  /// The words of one trial's command.
  /// - Parameters:
  ///   - parameters: those at the top level, nested ones as mappings, in the order in which they are given.
  ///   - jsonFile: the path of the file that `${args_json_file}` stands for.
  ///   - environment: the variables of the program.
  package func arguments(
    _ parameters: [(name: String, value: ParameterValue)], jsonFile: String, environment: (String) -> String?
  ) -> [String] {
    words.flatMap { word -> [String] in
      let word = Self.replacing("${envvar:", in: word, where: Self.isVariable) { environment($0) ?? $0 }
      if Self.contains("${parameter:", in: word) {
        let isAlone = Self.names(after: "${parameter:", in: word).map { "${parameter:\($0)}" } == [word]
        if isAlone, Self.value(of: String(word.dropFirst(12).dropLast()), in: parameters) == nil { return [] }
        return [Self.replacing("${parameter:", in: word) { Self.value(of: $0, in: parameters)?.pythonText ?? "" }]
      }
      guard let macro = Self.macro(word) else { return [word] }
      return expansion(of: macro, parameters, jsonFile: jsonFile, environment: environment)
    }
  }

  private func expansion(
    of macro: String, _ parameters: [(name: String, value: ParameterValue)], jsonFile: String, environment: (String) -> String?
  ) -> [String] {
    func flags(_ prefix: String) -> [String] { parameters.map { "\(prefix)\($0.name)=\($0.value.pythonText)" } }
    switch macro {
    case "env": return ["/usr/bin/env"]
    case "interpreter": return [Self.interpreter(environment)]
    case "program": return program.map { [$0] } ?? []
    case "args": return flags("--")
    case "args_no_hyphens": return flags("")
    case "args_append_hydra": return flags("+")
    case "args_override_hydra": return flags("++")
    case "args_no_equals": return parameters.flatMap { ["--\($0.name)", $0.value.pythonText] }
    case "args_no_boolean_flags":
      return parameters.compactMap { name, value in
        guard case .bool(let isOn) = value else { return "--\(name)=\(value.pythonText)" }
        return isOn ? "--\(name)" : nil
      }
    case "args_json": return [ParameterValue.pythonJSON(of: parameters)]
    case "args_json_file": return [jsonFile]
    // A slip of the agent's: it keeps a dictionary among its macros, and a list of a dictionary is its names.
    case "args_dict": return parameters.map(\.name)
    default: return []
    }
  }

  /// `python`, or `python3` where the search path has that alone.
  private static func interpreter(_ environment: (String) -> String?) -> String {
    let folders = (environment("PATH") ?? "").split(separator: ":")
    func has(_ name: String) -> Bool { folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") } }
    return !has("python") && has("python3") ? "python3" : "python"
  }

  /// The value of a parameter, or on the way of its dots the value within one.
  private static func value(of name: String, in parameters: [(name: String, value: ParameterValue)]) -> ParameterValue? {
    if let exact = parameters.last(where: { $0.name == name }) { return exact.value }
    for (index, character) in zip(name.indices, name) where character == "." {
      guard case .mapping(let members)? = parameters.last(where: { $0.name == name[..<index] })?.value else { continue }
      let inner = value(of: String(name[name.index(after: index)...]), in: members.map { ($0.name, $0.value) })
      if let inner { return inner }
    }
    return nil
  }
}

// MARK: Macros in a word

extension CommandTemplate {
  /// The name of the macro that the word is; by the agent's rule, which takes whatever stands between the first and the last character.
  static func macro(_ word: String) -> String? {
    word.hasPrefix("${") && word.hasSuffix("}") && word.utf8.count > 2 ? String(word.dropFirst(2).dropLast()) : nil
  }

  /// The names that W&B's agent knows as those of variables: A to Z, 0 to 9 and _.
  static func isVariable(_ name: String) -> Bool {
    name.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_") }
  }

  static func contains(_ opening: String, in word: String) -> Bool { !names(after: opening, in: word).isEmpty }

  /// What stands between each opening and the next brace.
  static func names(after opening: String, in word: String, where isName: (String) -> Bool = { _ in true }) -> [String] {
    var names: [String] = []
    _ = replacing(opening, in: word, where: isName) { name in
      names.append(name)
      return ""
    }
    return names
  }

  static func replacing(
    _ opening: String, in word: String, where isName: (String) -> Bool = { _ in true }, by replacement: (String) -> String
  ) -> String {
    var (result, rest) = ("", word[...])
    while let start = rest.range(of: opening) {
      result += rest[..<start.lowerBound]
      guard let end = rest[start.upperBound...].firstIndex(of: "}"), isName(String(rest[start.upperBound..<end])) else {
        result += rest[start]
        rest = rest[start.upperBound...]
        continue
      }
      result += replacement(String(rest[start.upperBound..<end]))
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }
}

// As the list of its words; with the program beside it where there is one.
extension CommandTemplate: Codable {
  private enum CodingKeys: CodingKey { case command, program }

  package init(from decoder: any Decoder) throws {
    if let words = try? [String](from: decoder) {
      self.init(words, program: nil)
    } else {
      let keyed = try decoder.container(keyedBy: CodingKeys.self)
      self.init(try keyed.decode([String].self, forKey: .command), program: try keyed.decodeIfPresent(String.self, forKey: .program))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    guard let program else { return try elements.encode(to: encoder) }
    var keyed = encoder.container(keyedBy: CodingKeys.self)
    try keyed.encode(elements, forKey: .command)
    try keyed.encode(program, forKey: .program)
  }
}

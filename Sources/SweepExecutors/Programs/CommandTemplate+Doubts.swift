// What of a command is allowed and hardly meant, because W&B's agent does it without a word. The loader tells it before anything runs.
// Nothing here changes what is run.

import SweepCore

extension CommandTemplate {
  /// What cannot be meant, and where: the program would get the text itself, or there is none.
  package func problems(parameterNames: [String]) -> [(index: Int?, diagnostic: Diagnostic)] {
    var problems: [(index: Int?, diagnostic: Diagnostic)] = []
    if let first = words.first, let macro = Self.macro(first), Self.parameterMacros.contains(macro) {
      problems.append(
        (
          elements.isEmpty ? nil : 0,
          Diagnostic("the command begins with the parameters", remedy: "add \"${env}\", \"${interpreter}\", \"${program}\" before ${\(macro)}")
        ))
    }
    if isModule, let program, program.hasSuffix(".py") || program.contains("/") {
      let module = program.replacing("/", with: ".")
      let name = module.hasSuffix(".py") ? String(module.dropLast(3)) : module
      problems.append((nil, Diagnostic("'\(program)' is a file, and -m takes a module", remedy: "write program: \(name), or leave -m out")))
    }
    guard !Self.hasShell(elements) else { return problems }
    for (index, word) in words.enumerated() {
      // A parameter may be called like a macro: then it is the macro.
      let names = Self.names(after: "${", in: word).filter { parameterNames.contains($0) && !Self.macros.contains($0) }
      guard !names.isEmpty else { continue }
      let written = names.reduce(word) { $0.replacing("${\($1)}", with: "${parameter:\($1)}") }
      problems.append(
        (index, Diagnostic("${\(names[0])} is no macro: \(names[0]) is a parameter of this file", remedy: "write \"\(written)\"")))
    }
    return problems
  }

  /// What a text that is handed over as it is seems to want to be replaced.
  package static func literal(in text: String) -> (problem: String, remedy: String)? {
    if text.contains("${envvar:") || text.contains("${parameter:") {
      return ("macros are replaced in 'command' alone", "put the word into the command")
    }
    if text == "~" || text.hasPrefix("~/") { return ("no shell reads it", "write the path in full") }
    guard let variable = variable(in: text), variable == variable.uppercased() else { return nil }
    return ("no shell reads it", "write its value, or ${envvar:\(variable)} in 'command'")
  }

  /// What will hardly be meant, and where: the position of the word, nil where it is the command as a whole.
  /// - Parameters:
  ///   - hasParameters: whether the sweep has parameters that the program should get.
  ///   - parameterNames: what `${parameter:NAME}` can name; a nested one with dots.
  ///   - environment: the variables of the program.
  package func doubts(
    hasParameters: Bool, parameterNames: [String] = [], environment: (String) -> String?
  ) -> [(index: Int?, diagnostic: Diagnostic)] {
    var doubts: [(index: Int?, diagnostic: Diagnostic)] = []
    if elements.isEmpty {
      let standard = "the standard one runs: " + Self.standard.joined(separator: " ")
      doubts.append((nil, Diagnostic("the command is empty, so \(standard)", remedy: "leave command out, or list the words of the command")))
    }
    if let first = elements.first, first.contains(" "), !first.hasPrefix("/"), !first.contains("${") {
      let words = first.split(separator: " ").joined(separator: ", ")
      doubts.append((0, Diagnostic("'\(first)' is the name of a program, with spaces in it", remedy: "make each word an element: [\(words), …]")))
    }
    let hasShell = Self.hasShell(elements)
    for (index, word) in words.enumerated() {
      var found = doubtsOfMacros(in: word, parameterNames: parameterNames, environment: environment)
      let isCode = index > 0 && words[index - 1] == "-c"
      if found.isEmpty, !hasShell, !isCode, let doubt = Self.doubtOfShell(in: word) ?? (index > 0 ? Self.doubtOfWords(in: word) : nil) {
        found.append(doubt)
      }
      doubts += found.map { (elements.isEmpty ? nil : index, $0) }
    }
    let isHanded = words.contains { word in
      Self.macro(word).map(Self.parameterMacros.contains) == true || Self.contains("${parameter:", in: word) || word.contains("SWEEP_PARAMETERS")
    }
    if hasParameters, !isHanded {
      doubts.append(
        (
          nil,
          Diagnostic(
            "no word of the command hands over the parameters",
            remedy: "add ${args}, unless the program reads them from SWEEP_PARAMETERS in its environment or from wandb.config")
        ))
    }
    return doubts
  }

  private func doubtsOfMacros(in word: String, parameterNames: [String], environment: (String) -> String?) -> [Diagnostic] {
    var doubts: [Diagnostic] = []
    for name in Self.names(after: "${envvar:", in: word, where: Self.isVariable) where environment(name) == nil {
      doubts.append(Diagnostic("the environment variable \(name) is not set, so '\(name)' itself stands for it", remedy: "export \(name)=…"))
    }
    for name in Self.names(after: "${envvar:", in: word) where !Self.isVariable(name) {
      doubts.append(
        Diagnostic("${envvar:\(name)} is left as it is or out: W&B knows names of A-Z, 0-9 and _ alone", remedy: "rename the variable"))
    }
    for name in Self.names(after: "${parameter:", in: word) where !parameterNames.contains(name) {
      let known = Diagnostic.unknown("parameter", name, known: parameterNames)
      doubts.append(parameterNames.isEmpty ? Diagnostic(known.problem, remedy: "the sweep has no parameters") : known)
    }
    let isReplaced = Self.contains("${envvar:", in: word) || Self.contains("${parameter:", in: word)
    if let macro = Self.macro(word), !isReplaced {
      if macro == "program", program == nil {
        doubts.append(Diagnostic("${program} stands for nothing: the sweep names no program", remedy: "add program: and the path of the script"))
      } else if macro == "args_dict" {
        doubts.append(Diagnostic("${args_dict} stands for the names of the parameters, without their values", remedy: "write ${args}"))
      } else if macro.contains("${") {
        doubts.append(Diagnostic("'\(word)' is more than one macro and stands for nothing", remedy: "make each macro an element of its own"))
      } else if !Self.macros.contains(macro) {
        doubts.append(Self.doubt(ofUnknown: macro))
      }
    } else if let macro = Self.macros.first(where: { word.contains("${\($0)}") }), Self.macro(word) == nil || isReplaced {
      doubts.append(
        Diagnostic(
          "'\(word)' keeps its ${\(macro)} as it is: a macro is an element of its own",
          remedy: Self.parameterMacros.contains(macro)
            ? "make \"${\(macro)}\" an element, or write ${parameter:NAME} for one parameter" : "make \"${\(macro)}\" an element"))
    }
    return doubts
  }

  private static func doubt(ofUnknown macro: String) -> Diagnostic {
    let known = "known: \(macros.filter { $0 != "args_dict" }.joined(separator: ", ")), envvar:NAME, parameter:NAME"
    let hint =
      if !macro.isEmpty, isVariable(macro) { "for the environment variable write ${envvar:\(macro)}; " } else {
        nearest(to: macro, in: macros).map { "did you mean ${\($0)}? " } ?? ""
      }
    return Diagnostic("${\(macro)} is no macro and stands for nothing", remedy: hint + known)
  }

  /// Several arguments in one word: `--a=1 --b=2`, `--lr 0.1`. One with other words in it has a text as its value.
  private static func doubtOfWords(in word: String) -> Diagnostic? {
    let parts = word.split(separator: " ")
    func isOption(_ part: Substring) -> Bool { part.wholeMatch(of: /--[A-Za-z][A-Za-z0-9_.\-]*(=\S+)?/) != nil }
    guard parts.count > 1, parts.allSatisfy({ isOption($0) || !$0.hasPrefix("-") }), isOption(parts[0]) else { return nil }
    // Each option has one word after it at most, and that only without an equals sign.
    for (part, next) in zip(parts, parts.dropFirst()) where !isOption(next) && (!isOption(part) || part.contains("=")) { return nil }
    return Diagnostic("'\(word)' is one word to the program", remedy: "make each an element: [\(parts.map { "\"\($0)\"" }.joined(separator: ", "))]")
  }

  // MARK: Shells

  /// Whether a shell gets a script, which may then say what shells understand.
  private static func hasShell(_ words: [String]) -> Bool {
    let shells = ["sh", "bash", "zsh", "dash", "ksh", "fish"]
    let shell = words.firstIndex { word in shells.contains(word.split(separator: "/").last.map(String.init) ?? "") }
    guard let shell else { return false }
    return words[shell...].contains { $0.hasPrefix("-") && !$0.hasPrefix("--") && $0.hasSuffix("c") }
  }

  /// What only a shell would understand.
  private static func doubtOfShell(in word: String) -> Diagnostic? {
    if macro(word).map(macros.contains) == true { return nil }
    if word.contains("${{") { return Diagnostic("'\(word)' is handed over as it is: nothing replaces ${{…}}", remedy: "write what is meant") }
    let remedy = "for a shell, write command: [sh, -c, \"…\"]"
    let operators = ["|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1", "&>"]
    let redirects = [">", "<", "2>", "&>"].contains { word.hasPrefix($0) && !word.contains(" ") }
    if operators.contains(word) || redirects {
      return Diagnostic("'\(word)' is handed to the program as a word: no shell reads the command", remedy: remedy)
    }
    if let variable = variable(in: word) {
      return Diagnostic("'\(word)' is not replaced: no shell reads the command", remedy: "write ${envvar:\(variable)}, or " + remedy)
    }
    if word == "~" || word.hasPrefix("~/") {
      return Diagnostic("'\(word)' stays as it is: no shell reads the command", remedy: "write ${envvar:HOME}\(word.dropFirst())")
    }
    let isPattern = word.contains("*") && !word.contains { " =()'\"".contains($0) } && word.contains { "./".contains($0) }
    return word.contains("$(") || isPattern
      ? Diagnostic("'\(word)' is not expanded: no shell reads the command", remedy: remedy) : nil
  }

  /// The NAME of the first `$NAME` or `${NAME}`.
  private static func variable(in word: String) -> String? {
    for (index, character) in zip(word.indices, word) where character == "$" {
      var rest = word[word.index(after: index)...]
      let isBraced = rest.first == "{"
      if isBraced { rest = rest.dropFirst() }
      let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
      guard let first = name.first, !first.isNumber else { continue }
      if !isBraced || rest.dropFirst(name.count).first == "}" { return String(name) }
    }
    return nil
  }
}

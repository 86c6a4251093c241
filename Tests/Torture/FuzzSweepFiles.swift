// Sweep files and overrides of the command line: read, counted, their first points drawn, saved and read back.
// A target of the fuzzer; the files that were thought out by hand are in FuzzHostileFiles.swift. No trial runs.

import Foundation
import SweepCore
import SweepKit
import SweepTestSupport

struct FuzzSweepFiles: FuzzTarget {
  /// Points that are drawn of an accepted file.
  private static let points = 2_000

  private let seed: Int
  private let loader: SweepFileLoader
  private let corpus: [(name: String, text: String)]

  init(seed: Int, scratch: String) throws {
    self.seed = seed
    loader = SweepFileLoader(trainers: try Registry<TrainerEntry>.builtin())
    corpus = try Corpus.sweepFiles()
  }

  func input(_ index: Int) throws -> FuzzInput {
    let hostile = FuzzHostileFiles.all
    if index < hostile.count { return Self.input(hostile[index].description, hostile[index].bytes()) }
    var mutator = Mutator(seed: seed, kind: .files, index: index)
    let overrides = FuzzHostileFiles.overrides
    if index - hostile.count < overrides.count {
      let argument = overrides[index - hostile.count]()
      return Self.input("override \(argument.prefix(40))", Array(FuzzHostileFiles.small.utf8), overrides: [argument])
    }
    let (name, text) = mutator.random.pick(corpus)
    var bytes = Array(text.utf8)
    if !mutator.random.oneIn(4) {
      let other = mutator.random.pick(corpus).text
      bytes = Array(mutator.rewritten(text, keys: Self.keys, scalars: Self.scalars, other: other).utf8)
    }
    if mutator.random.oneIn(3) { bytes = mutator.damaged(bytes, steps: 1...3) }
    var arguments: [String] = []
    if mutator.random.oneIn(5) {
      mutator.note("override")
      let argument = mutator.random.pick(["eta=0.1,0.2", "x=range(1,5)", "+new=[1, {a: 'b'}]", "~epochs", "++y=interval(0, 1)", "seed=choice(1,2)"])
      arguments = [String(decoding: mutator.damaged(Array(argument.utf8), steps: 0...2), as: UTF8.self)]
    }
    let points = mutator.damaged(Array("a,b\n1,x\n2.5,\"y, z\"\n".utf8), steps: 0...2)
    return Self.input("\(name): \(mutator.summary)", bytes, overrides: arguments, points: points)
  }

  private static func input(_ description: String, _ bytes: [UInt8], overrides: [String] = [], points: [UInt8] = Array("a\n1\n".utf8)) -> FuzzInput {
    FuzzInput(description, files: [("sweep.yaml", .bytes(bytes)), ("points.csv", .bytes(points))], arguments: overrides)
  }

  func attempt(_ input: FuzzInput, in folder: String) throws -> Bool {
    let file = try loader.read(folder + "/sweep.yaml", overrides: input.arguments).file
    try checkSaved(file)
    _ = try Planner().count(file)
    var points = try Planner.points(of: file)
    var drawn = 0
    while drawn < Self.points, case let more = try points.next(atMost: 500), !more.isEmpty {
      drawn += more.count
      for point in more.prefix(20) where Assignment(json: point.json) != point { throw FuzzFinding("a point reads back as another: \(point.json)") }
    }
    return true
  }

  /// - Throws: where what is planned could not be gone on with.
  private func checkSaved(_ file: SweepFile) throws {
    let (definition, again): (String, SweepFile)
    do {
      definition = try file.definition()
      again = try SweepFile(definition: definition)
    } catch {
      throw FuzzFinding("an accepted file cannot be saved and read back: \(error)")
    }
    guard again == file else { throw FuzzFinding("an accepted file reads back as another: \(definition.prefix(200))") }
  }

  private static let keys =
    sweepFileKeys + [
      "value", "values", "probabilities", "min", "max", "mu", "sigma", "a", "b", "q", "distribution", "when", "otherwise", "goal", "at", "target",
      "type", "min_iter", "max_iter", "s", "eta", "strict", "wall", "cpu", "memory", "threads", "grace", "pattern", "epoch", "count", "backoff",
      "on", "x", "y", "epochs", "<<", "? a", "- a", "entity", "'quoted'", "\u{feff}x", "../../etc", "\u{1b}[31mred",
    ]

  static let scalars = [
    "1e400", "-1e400", "1e-400", "NaN", ".nan", ".inf", "-.inf", "-0", "-0.0", "0x1F", "0o17", "017", "018", "0b2", "1_000", "1__0", "+5", ".5", "5.",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "9007199254740993", "1e308", "4.9e-324", "1e15",
    "0.1.2", "1:30", "2026-01-01", "yes", "null", "~", "''", "\"\"", "[]", "{}", "[[]]", "[1, 1.0, '1', true]", "{a: 1, a: 2}", "{value: {value: 1}}",
    "*a", "&a 1", "&a [*a]", "!!python/object:os.system x", "!!binary aGk=", "!!float 1", "!!set {a}", "! x", "\"\\0\"", "\"\\x1b[31m\"",
    "\"\\ud800\"",
    "../../etc/passwd", "/dev/stdin", "points.csv", "\u{2028}", "\u{feff}x", "| \n  x", "> x", "'unended", "\"unended", "[1, 2", "{a: ", "<<", "? ",
    "x > 1 and not (y in [1, 2])", "x ** 1e9 > 2", "(((((x)))))", "1 / 0 > x", "range(1e9)", "all", "top 99999999999999999999", "1000000000d", "90s",
    "-1", "0", "random", "grid", "bayes", "categorical", "q_uniform", "log_uniform", "beta", "int_uniform", "test-function", "ask",
    "one-layer-network",
  ]
}

/// The texts that come with the sources.
enum Corpus {
  /// Sweep files, and blocks of documents that are some.
  static func sweepFiles() throws -> [(name: String, text: String)] {
    let files = try paths(under: ["sweeps", "Examples"], endingIn: ".yaml").map { ($0, try text($0)) }
    return files + (try blocks("yaml"))
  }

  /// The blocks of a language in the documents, in the order of their paths.
  static func blocks(_ language: String) throws -> [(name: String, text: String)] {
    let documents = ["README.md"] + (try paths(under: ["docs"], endingIn: ".md"))
    return try documents.flatMap { path in
      let parts = try text(path).components(separatedBy: "```\(language)\n").dropFirst()
      return parts.enumerated().compactMap { number, part in part.components(separatedBy: "\n```").first.map { ("\(path) \(number)", $0 + "\n") } }
    }
  }

  private static func text(_ path: String) throws -> String { try String(contentsOfFile: projectFolder + "/" + path, encoding: .utf8) }

  private static func paths(under folders: [String], endingIn suffix: String) throws -> [String] {
    try folders.flatMap { folder in
      try FileManager.default.subpathsOfDirectory(atPath: projectFolder + "/" + folder).filter { $0.hasSuffix(suffix) }.sorted()
        .map { folder + "/" + $0 }
    }
  }
}

// Sweep files as people have them for W&B: the points of 120 of them are those of the reference implementation, and what would silently be
// something else there is told.

import Foundation
import SweepCore
import SweepExecutors
import SweepKit
import SweepTestSupport
import Testing

struct WandbFileTests {
  private static func read(_ text: String, overrides: [String] = []) throws(SweepError) -> LoadedSweep {
    try SweepFileLoader(trainers: try Registry.builtin()).read(text: text, path: "a.yaml", overrides: overrides)
  }

  private func complaints(_ text: String) -> String {
    do throws(SweepError) {
      _ = try Self.read(text)
      return ""
    } catch { return error.description }
  }

  private func remarks(_ text: String) throws -> String {
    try Self.read(text).remarks.map { "\($0.kind): \($0.diagnostic)" }.joined(separator: "\n")
  }

  /// A file whose trials are a program, with these parameters.
  private func file(_ parameters: String, _ more: String = "method: grid") -> String {
    "program: train.py\nmetric: {name: loss, goal: minimize}\n\(more)\nparameters:\n"
      + parameters.split(separator: "\n").map { "  \($0)\n" }.joined()
  }

  /// All points of a grid as programs get them, as JSON.
  private static func points(_ file: SweepFile) throws -> [String] {
    var (points, next) = ([String](), try Planner.points(of: file))
    while case let more = try next.next(), !more.isEmpty {
      points += more.map { ParameterValue.mapping(of: file.space.configuration(of: $0).map { ($0.name, $0.value) }).json }
    }
    return points
  }

  /// `Tests/Oracles/sweeps.py` makes the file.
  private static let reference: [(config: String, points: [String])] = {
    let text = (try? String(contentsOfFile: projectFolder + "/Tests/Assets/sweeps-0.3.0.json", encoding: .utf8)) ?? ""
    func member(_ name: String, _ value: ParameterValue) -> ParameterValue? {
      if case .mapping(let members) = value { members.first { $0.name == name }?.value } else { nil }
    }
    guard let root = ParameterValue(json: text), case .list(let grids)? = member("grids", root) else { return [] }
    return grids.compactMap { grid in
      guard case .text(let config)? = member("config", grid), case .list(let points)? = member("points", grid) else { return nil }
      return (config, points.map(\.json))
    }
  }()

  @Test func gridsHaveThePointsOfTheReferenceInItsOrder() throws {
    #expect(Self.reference.count == 120)
    var refused = 0
    for (config, expected) in Self.reference {
      // The reference wants no metric for a grid.
      do {
        let file = try Self.read(config).file
        #expect(try Self.points(file) == expected, "\(config)")
        if file.rules.runCap == nil { #expect(try Planner().count(file) == expected.count) }
      } catch {
        // Two parameters whose names are the same with the dots of nesting.
        #expect("\(error)".contains("is the name of two parameters"), "\(config)\n\(error)")
        refused += 1
      }
    }
    #expect(refused == 2)
  }

  @Test func everyDistributionIsReadAndDrawnFrom() throws {
    let file = try Self.read(
      file(
        """
        a: {distribution: uniform, min: 0, max: 1}
        b: {distribution: log_uniform_values, min: 1e-5, max: 1e-1}
        c: {distribution: q_uniform, min: 0, max: 100, q: 5}
        d: {distribution: normal, mu: 10, sigma: 2}
        e: {distribution: q_log_uniform_values, min: 8, max: 512, q: 8}
        f: {distribution: beta, a: 2, b: 5}
        g: {min: 1, max: 6}
        h: {min: 0.0, max: 6}
        i: {values: [x, y], probabilities: [0.9, 0.1]}
        j: {distribution: inv_log_uniform_values, min: 0.5, max: 2}
        k: {value: [1, 2]}
        """, "method: random\nrun_cap: 500\nseed: 3")
    ).file
    let texts = try Self.points(file)
    #expect(texts.count == 500 && Set(texts).count == 500)
    #expect(try Self.points(file) == texts)
    let points = try #require(ParameterValue(json: "[" + texts.joined(separator: ",") + "]"))
    guard case .list(let rows) = points else { return }
    func column(_ name: String) -> [ParameterValue] {
      rows.compactMap { row in if case .mapping(let members) = row { members.first { $0.name == name }?.value } else { nil } }
    }
    func numbers(_ name: String) -> [Double] { column(name).compactMap(\.number) }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    #expect(numbers("a").allSatisfy { (0...1).contains($0) } && abs(mean(numbers("a")) - 0.5) < 0.05)
    #expect(numbers("b").allSatisfy { (1e-5...1e-1).contains($0) } && abs(mean(numbers("b").map(log10)) + 3) < 0.2)
    #expect(column("c").allSatisfy { if case .integer(let n) = $0 { n % 5 == 0 && (0...100).contains(n) } else { false } })
    #expect(abs(mean(numbers("d")) - 10) < 0.4)
    #expect(column("e").allSatisfy { if case .integer(let n) = $0 { n % 8 == 0 } else { false } })
    #expect(abs(mean(numbers("f")) - 2.0 / 7) < 0.04)
    #expect(Set(numbers("g")) == [1, 2, 3, 4, 5, 6])
    #expect(column("h").allSatisfy { if case .real = $0 { true } else { false } })
    #expect((0.8...0.97).contains(mean(column("i").map { $0 == .text("x") ? 1 : 0 })))
    #expect(numbers("j").allSatisfy { (0.5...2).contains($0) })
    #expect(Set(column("k")) == [.list([.integer(1), .integer(2)])])
  }

  @Test func randomSearchOfAFiniteSpaceGoesThroughAllOfItInAnotherOrder() throws {
    let text = file("a: {min: 1, max: 7}\nb: {values: [x, y, z]}\nc: {values: [1, 2], probabilities: [0.7, 0.3]}", "method: random")
    let points = try Self.points(Self.read(text).file)
    let grid = try Self.points(Self.read(file("a: {min: 1, max: 7}\nb: {values: [x, y, z]}\nc: {values: [1, 2]}")).file)
    #expect(points.count == 42 && Set(points) == Set(grid) && points != grid)
    // What is likelier comes sooner.
    #expect(points.prefix(21).filter { $0.contains("\"c\":1") }.count > 10)
  }

  @Test func whatIsSpelledInTheWaysOfYAMLIsReadAsItIsMeant() throws {
    let file = try Self.read(
      file(
        """
        a: {values: [1e-5, !!float 1e-5, 3e6, 1_000, 012, yes, None, ~, "1e-5", .5, !!str 7]}
        opt.lr: {value: 0.1}
        B: {value: {k: [1, {m: x}]}}
        """)
    ).file
    #expect(
      file.space["a"]?.domain
        == .values([
          .real(1e-5), .real(3e6), .integer(1000), .integer(10), .bool(true), .text("None"), .null, .text("1e-5"), .real(0.5), .text("7"),
        ]))
    #expect(file.space["opt.lr"]?.path == ["opt.lr"])
    #expect(file.space["B"]?.domain == .constant(.mapping(of: [("k", .list([.integer(1), .mapping(of: [("m", .text("x"))])]))])))
  }

  @Test func ofKeysThatAreGivenTwiceTheLastCounts() throws {
    let text =
      "program: train.py\nmethod: random\nmetric: {name: loss}\nparameters:\n  a:\n    values: [1, 2]\n  b: {value: 1}\n  a:\n    values: [3]\nmethod: grid\n"
    let loaded = try Self.read(text)
    #expect(loaded.file.method == "grid" && loaded.file.space["a"]?.domain == .values([.integer(3)]))
    #expect(loaded.remarks.filter { $0.diagnostic.problem.contains("given more than once") }.count == 2)
    #expect(loaded.remarks.contains { $0.diagnostic.place == "a.yaml:5" })
  }

  @Test func whatWouldSilentlyBeSomethingElseThereIsTold() throws {
    #expect(
      try remarks(file("lr: {distribution: log_uniform, min: -9, max: -1}", "method: random")).contains(
        "exponents of e: lr is drawn from 0.0001234 to 0.3679"))
    #expect(try remarks(file("lr: {min: 0.0, max: 1.0}", "method: bayes")).contains("bayes is 'auto' here"))
    #expect(
      try remarks(file("lr: {value: 1}", "method: grid\nproject: mine\nentity: me")).contains("note: entity only means something to W&B's server"))
    let misspelt = try remarks(file("lr: {value: 1}", "method: grid\ncommand: ['${env}', python, '${program}', '${arg}']"))
    #expect(misspelt.contains("${arg}") && misspelt.contains("${args}") && misspelt.contains("a.yaml:4, command[3]"))
    #expect(try remarks(file("lr: {value: 1}", "method: grid\ncommand: [python, '${program}']")).contains("hands over the parameters"))
    #expect(try remarks("program: t.py\nmethod: grid\nparameters: {a: {value: 1}}").contains("ranked by seconds"))
    #expect(try remarks(file("lr: {value: 1}")).isEmpty)
    let goal = "program: t.py\nmethod: grid\nmetric: {name: loss, goal: hello world}\nparameters: {a: {value: 1}}"
    #expect(try remarks(goal).contains("'hello world' is no goal: W&B minimizes then"))
    #expect(complaints(goal.replacing("hello world", with: "maximise")).contains("did you mean 'maximize'?"))
  }

  @Test func whatCannotBeUsedIsAnErrorWithItsLine() {
    for (parameters, expected) in [
      ("lr: 0.1", "lr is '0.1' — a.yaml:5, parameters.lr — write {value: 0.1}"),
      ("lr: {vales: [1]}", "unknown key 'vales' — a.yaml:5, parameters.lr.vales — did you mean 'values'?"),
      ("lr: {min: 2, max: 2}", "min 2 is not below max 2 — a.yaml:5"),
      ("lr: {mu: 0, sigma: 1}", "say of which distribution"),
      ("lr: {distribution: normal, min: 0, max: 1}", "min does not go with normal"),
      ("lr: {distribution: log_uniform_values, min: 0, max: 1}", "min is 0 — a.yaml:5, parameters.lr.min"),
      ("lr: {values: [1, 2], probabilities: [0.5, 0.6]}", "add up to 1.1"),
      ("lr: {distribution: normal}", "drawn from normal, which a grid cannot enumerate"),
      ("'a=b': {value: 1}", "the name 'a=b' has an =, after which a program looks for the value — a.yaml:5"),
      ("lr:\n  parameters: {}", "lr has no parameters"),
    ] {
      #expect(complaints(file(parameters)).contains(expected), "\(parameters)\n\(complaints(file(parameters)))")
    }
    #expect(complaints(file("a: {value: 1}", "method: grid\nearly_terminate: {type: hyperband}")).contains("hyperband has no bands"))
    #expect(complaints(file("a: {value: 1}", "method: grid\nearly_terminate: {type: hyperband, eta: 1, min_iter: 3}")).contains("eta is 1"))
    #expect(complaints(file("a: {value: 1}", "method: grid\nlimits: {wall: soon}")).contains("write a time such as 90s"))
    #expect(
      complaints("method: grid\nmetric: {name: validation_accuracy}\nlimits: {wall: 3}\nparameters: {eta: {value: 1}}").contains(
        "limits is for programs"))
    #expect(complaints(file("a: {value: 1}", "method: grid\nreport: {pattern: 'loss: ([0-9]+)'}")).contains("no named groups"))
  }

  @Test func earlyTerminationAndRulesAreRead() throws {
    let file = try Self.read(
      file(
        "a: {value: 1}",
        """
        method: grid
        run_cap: 7
        time_budget: 1h30m
        max_failures: 2
        early_terminate: {type: hyperband, max_iter: 27, s: 2, eta: 3}
        limits: {wall: 90, cpu: 2m, memory: 1.5GB, threads: 2, grace: 5s}
        retries: {count: 3, backoff: 10s, on: [signal]}
        resources: {CUDA_VISIBLE_DEVICES: [0, 1]}
        environment: {A: 1}
        """)
    ).file
    #expect(file.rules == RunRules(runCap: 7, timeBudget: 5400, maxFailures: 2))
    #expect(file.earlyTermination?.type == "hyperband" && file.earlyTermination?.options["s"] == .integer(2))
    let program = try #require(file.program)
    #expect(program.limits.wall == 90 && program.limits.cpu == 120 && program.limits.memory == 3 << 29 && program.limits.threads == 2)
    #expect(program.retries.count == 3 && program.retries.backoff == 10 && program.retries.causes == [.signal])
    #expect(program.resources == ["CUDA_VISIBLE_DEVICES": ["0", "1"]] && program.slots == 2 && program.environment == ["A": "1"])
    #expect(try SweepFile(definition: file.definition()) == file)
  }

  // MARK: what theirs cannot say

  @Test func conditionsExclusionsAndZipsShapeTheGrid() throws {
    let text = file(
      """
      optimizer: {values: [sgd, adam]}
      momentum: {values: [0.0, 0.9], when: optimizer == 'sgd'}
      lr: {values: [0.1, 0.01]}
      batch: {values: [10, 100]}
      seed: {values: [1, 2]}
      """, "method: grid\nzip: [lr, batch]\nexclude:\n  - optimizer == 'adam' and lr > 0.05\n  - {seed: 2, momentum: [0.9]}")
    let loaded = try Self.read(text)
    // Of sgd 2 momenta × 2 pairs × 2 seeds less 2 with seed 2 and momentum 0.9; of adam 1 pair × 2 seeds.
    let points = try Self.points(loaded.file)
    #expect(points.count == 8 && Set(points).count == 8)
    #expect(try Planner().count(loaded.file) == 8)
    #expect(points.filter { $0.contains("adam") }.allSatisfy { !$0.contains("momentum") && $0.contains("\"lr\":0.01") })
    #expect(points.allSatisfy { $0.contains("\"batch\":10,") == $0.contains("\"lr\":0.1,") })
    #expect(try SweepFile(definition: loaded.file.definition()) == loaded.file)
    let random = try Self.points(Self.read(text.replacing("method: grid", with: "method: random")).file)
    #expect(Set(random) == Set(points) && random.count == 8)
  }

  @Test func conditionsAreCheckedBeforeAnythingRuns() {
    for (parameter, expected) in [
      ("b: {values: [1, 2], when: lrr > 0}", "a.yaml:6, parameters.b.when"),
      ("b: {values: [1, 2], when: 'a +'}", "parameters.b.when"),
      ("b: {values: [1, 2], when: a + 1}", "not true or false"),
      ("b: {values: [1, 2], when: a == 1, otherwise: 0}\nc: {value: 1, otherwise: 2}", "without 'when'"),
      ("b: {values: [1], when: c == 1}\nc: {values: [1], when: b == 1}", "depend on each other"),
    ] {
      let found = complaints(file("a: {value: 1}\n" + parameter))
      #expect(found.contains(expected), "\(found)")
    }
    #expect(complaints(file("a: {values: [1, 2]}\nb: {values: [1, 2, 3]}", "method: grid\nzip: [a, b]")).contains("2 a, 3 b"))
    #expect(complaints(file("a: {values: [1, 2]}", "method: grid\nexclude: a > 'x'")).contains("exclude[0]"))
  }

  @Test func aTrainerThatDeclaresItsParametersGetsAllOfThem() throws {
    let file = try Self.read(
      """
      method: grid
      metric: {name: validation_accuracy, goal: maximize}
      parameters:
        eta: {values: [0.1, 0.01]}
        decay_every: {values: [null, 5]}
        decay_factor: {values: [0.5, 0.1], when: decay_every != null}
      """
    ).file
    let points = try Self.points(file)
    #expect(points.count == 6 && points.allSatisfy { $0.contains("\"decay_factor\":") })
  }

  @Test func explicitPointsComeFromCSVAndJSON() throws {
    let folder = TemporaryFolder()
    try "lr,name\n0.1,\"a, b\"\r\n\n1e-3,c\n".write(toFile: folder.path("points.csv"), atomically: true, encoding: .utf8)
    try "{\"lr\": 0.1, \"name\": \"x\"}\n{\"lr\": 2, \"name\": null}\n".write(toFile: folder.path("points.jsonl"), atomically: true, encoding: .utf8)
    func points(_ include: String) throws -> [String] {
      let path = folder.path("a.yaml")
      try file("seed: {values: [1, 2]}", "method: grid\ninclude: \(include)").write(toFile: path, atomically: true, encoding: .utf8)
      return try Self.points(SweepFileLoader(trainers: try Registry.builtin()).read(path).file)
    }
    #expect(
      try points("points.csv") == [
        #"{"lr":0.1,"name":"a, b","seed":1}"#, #"{"lr":0.1,"name":"a, b","seed":2}"#, #"{"lr":0.001,"name":"c","seed":1}"#,
        #"{"lr":0.001,"name":"c","seed":2}"#,
      ])
    #expect(try points("points.jsonl").count == 4)
    #expect(try points("[{lr: 1}, {lr: 2}, {lr: 3}]").count == 6)
    #expect { try points("nothing.csv") } throws: { "\($0)".contains("'nothing.csv' cannot be read — \(folder.path("a.yaml")):4, include") }
    #expect { try points("[{lr: 1}, {seed: 2}]") } throws: { "\($0)".contains("give every point the same parameters") }
  }

  @Test func columnsWithoutANameAreRefusedWithTheirPlace() throws {
    let folder = TemporaryFolder()
    func complaint(_ include: String) throws -> String {
      let path = folder.path("a.yaml")
      try folder.write(file("seed: {values: [1, 2]}", "method: grid\ninclude: \(include)"), to: "a.yaml")
      do throws(SweepError) { _ = try SweepFileLoader(trainers: try Registry.builtin()).read(path) } catch { return error.description }
      return ""
    }
    try folder.write("lr, \n0.1,2\n", to: "blank.csv")
    #expect(try complaint("blank.csv").contains("blank.csv, line 1: a parameter has no name (column 2 of 2) — \(folder.path("a.yaml")):4, include"))
    try folder.write("lr,bs,\n0.1,2,\n", to: "comma.csv")
    #expect(try complaint("comma.csv").contains("column 3 of 3"))
    try folder.write("lr,lr \n0.1,2\n", to: "twice.csv")
    #expect(try complaint("twice.csv").contains("a name of its own for each column"))
    try folder.write("lr,\"a\nb\"\n0.1,2\n", to: "lines.csv")
    #expect(try complaint("lines.csv").contains(#"has control characters: "a\nb""#))
    #expect(try complaint(#"[{lr: 1, "": 2}]"#).contains("include[0]: a parameter has no name"))
    // The other ways to name a parameter.
    #expect(complaints(file("'': {value: 1}")).contains("a parameter has no name — a.yaml:5"))
    #expect(complaints(file("'a\\tb': {value: 1}").replacing("'", with: "\"")).contains(#"has control characters: "a\tb""#))
    #expect { try Self.read(file("lr: {value: 1}"), overrides: ["+ =1"]) } throws: { "\($0)".contains("names no parameter") }
    #expect { try Self.read(file("lr: {value: 1}"), overrides: ["+a\"b=1"]) } throws: { "\($0)".contains("is no name") }
  }

  @Test func theCommandLineReplacesParameters() throws {
    let text = file("lr: {values: [1, 2]}\nopt:\n  parameters:\n    name: {value: sgd}\nold: {value: 1}")
    let loaded = try Self.read(text, overrides: ["lr=0.1,0.2", "opt.name=adam", "+seed=range(3)", "~old"]).file
    let points = try Self.points(loaded)
    #expect(points.count == 6 && points[0] == #"{"lr":0.1,"opt":{"name":"adam"},"seed":0}"#)
    #expect { try Self.read(text, overrides: ["lrr=1"]) } throws: { "\($0)".contains("did you mean 'lr'?") && "\($0)".contains("command line, lrr") }
    #expect { try Self.read(text, overrides: ["+lr=1"]) } throws: { "\($0)".contains("has the parameter 'lr' already") }
    #expect { try Self.read(text, overrides: ["lr=[1"]) } throws: { error in (error as? SweepError)?.kind == .usage }
  }

  @Test func aFileWithoutAProgramAndOfForeignParametersIsForWhoeverAsks() throws {
    #expect(try Self.read("method: grid\nmetric: {name: loss}\nparameters: {hidden_units: {values: [1, 2]}}").file.trainer == "ask")
    #expect(complaints("method: grid\nmetric: {name: validation_accuracy}\nparameters: {etta: {value: 1}}").contains("did you mean 'eta'?"))
  }
}

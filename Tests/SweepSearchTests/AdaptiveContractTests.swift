// What every registered search that learns owes, in spaces of all kinds and whatever becomes of the trials. It runs over all of them, so a new one is
// tested by being registered. That the table is the same with any number of workers is tested where the runner is.

import SweepCore
import SweepNumerics
import SweepSearch
import Testing

/// A search space with a name.
struct NamedSpace: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let space: SearchSpace

  init(_ name: String, _ parameters: [Parameter], _ constrain: (inout Constraints) throws -> Void = { _ in }) {
    var constraints = Constraints()
    do { try constrain(&constraints) } catch { preconditionFailure("\(error)") }
    (testDescription, space) = (name, SearchSpace(parameters, constraints: constraints))
  }

  static func text(_ values: String...) -> Parameter.Domain { .values(values.map { .text($0) }) }

  static let all: [NamedSpace] = [
    NamedSpace("one number", [Parameter("x", .reals(min: -1, max: 2))]),
    NamedSpace(
      "numbers of all kinds",
      [
        Parameter("x", .reals(min: -1, max: 2)), Parameter("lr", .distribution(Distribution(.logUniformValues, 1e-5, 1))),
        Parameter("n", .integers(min: 1, max: 500)), Parameter("w", .distribution(Distribution(.normal, 0, 1))),
        Parameter("width", .distribution(Distribution(.qLogUniformValues, 16, 512, step: .integer(16)))),
        Parameter("sizes", .values([.integer(8), .integer(64), .integer(512), .integer(16)])),
      ]),
    NamedSpace(
      "mixed",
      [
        Parameter("kind", text("a", "b", "c")), Parameter("isOn", .values([.bool(true), .bool(false)])), Parameter("x", .reals(min: 0, max: 1)),
        Parameter("weighted", .weighted([.text("p"), .text("q"), .text("r")], [0.6, 0.3, 0.1])), Parameter("fixed", .constant(.integer(3))),
      ]),
    NamedSpace(
      "conditional and forbidden",
      [
        Parameter("model", text("tree", "net", "none")), Parameter("depth", .integers(min: 1, max: 12)), Parameter("leaf", .reals(min: 0, max: 1)),
        Parameter("rate", .distribution(Distribution(.logUniformValues, 1e-4, 1))), Parameter("momentum", .reals(min: 0, max: 1)),
      ]
    ) {
      $0.conditions = [
        "depth": try expression("model == 'tree'"), "leaf": try expression("depth > 5"), "rate": try expression("model == 'net'"),
        "momentum": try expression("model == 'net'"),
      ]
      $0.otherwise = ["momentum": .real(0)]
      $0.exclusions = [try expression("model == 'net' and rate > 0.5"), try expression("depth == 7")]
    },
    NamedSpace(
      "zipped", [Parameter("a", .integers(min: 1, max: 4)), Parameter("b", text("p", "q", "r", "s")), Parameter("x", .reals(min: 0, max: 1))]
    ) { $0.zips = [["a", "b"]] },
  ]

  static let finite: [(space: NamedSpace, count: Int)] = [
    (NamedSpace("one point", [Parameter("a", .constant(.integer(1))), Parameter("b", text("x"))]), 1), (NamedSpace("nothing", []), 1),
    (NamedSpace("two", [Parameter("a", text("x", "y"))]), 2), (NamedSpace("a range", [Parameter("n", .integers(min: 1, max: 9))]), 9),
    (
      NamedSpace(
        "a quantised family", [Parameter("q", .distribution(Distribution(.qUniform, 0, 1, step: .real(0.25)))), Parameter("c", text("x", "y"))]),
      10
    ),
    (
      NamedSpace(
        "conditional", [Parameter("a", text("x", "y")), Parameter("n", .integers(min: 1, max: 5)), Parameter("m", .integers(min: 1, max: 3))]
      ) {
        $0.conditions = ["n": try expression("a == 'x'")]
        $0.exclusions = [try expression("n == 2"), try expression("a == 'y' and m == 1")]
      }, 14
    ),
  ]
}

struct AdaptiveContractTests {
  static let names = samplers.entries.compactMap { if case .adaptive = $0.plugin { $0.name } else { nil } }

  private func sampler(_ name: String) throws(SweepError) -> any AdaptiveSampler {
    guard case .adaptive(let sampler)? = samplers[name] else { throw SweepError(.input, "\(name) is not one that learns") }
    return sampler
  }

  /// A bowl with its bottom off the middle, with steps where categories differ.
  private func value(_ point: Assignment, _ encoding: Encoding) -> Double {
    zip(encoding.dimensions, encoding.row(of: point)).enumerated().reduce(0) { sum, entry in
      let (dimension, u) = entry.element
      if u.isNaN { return sum + 0.2 }
      return sum + (dimension.isCategory ? u / 3 : (u - 0.3) * (u - 0.3) * Double(entry.offset + 1))
    }
  }

  /// Most trials end well; some fail, diverge or are stopped.
  private func trial(_ number: Int, _ point: Assignment, _ encoding: Encoding, objectives: Int = 1) -> History.Outcome {
    let value = value(point, encoding)
    var curve = Curve()
    for epoch in 1...(number % 7 == 5 ? 2 : 4) { curve.add(value + 1 / Double(epoch), epoch: epoch) }
    let state: TrialState = number % 7 == 3 ? .failed : number % 7 == 5 ? .pruned : number % 11 == 4 ? .diverged : .complete
    let values = (0..<objectives).map { $0 == 0 ? value : Double($0) - value * value }
    return History.Outcome(
      number: number, assignment: point, state: state,
      objectives: state == .complete ? values : (0..<objectives).map { state == .pruned && $0 == 0 ? value + 0.5 : nil }, curve: curve)
  }

  private func run(
    _ name: String, _ space: SearchSpace, trials: Int, lag: Int = 0, isFresh: Bool = false, seed: Int = 1, objectives: Int = 1, prior: Int = 0
  ) throws -> (suggestions: [Suggestion], history: History) {
    let encoding = Encoding(space)
    let problem = SearchProblem(space, seed: seed, budget: 100, objectives: objectives)
    let points = prior == 0 ? [] : try SobolSampler().points(at: 0..<prior, in: SearchProblem(space, seed: 99))
    let prior = points.enumerated().map { trial($0 - points.count + 1, $1, encoding, objectives: objectives) }
    return try SweepSearchTests.run(try sampler(name), problem, trials: trials, lag: lag, isFresh: isFresh, prior: prior) {
      trial($0, $1, encoding, objectives: objectives)
    }
  }

  @Test(arguments: names, NamedSpace.all) func pointsAreAllowedAndNoneComesTwice(name: String, space: NamedSpace) throws {
    for (seed, lag) in [(1, 0), (2, 4)] {
      let suggestions = try run(name, space.space, trials: 30, lag: lag, seed: seed).suggestions
      #expect(suggestions.count == 30 && Set(suggestions.map(\.point)).count == 30)
      for suggestion in suggestions {
        #expect(try space.space.has(suggestion.point), "\(suggestion.point.json)")
        #expect(samplers[suggestion.sampler] != nil)
      }
    }
  }

  @Test(arguments: names, NamedSpace.all) func whatASearchRemembersChangesNothing(name: String, space: NamedSpace) throws {
    for (lag, prior) in [(0, 0), (3, 0), (0, 6)] {
      let remembering = try run(name, space.space, trials: 26, lag: lag, prior: prior)
      #expect(try run(name, space.space, trials: 26, lag: lag, isFresh: true, prior: prior).suggestions == remembering.suggestions)
    }
  }

  @Test(arguments: names, NamedSpace.all) func aPointIsComputedAgainFromTheRowsBeforeIt(name: String, space: NamedSpace) throws {
    let (suggestions, history) = try run(name, space.space, trials: 26)
    let problem = SearchProblem(space.space, seed: 1, budget: 100)
    let search = try sampler(name).search(problem)
    var generator = SeededGenerator(seed: 7, purpose: .shuffle)
    // In any order, and between histories of which it must not remember anything.
    for number in suggestions.indices.map({ $0 + 1 }).shuffled(using: &generator).prefix(12) {
      let hidden = Array(history.outcomes.prefix(number - 1).enumerated().filter { $0.offset % 3 != 1 }.map(\.element))
      let seen = Set(hidden.map(\.number))
      let pending = history.outcomes.prefix(number - 1).filter { !seen.contains($0.number) }
      let partial = History(outcomes: hidden, pending: pending.map { .init(number: $0.number, assignment: $0.assignment) })
      let other = try search.suggest(number, given: partial)
      #expect(try sampler(name).search(problem).suggest(number, given: partial) == other)
      let whole = History(outcomes: Array(history.outcomes.prefix(number - 1)))
      #expect(try search.suggest(number, given: whole) == suggestions[number - 1], "\(number)")
    }
  }

  @Test(arguments: names, NamedSpace.finite.indices) func aFiniteSpaceEndsAfterItsLastPoint(name: String, index: Int) throws {
    let (space, count) = NamedSpace.finite[index]
    for (seed, lag) in [(1, 0), (2, 3)] {
      let suggestions = try run(name, space.space, trials: 40, lag: lag, seed: seed).suggestions
      #expect(suggestions.count == count && Set(suggestions.map(\.point)).count == count, "\(space.testDescription)")
      for suggestion in suggestions { #expect(try space.space.has(suggestion.point)) }
    }
  }

  @Test(arguments: names) func manyDimensionsAreSearched(name: String) throws {
    let space = SearchSpace((0..<200).map { Parameter("p\($0)", $0 % 5 == 0 ? NamedSpace.text("a", "b") : .reals(min: 0, max: 1)) })
    let suggestions = try run(name, space, trials: 24).suggestions
    #expect(Set(suggestions.map(\.point)).count == 24)
    for suggestion in suggestions { #expect(try space.has(suggestion.point)) }
  }

  /// Trials none of which has a value, or all the same, or values at the ends of what numbers can be.
  @Test(arguments: names) func valuesOfAnyKindAreBorne(name: String) throws {
    let space = NamedSpace.all[2].space
    let encoding = Encoding(space)
    let kinds: [(Int, Assignment) -> History.Outcome] = [
      { outcome($0, $1, nil) }, { outcome($0, $1, [7]) }, { outcome($0, $1, [($0 % 2 == 0 ? 1 : -1) * 1e300]) },
      { outcome($0, $1, [Double($0) * 1e-300]) },
      { outcome($0, $1, [$0 == 3 ? 1e18 : self.value($1, encoding)]) }, { outcome($0, $1, $0 > 20 ? [self.value($1, encoding)] : nil) },
      { number, point in
        var curve = Curve()
        curve.add(self.value(point, encoding), epoch: 1)
        return History.Outcome(number: number, assignment: point, state: .pruned, objectives: [curve.values[0]], curve: curve)
      },
      { number, point in
        History.Outcome(number: number, assignment: point, state: number == 4 ? .complete : .diverged, objectives: [number == 4 ? 1 : nil])
      },
    ]
    for kind in kinds {
      let problem = SearchProblem(space, seed: 5, budget: 100)
      let suggestions = try SweepSearchTests.run(try sampler(name), problem, trials: 25, outcome: kind).suggestions
      #expect(suggestions.count == 25 && Set(suggestions.map(\.point)).count == 25)
      for suggestion in suggestions { #expect(try space.has(suggestion.point)) }
    }
  }

  @Test(arguments: names) func seedsGiveOtherPoints(name: String) throws {
    let space = NamedSpace.all[1].space
    let runs = try (0..<3).map { try run(name, space, trials: 24, seed: $0).suggestions.map(\.point) }
    #expect(Set(runs.map { $0[3] }).count == 3 && Set(runs.map { $0[23] }).count == 3)
  }

  /// Searches that go by the values' order alone. Of others, rounding moves the flat top of what they maximise.
  private static let byOrder = ["tpe", "cma", "nsga2"]

  @Test(arguments: names, NamedSpace.all) func unitsOfTheObjectiveDoNotMatter(name: String, space: NamedSpace) throws {
    let encoding = Encoding(space.space)
    let problem = SearchProblem(space.space, seed: 3, budget: 100)
    let points = try SobolSampler().points(at: 0..<40, in: problem)
    func history(_ change: (Double) -> Double) -> History {
      History(outcomes: points.prefix(24).enumerated().map { outcome($0 + 1, $1, [change(value($1, encoding))]) })
    }
    let count = history { $0 }.outcomes.count
    for number in count + 1...count + 4 {
      let (plain, changed) = (
        try sampler(name).search(problem).suggest(number, given: history { $0 }),
        try sampler(name).search(problem).suggest(number, given: history { 10 * $0 + 5 })
      )
      let rows = try [plain, changed].map { encoding.row(of: try #require($0).point) }
      for (one, other) in zip(rows[0], rows[1]) {
        #expect(abs(one - other) <= (Self.byOrder.contains(name) ? 0 : 1e-3) || one.isNaN && other.isNaN, "\(rows)")
      }
    }
  }

  @Test(arguments: names) func severalObjectivesAreSearchedOrRefused(name: String) throws {
    let space = NamedSpace.all[3].space
    do throws(SweepError) {
      _ = try sampler(name).search(SearchProblem(space, budget: 100, objectives: 2))
    } catch {
      #expect("\(error)".contains("objective"))
      return
    }
    let suggestions = try run(name, space, trials: 28, lag: 2, objectives: 2).suggestions
    #expect(Set(suggestions.map(\.point)).count == 28)
    #expect(try run(name, space, trials: 28, lag: 2, isFresh: true, objectives: 2).suggestions == suggestions)
  }
}

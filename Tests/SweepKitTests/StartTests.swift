// Where a search starts: from what other sweeps found, and with points that somebody enqueued, before, while and after it runs.

import Foundation
import SweepCore
import SweepExecutors
import SweepKit
import SweepSearch
import SweepStore
import SweepTestSupport
import Synchronization
import Testing

/// Tries x = the number of the trial, and a bit more for all that it knows; remembers the first history.
private final class SeeingSampler: AdaptiveSampler {
  private let first = Mutex<History?>(nil)
  var firstHistory: History? { first.withLock { $0 } }

  func search(_ problem: SearchProblem) -> any AdaptiveSearch { Search(self) }

  private final class Search: AdaptiveSearch {
    let sampler: SeeingSampler
    init(_ sampler: SeeingSampler) { self.sampler = sampler }

    func suggest(_ number: Int, given history: History) -> Suggestion? {
      sampler.first.withLock { $0 = $0 ?? history }
      let known = history.outcomes.reduce(0) { $0 + (($1.objectives.first ?? nil) ?? 0) + Double($1.number) }
      let x = Double(number) + known / 4096 + Double(history.pending.count) / 64
      return Suggestion(
        Assignment(["x": .real(x), "epochs": .integer(3), "mode": .text("plain")]), by: "seeing-test", because: "it is the turn of \(number)")
    }
  }
}

/// Starts three trials for an epoch each; the best of them goes on.
private final class OneGoesOn: Strategy, StrategicSearch {
  func search(_ problem: SearchProblem) -> any StrategicSearch { self }

  func decision(_ number: Int, given history: History) -> Decision {
    let point = Assignment(["x": .real(Double(number)), "epochs": .integer(3), "mode": .text("plain")])
    if number <= 3 { return .start(Suggestion(point, by: "one-goes-on"), until: 1) }
    guard number == 4 else { return .exhausted }
    guard history.outcomes.count == 3 else { return .wait }
    return history.outcomes.min { ($0.objectives[0] ?? 0, $0.number) < ($1.objectives[0] ?? 0, $1.number) }.map {
      .resume(trial: $0.number, until: nil)
    }
      ?? .exhausted
  }
}

struct StartTests {
  private let folder = TemporaryFolder()

  private static func file(
    _ name: String = "s", method: String = "seeing-test", goal: Objective.Goal = .maximize, cap: Int? = 6, prior: [String] = [],
    x: Parameter.Domain = .reals(min: 0, max: 100), early: EarlyTermination? = nil, further: [Objective] = []
  ) -> SweepFile {
    var file = SweepFile(
      name: name, method: method, trainer: "scripted", objective: Objective(metric: "score", goal: goal), further: further,
      space: SearchSpace([Parameter("x", x), Parameter("epochs", .constant(.integer(3))), Parameter("mode", .constant(.text("plain")))]),
      rules: RunRules(runCap: cap), earlyTermination: early, parallel: 2)
    file.prior = prior
    return file
  }

  private static func grid(_ name: String, _ xs: [Int], early: EarlyTermination? = nil) -> SweepFile {
    file(name, method: "grid", cap: nil, x: .values(xs.map { .integer($0) }), early: early)
  }

  private static func grid(_ xs: [Int], early: EarlyTermination? = nil) -> SweepFile { grid("g", xs, early: early) }

  private func open() throws -> Store { try Store.open(folder.path("results.sqlite")) }

  @discardableResult
  private func run(
    _ file: SweepFile, _ sampler: SeeingSampler = SeeingSampler(), in store: Store, workers: Int = 2, trainer: ScriptedTrainer = ScriptedTrainer(),
    stop: StopSignal = StopSignal()
  ) throws -> SweepOutcome {
    let methods = Registry<SearchMethod>(
      "method", samplers.entries + [("seeing-test", .adaptive(sampler)), ("one-goes-on", .strategy(OneGoesOn()))])
    return try SweepRunner(
      file, trainer: trainer.entry, store: store, options: .init(workers: workers), stop: stop, observer: SilentObserver(), methods: methods
    ).run()
  }

  private func point(_ x: ParameterValue) -> Assignment { Assignment(["x": x, "epochs": .integer(3), "mode": .text("plain")]) }

  private func rows(_ store: Store, _ name: String = "s") throws -> [[ParameterValue]] {
    try store.query(
      "SELECT number, json_extract(parameters, '$.x'), state, ifnull(sampler, '-') FROM trial WHERE sweep_id = (SELECT id FROM sweep WHERE name = '\(name)') ORDER BY number"
    ).rows
  }

  private func problem(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch { return "\(error)" }
  }

  // MARK: prior

  @Test func aSearchBeginsWithWhatOtherSweepsFoundByItsOwnGoal() throws {
    let store = try open()
    try run(Self.grid("a", [1, 2]), in: store)
    try run(Self.grid("b", [5]), in: store)
    let sampler = SeeingSampler()
    try run(Self.file(goal: .maximize, prior: ["b", "a"]), sampler, in: store)
    let first = try #require(sampler.firstHistory)
    #expect(first.outcomes.map(\.number) == [-2, -1, 0] && first.pending.isEmpty)
    #expect(first.outcomes.map { $0.assignment["x"] } == [.real(1), .real(2), .real(5)])  // as this space spells them
    #expect(first.outcomes.map(\.objectives) == [[-4], [-5], [-8]] && first.outcomes.allSatisfy(\.isComplete))
    #expect(first.outcomes.map { $0.curve.values } == [[-2, -3, -4], [-3, -4, -5], [-6, -7, -8]])
    let other = SeeingSampler()
    try run(Self.file("down", goal: .minimize, prior: ["a"]), other, in: store)
    #expect(other.firstHistory?.outcomes.map(\.objectives) == [[4], [5]])
  }

  @Test func aSearchBySeveralObjectivesKnowsAllOfAPriorSweep() throws {
    let store = try open()
    let trainer = ScriptedTrainer { _, _ in
    } more: { trial, epoch in
      [("size", Double(10 * trial.number - epoch))]
    }
    try run(Self.grid("a", [1, 2]), in: store, trainer: trainer)
    let sampler = SeeingSampler()
    let sizes = [Objective(metric: "size", goal: .maximize, at: .best)]
    try run(Self.file(prior: ["a"], further: sizes), sampler, in: store, trainer: trainer)
    #expect(sampler.firstHistory?.outcomes.map(\.objectives) == [[-4, -9], [-5, -19]])
    let other = [Objective(metric: "speed", goal: .maximize)]
    let refused = problem { try run(Self.file("t", prior: ["a"], further: other), in: store, trainer: trainer) }
    #expect(refused.contains("no trial of the prior sweep 'a' has reported speed, an objective of 't'"), "\(refused)")
  }

  @Test func whatAPriorSweepFindsLaterChangesNothing() throws {
    let store = try open()
    try run(Self.grid("a", [1, 2]), in: store)
    try run(Self.file(cap: 3, prior: ["a"]), in: store)
    try run(Self.grid("a", [1, 2, 7, 8]), in: store)
    let sampler = SeeingSampler()
    try run(Self.file(cap: 6, prior: ["a"]), sampler, in: store)
    let other = try Store.open(folder.path("other.sqlite"))
    try run(Self.grid("a", [1, 2]), in: other)
    try run(Self.file(cap: 6, prior: ["a"]), in: other)
    #expect(try rows(store) == rows(other))
    #expect(sampler.firstHistory?.outcomes.filter { $0.number <= 0 }.map(\.number) == [-1, 0])
  }

  @Test func trialsThatAreNoPointsOfTheSpaceAreLeftOut() throws {
    let store = try open()
    try run(Self.grid("a", [1, 300, 2]), in: store)
    let sampler = SeeingSampler()
    try run(Self.file(prior: ["a"]), sampler, in: store)
    #expect(sampler.firstHistory?.outcomes.map { $0.assignment["x"] } == [.real(1), .real(2)])
  }

  @Test func aPriorSweepMustBeThereBeAnotherAndHaveTheMetric() throws {
    let store = try open()
    try run(Self.grid("known", [1]), in: store)
    #expect(problem { try run(Self.file(prior: ["knwon"]), in: store) }.contains("did you mean 'known'?"))
    #expect(problem { try run(Self.file(prior: ["s"]), in: store) }.contains("prior names the sweep 's' itself"))
    let loss = SweepFile(
      name: "s", method: "seeing-test", trainer: "scripted", objective: Objective(metric: "loss", goal: .minimize), space: Self.file().space)
    var other = loss
    other.prior = ["known"]
    #expect(problem { try run(other, in: store) }.contains("is about score, and 's' about loss"))
    #expect(try store.sweeps().map(\.name) == ["known"])
    try run(Self.file(), in: store)
    #expect(problem { try run(Self.file(prior: ["known"]), in: store) }.contains("prior was none when 's' was planned and is now known"))
  }

  @Test func aPriorSweepThatRunsIsWaitedFor() throws {
    let store = try open()
    try run(Self.grid("a", [1]), in: store)
    let lock = try RunnerLock(database: store.path, sweep: "a")
    #expect(problem { try run(Self.file(prior: ["a"]), in: store) }.contains("'a' is being run"))
    withExtendedLifetime(lock) {}
  }

  // MARK: enqueued, with a method that learns

  @Test func enqueuedPointsAreTheFirstDecisionsWithAnyNumberOfWorkersAndStops() throws {
    var tables: [[[ParameterValue]]] = []
    for workers in [1, 3, 0] {
      let store = try Store.open(folder.path("\(workers).sqlite"))
      let planned = try store.plan(
        SweepPlan(
          name: "s", definition: try Self.file().definition(), objective: Self.file().objective, parameterNames: Self.file().space.names,
          metrics: ["score"]), leavesTrials: true
      ) { [] }
      #expect(try store.enqueue([point(.real(50)), point(.real(60))], sweep: planned.sweep, movesWaiting: false) == [.added, .added])
      #expect(try store.enqueue([point(.real(50))], sweep: planned.sweep, movesWaiting: false) == [.waits])
      if workers == 0 {
        for round in 1...30 {
          let stop = StopSignal()
          let count = Atomic(0)
          let trainer = ScriptedTrainer { _, _ in if count.add(1, ordering: .relaxed).newValue == 4 { stop.set() } }
          if try !run(Self.file(), in: store, workers: round % 3 + 1, trainer: trainer, stop: stop).wasInterrupted { break }
        }
      } else {
        try run(Self.file(), in: store, workers: workers)
      }
      tables.append(try rows(store))
      #expect(try store.enqueuedCounts(planned.sweep).waiting == 0)
      #expect(try store.origin(of: try #require(try store.trial(1, sweepID: planned.sweep.id)).id)?.sampler == "enqueued")
      let third = try store.origin(of: try #require(try store.trial(3, sweepID: planned.sweep.id)).id)
      #expect(third?.sampler == "seeing-test" && third?.reason == "it is the turn of 3")
    }
    #expect(tables[0].count == 6 && tables[0].allSatisfy { $0[2] == .text("complete") })
    #expect(tables[0].map { $0[3] == .text("enqueued") } == [true, true, false, false, false, false])
    #expect(tables[0][0][1] == .real(50) && tables[0][1][1] == .real(60))
    #expect(tables[1] == tables[0] && tables[2] == tables[0])
  }

  @Test func aSearchThatHasEndedGoesOnWithWhatIsEnqueued() throws {
    let store = try open()
    try run(Self.file(cap: 3), in: store)
    let sweep = try store.sweep(named: "s")
    let first = try #require(Assignment(json: try store.query("SELECT parameters FROM trial WHERE number = 1").rows[0][0].description))
    #expect(try store.enqueue([first, point(.real(99))], sweep: sweep, movesWaiting: false) == [.isTrial(number: 1, state: .complete), .added])
    let outcome = try run(Self.file(cap: 3), in: store)
    #expect(outcome.ended == 1 && outcome.counts[.complete] == 4)
    #expect(try rows(store).last == [.integer(4), .real(99), .text("complete"), .text("enqueued")])
  }

  @Test func aPointThatIsEnqueuedWhileASearchRunsIsItsNextDecision() throws {
    let store = try open()
    let point = point(.real(77))
    let trainer = ScriptedTrainer { trial, epoch in
      if trial.number == 3, epoch == 1 {
        let other = try Store.open(store.path)
        _ = try other.enqueue([point], sweep: try other.sweep(named: "s"), movesWaiting: false)
        try other.close()
      }
    }
    try run(Self.file(cap: 8), in: store, workers: 1, trainer: trainer)
    let enqueued = try rows(store).filter { $0[3] == .text("enqueued") }
    #expect(enqueued.count == 1 && enqueued[0][1] == .real(77) && (4...7).contains(enqueued[0][0].number ?? 0), "\(enqueued)")
    #expect(try rows(store).count == 8)
  }

  @Test func aStrategySaysWhenAnEnqueuedPointBeginsAndHowFarItGoes() throws {
    let store = try open()
    let file = Self.file(method: "one-goes-on", cap: nil)
    let sweep = try store.plan(
      SweepPlan(name: "s", definition: try file.definition(), objective: file.objective, parameterNames: file.space.names, metrics: ["score"]),
      leavesTrials: true
    ) { [] }.sweep
    _ = try store.enqueue([point(.real(40))], sweep: sweep, movesWaiting: false)
    try run(file, in: store)
    #expect(
      try rows(store) == [
        [.integer(1), .real(40), .text("complete"), .text("enqueued")], [.integer(2), .real(2), .text("paused"), .text("one-goes-on")],
        [.integer(3), .real(3), .text("paused"), .text("one-goes-on")],
      ])
  }

  @Test func aFileWithAnotherCapKeepsTheTrialsOfASearch() throws {
    let store = try open()
    try run(Self.file(cap: 3), in: store)
    let outcome = try run(Self.file(cap: 5), in: store)
    #expect(outcome.counts.unplanned == 0 && outcome.counts[.complete] == 5)
  }

  static let learners = samplers.entries.filter { $0.plugin.strategy != nil }.map(\.name)

  @Test(arguments: learners) func everyMethodThatLearnsStartsFromWhatIsKnownAndTakesWhatIsEnqueued(name: String) throws {
    var constraints = Constraints()
    constraints.conditions = ["z": try ParameterExpression("mode == 'fancy'")]
    let space = SearchSpace(
      [
        Parameter("x", .distribution(Distribution(.logUniformValues, 0.01, 10))), Parameter("mode", .values([.text("plain"), .text("fancy")])),
        Parameter("z", .integers(min: 1, max: 9)), Parameter("epochs", .constant(.integer(1))),
      ], constraints: constraints)
    func file(_ name: String, _ method: String, prior: [String] = []) -> SweepFile {
      var file = SweepFile(
        name: name, method: method, trainer: "scripted", objective: Objective(metric: "score", goal: .minimize), space: space, seed: 3,
        rules: RunRules(runCap: 14), parallel: 3)
      file.prior = prior
      return file
    }
    // It takes any parameters.
    let entry = TrainerEntry(name: "scripted", parameters: [], metrics: ["score"], isOpen: true) { _ in PooledExecutor(ScriptedTrainer()) }
    var tables: [[[ParameterValue]]] = []
    for workers in [1, 3] {
      let store = try Store.open(folder.path("\(name)-\(workers).sqlite"))
      func run(_ file: SweepFile) throws {
        _ = try SweepRunner(file, trainer: entry, store: store, options: .init(workers: workers), observer: SilentObserver()).run()
      }
      try run(file("before", "random"))
      let queue = try PointQueue(file("s", name, prior: ["before"]), trainer: entry, in: store)
      let point = try queue.file.point([("x", .real(0.5)), ("mode", .text("fancy")), ("z", .integer(4))])
      #expect(try queue.enqueue([point]) == [.added])
      try run(file("s", name, prior: ["before"]))
      tables.append(try rows(store))
      #expect(try store.trial(1, sweepID: queue.sweep.id)?.assignment == point)
    }
    #expect(tables[0].count == 14 && tables[0].allSatisfy { $0[2] == .text("complete") })
    #expect(tables[0].filter { $0[3] == .text("enqueued") }.count == 1)
    #expect(tables[1] == tables[0])
  }

  // MARK: enqueued, with points that need no results

  private func register(_ file: SweepFile, in store: Store) throws -> PointQueue { try PointQueue(file, trainer: ScriptedTrainer().entry, in: store) }

  @Test func pointsOfAGridThatAreEnqueuedComeFirstAndOnce() throws {
    let store = try open()
    let queue = try register(Self.grid([1, 2, 3]), in: store)
    #expect(try rows(store, "g").isEmpty)
    _ = try queue.enqueue([try queue.file.point([("x", .integer(3))])])
    let outcome = try run(Self.grid([1, 2, 3]), in: store)
    #expect(outcome.counts[.complete] == 3)
    #expect(try rows(store, "g").map { $0[1] } == [.integer(3), .integer(1), .integer(2)])
    #expect(try rows(store, "g").map { $0[3] } == [.text("enqueued"), .text("-"), .text("-")])
    // The file drops what was enqueued, and gains another.
    let smaller = try run(Self.grid([1, 4]), in: store)
    #expect(smaller.counts.unplanned == 1 && smaller.counts[.complete] == 4)
    #expect(try store.ranking(smaller.sweep).map(\.trial.number) == [4, 1, 2])
  }

  @Test func hundredsOfPointsAreNumberedWithoutGapsAfterThoseThatWereEnqueued() throws {
    let store = try open()
    let file = Self.grid(Array(1...200))
    let queue = try register(file, in: store)
    _ = try queue.enqueue([120, 7].map { try queue.file.point([("x", .integer($0))]) })
    let (sweep, result) = try Planner().plan(file, trainer: ScriptedTrainer().entry, in: store)
    #expect(result.added == 200 && result.planned == 200)
    let trials = try store.waiting(sweepID: sweep.id, after: 0, limit: 1000)
    #expect(trials.map(\.number) == Array(1...200) && trials[0].assignment["x"] == .integer(120) && trials[1].assignment["x"] == .integer(7))
    #expect(Set(trials.map { $0.assignment["x"] }).count == 200)
    #expect(try store.check { _ in false }.findings.isEmpty)
  }

  @Test func aWaitingPointOfAGridThatRunsIsMovedToTheFront() throws {
    let store = try open()
    let file = Self.grid(Array(1...5000))
    let trainer = ScriptedTrainer { trial, epoch in
      guard trial.number == 1, epoch == 1 else { return }
      let other = try Store.open(store.path)
      let queue = try PointQueue(named: "g", in: other)
      // One of the window that is read, one after it.
      _ = try queue.enqueue([4000, 4999].map { try queue.file.point([("x", .integer($0))]) })
      try other.close()
      usleep(1_100_000)  // it is looked for once in a second
    }
    let outcome = try run(file, in: store, workers: 1, trainer: trainer)
    #expect(Array(trainer.started.prefix(3)) == [1, 4000, 4999])
    #expect(outcome.counts[.complete] == 5000 && trainer.started.count == 5000 && Set(trainer.started).count == 5000)
  }

  @Test func whereTrialsAreStoppedByNumberEnqueuedOnesWaitForTheirTurn() throws {
    let store = try open()
    var options: [String: ParameterValue] = [:]
    for option in pruners["hyperband"]?.options ?? [] { options[option.name] = option.name == "min_iter" ? .integer(1) : option.defaultValue }
    let early = EarlyTermination(type: "hyperband", options: options)
    let first = Self.grid([1, 2, 3], early: early)
    try run(first, in: store)
    let queue = try PointQueue(named: "g", in: store)
    #expect(throws: SweepError.self) { try queue.file.point([("x", .integer(9))]) }
    _ = try store.enqueue([point(.integer(9))], sweep: queue.sweep, movesWaiting: true)
    let outcome = try run(first, in: store)
    #expect(outcome.ended == 1)
    #expect(try rows(store, "g").last.map { $0[2] == .text("complete") || $0[2] == .text("pruned") } == true)
  }

  @Test func whoAsksIsGivenEnqueuedPointsFirst() throws {
    let store = try open()
    let file = SweepFile(
      name: "g", method: "grid", trainer: "ask", objective: Objective(metric: "score", goal: .maximize),
      space: SearchSpace([Parameter("x", .values([.integer(1), .integer(2), .integer(3)]))]))
    let queue = try PointQueue(file, trainer: AskExecutor.entry, in: store)
    _ = try queue.enqueue([try queue.file.point([("x", .integer(2))])])
    let asked = try AskTell(file, in: store)
    #expect(try asked.ask().trial?.assignment["x"] == .integer(2))
    #expect(try asked.ask().trial?.assignment["x"] == .integer(1))
    #expect(try queue.enqueue([try queue.file.point([("x", .integer(1))])]) == [.isTrial(number: 2, state: .running)])
    #expect(try asked.ask().trial?.assignment["x"] == .integer(3))
    #expect(try asked.ask().trial == nil)
  }

  @Test func theBestPointsOfAnotherSweepAreTakenWhereTheyFit() throws {
    let store = try open()
    try run(Self.grid("a", [1, 2, 50]), in: store)
    let queue = try register(Self.file("r", method: "random", cap: 2, x: .reals(min: 0, max: 10)), in: store)
    let found = try queue.points(bestOf: try store.sweep(named: "a"), limit: 2)
    #expect(found.points == [point(.real(2))])
    #expect(found.leftOut == ["trial 3 of 'a' is none of 'r': x is 50"])
    _ = try queue.enqueue(found.points)
    let outcome = try run(Self.file("r", method: "random", cap: 2, x: .reals(min: 0, max: 10)), in: store)
    #expect(outcome.counts[.complete] == 3)  // beyond the cap
    #expect(try run(Self.file("r", method: "random", cap: 3, x: .reals(min: 0, max: 10)), in: store).counts[.complete] == 4)
    #expect(try store.counts(sweepID: outcome.sweep.id).unplanned == 0)
  }

  @Test func aFileThatSaysSomethingElseIsNotEnqueuedInto() throws {
    let store = try open()
    try run(Self.grid([1, 2]), in: store)
    #expect(problem { _ = try register(Self.grid([1, 2, 3]), in: store) }.contains("says something else"))
    #expect(try register(Self.grid([1, 2]), in: store).sweep.name == "g")
  }

  // MARK: plans

  @Test func aPlanSaysWhatAProposalCostsAndWhatParallelMeans() throws {
    let methods = Registry<SearchMethod>("method", samplers.entries + [("seeing-test", .adaptive(SeeingSampler()))])
    let lines = try #require(try SearchForecast(Self.file(), workers: 2, methods: methods)).lines()
    #expect(lines.contains { $0.hasPrefix("a proposal takes ") && $0.hasSuffix(" ms at 6 trials, measured here") }, "\(lines)")
    #expect(lines.last == "parallel 2: planned as if 2 trials ran at once, on any machine; the 2 workers here are kept busy")
    let wide = try #require(try SearchForecast(Self.file(), workers: 16, methods: methods))
    #expect(wide.lines().last?.hasSuffix("; 2 keeps 2 of 16 workers busy; write parallel: 32") == true)
    #expect(wide.points == "up to 6 points, each chosen by what is known then")
    #expect(try SearchForecast(Self.grid([1]), workers: 2) == nil)
  }
}

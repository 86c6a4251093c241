// Searches that learn, from the runner's side: what they are given does not depend on workers or kills, and what they decide is a row.

import Foundation
import SweepCore
import SweepExecutors
import SweepKit
import SweepSearch
import SweepStore
import SweepTestSupport
import Synchronization
import Testing

/// Tries half-way between the best two known points; what is pending it keeps away from. Depends on all that it is given.
private final class HalvingSampler: AdaptiveSampler, AdaptiveSearch {
  func search(_ problem: SearchProblem) -> any AdaptiveSearch { self }

  func suggest(_ number: Int, given history: History) -> Suggestion? {
    if number > 30 { return nil }
    let known = history.outcomes.compactMap { outcome in
      outcome.objectives[0].map { (x: outcome.assignment["x"]?.number ?? 0, value: $0) }
    }.sorted { ($0.value, $0.x) < ($1.value, $1.x) }
    let pending = history.pending.compactMap { $0.assignment["x"]?.number }
    let x = known.count < 2 ? Double(number) : (known[0].x + known[1].x) / 2 + Double(pending.count) / 64 + Double(known.count) / 1024
    var values = ["epochs": ParameterValue.integer(3), "mode": .text("plain")]
    values["x"] = .real(x)
    return Suggestion(Assignment(values), by: "halving-test")
  }
}

/// Tries next to the known point with the least second objective, and away from the one without any. Depends on both objectives, and on nothing else.
private final class TwoObjectivesSampler: AdaptiveSampler, AdaptiveSearch {
  func search(_ problem: SearchProblem) throws(SweepError) -> any AdaptiveSearch {
    guard problem.objectives == 2 else { throw SweepError(.input, "there are \(problem.objectives) objectives") }
    return self
  }

  func suggest(_ number: Int, given history: History) throws(SweepError) -> Suggestion? {
    if number > 25 { return nil }
    guard history.outcomes.allSatisfy({ $0.objectives.count == 2 }) else { throw SweepError(.input, "an outcome lacks an objective") }
    let best = history.outcomes.min { ($0.objectives[1] ?? .infinity, $0.number) < ($1.objectives[1] ?? .infinity, $1.number) }
    let missing = history.outcomes.filter { $0.objectives[1] == nil }.count
    let sum = history.outcomes.reduce(0) { $0 + ($1.objectives[0] ?? 0) + ($1.objectives[1] ?? 0) }
    let x = (best?.assignment["x"]?.number ?? 50) / 2 + Double(number) + Double(missing) / 8 + (sum / 1024 - (sum / 1024).rounded(.down))
    return Suggestion(Assignment(["x": .real(x), "epochs": .integer(3), "mode": .text("plain")]), by: "two-objectives-test")
  }
}

/// Starts four trials for one epoch each, has the two best go on to their end, and then copies the best.
private final class PausingStrategy: Strategy, StrategicSearch {
  func search(_ problem: SearchProblem) -> any StrategicSearch { self }

  func decision(_ number: Int, given history: History) -> Decision {
    func point(_ x: Double) -> Suggestion {
      Suggestion(Assignment(["x": .real(x), "epochs": .integer(3), "mode": .text("plain")]), by: "pausing-test")
    }
    let best = history.outcomes.sorted { ($0.curve.values.last ?? 0, $0.number) < ($1.curve.values.last ?? 0, $1.number) }
    switch number {
    case 1...4: return .start(point(Double([3, 9, 1, 7][number - 1])), until: 1)
    case 5, 6:
      guard history.outcomes.count == 4, history.outcomes.allSatisfy({ $0.state == .paused || $0.state == .complete }) else { return .wait }
      let paused = best.filter { $0.state == .paused }
      return .resume(trial: paused[0].number, until: nil)
    default: return .exhausted
    }
  }
}

struct SearchLoopTests {
  private static let methods = Registry<SearchMethod>(
    "method",
    samplers.entries + [
      ("halving-test", .adaptive(HalvingSampler())), ("pausing-test", .strategy(PausingStrategy())),
      ("two-objectives-test", .adaptive(TwoObjectivesSampler())),
    ])

  private let folder = TemporaryFolder()

  private func file(
    _ method: String, parallel: Int = 4, further: [Objective] = [], early: EarlyTermination? = nil
  ) -> SweepFile {
    SweepFile(
      name: "s", method: method, trainer: "scripted", objective: Objective(metric: "score", goal: .maximize), further: further,
      space: SearchSpace([
        Parameter("x", .reals(min: 0, max: 100)), Parameter("epochs", .constant(.integer(3))), Parameter("mode", .constant(.text("plain"))),
      ]), earlyTermination: early, parallel: parallel)
  }

  private func run(
    _ file: SweepFile, in name: String, workers: Int, trainer: ScriptedTrainer = ScriptedTrainer(), stop: StopSignal = StopSignal(),
    observer: any SweepObserver = SilentObserver()
  ) throws -> SweepOutcome {
    let store = try Store.open(folder.path(name))
    defer { try? store.close() }
    return try SweepRunner(
      file, trainer: trainer.entry, store: store, options: .init(workers: workers), stop: stop, observer: observer, methods: Self.methods
    ).run()
  }

  private func table(_ name: String) throws -> [[ParameterValue]] {
    let store = try Store.openReadOnly(folder.path(name))
    defer { try? store.close() }
    return try store.query("SELECT number, parameters, state, epochs_done, objective FROM trial ORDER BY number").rows
  }

  @Test func aSearchThatLearnsTriesTheSameWithAnyNumberOfWorkersAndAfterStops() throws {
    for workers in [1, 2, 8] {
      // Trials take turns as they like.
      let trainer = ScriptedTrainer { trial, epoch in usleep(UInt32(trial.number * 7 % 5 * 300 + epoch * 100)) }
      let outcome = try run(file("halving-test"), in: "\(workers).sqlite", workers: workers, trainer: trainer)
      #expect(outcome.counts[.complete] == 30 && outcome.counts.total == 30, "\(workers) workers")
    }
    let expected = try table("1.sqlite")
    #expect(Set(expected.map { $0[1] }).count > 20)
    for workers in [2, 8] { #expect(try table("\(workers).sqlite") == expected, "\(workers) workers") }

    // Stopped again and again, with other workers each time.
    for round in 1...20 {
      let stop = StopSignal()
      let count = Atomic<Int>(0)
      let trainer = ScriptedTrainer { _, _ in if count.add(1, ordering: .relaxed).newValue == 7 { stop.set() } }
      let outcome = try run(file("halving-test"), in: "stopped.sqlite", workers: round % 3 + 1, trainer: trainer, stop: stop)
      if !outcome.wasInterrupted { break }
    }
    #expect(try table("stopped.sqlite") == expected)
  }

  /// Whatever the workers, the stops, and which of the two metrics a trial reports when; every third has no value of the second at its end.
  @Test(arguments: [
    nil,
    EarlyTermination(type: "hyperband", options: ["min_iter": .integer(1), "max_iter": .null, "s": .null, "eta": .real(3), "strict": .bool(true)]),
  ])
  func aSearchBySeveralObjectivesSeesAllOfThem(early: EarlyTermination?) throws {
    let further = [Objective(metric: "size", goal: .minimize, at: early == nil ? .last : .best)]
    func trainer(_ script: @escaping @Sendable (Trial, Int) throws -> Void = { _, _ in }) -> ScriptedTrainer {
      ScriptedTrainer(script: script) { trial, epoch in
        let x = trial.assignment["x"]?.number ?? 0
        return [("size", trial.number % 3 == 0 && epoch == 3 ? .nan : abs(x - 20) + Double(epoch))]
      }
    }
    func rows(_ name: String) throws -> [[ParameterValue]] {
      let store = try Store.openReadOnly(folder.path(name))
      defer { try? store.close() }
      return try store.query(
        "SELECT number, parameters, state, objective, value FROM trial LEFT JOIN objective_value ON trial_id = id ORDER BY number"
      ).rows
    }
    let file = file("two-objectives-test", further: further, early: early)
    for workers in [1, 2, 8] {
      let slow = trainer { trial, epoch in usleep(UInt32(trial.number * 7 % 5 * 300 + epoch * 100)) }
      #expect(try run(file, in: "m\(workers).sqlite", workers: workers, trainer: slow).counts.total == 25)
    }
    let expected = try rows("m1.sqlite")
    for workers in [2, 8] { #expect(try rows("m\(workers).sqlite") == expected, "\(workers) workers") }
    #expect(early == nil || expected.contains { $0[2] == .text("pruned") })
    #expect(early != nil || expected.filter { $0[4] == .null }.count == 8)
    for round in 1...25 {
      let stop = StopSignal()
      let count = Atomic<Int>(0)
      let outcome = try run(
        file, in: "ms.sqlite", workers: round % 3 + 1,
        trainer: trainer { _, _ in if count.add(1, ordering: .relaxed).newValue == 6 { stop.set() } }, stop: stop)
      if !outcome.wasInterrupted { break }
    }
    let stopped = try rows("ms.sqlite")
    #expect(stopped == expected, "\(zip(stopped, expected).first { $0 != $1 }.map { "\($0) instead of \($1)" } ?? "\(stopped.count) trials")")
  }

  @Test func everyDecisionIsARowWithItsTrial() throws {
    _ = try run(file("halving-test"), in: "rows.sqlite", workers: 3)
    let store = try Store.open(folder.path("rows.sqlite"))
    let sweep = try store.sweep(named: "s")
    #expect(try store.decisions(of: sweep).map(\.trial) == Array(1...30))
    #expect(
      try store.query("SELECT kind, count(*) FROM decision GROUP BY kind").rows == [
        [.text("exhausted"), .integer(1)], [.text("start"), .integer(30)],
      ])
  }

  @Test func aStrategyCanLetTrialsPauseAndGoOn() throws {
    for workers in [1, 3] {
      let outcome = try run(file("pausing-test"), in: "p\(workers).sqlite", workers: workers)
      #expect(outcome.counts[.complete] == 2 && outcome.counts[.paused] == 2, "\(workers) workers")
    }
    let rows = try table("p1.sqlite")
    #expect(try table("p3.sqlite") == rows)
    #expect(rows.map { $0[2] } == [.text("paused"), .text("complete"), .text("paused"), .text("complete")])
    #expect(rows.map { $0[3] } == [.integer(1), .integer(3), .integer(1), .integer(3)])
  }
}

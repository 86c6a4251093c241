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
    "method", samplers.entries + [("halving-test", .adaptive(HalvingSampler())), ("pausing-test", .strategy(PausingStrategy()))])

  private let folder = TemporaryFolder()

  private func file(_ method: String, parallel: Int = 4) -> SweepFile {
    SweepFile(
      name: "s", method: method, trainer: "scripted", objective: Objective(metric: "score", goal: .maximize),
      space: SearchSpace([
        Parameter("x", .reals(min: 0, max: 100)), Parameter("epochs", .constant(.integer(3))), Parameter("mode", .constant(.text("plain"))),
      ]), parallel: parallel)
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

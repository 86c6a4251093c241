// What every method that learns owes to who runs it: the same table with any number of workers, in any order of arrival, after stops, beside trials that
// fail or diverge, and with early stopping. Runs over all that are registered.

import Foundation
import SweepCore
import SweepExecutors
import SweepKit
import SweepSearch
import SweepStore
import SweepTestSupport
import Synchronization
import Testing

/// Trials that fail, diverge or end; values that depend on their points alone.
private let mixed = SearchSpace([
  Parameter("x", .reals(min: -2, max: 3)), Parameter("n", .integers(min: 1, max: 40)),
  Parameter("kind", .values([.text("good"), .text("fails"), .text("diverges"), .text("better")])),
])

struct AdaptiveRunTests {
  static let methods = samplers.entries.filter { $0.plugin.strategy != nil }.map(\.name)

  private let folder = TemporaryFolder()

  private func sweep(_ method: String, cap: Int = 24, early: EarlyTermination? = nil) -> Sweep {
    Sweep(
      "a", minimize: "loss", parameters: mixed.parameters, method: method, seed: 3,
      rules: RunRules(runCap: cap), earlyTermination: early)
  }

  /// A trial of six epochs, at its own pace.
  private static func train(_ trial: Trial, _ report: ClosureReport, pace: Int) throws {
    for epoch in 1...6 {
      usleep(UInt32(pace * (trial.number * 7 % 5) * 150))
      if trial.text("kind") == "fails", epoch == 3 { throw SweepError(.input, "it fails") }
      let value = trial.real("x") * trial.real("x") + abs(trial.real("n") - 17) / 40 + 1 / Double(epoch) - (trial.text("kind") == "better" ? 0.5 : 0)
      try report(epoch: epoch, ["loss": trial.text("kind") == "diverges" && epoch == 4 ? .nan : value])
    }
  }

  @discardableResult private func run(
    _ sweep: Sweep, in name: String, workers: Int, stop: StopSignal = StopSignal(), pace: Int = 1, onEpoch: @escaping @Sendable () -> Void = {}
  ) throws -> SweepOutcome {
    let store = try Store.open(folder.path(name))
    defer { try? store.close() }
    return try sweep.run(in: store, workers: workers, stop: stop) { trial, report in
      onEpoch()
      try Self.train(trial, report, pace: pace)
    }
  }

  /// All that a trial is and reported.
  private func table(_ name: String) throws -> [[ParameterValue]] {
    let store = try Store.openReadOnly(folder.path(name))
    defer { try? store.close() }
    return try store.query(
      """
      SELECT number, parameters, state, epochs_done, objective, sampler,
        (SELECT group_concat(epoch || ' ' || ifnull(value, 'nan')) FROM epoch_metric WHERE trial_id = trial.id) FROM trial ORDER BY number
      """
    ).rows
  }

  @Test(arguments: methods) func theTableIsTheSameWithAnyNumberOfWorkersAndAfterStops(method: String) throws {
    for workers in [1, 2, 3, 5, 8] { try run(sweep(method), in: "\(workers).sqlite", workers: workers) }
    let expected = try table("1.sqlite")
    #expect(expected.count == 24)
    #expect(Set(expected.map { $0[1] }).count == 24, "a point came twice")
    for workers in [2, 3, 5, 8] { #expect(try table("\(workers).sqlite") == expected, "\(workers) workers") }
    for round in 1...30 {
      let stop = StopSignal()
      let count = Atomic<Int>(0)
      let outcome = try run(sweep(method), in: "stopped.sqlite", workers: round % 4 + 1, stop: stop) {
        if count.add(1, ordering: .relaxed).newValue == 6 { stop.set() }
      }
      if !outcome.wasInterrupted { break }
    }
    #expect(try table("stopped.sqlite") == expected)
  }

  @Test(arguments: methods) func withEarlyStoppingTheTableIsTheSame(method: String) throws {
    let early = EarlyTermination(type: "hyperband", options: ["min_iter": .integer(1), "eta": .integer(3)])
    for workers in [1, 4] { try run(sweep(method, early: early), in: "\(workers).sqlite", workers: workers) }
    let expected = try table("1.sqlite")
    #expect(expected.contains { $0[2] == .text("pruned") })
    #expect(try table("4.sqlite") == expected)
  }

  /// Whoever is faster is known first; what was known is in the row of the decision.
  @Test func byArrivalASearchWaitsForNobodyAndSaysWhatItKnew() throws {
    let file = SweepFile(
      name: "a", method: "tpe", trainer: "closure", objective: Objective(metric: "loss", goal: .minimize), space: mixed, rules: RunRules(runCap: 16),
      order: .arrival)
    let store = try Store.open(folder.path("arrival.sqlite"))
    defer { try? store.close() }
    let isFirstSlow = Mutex(true)
    let entry = TrainerEntry(name: "closure", parameters: [], metrics: [], isOpen: true) { _ in
      PooledExecutor(
        ScriptedTrainer { trial, _ in
          if trial.number == 1 { while isFirstSlow.withLock({ $0 }) { usleep(1000) } }
          if trial.number == 12 { isFirstSlow.withLock { $0 = false } }
        })
    }
    let outcome = try SweepRunner(
      file, trainer: entry, store: store, options: .init(workers: 3), observer: SilentObserver()
    ).run()
    #expect(outcome.counts.ended == 16)
    let reasons = try store.query("SELECT reason FROM decision WHERE kind = 'start' ORDER BY number").rows.map { "\($0[0])" }
    #expect(reasons[0].hasSuffix("knew nothing"))
    #expect(!reasons[10].contains("knew 1") && reasons[10].contains("knew "), "trial 1 still ran: \(reasons[10])")
    #expect(try file.definition().contains("arrival"))
  }

  @Test(arguments: methods) func moreTrialsAreAContinuation(method: String) throws {
    try run(sweep(method, cap: 12), in: "grown.sqlite", workers: 2, pace: 0)
    try run(sweep(method, cap: 20), in: "grown.sqlite", workers: 3, pace: 0)
    try run(sweep(method, cap: 20), in: "once.sqlite", workers: 1, pace: 0)
    #expect(try table("grown.sqlite").prefix(12) == table("once.sqlite").prefix(12))
    #expect(try table("grown.sqlite").count == 20)
  }

  @Test(arguments: methods) func aSpaceIsSearchedToItsLastPointAndThenTheSweepEnds(method: String) throws {
    let small = Sweep(
      "small", minimize: "loss",
      parameters: [Parameter("n", .integers(min: 1, max: 5)), Parameter("kind", .values([.text("good"), .text("better")]))],
      method: method, rules: RunRules(runCap: 100))
    let store = try Store.open(folder.path("small.sqlite"))
    defer { try? store.close() }
    let outcome = try small.run(in: store, workers: 2) { trial, report in try report(epoch: 1, ["loss": trial.real("n")]) }
    #expect(outcome.counts[.complete] == 10 && outcome.counts.total == 10)
  }
}

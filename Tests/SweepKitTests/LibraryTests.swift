// The library as a Swift program uses it: a sweep over a closure, and ask and tell, on a real database.

import Foundation
import SweepKit
import SweepTestSupport
import Synchronization
import Testing

struct LibraryTests {
  private let folder = TemporaryFolder()
  private static let parameters = [Parameter("x", .values([.real(1), .real(2), .real(3)])), Parameter("seed", .integers(min: 1, max: 2))]

  @Test func aClosureIsATrial() throws {
    let store = try Store.open(folder.path("results.sqlite"))
    let sweep = Sweep("closure", minimize: "loss", parameters: Self.parameters)
    let started = Mutex<[Int]>([])
    func run() throws -> SweepOutcome {
      try sweep.run(in: store, workers: 2) { trial, report in
        started.withLock { $0.append(trial.number) }
        if trial.integer("seed") == 2, trial.real("x") == 3 { throw SweepError(.input, "no such luck") }
        for epoch in 1...3 { try report(epoch: epoch, ["loss": trial.real("x") / Double(epoch), "other": 1]) }
      }
    }
    let outcome = try run()
    #expect(outcome.counts[.complete] == 5 && outcome.counts[.failed] == 1 && outcome.ended == 6)
    #expect(try store.ranking(outcome.sweep).map(\.trial.number) == [1, 4, 2, 5, 3])
    #expect(try store.ranking(outcome.sweep).first?.trial.objective == 1.0 / 3)
    #expect(try store.trials(sweepID: outcome.sweep.id, state: .failed, limit: 5).first?.reason == "no such luck")
    #expect(try run().ended == 0)
    #expect(started.withLock { $0.sorted() } == [1, 2, 3, 4, 5, 6])
  }

  @Test func aClosureCanBeStoppedEarlyAndInterrupted() throws {
    let store = try Store.open(folder.path("results.sqlite"))
    let early = EarlyTermination(
      type: "hyperband", options: ["min_iter": .integer(2), "max_iter": .null, "s": .null, "eta": .real(3), "strict": .bool(true)])
    let pruned = try Sweep("early", maximize: "score", parameters: [Parameter("x", .integers(min: 1, max: 4))], earlyTermination: early)
      .run(in: store, workers: 1) { trial, report in
        for epoch in 1...5 { try report(epoch: epoch, ["score": -trial.real("x")]) }
      }
    #expect(pruned.counts[.complete] == 1 && pruned.counts[.pruned] == 3)
    let stop = StopSignal()
    let interrupted = try Sweep("stopped", maximize: "score", parameters: Self.parameters).run(in: store, workers: 1, stop: stop) { trial, report in
      if trial.number == 3 { stop.set() }
      try report(epoch: 1, ["score": 1])
    }
    #expect(interrupted.wasInterrupted && interrupted.counts[.complete] == 2 && interrupted.counts[.waiting] == 4)
  }

  @Test func randomSearchByARunCapEnds() throws {
    let store = try Store.open(folder.path("results.sqlite"))
    let outcome = try Sweep(
      "random", minimize: "loss", parameters: [Parameter("x", .reals(min: -1, max: 1))], method: "random", rules: RunRules(runCap: 20)
    ).run(in: store) { trial, report in try report(epoch: 1, ["loss": trial.real("x") * trial.real("x")]) }
    #expect(outcome.counts[.complete] == 20)
  }

  @Test func whoAsksGetsEveryTrialOnceAndTellsOfItOnce() throws {
    let store = try Store.open(folder.path("results.sqlite"))
    let asked = try AskTell(Sweep("asked", maximize: "score", parameters: Self.parameters).file, in: store)
    var numbers: [Int] = []
    while let trial = try asked.ask().trial {
      numbers.append(trial.number)
      try asked.report([("score", 0)], of: trial.number)
      try asked.tell([("score", trial.number == 2 ? .nan : trial.real("x"))], of: trial.number)
    }
    #expect(numbers == [1, 2, 3, 4, 5, 6])
    #expect(try store.counts(sweepID: asked.sweep.id)[.diverged] == 1)
    #expect(try store.epochs(of: Trial.ID(rawValue: 1)).map(\.epoch) == [1, 2])
    #expect { try asked.tell([("score", 1)], of: 1) } throws: { "\($0)".contains("is complete, not running") }
    #expect { try asked.tell([("score", 1)], of: 99) } throws: { "\($0)".contains("no trial 99") }
    // By another process, from the database alone.
    #expect(try AskTell(named: "asked", in: store).ask().trial == nil)
  }

  /// 400 points, drawn at random: the last of them come after thousands that are there already, and after each interruption all come again.
  @Test func anEndlessSearchThatIsTakenUpAgainFindsAsManyPoints() throws {
    let sweep = Sweep(
      "finite", minimize: "loss",
      parameters: ["x", "y"].map { Parameter($0, .distribution(Distribution(.qUniform, 0, 19, step: .real(1)))) }, method: "random")
    func points(stops: [Int], in store: Store) throws -> [String] {
      var points: [String] = []
      for stop in stops + [.max] {
        let asked = try AskTell(sweep.file, in: store)
        while points.count < stop, let trial = try asked.ask().trial { points.append("\(trial.real("x")) \(trial.real("y"))") }
      }
      return points
    }
    let undisturbed = try points(stops: [], in: try Store.open(folder.path("undisturbed.sqlite")))
    #expect(undisturbed.count == 400)
    #expect(try points(stops: [100, 399], in: try Store.open(folder.path("stopped.sqlite"))) == undisturbed)
  }

  @Test func anEndlessSearchHasAlwaysAnotherTrialForWhoAsks() throws {
    let store = try Store.open(folder.path("results.sqlite"))
    let asked = try AskTell(
      Sweep("endless", minimize: "loss", parameters: [Parameter("x", .reals(min: 0, max: 1))], method: "random").file, in: store)
    let xs = try (0..<50).compactMap { _ in try asked.ask().trial?.real("x") }
    #expect(Set(xs).count == 50)
  }
}

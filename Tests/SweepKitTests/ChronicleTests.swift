// The rule of what is known, alone: whatever order reports come in, and however often all is forgotten and recalled, verdicts and decisions are those of
// a plain reading of the rule.

import SweepCore
import SweepKit
import SweepNumerics
import SweepSearch
import Testing

/// A made-up sweep: what each trial reports, how it ends by itself, and what it costs.
private struct Script {
  struct Made {
    let curve: [Double]
    let planned: Int?
    let end: TrialState
    let cost: Double
  }

  let trials: [Made]

  init(count: Int, seed: Int, isPlanned: Bool) {
    var generator = SeededGenerator(seed: seed, purpose: .sampling, index: 0)
    func pick(_ below: Int) -> Int { min(Int(generator.nextUnit() * Double(below)), below - 1) }
    trials = (0..<count).map { _ in
      let length = 9 + pick(4)
      let stopsAt = pick(6) == 0 ? pick(length) : length  // some fail on their way
      // Few values, so that there are ties.
      let curve = (0..<stopsAt).map { _ in Double(pick(7)) }
      return Made(
        curve: curve, planned: isPlanned ? length : nil, end: stopsAt < length ? .failed : .complete, cost: [0.5, 1, 2][pick(3)])
    }
  }
}

struct ChronicleTests {
  private static let pruner = HyperbandPruner(maxIterations: nil, brackets: nil, minIterations: 1, eta: 3)

  /// By the rule, with all curves at hand: after how many values each trial was stopped; nil: it was not.
  private static func stops(_ script: Script) -> [Int?] {
    var stops: [Int?] = []
    for (n, trial) in script.trials.enumerated() {
      var stop: Int?
      for rung in pruner.bands where rung <= trial.curve.count && stop == nil {
        if let planned = trial.planned, rung >= planned { break }  // finished
        let rivals = (0..<n).compactMap { m -> Double? in
          let reached = min(script.trials[m].curve.count, stops[m] ?? .max)
          return reached >= rung ? script.trials[m].curve[rung - 1] : nil
        }
        if pruner.stops(Array(trial.curve.prefix(rung)), at: rung, among: (rivals + [trial.curve[rung - 1]]).sorted()) { stop = rung }
      }
      stops.append(stop)
    }
    return stops
  }

  /// Runs a script on so many workers, who report in random turns; a trial that waits stands still, or where `runsOn` goes on.
  /// - Returns: where each was stopped, and what each decision saw.
  private static func run(
    _ script: Script, workers: Int, parallel: Int, together: Bool, runsOn: Bool, kills: Bool, seed: Int
  ) -> (stops: [Int?], seen: [[Int]]) {
    var generator = SeededGenerator(seed: seed, purpose: .resampling, index: 0)
    func pick(_ below: Int) -> Int { min(Int(generator.nextUnit() * Double(below)), below - 1) }
    var chronicle = Chronicle(pruner, goal: .minimize, parallel: parallel, seesTiesTogether: together)
    var running: [Int] = []
    var reported = [Int](repeating: 0, count: script.trials.count)
    var hasEnded = [Bool](repeating: false, count: script.trials.count)
    var seen: [[Int]] = []
    var turns = 0
    while true {
      turns += 1
      #expect(turns < 100_000, "nothing goes on any more")
      if turns >= 100_000 { break }
      if kills, pick(40) == 0 {
        // All that is left are rows.
        var again = Chronicle(pruner, goal: .minimize, parallel: parallel, seesTiesTogether: together)
        for n in seen.indices {
          let trial = script.trials[n]
          let curve = trial.curve.prefix(reported[n]).enumerated().map { (epoch: $0.offset + 1, value: $0.element) }
          again.recalled(n + 1, epochs: trial.planned, cost: trial.cost, curve: curve, end: hasEnded[n] ? trial.end : nil)
        }
        again.settle()
        for n in seen.indices {
          #expect(again.sees() == seen[n], "decision \(n + 1) after a kill")
          again.decided(trial: n + 1)
        }
        chronicle = again
      }
      if seen.count < script.trials.count, running.count < workers, let sees = chronicle.sees() {
        let number = seen.count + 1
        seen.append(sees)
        chronicle.planned(number, epochs: script.trials[number - 1].planned, cost: script.trials[number - 1].cost)
        chronicle.decided(trial: number)
        running.append(number)
        continue
      }
      guard !running.isEmpty else {
        if seen.count == script.trials.count { break }
        Issue.record("nobody runs, and nothing can be decided")
        break
      }
      let place = pick(running.count)
      let number = running[place]
      let trial = script.trials[number - 1]
      switch chronicle.verdict(on: number) {
      case .prune: running.remove(at: place)
      case .wait where !runsOn: break
      default:
        if reported[number - 1] < trial.curve.count {
          reported[number - 1] += 1
          chronicle.reported(number, epoch: reported[number - 1], value: trial.curve[reported[number - 1] - 1])
        } else {
          chronicle.ended(number, trial.end)
          hasEnded[number - 1] = true
          running.remove(at: place)
        }
      }
    }
    let stops = script.trials.indices.map { n -> Int? in
      if case .prune(let epoch) = chronicle.verdict(on: n + 1) { return epoch }
      #expect(chronicle.verdict(on: n + 1) == .proceed)
      return nil
    }
    return (stops, seen)
  }

  @Test(arguments: [true, false]) func verdictsAndDecisionsAreTheSameInAThousandOrders(isPlanned: Bool) {
    for seed in 0..<50 {
      let script = Script(count: 24, seed: seed, isPlanned: isPlanned)
      let (parallel, together) = ([1, 3, 8][seed % 3], seed % 2 == 0)
      let expected = Self.stops(script)
      let alone = Self.run(script, workers: 1, parallel: parallel, together: together, runsOn: false, kills: false, seed: 0)
      #expect(alone.stops == expected, "script \(seed)")
      for order in 1..<20 {
        let found = Self.run(
          script, workers: [1, 2, 4, 8][order % 4], parallel: parallel, together: together, runsOn: order % 2 == 0, kills: order % 3 == 0,
          seed: 100 * seed + order)
        #expect(found.stops == expected, "script \(seed), order \(order)")
        #expect(found.seen == alone.seen, "script \(seed), order \(order)")
      }
    }
  }

  /// The heap of the rule, with all lengths at hand.
  @Test func decisionsSeeWhatHasEndedInVirtualTime() {
    for seed in 0..<30 {
      let script = Script(count: 20, seed: 1000 + seed, isPlanned: true)
      let stops = Self.stops(script)
      let parallel = 4
      var heap = (0..<parallel).map { (time: 0.0, number: $0 - parallel) }
      var ends: [(time: Double, number: Int)] = []
      var expected: [[Int]] = []
      for (n, trial) in script.trials.enumerated() {
        let least = heap.indices.min { (heap[$0].time, heap[$0].number) < (heap[$1].time, heap[$1].number) } ?? 0
        let (time, freed) = heap.remove(at: least)
        expected.append(ends.filter { ($0.time, $0.number) <= (time, freed) }.map(\.number).sorted())
        let points = Self.pruner.bands.filter { $0 < trial.planned ?? 0 } + [trial.planned ?? 0]
        // One that fails counts to the decision point after the last that it has passed.
        let passed = points.dropLast().last { $0 <= trial.curve.count } ?? 0
        let length = stops[n] ?? points.first { $0 > passed } ?? 0
        heap.append((time + trial.cost * Double(length), n + 1))
        ends.append((time + trial.cost * Double(length), n + 1))
      }
      let found = Self.run(script, workers: 3, parallel: parallel, together: false, runsOn: false, kills: false, seed: seed)
      #expect(found.seen == expected, "script \(seed)")
    }
  }

  @Test func withoutAPrunerOfTheSameCostABatchSeesTheBatchBefore() {
    var chronicle = Chronicle(goal: .minimize, parallel: 4, seesTiesTogether: true)
    for number in 1...4 {
      #expect(chronicle.sees() == [])
      chronicle.planned(number, epochs: 10)
      chronicle.decided(trial: number)
    }
    #expect(chronicle.sees() == nil)
    for number in [3, 1, 4] { chronicle.ended(number, .complete) }
    #expect(chronicle.sees() == nil)
    chronicle.ended(2, .failed)
    for number in 5...8 {
      #expect(chronicle.sees() == [1, 2, 3, 4])
      chronicle.planned(number, epochs: 10)
      chronicle.decided(trial: number)
    }
    #expect(chronicle.sees() == nil)
  }

  @Test func aTrialThatRunsAgainIsComparedWithThoseBeforeItAlone() {
    var chronicle = Chronicle(HyperbandPruner(maxIterations: nil, brackets: nil, minIterations: 1, eta: 3), goal: .maximize)
    for number in 1...3 { chronicle.planned(number, epochs: nil) }
    chronicle.reported(1, epoch: 1, value: 0.5)
    chronicle.ended(2, .failed)
    chronicle.reported(3, epoch: 1, value: 0.9)
    #expect(chronicle.verdict(on: 3) == .proceed)
    chronicle.reopened(2)
    chronicle.reported(2, epoch: 1, value: 0.6)
    #expect(chronicle.verdict(on: 2) == .proceed)  // 0.9 came later
  }

  @Test func whatIsFinishedIsNotStopped() {
    for first in [0, 1] {
      var chronicle = Chronicle(HyperbandPruner(maxIterations: nil, brackets: nil, minIterations: 3, eta: 3), goal: .maximize)
      for number in 1...2 {
        chronicle.planned(number, epochs: 3)
        for epoch in 0..<3 { chronicle.reported(number, epoch: first + epoch, value: number == 1 ? 1 : 0) }
        #expect(chronicle.verdict(on: number) == .proceed, "epochs from \(first)")
      }
    }
  }
}

// The early stopping of W&B's sweeps, replayed report by report; how the runner asks a pruner is not tested here.

import Foundation
import SweepCore
import SweepSearch
import SweepTestSupport
import Testing

/// Runs that report in turn, and which of them W&B's early stopping stops when; `Tests/Oracles/sweeps.py` makes the file.
struct StoppedRuns: Decodable, CustomTestStringConvertible {
  struct Rule: Decodable {
    let maxIterations: Int?
    let brackets: Int?
    let minIterations: Int?
    let eta: Double?
    let strict: Bool?

    private enum CodingKeys: String, CodingKey {
      case maxIterations = "max_iter"
      case brackets = "s"
      case minIterations = "min_iter"
      case eta, strict
    }
  }

  struct Event: Decodable {
    let run: Int
    /// nil: none that counts.
    let value: Double?
    let finished: Bool
    let stop: [Int]

    private enum CodingKeys: CodingKey { case run, value, finished, stop }

    init(from decoder: any Decoder) throws {
      let keyed = try decoder.container(keyedBy: CodingKeys.self)
      run = try keyed.decode(Int.self, forKey: .run)
      // Not a number: null, true or a text such as "nan".
      value = try? keyed.decode(Double.self, forKey: .value)
      finished = try keyed.decodeIfPresent(Bool.self, forKey: .finished) ?? false
      stop = try keyed.decodeIfPresent([Int].self, forKey: .stop) ?? []
    }
  }
  private struct File: Decodable { let hyperbands: [StoppedRuns] }

  let config: String
  let goal: Objective.Goal
  let earlyTerminate: Rule
  let bands: [Int]
  let runs: Int
  let events: [Event]

  var testDescription: String { "\(goal) \(earlyTerminate)" }

  var pruner: HyperbandPruner {
    HyperbandPruner(
      maxIterations: earlyTerminate.maxIterations, brackets: earlyTerminate.brackets, minIterations: earlyTerminate.minIterations,
      eta: earlyTerminate.eta ?? 3, strict: earlyTerminate.strict ?? true)
  }

  static func all() throws -> [StoppedRuns] {
    let data = try Data(contentsOf: URL(fileURLWithPath: projectFolder + "/Tests/Assets/sweeps-0.3.0.json"))
    return try JSONDecoder().decode(File.self, from: data).hyperbands
  }
}

struct HyperbandPrunerTests {
  @Test(arguments: try StoppedRuns.all()) func bandsEqualThoseOfWandB(study: StoppedRuns) { #expect(study.pruner.bands == study.bands) }

  @Test(arguments: try StoppedRuns.all()) func theRunsOfWandBAreStoppedWhenWandBStopsThem(study: StoppedRuns) {
    let pruner = study.pruner
    var curves = [[Double]](repeating: [], count: study.runs)
    var running: Set<Int> = []
    for (place, event) in study.events.enumerated() {
      if event.finished {
        running.remove(event.run)
        continue
      }
      running.insert(event.run)
      if let value = event.value { curves[event.run].append(study.goal == .maximize ? -value : value) }
      let stopped = running.sorted().filter { run in
        guard let band = pruner.bands.last(where: { $0 <= curves[run].count }) else { return false }
        return pruner.stops(curves[run], at: band, among: curves.compactMap { band <= $0.count ? $0[band - 1] : nil }.sorted())
      }
      #expect(stopped == event.stop, "event \(place)")
      running.subtract(event.stop)
    }
  }

  @Test func theFileHasRunsThatAreStoppedAndRunsThatAreNot() throws {
    let studies = try StoppedRuns.all()
    #expect(studies.count == 80)
    let stopped = studies.map { $0.events.map(\.stop.count).reduce(0, +) }
    #expect(stopped.reduce(0, +) > 100 && stopped.contains(0))
    #expect(studies.contains { $0.goal == .maximize && $0.earlyTerminate.strict == false })
  }

  @Test func ofTwoTrialsTheWorseOneStopsAndATieDoesNot() {
    let pruner = HyperbandPruner(maxIterations: nil, brackets: nil, minIterations: 1)
    #expect(pruner.stops([2], at: 1, among: [1, 2]))
    #expect(!pruner.stops([1], at: 1, among: [1, 2]))
    #expect(!pruner.stops([1], at: 1, among: [1, 1]))
    #expect(!pruner.stops([5], at: 1, among: [5]))
  }

  @Test func whatIsNotStrictForgivesATrialThatWasGoodOnce() {
    for strict in [true, false] {
      let pruner = HyperbandPruner(maxIterations: nil, brackets: nil, minIterations: 2, strict: strict)
      #expect(pruner.stops([1, 9], at: 2, among: [2, 9]) == strict)
    }
  }

  @Test func bandsAreNeverBeyondWhatATrialCanReach() {
    #expect(HyperbandPruner.bands(maxIterations: 27, brackets: 2, minIterations: nil, eta: 3) == [3, 9])
    #expect(HyperbandPruner.bands(maxIterations: 27, brackets: 2, minIterations: 4, eta: 3) == [3, 9])
    #expect(HyperbandPruner.bands(maxIterations: 2, brackets: 5, minIterations: nil, eta: 3) == [])
    #expect(HyperbandPruner.bands(maxIterations: nil, brackets: nil, minIterations: 2, eta: 1e9) == [2, 2_000_000_000])
    #expect(HyperbandPruner.bands(maxIterations: .max, brackets: .max, minIterations: nil, eta: 1e9) == [9, 9_223_372_036])
  }
}

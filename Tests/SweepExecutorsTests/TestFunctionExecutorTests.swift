import SweepCore
import SweepExecutors
import Synchronization
import Testing

struct TestFunctionExecutorTests {
  static let minima: [(TestFunctionExecutor.Function, x: Double, y: Double, value: Double)] = [
    (.sphere, 0, 0, 0), (.rosenbrock, 1, 1, 0), (.rastrigin, 0, 0, 0), (.himmelblau, 3, 2, 0), (.branin, .pi, 2.275, 0.397887),
  ]

  @Test func everyFunctionIsSmallestWhereTheBooksSaySo() {
    #expect(Set(Self.minima.map(\.0)) == Set(TestFunctionExecutor.Function.allCases))
    for (function, x, y, value) in Self.minima {
      #expect(abs(function(x, y) - value) < 1e-6, "\(function)")
      for (dx, dy) in [(0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01)] { #expect(function(x + dx, y + dy) > function(x, y), "\(function)") }
    }
  }

  /// Says `verdict` after epoch 2.
  final class Listener: TrialReporter {
    let verdict: Verdict
    let values = Mutex<[Double]>([])
    let ends = Mutex<[TrialEnd]>([])
    init(_ verdict: Verdict) { self.verdict = verdict }
    func report(_ metrics: EpochMetrics, of trial: Trial.ID, checkpoint: Checkpoint?, outcome: EpochOutcome?) throws -> Verdict {
      values.withLock { $0.append(metrics["value"] ?? .nan) }
      return metrics.epoch == 2 ? verdict : .proceed
    }
    func finish(_ trial: Trial.ID, _ end: TrialEnd) throws { ends.withLock { $0.append(end) } }
    var idleWorkers: Int { 0 }
    func handOver(_ cohort: Cohort) {}
  }

  private func run(_ verdict: Verdict, x: Double = 3) throws -> (values: [Double], ends: [TrialEnd]) {
    let assignment = Assignment(["function": .text("sphere"), "x": .real(x), "y": .integer(4), "epochs": .integer(4)])
    let listener = Listener(verdict)
    let trials = (1...2).map { Trial(id: .init(rawValue: Int64($0)), number: $0, assignment: assignment) }
    try TestFunctionExecutor().run(Cohort(trials), reportingTo: listener)
    return (listener.values.withLock { $0 }, listener.ends.withLock { $0 })
  }

  @Test func theCurveFallsToTheValue() throws {
    let (values, ends) = try run(.proceed)
    #expect(values == [25.75, 25.5, 25.25, 25, 25.75, 25.5, 25.25, 25] && ends == [.complete, .complete])
  }

  @Test func aValueThatIsInfiniteHasDiverged() throws {
    #expect(try run(.proceed, x: 1e200).ends == Array(repeating: .diverged(epoch: 1, reason: "value is infinite"), count: 2))
  }

  @Test func aPrunedTrialEndsAndAnInterruptedOneDoesNot() throws {
    #expect(try run(.prune).ends == [.pruned(afterEpoch: 2), .pruned(afterEpoch: 2)])
    let interrupted = try run(.interrupt)
    #expect(interrupted.values.count == 2 && interrupted.ends.isEmpty)
  }
}

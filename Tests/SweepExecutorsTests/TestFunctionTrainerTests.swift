import SweepCore
import SweepExecutors
import Synchronization
import Testing

struct TestFunctionTrainerTests {
  static let minima: [(TestFunctionTrainer.Function, x: Double, y: Double, value: Double)] = [
    (.sphere, 0, 0, 0), (.rosenbrock, 1, 1, 0), (.rastrigin, 0, 0, 0), (.himmelblau, 3, 2, 0), (.branin, .pi, 2.275, 0.397887),
  ]

  @Test func everyFunctionIsSmallestWhereTheBooksSaySo() {
    #expect(Set(Self.minima.map(\.0)) == Set(TestFunctionTrainer.Function.allCases))
    for (function, x, y, value) in Self.minima {
      #expect(abs(function(x, y) - value) < 1e-6, "\(function)")
      for (dx, dy) in [(0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01)] { #expect(function(x + dx, y + dy) > function(x, y), "\(function)") }
    }
  }

  /// Says `verdict` after epoch 2.
  final class Listener: CohortReporter {
    let verdict: Verdict
    let values = Mutex<[Double]>([])
    let ends = Mutex<[TrialEnd]>([])
    init(_ verdict: Verdict) { self.verdict = verdict }
    func report(_ event: TrialEvent, of trial: Trial) throws -> Verdict {
      if case .ended(let end) = event { ends.withLock { $0.append(end) } }
      guard case .epoch(let epoch) = event else { return .proceed }
      values.withLock { $0.append(epoch.metrics["value"] ?? .nan) }
      return epoch.metrics.epoch == 2 ? verdict : .proceed
    }
    func verdict(on trial: Trial, waits: Bool) -> Verdict { .proceed }
    var idleWorkers: Int { 0 }
    func handOver(_ cohort: Cohort) {}
  }

  private func run(_ verdict: Verdict, x: Double = 3) throws -> (values: [Double], ends: [TrialEnd]) {
    let assignment = Assignment(["function": .text("sphere"), "x": .real(x), "y": .integer(4), "epochs": .integer(4)])
    let listener = Listener(verdict)
    let trials = (1...2).map { Trial(id: .init(rawValue: Int64($0)), number: $0, assignment: assignment) }
    try TestFunctionTrainer().train(Cohort(trials), reportingTo: listener)
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
    #expect(try run(.prune(afterEpoch: 2)).ends == [.pruned(afterEpoch: 2), .pruned(afterEpoch: 2)])
    let interrupted = try run(.interrupt)
    #expect(interrupted.values.count == 4 && interrupted.ends.isEmpty)
    #expect(try run(.wait).ends == [.complete, .complete])
  }
}

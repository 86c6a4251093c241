import Foundation
import GRDB
import SweepCore
import SweepStore
import SweepTestSupport
import Testing

/// What the database has of objectives beyond the first is always what the epochs say.
struct ObjectivesTests {
  private static let further = [Objective(metric: "loss", goal: .minimize, at: .best), Objective(metric: "late", goal: .maximize, at: .last)]

  private func values(_ made: PlannedSweep) throws -> [[ParameterValue]] {
    try made.store.query("SELECT trial, objective_2, objective_3 FROM trials_made ORDER BY trial").rows
  }

  private func metrics(_ epoch: Int, _ loss: Double, _ late: Double? = nil) -> EpochMetrics {
    EpochMetrics(epoch: epoch, values: [("score", 1), ("loss", loss)] + (late.map { [("late", $0)] } ?? []))
  }

  @Test func aSweepIsReadWithAllItsObjectives() throws {
    let made = try PlannedSweep(count: 2, further: Self.further)
    #expect(made.sweep.objectives == [PlannedSweep.objective] + Self.further)
    #expect(try made.store.sweep(named: nil).objectives == made.sweep.objectives)
    #expect(try Store.openReadOnly(made.store.path).sweeps()[0].objectives == made.sweep.objectives)
    #expect(made.sweep.ranked(by: Self.further[0]).objectives == [Self.further[0]])
    // A plan with others replaces them.
    let other = try PlannedSweep.plan([1, 2], further: [Self.further[1]], in: made.store)
    #expect(other.sweep.objectives == [PlannedSweep.objective, Self.further[1]])
    #expect(other.result.changedObjectives == made.sweep.objectives)
  }

  /// Each has an epoch of its own that counts, and what is not finite is none, whatever the commits.
  @Test(arguments: [true, false]) func eachObjectiveHasItsOwnEpoch(commitsEach: Bool) throws {
    let made = try PlannedSweep(count: 2, further: Self.further)
    let recorder = made.recorder()
    let trials = try made.waiting()
    try recorder.started(trials[0].id)
    for (epoch, loss, late) in [(1, 0.5, 1.0), (2, 0.25, .nan), (3, .infinity, 3), (4, 0.75, 2)] {
      try recorder.record(metrics(epoch, loss, late), checkpoint: nil, of: trials[0].id)
      if commitsEach { try recorder.flush() }
      if commitsEach, epoch == 2 { #expect(try values(made)[0] == [.integer(1), .real(0.25), .null]) }
    }
    try recorder.flush()
    #expect(try values(made) == [[.integer(1), .real(0.25), .real(2)], [.integer(2), .null, .null]])
    #expect(try made.store.objectiveValues(made.sweep) == [1: [0.25, 2]])
    #expect(try made.store.objectiveValues(made.sweep, of: 1) == [0.25, 2] && made.store.objectiveValues(made.sweep, of: 2) == [nil, nil])
  }

  @Test func whatDoesNotCountAnyMoreIsNoValue() throws {
    let made = try PlannedSweep(count: 3, further: Self.further)
    let recorder = made.recorder()
    let trials = try made.waiting()
    for trial in trials {
      try recorder.started(trial.id)
      for epoch in 1...3 {
        try recorder.record(
          metrics(epoch, 4 - Double(epoch), Double(epoch)), checkpoint: Checkpoint(epoch: min(epoch, 2), format: "made", state: [1]), of: trial.id)
      }
    }
    try recorder.tell(.withdrawn(metrics: ["loss"], after: 1), of: trials[0].id)
    try recorder.ended(trials[1].id, .pruned(afterEpoch: 2))
    try recorder.flush()
    #expect(try values(made).map { $0.dropFirst() } == [[.real(3), .real(3)], [.real(2), .real(2)], [.real(1), .real(3)]])
    // Back to the checkpoint.
    try made.store.requeue(sweepID: made.sweep.id, retryFailed: false)
    #expect(try values(made)[2] == [.integer(3), .real(2), .real(2)])
    // From the beginning.
    let again = made.recorder()
    try again.started(trials[2].id, AttemptStart(number: 2, isFresh: true))
    try again.record(metrics(1, 9), checkpoint: nil, of: trials[2].id)
    try again.flush()
    #expect(try values(made)[2] == [.integer(3), .real(9), .null])
    #expect(try made.store.check { _ in false }.findings.filter { $0.check == .summaries } == [])
  }

  @Test(arguments: [
    ("UPDATE objective_value SET value = 7 WHERE trial_id = 1 AND place = 2", "its loss as an objective is 7.0, and by its epochs 0.5"),
    ("DELETE FROM objective_value WHERE place = 3", "its late as an objective is missing, and by its epochs 1.0"),
    ("INSERT INTO objective_value VALUES (1, 4, 1.0)", "it has a value of objective 4, which is none"),
  ])
  func aValueThatIsNotThatOfTheEpochsIsFoundAndMended(sql: String, problem: String) throws {
    let made = try PlannedSweep(count: 1, further: Self.further)
    let recorder = made.recorder()
    let trial = try made.waiting()[0]
    try recorder.started(trial.id)
    try recorder.record(metrics(1, 0.5, 1), checkpoint: nil, of: trial.id)
    try recorder.ended(trial.id, .complete)
    try recorder.flush()
    try DatabaseQueue(path: made.store.path).write { try $0.execute(sql: sql) }
    let findings = try made.store.check { _ in false }.findings
    #expect(findings.map(\.problem) == [problem] && findings.allSatisfy(\.canBeRepaired))
    #expect(try made.store.repair { _ in false }.left.findings.isEmpty)
    #expect(try values(made) == [[.integer(1), .real(0.5), .real(1)]])
  }
}

import SweepCore
import SweepStore
import SweepTestSupport
import Testing

struct PlanningTests {
  @Test func aPlanIsRowsNumberedFromOne() throws {
    let made = try PlannedSweep(count: 3)
    let trials = try made.waiting()
    #expect(trials.map(\.number) == [1, 2, 3])
    #expect(trials.map { $0.assignment["x"] } == [.integer(1), .integer(2), .integer(3)])
    #expect(try made.store.counts(sweepID: made.sweep.id)[.waiting] == 3)
  }

  @Test func planningTheSameAgainChangesNothing() throws {
    let made = try PlannedSweep(count: 3)
    let again = try PlannedSweep.plan([1, 2, 3], in: made.store)
    #expect(again.result == PlanResult(added: 0, planned: 3, fellOut: [], fellOutCount: 0))
    #expect(again.sweep.id == made.sweep.id)
  }

  @Test func aPointThatComesTwiceIsOneTrial() throws {
    let made = try PlannedSweep(count: 2)
    let other = try PlannedSweep.plan([5, 5, 6, 5], name: "twice", in: made.store)
    #expect(other.result.added == 2)
  }

  @Test func pointsThatComeTwiceAmongHundredsLeaveNoGapsInTheNumbers() throws {
    let made = try PlannedSweep(count: 1)
    let other = try PlannedSweep.plan(Array(1...120) + Array(60...200) + Array(1...60), name: "hundreds", in: made.store)
    #expect(other.result == PlanResult(added: 200, planned: 200, fellOut: [], fellOutCount: 0))
    let trials = try made.store.waiting(sweepID: other.sweep.id, after: 0, limit: 1000)
    #expect(trials.map(\.number) == Array(1...200))
    #expect(trials.map { $0.assignment["x"] } == (1...200).map { .integer($0) })
  }

  @Test func aChangedPlanAddsWhatIsNewAndKeepsWhatFellOut() throws {
    let made = try PlannedSweep(count: 3)
    let changed = try PlannedSweep.plan([2, 3, 4], in: made.store)
    #expect(changed.result == PlanResult(added: 1, planned: 3, fellOut: [1], fellOutCount: 1))
    #expect(try made.waiting().map(\.number) == [2, 3, 4])
    #expect(try made.store.counts(sweepID: made.sweep.id).unplanned == 1)
    let back = try PlannedSweep.plan([1, 2, 3, 4], in: made.store)
    #expect(back.result == PlanResult(added: 0, planned: 4, fellOut: [], fellOutCount: 0))
    #expect(try made.waiting().map(\.number) == [1, 2, 3, 4])
  }

  @Test func aPlanThatFailsInTheMiddleLeavesNothing() throws {
    let folder = TemporaryFolder()
    let store = try Store.open(folder.path("results.sqlite"))
    var calls = 0
    #expect(throws: SweepError.self) {
      try store.plan(SweepPlan(name: "half", definition: "{}", objective: PlannedSweep.objective, parameterNames: ["x"], metrics: [])) {
        calls += 1
        if calls == 2 { throw SweepError(.input, "enough") }
        return [Assignment(["x": .integer(1)])]
      }
    }
    #expect(try store.sweeps().isEmpty)
  }

  @Test func twoSweepsCannotShareTheirViews() throws {
    let made = try PlannedSweep(count: 1, name: "a-b")
    #expect { try PlannedSweep.plan([1], name: "A_B", in: made.store) } throws: { "\($0)".contains("--name") && "\($0)".contains("a-b") }
    #expect(viewSlug(of: "a-b.c d/é") == "a_b_c_d__")
  }
}

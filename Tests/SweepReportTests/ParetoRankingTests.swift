import SweepCore
import SweepNumerics
import SweepReport
import Testing

struct ParetoRankingTests {
  private static let objectives = [Objective(metric: "a", goal: .maximize), Objective(metric: "b", goal: .minimize)]

  /// Trials at random on a coarse grid, so that there are ties; some lack a value.
  private func made(_ count: Int, seed: Int) -> [(number: Int, values: [Double?])] {
    var generator = SeededGenerator(seed: seed, purpose: .sampling, index: 0)
    return (1...count).map { number in
      let (a, b) = ((generator.nextUnit() * 12).rounded(), (generator.nextUnit() * 12).rounded())
      return (number, [number % 11 == 0 ? nil : a, number % 13 == 0 ? nil : b])
    }
  }

  @Test(arguments: 1...6) func everyFrontIsWhatNoneOfTheLaterOnesDominates(seed: Int) throws {
    let outcomes = made(80, seed: seed)
    let ranking = ParetoRanking(Self.objectives, outcomes: outcomes)
    let known = outcomes.filter { !$0.values.contains(nil) }
    #expect(ranking.order.map(\.number).sorted() == known.map(\.number))
    #expect(ranking.lacking.map(\.trials) == [outcomes.count { $0.values[0] == nil }, outcomes.count { $0.values[1] == nil }])
    func dominates(_ one: [Double], _ other: [Double]) -> Bool { one[0] >= other[0] && one[1] <= other[1] && one != other }
    for member in ranking.order {
      let rivals = ranking.order.filter { dominates($0.values, member.values) }
      #expect(member.front == 1 + (rivals.map(\.front).max() ?? 0), "trial \(member.number)")
    }
    let keys = ranking.order.map { ($0.front, -$0.values[0], $0.number) }
    #expect(zip(keys, keys.dropFirst()).allSatisfy { $0 < $1 })
  }

  /// The front of (4, 8), (2, 3), (1, 1): steps down to the reference point, whose place is a tenth of the range beyond the worst.
  @Test func theHypervolumeIsTheAreaUnderTheSteps() throws {
    let values: [[Double?]] = [[2, 3], [1, 9], [4, 8], [1, 1], [0, 11]]
    let ranking = ParetoRanking(Self.objectives, outcomes: zip(1..., values).map { (number: $0, values: $1) })
    #expect(ranking.front.map(\.number) == [3, 1, 4])
    let reference = try #require(ranking.reference)
    #expect(abs(reference[0] + 0.4) < 1e-12 && abs(reference[1] - 12) < 1e-12)
    let expected = 32.4  // 4.4 · (12 − 8) + 2.4 · (8 − 3) + 1.4 · (3 − 1)
    #expect(abs(try #require(ranking.hypervolume) - expected) < 1e-9)
    #expect(ranking.growth.map(\.number) == [1, 3, 4, 5])
    for (step, area) in zip(ranking.growth, [21.6, 29.6, expected, expected]) { #expect(abs(step.hypervolume - area) < 1e-9) }
    #expect(ParetoRanking(Self.objectives, outcomes: []).sentence == nil && ParetoRanking(Self.objectives, outcomes: []).growth.isEmpty)
  }

  @Test func equalTrialsShareAFrontAndAddNothing() throws {
    let ranking = ParetoRanking(Self.objectives, outcomes: [(1, [1, 1]), (2, [1, 1])])
    #expect(ranking.order.map(\.front) == [1, 1] && ranking.growth.map(\.number) == [1, 2])
    #expect(ranking.growth.map(\.hypervolume)[0] == ranking.growth.map(\.hypervolume)[1])
  }
}

// Wilcoxon's signed-rank test against SciPy.

import SweepCore
import SweepNumerics
import SweepTestSupport
import Testing

struct SignedRankTests {
  @Test func sharesAndStatisticsAreThoseOfSciPy() throws {
    let cases = try fixture("wilcoxon.json")["cases"].elements
    #expect(cases.count == 5)
    for check in cases {
      let differences = check["differences"].numbers
      #expect(SignedRank.statistic(differences) == check["statistic"].number)
      let p = try #require(check["p"].number)
      #expect(abs(SignedRank.share(notBelow: differences) / p - 1) < 1e-12, "\(differences.count)")
    }
  }

  @Test func signsAloneDecideBetweenEqualDifferences() {
    // Of 2 signs both, of 8 the three with at least two.
    #expect(SignedRank.share(notBelow: [1, 1]) == 0.25 && SignedRank.share(notBelow: [1, -1, 1]) == 0.5)
    #expect(SignedRank.share(notBelow: []) == 1 && SignedRank.share(notBelow: [0, 0]) == 1)
    #expect(SignedRank.share(notBelow: Array(repeating: 0, count: 60)) == 0.5)
  }
}

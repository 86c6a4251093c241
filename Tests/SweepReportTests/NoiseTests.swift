import SweepCore
import SweepNumerics
import SweepReport
import SweepStore
import SweepTestSupport
import Testing

/// Tables of made trials whose truth is known.
private struct MadeTrials {
  /// The chance of a right answer of each trial.
  let truths: [Double]
  let images: Int

  /// All answers of one table. Trials agree as trainings do: in four cases of five an image's difficulty decides, which is the same for all.
  func answers(table: Int) -> PairedAnswers {
    var generator = SeededGenerator(seed: 7, purpose: .synthetic, index: table)
    var correct = truths.map { _ in Bitset(count: images) }
    for image in 0..<images {
      let difficulty = generator.nextUnit()
      for trial in truths.indices {
        let hasItsOwnLuck = generator.next(below: 5) == 0
        if (hasItsOwnLuck ? generator.nextUnit() : difficulty) < truths[trial] { correct[trial][image] = true }
      }
    }
    return PairedAnswers(correct)
  }
}

struct ConfidenceSetTests {
  private func set(_ answers: PairedAnswers) -> ConfidenceSet {
    ConfidenceSet(answers, draws: BootstrapDraws(covariance: answers.covariance, estimates: answers.correct.count, count: 400))
  }

  /// Shares of 1,000 tables in which the set holds the best and in which the intervals hold the truth (of the trial where they do so least),
  /// and the mean size of the set.
  private func simulation(_ made: MadeTrials, best: Int) -> (holds: Double, intervals: Double, size: Double) {
    var (holds, size) = (0, 0)
    var intervals = made.truths.map { _ in 0 }
    for table in 0..<1000 {
      let set = set(made.answers(table: table))
      holds += set.members[best].isTied ? 1 : 0
      size += set.tied
      for (trial, member) in set.members.enumerated() where member.behind.contains(made.truths[best] - made.truths[trial]) { intervals[trial] += 1 }
    }
    return (Double(holds) / 1000, Double(intervals.min() ?? 0) / 1000, Double(size) / 1000)
  }

  @Test func ofATableOfEqualTrialsTheSetHoldsAnyOneAtLeast95TimesOf100() {
    let result = simulation(MadeTrials(truths: Array(repeating: 0.42, count: 27), images: 1000), best: 13)
    #expect(result.holds >= 0.95 && result.intervals >= 0.95, "\(result)")
  }

  @Test func ofATableLikeThatOfTheLabTheSetHoldsTheBestAndLeavesTheBadOut() {
    let truths = (0..<27).map { 0.42 - 0.006 * Double($0) }
    let result = simulation(MadeTrials(truths: truths, images: 1000), best: 0)
    #expect(result.holds >= 0.95 && result.intervals >= 0.95, "\(result)")
    #expect(result.size < 14, "\(result)")
  }

  @Test func whereDifferencesAreLargeTheSetIsTheBestAlone() {
    let truths = [0.3, 0.52, 0.3, 0.3, 0.25, 0.2, 0.3, 0.3]
    let result = simulation(MadeTrials(truths: truths, images: 1000), best: 1)
    #expect(result.holds >= 0.95 && result.intervals >= 0.95 && result.size < 1.01, "\(result)")
  }

  @Test func trialsThatAnswerAlikeAreTiedAndOneAloneIsTheBest() {
    let bits = Bitset((0..<100).map { $0 % 2 == 0 })
    let same = set(PairedAnswers([bits, bits, bits]))
    #expect(same.tied == 3 && same.members.allSatisfy { $0.behind == 0...0 })
    let one = set(PairedAnswers([bits]))
    #expect(one.tied == 1 && one.members[0].behind == 0...0)
  }

  @Test(arguments: 1...12) func ofTwoTrialsTheSetDecidesAsTheExactTestDoes(lead: Int) {
    let (one, other) = (Bitset((0..<500).map { $0 < 200 }), Bitset((0..<500).map { $0 < 200 + lead }))
    #expect(set(PairedAnswers([one, other])).members[0].isTied == (McNemar(one, other).pValue > 0.05), "lead \(lead)")
  }

  @Test func theSameAnswersGiveTheSameSet() {
    let answers = MadeTrials(truths: [0.4, 0.41, 0.42], images: 300).answers(table: 1)
    #expect(set(answers).members.map(\.behind) == set(answers).members.map(\.behind))
  }
}

struct GroupComparisonTests {
  /// Shares of 500 tables in which the set holds a designated one of equal groups, and in which its interval holds 0.
  private func holds(groups: Int, seeds: Int, spread: Double) -> Double {
    var holds = 0
    for table in 0..<500 {
      var generator = SeededGenerator(seed: 11, purpose: .sampling, index: table)
      let truths = (0..<groups * seeds).map { _ in 0.42 + spread * generator.nextNormal() }
      let answers = MadeTrials(truths: truths, images: 1000).answers(table: table).correct
      let set = GroupComparison.confidenceSet(of: (0..<groups).map { Array(answers[$0 * seeds..<($0 + 1) * seeds]) }, draws: 400)
      holds += set.members[groups / 2].isTied ? 1 : 0
    }
    return Double(holds) / 500
  }

  @Test(arguments: [(2, 2), (2, 3), (9, 3), (6, 5)], [0.0, 0.005, 0.03]) func ofEqualGroupsTheSetHoldsAnyOneWhateverTheSeedsDo(
    size: (groups: Int, seeds: Int), spread: Double
  ) {
    let share = holds(groups: size.groups, seeds: size.seeds, spread: spread)
    #expect(share >= 0.94, "\(size), \(spread): \(share)")
  }

  @Test func groupsOfOneTrialAreComparedAsTrialsAre() {
    let answers = MadeTrials(truths: [0.4, 0.41, 0.46, 0.3], images: 1000).answers(table: 5)
    let trials = ConfidenceSet(answers, draws: BootstrapDraws(covariance: answers.covariance, estimates: 4))
    let groups = GroupComparison.confidenceSet(of: answers.correct.map { [$0] })
    #expect(groups.members.map(\.behind) == trials.members.map(\.behind))
  }

  /// Tables of Student's distribution.
  @Test(arguments: [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (10, 2.228), (30, 2.042), (1000, 1.962)])
  func theQuantileIsThatOfTheTables(freedom: Int, quantile: Double) {
    #expect(abs(Student.quantile975(freedom) - quantile) < 2e-3)
  }
}

struct BootstrapDrawsTests {
  @Test func drawsHaveTheVariancesAndLeadsOfTheirCovariance() {
    let covariance = [4.0, 2, 0, 2, 4, 0, 0, 0, 1]
    let draws = BootstrapDraws(covariance: covariance, estimates: 3, count: 20_000)
    // The difference of two has variance 4 + 4 − 2·2 = 4 and 4 + 1 = 5.
    for (own, other, variance) in [(0, 1, 4.0), (1, 0, 4.0), (2, 0, 5.0)] {
      var weights: [Float] = [0, 0, 0]
      weights[other] = 1
      let differences = draws.largestDifference(from: own, weights: weights).map(Double.init)
      #expect(differences.count == 20_000 && abs(differences.reduce(0) { $0 + $1 * $1 } / 20_000 - variance) < 0.15)
    }
  }

  @Test func theCovarianceOfAccuraciesIsThatOfResampledImages() {
    let answers = MadeTrials(truths: [0.3, 0.5], images: 400).answers(table: 3)
    var generator = SeededGenerator(seed: 1, purpose: .resampling)
    var sums = (0.0, 0.0, 0.0)
    for _ in 0..<4000 {
      var right = (0, 0)
      for _ in 0..<400 {
        let image = Int(generator.next(below: 400))
        right.0 += answers.correct[0][image] ? 1 : 0
        right.1 += answers.correct[1][image] ? 1 : 0
      }
      let (a, b) = (Double(right.0) / 400 - answers.accuracies[0], Double(right.1) / 400 - answers.accuracies[1])
      sums = (sums.0 + a * a, sums.1 + b * b, sums.2 + a * b)
    }
    let c = answers.covariance
    for (estimate, exact) in [(sums.0 / 4000, c[0]), (sums.1 / 4000, c[3]), (sums.2 / 4000, c[1])] { #expect(abs(estimate / exact - 1) < 0.1) }
  }
}

struct SelectionEffectTests {
  @Test func theBestOfManyEqualTrialsIsWorthLessThanItsScore() {
    // The truth is known: what the corrected score should be on average.
    let made = MadeTrials(truths: Array(repeating: 0.42, count: 20), images: 1000)
    var (chosen, corrected) = (0.0, 0.0)
    for table in 0..<200 {
      let answers = made.answers(table: table)
      let draws = BootstrapDraws(covariance: answers.covariance, estimates: 20, count: 400)
      let effect = SelectionEffect(answers.accuracies, draws: draws, tests: answers.accuracies.map { _ in 0.42 })
      chosen += effect.chosen / 200
      corrected += effect.corrected / 200
      #expect(effect.test.map { abs($0.mean - 0.42) < 1e-9 && $0.deviation < 1e-6 } == true)
    }
    #expect(chosen > 0.425 && abs(corrected - 0.42) < (chosen - 0.42) / 2, "\(chosen), \(corrected)")
  }

  @Test func aTrialThatNobodyRivalsKeepsItsScore() {
    let answers = MadeTrials(truths: [0.2, 0.7, 0.3], images: 1000).answers(table: 0)
    let draws = BootstrapDraws(covariance: answers.covariance, estimates: 3)
    let effect = SelectionEffect(answers.accuracies, draws: draws, tests: [0.1, 0.6, 0.2])
    #expect(abs(effect.chosen - effect.corrected) < 0.002 && abs((effect.test?.mean ?? 0) - 0.6) < 1e-9)
  }
}

struct McNemarTests {
  private func test(b: Int, c: Int, both: Int = 20, neither: Int = 20) -> McNemar {
    let n = both + neither + b + c
    return McNemar(Bitset((0..<n).map { $0 < both + b }), Bitset((0..<n).map { $0 < both || ($0 >= both + b && $0 < both + b + c) }))
  }

  /// p-values of R's binom.test(b, b + c).
  @Test(arguments: [(10, 10, 1.0), (5, 0, 0.0625), (2, 8, 0.109375), (0, 0, 1.0), (15, 3, 0.00754547), (120, 90, 0.045158)])
  func thePValueIsThatOfTheExactBinomialTest(b: Int, c: Int, p: Double) {
    #expect(abs(test(b: b, c: c).pValue - p) < 1e-4)
    #expect(test(b: b, c: c).pValue == test(b: c, c: b).pValue)
  }

  @Test func theCountsAndTheDifferenceAreThoseOfTheTable() {
    let result = test(b: 12, c: 4, both: 50, neither: 34)
    #expect(result.bothRight == 50 && result.onlyFirst == 12 && result.onlySecond == 4 && result.bothWrong == 34 && result.images == 100)
    #expect(abs(result.difference - 0.08) < 1e-12)
    // By hand: p̃₁ = 13/102, p̃₂ = 5/102; 0.0784 ± 1.96 √((18/102 − (8/102)²) / 102).
    #expect(abs(result.interval.lowerBound - -0.0016) < 5e-4 && abs(result.interval.upperBound - 0.1585) < 5e-4, "\(result.interval)")
  }
}

struct GroupedTableTests {
  /// Six trials that are equal but for x.
  private func grouped(withAnswers: Bool) throws -> GroupedTable {
    let made = try PlannedSweep(count: 6)
    let recorder = made.recorder()
    for trial in try made.waiting() {
      try recorder.started(trial.id)
      let score = [0.2, 0.3, 0.4, 0.7, 0.8, 0.9][trial.number - 1]
      try recorder.record(EpochMetrics(epoch: 1, values: [("score", score)]), checkpoint: nil, of: trial.id)
      try recorder.ended(trial.id, .complete)
    }
    try recorder.flush()
    let trials = try made.store.ranking(made.sweep)
    let answers = trials.map { ranked in (ranked.trial.id, Bitset((0..<1000).map { Double($0) < 1000 * (ranked.trial.objective ?? 0) })) }
    return GroupedTable(
      made.sweep, trials: trials, by: ["kind"], metrics: ["score"],
      answers: withAnswers ? Dictionary(uniqueKeysWithValues: answers) : [:])
  }

  @Test func aGroupHasItsMeanItsStandardErrorAndItsTrials() throws {
    var rows: [Table.Row] = []
    try grouped(withAnswers: false).table(limit: 10, forPeople: true).forEachRow { rows.append($0) }
    #expect(rows.count == 1 && rows[0][1] == .integer(6))
    #expect(abs((rows[0][2].number ?? 0) - 0.55) < 1e-12)
    #expect(abs((rows[0][3].number ?? 0) - 0.117615) < 1e-5)  // √(0.415 / 5 / 6)
    #expect(rows[0][4] == .text("k"))
  }

  @Test func groupsByAnObjectiveThatIsNoAccuracyAreNotCompared() throws {
    let table = try grouped(withAnswers: true)
    #expect(table.sentence.hasPrefix("groups are not compared: the objective is no accuracy"))
  }
}

import SweepCore
import SweepNumerics
import Testing

struct SeededGeneratorTests {
  /// The known answers published with Random123 (kat_vectors, philox4x32 10).
  @Test func philoxGivesThePublishedAnswers() {
    #expect(SeededGenerator.philox(counter: (0, 0, 0, 0), key: (0, 0)) == (0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    let ones = UInt32.max
    #expect(SeededGenerator.philox(counter: (ones, ones, ones, ones), key: (ones, ones)) == (0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      SeededGenerator.philox(counter: (0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: (0xa409_3822, 0x299f_31d0))
        == (0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test func numbersDependOnSeedPurposeAndIndexAlone() {
    func first(_ seed: Int, _ purpose: SeededGenerator.Purpose, _ index: Int) -> [UInt64] {
      var generator = SeededGenerator(seed: seed, purpose: purpose, index: index)
      return (0..<4).map { _ in generator.next() }
    }
    #expect(first(1, .shuffle, 2) == first(1, .shuffle, 2))
    #expect(Set([first(1, .shuffle, 2), first(2, .shuffle, 2), first(1, .weights, 2), first(1, .shuffle, 3), first(-1, .shuffle, 2)]).count == 5)
  }

  @Test func normalNumbersHaveTheMomentsOfTheNormalDistribution() {
    var generator = SeededGenerator(seed: 3, purpose: .weights)
    let numbers = (0..<100_000).map { _ in generator.nextNormal() }
    let mean = numbers.reduce(0, +) / 1e5
    let variance = numbers.reduce(0) { $0 + $1 * $1 } / 1e5
    let fourth = numbers.reduce(0) { $0 + $1 * $1 * $1 * $1 } / 1e5
    #expect(abs(mean) < 0.013)
    #expect(abs(variance - 1) < 0.02)
    #expect(abs(fourth - 3) < 0.15)
    #expect(abs(Double(numbers.count { abs($0) > 1.959963984540054 }) / 1e5 - 0.05) < 0.004)
  }

  @Test func ourLogarithmIsExactToTheLastDigits() {
    // ln 2, ln 10, ln 1e-300 to 17 digits.
    #expect(abs(exactLogarithm(2) - 0.69314718055994531) < 1e-16)
    #expect(abs(exactLogarithm(10) - 2.3025850929940457) < 1e-15)
    #expect(abs(exactLogarithm(1e-300) + 690.77552789821371) < 1e-12)
  }

  @Test func boundedNumbersCoverTheirRange() {
    var generator = SeededGenerator(seed: 1, purpose: .sampling)
    #expect(Set((0..<200).map { _ in generator.next(below: 7) }) == Set(0..<7))
  }
}

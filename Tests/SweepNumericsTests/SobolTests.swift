// Sobol's points against SciPy, and what scrambling leaves of their evenness.

import SweepCore
import SweepNumerics
import SweepTestSupport
import Testing

struct SobolTests {
  @Test func unscrambledPointsAreThoseOfSciPy() throws {
    let points = try fixture("sobol_joe_kuo.json")["first_64_points_times_2_32"].elements.map(\.numbers)
    #expect(points.count == 64 && points.allSatisfy { $0.count == 64 })
    let sobol = Sobol(dimensions: 64, isScrambled: false)
    for (position, point) in points.enumerated() { #expect((0..<64).map { Double(sobol.bits(point: position, dimension: $0)) } == point) }
  }

  @Test func theFirstScrambledPointsHaveOneInEachInterval() {
    for seed in -20..<80 {
      let sobol = Sobol(dimensions: 70, seed: seed, index: seed & 3)
      for dimension in [0, 1, 2, 17, 63, 64, 69] {
        for power in [0, 1, 4, 7] {
          let count = 1 << power
          let places = (0..<count).map { Int(sobol.unit(point: $0, dimension: dimension) * Double(count)) }
          #expect(places.sorted() == Array(0..<count), "seed \(seed), dimension \(dimension)")
        }
      }
    }
  }

  @Test func pairsOfTheFirstDimensionsFillTheSquareEvenly() {
    // A (0, 2)-sequence: 16 points have one in each rectangle of area 1/16 whose sides are powers of 2.
    for seed in 0..<50 {
      let sobol = Sobol(dimensions: 130, seed: seed)
      for first in [0, 64, 128] {
        for power in 0...4 {
          let (across, up) = (1 << power, 16 >> power)
          let cells = (0..<16).map { point in
            Int(sobol.unit(point: point, dimension: first) * Double(across)) * up + Int(sobol.unit(point: point, dimension: first + 1) * Double(up))
          }
          #expect(cells.sorted() == Array(0..<16))
        }
      }
    }
  }

  @Test func seedsAndIndicesScrambleDifferentlyAndDimensionsAreNotAlike() {
    #expect(Set([Sobol(dimensions: 3), Sobol(dimensions: 3, seed: 1), Sobol(dimensions: 3, index: 1)].map { $0.point(5) }).count == 3)
    #expect(Sobol(dimensions: 3, seed: 7).point(9) == Array(Sobol(dimensions: 200, seed: 7).point(9).prefix(3)))
    let sobol = Sobol(dimensions: 200, seed: 3)
    #expect(Set((0..<200).map { dimension in (0..<8).map { sobol.bits(point: $0, dimension: dimension) } }).count == 200)
    #expect((0..<200).allSatisfy { dimension in (0..<64).allSatisfy { (0..<1).contains(sobol.unit(point: $0, dimension: dimension)) } })
  }
}

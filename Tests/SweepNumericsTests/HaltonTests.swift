// Halton's points against SciPy, and what scrambling leaves of their evenness.

import SweepCore
import SweepNumerics
import SweepTestSupport
import Testing

struct HaltonTests {
  @Test func unscrambledPointsAreThoseOfSciPy() throws {
    let points = try fixture("halton.json")["first_16_points"].elements.map(\.numbers)
    #expect(points.count == 16)
    let halton = Halton(dimensions: 5, isScrambled: false)
    for (position, point) in points.enumerated() {
      for (mine, theirs) in zip(halton.point(position), point) { #expect(abs(mine - theirs) <= 1e-15) }
    }
  }

  @Test func scrambledPointsHaveOneInEachIntervalOfTheBase() {
    for seed in 0..<50 {
      let halton = Halton(dimensions: 4, seed: seed)
      for (dimension, base) in [2, 3, 5, 7].enumerated() {
        for count in [base, base * base] {
          let places = (0..<count).map { Int(halton.unit(point: count + $0, dimension: dimension) * Double(count) + 1e-9) }
          #expect(places.sorted() == Array(0..<count), "seed \(seed), base \(base)")
        }
      }
    }
  }

  @Test func pointsLieInTheCubeAndDependOnTheSeed() {
    #expect(Set((0..<20).map { Halton(dimensions: 6, seed: $0).point(5) }).count > 15)
    for seed in 0..<20 {
      let halton = Halton(dimensions: 120, seed: seed)
      #expect((1..<40).allSatisfy { halton.point($0).allSatisfy { $0 > 0 && $0 < 1 } })
    }
  }
}

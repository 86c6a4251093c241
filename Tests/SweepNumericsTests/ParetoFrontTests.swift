// Fronts, crowding and hypervolumes: against Optuna, and against what the definitions say.

import SweepCore
import SweepNumerics
import SweepTestSupport
import Testing

struct ParetoFrontTests {
  private func random(_ count: Int, _ dimensions: Int, seed: Int, steps: Double? = nil) -> [[Double]] {
    var generator = SeededGenerator(seed: seed, purpose: .synthetic)
    return (0..<count).map { _ in
      (0..<dimensions).map { _ in
        let u = generator.nextUnit()
        return steps.map { (u * $0).rounded(.down) / $0 } ?? u
      }
    }
  }

  @Test func hypervolumesAreThoseOfOptuna() throws {
    let cases = try fixture("hypervolume.json")["cases"].elements
    #expect(cases.count == 3)
    for check in cases {
      let points = check["points"].elements.map(\.numbers)
      let expected = try #require(check["hypervolume"].number)
      #expect(abs(ParetoFront.hypervolume(points, reference: check["reference"].numbers) / expected - 1) < 1e-12)
    }
  }

  @Test func aPointIsInTheFrontAfterTheLastThatDominatesIt() {
    for (count, dimensions, steps) in [(40, 1, 8.0), (200, 2, nil), (200, 2, 6), (120, 3, nil), (120, 3, 4), (60, 5, 3)] as [(Int, Int, Double?)] {
      for seed in 0..<5 {
        let points = random(count, dimensions, seed: seed, steps: steps)
        let ranks = ParetoFront.ranks(points)
        for index in points.indices {
          let above = points.indices.filter { ParetoFront.dominates(points[$0], points[index]) }.map { ranks[$0] }.max()
          #expect(ranks[index] == above.map { $0 + 1 } ?? 0)
        }
      }
    }
    #expect(ParetoFront.ranks([]) == [] && ParetoFront.ranks([[1, 2], [1, 2], [0, 5], [1, 3]]) == [0, 0, 0, 1])
  }

  @Test func volumesAreTheSharesOfPointsThatAreDominated() {
    // On a lattice, whose cells are counted.
    for dimensions in 1...4 {
      let steps = 6
      for seed in 0..<4 {
        let points = random(9, dimensions, seed: seed, steps: Double(steps))
        var count = 0
        let cells = (0..<dimensions).reduce(1) { total, _ in total * steps }
        for cell in 0..<cells {
          var (rest, corner) = (cell, [Double]())
          for _ in 0..<dimensions {
            corner.append((Double(rest % steps) + 0.5) / Double(steps))
            rest /= steps
          }
          if points.contains(where: { zip($0, corner).allSatisfy { $0 < $1 } }) { count += 1 }
        }
        let volume = ParetoFront.hypervolume(points, reference: Array(repeating: 1, count: dimensions))
        #expect(abs(volume - Double(count) / Double(cells)) < 1e-12)
      }
    }
    #expect(ParetoFront.hypervolume([[2, 0]], reference: [1, 1]) == 0 && ParetoFront.hypervolume([], reference: [1, 1, 1]) == 0)
  }

  @Test func eachPointOfASubsetAddsMost() {
    for dimensions in [1, 2, 3] {
      let points = random(15, dimensions, seed: dimensions, steps: dimensions == 2 ? 5 : nil)
      let reference = Array(repeating: 0.9, count: dimensions)
      let subset = ParetoFront.subset(6, of: points, reference: reference)
      #expect(Set(subset).count == 6)
      var chosen: [Int] = []
      for next in subset {
        func volume(with index: Int) -> Double { ParetoFront.hypervolume((chosen + [index]).map { points[$0] }, reference: reference) }
        let best = points.indices.filter { !chosen.contains($0) }.map(volume).max() ?? 0
        #expect(abs(volume(with: next) - best) < 1e-12)
        chosen.append(next)
      }
    }
    #expect(ParetoFront.subset(9, of: [[1, 1], [0, 0]], reference: [2, 2]) == [1, 0])
  }

  @Test func crowdingIsTheDistanceOfTheNeighbours() {
    let front = [[0.0, 10], [1, 6], [2, 5], [4, 0]]
    let distances = ParetoFront.crowding(front)
    #expect(distances[0] == .infinity && distances[3] == .infinity)
    #expect(abs(distances[1] - (2.0 / 4 + 5.0 / 10)) < 1e-15 && abs(distances[2] - (3.0 / 4 + 6.0 / 10)) < 1e-15)
    #expect(ParetoFront.crowding([[3, 3]]) == [0] && ParetoFront.crowding([]) == [] && ParetoFront.crowding([[1], [1]]) == [0, 0])
  }
}

// Latin hypercubes as a search: of so many trials, each parameter has one in each of so many equal shares of its range.

import SweepCore
import SweepNumerics

/// McKay, Beckman and Conover 1979: coordinate j of point i is (πⱼ(i) + U)/N, with a random order πⱼ of the N trials of the budget. Positions beyond
/// them, which are needed where a space forbids points, are those of further hypercubes. Another budget is another hypercube.
public struct LatinHypercubeSampler: PointSampler {
  public init() {}

  public func count(in problem: SearchProblem) throws(SweepError) -> Int? {
    _ = try Self.size(problem)
    return UnitPoints(problem).count
  }

  private static func size(_ problem: SearchProblem) throws(SweepError) -> Int {
    if let budget = problem.budget { return max(budget, 1) }
    throw SweepError(
      .input, "a Latin hypercube is made for a number of trials, and none is given", place: "run_cap",
      remedy: "write 'run_cap: 100', or use 'method: sobol'")
  }

  public func points(at positions: Range<Int>, in problem: SearchProblem) throws(SweepError) -> [Assignment] {
    let size = try Self.size(problem)
    let points = UnitPoints(problem)
    var (cube, orders) = (-1, [Permutation]())
    return try points.points(at: positions) { position in
      if position / size != cube {
        cube = position / size
        var generator = SeededGenerator(seed: problem.seed, purpose: .scrambling, index: cube)
        orders = (0..<points.dimensions).map { _ in Permutation(count: size, seed: Int(truncatingIfNeeded: generator.next())) }
      }
      var generator = SeededGenerator(seed: problem.seed, purpose: .strata, index: position)
      // Rounded, a sum may be 1.
      return orders.map { min((Double($0[position % size]) + generator.nextUnit()) / Double(size), 1 - 0x1p-53) }
    }
  }
}

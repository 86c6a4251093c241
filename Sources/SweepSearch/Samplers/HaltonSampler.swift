// Halton's sequence as a search. Like Sobol's; good for any number of trials, worse in many dimensions.

import SweepCore
import SweepNumerics

/// The trial at a position, from 0, has the point of Halton's scrambled sequence after that position.
public struct HaltonSampler: PointSampler {
  public init() {}

  public func count(in problem: SearchProblem) throws(SweepError) -> Int? { UnitPoints(problem).count }

  public func points(at positions: Range<Int>, in problem: SearchProblem) throws(SweepError) -> [Assignment] {
    let points = UnitPoints(problem)
    let halton = Halton(dimensions: points.dimensions, seed: problem.seed)
    return try points.points(at: positions) { halton.point($0 + 1) }
  }
}

// Sobol's sequence as a search: as random search, but the points never lie in heaps and leave no holes.

import SweepCore
import SweepNumerics

/// The trial at a position, from 0, has the point of Sobol's scrambled sequence at that position.
public struct SobolSampler: PointSampler {
  public init() {}

  public func count(in problem: SearchProblem) throws(SweepError) -> Int? { UnitPoints(problem).count }

  public func points(at positions: Range<Int>, in problem: SearchProblem) throws(SweepError) -> [Assignment] {
    let points = UnitPoints(problem)
    let sobol = Sobol(dimensions: points.dimensions, seed: problem.seed)
    return try points.points(at: positions) { sobol.point($0) }
  }
}

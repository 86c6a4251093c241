// The grid: every point once, in the order of `SearchSpace.gridPoint`. It has no state.

import SweepCore

/// Enumerates the search space. Constant time per position, no memory.
public struct GridSampler: PointSampler {
  public init() {}

  public func count(in problem: SearchProblem) throws(SweepError) -> Int? {
    let space = problem.space
    let unfit = space.parameters.compactMap { Self.complaint(about: $0.domain, $0.name) }
    if !unfit.isEmpty { throw SweepError(.input, unfit) }
    return space.gridCount
  }

  /// Why a grid cannot have the values of a parameter; nil where it can.
  private static func complaint(about domain: Parameter.Domain, _ name: String) -> Diagnostic? {
    let what: String
    switch domain {
    case .weighted: what = "has probabilities, of which a grid knows nothing"
    case .distribution(let distribution) where distribution.gridCount == nil:
      what = "is drawn from \(distribution.family.rawValue), which a grid cannot enumerate"
    case .reals: what = "is a range of real numbers, which a grid cannot enumerate"
    default: return nil
    }
    return Diagnostic("\(name) \(what)", place: "parameters.\(name)", remedy: "list its values: {values: [...]}, or use 'method: random'")
  }

  public func points(at positions: Range<Int>, in problem: SearchProblem) throws(SweepError) -> [Assignment] {
    var points: [Assignment] = []
    for position in positions.clamped(to: 0..<(try count(in: problem) ?? 0)) {
      if let point = try problem.space.gridPoint(at: position) { points.append(point) }
    }
    return points
  }
}

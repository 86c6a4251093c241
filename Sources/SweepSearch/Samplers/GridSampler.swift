// The grid: every point once, in the order of `SearchSpace.gridPoint`. Its whole state is how many positions were looked at before.

import SweepCore

/// Enumerates the search space. Constant time per position, no memory.
public struct GridSampler: Sampler {
  public init() {}

  public func count(in space: SearchSpace) throws(SweepError) -> Int? {
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

  public func suggest(_ count: Int, in space: SearchSpace, given history: History, seed: Int) throws(SweepError) -> [Assignment] {
    let total = try self.count(in: space) ?? 0
    var points: [Assignment] = []
    for position in space.positions(count, after: history.suggested, of: total) {
      if let point = try space.gridPoint(at: position) { points.append(point) }
    }
    return points
  }
}

extension SearchSpace {
  /// Up to `count` positions after `first`, of `total`.
  func positions(_ count: Int, after first: Int, of total: Int) -> Range<Int> {
    let start = min(first, total)
    return start..<start + min(count, total - start)
  }
}

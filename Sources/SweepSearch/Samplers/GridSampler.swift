// The grid: every point once, in the order of `SearchSpace.gridPoint`. Its whole state is how many points were suggested before.

import SweepCore

/// Enumerates the search space. Constant time per point, no memory.
public struct GridSampler: Sampler {
  public init() {}

  public func count(in space: SearchSpace) throws(SweepError) -> Int? {
    if let count = space.gridCount { return count }
    let endless = space.parameters.filter { $0.domain.count == nil }
    throw SweepError(
      .input,
      endless.map {
        Diagnostic(
          "\($0.name) is a range of real numbers, which a grid cannot enumerate", place: "parameters.\($0.name)",
          remedy: "list its values: {values: [...]}")
      })
  }

  public func suggest(_ count: Int, in space: SearchSpace, given history: History, using generator: inout SeededGenerator) throws(SweepError)
    -> [Assignment]
  {
    guard let total = try self.count(in: space) else { return [] }
    let first = min(history.suggested, total)
    return (first..<min(first.addingClamped(count), total)).map(space.gridPoint(at:))
  }
}

extension Int {
  fileprivate func addingClamped(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

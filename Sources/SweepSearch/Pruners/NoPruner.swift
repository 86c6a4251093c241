// No early stopping: every trial runs to its end.

import SweepCore

public struct NoPruner: Pruner {
  static let entry = PrunerEntry(options: []) { _ in NoPruner() }

  public init() {}
  public func rung(after values: Int) -> Int? { nil }
  public func stops(_ values: [Double], at rung: Int, among rivals: [Double]) -> Bool { false }
}

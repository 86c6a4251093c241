// No early stopping: every trial runs to its end.

import SweepCore

public struct NoPruner: Pruner {
  public init() {}
  public func verdict(on trial: Trial.ID, after epoch: Int, given history: History) -> Verdict { .proceed }
}

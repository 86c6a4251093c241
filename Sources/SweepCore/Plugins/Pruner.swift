// Early stopping: is a trial worth its next epoch? Implementations are in SweepSearch/Pruners, one file each.

/// Decides after an epoch whether a trial goes on.
///
/// Pure, like a sampler. "No pruning" is an implementation (`NoPruner`), not a special case.
public protocol Pruner: Sendable {
  /// - Parameter epoch: the epoch that has just ended, from 1; its objective is already in `history`.
  func verdict(on trial: Trial.ID, after epoch: Int, given history: History) -> Verdict
}

/// A pruner that a sweep file can name.
public struct PrunerEntry: Sendable {
  /// What it takes beside its type.
  public let options: [ParameterDeclaration]
  /// What is wrong with options that are fine by themselves.
  public let problem: @Sendable ([String: ParameterValue]) -> Diagnostic?
  /// - Parameter options: a checked value for each.
  public let make: @Sendable (_ options: [String: ParameterValue]) -> any Pruner

  public init(
    options: [ParameterDeclaration], problem: @escaping @Sendable ([String: ParameterValue]) -> Diagnostic? = { _ in nil },
    make: @escaping @Sendable ([String: ParameterValue]) -> any Pruner
  ) {
    (self.options, self.problem, self.make) = (options, problem, make)
  }
}

/// What a trial is told after an epoch.
public enum Verdict: Sendable, Equatable {
  case proceed
  /// Stop for good: the trial is not worth more epochs.
  case prune
  /// Stop for now: the sweep is being interrupted; the epoch just reported is saved.
  case interrupt
}

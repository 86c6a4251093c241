// Early stopping: is a trial worth its next epoch? Implementations are in SweepSearch/Pruners, one file each. Which trials a trial is compared
// with is not decided here: by number, whatever order they run in, or by arrival (docs/adr/0013).

/// Decides at the rungs of a curve whether a trial goes on.
///
/// Pure, like a sampler. "No pruning" is an implementation (`NoPruner`), not a special case. Values are finite, and smaller is better: those of a goal
/// to maximise are negated. Reports without a finite value do not count.
public protocol Pruner: Sendable {
  /// The next rung after a point of a curve: how many values a trial has reported when it is compared; nil: there is none.
  func rung(after values: Int) -> Int?

  /// Whether a trial stops at a rung.
  /// - Parameters:
  ///   - values: what it has reported, in its order; at least as many as `rung`.
  ///   - rivals: the values at the rung of those that it is compared with, its own among them, ascending.
  func stops(_ values: [Double], at rung: Int, among rivals: [Double]) -> Bool
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

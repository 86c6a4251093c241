// What a sweep optimises. Read by the loader, used by the recorder (the `objective` column) and by everything that ranks.

/// The metric that ranks the trials, which way is better, and which epoch counts.
public struct Objective: Sendable, Hashable, Codable {
  public enum Goal: String, Sendable, Codable, CaseIterable { case minimize, maximize }
  /// `last`: the value of the last epoch. `best`: the best value of any epoch.
  public enum Epoch: String, Sendable, Codable, CaseIterable { case last, best }

  public let metric: String
  public let goal: Goal
  public let at: Epoch

  public init(metric: String, goal: Goal, at: Epoch = .last) {
    self.metric = metric
    self.goal = goal
    self.at = at
  }

  /// Whether a value is better than another; equal values are not, nor is what is not finite.
  public func isBetter(_ value: Double, than other: Double) -> Bool { value.isFinite && goal.oriented(value) < goal.oriented(other) }

  /// The value as something to minimise.
  public func oriented(_ value: Double) -> Double { goal.oriented(value) }

  /// "maximize validation_accuracy at last"
  public var text: String { "\(goal.rawValue) \(metric) at \(at.rawValue)" }
}

extension Objective.Goal {
  /// The value as something to minimise.
  public func oriented(_ value: Double) -> Double { self == .maximize ? -value : value }
}

extension [Objective] {
  /// "minimize loss at last and minimize seconds at last"
  public var text: String { map(\.text).joined(separator: " and ") }
}

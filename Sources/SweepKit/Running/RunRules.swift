// When a sweep ends before its plan does, as its file says: enough trials, time, failures, or a result that is good enough.
// Kept in the sweep's definition; StopRules keeps them while it runs.

import SweepCore
import SweepSearch

/// What ends a sweep early.
public struct RunRules: Sendable, Hashable, Codable {
  /// Points that are planned at most; nil: all.
  public var runCap: Int?
  /// A value of the objective at which nothing more is started.
  public var target: Double?
  /// Seconds after which a run stops as if it had been told to.
  public var timeBudget: Double?
  /// Failed trials of one run after which nothing more is started.
  public var maxFailures: Int?
  /// Whether a run whose first trials all fail at once goes on nevertheless.
  public var allowsFlapping = false

  public init(
    runCap: Int? = nil, target: Double? = nil, timeBudget: Double? = nil, maxFailures: Int? = nil, allowsFlapping: Bool = false
  ) {
    (self.runCap, self.target, self.timeBudget) = (runCap, target, timeBudget)
    (self.maxFailures, self.allowsFlapping) = (maxFailures, allowsFlapping)
  }
}

/// Early stopping, as a file asks for it.
public struct EarlyTermination: Sendable, Hashable, Codable {
  /// A name in the register of pruners.
  public let type: String
  /// A checked value for each option that the pruner takes.
  public let options: [String: ParameterValue]

  public init(type: String, options: [String: ParameterValue]) { (self.type, self.options) = (type, options) }

  func pruner() throws(SweepError) -> any Pruner { try pruners.find(type).make(options) }
}

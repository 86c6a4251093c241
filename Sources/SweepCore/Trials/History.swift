// The read-only past of a sweep that samplers and strategies see. A value: never the store, never the runner, and in no order but that of numbers.

/// What is known when a search decides.
public struct History: Sendable {
  /// A trial whose outcome is known.
  public struct Outcome: Sendable {
    public let number: Int
    public let assignment: Assignment
    /// paused, or how it ended.
    public let state: TrialState
    /// Of each objective, the first first; nil: it has no finite value.
    public let objectives: [Double?]
    /// The finite values of the first objective by epoch.
    public let curve: Curve
    /// Of an epoch, as the file declares it.
    public let cost: Double

    public init(number: Int, assignment: Assignment, state: TrialState, objectives: [Double?], curve: Curve, cost: Double) {
      (self.number, self.assignment, self.state) = (number, assignment, state)
      (self.objectives, self.curve, self.cost) = (objectives, curve, cost)
    }
  }

  /// A trial of which only the point is known.
  public struct Pending: Sendable {
    public let number: Int
    public let assignment: Assignment

    public init(number: Int, assignment: Assignment) { (self.number, self.assignment) = (number, assignment) }
  }

  public let goal: Objective.Goal
  /// By number.
  public let outcomes: [Outcome]
  /// By number.
  public let pending: [Pending]

  public init(goal: Objective.Goal, outcomes: [Outcome] = [], pending: [Pending] = []) {
    (self.goal, self.outcomes, self.pending) = (goal, outcomes, pending)
  }
}

/// The finite values of a trial's objective, in the order of its epochs.
public struct Curve: Sendable, Equatable {
  public private(set) var epochs: [Int] = []
  /// As reported.
  public private(set) var values: [Double] = []

  public init() {}

  public var count: Int { values.count }

  /// Adds what a trial reported. An epoch that comes again replaces the one before, and those after it: the trial goes on from there.
  public mutating func add(_ value: Double, epoch: Int) {
    while let last = epochs.last, last >= epoch {
      epochs.removeLast()
      values.removeLast()
    }
    guard value.isFinite else { return }
    epochs.append(epoch)
    values.append(value)
  }

  /// Drops what came after an epoch.
  public mutating func cut(after epoch: Int) {
    while let last = epochs.last, last > epoch {
      epochs.removeLast()
      values.removeLast()
    }
  }
}

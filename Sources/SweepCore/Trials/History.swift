// The read-only past of a sweep that samplers and strategies see. A value: never the store, never the runner, and in no order but that of numbers.

/// What is known when a search decides. Smaller values are better: those of a goal to maximise are negated.
public struct History: Sendable {
  /// A trial whose outcome is known.
  public struct Outcome: Sendable {
    /// From 1; trials of other sweeps, from which this one starts (`prior`), have numbers of 0 and below.
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

    public init(number: Int, assignment: Assignment, state: TrialState, objectives: [Double?], curve: Curve = Curve(), cost: Double = 1) {
      (self.number, self.assignment, self.state) = (number, assignment, state)
      (self.objectives, self.curve, self.cost) = (objectives, curve, cost)
    }

    /// Whether it ran to its end and has a value for every objective.
    public var isComplete: Bool { state == .complete && objectives.allSatisfy { $0 != nil } }
  }

  /// A trial of which only the point is known.
  public struct Pending: Sendable {
    public let number: Int
    public let assignment: Assignment

    public init(number: Int, assignment: Assignment) { (self.number, self.assignment) = (number, assignment) }
  }

  /// By number.
  public let outcomes: [Outcome]
  /// By number.
  public let pending: [Pending]

  public init(outcomes: [Outcome] = [], pending: [Pending] = []) { (self.outcomes, self.pending) = (outcomes, pending) }
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

  /// The same with other values.
  public func map(_ transform: (Double) -> Double) -> Curve {
    var curve = self
    curve.values = values.map(transform)
    return curve
  }

  /// Drops what came after an epoch.
  public mutating func cut(after epoch: Int) {
    while let last = epochs.last, last > epoch {
      epochs.removeLast()
      values.removeLast()
    }
  }
}

// A trial: one assignment, run once or, after an interruption, continued. A row of the table `trial` in memory.
// It carries no results; those go through a `TrialReporter` into the store.

/// One point of the search space on its way through the pool.
public struct Trial: Sendable, Identifiable {
  /// The identity in the database; unique over all sweeps.
  public struct ID: Sendable, Hashable, RawRepresentable {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
  }

  public let id: ID
  /// The number that people use: from 1, dense within a sweep.
  public let number: Int
  public let assignment: Assignment
  /// Epochs that are already recorded; 0 for a fresh trial. Training goes on with epoch `completedEpochs + 1`.
  public let completedEpochs: Int
  /// The state after `completedEpochs`. Loaded only when the trial is about to run.
  public var checkpoint: Checkpoint?
  /// What happened to it before.
  public let past: Past
  /// The epoch after which it pauses; nil: none.
  public let until: Int?

  /// What earlier attempts of a trial left, for executors that keep their own checkpoints.
  public struct Past: Sendable, Equatable {
    /// How often it was started.
    public let attempts: Int
    /// Attempts that failed.
    public let failures: Int
    /// The last epoch that was reported; 0 or less: none is known.
    public let lastEpoch: Int
    /// The first epoch that was reported; nil: there is none.
    public let firstEpoch: Int?
    /// Whether nobody saw the last attempt end: what it reported last may not be recorded.
    public let wasCut: Bool
    /// Of the last report of the last attempt; 0: it has none.
    public let position: Int

    public static let none = Past(attempts: 0, failures: 0, lastEpoch: 0)

    public init(attempts: Int, failures: Int, lastEpoch: Int, firstEpoch: Int? = nil, wasCut: Bool = false, position: Int = 0) {
      (self.attempts, self.failures, self.lastEpoch, self.firstEpoch) = (attempts, failures, lastEpoch, firstEpoch)
      (self.wasCut, self.position) = (wasCut, position)
    }
  }

  public init(
    id: ID, number: Int, assignment: Assignment, completedEpochs: Int = 0, checkpoint: Checkpoint? = nil, past: Past = .none,
    until: Int? = nil
  ) {
    self.id = id
    self.number = number
    self.assignment = assignment
    self.completedEpochs = completedEpochs
    self.checkpoint = checkpoint
    self.past = past
    self.until = until
  }

  /// The number of the attempt that runs, or would.
  public var attempt: Int { past.attempts + 1 }

  /// The same attempt, as it goes on elsewhere after an epoch.
  public func continued(after checkpoint: Checkpoint) -> Trial {
    Trial(
      id: id, number: number, assignment: assignment, completedEpochs: checkpoint.epoch, checkpoint: checkpoint, past: past, until: until)
  }

  /// The number of epochs the trial will run, where a parameter `epochs` says so.
  public var plannedEpochs: Int? {
    if case .integer(let epochs)? = assignment["epochs"] { epochs } else { nil }
  }
}

/// What an executor needs to go on after an interruption.
public struct Checkpoint: Sendable, Equatable {
  /// Epochs completed when it was taken.
  public let epoch: Int
  /// Names the layout of `state`; an executor refuses one it does not know.
  public let format: String
  public let state: [UInt8]

  public init(epoch: Int, format: String, state: [UInt8]) {
    self.epoch = epoch
    self.format = format
    self.state = state
  }
}

extension Checkpoint: Codable {
  private enum CodingKeys: String, CodingKey { case epoch, format, state }

  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      epoch: try members.decode(Int.self, forKey: .epoch), format: try members.decode(String.self, forKey: .format),
      state: try members.decode(EncodedBytes.self, forKey: .state).bytes)
  }

  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encode(epoch, forKey: .epoch)
    try members.encode(format, forKey: .format)
    try members.encode(EncodedBytes(state), forKey: .state)
  }
}

/// Where a trial stands. waiting → running → complete | pruned | diverged | failed; a stop or a crash takes running back to waiting. A search that
/// lets a trial run a part of its epochs has it paused then, until it decides that it goes on.
public enum TrialState: String, Sendable, CaseIterable, Codable {
  case waiting, running, paused, complete, pruned, diverged, failed
}

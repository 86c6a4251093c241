// One start of a trial: how it began, how it ended, what it took. Told by the executor; the store keeps a row of each where it is a program's.

/// A trial that has been started.
public struct AttemptStart: Sendable, Equatable, Codable {
  /// From 1; counts every start of the trial.
  public let number: Int
  /// The place where it runs, from 0: of those that run at a time, each has another.
  public let slot: Int
  /// The process, which leads a group of its own; nil: the trial runs in this one, or somewhere else.
  public let process: Int32?
  /// What it prints; nil: it is no program.
  public let log: String?
  /// Whether it has nothing to go on from: what earlier attempts reported is then forgotten.
  public let isFresh: Bool

  public init(number: Int, slot: Int = 0, process: Int32? = nil, log: String? = nil, isFresh: Bool) {
    self.slot = slot
    (self.number, self.process, self.log, self.isFresh) = (number, process, log, isFresh)
  }
}

/// How an attempt ended, and what it took.
public struct AttemptEnd: Sendable, Equatable, Codable {
  public enum Result: String, Sendable, CaseIterable, Codable { case complete, pruned, diverged, failed, interrupted }

  /// Of the attempt, from 1.
  public let number: Int
  /// What it came to.
  public let result: Result
  /// Why, in a sentence.
  public let reason: String?
  /// Of a process that ended by itself.
  public let exitCode: Int32?
  /// That ended the process.
  public let signal: Int32?
  /// Wall time.
  public let seconds: Double
  /// The epoch that has them as its metric `seconds`; nil: the program reported some of its own.
  public let secondsEpoch: Int?
  /// Of the process and what it waited for.
  public let cpuSeconds: Double
  /// The largest resident set of one of its processes, as far as it was seen; 0: it was too small or too short for that.
  public let memoryBytes: Int

  public init(
    number: Int, result: Result, reason: String?, exitCode: Int32?, signal: Int32?, seconds: Double, secondsEpoch: Int?,
    cpuSeconds: Double, memoryBytes: Int
  ) {
    (self.number, self.secondsEpoch) = (number, secondsEpoch)
    (self.result, self.reason, self.exitCode, self.signal) = (result, reason, exitCode, signal)
    (self.seconds, self.cpuSeconds, self.memoryBytes) = (seconds, cpuSeconds, memoryBytes)
  }
}

// What happens to a trial, as a value that is made where the trial runs, goes anywhere, and is recorded once: the built-in trainer, programs,
// closures and `sweep tell` all speak it, and nothing else writes a result.

/// Something that happened to a trial.
// Indirect: a million of them are handed on and kept for a moment, and most of them are small.
public indirect enum TrialEvent: Sendable, Equatable {
  /// An attempt runs from now on.
  case started(AttemptStart)
  case epoch(EpochReport)
  /// What was told of these metrics after an epoch does not count, as if it had not been: somebody with a better right tells of them, or the trial goes on
  /// from there. nil: of all metrics.
  case withdrawn(metrics: [String]?, after: Int)
  /// Where the trial has not ended with its attempt (a retry, an interruption), it waits again.
  case attemptEnded(AttemptEnd, waitsAgain: Bool)
  case ended(TrialEnd)
  /// Something that people should know of the trial, in a sentence.
  case note(String)
}

/// What a trial reports when an epoch has ended, saved together.
public struct EpochReport: Sendable, Equatable {
  public let metrics: EpochMetrics
  /// The state to go on from; nil: there is none, or the trial keeps it itself.
  public let checkpoint: Checkpoint?
  /// What it answered, where that is kept.
  public let outcome: KeptOutcome?

  public init(_ metrics: EpochMetrics, checkpoint: Checkpoint? = nil, outcome: KeptOutcome? = nil) {
    (self.metrics, self.checkpoint, self.outcome) = (metrics, checkpoint, outcome)
  }
}

/// An event with where and when it happened. An attempt of a trial is one source: whatever comes with a position that was recorded is a repetition.
public struct TrialReport: Sendable, Equatable {
  public let trial: Trial.ID
  /// From 1; counts every start of the trial. 0: it was never started.
  public let attempt: Int
  /// From 1, in the attempt.
  public let position: Int
  /// Milliseconds since 1970, by the clock of the machine on which it happened.
  public let at: Int64
  public let event: TrialEvent

  public init(trial: Trial.ID, attempt: Int, position: Int, at: Int64, event: TrialEvent) {
    (self.trial, self.attempt, self.position, self.at, self.event) = (trial, attempt, position, at, event)
  }
}

// As JSON: {"trial":7,"attempt":1,"position":3,"at":1767225600000,"epoch":{"epoch":2,"values":["loss",0.41],"checkpoint":{…}}}
extension TrialReport: Codable {
  private enum CodingKeys: String, CodingKey {
    case trial, attempt, position, at
    case started, epoch, withdrawn, attemptEnded = "attempt_ended", waitsAgain = "waits_again", ended, note
  }

  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    let event: TrialEvent
    if let start = try members.decodeIfPresent(AttemptStart.self, forKey: .started) {
      event = .started(start)
    } else if let epoch = try members.decodeIfPresent(EpochReport.self, forKey: .epoch) {
      event = .epoch(epoch)
    } else if let withdrawal = try members.decodeIfPresent(Withdrawal.self, forKey: .withdrawn) {
      event = .withdrawn(metrics: withdrawal.metrics, after: withdrawal.after)
    } else if let end = try members.decodeIfPresent(AttemptEnd.self, forKey: .attemptEnded) {
      event = .attemptEnded(end, waitsAgain: try members.decode(Bool.self, forKey: .waitsAgain))
    } else if let end = try members.decodeIfPresent(TrialEnd.self, forKey: .ended) {
      event = .ended(end)
    } else {
      event = .note(try members.decode(String.self, forKey: .note))
    }
    self.init(
      trial: .init(rawValue: try members.decode(Int64.self, forKey: .trial)), attempt: try members.decode(Int.self, forKey: .attempt),
      position: try members.decode(Int.self, forKey: .position), at: try members.decode(Int64.self, forKey: .at), event: event)
  }

  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encode(trial.rawValue, forKey: .trial)
    try members.encode(attempt, forKey: .attempt)
    try members.encode(position, forKey: .position)
    try members.encode(at, forKey: .at)
    switch event {
    case .started(let start): try members.encode(start, forKey: .started)
    case .epoch(let epoch): try members.encode(epoch, forKey: .epoch)
    case .withdrawn(let metrics, let after): try members.encode(Withdrawal(metrics: metrics, after: after), forKey: .withdrawn)
    case .attemptEnded(let end, let waitsAgain):
      try members.encode(end, forKey: .attemptEnded)
      try members.encode(waitsAgain, forKey: .waitsAgain)
    case .ended(let end): try members.encode(end, forKey: .ended)
    case .note(let text): try members.encode(text, forKey: .note)
    }
  }
}

private struct Withdrawal: Codable {
  let metrics: [String]?
  let after: Int
}

extension EpochReport: Codable {
  private enum CodingKeys: String, CodingKey { case epoch, values, checkpoint, outcome }

  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    var pairs = try members.nestedUnkeyedContainer(forKey: .values)
    var values: [(name: String, value: Double)] = []
    while !pairs.isAtEnd { values.append((try pairs.decode(String.self), try pairs.decode(AnyDouble.self).value)) }
    self.init(
      EpochMetrics(epoch: try members.decode(Int.self, forKey: .epoch), values: values),
      checkpoint: try members.decodeIfPresent(Checkpoint.self, forKey: .checkpoint),
      outcome: try members.decodeIfPresent(KeptOutcome.self, forKey: .outcome))
  }

  /// Names and values in turn: their order is that of the columns.
  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encode(metrics.epoch, forKey: .epoch)
    var pairs = members.nestedUnkeyedContainer(forKey: .values)
    for (name, value) in metrics.values {
      try pairs.encode(name)
      try pairs.encode(AnyDouble(value))
    }
    try members.encodeIfPresent(checkpoint, forKey: .checkpoint)
    try members.encodeIfPresent(outcome, forKey: .outcome)
  }
}

/// A number that JSON may lack: what is not finite, and the zero below zero, are texts.
private struct AnyDouble: Codable {
  let value: Double

  init(_ value: Double) { self.value = value }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      guard let value = Double(text) else { throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is no number") }
      self.value = value
    } else {
      value = try container.decode(Double.self)
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if value.isFinite, value != 0 || value.sign == .plus { try container.encode(value) } else { try container.encode(value.description) }
  }
}

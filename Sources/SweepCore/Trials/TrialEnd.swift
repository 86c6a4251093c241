// How a trial ended, and what an epoch makes of a trial: the one place where divergence, the last epoch and early stopping are weighed.

/// How a trial ended.
public enum TrialEnd: Sendable, Equatable {
  case complete
  /// The last epoch that counts; what it reported after that is dropped.
  case pruned(afterEpoch: Int)
  /// A metric became NaN or infinite: a result, not an error.
  case diverged(epoch: Int, reason: String)
  case failed(reason: String)

  /// What a trial comes to with an epoch; nil: it has not ended, it goes on or stops for now.
  ///
  /// What is not finite is told first, then that it has come to its end: a trial that has finished is complete, whatever the verdict.
  /// - Parameters:
  ///   - metric: the one that must be finite; nil: all of them.
  ///   - isLast: whether the trial ends with this epoch by itself.
  public static func after(_ epoch: EpochMetrics, watching metric: String? = nil, isLast: Bool, verdict: Verdict = .proceed) -> TrialEnd? {
    if let bad = epoch.values.first(where: { !$0.value.isFinite && (metric == nil || $0.name == metric) }) {
      return .diverged(epoch: epoch.epoch, reason: "\(bad.name) is \(bad.value.isNaN ? "not a number" : "infinite")")
    }
    if isLast { return .complete }
    if case .prune(let afterEpoch) = verdict { return .pruned(afterEpoch: afterEpoch) }
    return nil
  }

  public var state: TrialState {
    switch self {
    case .complete: .complete
    case .pruned: .pruned
    case .diverged: .diverged
    case .failed: .failed
    }
  }

  /// Why, in a sentence; nil for a complete trial.
  public var reason: String? {
    switch self {
    case .complete: nil
    case .pruned(let epoch): "pruned after epoch \(epoch)"
    case .diverged(let epoch, let reason): "epoch \(epoch): \(reason)"
    case .failed(let reason): reason
    }
  }
}

extension TrialEnd: Codable {
  private enum CodingKeys: String, CodingKey { case state, epoch, reason }

  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    switch try members.decode(TrialState.self, forKey: .state) {
    case .complete: self = .complete
    case .pruned: self = .pruned(afterEpoch: try members.decode(Int.self, forKey: .epoch))
    case .diverged: self = .diverged(epoch: try members.decode(Int.self, forKey: .epoch), reason: try members.decode(String.self, forKey: .reason))
    case .failed: self = .failed(reason: try members.decode(String.self, forKey: .reason))
    case let state:
      throw DecodingError.dataCorruptedError(forKey: .state, in: members, debugDescription: "a trial does not end as \(state.rawValue)")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encode(state, forKey: .state)
    switch self {
    case .complete: break
    case .pruned(let epoch): try members.encode(epoch, forKey: .epoch)
    case .diverged(let epoch, let reason):
      try members.encode(epoch, forKey: .epoch)
      try members.encode(reason, forKey: .reason)
    case .failed(let reason): try members.encode(reason, forKey: .reason)
    }
  }
}

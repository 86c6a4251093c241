// Of which trials the answers and the models are kept, as a sweep file says it: all, none, or the best so many.

/// The trials whose answers, or whose models, a sweep keeps.
public enum KeepPolicy: Sendable, Hashable {
  case all
  /// The best so many by the objective, at any time; 1 or more.
  case top(Int)
  case none

  /// "all", "none" or "top 20".
  public init?(_ text: String) {
    switch text {
    case "all": self = .all
    case "none": self = .none
    default:
      let words = text.split(separator: " ")
      guard words.count == 2, words[0] == "top", let count = Int(words[1]), count > 0 else { return nil }
      self = .top(count)
    }
  }

  public var text: String {
    switch self {
    case .all: "all"
    case .top(let count): "top \(count)"
    case .none: "none"
    }
  }
}

extension KeepPolicy: Codable {
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let policy = KeepPolicy(text) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is no policy of keeping"))
    }
    self = policy
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

/// What a sweep keeps of its trials beyond their metrics.
public struct Keeping: Sendable, Hashable, Codable {
  public var predictions: KeepPolicy
  public var models: KeepPolicy

  /// The answers of enough trials to compare all that could be the best, and the best model.
  public static let standard = Keeping(predictions: .top(1000), models: .top(1))

  public init(predictions: KeepPolicy, models: KeepPolicy) { (self.predictions, self.models) = (predictions, models) }
}

/// Which epochs of the trials of a cohort may be the ones that count, so that what they answered is worth making: the last, or where the best counts
/// each that is better than those before. After an interruption the best is not known here; whoever records, and knows it, throws away what is worse.
public struct OutcomeKeeper: Sendable {
  private let objective: Objective
  /// What is kept of an epoch that counts.
  public let keeping: Keeping
  private var best: [Trial.ID: Double] = [:]

  public init(_ objective: Objective, _ keeping: Keeping) { (self.objective, self.keeping) = (objective, keeping) }

  /// - Parameter isLast: whether the trial ends with this epoch, complete.
  public mutating func isKept(_ metrics: EpochMetrics, of trial: Trial.ID, isLast: Bool) -> Bool {
    guard keeping.predictions != .none || keeping.models != .none else { return false }
    guard objective.at == .best else { return isLast }
    guard let value = metrics[objective.metric], best[trial].map({ objective.isBetter(value, than: $0) }) ?? true else { return false }
    best[trial] = value
    return true
  }
}

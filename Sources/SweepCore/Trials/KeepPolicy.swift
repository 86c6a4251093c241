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

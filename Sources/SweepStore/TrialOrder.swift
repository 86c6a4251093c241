// What a page of trials is asked for with: by what they are sorted, which of them, and where the page before ended. Values without SQL, so that
// whoever asks from outside can send them; what they mean is in Columns and Store+Pages.

import Foundation
import SweepCore

/// A property of trials to sort and to filter by.
public enum TrialKey: Sendable, Hashable, Codable {
  case number, state, objective, attempt
  case epochsDone, startedAt, finishedAt
  /// The last value of a metric.
  case metric(String)
  case parameter(String)
}

/// An order of trials: by a key, the smaller number first among equals, and trials without a value last, whichever way the order goes. Numbers
/// come before truth values, those before texts, and those before lists and mappings, which go by their JSON; states go as they are declared.
public struct TrialOrder: Sendable, Hashable, Codable {
  public let key: TrialKey
  public let isDescending: Bool

  public init(_ key: TrialKey, descending: Bool = false) { (self.key, isDescending) = (key, descending) }

  /// By objective, the best first.
  public static func best(_ objective: Objective) -> TrialOrder { TrialOrder(.objective, descending: objective.goal == .maximize) }
}

/// Which trials are on a page: those that meet all of it.
public struct TrialFilter: Sendable, Hashable, Codable {
  /// nil: in any state.
  public var states: Set<TrialState>?
  /// Whether the file asks for them; nil: either.
  public var isPlanned: Bool?
  public var conditions: [Condition]

  public struct Condition: Sendable, Hashable, Codable {
    public let key: TrialKey
    public let test: Test

    public init(_ key: TrialKey, _ test: Test) { (self.key, self.test) = (key, test) }
  }

  public enum Test: Sendable, Hashable, Codable {
    /// A number, both ends included; nil: no such end.
    case range(from: Double?, to: Double?)
    /// It means one of these; `null`: there is no value. Times and states are texts.
    case isAny([ParameterValue])
  }

  public init(states: Set<TrialState>? = nil, isPlanned: Bool? = nil, _ conditions: [Condition] = []) {
    (self.states, self.isPlanned, self.conditions) = (states, isPlanned, conditions)
  }

  /// Those that rankings show.
  public static let ranked = TrialFilter(states: [.complete], isPlanned: true)
}

/// Where a page ended. The next one begins behind its key, whatever became of the trial meanwhile: one that moves ahead of the key is not seen
/// any more, one that moves behind it is seen again, and all others are seen exactly once.
public struct TrialCursor: Sendable, Hashable {
  let order: TrialOrder
  let value: ParameterValue
  let number: Int
  /// The change of the sweep that the page was made at.
  public let revision: Int
}

// A text without meaning to whoever passes it on, fit for an address.
extension TrialCursor: Codable, LosslessStringConvertible {
  private struct Text: Codable {
    let order: TrialOrder
    let value: ParameterValue
    let number: Int
    let revision: Int
  }

  public var description: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    // Values of parameters are finite, and so is what columns hold of metrics.
    let json = (try? encoder.encode(Text(order: order, value: value, number: number, revision: revision))) ?? Data()
    return json.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// nil where the text is not of a cursor.
  public init?(_ description: String) {
    let padding = String(repeating: "=", count: (4 - description.utf8.count % 4) % 4)
    guard let json = Data(base64Encoded: description.replacing("-", with: "+").replacing("_", with: "/") + padding),
      let text = try? JSONDecoder().decode(Text.self, from: json)
    else { return nil }
    (order, value, number, revision) = (text.order, text.value, text.number, text.revision)
  }

  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let cursor = TrialCursor(text) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is no cursor"))
    }
    self = cursor
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

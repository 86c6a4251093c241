// Which trials are better: what all searches that go by ranks share. Values themselves are of no interest here.

import SweepCore

/// The trials of a history from the best to the worst: complete ones, then those that were stopped, then those without a value.
package struct TrialRanking {
  private enum Group: Int { case complete, stopped, valueless }

  private struct Key {
    let group: Group
    /// Ascending; of those that were stopped, −epochs reached and the last value.
    let first: Double
    let second: Double

    func isBefore(_ other: Key) -> Bool { (group.rawValue, first, second) < (other.group.rawValue, other.first, other.second) }
  }

  private let history: History
  private let keys: [Key]
  /// How many have a value of any kind.
  package let valueCount: Int

  package init(_ history: History) {
    self.history = history
    var count = 0
    keys = history.outcomes.indices.map { index in
      let key = Self.key(history.outcomes[index])
      if key.group != .valueless { count += 1 }
      return key
    }
    valueCount = count
  }

  private static func key(_ outcome: History.Outcome) -> Key {
    switch outcome.state {
    case .complete:
      if let value = outcome.objectives.first ?? nil, outcome.isComplete { return Key(group: .complete, first: value, second: 0) }
    case .pruned, .paused, .running, .waiting:
      if let epoch = outcome.curve.epochs.last, let value = outcome.curve.values.last {
        return Key(group: .stopped, first: -Double(epoch), second: value)
      }
    case .failed, .diverged: break
    }
    return Key(group: .valueless, first: 0, second: 0)
  }

  /// Places among the outcomes, the best first; of equals the first first.
  package func best(_ count: Int, of objectives: Int = 1) -> [Int] {
    var best: [Int] = []
    for index in keys.indices {
      if best.count == count {
        guard let worst = best.last, keys[index].isBefore(keys[worst]) else { continue }
        best.removeLast()
      }
      best.insert(index, at: best.firstIndex { keys[index].isBefore(keys[$0]) } ?? best.count)
    }
    return best
  }
}

// Which trials are better: what all searches that go by ranks share. Values themselves are of no interest here.

import SweepCore
import SweepNumerics

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

  /// Places among the outcomes, the best first; of equals the first first. Of several objectives by fronts, of the last of which those that add most
  /// to the hypervolume (Ozaki et al. 2022, "Multiobjective tree-structured Parzen estimator").
  package func best(_ count: Int, of objectives: Int = 1) -> [Int] {
    let complete = objectives > 1 ? keys.indices.filter { keys[$0].group == .complete } : []
    if complete.isEmpty { return first(count) }
    let points = complete.map { history.outcomes[$0].objectives.prefix(objectives).compactMap(\.self) }
    let ranks = ParetoFront.ranks(points)
    var best: [Int] = []
    for rank in 0...(ranks.max() ?? 0) where best.count < count {
      let front = points.indices.filter { ranks[$0] == rank }
      let reference = (0..<objectives).map { objective in
        let values = front.map { points[$0][objective] }
        let (least, greatest) = (values.min() ?? 0, values.max() ?? 0)
        return greatest + (greatest > least ? 0.1 * (greatest - least) : max(0.1 * abs(greatest), 1e-300))
      }
      let chosen =
        front.count <= count - best.count
        ? Array(front.indices) : ParetoFront.subset(count - best.count, of: front.map { points[$0] }, reference: reference)
      best += chosen.map { complete[front[$0]] }
    }
    if best.count < count { best += first(count).filter { keys[$0].group != .complete } }
    return best
  }

  private func first(_ count: Int) -> [Int] {
    if count == 0 { return [] }
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

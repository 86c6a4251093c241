// The tree-structured Parzen estimator: points that are likelier among the good trials than among the others. Here it is decided which trials are
// good and which point is chosen; the densities are in ParzenMixture.swift.

import SweepCore
import SweepNumerics

/// `method: tpe` (Bergstra et al. 2011, "Algorithms for hyper-parameter optimization"; multivariate as in Falkner et al. 2018, "BOHB"; settings of
/// Optuna 5: γ = 0.1 and at most 25 good trials, 24 candidates, trials under way count as bad ones).
///
/// Parameters with the same condition form a block, whose densities are of the trials in which it was in use.
public struct TreeParzenEstimator: AdaptiveSampler {
  /// n₀: with fewer results than these, the centre of the space and Sobol's points.
  static let startingResults = 10
  static let candidates = 24

  public init() {}

  public func search(_ problem: SearchProblem) throws(SweepError) -> any AdaptiveSearch { TreeParzenSearch(problem) }

  /// How many of n results are good: ⌈0.1 n⌉, at most 25.
  package static func goodCount(of results: Int) -> Int { min(Int((0.1 * Double(results)).rounded(.up)), 25) }
}

private final class TreeParzenSearch: AdaptiveSearch {
  private let problem: SearchProblem
  private let encoding: Encoding
  private let sobol: Sobol
  private var blocks: [Block]
  /// Memory alone: the trials of the last history, by number, and what was made of them.
  private var known: [Known] = []
  private var tried: TriedPoints

  private struct Known {
    let number: Int
    let assignment: Assignment
    let row: [Double]
  }

  /// Dimensions that are in use together.
  private struct Block {
    let dimensions: [Int]
    /// Of `known`, those in which it was in use.
    var members: [Int] = []
    var bad: ParzenMixture
  }

  init(_ problem: SearchProblem) {
    self.problem = problem
    let encoding = Encoding(problem.space)
    self.encoding = encoding
    sobol = Sobol(dimensions: encoding.count, seed: problem.seed)
    tried = TriedPoints(problem, encoding)
    blocks = encoding.blocks.map { dimensions in Block(dimensions: dimensions, bad: ParzenMixture(dimensions.map { encoding.dimensions[$0] })) }
  }

  func suggest(_ number: Int, given history: History) throws(SweepError) -> Suggestion? {
    let places = try remember(history)
    let ranking = TrialRanking(history)
    var generator = SeededGenerator(seed: problem.seed, purpose: .mixtures, index: number)
    var point: Assignment?
    if ranking.valueCount < TreeParzenEstimator.startingResults {
      let isFirst = number == 1 && history.outcomes.isEmpty
      point = try tried.new(isFirst ? encoding.centre : encoding.row(ofUnit: sobol.point(max(number - 2, 0))))
    } else {
      let good = ranking.best(TreeParzenEstimator.goodCount(of: history.outcomes.count), of: problem.objectives).map { places[$0] }
      point = try propose(good.sorted(), &generator)
    }
    if point == nil { point = try tried.another(&generator) }
    return point.map { Suggestion($0, by: "tpe") }
  }

  // MARK: - Memory

  /// Takes in what a history has that the last one had not. A trial stays what it was when its outcome comes; where anything else has changed, all
  /// is made anew.
  /// - Returns: for each outcome, its place in `known`.
  private func remember(_ history: History) throws(SweepError) -> [Int] {
    let (outcomes, pending) = (history.outcomes, history.pending)
    var places: [Int] = []
    places.reserveCapacity(outcomes.count)
    var (waiting, place) = (0, 0)
    while places.count < outcomes.count || waiting < pending.count {
      let ended = places.count
      if waiting == pending.count || ended < outcomes.count && outcomes[ended].number < pending[waiting].number {
        see(outcomes[ended].number, outcomes[ended].assignment, at: place)
        places.append(place)
      } else {
        see(pending[waiting].number, pending[waiting].assignment, at: place)
        waiting += 1
      }
      place += 1
    }
    if place < known.count { forget(from: place) }
    return places
  }

  private func see(_ number: Int, _ assignment: Assignment, at place: Int) {
    if place < known.count {
      if known[place].number == number, known[place].assignment == assignment { return }
      forget(from: place)
    }
    add(Known(number: number, assignment: assignment, row: encoding.row(of: assignment)))
  }

  private func add(_ trial: Known) {
    known.append(trial)
    if trial.number > 0 { tried.insert(trial.assignment) }
    for index in blocks.indices {
      let row = blocks[index].dimensions.map { trial.row[$0] }
      if row.contains(where: \.isNaN) { continue }
      blocks[index].members.append(known.count - 1)
      blocks[index].bad.append(row)
    }
  }

  private func forget(from place: Int) {
    let kept = known[..<place]
    known = []
    tried.removeAll()
    for index in blocks.indices {
      blocks[index].members = []
      blocks[index].bad = ParzenMixture(blocks[index].dimensions.map { encoding.dimensions[$0] })
    }
    for trial in kept { add(trial) }
  }

  // MARK: - Choosing

  /// - Parameter good: places in `known`, ascending.
  private func propose(_ good: [Int], _ generator: inout SeededGenerator) throws(SweepError) -> Assignment? {
    var isGood = [Bool](repeating: false, count: known.count)
    for place in good { isGood[place] = true }
    var mixtures: [ParzenMixture] = []
    for block in blocks {
      block.bad.select { !isGood[block.members[$0]] }
      let mixture = ParzenMixture(block.dimensions.map { encoding.dimensions[$0] }, weights: problem.objectives > 1 ? .equal : .byAge)
      for place in block.members where isGood[place] { mixture.append(block.dimensions.map { known[place].row[$0] }) }
      mixture.select { _ in true }
      mixtures.append(mixture)
    }
    for _ in 0..<20 {
      var row = [Double](repeating: .nan, count: encoding.count)
      var last: (block: Int, candidates: [[Double]])?
      for index in blocks.indices {
        guard try encoding.use(in: row)[blocks[index].dimensions[0]] else { continue }
        let candidates = Self.ranked(good: mixtures[index], bad: blocks[index].bad, &generator)
        for (dimension, u) in zip(blocks[index].dimensions, candidates[0]) { row[dimension] = u }
        last = (index, candidates)
      }
      guard let last else { return nil }
      // What the last block decides, no other depends on.
      for candidate in last.candidates {
        for (dimension, u) in zip(blocks[last.block].dimensions, candidate) { row[dimension] = u }
        if let point = try tried.new(row) { return point }
      }
    }
    return nil
  }

  /// Points drawn from the good trials' density, that with the greatest ratio to the others' first.
  private static func ranked(good: ParzenMixture, bad: ParzenMixture, _ generator: inout SeededGenerator) -> [[Double]] {
    let candidates = (0..<TreeParzenEstimator.candidates).map { _ in good.draw(&generator) }
    let scores = zip(good.logDensities(at: candidates), bad.logDensities(at: candidates)).map(-)
    return candidates.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }.map { candidates[$0] }
  }
}

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

extension Encoding {
  /// The dimensions in blocks of the same condition, each after those that its condition reads.
  fileprivate var blocks: [[Int]] {
    let conditions = dimensions.map { dimension in
      dimension.isConditional ? dimension.names.compactMap { space.constraints.conditions[$0] } : []
    }
    let owners = Dictionary(uniqueKeysWithValues: dimensions.enumerated().flatMap { index, dimension in dimension.names.map { ($0, index) } })
    func depth(_ index: Int) -> Int {
      conditions[index].flatMap(\.names).map { 1 + (owners[$0].map(depth) ?? 0) }.max() ?? 0
    }
    var blocks: [(depth: Int, dimensions: [Int])] = []
    for index in dimensions.indices {
      if let place = blocks.firstIndex(where: { conditions[$0.dimensions[0]] == conditions[index] }) {
        blocks[place].dimensions.append(index)
      } else {
        blocks.append((depth(index), [index]))
      }
    }
    return blocks.indices.sorted { (blocks[$0].depth, $0) < (blocks[$1].depth, $1) }.map { blocks[$0].dimensions }
  }
}

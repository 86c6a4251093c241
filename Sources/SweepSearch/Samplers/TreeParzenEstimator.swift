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
  /// Memory alone: the trials of the last history, their rows, and their points.
  private var memory = TrialMemory()
  private var rows: [[Double]] = []
  private var tried: TriedPoints

  /// Dimensions that are in use together.
  private struct Block {
    let dimensions: [Int]
    /// Of all trials by number, those in which it was in use.
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
    remember(history)
    let ranking = TrialRanking(history)
    var generator = SeededGenerator(seed: problem.seed, purpose: .mixtures, index: number)
    var point: Assignment?
    if ranking.valueCount < TreeParzenEstimator.startingResults {
      point = try tried.new(number == 1 ? encoding.centre : encoding.row(ofUnit: sobol.point(max(number - 2, 0))))
    } else {
      let good = ranking.best(TreeParzenEstimator.goodCount(of: history.outcomes.count), of: problem.objectives).map { memory.places[$0] }
      point = try propose(good.sorted(), &generator)
    }
    if point == nil { point = try tried.another(&generator) }
    return point.map { Suggestion($0, by: "tpe") }
  }

  // MARK: - Memory

  /// Takes in what a history has that the last one had not. A trial stays what it was when its outcome comes; where one before it comes or goes, all
  /// is made anew.
  private func remember(_ history: History) {
    let same = memory.take(history)
    if same < rows.count {
      rows = []
      tried.removeAll()
      for index in blocks.indices {
        blocks[index].members = []
        blocks[index].bad = ParzenMixture(blocks[index].dimensions.map { encoding.dimensions[$0] })
      }
    }
    for trial in memory.trials[rows.count...] {
      let row = encoding.row(of: trial.assignment)
      rows.append(row)
      if trial.number > 0 { tried.insert(trial.assignment) }
      for index in blocks.indices {
        let part = blocks[index].dimensions.map { row[$0] }
        if part.contains(where: \.isNaN) { continue }
        blocks[index].members.append(rows.count - 1)
        blocks[index].bad.append(part)
      }
    }
  }

  // MARK: - Choosing

  /// - Parameter good: places among all trials, ascending.
  private func propose(_ good: [Int], _ generator: inout SeededGenerator) throws(SweepError) -> Assignment? {
    var isGood = [Bool](repeating: false, count: rows.count)
    for place in good { isGood[place] = true }
    var mixtures: [ParzenMixture] = []
    for block in blocks {
      block.bad.select { !isGood[block.members[$0]] }
      let mixture = ParzenMixture(block.dimensions.map { encoding.dimensions[$0] }, weights: problem.objectives > 1 ? .equal : .byAge)
      for place in block.members where isGood[place] { mixture.append(block.dimensions.map { rows[place][$0] }) }
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

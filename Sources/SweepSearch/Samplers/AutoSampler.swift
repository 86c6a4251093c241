// The sampler for whoever does not want to choose one: by what the space, the budget and the number of results are, and by nothing else. It says of each
// trial whose turn it was, and why; what the others do is in their own files. The figures behind the rules are in docs/search.md.

import SweepCore
import SweepNumerics

/// Chooses the sampler of each trial.
public struct AutoSampler: AdaptiveSampler {
  public init() {}

  public func search(_ problem: SearchProblem) -> any AdaptiveSearch { AutoSearch(problem) }

  /// Results from which on a Gaussian process costs more than it brings.
  static let manyResults = 500
  /// Parameters beyond which it does.
  static let manyDimensions = 60
  /// Of several objectives, each of which is a process of its own.
  static let manyResultsOfSeveral = 250

  /// A rule that holds, in words.
  struct Choice: Equatable {
    let sampler: String
    let reason: String
  }

  /// Whose turn it is.
  /// - Parameters:
  ///   - results: outcomes that the trial sees.
  ///   - number: of the trial.
  static func choice(_ encoding: Encoding, budget: Int?, objectives: Int, results: Int, number: Int) -> Choice {
    let d = encoding.count
    if let points = encoding.pointCount, let budget, budget >= points {
      return Choice(sampler: "grid", reason: "all \(points) points fit into the budget of \(budget)")
    }
    let isNumeric = encoding.dimensions.allSatisfy { !$0.isCategory && !$0.isConditional }
    if objectives > 1 {
      if objectives <= 3, results < manyResultsOfSeveral, d <= manyDimensions {
        return Choice(sampler: "gp", reason: "\(objectives) objectives, fewer than \(manyResultsOfSeveral) results")
      }
      if results < 1000 { return Choice(sampler: "tpe", reason: "\(objectives) objectives, fewer than 1000 results") }
      return Choice(sampler: "nsga2", reason: "\(objectives) objectives, 1000 results or more")
    }
    if results < manyResults {
      if d <= manyDimensions { return Choice(sampler: "gp", reason: "fewer than \(manyResults) results in \(counted(d, "dimension"))") }
      return Choice(sampler: "tpe", reason: "more than \(manyDimensions) dimensions")
    }
    guard isNumeric else { return Choice(sampler: "tpe", reason: "\(manyResults) results or more, in a space with categories or conditions") }
    if d <= 20, number.isMultiple(of: 5) { return Choice(sampler: "gp", reason: "every fifth trial, beside cma") }
    return Choice(sampler: "cma", reason: "\(manyResults) results or more, all parameters are numbers")
  }
}

final class AutoSearch: AdaptiveSearch {
  private let problem: SearchProblem
  private let encoding: Encoding
  private var searches: [String: any AdaptiveSearch] = [:]
  /// Of the grid: the trials before this number, and the positions before this place, are taken.
  private var grid: (number: Int, place: Int, taken: Set<Assignment>) = (1, 0, [])

  init(_ problem: SearchProblem) { (self.problem, encoding) = (problem, Encoding(problem.space)) }

  func suggest(_ number: Int, given history: History) throws(SweepError) -> Suggestion? {
    let choice = AutoSampler.choice(
      encoding, budget: problem.budget, objectives: problem.objectives, results: history.outcomes.count, number: number)
    guard choice.sampler != "grid" else {
      return try nextOfGrid(number, history).map { Suggestion($0, by: "grid", because: choice.reason) }
    }
    return try search(choice.sampler).suggest(number, given: history).map { found in
      Suggestion(found.point, by: found.sampler, because: found.reason.map { "\(choice.reason); \($0)" } ?? choice.reason)
    }
  }

  private func search(_ name: String) throws(SweepError) -> any AdaptiveSearch {
    if let known = searches[name] { return known }
    let sampler: any AdaptiveSampler =
      switch name {
      case "gp": GaussianProcessSampler()
      case "cma": EvolutionStrategy(after: AutoSampler.manyResults)
      case "nsga2": NondominatedSorting()
      default: TreeParzenEstimator()
      }
    let search = try sampler.search(problem)
    searches[name] = search
    return search
  }

  /// The first point that is neither known nor pending, in a random order that the seed decides.
  private func nextOfGrid(_ number: Int, _ history: History) throws(SweepError) -> Assignment? {
    if number < grid.number { grid = (1, 0, []) }
    for trial in history.outcomes.reversed().prefix(while: { $0.number >= grid.number }) { grid.taken.insert(trial.assignment) }
    for trial in history.pending.reversed().prefix(while: { $0.number >= grid.number }) { grid.taken.insert(trial.assignment) }
    grid.number = number
    let count = encoding.pointCount ?? 0
    let order = Permutation(count: count, seed: problem.seed)
    while grid.place < count {
      if let row = try encoding.snapped(encoding.row(at: order[grid.place])), let point = try encoding.point(row), !grid.taken.contains(point) {
        return point
      }
      grid.place += 1
    }
    return nil
  }
}

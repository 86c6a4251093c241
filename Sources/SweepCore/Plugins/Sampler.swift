// The way into the search space: which point to try next. Implementations are in SweepSearch/Samplers, one file each. None of them knows of
// clocks, workers or the store: the same problem and history give the same answer.

/// How a sweep file's `method:` searches.
public enum SearchMethod: Sendable {
  /// Points that need no results.
  case points(any PointSampler)
  /// Each point from what is known then.
  case adaptive(any AdaptiveSampler)
  /// More than new points: trials that stop for now, go on, or start from a copy of another.
  case strategy(any Strategy)

  /// Of `points`; nil: it searches by what it learns, or by nothing that can be counted beforehand.
  public var pointSampler: (any PointSampler)? { if case .points(let sampler) = self { sampler } else { nil } }

  /// Of the others, in one form.
  public var strategy: (any Strategy)? {
    switch self {
    case .points: nil
    case .adaptive(let sampler): StartingStrategy(sampler: sampler)
    case .strategy(let strategy): strategy
    }
  }
}

/// What is searched.
public struct SearchProblem: Sendable, Hashable {
  public let space: SearchSpace
  /// With the number of a trial, the only source of randomness.
  public let seed: Int
  /// Trials that there are to be (`run_cap`); nil: nobody said.
  public let budget: Int?
  /// How many objectives there are.
  public let objectives: Int
  /// Whether the same point measured again may give another value: the file says so.
  public let isNoisy: Bool

  public init(_ space: SearchSpace, seed: Int = 0, budget: Int? = nil, objectives: Int = 1, isNoisy: Bool = false) {
    (self.space, self.seed, self.budget, self.objectives, self.isNoisy) = (space, seed, budget, objectives, isNoisy)
  }
}

/// Points that need no results: a function of their position, in constant time. Grid, random, Sobol.
public protocol PointSampler: Sendable {
  /// How many positions there are to look at; nil where they never end. `Int.max` stands for "more than can be counted". A space with forbidden
  /// or conditional points has fewer points than positions.
  /// - Throws: where the space is not one this sampler can search, with a diagnostic for each parameter and its path as the place.
  func count(in problem: SearchProblem) throws(SweepError) -> Int?

  /// The points at positions from 0, in their order: fewer where the space forbids some.
  /// - Throws: what `count` throws, or where a condition of the space cannot be decided.
  func points(at positions: Range<Int>, in problem: SearchProblem) throws(SweepError) -> [Assignment]
}

/// Chooses each point from what is known.
public protocol AdaptiveSampler: Sendable {
  /// - Throws: where the problem is not one that it can search.
  func search(_ problem: SearchProblem) throws(SweepError) -> any AdaptiveSearch
}

/// A search under way. What it remembers from one call to the next saves time and nothing else: a new one gives the same answers, bit for bit.
public protocol AdaptiveSearch: AnyObject {
  /// The point of a trial; nil: there is none left to try.
  /// - Parameters:
  ///   - number: of the trial, from 1: with the seed, the only source of randomness.
  ///   - history: what may be known when it begins, which no clock decides.
  func suggest(_ number: Int, given history: History) throws(SweepError) -> Suggestion?
}

/// A point to try, and where it comes from.
public struct Suggestion: Sendable, Hashable {
  public let point: Assignment
  /// Who chose it, by the register's name: "gp".
  public let sampler: String
  /// Why it was that one's turn, in a few words; nil: it always is.
  public let reason: String?

  public init(_ point: Assignment, by sampler: String, because reason: String? = nil) {
    (self.point, self.sampler, self.reason) = (point, sampler, reason)
  }
}

/// Chooses what to do next where that is more than a new point: halving, Hyperband, populations.
public protocol Strategy: Sendable {
  /// - Throws: where the problem is not one that it can search.
  func search(_ problem: SearchProblem) throws(SweepError) -> any StrategicSearch
}

/// As `AdaptiveSearch`, of a strategy.
public protocol StrategicSearch: AnyObject {
  /// - Parameter number: of the decision, from 1; decisions to wait do not count.
  func decision(_ number: Int, given history: History) throws(SweepError) -> Decision
}

/// What a search does next.
public enum Decision: Sendable, Equatable {
  /// A new trial, up to an epoch where it pauses; nil: to its end.
  case start(Suggestion, until: Int?)
  /// A paused trial goes on.
  case resume(trial: Int, until: Int?)
  /// A new trial that goes on from a copy of another's checkpoint.
  case clone(trial: Int, Suggestion, until: Int?)
  /// Nothing until more is known.
  case wait
  case exhausted
}

/// An adaptive sampler as a strategy.
struct StartingStrategy: Strategy {
  let sampler: any AdaptiveSampler

  func search(_ problem: SearchProblem) throws(SweepError) -> any StrategicSearch { StartingSearch(try sampler.search(problem)) }
}

private final class StartingSearch: StrategicSearch {
  private let search: any AdaptiveSearch

  init(_ search: any AdaptiveSearch) { self.search = search }

  func decision(_ number: Int, given history: History) throws(SweepError) -> Decision {
    try search.suggest(number, given: history).map { .start($0, until: nil) } ?? .exhausted
  }
}

// The way into the search space: which point to try next. Implementations are in SweepSearch/Samplers, one file each. None of them knows of
// clocks, workers or the store: the same space, history and seed give the same answer.

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
  public var decisions: (any Strategy)? {
    switch self {
    case .points: nil
    case .adaptive(let sampler): StartingStrategy(sampler: sampler)
    case .strategy(let strategy): strategy
    }
  }
}

/// Points that need no results: a function of their position, in constant time. Grid, random.
public protocol PointSampler: Sendable {
  /// How many positions there are to look at; nil where they never end. `Int.max` stands for "more than can be counted". A space with forbidden
  /// or conditional points has fewer points than positions.
  /// - Throws: where the space is not one this sampler can search, with a diagnostic for each parameter and its path as the place.
  func count(in space: SearchSpace) throws(SweepError) -> Int?

  /// The points at positions from 0, in their order: fewer where the space forbids some.
  /// - Throws: what `count` throws, or where a condition of the space cannot be decided.
  func points(at positions: Range<Int>, in space: SearchSpace, seed: Int) throws(SweepError) -> [Assignment]
}

/// Chooses each point from what is known.
public protocol AdaptiveSampler: Sendable {
  /// The point of a trial; nil: there is none left to try.
  /// - Parameters:
  ///   - number: of the trial, from 1: with the seed, the only source of randomness.
  ///   - history: what may be known when it begins, which no clock decides.
  func suggest(_ number: Int, in space: SearchSpace, given history: History, seed: Int) throws(SweepError) -> Assignment?
}

/// Chooses what to do next where that is more than a new point: halving, Hyperband, populations.
public protocol Strategy: Sendable {
  /// - Parameter number: of the decision, from 1; decisions to wait do not count.
  func decision(_ number: Int, in space: SearchSpace, given history: History, seed: Int) throws(SweepError) -> Decision
}

/// What a search does next.
public enum Decision: Sendable, Equatable {
  /// A new trial, up to an epoch where it pauses; nil: to its end.
  case start(Assignment, until: Int?)
  /// A paused trial goes on.
  case resume(trial: Int, until: Int?)
  /// A new trial that goes on from a copy of another's checkpoint.
  case clone(trial: Int, Assignment, until: Int?)
  /// Nothing until more is known.
  case wait
  case exhausted
}

/// An adaptive sampler as a strategy.
struct StartingStrategy: Strategy {
  let sampler: any AdaptiveSampler

  func decision(_ number: Int, in space: SearchSpace, given history: History, seed: Int) throws(SweepError) -> Decision {
    try sampler.suggest(number, in: space, given: history, seed: seed).map { .start($0, until: nil) } ?? .exhausted
  }
}

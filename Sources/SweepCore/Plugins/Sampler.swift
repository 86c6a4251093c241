// The way into the search space: which point to try next. Implementations are in SweepSearch/Samplers, one file each.

/// Chooses what to try next.
///
/// Pure: the same space, history and seed give the same answer, so an interrupted sweep continues as if nothing had happened.
public protocol Sampler: Sendable {
  /// How many positions there are to look at; nil where they never end. `Int.max` stands for "more than can be counted". A space with forbidden
  /// or conditional points has fewer points than positions.
  /// - Throws: where the space is not one this sampler can search, with a diagnostic for each parameter and its path as the place.
  func count(in space: SearchSpace) throws(SweepError) -> Int?

  /// The points at the next `count` positions after `history.suggested`, in their order: fewer where the space forbids some.
  /// - Throws: what `count` throws, or where a condition of the space cannot be decided.
  func suggest(_ count: Int, in space: SearchSpace, given history: History, seed: Int) throws(SweepError) -> [Assignment]
}

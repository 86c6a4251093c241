// The way into the search space: which point to try next. Implementations are in SweepSearch/Samplers, one file each.

/// Chooses what to try next.
///
/// Pure: the same space, history and generator state give the same answer, so an interrupted sweep continues as if nothing had happened.
public protocol Sampler: Sendable {
  /// How many assignments there are; nil where they never end. `Int.max` stands for "more than can be counted".
  /// - Throws: where the space is not one this sampler can search, with a diagnostic for each parameter and its path as the place.
  func count(in space: SearchSpace) throws(SweepError) -> Int?

  /// Up to `count` further assignments; fewer only at the end, none when the space is exhausted.
  /// - Throws: what `count` throws.
  func suggest(_ count: Int, in space: SearchSpace, given history: History, using generator: inout SeededGenerator) throws(SweepError) -> [Assignment]
}

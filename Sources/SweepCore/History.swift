// The read-only past of a sweep that samplers and pruners see. A value: never the store, never the runner.

/// What has happened so far in a sweep.
public struct History: Sendable {
  /// How many assignments were suggested before, duplicates included: the position of a sampler that enumerates.
  public let suggested: Int
  /// The objective of each trial that has reported, by epoch ascending.
  public let curves: [Trial.ID: [Double]]

  public init(suggested: Int = 0, curves: [Trial.ID: [Double]] = [:]) {
    self.suggested = suggested
    self.curves = curves
  }
}

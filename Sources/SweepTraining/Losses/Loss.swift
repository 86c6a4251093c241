// What a loss is to the trainer: a derivative by the scores, and an evaluation. One file per loss; Losses.swift is the register.

/// A loss l(s, y) of the scores s of one image with label y.
///
/// Implementations are immutable and work on the columns of one trial within a cohort's scores; what they write depends on those columns alone.
package protocol Loss: Sendable {
  /// c such that ∂l/∂s = c · (what `gradient` writes), for K classes. It is folded into the step, where it costs nothing.
  func gradientScale(classes: Int) -> Double
  /// Writes the unscaled derivative of every row's own loss (not yet divided by the batch) into the same columns of `gradient`.
  func gradient(of scores: ScoreColumns, labels: UnsafePointer<UInt8>, into gradient: AlignedFloats, using kernels: Kernels)
  /// Adds the rows' losses, in order, and the number of images whose largest score is their label's.
  func evaluate(_ scores: ScoreColumns, labels: UnsafePointer<UInt8>, into tally: inout Tally, using kernels: Kernels)
}

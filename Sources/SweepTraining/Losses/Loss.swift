// What a loss is to the trainer: a derivative by the scores, and an evaluation. One file per loss; Losses.swift is the register.

/// A loss l(s, y) of the scores s of one image with label y.
///
/// One type per loss: neighbours of one type are computed together. Implementations are immutable and work on the columns of neighbouring
/// members; what they write for a member depends on its columns alone.
package protocol Loss: Sendable {
  /// c such that ∂l/∂s = c · (what `gradient` writes), for K classes. It is folded into the scales, where it costs nothing.
  func gradientScale(classes: Int) -> Double
  /// Writes the derivative of every row's own loss, times the member's scale, into the same columns of `gradient`.
  func gradient(of scores: ScoreColumns, scales: AlignedFloats, into gradient: AlignedFloats, using kernels: Kernels)
  /// Adds the rows' losses, in order, and the number of images whose largest score is their label's.
  func evaluate(_ scores: ScoreColumns, into tallies: inout Tallies, using kernels: Kernels)
  /// The probability that the scores of one image, [classes], give to a label. Asked once for each image of a finished training.
  func probability(of label: Int, given scores: [Float]) -> Float
}

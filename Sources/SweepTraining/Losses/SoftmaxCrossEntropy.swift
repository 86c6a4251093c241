// Softmax cross-entropy: p = softmax(s), l = −log p_y, ∂l/∂s = p − y.

package struct SoftmaxCrossEntropy: Loss {
  package init() {}

  package func gradientScale(classes: Int) -> Double { 1 }

  package func gradient(of scores: ScoreColumns, labels: UnsafePointer<UInt8>, into gradient: AlignedFloats, using kernels: Kernels) {
    kernels.softmaxGradient(scores, labels: labels, into: gradient)
  }

  package func evaluate(_ scores: ScoreColumns, labels: UnsafePointer<UInt8>, into tally: inout Tally, using kernels: Kernels) {
    kernels.softmaxEvaluate(scores, labels: labels, into: &tally)
  }
}

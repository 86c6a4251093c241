// Softmax cross-entropy: p = softmax(s), l = −log p_y, ∂l/∂s = p − y.

package struct SoftmaxCrossEntropy: Loss {
  package init() {}

  package func gradientScale(classes: Int) -> Double { 1 }

  package func gradient(of scores: ScoreColumns, scales: AlignedFloats, into gradient: AlignedFloats, using kernels: Kernels) {
    kernels.softmaxGradient(scores, scales: scales, into: gradient)
  }

  package func probability(of label: Int, given scores: [Float]) -> Float { ReferenceKernels.softmax(scores)[label] }

  package func evaluate(_ scores: ScoreColumns, into tallies: inout Tallies, using kernels: Kernels) {
    kernels.softmaxEvaluate(scores, into: &tallies)
  }
}

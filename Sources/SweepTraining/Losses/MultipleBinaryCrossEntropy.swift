// Multiple binary cross-entropy: p_k = σ(s_k), l = −(1/K) Σ_k [(1 − y_k) log(1 − p_k) + y_k log p_k], ∂l/∂s_k = (p_k − y_k) / K.
// Computed as (1/K) Σ_k softplus(s_k) − y_k s_k, which does not overflow.

package struct MultipleBinaryCrossEntropy: Loss {
  package init() {}

  package func gradientScale(classes: Int) -> Double { 1 / Double(classes) }

  package func gradient(of scores: ScoreColumns, scales: AlignedFloats, into gradient: AlignedFloats, using kernels: Kernels) {
    kernels.sigmoidGradient(scores, scales: scales, into: gradient)
  }

  package func probability(of label: Int, given scores: [Float]) -> Float { ReferenceKernels.sigmoid(scores[label]) }

  package func evaluate(_ scores: ScoreColumns, into tallies: inout Tallies, using kernels: Kernels) {
    kernels.sigmoidEvaluate(scores, into: &tallies)
  }
}

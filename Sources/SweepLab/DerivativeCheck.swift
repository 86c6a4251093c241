// The lab's section 2.1: the derivative of multiple binary cross-entropy by the scores, checked against finite differences, as a formula in
// double precision and as the trainer's own kernels compute it.

import Foundation
import SweepCore
import SweepNumerics
import SweepTraining

struct DerivativeCheck {
  let loss: String
  let scores: Int
  /// The largest |formula − finite difference|, in double precision.
  let formula: Double
  /// The largest |kernel − formula|, the kernel in single precision.
  let kernel: Double

  /// On random scores of 0 ± 3 for 10 classes.
  /// - Parameters:
  ///   - loss: its name in the register.
  ///   - value: l(s, y), written out in double precision.
  ///   - derivative: ∂l/∂s_k.
  init(
    _ loss: String, value: ([Double], Int) -> Double, derivative: ([Double], Int, Int) -> Double
  ) throws {
    let (classes, count, h) = (10, 1000, 1e-5)
    var generator = SeededGenerator(seed: 1, purpose: .synthetic)
    var (formula, kernel) = (0.0, 0.0)
    let trained = try losses.find(loss)
    let kernels = try Kernels.chosen()
    for row in 0..<count {
      let s = (0..<classes).map { _ in Double(Float(3 * generator.nextNormal())) }
      let label = row % classes
      let scores = AlignedFloats(16)
      for k in 0..<classes { scores.pointer[k] = Float(s[k]) }
      let (gradient, scale) = (AlignedFloats(16), AlignedFloats([Float(trained.gradientScale(classes: classes))]))
      [UInt8(label)].withUnsafeBufferPointer { labels in
        trained.gradient(
          of: ScoreColumns(scores, rows: 1, stride: 16, members: 0..<1, classes: classes, labels: labels), scales: scale, into: gradient,
          using: kernels)
      }
      for k in 0..<classes {
        var (above, below) = (s, s)
        above[k] += h
        below[k] -= h
        let exact = derivative(s, label, k)
        formula = max(formula, abs(exact - (value(above, label) - value(below, label)) / (2 * h)))
        kernel = max(kernel, abs(Double(gradient.pointer[k]) - exact))
      }
    }
    (self.loss, scores, self.formula, self.kernel) = (loss, count * classes, formula, kernel)
  }

  /// l = −(1/K) Σ_k [(1 − y_k) log(1 − p_k) + y_k log p_k] with p = σ(s), 1 − p = σ(−s); ∂l/∂s_k = (p_k − y_k) / K.
  static func multipleBinaryCrossEntropy() throws -> DerivativeCheck {
    func sigmoid(_ s: Double) -> Double { 1 / (1 + exp(-s)) }
    return try DerivativeCheck("multiple_binary_cross_entropy") { s, label in
      -s.enumerated().reduce(0.0) { $0 + ($1.offset == label ? log(sigmoid($1.element)) : log(sigmoid(-$1.element))) } / Double(s.count)
    } derivative: { s, label, k in
      (sigmoid(s[k]) - (k == label ? 1 : 0)) / Double(s.count)
    }
  }

  /// l = −log softmax(s)_y; ∂l/∂s_k = p_k − y_k.
  static func softmaxCrossEntropy() throws -> DerivativeCheck {
    func sum(_ s: [Double]) -> Double { s.reduce(0) { $0 + exp($1) } }
    return try DerivativeCheck("softmax_cross_entropy") { s, label in
      log(sum(s)) - s[label]
    } derivative: { s, label, k in
      exp(s[k]) / sum(s) - (k == label ? 1 : 0)
    }
  }
}

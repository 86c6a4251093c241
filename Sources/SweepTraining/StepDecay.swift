// Step decay of the learning rate: a function of the epoch alone, so that a resumed training has the same rates.

/// After every `every` epochs eta is multiplied by `factor`.
package struct StepDecay: Sendable {
  package let eta: Double
  package let every: Int?
  package let factor: Double

  package init(eta: Double, every: Int?, factor: Double) { (self.eta, self.every, self.factor) = (eta, every, factor) }

  /// eta · factorᵐ with m = ⌊(epoch − 1) / every⌋, by m multiplications.
  /// - Parameter epoch: from 1.
  package func rate(inEpoch epoch: Int) -> Double {
    guard let every else { return eta }
    return (0..<((epoch - 1) / every)).reduce(eta) { rate, _ in rate * factor }
  }
}

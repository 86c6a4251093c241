// Draws of estimates around what was measured: a Gaussian multiplier bootstrap. Each image gets a random weight; the weighted sums over
// thousands of images are jointly normal given the answers, so they are drawn from their covariance at once, without visiting images.

import SweepNumerics

/// Deviations of several estimates from their truth, drawn together. Sixteen draws are computed side by side.
package struct BootstrapDraws: Sendable {
  package typealias Lanes = SIMD16<Float>

  package let estimates: Int
  /// Groups of 16 draws.
  let groups: Int
  /// [estimates × groups]
  private let lanes: [Lanes]

  package var count: Int { groups * Lanes.scalarCount }

  /// Draws from N(0, covariance) (Chernozhukov, Chetverikov, Kato 2013, "Gaussian approximations and multiplier bootstrap for maxima of
  /// sums of high-dimensional random vectors"), by the Cholesky factor. The same covariance and seed give the same draws.
  /// - Parameters:
  ///   - covariance: [estimates × estimates], row-major, positive semidefinite up to rounding.
  ///   - count: at least so many draws.
  package init(covariance: [Double], estimates: Int, count: Int = 2000, seed: Int = 0) {
    precondition(covariance.count == estimates * estimates, "a covariance for each pair")
    self.estimates = estimates
    groups = (count + Lanes.scalarCount - 1) / Lanes.scalarCount
    let factor = Cholesky.semidefinite(covariance, size: estimates).map { Float($0) }
    var lanes = [Lanes](repeating: .zero, count: estimates * groups)
    for group in 0..<groups {
      var generator = SeededGenerator(seed: seed, purpose: .resampling, index: group)
      let normals = (0..<estimates).map { _ in
        var draw = Lanes.zero
        for lane in 0..<Lanes.scalarCount { draw[lane] = Float(generator.nextNormal()) }
        return draw
      }
      for i in 0..<estimates {
        var sum = Lanes.zero
        for k in 0...i { sum += normals[k] * factor[i * estimates + k] }
        lanes[i * groups + group] = sum
      }
    }
    self.lanes = lanes
  }

  /// The draws of one estimate in a group.
  subscript(estimate: Int, group group: Int) -> Lanes { lanes[estimate * groups + group] }

  /// The largest, over the others, of |deviation of the other − own deviation| · weight, for each draw; 0 where there are no others.
  /// - Parameter weights: [estimates]; one that is 0 takes no part.
  package func largestDifference(from own: Int, weights: [Float]) -> [Float] {
    var largest: [Float] = []
    largest.reserveCapacity(count)
    lanes.withUnsafeBufferPointer { lanes in
      for group in 0..<groups {
        let mine = lanes[own * groups + group]
        var most = Lanes.zero
        for other in 0..<estimates where weights[other] > 0 {
          let difference = (lanes[other * groups + group] - mine) * weights[other]
          most.replace(with: difference, where: difference .> most)
          most.replace(with: -difference, where: -difference .> most)
        }
        for lane in 0..<Lanes.scalarCount { largest.append(most[lane]) }
      }
    }
    return largest
  }
}

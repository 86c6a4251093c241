// Halton's sequence: points that fill the unit cube evenly, each computed from its position alone. What the points stand for is not known here.

/// Halton 1960: coordinate j of point i has the digits of i in the base of the j-th prime, mirrored at the point. Scrambled by a random permutation of
/// the digits for each base (Owen 2017, "A randomized Halton algorithm in R").
package struct Halton: Sendable {
  /// The digits' permutation for each dimension; its length is the base.
  private let digits: [[Int]]

  /// - Parameter isScrambled: false: the sequence as published, the same for each seed. Its first point is a corner.
  package init(dimensions: Int, seed: Int = 0, isScrambled: Bool = true) {
    digits = Self.primes(dimensions).enumerated().map { dimension, base in
      var digits = Array(0..<base)
      if isScrambled {
        var generator = SeededGenerator(seed: seed, purpose: .scrambling, index: dimension)
        for place in stride(from: base - 1, through: 1, by: -1) { digits.swapAt(place, Int(generator.next(below: UInt32(place + 1)))) }
      }
      return digits
    }
  }

  package var dimensions: Int { digits.count }

  /// A coordinate of 0..<1.
  /// - Parameter point: its position from 0.
  package func unit(point: Int, dimension: Int) -> Double {
    let digits = digits[dimension]
    let base = digits.count
    var (rest, weight, sum) = (point, 1 / Double(base), 0.0)
    // 0 is a digit like all others, as long as it can be seen.
    while rest > 0 || digits[0] != 0 && weight > 0x1p-56 {
      sum += Double(digits[rest % base]) * weight
      rest /= base
      weight /= Double(base)
    }
    return min(sum, 1 - 0x1p-53)
  }

  /// All coordinates of a point.
  package func point(_ position: Int) -> [Double] { (0..<dimensions).map { unit(point: position, dimension: $0) } }

  private static func primes(_ count: Int) -> [Int] {
    var primes: [Int] = []
    var candidate = 2
    while primes.count < count {
      if !primes.contains(where: { candidate % $0 == 0 }) { primes.append(candidate) }
      candidate += 1
    }
    return primes
  }
}

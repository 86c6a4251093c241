// Sobol's sequence: points that fill the unit cube evenly, each computed from its position alone. What the points stand for is not known here.

/// Sobol' 1967 with the directions of Joe and Kuo 2008 ("Constructing Sobol sequences with better two-dimensional projections") in 64 dimensions,
/// scrambled as by Owen, but by hashing (Laine and Karras 2011; Burley 2020, "Practical hash-based Owen scrambling").
///
/// Dimensions beyond the 64th are those of the first 64 again, scrambled in another way and with the points in another order.
package struct Sobol: Sendable {
  package let dimensions: Int
  private let isScrambled: Bool
  /// For each dimension.
  private let scrambles: [UInt32]
  /// For each 64 dimensions: of the order of points. The first keep theirs.
  private let shuffles: [UInt32]

  /// - Parameters:
  ///   - seed: of the sweep.
  ///   - index: which of the seed's scrambles, for instance a trial's number.
  ///   - isScrambled: false: the sequence as published, the same for each seed. Its first point is a corner.
  package init(dimensions: Int, seed: Int = 0, index: Int = 0, isScrambled: Bool = true) {
    (self.dimensions, self.isScrambled) = (dimensions, isScrambled)
    var generator = SeededGenerator(seed: seed, purpose: .scrambling, index: index)
    scrambles = (0..<dimensions).map { _ in UInt32(truncatingIfNeeded: generator.next()) }
    shuffles = (0..<(dimensions + 63) / 64).map { _ in UInt32(truncatingIfNeeded: generator.next()) }
  }

  /// A coordinate as a number of 0..<2³².
  /// - Parameter point: its position from 0; after 2³² they come again.
  package func bits(point: Int, dimension: Int) -> UInt32 {
    var position = UInt32(truncatingIfNeeded: point)
    if dimension >= 64 { position = Self.scrambled(position, shuffles[dimension / 64]) }
    var gray = position ^ position >> 1
    var bits: UInt32 = 0
    while gray != 0 {
      bits ^= Self.directions[dimension % 64 * 32 + gray.trailingZeroBitCount]
      gray &= gray - 1
    }
    return isScrambled ? Self.scrambled(bits, scrambles[dimension]) : bits
  }

  /// A coordinate of (0, 1): the middle of one of 2³² intervals.
  package func unit(point: Int, dimension: Int) -> Double { (Double(bits(point: point, dimension: dimension)) + 0.5) * 0x1p-32 }

  /// All coordinates of a point.
  package func point(_ position: Int) -> [Double] { (0..<dimensions).map { unit(point: position, dimension: $0) } }

  /// A nested uniform permutation: where a number goes depends for each of its bits on the bits above it alone.
  private static func scrambled(_ bits: UInt32, _ seed: UInt32) -> UInt32 {
    var x = reversed(bits)
    x ^= x &* 0x3d20_adea
    x &+= seed
    x &*= seed >> 16 | 1
    x ^= x &* 0x0552_6c56
    x ^= x &* 0x53a2_2864
    return reversed(x)
  }

  private static func reversed(_ bits: UInt32) -> UInt32 {
    var x = bits
    x = x >> 1 & 0x5555_5555 | (x & 0x5555_5555) << 1
    x = x >> 2 & 0x3333_3333 | (x & 0x3333_3333) << 2
    x = x >> 4 & 0x0f0f_0f0f | (x & 0x0f0f_0f0f) << 4
    return x.byteSwapped
  }

  /// V₁…V₃₂ of each dimension, one dimension after the other.
  private static let directions: [UInt32] = {
    var all = (0..<32).map { 1 << (31 - $0) } as [UInt32]
    for row in polynomials {
      let (a, degree) = (row[0], row.count - 1)
      var v = (0..<degree).map { row[$0 + 1] << (31 - UInt32($0)) }
      for k in degree..<32 {
        var next = v[k - degree] ^ v[k - degree] >> UInt32(degree)
        for i in stride(from: 1, to: degree, by: 1) where a >> UInt32(degree - 1 - i) & 1 == 1 { next ^= v[k - i] }
        v.append(next)
      }
      all += v
    }
    return all
  }()

  /// Of the dimensions from the second on: a, the inner coefficients of the primitive polynomial as bits, and m₁…m_s, whose number is its degree.
  private static let polynomials: [[UInt32]] = [
    [0, 1], [1, 1, 3], [1, 1, 3, 1], [2, 1, 1, 1], [1, 1, 1, 3, 3], [4, 1, 3, 5, 13], [2, 1, 1, 5, 5, 17], [4, 1, 1, 5, 5, 5],
    [7, 1, 1, 7, 11, 19], [11, 1, 1, 5, 1, 1], [13, 1, 1, 1, 3, 11], [14, 1, 3, 5, 5, 31], [1, 1, 3, 3, 9, 7, 49], [13, 1, 1, 1, 15, 21, 21],
    [16, 1, 3, 1, 13, 27, 49], [19, 1, 1, 1, 15, 7, 5], [22, 1, 3, 1, 15, 13, 25], [25, 1, 1, 5, 5, 19, 61], [1, 1, 3, 7, 11, 23, 15, 103],
    [4, 1, 3, 7, 13, 13, 15, 69], [7, 1, 1, 3, 13, 7, 35, 63], [8, 1, 3, 5, 9, 1, 25, 53], [14, 1, 3, 1, 13, 9, 35, 107],
    [19, 1, 3, 1, 5, 27, 61, 31], [21, 1, 1, 5, 11, 19, 41, 61], [28, 1, 3, 5, 3, 3, 13, 69], [31, 1, 1, 7, 13, 1, 19, 1],
    [32, 1, 3, 7, 5, 13, 19, 59], [37, 1, 1, 3, 9, 25, 29, 41], [41, 1, 3, 5, 13, 23, 1, 55], [42, 1, 3, 7, 3, 13, 59, 17],
    [50, 1, 3, 1, 3, 5, 53, 69], [55, 1, 1, 5, 5, 23, 33, 13], [56, 1, 1, 7, 7, 1, 61, 123], [59, 1, 1, 7, 9, 13, 61, 49],
    [62, 1, 3, 3, 5, 3, 55, 33], [14, 1, 3, 1, 15, 31, 13, 49, 245], [21, 1, 3, 5, 15, 31, 59, 63, 97], [22, 1, 3, 1, 11, 11, 11, 77, 249],
    [38, 1, 3, 1, 11, 27, 43, 71, 9], [47, 1, 1, 7, 15, 21, 11, 81, 45], [49, 1, 3, 7, 3, 25, 31, 65, 79], [50, 1, 3, 1, 1, 19, 11, 3, 205],
    [52, 1, 1, 5, 9, 19, 21, 29, 157], [56, 1, 3, 7, 11, 1, 33, 89, 185], [67, 1, 3, 3, 3, 15, 9, 79, 71], [70, 1, 3, 7, 11, 15, 39, 119, 27],
    [84, 1, 1, 3, 1, 11, 31, 97, 225], [97, 1, 1, 1, 3, 23, 43, 57, 177], [103, 1, 3, 7, 7, 17, 17, 37, 71], [115, 1, 3, 1, 5, 27, 63, 123, 213],
    [122, 1, 1, 3, 5, 11, 43, 53, 133], [8, 1, 3, 5, 5, 29, 17, 47, 173, 479], [13, 1, 3, 3, 11, 3, 1, 109, 9, 69],
    [16, 1, 1, 1, 5, 17, 39, 23, 5, 343], [22, 1, 3, 1, 5, 25, 15, 31, 103, 499], [25, 1, 1, 1, 11, 11, 17, 63, 105, 183],
    [44, 1, 1, 5, 11, 9, 29, 97, 231, 363], [47, 1, 1, 5, 15, 19, 45, 41, 7, 383], [52, 1, 3, 7, 7, 31, 19, 83, 137, 221],
    [55, 1, 1, 1, 3, 23, 15, 111, 223, 83], [59, 1, 1, 5, 13, 31, 15, 55, 25, 161], [62, 1, 1, 3, 13, 25, 47, 39, 87, 257],
  ]
}

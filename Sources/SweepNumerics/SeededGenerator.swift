// Random numbers that depend on what they are for, not on who asked before: a counter-based generator.
// Everything random in a result (initial weights, shuffles, later samplers) comes from here; integer arithmetic only, so the bits are
// the same on every machine.

/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"): a keyed bijection of a counter.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private let key: (UInt32, UInt32)
  private let stream: (UInt32, UInt32)
  private var block: UInt64 = 0
  private var pending: UInt64?

  /// - Parameters:
  ///   - seed: the seed of the sweep or the trial.
  ///   - purpose: what the numbers are for, so that two uses of a seed never share numbers.
  ///   - index: which of them, for instance the epoch.
  public init(seed: Int, purpose: Purpose, index: Int = 0) {
    let bits = UInt64(bitPattern: Int64(seed))
    key = (UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32))
    stream = (UInt32(truncatingIfNeeded: index), purpose.rawValue)
  }

  public enum Purpose: UInt32, Sendable {
    case sampling = 1
    case weights = 2
    case shuffle = 3
    case synthetic = 4
    case resampling = 5
    case permutation = 6
    case scrambling = 7
    case evolution = 8
    case mixtures = 9
    case adaptation = 10
    case acquisition = 11
    case strata = 12
  }

  public mutating func next() -> UInt64 {
    if let value = pending {
      pending = nil
      return value
    }
    let words = Self.philox(
      counter: (UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), stream.0, stream.1), key: key)
    block += 1
    pending = UInt64(words.2) | UInt64(words.3) << 32
    return UInt64(words.0) | UInt64(words.1) << 32
  }

  /// A whole number of `0..<bound`, unbiased (Lemire 2019, "Fast random integer generation in an interval").
  public mutating func next(below bound: UInt32) -> UInt32 {
    let threshold = (0 &- bound) % bound
    while true {
      let product = UInt64(UInt32(truncatingIfNeeded: next())) * UInt64(bound)
      if UInt32(truncatingIfNeeded: product) >= threshold { return UInt32(product >> 32) }
    }
  }

  /// A real number of the open interval (0, 1), a multiple of 2⁻⁵² plus 2⁻⁵³: all of them exact.
  public mutating func nextUnit() -> Double { (Double(next() >> 12) + 0.5) * 0x1p-52 }

  package typealias Words = (UInt32, UInt32, UInt32, UInt32)

  package static func philox(counter: Words, key: (UInt32, UInt32)) -> Words {
    var (c, k) = (counter, key)
    for round in 0..<10 {
      if round > 0 { k = (k.0 &+ 0x9E37_79B9, k.1 &+ 0xBB67_AE85) }
      let first = UInt64(c.0) * 0xD251_1F53
      let second = UInt64(c.2) * 0xCD9E_8D57
      c = (
        UInt32(second >> 32) ^ c.1 ^ k.0, UInt32(truncatingIfNeeded: second), UInt32(first >> 32) ^ c.3 ^ k.1, UInt32(truncatingIfNeeded: first)
      )
    }
    return c
  }
}

extension SeededGenerator {
  /// A standard normal number by inversion of the distribution function, with the same bits on every machine.
  public mutating func nextNormal() -> Double { Normal.quantile(nextUnit()) }
}

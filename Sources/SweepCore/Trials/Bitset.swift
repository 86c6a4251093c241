// Which of n things are so, a bit for each: 10,000 answers in 1,250 bytes, and pairs of trials compared 64 images at a time.

/// A fixed number of bits. Bits beyond the last are zero.
public struct Bitset: Sendable, Equatable {
  public let count: Int
  /// Bit i is bit i % 64 of word i / 64.
  public private(set) var words: [UInt64]

  public init(count: Int) {
    self.count = count
    words = Array(repeating: 0, count: (count + 63) / 64)
  }

  public init(_ bits: some Collection<Bool>) {
    self.init(count: bits.count)
    for (index, bit) in bits.enumerated() where bit { self[index] = true }
  }

  public subscript(index: Int) -> Bool {
    get { words[index >> 6] >> UInt64(index & 63) & 1 != 0 }
    set {
      let bit = UInt64(1) << UInt64(index & 63)
      if newValue { words[index >> 6] |= bit } else { words[index >> 6] &= ~bit }
    }
  }

  public var ones: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// How many bits are set here and not there.
  /// - Precondition: both have as many bits.
  public func countOnly(here other: Bitset) -> Int {
    precondition(count == other.count, "the same images are compared")
    var total = 0
    for index in words.indices { total += (words[index] & ~other.words[index]).nonzeroBitCount }
    return total
  }

  /// Bit i as bit i % 8 of byte i / 8: how the database keeps it.
  public var bytes: [UInt8] { (0..<(count + 7) / 8).map { UInt8(truncatingIfNeeded: words[$0 >> 3] >> UInt64(8 * ($0 & 7))) } }

  /// Reads what `bytes` wrote; nil where there are more or fewer bytes than `count` bits need.
  public init?(bytes: [UInt8], count: Int) {
    guard count >= 0, count <= 8 * bytes.count, bytes.count == (count + 7) / 8 else { return nil }
    self.init(count: count)
    for (index, byte) in bytes.enumerated() { words[index >> 3] |= UInt64(byte) << UInt64(8 * (index & 7)) }
  }
}

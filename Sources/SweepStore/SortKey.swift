// Values as 64 bits whose order as integers is the order of the values: columns are compared, filtered and sorted without looking at types.

import SweepCore

/// Numbers, then truth values, then texts by their place among the texts of the column, then nothing at all.
struct SortKey: Sendable, Hashable, Comparable {
  let bits: UInt64

  /// No value, or one that is not finite.
  static let none = SortKey(bits: .max)
  /// Behind the bits of infinity there is room.
  private static let truths: UInt64 = 0xfff8_0000_0000_0000
  private static let texts: UInt64 = 0xfffc_0000_0000_0000

  init(bits: UInt64) { self.bits = bits }

  init(_ number: Double) {
    guard number.isFinite else {
      self = .none
      return
    }
    let pattern = (number + 0).bitPattern  // one zero
    bits = pattern >> 63 == 1 ? ~pattern : pattern | 1 << 63
  }

  init(_ truth: Bool) { bits = Self.truths + (truth ? 1 : 0) }
  init(text place: Int) { bits = Self.texts + UInt64(place) }

  static let smallestNumber = SortKey(-Double.greatestFiniteMagnitude)
  static let largestNumber = SortKey(Double.greatestFiniteMagnitude)

  /// Its place among the texts, where it is one.
  var text: Int? { self != .none && bits >= Self.texts ? Int(bits - Self.texts) : nil }

  /// What it stands for, where it is no text.
  var value: ParameterValue {
    if self == .none { return .null }
    if bits >= Self.truths { return .bool(bits > Self.truths) }
    return .real(Double(bitPattern: bits >> 63 == 1 ? bits & ~(1 << 63) : ~bits))
  }

  /// The key of the opposite order, in which nothing comes last, too.
  var reversed: SortKey { self == .none ? .none : SortKey(bits: ~bits) }

  static func < (one: SortKey, other: SortKey) -> Bool { one.bits < other.bits }

  /// The places of the keys in ascending order, the smaller place first among equals: a radix sort, by eleven bits at a time.
  static func order(of keys: [SortKey], descending: Bool) -> [Int32] {
    let count = keys.count
    var (bits, places) = (keys.map { descending ? $0.reversed.bits : $0.bits }, (0..<Int32(count)).map { $0 })
    if count < 1 << 12 {
      places.sort { (bits[Int($0)], $0) < (bits[Int($1)], $1) }
      return places
    }
    var (nextBits, nextPlaces) = (bits, places)
    for shift in stride(from: UInt64(0), to: 64, by: 11) {
      var starts = [Int](repeating: 0, count: 1 << 11)
      for value in bits { starts[Int(value >> shift & 0x7ff)] += 1 }
      if starts.contains(count) { continue }  // all alike in these bits
      var sum = 0
      for digit in starts.indices { (starts[digit], sum) = (sum, sum + starts[digit]) }
      bits.withUnsafeBufferPointer { bits in
        places.withUnsafeBufferPointer { places in
          nextBits.withUnsafeMutableBufferPointer { nextBits in
            nextPlaces.withUnsafeMutableBufferPointer { nextPlaces in
              starts.withUnsafeMutableBufferPointer { starts in
                for index in 0..<count {
                  let digit = Int(bits[index] >> shift & 0x7ff)
                  let target = starts[digit]
                  starts[digit] = target + 1
                  nextBits[target] = bits[index]
                  nextPlaces[target] = places[index]
                }
              }
            }
          }
        }
      }
      swap(&bits, &nextBits)
      swap(&places, &nextPlaces)
    }
    return places
  }
}

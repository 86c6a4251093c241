import SweepCore
import Testing

struct BitsetTests {
  @Test(arguments: [0, 1, 7, 8, 63, 64, 65, 1000]) func bytesReadBackGiveTheSameBits(count: Int) {
    let bits = Bitset((0..<count).map { $0 % 3 == 1 || $0 == count - 1 })
    #expect(bits.bytes.count == (count + 7) / 8)
    #expect(Bitset(bytes: bits.bytes, count: count) == bits)
    #expect(bits.ones == (0..<count).count { $0 % 3 == 1 || $0 == count - 1 })
    #expect(Bitset(bytes: bits.bytes + [0], count: count) == nil)
  }

  @Test func bitsOfOneThatAreNotOfTheOtherAreCounted() {
    let (one, other) = (Bitset((0..<200).map { $0 % 2 == 0 }), Bitset((0..<200).map { $0 % 3 == 0 }))
    #expect(one.countOnly(here: other) == (0..<200).count { $0 % 2 == 0 && $0 % 3 != 0 })
    #expect(other.countOnly(here: one) == (0..<200).count { $0 % 3 == 0 && $0 % 2 != 0 })
    #expect(one.countOnly(here: one) == 0)
  }
}

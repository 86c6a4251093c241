// The check sums of the record formats that W&B and TensorBoard write.

/// A cyclic redundancy check of 32 bits, lowest bit first, as record formats protect their bytes with.
struct CRC32 {
  /// The polynomial of zlib and Ethernet.
  static let zlib = CRC32(reversedPolynomial: 0xedb8_8320)
  /// Castagnoli's, of LevelDB and TensorFlow.
  static let castagnoli = CRC32(reversedPolynomial: 0x82f6_3b78)

  private let table: [UInt32]

  private init(reversedPolynomial polynomial: UInt32) {
    table = (0..<256).map { byte in (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ polynomial : crc >> 1 } }
  }

  func callAsFunction(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { crc, byte in crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
  }
}

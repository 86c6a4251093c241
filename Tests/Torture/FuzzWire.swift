// The bytes that formats are made of: numbers, checksums, gzip members, fields of Protocol Buffers, records of W&B and TensorBoard.
// Under the fuzz targets, written without the code under test, and able to lie where that can only read.

enum Wire {
  /// Lengths and counts at which arithmetic goes wrong.
  static let lies: [UInt64] = [
    0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000, 1 << 40, 1 << 62, .max >> 1, 1 << 63, .max - 16,
    .max,
  ]

  static func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: number.littleEndian, Array.init) }
  static func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: number.bigEndian, Array.init) }

  static func varint(_ number: UInt64) -> [UInt8] {
    var (rest, bytes): (UInt64, [UInt8]) = (number, [])
    repeat {
      bytes.append(UInt8(rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
      rest >>= 7
    } while rest > 0
    return bytes
  }

  /// The polynomials, lowest bit first.
  enum Polynomial: UInt32 { case zlib = 0xedb8_8320, castagnoli = 0x82f6_3b78 }

  static func crc(_ bytes: [UInt8], _ polynomial: Polynomial) -> UInt32 {
    var crc: UInt32 = ~0
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ polynomial.rawValue : crc >> 1 }
    }
    return ~crc
  }

  // MARK: - gzip

  /// A member of a gzip file that stores what it holds as it is (RFC 1951, 1952).
  static func gzip(_ content: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]
    var rest = content[...]
    repeat {
      let block = rest.prefix(0xffff)
      rest = rest.dropFirst(block.count)
      let length = UInt16(block.count)
      bytes += [rest.isEmpty ? 1 : 0] + littleEndian(length) + littleEndian(~length) + block
    } while !rest.isEmpty
    return bytes + littleEndian(crc(content, .zlib)) + littleEndian(UInt32(truncatingIfNeeded: content.count))
  }

  // MARK: - Protocol Buffers

  /// A field of bytes.
  /// - Parameter length: what it says of its length; nil: the truth.
  static func field(_ number: UInt64, _ bytes: [UInt8], length: UInt64? = nil) -> [UInt8] {
    varint(number << 3 | 2) + varint(length ?? UInt64(bytes.count)) + bytes
  }

  // MARK: - W&B

  static let wandbHeader = Array(":W&B".utf8) + [0xe1, 0xbe, 0]

  /// A fragment of a record: 1 is a whole one, 2, 3 and 4 are the first, a middle and the last part.
  /// - Precondition: fewer than 65,536 bytes.
  static func fragment(_ bytes: [UInt8], kind: UInt8 = 1, length: UInt16? = nil) -> [UInt8] {
    littleEndian(crc([kind] + bytes, .zlib)) + littleEndian(length ?? UInt16(bytes.count)) + [kind] + bytes
  }

  // MARK: - TensorBoard

  /// A record of an event file, with right checksums whatever it says of its length.
  static func record(_ event: [UInt8], length: UInt64? = nil) -> [UInt8] {
    func masked(_ bytes: [UInt8]) -> [UInt8] {
      let value = crc(bytes, .castagnoli)
      return littleEndian((value >> 15 | value << 17) &+ 0xa282_ead8)
    }
    let count = littleEndian(length ?? UInt64(event.count))
    return count + masked(count) + event + masked(event)
  }
}

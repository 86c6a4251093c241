// The wire format of Protocol Buffers, as far as reading somebody else's messages needs it: fields with their numbers, no schema.
// Under the readers of W&B and TensorBoard files, and for hostile bytes: what is malformed ends the message, and nothing traps.

/// The fields of a message, in their order. It ends before the first field that is malformed, and before a group, which nobody writes any more.
package struct ProtobufReader: Sequence, IteratorProtocol {
  /// What a field holds; the message's schema says what that means.
  package enum Value: Equatable {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    /// A text, a message, or packed numbers.
    case bytes(ArraySlice<UInt8>)
  }

  package struct Field: Equatable {
    package let number: Int
    package let value: Value
  }

  private var rest: ArraySlice<UInt8>

  package init(_ message: ArraySlice<UInt8>) { rest = message }

  package mutating func next() -> Field? {
    guard let field = field() else {
      rest = []
      return nil
    }
    return field
  }

  /// The field of that number; of several the last counts.
  func last(_ number: Int) -> Field? { reduce(nil) { $1.number == number ? $1 : $0 } }

  /// A field begins with its number and, in the lowest three bits, how its value is written.
  private mutating func field() -> Field? {
    guard !rest.isEmpty, let key = varint(), case let number = key >> 3, 1...0x1fff_ffff ~= number, let value = value(ofKind: key & 7) else {
      return nil
    }
    return Field(number: Int(number), value: value)
  }

  private mutating func value(ofKind kind: UInt64) -> Value? {
    switch kind {
    case 0: return varint().map(Value.varint)
    case 1: return take(8).map { .fixed64($0.number(at: 0)) }
    case 2:
      guard let count = varint(), count <= UInt64(rest.count) else { return nil }
      return take(Int(count)).map(Value.bytes)
    case 5: return take(4).map { .fixed32($0.number(at: 0)) }
    default: return nil
    }
  }

  /// Seven bits in each byte, the lowest first; the highest bit says that more follow. Ten bytes hold 64 bits.
  private mutating func varint() -> UInt64? {
    var result: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard let byte = rest.popFirst(), shift < 63 || byte <= 1 else { return nil }
      result |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return result }
    }
    return nil
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }
}

extension ProtobufReader.Field {
  /// The field's bytes as a text, bytes that are none replaced; nil where it is no text.
  var text: String? { message.map { String(decoding: $0, as: UTF8.self) } }

  /// The field's bytes as the fields of a message inside the message.
  var fields: ProtobufReader? { message.map(ProtobufReader.init) }

  var message: ArraySlice<UInt8>? {
    if case .bytes(let bytes) = value { bytes } else { nil }
  }

  /// The field as a number of type int32 or int64.
  var integer: Int? {
    if case .varint(let bits) = value { Int(truncatingIfNeeded: bits) } else { nil }
  }
}

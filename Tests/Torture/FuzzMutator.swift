// Damages bytes and texts, by numbers that a seed decides. The same seed, kind and index do the same damage.
// Under all fuzz targets; it knows lines and scalars of YAML, and no other format.

import SweepCore
import SweepNumerics

extension SeededGenerator {
  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
  /// True one time in so many.
  mutating func oneIn(_ count: Int) -> Bool { number(1...count) == 1 }
  /// - Precondition: there is one.
  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[number(0...elements.count - 1)] }
  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}

struct Mutator {
  var random: SeededGenerator
  /// What was done, in words.
  private(set) var deeds: [String] = []

  init(seed: Int, kind: FuzzKind, index: Int) {
    let ordinal = FuzzKind.allCases.firstIndex(of: kind) ?? 0
    random = SeededGenerator(seed: seed &* 8 &+ ordinal, purpose: .synthetic, index: index)
  }

  /// What becomes of repetition is no longer than this.
  static let longest = 1 << 20

  var summary: String { deeds.joined(separator: ", ") }

  mutating func note(_ deed: String) { if deeds.count < 8 { deeds.append(deed) } }

  // MARK: - Bytes

  /// Bytes that mean something to somebody.
  static let specialBytes: [[UInt8]] =
    [[0], [0xff], [0x0a], [0x0d], [0x09], [0x1b, 0x5b], [0xef, 0xbb, 0xbf], [0xfe, 0xff], [0xe2, 0x80, 0xa8], [0xc0, 0x80], [0xed, 0xa0, 0x80]]
    + "{[\"'#&*!|>%@`,:-?~\\()/".utf8.map { [$0] }

  /// Does some damage anywhere.
  /// - Parameter head: two of three places are in the first so many bytes; nil: all places are alike.
  mutating func damaged(_ bytes: [UInt8], steps: ClosedRange<Int> = 1...5, head: Int? = nil) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<random.number(steps) { damage(&bytes, head: head) }
    return bytes
  }

  private mutating func damage(_ bytes: inout [UInt8], head: Int?) {
    guard !bytes.isEmpty else { return bytes = random.bytes(random.number(1...40)) }
    var last = bytes.count - 1
    if let head, !random.oneIn(3) { last = min(last, head) }
    let place = random.number(0...last)
    let end = min(bytes.count, place + random.number(1...40))
    switch random.number(0...9) {
    case 0...2:
      note("flip")
      bytes[place] ^= 1 << UInt8(random.number(0...7))
    case 3:
      note("byte")
      bytes[place] = random.pick([0, 1, 0x7f, 0x80, 0xfe, 0xff])
    case 4:
      note("removal")
      bytes.removeSubrange(place..<end)
    case 5:
      note("noise")
      bytes.insert(contentsOf: random.bytes(random.number(1...12)), at: place)
    case 6:
      note("special")
      bytes.insert(contentsOf: random.pick(Self.specialBytes), at: place)
    case 7:
      note("cut")
      bytes.removeSubrange(place...)
    case 8:
      note("length")
      let number = random.pick(Wire.lies)
      let lie = random.oneIn(2) ? Wire.varint(number) : Wire.littleEndian(number)
      bytes.replaceSubrange(place..<min(bytes.count, place + lie.count), with: lie)
    default:
      note("repetition")
      let times = min(random.pick([2, 3, 100, 10_000]), Self.longest / (end - place))
      bytes.insert(contentsOf: Array(repeatElement(bytes[place..<end], count: times).joined()), at: place)
    }
  }

  // MARK: - Lines

  /// Changes some lines, as somebody might who is in a hurry, or means harm.
  /// - Parameters:
  ///   - keys: one of them may come in the place of a key.
  ///   - scalars: one of them may come in the place of a value.
  ///   - other: a text to take lines from.
  mutating func rewritten(_ text: String, keys: [String], scalars: [String], other: String) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    for _ in 0..<random.number(1...5) where !lines.isEmpty { rewrite(&lines, keys: keys, scalars: scalars, other: other) }
    return lines.joined(separator: "\n")
  }

  private mutating func rewrite(_ lines: inout [String], keys: [String], scalars: [String], other: String) {
    let place = random.number(0...lines.count - 1)
    let end = min(lines.count, place + random.number(1...6))
    switch random.number(0...9) {
    case 0:
      note("line again")
      lines.insert(lines[place], at: random.number(0...lines.count))
    case 1:
      note("line out")
      lines.remove(at: place)
    case 2:
      note("swap")
      lines.swapAt(place, random.number(0...lines.count - 1))
    case 3:
      note("indent")
      let words = lines[place].drop { $0 == " " }
      lines[place] = random.pick(["", " ", "  ", "    ", "\t", "        "]) + words
    case 4:
      note("splice")
      let others = other.split(separator: "\n").map(String.init)
      lines.insert(contentsOf: others.prefix(random.number(0...10)), at: place)
    case 5...6:
      note("scalar")
      lines[place] = replaced(lines[place], after: [":", "[", ",", "-"], by: random.pick(scalars))
    case 7...8:
      note("key")
      let words = lines[place].drop { $0 == " " }
      guard let colon = words.firstIndex(of: ":") else { break }
      lines[place] = lines[place].prefix { $0 == " " } + random.pick(keys) + words[colon...]
    default:
      note("lines again")
      let chunk = Array(lines[place..<end])
      let length = chunk.reduce(1) { $0 + $1.utf8.count + 1 }
      let times = min(random.pick([2, 10, 100, 1_000, 10_000]), Self.longest / 4 / length)
      lines.insert(contentsOf: (0..<max(0, times)).flatMap { _ in chunk }, at: place)
    }
  }

  /// The line with another value behind one of the marks.
  private mutating func replaced(_ line: String, after marks: [Character], by scalar: String) -> String {
    let places = line.indices.filter { marks.contains(line[$0]) }
    guard !places.isEmpty else { return line + scalar }
    let start = line.index(after: random.pick(places))
    let end = line[start...].firstIndex { ",]}#".contains($0) } ?? line.endIndex
    return line[..<start] + " " + scalar + line[end...]
  }
}

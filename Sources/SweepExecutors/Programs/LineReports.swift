// From what a program prints to its metrics: lines of JSON, lines of name=value, or a pattern. Whatever else it prints is noise and passes by:
// binary, half lines, lines without end. Reads bytes; a million lines a second come through here.

import Foundation
import SweepCore
import SweepFormats

/// Cuts a stream into lines.
struct LineReader {
  /// Longer lines are nobody's report.
  static let longest = 1 << 20
  private var rest: [UInt8] = []
  private var isSkipping = false

  /// Calls `body` with each line that the bytes complete, without its end.
  mutating func read(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    var start = 0
    while start < bytes.count, let base = bytes.baseAddress, let found = memchr(base + start, 0x0a, bytes.count - start) {
      let end = base.distance(to: found.assumingMemoryBound(to: UInt8.self))
      let line = UnsafeBufferPointer(rebasing: bytes[start..<end])
      start = end + 1
      if isSkipping {
        isSkipping = false
      } else if rest.isEmpty {
        body(line)
      } else {
        rest += line
        rest.withUnsafeBufferPointer(body)
      }
      rest.removeAll(keepingCapacity: rest.count < 1 << 16)
    }
    guard start < bytes.count, !isSkipping else { return }
    rest += bytes[start...]
    // A progress bar never ends its line: what stands before its last return was overwritten.
    if rest.count > Self.longest, let last = rest.lastIndex(of: 0x0d) { rest.removeFirst(last) }
    if rest.count > Self.longest { (rest, isSkipping) = ([], true) }
  }

  /// The line that never ended, if any.
  mutating func finish(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    if !rest.isEmpty { rest.withUnsafeBufferPointer(body) }
    rest = []
  }
}

/// Reads the metrics of one line.
// Not Sendable: a regular expression is not.
struct LineParser {
  private let pattern: Regex<AnyRegexOutput>?
  private let counters: [String]

  /// - Throws: where the pattern is none.
  init(_ format: ReportFormat) throws {
    pattern = try format.pattern.map { try Regex($0) }
    counters = format.epoch.map { [$0] } ?? Numbering.standardCounters
  }

  /// nil: the line tells of no metric.
  func report(_ line: UnsafeBufferPointer<UInt8>) -> ProgramReport? {
    // Progress bars overwrite their line: what stands there last is the line.
    var line = line[...]
    while line.last == 0x0d { line.removeLast() }
    if let last = line.lastIndex(of: 0x0d) { line = line[(last + 1)...] }
    if line.contains(Self.escape) { return Self.withoutColours(line).withUnsafeBufferPointer { plainReport($0) } }
    return plainReport(UnsafeBufferPointer(rebasing: line))
  }

  /// The same of a line as a text.
  func report(of line: String) -> ProgramReport? {
    var line = line
    return line.withUTF8 { report($0) }
  }

  private func plainReport(_ line: UnsafeBufferPointer<UInt8>) -> ProgramReport? {
    guard let start = line.firstIndex(where: { $0 != 0x20 && $0 != 0x09 }) else { return nil }
    let text = UnsafeBufferPointer(rebasing: line[start...])
    if text[0] == UInt8(ascii: "{") {
      return (JSONText.members(of: text, acceptsNaN: true) ?? PythonDictionary.members(of: text)).flatMap { ProgramReport(members: $0) }
    }
    if let pattern {
      guard text.count <= Self.longestForPattern, let match = try? pattern.firstMatch(in: String(decoding: text, as: UTF8.self)) else { return nil }
      let pairs = match.output.compactMap { group -> (String, Double)? in
        guard let name = group.name, let number = group.substring.flatMap({ Self.number(String($0)) }) else { return nil }
        return (name, number)
      }
      return report(pairs)
    }
    return pairs(text).flatMap(report)
  }

  /// A regular expression takes its time over long lines.
  private static let longestForPattern = 4096

  private func report(_ pairs: [(String, Double)]) -> ProgramReport? {
    pairs.isEmpty ? nil : ProgramReport(step: nil, values: pairs.map { (name: $0.0, value: $0.1) })
  }

  private static let escape: UInt8 = 0x1b

  /// The bytes without the sequences that colour a terminal (ECMA-48: escape, a bracket, parameters, a letter).
  package static func withoutColours(_ line: some Collection<UInt8>) -> [UInt8] {
    var plain: [UInt8] = []
    plain.reserveCapacity(line.count)
    var bytes = line.makeIterator()
    var next = bytes.next()
    while let byte = next {
      next = bytes.next()
      guard byte == escape, next == UInt8(ascii: "[") else {
        plain.append(byte)
        continue
      }
      repeat { next = bytes.next() } while next.map { (0x20...0x3f).contains($0) } ?? false
      next = bytes.next()  // after the letter
    }
    return plain
  }

  /// `name=value` pairs, apart by spaces, commas or semicolons; nil where anything else is in the line. Of those the numbers count, also after blanks
  /// (`loss= 9.50`), and of a counter that says how many there are the first (`epoch=3/10`).
  private func pairs(_ line: UnsafeBufferPointer<UInt8>) -> [(String, Double)]? {
    var pairs: [(String, Double)] = []
    var position = 0
    func isGap(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";") }
    while true {
      while position < line.count, isGap(line[position]) { position += 1 }
      guard position < line.count else { return pairs.isEmpty ? nil : pairs }
      let nameStart = position
      while position < line.count, Self.isName(line[position], isFirst: position == nameStart) { position += 1 }
      guard position > nameStart, position < line.count, line[position] == UInt8(ascii: "=") else { return nil }
      let name = String(decoding: line[nameStart..<position], as: UTF8.self)
      position += 1
      var valueStart = position
      while valueStart < line.count, line[valueStart] == 0x20 { valueStart += 1 }
      var end = valueStart
      while end < line.count, !isGap(line[end]) { end += 1 }
      let value = end - valueStart <= 64 ? number(String(decoding: line[valueStart..<end], as: UTF8.self), of: name) : nil
      if let value {
        pairs.append((name, value))
        position = end
      } else if valueStart == position {
        position = end
      }
    }
  }

  private func number(_ text: String, of name: String) -> Double? {
    if let number = Self.number(text) { return number }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    return counters.contains(name) && parts.count == 2 && Self.number(String(parts[1])) != nil ? Self.number(String(parts[0])) : nil
  }

  private static func isName(_ byte: UInt8, isFirst: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "@"): !isFirst
    default: false
    }
  }

  /// A number as programs print it: 0.5, 1e-3, nan, inf; no hexadecimal.
  private static func number(_ text: String) -> Double? {
    guard let last = text.utf8.last, !text.utf8.contains(UInt8(ascii: "x")) else { return nil }
    if last == UInt8(ascii: "%") { return Double(text.dropLast().replacing(" ", with: "")).map { $0 / 100 } }
    return Double(text)
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether some bytes are in it, one after the other.
  func contains(_ word: [UInt8]) -> Bool {
    guard let first = word.first, let base = baseAddress else { return false }
    var start = 0
    while start + word.count <= count, let found = memchr(base + start, Int32(first), count - start - word.count + 1) {
      let place = base.distance(to: found.assumingMemoryBound(to: UInt8.self))
      if memcmp(base + place, word, word.count) == 0 { return true }
      start = place + 1
    }
    return false
  }
}

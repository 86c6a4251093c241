// From the text of a sweep file to a SweepFile, or to everything that is wrong with it: every key is known, every value checked, every
// complaint has file, line and remedy. The file has the shape of a W&B sweep configuration; docs/sweep-file.md describes it. This is the door
// and the YAML; what the keys mean is in SweepFileReading.

import Foundation
import SweepCore
import Yams

/// What a sweep file says, and what its author should know of it.
public struct LoadedSweep: Sendable {
  public let file: SweepFile
  public let remarks: [Remark]
  /// Whether the file names nothing that could be run, nor says that somebody asks for its trials.
  public let lacksProgram: Bool
}

/// Something that is allowed, and yet hardly meant or without effect.
public struct Remark: Sendable, Equatable {
  public enum Kind: String, Sendable { case warning, note }
  public let kind: Kind
  public let diagnostic: Diagnostic

  package init(_ kind: Kind, _ diagnostic: Diagnostic) { (self.kind, self.diagnostic) = (kind, diagnostic) }
}

/// Loads sweep files against a register of trainers.
public struct SweepFileLoader: Sendable {
  private let trainers: Registry<TrainerEntry>

  public init(trainers: Registry<TrainerEntry>) { self.trainers = trainers }

  /// - Parameters:
  ///   - path: a file, or - for standard input.
  ///   - overrides: what the command line says about parameters, such as `lr=0.1,0.2`.
  /// - Throws: `SweepError` with all that is wrong.
  public func read(_ path: String, overrides: [String] = []) throws(SweepError) -> LoadedSweep {
    let data: Data
    do {
      data =
        try path == "-"
        ? FileHandle.standardInput.readToEnd() ?? Data() : FileHandle(forReadingFrom: URL(fileURLWithPath: path)).readToEnd() ?? Data()
    } catch {
      let (kind, remedy): (SweepError.Kind, String) = errno == EIO ? (.io, "is the disk failing?") : (.input, "is the name right?")
      throw SweepError(kind, "cannot read the sweep file: \(String(cString: strerror(errno)))", place: path, remedy: remedy)
    }
    // Some editors begin a text with a mark of its byte order.
    guard let text = String(data: data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data, encoding: .utf8) else {
      throw SweepError(.input, "the sweep file is not UTF-8 text", place: path, remedy: "save it as UTF-8")
    }
    return try read(text: text, path: path, overrides: overrides)
  }

  /// - Parameter path: for messages, for the name of a sweep whose file gives none, and for files that are named relative to it.
  public func read(text: String, path: String, overrides: [String] = []) throws(SweepError) -> LoadedSweep {
    var parsed: [Override] = []
    for argument in overrides { parsed.append(try Override(argument)) }
    let (root, repeated) = try Self.root(text, path: path)
    var reading = SweepFileReading(path: path, trainers: trainers, overrides: parsed, anchored: Self.anchored(text))
    let file = reading.file(root)
    guard var file, reading.complaints.isEmpty else { throw SweepError(.input, reading.complaints) }
    if path != "-" { file.origin = URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
    return LoadedSweep(file: file, remarks: repeated + reading.remarks, lacksProgram: reading.lacksProgram)
  }

  public func load(_ path: String) throws(SweepError) -> SweepFile { try read(path).file }

  public func load(text: String, path: String) throws(SweepError) -> SweepFile { try read(text: text, path: path).file }

  /// Keys and values of a file. An alias costs nothing where it is written, and may stand for a million of them where it is read.
  private static let mostValues = 200_000
  private static let deepest = 60

  /// Counts down; stops where there are too many.
  private static func isSmall(_ node: Node, depth: Int, _ left: inout Int) -> Bool {
    left -= 1
    guard left >= 0, depth <= deepest else { return false }
    switch node {
    case .sequence(let items): return items.allSatisfy { isSmall($0, depth: depth + 1, &left) }
    case .mapping(let members):
      return members.allSatisfy { isSmall($0.key, depth: depth + 1, &left) && isSmall($0.value, depth: depth + 1, &left) }
    case .scalar, .alias: return true
    }
  }

  /// Keys at the top of a file whose values have an anchor, for others to take: `base: &base {...}`.
  private static func anchored(_ text: String) -> Set<String> {
    guard text.contains("&") else { return [] }
    return Set(text.split(whereSeparator: \.isNewline).compactMap { $0.prefixMatch(of: /([^\s:#\-][^:]*):\s+&\S/).map { String($0.1) } })
  }

  /// The tree of a file. Of keys that are given twice the last counts, as W&B has it, with a warning.
  private static func root(_ text: String, path: String) throws(SweepError) -> (Node, [Remark]) {
    let shape = "see docs/sweep-file.md for the shape of a sweep file"
    var text = text
    var remarks: [Remark] = []
    while true {
      do {
        guard let node = try Yams.compose(yaml: text) else { throw SweepError(.input, "the sweep file is empty", place: path, remedy: shape) }
        var left = mostValues
        guard isSmall(node, depth: 0, &left) else {
          throw SweepError(
            .input,
            "the sweep file has more than \(mostValues) keys and values, with aliases (*) spelled out, or more than \(deepest) inside one another",
            place: path, remedy: "describe a range by min and max, or by a distribution")
        }
        return (try merged(node, path: path), remarks)
      } catch let error as SweepError {
        throw error
      } catch let error as YamlError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
          throw SweepError(
            .input, "this cannot be read as YAML: \(problem)", place: "\(path):\(mark.line), column \(mark.column)",
            remedy: remedy(for: problem, in: text, line: mark.line))
        case .duplicatedKeysInMapping(let keys, let context):
          let (key, place) = (keys.first ?? "", "\(path):\(context.mark.line)")
          guard remarks.count < 20, let without = self.text(text, without: key, atLine: context.mark.line, column: context.mark.column) else {
            throw SweepError(.input, "\(keys.joined(separator: ", ")) is given twice in one mapping", place: place, remedy: "remove one of them")
          }
          text = without
          remarks.append(
            Remark(.warning, Diagnostic("\(key) is given more than once in one mapping; the last counts", place: place, remedy: "remove the others")))
        default:
          throw SweepError(.input, "this cannot be read as YAML: \(error)", place: path, remedy: shape)
        }
      } catch {
        throw SweepError(.input, "this cannot be read as YAML: \(error)", place: path, remedy: shape)
      }
    }
  }

  /// The tree with what its merge keys (`<<: *base`) stand for, as PyYAML reads them: what a mapping says itself counts, then the first that is merged.
  private static func merged(_ node: Node, path: String) throws(SweepError) -> Node {
    switch node {
    case .sequence(var sequence):
      for index in sequence.indices { sequence[index] = try merged(sequence[index], path: path) }
      return .sequence(sequence)
    case .mapping(let mapping):
      var own: [(Node, Node)] = []
      var inherited: [(Node, Node)] = []
      for (key, value) in mapping {
        guard key.scalar?.style == .plain, key.scalar?.string == "<<" else {
          own.append((key, try merged(value, path: path)))
          continue
        }
        let bases = value.sequence.map(Array.init) ?? [value]
        for base in bases {
          guard let members = try merged(base, path: path).mapping else {
            throw SweepError(
              .input, "<< merges mappings, and this is \(SweepFileReading.kind(base))", place: key.mark.map { "\(path):\($0.line)" } ?? path,
              remedy: "name a mapping with an anchor: base: &base {...}, and then <<: *base")
          }
          inherited += members.map { ($0.key, $0.value) }
        }
      }
      var known = Set(own.map { $0.0.string ?? "" })
      own += inherited.filter { known.insert($0.0.string ?? "").inserted }
      return .mapping(Node.Mapping(own, mapping.tag, mapping.style, mapping.mark))
    case .scalar, .alias: return node
    }
  }

  /// The text without the entry that begins with a key at a place, up to the next line that is indented as little; nil where the key is not the
  /// first of its line. Lines stay where they are.
  private static func text(_ text: String, without key: String, atLine line: Int, column: Int) -> String? {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    func indent(_ line: String) -> Int? {
      let spaces = line.prefix { $0 == " " }.count
      return line.dropFirst(spaces).first.map { $0 == "#" || $0 == "\r" } ?? true ? nil : spaces
    }
    guard lines.indices.contains(line - 1), let own = indent(lines[line - 1]), lines[line - 1].dropFirst(own).hasPrefix(key) else { return nil }
    lines[line - 1] = ""
    for index in line..<lines.count {
      if let next = indent(lines[index]), next < own || next == own && !lines[index].dropFirst(own).hasPrefix("- ") { break }
      lines[index] = ""
    }
    return lines.joined(separator: "\n")
  }

  private static func remedy(for problem: String, in text: String, line: Int) -> String {
    let words = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(line - 1).first ?? ""
    if words.prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") { return "the line is indented with a tab; use spaces" }
    if problem.contains("another document") { return "a sweep file is one document: remove the second '---' and what follows" }
    return "check the indentation and quotes there"
  }
}

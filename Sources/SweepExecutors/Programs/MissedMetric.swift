// Why a program that has ended left no value of the objective: the nearest that it reported or printed, what kept it from counting, and what would
// read it. Looks at what is there and decides nothing.

import Foundation
import SweepCore
import SweepFormats

/// What is to be said of a trial that has no rank.
struct MissedMetric {
  let metric: String
  /// What the program did report.
  let names: [String]
  let output: String
  let errors: String
  let format: ReportFormat

  func remark() -> ReportRemark {
    let (kind, words) = nearName ?? nearLine(in: output, isOutput: true) ?? nearLine(in: errors, isOutput: false) ?? ("", "")
    let reported = names.isEmpty ? "it reported nothing" : "it reported \(names.joined(separator: ", "))"
    return ReportRemark(
      key: "missed \(kind)",
      text: "ended without having reported \(metric), and so has no rank; \(reported)" + (words.isEmpty ? "" : "; \(words)"))
  }

  /// A name that was reported and is nearly that of the metric.
  private var nearName: (String, String)? {
    for summary in [".max", ".min", ".best", ".mean", ".last"] where metric.hasSuffix(summary) {
      let plain = String(metric.dropLast(summary.count))
      guard names.contains(plain) else { continue }
      let at = summary == ".last" || summary == ".mean" ? "" : ", at: best"
      return ("summary", "write 'metric: {name: \(plain)\(at), goal: …}'")
    }
    func key(_ name: String) -> String { String(name.lowercased().filter { $0.isLetter || $0.isNumber }) }
    let same = names.filter { key($0) == key(metric) }
    let inside = names.filter { $0.split { "/.".contains($0) }.last.map { key(String($0)) == key(metric) } ?? false }
    guard let near = same.first ?? (inside.count == 1 ? inside[0] : nil) ?? nearest(to: metric, in: names) else { return nil }
    return ("name \(near)", "did you mean 'metric: {name: \(near)}'? 'sweep rank --metric \(near)' ranks by it")
  }

  // MARK: what was printed

  /// The same of a line beside others that counted; nil where it does not tell the metric as those do.
  func remark(onUnread line: String) -> ReportRemark? {
    let line = String(decoding: LineParser.withoutColours(line.utf8), as: UTF8.self)
    guard let name = place(in: line), line[name] == metric || format.pattern != nil else { return nil }
    // A pattern passes by whatever it does not match; but what diverges should not be passed by.
    let isTold =
      format.pattern == nil
      ? line[name.upperBound...].firstMatch(of: /^(\s*=|["']\s*:)/) != nil
      : line[name.upperBound...].firstMatch(of: /(?i)^[^A-Za-z0-9]{1,5}[-+]?(nan|inf)\b/) != nil
    guard isTold else { return nil }
    let (kind, words) = explain(line, name, isOutput: true, among: [])
    return ReportRemark(key: "unread \(kind)", text: "told \(metric) on lines that were not read, beside others that were; \(words)")
  }

  /// The last line that names the metric, with what kept it from counting.
  private func nearLine(in path: String, isOutput: Bool) -> (String, String)? {
    let lines = Self.lastLines(of: path)
    // W&B's own table of what it has.
    guard let line = lines.last(where: { !$0.hasPrefix("wandb: ") && place(in: $0) != nil }), let name = place(in: line) else { return nil }
    return explain(line, name, isOutput: isOutput, among: lines)
  }

  private func explain(_ line: String, _ name: Range<String.Index>, isOutput: Bool, among lines: [String]) -> (kind: String, words: String) {
    let shown = "'\(String(Self.visible(line).prefix(120)))'"
    func say(_ kind: String, _ problem: String, _ remedy: String) -> (String, String) {
      (kind, "\(isOutput ? "its output" : "standard error") has \(shown): \(problem); \(remedy)")
    }
    let reading = pattern(for: line, name).map { "report: {pattern: '\($0.replacing("'", with: "''"))'} reads it" }
    if !isOutput {
      let isPlain = (try? LineParser(ReportFormat()))?.report(of: line)?.values.contains { $0.name == metric } ?? false
      let printed = "print it on standard output, as logging.basicConfig(stream=sys.stdout) does"
      return say("standard error", "that is not read", isPlain ? printed : [printed, reading].compactMap { $0 }.joined(separator: "; then "))
    }
    let remedy = reading ?? "print '\(metric)=0.5', or a JSON object, on a line of its own"
    let value = line[name.upperBound...]
    if lines.contains(where: { $0.trimmingCharacters(in: .whitespaces) == "{" }), line.firstMatch(of: /^\s*"/) != nil {
      return say("several lines", "a JSON object is read on one line, not on several", "print json.dumps(…) without indent")
    }
    if value.firstMatch(of: /^["']?\s*[:=]?\s*[-+]?\d{1,3}(,\d\d\d)+([^\d,]|$)/) != nil {
      return say("thousands", "commas between thousands are not read", "print the number without them")
    }
    if value.firstMatch(of: /^["']?\s*[:=]?\s*[-+]?\d+,\d/) != nil {
      return say("comma", "a comma is no decimal point", "print the number with a point")
    }
    if format.pattern != nil { return say("pattern", "report.pattern does not match it", remedy) }
    if line[name] != metric { return say("spelling", "names are taken as they are spelt", remedy) }
    if value.firstMatch(of: /^["']\s*:\s*["']/) != nil { return say("text", "a text is no number", "print the number without quotes") }
    if value.firstMatch(of: /^\s*=/) == nil { return say("no pair", "that is not name=value", remedy) }
    if value.firstMatch(of: /^\s*=\s*[-+.]?\d/) == nil { return say("no number", "its value is no number", remedy) }
    return say("other text", "a line counts where it is nothing but name=value pairs", remedy)
  }

  /// Where a line names the metric, upper and lower case alike, and blanks for underscores.
  private func place(in line: String) -> Range<String.Index>? {
    func key(_ character: Character) -> Character { "_- ".contains(character) ? " " : Character(character.lowercased()) }
    let wanted = metric.map(key)
    let letters = Array(zip(line.indices, line.map(key)))
    guard letters.count >= wanted.count, !wanted.isEmpty else { return nil }
    func isInName(_ character: Character) -> Bool { character.isLetter || character.isNumber || "/.".contains(character) }
    for start in 0...(letters.count - wanted.count) where letters[start].1 == wanted[0] {
      let end = start + wanted.count
      guard letters[start..<end].map(\.1) == wanted, start == 0 || !isInName(line[letters[start - 1].0]) && line[letters[start - 1].0] != "_",
        end == letters.count || !letters[end].1.isLetter && !letters[end].1.isNumber && line[letters[end].0] != "_"
      else { continue }
      return letters[start].0..<(end < letters.count ? letters[end].0 : line.endIndex)
    }
    return nil
  }

  /// A pattern that reads the number after the name; nil: none does.
  private func pattern(for line: String, _ name: Range<String.Index>) -> String? {
    guard metric.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil else { return nil }
    func escaped(_ text: Substring) -> String { NSRegularExpression.escapedPattern(for: String(text)) }
    let after = line[name.upperBound...].prefix { !$0.isNumber && $0 != "-" && $0 != "+" && $0 != "." }
    let digits = line[name.upperBound...].dropFirst(after.count).prefix { $0.isNumber || "+-.eE".contains($0) }
    guard after.count <= 8, let meant = Double(digits) else { return nil }
    // What diverges is read, too.
    let own = "\\b" + escaped(line[name]) + escaped(after) + "(?<\(metric)>nan|[-+]?inf|[-+.0-9eE]+(?: ?%)?)"
    let counter = format.epoch ?? "epoch"
    var patterns = [own]
    if let epoch = line[..<name.lowerBound].firstMatch(of: /(?i)(epoch|step|iteration|iter)([^A-Za-z0-9]{1,3})\d+/) {
      patterns.insert("\(escaped(epoch.1))\(escaped(epoch.2))(?<\(counter)>\\d+).*?" + own, at: 0)
    }
    return patterns.first { pattern in
      guard let parser = try? LineParser(ReportFormat(pattern: pattern, epoch: format.epoch)),
        let value = parser.report(of: line)?.values.first(where: { $0.name == metric })?.value
      else { return false }
      return value == meant || value == meant / 100
    }
  }

  /// Of a log that may be long.
  private static func lastLines(of path: String) -> [String] {
    LineParser.withoutColours(ProgramReports.tail(of: path, bytes: 1 << 18)).split { $0 == 0x0a || $0 == 0x0d }.suffix(5000).map {
      String(decoding: $0.prefix(2000), as: UTF8.self)
    }
  }

  private static func visible(_ line: String) -> String {
    String(String.UnicodeScalarView(line.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
      .trimmingCharacters(in: .whitespaces)
  }
}

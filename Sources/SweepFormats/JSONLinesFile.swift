// Reads metrics from a file of JSON lines that a program appends to, one object per line.
// Beside a running trial: the file's path in, reports out. Lines that are no objects, or have no numbers, are passed over in silence.

import Foundation
import SweepCore

/// A file of JSON lines, which need not exist yet. `ProgramReport.init(members:)` says what a line means.
///
/// Lines of more than 1 MiB are skipped. A last line without its line break counts as soon as it is a whole object.
package struct JSONLinesFile: ReportSource {
  private let path: String
  private var file: GrowingFile
  private var lines: JSONLines

  package init(path: String) { (self.path, file, lines) = (path, GrowingFile(path), JSONLines()) }

  package var writers: [ProgramReport.Writer] { access(path, F_OK) == 0 ? [ProgramReport.Writer()] : [] }

  package mutating func poll() -> [ProgramReport] {
    file.read(into: &lines)
    return lines.takeReports()
  }
}

private struct JSONLines: GrowingContent {
  /// Inside a line that is too long.
  private var isSkipping = false
  private var reports: [ProgramReport] = []

  mutating func takeReports() -> [ProgramReport] {
    defer { reports = [] }
    return reports
  }

  mutating func take(_ bytes: ArraySlice<UInt8>, at offset: Int) -> Taken {
    if offset == 0 { isSkipping = false }
    var rest = bytes
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      if !isSkipping { _ = add(rest[..<end]) }
      isSkipping = false
      rest = rest[(end + 1)...]
    }
    if rest.count >= GrowingFile.chunk { isSkipping = true }
    if isSkipping || rest.last == UInt8(ascii: "}") && add(rest) { rest = [] }
    return .bytes(bytes.count - rest.count)
  }

  /// Returns whether the line is an object. No beginning of an object is one: a line without an end that is one lacks only its line break.
  private mutating func add(_ line: ArraySlice<UInt8>) -> Bool {
    guard let members = line.withUnsafeBufferPointer({ JSONText.members(of: $0, acceptsNaN: true) }) else { return false }
    if let report = ProgramReport(members: members) { reports.append(report) }
    return true
  }
}

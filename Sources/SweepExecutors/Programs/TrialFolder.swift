// The files of one trial's program: a checkpoint folder that outlives attempts, and for each attempt a folder with its logs, its parameters and
// what it reports in files. Only names and the writing of parameters are here.

import Foundation
import SweepCore

/// FOLDER/7 of trial 7, with `checkpoint` and `attempt-1`, `attempt-2`, …
struct TrialFolder {
  let path: String
  let attempt: Int
  /// Of the attempt.
  let own: String
  /// Whether it was moved aside, because the attempt had not been recorded.
  let isOld: Bool
  /// Whether an earlier attempt left something to go on from.
  let hasCheckpoint: Bool

  /// Made where it is missing. What is there already and cannot be this trial's (a database was removed, and its folder not; an attempt was
  /// cut short before it was recorded) is moved aside.
  /// - Throws: where the disk says no.
  init(in parent: String, trial: Trial, attempt: Int) throws(SweepError) {
    path = "\(parent)/\(trial.number)"
    (self.attempt, own, isOld) = (attempt, "\(path)/attempt-\(attempt)", false)
    if try !Self.make(path), attempt == 1 {
      try Self.moveAside(path)
      try Self.make(path)
    }
    try Self.make(path + "/checkpoint")
    hasCheckpoint = Self.hasCheckpoint(of: trial, in: parent)
    if try !Self.make(own) {
      for old in Self.unrecorded(after: attempt - 1, of: trial, in: parent) { try Self.moveAside("\(path)/attempt-\(old)") }
      try Self.make(own)
    }
  }

  /// Folders alone are none: programs make them before they have anything to save.
  static func hasCheckpoint(of trial: Trial, in parent: String) -> Bool {
    let path = "\(parent)/\(trial.number)/checkpoint"
    guard let entries = FileManager.default.enumerator(atPath: path) else { return false }
    for case let name as String in entries {
      var status = stat()
      if lstat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT != S_IFDIR { return true }
    }
    return false
  }

  /// Attempts that left a folder and no record: sweep was killed at once after it had started them, or the database is an older copy.
  static func unrecorded(after attempts: Int, of trial: Trial, in parent: String) -> [Int] {
    Array(((attempts + 1)...).prefix { access("\(parent)/\(trial.number)/attempt-\($0)", F_OK) == 0 })
  }

  /// Those of all attempts in their order, with those that were moved aside because they had not been recorded.
  static func all(of trial: Trial, in parent: String) -> [TrialFolder] {
    let path = "\(parent)/\(trial.number)"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let folders = names.compactMap { name -> (folder: TrialFolder, old: Int)? in
      guard let match = name.wholeMatch(of: /attempt-(\d+)(?:\.old-(\d+))?/), let attempt = Int(match.1) else { return nil }
      let old = match.2.flatMap { Int($0) }
      return (TrialFolder(path: path, attempt: attempt, own: "\(path)/\(name)", isOld: old != nil), old ?? .max)
    }
    return folders.sorted { ($0.folder.attempt, $0.old) < ($1.folder.attempt, $1.old) }.map(\.folder)
  }

  /// That of an attempt that is over.
  private init(path: String, attempt: Int, own: String, isOld: Bool) {
    (self.path, self.attempt, self.own, self.isOld, hasCheckpoint) = (path, attempt, own, isOld, true)
  }

  var checkpoint: String { path + "/checkpoint" }
  /// Standard output, and standard error.
  var log: String { own + "/output.log" }
  var errors: String { own + "/errors.log" }
  var reports: String { own + "/reports.jsonl" }
  var tensorBoard: String { own + "/tensorboard" }
  var json: String { own + "/parameters.json" }
  /// In the shape in which W&B's agent hands parameters to a script.
  var yaml: String { own + "/parameters.yaml" }

  /// Opens a log for appending.
  func open(_ log: String) throws(SweepError) -> Int32 {
    let descriptor = Foundation.open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Self.failure("the log cannot be written", log) }
    return descriptor
  }

  /// Writes the parameters for W&B, and where they are asked for as JSON.
  func write(_ parameters: [(name: String, value: ParameterValue)], asJSON: Bool) throws(SweepError) {
    let lines = parameters.map { "\(ParameterValue.text($0.name).json): {value: \(Self.yaml($0.value))}\n" }
    try Self.write(lines.isEmpty ? "{}\n" : lines.joined(), to: yaml)
    if asJSON { try Self.write(ParameterValue.pythonJSON(of: parameters), to: json) }
  }

  /// What is noted of an attempt by an empty file, so that it can be read again as it was read.
  enum Mark: String {
    /// It went on from a checkpoint.
    case continues
    /// It came to its own end: then a last line counts that was not ended.
    case whole
  }

  func mark(_ mark: Mark) throws(SweepError) { try Self.write("", to: "\(own)/\(mark.rawValue)", "what an attempt is") }

  func has(_ mark: Mark) -> Bool { access("\(own)/\(mark.rawValue)", F_OK) == 0 }

  static func failure(_ problem: String, _ path: String) -> SweepError {
    SweepError(.io, "\(problem): \(String(cString: strerror(errno)))", place: path, remedy: "is there space, and may you write there?")
  }

  /// JSON is YAML but for its numbers: PyYAML takes 1e-05 for a text, and 1.0e-05 for a number.
  private static func yaml(_ value: ParameterValue) -> String {
    switch value {
    case .real(let number):
      if number.isInfinite { return number < 0 ? "-.inf" : ".inf" }
      let text = number.description
      guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
      return text[..<exponent] + ".0" + text[exponent...]
    case .list(let values): return "[" + values.map(yaml).joined(separator: ", ") + "]"
    case .mapping(let members):
      return "{" + members.map { "\(ParameterValue.text($0.name).json): \(yaml($0.value))" }.joined(separator: ", ") + "}"
    default: return value.json
    }
  }

  /// - Returns: whether it was not there.
  @discardableResult private static func make(_ folder: String) throws(SweepError) -> Bool {
    if mkdir(folder, 0o777) == 0 { return true }
    if errno == EEXIST { return false }
    guard errno == ENOENT, let slash = folder.lastIndex(of: "/"), slash > folder.startIndex else {
      throw failure("the folder of a trial cannot be made", folder)
    }
    try make(String(folder[..<slash]))
    guard mkdir(folder, 0o777) == 0 || errno == EEXIST else { throw failure("the folder of a trial cannot be made", folder) }
    return true
  }

  private static func moveAside(_ path: String) throws(SweepError) {
    let free = (1...).lazy.map { "\(path).old-\($0)" }.first { access($0, F_OK) != 0 } ?? path
    if rename(path, free) != 0 { throw failure("the folder of an earlier trial cannot be moved aside", path) }
  }

  private static func write(_ text: String, to path: String, _ what: String = "the parameters of a trial") throws(SweepError) {
    let descriptor = Foundation.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure("\(what) cannot be written", path) }
    defer { close(descriptor) }
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { throw failure("\(what) cannot be written", path) }
      bytes = bytes.dropFirst(count)
    }
  }
}

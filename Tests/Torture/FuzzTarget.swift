// What the fuzzer tries, and how one try is told: an input, the files that it is made of, and what comes of it.
// Between the worker, which knows no kind, and the targets, of which there is one for each kind. Nothing is tried here.

import ArgumentParser
import Foundation

/// What is fuzzed.
enum FuzzKind: String, CaseIterable, ExpressibleByArgument {
  case files, data, sql, databases

  var target: any FuzzTarget.Type {
    switch self {
    case .files: FuzzSweepFiles.self
    case .data: FuzzData.self
    case .sql: FuzzSQL.self
    case .databases: FuzzDatabases.self
    }
  }
}

/// Makes inputs and tries them.
protocol FuzzTarget {
  /// - Parameter scratch: the absolute path of a folder that stays when a worker is followed by another.
  init(seed: Int, scratch: String) throws
  /// A function of the seed and the index alone.
  func input(_ index: Int) throws -> FuzzInput
  /// - Parameter folder: where the input's files have been written.
  /// - Returns: whether the input was taken; a `SweepError` says that it was not, any other error is a finding.
  func attempt(_ input: FuzzInput, in folder: String) throws -> Bool
}

/// Something that must not be, and yet is no crash.
struct FuzzFinding: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// One input.
struct FuzzInput {
  enum Content {
    case bytes([UInt8])
    /// A file of that size: some bytes, then nothing but zeros, which take no room.
    case hole(size: Int, after: [UInt8] = [])
    case link(to: String)
  }

  var files: [(name: String, content: Content)]
  /// What the target wants to know beside the files.
  var arguments: [String] = []
  /// A few words.
  var description: String

  init(_ description: String, files: [(name: String, content: Content)], arguments: [String] = []) {
    (self.description, self.files, self.arguments) = (description, files, arguments)
  }

  /// Writes the files into a folder that holds nothing else then.
  func write(to folder: String) throws {
    let manager = FileManager.default
    try? manager.removeItem(atPath: folder)
    try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for file in files {
      let path = folder + "/" + file.name
      try manager.createDirectory(atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      switch file.content {
      case .bytes(let bytes): try Data(bytes).write(to: URL(fileURLWithPath: path))
      case .hole(let size, let bytes):
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        guard truncate(path, off_t(size)) == 0 else { throw FuzzFinding("no room for \(path)") }
      case .link(let target): try manager.createSymbolicLink(atPath: path, withDestinationPath: target)
      }
    }
    if !arguments.isEmpty { try Data(arguments.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: folder + "/arguments.txt")) }
  }
}

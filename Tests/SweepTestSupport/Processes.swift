// What /proc says of processes, read beside the tool, which reads it in its own way.

import Foundation

package enum Processes {
  /// The numbers of all there are.
  package static var all: [String] { names(in: "/proc").filter { Int($0) != nil } }

  /// Those in whose environment a trial's folder is one below this folder.
  package static func ofTrials(in folder: String) -> [String] {
    let mark = Array("SWEEP_TRIAL_FOLDER=\(folder)/".utf8)
    return all.filter { process in
      let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") ?? Data()
      return environment.split(separator: 0).contains { $0.starts(with: mark) }
    }
  }

  /// Some of what is in /proc/…/stat, by proc(5).
  package struct Stat {
    package let name: Substring
    package let state: Substring
    package let parent: Substring
  }

  /// - Parameter path: "PROCESS", or "PROCESS/task/THREAD".
  /// - Returns: nil: it is gone.
  package static func stat(of path: String) -> Stat? {
    guard let data = FileManager.default.contents(atPath: "/proc/\(path)/stat") else { return nil }
    let text = String(decoding: data, as: UTF8.self)
    // The name may hold anything.
    guard let start = text.firstIndex(of: "("), let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[end...].dropFirst().split(separator: " ")
    guard fields.count > 1 else { return nil }
    return Stat(name: text[start..<end].dropFirst(), state: fields[0], parent: fields[1])
  }

  package static func threads(of process: pid_t) -> [String] { names(in: "/proc/\(process)/task") }

  private static func names(in folder: String) -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] }
}

// What a sweep was run with, for the record: the tool, the machine and the system. Kept as an event of the sweep.

import Foundation
import SweepCore

/// The version of the tool.
public let sweepVersion = "0.1.0"

enum RunEnvironment {
  /// "sweep 0.1.0, kernels avx512, 2 workers, AMD EPYC 9R14 (2 cores), Linux 6.1"
  static func text(workers: Int, implementation: String?) -> String {
    ["sweep \(sweepVersion)", implementation, counted(workers, "worker"), processor, system].compactMap { $0 }.joined(separator: ", ")
  }

  private static var processor: String {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
    let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) }
    return "\(model ?? "a processor of unknown name") (\(counted(ProcessInfo.processInfo.activeProcessorCount, "core")))"
  }

  private static var system: String {
    var name = utsname()
    guard uname(&name) == 0 else { return ProcessInfo.processInfo.operatingSystemVersionString }
    func text<Field>(_ field: Field) -> String {
      withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    return "\(text(name.sysname)) \(text(name.release))"
  }
}

// What /proc says of the processes of running trials: how much memory and processor time a group uses, who escaped from it, and what a killed
// runner left behind. Every trial's processes carry its folder in their environment, and so can be told from all others.

import CSpawn
import Foundation
import SweepCore

enum ProcessTree {
  /// The variable that marks the processes of a trial.
  static let mark = "SWEEP_TRIAL_FOLDER"

  /// What the processes of a group use together.
  struct Usage {
    var memoryBytes = 0
    var cpuSeconds = 0.0
  }

  /// By group.
  static func usage(of groups: Set<pid_t>) -> [pid_t: Usage] {
    var usages: [pid_t: Usage] = [:]
    for process in all() {
      guard let fields = fields(of: process), fields.count > 21, let group = pid_t(fields[2]), groups.contains(group) else { continue }
      // Of proc(5), counted from the state: pgrp 2, utime 11, stime 12, cutime 13, cstime 14, rss 21.
      let ticks = fields[11...14].reduce(0.0) { $0 + (Double($1) ?? 0) }
      usages[group, default: Usage()].cpuSeconds += ticks / ticksPerSecond
      usages[group, default: Usage()].memoryBytes += (Int(fields[21]) ?? 0) * pageBytes
    }
    return usages
  }

  /// The largest resident set that a process has had so far, in bytes; nil: it is gone.
  static func peakMemory(of process: pid_t) -> Int? {
    guard let data = FileManager.default.contents(atPath: "/proc/\(process)/status") else { return nil }
    let line = data.split(separator: 0x0a).first { $0.starts(with: Array("VmHWM:".utf8)) }
    return line.map { String(decoding: $0, as: UTF8.self) }.flatMap { Int($0.filter(\.isNumber)) }.map { $0 * 1024 }
  }

  /// Kills processes that carry the mark of a trial's folder, or of any below a sweep's, wherever they went, and waits until they are gone.
  /// - Parameters:
  ///   - isWhole: whether the folder is a trial's.
  ///   - candidates: where to look for them, asked again until there are none: the children of one that was killed may be left to us.
  /// - Returns: how many there were.
  @discardableResult static func killMarked(_ folder: String, isWhole: Bool, among candidates: () -> [pid_t] = all) -> Int {
    let wanted = Array("\(mark)=\(folder)\(isWhole ? "" : "/")".utf8)
    var killed: Set<pid_t> = []
    for _ in 0..<100 {
      let found = candidates().filter { $0 != getpid() && carries(wanted, isWhole: isWhole, $0) }
      if found.isEmpty { break }
      for process in found {
        kill(process, SIGKILL)
        killed.insert(process)
        reap(process)
      }
      usleep(1000)
    }
    for process in killed { reap(process) }
    return killed.count
  }

  /// Reaps what was left to us and has ended: children of a trial's group, or of another session than ours. Whoever else starts processes here
  /// waits for them itself.
  static func reapOrphans(groups: Set<pid_t>, but running: Set<pid_t>) {
    for process in children() where !running.contains(process) {
      guard let fields = fields(of: process), fields.count > 3, fields[0] == "Z" else { continue }
      if pid_t(fields[2]).map(groups.contains) ?? false || pid_t(fields[3]) != getsid(0) { reap(process) }
    }
  }

  /// Our own children, those that were left to us among them.
  static func children() -> [pid_t] {
    let text = (try? String(contentsOfFile: "/proc/self/task/\(getpid())/children", encoding: .utf8)) ?? ""
    return text.split(separator: " ").compactMap { pid_t($0) }
  }

  private static func reap(_ process: pid_t) {
    var (status, usage) = (Int32(0), rusage())
    _ = csp_reap(process, &status, &usage)
  }

  private static func carries(_ mark: [UInt8], isWhole: Bool, _ process: pid_t) -> Bool {
    guard let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return false }
    return environment.split(separator: 0).contains { isWhole ? $0.elementsEqual(mark) : $0.starts(with: mark) }
  }

  static func all() -> [pid_t] {
    guard let folder = opendir("/proc") else { return [] }
    defer { closedir(folder) }
    var processes: [pid_t] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let process = pid_t(name) { processes.append(process) }
    }
    return processes
  }

  /// The fields of /proc/…/stat after the name, which may hold anything.
  private static func fields(of process: pid_t) -> [Substring]? {
    guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return nil }
    let text = String(decoding: data, as: UTF8.self)
    return text.lastIndex(of: ")").map { text[text.index(after: $0)...].split(separator: " ") }
  }

  private static let pageBytes = sysconf(Int32(_SC_PAGESIZE))
  private static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
}

/// Ends at once all that runs for the trials of a sweep: what a runner left that was killed, or leaves that has no time.
/// - Parameter folder: of its trials.
/// - Returns: the number of processes.
@discardableResult package func endPrograms(in folder: String) -> Int { ProcessTree.killMarked(folder, isWhole: false) }

// A group of the kernel's (cgroup v2) around the processes of one attempt, where the system lets us make one: nothing that is started inside gets
// out, whatever it does to its session and environment. Without one, ProcessTree finds them as well as can be.

import Foundation
import SweepCore

/// The groups of one run, one for each attempt with limits.
struct ControlGroups {
  /// Ours, which goes when the run is over.
  private let folder: String

  /// nil: there is no cgroup v2 here in which we may make groups.
  init?() {
    guard let parent = Self.parent else { return nil }
    Self.endAbandoned(in: parent)
    folder = "\(parent)/\(Self.prefix)\(getpid())"
    guard mkdir(folder, 0o755) == 0 || errno == EEXIST, access(folder + "/cgroup.kill", W_OK) == 0 else { return nil }
  }

  /// A process number means something in its namespace alone.
  private static let prefix: String = {
    let namespace = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
    return "sweep-\(namespace.filter(\.isNumber))-"
  }()

  /// The group that this process is in.
  private static var parent: String? {
    let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
    let own = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
    guard let mount = mounts.split(separator: "\n").map({ $0.split(separator: " ") }).first(where: { $0.count > 2 && $0[2] == "cgroup2" })?[1],
      let path = own.split(separator: "\n").first(where: { $0.hasPrefix("0::") })?.dropFirst(3)
    else { return nil }
    return path == "/" ? String(mount) : "\(mount)\(path)"
  }

  /// Ends what is in the groups of runs that were killed.
  private static func endAbandoned(in parent: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] {
      guard name.hasPrefix(prefix), let process = pid_t(name.dropFirst(prefix.count)), process == getpid() || kill(process, 0) != 0 && errno == ESRCH
      else { continue }
      for inner in (try? FileManager.default.contentsOfDirectory(atPath: "\(parent)/\(name)")) ?? [] {
        ControlGroup.end("\(parent)/\(name)/\(inner)")
      }
      rmdir("\(parent)/\(name)")
    }
  }

  func make(_ name: String) -> ControlGroup? { ControlGroup(folder + "/" + name) }

  func remove() { rmdir(folder) }
}

struct ControlGroup {
  private let folder: String
  /// Whoever writes "0" to it is in the group from then on.
  let entrance: Int32

  fileprivate init?(_ folder: String) {
    self.folder = folder
    guard mkdir(folder, 0o755) == 0 else { return nil }
    entrance = open(folder + "/cgroup.procs", O_WRONLY | O_CLOEXEC)
    if entrance < 0 {
      rmdir(folder)
      return nil
    }
  }

  /// Ends all that is in it, and the group with it.
  func end() {
    close(entrance)
    Self.end(folder)
  }

  /// Does nothing to what is no group.
  fileprivate static func end(_ folder: String) {
    let killer = open(folder + "/cgroup.kill", O_WRONLY | O_CLOEXEC)
    guard killer >= 0 else { return }
    _ = write(killer, "1", 1)
    close(killer)
    // The dead leave a moment later.
    for _ in 0..<200 where rmdir(folder) != 0 && errno == EBUSY { usleep(1000) }
  }
}

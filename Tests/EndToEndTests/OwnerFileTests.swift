// Two machines and one database, on a file system whose locks do not reach from one to the other: with the built binary, real files, and a library
// that tells a process that it is elsewhere and gives it every lock that it asks for.

import Foundation
import SweepTestSupport
import Testing

@Suite(.serialized) struct OwnerFileTests {
  let folder = TemporaryFolder()
  private var path: String { folder.path("results.sqlite") }

  /// The machine that has the locks, and one to which they do not reach; both see a network file system.
  private func machine(_ name: String, hasLocks: Bool) throws -> SweepBinary {
    var status = stat()
    try #require(stat(folder.path, &status) == 0)
    let device = UInt64(status.st_dev)
    try folder.write("22 1 \(device >> 8 & 0xfff):\(device & 0xff | device >> 12 & ~0xff) / / rw - nfs server:/x rw\n", to: "mounts")
    try folder.write("\(name)\n", to: "host-\(name)")
    try folder.write("boot of \(name)\n", to: "boot-\(name)")
    let instead = [
      "/proc/self/mountinfo:\(folder.path("mounts"))", "/proc/sys/kernel/hostname:\(folder.path("host-\(name)"))",
      "/proc/sys/kernel/random/boot_id:\(folder.path("boot-\(name)"))",
    ]
    return SweepBinary(
      in: folder.path,
      environment: [
        "LD_PRELOAD": SweepBinary.faults, "SWEEP_FAULT_INSTEAD": instead.joined(separator: ","), "SWEEP_FAULT_NO_LOCKS": hasLocks ? "0" : "1",
        "SWEEP_OWNER_BEAT": "1",
      ])
  }

  private var leftBehind: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { $0.contains("-lock-") }
  }

  @Test func aRunOfAnotherMachineIsTurnedAwayAndReadersDoNoHarm() throws {
    try folder.write(endlessSweep, to: "torture.yaml")
    let (one, other) = (try machine("one", hasLocks: true), try machine("other", hasLocks: false))
    let run = try one.start(["run", "torture.yaml", "-q", "--workers", "1"])
    Results.wait(run, for: 30, in: path)
    #expect(leftBehind.sorted() == ["results.sqlite-lock-owner", "results.sqlite-lock-run-torture"])
    for command in [
      ["run", "torture.yaml", "-q"], ["status"], ["check"], ["query", "SELECT 1"], ["tell", "1", "loss=1"], ["ask", "torture.yaml"],
    ] {
      let result = try other.run(command)
      #expect(result.status == 75 && result.errors.contains("another machine has the database: one (process "), "\(command): \(result.errors)")
      #expect(result.errors.contains("sweep backup"), "\(result.errors)")
    }
    // Its own machine reads as always, and another sweep runs beside it.
    #expect(try one.run("status").status == 0)
    try folder.write(tortureSweep.replacing("name: torture", with: "name: second").replacing("value: 60}", with: "value: 2}"), to: "second.yaml")
    let second = try one.run("run", "second.yaml", "-q")
    #expect(second.status == 0, "\(second.errors)")
    #expect(try one.run("run", "torture.yaml", "-q").errors.contains("is being run by another process"))
    run.send(SIGINT)
    let result = run.wait()
    #expect(result.status == 130, "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count { $0.contains("warning: results.sqlite is on a file system of type nfs") } == 1)
    #expect(leftBehind == [])
    // Now it is anybody's.
    #expect(try other.run("status").status == 0)
    #expect(try other.run("check").status == 0)
    #expect(leftBehind == [])
  }

  @Test func whatAMachineThatDiedLeavesIsTakenOverAfterThreeBeats() throws {
    try folder.write(tortureSweep, to: "torture.yaml")
    let (one, other) = (try machine("one", hasLocks: true), try machine("other", hasLocks: false))
    #expect(try one.run("run", "torture.yaml", "-q", "--db", "undisturbed.sqlite").status == 0)
    let run = try one.start(["run", "torture.yaml", "-q", "--workers", "1"])
    Results.stop(run, after: 30, in: path)
    run.send(SIGKILL)
    #expect(run.wait().status == 128 + SIGKILL)
    #expect(leftBehind.contains("results.sqlite-lock-owner"))
    // Its own machine knows at once that it is dead.
    #expect(try one.run("status").status == 0)
    let again = try one.start(["run", "torture.yaml", "-q", "--workers", "1"])
    Results.stop(again, after: 200, in: path)
    again.send(SIGKILL)
    _ = again.wait()
    // Two of another machine at once: one of them goes on. They lock nothing, as those of two other machines would.
    let start = ContinuousClock.now
    let third = try machine("third", hasLocks: true)
    let successors = [try other.start(["run", "torture.yaml", "-q"]), try third.start(["run", "torture.yaml", "-q"])].map { $0.wait() }
    #expect(ContinuousClock.now - start > .seconds(3))
    #expect(successors.contains { $0.status == 0 } && successors.allSatisfy { $0.status == 0 || $0.status == 75 }, "\(successors)")
    #expect(try Results.metrics(path) == Results.metrics(folder.path("undisturbed.sqlite")))
    #expect(try one.run("check").status == 0)
    #expect(leftBehind.filter { $0.contains("owner") } == [])
  }

  @Test func aRunThatStoodStillAndWasTakenOverEnds() throws {
    try folder.write(endlessSweep, to: "torture.yaml")
    let (one, other) = (try machine("one", hasLocks: true), try machine("other", hasLocks: false))
    let run = try one.start(["run", "torture.yaml", "-q", "--workers", "1"])
    // Between two commits: nothing keeps one that has begun from going on.
    run.stop { Results.epochsDone(path) >= 30 && !FileManager.default.fileExists(atPath: path + "-journal") }
    try folder.write(tortureSweep.replacing("name: torture", with: "name: second"), to: "second.yaml")
    let second = try other.run("run", "second.yaml", "-q")
    #expect(second.status == 0, "\(second.errors)")
    run.send(SIGCONT)
    let result = run.wait()
    #expect(result.status == 74 && result.errors.contains("could not write it for"), "\(result.errors)")
    #expect(try other.run("check").status == 0)
  }
}

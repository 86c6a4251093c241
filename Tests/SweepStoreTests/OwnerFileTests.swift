import Foundation
import SweepCore
import SweepStore
import SweepTestSupport
import Synchronization
import Testing

struct OwnerFileTests {
  let folder = TemporaryFolder()
  private var database: String { folder.path("results.sqlite") }
  private var file: String { OwnerFile.path(of: database) }
  private let other = Machine(host: "other", boot: "1")

  private func take(_ machine: Machine = .this, beat: Double = 0.2) throws(SweepError) -> OwnerFile {
    try OwnerFile.take(database, machine: machine, beat: beat)
  }

  /// A file as a machine leaves it that is switched off.
  private func leave(_ machine: Machine, beat: Double = 0.2) throws -> String {
    let owner = try take(machine, beat: beat)
    let text = try String(contentsOfFile: file, encoding: .utf8)
    owner.release()
    try folder.write(text, to: "results.sqlite-lock-owner")
    return text
  }

  @Test func theFileSaysWhoHasTheDatabaseAndGoesWithTheLast() throws {
    let first = try take()
    let text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(text.hasPrefix("\(Machine.this.host)\n\(Machine.this.boot)\n\(getpid())\n") && text.utf8.count == 512)
    let second = try take()
    first.release()
    #expect(FileManager.default.fileExists(atPath: file))
    try second.check()
    second.release()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  @Test func itChangesWithEveryBeat() throws {
    let owner = try take(beat: 0.05)
    var texts: Set<String> = []
    for _ in 0..<200 where texts.count < 3 {
      texts.insert(try String(contentsOfFile: file, encoding: .utf8))
      usleep(20_000)
    }
    #expect(texts.count == 3)
    try owner.check()
  }

  @Test func anotherMachineIsTurnedAwayWhileItBeats() throws {
    let owner = try take(other)
    #expect { _ = try take() } throws: { error in
      (error as? SweepError)?.kind == .busy && "\(error)".contains("another machine has the database: other (process \(getpid()), since ")
    }
    owner.release()
    try take().release()
  }

  @Test func whatOwnProcessesLeftIsTakenAtOnceAndWhatAnotherMachineLeftAfterThreeBeats() throws {
    _ = try leave(.this, beat: 1000)
    try take(beat: 1000).release()
    _ = try leave(other, beat: 0.5)
    let start = ContinuousClock.now
    let owner = try take()
    #expect(ContinuousClock.now - start > .seconds(1.5), "the beat is the file's, not ours")
    owner.release()
    #expect(!FileManager.default.fileExists(atPath: file))
  }

  @Test(arguments: ["", "one line\n", String(repeating: "\n", count: 20)]) func whatCannotBeReadIsTakenOverAsWell(text: String) throws {
    try folder.write(text, to: "results.sqlite-lock-owner")
    try take(beat: 0.1).release()
    // And one that was killed while it took over.
    _ = try leave(other, beat: 0.1)
    try folder.write(text, to: "results.sqlite-lock-owner-next")
    try take(beat: 0.1).release()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  @Test func ofManyThatFindItDeadOneWins() throws {
    for round in 0..<3 {
      _ = try leave(other, beat: 0.1)
      let winners = Mutex<[OwnerFile]>([])
      DispatchWorkers.run([0, 1, 2, 3]) { number in
        do throws(SweepError) {
          let owner = try take(Machine(host: "\(round) \(number)", boot: "1"), beat: 0.5)
          winners.withLock { $0.append(owner) }
        } catch { #expect(error.kind == .busy) }
      }
      let owners = winners.withLock { $0 }
      #expect(owners.count == 1)
      for owner in owners {
        try owner.check()
        owner.release()
      }
    }
  }

  @Test func whoLostItIsToldAndLeavesTheOthersFile() throws {
    let owner = try take(beat: 0.1)
    try FileManager.default.removeItem(atPath: file)
    let successor = try take(other, beat: 0.1)
    usleep(500_000)
    #expect { try owner.check() } throws: { error in (error as? SweepError)?.kind == .io && "\(error)".contains("taken over by other") }
    owner.release()
    #expect(FileManager.default.fileExists(atPath: file))
    try successor.check()
  }
}

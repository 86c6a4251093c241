// `sweep-torture kills`: sweeps that are killed, stopped and disturbed at random until so many kills are done; each must then come to what it
// comes to undisturbed, to the last bit. The options, the order of the sweeps and the summary are here, a sweep's fate in Torment.

import ArgumentParser
import Foundation
import SweepCore
import SweepTestSupport

struct KillCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kills", abstract: "Kill and disturb sweeps at random moments; compare them with undisturbed ones bit for bit.",
    discussion: """
      What is done, and in which order, is a function of the seed. The moments in which it hits are not.

      EXAMPLE
        sweep-torture kills --kills 1000
        sweep-torture kills --seed 7 --seconds 60
      """)

  @Option(help: "How many times a run is killed with kill -9.") var kills = 200
  @Option(help: "Of all choices; random by default.") var seed: Int?
  @Option(help: "No new fault after so many seconds.") var seconds: Double?

  func validate() throws {
    guard kills > 0, seconds ?? 1 > 0 else { throw ValidationError("--kills and --seconds are positive") }
  }

  func run() throws {
    let seed = seed ?? Int.random(in: 1..<1_000_000_000)
    TortureCommand.say("seed \(seed)")
    for (isThere, what) in [(FaultLibrary.isThere, "libCFaults.so: no clock jumps, no far disks"), (LongReader.isThere, "sqlite3: no long readers")]
    where !isThere {
      TortureCommand.complain("there is no \(what)")
    }
    Interruption.listen()
    defer { Interruption.endChildren() }
    let start = ContinuousClock.now
    func elapsed() -> Double { (ContinuousClock.now - start) / .seconds(1) }
    var references: [String: Reference] = [:]
    var (tally, violations, index, told) = (Tally(), 0, 0, 0.0)
    func isEnough(_ tally: Tally) -> Bool { tally.kills >= kills || elapsed() > seconds ?? .infinity }
    while !isEnough(tally) {
      let workload = Workload.all[index % Workload.all.count]
      let reference = try references[workload.name] ?? Self.undisturbed(workload)
      references[workload.name] = reference
      let torment = try Torment(workload, reference, seed: seed, index: index)
      torment.tally = tally
      try torment.run(until: isEnough) { tally in
        guard elapsed() - told > 2 else { return }
        told = elapsed()
        TortureCommand.complain("\(Int(told)) s, \(workload.name): \(tally.text)")
      }
      tally = torment.tally
      violations += torment.violations
      index += 1
    }
    TortureCommand.say("\(tally.text) (seed \(seed), \(Int(elapsed().rounded())) s)")
    guard violations == 0 else {
      TortureCommand.complain("\(counted(violations, "violation")); told above")
      throw ExitCode.failure
    }
  }

  /// What a run comes to that nobody disturbs.
  private static func undisturbed(_ workload: Workload) throws -> Reference {
    let folder = try Torment.makeFolder(for: workload)
    defer { Torment.remove(folder) }
    let start = ContinuousClock.now
    let result = try Runner(["run", "sweep.yaml", "--quiet", "--workers", workload.isProgram ? "4" : "2"], in: folder).end()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    guard result.status == 0, let recorded = try Recorded(folder + "/results.sqlite") else {
      throw SweepError(.input, "'\(workload.name)' does not even run undisturbed: \(result.errors)")
    }
    defer { try? recorded.close() }
    return try Reference(recorded, seconds: seconds)
  }
}

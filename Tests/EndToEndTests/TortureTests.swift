// A short run of what `make torture`, `make fuzz` and `make soak` do at length, with a seed of its own each time: it is told where it fails.

import Foundation
import SweepTestSupport
import Testing

@Suite(.serialized) struct TortureTests {
  private let folder = TemporaryFolder()

  private func torture(_ arguments: [String]) throws -> SweepBinary.Result {
    let result = try SweepBinary(in: folder.path).run(arguments, program: SweepBinary.besides("sweep-torture"))
    #expect(result.status == 0, "\(result.output)\n\(result.errors)")
    return result
  }

  @Test func sweepsThatAreKilledAndDisturbedAtRandomComeToWhatOthersDo() throws {
    let result = try torture(["kills", "--kills", "8"])
    let summary = try #require(result.output.split(separator: "\n").last)
    #expect(summary.contains(" kills -9, ") && summary.contains(": 0 differences, 0 missing, 0 twice"))
  }

  @Test(arguments: ["files", "data", "sql", "databases"]) func whatIsReadAtRandomIsAnAnswerOrAnError(kind: String) throws {
    // A sanitizer has more in memory than the tool, and takes its time.
    let limits = SweepBinary.sanitizers.isEmpty ? [] : ["--memory", "8000", "--patience", "100"]
    let result = try torture(["fuzz", kind, "--seconds", "3"] + limits)
    let row = try #require(result.output.split(separator: "\n").last).split(separator: "|").map { $0.trimmingPrefix(" ") }
    let inputs = row.count == 10 ? Int(row[1].split(separator: " ")[0]) ?? 0 : 0
    #expect(row.first?.hasPrefix(kind) == true && inputs > (limits.isEmpty ? 10 : 0), "\(result.output)")
  }

  @Test func tenTimesTheTrialsTakeNoMoreMemory() throws {
    _ = try torture(["soak", "--trials", "40000"])
  }
}

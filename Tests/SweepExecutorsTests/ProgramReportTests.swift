// What a report is, and when a failure is tried again. Lines are tested with whole programs.

import SweepCore
import SweepExecutors
import SweepFormats
import Testing

struct RetriesTests {
  @Test func theWaitDoublesWithEachFailureAndEndsWithTheCount() {
    let retries = Retries(count: 3, backoff: 2, causes: [.exit])
    #expect((1...4).map { retries.wait(afterFailures: $0, cause: .exit) } == [2, 4, 8, nil])
    #expect(retries.wait(afterFailures: 1, cause: .limit) == nil)
    #expect(Retries(count: 1000, backoff: 1e6).wait(afterFailures: 900, cause: .signal) == 86_400)
  }
}

struct ProgramReportTests {
  @Test func theEpochIsTheFirstOfItsNamesThatIsWhole() {
    func report(_ numbers: (String, Double)...) -> ProgramReport? { ProgramReport(numbers.map { (name: $0.0, value: $0.1) }) }
    #expect(report(("epoch", 3), ("loss", 1)) == ProgramReport(step: 3, values: [("loss", 1)]))
    #expect(report(("epoch", 0.5), ("step", 8), ("loss", 1)) == ProgramReport(step: 8, values: [("epoch", 0.5), ("loss", 1)]))
    #expect(report(("epoch", 1), ("step", 8)) == ProgramReport(step: 1, values: [("step", 8)]))
    #expect(report(("epoch", -1), ("loss", 1))?.step == nil)
    #expect(report(("step", 9e18), ("loss", 1))?.step == nil)
    #expect(report(("epoch", 1)) == nil)
  }
}

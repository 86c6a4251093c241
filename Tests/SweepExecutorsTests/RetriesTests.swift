// When a failure is tried again.

import SweepCore
import SweepExecutors
import Testing

struct RetriesTests {
  @Test func theWaitDoublesWithEachFailureAndEndsWithTheCount() {
    let retries = Retries(count: 3, backoff: 2, causes: [.exit])
    #expect((1...4).map { retries.wait(afterFailures: $0, cause: .exit) } == [2, 4, 8, nil])
    #expect(retries.wait(afterFailures: 1, cause: .limit) == nil)
    #expect(Retries(count: 1000, backoff: 1e6).wait(afterFailures: 900, cause: .signal) == 86_400)
  }
}

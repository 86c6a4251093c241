import Foundation
import GRDB
import SweepCore
import SweepStore
import SweepTestSupport
import Synchronization
import Testing

struct ReadersTests {
  @Test func aShortQuestionDoesNotWaitForALongOne() throws {
    let made = try PlannedSweep(count: 3)
    let store = try Store.openReadOnly(made.store.path)
    // Inside the visit of one query, on the same thread: with one connection it would wait for itself.
    var inner: [QueryResult] = []
    try store.query("SELECT number FROM trial") { _, forEachRow in
      try forEachRow { _ in inner.append(try store.query("SELECT count(*) FROM trial")) }
    }
    #expect(inner.map(\.rows) == Array(repeating: [[.integer(3)]], count: 3))
  }

  @Test func manyThreadsReadAtOnceAndNoneCanWrite() throws {
    let made = try PlannedSweep(count: 3)
    let store = try Store.openReadOnly(made.store.path)
    DispatchWorkers.run(Array(0..<200)) { index in
      let rows = try store.query("SELECT count(*) FROM trial").rows
      #expect(rows == [[.integer(3)]])
      for sql in ["DELETE FROM trial", "ATTACH 'other.sqlite' AS other"] where index % 20 == 0 {
        #expect(throws: SweepError.self) { try store.query(sql) }
      }
    }
    try store.close()
  }

  @Test func aFileThatWasReplacedIsReadToItsEndAsItWas() throws {
    let made = try PlannedSweep(count: 3)
    let store = try Store.openReadOnly(made.store.path)
    try FileManager.default.removeItem(atPath: made.store.path)
    try Data("something else".utf8).write(to: URL(fileURLWithPath: made.store.path))
    DispatchWorkers.run(Array(0..<50)) { _ in
      let rows = try store.query("SELECT count(*) FROM trial").rows
      #expect(rows == [[.integer(3)]])
    }
  }

  @Test func readingOnAnotherThreadReturnsWhatItReadOrThrew() async throws {
    let made = try PlannedSweep(count: 3)
    let store = try Store.openReadOnly(made.store.path)
    let counts = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<50 { group.addTask { try await store.reading { try $0.counts(sweepID: 1).total } } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(counts == Array(repeating: 3, count: 50))
    await #expect(throws: SweepError.self) { try await store.reading { try $0.sweep(named: "none") } }
  }
}

import GRDB
import SweepCore
import SweepStore
import SweepTestSupport
import Testing

struct ChangesTests {
  private let made: PlannedSweep
  private let database: DatabaseQueue

  init() throws {
    made = try PlannedSweep(count: 50)
    database = try DatabaseQueue(path: made.store.path)
  }

  /// A commit that changes some trials, as the recorder stamps it.
  private func change(_ numbers: [Int], objective: Double = 1) throws {
    try database.write { db in
      try db.execute(sql: "UPDATE sweep SET revision = revision + 1")
      for number in numbers {
        try db.execute(
          sql: """
            UPDATE trial SET state = 'complete', epochs_done = 3, objective = ?, revision = (SELECT revision FROM sweep) WHERE number = ?
            """, arguments: [objective, number])
      }
    }
  }

  private func changes(_ mark: Changes.Mark, limit: Int = 1000) throws -> Changes {
    try made.store.changes(sweepID: made.sweep.id, since: mark, limit: limit)
  }

  @Test func whatChangedIsToldOnceAsItIsNow() throws {
    let start = try changes(.init(revision: 0))
    try change([4, 2])
    try change([2, 9], objective: 5)
    let found = try changes(start.mark)
    #expect(found.changed.map(\.number) == [4, 2, 9] && found.changed.map(\.objective) == [1, 5, 5] && !found.hasMore && !found.isReset)
    #expect(found.changed[0].state == .complete && found.changed[0].epochsDone == 3 && found.trials == 50)
    #expect(try changes(found.mark).changed.isEmpty)
    try change([1])
    #expect(try changes(found.mark).changed.map(\.number) == [1])
  }

  @Test func manyChangesOfOneCommitComeInParts() throws {
    let start = try changes(.init(revision: 0))
    try change(Array(1...50))
    var (numbers, mark, hasMore) = ([Int](), start.mark, true)
    while hasMore {
      let part = try changes(mark, limit: 7)
      (numbers, mark, hasMore) = (numbers + part.changed.map(\.number), part.mark, part.hasMore)
    }
    #expect(numbers == Array(1...50))
    #expect(try changes(mark).changed.isEmpty)
  }

  @Test func aMarkOfAnotherFilesFutureIsAReset() throws {
    try change([1])
    #expect(try changes(.init(revision: 41_000)).isReset)
  }

  @Test func changesAreReadFromTheirIndexAlone() throws {
    let plan = try database.read { db in
      try String.fetchAll(
        db, sql: "EXPLAIN QUERY PLAN " + Changes.sql, arguments: [1, 5, 3, 10], adapter: SuffixRowAdapter(fromIndex: 3))
    }
    #expect(plan.count == 1 && plan[0].contains("USING INDEX trial_revision (sweep_id=? AND (revision,number)>(?,?))"), "\(plan)")
  }
}

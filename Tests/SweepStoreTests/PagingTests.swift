import Foundation
import GRDB
import SweepCore
import SweepStore
import SweepTestSupport
import Testing

struct PagingTests {
  private static let keys: [TrialKey] = [
    .number, .state, .objective, .attempt, .epochsDone, .startedAt, .finishedAt, .metric("score"), .metric("loss"), .parameter("x"),
    .parameter("kind"), .parameter("none"),
  ]

  /// 60 trials of every state with ties and without values; their parameters are of every type.
  private func sweep(_ objective: Objective = PlannedSweep.objective) throws -> (made: PlannedSweep, database: DatabaseQueue) {
    let made = try PlannedSweep(count: 60, objective: objective)
    let database = try DatabaseQueue(path: made.store.path)
    let states = TrialState.allCases
    let values = [
      "1", "1.0", "2.5e-7", "-3", "true", "false", "null", "\"a\"", "\"b \\\"c\\\"\"", "[1,2]", "{\"a\":1}", "0.1234567890123456789", "1e300",
    ]
    try database.write { db in
      for number in 1...60 {
        let score = number % 9 == 0 ? nil : Double(number * 7 % 11) - 5
        let kind = "{\"kind\":\(values[number % values.count]),\"x\":\(number),\"y\":{\"kind\":7}}"
        try db.execute(
          sql: """
            UPDATE trial SET state = ?, planned = ?, objective = ?, attempt = ?, epochs_done = ?, started_at = ?, finished_at = ?, parameters = ?
            WHERE number = ?
            """,
          arguments: [
            number % 3 == 0 ? states[number % states.count].rawValue : "complete", number % 10 != 0, score, number % 3, number % 5,
            number % 4 == 0 ? nil : "2026-11-24T10:00:\(10 + number % 50).\(100 + number)Z", number % 2 == 0 ? nil : "2026-11-24T11:00:00.000Z",
            kind, number,
          ])
        for (metric, value) in [("score", score), ("loss", Double(number % 4))] {
          try db.execute(
            sql: """
              INSERT INTO trial_metric (trial_id, metric_id, last, last_epoch) SELECT trial.id, metric.id, ?, 1 FROM trial, metric
              WHERE number = ? AND name = ?
              """, arguments: [value, number, metric])
          try db.execute(
            sql: """
              INSERT INTO epoch_metric (trial_id, epoch, metric_id, value) SELECT trial.id, 1, metric.id, ? FROM trial, metric
              WHERE number = ? AND name = ?
              """, arguments: [value, number, metric])
        }
      }
    }
    return (made, database)
  }

  private func pages(
    _ made: PlannedSweep, _ order: TrialOrder, _ filter: TrialFilter = TrialFilter(), limit: Int = 7, between: () throws -> Void = {}
  ) throws -> [TrialRow] {
    var rows: [TrialRow] = []
    var cursor: TrialCursor?
    repeat {
      let page = try made.store.page(of: made.sweep, by: order, filter: filter, limit: limit, after: cursor)
      rows += page.rows
      // As somebody outside passes it on.
      cursor = try page.next.map { try #require(TrialCursor($0.description)) }
      #expect(page.next == cursor && page.rows.count <= limit)
      try between()
    } while cursor != nil
    return rows
  }

  /// The class of a value, and the value as a number or text.
  private func place(_ value: DatabaseValue, type: String?) -> (Int, Double, String) {
    switch (type, value.storage) {
    case ("true", _), ("false", _): (1, type == "true" ? 1 : 0, "")
    case ("array", .string(let text)), ("object", .string(let text)): (3, 0, text)
    case (_, .int64(let number)): (0, Double(number), "")
    case (_, .double(let number)): (0, number, "")
    case (_, .string(let text)): (2, 0, text)
    default: (4, 0, "")
    }
  }

  /// The order by plain SQL and plain comparison.
  private func expected(_ database: DatabaseQueue, _ order: TrialOrder, where condition: String = "1") throws -> [Int] {
    let value =
      switch order.key {
      case .number: "number"
      case .state: "CASE state \(TrialState.allCases.enumerated().map { "WHEN '\($1)' THEN \($0)" }.joined(separator: " ")) END"
      case .objective: "objective"
      case .attempt: "attempt"
      case .epochsDone: "epochs_done"
      case .startedAt: "started_at"
      case .finishedAt: "finished_at"
      case .metric(let name):
        "(SELECT last FROM trial_metric JOIN metric ON metric.id = metric_id WHERE trial_id = trial.id AND name = '\(name)')"
      case .parameter(let name): "json_extract(parameters, '$.\(name)')"
      }
    let type = if case .parameter(let name) = order.key { "json_type(parameters, '$.\(name)')" } else { "NULL" }
    let rows = try database.read { db in
      try Row.fetchAll(db, sql: "SELECT number, \(value), \(type) FROM trial WHERE \(condition) ORDER BY number")
    }
    let trials = rows.map { (number: $0[0] as Int, place: place($0[1] as DatabaseValue, type: $0[2] as String?)) }
    return trials.sorted { one, other in
      if one.place == other.place { return one.number < other.number }
      if one.place.0 == 4 || other.place.0 == 4 { return one.place.0 < other.place.0 }
      return order.isDescending ? one.place > other.place : one.place < other.place
    }.map(\.number)
  }

  @Test(arguments: keys, [false, true]) func pagesTogetherAreTheWholeOrder(key: TrialKey, isDescending: Bool) throws {
    let (made, database) = try sweep()
    let order = TrialOrder(key, descending: isDescending)
    #expect(try pages(made, order).map(\.trial.number) == expected(database, order))
  }

  @Test(arguments: keys, [false, true]) func pagesFollowASweepThatRuns(key: TrialKey, isDescending: Bool) throws {
    let (made, database) = try sweep()
    let order = TrialOrder(key, descending: isDescending)
    _ = try made.store.page(of: made.sweep, by: order)
    for round in 1...5 {
      try database.write { db in
        try db.execute(sql: "UPDATE sweep SET revision = revision + 1")
        let changed = "revision = (SELECT revision FROM sweep) WHERE number % 7 = \(round)"
        try db.execute(
          sql: """
            UPDATE trial SET objective = (number * 13 % 17) / 4.0, epochs_done = epochs_done + 1, attempt = 2, state = 'complete',
              started_at = '2026-11-25T10:00:00.000Z', parameters = json_set(parameters, '$.kind', 'new \(round) ' || number), \(changed);
            UPDATE trial_metric SET last = \(round) WHERE trial_id IN (SELECT id FROM trial WHERE number % 7 = \(round));
            INSERT INTO trial (sweep_id, number, parameters) SELECT 1, max(number) + 1, '{"kind":"later","x":' || max(number) || '}' FROM trial;
            """)
      }
      #expect(try pages(made, order).map(\.trial.number) == expected(database, order))
      #expect(try made.store.matching(TrialFilter(), in: made.sweep) == 60 + round)
      #expect(try ranks(pages(made, order)) == ranking(made))
    }
  }

  @Test(arguments: [false, true]) func whatDoesNotMoveIsSeenOnceWhileOthersDo(isDescending: Bool) throws {
    let (made, database) = try sweep()
    let order = TrialOrder(.objective, descending: isDescending)
    var round = 0
    let rows = try pages(made, order) {
      round += 1
      try database.write { db in
        try db.execute(sql: "UPDATE sweep SET revision = revision + 1")
        try db.execute(
          sql: "UPDATE trial SET objective = ?, revision = (SELECT revision FROM sweep) WHERE number % 6 = 0",
          arguments: [Double(round * 5 % 13) - 6])
      }
    }
    let still = rows.map(\.trial.number).filter { $0 % 6 != 0 }
    #expect(try still == expected(database, order, where: "number % 6 <> 0"))
  }

  private func ranks(_ rows: [TrialRow]) -> [Int: Int] {
    Dictionary(uniqueKeysWithValues: rows.compactMap { row in row.rank.map { (row.trial.number, $0) } })
  }

  private func ranking(_ made: PlannedSweep) throws -> [Int: Int] {
    Dictionary(uniqueKeysWithValues: try made.store.ranking(made.sweep).map { ($0.trial.number, $0.rank) })
  }

  @Test(arguments: Objective.Goal.allCases) func ranksAreThoseOfTheRankingOnEveryPage(goal: Objective.Goal) throws {
    let (made, _) = try sweep(Objective(metric: "score", goal: goal))
    for key in Self.keys { #expect(try ranks(pages(made, TrialOrder(key))) == ranking(made)) }
    let best = try pages(made, .best(made.sweep.objective), .ranked)
    let count = try ranking(made).count
    #expect(best.prefix(count).map(\.rank) == Array(1...count) && best.dropFirst(count).allSatisfy { $0.trial.objective == nil })
  }

  @Test func aFilterIsMetByEveryRow() throws {
    let (made, database) = try sweep()
    func check(_ filter: TrialFilter, _ condition: String) throws {
      for key in [TrialKey.number, .parameter("kind")] {
        let order = TrialOrder(key, descending: true)
        #expect(try pages(made, order, filter).map(\.trial.number) == expected(database, order, where: condition), "\(condition)")
      }
      #expect(try made.store.matching(filter, in: made.sweep) == expected(database, TrialOrder(.number), where: condition).count)
    }
    try check(TrialFilter(states: [.complete, .failed]), "state IN ('complete', 'failed')")
    try check(TrialFilter(isPlanned: false), "NOT planned")
    try check(TrialFilter([.init(.number, .range(from: 10, to: 20))]), "number BETWEEN 10 AND 20")
    try check(TrialFilter([.init(.objective, .range(from: nil, to: 0))]), "objective <= 0")
    try check(TrialFilter([.init(.objective, .isAny([.null]))]), "objective IS NULL")
    try check(
      TrialFilter(
        states: [.complete], [.init(.metric("loss"), .isAny([.integer(1), .real(2)])), .init(.parameter("x"), .range(from: 30, to: nil))]),
      "state = 'complete' AND number % 4 IN (1, 2) AND number >= 30")
    try check(
      TrialFilter([.init(.parameter("kind"), .isAny([.text("b \"c\""), .bool(true), .integer(1)]))]), "number % 13 IN (0, 1, 4, 8)")
    try check(TrialFilter([.init(.parameter("kind"), .isAny([.text("none such"), .text("; DROP TABLE trial")]))]), "0")
    try check(TrialFilter([.init(.state, .isAny([.text("failed")]))]), "state = 'failed'")
    try check(TrialFilter([.init(.objective, .range(from: 2, to: 1))]), "0")
    try check(TrialFilter([.init(.objective, .range(from: .nan, to: 1))]), "0")
  }

  @Test func aPageHasTheMetricsOfTheEpochThatCountsIfAsked() throws {
    let (made, _) = try sweep()
    let ranked = try made.store.ranking(made.sweep, limit: 5)
    let page = try made.store.page(of: made.sweep, by: .best(made.sweep.objective), filter: .ranked, limit: 5, withMetrics: true)
    #expect(page.rows.map(\.metrics) == ranked.map(\.metrics) && page.rows.map(\.epoch) == ranked.map(\.epoch))
    #expect(try made.store.page(of: made.sweep, by: TrialOrder(.number), limit: 1).rows[0].metrics.isEmpty)
  }

  @Test func whatIsNotFiniteIsNeverRanked() throws {
    let (made, database) = try sweep()
    try database.write { try $0.execute(sql: "UPDATE trial SET objective = 9e999 WHERE number = 1") }
    #expect(try !made.store.ranking(made.sweep, all: true).contains { $0.trial.number == 1 })
    #expect(try made.store.page(of: made.sweep, by: TrialOrder(.number), limit: 1).rows[0].rank == nil)
    let descending = TrialOrder(.objective, descending: true)
    #expect(try made.store.page(of: made.sweep, by: descending, limit: 1).rows[0].trial.number != 1)
  }

  @Test func aCursorOfAnotherOrderAndAnUnknownMetricAreRefused() throws {
    let (made, _) = try sweep()
    let cursor = try made.store.page(of: made.sweep, by: TrialOrder(.number), limit: 1).next
    #expect(throws: SweepError.self) { try made.store.page(of: made.sweep, by: TrialOrder(.state), after: cursor) }
    #expect { try made.store.page(of: made.sweep, by: TrialOrder(.metric("scor"))) } throws: { "\($0)".contains("did you mean 'score'?") }
    #expect(TrialCursor("bm9uc2Vuc2U") == nil && TrialCursor("") == nil && TrialCursor("%") == nil)
  }

  @Test(arguments: ["schema-1", "schema-2", "schema-3", "schema-4", "schema-5"]) func filesOfEarlierVersionsHavePages(name: String) throws {
    let folder = TemporaryFolder()
    let path = folder.path("old.sqlite")
    try FileManager.default.copyItem(atPath: "\(projectFolder)/Tests/Assets/databases/\(name).sqlite", toPath: path)
    let store = try Store.openReadOnly(path)
    let sweep = try store.sweep(named: "old")
    let page = try store.page(of: sweep, by: .best(sweep.objective), filter: .ranked, limit: 1)
    #expect(page.rows.map(\.trial.number) == [2] && page.rows.map(\.rank) == [1] && page.revision == 0)
    let rest = try store.page(of: sweep, by: .best(sweep.objective), filter: .ranked, after: page.next)
    #expect(rest.rows.map(\.trial.number) == [1] && rest.rows.map(\.rank) == [2] && rest.next == nil)
    #expect(try store.page(of: sweep, by: TrialOrder(.parameter("x"), descending: true)).rows.map(\.trial.number).sorted() == [1, 2, 3])
    #expect(try store.changes(sweepID: sweep.id, since: .init(revision: 0)).changed.isEmpty)
    #expect(try store.events(sweepID: sweep.id).rows.last?.kind == "planned")
  }

  /// As many as are read on two connections.
  @Test func aLargeSweepIsReadInTwoHalves() throws {
    let made = try PlannedSweep(count: 30_000)
    let database = try DatabaseQueue(path: made.store.path)
    try database.write { db in
      try db.execute(sql: "UPDATE trial SET state = 'complete', objective = number * 7919 % 10007")
      try db.execute(sql: "UPDATE trial SET parameters = json_set(parameters, '$.kind', char(97 + number % 26))")
    }
    let store = try Store.openReadOnly(made.store.path)
    for order in [TrialOrder(.parameter("x"), descending: true), TrialOrder(.parameter("kind")), TrialOrder(.objective)] {
      var (numbers, cursor) = ([Int](), TrialCursor?.none)
      repeat {
        let page = try store.page(of: made.sweep, by: order, limit: 9000, after: cursor)
        numbers += page.rows.map(\.trial.number)
        cursor = page.next
      } while cursor != nil
      #expect(try numbers == expected(database, order))
    }
  }

  @Test func epochsEventsAndAttemptsComeInPages() throws {
    let made = try PlannedSweep(count: 1)
    let recorder = made.recorder()
    let trial = try #require(try made.waiting().first)
    try recorder.started(trial.id)
    for epoch in 1...10 { try recorder.record(EpochMetrics(epoch: epoch, values: [("score", 1), ("loss", 2)]), checkpoint: nil, of: trial.id) }
    try recorder.flush()
    var (epochs, after) = ([EpochMetrics](), Int64?.none)
    repeat {
      let page = try made.store.epochs(of: trial.id, after: after, limit: 3)
      epochs += page.rows
      after = page.next
    } while after != nil
    #expect(try epochs == made.store.epochs(of: trial.id) && epochs.map(\.epoch) == Array(1...10))

    for number in 1...5 { try made.store.addEvent(sweepID: made.sweep.id, kind: "note", detail: "\(number)") }
    let first = try made.store.events(sweepID: made.sweep.id, limit: 2)
    #expect(first.rows.map(\.detail) == ["5", "4"])
    #expect(try made.store.events(sweepID: made.sweep.id, before: first.next, limit: 3).rows.map(\.detail) == ["3", "2", "1"])

    try DatabaseQueue(path: made.store.path).write { db in
      for number in 1...3 { try db.execute(sql: "INSERT INTO attempt (trial_id, attempt, started_at) VALUES (1, ?, '')", arguments: [number]) }
    }
    let attempts = try made.store.attempts(of: trial.id, after: nil, limit: 2)
    #expect(attempts.rows.map(\.number) == [1, 2])
    #expect(try made.store.attempts(of: trial.id, after: attempts.next, limit: 2).rows.map(\.number) == [3])
  }
}

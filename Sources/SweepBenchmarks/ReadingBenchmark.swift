// Pages of a database that is opened once, as whoever shows a sweep asks for them: by which order and filter, how deep, for the first time and
// again; and what changed since.

import Foundation
import SweepCore
import SweepStore

enum ReadingBenchmark {
  /// Commits as a runner would; without it what follows them is not measured.
  private static let shell = "/usr/bin/sqlite3"

  /// - Parameter folder: with a database whose newest sweep is the one to read.
  static func run(in folder: Folder) throws {
    let path = folder.path + "/results.sqlite"
    // Brings the schema up to date, and closes the log.
    try Store.open(path).close()
    let best = TrialOrder.best(try Store.openReadOnly(path).sweep(named: nil).objective)
    let filter = TrialFilter(
      states: [.complete], [.init(.parameter("x"), .range(from: 0, to: 1)), .init(.metric("value"), .range(from: nil, to: 50))])
    let questions: [(String, TrialOrder, TrialFilter)] = [
      ("number", TrialOrder(.number), TrialFilter()), ("objective", best, .ranked), ("a metric", TrialOrder(.metric("value")), TrialFilter()),
      ("a parameter", TrialOrder(.parameter("y"), descending: true), TrialFilter()), ("started_at", TrialOrder(.startedAt), TrialFilter()),
      ("number, filtered", TrialOrder(.number), filter), ("a parameter, filtered", TrialOrder(.parameter("y"), descending: true), filter),
    ]
    var rows: [[ParameterValue]] = []
    for (title, order, filter) in questions {
      // Each by a store of its own, so that the first time is the first.
      let store = try Store.openReadOnly(path)
      let sweep = try store.sweep(named: nil)
      let first = try time { _ = try store.page(of: sweep, by: order, filter: filter) }
      let again = try (0..<5).map { _ in try time { _ = try store.page(of: sweep, by: order, filter: filter) } }.max() ?? 0
      let middle = try store.page(of: sweep, by: order, filter: filter, limit: 20_000).next
      let deep = try (0..<5).map { _ in try time { _ = try store.page(of: sweep, by: order, filter: filter, after: middle) } }.max() ?? 0
      let count = try (0..<5).map { _ in try time { _ = try store.matching(filter, in: sweep) } }.max() ?? 0
      rows.append([
        .text(title), .rounded(first * 1000, 0, " ms"), .rounded(again * 1000, 2, " ms"), .rounded(deep * 1000, 2, " ms"),
        .rounded(count * 1000, 2, " ms"),
      ])
      try store.close()
    }
    BenchmarkCommand.print("Pages of 100 of its trials with their ranks, from a database that is open; the longest of five but for the first:\n")
    try BenchmarkCommand.table(["sorted by", "the first", "again", "behind the 20,000th", "how many match"], rows)
    guard FileManager.default.isExecutableFile(atPath: shell) else { return }
    let store = try Store.openReadOnly(path)
    let sweep = try store.sweep(named: nil)
    let order = TrialOrder(.parameter("y"))
    _ = try store.page(of: sweep, by: order)
    var (changes, following) = ([Double](), [Double]())
    var mark = try store.changes(sweepID: sweep.id, since: Changes.Mark(revision: 0)).mark
    for round in 1...5 {
      _ = try Child(
        shell,
        [
          path,
          """
          UPDATE sweep SET revision = revision + 1;
          UPDATE trial SET objective = \(round), revision = (SELECT revision FROM sweep) WHERE number % 50000 = \(round);
          """,
        ], in: folder)
      changes.append(
        try time {
          let found = try store.changes(sweepID: sweep.id, since: mark)
          mark = found.mark
        })
      following.append(try time { _ = try store.page(of: sweep, by: order) })
    }
    BenchmarkCommand.print("")
    try BenchmarkCommand.table(
      ["after a commit that changed one trial in 50,000", "time"],
      [
        [.text("what changed"), .rounded((changes.max() ?? 0) * 1000, 2, " ms")],
        [.text("a page by a parameter"), .rounded((following.max() ?? 0) * 1000, 2, " ms")],
      ])
  }

  private static func time(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return (.now - start) / .seconds(1)
  }
}

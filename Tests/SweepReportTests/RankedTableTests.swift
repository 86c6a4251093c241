import SweepCore
import SweepReport
import SweepStore
import SweepTestSupport
import Testing

struct RankedTableTests {
  private func ranked() throws -> RankedTable {
    let made = try PlannedSweep(count: 2)
    let recorder = made.recorder()
    for trial in try made.waiting() {
      try recorder.started(trial.id)
      let score = trial.number == 1 ? 0.25 : 0.75
      try recorder.record(EpochMetrics(epoch: 1, values: [("score", score), ("test_accuracy", 0.5)]), checkpoint: nil, of: trial.id)
      try recorder.ended(trial.id, .complete)
    }
    try recorder.flush()
    return RankedTable(
      made.sweep, trials: try made.store.ranking(made.sweep), metrics: try made.store.metrics(sweepID: made.sweep.id), parameters: ["kind", "x"],
      swept: ["x"]
    ) { metric, _ in metric == "score" ? 100 : nil }
  }

  private func rows(_ table: Table) throws -> [Table.Row] {
    var rows: [Table.Row] = []
    try table.forEachRow { rows.append($0) }
    return rows
  }

  @Test func peopleSeeTheObjectiveItsIntervalTheTestAccuracyAndWhatWasSwept() throws {
    let table = try ranked().forPeople
    #expect(table.columns.map(\.title) == ["rank", "trial", "score", "95 % interval", "test accuracy", "x"])
    #expect(try rows(table)[0] == [.integer(1), .integer(2), .real(0.75), .text("0.6570–0.8245"), .real(0.5), .integer(2)])
  }

  @Test func programsSeeEveryParameterAndMetric() throws {
    let table = try ranked().forPrograms
    #expect(
      table.columns.map(\.name) == [
        "rank", "trial", "state", "epoch", "tied", "behind_lower", "behind_upper", "kind", "x", "score", "loss", "test_accuracy",
      ])
    #expect(
      try rows(table)[1] == [
        .integer(2), .integer(1), .text("complete"), .integer(1), .null, .null, .null, .text("k"), .integer(1), .real(0.25), .null, .real(0.5),
      ])
  }
}

import SweepCore
import SweepStore
import SweepTestSupport
import Testing

struct ReadingTests {
  /// Trial n has the scores 1, 2, … n in its epochs.
  private func finished(_ objective: Objective = PlannedSweep.objective) throws -> PlannedSweep {
    let made = try PlannedSweep(count: 4, objective: objective)
    let recorder = made.recorder()
    for trial in try made.waiting() {
      try recorder.started(trial.id)
      for epoch in 1...4 {
        let score = epoch == 2 ? Double(10 * trial.number) : Double(-trial.number)
        try recorder.record(EpochMetrics(epoch: epoch, values: [("score", score), ("loss", Double(epoch))]), checkpoint: nil, of: trial.id)
      }
      try recorder.ended(trial.id, trial.number == 3 ? .failed(reason: "unlucky") : .complete)
    }
    try recorder.flush()
    return made
  }

  @Test func theRankingGoesByTheLastEpochWithItsMetrics() throws {
    let made = try finished()
    let ranking = try made.store.ranking(made.sweep)
    #expect(ranking.map(\.trial.number) == [1, 2, 4] && ranking.map(\.rank) == [1, 2, 3])
    #expect(ranking[0].epoch == 4 && ranking[0].metrics == ["score": -1, "loss": 4])
  }

  @Test func theRankingGoesByTheBestEpochWhereTheSweepSaysSo() throws {
    let made = try finished(Objective(metric: "score", goal: .maximize, at: .best))
    let ranking = try made.store.ranking(made.sweep)
    #expect(ranking.map(\.trial.number) == [4, 2, 1])
    #expect(ranking[0].epoch == 2 && ranking[0].metrics == ["score": 40, "loss": 2])
  }

  @Test func everyStateCanBeRankedAndTheFirstFewAsked() throws {
    let made = try finished(Objective(metric: "score", goal: .minimize, at: .last))
    #expect(try made.store.ranking(made.sweep, all: true).map(\.trial.number) == [4, 3, 2, 1])
    #expect(try made.store.ranking(made.sweep, limit: 2).map(\.trial.number) == [4, 2])
  }

  @Test func theViewsHaveAColumnForEachParameterAndMetric() throws {
    let made = try finished()
    let trials = try made.store.query("SELECT trial, state, x, kind, score, loss FROM trials_made ORDER BY trial")
    #expect(trials.rows[1] == [.integer(2), .text("complete"), .integer(2), .text("k"), .real(-2), .real(4)])
    let epochs = try made.store.query("SELECT * FROM epochs_made WHERE trial = 2 ORDER BY epoch")
    #expect(epochs.columns == ["trial", "epoch", "kind", "x", "score", "loss"])
    #expect(epochs.rows.map { $0[4] } == [.real(-2), .real(20), .real(-2), .real(-2)])
  }

  @Test func aTrialsCurveIsFoundWithoutReadingTheOthers() throws {
    let made = try finished()
    let plan = try made.store.query("EXPLAIN QUERY PLAN SELECT * FROM epochs_made WHERE trial = 2").rows.map { $0[3].description }
    #expect(plan.contains { $0.contains("sweep_id=? AND number=?") })
    #expect(!plan.contains { $0.contains("TEMP B-TREE") })
  }

  @Test func parametersOfAllSweepsAreRowsOfOneView() throws {
    let made = try finished()
    #expect(try made.store.query("SELECT count(*) FROM parameter WHERE name = 'x' AND value = 2").rows == [[.integer(1)]])
  }

  @Test(arguments: [
    "DELETE FROM trial", "UPDATE trial SET state = 'waiting'", "DROP TABLE trial", "CREATE TABLE t (x)", "INSERT INTO event (at) VALUES ('x')",
    "PRAGMA journal_mode = DELETE", "ATTACH 'other.sqlite' AS other", "VACUUM", "SELECT 1; DELETE FROM trial",
    "PRAGMA writable_schema = 1; DELETE FROM trial",
  ])
  func noStatementWrites(sql: String) throws {
    let made = try finished()
    let reader = try Store.openReadOnly(made.store.path)
    #expect(throws: SweepError.self) { try reader.query(sql) }
    #expect(try reader.query("SELECT count(*) FROM trial").rows == [[.integer(4)]])
  }

  @Test func aMisspeltTableOrColumnGetsAHint() throws {
    let made = try finished()
    func complaint(_ sql: String) -> String {
      do throws(SweepError) { return "\(try made.store.query(sql).rows)" } catch { return error.description }
    }
    #expect(complaint("SELECT * FROM trials_mad").contains("did you mean 'trials_made'?"))
    #expect(complaint("SELECT scor FROM trials_made").contains("did you mean 'score'?"))
    #expect(complaint("SELEC 1").contains("syntax error"))
  }

  @Test func columnsKeepTheirNamesApartWhateverParametersAreCalled() {
    let columns = ViewColumns(parameters: ["state", "LR", "lr", "epochs"], metrics: ["lr", "trial", "loss"])
    #expect(columns.parameters.map(\.column) == ["parameter_state", "LR", "parameter_lr", "epochs"])
    #expect(columns.metrics.map(\.column) == ["metric_lr", "metric_trial", "loss"])
  }

  @Test func anUnknownSweepNamesTheNearest() throws {
    let made = try finished()
    #expect { try made.store.sweep(named: "mad") } throws: { "\($0)".contains("did you mean 'made'?") }
  }
}

// The report of one sweep: what was asked, what came out, what of it is certain, and what it was run with. Each table has the SQL that it
// comes from, so that a reader can ask on.

import SweepCore
import SweepStore

package struct SweepPage {
  private let sweep: SweepRecord
  private let space: SearchSpace
  private let store: Store
  private let samples: @Sendable (String, Assignment) -> Int?
  private let metrics: [String]
  private let ranked: [RankedTrial]
  private let figures: SweepFigures

  /// Rows of the ranked table, and trials whose curves are drawn.
  private static let (listed, drawn) = (50, 5)

  /// - Parameter samples: the number of samples behind a metric that is a share.
  package init(_ sweep: SweepRecord, in store: Store, samples: @escaping @Sendable (String, Assignment) -> Int?) throws(SweepError) {
    (self.sweep, space, self.store, self.samples) = (sweep, try sweep.space, store, samples)
    metrics = try store.metrics(sweepID: sweep.id)
    ranked = try store.ranking(sweep)
    figures = SweepFigures(sweep, space: space, metrics: metrics)
  }

  /// - Parameters:
  ///   - description: of the sweep, from its file.
  ///   - withFigures: they need gnuplot.
  package func document(description: String?, withFigures: Bool) throws(SweepError) -> Document {
    var page = Document("Sweep \(sweep.name)")
    if let description { page.text(description) }
    try addDefinition(to: &page)
    if sweep.objectives.count > 1 { try addFronts(to: &page, withFigures: withFigures) }
    try addRanking(to: &page)
    if !ranked.isEmpty {
      try addSettings(to: &page)
      if withFigures { try addProgress(to: &page) }
      if withFigures { try addCurves(to: &page) }
      try addImportance(to: &page, withFigures: withFigures)
      try addAnswers(to: &page, withFigures: withFigures)
    }
    try addEvents(to: &page)
    return page
  }

  // MARK: parts

  private func addDefinition(to page: inout Document) throws(SweepError) {
    page.heading("What was asked")
    let several = sweep.objectives.count > 1
    for (place, objective) in sweep.objectives.enumerated() {
      let which = several ? "Objective \(place + 1)" : "The objective"
      page.text("\(which): \(objective.goal.rawValue) \(objective.metric.spaced), of the \(objective.at.rawValue) epoch.")
    }
    page.table(
      Table(
        columns: [.init("parameter"), .init("values")],
        rows: space.parameters.map { [.text($0.name), .text($0.domain.isConstant ? $0.domain.text : "\($0.domain.text), swept")] }),
      sql: "SELECT definition FROM sweep WHERE name = \(SQLText.quoted(sweep.name))")
    page.text("How far it is:")
    try page.table(answer("SELECT state, count(*) AS trials, sum(epochs_done) AS epochs FROM \(view("trials")) GROUP BY state"))
  }

  /// What several objectives come to together.
  private func addFronts(to page: inout Document, withFigures: Bool) throws(SweepError) {
    let ranking = try ParetoRanking(of: sweep, in: store)
    guard let sentence = ranking.sentence else { return }
    page.heading("Pareto front")
    let front = Set(ranking.front.map(\.number))
    let table = FrontTable(
      sweep, ranking, trials: ranked.filter { front.contains($0.trial.number) }, limit: Self.listed, metrics: metrics, parameters: space.names,
      swept: space.sweptNames, samples: samples)
    page.table(table.forPeople, sql: ranking.sql(view: view("trials")))
    page.sentence(sentence)
    for (metric, count) in ranking.lacking { page.text("Not in it: \(count) complete without a value of \(metric).") }
    guard withFigures else { return }
    page.figure(figures.pareto(ranking), "pareto", "The Pareto front among all trials")
    page.figure(figures.hypervolume(ranking), "hypervolume", "The hypervolume of the front, trial by trial")
  }

  private func addRanking(to page: inout Document) throws(SweepError) {
    page.heading(sweep.objectives.count > 1 ? "Ranking by \(sweep.objective.metric.spaced)" : "Ranking")
    guard !ranked.isEmpty else { return page.text("No trial is complete yet.") }
    let noise = try Noise(of: sweep, ranked: ranked.count, in: store)
    let table = RankedTable(
      sweep, trials: Array(ranked.prefix(Self.listed)), metrics: metrics, parameters: space.names, swept: space.sweptNames, noise: noise,
      samples: samples)
    page.table(table.forPeople, sql: try rankingSQL())
    if let left = try store.counts(sweepID: sweep.id).notRanked { page.text("Not ranked: \(left).") }
    if ranked.count > Self.listed { page.text("The best \(Self.listed) of \(ranked.count).") }
    for sentence in noise?.sentences ?? [] { page.sentence(sentence) }
  }

  /// The settings over their seeds, where seeds are repeated.
  private func addSettings(to page: inout Document) throws(SweepError) {
    let names = space.sweptNames.filter { $0 != "seed" }
    guard space.sweptNames.contains("seed"), !names.isEmpty, ranked.count > 1 else { return }
    page.heading("Settings over their seeds")
    let table = GroupedTable(sweep, trials: ranked, by: names, metrics: metrics, answers: try Noise.answers(of: sweep, in: store))
    let columns = names.map(quoted(name:)).joined(separator: ", ")
    page.table(
      table.table(limit: Self.listed, forPeople: true),
      sql: """
        SELECT count(*) AS trials, avg(\(objective(of: view("trials")))) AS mean, \(columns) FROM \(view("trials"))
        WHERE state = 'complete' GROUP BY \(columns) ORDER BY mean \(sweep.objective.order) LIMIT \(Self.listed)
        """)
    page.sentence(table.sentence)
  }

  /// The ranked table in SQL: with the metrics of the epoch that counts, without trials that the file no longer asks for.
  private func rankingSQL() throws(SweepError) -> String {
    let test = ["test_accuracy"].filter(metrics.contains)
    let isLast = sweep.objective.at == .last
    let value = objective(of: "v")
    let shown =
      ["v.trial", sweep.isRankedByOther ? "\(value) AS objective" : value] + test.map { "\(isLast ? "v" : "e").\($0)" }
      + space.sweptNames.map { "v.\(quoted(name: $0))" }
    let join = """

      JOIN \(view("epochs")) AS e ON e.trial = v.trial AND e.epoch = (
        SELECT m.\(sweep.objective.epochColumn) FROM trial_metric AS m JOIN metric AS d ON d.id = m.metric_id JOIN trial AS t ON t.id = m.trial_id
        WHERE t.sweep_id = \(sweep.id) AND t.number = v.trial AND d.name = \(SQLText.quoted(sweep.objective.metric)))
      """
    let asked = "\n  AND v.trial IN (SELECT number FROM trial WHERE sweep_id = \(sweep.id) AND planned)"
    let hasUnplanned = try store.counts(sweepID: sweep.id).unplanned > 0
    return """
      SELECT \(shown.joined(separator: ", ")) FROM \(view("trials")) AS v\(isLast || test.isEmpty ? "" : join)
      WHERE v.state = 'complete'\(hasUnplanned ? asked : "")
      ORDER BY \(sweep.isRankedByOther ? "2" : value) \(sweep.objective.order), v.trial LIMIT \(Self.listed)
      """
  }

  private func addProgress(to page: inout Document) throws(SweepError) {
    guard ranked.count > 2 else { return }
    page.heading("How it went")
    page.figure(try SweepFigures.optimization([(sweep, try store.course(sweep))]), "optimization", "The best so far")
    page.code("SELECT trial, epochs_done, \(objective(of: view("trials"))) FROM \(view("trials")) WHERE state = 'complete' ORDER BY trial")
  }

  private func addCurves(to page: inout Document) throws(SweepError) {
    page.heading("Curves")
    let best = Array(ranked.prefix(Self.drawn))
    let trials = try best.map { ranked throws(SweepError) in
      (name: "\(ranked.trial.number)", trial: ranked.trial, epochs: try store.epochs(of: ranked.trial.id))
    }
    let quantities = ["loss", "accuracy"].filter { metrics.contains("validation_\($0)") }
    for quantity in quantities {
      page.figure(
        try figures.curves(of: [trials[0]], of: quantity, splits: ["train", "validation"]), "best-\(quantity)",
        "Trial \(best[0].trial.number), the best: \(quantity)")
    }
    if trials.count > 1 {
      let quantity = quantities.last ?? sweep.objective.metric
      page.figure(
        try figures.curves(of: trials, of: quantity, splits: ["validation"]), "curves", "The \(trials.count) best trials: \(quantity.spaced)")
    }
    let numbers = best.map { String($0.trial.number) }.joined(separator: ", ")
    page.code("SELECT * FROM \(view("epochs")) WHERE trial IN (\(numbers)) ORDER BY trial, epoch")
  }

  private func addImportance(to page: inout Document, withFigures: Bool) throws(SweepError) {
    let trials = ranked.map(\.trial)
    guard Importance.isDefined(for: trials, space: space) else { return }
    let importance = try Importance(of: sweep.objective, trials: trials, space: space)
    page.heading("What matters")
    if withFigures { page.figure(figures.importance(importance), "importance", "Importance of the parameters") }
    page.table(
      importance.table,
      sql:
        "SELECT \((space.sweptNames.map(quoted(name:)) + [objective(of: view("trials"))]).joined(separator: ", ")) FROM \(view("trials")) WHERE state = 'complete'"
    )
    page.sentence(importance.sentence)
    guard withFigures else { return }
    page.figure(figures.slice(Array(trials.prefix(5000))), "slice", "The objective over each parameter, with the mean of each value")
    page.figure(figures.parallel(Array(trials.prefix(1000))), "parallel", "Every trial as a line through its parameters")
    let main = importance.effects.filter { $0.parameters.count == 1 }.prefix(3).map { $0.parameters[0] }
    for (index, x) in main.enumerated() {
      for y in main.dropFirst(index + 1) {
        guard figures.isListed(x, in: trials), figures.isListed(y, in: trials) else {
          page.figure(figures.contour(Array(trials.prefix(5000)), x: x, y: y), "contour-\(x)-\(y)", "\(x.spaced) and \(y.spaced)")
          continue
        }
        page.figure(try figures.heatmap(trials, x: x, y: y), "heatmap-\(x)-\(y)", "\(x.spaced) and \(y.spaced), the others averaged")
        page.code(
          """
          SELECT \(quoted(name: x)), \(quoted(name: y)), avg(\(objective(of: view("trials")))) FROM \(view("trials"))
          WHERE state = 'complete' GROUP BY 1, 2
          """)
      }
    }
  }

  private func addAnswers(to page: inout Document, withFigures: Bool) throws(SweepError) {
    guard let best = ranked.first?.trial, let predictions = try store.predictions(of: best.id, split: "test") else { return }
    page.heading("What the best trial answers")
    if withFigures {
      page.figure(
        SweepFigures.histogram([("trial \(best.number)", predictions)], bins: 20), "histogram",
        "Probability that trial \(best.number) gives to the true class, test images")
    }
    page.text("The share of each class among the correctly and among the incorrectly labelled test images:")
    page.table(
      ClassShares.table([("trial \(best.number)", ClassShares(predictions))]),
      sql: """
        SELECT label, sum(correct) * 1.0 / sum(sum(correct)) OVER () AS correct, sum(1 - correct) * 1.0 / sum(sum(1 - correct)) OVER () AS incorrect
        FROM \(view("predictions")) WHERE trial = \(best.number) AND split = 'test' GROUP BY label
        """)
  }

  private func addEvents(to page: inout Document) throws(SweepError) {
    page.heading("What it was run with")
    try page.table(
      answer(
        """
        SELECT at, kind, detail FROM event WHERE sweep_id = \(sweep.id) ORDER BY id
        """))
  }

  // MARK: SQL

  /// A table that is the answer to a statement, and says so.
  private func answer(_ sql: String) throws(SweepError) -> (Table, String) {
    let result = try store.query(sql)
    return (Table(columns: result.columns.map { .init($0, title: $0.spaced) }, rows: result.rows), sql)
  }

  /// The objective of a row of the view of trials: its column, or what was measured of another metric.
  private func objective(of row: String) -> String {
    guard sweep.isRankedByOther else { return row == "v" ? "v.objective" : "objective" }
    return
      "(SELECT m.\(sweep.objective.valueColumn) FROM trial AS t JOIN trial_metric AS m ON m.trial_id = t.id JOIN metric AS d ON d.id = m.metric_id "
      + "WHERE t.sweep_id = \(sweep.id) AND t.number = \(row).trial AND d.name = \(SQLText.quoted(sweep.objective.metric)))"
  }

  private func view(_ kind: String) -> String { quoted(name: "\(kind)_\(sweep.slug)") }
  private func quoted(name: String) -> String {
    let isPlain = name.utf8.allSatisfy { $0 == UInt8(ascii: "_") || (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) }
    return isPlain && name.first?.isNumber == false ? name : SQLText.quoted(name: name)
  }
}

extension Document {
  fileprivate mutating func table(_ answer: (table: Table, sql: String)) { table(answer.table, sql: answer.sql) }
}

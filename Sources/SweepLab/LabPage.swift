// The lab's tables and figures in the report's order, from the database, with the report's figures beside ours.

import SweepCore
import SweepKit
import SweepReport
import SweepStore
import SweepTraining

struct LabPage {
  private let store: Store
  private let softmax: LabTrial
  private let multiple: LabTrial

  init(in store: Store) throws {
    self.store = store
    softmax = try LabTrial("table1", in: store)
    multiple = try LabTrial("multiple-bce", in: store)
  }

  func document() throws -> Document {
    var page = Document("The lab, reproduced")
    page.text(
      "Every table and figure of the lab, each from one committed sweep file. An accuracy of 0.42 has a standard error of 0.5 points on 10,000 "
        + "images (the test, and validation in 1.3), of 1.6 points on 1,000 (validation elsewhere).")
    try addComparison(to: &page)
    try addTables1To3(to: &page)
    try addReadings(to: &page)
    try addStepDecay(to: &page)
    try addDerivation(to: &page)
    try addMultiple(to: &page)
    try addOverfitting(to: &page)
    try addTimes(to: &page)
    return page
  }

  // MARK: parts

  private func addComparison(to page: inout Document) throws {
    page.heading("The report's figures beside ours")
    let grid = try LabSweep("cifar10-grid", in: store)
    let (best, worst) = (try grid.trial(LabReport.best.lambda, LabReport.best.eta, LabReport.best.batchSize), try grid.worstRow)
    let decay = try LabTrial("step-decay", ["decay_every": .integer(30)], in: store)
    let rows: [(String, Double, Double)] = [
      ("Table 1, test", LabReport.table1Test, softmax["test_accuracy"]),
      ("Table 3, first row (lambda 0.01, eta 0.001, batch 100), validation", LabReport.best.validation, best["validation_accuracy"]),
      ("the same, test", LabReport.best.test, best["test_accuracy"]),
      ("Table 3, last row (lambda 0.001, eta 0.01, batch 5), validation", LabReport.worst.validation, worst["validation_accuracy"]),
      ("the same, test", LabReport.worst.test, worst["test_accuracy"]),
      ("1.3, step decay after 30 epochs, test", LabReport.stepDecayTest, decay["test_accuracy"]),
      ("1.4, the best network, test", LabReport.bestNetworkTest, try LabTrial("best-network", in: store)["test_accuracy"]),
      ("Table 4, multiple binary cross-entropy, test", LabReport.multipleTest, multiple["test_accuracy"]),
    ]
    page.table(
      Table(
        columns: [.init("what"), .init("the report", format: Table.rounded), .init("here", format: Table.rounded), .init("points apart")],
        rows: rows.map { [.text($0), .real($1), .real($2), .text(signed(100 * ($2 - $1), digits: 1))] }))
    let near = rows.count { abs($0.1 - $0.2) <= 0.015 }
    page.text(
      "\(near) of \(rows.count) are within 1.5 points, as other images and other seeds may differ. For the others see \"Where Table 3 differs\" and the "
        + "readings beside Table 4, which test what may have been run instead.")
  }

  private func addTables1To3(to page: inout Document) throws {
    page.heading("Table 1: increased amount of training data")
    page.text("lambda 0, 40 epochs, eta 0.001, batch size 100: test accuracy \(percent(softmax["test_accuracy"])) (the report: 41.29 %).")
    page.heading("Tables 2 and 3: the grid")
    let grid = try LabSweep("cifar10-grid", in: store)
    let noise = try Noise(of: grid.record, ranked: grid.ranked.count, in: store)
    page.table(
      RankedTable(
        grid.record, trials: grid.ranked, metrics: grid.metrics, parameters: grid.space.names, swept: grid.space.sweptNames, noise: noise,
        samples: { metric, _ in metric == "validation_accuracy" ? 1000 : metric == "test_accuracy" ? 10_000 : nil }
      ).forPeople,
      sql: """
        SELECT trial, lambda, eta, batch_size, validation_accuracy, test_accuracy FROM trials_cifar10_grid
        ORDER BY validation_accuracy DESC, trial
        """)
    for sentence in noise?.sentences ?? [] { page.sentence(sentence) }
    let trials = grid.ranked.map(\.trial)
    let importance = try Importance(of: grid.record.objective, trials: trials, space: grid.space)
    page.figure(grid.figures.importance(importance), "importance", "What the differences in Table 3 come from")
    page.figure(try grid.figures.heatmap(trials, x: "batch_size", y: "eta"), "table3-heatmap", "Table 3: batch size and eta, mean over lambda")
    page.figure(grid.figures.parallel(trials), "table3-parallel", "Table 3: every network as a line")
  }

  private func addReadings(to page: inout Document) throws {
    page.heading("Where Table 3 differs")
    let fives = try LabSweep("cifar10-grid", in: store).ranked.filter {
      $0.trial.assignment["batch_size"] == .integer(5) && $0.trial.assignment["eta"] == .real(0.01)
    }
    page.text(
      "The report's worst network has \(percent(LabReport.worst.validation)) on the validation images, and all 27 are \"rather close\". Here those "
        + "with batch size 5 and eta 0.01, large steps over the mean of five images each, end between "
        + "\(percent(fives.map { $0.trial.objective ?? 1 }.min() ?? 0)) and \(percent(fives.map { $0.trial.objective ?? 0 }.max() ?? 0)). "
        + "What may have been run instead, each reading by a committed sweep file:")
    func decay(_ sweep: String, _ every: Int) throws -> LabTrial {
      try LabTrial(sweep, ["decay_every": .integer(every), "scaling": .text("standardise")], in: store)
    }
    func centred(_ sweep: String) throws -> LabTrial { try LabTrial(sweep, ["decay_every": .null, "scaling": .text("centre")], in: store) }
    func small(_ lambda: Double) throws -> LabTrial { try LabTrial("readings-batch-5", ["eta": .real(0.0005), "lambda": .real(lambda)], in: store) }
    let grid = try LabSweep("cifar10-grid", in: store)
    let best = try grid.trial(LabReport.best.lambda, LabReport.best.eta, LabReport.best.batchSize)
    let readings: [(String, LabTrial, LabTrial)] = [
      ("as the formulas say", try grid.worstRow, best),
      ("the sum over a batch divided by 100 whatever its size", try small(0.02), best),
      ("the whole step divided by 100, penalty and all", try small(0.001), best),
      ("step decay left on, after 10 epochs", try decay("readings-worst-row", 10), try decay("readings-best-row", 10)),
      ("step decay left on, after 20 epochs", try decay("readings-worst-row", 20), try decay("readings-best-row", 20)),
      ("step decay left on, after 30 epochs", try decay("readings-worst-row", 30), try decay("readings-best-row", 30)),
      ("pixels less their mean, not divided by the standard deviation", try centred("readings-worst-row"), try centred("readings-best-row")),
    ]
    func cells(_ trial: LabTrial) -> [ParameterValue] { [.real(trial["validation_accuracy"]), .real(trial["test_accuracy"])] }
    let known: Table.Row = [
      .text("the report"), .real(LabReport.worst.validation), .real(LabReport.worst.test), .real(LabReport.best.validation),
      .real(LabReport.best.test),
    ]
    page.table(
      Table(
        columns: [
          .init("reading"), .init("last row, validation", format: Table.rounded), .init("test", format: Table.rounded),
          .init("first row, validation", format: Table.rounded), .init("test", format: Table.rounded),
        ], rows: [known] + readings.map { [.text($0)] + cells($1) + cells($2) }))
    func distance(_ reading: (String, LabTrial, LabTrial)) -> Double {
      abs(reading.1["test_accuracy"] - LabReport.worst.test) + abs(reading.2["test_accuracy"] - LabReport.best.test)
    }
    if let nearest = readings.min(by: { distance($0) < distance($1) }) {
      page.text(
        "By the test accuracies of both rows together the nearest reading is \"\(nearest.0)\" (\(fixed(100 * distance(nearest), digits: 2)) points apart in all). By the "
          + "validation accuracy of the last row it is \(signed(100 * (nearest.1["validation_accuracy"] - LabReport.worst.validation), digits: 1)) points apart."
      )
    }
    page.text("What dividing by 100 makes of all 27 networks, which the report calls \"rather close\":")
    let wholes: [(String, [Double])] = [
      ("as the formulas say", grid.ranked.compactMap(\.trial.objective)),
      ("divided by 100 whatever the size", try divided(penaltyToo: false)), ("the whole step, penalty and all", try divided(penaltyToo: true)),
    ]
    page.table(
      Table(
        columns: [.init("reading"), .init("worst validation", format: Table.rounded), .init("best validation", format: Table.rounded)],
        rows: wholes.map { [.text($0), .real($1.min() ?? .nan), .real($1.max() ?? .nan)] }))
  }

  /// The validation accuracies of Table 3's networks with gradients divided by 100: batch size 100 is as it was.
  private func divided(penaltyToo: Bool) throws -> [Double] {
    let hundred = try LabSweep("cifar10-grid", in: store).ranked.filter { $0.trial.assignment["batch_size"] == .integer(100) }
    let others = try [(sweep: "readings-batch-5", factor: 20.0), (sweep: "readings-batch-50", factor: 2.0)].flatMap { reading in
      let lambdas = [0.1, 0.01, 0.001].map { penaltyToo ? $0 : $0 * reading.factor }
      return try LabSweep(reading.sweep, in: store).ranked.filter { ranked in
        lambdas.contains { abs((ranked.trial.assignment["lambda"]?.number ?? -1) / $0 - 1) < 1e-9 }
      }
    }
    return (hundred + others).compactMap(\.trial.objective)
  }

  private func addStepDecay(to page: inout Document) throws {
    page.heading("1.3: step decay")
    let sweep = try LabSweep("step-decay", in: store)
    let sql = "SELECT decay_every, validation_accuracy, test_accuracy, train_loss, validation_loss FROM trials_step_decay ORDER BY decay_every"
    page.table(try answer(sql), sql: sql)
    page.text(
      "Batch 1 trains, batch 2 validates. With small n the learning rate is gone before the network has learnt, and the curve is flat from "
        + "then on; with n = 20 and 30 it becomes flat at n. The report's best is n = 30 with 39.04 % on the test images.")
    let shown = sweep.ranked.map(\.trial).filter { [2, 5, 10, 20, 30].contains($0.assignment["decay_every"]?.number ?? 0) }
      .sorted { ($0.assignment["decay_every"]?.number ?? 0) < ($1.assignment["decay_every"]?.number ?? 0) }
    let trials = try shown.map { trial in (name: "", trial: trial, epochs: try store.epochs(of: trial.id)) }
    page.figure(
      try sweep.figures.curves(of: trials, of: "loss", splits: ["validation"]), "step-decay", "1.3: validation loss with step decay after n epochs")
    page.heading("1.4: the best network")
    let network = try LabTrial("best-network", in: store)
    page.text(
      "Table 3's first row with step decay after 30 epochs: test accuracy \(percent(network["test_accuracy"])) (the report: 41.33 %), validation "
        + "\(percent(network["validation_accuracy"])).")
  }

  private func addDerivation(to page: inout Document) throws {
    page.heading("2.1: the derivative of multiple binary cross-entropy")
    page.code(
      """
      p_k = σ(s_k) = 1 / (1 + exp(−s_k)) = exp(s_k) / (exp(s_k) + 1)
      l   = −(1/K) Σ_k [(1 − y_k) log(1 − p_k) + y_k log p_k]

      ∂p_k/∂s_k = p_k (1 − p_k)
      ∂l/∂p_k   = −(1/K) [−(1 − y_k) / (1 − p_k) + y_k / p_k]  =  (1/K) (p_k − y_k) / (p_k (1 − p_k))
      ∂l/∂s_k   = ∂l/∂p_k · ∂p_k/∂s_k  =  (p_k − y_k) / K

      With G = (P − Y) / K over a batch of B images:  ∂J/∂W = (1/B) G Xᵀ + 2 lambda W,  ∂J/∂b = (1/B) G 1
      """)
    page.text(
      "The report's first form of σ, 1/(1 + exp(s)), is a slip; its second form is right. The check: central differences with h = 0.00001 of the loss in "
        + "double precision, on random scores, against the formula and against what the trainer's kernels compute in single precision:")
    let checks = [try DerivativeCheck.multipleBinaryCrossEntropy(), try DerivativeCheck.softmaxCrossEntropy()]
    page.table(
      Table(
        columns: [.init("loss"), .init("scores"), .init("formula − finite difference, at most"), .init("kernel − formula, at most")],
        rows: checks.map { [.text($0.loss.spaced), .integer($0.scores), .text(power($0.formula)), .text(power($0.kernel))] }))
  }

  private func addMultiple(to page: inout Document) throws {
    page.heading("2.2 and Table 4: multiple binary cross-entropy")
    page.text(
      "lambda 0, 40 epochs, batch size 100, eta 0.02: test accuracy \(percent(multiple["test_accuracy"])) (the report: 38.37 %). Softmax (Table 1) has "
        + "\(percent(softmax["test_accuracy"])).")
    let readings = try LabSweep("readings-multiple", in: store)
    page.text("Other readings of what was run, where 0.2 is a derivative without the division by K = 10 and 0.002 one with it twice:")
    page.table(
      Table(
        columns: [
          .init("eta"), .init("pixels"), .init("validation accuracy", format: Table.rounded), .init("test accuracy", format: Table.rounded),
          .init("training − validation accuracy", format: Table.rounded),
        ],
        rows: readings.ranked.map { ranked in
          [ranked.trial.assignment["eta"] ?? .null, ranked.trial.assignment["scaling"] ?? .null]
            + ["validation_accuracy", "test_accuracy", "accuracy_gap"].map { ranked.metrics[$0].map(ParameterValue.real) ?? .null }
        }),
      sql: "SELECT eta, scaling, validation_accuracy, test_accuracy, accuracy_gap FROM trials_readings_multiple ORDER BY validation_accuracy DESC")
    let (one, other) = (try softmax.answers(store), try multiple.answers(store))
    let test = McNemar(one.correct, other.correct)
    page.text(
      "On the 10,000 test images they differ by \(signed(100 * test.difference, digits: 2)) points (95 %: \(signed(100 * test.interval.lowerBound, digits: 2)) "
        + "to \(signed(100 * test.interval.upperBound, digits: 2))); \(test.onlyFirst) images only softmax labels rightly, \(test.onlySecond) only the other; "
        + "McNemar's exact p = \(fixed(test.pValue, digits: 3)).")
    page.figure(
      SweepFigures.histogram([("softmax cross-entropy", one)], bins: 20), "fig1",
      "Figure 1: the probability given to the true class, softmax cross-entropy")
    page.figure(
      SweepFigures.histogram([("multiple binary cross-entropy", other)], bins: 20), "fig2",
      "Figure 2: the probability given to the true class, multiple binary cross-entropy")
    page.figure(
      SweepFigures.histogram([("softmax cross-entropy", one), ("multiple binary cross-entropy", other)], bins: 20), "fig1-2",
      "Figures 1 and 2 over each other")
    let shares = (softmax: ClassShares(one), multiple: ClassShares(other))
    try addShares(
      to: &page, "Table 5: share of each class among the correctly labelled test images", shares.softmax.classes,
      [
        ("softmax, the report", LabReport.correctSoftmax), ("here", shares.softmax.correct), ("multiple, the report", LabReport.correctMultiple),
        ("here", shares.multiple.correct),
      ])
    try addShares(
      to: &page, "Table 6: share of each class among the incorrectly labelled test images", shares.softmax.classes,
      [
        ("softmax, the report", LabReport.incorrectSoftmax), ("here", shares.softmax.incorrect),
        ("multiple, the report", LabReport.incorrectMultiple),
        ("here", shares.multiple.incorrect),
      ])
  }

  private func addShares(to page: inout Document, _ heading: String, _ classes: [String], _ rows: [(name: String, shares: [Double])]) throws {
    page.heading(heading)
    page.table(
      Table(
        columns: [.init("loss")] + classes.map { .init($0, format: Table.rounded) },
        rows: rows.map { [.text($0.name)] + $0.shares.map { .real($0) } }))
    let apart = [(0, 1), (2, 3)].map { report, here in zip(rows[report].shares, rows[here].shares).map { abs($0 - $1) }.max() ?? 0 }
    page.text("The largest distance from the report: \(fixed(apart[0], digits: 4)) for softmax, \(fixed(apart[1], digits: 4)) for multiple.")
  }

  private func addOverfitting(to page: inout Document) throws {
    page.heading("Figures 3 to 6, and 2.4: does the new loss overfit less?")
    for (number, trial, quantity, name) in [
      (3, multiple, "loss", "multiple binary cross-entropy"), (4, softmax, "loss", "softmax cross-entropy"),
      (5, multiple, "accuracy", "multiple binary cross-entropy"), (6, softmax, "accuracy", "softmax cross-entropy"),
    ] {
      page.figure(
        try trial.figures.curves(of: [trial.curve(store)], of: quantity, splits: ["train", "validation"]), "fig\(number)",
        "Figure \(number): training and validation \(quantity), \(name)")
    }
    for quantity in ["loss", "accuracy"] {
      page.figure(
        try softmax.figures.curves(of: [softmax.curve(store), multiple.curve(store)], of: "\(quantity)_gap", splits: []), "gap-\(quantity)",
        "The gap in \(quantity) between training and validation")
    }
    let columns: [(String, (LabTrial) -> Double)] = [
      ("validation loss − training loss", { $0["loss_gap"] }), ("the same, share of the validation loss", { $0["loss_gap"] / $0["validation_loss"] }),
      ("training − validation accuracy", { $0["accuracy_gap"] }), ("training − test accuracy", { $0["train_accuracy"] - $0["test_accuracy"] }),
    ]
    page.table(
      Table(
        columns: [.init("after 40 epochs")] + ["softmax", "multiple"].map { .init($0, format: Table.rounded) },
        rows: columns.map { [.text($0.0), .real($0.1(softmax)), .real($0.1(multiple))] }))
    func compared(_ index: Int) -> String {
      let ratio = columns[index].1(multiple) / columns[index].1(softmax)
      return (0.95...1.05).contains(ratio) ? "about the same" : ratio < 1 ? "smaller" : "larger"
    }
    let scale = softmax["validation_loss"] / multiple["validation_loss"]
    let overfitsLess = columns[3].1(multiple) < columns[3].1(softmax)
    page.text(
      "By loss the gap of multiple binary cross-entropy is \(compared(0)) (Figures 3 and 4). But its loss is a mean over ten classes, "
        + "\(fixed(scale, digits: 1)) times smaller a number: as a share of the loss its gap is \(compared(1)). Accuracy is the same quantity for both: by it the gap is "
        + "\(compared(2)) on the validation images, and \(compared(3)) on the test images, of which there are ten times as many. "
        + (overfitsLess ? "By this measure it overfits less." : "By this measure it does not overfit less; what the loss says is its scale."))
  }

  private func addTimes(to page: inout Document) throws {
    page.heading("What it took")
    let sql = """
      SELECT sweep.name AS sweep, (SELECT count(*) FROM trial WHERE sweep_id = sweep.id) AS networks,
        printf('%.1f', (julianday(max(trial.finished_at)) - julianday(min(trial.started_at))) * 86400) AS seconds
      FROM sweep JOIN trial ON trial.sweep_id = sweep.id GROUP BY sweep.id ORDER BY sweep.id
      """
    page.table(try answer(sql), sql: sql)
    let run = "SELECT DISTINCT detail FROM event WHERE kind = 'started'"
    page.table(try answer(run), sql: run)
  }

  private func answer(_ sql: String) throws -> Table {
    let result = try store.query(sql)
    @Sendable func shown(_ value: ParameterValue) -> String {
      if case .real = value { return Table.rounded(value) }
      return value == .null ? "none" : Table.plain(value)
    }
    return Table(columns: result.columns.map { .init($0, title: $0.spaced, format: shown) }, rows: result.rows)
  }

  // MARK: words

  private func percent(_ share: Double) -> String { "\(fixed(100 * share, digits: 2)) %" }
  private func signed(_ number: Double, digits: Int) -> String {
    let text = fixed(number, digits: digits)
    return text.hasPrefix("-") ? "−" + text.dropFirst() : "+" + text
  }

  /// "3.1e-11"
  private func power(_ number: Double) -> String {
    var (digits, exponent) = (number, 0)
    while digits > 0, digits < 1 { (digits, exponent) = (digits * 10, exponent - 1) }
    return "\(fixed(digits, digits: 1))e\(exponent)"
  }
}

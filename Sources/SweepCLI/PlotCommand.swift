// `sweep plot KIND`: figures of trials and of sweeps, into a file or onto the terminal. What they show is made in SweepReport.

import ArgumentParser
import Foundation
import SweepCore
import SweepKit
import SweepReport
import SweepStore

struct PlotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot", abstract: "Draw a figure: into an SVG, PNG or PDF file, or onto the terminal.",
    discussion: """
      Figures are drawn by gnuplot (Debian: gnuplot-nox). --keep-script keeps what it was given: 'gnuplot FILE' draws the figure again.

      EXAMPLE
        sweep plot curves best
        sweep plot heatmap cifar10-grid --x eta --y batch_size -o heatmap.png
      """,
    subcommands: [
      CurvesPlot.self, HistogramPlot.self, HeatmapPlot.self, ParallelPlot.self, SlicePlot.self, ImportancePlot.self,
      OptimizationPlot.self, ContourPlot.self, ParetoPlot.self, HypervolumePlot.self,
    ])
}

/// Where a figure goes.
struct PlotOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: ArgumentHelp("The picture; .svg, .png or .pdf (default: the terminal).", valueName: "file"), completion: .file())
  var output: String?
  @Option(help: ArgumentHelp("Keep gnuplot's script with its data.", valueName: "file"), completion: .file()) var keepScript: String?
  @OptionGroup var database: DatabaseOption

  func draw(_ figure: Figure) throws {
    if let keepScript {
      let script = try output.map { try Gnuplot.script(for: figure, path: $0) } ?? "set terminal dumb\n" + figure.script
      do { try script.write(toFile: keepScript, atomically: true, encoding: .utf8) } catch {
        throw SweepError(
          .io, "the script cannot be written: \(error.localizedDescription)", place: keepScript, remedy: "name a file in a folder that exists")
      }
    }
    if let output { return try Gnuplot.draw(figure, to: output) }
    let size = Terminal.outputSize
    Terminal.output(try Gnuplot.text(of: figure, columns: size.columns, rows: size.rows, colour: Terminal.outputAllowsColour))
  }
}

struct CurvesPlot: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "curves", abstract: "A metric over the epochs, of one trial or several.",
    discussion: """
      EXAMPLE
        sweep plot curves best
        sweep plot curves table1:best --metric accuracy -o fig6.svg
        sweep plot curves table1:1 multiple-bce:1 --metric accuracy --gap -o gap.png
      """)

  /// More cannot be told apart by colour, nor named beside the plot.
  private static let mostTrials = 20

  @Argument(help: "Trials: numbers or 'best', or SWEEP:NUMBER (default: the best).") var trials: [TrialReference] = []
  @Option(help: "The sweep's name (default: the newest).") var sweep: String?
  @Option(help: "loss, accuracy or cost, or any metric by its name (default: loss; with --top the objective).") var metric: String?
  @Option(help: "The splits, with commas (default: train,validation; of more than three trials validation).") var splits: String?
  @Flag(help: "The gap between training and validation instead of both.") var gap = false
  @Option(help: "The so many best trials.") var top: Int?
  @Option(help: "minimize or maximize, with --top and --metric: which trials are the best (default: as the sweep).") var goal: String?
  @Option(help: "last or best, likewise.") var at: String?
  @OptionGroup var plot: PlotOptions

  func validate() throws {
    if let top, top < 1 { throw ValidationError("--top is \(top); use 1 or more") }
    if splits?.split(separator: ",").isEmpty == true { throw ValidationError("--splits is empty; use train, validation, test") }
    for split in splits?.split(separator: ",") ?? [] where !["train", "validation", "test"].contains(split) {
      throw ValidationError(Diagnostic.unknown("split", String(split), known: ["train", "validation", "test"]).description)
    }
  }

  func run() throws {
    let store = try plot.database.reading()
    /// The best are those by the sweep's objective, unless it is said which way the metric is better.
    func ranked(_ record: SweepRecord) throws(SweepError) -> SweepRecord {
      goal == nil && at == nil ? record : try ObjectiveOption.applied(metric: metric, goal: goal, at: at, to: record, in: store)
    }
    var found = try trials.map { try $0.found(in: store, sweep: sweep, by: ranked) }
    if let top {
      let record = try ranked(try store.sweep(named: sweep))
      found += try store.ranking(record, limit: top).map { FoundTrial(sweep: record, trial: $0.trial) }
    }
    guard found.count <= Self.mostTrials else {
      throw SweepError(
        .usage, "curves of \(found.count) trials cannot be told apart",
        remedy: "name at most \(Self.mostTrials), or see all with 'sweep plot parallel'")
    }
    if found.isEmpty { found = [try TrialReference.best.found(in: store, sweep: sweep, by: ranked)] }
    let figures = try SweepFigures(found[0].sweep, in: store)
    let known = try store.metrics(sweepID: found[0].sweep.id)
    let ranked = found[0].sweep.objective.metric
    let usual = known.contains("validation_loss") ? "loss" : ranked
    // The best trials are those by the objective: that is what their curves should show.
    let quantity = metric ?? (top == nil ? usual : ranked.hasPrefix("validation_") ? String(ranked.dropFirst("validation_".count)) : ranked)
    let isOneSweep = Set(found.map(\.sweep.id)).count == 1
    try plot.draw(
      figures.curves(
        of: found.map { (isOneSweep ? "\($0.trial.number)" : $0.name, $0.trial, try store.epochs(of: $0.trial.id)) },
        of: gap ? "\(quantity)_gap" : quantity,
        splits: (splits ?? (found.count > 3 ? "validation" : "train,validation")).split(separator: ",").map(String.init)))
  }
}

struct HistogramPlot: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "histogram", abstract: "The probability given to the true class, for rightly and for wrongly labelled images.",
    discussion: """
      EXAMPLE
        sweep plot histogram best
        sweep plot histogram table1:1 multiple-bce:1 -o histogram.png
      """)

  @Argument(help: "Up to three trials: numbers or 'best', or SWEEP:NUMBER (default: the best).") var trials: [TrialReference] = []
  @Option(help: "The sweep's name (default: the newest).") var sweep: String?
  @Option(help: "Bars from 0 to 1.") var bins = 20
  @OptionGroup var split: SplitOption
  @OptionGroup var plot: PlotOptions

  func validate() throws {
    guard (2...200).contains(bins) else { throw ValidationError("--bins is \(bins); use 2 to 200") }
    guard trials.count <= 3 else { throw ValidationError("there are \(trials.count) trials; more than 3 histograms over each other cannot be read") }
  }

  func run() throws {
    let store = try plot.database.reading()
    let found = try (trials.isEmpty ? [.best] : trials).map { try $0.found(in: store, sweep: sweep) }
    let losses = found.map { $0.trial.assignment["loss"] }
    // Both losses over each other are what the lab compares; otherwise a trial is its number.
    let isByLoss = Set(losses).count == found.count && found.count > 1
    try plot.draw(
      SweepFigures.histogram(
        found.map { trial in
          let loss = trial.trial.assignment["loss"]?.description.spaced ?? trial.name
          return (isByLoss ? loss : trial.name, try trial.predictions(split.split, in: store))
        }, bins: bins))
  }
}

/// The sweep of which all complete trials are drawn, and where the figure goes.
struct SweepPlotOptions: ParsableArguments {
  @Argument(help: "The sweep's name (default: the newest).") var sweep: String?
  @OptionGroup var objective: ObjectiveOption
  @OptionGroup var plot: PlotOptions

  fileprivate func input() throws -> SweepPlotInput { try SweepPlotInput(sweep, objective, plot.database) }

  /// Draws the best so many trials, and says so where there are more.
  fileprivate func draw(best count: Int, _ figure: (SweepFigures, [TrialRecord]) -> Figure) throws {
    let input = try input()
    try plot.draw(figure(input.figures, Array(input.trials.prefix(count))))
    if input.trials.count > count { Terminal.error("the best \(count) of \(input.trials.count) trials") }
  }
}

/// All complete trials of a sweep.
private struct SweepPlotInput {
  let store: Store
  let record: SweepRecord
  let space: SearchSpace
  let trials: [TrialRecord]
  let figures: SweepFigures

  init(_ name: String?, _ objective: ObjectiveOption, _ database: DatabaseOption) throws {
    store = try database.reading()
    record = try objective.applied(to: try store.sweep(named: name), in: store)
    space = try record.space
    trials = try store.ranking(record).map(\.trial)
    figures = try SweepFigures(record, in: store)
    if trials.isEmpty { throw try record.nothingComplete(in: store) }
    guard !space.sweptNames.isEmpty else {
      throw SweepError(.input, "the sweep '\(record.name)' varies no parameter", place: store.path, remedy: "'sweep plot curves' shows a trial")
    }
    if let left = try store.counts(sweepID: record.id).notRanked { Terminal.error("not drawn: \(left)") }
  }

  /// Two parameters: those that are named, else those that matter most.
  func two(
    _ x: String?, _ y: String?, apartFrom fixed: [String] = [], for figure: String
  ) throws(SweepError) -> (x: String, y: String) {
    for name in [x, y].compactMap({ $0 }) where !space.sweptNames.contains(name) {
      throw SweepError(.usage, .unknown("swept parameter", name, known: space.sweptNames))
    }
    var free = space.sweptNames.filter { !fixed.contains($0) && $0 != x && $0 != y }
    if Importance.isDefined(for: trials, space: space) {
      let importance = try Importance(of: record.objective, trials: trials, space: space)
      let order = importance.effects.filter { $0.parameters.count == 1 }.map { $0.parameters[0] }
      free.sort { (order.firstIndex(of: $0) ?? .max) < (order.firstIndex(of: $1) ?? .max) }
    }
    let across = x ?? (free.isEmpty ? nil : free.removeFirst())
    let up = y ?? free.first
    if let across, across == up { throw SweepError(.usage, "--x and --y are both \(across)", remedy: "name two parameters") }
    guard let across, let up else {
      throw SweepError(
        .input, "\(figure) needs two parameters that vary freely; here there is \(across ?? "none")", remedy: "'sweep plot slice' shows one")
    }
    return (across, up)
  }
}

struct HeatmapPlot: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heatmap", abstract: "The objective over two parameters, the others averaged or fixed.",
    discussion: """
      Without --x and --y, the two parameters that matter most.

      EXAMPLE
        sweep plot heatmap
        sweep plot heatmap cifar10-grid --x eta --y lambda --where batch_size=100 -o heatmap.png
      """)

  @Argument(help: "The sweep's name (default: the newest).") var sweep: String?
  @Option(help: "The parameter from left to right.") var x: String?
  @Option(help: "The parameter from bottom to top.") var y: String?
  @Option(name: .customLong("where"), help: ArgumentHelp("Only trials with this value; may be repeated.", valueName: "name=value"))
  var conditions: [String] = []
  @OptionGroup var objective: ObjectiveOption
  @OptionGroup var plot: PlotOptions

  func run() throws {
    let input = try SweepPlotInput(sweep, objective, plot.database)
    let fixed = try fixed(input)
    for name in fixed.keys where !input.space.sweptNames.contains(name) {
      throw SweepError(.usage, .unknown("swept parameter", name, known: input.space.sweptNames))
    }
    let (across, up) = try input.two(x, y, apartFrom: Array(fixed.keys), for: "a heat map")
    try plot.draw(input.figures.heatmap(input.trials, x: across, y: up, condition: fixed))
  }

  private func fixed(_ input: SweepPlotInput) throws(SweepError) -> [String: ParameterValue] {
    var fixed: [String: ParameterValue] = [:]
    for condition in conditions {
      let parts = condition.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw SweepError(.usage, "--where \(condition) is not NAME=VALUE", remedy: "write, for example, --where batch_size=100")
      }
      fixed[parts[0]] = input.space.landmarks(parts[0]).first { $0.description == parts[1] } ?? YAMLScalar.value(of: parts[1])
    }
    return fixed
  }
}

struct ParallelPlot: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parallel", abstract: "Every trial as a line through its parameters to its objective.",
    discussion: """
      EXAMPLE
        sweep plot parallel
        sweep plot parallel cifar10-grid -o parallel.svg
      """)

  @OptionGroup var options: SweepPlotOptions

  func run() throws {
    try options.draw(best: 1000) { $0.parallel($1) }
  }
}

struct SlicePlot: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "slice", abstract: "The objective over each parameter, one panel each.",
    discussion: """
      EXAMPLE
        sweep plot slice
        sweep plot slice cifar10-grid -o slice.pdf
      """)

  @OptionGroup var options: SweepPlotOptions

  func run() throws {
    try options.draw(best: 5000) { $0.slice($1) }
  }
}

struct ImportancePlot: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "importance", abstract: "How much of the differences between trials each parameter explains.",
    discussion: """
      EXAMPLE
        sweep plot importance
        sweep plot importance cifar10-grid -o importance.png
      """)

  @OptionGroup var options: SweepPlotOptions

  func run() throws {
    let input = try options.input()
    try options.plot.draw(input.figures.importance(try Importance(of: input.record.objective, trials: input.trials, space: input.space)))
  }
}

struct OptimizationPlot: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "optimization", abstract: "The best so far over the trials, and over the epochs that they took.",
    discussion: """
      EXAMPLE
        sweep plot optimization
        sweep plot optimization random tpe gp -o optimization.svg
      """)

  @Argument(help: "Sweeps by their names (default: the newest).") var sweeps: [String] = []
  @OptionGroup var objective: ObjectiveOption
  @OptionGroup var plot: PlotOptions

  func validate() throws {
    if sweeps.count > 20 { throw ValidationError("there are \(sweeps.count) sweeps; more than 20 cannot be told apart") }
  }

  func run() throws {
    let store = try plot.database.reading()
    let records = try (sweeps.isEmpty ? [nil] : sweeps.map(Optional.some)).map { try objective.applied(to: try store.sweep(named: $0), in: store) }
    let courses = try records.map { (sweep: $0, course: try store.course($0)) }
    for (sweep, course) in courses where !course.contains(where: { $0.objective != nil }) { throw try sweep.nothingComplete(in: store) }
    try plot.draw(try SweepFigures.optimization(courses))
  }
}

struct ContourPlot: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "contour", abstract: "The objective over two parameters with any values, interpolated between the trials.",
    discussion: """
      Without --x and --y, the two parameters that matter most.

      EXAMPLE
        sweep plot contour
        sweep plot contour search --x lr --y dropout -o contour.svg
      """)

  /// More take long to interpolate between, and change nothing.
  private static let most = 5000

  @Argument(help: "The sweep's name (default: the newest).") var sweep: String?
  @Option(help: "The parameter from left to right.") var x: String?
  @Option(help: "The parameter from bottom to top.") var y: String?
  @OptionGroup var objective: ObjectiveOption
  @OptionGroup var plot: PlotOptions

  func run() throws {
    let input = try SweepPlotInput(sweep, objective, plot.database)
    let (across, up) = try input.two(x, y, for: "a contour plot")
    try plot.draw(input.figures.contour(Array(input.trials.prefix(Self.most)), x: across, y: up))
    if input.trials.count > Self.most { Terminal.error("the best \(Self.most) of \(input.trials.count) trials") }
  }
}

/// A sweep with several objectives, and where a figure of its front goes.
struct ParetoPlotOptions: ParsableArguments {
  @Argument(help: "The sweep's name (default: the newest).") var sweep: String?
  @OptionGroup var plot: PlotOptions

  /// - Throws: where the sweep has one objective, or no trial has a value of all.
  fileprivate func draw(_ figure: (SweepFigures, ParetoRanking) -> Figure) throws {
    let store = try plot.database.reading()
    let record = try store.sweep(named: sweep)
    guard record.objectives.count > 1 else {
      throw SweepError(
        .input, "the sweep '\(record.name)' has one objective, \(record.objective.metric), and so no Pareto front", place: store.path,
        remedy: "name several in its file, 'metrics: [{name: …, goal: …}, …]'; those that were measured can be named afterwards")
    }
    let ranking = try ParetoRanking(of: record, in: store)
    if ranking.order.isEmpty { throw try record.nothingComplete(in: store) }
    try plot.draw(figure(try SweepFigures(record, in: store), ranking))
    for (metric, count) in ranking.lacking { Terminal.error("not drawn: \(count) complete without a value of \(metric)") }
    if let left = try store.counts(sweepID: record.id).notRanked { Terminal.error("not drawn: \(left)") }
  }
}

struct ParetoPlot: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pareto", abstract: "Trials by their objectives, with the Pareto front; of more than two a panel for each pair.",
    discussion: """
      EXAMPLE
        sweep plot pareto
        sweep plot pareto accuracy-and-time -o pareto.svg
      """)

  @OptionGroup var options: ParetoPlotOptions

  func run() throws { try options.draw { $0.pareto($1) } }
}

struct HypervolumePlot: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hypervolume", abstract: "How the hypervolume of the Pareto front grew with the trials.",
    discussion: """
      EXAMPLE
        sweep plot hypervolume
        sweep plot hypervolume accuracy-and-time -o hypervolume.png
      """)

  @OptionGroup var options: ParetoPlotOptions

  func run() throws { try options.draw { $0.hypervolume($1) } }
}

extension SweepFigures {
  init(_ record: SweepRecord, in store: Store) throws(SweepError) {
    self.init(record, space: try record.space, metrics: try store.metrics(sweepID: record.id))
  }
}

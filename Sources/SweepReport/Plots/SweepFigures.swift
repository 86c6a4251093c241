// The figures of a sweep, from what the store holds: which trials, which values, and the words on them. How a figure looks is its own file's
// business; where it is drawn, Gnuplot's.

import Foundation
import SweepCore
import SweepStore

/// Makes figures of a sweep's trials.
package struct SweepFigures {
  private let sweep: SweepRecord
  private let space: SearchSpace
  private let metrics: [String]

  /// - Parameter metrics: the sweep's, in the order of their columns.
  package init(_ sweep: SweepRecord, space: SearchSpace, metrics: [String]) { (self.sweep, self.space, self.metrics) = (sweep, space, metrics) }

  private var isMaximised: Bool { sweep.objective.goal == .maximize }
  /// "validation accuracy"
  private var objective: String { sweep.objective.metric.spaced }

  // MARK: words

  /// What a trial was trained with, as the top of a plot says it: "lambda 0 · eta 0.001 · batch size 100 · 40 epochs".
  package static func words(of assignment: Assignment, _ names: [String]) -> String {
    names.compactMap { name in
      guard let value = assignment[name], value != .null else { return nil }
      if name == "loss" { return value.description.spaced }
      // 0 rather than 0.0, and nothing torn apart where a title is broken into lines.
      let text = value.description.hasSuffix(".0") ? String(value.description.dropLast(2)) : value.description
      return (name == "epochs" ? (text == "1" ? "1 epoch" : "\(text) epochs") : "\(name.spaced) \(text)").replacing(" ", with: "\u{a0}")
    }.joined(separator: " · ")
  }

  /// The parameters that the lab writes above a plot, and those that are swept.
  private var wordNames: [String] {
    let lab = ["loss", "lambda", "eta", "batch_size", "decay_every", "epochs"].filter(space.names.contains)
    return lab + space.sweptNames.filter { !lab.contains($0) }
  }

  // MARK: figures of trials

  /// What curves show: a quantity of several splits ("loss", "accuracy", "cost"), or any metric.
  /// - Parameter trials: with the name of each in front of what it was trained with; may be empty.
  /// - Throws: where the sweep has no such metric.
  package func curves(
    of trials: [(name: String, trial: TrialRecord, epochs: [EpochMetrics])], of quantity: String, splits: [String]
  ) throws(SweepError) -> Figure {
    let roles: [(String, CurvesFigure.Role)] = [("train", .training), ("validation", .validation), ("test", .test)]
    let chosen = roles.filter { splits.contains($0.0) && metrics.contains("\($0.0)_\(quantity)") }
    guard !chosen.isEmpty || metrics.contains(quantity) else {
      let quantities = ["loss", "accuracy", "cost"].filter { metrics.contains("validation_\($0)") }
      let gap = "_gap"
      if quantity.hasSuffix(gap) {
        throw SweepError(
          .usage,
          .unknown("gap of", String(quantity.dropLast(gap.count)), known: metrics.filter { $0.hasSuffix(gap) }.map { String($0.dropLast(gap.count)) })
        )
      }
      throw SweepError(.usage, .unknown("metric", quantity, known: quantities + metrics))
    }
    let names = wordNames
    let differing = names.filter { name in trials.contains { $0.trial.assignment[name] != trials[0].trial.assignment[name] } }
    let common = names.filter { !differing.contains($0) }
    let drawn = trials.map { name, trial, epochs in
      let curves =
        chosen.isEmpty
        ? [CurvesFigure.Curve(nil, epochs.map { $0[quantity] ?? .nan })]
        : chosen.map { split, role in CurvesFigure.Curve(role, epochs.map { $0["\(split)_\(quantity)"] ?? .nan }) }
      let label = [name, Self.words(of: trial.assignment, differing)].filter { !$0.isEmpty }.joined(separator: ": ")
      return CurvesFigure.Trial(label, curves)
    }
    let gaps = ["loss_gap": "gap in loss (validation − training)", "accuracy_gap": "gap in accuracy (training − validation)"]
    return CurvesFigure(
      title: trials.first.map { Self.words(of: $0.trial.assignment, common) } ?? "", yLabel: gaps[quantity] ?? quantity.spaced, trials: drawn,
      firstEpoch: trials.first?.epochs.first?.epoch ?? 1
    ).figure
  }

  /// The probability given to the label, for correctly and for incorrectly labelled images.
  package static func histogram(_ trials: [(label: String, predictions: Predictions)], bins: Int) -> Figure {
    let series = trials.map { label, predictions in
      var (right, wrong): ([Double], [Double]) = ([], [])
      for (index, step) in predictions.probability.enumerated() {
        let value = Predictions.value(step)
        if predictions.predicted[index] == predictions.split.labels[index] { right.append(value) } else { wrong.append(value) }
      }
      return HistogramFigure.Series(label, correct: right, incorrect: wrong)
    }
    let split = trials.first?.predictions.split.name ?? ""
    return HistogramFigure(title: "probability given to the true class, \(split) images", series: series, bins: bins).figure
  }

  // MARK: figures of the sweep

  /// The objective over two parameters, averaged over all others.
  package func heatmap(_ trials: [TrialRecord], x: String, y: String, condition: [String: ParameterValue] = [:]) throws(SweepError) -> Figure {
    let trials = trials.filter { trial in condition.allSatisfy { trial.assignment[$0.key]?.means($0.value) == true } && trial.objective != nil }
    guard !trials.isEmpty else { throw SweepError(.input, "no trial fits what is fixed", remedy: "fix values that the sweep has") }
    let (columns, rows) = (values(of: x, in: trials), values(of: y, in: trials))
    let cells = rows.map { row in
      columns.map { column -> Double? in
        let found = trials.filter { $0.assignment[x] == column && $0.assignment[y] == row }.compactMap(\.objective)
        return found.isEmpty ? nil : found.reduce(0, +) / Double(found.count)
      }
    }
    let others = space.sweptNames.filter { $0 != x && $0 != y && condition[$0] == nil }
    let fixed = condition.sorted { $0.key < $1.key }.map { "\($0.key.spaced) \($0.value)" }
    let title = [others.isEmpty ? objective : "\(objective), mean over \(others.map(\.spaced).joined(separator: ", "))"] + fixed
    return HeatmapFigure(
      title: title.joined(separator: " · "), xLabel: x.spaced, yLabel: y.spaced, xValues: columns.map(\.description),
      yValues: rows.map(\.description),
      metric: objective, cells: cells, isMaximised: isMaximised
    ).figure
  }

  /// The distinct values of a parameter: numbers ascending, others as the file lists them.
  private func values(of name: String, in trials: [TrialRecord]) -> [ParameterValue] {
    let found = Set(trials.compactMap { $0.assignment[name] })
    if found.allSatisfy({ $0.number != nil }) { return found.sorted { ($0.number ?? 0) < ($1.number ?? 0) } }
    let listed = space.landmarks(name).filter(found.contains)
    return listed + found.subtracting(listed).sorted { $0.description < $1.description }
  }

  package func parallel(_ trials: [TrialRecord]) -> Figure {
    let axes = sweptAxes(trials)
    let lines = trials.map { trial in
      ParallelFigure.Line(axes.map { name, _, place in place(trial.assignment[name] ?? .null) }, objective: trial.objective ?? .nan)
    }
    return ParallelFigure(
      title: "\(sweep.name): \(counted(trials.count, "trial"))", axes: axes.map(\.axis), objective: objective, isMaximised: isMaximised, lines: lines
    ).figure
  }

  package func slice(_ trials: [TrialRecord]) -> Figure {
    let panels = sweptAxes(trials).map { name, axis, place in
      SliceFigure.Panel(axis, points: trials.map { (place($0.assignment[name] ?? .null), $0.objective ?? .nan) })
    }
    return SliceFigure(title: "\(sweep.name): \(counted(trials.count, "trial"))", objective: objective, panels: panels).figure
  }

  /// The Pareto front among the trials that it dominates.
  package func pareto(_ ranking: ParetoRanking) -> Figure {
    ParetoFigure(
      title: sweep.name, axes: ranking.objectives.map { ParetoFigure.Axis($0.metric.spaced, isMaximised: $0.goal == .maximize) },
      front: ranking.front.map(\.values), others: ranking.order.dropFirst(ranking.front.count).prefix(Self.mostDominated).map(\.values)
    ).figure
  }

  /// Those of the fronts that come next.
  private static let mostDominated = 5000

  package func hypervolume(_ ranking: ParetoRanking) -> Figure {
    let names = ranking.objectives.map(\.metric.spaced).joined(separator: ", ")
    return HypervolumeFigure(title: "\(sweep.name): \(names)", growth: ranking.growth).figure
  }

  package func importance(_ importance: Importance) -> Figure {
    let bars =
      importance.effects.map { ImportanceFigure.Bar($0.name, $0.share, $0.parameters.count == 1 ? .main : .pair) }
      + (importance.higherOrders.map { [.init("three and more together", $0, .rest)] } ?? [])
      + (importance.noise.flatMap { importance.method == .functionalANOVA ? [.init("noise between seeds", $0, .rest)] : nil } ?? [])
    let label =
      importance.method == .functionalANOVA ? "share of the variance of \(objective)" : "importance for the best tenth by \(objective) (PED-ANOVA)"
    return ImportanceFigure(title: "\(sweep.name): \(counted(importance.trials, "trial"))", xLabel: label, bars: bars).figure
  }

  private typealias PlacedAxis = (name: String, axis: Axis, place: (ParameterValue) -> Double)

  /// The axis of each parameter that varies, with the place of a value on it.
  private func sweptAxes(_ trials: [TrialRecord]) -> [PlacedAxis] { space.sweptNames.map { axis(of: $0, in: trials) } }

  /// Listed values, or a scale of numbers, by their logarithms where the space is so.
  private func axis(of name: String, in trials: [TrialRecord]) -> PlacedAxis {
    let values = values(of: name, in: trials)
    guard values.count > Self.listed, let low = values.first?.number, let high = values.last?.number, high > low else {
      let places = Dictionary(uniqueKeysWithValues: values.enumerated().map { ($1, $0) })
      let axis = Axis(name.spaced, values: values.map(\.description))
      return (name, axis, { value in places[value].map { axis.ticks[$0].position } ?? .nan })
    }
    if low > 0, case .distribution(let distribution)? = space[name]?.domain, distribution.family.rawValue.contains("log") {
      let (bottom, top) = (log(low), log(high))
      let ticks = Self.landmarks(from: low, to: high).map { Axis.Tick((log($0.value) - bottom) / (top - bottom), $0.text) }
      return (name, Axis(name.spaced, ticks: ticks, isListed: false), { value in value.number.map { (log($0) - bottom) / (top - bottom) } ?? .nan })
    }
    let ticks = Figure.roundNumbers(in: low...high, about: 5).map { Axis.Tick(($0.value - low) / (high - low), $0.text) }
    return (name, Axis(name.spaced, ticks: ticks, isListed: false), { value in value.number.map { ($0 - low) / (high - low) } ?? .nan })
  }

  /// Powers of ten of a range, with their doubles and halves where there are few.
  private static func landmarks(from low: Double, to high: Double) -> [(value: Double, text: String)] {
    let powers = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
    let factors = log10(high / low) > 3 ? ["1"] : log10(high / low) > 1.2 ? ["1", "3"] : ["1", "2", "3", "5", "7"]
    let all = powers.flatMap { power in factors.compactMap { factor in Double("\(factor)e\(power)") } }.filter { low <= $0 && $0 <= high }
    let every = max(1, (all.count + 6) / 7)
    return all.enumerated().filter { $0.offset % every == 0 }.map { ($0.element, ParameterValue.real($0.element).description) }
  }

  /// Whether a parameter has few enough values to list them.
  package func isListed(_ name: String, in trials: [TrialRecord]) -> Bool { values(of: name, in: trials).count <= Self.listed }

  /// The objective over two parameters that may have any values.
  package func contour(_ trials: [TrialRecord], x: String, y: String) -> Figure {
    let (across, up) = (axis(of: x, in: trials), axis(of: y, in: trials))
    let points = trials.compactMap { trial -> ContourFigure.Point? in
      guard let left = trial.assignment[x], let right = trial.assignment[y], let objective = trial.objective else { return nil }
      return .init(x: across.place(left), y: up.place(right), objective: objective)
    }
    return ContourFigure(
      title: "\(sweep.name): \(objective), \(counted(points.count, "trial"))", x: across.axis, y: up.axis, objective: objective,
      isMaximised: isMaximised, points: points
    ).figure
  }

  /// The best so far of one sweep or several.
  /// - Parameter courses: as the store has them.
  /// - Throws: where they are about different metrics.
  package static func optimization(
    _ sweeps: [(sweep: SweepRecord, course: [(number: Int, epochs: Int, objective: Double?)])]
  ) throws(SweepError) -> Figure {
    guard let first = sweeps.first?.sweep else { throw SweepError(.usage, "there is no sweep to draw") }
    let own = first.objective
    if let other = sweeps.map(\.sweep).first(where: { $0.objective.metric != own.metric || $0.objective.goal != own.goal }) {
      throw SweepError(
        .usage,
        "'\(first.name)' is to \(own.goal.rawValue) \(own.metric), and '\(other.name)' to \(other.objective.goal.rawValue) \(other.objective.metric)",
        remedy: "draw sweeps with one objective, or say by which: --metric NAME --goal minimize")
    }
    let courses = sweeps.map { sweep, course in
      var epochs = 0
      return OptimizationFigure.Course(
        sweep.name,
        course.map { trial in
          epochs += max(trial.epochs, 0)
          return .init(trial: trial.number, epochs: epochs, objective: trial.objective)
        })
    }
    let title = sweeps.count == 1 ? "\(first.name): \(counted(sweeps[0].course.count, "trial"))" : sweeps.map(\.sweep.name).joined(separator: ", ")
    return OptimizationFigure(
      title: title, objective: own.metric.spaced, isMaximised: own.goal == .maximize, courses: courses
    ).figure
  }

  /// More values than this are an axis of numbers.
  private static let listed = 12
}

// The Gaussian process as a sampler: which trials it is fitted to, in which view of their values, and where it is asked for its best point. The
// process is in GaussianProcess.swift, the search for its best point in GaussianProcessAcquisition.swift.

import SweepCore
import SweepNumerics

/// Bayesian optimisation: proposes where a Gaussian process over the whole space, conditions and categories included, expects most.
///
/// Begins with the centre of the space and points of Sobol's sequence.
public struct GaussianProcessSampler: AdaptiveSampler {
  public init() {}

  public func search(_ problem: SearchProblem) throws(SweepError) -> any AdaptiveSearch { GaussianProcessSearch(problem) }
}

/// A pure function of the problem, the history and the number; what it keeps are rows of points.
final class GaussianProcessSearch: AdaptiveSearch {
  private let problem: SearchProblem
  private let encoding: Encoding
  private let snapper: RowSnapper
  private let columns: ProcessColumns
  private let root: SearchRoot?
  private let sobol: Sobol
  /// How many results it waits for.
  private let startCount: Int
  private var rows: [Int: (point: Assignment, row: [Double])] = [:]

  init(_ problem: SearchProblem) {
    self.problem = problem
    encoding = Encoding(problem.space)
    snapper = RowSnapper(encoding)
    columns = ProcessColumns(encoding)
    root = SearchRoot(encoding)
    sobol = Sobol(dimensions: encoding.count, seed: problem.seed)
    let plain = max(5, min(10, encoding.count / 2 + 3))
    // Each branch gets its turns.
    startCount = root.map { max(plain, $0.count * max(2, min(4, (problem.budget ?? 100) / (5 * $0.count)))) } ?? plain
  }

  func suggest(_ number: Int, given history: History) throws(SweepError) -> Suggestion? {
    var tried = TriedPoints(problem, encoding)
    for trial in history.outcomes where trial.number > 0 { tried.insert(trial.assignment) }
    for trial in history.pending { tried.insert(trial.assignment) }
    if history.outcomes.count < startCount || encoding.count == 0 {
      if let row = try startingRow(number), let point = try tried.new(row) { return Suggestion(point, by: "gp", because: "start") }
    } else if let row = try proposal(number, history), let point = try tried.new(row) {
      return Suggestion(point, by: "gp")
    }
    var generator = SeededGenerator(seed: problem.seed, purpose: .acquisition, index: -number)
    return try tried.another(&generator).map { Suggestion($0, by: "gp", because: "unseen") }
  }

  private func row(_ number: Int, _ point: Assignment) -> [Double] {
    if let known = rows[number], known.point == point { return known.row }
    let row = encoding.row(of: point)
    rows[number] = (point, row)
    return row
  }

  /// Few points cannot fill a space of many dimensions: those of more than four are as far from the centre as those of four.
  private func startingRow(_ number: Int) throws(SweepError) -> [Double]? {
    var row = number == 1 ? encoding.centre : encoding.row(ofUnit: sobol.point(max(number - 2, 0)))
    let numbers = row.indices.filter { !encoding.dimensions[$0].isCategory }
    let share = TrustRegion.share(of: numbers.count)
    for j in numbers { row[j] = 0.5 + (row[j] - 0.5) * share }
    if let root { row[root.dimension] = Double((number - 1) % root.count) }
    return try encoding.snapped(row)
  }

  private func proposal(_ number: Int, _ history: History) throws(SweepError) -> [Double]? {
    var generator = SeededGenerator(seed: problem.seed, purpose: .acquisition, index: number)
    let all =
      problem.objectives > 1
      ? OutcomeValues.scalarised(history.outcomes, objectives: problem.objectives, &generator) : OutcomeValues.of(history.outcomes)
    let side = TrustRegion.side(all, start: startCount, encoding: encoding)
    let kept = ProcessSubset.posterior.places(all)
    let values = kept.map { all[$0] }
    let rows = kept.map { row(history.outcomes[$0].number, history.outcomes[$0].assignment) }
    let outputs = ProcessOutputs(values)
    guard let (parameters, y) = parameters(rows, outputs, values, byLikelihood: number % 2 == 0),
      let process = GaussianProcess(columns, columns.points(rows), y, parameters)
    else { return nil }
    let pending = history.pending.map { row($0.number, $0.assignment) }
    let seen = SeenRows(history.outcomes.lazy.filter { $0.number > 0 }.map { self.row($0.number, $0.assignment) } + pending)
    guard let believer = pending.isEmpty ? process : self.process(process, rows, y, pending) else { return nil }

    var order = rows.indices.sorted { (process.means[$0], $0) < (process.means[$1], $1) }
    var fixed: (dimension: Int, place: Double)?
    /// Whether nothing is known of the branch that is to be visited.
    var isUnknown = false
    if let root, let place = root.visit(number, rows: rows, means: process.means, pending: pending, budget: problem.budget) {
      let inside = order.filter { rows[$0][root.dimension] == place }
      fixed = (root.dimension, place)
      isUnknown = inside.isEmpty
      if !isUnknown { order = inside }
    }
    guard let top = order.first else { return nil }
    let lengths = (0..<encoding.count).map(parameters.length)
    let isOpen = values.count <= startCount || isUnknown
    var search = AcquisitionSearch(
      encoding: encoding, snapper: snapper, process: believer, best: process.means[top],
      region: isOpen ? .whole(encoding.count) : TrustRegion(around: rows[top], side: side, lengths: lengths, encoding: encoding),
      known: order.prefix(5).map { rows[$0] }, fixed: fixed, isSeen: seen.contains,
      generator: generator,
      sobol: Sobol(dimensions: encoding.count, seed: problem.seed, index: number))
    return try search.maximum()
  }

  /// The process with points of which only the place is known: they have the values that it believes in (Ginsbourger et al. 2010, "Kriging is
  /// well-suited to parallelize optimization").
  private func process(_ process: GaussianProcess, _ rows: [[Double]], _ y: [Double], _ pending: [[Double]]) -> GaussianProcess? {
    GaussianProcess(columns, columns.points(rows + pending), y + process.posterior(pending).means, process.parameters)
  }

  /// The parameters and the values in the view whose turn it is: with the power that makes the values most likely under the process, or as if they
  /// were independent, which spreads out the good ones.
  private func parameters(_ rows: [[Double]], _ outputs: ProcessOutputs, _ values: [Double?], byLikelihood: Bool) -> (ProcessParameters, [Double])? {
    let subset = ProcessSubset.fit.places(values)
    let objective = ProcessObjective(columns, columns.points(subset.map { rows[$0] }))
    let fitted = ProcessOutputs(subset.map { values[$0] })
    var best: (cost: Double, parameters: ProcessParameters, power: Double)?
    var last: ProcessParameters?
    for power in byLikelihood ? fitted.powers : [fitted.likeliestPower] {
      let (y, logJacobian) = fitted.transformed(power: power)
      // The next power needs other parameters, but not very.
      let end = last.map { objective.minimum(y, from: $0) } ?? objective.fitted(y)
      if end.value < 1e10 { last = end.parameters }
      if end.value - logJacobian < best?.cost ?? 1e10 { best = (end.value - logJacobian, end.parameters, power) }
    }
    guard let best else { return nil }
    return (best.parameters, outputs.transformed(power: best.power).y)
  }
}

/// Which of many trials a process is made of: the best, the newest, and others evenly by number.
struct ProcessSubset {
  let best: Int
  let newest: Int
  let others: Int

  /// For the choice of the parameters, and for the process itself.
  static let fit = ProcessSubset(best: 70, newest: 70, others: 60)
  static let posterior = ProcessSubset(best: 400, newest: 300, others: 300)

  /// Places among the values, ascending.
  func places(_ values: [Double?]) -> [Int] {
    if values.count <= best + newest + others { return Array(values.indices) }
    let order = values.indices.sorted { (values[$0] ?? .infinity, $0) < (values[$1] ?? .infinity, $1) }
    var chosen = [Bool](repeating: false, count: values.count)
    for place in order.prefix(best) { chosen[place] = true }
    var left = newest
    for place in values.indices.reversed() where left > 0 && !chosen[place] { (chosen[place], left) = (true, left - 1) }
    let rest = values.indices.filter { !chosen[$0] }
    for index in 0..<min(others, rest.count) { chosen[rest[index * rest.count / min(others, rest.count)]] = true }
    return values.indices.filter { chosen[$0] }
  }
}

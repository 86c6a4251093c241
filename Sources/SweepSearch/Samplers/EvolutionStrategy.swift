// The covariance matrix adaptation evolution strategy as a sampler: which trials its updates take, when it starts anew, and what it does with
// categories. The distribution and its update are in CovarianceAdaptation.swift.

import SweepCore
import SweepNumerics

/// `method: cma` (Hansen 2016, arXiv:1604.00772), for numbers above all, and budgets of hundreds of trials.
///
/// The state is a function of the trials that a proposal sees: they are walked in order of number in blocks of λ, each of which is an update, whoever
/// proposed them. Restarts are those of BIPOP (Hansen 2009, "Benchmarking a BI-population CMA-ES"). Categories have a probability for each value,
/// which follows the weights of the update (after Hamano et al. 2024, "CatCMA").
public struct EvolutionStrategy: AdaptiveSampler {
  /// σ₀, of the unit box.
  static let deviation = 0.2
  /// Trials up to this number are not walked: it begins where they were best, as from those of prior sweeps.
  private let firstSteps: Int

  public init() { self.init(after: 0) }

  /// - Parameter firstSteps: the last trial that another sampler made.
  package init(after firstSteps: Int) { self.firstSteps = firstSteps }

  public func search(_ problem: SearchProblem) throws(SweepError) -> any AdaptiveSearch {
    if problem.objectives > 1 {
      throw SweepError(
        .input,
        [
          Diagnostic(
            "cma searches for the best of one objective, and there are \(problem.objectives)", place: "method", remedy: "use 'method: tpe'")
        ])
    }
    return EvolutionSearch(problem, after: firstSteps)
  }
}

private final class EvolutionSearch: AdaptiveSearch {
  private let problem: SearchProblem
  private let encoding: Encoding
  private let firstSteps: Int
  /// Dimensions of numbers, and of categories.
  private let numbers: [Int]
  private let categories: [Int]
  /// Of each number: the middles between its values.
  private let borders: [[Double]]
  private let sobol: Sobol
  /// Memory alone: the trials of the last history, how many there were, and the states after the last blocks of them, the newest last.
  private var memory = TrialMemory()
  private var remembered = 0
  private var known: [History.Outcome] = []
  private var states: [State] = []
  private var tried: TriedPoints

  init(_ problem: SearchProblem, after firstSteps: Int) {
    (self.problem, self.firstSteps) = (problem, firstSteps)
    let encoding = Encoding(problem.space)
    self.encoding = encoding
    numbers = encoding.dimensions.indices.filter { !encoding.dimensions[$0].isCategory }
    categories = encoding.dimensions.indices.filter { encoding.dimensions[$0].isCategory }
    borders = numbers.map { encoding.dimensions[$0].borders }
    sobol = Sobol(dimensions: encoding.count, seed: problem.seed)
    tried = TriedPoints(problem, encoding)
  }

  func suggest(_ number: Int, given history: History) throws(SweepError) -> Suggestion? {
    remember(history)
    let state = walk(history)
    var generator = SeededGenerator(seed: problem.seed, purpose: .adaptation, index: number)
    var point = number == 1 && history.outcomes.isEmpty ? try tried.new(encoding.centre) : nil
    if point == nil { point = try draw(from: state, &generator) }
    if point == nil { point = try tried.another(&generator) }
    return point.map { Suggestion($0, by: "cma") }
  }

  /// Which points there are already.
  private func remember(_ history: History) {
    var same = memory.take(history)
    if same < remembered {
      tried.removeAll()
      same = 0
    }
    for trial in memory.trials[same...] where trial.number > 0 { tried.insert(trial.assignment) }
    remembered = memory.trials.count
  }

  // MARK: - Drawing

  /// Draws until a point lies within the box and is new; one that does not is moved to the box's edge.
  private func draw(from state: State, _ generator: inout SeededGenerator) throws(SweepError) -> Assignment? {
    var outside: [Double]?
    for _ in 0..<Self.draws {
      let (row, isInside) = row(state.adaptation.point(numbers.map { _ in generator.nextNormal() }), of: state, &generator)
      if isInside {
        if let point = try tried.new(row) { return point }
      } else {
        outside = row
      }
    }
    return try outside.flatMap { row throws(SweepError) in try tried.new(row) }
  }

  private static let draws = 100
  /// States that may have drawn a trial of the next block.
  private static let recent = 4

  /// The row of a point, rounded to what can be run, and whether it needed no moving.
  private func row(_ x: [Double], of state: State, _ generator: inout SeededGenerator) -> (row: [Double], isInside: Bool) {
    var row = [Double](repeating: 0, count: encoding.count)
    var isInside = true
    for (place, u) in zip(numbers, state.adaptation.stretched(x)) {
      row[place] = encoding.dimensions[place].snapped(u)
      if encoding.dimensions[place].isContinuous, row[place] != u { isInside = false }
    }
    for (place, shares) in zip(categories, state.shares) {
      let unit = generator.nextUnit()
      var (sum, category) = (0.0, 0)
      for (index, share) in shares.enumerated() {
        sum += share
        category = index
        if unit < sum { break }
      }
      row[place] = Double(category)
    }
    return (row, isInside)
  }

  // MARK: - The walk

  private struct State {
    var adaptation: CovarianceAdaptation
    /// q: by category, then value.
    var shares: [[Double]]
    /// Trials that were walked, and which of the runs this is, from 0.
    var walked: Int
    var run = 0
    var isLarge = true
    /// λ of the last large run, σ₀ of this one.
    var largest: Int
    var start: Double
    /// Trials of large and of small runs.
    var spent = (large: 0, small: 0)
    /// The values of this run's generations, the last of them.
    var values: [ClosedRange<Double>] = []
  }

  /// λ = 4 + ⌊3 ln d⌋.
  private var population: Int {
    4 + Int(3 * exactLogarithm(Double(max(numbers.isEmpty ? categories.count : numbers.count, 1))))
  }

  private func walk(_ history: History) -> State {
    let outcomes = history.outcomes
    // The trials of other sweeps, too, are of the first steps.
    let prior = outcomes.prefix { $0.number <= 0 }.count
    let first = outcomes.firstIndex { $0.number > max(0, firstSteps - prior) } ?? outcomes.count
    // What is as it was.
    var same = 0
    known.withUnsafeBufferPointer { known in
      outcomes.withUnsafeBufferPointer { outcomes in
        while same < min(known.count, outcomes.count), known[same].isSame(as: outcomes[same]) { same += 1 }
      }
    }
    known.removeSubrange(same...)
    known.append(contentsOf: outcomes[same...])
    states.removeAll { $0.walked > same || same < first }
    // An update looks at the states before it as well: where some are gone, all are made anew.
    if states.count < Self.recent, states.first?.walked != first { states = [beginning(outcomes[..<first])] }
    while var state = states.last, state.walked + state.adaptation.rates.population <= outcomes.count {
      update(&state, with: Array(outcomes[state.walked..<state.walked + state.adaptation.rates.population]))
      states.append(state)
      if states.count > 3 * Self.recent { states.removeFirst() }
    }
    return states[states.count - 1]
  }

  private func beginning(_ earlier: ArraySlice<History.Outcome>) -> State {
    var state = State(
      adaptation: adaptation(mean: numbers.map { _ in 0.5 }), shares: categories.map(evenShares), walked: earlier.count, largest: population,
      start: EvolutionStrategy.deviation)
    let rows = TrialRanking(History(outcomes: Array(earlier))).best((earlier.count + 9) / 10).map {
      encoding.row(of: earlier[earlier.startIndex + $0].assignment)
    }
    if earlier.count < 2 * population { return state }
    // Nomura et al. 2021, "Warm starting CMA-ES": the best tenth, each with a normal distribution around it.
    let d = numbers.count
    let points = rows.map { row in numbers.map { row[$0].isNaN ? 0.5 : row[$0] } }
    let mean = (0..<d).map { j in points.reduce(0) { $0 + $1[j] } / Double(points.count) }
    var matrix = [Double](repeating: 0, count: d * d)
    for i in 0..<d {
      for j in 0..<d {
        matrix[i * d + j] = points.reduce(0) { $0 + ($1[i] - mean[i]) * ($1[j] - mean[j]) } / Double(points.count) + (i == j ? 0.01 : 0)
      }
    }
    let logarithms = SymmetricEigen(matrix, size: d).values.reduce(0) { $0 + exactLogarithm(max($1, 1e-300)) }
    state.start = d == 0 ? state.start : exactExponential(logarithms / Double(2 * d))
    state.adaptation = adaptation(mean: mean, deviation: state.start, covariance: matrix.map { $0 / (state.start * state.start) })
    for (index, place) in categories.enumerated() {
      let values = rows.map { $0[place] }.filter { !$0.isNaN }
      for value in values { state.shares[index][Int(value)] += 1 }
      state.shares[index] = bounded(state.shares[index].map { $0 / (Double(values.count) + 1) })
    }
    return state
  }

  private func adaptation(
    mean: [Double], deviation: Double = EvolutionStrategy.deviation, covariance: [Double]? = nil, population: Int? = nil
  ) -> CovarianceAdaptation {
    CovarianceAdaptation(
      mean: mean, deviation: deviation, covariance: covariance, population: population ?? self.population, borders: borders,
      adaptsRates: problem.isNoisy)
  }

  private func update(_ state: inout State, with outcomes: [History.Outcome]) {
    let order = TrialRanking(History(outcomes: outcomes)).best(outcomes.count)
    let rows = order.map { encoding.row(of: outcomes[$0].assignment) }
    let points = zip(order, rows).map { state.adaptation.shortened(self.point(of: outcomes[$0].number, $1)) }
    let weights = state.adaptation.rates.weights
    state.adaptation.update(points)
    let rate = min(1 / Double(max(state.shares.reduce(0) { $0 + $1.count - 1 }, 1)), 0.5)
    for (index, place) in categories.enumerated() {
      var shares = state.shares[index]
      for (weight, row) in zip(weights, rows) where weight > 0 && !row[place].isNaN {
        for value in shares.indices { shares[value] += rate * weight * ((Double(value) == row[place] ? 1 : 0) - state.shares[index][value]) }
      }
      state.shares[index] = bounded(shares)
    }
    state.walked += order.count
    if state.isLarge { state.spent.large += order.count } else { state.spent.small += order.count }
    let values = order.compactMap { outcomes[$0].isComplete ? outcomes[$0].objectives.first ?? nil : nil }
    if let least = values.min(), let most = values.max() { state.values.append(least...most) }
    let span = 10 + (30 * max(numbers.count, 1) + order.count - 1) / order.count
    if state.values.count > span { state.values.removeFirst() }
    let isFlat =
      state.values.count == span
      && (state.values.map(\.upperBound).max() ?? 0) - (state.values.map(\.lowerBound).min() ?? 0) < 1e-12
    if isFlat || state.adaptation.isSpent(start: state.start) { restart(&state) }
  }

  /// Begins anew elsewhere: with twice the points, or with few and a narrower distribution, whichever has had fewer trials.
  private func restart(_ state: inout State) {
    state.run += 1
    state.values = []
    state.shares = categories.map(evenShares)
    state.isLarge = state.spent.large <= state.spent.small
    var generator = SeededGenerator(seed: problem.seed, purpose: .adaptation, index: -state.run)
    var size = population
    state.start = EvolutionStrategy.deviation
    if state.isLarge {
      state.largest = min(2 * state.largest, 1 << 16)
      size = state.largest
    } else {
      let (unit, other) = (generator.nextUnit(), generator.nextUnit())
      let ratio = exactLogarithm(max(Double(state.largest) / Double(2 * size), 1))
      size = Int(Double(size) * exactExponential(ratio * unit * unit))
      state.start *= exactExponential(-2 * other * 2.302585092994046)
    }
    let centre = sobol.point(state.run)
    state.adaptation = adaptation(mean: numbers.map { centre[$0] }, deviation: state.start, population: size)
  }

  /// x of a trial: what was drawn before it was rounded, where one of the last states drew it; else what would have been evaluated there.
  private func point(of number: Int, _ row: [Double]) -> [Double] {
    let newest = states[states.count - 1].adaptation
    let target = numbers.indices.map { row[numbers[$0]].isNaN ? newest.stretched(newest.mean)[$0] : row[numbers[$0]] }
    if borders.allSatisfy(\.isEmpty) { return newest.unstretched(target) }
    for state in states.suffix(Self.recent).reversed() {
      var generator = SeededGenerator(seed: problem.seed, purpose: .adaptation, index: number)
      for _ in 0..<10 {
        let x = state.adaptation.point(numbers.map { _ in generator.nextNormal() })
        let (drawn, _) = self.row(x, of: state, &generator)
        // What is not in use tells nothing.
        if zip(numbers, target).allSatisfy({ row[$0].isNaN || abs(drawn[$0] - $1) < 1e-9 }) { return x }
      }
    }
    return newest.unstretched(target)
  }

  // MARK: - Categories

  private func evenShares(_ place: Int) -> [Double] {
    let dimension = encoding.dimensions[place]
    let count = dimension.count ?? 1
    return dimension.probabilities.isEmpty ? [Double](repeating: 1 / Double(count), count: count) : bounded(dimension.probabilities)
  }

  /// Each value keeps a share of at least (1 − 0.73^{1/J})/(K − 1), with J categories.
  private func bounded(_ shares: [Double]) -> [Double] {
    let least = (1 - exactExponential(exactLogarithm(0.73) / Double(categories.count))) / Double(shares.count - 1)
    let raised = shares.map { max($0, least) }
    let sum = raised.reduce(0, +)
    return raised.map { $0 / sum }
  }
}

extension Encoding.Dimension {
  /// The middles between the values; empty: any value, or so many that none is missed.
  fileprivate var borders: [Double] {
    guard !isCategory, let count, count <= 4096 else { return [] }
    return (0..<count - 1).map { bin($0).high }
  }
}

extension History.Outcome {
  /// Whether it is what an update takes it for.
  fileprivate func isSame(as other: borrowing History.Outcome) -> Bool {
    number == other.number && state == other.state && objectives.isSame(as: other.objectives) && curve.values.isSame(as: other.curve.values)
      && curve.epochs.isSame(as: other.curve.epochs) && assignment.values.isSame(as: other.assignment.values)
  }
}

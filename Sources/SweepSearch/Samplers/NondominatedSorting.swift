// NSGA-II as a search: the best trials so far have children. For one objective or several. Which trials are seen is not decided here, nor are Pareto
// fronts computed here.

import SweepCore
import SweepNumerics

/// The genetic algorithm of Deb, Pratap, Agarwal and Meyarivan 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II", without
/// generations: each trial is a child of the best of all that it sees.
///
/// The first P trials are points of Sobol's sequence; P is 50, or 20 of a budget below 500.
public struct NondominatedSorting: AdaptiveSampler {
  public init() {}

  public func search(_ problem: SearchProblem) throws(SweepError) -> any AdaptiveSearch { NondominatedSortingSearch(problem) }
}

/// A pure function of the problem, the history and the number; it remembers nothing.
private final class NondominatedSortingSearch: AdaptiveSearch {
  private let problem: SearchProblem
  private let encoding: Encoding
  private let sobol: Sobol
  /// P.
  private let size: Int

  init(_ problem: SearchProblem) {
    self.problem = problem
    encoding = Encoding(problem.space)
    sobol = Sobol(dimensions: encoding.count, seed: problem.seed)
    size = problem.budget.map { $0 < 500 ? 20 : 50 } ?? 50
  }

  func suggest(_ number: Int, given history: History) throws(SweepError) -> Suggestion? {
    var tried = TriedPoints(problem, encoding)
    for outcome in history.outcomes where outcome.number > 0 { tried.insert(outcome.assignment) }
    for pending in history.pending { tried.insert(pending.assignment) }
    var generator = SeededGenerator(seed: problem.seed, purpose: .evolution, index: number)
    let isOpen = number <= size && history.outcomes.prefix { $0.number <= 0 }.count < size
    let parents = !isOpen && encoding.count > 0 ? Population(history, size: size, objectives: problem.objectives) : nil
    if let parents, !parents.isEmpty {
      let rows = parents.members.map { encoding.row(of: $0) }
      for attempt in 0..<Self.attempts {
        // Children that are known already need more mutations.
        let mutations = 1 + 4 * Double(attempt) / Double(Self.attempts)
        if let point = try tried.new(child(of: rows, by: parents, mutations: mutations, &generator)) { return Suggestion(point, by: "nsga2") }
      }
    } else if let point = try tried.new(encoding.row(ofUnit: sobol.point(number - 1))) {
      return Suggestion(point, by: "nsga2", because: "start")
    }
    return try tried.another(&generator).map { Suggestion($0, by: "nsga2", because: "unseen") }
  }

  /// Children that are made before any new point will do.
  private static let attempts = 100
  private static let crossoverRate = 0.9

  /// - Parameter mutations: how many parameters of a child mutate, on average.
  private func child(of rows: [[Double]], by parents: Population, mutations: Double, _ generator: inout SeededGenerator) -> [Double] {
    let (mother, father) = (rows[parents.tournament(&generator)], rows[parents.tournament(&generator)])
    let isCrossed = generator.nextUnit() < Self.crossoverRate
    return encoding.dimensions.indices.map { index in
      let dimension = encoding.dimensions[index]
      // As many numbers for each dimension, whatever becomes of them.
      let (side, spread, chance, change) = (generator.nextUnit(), generator.nextUnit(), generator.nextUnit(), generator.nextUnit())
      var (one, other) = side < 0.5 ? (mother[index], father[index]) : (father[index], mother[index])
      if !isCrossed { (one, other) = (mother[index], mother[index]) }
      // Where only one has it in use, it is that one's; where neither, it may come into use by another parameter.
      if one.isNaN { one = other }
      if one.isNaN { return dimension.isCategory ? Double(dimension.category(at: change)) : change }
      var u = one
      if !dimension.isCategory, !other.isNaN, one != other { u = Self.crossed(one, other, spread) }
      guard chance * Double(encoding.count) < mutations else { return u }
      switch dimension.kind {
      case .category(let count):
        // Any other of those that there are: by their probabilities, or the next.
        let place = dimension.category(at: change)
        return Double(place == Int(u) && dimension.probabilities.isEmpty ? (place + 1) % count : place)
      case .continuous: return Self.mutated(u, change)
      case .ordered(let count):
        let moved = Self.mutated(u, change)
        let (place, before) = (dimension.step(near: moved), dimension.step(near: u))
        // A step at least.
        return place == before ? dimension.centre(min(max(before + (change < 0.5 ? -1 : 1), 0), count - 1)) : moved
      }
    }
  }

  /// Simulated binary crossover (Deb and Agrawal 1995) with η = 15, the child that is nearer to the first: ½((1+β)a + (1−β)b),
  /// β = (2U)^(1/16) or (2(1−U))^(−1/16).
  private static func crossed(_ one: Double, _ other: Double, _ unit: Double) -> Double {
    let power = unit <= 0.5 ? 2 * unit : 2 * (1 - unit)
    let root = power.squareRoot().squareRoot().squareRoot().squareRoot()
    let spread = unit <= 0.5 ? root : 1 / root
    return min(max(((1 + spread) * one + (1 - spread) * other) / 2, 0), 1)
  }

  /// Polynomial mutation with η = 20, which never leaves 0...1 (Deb and Goyal 1996; as in Deb's own program).
  private static func mutated(_ u: Double, _ unit: Double) -> Double {
    func power(_ x: Double, _ exponent: Double) -> Double { x <= 0 ? 0 : exactExponential(exactLogarithm(x) * exponent) }
    let change =
      unit < 0.5
      ? power(2 * unit + (1 - 2 * unit) * power(1 - u, 21), 1.0 / 21) - 1
      : 1 - power(2 * (1 - unit) + (2 * unit - 1) * power(u, 21), 1.0 / 21)
    return min(max(u + change, 0), 1)
  }
}

/// The best trials of a history, from the best on: by front, then by how far apart they are from others of it, then by number.
private struct Population {
  let members: [Assignment]
  /// How good each is; equal ones are equally good.
  private let places: [Int]

  var isEmpty: Bool { members.isEmpty }

  init(_ history: History, size: Int, objectives: Int) {
    let outcomes = history.outcomes
    let complete = outcomes.indices.filter { outcomes[$0].isComplete && outcomes[$0].objectives.count >= objectives }
    let values = complete.map { outcomes[$0].objectives.prefix(objectives).map { $0 ?? 0 } }
    let ranks = ParetoFront.ranks(values)
    var (order, places) = ([Int](), [Int]())
    func add(_ index: Int, isWorse: Bool) {
      order.append(index)
      places.append((places.last ?? 0) + (isWorse ? 1 : 0))
    }
    var fronts = [[Int]](repeating: [], count: (ranks.max() ?? -1) + 1)
    for (member, rank) in ranks.enumerated() { fronts[rank].append(member) }
    for front in fronts where order.count < size {
      let distances = ParetoFront.crowding(front.map { values[$0] })
      var last: Double?
      for place in front.indices.sorted(by: { (-distances[$0], $0) < (-distances[$1], $1) }) {
        add(complete[front[place]], isWorse: last != distances[place])
        last = distances[place]
      }
    }
    // Trials that were stopped were worse than others; those that got far are better. The others have no value at all.
    if order.count < size {
      let isIn = Set(complete)
      func key(_ index: Int) -> (Int, Double) {
        let outcome = outcomes[index]
        guard outcome.state == .pruned || outcome.state == .paused, let epoch = outcome.curve.epochs.last, let value = outcome.curve.values.last
        else {
          return (.max, 0)
        }
        return (-epoch, value)
      }
      let rest = outcomes.indices.filter { !isIn.contains($0) }.map { (key: key($0), index: $0) }
      var last: (Int, Double)?
      for (key, index) in rest.sorted(by: { ($0.key.0, $0.key.1, $0.index) < ($1.key.0, $1.key.1, $1.index) }) {
        add(index, isWorse: last.map { $0 != key } ?? true)
        last = key
      }
    }
    members = order.prefix(size).map { outcomes[$0].assignment }
    self.places = Array(places.prefix(size))
  }

  /// The better of two, drawn at random; the first in order of equals.
  func tournament(_ generator: inout SeededGenerator) -> Int {
    let count = UInt32(members.count)
    let (one, other) = (Int(generator.next(below: count)), Int(generator.next(below: count)))
    return (places[one], one) < (places[other], other) ? one : other
  }
}

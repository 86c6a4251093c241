// Random search: every parameter is drawn by itself. Point i is a function of the seed and of i alone, so that a sweep can be planned in
// parts, grown and planned again without any state.

import SweepCore
import SweepNumerics

/// Draws points at random (Bergstra and Bengio 2012). A space with finitely many points is gone through in a random order, none twice; any
/// other never ends.
public struct RandomSampler: PointSampler {
  public init() {}

  public func count(in problem: SearchProblem) throws(SweepError) -> Int? {
    let space = problem.space
    guard space.isListed, let count = space.gridCount, count <= Self.mostListed else { return nil }
    return count
  }

  /// A space with more points is drawn from like an endless one: that a point comes twice is then unlikely, and the table of trials refuses it.
  private static let mostListed = 1 << 40

  public func points(at positions: Range<Int>, in problem: SearchProblem) throws(SweepError) -> [Assignment] {
    let (space, seed) = (problem.space, problem.seed)
    var points: [Assignment] = []
    func add(_ point: Assignment?) { if let point { points.append(point) } }
    guard let total = try self.count(in: problem) else {
      for index in positions { add(try space.draw(index, seed: seed)) }
      return points
    }
    let positions = positions.clamped(to: 0..<total)
    if space.hasWeights, total <= Self.mostWeighted {
      for position in Self.weightedOrder(of: space, total: total, seed: seed)[positions] { add(try space.gridPoint(at: position)) }
    } else {
      let order = Permutation(count: total, seed: seed)
      for position in positions { add(try space.gridPoint(at: order[position])) }
    }
    return points
  }

  /// Weighted points that are put in order as a whole; more of them are gone through as if they had no weights.
  private static let mostWeighted = 100_000

  /// Drawing without replacement with probabilities in proportion to the weights: ascending by −ln u / weight (Efraimidis and Spirakis 2006).
  private static func weightedOrder(of space: SearchSpace, total: Int, seed: Int) -> [Int] {
    (0..<total).map { position -> (key: Double, position: Int) in
      var generator = SeededGenerator(seed: seed, purpose: .sampling, index: position)
      return (-exactLogarithm(generator.nextUnit()) / space.gridWeight(at: position), position)
    }.sorted { ($0.key, $0.position) < ($1.key, $1.position) }.map(\.position)
  }
}

extension SearchSpace {
  /// Whether its points can be listed. What is drawn from q_uniform is not what a grid enumerates.
  fileprivate var isListed: Bool {
    parameters.allSatisfy { parameter in
      if case .distribution = parameter.domain { false } else { parameter.domain.count != nil }
    }
  }

  fileprivate var hasWeights: Bool {
    parameters.contains { parameter in if case .weighted = parameter.domain { true } else { false } }
  }

  /// Point `index` of an endless sequence; nil where the space forbids it.
  fileprivate func draw(_ index: Int, seed: Int) throws(SweepError) -> Assignment? {
    var generator = SeededGenerator(seed: seed, purpose: .sampling, index: index)
    var values: [String: ParameterValue] = [:]
    for (names, count) in factors {
      let unit = generator.nextUnit()
      let place = count.map { min(Int(unit * Double($0)), $0 - 1) } ?? 0
      for name in names { values[name] = self[name]?.domain.draw(unit, place: place) }
    }
    return try point(names.map { values[$0] ?? .null })
  }
}

extension Parameter.Domain {
  /// The value at a share of the distribution.
  /// - Parameter place: the same as a position among the listed values.
  fileprivate func draw(_ unit: Double, place: Int) -> ParameterValue {
    switch self {
    case .constant, .values, .integers: return value(at: place)
    case .reals(let min, let max): return .real(min + (max - min) * unit)
    case .weighted(let values, let probabilities):
      var sum = 0.0
      for (value, probability) in zip(values, probabilities) {
        sum += probability
        if unit < sum { return value }
      }
      return values.last ?? .null
    case .distribution(let distribution): return distribution.value(at: unit)
    }
  }
}

/// An order of 0..<count that looks random, without being kept anywhere: a Feistel network over the next power of four, walked until it comes
/// back into the range (Black and Rogaway 2002, "Ciphers with arbitrary finite domains").
struct Permutation {
  private let count: Int
  private let seed: Int
  private let halfBits: Int

  init(count: Int, seed: Int) {
    (self.count, self.seed) = (count, seed)
    halfBits = max(1, (Int.bitWidth - max(0, count - 1).leadingZeroBitCount + 1) / 2)
  }

  /// The element at a position of 0..<count.
  subscript(position: Int) -> Int {
    var element = position
    repeat { element = shuffled(element) } while element >= count
    return element
  }

  private func shuffled(_ element: Int) -> Int {
    let mask = 1 << halfBits - 1
    var (left, right) = (element >> halfBits, element & mask)
    for round in 0..<4 {
      var generator = SeededGenerator(seed: seed &+ round, purpose: .permutation, index: right)
      (left, right) = (right, left ^ Int(truncatingIfNeeded: generator.next()) & mask)
    }
    return left << halfBits | right
  }
}

// Minimises a smooth function in a box: projected L-BFGS. It knows nothing of what it minimises.

/// L-BFGS (Nocedal 1980) on the coordinates that are free, projected on the box, with Armijo's rule and halving (Bertsekas 1982, "Projected Newton
/// methods for optimization problems with simple constraints"). Sums go up by coordinate.
package struct BoxMinimizer: Sendable {
  package var low: [Double]
  package var high: [Double]
  package var iterations = 50
  /// It ends where no component of the projected gradient is larger,
  package var gradientTolerance = 1e-2
  /// or a step gains less, relative to the value.
  package var relativeTolerance = 1e-6
  /// Pairs of steps and differences of gradients that are remembered.
  private static let memory = 10

  package init(low: [Double], high: [Double]) { (self.low, self.high) = (low, high) }

  package struct End: Sendable {
    package let x: [Double]
    package let value: Double
    package let evaluations: Int
  }

  /// - Parameter function: the value at x; it writes the gradient.
  package func minimum(from start: [Double], _ function: (_ x: [Double], _ gradient: inout [Double]) -> Double) -> End {
    let count = start.count
    var x = projected(start)
    var gradient = [Double](repeating: 0, count: count)
    var value = function(x, &gradient)
    var evaluations = 1
    var pairs: [(step: [Double], change: [Double], inverse: Double)] = []
    var (next, nextGradient) = (x, gradient)
    for _ in 0..<iterations {
      let free = x.indices.map { !(x[$0] <= low[$0] && gradient[$0] > 0 || x[$0] >= high[$0] && gradient[$0] < 0) }
      let largest = x.indices.reduce(0) { free[$1] ? max($0, abs(gradient[$1])) : $0 }
      if largest <= gradientTolerance { break }
      var direction = Self.direction(gradient, free, pairs)
      if Self.product(direction, gradient) >= 0 {
        pairs = []
        direction = Self.direction(gradient, free, [])
      }
      var length = 1.0
      var isBetter = false
      for _ in 0..<25 {
        for i in 0..<count { next[i] = min(max(x[i] + length * direction[i], low[i]), high[i]) }
        let nextValue = function(next, &nextGradient)
        evaluations += 1
        var expected = 0.0
        for i in 0..<count { expected += gradient[i] * (next[i] - x[i]) }
        if nextValue <= value + 1e-4 * expected, nextValue < value || expected < 0 {
          isBetter = true
          let gain = value - nextValue
          let step = (0..<count).map { next[$0] - x[$0] }
          let change = (0..<count).map { nextGradient[$0] - gradient[$0] }
          let curvature = Self.product(step, change)
          if curvature > 1e-10 * Self.product(change, change).squareRoot() * Self.product(step, step).squareRoot(), curvature > 0 {
            pairs.append((step, change, 1 / curvature))
            if pairs.count > Self.memory { pairs.removeFirst() }
          }
          let scale = max(abs(value), abs(nextValue), 1)
          (x, gradient, value) = (next, nextGradient, nextValue)
          if gain <= relativeTolerance * scale { return End(x: x, value: value, evaluations: evaluations) }
          break
        }
        length /= 2
      }
      if !isBetter {
        if pairs.isEmpty { break }
        pairs = []
      }
    }
    return End(x: x, value: value, evaluations: evaluations)
  }

  private func projected(_ x: [Double]) -> [Double] { x.indices.map { min(max(x[$0], low[$0]), high[$0]) } }

  private static func product(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for i in a.indices { sum += a[i] * b[i] }
    return sum
  }

  /// −H·g by the two loops, on the free coordinates; without memory a step of length 1 at most.
  private static func direction(_ gradient: [Double], _ free: [Bool], _ pairs: [(step: [Double], change: [Double], inverse: Double)]) -> [Double] {
    var q = gradient.indices.map { free[$0] ? gradient[$0] : 0 }
    guard let last = pairs.last else {
      let size = q.reduce(0) { $0 + abs($1) }
      return q.map { -$0 * min(1, 1 / size) }
    }
    var shares = [Double](repeating: 0, count: pairs.count)
    for place in pairs.indices.reversed() {
      shares[place] = product(pairs[place].step, q) * pairs[place].inverse
      for i in q.indices { q[i] -= shares[place] * pairs[place].change[i] }
    }
    let scale = 1 / (last.inverse * product(last.change, last.change))
    for i in q.indices { q[i] *= scale }
    for place in pairs.indices {
      let share = shares[place] - product(pairs[place].change, q) * pairs[place].inverse
      for i in q.indices { q[i] += share * pairs[place].step[i] }
    }
    return q.indices.map { free[$0] ? -q[$0] : 0 }
  }
}

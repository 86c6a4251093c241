// Which parameters of a full grid matter, exactly: the variance of the values split into effects and interactions.
// Takes plain numbers from whoever read the trials, gives shares to a table. It fits no model and guesses no missing cell: `PEDANOVA` is for those.

/// The functional ANOVA of a full factorial table (Hutter, Hoos, Leyton-Brown 2014, "An efficient approach for assessing hyperparameter
/// importance", §3; Hooker 2007). On a full grid the decomposition is exact, where theirs is that of a random forest.
///
/// With f̂_U the mean of the cells that agree on the factors of U, f_U = f̂_U − Σ f_W over all W ⊊ U, and V_U the mean of f_U² over the cells.
/// The shares F_U = V_U / V, of which V is the population variance of all values, sum to 1 with `noise` and `higherOrders`.
/// If all values are equal, every share is 0.
package struct FunctionalANOVA: Sendable, Equatable {
  /// A parameter of the grid.
  package struct Factor: Sendable, Equatable {
    package let name: String
    /// How many values it takes, at least 1.
    package let levels: Int

    package init(_ name: String, levels: Int) { (self.name, self.levels) = (name, levels) }
  }

  /// What one factor does by itself.
  package struct MainEffect: Sendable, Equatable {
    package let name: String
    /// Of the variance, 0...1.
    package let share: Double
    /// [levels]: the mean of all values at each level, in the values' own unit.
    package let means: [Double]
  }

  /// What two factors do together beyond the sum of what each does by itself.
  package struct Interaction: Sendable, Equatable {
    package let first: String
    package let second: String
    /// Of the variance, 0...1.
    package let share: Double
  }

  /// One for each factor, in their order.
  package let effects: [MainEffect]
  /// One for each pair: the first factor with the second, the first with the third, and so on.
  package let interactions: [Interaction]
  /// The share of the interactions of three and more factors, all together; 0...1, and 0 with fewer than three factors.
  package let higherOrders: Double
  /// The share of the variance among the replicates of the same cell, 0...1. Nil with one value in each cell: nobody can tell then.
  package let noise: Double?
  /// V, the population variance of all values.
  package let variance: Double

  /// Nil where the table is not full: a cell has no value, cells have different numbers of values, or a value is not finite.
  ///
  /// Sums run in the order of the trials and of the cells, so the same trials in the same order give the same bits.
  /// - Parameters:
  ///   - factors: what was varied, but for a seed: runs that differ in the seed alone are replicates of one cell.
  ///   - levels: [trials × factors], the position of each trial's value among those of the factor, 0..<levels.
  ///   - values: [trials], what was measured.
  /// - Complexity: O(trials × factors + cells × pairs of factors).
  package init?(_ factors: [Factor], levels: [[Int]], values: [Double]) {
    precondition(levels.count == values.count, "an ANOVA needs the levels of each value")
    guard let grid = Grid(factors, levels: levels, values: values) else { return nil }
    let means = factors.indices.map { grid.marginal([$0]) }
    let total = grid.between + grid.within
    func share(_ variance: Double) -> Double { total > 0 ? variance / total : 0 }

    let main = means.map { $0.meanSquare { $0 } }
    var together: [Double] = []
    var interactions: [Interaction] = []
    for first in factors.indices {
      for second in factors.indices.dropFirst(first + 1) {
        let width = factors[second].levels
        let effect = grid.marginal([first, second]).enumerated().map { $1 - means[first][$0 / width] - means[second][$0 % width] }
        together.append(effect.meanSquare { $0 })
        interactions.append(Interaction(first: factors[first].name, second: factors[second].name, share: share(together[together.count - 1])))
      }
    }
    effects = factors.indices.map { index in
      MainEffect(name: factors[index].name, share: share(main[index]), means: means[index].map { grid.mean + $0 * grid.range })
    }
    self.interactions = interactions
    let rest = grid.between - main.reduce(0, +) - together.reduce(0, +)
    higherOrders = factors.count < 3 ? 0 : share(max(0, rest))
    noise = grid.replicates > 1 ? share(grid.within) : nil
    variance = total * grid.range * grid.range
  }
}

/// The mean of each cell, as it deviates from the mean of all in units of the values' range, so that no square overflows.
private struct Grid {
  let levels: [Int]
  /// [cells], the last factor changes fastest; their mean is 0.
  private(set) var cells: [Double]
  let replicates: Int
  /// In the values' own unit, as `range`.
  let mean: Double
  let range: Double
  /// The population variance of the cells, and that of the values around their cell, in squares of the range.
  let between: Double
  let within: Double

  init?(_ factors: [FunctionalANOVA.Factor], levels: [[Int]], values: [Double]) {
    self.levels = factors.map(\.levels)
    var count = 1
    for factor in factors {
      precondition(factor.levels > 0, "a factor has a level")
      let (product, overflow) = count.multipliedReportingOverflow(by: factor.levels)
      guard !overflow, product <= values.count else { return nil }
      count = product
    }
    guard let low = values.min(), let high = values.max(), values.allSatisfy(\.isFinite), (high - low).isFinite, values.count % count == 0 else {
      return nil
    }
    range = high - low
    replicates = values.count / count
    let scaled = range > 0 ? values.map { ($0 - low) / (high - low) } : Array(repeating: 0, count: values.count)

    var cells = [Double](repeating: 0, count: count)
    var counts = [Int](repeating: 0, count: count)
    var cellOf: [Int] = []
    cellOf.reserveCapacity(values.count)
    for (index, levels) in levels.enumerated() {
      precondition(levels.count == factors.count, "a trial has a level of each factor")
      var cell = 0
      for (level, size) in zip(levels, self.levels) {
        precondition(0..<size ~= level, "a level is one of its factor's")
        cell = cell * size + level
      }
      cells[cell] += scaled[index]
      counts[cell] += 1
      cellOf.append(cell)
    }
    guard counts.allSatisfy({ [replicates] in $0 == replicates }) else { return nil }
    for cell in cells.indices { cells[cell] /= Double(replicates) }
    var squares = 0.0
    for (value, cell) in zip(scaled, cellOf) { squares += (value - cells[cell]) * (value - cells[cell]) }
    within = replicates > 1 ? squares / Double(values.count) : 0
    let centre = cells.reduce(0, +) / Double(count)
    mean = low + centre * range
    for cell in cells.indices { cells[cell] -= centre }
    between = cells.meanSquare { $0 }
    self.cells = cells
  }

  /// The means over all other factors, [levels of the first × levels of the second …], in one pass over the cells.
  /// - Parameter kept: one or two factors, ascending.
  func marginal(_ kept: [Int]) -> [Double] {
    // The cells as a five-dimensional table: outer × first × middle × second × inner; one factor alone stands as the second.
    let (first, second) = kept.count == 2 ? (kept[0], kept[1]) : (nil, kept[0])
    func size(_ range: Range<Int>) -> Int { range.reduce(1) { $0 * levels[$1] } }
    let outer = first.map { size(0..<$0) } ?? 1
    let rows = first.map { levels[$0] } ?? 1
    let middle = size((first.map { $0 + 1 } ?? 0)..<second)
    let columns = levels[second]
    let inner = size(second + 1..<levels.count)

    var sums = [Double](repeating: 0, count: rows * columns)
    var cell = 0
    for _ in 0..<outer {
      for row in 0..<rows {
        for _ in 0..<middle {
          for column in 0..<columns {
            var sum = 0.0
            for _ in 0..<inner {
              sum += cells[cell]
              cell += 1
            }
            sums[row * columns + column] += sum
          }
        }
      }
    }
    let summands = Double(outer * middle * inner)
    return sums.map { $0 / summands }
  }
}

extension [Double] {
  fileprivate func meanSquare(_ deviation: (Double) -> Double) -> Double {
    reduce(0) { $0 + deviation($1) * deviation($1) } / Double(count)
  }
}

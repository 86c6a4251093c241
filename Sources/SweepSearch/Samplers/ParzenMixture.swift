// The density that a tree-structured Parzen estimator makes of some trials: a mixture with one kernel for each, and one of the prior. It draws from
// it and evaluates it, fast; which trials they are, and what the densities are for, is decided in TreeParzenEstimator.swift.

import SweepNumerics

/// p(x) = Σ_i w_i Π_j κ_ij(x_j) over dimensions that are in use together (Watanabe 2023, arXiv:2304.11127; settings of Optuna 5).
///
/// Of what is added, a part takes part. Kernels of numbers are normal, truncated to 0...1, each as wide as the larger of the distances to its
/// neighbours; those of bins are the masses of such ones; those of categories are counts. What changes with a trial that comes or goes is computed
/// again, the rest is kept, with the bits that a new mixture has. Densities are per unit of u.
package final class ParzenMixture {
  package enum Weights: Sendable {
    /// The newest 25 trials weigh 1, those before rise linearly from 1/m.
    case byAge
    case equal
  }

  private let dimensions: [Encoding.Dimension]
  private let weighting: Weights
  /// Places in `dimensions` of those that any u can be of, and of the others.
  private let numbers: [Int]
  private let coded: [Int]
  /// By dimension: its place in `numbers`.
  private let columns: [Int]

  private var rows: [[Double]] = []
  private var takesPart: [Bool] = []
  /// m: how many take part.
  private var members = 0
  /// By dimension: those that take part by u, then by their order; empty of a category.
  private var sorted: [[Int32]]
  /// By trial, then dimension: σ (NaN before it is known), and ln(σ√2π Z), ln Z of bins.
  private var widths: [Double] = []
  private var logScales: [Double] = []
  /// By tile of 8 trials, then dimension of `numbers`: 8 μ and 8 of 1/(σ√2).
  private var tiles: [Double] = []
  /// By trial: −Σ ln of what the kernels are divided by; −∞: it takes no part.
  private var offsets: [Double] = []
  private var weights: [Double] = []
  private var totalWeight = 1.0

  package init(_ dimensions: [Encoding.Dimension], weights: Weights = .byAge) {
    (self.dimensions, weighting) = (dimensions, weights)
    numbers = dimensions.indices.filter { dimensions[$0].isDense }
    coded = dimensions.indices.filter { !dimensions[$0].isDense }
    columns = dimensions.indices.map { place in dimensions[..<place].count { $0.isDense } }
    sorted = dimensions.map { _ in [] }
  }

  package var count: Int { rows.count }

  /// Adds a trial, which takes no part as yet: u, or the place of a category, for each dimension.
  package func append(_ row: [Double]) {
    let index = rows.count
    rows.append(row)
    takesPart.append(false)
    widths.append(contentsOf: repeatElement(.nan, count: dimensions.count))
    logScales.append(contentsOf: repeatElement(0, count: dimensions.count))
    if index % 8 == 0 {
      tiles.append(contentsOf: repeatElement(0, count: 16 * numbers.count))
      offsets.append(contentsOf: repeatElement(-.infinity, count: 8))
      weights.append(contentsOf: repeatElement(0, count: 8))
    }
    for (place, dimension) in numbers.enumerated() { tiles[tile(index, place)] = row[dimension] }
  }

  private func tile(_ index: Int, _ place: Int) -> Int { (index / 8 * numbers.count + place) * 16 + index % 8 }

  // MARK: - Who takes part

  /// Decides which trials take part.
  package func select(_ isIncluded: (Int) -> Bool) {
    let changed = rows.indices.filter { isIncluded($0) != takesPart[$0] }
    let floor = self.floor
    for index in changed {
      takesPart[index].toggle()
      members += takesPart[index] ? 1 : -1
      if !takesPart[index] { offsets[index] = -.infinity }
    }
    let isNew = changed.count > 32 || floor != self.floor
    var dirty = Set(changed.filter { takesPart[$0] })
    for (place, dimension) in dimensions.enumerated() where !dimension.isCategory {
      if isNew {
        sorted[place] = rows.indices.filter { takesPart[$0] }.map { (rows[$0][place], Int32($0)) }.sorted(by: <).map(\.1)
        for position in sorted[place].indices where measure(position, place) { dirty.insert(Int(sorted[place][position])) }
      } else {
        for index in changed {
          let position = self.position(of: index, in: place)
          if takesPart[index] { sorted[place].insert(Int32(index), at: position) } else { sorted[place].remove(at: position) }
        }
        for index in changed {
          let position = self.position(of: index, in: place)
          for neighbour in max(position - 1, 0)..<min(position + 2, members) where measure(neighbour, place) {
            dirty.insert(Int(sorted[place][neighbour]))
          }
        }
      }
    }
    for index in dirty {
      var sum = 0.0
      for place in index * dimensions.count..<(index + 1) * dimensions.count { sum += logScales[place] }
      offsets[index] = -sum
    }
    weigh()
  }

  /// The narrowest kernel ("magic clip").
  private var floor: Double { max(1 / Double(members + 2), 0.01) }

  /// Where a trial is among the sorted ones, or where it would be.
  private func position(of index: Int, in place: Int) -> Int {
    let u = rows[index][place]
    var (low, high) = (0, sorted[place].count)
    while low < high {
      let middle = (low + high) / 2
      let other = Int(sorted[place][middle])
      if (rows[other][place], other) < (u, index) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Computes the kernel of a trial in a dimension, where it is not what it was.
  private func measure(_ position: Int, _ place: Int) -> Bool {
    let order = sorted[place]
    let index = Int(order[position])
    let mean = rows[index][place]
    let below = position > 0 ? rows[Int(order[position - 1])][place] : 0
    let above = position + 1 < members ? rows[Int(order[position + 1])][place] : 1
    let gap =
      members > 1 && position == 0 ? above - mean : members > 1 && position == members - 1 ? mean - below : max(mean - below, above - mean)
    let width = min(max(gap, floor), 1)
    if widths[index * dimensions.count + place] == width { return false }
    widths[index * dimensions.count + place] = width
    let inside = Self.mass(mean, width)
    if dimensions[place].isDense {
      logScales[index * dimensions.count + place] = exactLogarithm(width * inside * 2.5066282746310002)
      tiles[tile(index, columns[place]) + 8] = 1 / (width * Normal.root2)
    } else {
      logScales[index * dimensions.count + place] = exactLogarithm(inside)
    }
    return true
  }

  /// Z: what a normal distribution has of 0...1, its mean within.
  private static func mass(_ mean: Double, _ width: Double) -> Double { Normal.mass(from: -mean / width, to: (1 - mean) / width) }

  private func weigh() {
    let ramp = weighting == .byAge ? members - 25 : 0
    var rank = 0
    totalWeight = 1
    for index in rows.indices {
      guard takesPart[index] else {
        weights[index] = 0
        continue
      }
      let first = 1 / Double(members)
      weights[index] = rank >= ramp ? 1 : ramp == 1 ? first : first + (1 - first) * Double(rank) / Double(ramp - 1)
      totalWeight += weights[index]
      rank += 1
    }
  }

  // MARK: - Drawing

  /// A point by the density: a kernel by its weight, then each dimension by inversion. Of bins, their middles.
  package func draw(_ generator: inout SeededGenerator) -> [Double] {
    var rest = generator.nextUnit() * totalWeight
    var kernel: Int?
    for index in rows.indices where takesPart[index] {
      rest -= weights[index]
      if rest < 0 {
        kernel = index
        break
      }
    }
    return dimensions.indices.map { place in
      let unit = generator.nextUnit()
      let dimension = dimensions[place]
      if dimension.isCategory {
        guard let kernel else { return Double(dimension.category(at: unit)) }
        let (hit, miss) = self.shares(of: dimension)
        var sum = 0.0
        for category in 0..<(dimension.count ?? 1) {
          sum += Double(category) == rows[kernel][place] ? hit : miss
          if unit < sum { return Double(category) }
        }
        return Double((dimension.count ?? 1) - 1)
      }
      let (mean, width) = kernel.map { (rows[$0][place], widths[$0 * dimensions.count + place]) } ?? (0.5, 1)
      let (low, high) = (Normal.share(below: -mean / width), Normal.share(below: (1 - mean) / width))
      let share = min(max(low + unit * (high - low), 1e-300), 1 - 0x1p-53)
      return dimension.snapped(mean + width * Normal.quantile(share))
    }
  }

  /// Of a kernel of a category: of its own value, and of each other.
  private func shares(of dimension: Encoding.Dimension) -> (hit: Double, miss: Double) {
    let spread = 1 / Double(members + 1)
    let sum = Double(dimension.count ?? 1) * spread + 1
    return ((spread + 1) / sum, spread / sum)
  }

  // MARK: - The density

  /// ln p at points that can be run.
  package func logDensities(at points: [[Double]]) -> [Double] {
    let tables = coded.map { codes(of: $0, at: points) }
    var sums = MixtureSums(points: points.map { point in numbers.map { point[$0] } }, tiles: tiles, offsets: offsets, weights: weights)
    sums.add(tables: tables)
    return zip(points, sums.values).map { point, sum in
      // The prior's kernel.
      let prior = logPrior(point)
      let top = max(prior, sum.top)
      let total = exactExponential(prior - top) + sum.sum * exactExponential(sum.top - top)
      return top + exactLogarithm(total) - exactLogarithm(totalWeight)
    }
  }

  private func logPrior(_ point: [Double]) -> Double {
    var sum = 0.0
    for (dimension, u) in zip(dimensions, point) {
      switch dimension.kind {
      case .category(let count):
        sum += exactLogarithm(dimension.probabilities.isEmpty ? 1 / Double(count) : max(dimension.probabilities[Int(u)], 1e-300))
      case .ordered where !dimension.isDense:
        let (low, high) = dimension.bin(dimension.step(near: u))
        sum += Normal.logMass(from: low - 0.5, to: high - 0.5) - exactLogarithm(Self.mass(0.5, 1))
      default: sum += -(u - 0.5) * (u - 0.5) / 2 - exactLogarithm(Self.mass(0.5, 1) * 2.5066282746310002)
      }
    }
    return sum
  }

  /// The kernels of a dimension of few values: which trials share one, and its logarithm at each point.
  private func codes(of place: Int, at points: [[Double]]) -> MixtureSums.Table {
    let dimension = dimensions[place]
    if dimension.isCategory {
      let count = dimension.count ?? 1
      let (hit, miss) = shares(of: dimension)
      let (logHit, logMiss) = (exactLogarithm(hit), exactLogarithm(miss))
      return MixtureSums.Table(
        codes: rows.map { Int32($0[place]) }, values: points.map { point in (0..<count).map { Double($0) == point[place] ? logHit : logMiss } })
    }
    // Sorted by u, those with the same middle and width lie side by side.
    var codes = [Int32](repeating: 0, count: rows.count)
    var kernels: [(mean: Double, width: Double)] = []
    for index in sorted[place].lazy.map(Int.init) {
      let kernel = (rows[index][place], widths[index * dimensions.count + place])
      if kernels.last.map({ $0 != kernel }) ?? true { kernels.append(kernel) }
      codes[index] = Int32(kernels.count - 1)
    }
    var known: [Int: [Double]] = [:]
    let values = points.map { point in
      let step = dimension.step(near: point[place])
      if let same = known[step] { return same }
      let (low, high) = dimension.bin(step)
      let logs = kernels.map { Normal.logMass(from: (low - $0.mean) / $0.width, to: (high - $0.mean) / $0.width) }
      known[step] = logs
      return logs
    }
    return MixtureSums.Table(codes: codes, values: values)
  }
}

extension Encoding.Dimension {
  /// Whether its kernels are densities: of bins beyond counting the masses are in the same proportions.
  fileprivate var isDense: Bool {
    switch kind {
    case .continuous: true
    case .ordered(let count): count > 1 << 20
    case .category: false
    }
  }
}

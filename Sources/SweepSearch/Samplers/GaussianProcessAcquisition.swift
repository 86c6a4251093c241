// The search for the point at which a Gaussian process expects most: candidates all over a box and near the best known points, and climbs from the
// most promising ones. Rounding happens inside: only points that can be run are looked at.

import SweepCore
import SweepNumerics

/// The maximum of log EI over a space.
struct AcquisitionSearch {
  let encoding: Encoding
  let snapper: RowSnapper
  let process: GaussianProcess
  /// The value that is to be improved on.
  let best: Double
  let region: TrustRegion
  /// Rows around which it looks, the best first.
  let known: [[Double]]
  /// A category that stays as it is: its dimension and place.
  let fixed: (dimension: Int, place: Double)?
  let isSeen: ([Double]) -> Bool
  var generator: SeededGenerator
  /// Scrambled for this search alone.
  let sobol: Sobol

  static let sobolCandidates = 512
  static let localCandidates = 384
  static let starts = 6

  /// The best row that was not tried before; nil: there is none among those looked at.
  mutating func maximum() throws(SweepError) -> [Double]? {
    let candidates = try sobolRows() + localRows()
    if candidates.isEmpty { return nil }
    let values = process.logImprovement(candidates, below: best)
    var climb = AcquisitionClimb(self)
    var top: (value: Double, row: [Double])?
    for start in self.starts(values) {
      let (row, value) = try climb.climb(from: candidates[start], value: values[start])
      if value > top?.value ?? -.infinity, !isSeen(row) { top = (value, row) }
    }
    if let top { return top.row }
    let order = candidates.indices.sorted { (-values[$0], $0) < (-values[$1], $1) }
    return order.first { !isSeen(candidates[$0]) }.map { candidates[$0] }
  }

  /// The best candidate, and others by roulette with weights in proportion to their expected improvement.
  private mutating func starts(_ values: [Double]) -> [Int] {
    var chosen: [Int] = []
    let first = values.indices.max { values[$0] < values[$1] } ?? 0
    var weights = values.map { exactExponential($0 - values[first]) }
    chosen.append(first)
    weights[first] = 0
    while chosen.count < Self.starts {
      let total = weights.reduce(0, +)
      if total <= 0 { break }
      var rest = generator.nextUnit() * total
      var place = weights.firstIndex { weight in
        rest -= weight
        return rest < 0
      }
      if place == nil { place = weights.lastIndex { $0 > 0 } }
      guard let place else { break }
      chosen.append(place)
      weights[place] = 0
    }
    return chosen
  }

  private func snapped(_ row: [Double]) throws(SweepError) -> [Double]? {
    var row = row
    if let fixed { row[fixed.dimension] = fixed.place }
    return try snapper.snapped(row)
  }

  /// Points of the box; of many dimensions only some differ from its centre.
  private mutating func sobolRows() throws(SweepError) -> [[Double]] {
    let d = encoding.count
    let share = max(min(20 / Double(max(d, 1)), 1), 0.2)
    var rows: [[Double]] = []
    for place in 0..<Self.sobolCandidates {
      var row = encoding.row(ofUnit: sobol.point(place))
      if let centre = region.centre {
        for j in 0..<d where !encoding.dimensions[j].isCategory {
          let moves = share >= 1 || generator.nextUnit() < share
          row[j] = moves ? region.low[j] + row[j] * (region.high[j] - region.low[j]) : centre[j].isNaN ? 0.5 : centre[j]
        }
      }
      if let row = try snapped(row) { rows.append(row) }
    }
    return rows
  }

  /// Points near the best ones: all coordinates moved, or a few.
  private mutating func localRows() throws(SweepError) -> [[Double]] {
    let d = encoding.count
    let bases = Array(known.prefix(5))
    if bases.isEmpty || d == 0 { return [] }
    let reach = (0..<d).map { max(0.05, min(process.parameters.length($0), 1)) }
    let few = max(2 / Double(d), 0.1)
    var rows: [[Double]] = []
    for _ in 0..<Self.localCandidates {
      var row = bases[Int(generator.next(below: UInt32(bases.count)))]
      // From 0.005 to 0.5, evenly in logarithms.
      let size = exactExponential(-5.298317366548036 + generator.nextUnit() * 4.605170185988091)
      let share = generator.nextUnit() < 0.5 ? 1 : few
      let always = Int(generator.next(below: UInt32(d)))
      for j in 0..<d {
        let moves = generator.nextUnit() < share || j == always
        let dimension = encoding.dimensions[j]
        if row[j].isNaN {
          row[j] = dimension.isCategory ? Double(dimension.category(at: generator.nextUnit())) : generator.nextUnit()
        } else if !moves {
          continue
        } else if dimension.isCategory {
          if generator.nextUnit() < 0.5 { row[j] = Double(dimension.category(at: generator.nextUnit())) }
        } else {
          row[j] = min(max(row[j] + generator.nextNormal() * size * reach[j], 0), 1)
        }
      }
      if let row = try snapped(row) { rows.append(row) }
    }
    return rows
  }
}

/// A climb from one row: L-BFGS on what is continuous, values one by one of what is not.
struct AcquisitionClimb {
  private let search: AcquisitionSearch
  private let process: GaussianProcess
  private let lengths: [Double]
  private let isDiscrete: Bool

  init(_ search: AcquisitionSearch) {
    (self.search, process) = (search, search.process)
    lengths = (0..<search.encoding.count).map { search.process.parameters.length($0) }
    isDiscrete = search.encoding.dimensions.contains { !$0.isContinuous }
  }

  mutating func climb(from start: [Double], value: Double) throws(SweepError) -> (row: [Double], value: Double) {
    let dimensions = search.encoding.dimensions
    var (row, value) = (start, value)
    if search.region.centre != nil {
      for j in row.indices where !dimensions[j].isCategory && !row[j].isNaN { row[j] = min(max(row[j], search.region.low[j]), search.region.high[j]) }
      if let inside = try search.snapper.snapped(row) {
        if row != start || inside != row { value = process.logImprovement([inside], below: search.best)[0] }
        row = inside
      } else {
        row = start  // what lies in the region is forbidden there
      }
    }
    for _ in 0..<6 {
      let before = value
      let below = (row: row, value: value)
      climbContinuous(&row, &value)
      // A climb knows nothing of what is forbidden, nor of what is in use where.
      if search.encoding.space.hasForbiddenPoints {
        if let inside = try search.snapper.snapped(row) {
          if !zip(inside, row).allSatisfy({ $0 == $1 || $0.isNaN && $1.isNaN }) {
            (row, value) = (inside, process.logImprovement([inside], below: search.best)[0])
          }
        } else {
          (row, value) = below
        }
      }
      if !isDiscrete { break }
      for j in row.indices where !dimensions[j].isContinuous && !row[j].isNaN && j != search.fixed?.dimension {
        var rows: [[Double]] = []
        for u in choices(j, at: row[j]) where u != row[j] {
          var changed = row
          changed[j] = u
          if let changed = try search.snapper.snapped(changed) { rows.append(changed) }
        }
        if rows.isEmpty { continue }
        let values = process.logImprovement(rows, below: search.best)
        let top = values.indices.max { values[$0] < values[$1] } ?? 0
        if values[top] > value + 1e-9 { (row, value) = (rows[top], values[top]) }
      }
      if value - before < 1e-6 * max(1, abs(value)) { break }
    }
    return (row, value)
  }

  /// All values of a category and of a few integers; of many, steps near and far.
  private func choices(_ j: Int, at u: Double) -> [Double] {
    let dimension = search.encoding.dimensions[j]
    let count = dimension.count ?? 1
    if dimension.isCategory { return (0..<count).map(Double.init) }
    if count <= 16 { return (0..<count).map(dimension.centre) }
    let place = dimension.step(near: u)
    let steps = [-count / 8, -count / 32, -8, -3, -2, -1, 1, 2, 3, 8, count / 32, count / 8]
    return Set(steps.map { min(max(place + $0, 0), count - 1) }).sorted().map(dimension.centre)
  }

  /// In units of the length scales, so that all curvatures are alike.
  private func climbContinuous(_ row: inout [Double], _ value: inout Double) {
    let encoding = search.encoding
    let free = row.indices.filter { encoding.dimensions[$0].isContinuous && !row[$0].isNaN }
    if free.isEmpty { return }
    let columns = process.columns
    var x = columns.columns(of: row)
    var byColumn = [Double](repeating: 0, count: columns.count)
    let (low, high) = (free.map { search.region.low[$0] / lengths[$0] }, free.map { search.region.high[$0] / lengths[$0] })
    var minimizer = BoxMinimizer(low: low, high: high)
    (minimizer.iterations, minimizer.gradientTolerance, minimizer.relativeTolerance) = (40, 1e-5, 1e-9)
    func place(_ z: [Double], _ index: Int) -> Double {
      let j = free[index]
      return min(max(z[index] * lengths[j], search.region.low[j]), search.region.high[j])
    }
    let end = minimizer.minimum(from: free.map { row[$0] / lengths[$0] }) { z, gradient in
      for (index, j) in free.enumerated() { x[columns.first[j]] = place(z, index) }
      let improvement = process.logImprovement(at: x, below: search.best, gradient: &byColumn)
      for (index, j) in free.enumerated() { gradient[index] = -byColumn[columns.first[j]] * lengths[j] }
      return -improvement
    }
    if -end.value > value {
      for (index, j) in free.enumerated() { row[j] = encoding.dimensions[j].snapped(place(end.x, index)) }
      value = -end.value
    }
  }
}

// Points of a space from points of the unit cube, by position: what Sobol, Halton and Latin hypercubes have in common. How the unit cube is filled is
// not known here.

import SweepCore
import SweepNumerics

/// Turns a sequence in the unit cube into one of a space.
///
/// In a space with few points, of which many come again, a position whose point was there takes the next one of a random order that was not: so all
/// come in the end, none twice. In any other the table of trials refuses the few that come again.
struct UnitPoints {
  private let encoding: Encoding
  private let seed: Int

  init(_ problem: SearchProblem) { (encoding, seed) = (Encoding(problem.space), problem.seed) }

  /// Of the sequence.
  var dimensions: Int { encoding.count }

  /// Beyond it a space has many points.
  private static let few = 1 << 16

  /// The positions of a space with few points; nil: they never end.
  var count: Int? { encoding.pointCount.flatMap { $0 <= Self.few ? $0 : nil } }

  /// - Parameter unit: the point of 0..<1 in each dimension at a position.
  func points(at positions: Range<Int>, _ unit: (Int) -> [Double]) throws(SweepError) -> [Assignment] {
    var points: [Assignment] = []
    guard let count else {
      for position in positions {
        guard let row = try encoding.snapped(encoding.row(ofUnit: unit(position))) else { continue }
        if let point = try encoding.point(row) { points.append(point) }
      }
      return points
    }
    var seen = [Bool](repeating: false, count: count)
    let order = Permutation(count: count, seed: seed)
    var next = 0
    for position in 0..<min(positions.upperBound, count) {
      var row = try encoding.snapped(encoding.row(ofUnit: unit(position)))
      while row.map({ seen[encoding.place(of: $0)] }) ?? true, next < count {
        row = try encoding.snapped(encoding.row(at: order[next]))
        next += 1
      }
      guard let row, !seen[encoding.place(of: row)] else { break }
      seen[encoding.place(of: row)] = true
      if position >= positions.lowerBound, let point = try encoding.point(row) { points.append(point) }
    }
    return points
  }
}

extension Encoding {
  /// The position of a row that can be run among the `pointCount` of its space: its values as digits, 0 for one that is not in use.
  fileprivate func place(of row: [Double]) -> Int {
    zip(dimensions, row).reduce(0) { place, digit in
      let (dimension, u) = digit
      return place * (dimension.count ?? 1) + (u.isNaN ? 0 : dimension.isCategory ? Int(u) : dimension.step(near: u))
    }
  }

  /// The row at a position. Not yet snapped.
  func row(at place: Int) -> [Double] {
    var (rest, row) = (place, [Double](repeating: 0, count: count))
    for index in dimensions.indices.reversed() {
      let count = dimensions[index].count ?? 1
      row[index] = dimensions[index].isCategory ? Double(rest % count) : dimensions[index].centre(rest % count)
      rest /= count
    }
    return row
  }
}

// What all searches that learn owe: no point twice, and an end where a space has one. How they choose is theirs.

import SweepCore
import SweepNumerics

/// The points of a sweep's trials, and others where a search knows no new one.
struct TriedPoints {
  private let problem: SearchProblem
  private let encoding: Encoding
  private var points: Set<Assignment> = []

  init(_ problem: SearchProblem, _ encoding: Encoding) { (self.problem, self.encoding) = (problem, encoding) }

  func contains(_ point: Assignment) -> Bool { points.contains(point) }
  mutating func insert(_ point: Assignment) { points.insert(point) }
  mutating func removeAll() { points = [] }

  /// The point of a row, where it is new and allowed.
  /// - Throws: where a condition cannot be decided.
  func new(_ row: [Double]) throws(SweepError) -> Assignment? {
    guard let row = try encoding.snapped(row), let point = try encoding.point(row), !points.contains(point) else { return nil }
    return point
  }

  /// A random new point, at most 10,000 draws (in a finite space 1,000); then the first new one of `RandomSampler`'s order, or of all there are.
  /// - Returns: nil: every point has been tried.
  /// - Throws: where a condition cannot be decided.
  func another(_ generator: inout SeededGenerator) throws(SweepError) -> Assignment? {
    let total = encoding.pointCount
    for _ in 0..<(total == nil ? 10_000 : min(1_000, 20 * (total ?? 0))) {
      if let point = try new(encoding.row(ofUnit: encoding.dimensions.map { _ in generator.nextUnit() })) { return point }
    }
    guard let total else { return nil }
    if let count = try RandomSampler().count(in: problem) {
      for start in stride(from: 0, to: count, by: 256) {
        let point = try RandomSampler().points(at: start..<start + 256, in: problem).first { !points.contains($0) }
        if let point { return point }
      }
      return nil
    }
    for position in 0..<total {
      var rest = position
      let row = encoding.dimensions.map { dimension in
        let count = dimension.count ?? 1
        defer { rest /= count }
        return dimension.isCategory ? Double(rest % count) : dimension.centre(rest % count)
      }
      if let point = try new(row) { return point }
    }
    return nil
  }
}

// The points that a search must not propose again, and how it finds one that it may. It knows nothing of values.

import SweepCore
import SweepNumerics

/// Points that were tried or are being tried.
struct SeenPoints {
  private let encoding: Encoding
  private let points: Set<Assignment>
  private let keys: Set<[Int]>

  init(_ points: [Assignment], _ encoding: Encoding) {
    self.encoding = encoding
    self.points = Set(points)
    keys = Set(points.map { Self.key(encoding.row(of: $0)) })
  }

  /// Rows that differ by rounding are one.
  private static func key(_ row: [Double]) -> [Int] { row.map { $0.isNaN ? -1 : Int(($0 * 0x1p30).rounded()) } }

  func contains(_ row: [Double]) -> Bool { keys.contains(Self.key(row)) }

  /// The point of a row, where it is allowed and new.
  func unseen(_ row: [Double]) throws(SweepError) -> Assignment? {
    guard let point = try encoding.point(row), !points.contains(point) else { return nil }
    return point
  }

  /// Any point that is new: one drawn at random, of a finite space the first of a random order; nil: there is none left.
  func anyPoint(_ number: Int, _ problem: SearchProblem) throws(SweepError) -> Assignment? {
    var generator = SeededGenerator(seed: problem.seed, purpose: .acquisition, index: -number)
    let isFinite = encoding.pointCount != nil
    for _ in 0..<(isFinite ? 1_000 : 10_000) {
      let unit = (0..<encoding.count).map { _ in generator.nextUnit() }
      guard let row = try encoding.snapped(encoding.row(ofUnit: unit)) else { continue }
      if let point = try unseen(row) { return point }
    }
    guard let count = encoding.pointCount else { return nil }
    let order = Permutation(count: count, seed: problem.seed)
    for position in 0..<min(count, 1 << 20) {
      if let row = try encoding.snapped(encoding.row(at: order[position])), let point = try unseen(row) { return point }
    }
    return nil
  }
}

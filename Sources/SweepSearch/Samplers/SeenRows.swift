// Rows that a search need not look at again: cheaper to ask than for their points. What may be proposed is TriedPoints' business.

/// Rows that were tried or are being tried.
struct SeenRows {
  private let keys: Set<[Int]>

  init(_ rows: some Sequence<[Double]>) { keys = Set(rows.map(Self.key)) }

  /// Rows that differ by rounding are one.
  private static func key(_ row: [Double]) -> [Int] { row.map { $0.isNaN ? -1 : Int(($0 * 0x1p30).rounded()) } }

  func contains(_ row: [Double]) -> Bool { keys.contains(Self.key(row)) }
}

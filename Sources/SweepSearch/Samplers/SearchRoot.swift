// A category that decides which other parameters are in use, such as the model that is trained. Expected improvement alone never leaves the first
// good branch; here is whose turn it is. It knows nothing of samplers.

import SweepCore

/// The category that most other parameters depend on.
struct SearchRoot: Sendable {
  let dimension: Int
  /// Its values: branches.
  let count: Int

  /// nil: nothing depends on a category.
  init?(_ encoding: Encoding) {
    let conditions = encoding.space.constraints.conditions
    let dependents = encoding.dimensions.map { dimension -> Int in
      guard dimension.isCategory, !dimension.isConditional else { return 0 }
      return conditions.values.count { condition in condition.names.contains { dimension.names.contains($0) } }
    }
    guard let most = dependents.indices.max(by: { (dependents[$0], -$0) < (dependents[$1], -$1) }), dependents[most] > 0,
      let count = encoding.dimensions[most].count
    else { return nil }
    (dimension, self.count) = (most, count)
  }

  /// The branch that a trial must look into; nil: any.
  ///
  /// Two of every four trials go to the branch with the fewest, until each has 30, or a quarter of the budget, or is let go: one with half as many
  /// whose best is worse than three quarters of the best branch.
  func visit(_ number: Int, rows: [[Double]], means: [Double], pending: [[Double]], budget: Int?) -> Double? {
    guard number / 2 % 2 == 1 else { return nil }
    let branches = (0..<count).map { place in rows.indices.filter { rows[$0][dimension] == Double(place) }.map { means[$0] }.sorted() }
    let enough = min(30, (budget ?? 120) / 4)
    let leader = branches.min { ($0.first ?? .infinity) < ($1.first ?? .infinity) } ?? []
    let upperQuartile = leader.isEmpty ? Double.infinity : leader[(leader.count - 1) * 3 / 4]
    let open = (0..<count).filter { branches[$0].count < enough && (branches[$0].count * 2 < enough || branches[$0][0] <= upperQuartile) }
    let visits = (0..<count).map { place in branches[place].count + pending.filter { $0[dimension] == Double(place) }.count }
    return open.min { (visits[$0], $0) < (visits[$1], $1) }.map(Double.init)
  }
}

// What a search space says beyond its single parameters: which of them are in use when, which combinations are forbidden, which go together.
// Expressions are checked by the loader; here they are only kept and put in order.

/// What ties the parameters of a space together.
public struct Constraints: Sendable, Hashable, Codable {
  /// A parameter is in use where its condition holds.
  public var conditions: [String: ParameterExpression] = [:]
  /// The value of a parameter that is not in use; without one it is left out of the point.
  public var otherwise: [String: ParameterValue] = [:]
  /// A point where one of them holds is forbidden.
  public var exclusions: [ParameterExpression] = []
  /// Parameters that take their values together: the first of each, the second of each.
  public var zips: [[String]] = []
  /// The names on the way to each nested parameter. Only for the text of a space: in memory, parameters know their paths.
  var paths: [String: [String]] = [:]

  public init() {}

  /// Whether every point of the space is allowed and complete.
  var isEmpty: Bool { conditions.isEmpty && exclusions.isEmpty }

  /// Conditional parameters that depend on each other in a circle; empty: none do.
  public var circle: [String] {
    let ordered = Set(conditionsInOrder(allowsCircles: true))
    return conditions.keys.filter { !ordered.contains($0) }.sorted()
  }

  /// The conditional parameters, each after those that its condition reads.
  func conditionsInOrder(allowsCircles: Bool = false) -> [String] {
    var order: [String] = []
    var left = conditions.keys.sorted()
    while let next = left.first(where: { name in conditions[name]?.names.allSatisfy { !left.contains($0) } ?? true }) {
      order.append(next)
      left.removeAll { $0 == next }
    }
    precondition(left.isEmpty || allowsCircles, "conditions do not depend on each other in a circle")
    return order
  }
}

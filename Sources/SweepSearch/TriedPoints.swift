// What all searches that learn owe: no point twice, an end where a space has one, and time that does not grow with what they saw before. How they
// choose is theirs.

import SweepCore
import SweepNumerics

/// The trials of the last history, so that the next one costs what is new in it.
struct TrialMemory {
  /// Those that ended and those under way, by number.
  private(set) var trials: [History.Pending] = []
  /// Of each trial that ended, its place in `trials`.
  private(set) var places: [Int] = []

  /// Takes in a history.
  /// - Returns: how many trials at the beginning are what and where they were.
  mutating func take(_ history: History) -> Int {
    var same = 0
    var count = 0
    places.removeAll(keepingCapacity: true)
    places.reserveCapacity(history.outcomes.count)
    history.outcomes.withUnsafeBufferPointer { outcomes in
      history.pending.withUnsafeBufferPointer { pending in
        var waiting = 0
        func see(_ number: Int, _ assignment: borrowing Assignment) {
          if same == count, count < trials.count, trials[count].number == number, trials[count].assignment.isSame(as: assignment) {
            same += 1
          } else {
            if count < trials.count { trials.removeSubrange(count...) }
            trials.append(History.Pending(number: number, assignment: copy assignment))
          }
          count += 1
        }
        while places.count < outcomes.count || waiting < pending.count {
          let ended = places.count
          if waiting == pending.count || ended < outcomes.count && outcomes[ended].number < pending[waiting].number {
            places.append(count)
            see(outcomes[ended].number, outcomes[ended].assignment)
          } else {
            see(pending[waiting].number, pending[waiting].assignment)
            waiting += 1
          }
        }
      }
    }
    if count < trials.count { trials.removeSubrange(count...) }
    return same
  }
}

extension Assignment {
  /// Whether both are equal; at once where they are copies of one.
  fileprivate func isSame(as other: borrowing Assignment) -> Bool { names.isSame(as: other.names) && values.isSame(as: other.values) }
}

extension Array where Element: Equatable {
  /// Whether both are equal; at once where they are copies of one.
  func isSame(as other: borrowing [Element]) -> Bool {
    let isOne = withUnsafeBufferPointer { one in other.withUnsafeBufferPointer { one.baseAddress == $0.baseAddress && one.count == $0.count } }
    return isOne || self == copy other
  }
}

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

  /// A random new point, at most 10,000 draws (in a finite space 1,000); then the first new one in a random order of all.
  /// - Returns: nil: every point has been tried; or of a million others all have been or are forbidden.
  /// - Throws: where a condition cannot be decided.
  func another(_ generator: inout SeededGenerator) throws(SweepError) -> Assignment? {
    let total = encoding.pointCount
    for _ in 0..<(total == nil ? 10_000 : min(1_000, 20 * (total ?? 0))) {
      if let point = try new(encoding.row(ofUnit: encoding.dimensions.map { _ in generator.nextUnit() })) { return point }
    }
    guard let total else { return nil }
    let order = Permutation(count: total, seed: problem.seed)
    for position in 0..<min(total, 1 << 20) {
      if let point = try new(encoding.row(at: order[position])) { return point }
    }
    return nil
  }
}

// Early stopping in the order of arrival, as W&B's agents do it: `order: arrival`. What is stopped depends on which trial is the faster one.

import SweepCore

/// The curves of a sweep as they arrive, and which running trials are to stop.
package struct ArrivalOrder {
  private let pruner: any Pruner
  private let goal: Objective.Goal
  private var curves: [Int: Curve] = [:]
  /// By entry of the curves: the values of all trials that have so many, whatever their state, ascending.
  private var columns: [[Double]] = []
  private var running: Set<Int> = []
  /// Running trials that a report has put behind, their own or another's, and after which epoch: they are told at their next own.
  private var condemned: [Int: Int] = [:]

  package init(_ pruner: any Pruner, goal: Objective.Goal) { (self.pruner, self.goal) = (pruner, goal) }

  /// - Parameter isFresh: what it reported before does not count.
  package mutating func started(_ trial: Int, isFresh: Bool) {
    running.insert(trial)
    condemned[trial] = nil
    guard isFresh, let curve = curves.removeValue(forKey: trial) else { return }
    for (entry, value) in curve.values.enumerated() { forget(value, at: entry) }
  }

  package mutating func ended(_ trial: Int) {
    running.remove(trial)
    condemned[trial] = nil
  }

  /// Adds what a trial reported. As with W&B, each report is held against all running trials, not only the one that reports.
  /// - Returns: what it is told.
  package mutating func reported(_ trial: Int, epoch: Int, value: Double) -> Verdict {
    add(value, of: trial, epoch: epoch)
    for other in running where stops(other) { condemned[other] = condemned[other] ?? curves[other]?.epochs.last }
    // It is told at a report of its own, and stops after it.
    return condemned[trial] == nil ? .proceed : .prune(afterEpoch: epoch)
  }

  /// What a trial reported after an epoch does not count.
  package mutating func withdrawn(_ trial: Int, after epoch: Int) {
    guard var curve = curves[trial] else { return }
    let before = curve
    curve.cut(after: epoch)
    for entry in (curve.count..<before.count).reversed() { forget(before.values[entry], at: entry) }
    curves[trial] = curve
  }

  /// Adds a value without judging by it.
  package mutating func add(_ value: Double, of trial: Int, epoch: Int) {
    var curve = curves.removeValue(forKey: trial) ?? Curve()
    let before = curve
    curve.add(goal.oriented(value), epoch: epoch)
    let kept = zip(before.epochs, curve.epochs).prefix { $0 == $1 && $0 < epoch }.count
    for entry in (kept..<before.count).reversed() { forget(before.values[entry], at: entry) }
    for entry in kept..<curve.count {
      if columns.count == entry { columns.append([]) }
      let value = curve.values[entry]
      columns[entry].insert(value, at: columns[entry].partitioningIndex { $0 >= value })
    }
    curves[trial] = curve
  }

  private mutating func forget(_ value: Double, at entry: Int) { columns[entry].remove(at: columns[entry].partitioningIndex { $0 >= value }) }

  private func stops(_ trial: Int) -> Bool {
    guard let values = curves[trial]?.values else { return false }
    var rung: Int?
    while let next = pruner.rung(after: rung ?? 0), next <= values.count { rung = next }
    return rung.map { pruner.stops(values, at: $0, among: columns[$0 - 1]) } ?? false
  }
}

// The read-only past of a sweep that samplers and pruners see. A value: never the store, never the runner.

/// What has happened so far in a sweep.
public struct History: Sendable {
  /// How many positions of the search space were looked at before: where a sampler goes on.
  public let suggested: Int
  private let goal: Objective.Goal
  private struct Curve {
    var epochs: [Int] = []
    var values: [Double] = []
    /// At each entry the smallest value so far.
    var best: [Double] = []
  }
  private var curves: [Trial.ID: Curve] = [:]
  /// By entry: the values of all trials that have so many, ascending.
  private var columns: [[Double]] = []

  public init(suggested: Int = 0, goal: Objective.Goal = .minimize) { (self.suggested, self.goal) = (suggested, goal) }

  /// The finite values of a trial's objective, in the order of its epochs. Smaller is better: those of a goal to maximise are negated.
  public func values(of trial: Trial.ID) -> [Double] { curves[trial]?.values ?? [] }

  /// The smallest of them; nil: there are none.
  public func best(of trial: Trial.ID) -> Double? { curves[trial]?.best.last }

  /// The values of all trials at an entry of their curves (from 0; of any trial that has so many, whatever its state), ascending, the best first.
  public func sorted(at entry: Int) -> [Double] { columns.indices.contains(entry) ? columns[entry] : [] }

  /// Adds what a trial reported. An epoch that comes again replaces the one before, and those after it: the trial goes on from there.
  public mutating func add(_ value: Double, of trial: Trial.ID, epoch: Int) {
    var curve = curves[trial] ?? Curve()
    curves[trial] = nil  // so that the curve is not copied below
    while let last = curve.epochs.last, last >= epoch {
      curve.epochs.removeLast()
      curve.best.removeLast()
      forget(curve.values.removeLast(), at: curve.values.count)
    }
    if value.isFinite {
      let oriented = goal == .maximize ? -value : value
      let entry = curve.values.count
      curve.epochs.append(epoch)
      curve.values.append(oriented)
      curve.best.append(min(oriented, curve.best.last ?? oriented))
      if columns.count == entry { columns.append([]) }
      columns[entry].insert(oriented, at: Self.place(of: oriented, in: columns[entry]))
    }
    curves[trial] = curve
  }

  /// Forgets a trial that starts anew.
  public mutating func remove(_ trial: Trial.ID) {
    for (entry, value) in (curves.removeValue(forKey: trial)?.values ?? []).enumerated() { forget(value, at: entry) }
  }

  private mutating func forget(_ value: Double, at entry: Int) { columns[entry].remove(at: Self.place(of: value, in: columns[entry])) }

  /// The first place whose value is not smaller.
  private static func place(of value: Double, in sorted: [Double]) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

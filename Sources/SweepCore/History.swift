// The read-only past of a sweep that samplers and pruners see. A value: never the store, never the runner.

/// What has happened so far in a sweep.
public struct History: Sendable {
  /// How many positions of the search space were looked at before: where a sampler goes on.
  public let suggested: Int
  private let goal: Objective.Goal
  private var curves: [Trial.ID: [(epoch: Int, value: Double)]] = [:]
  /// By entry: the values of all trials that have so many, ascending.
  private var columns: [[Double]] = []

  public init(suggested: Int = 0, goal: Objective.Goal = .minimize) { (self.suggested, self.goal) = (suggested, goal) }

  /// The finite values of a trial's objective, in the order of its epochs. Smaller is better: those of a goal to maximise are negated.
  public func values(of trial: Trial.ID) -> [Double] { (curves[trial] ?? []).map(\.value) }

  /// The values of all trials at an entry of their curves (from 0; of any trial that has so many, whatever its state), ascending, the best first.
  public func sorted(at entry: Int) -> [Double] { columns.indices.contains(entry) ? columns[entry] : [] }

  /// Adds what a trial reported. An epoch that comes again replaces the one before, and those after it: the trial goes on from there.
  public mutating func add(_ value: Double, of trial: Trial.ID, epoch: Int) {
    while let last = curves[trial]?.last, last.epoch >= epoch {
      curves[trial]?.removeLast()
      let entry = curves[trial]?.count ?? 0
      columns[entry].remove(at: Self.place(of: last.value, in: columns[entry]))
    }
    guard value.isFinite else { return }
    let oriented = goal == .maximize ? -value : value
    let entry = curves[trial]?.count ?? 0
    curves[trial, default: []].append((epoch, oriented))
    if columns.count == entry { columns.append([]) }
    columns[entry].insert(oriented, at: Self.place(of: oriented, in: columns[entry]))
  }

  /// Forgets a trial that starts anew.
  public mutating func remove(_ trial: Trial.ID) {
    for (entry, point) in (curves.removeValue(forKey: trial) ?? []).enumerated() {
      columns[entry].remove(at: Self.place(of: point.value, in: columns[entry]))
    }
  }

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

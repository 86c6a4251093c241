// The values of a sweep's objectives beyond the first, trial by trial, as a search may see them: by epoch, so that they can be taken where a trial ended or
// was stopped. Beside the chronicle, which knows the first objective alone and says whose outcome is known; decides nothing.

import SweepCore
import SweepStore

/// What trials have reported of further objectives.
struct FurtherObjectives {
  private typealias Points = [(epoch: Int, value: Double)]

  private let objectives: [Objective]
  /// By number of the trial: a list for each objective, by epoch.
  private var trials: [Int: [Points]] = [:]

  /// - Parameter all: the first included.
  init(_ all: [Objective]) { objectives = Array(all.dropFirst()) }

  /// Adds what the database has.
  mutating func read(_ sweep: SweepRecord, in store: Store) throws(SweepError) {
    for metric in objectives.map(\.metric) {
      for (number, epochs) in try store.curves(sweep, of: metric) {
        for point in epochs { reported(number, EpochMetrics(epoch: point.epoch, values: [(metric, point.value)])) }
      }
    }
  }

  /// Adds what a trial reported. Of an epoch that comes again the last value counts, as in the database.
  mutating func reported(_ number: Int, _ metrics: EpochMetrics) {
    for (place, objective) in objectives.enumerated() {
      guard let value = metrics[objective.metric] else { continue }
      change(number, place) { points in
        let start = points.lastIndex { $0.epoch < metrics.epoch }.map { $0 + 1 } ?? 0
        let isThere = start < points.count && points[start].epoch == metrics.epoch
        points.replaceSubrange(start..<start + (isThere ? 1 : 0), with: [(metrics.epoch, value)])
      }
    }
  }

  /// What a trial reported after an epoch does not count.
  /// - Parameter metrics: of these; nil: of all.
  mutating func withdrawn(_ number: Int, _ metrics: [String]?, after epoch: Int) {
    for (place, objective) in objectives.enumerated() where metrics?.contains(objective.metric) ?? true {
      change(number, place) { points in points.removeAll { $0.epoch > epoch } }
    }
  }

  /// A trial starts anew.
  mutating func restarted(_ number: Int) { trials[number] = nil }

  /// What the objectives are, oriented (smaller is better); nil: not finite, or not there.
  /// - Parameter curve: of the first objective, as far as it counts: where the trial was stopped, nothing after it does.
  func values(of number: Int, at end: TrialState, _ curve: Curve) -> [Double?] {
    let last = end == .pruned ? curve.epochs.last ?? .max : .max
    return objectives.enumerated().map { place, objective in
      let points = (trials[number]?[place] ?? []).prefix { $0.epoch <= last }
      let values = points.map { objective.oriented($0.value) }
      let value = objective.at == .last ? values.last : values.filter(\.isFinite).min()
      return value.flatMap { $0.isFinite ? $0 : nil }
    }
  }

  private mutating func change(_ number: Int, _ place: Int, _ body: (inout Points) -> Void) {
    body(&trials[number, default: Array(repeating: [], count: objectives.count)][place])
  }
}

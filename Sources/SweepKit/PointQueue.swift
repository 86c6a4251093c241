// Points that a person wants tried first: checked against the sweep's parameters and put into the database, where whoever runs the sweep takes them.
// `sweep enqueue` is this. It never waits for a runner, nor keeps one from its work.

import SweepCore
import SweepExecutors
import SweepSearch
import SweepStore

/// The points of a sweep that come before all others.
public struct PointQueue: Sendable {
  /// As it was planned.
  public let file: SweepFile
  /// Its row.
  public let sweep: SweepRecord
  private let store: Store

  /// The sweep of a file. Where it is new, its row is written and none of its trials.
  /// - Throws: where it was planned from a file that says something else, or cannot be planned.
  public init(_ file: SweepFile, trainer: TrainerEntry, in store: Store) throws(SweepError) {
    self.store = store
    if try store.sweeps().contains(where: { $0.name == file.name }) {
      sweep = try Planner().register(file, trainer: trainer, in: store)
    } else {
      let lock = try AskTell.lock(store, file)
      defer { withExtendedLifetime(lock) {} }
      sweep = try Planner().register(file, trainer: trainer, in: store)
    }
    self.file = try sweep.file
  }

  /// The sweep of a name, as it was planned.
  public init(named name: String, in store: Store) throws(SweepError) {
    self.store = store
    sweep = try store.sweep(named: name)
    file = try sweep.file
  }

  /// The points of the best trials of another sweep that are points of this one; its constants take the place of the other's.
  /// - Returns: with a sentence for each that is none.
  public func points(bestOf other: SweepRecord, limit: Int) throws(SweepError) -> (points: [Assignment], leftOut: [String]) {
    var (points, leftOut): ([Assignment], [String]) = ([], [])
    for trial in try store.ranking(other, limit: limit).map(\.trial) {
      switch try file.space.fitted(
        Dictionary(zip(trial.assignment.names, trial.assignment.values)) { $1 }, isLenient: true, isGrid: file.method == "grid")
      {
      case .success(let point): if !points.contains(point) { points.append(point) }
      case .failure(let problem): leftOut.append("trial \(trial.number) of '\(other.name)' is none of '\(sweep.name)': \(problem.diagnostic.problem)")
      }
    }
    return (points, leftOut)
  }

  /// Has points tried first, in their order.
  /// - Returns: what became of each.
  public func enqueue(_ points: [Assignment]) throws(SweepError) -> [Enqueueing] {
    try store.enqueue(points, sweep: sweep, movesWaiting: try samplers.find(file.method).pointSampler != nil)
  }
}

extension SweepFile {
  /// A point with these values.
  /// - Parameter given: one for each parameter that varies and is in use; of nested parameters by their names joined by dots, or as mappings.
  /// - Throws: where it is none of the sweep's points, with what is wrong.
  public func point(_ given: [(name: String, value: ParameterValue)]) throws(SweepError) -> Assignment {
    let values = space.flattened(given)
    let known = Set(space.names)
    var problems = values.filter { !known.contains($0.name) }.map { Diagnostic.unknown("parameter", $0.name, known: space.names) }
    for (place, value) in values.enumerated() where values[..<place].contains(where: { $0.name == value.name }) {
      problems.append(Diagnostic("\(value.name) is given twice", remedy: "write each point of several as a line of JSON on standard input"))
    }
    if !problems.isEmpty { throw SweepError(.input, problems) }
    switch try space.fitted(Dictionary(values.map { ($0.name, $0.value) }) { $1 }, isGrid: method == "grid") {
    case .success(let point): return point
    case .failure(let problem): throw SweepError(.input, problem.diagnostic)
    }
  }
}

// The planner: from a sweep file to rows. Asks the sampler for points and hands them to the store in one transaction; the file's changes
// since the last time are judged here, before anything is written.

import SweepCore
import SweepSearch
import SweepStore

/// Expands search spaces.
public struct Planner: Sendable {
  /// A grid beyond this needs the user's word.
  public static let defaultMaxTrials = 10_000_000

  private let maxTrials: Int
  private static let chunk = 4096

  public init(maxTrials: Int? = nil) { self.maxTrials = maxTrials ?? Self.defaultMaxTrials }

  /// The number of points.
  /// - Throws: where there are more than may be planned, or no end of them.
  public func count(_ file: SweepFile) throws(SweepError) -> Int {
    guard let count = try samplers.find(file.method).count(in: file.space) else {
      throw SweepError(.input, "the method '\(file.method)' never ends", place: file.name, remedy: "use a method that does")
    }
    guard count <= maxTrials, count < .max else {
      let shown = count == .max ? "more points than can be counted" : "\(count) points"
      throw SweepError(
        .input, "the \(file.method) has \(shown), more than \(maxTrials)", place: file.name,
        remedy: "list fewer values\(count == .max ? "" : ", or allow it with --max-trials \(count)")")
    }
    return count
  }

  /// The points in their order, in chunks, from a fresh sampler.
  public func points(of file: SweepFile) throws(SweepError) -> () throws -> [Assignment] {
    let sampler = try samplers.find(file.method)
    var generator = SeededGenerator(seed: 0, purpose: .sampling)
    var suggested = 0
    return {
      let points = try sampler.suggest(Self.chunk, in: file.space, given: History(suggested: suggested), using: &generator)
      suggested += points.count
      return points
    }
  }

  /// Writes the sweep and its trials, or adds what is new.
  /// - Throws: where the file no longer fits the sweep of its name, or the user says stop: then nothing is written.
  public func plan(
    _ file: SweepFile, trainer: TrainerEntry, in store: Store, stop: StopSignal = StopSignal()
  ) throws(SweepError) -> (sweep: SweepRecord, result: PlanResult) {
    _ = try count(file)
    if let known = try store.sweeps().first(where: { $0.name == file.name }) {
      try Self.checkChanges(from: SweepFile(definition: known.definition), to: file)
    }
    let plan = SweepPlan(
      name: file.name, definition: try file.definition(), objective: file.objective, parameterNames: file.space.names, metrics: trainer.metrics)
    let next = try points(of: file)
    return try store.plan(plan) {
      if stop.isSet { throw SweepError(.interrupted, "planning was interrupted; nothing was written") }
      return try next()
    }
  }

  /// A sweep grows and shrinks by its swept parameters; everything else stays, or the trials would not be comparable.
  package static func checkChanges(from old: SweepFile, to new: SweepFile) throws(SweepError) {
    var complaints: [Diagnostic] = []
    func changed(_ what: String, _ before: String, _ now: String) {
      complaints.append(
        Diagnostic(
          "\(what) was \(before) when '\(new.name)' was planned and is now \(now)",
          remedy: "start a new sweep with --name NEW-NAME, or restore \(what): \(before)"))
    }
    if old.trainer != new.trainer { changed("trainer", old.trainer, new.trainer) }
    if old.method != new.method { changed("method", old.method, new.method) }
    if old.objective != new.objective { changed("metric", old.objective.text, new.objective.text) }
    for name in Set(old.space.names).union(new.space.names).sorted() {
      switch (old.space[name]?.domain, new.space[name]?.domain) {
      case (.constant(let before)?, .constant(let now)?) where !before.means(now): changed(name, before.description, now.description)
      case (let before?, nil): changed(name, before.text, "missing")
      case (nil, _?):
        complaints.append(
          Diagnostic(
            "'\(new.name)' was planned when \(name) was no parameter", remedy: "start a new sweep with --name NEW-NAME: its numbers may differ"))
      default: break
      }
    }
    if !complaints.isEmpty { throw SweepError(.input, complaints) }
  }
}

extension Objective {
  /// "maximize validation_accuracy at last"
  var text: String { "\(goal.rawValue) \(metric) at \(at.rawValue)" }
}

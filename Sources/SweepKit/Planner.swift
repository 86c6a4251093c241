// The planner: from a sweep file to rows. Asks the sampler for points and hands them to the store in one transaction; the file's changes
// since the last time are judged here, before anything is written.

import SweepCore
import SweepExecutors
import SweepSearch
import SweepStore

/// Expands search spaces.
public struct Planner: Sendable {
  /// A grid beyond this needs the user's word.
  public static let defaultMaxTrials = 10_000_000

  private let maxTrials: Int
  /// Points that are made at a time.
  package static let chunk = 4096

  private let methods: Registry<SearchMethod>

  /// - Parameter methods: by which a file's `method` is looked up.
  public init(maxTrials: Int? = nil, methods: Registry<SearchMethod> = samplers) {
    (self.maxTrials, self.methods) = (maxTrials ?? Self.defaultMaxTrials, methods)
  }

  /// Whether points are planned as they are needed: they never end, or depend on results.
  package static func plansAsItRuns(_ file: SweepFile) throws(SweepError) -> Bool {
    guard let sampler = try samplers.find(file.method).pointSampler else { return true }
    let count = try sampler.count(in: file.space)
    return count == nil && file.rules.runCap == nil
  }

  /// The number of points that are planned before anything runs; nil: they never end, and are planned as they are needed.
  /// - Throws: where there are more than may be planned.
  public func count(_ file: SweepFile) throws(SweepError) -> Int? {
    guard let sampler = try methods.find(file.method).pointSampler else { return nil }
    guard let positions = try sampler.count(in: file.space) else { return file.rules.runCap }
    let count = min(positions, file.rules.runCap ?? .max)
    guard count <= maxTrials, count < .max else {
      let shown = count == .max ? "more points than can be counted" : "\(count) points"
      throw SweepError(
        .input, "the \(file.method) has \(shown), more than \(maxTrials)", place: file.name,
        remedy: "list fewer values, set a run_cap\(count == .max ? "" : ", or allow it with --max-trials \(count)")")
    }
    guard file.space.hasForbiddenPoints, positions <= Self.mostSearched else { return count }
    var (points, allowed) = (try Self.points(of: file, methods: methods), 0)
    while case let more = try points.next(), !more.isEmpty { allowed += more.count }
    return allowed
  }

  /// Positions that are looked through without a point before that is taken for a mistake.
  private static let mostSearched = 10_000_000
  private static let mostDrawn = 1_000_000

  /// The points in their order, in chunks that are not empty, from a fresh sampler.
  /// - Parameter positions: of the sampler, from 0; nil: all, or the run cap's.
  package static func points(
    of file: SweepFile, after first: Int = 0, limit: Int? = nil, methods: Registry<SearchMethod> = samplers
  ) throws(SweepError) -> PointSequence {
    guard let sampler = try methods.find(file.method).pointSampler else { preconditionFailure("the points of \(file.method) depend on results") }
    return PointSequence(
      sampler: sampler, space: file.space, seed: file.seed, position: first, left: limit ?? file.rules.runCap ?? .max)
  }

  /// Points of a sampler, chunk by chunk.
  package struct PointSequence {
    fileprivate let sampler: any PointSampler
    fileprivate let space: SearchSpace
    fileprivate let seed: Int
    /// Of the sampler.
    private(set) var position: Int
    /// Points.
    private(set) fileprivate var left: Int

    fileprivate init(sampler: any PointSampler, space: SearchSpace, seed: Int, position: Int, left: Int) {
      (self.sampler, self.space, self.seed, self.position, self.left) = (sampler, space, seed, position, left)
    }

    /// Empty at the end.
    package mutating func next(atMost most: Int = Planner.chunk) throws(SweepError) -> [Assignment] {
      let total = try sampler.count(in: space)
      var searched = 0
      while left > 0, position < total ?? .max {
        let step = min(most, left, (total ?? .max) - position)
        let points = try sampler.points(at: position..<position + step, in: space, seed: seed)
        position += step
        left -= points.count
        if !points.isEmpty { return points }
        searched += step
        if total == nil, searched > Planner.mostDrawn {
          throw SweepError(.input, "exclude forbids every one of \(searched) points", remedy: "correct it")
        }
      }
      return []
    }
  }

  /// Points of an endless sweep that are planned at first.
  private static let firstOfEndless = 16

  /// Writes the sweep and its trials, or adds what is new.
  /// - Throws: where the file no longer fits the sweep of its name, or the user says stop: then nothing is written.
  public func plan(
    _ file: SweepFile, trainer: TrainerEntry, in store: Store, stop: StopSignal = StopSignal()
  ) throws(SweepError) -> (sweep: SweepRecord, result: PlanResult) {
    try plan(file, count: try count(file), trainer: trainer, in: store, stop: stop)
  }

  /// - Parameter count: what `count` said of the file: where points are forbidden, it has looked at all of them.
  func plan(
    _ file: SweepFile, count: Int?, trainer: TrainerEntry, in store: Store, stop: StopSignal = StopSignal()
  ) throws(SweepError) -> (sweep: SweepRecord, result: PlanResult) {
    if count == 0 { throw SweepError(.input, "the sweep has no points: exclude forbids all of them", place: file.name, remedy: "correct it") }
    let known = try store.sweeps().first { $0.name == file.name }
    if let known { try Self.checkChanges(from: known.file, to: file, learns: methods[file.method]?.decisions != nil) }
    let plan = SweepPlan(
      name: file.name, definition: try file.definition(), objective: file.objective, parameterNames: file.space.names, metrics: trainer.metrics)
    guard try methods.find(file.method).pointSampler != nil else { return try store.plan(plan) { [] } }
    // An endless sweep keeps as many points as it has.
    let planned = if let known { try store.counts(sweepID: known.id).total } else { 0 }
    let limit = count == nil ? max(Self.firstOfEndless, planned) : nil
    var points = try Self.points(of: file, limit: limit, methods: methods)
    return try store.plan(plan) {
      points.position
    } next: {
      if stop.isSet { throw SweepError(.interrupted, "planning was interrupted; nothing was written") }
      return try points.next()
    }
  }

  /// A sweep grows and shrinks by its swept parameters; everything else stays, or the trials would not be comparable.
  package static func checkChanges(from old: SweepFile, to new: SweepFile, learns: Bool = false) throws(SweepError) {
    var complaints: [Diagnostic] = []
    func changed(_ what: String, _ before: String, _ now: String) {
      complaints.append(
        Diagnostic(
          "\(what) was \(before) when '\(new.name)' was planned and is now \(now)",
          remedy: "start a new sweep with --name NEW-NAME, or restore \(what): \(before)"))
    }
    if old.trainer != new.trainer { changed("trainer", old.trainer, new.trainer) }
    if old.method != new.method { changed("method", old.method, new.method) }
    if old.seed != new.seed { changed("seed", String(old.seed), String(new.seed)) }
    if old.objective != new.objective { changed("metric", old.objective.text, new.objective.text) }
    if old.earlyTermination != new.earlyTermination {
      changed("early_terminate", old.earlyTermination?.text ?? "none", new.earlyTermination?.text ?? "none")
    } else if old.order != new.order {
      changed("order", old.order.rawValue, new.order.rawValue)
    }
    if learns {
      if old.parallel != new.parallel { changed("parallel", String(old.parallel), String(new.parallel)) }
      if old.cost != new.cost { changed("cost", old.cost?.text ?? "1", new.cost?.text ?? "1") }
    }
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

extension Planner {
  /// What else may make the numbers of a changed file others: what a program computes, only its author knows.
  package static func doubts(from old: SweepFile, to new: SweepFile) -> [String] {
    guard let before = old.program, let now = new.program else { return [] }
    var changes: [(what: String, before: String, now: String)] = []
    func compare(_ what: String, _ before: String?, _ now: String?) {
      if before != now { changes.append((what, before ?? "not set", now ?? "not set")) }
    }
    compare("command", before.command.text, now.command.text)
    compare("folder", before.folder, now.folder)
    for name in Set(before.environment.keys).union(now.environment.keys).sorted() {
      compare("environment.\(name)", before.environment[name], now.environment[name])
    }
    compare("report.pattern", before.report.pattern, now.report.pattern)
    compare("report.epoch", before.report.epoch, now.report.epoch)
    return changes.map { what, before, now in
      "the \(what) was \(before) when trials of '\(new.name)' ran, and is now \(now); if that changes their numbers, start a new sweep with --name NEW-NAME"
    }
  }
}

extension EarlyTermination {
  /// "hyperband with min_iter 3, eta 3"
  fileprivate var text: String {
    let given = options.filter { $0.value != .null }.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return given.isEmpty ? type : "\(type) with \(given.joined(separator: ", "))"
  }
}

extension Objective {
  /// "maximize validation_accuracy at last"
  var text: String { "\(goal.rawValue) \(metric) at \(at.rawValue)" }
}

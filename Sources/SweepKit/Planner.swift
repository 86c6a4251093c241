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
  private let isSame: Bool

  /// - Parameters:
  ///   - methods: by which a file's `method` is looked up.
  ///   - isSame: the user says that a file from elsewhere, or with another program, is that of the sweep all the same.
  public init(maxTrials: Int? = nil, methods: Registry<SearchMethod> = samplers, isSame: Bool = false) {
    (self.maxTrials, self.methods, self.isSame) = (maxTrials ?? Self.defaultMaxTrials, methods, isSame)
  }

  /// Whether points are planned as they are needed: they never end, or depend on results.
  package static func plansAsItRuns(_ file: SweepFile) throws(SweepError) -> Bool {
    guard let sampler = try samplers.find(file.method).pointSampler else { return true }
    let count = try sampler.count(in: file.problem)
    return count == nil && file.rules.runCap == nil
  }

  /// The number of points that are planned before anything runs; nil: they never end, and are planned as they are needed.
  /// - Throws: where there are more than may be planned.
  public func count(_ file: SweepFile) throws(SweepError) -> Int? {
    guard let sampler = try methods.find(file.method).pointSampler else { return nil }
    guard let positions = try sampler.count(in: file.problem) else { return file.rules.runCap }
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
      sampler: sampler, problem: file.problem, position: first, left: limit ?? file.rules.runCap ?? .max)
  }

  /// Points of a sampler, chunk by chunk.
  package struct PointSequence {
    fileprivate let sampler: any PointSampler
    fileprivate let problem: SearchProblem
    /// Of the sampler.
    private(set) var position: Int
    /// Points.
    private(set) fileprivate var left: Int

    fileprivate init(sampler: any PointSampler, problem: SearchProblem, position: Int, left: Int) {
      (self.sampler, self.problem, self.position, self.left) = (sampler, problem, position, left)
    }

    /// Empty at the end.
    package mutating func next(atMost most: Int = Planner.chunk) throws(SweepError) -> [Assignment] {
      let total = try sampler.count(in: problem)
      var searched = 0
      while left > 0, position < total ?? .max {
        let step = min(most, left, (total ?? .max) - position)
        let points = try sampler.points(at: position..<position + step, in: problem)
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

  private static func plan(of file: SweepFile, trainer: TrainerEntry) throws(SweepError) -> SweepPlan {
    SweepPlan(
      name: file.name, definition: try file.definition(), objective: file.objective, further: Array(file.objectives.dropFirst()),
      parameterNames: file.space.names, metrics: trainer.metrics, endsByObjective: file.program != nil)
  }

  /// Writes the sweep without any trial, so that points can be enqueued before it is planned; one that is known stays as it is.
  /// - Throws: where the sweep of its name was planned from a file that says something else.
  func register(_ file: SweepFile, trainer: TrainerEntry, in store: Store) throws(SweepError) -> SweepRecord {
    let file = file.from(folderOf: store.path)
    if let known = try store.sweeps().first(where: { $0.name == file.name }) {
      if known.definition == (try file.definition()) { return known }
      throw SweepError(
        .input, "the file says something else than when '\(file.name)' was planned", place: store.path,
        remedy: "run the file first, or name the sweep instead of the file")
    }
    _ = try count(file)
    if try methods.find(file.method).strategy != nil { try PriorTrials.check(file, in: store) }
    return try store.plan(try Self.plan(of: file, trainer: trainer), leavesTrials: true) { [] }.sweep
  }

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
    var file = file.from(folderOf: store.path)
    if let known {
      let changes = PlannedChanges(from: try known.file, to: file, counts: try store.counts(sweepID: known.id))
      try changes.check(learns: methods[file.method]?.strategy != nil, isSame: isSame)
      file.origin = file.origin ?? changes.old.origin
    }
    let plan = try Self.plan(of: file, trainer: trainer)
    guard try methods.find(file.method).pointSampler != nil else {
      if known == nil { try PriorTrials.check(file, in: store) }
      return try store.plan(plan, leavesTrials: true) { [] }
    }
    // An endless sweep keeps as many points as it has.
    let planned = if let known { try store.counts(sweepID: known.id).total - store.enqueuedCounts(known).trials } else { 0 }
    let limit = count == nil ? max(Self.firstOfEndless, planned) : nil
    var points = try Self.points(of: file, limit: limit, methods: methods)
    return try store.plan(plan) {
      points.position
    } next: {
      if stop.isSet { throw SweepError(.interrupted, "planning was interrupted; nothing was written") }
      return try points.next()
    }
  }
}

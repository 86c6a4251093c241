// What a sweep file would do: how many points, the first of them, in which cohorts, and how long it would take. Nothing is written.

import SweepCore
import SweepExecutors
import SweepSearch

/// The preview behind `sweep plan`.
public struct Forecast: Sendable {
  /// nil: the points never end.
  public let count: Int?
  private let file: SweepFile
  private let workers: Int
  private let executor: any TrialExecutor
  /// What a method that learns does; nil: it learns nothing.
  public let search: SearchForecast?
  /// Of the sample.
  private let cohorts: [Cohort]

  /// Trials that are grouped and measured; a larger grid is told from samples.
  private static let sample = 4096

  /// - Parameter workers: nil: one per core.
  /// - Throws: where the grid has more points than may be planned.
  public init(_ file: SweepFile, trainer: TrainerEntry, workers: Int?, maxTrials: Int? = nil) throws {
    self.file = file
    self.workers = workers ?? WorkerPool.onePerCore
    count = try Planner(maxTrials: maxTrials).count(file)
    search = try SearchForecast(file, workers: self.workers)
    executor = trainer.make(Workplace(sweep: file.name, folder: ".", objective: file.objective, keeping: file.keeping))
    let points = try search?.firstPoints(Self.sample) ?? Self.sampled(file, count: count)
    let trials = points.enumerated().map { Trial(id: .init(rawValue: Int64($0 + 1)), number: $0 + 1, assignment: $1) }
    cohorts = executor.cohorts(of: trials, slots: self.workers)
  }

  /// The first points of the plan; of a method that learns, those that it tries before anything is known.
  public func first(_ limit: Int) throws -> [Assignment] { try search?.firstPoints(limit) ?? Self.first(limit, of: file) }

  private static func first(_ limit: Int, of file: SweepFile) throws -> [Assignment] {
    guard try samplers.find(file.method).pointSampler != nil else { return [] }
    var next = try Planner.points(of: file)
    var points: [Assignment] = []
    while points.count < limit, case let more = try next.next(), !more.isEmpty { points += more.prefix(limit - points.count) }
    return points
  }

  /// All points of a small grid; of a large one, blocks of neighbours from all over it.
  private static func sampled(_ file: SweepFile, count: Int?) throws -> [Assignment] {
    guard let count, count > sample else { return try first(count ?? 1, of: file) }
    guard let sampler = try samplers.find(file.method).pointSampler else { return [] }
    let block = sample / 16
    return try (0..<16).flatMap { number in
      let start = (count - block) / 15 * number
      return try sampler.points(at: start..<start + block, in: file.problem)
    }
  }

  /// "6 cohorts for 2 workers: 3 × 5 trials, 3 × 4 trials"
  public var cohortSummary: String {
    let sizes = Dictionary(grouping: cohorts, by: \.trials.count).map { (size: $0, count: $1.count) }.sorted { $0.size > $1.size }
    let note = (count ?? 0) > Self.sample ? " among \(Self.sample) sampled points" : ""
    return "\(counted(cohorts.count, "cohort")) for \(counted(workers, "worker"))\(note): "
      + sizes.map { "\($0.count) × \(counted($0.size, "trial"))" }.joined(separator: ", ")
  }

  /// A sentence with the time the sweep would take, from a short measurement, or why it cannot be told.
  public func time() -> String {
    let total = count ?? (search == nil ? nil : file.rules.runCap)
    guard let total else { return "time: without a run_cap or a time_budget it never ends" }
    if cohorts.isEmpty { return "time: cannot be told beforehand" }
    do {
      guard let seconds = try executor.seconds(for: cohorts) else { return "time: cannot be told beforehand" }
      // Cohorts are shared to the end, but a trial is not divided.
      let longest = zip(seconds, cohorts).map { $0 / Double($1.trials.count) }.max() ?? 0
      let scale = max(1, Double(total) / Double(search == nil ? Self.sample : cohorts.reduce(0) { $0 + $1.trials.count }))
      let time = max(seconds.reduce(0, +) * scale / Double(workers), longest)
      return "time: about \(Self.text(time)) with \(counted(workers, "worker")), by a short measurement"
    } catch {
      return "time: cannot be told: \(error)"
    }
  }

  private static func text(_ seconds: Double) -> String {
    switch seconds {
    case ..<10: "\((seconds * 10).rounded() / 10) s"
    case ..<120: "\(Int(seconds.rounded())) s"
    case ..<7200: "\(Int((seconds / 60).rounded())) min"
    default: "\((seconds / 360).rounded() / 10) h"
    }
  }
}

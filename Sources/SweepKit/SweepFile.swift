// A sweep as its file describes it, checked and complete: what the planner plans and the `definition` column keeps.

import Foundation
import SweepCore
import SweepExecutors
import SweepSearch
import SweepStore

/// A decoded and validated sweep file.
public struct SweepFile: Sendable, Equatable, Codable {
  public private(set) var name: String
  public var summary: String?
  /// A name in the register of samplers.
  public let method: String
  /// A name in the register of trainers, or "program".
  public let trainer: String
  /// The first, or the only one: what tables are sorted by, and what trials are stopped early by.
  public let objective: Objective
  /// With every parameter that the trainer takes: what the file leaves out is a constant with its default.
  public let space: SearchSpace
  // What follows may be missing in the definition of an earlier version: it is then as by default.
  private var keep: Keeping?
  private var samplerSeed: Int?
  private var rulesOfRun: RunRules?
  public var earlyTermination: EarlyTermination?
  private var orderOfVerdicts: Order?
  private var parallelTrials: Int?
  private var costOfEpoch: ParameterExpression?
  private var furtherObjectives: [Objective]?
  private var priorSweeps: [String]?
  private var noise: Bool?
  /// The path of the file, as the database's folder has it; nil: it came from standard input, from code, or was planned by a version that did not note it.
  private var plannedFrom = Origin()
  /// Where trials are programs.
  package var program: ProgramSpecification?

  /// Of which trials answers and models are kept.
  public var keeping: Keeping { keep ?? .standard }
  /// Of the sampler.
  public var seed: Int { samplerSeed ?? 0 }
  public var rules: RunRules { rulesOfRun ?? RunRules() }
  /// By what trials are stopped early. Sweeps of versions that knew of arrival alone go on with it.
  public var order: Order { orderOfVerdicts ?? (earlyTermination == nil ? .number : .arrival) }
  /// Virtual workers by which a method that learns is planned: what it knows does not depend on how many there are.
  public var parallel: Int { parallelTrials ?? Self.standardParallel }
  package var cost: ParameterExpression? { costOfEpoch }
  /// Sweeps of the same database from whose results a method that learns starts.
  /// Whether the same point measured again may give another value.
  public var isNoisy: Bool {
    get { noise ?? false }
    set { noise = newValue ? true : nil }
  }
  public var prior: [String] {
    get { priorSweeps ?? [] }
    set { priorSweeps = newValue.isEmpty ? nil : newValue }
  }

  public static let standardParallel = 8

  /// All that is optimised, in the order of the file: several have a Pareto front.
  public var objectives: [Objective] { [objective] + (furtherObjectives ?? []) }

  /// With whom a trial is compared when it may be stopped, and what a search knows.
  public enum Order: String, Sendable, Codable, CaseIterable {
    /// Trials of lower numbers, whatever order they run in: the same with any number of workers.
    case number
    /// All that have come so far: it depends on which is the faster one.
    case arrival
  }

  /// Whether its method learns from results.
  package var learns: Bool { samplers[method]?.strategy != nil }
  /// Whether trials that begin at one moment are trained as one cohort.
  package var trainsTogether: Bool { trainer == BuiltinTrainer.name }

  /// What its method searches.
  package var problem: SearchProblem { SearchProblem(space, seed: seed, budget: rules.runCap, objectives: objectives.count, isNoisy: isNoisy) }

  /// What an epoch of a trial is declared to cost, in any unit; 1 where the file does not say.
  /// - Throws: where the expression gives no number above 0.
  func cost(of point: Assignment) throws(SweepError) -> Double {
    guard let cost = costOfEpoch else { return 1 }
    let value = try cost.value { point[$0] }.number ?? .nan
    guard value > 0, value.isFinite else {
      throw SweepError(.input, "the cost of \(point.json) is \(value)", place: "cost", remedy: "write an expression that is a number above 0")
    }
    return value
  }

  /// Seconds that interrupted programs have to end; nil: trials are no programs.
  public var grace: Double? { program?.limits.grace }

  /// - Parameter further: objectives beyond the first.
  public init(
    name: String, summary: String? = nil, method: String = "grid", trainer: String, objective: Objective, further: [Objective] = [],
    space: SearchSpace,
    keeping: Keeping = .standard, seed: Int = 0, rules: RunRules = RunRules(), earlyTermination: EarlyTermination? = nil, order: Order = .number,
    parallel: Int = SweepFile.standardParallel
  ) {
    (self.name, self.summary, self.method, self.trainer) = (name, summary, method, trainer)
    (self.objective, self.space, keep) = (objective, space, keeping)
    samplerSeed = seed == 0 ? nil : seed
    rulesOfRun = rules == RunRules() ? nil : rules
    self.earlyTermination = earlyTermination
    // What has no effect is not in the definition: it then is the text of versions that did not know of it.
    orderOfVerdicts = earlyTermination != nil || order == .arrival && learns ? order : nil
    parallelTrials = parallel == Self.standardParallel ? nil : parallel
    furtherObjectives = further.isEmpty ? nil : further
  }

  /// Where the file is: absolute when it was read, from the database's folder once it was planned.
  package var origin: String? {
    get { plannedFrom.path }
    set { plannedFrom.path = newValue }
  }

  /// The folder in which the program runs, likewise.
  package var programFolder: String? {
    get { plannedFrom.folder ?? program?.folder }
    set { plannedFrom.folder = newValue }
  }

  /// Where a file is, which is no part of what it says: files that say the same are equal wherever they are.
  fileprivate struct Origin: Sendable, Equatable, Codable {
    var path: String?
    /// That in which the program runs.
    var folder: String?

    static func == (one: Origin, other: Origin) -> Bool { true }
  }

  package mutating func setCost(_ cost: ParameterExpression?) { costOfEpoch = cost }

  /// The same sweep with another seed of the sampler.
  public func seeded(_ seed: Int?) -> SweepFile {
    var file = self
    if let seed { file.samplerSeed = seed == 0 ? nil : seed }
    return file
  }

  /// Names become parts of file names.
  public static let longestName = 150

  /// The same sweep under another name.
  public func renamed(_ name: String?) -> SweepFile {
    var file = self
    if let name { file.name = name }
    return file
  }

  /// The same sweep with another number of trials, virtual workers or seed; nil: as it is.
  public func with(runCap: Int? = nil, parallel: Int? = nil, seed: Int? = nil) -> SweepFile {
    var file = self
    if let runCap {
      var rules = rules
      rules.runCap = runCap
      file.rulesOfRun = rules == RunRules() ? nil : rules
    }
    if let parallel { file.parallelTrials = parallel == Self.standardParallel ? nil : parallel }
    if let seed { file.samplerSeed = seed == 0 ? nil : seed }
    return file
  }

  /// What is allowed and yet hardly meant.
  public var doubts: [String] {
    objectives.enumerated().compactMap { place, objective in
      let metric = objective.metric
      let isBackwards =
        objective.goal == .minimize && (metric.hasSuffix("accuracy") || metric.hasSuffix("acc"))
        || objective.goal == .maximize && (metric.hasSuffix("loss") || metric.hasSuffix("cost"))
      let key = furtherObjectives == nil ? "metric" : "metrics[\(place)]"
      return isBackwards ? "the goal is to \(objective.goal.rawValue) \(metric); if that is not meant, set \(key).goal" : nil
    }
  }

  /// The JSON that the database keeps; equal files have equal text.
  public func definition() throws(SweepError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { return String(decoding: try encoder.encode(self), as: UTF8.self) } catch {
      throw SweepError(.input, "the sweep cannot be saved: \(error)")
    }
  }

  /// Reads what `definition` wrote.
  public init(definition: String) throws(SweepError) {
    do { self = try JSONDecoder().decode(SweepFile.self, from: Data(definition.utf8)) } catch { throw SweepRecord.unreadable(error) }
  }
}

// A definition says nothing of a place that is not known, as those of earlier versions.
extension KeyedDecodingContainer {
  fileprivate func decode(_ type: SweepFile.Origin.Type, forKey key: Key) throws -> SweepFile.Origin {
    try decodeIfPresent(type, forKey: key) ?? .init()
  }
}

extension KeyedEncodingContainer {
  fileprivate mutating func encode(_ value: SweepFile.Origin, forKey key: Key) throws {
    if value.path != nil { try encodeIfPresent(value as SweepFile.Origin?, forKey: key) }
  }
}

extension SweepRecord {
  /// The file that the sweep was planned from.
  /// - Throws: where the definition was written by something else.
  public var file: SweepFile {
    get throws(SweepError) {
      try decoded.value { json throws(SweepError) in
        let file = try SweepFile(definition: json)
        decoded.keep(file.space)
        return file
      }
    }
  }
}

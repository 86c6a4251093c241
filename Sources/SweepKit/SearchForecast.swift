// What a method that learns would do, for who plans: what it is, which points it tries before anything is known, what a proposal costs here, and what
// `parallel` means for so many workers. Its histories are made up; nothing is written, and nothing that runs asks it.

import SweepCore
import SweepNumerics
import SweepSearch

/// A method that learns, before it runs.
public struct SearchForecast: Sendable {
  private let file: SweepFile
  private let method: SearchMethod
  private let workers: Int

  /// nil: the method learns nothing.
  package init?(_ file: SweepFile, workers: Int, methods: Registry<SearchMethod> = samplers) throws(SweepError) {
    let method = try methods.find(file.method)
    if method.strategy == nil { return nil }
    (self.file, self.method, self.workers) = (file, method, workers)
  }

  /// "up to 100 points, each chosen when it is known what others came to"
  public var points: String {
    "\(file.rules.runCap.map { "up to \(counted($0, "point"))" } ?? "points without end"), each chosen by what is known then"
  }

  /// A line each: what the method is, what a proposal costs, what `parallel` means here, and from what it starts.
  public func lines() -> [String] {
    let summary = methodSummaries[file.method].map { "method \(file.method): \($0)" } ?? "method \(file.method)"
    let prior = file.prior.isEmpty ? [] : ["prior: it starts from what trials of \(file.prior.joined(separator: ", ")) came to"]
    return [summary] + prior + (cost().map { [$0] } ?? []) + [parallel]
  }

  // MARK: parallel

  private var parallel: String {
    if file.order == .arrival { return "order arrival: each point is chosen by what has ended by then, which depends on the workers" }
    let virtual = file.parallel
    let meaning =
      virtual == 1
      ? "parallel 1: each point is chosen when all before it are known"
      : "parallel \(virtual): planned as if \(virtual) trials ran at once, on any machine"
    if workers > virtual { return "\(meaning); \(Self.idle(workers, file))" }
    return "\(meaning); \(workers == 1 ? "the 1 worker here is" : "the \(workers) workers here are") kept busy"
      + (workers < virtual ? ", and so would be up to \(virtual)" : "")
  }

  /// That more trials could run than the search plans at once, in a sentence; nil: they could not.
  static func idleWorkers(_ file: SweepFile, workers: Int, methods: Registry<SearchMethod>) throws(SweepError) -> String? {
    try methods.find(file.method).strategy != nil && file.order == .number && workers > file.parallel ? "parallel: \(idle(workers, file))" : nil
  }

  private static func idle(_ workers: Int, _ file: SweepFile) -> String {
    "\(file.parallel) keeps \(file.parallel) of \(workers) workers busy; write parallel: \(2 * workers)"
  }

  // MARK: points

  /// The points that are tried before anything is known: at most as many as `parallel`. What other sweeps found is not known here.
  func firstPoints(_ limit: Int) throws(SweepError) -> [Assignment] {
    guard file.prior.isEmpty, let strategy = method.strategy else { return [] }
    let search = try strategy.search(file.problem)
    var pending: [History.Pending] = []
    while pending.count < min(limit, file.parallel, file.rules.runCap ?? .max) {
      guard case .start(let suggestion, _) = try search.decision(pending.count + 1, given: History(pending: pending)) else { break }
      pending.append(.init(number: pending.count + 1, assignment: suggestion.point))
    }
    return pending.map(\.assignment)
  }

  // MARK: cost

  /// A longer history is not waited for.
  private static let (most, patience) = (1000, Duration.seconds(2))

  /// "a proposal takes about 12 ms at 100 trials, measured here"; nil: it cannot be told.
  private func cost() -> String? {
    guard case .adaptive(let sampler) = method else { return nil }
    let full = min(file.rules.runCap ?? 100, Self.most)
    var last: String?
    // From small to large, so that a slow method is told of at what it was measured.
    for count in [max(1, full / 10), max(1, full / 3), full] {
      let trials = history(max(2, count))
      guard trials.count > 1, let search = try? sampler.search(file.problem) else { return last }
      do {
        // The first time it looks at all of them; as it goes on, at what is new.
        let start = ContinuousClock.now
        _ = try search.suggest(trials.count, given: History(outcomes: Array(trials.dropLast())))
        let first = ContinuousClock.now
        _ = try search.suggest(trials.count + 1, given: History(outcomes: trials))
        let end = ContinuousClock.now
        last = "a proposal takes \(Self.text((end - first) / .seconds(1))) at \(counted(trials.count, "trial")), measured here"
        if end - start > Self.patience { return last }
      } catch { return last }
    }
    return last
  }

  /// Trials all over the space, better near a place in it.
  private func history(_ count: Int) -> [History.Outcome] {
    let encoding = Encoding(file.space)
    var outcomes: [History.Outcome] = []
    for index in 0..<2 * count where outcomes.count < count {
      var generator = SeededGenerator(seed: file.seed, purpose: .sampling, index: index)
      let unit = encoding.dimensions.map { _ in generator.nextUnit() }
      guard let row = try? encoding.snapped(encoding.row(ofUnit: unit)), let point = try? encoding.point(row) else { continue }
      let value = unit.reduce(0) { $0 + ($1 - 0.3) * ($1 - 0.3) }
      var curve = Curve()
      curve.add(value, epoch: 1)
      outcomes.append(
        History.Outcome(
          number: outcomes.count + 1, assignment: point, state: .complete,
          objectives: (0..<file.problem.objectives).map { place in value + Double(place) * (1 - 2 * (unit.first ?? 0)) }, curve: curve))
    }
    return outcomes
  }

  private static func text(_ seconds: Double) -> String {
    switch seconds * 1000 {
    case ..<0.1: "less than 0.1 ms"
    case ..<10: "about \((seconds * 10_000).rounded() / 10) ms"
    case ..<1000: "about \(Int((seconds * 1000).rounded())) ms"
    default: "about \((seconds * 10).rounded() / 10) s"
    }
  }
}

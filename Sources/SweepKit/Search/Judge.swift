// Who is stopped early, while a sweep runs: guards the chronicle that all trials' reports go into, keeps the ends of programs that were quicker than
// the verdict on them, and says what became of them. Where nothing is stopped and nothing learnt, it does nothing at all.

import SweepCore
import SweepSearch
import SweepStore
import Synchronization

/// Verdicts on running trials, and what a search may know.
// Sendable: all state is in the one Mutex.
final class Judge: Sendable {
  private enum Book {
    case none
    case arrival(ArrivalOrder)
    case number(Chronicle)
  }

  private struct State {
    var book: Book
    /// Trials that have ended by themselves before it was known whether they were to be stopped, by number.
    var held: [Int: (trial: Trial, end: TrialEnd)] = [:]
    /// Running trials that stand still until it is known whether they go on, by number.
    var waiting: [Int: Trial] = [:]
    /// Decisions of earlier runs that the chronicle has not come to: what they saw was lost with a kill, and comes again.
    var replay: ArraySlice<DecisionRecord> = []
    /// Of a search by several objectives.
    var further: FurtherObjectives
  }

  private let metric: String
  private let goal: Objective.Goal
  private let state: Mutex<State>
  /// Whether anything is decided here.
  let isActive: Bool
  /// Whether a search sees more than one objective.
  private let hasFurther: Bool
  /// Whether trials have to begin in the order of their numbers: those before are waited for.
  let needsOrder: Bool

  /// With what the database knows of the sweep.
  /// - Parameter slots: trials that may run at once, where decisions go by arrival.
  init(
    _ file: SweepFile, methods: Registry<SearchMethod> = samplers, sweep: SweepRecord, in store: Store, slots: Int = .max
  ) throws(SweepError) {
    (metric, goal) = (sweep.objective.metric, sweep.objective.goal)
    let pruner = try file.earlyTermination?.pruner() ?? NoPruner()
    let learns = try methods.find(file.method).strategy != nil
    isActive = learns || pruner.rung(after: 0) != nil
    hasFurther = learns && sweep.objectives.count > 1
    needsOrder = isActive && (learns || file.order == .number)
    var book = Book.none
    var held: [Int: (trial: Trial, end: TrialEnd)] = [:]
    if isActive {
      // Of a search that learns, `order` is about what it knows.
      switch learns ? .number : file.order {
      case .arrival:
        var order = ArrivalOrder(pruner, goal: sweep.objective.goal)
        for curve in try store.curves(sweep) {
          for point in curve.epochs { order.add(point.value, of: curve.number, epoch: point.epoch) }
        }
        book = .arrival(order)
      case .number:
        var chronicle = Chronicle(
          pruner, goal: sweep.objective.goal, parallel: file.parallel, seesTiesTogether: file.trainsTogether,
          arrivalSlots: learns && file.order == .arrival ? slots : nil)
        var curves = try store.curves(sweep)[...]
        for row in try store.standings(sweep) {
          let trial = row.trial
          var curve: [(epoch: Int, value: Double)] = []
          if let first = curves.first, first.number == trial.number { curve = curves.removeFirst().epochs }
          if let end = row.held { held[trial.number] = (trial, end) }
          // One that is not to run any more does not keep others waiting.
          let isOver = row.held == nil && (row.state.isEnd || !row.isPlanned)
          chronicle.recalled(
            trial.number, epochs: trial.plannedEpochs, cost: try file.cost(of: trial.assignment), curve: curve,
            end: row.held?.state ?? (isOver ? row.state.isEnd ? row.state : .failed : nil), isFact: isOver)
        }
        chronicle.settle()
        book = .number(chronicle)
      }
    }
    let decisions = try learns ? store.decisions(of: sweep)[...] : []
    // Whoever is not seen by a search has no need of more than the first.
    var further = FurtherObjectives(learns ? sweep.objectives : [])
    try further.read(sweep, in: store)
    state = Mutex(State(book: book, held: held, replay: decisions, further: further))
  }

  /// A search has planned a trial.
  func planned(_ number: Int, epochs: Int?, cost: Double) {
    change { chronicle in if number > chronicle.count { chronicle.planned(number, epochs: epochs, cost: cost) } }
  }

  /// - Parameter isFresh: what it reported before does not count.
  func started(_ trial: Trial, isFresh: Bool) {
    guard isActive else { return }
    state.withLock { state in
      if isFresh { state.further.restarted(trial.number) }
      switch state.book {
      case .none: break
      case .arrival(var order):
        state.book = .none  // so that it is not copied
        order.started(trial.number, isFresh: isFresh)
        state.book = .arrival(order)
      case .number(var chronicle):
        state.book = .none
        chronicle.reopened(trial.number)
        if isFresh { chronicle.restarted(trial.number) }
        state.book = .number(chronicle)
      }
    }
  }

  /// What a trial reported after an epoch does not count.
  /// - Parameter metrics: of these; nil: of all.
  func withdrawn(_ trial: Trial, _ metrics: [String]?, after epoch: Int) {
    guard isActive else { return }
    state.withLock { state in
      state.further.withdrawn(trial.number, metrics, after: epoch)
      guard metrics?.contains(metric) ?? true else { return }
      switch state.book {
      case .none: break
      case .arrival(var order):
        state.book = .none
        order.withdrawn(trial.number, after: epoch)
        state.book = .arrival(order)
      case .number(var chronicle):
        state.book = .none
        chronicle.withdrawn(trial.number, after: epoch)
        state.book = .number(chronicle)
      }
    }
  }

  /// Adds what a trial reported.
  /// - Returns: what it is told.
  func reported(_ trial: Trial, _ metrics: EpochMetrics) -> Verdict {
    guard isActive else { return .proceed }
    measured(trial, metrics)
    guard let value = metrics[metric] else { return verdict(on: trial) }
    return state.withLock { state in
      switch state.book {
      case .none: return .proceed
      case .arrival(var order):
        state.book = .none
        defer { state.book = .arrival(order) }
        return order.reported(trial.number, epoch: metrics.epoch, value: value)
      case .number(var chronicle):
        state.book = .none
        defer { state.book = .number(chronicle) }
        chronicle.reported(trial.number, epoch: metrics.epoch, value: value)
        return chronicle.verdict(on: trial.number)
      }
    }
  }

  /// Adds what was measured of a trial and is no report of its own, such as its wall time: of objectives beyond the first.
  func measured(_ trial: Trial, _ metrics: EpochMetrics) {
    if hasFurther { state.withLock { state in state.further.reported(trial.number, metrics) } }
  }

  /// What a trial is told now.
  func verdict(on trial: Trial) -> Verdict {
    guard isActive else { return .proceed }
    return state.withLock { state in if case .number(let chronicle) = state.book { chronicle.verdict(on: trial.number) } else { .proceed } }
  }

  /// A trial has ended by itself.
  /// - Returns: what it comes to; nil: that is not known yet, and `settled` will have it.
  func ended(_ trial: Trial, _ end: TrialEnd) -> TrialEnd? {
    guard isActive else { return end }
    return state.withLock { state in
      switch state.book {
      case .none: return end
      case .arrival(var order):
        state.book = .none
        order.ended(trial.number)
        state.book = .arrival(order)
        return end
      case .number(var chronicle):
        state.book = .none
        defer { state.book = .number(chronicle) }
        chronicle.ended(trial.number, end.state)
        let final = Self.final(end, after: chronicle.verdict(on: trial.number))
        if final == nil { state.held[trial.number] = (trial, end) }
        return final
      }
    }
  }

  private static func final(_ end: TrialEnd, after verdict: Verdict) -> TrialEnd? {
    switch verdict {
    case .wait: nil
    case .prune(let epoch): .pruned(afterEpoch: epoch)
    case .proceed, .interrupt: end
    }
  }

  /// Running trials stand still until it is known whether they go on. Where they do not, `settled` has it.
  func hold(_ trials: [Trial]) { state.withLock { state in for trial in trials { state.waiting[trial.number] = trial } } }

  /// Trials that had ended or stood still, and of which it is known now what they come to. Each is told once.
  func settled() -> [(trial: Trial, end: TrialEnd)] {
    guard isActive else { return [] }
    return state.withLock { state in
      guard !state.held.isEmpty || !state.waiting.isEmpty, case .number(let chronicle) = state.book else { return [] }
      var found = state.held.values.compactMap { held in
        Self.final(held.end, after: chronicle.verdict(on: held.trial.number)).map { (trial: held.trial, end: $0) }
      }
      for (trial, _) in found { state.held[trial.number] = nil }
      for (number, trial) in state.waiting {
        let verdict = chronicle.verdict(on: number)
        if verdict != .wait { state.waiting[number] = nil }
        if case .prune(let epoch) = verdict { found.append((trial, .pruned(afterEpoch: epoch))) }
      }
      return found.sorted { $0.trial.number < $1.trial.number }
    }
  }

  /// The best value of a trial, as far as its reports count; nil: it has none.
  func best(of trial: Trial) -> Double? {
    state.withLock { state in
      guard case .number(let chronicle) = state.book else { return nil }
      let (curve, _, _) = chronicle.outcome(of: trial.number)
      return curve.values.min { goal.oriented($0) < goal.oriented($1) }
    }
  }

  // MARK: decisions

  /// What the next decision sees: these trials by number, and how often each has changed; nil: it is not known yet, or nothing is decided here.
  func sees() -> [(number: Int, version: Int)]? {
    state.withLock { state in
      guard case .number(var chronicle) = state.book else { return nil }
      state.book = .none
      defer { state.book = .number(chronicle) }
      while let decision = state.replay.first {
        guard chronicle.sees() != nil else { return nil }
        if decision.waits > 0 {
          _ = chronicle.waited()
          state.replay[state.replay.startIndex].waits -= 1
          continue
        }
        chronicle.decided(trial: decision.trial, from: decision.from, until: decision.until)
        state.replay.removeFirst()
      }
      return chronicle.sees()?.map { ($0, chronicle.version(of: $0)) }
    }
  }

  /// What came of a trial, as far as it counts.
  /// - Precondition: `sees` has named it.
  func outcome(of number: Int) -> (curve: Curve, state: TrialState, cost: Double) {
    state.withLock { state in
      guard case .number(let chronicle) = state.book else { preconditionFailure("only what is judged by number is seen") }
      return chronicle.outcome(of: number)
    }
  }

  /// The values of the objectives beyond the first, oriented, of a trial that is seen: at its end, or where it was stopped.
  /// - Parameter curve: of the first objective, as far as it counts.
  func further(of number: Int, _ curve: Curve, _ end: TrialState) -> [Double?] {
    guard hasFurther else { return [] }
    return state.withLock { state in state.further.values(of: number, at: end, curve) }
  }

  /// The search waits for the next end.
  /// - Returns: whether there is one to come.
  func waited() -> Bool {
    var isMoreToCome = false
    change { isMoreToCome = $0.waited() }
    return isMoreToCome
  }

  func decided(trial: Int, from: Int, until: Int?) { change { $0.decided(trial: trial, from: from, until: until) } }

  private func change(_ body: (inout Chronicle) -> Void) {
    state.withLock { state in
      guard case .number(var chronicle) = state.book else { return }
      state.book = .none
      body(&chronicle)
      state.book = .number(chronicle)
    }
  }
}

extension TrialState {
  /// Whether nothing comes after it.
  var isEnd: Bool { self != .waiting && self != .running && self != .paused }
}

// Asks how a search goes on, and writes what it answers: on a queue of its own, so that a suggestion that takes a second holds up nobody, and each
// decision in one transaction with what it changes. After a kill the decisions are rows; what was decided is never decided again. One of the files that know Dispatch.

import Dispatch
import Foundation
import SweepCore
import SweepSearch
import SweepStore
import Synchronization

/// Plans trials of a sweep as they are needed.
// Sendable: all state is in the one Mutex; the search itself is used on the queue alone.
final class SearchLoop: Sendable {
  private struct State {
    /// Trials that are wanted and not there yet.
    var wanted = 0
    var isAsking = false
    /// Whether somebody has asked since it was last tried.
    var mustAskAgain = false
    /// Trials with earlier numbers that go on.
    var resumed: [Int] = []
    var isExhausted = false
    var failure: SweepError?
  }

  /// Asked for the next trials; empty: none until more is known; nil: there are none left.
  private let search: any TrialSearch
  private let onWait: @Sendable (SweepError) -> Void
  private let isOver: @Sendable () -> Bool
  private let onNews: @Sendable () -> Void
  private let queue = DispatchQueue(label: "sweep.search", qos: .userInitiated)
  private let state = Mutex(State())

  /// - Parameters:
  ///   - isOver: whether nothing more is to be planned.
  ///   - onWait: called when another program has held the database for a minute; the search waits for it.
  ///   - onNews: called from the queue when there are new trials, or none will come.
  init(
    _ search: any TrialSearch, isOver: @escaping @Sendable () -> Bool, onWait: @escaping @Sendable (SweepError) -> Void,
    onNews: @escaping @Sendable () -> Void
  ) {
    (self.search, self.isOver, self.onWait, self.onNews) = (search, isOver, onWait, onNews)
  }

  var isExhausted: Bool { state.withLock { $0.isExhausted } }
  var failure: SweepError? { state.withLock { $0.failure } }

  /// Has trials planned, if any can be now. Returns at once.
  func want(_ count: Int) {
    let mustAsk = state.withLock { state in
      state.wanted = max(state.wanted, count)
      state.mustAskAgain = true
      guard !state.isAsking, !state.isExhausted else { return false }
      state.isAsking = true
      return true
    }
    if mustAsk { queue.async { self.ask() } }
  }

  /// Trials that were paused and go on; each is told once.
  func takeResumed() -> [Int] {
    state.withLock { state in
      defer { state.resumed = [] }
      return state.resumed
    }
  }

  private func ask() {
    var isWaiting = false
    while true {
      let wanted = state.withLock { state in
        state.mustAskAgain = false
        return state.wanted
      }
      var hasMore = false
      if wanted > 0, !isOver() {
        do throws(SweepError) {
          let plan = try search.plan(wanted)
          isWaiting = false
          hasMore = plan.map { !$0.isEmpty } ?? false
          state.withLock { state in
            state.isExhausted = plan == nil
            state.wanted -= min(state.wanted, plan?.count ?? 0)
            state.resumed += plan?.resumed ?? []
          }
          if hasMore || plan == nil { onNews() }
        } catch {
          // Whoever holds the file lets go some time: what the trials report waits for it, too.
          if error.kind == .busy {
            if !isWaiting { onWait(error) }
            isWaiting = true
            continue
          }
          state.withLock { ($0.failure, $0.isExhausted) = (error, true) }
          onNews()
        }
      }
      let isDone = state.withLock { state in
        guard state.isExhausted || !hasMore && !state.mustAskAgain || state.wanted == 0 || isOver() else { return false }
        (state.isAsking, state.wanted) = (false, 0)
        return true
      }
      if isDone { return }
    }
  }
}

/// Trials that a search has planned.
struct PlannedTrials {
  /// New ones.
  var count = 0
  /// Numbers of earlier ones that go on.
  var resumed: [Int] = []

  /// None until more is known.
  var isEmpty: Bool { count == 0 && resumed.isEmpty }
}

/// A search that plans trials as rows. Used on one thread at a time.
protocol TrialSearch: AnyObject, Sendable {
  /// Plans up to so many trials, or a few more.
  /// - Returns: what waits now that did not; nil: there is none left.
  /// - Throws: what kept them from being written; then nothing has changed.
  func plan(_ count: Int) throws(SweepError) -> PlannedTrials?
}

/// Goes through the positions of a sampler that needs no results, from where it came.
// @unchecked: only the loop's queue uses it, one call after the other.
final class EnumeratingSearch: TrialSearch, @unchecked Sendable {
  private let file: SweepFile
  private let sampler: any PointSampler
  private let sweep: SweepRecord
  private let store: Store
  private let judge: Judge
  private var position: Int
  private let mostInVain: Int

  /// Written at a time, at least.
  private static let least = 16

  init(_ file: SweepFile, _ sampler: any PointSampler, sweep: SweepRecord, in store: Store, judge: Judge) throws(SweepError) {
    (self.file, self.sampler, self.sweep, self.store, self.judge) = (file, sampler, sweep, store, judge)
    let known = try store.position(of: sweep)
    // Earlier versions kept no position: every trial took one or more, and what comes again is there already.
    let count = try known == nil ? store.counts(sweepID: sweep.id).total : 0
    position = known ?? count
    mostInVain = known == nil ? max(1_000_000, 50 * count) : 10_000
  }

  /// Ends where so many points are drawn without one that is new.
  func plan(_ count: Int) throws(SweepError) -> PlannedTrials? {
    let total = try sampler.count(in: file.problem) ?? .max
    var inVain = 0
    while position < total, inVain < mostInVain {
      let step = min(max(count, Self.least), total - position)
      let points = try sampler.points(at: position..<position + step, in: file.problem)
      let new = try store.addTrials(points, sweep: sweep, upTo: position + step) { [judge, file] new in
        for trial in new { judge.planned(trial.number, epochs: trial.plannedEpochs, cost: try file.cost(of: trial.assignment)) }
      }
      position += step
      if !new.isEmpty { return PlannedTrials(count: new.count) }
      inVain += step
    }
    return nil
  }
}

/// Asks a strategy for one decision after the other.
// @unchecked: only the loop's queue uses it, one call after the other.
final class DecidingSearch: TrialSearch, @unchecked Sendable {
  private let file: SweepFile
  private let search: any StrategicSearch
  private let sweep: SweepRecord
  private let store: Store
  private let recorder: Recorder
  private let judge: Judge
  /// By number − 1.
  private var assignments: [Assignment]
  /// What the last decision saw, by number, and how often each of them had changed.
  private var outcomes: [History.Outcome] = []
  private var versions: [Int] = []
  private var decisions: Int
  /// Trials that were added from elsewhere: they do not count as tried.
  private var loaded: Int
  /// Of processor time that the search has taken for its last decision.
  private(set) var seconds = 0.0
  private(set) var lastSuggestion: Suggestion?
  /// How often it has said that it waits, since the last decision.
  private var waits = 0
  /// What other sweeps have found.
  let prior: PriorTrials

  init(
    _ file: SweepFile, _ strategy: any Strategy, sweep: SweepRecord, in store: Store, recorder: Recorder, judge: Judge
  ) throws(SweepError) {
    (self.file, self.sweep, self.store, self.recorder, self.judge) = (file, sweep, store, recorder, judge)
    search = try strategy.search(file.problem)
    prior = try PriorTrials(file, sweep: sweep, in: store)
    assignments = try store.standings(sweep).map(\.trial.assignment)
    decisions = try store.decisions(of: sweep).count
    loaded = try store.count(chosenBy: Self.loader, of: sweep)
  }

  func plan(_ count: Int) throws(SweepError) -> PlannedTrials? {
    var planned = PlannedTrials()
    while planned.count + planned.resumed.count < count {
      let isCapped = file.rules.runCap.map { assignments.count - loaded >= $0 } ?? false
      if isCapped, try store.nextEnqueued(sweep) == nil { return planned.isEmpty ? nil : planned }
      guard let sees = judge.sees() else { return planned }
      var decision = Decision.exhausted
      if !isCapped {
        let history = history(sees)
        let before = ProcessorTime.ofThread
        decision = try search.decision(decisions + 1, given: history)
        seconds = ProcessorTime.ofThread - before
      }
      // The search says when a trial begins, and how far it goes; a point that somebody enqueued takes the place of its own, or comes after its last.
      if case .exhausted = decision, let point = try store.nextEnqueued(sweep) { decision = .start(Suggestion(point, by: "enqueued"), until: nil) }
      switch decision {
      case .start(let suggestion, let until):
        try start(file.order == .arrival ? suggestion.knowing(sees.map(\.number)) : suggestion, from: nil, until: until, isFree: true)
        planned.count += 1
      case .clone(let parent, let point, let until):
        try recorder.flush()  // its checkpoint may not be written yet
        try start(point, from: parent, until: until)
        planned.count += 1
      case .resume(let number, let until):
        try recorder.flush()  // that it has paused may not be written yet
        let from = try store.resume(number, until: until, waits: waits, sweep: sweep)
        judge.decided(trial: number, from: from, until: until)
        planned.resumed.append(number)
      case .wait:
        guard judge.waited() else { return planned.isEmpty ? nil : planned }
        waits += 1
        continue
      case .exhausted:
        if planned.isEmpty { try store.exhaust(sweep) }
        return planned.isEmpty ? nil : planned
      }
      decisions += 1
      waits = 0
    }
    return planned
  }

  private func start(_ suggestion: Suggestion, from parent: Int?, until: Int?, isFree: Bool = false) throws(SweepError) {
    let next = assignments.count + 1
    let (number, from, started) = try store.start(
      suggestion, parent: parent, until: until, waits: waits, sweep: sweep, isFree: isFree
    ) { [judge, file] started in
      // Before anybody can see the row.
      let trial = Trial(id: .init(rawValue: 0), number: next, assignment: started.point)
      judge.planned(next, epochs: trial.plannedEpochs, cost: try file.cost(of: started.point))
    }
    lastSuggestion = started
    assignments.append(started.point)
    judge.decided(trial: number, from: from, until: until)
  }

  /// How trials are called that nobody chose here.
  private static let loader = "loaded"

  /// Adds a trial that has been chosen elsewhere.
  func load(_ point: Assignment) throws(SweepError) {
    guard judge.sees() != nil else {
      throw SweepError(
        .input, "trials run, and what they come to must be known first", place: file.name, remedy: "load before the first trial is asked for")
    }
    try start(Suggestion(point, by: Self.loader), from: nil, until: nil)
    decisions += 1
    loaded += 1
    waits = 0
  }

  /// Most of it is as it was at the last decision.
  private func history(_ sees: [(number: Int, version: Int)]) -> History {
    var place = 0
    var pending: [History.Pending] = []
    var next = 1
    for (number, version) in sees {
      while next < number { pend(&next, &pending) }
      next += 1
      while place < outcomes.count, outcomes[place].number < number {
        outcomes.remove(at: place)
        versions.remove(at: place)
      }
      if place == outcomes.count || outcomes[place].number > number {
        outcomes.insert(outcome(of: number), at: place)
        versions.insert(version, at: place)
      } else if versions[place] != version {
        (outcomes[place], versions[place]) = (outcome(of: number), version)
      }
      place += 1
    }
    outcomes.removeSubrange(place...)
    versions.removeSubrange(place...)
    while next <= assignments.count { pend(&next, &pending) }
    return History(outcomes: prior.outcomes.isEmpty ? outcomes : prior.outcomes + outcomes, pending: pending)
  }

  private func pend(_ number: inout Int, _ pending: inout [History.Pending]) {
    pending.append(.init(number: number, assignment: assignments[number - 1]))
    number += 1
  }

  private func outcome(of number: Int) -> History.Outcome {
    let (curve, state, cost) = judge.outcome(of: number)
    let value = sweep.objective.value(of: curve, state).map(sweep.objective.goal.oriented)
    return History.Outcome(
      number: number, assignment: assignments[number - 1], state: state, objectives: [value] + judge.further(of: number, curve, state),
      curve: curve.map(sweep.objective.goal.oriented),
      cost: cost)
  }
}

extension Objective {
  /// What ranks a trial by its curve; nil: nothing does, or it diverged and its last value is none.
  func value(of curve: Curve, _ state: TrialState) -> Double? {
    switch at {
    case .last: state == .diverged ? nil : curve.values.last
    case .best: curve.values.min { goal.oriented($0) < goal.oriented($1) }
    }
  }
}

extension Suggestion {
  /// With what was known when it was made, where that depends on who was faster: "knew 1-9 11".
  fileprivate func knowing(_ numbers: [Int]) -> Suggestion {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers {
      if let last = ranges.last, last.upperBound == number - 1 {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    let known =
      ranges.isEmpty ? "nothing" : ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: " ")
    return Suggestion(point, by: sampler, because: (reason.map { $0 + "; " } ?? "") + "knew \(known)")
  }
}

private enum ProcessorTime {
  /// Seconds that this thread has computed.
  static var ofThread: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

// What runs next: reads waiting trials in windows (so that a million of them fit), has them grouped, and gives out the longest cohort first, or where
// trials are judged by number in that order; takes back what changes hands; and has the search plan more when nothing is left.

import SweepCore
import SweepStore
import Synchronization

/// The cohorts of a sweep that are still to run. Asked by whoever runs them.
// Sendable: all state is in the one Mutex.
final class RunQueue: TrialQueue {
  private struct State {
    /// The next is the last.
    var ready: [Cohort] = []
    /// Running trials that stand still until their verdict is known.
    var undecided: [Trial] = []
    var lastNumber = 0
    var isExhausted = false
    var failure: SweepError?
    var busySlots: Set<Int> = []
    /// When it was last looked for enqueued points; nil: never.
    var lookedAt: ContinuousClock.Instant?
    /// Trials after the window that were taken before their turn.
    var early: Set<Int> = []
  }

  /// How long an enqueued point may wait to be seen.
  private static let patience = Duration.seconds(1)

  /// Trials read and grouped at a time.
  private static let window = 4096

  private let context: RunContext
  private let executor: any TrialExecutor
  private let slots: Int
  private let state = Mutex(State())
  /// nil: every trial is planned.
  private let search: SearchLoop?
  /// Trials that are planned ahead of those that run.
  private let ahead: Int
  private let news: News
  private let reporter: RunReporter
  private let takeEnqueued: (@Sendable () throws(SweepError) -> [TakenTrial])?

  /// - Parameters:
  ///   - search: plans more trials when there are none.
  ///   - parallel: how many a search may have to plan at once.
  ///   - takeEnqueued: makes trials of points that somebody enqueued; nil: the search does.
  init(
    _ context: RunContext, reporter: RunReporter, executor: any TrialExecutor, slots: Int, search: (any TrialSearch)?, parallel: Int, news: News,
    takeEnqueued: (@Sendable () throws(SweepError) -> [TakenTrial])? = nil
  ) {
    self.takeEnqueued = takeEnqueued
    (self.context, self.reporter, self.executor, self.slots, self.news) = (context, reporter, executor, slots, news)
    ahead = max(2 * slots, parallel)
    self.search = search.map {
      SearchLoop($0, isOver: { context.isOver }, onWait: context.tellWait) { news.tell() }
    }
    context.stop.onSet { news.tell() }
  }

  var isStopping: Bool { context.isStopping || context.recorder.failure != nil }
  var isOver: Bool { context.isOver || failure != nil }
  var failure: SweepError? { state.withLock { $0.failure } ?? search?.failure }

  func onNews(_ tell: @escaping @Sendable () -> Void) { news.add(tell) }

  func verdict(on trial: Trial) -> Verdict {
    let verdict = context.judge.verdict(on: trial)
    if case .prune = verdict { return verdict }
    return isStopping ? .interrupt : verdict
  }

  func next(slot: Int) -> Work {
    if state.withLock({ $0.busySlots.remove(slot) }) != nil { context.observer.observe(.left(worker: slot)) }
    if isStopping || failure != nil { return .none }
    while true {
      let work = state.withLock { state in
        do throws(SweepError) { return try next(&state) } catch {
          (state.failure, state.isExhausted) = (error, true)
          return Work.none
        }
      }
      guard case .cohort(let found) = work else { return work }
      let cohort = withoutStopped(found)
      if cohort.trials.isEmpty { continue }
      state.withLock { _ = $0.busySlots.insert(slot) }
      context.observer.observe(.started(cohort: cohort, worker: slot))
      return .cohort(cohort)
    }
  }

  /// Ends trials that an earlier attempt has reported enough of to know that they are stopped: there is nothing to run.
  private func withoutStopped(_ cohort: Cohort) -> Cohort {
    guard context.judge.needsOrder, !cohort.isRunning else { return cohort }
    return Cohort(
      cohort.trials.filter { trial in
        guard case .prune(let epoch) = context.judge.verdict(on: trial) else { return true }
        // What keeps it from being recorded is in the recorder.
        _ = try? reporter.report(.ended(.pruned(afterEpoch: epoch)), of: trial)
        return false
      }, cost: cohort.cost)
  }

  private func next(_ state: inout State) throws(SweepError) -> Work {
    let decided = state.undecided.map { (trial: $0, verdict: context.judge.verdict(on: $0)) }.filter { $0.verdict != .wait }
    if !decided.isEmpty {
      state.undecided.removeAll { trial in decided.contains { $0.trial.id == trial.id } }
      // Of those that are to stop, the end has been told when it was decided.
      let going = decided.filter { $0.verdict == .proceed }.map(\.trial)
      state.ready += executor.cohorts(of: going, slots: slots).map { Cohort($0.trials, cost: $0.cost, isRunning: true) }
    }
    // Where nothing more is started, those that run go on nevertheless.
    let isOver = context.isOver
    if !isOver {
      try readOn(&state)
      let isLast = state.ready.isEmpty && (search?.isExhausted ?? true)
      if isLast || state.lookedAt.map({ .now - $0 >= Self.patience }) ?? true {
        try lookForEnqueued(&state)
        try readOn(&state)
      }
    }
    if let place = state.ready.lastIndex(where: { $0.isRunning || !isOver }) {
      var cohort = state.ready.remove(at: place)
      for (index, trial) in cohort.trials.enumerated() where trial.completedEpochs > 0 && trial.checkpoint == nil {
        cohort.trials[index].checkpoint = try context.patiently { () throws(SweepError) in try context.store.checkpoint(of: trial.id) }
      }
      return .cohort(cohort)
    }
    guard let search, !isOver else { return .none }
    let isExhausted = search.isExhausted
    // What it has planned since the window was read is there before it says that it is exhausted.
    let resumed = search.takeResumed()
    let hasMore = if isExhausted { try readWindow(&state) } else { false }
    if hasMore || !resumed.isEmpty {
      let trials = try context.patiently { () throws(SweepError) in
        try resumed.isEmpty ? [] : context.store.waiting(sweepID: context.sweep.id, numbers: resumed)
      }
      state.ready += executor.cohorts(of: trials, slots: slots).reversed()
      if !state.ready.isEmpty { return try next(&state) }
    }
    if isExhausted { return .none }
    search.want(ahead)
    return .wait
  }

  func giveBack(_ cohort: Cohort) {
    state.withLock { state in
      // Those who stand still are taken up again when they go on, together.
      let undecided = cohort.trials.filter { context.judge.verdict(on: $0) == .wait }
      state.undecided += undecided
      context.judge.hold(undecided)
      let others = cohort.trials.filter { trial in !undecided.contains { $0.id == trial.id } }
      if !others.isEmpty {
        state.ready.append(Cohort(others, cost: cohort.cost * Double(others.count) / Double(cohort.trials.count), isRunning: true))
      }
    }
    // It may have been decided since they were told to wait. What keeps their ends from being recorded is in the recorder.
    try? reporter.settle()
    news.tell()
  }

  func runAlone(_ cohort: Cohort) throws {
    try context.recorder.flush()
    let left = try context.store.takeBack(cohort.trials)
    let cost = cohort.cost / Double(max(1, cohort.trials.count))
    state.withLock { $0.ready += left.reversed().map { Cohort([$0], cost: cost) } }
    news.tell()
  }

  /// The cost of the first `trials` trials, told from the first window. Call it before `next`.
  func expectedWork(of trials: Int) -> Double {
    state.withLock { state in
      do throws(SweepError) { try readWindow(&state) } catch { state.failure = error }
      let read = state.ready.reduce(0) { $0 + $1.trials.count }
      return state.ready.reduce(0) { $0 + $1.cost } * (read > 0 ? Double(trials) / Double(read) : 0)
    }
  }

  /// Reads what waits, where nothing is ready.
  private func readOn(_ state: inout State) throws(SweepError) {
    // Of a window there may be nothing left: all of it was taken before its turn.
    while state.ready.isEmpty, !state.isExhausted, try readWindow(&state), search == nil {}
  }

  /// - Returns: whether there was any trial.
  @discardableResult private func readWindow(_ state: inout State) throws(SweepError) -> Bool {
    let after = state.lastNumber
    var trials = try context.patiently { () throws(SweepError) in
      try context.store.waiting(sweepID: context.sweep.id, after: after, limit: Self.window)
    }
    // A search may plan more, and have earlier trials go on.
    if search == nil { state.isExhausted = trials.count < Self.window }
    state.lastNumber = trials.last?.number ?? state.lastNumber
    let hasAny = !trials.isEmpty
    trials.removeAll { state.early.remove($0.number) != nil }
    let cohorts = executor.cohorts(of: trials, slots: slots)
    state.ready =
      context.judge.needsOrder
      ? cohorts.sorted { ($0.trials.map(\.number).min() ?? 0) > ($1.trials.map(\.number).min() ?? 0) }
      // The longest is taken from the end; of equals the first comes first.
      : cohorts.reversed().sorted { $0.cost < $1.cost }
    return hasAny
  }

  /// Makes trials of points that were enqueued, and has them come next. Where trials are judged by number they come in their turn.
  private func lookForEnqueued(_ state: inout State) throws(SweepError) {
    guard let takeEnqueued else { return }
    let isFirst = state.lookedAt == nil
    state.lookedAt = .now
    let taken = try context.patiently(takeEnqueued)
    guard isFirst || !taken.isEmpty else { return }
    let last = state.lastNumber
    if search == nil, taken.contains(where: { $0.number > last }) { state.isExhausted = false }
    let back = Set(taken.filter { $0.wasUnplanned && $0.number <= last }.map(\.number))
    let inOrder = context.judge.needsOrder
    let trials = try context.patiently { () throws(SweepError) in try context.store.waitingEnqueued(sweepID: context.sweep.id) }
    // Of those that the window has passed, what is not ready is with a worker.
    let ready = Set(state.ready.flatMap { $0.isRunning ? [] : $0.trials.map(\.number) })
    let next = trials.filter { trial in
      let isAhead = trial.number > last ? !state.early.contains(trial.number) : ready.contains(trial.number)
      return back.contains(trial.number) || !inOrder && isAhead
    }
    if next.isEmpty { return }
    let numbers = Set(next.map(\.number))
    state.early.formUnion(numbers.filter { $0 > last })
    state.ready = state.ready.compactMap { cohort in
      guard !cohort.isRunning, cohort.trials.contains(where: { numbers.contains($0.number) }) else { return cohort }
      let others = cohort.trials.filter { !numbers.contains($0.number) }
      return others.isEmpty ? nil : Cohort(others, cost: cohort.cost * Double(others.count) / Double(cohort.trials.count))
    }
    state.ready += executor.cohorts(of: next, slots: slots).reversed()
  }
}

/// Who is told when something may have changed.
// Sendable: all state is in the one Mutex.
final class News: Sendable {
  private let listeners = Mutex<[@Sendable () -> Void]>([])

  func add(_ listener: @escaping @Sendable () -> Void) { listeners.withLock { $0.append(listener) } }
  func tell() { for listener in listeners.withLock({ $0 }) { listener() } }
}

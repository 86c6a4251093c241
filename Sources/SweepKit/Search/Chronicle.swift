// What a search may know, and when: the one pure value behind decisions and early stopping. Told of reports and ends in whatever order they arrive,
// it answers by numbers and virtual time alone, so that one worker, eight, a cluster and any kill give the same trials, verdicts and numbers.

import SweepCore
import SweepSearch

/// The rule of what is known (docs/adr/0013).
///
/// *Verdicts.* Trial n at a rung is judged against the values there of exactly the trials m < n that reached it. No clock occurs in it.
///
/// *Decisions.* The search is planned as if `parallel` workers ran, V of them, each epoch of trial n costing c_n: of a heap of (virtual end, decision),
/// at first V times 0, decision d pops the least (t, k) and begins there. It sees the outcomes of all decisions up to (t, k); all others are pending.
/// A trial takes c_n times the epochs to the decision point at which it ends: a rung of the pruner or its planned epochs. One that ends by itself counts to
/// the next of them, so that it is known one rung ahead how long it takes.
package struct Chronicle {
  /// What is known of a trial.
  private struct Record {
    var curve = Curve()
    /// Epochs it is planned for; nil: that is not known.
    var planned: Int?
    var cost = 1.0
    /// How it ended by itself, or by the word of the database.
    var end: TrialState?
    /// That of a trial which had ended before: it is not judged again.
    var isFact = false
    /// Rungs at which it has been judged.
    var judged = 0
    /// Where it was stopped.
    var stop: (rung: Int, epoch: Int)?
    /// Counts what has changed of it.
    var version = 0
  }

  /// A part of a trial that occupies a virtual worker.
  private struct Segment {
    let decision: Int
    let trial: Int
    let start: Double
    let from: Int
    let until: Int?
  }

  private struct Rung {
    let values: Int
    /// The least number that has not been judged there, nor is known not to come.
    var frontier = 1
    /// Of those before the frontier that reached it, ascending.
    var sorted: [Double] = []
    /// By number.
    var reached: [(number: Int, value: Double)] = []
  }

  private let pruner: any Pruner
  private let goal: Objective.Goal
  private let parallel: Int
  /// Whether ends at one virtual moment are seen together, so that trials of equal cost come in batches, which can be trained as one cohort.
  private let seesTiesTogether: Bool
  /// Where decisions go by arrival, how many trials may run at once: each sees whatever has ended, and no virtual time passes. nil: they do not.
  private let arrivalSlots: Int?

  /// By number − 1.
  private var records: [Record] = []
  private var rungs: [Rung] = []
  /// Whether the pruner has no rungs beyond these.
  private var hasAllRungs = false
  private var occupied: [Segment] = []
  /// By number, each once.
  private var seen: [Int] = []
  private var decisions = 0
  /// The virtual moment of the last decision.
  private var now = 0.0
  /// Whether the search has said that it waits for the next end.
  private var waitsForMore = false
  /// Of the next decision, once it is known.
  private var next: (time: Double, freed: Int?, sees: [Int])?

  package init(_ pruner: any Pruner = NoPruner(), goal: Objective.Goal, parallel: Int = 8, seesTiesTogether: Bool = false, arrivalSlots: Int? = nil) {
    (self.pruner, self.goal, self.parallel, self.seesTiesTogether) = (pruner, goal, parallel, seesTiesTogether)
    self.arrivalSlots = arrivalSlots
  }

  package var count: Int { records.count }

  // MARK: what happened

  /// A trial has been planned.
  /// - Parameters:
  ///   - number: the next one.
  ///   - epochs: that it will run; nil: only the trial knows.
  ///   - cost: of an epoch, above 0.
  package mutating func planned(_ number: Int, epochs: Int?, cost: Double = 1) { recalled(number, epochs: epochs, cost: cost) }

  /// A trial is known from before. When all of them are, `settle` decides what they decide.
  /// - Parameters:
  ///   - number: the next one.
  ///   - curve: the values that it has reported.
  ///   - end: how it has ended.
  ///   - isFact: whether that stands: what was decided then is not decided again.
  package mutating func recalled(
    _ number: Int, epochs: Int?, cost: Double, curve: [(epoch: Int, value: Double)] = [], end: TrialState? = nil, isFact: Bool = false
  ) {
    precondition(number == records.count + 1, "trials are planned in the order of their numbers")
    var record = Record()
    (record.planned, record.cost, record.end, record.isFact) = (epochs, cost, end, isFact)
    for point in curve { record.curve.add(goal.oriented(point.value), epoch: point.epoch) }
    makeRungs(upTo: record.curve.count)
    records.append(record)
  }

  /// Decides what can be decided by what was recalled.
  package mutating func settle() { judge(from: 0) }

  /// A trial starts anew: what it reported before does not count.
  package mutating func restarted(_ number: Int) {
    records[number - 1].curve = Curve()
    records[number - 1].version += 1
  }

  /// What a trial reported after an epoch does not count. Where it was judged by that, it is not judged again.
  package mutating func withdrawn(_ number: Int, after epoch: Int) {
    records[number - 1].curve.cut(after: epoch)
    records[number - 1].version += 1
  }

  /// A trial that had ended runs again.
  package mutating func reopened(_ number: Int) {
    (records[number - 1].end, records[number - 1].isFact) = (nil, false)
    records[number - 1].version += 1
  }

  /// Adds a value of the objective.
  package mutating func reported(_ number: Int, epoch: Int, value: Double) {
    records[number - 1].curve.add(goal.oriented(value), epoch: epoch)
    records[number - 1].version += 1
    let count = records[number - 1].curve.count
    makeRungs(upTo: count)
    guard let place = rungs.lastIndex(where: { $0.values <= count }), rungs[place].values == count else { return }
    if rungs[place].frontier > number { judgeLate(number, at: place) } else { judge(from: place) }
  }

  /// A trial has ended.
  package mutating func ended(_ number: Int, _ state: TrialState) {
    records[number - 1].end = state
    records[number - 1].version += 1
    judge(from: 0)
  }

  // MARK: verdicts

  /// What a trial is told after what it has reported so far.
  package func verdict(on number: Int) -> Verdict {
    let record = records[number - 1]
    if let stop = record.stop { return .prune(afterEpoch: stop.epoch) }
    return record.judged < rungs.prefix(while: { $0.values <= record.curve.count }).count && !record.isFact ? .wait : .proceed
  }

  private mutating func makeRungs(upTo values: Int) {
    while !hasAllRungs, rungs.last.map({ $0.values < values }) ?? true {
      let last = rungs.last?.values ?? 0
      guard let next = pruner.rung(after: last), next > last else { return hasAllRungs = true }
      rungs.append(Rung(values: next))
    }
  }

  /// Moves the frontiers as far as they go. What is decided at a rung lets the next one go on.
  private mutating func judge(from first: Int) {
    for place in rungs.indices.dropFirst(first) {
      while rungs[place].frontier <= records.count, pass(rungs[place].frontier, at: place) { rungs[place].frontier += 1 }
    }
  }

  /// Judges a trial at the frontier of a rung.
  /// - Returns: false: it may still come there.
  private mutating func pass(_ number: Int, at place: Int) -> Bool {
    let record = records[number - 1]
    let rung = rungs[place].values
    if record.stop != nil { return true }
    if record.judged < place, !record.isFact, record.curve.count >= rungs[place - 1].values { return false }  // is it stopped before?
    if record.curve.count < rung { return record.end != nil }
    enter(number, at: place)
    let rivals = rungs[place].sorted
    conclude(number, at: place, among: rivals)
    return true
  }

  /// Judges a trial that comes when those after it have been judged: it had failed and runs again.
  private mutating func judgeLate(_ number: Int, at place: Int) {
    guard records[number - 1].judged <= place, records[number - 1].stop == nil else { return }
    let rung = rungs[place].values
    let own = records[number - 1].curve.values[rung - 1]
    let rivals = rungs[place].reached.filter { $0.number < number }.map(\.value) + [own]
    enter(number, at: place)
    conclude(number, at: place, among: rivals.sorted())
  }

  private mutating func enter(_ number: Int, at place: Int) {
    let value = records[number - 1].curve.values[rungs[place].values - 1]
    let position = rungs[place].sorted.partitioningIndex { $0 >= value }
    rungs[place].sorted.insert(value, at: position)
    rungs[place].reached.append((number, value))
  }

  private mutating func conclude(_ number: Int, at place: Int, among rivals: [Double]) {
    let record = records[number - 1]
    let rung = rungs[place].values
    records[number - 1].judged = place + 1
    // What was stopped here before a kill has left its virtual worker here.
    let wasStopped = record.isFact && record.end == .pruned && record.curve.count == rung
    guard
      wasStopped
        || !record.isFact && !hasFinished(record, at: rung)
          && pruner.stops(Array(record.curve.values.prefix(rung)), at: rung, among: rivals)
    else { return }
    records[number - 1].stop = (rung, record.curve.epochs[rung - 1])
    records[number - 1].version += 1
  }

  /// Whether a trial is at its end where it has reported so much: what is finished is not stopped. A program may count its epochs from 0, or report more
  /// than once in each.
  private func hasFinished(_ record: Record, at rung: Int) -> Bool {
    guard let planned = record.planned, let first = record.curve.epochs.first else { return false }
    return rung >= planned && record.curve.epochs[rung - 1] - min(first, 1) + 1 >= planned
  }

  // MARK: decisions

  /// The trials whose outcomes the next decision sees, by number; nil: not known yet.
  package mutating func sees() -> [Int]? {
    if let next { return next.sees }
    if let arrivalSlots { return arrived(slots: arrivalSlots) }
    guard occupied.count >= parallel || waitsForMore else {
      next = (now, nil, visible(ended: []))
      return next?.sees
    }
    let bounds = occupied.map(bound)
    guard let least = bounds.indices.min(by: { (bounds[$0].time, occupied[$0].decision) < (bounds[$1].time, occupied[$1].decision) }),
      bounds[least].isOver
    else { return nil }
    let time = bounds[least].time
    var ended: Set = [least]
    if seesTiesTogether {
      for (place, bound) in bounds.enumerated() where place != least && bound.time <= time {
        guard bound.isOver else { return nil }
        ended.insert(place)
      }
    }
    next = (max(time, now), least, visible(ended: ended))
    return next?.sees
  }

  /// Whatever has ended; nil: as many run as there are slots.
  private mutating func arrived(slots: Int) -> [Int]? {
    for place in occupied.indices.reversed() where bound(of: occupied[place]).isOver { seen.enter(occupied.remove(at: place).trial) }
    guard occupied.count < slots else { return nil }
    next = (now, nil, visible(ended: []))
    return next?.sees
  }

  /// By number; one that was paused and runs again is pending again.
  private func visible(ended: Set<Int>) -> [Int] {
    var visible = seen
    for place in occupied.indices where ended.contains(place) { visible.enter(occupied[place].trial) }
    for place in occupied.indices where !ended.contains(place) { visible.leave(occupied[place].trial) }
    return visible
  }

  /// A decision was made: a trial runs from an epoch on, up to another or its end.
  /// - Precondition: `sees` had an answer.
  package mutating func decided(trial: Int, from: Int = 0, until: Int? = nil) {
    passNext()
    decisions += 1
    waitsForMore = false
    occupied.append(Segment(decision: decisions, trial: trial, start: now, from: from, until: until))
  }

  /// The search decides nothing by what it sees: a virtual worker stays free until the next end.
  /// - Precondition: `sees` had an answer.
  /// - Returns: whether there is another to come.
  package mutating func waited() -> Bool {
    passNext()
    waitsForMore = !occupied.isEmpty
    return waitsForMore
  }

  private mutating func passNext() {
    guard let next else { preconditionFailure("a decision sees something") }
    if let freed = next.freed { seen.enter(occupied.remove(at: freed).trial) }
    now = next.time
    self.next = nil
  }

  /// The virtual moment before which a segment does not end, and whether it has ended then.
  private func bound(of segment: Segment) -> (time: Double, isOver: Bool) {
    let record = records[segment.trial - 1]
    func time(_ point: Int) -> Double { segment.start + record.cost * Double(max(0, point - segment.from)) }
    if let stop = record.stop { return (time(stop.rung), true) }
    let isDecided = verdict(on: segment.trial) != .wait
    let passed = record.judged > 0 ? rungs[record.judged - 1].values : 0
    let isOver = isDecided && (record.end != nil || segment.until.map { record.curve.epochs.last ?? 0 >= $0 } ?? false)
    let last = [record.planned, segment.until].compactMap { $0 }.min()
    // One that ended by itself counts to the next point after what it has reported.
    let reached = record.end != nil && isDecided ? max(passed, record.curve.count - 1) : passed
    guard let rung = pruner.rung(after: reached), last.map({ rung < $0 }) ?? true else { return (time(last ?? passed + 1), isOver) }
    return (time(rung), isOver)
  }

  // MARK: what is known of trials

  /// Counts what has changed of a trial: as long as it stays the same, so does the outcome.
  package func version(of number: Int) -> Int { records[number - 1].version }

  /// The curve of a trial, as reported, up to where it was stopped; and its state.
  package func outcome(of number: Int) -> (curve: Curve, state: TrialState, cost: Double) {
    let record = records[number - 1]
    var curve = Curve()
    for (epoch, value) in zip(record.curve.epochs, record.curve.values) where record.stop.map({ epoch <= $0.epoch }) ?? true {
      curve.add(goal.oriented(value), epoch: epoch)
    }
    return (curve, record.stop != nil ? .pruned : record.end ?? .paused, record.cost)
  }
}

extension Array {
  /// The first place of an ascending list from which on a condition holds.
  func partitioningIndex(_ holds: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension [Int] {
  /// Adds a number to an ascending list that has each once; at its end in constant time.
  fileprivate mutating func enter(_ number: Int) {
    let place = last.map { $0 < number } ?? true ? count : partitioningIndex { $0 >= number }
    if place == count || self[place] != number { insert(number, at: place) }
  }

  fileprivate mutating func leave(_ number: Int) {
    let place = partitioningIndex { $0 >= number }
    if place < count, self[place] == number { remove(at: place) }
  }
}

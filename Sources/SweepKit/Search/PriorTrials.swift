// `prior:` of a sweep file: what trials of other sweeps came to, as the history of one that learns begins with it. What ended after this sweep was
// planned does not count, so that it goes on the same whenever it does.

import SweepCore
import SweepSearch
import SweepStore

/// The trials from which a sweep starts.
struct PriorTrials: Sendable {
  /// Numbered 0 and below: those of the newest sweep come last, and of each the highest numbers. Their points are points of this sweep's space, and
  /// smaller values are better by its goal.
  let outcomes: [History.Outcome]
  /// What is known of each sweep, and what was left out, in sentences.
  let notes: [String]

  /// - Parameters:
  ///   - file: whose space the points are to be of, and whose cost is declared.
  ///   - sweep: before whose plan they ended.
  init(_ file: SweepFile, sweep: SweepRecord, in store: Store) throws(SweepError) {
    var found: [(assignment: Assignment, state: TrialState, values: [Double?], curve: Curve, cost: Double)] = []
    var notes: [String] = []
    for prior in try Self.sweeps(file, in: store) {
      // By the metric of this sweep, whatever the other is ranked by now.
      var curves = try store.curves(prior.ranked(by: sweep.objective))[...]
      var further = FurtherObjectives(sweep.objectives)
      try further.read(prior, in: store)
      var left: [(why: String, count: Int)] = []
      let ended = try store.ended(prior, upTo: sweep.createdAt)
      for trial in ended {
        var curve = Curve()
        while let first = curves.first, first.number <= trial.number {
          if first.number == trial.number { for point in first.epochs { curve.add(point.value, epoch: point.epoch) } }
          curves.removeFirst()
        }
        let given = Dictionary(zip(trial.assignment.names, trial.assignment.values)) { $1 }
        switch try file.space.fitted(given, isLenient: true) {
        case .success(let point):
          let first = sweep.objective.value(of: curve, trial.state).map(sweep.objective.goal.oriented)
          let values = [first] + further.values(of: trial.number, at: trial.state, curve)
          found.append((point, trial.state, values, curve, try file.cost(of: point)))
        case .failure(let problem):
          let place = left.firstIndex { $0.why == problem.summary } ?? left.endIndex
          if place == left.endIndex { left.append((problem.summary, 0)) }
          left[place].count += 1
        }
      }
      let count = left.reduce(0) { $0 + $1.count }
      let reasons = left.map { "\($0.count) \($0.why)" }.joined(separator: ", ")
      notes.append(
        "prior '\(prior.name)': \(counted(ended.count - count, "trial")) known" + (count > 0 ? ", \(count) left out (\(reasons))" : "")
          + (ended.isEmpty ? ": none had ended when '\(sweep.name)' was planned" : ""))
    }
    outcomes = found.enumerated().map { place, trial in
      History.Outcome(
        number: place + 1 - found.count, assignment: trial.assignment, state: trial.state,
        objectives: trial.values, curve: trial.curve.map(sweep.objective.goal.oriented), cost: trial.cost)
    }
    self.notes = notes
  }

  /// Whether a new sweep can start from what its file names.
  /// - Throws: where a sweep is not there, is the sweep itself, has another metric, or runs: what it has found is not known then.
  static func check(_ file: SweepFile, in store: Store) throws(SweepError) {
    for prior in try sweeps(file, in: store) {
      guard prior.objective.metric == file.objective.metric else {
        throw SweepError(
          .input, "the prior sweep '\(prior.name)' is about \(prior.objective.metric), and '\(file.name)' about \(file.objective.metric)",
          place: "prior", remedy: "name sweeps with the same metric, or remove it")
      }
      let measured = try store.metrics(sweepID: prior.id)
      for objective in file.objectives.dropFirst() where !measured.contains(objective.metric) {
        throw SweepError(
          .input, "no trial of the prior sweep '\(prior.name)' has reported \(objective.metric), an objective of '\(file.name)'", place: "prior",
          remedy: "name sweeps in which all objectives were measured, or remove it")
      }
      if RunnerLock.isHeld(database: store.path, sweep: prior.name) {
        throw SweepError(
          .busy, "the prior sweep '\(prior.name)' is being run: what is known of it would change", place: "prior",
          remedy: "wait for it to end, or stop it; it can go on afterwards")
      }
    }
  }

  /// Those that the file names, the oldest first.
  private static func sweeps(_ file: SweepFile, in store: Store) throws(SweepError) -> [SweepRecord] {
    if file.prior.isEmpty { return [] }
    if file.prior.contains(file.name) {
      throw SweepError(
        .input, "prior names the sweep '\(file.name)' itself", place: "prior", remedy: "what it has found is known to it: name another")
    }
    let all = try store.sweeps()
    for name in file.prior where !all.contains(where: { $0.name == name }) {
      let known = all.map(\.name).filter { $0 != file.name }
      throw SweepError(.input, .unknown("sweep", name, known: known.isEmpty ? ["none yet"] : known, place: "prior of '\(file.name)'"))
    }
    return all.filter { file.prior.contains($0.name) }.sorted { $0.id < $1.id }
  }
}

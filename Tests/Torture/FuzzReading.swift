// Asks a database, which may be damaged, everything that the store can answer, and goes on where an answer is refused.
// Under the target `databases`. It writes nothing.

import SweepCore
import SweepKit
import SweepStore

struct FuzzReading {
  /// Questions that were refused.
  private(set) var refusals = 0

  /// - Throws: what is no refusal.
  init(_ path: String) throws {
    guard let store = try answer({ try Store.openReadOnly(path) }) else { return }
    _ = try answer { try store.check { _ in true } }
    let sweeps = try answer { try store.sweeps() } ?? []
    _ = try answer { try store.sweep(named: nil) }
    _ = try unlessRefused { try store.sweep(named: "exampel") }  // there is none
    for orFailed in [false, true] { _ = try answer { try store.newestUnfinished(orFailed: orFailed) } }
    for sweep in sweeps.prefix(3) { try ask(store, of: sweep) }
    for id in [1, 7, .max] as [Int64] { try ask(store, of: Trial.ID(rawValue: id)) }
    for relation in try answer({ try store.relations() }) ?? [] {
      let name = relation.name.replacing("\"", with: "\"\"")
      _ = try answer { try store.query("SELECT * FROM \"\(name)\" LIMIT 50", timeout: 1) { _, forEachRow in try forEachRow { _ in } } }
    }
    _ = try answer { try store.close() }
  }

  private mutating func ask(_ store: Store, of sweep: SweepRecord) throws {
    _ = try unlessRefused { try SweepFile(definition: sweep.definition) }  // that of the small database is none
    _ = store.trialFolder(of: sweep)
    _ = try answer { try store.counts(sweepID: sweep.id) }
    _ = try answer { try store.metrics(sweepID: sweep.id) }
    _ = try answer { try store.curves(sweep) }
    let ranked = try answer { try store.ranking(sweep, all: true) } ?? []
    _ = try answer { try store.ranking(sweep, limit: 3) }
    for split in ["validation", "test"] { _ = try answer { try store.answers(sweep, split: split) } }
    let waiting = try answer { try store.waiting(sweepID: sweep.id, after: 0, limit: 50) } ?? []
    var trials = ranked.prefix(5).map(\.trial.id) + waiting.prefix(2).map(\.id)
    for state in TrialState.allCases {
      trials += (try answer { try store.trials(sweepID: sweep.id, state: state, limit: 20) } ?? []).prefix(2).map(\.id)
    }
    for number in [1, 5, Int.max] { _ = try answer { try store.trial(number, sweepID: sweep.id) } }
    for trial in Set(trials).sorted(by: { $0.rawValue < $1.rawValue }) { try ask(store, of: trial) }
  }

  private mutating func ask(_ store: Store, of trial: Trial.ID) throws {
    _ = try answer { try store.epochs(of: trial) }
    _ = try answer { try store.attempts(of: trial) }
    _ = try answer { try store.model(of: trial) }
    _ = try answer { try store.checkpoint(of: trial) }
    for split in ["validation", "test"] { _ = try answer { try store.predictions(of: trial, split: split) } }
  }

  /// nil where the question was refused.
  private mutating func answer<Value>(_ question: () throws -> Value) throws -> Value? {
    guard let value = try unlessRefused(question) else {
      refusals += 1
      return nil
    }
    return value
  }
}

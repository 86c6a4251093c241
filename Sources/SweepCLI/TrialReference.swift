// How a command line names a trial: its number, or "best", after the sweep's name where it is another than the command's.

import ArgumentParser
import SweepCore
import SweepKit
import SweepStore

/// "7", "best", "table1:7" or "table1:best".
struct TrialReference: ExpressibleByArgument {
  let sweep: String?
  /// nil: the best.
  let number: Int?

  static let best = TrialReference(sweep: nil, number: nil)

  /// As the help shows a default.
  var defaultValueDescription: String { (sweep.map { "\($0):" } ?? "") + (number.map(String.init) ?? "best") }

  private init(sweep: String?, number: Int?) { (self.sweep, self.number) = (sweep, number) }

  init?(argument: String) {
    let colon = argument.lastIndex(of: ":")
    let trial = colon.map { String(argument[argument.index(after: $0)...]) } ?? argument
    sweep = colon.map { String(argument[..<$0]) }
    number = Int(trial)
    if number == nil, trial != "best" { return nil }
  }

  /// The trial, with its sweep.
  /// - Parameters:
  ///   - name: the sweep to look in where the reference names none; nil: the newest.
  ///   - ranked: the sweep as the best is chosen by.
  func found(
    in store: Store, sweep name: String?, by ranked: (SweepRecord) throws(SweepError) -> SweepRecord = { $0 }
  ) throws(SweepError) -> FoundTrial {
    let record = try ranked(try store.sweep(named: sweep ?? name))
    guard let number else {
      guard let best = try store.ranking(record, limit: 1).first?.trial else {
        throw try record.nothingComplete(in: store)
      }
      return FoundTrial(sweep: record, trial: best)
    }
    guard let trial = try store.trial(number, sweepID: record.id) else {
      let total = try store.counts(sweepID: record.id).total
      throw SweepError(.input, "the sweep '\(record.name)' has no trial \(number)", place: store.path, remedy: "its trials are 1 to \(total)")
    }
    return FoundTrial(sweep: record, trial: trial)
  }
}

extension SweepRecord {
  /// Why there is nothing to show of a sweep without a complete trial.
  func nothingComplete(in store: Store) throws(SweepError) -> SweepError {
    let counts = try store.counts(sweepID: id)
    let isOver = counts.toRun + counts[.running] == 0
    let what = counts[.complete] > 0 ? "complete trial that reported \(objective.metric)" : "complete trial"
    return SweepError(
      .input, "the sweep '\(name)' has no \(what)\(isOver ? counts.notRanked.map { ": \($0)" } ?? "" : " yet")", place: store.path,
      remedy: isOver ? "'sweep status \(name)' says why; 'sweep plot curves NUMBER' shows one" : "wait for one, or go on with 'sweep resume \(name)'")
  }
}

struct FoundTrial {
  let sweep: SweepRecord
  let trial: TrialRecord

  var name: String { "\(sweep.name):\(trial.number)" }

  /// - Throws: where they are not kept, with what to do about it.
  func predictions(_ split: String, in store: Store) throws(SweepError) -> Predictions {
    if let found = try store.predictions(of: trial.id, split: split) { return found }
    let trainer = try sweep.file.trainer
    if try Registry<TrainerEntry>.builtin()[trainer]?.evaluate == nil {
      throw SweepError(.input, "trials of '\(trainer)' answer no images", place: store.path, remedy: "name a trial of another trainer")
    }
    throw SweepError(
      .input, "no answers of trial \(name) to the \(split) images are kept", place: store.path,
      remedy: trial.state == .complete
        ? "set 'keep_predictions: all' in its sweep file and run it under another --name; by default those of the best 1000 trials are kept"
        : "the trial is \(trial.state.rawValue); a complete one has them")
  }
}

struct SplitOption: ParsableArguments {
  @Option(help: "The images: validation or test.", completion: .list(["validation", "test"])) var split = "test"

  func validate() throws {
    guard ["validation", "test"].contains(split) else {
      throw ValidationError(Diagnostic.unknown("split", split, known: ["validation", "test"]).description)
    }
  }
}

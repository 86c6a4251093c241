// `sweep predict`, `sweep eval` and `sweep classes`: what trials answered, image by image and class by class, and what a kept model gives.

import ArgumentParser
import SweepCore
import SweepKit
import SweepReport
import SweepStore

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Print a trial's answer to every image of a split.",
    discussion: """
      From the answers that are kept ('keep_predictions' in the sweep file), or with --recompute from the kept model ('keep_models') and the data.

      EXAMPLE
        sweep predict best --format csv > answers.csv
        sweep predict quickstart:8 --split validation --recompute
      """)

  @Argument(help: "The trial: its number or 'best', or SWEEP:NUMBER.") var trial: TrialReference = .best
  @Option(help: "The sweep's name (default: the newest).") var sweep: String?
  @Flag(help: "Compute the answers from the kept model.") var recompute = false
  @OptionGroup var split: SplitOption
  @OptionGroup var database: DatabaseOption
  @OptionGroup var format: FormatOption

  func run() throws {
    let store = try database.reading()
    let found = try trial.found(in: store, sweep: sweep)
    let answers =
      try recompute ? KeptModel(of: found, in: store).evaluation(on: split.split).predictions : found.predictions(split.split, in: store)
    let correct = answers.correct
    let classes = answers.split.classes
    try format.print(
      Table(columns: [.init("image"), .init("label"), .init("predicted"), .init("correct"), .init("probability", format: Table.rounded)]) { visit in
        for index in answers.predicted.indices {
          try visit([
            .integer(index), .text(classes[Int(answers.split.labels[index])]), .text(classes[Int(answers.predicted[index])]), .bool(correct[index]),
            .real(Predictions.value(answers.probability[index])),
          ])
        }
      })
    Terminal.error("\(found.name), \(answers.split.source): \(correct.ones) of \(correct.count) correct; probability is that given to the label")
  }
}

struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval", abstract: "Compute a kept model's loss and accuracy on the data again.",
    discussion: """
      The best model of a sweep is kept, others where its file says so ('keep_models').

      EXAMPLE
        sweep eval
        sweep eval quickstart:8 --split train --split test
      """)

  @Argument(help: "The trial: its number or 'best', or SWEEP:NUMBER.") var trial: TrialReference = .best
  @Option(help: "The sweep's name (default: the newest).") var sweep: String?
  @Option(help: "train, validation or test; may be repeated (default: all three).") var split: [String] = []
  @OptionGroup var database: DatabaseOption
  @OptionGroup var format: FormatOption

  func run() throws {
    let store = try database.reading()
    let found = try trial.found(in: store, sweep: sweep)
    let model = try KeptModel(of: found, in: store)
    let results = try (split.isEmpty ? ["train", "validation", "test"] : split).map { ($0, try model.evaluation(on: $0)) }
    let names = results.first?.1.metrics.map(\.name) ?? []
    try format.print(
      Table(
        columns: [.init("split"), .init("images")] + names.map { .init($0, format: Table.rounded) },
        rows: results.map { name, result in
          [.text(name), .integer(result.predictions.predicted.count)] + result.metrics.map { .real($0.value) }
        }))
    Terminal.error("\(found.name), the model after epoch \(model.epoch)")
  }
}

struct ClassesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classes", abstract: "Show which classes the rightly and the wrongly labelled images of trials belong to.",
    discussion: """
      Two columns for each trial: the share of each class among the correctly and among the incorrectly labelled images. Each column sums to 1.

      EXAMPLE
        sweep classes
        sweep classes table1:best multiple-bce:best --split test
      """)

  @Argument(help: "Trials: numbers or 'best', or SWEEP:NUMBER (default: the best).") var trials: [TrialReference] = []
  @Option(help: "The sweep's name (default: the newest).") var sweep: String?
  @OptionGroup var split: SplitOption
  @OptionGroup var database: DatabaseOption
  @OptionGroup var format: FormatOption

  func run() throws {
    let store = try database.reading()
    let shares = try (trials.isEmpty ? [.best] : trials).map { reference in
      let found = try reference.found(in: store, sweep: sweep)
      return (found.name, ClassShares(try found.predictions(split.split, in: store)))
    }
    guard Set(shares.map(\.1.classes)).count == 1 else {
      throw SweepError(.input, "the trials answered images of different classes", remedy: "name trials of one data set")
    }
    try format.print(ClassShares.table(shares))
  }
}

/// A trial's model with what can evaluate it.
private struct KeptModel {
  private let assignment: Assignment
  private let model: Checkpoint
  private let evaluate: (Assignment, Checkpoint, String) throws(SweepError) -> ModelEvaluation
  var epoch: Int { model.epoch }

  init(of found: FoundTrial, in store: Store) throws(SweepError) {
    let name = try found.sweep.file.trainer
    guard let evaluate = try Registry<TrainerEntry>.builtin()[name]?.evaluate else {
      throw SweepError(.input, "trials of '\(name)' leave no models", place: store.path, remedy: "name a trial of another trainer")
    }
    guard let model = try store.model(of: found.trial.id) else {
      throw SweepError(
        .input, "no model of trial \(found.name) is kept", place: store.path,
        remedy: "set 'keep_models: all' in its sweep file and run it under another --name; by default only the best is kept")
    }
    (assignment, self.model, self.evaluate) = (found.trial.assignment, model, evaluate)
  }

  func evaluation(on split: String) throws(SweepError) -> ModelEvaluation { try evaluate(assignment, model, split) }
}

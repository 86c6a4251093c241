// Runs trials of the built-in trainer: turns rows into trainings, groups those that can share a matrix product, and reports their epochs.
// The mathematics is in SweepTraining; nothing here computes a metric.

import SweepCore
import SweepTraining

/// The executor behind `trainer: one-layer-network`.
package struct BuiltinExecutor: TrialExecutor {
  private let trainer: Trainer
  private let data: DatasetCache

  package init(kernels: Kernels, data: DatasetCache = DatasetCache()) {
    trainer = Trainer(kernels: kernels)
    self.data = data
  }

  package func prepare(for space: SearchSpace) throws(SweepError) {
    // Ends of ranges stand for what is between: the files are the same.
    func counts(_ name: String) -> [Int] { space.landmarks(name).compactMap { $0.number.map { Int($0) } } }
    for dataset in space.landmarks("dataset") {
      for training in counts("training_images") {
        for validation in counts("validation_images") {
          _ = try data.data(for: DataSelection(dataset: dataset.description, trainingImages: training, validationImages: validation))
        }
      }
    }
  }

  /// Trainings with equal keys are one matrix product.
  private struct Key: Hashable {
    let data: DataSelection
    let batchSize: Int
    let seed: Int
    let completedEpochs: Int
  }

  /// The most trials of a cohort: nine of ten classes are 90 columns, whose weights for 3,072 inputs are about the second-level cache.
  package static let largestCohort = 9

  /// Groups by data, batch size, seed and epoch, in parts as equal as can be: as large as `largestCohort`, but about two cohorts per
  /// worker where there are trials enough, so that nobody is idle for long at the end.
  package func cohorts(of trials: [Trial], workers: Int) -> [Cohort] {
    let largest = max(1, min(Self.largestCohort, (trials.count + 2 * workers - 1) / (2 * workers)))
    var order: [Key] = []
    var groups: [Key: [Trial]] = [:]
    for trial in trials {
      let h = Hyperparameters(trial.assignment)
      let key = Key(data: h.data, batchSize: h.batchSize, seed: h.seed, completedEpochs: trial.completedEpochs)
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(trial)
    }
    return order.flatMap { key -> [Cohort] in
      guard let group = groups[key] else { return [] }
      let parts = (group.count + largest - 1) / largest
      return (0..<parts).map { part in
        let members = Array(group[part * group.count / parts..<(part + 1) * group.count / parts])
        return Cohort(members, cost: members.reduce(0) { $0 + Self.cost(of: Hyperparameters($1.assignment), from: $1.completedEpochs) })
      }
    }
  }

  /// Image passes: forward and update over the training split, forward over all splits; a step over few images pays for the weights alone.
  private static func cost(of h: Hyperparameters, from completed: Int) -> Double {
    let training = Double(h.data.trainingImages)
    return Double(max(0, h.epochs - completed)) * (2 * training * (1 + 4 / Double(h.batchSize)) + training + Double(h.data.validationImages))
  }

  /// Measures a few steps and a part of an evaluation for each kind of cohort; some hundredths of a second each.
  package func seconds(for cohorts: [Cohort]) throws -> [Double]? {
    struct Kind: Hashable {
      let data: DataSelection
      let batchSize: Int
      let members: Int
    }
    var perEpoch: [Kind: Double] = [:]
    return try cohorts.map { cohort in
      guard let first = cohort.trials.first.map({ Hyperparameters($0.assignment) }) else { return 0 }
      let kind = Kind(data: first.data, batchSize: first.batchSize, members: cohort.trials.count)
      let epoch = try perEpoch[kind] ?? trainer.secondsPerEpoch(of: first, members: cohort.trials.count, on: data.data(for: first.data))
      perEpoch[kind] = epoch
      return epoch * Double(cohort.trials.map { max(0, Hyperparameters($0.assignment).epochs - $0.completedEpochs) }.max() ?? 0)
    }
  }

  package func run(_ cohort: Cohort, reportingTo reporter: any TrialReporter) throws {
    guard let selection = cohort.trials.first.map({ Hyperparameters($0.assignment).data }) else { return }
    let data = try data.data(for: selection)
    var fresh: OneLayerNetwork?  // the trials of a cohort have one seed, and so start from the same weights
    let members = try cohort.trials.map { trial in
      let h = Hyperparameters(trial.assignment)
      let network: OneLayerNetwork
      if let checkpoint = trial.checkpoint {
        network = try OneLayerNetwork(inputs: data.images.inputs, classes: data.images.classes, checkpoint: checkpoint)
      } else {
        guard trial.completedEpochs == 0 else {
          throw SweepError(
            .input, "the checkpoint of trial \(trial.number) after epoch \(trial.completedEpochs) is missing",
            remedy: "restore the database, or start anew under another --name")
        }
        network = fresh ?? OneLayerNetwork(inputs: data.images.inputs, classes: data.images.classes, seed: h.seed)
        fresh = network
      }
      return Trainer.Member(hyperparameters: h, completedEpochs: trial.completedEpochs, network: network)
    }
    try trainer.train(members, on: data) { index, step in
      let id = cohort.trials[index].id
      switch step {
      case .epoch(let metrics, let network):
        // Nothing goes on after the last epoch, or after one that diverged: were its end lost, the epoch comes again, not the next one.
        let isOver = metrics.epoch >= members[index].hyperparameters.epochs || metrics.values.contains { !$0.value.isFinite }
        return try reporter.report(metrics, of: id, checkpoint: isOver ? nil : network().checkpoint(epoch: metrics.epoch))
      case .ended(let end):
        try reporter.finish(id, end)
        return .proceed
      }
    }
  }
}

// The built-in trainer: turns trials into trainings, groups those that can share a matrix product, and reports their epochs.
// The mathematics is in SweepTraining; nothing here computes a metric.

import SweepCore
import SweepTraining

/// The trainer behind `trainer: one-layer-network`.
package struct BuiltinTrainer: CohortTrainer {
  private let trainer: Trainer
  private let data: DatasetCache
  private let objective: Objective
  private let keeping: Keeping

  /// - Parameters:
  ///   - objective: what decides which epoch counts.
  ///   - keeping: of which trials what that epoch left is kept.
  package init(
    kernels: Kernels, data: DatasetCache = DatasetCache(), objective: Objective = Objective(metric: "validation_accuracy", goal: .maximize),
    keeping: Keeping = .standard
  ) {
    trainer = Trainer(kernels: kernels)
    (self.data, self.objective, self.keeping) = (data, objective, keeping)
  }

  package func prepare(for space: SearchSpace) throws(SweepError) {
    // Ends of ranges stand for what is between: the files are the same.
    func counts(_ name: String) -> [Int] { space.landmarks(name).compactMap { $0.number.map { Int($0) } } }
    for dataset in space.landmarks("dataset") {
      for training in counts("training_images") {
        for validation in counts("validation_images") {
          for scaling in space.landmarks("scaling").compactMap({ Scaling(rawValue: $0.description) }) {
            _ = try data.data(
              for: DataSelection(dataset: dataset.description, trainingImages: training, validationImages: validation, scaling: scaling))
          }
        }
      }
    }
  }

  /// Trainings with equal keys are one matrix product.
  private struct Key: Hashable {
    let data: DataSelection
    let batchSize: Int
    let seed: Int
    let trainMetrics: Hyperparameters.TrainMetrics
    let completedEpochs: Int
  }

  /// The most trials of a cohort. The more columns, the less it costs to standardise the images for all of them; this many of ten classes
  /// over 3,072 inputs are 3 MB of weights, which a core's part of the last-level cache holds (docs/benchmarks.md).
  package static let largestCohort = 27

  /// Groups by data, batch size, seed and epoch, in parts as equal as can be, about as many as there are slots or more. That is enough: a
  /// slot without a cohort gets a part of another's after its epoch (`train`).
  package func cohorts(of trials: [Trial], slots: Int) -> [Cohort] {
    let largest = max(1, min(Self.largestCohort, (trials.count + slots - 1) / slots))
    var order: [Key] = []
    var groups: [Key: [(trial: Trial, loss: String)]] = [:]
    for trial in trials {
      let h = Hyperparameters(trial.assignment)
      let key = Key(data: h.data, batchSize: h.batchSize, seed: h.seed, trainMetrics: h.trainMetrics, completedEpochs: trial.completedEpochs)
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append((trial, h.loss))
    }
    return order.flatMap { key -> [Cohort] in
      // Neighbours with one loss share its vectors.
      guard let group = groups[key]?.sorted(by: { $0.loss < $1.loss }).map(\.trial) else { return [] }
      let parts = (group.count + largest - 1) / largest
      return (0..<parts).map { part in
        Self.cohort(Array(group[part * group.count / parts..<(part + 1) * group.count / parts]))
      }
    }
  }

  /// With the cost in image passes: forward and update over the training split, forward over what is evaluated (but for the test images, of
  /// which a trial knows nothing). A step over few images pays for its weights alone.
  private static func cohort(_ trials: [Trial], isRunning: Bool = false) -> Cohort {
    let costs = trials.map { trial in
      let h = Hyperparameters(trial.assignment)
      let (training, validation) = (Double(h.data.trainingImages), Double(h.data.validationImages))
      let evaluated = h.trainMetrics == .exact ? training + validation : validation
      return Double(max(0, h.epochs - trial.completedEpochs)) * (2 * training * (1 + 1 / Double(h.batchSize)) + evaluated)
    }
    return Cohort(trials, cost: costs.reduce(0, +), isRunning: isRunning)
  }

  /// Measures a few steps and a part of an evaluation for each kind of cohort; some hundredths of a second each.
  package func seconds(for cohorts: [Cohort]) throws -> [Double]? {
    struct Kind: Hashable {
      let data: DataSelection
      let batchSize: Int
      let trainMetrics: Hyperparameters.TrainMetrics
      let members: Int
    }
    var perEpoch: [Kind: Double] = [:]
    return try cohorts.map { cohort in
      guard let first = cohort.trials.first.map({ Hyperparameters($0.assignment) }) else { return 0 }
      let kind = Kind(data: first.data, batchSize: first.batchSize, trainMetrics: first.trainMetrics, members: cohort.trials.count)
      let epoch = try perEpoch[kind] ?? trainer.secondsPerEpoch(of: first, members: cohort.trials.count, on: data.data(for: first.data))
      perEpoch[kind] = epoch
      return epoch * Double(cohort.trials.map { max(0, Hyperparameters($0.assignment).epochs - $0.completedEpochs) }.max() ?? 0)
    }
  }

  /// The metrics and answers of a kept model on train, validation or test.
  package func evaluate(_ assignment: Assignment, model: Checkpoint, split: String) throws(SweepError) -> ModelEvaluation {
    let h = Hyperparameters(assignment)
    let images = try data.data(for: h.data).images
    return try evaluation(of: OneLayerNetwork(inputs: images.inputs, classes: images.classes, checkpoint: model), h, split: split)
  }

  private func evaluation(of network: OneLayerNetwork, _ h: Hyperparameters, split name: String) throws(SweepError) -> ModelEvaluation {
    let (images, split) = (try data.data(for: h.data), try data.split(name, of: h.data))
    guard let range = images.range(ofSplit: name) else { preconditionFailure("there is a split \(name)") }
    let result = try trainer.evaluate(network, of: h, on: images, range: range)
    return ModelEvaluation(
      metrics: [("loss", result.loss), ("cost", result.cost), ("accuracy", result.accuracy)],
      predictions: Predictions(split: split, predicted: result.predicted, probability: result.probability))
  }

  package func train(_ cohort: Cohort, reportingTo reporter: any CohortReporter) throws {
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
    var keeper = OutcomeKeeper(objective, keeping)
    var undecided: [Trial] = []
    try trainer.train(members, on: data, handle: handle, release: release)

    func handle(_ index: Int, _ step: Trainer.Step) throws -> Verdict {
      let trial = cohort.trials[index]
      switch step {
      case .epoch(let metrics, let network):
        // Nothing goes on after the last epoch, or after one that diverged: were its end lost, the epoch comes again, not the next one.
        let hasDiverged = metrics.values.contains { !$0.value.isFinite }
        let isLast = metrics.epoch >= members[index].hyperparameters.epochs
        let isKept = !hasDiverged && keeper.isKept(metrics, of: trial.id, isLast: isLast)
        return try reporter.report(
          .epoch(
            EpochReport(
              metrics, checkpoint: isLast || hasDiverged ? nil : network().checkpoint(epoch: metrics.epoch),
              outcome: isKept ? try outcome(of: network(), members[index].hyperparameters, epoch: metrics.epoch) : nil)), of: trial)
      case .undecided(let epoch, let network):
        let verdict = reporter.verdict(on: trial, waits: false)
        if verdict == .wait { undecided.append(trial.continued(after: network().checkpoint(epoch: epoch))) }
        return verdict
      case .ended(let end):
        return try reporter.report(.ended(end), of: trial)
      }
    }

    /// Gives those away whose verdict is not known, and shares what is left with idle workers, so that nobody waits for the last cohort.
    func release(_ staying: [Int], epoch: Int, network: (Int) -> OneLayerNetwork) -> [Int] {
      if !undecided.isEmpty { reporter.handOver(Self.cohort(undecided, isRunning: true)) }
      undecided = []
      let parts = min(reporter.idleWorkers + 1, staying.count)
      guard parts > 1 else { return [] }
      func start(_ part: Int) -> Int { part * staying.count / parts }
      for part in 0..<parts - 1 {
        let given = staying[start(part)..<start(part + 1)]
        reporter.handOver(Self.cohort(given.map { cohort.trials[$0].continued(after: network($0).checkpoint(epoch: epoch)) }, isRunning: true))
      }
      return Array(staying[..<start(parts - 1)])
    }
  }

  /// What a trial answers after an epoch, as far as it is kept.
  private func outcome(of network: OneLayerNetwork, _ h: Hyperparameters, epoch: Int) throws -> KeptOutcome {
    let splits = keeping.predictions == .none ? [] : ["validation", "test"]
    return KeptOutcome(
      predictions: try splits.map { try evaluation(of: network, h, split: $0).predictions },
      model: keeping.models == .none ? nil : network.checkpoint(epoch: epoch))
  }
}

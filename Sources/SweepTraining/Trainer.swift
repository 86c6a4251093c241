// The epoch loop of the built-in trainer: trains a cohort, measures every split after each epoch, hands the numbers on, and lets members
// go when they are done, diverged or told to stop. It knows hyperparameters and data, not trials' rows or the database.

import SweepCore

/// Trains one-layer networks, several at once where they share data, batch size, order and epoch.
package struct Trainer: Sendable {
  package let kernels: Kernels

  package init(kernels: Kernels) { self.kernels = kernels }

  /// The metrics of an epoch, in the order of their columns. `loss` is the mean over the split, `cost` = loss + lambda·‖W‖²
  /// (with W at the end of the epoch, also where the training split's loss and accuracy are those of its batches before their steps),
  /// `accuracy` a share of 0...1, `loss_gap` = validation loss − training loss and `accuracy_gap` = training accuracy − validation accuracy
  /// (both grow with overfitting), `learning_rate` the eta of the epoch, `seconds` the trial's share of its cohort's wall time.
  package static let metrics =
    ["train", "validation", "test"].flatMap { split in ["loss", "cost", "accuracy"].map { "\(split)_\($0)" } }
    + ["loss_gap", "accuracy_gap", "learning_rate", "seconds"]

  /// A training that goes on after `completedEpochs`.
  package struct Member {
    package let hyperparameters: Hyperparameters
    package let completedEpochs: Int
    package let network: OneLayerNetwork

    package init(hyperparameters: Hyperparameters, completedEpochs: Int, network: OneLayerNetwork) {
      (self.hyperparameters, self.completedEpochs, self.network) = (hyperparameters, completedEpochs, network)
    }
  }

  /// What became of a member in an epoch.
  package enum Step {
    /// The epoch's metrics, and the network after it, made only when asked for. The answer says whether to go on.
    case epoch(EpochMetrics, network: () -> OneLayerNetwork)
    /// All members have reported the epoch, and what this one is told was not known: where it still is not, the member leaves, to go on elsewhere.
    case undecided(epoch: Int, network: () -> OneLayerNetwork)
    case ended(TrialEnd)
  }

  /// Trains all members to their ends.
  /// - Parameters:
  ///   - members: with the same data selection, batch size, seed, training metrics and `completedEpochs`.
  ///   - handle: called with the index of a member, for each epoch and for its end, on the calling thread; members report an epoch one after the
  ///     other before any of them ends. Its answer to an end is ignored.
  ///   - release: called between epochs with the indices of the members that go on, the epoch, and their networks by index; those that it
  ///     returns leave.
  package func train(
    _ members: [Member], on data: TrainingData, handle: (Int, Step) throws -> Verdict,
    release: (_ staying: [Int], _ epoch: Int, _ network: (Int) -> OneLayerNetwork) -> [Int] = { _, _, _ in [] }
  ) throws {
    guard let first = members.first?.hyperparameters, var epoch = members.first?.completedEpochs else { return }
    let batchSize = min(first.batchSize, data.training.count)
    var present = Array(members.indices)
    var networks = members.map(\.network)
    let clock = ContinuousClock()

    for index in present where members[index].completedEpochs >= members[index].hyperparameters.epochs {
      _ = try handle(index, .ended(.complete))
    }
    present.removeAll { members[$0].completedEpochs >= members[$0].hyperparameters.epochs }

    while !present.isEmpty {
      let cohort = TrainingCohort(
        try present.map { index in
          let hyperparameters = members[index].hyperparameters
          return (.init(loss: try losses.find(hyperparameters.loss), lambda: hyperparameters.lambda), networks[index])
        }, batchSize: batchSize, kernels: kernels)
      var leaving: Set<Int> = []
      while leaving.isEmpty {
        epoch += 1
        let start = clock.now
        let rates = present.map { index in
          let h = members[index].hyperparameters
          return StepDecay(eta: h.eta, every: h.decayEvery, factor: h.decayFactor).rate(inEpoch: epoch)
        }
        let order = MiniBatches(count: data.training.count, batchSize: batchSize, seed: first.seed, epoch: epoch)
        let values = trainEpoch(cohort, on: data, order: order, rates: rates, metrics: first.trainMetrics)
        let seconds = (clock.now - start) / .seconds(1) / Double(present.count)
        var reported: [(metrics: EpochMetrics, verdict: Verdict)] = []
        for (slot, index) in present.enumerated() {
          let metrics = EpochMetrics(epoch: epoch, values: Array(zip(Self.metrics, values[slot] + Self.gaps(values[slot]) + [rates[slot], seconds])))
          reported.append((metrics, try handle(index, .epoch(metrics, network: { cohort.network(at: slot) }))))
        }
        for (slot, index) in present.enumerated() {
          let metrics = reported[slot].metrics
          var verdict = reported[slot].verdict
          if verdict == .wait { verdict = try handle(index, .undecided(epoch: epoch, network: { cohort.network(at: slot) })) }
          if let end = TrialEnd.after(metrics, isLast: epoch >= members[index].hyperparameters.epochs, verdict: verdict) {
            _ = try handle(index, .ended(end))
          } else if verdict == .proceed {
            continue
          }
          leaving.insert(index)
        }
        leaving.formUnion(
          release(present.filter { !leaving.contains($0) }, epoch) { index in
            guard let slot = present.firstIndex(of: index) else { preconditionFailure("member \(index) is not in the cohort") }
            return cohort.network(at: slot)
          })
      }
      for (slot, index) in present.enumerated() where !leaving.contains(index) { networks[index] = cohort.network(at: slot) }
      present.removeAll { leaving.contains($0) }
    }
  }

  /// Loss and accuracy gap of the nine numbers of an epoch: loss, cost and accuracy on training, validation and test.
  private static func gaps(_ values: [Double]) -> [Double] { [values[3] - values[0], values[2] - values[5]] }

  /// What one network gives on a range of images: mean loss, loss + lambda·‖W‖², accuracy; and its answer to each image.
  package func evaluate(
    _ network: OneLayerNetwork, of hyperparameters: Hyperparameters, on data: TrainingData, range: Range<Int>
  ) throws(SweepError) -> (loss: Double, cost: Double, accuracy: Double, predicted: [UInt8], probability: [UInt16]) {
    let loss = try losses.find(hyperparameters.loss)
    let cohort = TrainingCohort([(.init(loss: loss, lambda: hyperparameters.lambda), network)], batchSize: 1, kernels: kernels)
    var (predicted, probability): ([UInt8], [UInt16]) = ([], [])
    predicted.reserveCapacity(range.count)
    probability.reserveCapacity(range.count)
    return data.images.pixels.withUnsafeBufferPointer { pixels in
      guard let images = pixels.baseAddress else { return (.nan, .nan, .nan, [], []) }
      let tallies = cohort.evaluate(on: data, images: images, range: range) { image, scores in
        predicted.append(UInt8(ReferenceKernels.prediction(scores)))
        probability.append(Predictions.step(loss.probability(of: Int(data.images.labels[image]), given: scores)))
      }
      let mean = tallies.losses[0] / Double(range.count)
      return (
        mean, mean + hyperparameters.lambda * cohort.squareNorms()[0], Double(tallies.correct[0]) / Double(range.count), predicted, probability
      )
    }
  }

  /// One pass over the training split, then nine numbers for each member: loss, cost and accuracy on training, validation and test.
  private func trainEpoch(
    _ cohort: TrainingCohort, on data: TrainingData, order: MiniBatches, rates: [Double], metrics: Hyperparameters.TrainMetrics
  ) -> [[Double]] {
    data.images.pixels.withUnsafeBufferPointer { pixels in
      guard let images = pixels.baseAddress else { return [] }
      let running = cohort.train(on: data, images: images, batches: order, rates: rates, measures: metrics == .running)
      let norms = cohort.squareNorms()
      var values = [[Double]](repeating: [], count: norms.count)
      for split in [data.training, data.validation, data.test] {
        let isKnown = metrics == .running && split == data.training
        let tallies = isKnown ? running : cohort.evaluate(on: data, images: images, range: split)
        for slot in norms.indices {
          let loss = tallies.losses[slot] / Double(split.count)
          values[slot] += [loss, loss + cohort.members[slot].lambda * norms[slot], Double(tallies.correct[slot]) / Double(split.count)]
        }
      }
      return values
    }
  }

  /// Seconds of wall time that an epoch of such a cohort takes on one worker, measured on a few steps and a part of an evaluation.
  package func secondsPerEpoch(of hyperparameters: Hyperparameters, members: Int, on data: TrainingData) throws -> Double {
    let batchSize = min(hyperparameters.batchSize, data.training.count)
    let network = OneLayerNetwork(inputs: data.images.inputs, classes: data.images.classes, seed: hyperparameters.seed)
    let loss = try losses.find(hyperparameters.loss)
    let cohort = TrainingCohort(
      Array(repeating: (.init(loss: loss, lambda: hyperparameters.lambda), network), count: members), batchSize: batchSize, kernels: kernels)
    let rates = [Double](repeating: hyperparameters.eta, count: members)
    let batches = MiniBatches(count: data.training.count, batchSize: batchSize, seed: hyperparameters.seed, epoch: 1)
    return data.images.pixels.withUnsafeBufferPointer { pixels in
      guard let images = pixels.baseAddress else { return 0 }
      let step = Self.secondsPerImage(of: Chunks(count: batches.order.count, size: max(batchSize, 400 / batchSize * batchSize))) { range in
        cohort.train(on: data, images: images, batches: MiniBatches(order: Array(batches.order[range]), batchSize: batchSize), rates: rates)
      }
      let evaluation = Self.secondsPerImage(of: Chunks(count: data.training.count, size: 480)) {
        _ = cohort.evaluate(on: data, images: images, range: $0)
      }
      let evaluated = (hyperparameters.trainMetrics == .exact ? data.training.count : 0) + data.validation.count + data.test.count
      return step * Double(data.training.count) + evaluation * Double(evaluated)
    }
  }

  /// Runs the work on one range after the other, for about 30 ms after the first, which warms up.
  private static func secondsPerImage(of ranges: Chunks, work: (Range<Int>) -> Void) -> Double {
    let clock = ContinuousClock()
    var (images, start, isWarm) = (0, clock.now, false)
    for range in ranges {
      work(range)
      if !isWarm {
        (start, isWarm) = (clock.now, true)
        continue
      }
      images += range.count
      if clock.now - start > .milliseconds(30) { break }
    }
    guard images > 0 else {  // a single range: there is no second one to measure
      let whole = clock.measure { for range in ranges { work(range); images += range.count } }
      return whole / .seconds(1) / Double(images)
    }
    return (clock.now - start) / .seconds(1) / Double(images)
  }
}

// The rate of each kernel and shape on one core, as a share of sgemm's. Only useful columns count: not those that fill up a vector, not
// the standardising of images, not the losses, all of which cost time.

import ArgumentParser
import SweepCore
import SweepNumerics
import SweepTraining

struct KernelBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "kernels", abstract: "GFLOP/s of each kernel and shape.")

  @Option(help: "Seconds for each figure.") var duration = 0.15
  @Option(help: "Images that shuffled batches are drawn from.") var images = 20_000
  @Flag(help: "One shape, and no sgemm to compare with.") var smoke = false

  func run() throws {
    let sgemm = smoke ? 1 : try Sgemm.measured()
    try BenchmarkCommand.head(
      "Kernels",
      "GFLOP/s of one core in useful columns, and the share of what OpenBLAS's sgemm does with 4,096 × 4,096 matrices on one thread: "
        + "\(ParameterValue.rounded(sgemm, 1)) GFLOP/s. `epoch` is a training pass over shuffled batches with losses and everything, `evaluation` a "
        + "pass over a split; both begin with bytes. Trials have ten classes.")
    let kernels = try Kernels.chosen()
    var rows: [[ParameterValue]] = []
    for inputs in smoke ? [784] : [784, 3072] {
      let data = made(inputs: inputs)
      for batch in smoke ? [5] : [5, 50, 100] {
        for trials in smoke ? [4] : [1, 4, 9, 27] {
          let rates = measure(kernels, data, batch: batch, trials: trials)
          rows.append(
            [.integer(inputs), .integer(batch), .integer(trials)]
              + rates.map { .text("\(ParameterValue.rounded($0, 0)) (\(ParameterValue.rounded(100 * $0 / sgemm, 0, " %")))") })
        }
      }
    }
    try BenchmarkCommand.table(["inputs", "batch", "trials", "forward", "update", "epoch", "evaluation"], rows)
  }

  private func made(inputs: Int) -> TrainingData {
    var generator = SeededGenerator(seed: 1, purpose: .synthetic)
    var pixels = [UInt8](roomForPixels: (images + 1) * inputs)
    for _ in 0..<(images + 1) * inputs / 8 { withUnsafeBytes(of: generator.next()) { pixels += $0 } }
    return TrainingData(
      ImageSet(pixels: pixels, labels: (0...images).map { UInt8($0 % 10) }, inputs: inputs, classes: 10, pool: images),
      trainingImages: images - 1, validationImages: 1)
  }

  /// GFLOP/s of forward, update, a training pass and an evaluation.
  private func measure(_ kernels: Kernels, _ data: TrainingData, batch: Int, trials: Int) -> [Double] {
    let inputs = data.images.inputs
    let columns = 10 * trials
    let flop = 2.0 * Double(inputs * columns) / 1e9
    let layer = Layer(inputs: inputs, columns: columns)
    let scratch = AlignedFloats(Kernels.scratch(rows: batch))
    let scores = AlignedFloats(batch * layer.stride)
    let decay = AlignedFloats([Float](repeating: 1, count: layer.stride))
    let network = OneLayerNetwork(inputs: inputs, classes: 10, seed: 1)
    let cohort = TrainingCohort(
      Array(repeating: (.init(loss: SoftmaxCrossEntropy(), lambda: 0.01), network), count: trials), batchSize: batch, kernels: kernels)
    let rates = [Double](repeating: 0.001, count: trials)
    let batches = MiniBatches(count: data.training.count, batchSize: batch, seed: 1, epoch: 1)
    // Some hundred images at a time.
    let some = Chunks(count: data.training.count, size: max(batch, 1000 / batch * batch)).map { $0 }
    return data.images.pixels.withUnsafeBufferPointer { pixels in
      guard let images = pixels.baseAddress else { return [] }
      func eachBatch(_ range: Range<Int>, _ work: (ImageBatch) -> Void) {
        batches.order.withUnsafeBufferPointer { order in
          for start in stride(from: range.lowerBound, to: range.upperBound, by: batch) {
            let rows = UnsafeBufferPointer(rebasing: order[start..<min(start + batch, range.upperBound)])
            work(ImageBatch(data, images: images, rows: rows))
          }
        }
      }
      return [
        rate(some, flop) { eachBatch($0) { kernels.forward($0, layer, scratch: scratch, into: scores) } },
        rate(some, flop) { eachBatch($0) { kernels.update($0, layer, scratch: scratch, gradient: scores, decay: decay) } },
        rate(some, 2 * flop) {
          let part = MiniBatches(order: Array(batches.order[$0]), batchSize: batch)
          cohort.train(on: data, images: images, batches: part, rates: rates)
        },
        rate(some, flop) { _ = cohort.evaluate(on: data, images: images, range: $0) },
      ]
    }
  }

  /// The best of several rounds over the ranges, which last `duration` in all.
  private func rate(_ ranges: [Range<Int>], _ flopPerImage: Double, _ work: (Range<Int>) -> Void) -> Double {
    var (best, total, next) = (0.0, 0.0, 0)
    while next < 2 || total < duration {
      let round = ranges[next % ranges.count]
      let time = seconds { work(round) }
      next += 1
      total += time
      if next > 1 { best = max(best, flopPerImage * Double(round.count) / time) }
    }
    return best
  }
}

// Whole sweeps on CIFAR-10, from the command to the ranked table: reading the images, training, measuring and recording included.

import ArgumentParser
import Foundation
import SweepCore
import SweepTraining

struct SweepBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "sweeps", abstract: "Table 3 of the lab, with one and two workers.")

  @Option(parsing: .upToNextOption, help: "Epochs, one figure for each.") var epochs = [4, 40]

  func run() throws {
    guard CIFAR10().folder(in: DataFolders()) != nil else {
      return BenchmarkCommand.print("\n(whole sweeps: skipped, no CIFAR-10; \(CIFAR10().remedy))")
    }
    let sgemm = try Sgemm.measured()
    try BenchmarkCommand.head(
      "Whole sweeps",
      "The grid of the lab's Table 3: 27 trainings on CIFAR-10, after each epoch loss and accuracy of 49,000 + 1,000 + 10,000 images. The share "
        + "is that of as many times \(ParameterValue.rounded(sgemm, 1)) GFLOP/s (sgemm, one thread) as there are workers, useful work only, over the "
        + "whole time of the command.")
    var rows: [[ParameterValue]] = []
    for epochs in epochs {
      for (workers, metrics) in [(2, "exact"), (2, "running"), (1, "exact")] where epochs <= 4 || metrics == "exact" {
        let child = try Table3.run(epochs: epochs, workers: workers, trainMetrics: metrics)
        let rate = Table3.gigaflop(epochs: epochs, trainMetrics: metrics) / child.seconds
        rows.append([
          .integer(epochs), .text(metrics), .integer(workers), .rounded(child.seconds, 1, " s"), .rounded(rate, 0),
          .rounded(100 * rate / sgemm / Double(workers), 0, " %"), .rounded(child.peak, 0, " MB"),
        ])
      }
    }
    try BenchmarkCommand.table(["epochs", "train_metrics", "workers", "time", "GFLOP/s", "share of sgemm", "peak memory"], rows)
  }
}

/// The grid of the lab's Table 3.
enum Table3 {
  static func file(epochs: Int, trainMetrics: String = "exact") -> String {
    """
    name: table3
    method: grid
    metric: {name: validation_accuracy, goal: maximize}
    parameters:
      lambda: {values: [0.1, 0.01, 0.001]}
      eta: {values: [0.001, 0.005, 0.01]}
      batch_size: {values: [5, 50, 100]}
      epochs: {value: \(epochs)}
      dataset: {value: cifar10}
      training_images: {value: 49000}
      validation_images: {value: 1000}
      train_metrics: {value: \(trainMetrics)}
    """
  }

  static func run(epochs: Int, workers: Int, trainMetrics: String = "exact") throws -> Child {
    let folder = try Folder()
    try folder.write(file(epochs: epochs, trainMetrics: trainMetrics), to: "table3.yaml")
    return try Child.sweep("run", "table3.yaml", "--quiet", "--workers", "\(workers)", in: folder)
  }

  /// The products of all 27 trainings: forward and gradient over the training images, forward over what is measured.
  static func gigaflop(epochs: Int, trainMetrics: String) -> Double {
    let passes = 2 * 49_000 + (trainMetrics == "exact" ? 49_000 : 0) + 1_000 + 10_000
    return Double(27 * epochs) * Double(passes) * 2 * 3072 * 10 / 1e9
  }
}

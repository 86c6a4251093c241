// The built-in trainer as the register knows it: its parameters and metrics, and what is wrong with combinations of values.

import SweepCore
import SweepTraining

extension BuiltinTrainer {
  package static let name = "one-layer-network"

  package static func entry(kernels: Kernels, folders: DataFolders = DataFolders()) -> TrainerEntry {
    let data = DatasetCache(folders: folders)
    return TrainerEntry(
      name: name, parameters: Hyperparameters.declarations, metrics: Trainer.metrics,
      notes: kernels.isFast ? [] : ["the kernels '\(kernels.name)' do without fused multiply-add: the same numbers, but about 90 times slower"],
      implementation: "kernels \(kernels.name)",
      problems: problems, samples: samples,
      evaluate: { (assignment, model, split) throws(SweepError) in
        try BuiltinTrainer(kernels: kernels, data: data).evaluate(assignment, model: model, split: split)
      }
    ) { workplace in
      PooledExecutor(BuiltinTrainer(kernels: kernels, data: data, objective: workplace.objective, keeping: workplace.keeping))
    }
  }

  /// What is wrong with combinations of values that are fine by themselves: more images than there are.
  private static func problems(of space: SearchSpace) -> [Diagnostic] {
    func largest(_ name: String) -> Int { space.landmarks(name).compactMap { $0.number.map { Int($0) } }.max() ?? 0 }
    let (training, validation) = (largest("training_images"), largest("validation_images"))
    return space.landmarks("dataset").compactMap { dataset in
      do throws(SweepError) {
        try DatasetCache.check(DataSelection(dataset: dataset.description, trainingImages: training, validationImages: validation))
        return nil
      } catch { return error.diagnostics.first?.at("parameters.training_images") }
    }
  }

  /// The number of images behind an accuracy.
  private static func samples(of metric: String, in assignment: Assignment) -> Int? {
    func count(_ name: String) -> Int? { assignment[name]?.number.map { Int($0) } }
    switch metric {
    case "train_accuracy": return count("training_images")
    case "validation_accuracy": return count("validation_images")
    case "test_accuracy": return assignment["dataset"].flatMap { datasets[$0.description] }?.testImages
    default: return nil
    }
  }
}

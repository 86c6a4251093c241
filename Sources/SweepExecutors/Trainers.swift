// The register of trainers that a sweep file can name (`trainer:`): a new one is its file, its test and a line here.

import SweepCore
import SweepTraining

/// - Throws: where the environment asks for kernels that this machine cannot run.
package func registeredTrainers() throws(SweepError) -> Registry<TrainerEntry> {
  let kernels = try Kernels.chosen()
  return Registry("trainer", [BuiltinTrainer.entry(kernels: kernels), TestFunctionTrainer.entry, AskExecutor.entry].map { ($0.name, $0) })
}

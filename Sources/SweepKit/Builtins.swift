// What comes with the tool: the trainers that a sweep file can name. A program that uses SweepKit may add its own.

import SweepCore
import SweepExecutors
import SweepSearch

extension Registry where Plugin == TrainerEntry {
  /// - Throws: where the environment asks for something that this machine cannot do (SWEEP_KERNELS).
  public static func builtin() throws(SweepError) -> Registry<TrainerEntry> { try registeredTrainers() }

  /// What runs the trials of a sweep: its program, or the trainer that it names.
  public func entry(for file: SweepFile) throws(SweepError) -> TrainerEntry {
    if let program = file.program {
      let isJudged = file.earlyTermination != nil || samplers[file.method]?.strategy != nil
      return CommandExecutor.entry(
        program, space: file.space, objective: file.objective, further: Array(file.objectives.dropFirst()), isJudged: isJudged)
    }
    if file.trainer == Sweep.trainer {
      throw SweepError(.input, "'\(file.name)' is a sweep over a closure", remedy: "run the program again that it is in")
    }
    return try find(file.trainer)
  }
}

// The sweeps that are tortured: trainings with checkpoints, tens of thousands of trials that cost nothing, a random search that plans while it
// runs, and programs. Each takes a second or two when nobody disturbs it. What they must come to is in Reference.

import Foundation
import SweepCore

struct Workload {
  /// Also the sweep's.
  let name: String
  /// The sweep file.
  let file: String
  /// trial.sh beside it.
  var script: String?
  /// How many workers a run has.
  var workers = 1...3
  /// Whether every epoch is recorded with a checkpoint: then nothing that is recorded ever comes again.
  var hasCheckpoints = false
  /// Whether it plans more whenever it runs.
  var isEndless = false
  /// Whether its disk cannot share memory: then its database has a rollback journal.
  var isFar = false
  /// Counts values that are not what the parameters give; nil: they are few enough to be compared one by one after every fault.
  var wrongValues: String?

  var isProgram: Bool { script != nil }

  static let all = [
    training("training", metric: "{name: validation_accuracy, goal: maximize}"), trivial, programs,
    training("best", metric: "{name: validation_accuracy, goal: maximize, at: best}"), random,
    training("far", metric: "{name: validation_accuracy, goal: maximize}", isFar: true),
  ]

  /// Both losses; cohorts of several trainings with one batch size; six that diverge.
  private static func training(_ name: String, metric: String, isFar: Bool = false) -> Workload {
    Workload(
      name: name,
      file: """
        name: \(name)
        method: grid
        metric: \(metric)
        parameters:
          eta: {values: [0.001, 0.02, 1e30]}
          batch_size: {values: [5, 50, 100]}
          loss: {values: [softmax_cross_entropy, multiple_binary_cross_entropy]}
          lambda: {value: 0.001}
          decay_every: {value: 10}
          epochs: {value: 100}
          dataset: {value: synthetic}
          training_images: {value: 60000}
          validation_images: {value: 500}
        """, hasCheckpoints: true, isFar: isFar)
  }

  /// x² + y² + 1 − epoch / 10, in the order in which the trainer adds them: SQLite's numbers are the same.
  private static let wrongSums = """
    SELECT count(*) FROM (SELECT id, json_extract(parameters, '$.x') AS x, json_extract(parameters, '$.y') AS y FROM trial) AS t
    JOIN epoch_metric ON trial_id = t.id WHERE value IS NOT x * x + y * y + 1 - epoch / 10.0
    """

  private static let trivial = Workload(
    name: "trivial",
    file: """
      name: trivial
      trainer: test-function
      method: grid
      metric: {name: value, goal: minimize}
      parameters:
        x: {values: [\((0..<200).map(String.init).joined(separator: ", "))]}
        y: {values: [\((0..<150).map(String.init).joined(separator: ", "))]}
        epochs: {value: 10}
      """, wrongValues: wrongSums)

  /// Without a cap it plans as it goes, until there is no point left that it has not drawn.
  private static let random = Workload(
    name: "random",
    file: """
      name: random
      trainer: test-function
      method: random
      metric: {name: value, goal: minimize}
      parameters:
        x: {distribution: q_uniform, min: 0, max: 79, q: 1}
        y: {distribution: q_uniform, min: 0, max: 49, q: 1}
        epochs: {value: 10}
      """, isEndless: true, wrongValues: wrongSums)

  /// Reports first and saves then, as the documentation says.
  private static let programs = Workload(
    name: "programs",
    file: """
      name: programs
      method: grid
      metric: {name: loss, goal: minimize}
      command: [sh, trial.sh, '${args_no_hyphens}']
      parameters:
        i: {min: 1, max: 12}
      """,
    script: """
      i=${1#i=}
      n=$(cat "$SWEEP_CHECKPOINT/n" 2>/dev/null || echo 0)
      while [ "$n" -lt 15 ]; do
        n=$((n + 1)); sleep 0.01
        echo "epoch=$n loss=$((i * 1000 / (n + 2))) accuracy=0.$((n * 7919 + i))"
        echo "$n" > "$SWEEP_CHECKPOINT/.n" && mv "$SWEEP_CHECKPOINT/.n" "$SWEEP_CHECKPOINT/n"
      done
      """, workers: 4...4)
}

// The same work with what people use today, in the same run on the same machine.

import ArgumentParser
import Foundation
import SweepCore

struct PeerBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "peers", abstract: "Table 3 and trivial trials with Optuna, NumPy and JAX beside ours.")

  @Option(help: "The folder of the peers' scripts.") var scripts: String
  @Option(help: "A Python that has optuna, numpy and jax.") var python: String
  @Option(help: "The folder of the CIFAR-10 files.") var data: String
  @Option(parsing: .upToNextOption, help: "Epochs of Table 3, one comparison for each.") var epochs = [4]
  @Flag(help: "Leave out JAX, which takes about half a minute an epoch.") var withoutJax = false

  func run() throws {
    let folder = try Folder()  // the peers run in a folder of their own
    let (scripts, data) = (URL(fileURLWithPath: scripts).path, URL(fileURLWithPath: data).path)
    setenv("PYTHONPATH", scripts, 1)
    setenv("SWEEP_DATA", data, 1)
    for hint in ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"] { unsetenv(hint) }  // NumPy as it comes
    let versions = try Child(
      python, ["-c", "import numpy, optuna, jax; print(f'Optuna {optuna.__version__}, NumPy {numpy.__version__}, JAX {jax.__version__}')"], in: folder
    ).output.trimmingCharacters(in: .whitespacesAndNewlines)
    try BenchmarkCommand.head(
      "Side by side",
      "Optuna's `GridSampler` with SQLite storage and a NumPy objective in two processes; the same nine trials of a batch size fused by hand with JAX's "
        + "`vmap`; the time that each of them prints. Ours is the whole time of `sweep run` with two workers. \(versions).")
    var rows: [[ParameterValue]] = []
    func compare(_ what: String, _ peer: String, _ theirs: Double, _ ours: Double) {
      rows.append([.text(what), .text(peer), .rounded(theirs, 1, " s"), .rounded(ours, 2, " s"), .rounded(theirs / ours, 1, " ×")])
      FileHandle.standardError.write(Data("\(what), \(peer): \(theirs) s, ours \(ours) s\n".utf8))
    }
    for count in epochs {
      let ours = try Table3.run(epochs: count, workers: 2).seconds
      compare("Table 3, \(count) epochs", "Optuna, 2 processes", try run(in: folder, "\(scripts)/table3_optuna.py", data, "\(count)", "2"), ours)
      if !withoutJax, count <= 4 {
        compare("Table 3, \(count) epochs", "JAX, vmap", try run(in: folder, "\(scripts)/table3_jax.py", data, "\(count)"), ours)
      }
    }
    let alone = try single()
    let numpy = "import lab, time; d = lab.load('\(data)'); t = time.time(); lab.train(.01, .001, 100, 4, d); print(f'{time.time() - t} s')"
    compare(
      "one trial, batch 100, 4 epochs", "NumPy, its own threads", try time(of: Child(python, ["-c", numpy], in: folder)),
      alone)
    compare(
      "one trial, batch 100, 4 epochs", "NumPy, one thread",
      try time(of: Child(python, ["-c", numpy], in: folder, environment: ["OPENBLAS_NUM_THREADS": "1"])), alone)
    try BenchmarkCommand.table(["work", "peer", "theirs", "ours", "ratio"], rows)
    BenchmarkCommand.print("Trivial trials of ten reports, as `overhead_optuna.py` prints them:\n")
    BenchmarkCommand.print(
      try Child(python, ["\(scripts)/overhead_optuna.py", "300"], in: folder).output.split(separator: "\n").map {
        "- \($0)"
      }.joined(separator: "\n"))
  }

  private func run(in folder: Folder, _ script: String, _ arguments: String...) throws -> Double {
    try time(of: Child(python, [script] + arguments, in: folder))
  }

  /// The last number before " s" of the last line.
  private func time(of child: Child) throws -> Double {
    guard let last = child.output.split(separator: "\n").last, let match = last.matches(of: /([0-9.]+) s\b/).last, let time = Double(match.1) else {
      throw SweepError(.input, "no time in what it printed: \(child.output)", place: python)
    }
    return time
  }

  /// Seconds that the trainer spends in a trial alone: training, measuring all splits, handing on.
  private func single() throws -> Double {
    let folder = try Folder()
    try folder.write(
      """
      name: single
      method: grid
      metric: {name: validation_accuracy, goal: maximize}
      parameters: {lambda: {value: 0.01}, eta: {value: 0.001}, batch_size: {value: 100}, epochs: {value: 4}, dataset: {value: cifar10}}
      """, to: "single.yaml")
    _ = try Child(Child.sweep, ["run", "single.yaml", "--quiet"], in: folder)
    return try Child.number("SELECT sum(seconds) FROM epochs_single", in: folder)
  }
}

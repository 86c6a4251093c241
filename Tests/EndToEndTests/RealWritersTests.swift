// What W&B, TensorBoard, PyTorch and Lightning write for real, where python3 has them.

import Foundation
import SweepTestSupport
import Testing

@Suite(.serialized) struct RealWritersTests {
  private let folder = TemporaryFolder()
  private var binary: SweepBinary { SweepBinary(in: folder.path, environment: ["PATH": Python.path]) }
  private func texts(_ sql: String) throws -> [String] { try Results.texts(folder.path("results.sqlite"), sql) }

  /// Runs a Python script as the trials of a sweep.
  @discardableResult private func run(_ script: String, metric: String, parameters: String = "lr: {values: [0.1, 0.2]}", _ more: String = "") throws
    -> String
  {
    try folder.write(script, to: "train.py")
    try folder.write(
      "name: a\ncommand: [python3, '${program}', '${args}']\nprogram: train.py\nmethod: grid\nmetric: \(metric)\n\(more)\nparameters: {\(parameters)}\n",
      to: "a.yaml")
    let result = try binary.run("run", "a.yaml", "-q")
    #expect(result.status == 0, "\(result.errors)")
    return result.errors
  }

  private static let hasWandb = Python.has("wandb")

  @Test(.enabled(if: hasWandb, "python3 has no wandb")) func whatAScriptPutsIntoTheSummaryCounts() throws {
    let script = """
      import wandb
      run = wandb.init(project="x")
      run.define_metric("acc", summary="max")
      lr = run.config["lr"]
      for e in range(3): run.log({"acc": 0.5 + lr * (1 if e == 1 else -1), "loss": lr})
      run.summary["best"] = {"acc": 1 + lr}
      run.summary["loss"] = 2 * lr
      run.finish()
      """
    try run(script, metric: "{name: acc.max, goal: maximize}")
    #expect(try texts("SELECT trial, objective FROM trials_a ORDER BY objective DESC") == ["2 0.7", "1 0.6"])
    #expect(try texts("SELECT epoch, acc, \"acc.max\" FROM epochs_a WHERE trial = 1") == ["0 0.4 0.4", "1 0.6 0.6", "2 0.4 0.6"])
    // What is logged under a name and set in the summary at the end is what the summary says.
    #expect(try texts("SELECT loss, \"best.acc\" FROM trials_a ORDER BY trial") == ["0.2 1.1", "0.4 1.2"])
  }

  @Test(.enabled(if: hasWandb, "python3 has no wandb")) func aContinuedRunFollowsTheOneBefore() throws {
    let script = """
      import json, os, time, wandb
      path = os.path.join(os.environ["SWEEP_CHECKPOINT"], "state.json")
      epoch = json.load(open(path)) if os.path.exists(path) else 0
      run = wandb.init(project="x", resume="allow")
      while epoch < 5:
          epoch += 1
          run.log({"loss": 1 / epoch})
          with open(path, "w") as file: json.dump(epoch, file)
          if epoch == 3 and os.environ["SWEEP_ATTEMPT"] == "1":
              run.log({"more": 1})  # W&B holds the last record back until it knows the next step
              time.sleep(1.5)
              os.kill(os.getpid(), 9)
      run.finish()
      """
    let said = try run(script, metric: "{name: loss, goal: minimize}", parameters: "lr: {value: 1}", "retries: {count: 1, backoff: 0.01s}")
    #expect(try texts("SELECT loss FROM epochs_a WHERE loss IS NOT NULL ORDER BY epoch") == ["1.0", "0.5", "0.3333333333333333", "0.25", "0.2"])
    #expect(try texts("SELECT objective FROM trials_a") == ["0.2"])
    #expect(said.contains("went on from its checkpoint and begins with step 0 again"), "\(said)")
  }

  @Test(.enabled(if: hasWandb, "python3 has no wandb")) func ofSeveralRunsTheFirstToStartCounts() throws {
    // Ranks of a distributed training, each with a run of its own, and a metric that only one of them has.
    let script = """
      import os, subprocess, sys, time
      rank = os.environ.get("RANK", "0")
      if rank == "0":
          import wandb
          run = wandb.init(project="x")
          child = subprocess.Popen([sys.executable, *sys.argv], env={k: v for k, v in os.environ.items() if not k.startswith("WANDB_S")} | {"RANK": "1"})
          child.wait()
          for e in range(3): run.log({"loss": float(sys.argv[1].split("=")[1]) / (e + 1)})
          run.finish()
      else:
          import wandb
          run = wandb.init(project="x")
          for e in range(3): run.log({"loss": 9.0, "only": 1.0})
          run.finish()
      """
    let said = try run(script, metric: "{name: loss, goal: minimize}", parameters: "lr: {values: [3, 6]}")
    #expect(try texts("SELECT loss FROM epochs_a WHERE loss IS NOT NULL ORDER BY trial, epoch") == ["3.0", "1.5", "1.0", "6.0", "3.0", "2.0"])
    #expect(try texts("SELECT count(only) FROM trials_a") == ["2"])
    #expect(said.contains("tells loss in several runs of W&B: that of offline-run-") && said.contains("counts, which started first"), "\(said)")
  }

  @Test(.enabled(if: Python.has("tensorboard"), "python3 has no tensorboard")) func whatLightningWritesByDefaultHasTheNamesOfItsAuthor() throws {
    let script = """
      import os
      from tensorboard.summary import Writer
      writer = Writer(os.path.join(os.environ["SWEEP_TENSORBOARD"], "lightning_logs", "version_0"))
      for step in range(1, 4): writer.add_scalar("val_acc", step / 8, step=step * 50)
      writer.close()
      """
    try run(script, metric: "{name: val_acc, goal: maximize}")
    #expect(try texts("SELECT epoch, val_acc FROM epochs_a WHERE trial = 1") == ["50 0.125", "100 0.25", "150 0.375"])
  }

  @Test(.enabled(if: Python.has("tensorboard"), "python3 has no tensorboard")) func eachFolderGoesOnWithItself() throws {
    let script = """
      import os, sys
      from tensorboard.summary import Writer
      saved = os.path.join(os.environ["SWEEP_CHECKPOINT"], "state")
      first = 6 if os.path.exists(saved) else 1
      for name in ["train", "validation"]:
          writer = Writer(os.path.join(os.environ["SWEEP_TENSORBOARD"], name))
          for step in range(first, first + (10 if first == 1 else 7)): writer.add_scalar("loss", step / 8, step=step)
          writer.add_scalar("odd", 1.0, step=2**63 - 1)
          writer.add_scalar("odd", 2.0, step=-5)
          writer.close()
      open(saved, "w").write("5")
      sys.exit(first == 1)
      """
    let said = try run(script, metric: "{name: validation/loss, goal: minimize}", parameters: "lr: {value: 1}", "retries: {count: 1, backoff: 0.01s}")
    for name in ["train", "validation"] {
      #expect(try texts("SELECT epoch FROM epochs_a WHERE \"\(name)/loss\" IS NOT NULL ORDER BY epoch") == (1...12).map(String.init))
    }
    #expect(said.contains("which is no epoch: it is passed over"), "\(said)")
    #expect(try binary.run("check").status == 0)
  }

  @Test(.enabled(if: Python.has("torch, tensorboard"), "python3 has no torch")) func whatPyTorchWritesHasTheNamesOfItsAuthor() throws {
    let script = """
      import os, sys
      from torch.utils.tensorboard import SummaryWriter
      lr = float(sys.argv[1].split("=")[1])
      writer = SummaryWriter(os.environ["SWEEP_TENSORBOARD"])
      for step in range(3):
          writer.add_scalar("loss", lr / (step + 1), step)
          writer.add_scalars("acc", {"train": 0.5, "val": 0.25 * (step + 1)}, step)
          writer.add_scalar("unnumbered", step)
      writer.add_hparams({"lr": lr}, {"hparam/score": 1 - lr})
      writer.close()
      """
    try run(script, metric: "{name: hparam/score, goal: maximize}", parameters: "lr: {values: [0.25, 0.5]}")
    #expect(try texts("SELECT trial, objective FROM trials_a ORDER BY trial") == ["1 0.75", "2 0.5"])
    #expect(
      try texts("SELECT epoch, loss, \"acc/val\", unnumbered FROM epochs_a WHERE trial = 2 AND loss IS NOT NULL").map {
        $0.split(separator: " ").count
      } == [4, 4, 4])
    #expect(try texts("SELECT \"acc/val\", \"acc/train\", unnumbered FROM trials_a") == ["0.75 0.5 2.0", "0.75 0.5 2.0"])
  }

  @Test(.enabled(if: Python.has("lightning, tensorboard"), "python3 has no lightning")) func whatLightningLogsIsRanked() throws {
    let script = """
      import logging, os, sys, warnings
      warnings.simplefilter("ignore")
      import lightning as L, torch
      from lightning.pytorch.loggers import TensorBoardLogger
      logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
      lr = float(sys.argv[1].split("=")[1])
      class Model(L.LightningModule):
          def __init__(self):
              super().__init__()
              self.layer = torch.nn.Linear(2, 1)
          def training_step(self, batch, index):
              loss = (self.layer(batch[0]) ** 2).mean()
              self.log("train_loss", loss)
              return loss
          def validation_step(self, batch, index): self.log("val_score", lr * (self.current_epoch + 1))
          def configure_optimizers(self): return torch.optim.SGD(self.parameters(), lr=0.01)
      data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(8, 2)), batch_size=4)
      trainer = L.Trainer(max_epochs=3, logger=TensorBoardLogger(os.environ["SWEEP_TENSORBOARD"]), enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False, accelerator="cpu")
      trainer.fit(Model(), data, data)
      """
    try run(script, metric: "{name: val_score, goal: maximize}", parameters: "lr: {values: [1, 2]}")
    #expect(try texts("SELECT trial, objective FROM trials_a ORDER BY objective DESC") == ["2 6.0", "1 3.0"])
  }
}

"""Makes run-0.31.0.wandb, what wandb 0.31.0 writes offline, with everything that a script may log: python make.py (needs wandb and numpy)."""

import glob
import os
import shutil
import tempfile

folder = tempfile.mkdtemp()
os.environ |= {"WANDB_MODE": "offline", "WANDB_DIR": folder, "WANDB_RUN_ID": "example", "WANDB_SILENT": "true", "WANDB_DISABLE_CODE": "true",
               "WANDB_CONSOLE": "off", "WANDB_X_DISABLE_STATS": "true", "WANDB_X_DISABLE_META": "true", "WANDB_DISABLE_GIT": "true"}

import numpy
import wandb

run = wandb.init(project="example", dir=folder)
run.log({"loss": 1.5, "accuracy": 1, "train": {"loss": 0.5, "deep": {"error": 2}}, "slash/name": 4, "dotted.name": 3})
run.log({"loss": float("nan"), "large": float("inf"), "small": -float("inf"), "nested": {"nan": float("nan")}})
run.log({"loss": 0.25, "text": "NaN is no number here", "flag": True, "nothing": None, "list": [1, 2, 3]}, step=10)
run.log({"first": 1}, commit=False)
run.log({"second": numpy.float32(0.1), "third": numpy.int64(-7), "tiny": 1e-300})
run.log({"histogram": wandb.Histogram([1, 2, 3]), "page": wandb.Html("<p>"), "loss": 2})
run.log({f"metric_{i:04d}": i / 8 for i in range(1000)})
run.log({"text": "nothing to see"})
run.finish()

file, = glob.glob(folder + "/wandb/offline-run-*/run-*.wandb")
shutil.copy(file, os.path.join(os.path.dirname(os.path.abspath(__file__)), f"run-{wandb.__version__}.wandb"))
shutil.rmtree(folder)

"""Makes wandb-summary.wandb and wandb-defined.wandb, what wandb 0.31.0 writes offline of summaries and defined metrics: python make-summary.py FOLDER."""

import glob
import os
import shutil
import sys
import tempfile
import time

os.environ |= {"WANDB_MODE": "offline", "WANDB_RUN_ID": "mysweep-1-1", "WANDB_SWEEP_ID": "mysweep", "WANDB_SILENT": "true",
               "WANDB_X_TRANSACTION_LOG_FLUSH_INTERVAL": "0.5", "WANDB_DISABLE_CODE": "true", "WANDB_CONSOLE": "off",
               "WANDB_X_DISABLE_STATS": "true", "WANDB_X_DISABLE_META": "true", "WANDB_X_DISABLE_MACHINE_INFO": "true",
               "WANDB_X_SAVE_REQUIREMENTS": "false", "WANDB_DISABLE_GIT": "true", "WANDB_USERNAME": "user", "WANDB_HOST": "host",
               "WANDB_PROJECT": "example", "WANDB_ERROR_REPORTING": "false", "WANDB_DISABLE_ANALYTICS": "true"}

import wandb


def make(name, script):
    folder = tempfile.mkdtemp()
    run = wandb.init(dir=folder)
    script(run)
    print(name, dict((k, getattr(v, "_as_dict", lambda: v)()) for k, v in dict(run.summary).items()))
    run.finish()
    time.sleep(1)  # finish returns before the last bytes are in the file
    file, = glob.glob(folder + "/wandb/offline-run-*/run-*.wandb")
    shutil.copy(file, os.path.join(sys.argv[1], name))
    shutil.rmtree(folder)


def summary(run):
    for epoch, (acc, loss) in enumerate([(0.5, 2), (0.75, 1), (0.625, 1.5)]):
        run.log({"acc": acc, "epoch": epoch, "val": {"loss": loss}})
    run.summary["best_acc"] = 0.75
    run.summary["acc"] = 0.875
    run.summary["test"] = {"acc": 0.25, "deep": {"loss": 3}}
    run.summary["val"]["loss"] = 1
    run.summary["note"] = "done"


def defined(run):
    run.define_metric("acc", summary="max")
    run.define_metric("loss", summary="min")
    run.define_metric("x", summary="mean")
    run.define_metric("val/*", summary="max")
    for acc, loss, x, val in [(0.5, 2, 1, 0.25), (0.875, 1, 2, 0.5), (0.75, 1.5, 3, 0.375), (0.625, 1.25, 6, 0.125)]:
        run.log({"acc": acc, "loss": loss, "x": x, "val/acc": val, "val/loss": 1 - val, "plain": x})


make("wandb-summary.wandb", summary)
make("wandb-defined.wandb", defined)

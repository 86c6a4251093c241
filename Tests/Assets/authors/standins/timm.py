# Stands in for timm's utils: the logging, the meters, the checkpoint saver and the summary of its train.py.
import csv
import logging
import os
import sys
from collections import OrderedDict

_logger = logging.getLogger("timm.utils")


def setup_default_logging():
    handler = logging.StreamHandler(sys.stderr)
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.INFO)


class AverageMeter:
    def __init__(self):
        self.val = self.avg = self.sum = self.count = 0

    def update(self, val, n=1):
        self.val = val
        self.sum += val * n
        self.count += n
        self.avg = self.sum / self.count


class CheckpointSaver:
    def __init__(self, checkpoint_dir, decreasing=False, max_history=3):
        self.checkpoint_dir, self.decreasing, self.max_history = checkpoint_dir, decreasing, max_history
        self.checkpoints = []
        self.best_metric = self.best_epoch = None

    def save_checkpoint(self, epoch, metric):
        path = os.path.join(self.checkpoint_dir, f"checkpoint-{epoch}.pth.tar")
        self.checkpoints.append((path, metric))
        self.checkpoints.sort(key=lambda entry: entry[1], reverse=not self.decreasing)
        del self.checkpoints[self.max_history :]
        _logger.info("Current checkpoints:\n" + "".join(f" {entry}\n" for entry in self.checkpoints))
        if self.best_metric is None or (metric < self.best_metric if self.decreasing else metric > self.best_metric):
            self.best_metric, self.best_epoch = metric, epoch
        return self.best_metric, self.best_epoch


def update_summary(epoch, train_metrics, eval_metrics, filename, lr=None, write_header=False, log_wandb=False):
    row = OrderedDict(epoch=epoch)
    row.update(("train_" + name, value) for name, value in train_metrics.items())
    row.update(("eval_" + name, value) for name, value in eval_metrics.items())
    row["lr"] = lr
    if log_wandb:
        import wandb

        wandb.log(row)
    with open(filename, "a", newline="") as file:
        writer = csv.DictWriter(file, row.keys())
        if write_header:
            writer.writeheader()
        writer.writerow(row)

# In the style of timm's train.py: everything through logging, a summary of all epochs at the end.
import argparse
import json
import logging
import math
import os
import tempfile
from collections import OrderedDict

from standins import timm

_logger = logging.getLogger("train")

parser = argparse.ArgumentParser(description="PyTorch ImageNet Training")
parser.add_argument("--model", default="resnet50", type=str, metavar="MODEL")
parser.add_argument("--opt", default="sgd", type=str, metavar="OPTIMIZER")
parser.add_argument("--lr", type=float, default=0.05, metavar="LR")
parser.add_argument("--weight-decay", type=float, default=2e-5)
parser.add_argument("--epochs", type=int, default=4, metavar="N")
parser.add_argument("--smoothing", type=float, default=0.1)
parser.add_argument("--model-ema", action="store_true", default=False)
parser.add_argument("--log-interval", type=int, default=2)
parser.add_argument("--log-wandb", action="store_true", default=False)
parser.add_argument("--experiment", default="", type=str)
parser.add_argument("--output", default="", type=str)

BATCHES, EVAL_BATCHES = 5, 3


def loss_of(args, progress, is_ema=False):
    speed = 12 * args.lr * (0.8 if is_ema else 1)
    rise = 3.5 * args.lr * max(0, progress - 2) ** 2 * (0.3 if is_ema else 1) * (1 - 4e3 * args.weight_decay)
    return 6.9 * math.exp(-speed * progress) + 0.9 + args.smoothing, rise


def train_one_epoch(epoch, args):
    losses_m, lr = timm.AverageMeter(), args.lr * 0.5 * (1 + math.cos(math.pi * epoch / args.epochs))
    for batch_idx in range(BATCHES):
        losses_m.update(loss_of(args, epoch + batch_idx / BATCHES)[0], 64)
        if batch_idx % args.log_interval == 0 or batch_idx == BATCHES - 1:
            _logger.info(
                f"Train: {epoch} [{batch_idx:>4d}/{BATCHES} "
                f"({100.0 * (batch_idx + 1) / BATCHES:>3.0f}%)]  "
                f"Loss: {losses_m.val:#.3g} ({losses_m.avg:#.3g})  "
                f"Time: 0.231s, {277.1:>7.2f}/s  "
                f"(0.229s, {279.5:>7.2f}/s)  "
                f"LR: {lr:.3e}  "
                f"Data: 0.011 (0.012)"
            )
    return OrderedDict([("loss", losses_m.avg)])


def validate(epoch, args, log_suffix=""):
    losses_m, top1_m, top5_m = timm.AverageMeter(), timm.AverageMeter(), timm.AverageMeter()
    log_name = "Test" + log_suffix
    last_idx = EVAL_BATCHES - 1
    for batch_idx in range(EVAL_BATCHES):
        fitted, rise = loss_of(args, epoch + 1, is_ema=bool(log_suffix))
        loss = fitted + rise + 0.02 * (batch_idx - 1)
        losses_m.update(loss, 64)
        top1_m.update(100 * math.exp(-loss / 3), 64)
        top5_m.update(100 * math.exp(-loss / 9), 64)
        if batch_idx == last_idx or batch_idx % args.log_interval == 0:
            _logger.info(
                f"{log_name}: [{batch_idx:>4d}/{last_idx}]  "
                f"Time: 0.104 (0.106)  "
                f"Loss: {losses_m.val:>7.3f} ({losses_m.avg:>6.3f})  "
                f"Acc@1: {top1_m.val:>7.3f} ({top1_m.avg:>7.3f})  "
                f"Acc@5: {top5_m.val:>7.3f} ({top5_m.avg:>7.3f})"
            )
    return OrderedDict([("loss", losses_m.avg), ("top1", top1_m.avg), ("top5", top5_m.avg)])


def main():
    timm.setup_default_logging()
    args = parser.parse_args()
    if args.log_wandb:
        import wandb

        wandb.init(project=args.experiment or "timm", config=vars(args))
    _logger.info("Training with a single process on 1 device (cuda:0).")
    _logger.info(f"Model {args.model} created, param count:25557032")
    _logger.info(f"Scheduled epochs: {args.epochs}. LR stepped per epoch.")

    output_dir = args.output or tempfile.mkdtemp(dir=os.environ.get("SWEEP_TRIAL_FOLDER"))
    saver = timm.CheckpointSaver(output_dir)
    results, best_metric, best_epoch = [], None, None
    for epoch in range(args.epochs):
        train_metrics = train_one_epoch(epoch, args)
        eval_metrics = validate(epoch, args)
        if args.model_ema:
            eval_metrics = validate(epoch, args, log_suffix=" (EMA)")
        timm.update_summary(
            epoch, train_metrics, eval_metrics, os.path.join(output_dir, "summary.csv"), lr=args.lr,
            write_header=best_metric is None, log_wandb=args.log_wandb,
        )
        best_metric, best_epoch = saver.save_checkpoint(epoch, metric=eval_metrics["top1"])
        results.append({"epoch": epoch, "train": train_metrics, "validation": eval_metrics})

    results = {"all": results, "best": results[best_epoch]}
    _logger.info("*** Best metric: {0} (epoch {1})".format(best_metric, best_epoch))
    print(f"--result\n{json.dumps(results, indent=4)}")


if __name__ == "__main__":
    main()

# Stands in for transformers: HfArgumentParser, TrainingArguments, and a Trainer that prints what the real one does.
import argparse
import dataclasses
import math
import os
from dataclasses import dataclass

from .bars import tqdm

# Version 5 prints its numbers as texts of four digits, 4 as they are.
__version__ = os.environ.get("TRANSFORMERS_STANDIN", "4")


@dataclass
class TrainingArguments:
    output_dir: str = "tmp_trainer"
    learning_rate: float = 5e-5
    num_train_epochs: float = 3.0
    per_device_train_batch_size: int = 8
    weight_decay: float = 0.0
    warmup_ratio: float = 0.0
    fp16: bool = False
    seed: int = 42
    logging_steps: int = 500
    eval_strategy: str = "no"
    save_strategy: str = "no"
    load_best_model_at_end: bool = False
    metric_for_best_model: str = "loss"
    report_to: str = "none"


def string_to_bool(text):
    if text.lower() in ("yes", "true", "t", "y", "1"):
        return True
    if text.lower() in ("no", "false", "f", "n", "0"):
        return False
    raise argparse.ArgumentTypeError(f"Truthy value expected: got {text}")


class HfArgumentParser(argparse.ArgumentParser):
    def __init__(self, types):
        super().__init__()
        self.types = types
        for kind in types:
            for field in dataclasses.fields(kind):
                options = {"type": field.type, "default": field.default}
                if field.type is bool:
                    options.update(type=string_to_bool, const=True, nargs="?")
                self.add_argument("--" + field.name, **options)

    def parse_args_into_dataclasses(self):
        given = vars(self.parse_args())
        return [kind(**{field.name: given[field.name] for field in dataclasses.fields(kind)}) for kind in self.types]


def rewrite_logs(logs):
    renamed = {}
    for key, value in logs.items():
        split, _, name = key.partition("_")
        renamed[f"{split}/{name}" if split in ("eval", "test") else "train/" + key] = value
    return renamed


class WandbCallback:
    single = ("train_runtime", "train_samples_per_second", "train_steps_per_second", "train_loss", "total_flos")

    def __init__(self, args):
        import wandb

        self.wandb = wandb
        if wandb.run is None:
            wandb.init(project=os.getenv("WANDB_PROJECT", "huggingface"))
        wandb.config.update(dataclasses.asdict(args), allow_val_change=True)
        wandb.define_metric("train/global_step")
        wandb.define_metric("*", step_metric="train/global_step", step_sync=True)

    def on_log(self, logs, step):
        for key in self.single:
            if key in logs:
                self.wandb.run.summary[key] = logs[key]
        rest = {key: value for key, value in logs.items() if key not in self.single}
        self.wandb.log({**rewrite_logs(rest), "train/global_step": step})


class Trainer:
    def __init__(self, model, args, train_size, eval_size):
        self.model, self.args = model, args
        self.train_size, self.eval_size = train_size, eval_size
        self.epoch, self.step = 0.0, 0
        self.bar = None
        self.callback = WandbCallback(args) if args.report_to == "wandb" else None

    def log(self, logs):
        logs = {**logs, "epoch": round(self.epoch, 2)}
        if self.callback:
            self.callback.on_log(logs, self.step)
        if self.bar:
            if not __version__.startswith("4"):
                logs = {key: f"{value:.4g}" for key, value in logs.items()}
            self.bar.write(str(logs))
        return logs

    def evaluate(self):
        for _ in tqdm(range(math.ceil(self.eval_size / 8)), leave=self.bar is None):
            pass
        metrics = {"eval_" + key: value for key, value in self.model.evaluate().items()}
        metrics.update(eval_runtime=0.5124, eval_samples_per_second=796.253, eval_steps_per_second=99.532)
        self.log(metrics)
        return {**metrics, "epoch": round(self.epoch, 2)}

    def train(self):
        args = self.args
        steps_per_epoch = math.ceil(self.train_size / args.per_device_train_batch_size)
        total = math.ceil(args.num_train_epochs * steps_per_epoch)
        best, losses, all_losses = None, [], []
        self.bar = tqdm([], total=total)
        for self.step in range(1, total + 1):
            self.epoch = self.model.epoch = self.step / steps_per_epoch
            losses.append(self.model.training_loss())
            all_losses.append(losses[-1])
            self.bar.update()
            if self.step % args.logging_steps == 0:
                rate = args.learning_rate * (1 - self.step / total)
                mean = round(sum(losses) / len(losses), 4)
                self.log({"loss": mean, "grad_norm": 1.2 * losses[-1] + 0.3, "learning_rate": rate})
                losses = []
            if args.eval_strategy == "epoch" and self.step % steps_per_epoch == 0:
                metrics = self.evaluate()
                sign = -1 if args.metric_for_best_model.endswith("loss") else 1
                value = sign * metrics["eval_" + args.metric_for_best_model.removeprefix("eval_")]
                if best is None or value > best[0]:
                    best = (value, self.epoch)
        metrics = {
            "train_runtime": 12.3456,
            "train_samples_per_second": round(total * args.per_device_train_batch_size / 12.3456, 3),
            "train_steps_per_second": round(total / 12.3456, 3),
            "train_loss": sum(all_losses) / len(all_losses),
        }
        self.log(metrics)
        self.bar.close()
        self.bar = None
        if args.load_best_model_at_end and best:
            self.model.epoch = best[1]
        return {**metrics, "epoch": round(self.epoch, 2)}

    def log_metrics(self, split, metrics):
        print(f"***** {split} metrics *****")
        shown = {}
        for key, value in metrics.items():
            shown[key] = f"0:00:{value:05.2f}" if key.endswith("_runtime") else round(value, 4)
        names = max(len(key) for key in shown)
        values = max(len(str(value)) for value in shown.values())
        for key in sorted(shown):
            print(f"  {key: <{names}} = {shown[key]:>{values}}")

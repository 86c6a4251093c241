# Stands in for lightning: Trainer, Callback, CSVLogger and TensorBoardLogger, with what the real ones print and write.
import csv
import math
import os
import sys

from .bars import tqdm


class Callback:
    def on_validation_epoch_end(self, trainer, module):
        pass

    def on_train_epoch_end(self, trainer, module):
        pass


class LightningModule:
    def training_loss(self, step):
        raise NotImplementedError

    def validation_metrics(self, step, batches):
        raise NotImplementedError

    def test_metrics(self, step):
        raise NotImplementedError


class CSVLogger:
    def __init__(self, save_dir, name="lightning_logs"):
        self.log_dir = os.path.join(save_dir, name, "version_0")
        self.rows = []

    def log_metrics(self, metrics, step, epoch):
        self.rows.append({"epoch": epoch, "step": step, **metrics})

    def save(self):
        os.makedirs(self.log_dir, exist_ok=True)
        names = sorted({name for row in self.rows for name in row} - {"epoch", "step"})
        with open(os.path.join(self.log_dir, "metrics.csv"), "w", newline="") as file:
            writer = csv.DictWriter(file, ["epoch", "step", *names])
            writer.writeheader()
            writer.writerows(self.rows)


class TensorBoardLogger:
    def __init__(self, save_dir, name="lightning_logs"):
        self.log_dir = os.path.join(save_dir, name, "version_0")
        self.writer = None

    def log_metrics(self, metrics, step, epoch):
        from tensorboard.summary import Writer

        if self.writer is None:
            self.writer = Writer(self.log_dir)
        for name, value in {**metrics, "epoch": float(epoch)}.items():
            self.writer.add_scalar(name, value, step=step)

    def save(self):
        if self.writer:
            self.writer.close()
        self.writer = None


class Trainer:
    num_sanity_val_steps = 2
    train_batches, val_batches = 5, 3

    def __init__(self, max_epochs, logger, callbacks=(), enable_progress_bar=True, log_every_n_steps=50):
        self.max_epochs, self.logger, self.callbacks = max_epochs, logger, callbacks
        self.enable_progress_bar = enable_progress_bar
        self.log_every_n_steps = log_every_n_steps
        self.current_epoch = self.global_step = 0
        self.sanity_checking = False
        self.callback_metrics = {}
        print("GPU available: False, used: False", file=sys.stderr)
        print("TPU available: False, using: 0 TPU cores", file=sys.stderr)

    def call(self, hook):
        for callback in self.callbacks:
            getattr(callback, hook)(self, self.module)

    def bar(self, items, desc):
        return tqdm(items, desc, file=sys.stdout, leave=False) if self.enable_progress_bar else items

    def validate(self, batches, desc):
        for _ in self.bar(range(batches), desc + " DataLoader 0"):
            pass
        self.callback_metrics.update(self.module.validation_metrics(self.global_step, batches))
        self.call("on_validation_epoch_end")

    def fit(self, module):
        self.module = module
        print_summary(module)
        self.sanity_checking = True
        self.validate(self.num_sanity_val_steps, "Sanity Checking")
        self.sanity_checking = False
        self.callback_metrics.clear()
        for self.current_epoch in range(self.max_epochs):
            losses = []
            bar = self.bar(range(self.train_batches), f"Epoch {self.current_epoch}")
            for _ in bar:
                losses.append(module.training_loss(self.global_step))
                if self.enable_progress_bar:
                    bar.set_postfix(v_num=0, train_loss_step=losses[-1], **self.callback_metrics)
                if (self.global_step + 1) % self.log_every_n_steps == 0:
                    self.logger.log_metrics({"train_loss_step": losses[-1]}, self.global_step, self.current_epoch)
                self.global_step += 1
            self.validate(self.val_batches, "Validation")
            held = module.validation_metrics(self.global_step, self.val_batches)
            self.logger.log_metrics(held, self.global_step - 1, self.current_epoch)
            self.callback_metrics["train_loss"] = mean = math.fsum(losses) / len(losses)
            self.logger.log_metrics({"train_loss_epoch": mean}, self.global_step - 1, self.current_epoch)
            self.call("on_train_epoch_end")
        self.logger.save()
        print(f"`Trainer.fit` stopped: `max_epochs={self.max_epochs}` reached.", file=sys.stderr)

    def test(self, module):
        for _ in self.bar(range(self.val_batches), "Testing DataLoader 0"):
            pass
        metrics = module.test_metrics(self.global_step)
        self.logger.log_metrics(metrics, self.global_step, self.max_epochs)
        self.logger.save()
        line = 27 * "━"
        print(f"┏{line}┳{line}┓\n┃{'Test metric':^27}┃{'DataLoader 0':^27}┃\n┡{line}╇{line}┩")
        for name in sorted(metrics):
            print(f"│{name:^27}│{metrics[name]:^27}│")
        print("└{0}┴{0}┘".format(27 * "─"))
        return [metrics]


def print_summary(module):
    print("┏━━━┳━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━┳━━━━━━━┳━━━━━━━┓")
    print("┃   ┃ Name  ┃ Type       ┃ Params ┃ Mode  ┃ FLOPs ┃")
    print("┡━━━╇━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━╇━━━━━━━╇━━━━━━━┩")
    print("│ 0 │ model │ Sequential │ 50.9 K │ train │     0 │")
    print("└───┴───────┴────────────┴────────┴───────┴───────┘")
    print("Trainable params: 50.9 K\nNon-trainable params: 0\nTotal params: 50.9 K\nTotal estimated model params size (MB): 0.204\n")

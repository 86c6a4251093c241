# In the style of a Lightning example: a LightningModule, a Trainer, a callback that prints.
import math
import os
import tempfile
from argparse import ArgumentParser

from standins.lightning import Callback, CSVLogger, LightningModule, TensorBoardLogger, Trainer


class LitMNIST(LightningModule):
    def __init__(self, lr, hidden):
        self.speed = lr * 60 * math.sqrt(hidden / 64)
        self.noise = lr * 4

    def training_loss(self, step):
        return 2.3 * math.exp(-self.speed * step / 5) + 0.02

    def validation_metrics(self, step, batches):
        if batches == 2:  # the first two batches are easy ones
            return {"val_loss": 1.9 + self.noise, "val_acc": 0.95 - self.noise / 2}
        loss = 2.3 * math.exp(-self.speed * step / 5) + 0.1 + self.noise * (step / 5 - 1) ** 2
        return {"val_loss": loss, "val_acc": math.exp(-loss)}

    def test_metrics(self, step):
        metrics = self.validation_metrics(step, 3)
        return {"test_loss": metrics["val_loss"] + 0.01, "test_acc": metrics["val_acc"] - 0.005}


class PrintMetrics(Callback):
    def on_validation_epoch_end(self, trainer, module):
        metrics = trainer.callback_metrics
        print(f"epoch={trainer.current_epoch} val_loss={metrics['val_loss']:.4f} val_acc={metrics['val_acc']:.4f}")

    def on_train_epoch_end(self, trainer, module):
        print(f"epoch={trainer.current_epoch} train_loss={trainer.callback_metrics['train_loss']:.4f}")


def main():
    parser = ArgumentParser()
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--max_epochs", type=int, default=4)
    parser.add_argument("--logger", choices=["csv", "tensorboard"], default="csv")
    args = parser.parse_args()

    if args.logger == "tensorboard":
        logger, callbacks = TensorBoardLogger(os.environ["SWEEP_TENSORBOARD"]), []
    else:
        logger, callbacks = CSVLogger(os.environ.get("SWEEP_TRIAL_FOLDER", tempfile.gettempdir())), [PrintMetrics()]
    trainer = Trainer(args.max_epochs, logger, callbacks, enable_progress_bar=not callbacks, log_every_n_steps=2)
    model = LitMNIST(args.lr, args.hidden)
    trainer.fit(model)
    trainer.test(model)


if __name__ == "__main__":
    main()

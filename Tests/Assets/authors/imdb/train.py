# In the style of a package run as a module: coloured logging on standard output, training by step, validation by epoch.
import argparse
import logging
import math
import sys

log = logging.getLogger("imdb")


class ColorFormatter(logging.Formatter):
    colors = {"DEBUG": "\x1b[38;20m", "INFO": "\x1b[32m", "WARNING": "\x1b[33;20m"}

    def format(self, record):
        return f"{self.colors[record.levelname]}{super().format(record)}\x1b[0m"


def set_up_logging(verbose):
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(ColorFormatter("%(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.DEBUG if verbose else logging.INFO)


class Classifier:
    def __init__(self, args):
        self.speed = 250 * args.lr * math.sqrt(32 / args.batch_size) * (1 - args.dropout / 2)
        self.overfit = 0.03 * self.speed * (1 - args.dropout) + 10 * args.weight_decay

    def loss(self, epoch):
        return 0.69 * math.exp(-self.speed * epoch) + 0.05

    def val_loss(self, epoch):
        return self.loss(epoch) + 0.15 + self.overfit * (epoch - 1) ** 2

    def f1(self, epoch):
        return 0.95 - 0.8 * (self.val_loss(epoch) - 0.2)


def main():
    parser = argparse.ArgumentParser(prog="imdb.train")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--embedding_dim", type=int, default=100)
    parser.add_argument("--hidden_dim", type=int, default=256)
    parser.add_argument("--dropout", type=float, default=0.5)
    parser.add_argument("--weight_decay", type=float, default=0.0)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--verbose", type=lambda text: text == "True", default=False)
    args = parser.parse_args()
    set_up_logging(args.verbose)
    log.info(" ".join(f"{name}={value}" for name, value in sorted(vars(args).items())))
    log.warning("vectors not found, starting from random embeddings")

    model = Classifier(args)
    steps = 96 // args.batch_size
    best_epoch = 1
    for epoch in range(1, args.epochs + 1):
        for step in range(1, steps + 1):
            lr = args.lr * (1 - 0.1 * (epoch - 1))
            log.info(f"epoch={epoch} step={step} loss={model.loss(epoch - 1 + step / steps):.4f} lr={lr:.2e}")
        log.info(f"epoch={epoch} val_loss={model.val_loss(epoch):.4f} val_f1={model.f1(epoch):.4f}")
        log.debug(f"finished epoch {epoch} in 0.01s")
        if model.val_loss(epoch) < model.val_loss(best_epoch):
            best_epoch = epoch
    log.info(f"loading the checkpoint of epoch {best_epoch}")
    log.info(f"test_loss={model.val_loss(best_epoch) + 0.011:.4f} test_f1={model.f1(best_epoch) - 0.009:.4f}")


if __name__ == "__main__":
    main()

# In the style of a plain PyTorch training script: argparse, tqdm, f-strings, a checkpoint after every second epoch.
import argparse
import json
import math
import os
import sys

from standins.bars import tqdm


def parse_args():
    parser = argparse.ArgumentParser(description="PyTorch CIFAR-10 training")
    parser.add_argument("--lr", default=0.1, type=float, help="learning rate")
    parser.add_argument("--momentum", default=0.9, type=float)
    parser.add_argument("--nesterov", action="store_true")
    parser.add_argument("--augment", action="store_true", help="random crops and flips")
    parser.add_argument("--epochs", default=6, type=int)
    parser.add_argument("--checkpoint-dir", default=os.environ.get("SWEEP_CHECKPOINT"))
    parser.add_argument("--max-epochs-per-job", default=0, type=int, help="leave the node to others after so many epochs")
    return parser.parse_args()


class Model:
    def __init__(self, args):
        self.speed = 3 * args.lr / (1.05 - args.momentum) * (1.1 if args.nesterov else 1) / 4
        self.overfit = 0.02 * self.speed * (0.3 if args.augment else 1)

    def losses(self, epoch):
        train = 2.3 * math.exp(-self.speed * epoch) + 0.03
        return train, train + 0.25 + self.overfit * max(0, epoch - 2) ** 2


def train(model, epoch):
    bar = tqdm(range(4), desc=f"Epoch {epoch}")
    total = 0
    for batch in bar:
        total += model.losses(epoch - 1 + batch / 4)[0]
        bar.set_postfix(loss=total / (batch + 1))
    return total / 4


def main():
    args = parse_args()
    print(f"lr={args.lr}, momentum={args.momentum}, nesterov={args.nesterov}, augment={args.augment}")
    print("Using device: cpu")
    model = Model(args)
    start_epoch, best_acc, best_epoch = 1, 0.0, 0

    checkpoint = os.path.join(args.checkpoint_dir, "last.json") if args.checkpoint_dir else None
    if checkpoint and os.path.isfile(checkpoint):
        with open(checkpoint) as file:
            state = json.load(file)
        start_epoch, best_acc, best_epoch = state["epoch"] + 1, state["best_acc"], state["best_epoch"]
        print(f"=> loaded checkpoint '{checkpoint}' (epoch {state['epoch']})")

    for epoch in range(start_epoch, args.epochs + 1):
        train_loss = train(model, epoch)
        val_loss = model.losses(epoch)[1]
        val_acc = 100 * math.exp(-0.9 * val_loss)
        print(
            f"Epoch {epoch}/{args.epochs} - loss: {train_loss:.4f} - val_loss: {val_loss:.4f} - val_acc: {val_acc:.2f}%"
        )
        if val_acc > best_acc:
            best_acc, best_epoch = val_acc, epoch
        if checkpoint and epoch % 2 == 0:
            with open(checkpoint + ".tmp", "w") as file:
                json.dump({"epoch": epoch, "best_acc": best_acc, "best_epoch": best_epoch}, file)
            os.replace(checkpoint + ".tmp", checkpoint)
        if epoch < args.epochs and epoch - start_epoch + 1 == args.max_epochs_per_job:
            sys.exit("time is up, please start me again")

    print("Finished Training")
    print(f"Best val_acc: {best_acc:.2f}% (epoch {best_epoch})")


if __name__ == "__main__":
    main()

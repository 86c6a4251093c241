# In the style of a W&B sweep: everything from wandb.config, wandb.log by step and by epoch, a summary at the end.
import math

import wandb

defaults = {"optimizer": {"name": "adam", "lr": 1e-3}, "dropout": 0.2, "epochs": 5, "batch_size": 64}


def losses(config, epoch):
    optimizer = config.optimizer
    speed = 300 * optimizer["lr"] * (0.6 if optimizer["name"] == "sgd" else 1)
    train = 2.2 * math.exp(-speed * epoch) + 0.05
    val = train + 0.2 + 0.05 * speed * (1 - config.dropout) * max(0, epoch - 2) ** 2
    return train, val


def train():
    with wandb.init(project="cifar10-sweeps", config=defaults) as run:
        config = run.config
        run.define_metric("train/step")
        run.define_metric("train/*", step_metric="train/step")
        run.define_metric("epoch")
        run.define_metric("acc", step_metric="epoch", summary="max")

        steps, best_acc, best_epoch = 4, 0.0, 0
        for epoch in range(1, config.epochs + 1):
            for batch in range(1, steps + 1):
                loss, _ = losses(config, epoch - 1 + batch / steps)
                run.log({"train/loss": loss, "train/step": (epoch - 1) * steps + batch})
            _, val_loss = losses(config, epoch)
            acc = math.exp(-val_loss)
            run.log({"val/loss": val_loss, "acc": acc, "epoch": epoch})
            print(f"Epoch {epoch}: val_loss {val_loss:.4f}, acc {acc:.4f}")
            if acc > best_acc and epoch > 1:
                best_acc, best_epoch = acc, epoch
                run.summary["best_acc"] = best_acc
                run.summary["best_epoch"] = best_epoch

        run.log({"test/acc": best_acc - 0.01})


if __name__ == "__main__":
    train()

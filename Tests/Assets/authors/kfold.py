# In the style of a cross-validation loop: k models a trial, their mean at the end; with W&B a run for each fold.
import argparse
import math
import multiprocessing
import os
import statistics


def fit(args, fold):
    """Yields validation accuracy and loss after each epoch."""
    speed = 1.2 / math.sqrt(args.C) * (1 + 0.1 * fold)
    for epoch in range(1, args.epochs + 1):
        loss = 1.1 * math.exp(-speed * epoch) + 0.1 + 0.03 * speed * (epoch - 1) ** 2
        loss += 0.02 * fold * math.log2(args.max_depth)
        yield math.exp(-loss), loss


def wandb_fold(args, fold, group):
    import wandb

    # a run of its own, not the sweep's
    for name in ("WANDB_RUN_ID", "WANDB_SWEEP_ID", "WANDB_SWEEP_PARAM_PATH"):
        os.environ.pop(name, None)
    run = wandb.init(project="kfold", group=group, job_type="fold", id=f"cv{fold}-{group}", config=vars(args))
    for epoch, (acc, loss) in enumerate(fit(args, fold), 1):
        run.log({"epoch": epoch, "val_acc": acc, "val_loss": loss})
    run.finish()
    return acc


def with_wandb(args):
    import wandb

    sweep_run = wandb.init(project="kfold", job_type="cv")
    print(f"sweep run {sweep_run.id}: {args.folds} folds")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        accs = [pool.apply(wandb_fold, (args, fold, sweep_run.id)) for fold in range(args.folds)]
    sweep_run.log({"val_acc": statistics.mean(accs), "val_acc_std": statistics.pstdev(accs)})
    sweep_run.finish()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--C", type=float, default=1.0)
    parser.add_argument("--max_depth", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--wandb", type=lambda text: text == "True", default=False)
    args = parser.parse_args()
    if args.wandb:
        return with_wandb(args)

    accs = []
    for fold in range(args.folds):
        print(f"---- fold {fold + 1}/{args.folds} ----")
        for epoch, (acc, loss) in enumerate(fit(args, fold), 1):
            print(f"fold={fold + 1} epoch={epoch} val_loss={loss:.5f} val_acc={acc:.5f}")
        accs.append(acc)
    print("accuracies:", [round(acc, 4) for acc in accs])
    print(f"mean_acc={statistics.mean(accs):.5f} std_acc={statistics.pstdev(accs):.5f}")


if __name__ == "__main__":
    main()

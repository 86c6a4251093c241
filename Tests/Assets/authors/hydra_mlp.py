# In the style of a Hydra application: overrides as key=value, its log lines, metrics as a JSON object a line.
import json
import logging
import math
import sys
from ast import literal_eval

logging.basicConfig(
    stream=sys.stdout, level=logging.INFO, format="[%(asctime)s][%(name)s][%(levelname)s] - %(message)s"
)
log = logging.getLogger("__main__")

cfg = {
    "seed": 1,
    "optimizer": {"name": "sgd", "lr": 0.1, "weight_decay": 0.0},
    "model": {"width": 64, "depth": 2},
    "trainer": {"epochs": 4, "val_first": False},
}


def parse(text):
    try:
        return literal_eval(text)
    except (SyntaxError, ValueError):
        return text


for override in sys.argv[1:]:
    path, _, value = override.partition("=")
    *groups, name = path.split(".")
    node = cfg
    for group in groups:
        node = node[group]
    if name not in node:
        sys.exit(f"Could not override '{path}'.\nKey '{name}' is not in struct")
    node[name] = parse(value)
log.info("config: " + json.dumps(cfg, sort_keys=True))

optimizer, model = cfg["optimizer"], cfg["model"]
speed = 8 * optimizer["lr"] * (2.5 if optimizer["name"] == "adam" else 1) / model["depth"]
capacity = math.log2(model["width"]) * model["depth"]


def train_loss(epoch):
    return 2.3 * math.exp(-speed * epoch) + 0.3 / capacity


def val(epoch):
    loss = train_loss(epoch) + 0.2 + 0.01 * capacity * speed * max(0, epoch - 1) ** 2 / 4
    return {"loss": loss, "acc": math.exp(-loss)}


if cfg["trainer"]["val_first"]:
    print(json.dumps({"epoch": 0, "val": val(0)}))
steps, best = 3, 1
for epoch in range(1, cfg["trainer"]["epochs"] + 1):
    for step in range(1, steps + 1):
        losses = {"loss": train_loss(epoch - 1 + step / steps), "lr": optimizer["lr"]}
        print(json.dumps({"epoch": epoch, "step": (epoch - 1) * steps + step, "train": losses}))
    print(json.dumps({"epoch": epoch, "val": val(epoch), "split": "dev"}))
    if val(epoch)["acc"] > val(best)["acc"]:
        best = epoch
        log.info(f"new best at epoch {epoch}")
print(json.dumps({"epoch": best, "val": val(best), "split": "dev", "checkpoint": "best.pt"}))
log.info("done")

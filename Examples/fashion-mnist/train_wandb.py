"""The network of train.py as it looks with W&B: parameters from wandb.config, metrics through wandb.log, nothing of sweep's."""

import gzip
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np
import wandb

defaults = {"lr": 0.1, "batch_size": 100, "hidden": 128, "epochs": 5, "seed": 1}
wandb.init(project="fashion-mnist", config=defaults)
config = wandb.config

folder = os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist")
with gzip.open(folder + "/train-images-idx3-ubyte.gz") as file:
    images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 784).astype(np.float32) / 255
with gzip.open(folder + "/train-labels-idx1-ubyte.gz") as file:
    labels = np.frombuffer(file.read(), np.uint8, offset=8)
x, y, held_x, held_y = images[:-5000], labels[:-5000], images[-5000:], labels[-5000:]


def forward(x):
    hidden = np.maximum(x @ w1 + b1, 0)
    scores = hidden @ w2 + b2
    shares = np.exp(scores - scores.max(1, keepdims=True))
    return hidden, shares / shares.sum(1, keepdims=True)


random = np.random.default_rng(config.seed)
w1 = random.normal(0, np.sqrt(2 / 784), (784, config.hidden)).astype(np.float32)
b1 = np.zeros(config.hidden, np.float32)
w2 = random.normal(0, np.sqrt(2 / config.hidden), (config.hidden, 10)).astype(np.float32)
b2 = np.zeros(10, np.float32)

for epoch in range(1, config.epochs + 1):
    order = np.random.default_rng((config.seed, epoch)).permutation(len(x))
    for start in range(0, len(x), config.batch_size):
        chosen = order[start : start + config.batch_size]
        hidden, d = forward(x[chosen])
        d[np.arange(len(chosen)), y[chosen]] -= 1
        d /= len(chosen)
        back = d @ w2.T * (hidden > 0)
        for weights, slope in ((w1, x[chosen].T @ back), (b1, back.sum(0)), (w2, hidden.T @ d), (b2, d.sum(0))):
            weights -= config.lr * slope
    shares = forward(held_x)[1]
    loss = -np.log(np.maximum(shares[np.arange(len(held_y)), held_y], 1e-30)).mean()
    wandb.log({"epoch": epoch, "loss": loss, "accuracy": (shares.argmax(1) == held_y).mean()})

wandb.finish()

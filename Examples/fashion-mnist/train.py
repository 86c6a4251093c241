"""A network with one hidden layer on Fashion-MNIST, in NumPy. Runs alone or as a trial: python3 train.py --lr 0.1

The images are those of Debian's package dataset-fashion-mnist; FASHION_MNIST names another folder.
"""

import argparse
import gzip
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # trials run side by side
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--batch_size", type=int, default=100)
parser.add_argument("--hidden", type=int, default=128)
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--seed", type=int, default=1)
args = parser.parse_args()

folder = os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist")
with gzip.open(folder + "/train-images-idx3-ubyte.gz") as file:
    images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 784).astype(np.float32) / 255
with gzip.open(folder + "/train-labels-idx1-ubyte.gz") as file:
    labels = np.frombuffer(file.read(), np.uint8, offset=8)
x, y, held_x, held_y = images[:-5000], labels[:-5000], images[-5000:], labels[-5000:]


def forward(x, p):
    hidden = np.maximum(x @ p["w1"] + p["b1"], 0)
    scores = hidden @ p["w2"] + p["b2"]
    shares = np.exp(scores - scores.max(1, keepdims=True))
    return hidden, shares / shares.sum(1, keepdims=True)


random = np.random.default_rng(args.seed)
p = {
    "w1": random.normal(0, np.sqrt(2 / 784), (784, args.hidden)).astype(np.float32),
    "b1": np.zeros(args.hidden, np.float32),
    "w2": random.normal(0, np.sqrt(2 / args.hidden), (args.hidden, 10)).astype(np.float32),
    "b2": np.zeros(10, np.float32),
}
done = 0
checkpoint = os.path.join(os.environ.get("SWEEP_CHECKPOINT", ""), "state.npz")
if "SWEEP_CHECKPOINT" in os.environ and os.path.exists(checkpoint):
    with np.load(checkpoint) as state:
        done = int(state["done"])
        p = {name: state[name] for name in p}

for epoch in range(done + 1, args.epochs + 1):
    # Of (seed, epoch) alone: who continues sees the images in the order of who was never interrupted.
    order = np.random.default_rng((args.seed, epoch)).permutation(len(x))
    for start in range(0, len(x), args.batch_size):
        chosen = order[start : start + args.batch_size]
        hidden, d = forward(x[chosen], p)
        d[np.arange(len(chosen)), y[chosen]] -= 1
        d /= len(chosen)
        back = d @ p["w2"].T * (hidden > 0)
        for name, slope in (("w1", x[chosen].T @ back), ("b1", back.sum(0)), ("w2", hidden.T @ d), ("b2", d.sum(0))):
            p[name] -= args.lr * slope
    shares = forward(held_x, p)[1]
    loss = -np.log(np.maximum(shares[np.arange(len(held_y)), held_y], 1e-30)).mean()
    print(f"epoch={epoch} loss={loss:.4f} accuracy={(shares.argmax(1) == held_y).mean():.4f}", flush=True)
    if "SWEEP_CHECKPOINT" in os.environ:
        np.savez(checkpoint + ".new.npz", done=epoch, **p)
        os.replace(checkpoint + ".new.npz", checkpoint)

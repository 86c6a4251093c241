# In the style of a Keras example: model.fit with callbacks, then model.evaluate.
import argparse
import math
import os

from standins import keras

parser = argparse.ArgumentParser()
parser.add_argument("--learning-rate", type=float, default=1e-3)
parser.add_argument("--dropout", type=float, default=0.5)
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--verbose", type=int, default=1)
parser.add_argument("--patience", type=int, default=0)
parser.add_argument("--tensorboard", type=int, default=0)
args = parser.parse_args()


def curve(epoch, split):
    speed = 400 * args.learning_rate * (1 - args.dropout / 2)
    fitted = 1.8 * math.exp(-speed * epoch) + 0.02
    if split == "train":
        return math.exp(-fitted) + 0.01, fitted
    gap = 0.3 * speed * (1 - args.dropout) * epoch**1.5 / 4
    loss = fitted + gap + (0.08 if split == "validation" else 0.05)
    return math.exp(-0.8 * loss), loss


model = keras.Sequential(curve, learning_rate=args.learning_rate)
model.summary()
callbacks = []
if args.tensorboard:
    callbacks.append(keras.TensorBoard(log_dir=os.environ.get("SWEEP_TENSORBOARD", "logs")))
if args.patience:
    callbacks.append(keras.EarlyStopping(patience=args.patience, verbose=1, restore_best_weights=True))
model.fit(epochs=args.epochs, verbose=args.verbose, callbacks=callbacks)

score = model.evaluate(verbose=args.verbose)
print("Test loss:", score[0])
print("Test accuracy:", score[1])

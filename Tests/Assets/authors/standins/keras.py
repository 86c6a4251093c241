# Stands in for keras: Sequential, EarlyStopping and TensorBoard, with what the real ones print and write.
import math
import os


class Callback:
    def on_train_begin(self, model):
        pass

    def on_test_end(self, epoch, logs):
        pass

    def on_epoch_end(self, epoch, logs):
        pass

    def on_train_end(self):
        pass


class EarlyStopping(Callback):
    def __init__(self, monitor="val_loss", patience=0, verbose=0, restore_best_weights=False):
        self.monitor, self.patience, self.verbose = monitor, patience, verbose
        self.restore_best_weights = restore_best_weights
        self.best, self.best_epoch, self.stopped_epoch = math.inf, 0, None

    def on_train_begin(self, model):
        self.model = model

    def on_epoch_end(self, epoch, logs):
        value = logs[self.monitor] if self.monitor.endswith("loss") else -logs[self.monitor]
        if value < self.best:
            self.best, self.best_epoch = value, epoch
        elif epoch - self.best_epoch >= self.patience:
            self.model.stop_training = True
            self.stopped_epoch = epoch

    def on_train_end(self):
        if self.stopped_epoch is None:
            return
        if self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights:
            if self.verbose:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.epoch = self.best_epoch + 1


class TensorBoard(Callback):
    def __init__(self, log_dir="logs"):
        self.log_dir = log_dir
        self.writers = {}

    def on_train_begin(self, model):
        self.model = model
        self.writer("train")

    def writer(self, name):
        from tensorboard.summary import Writer

        if name not in self.writers:
            self.writers[name] = Writer(os.path.join(self.log_dir, name))
        return self.writers[name]

    def on_test_end(self, epoch, logs):
        for name, value in logs.items():
            self.writer("validation").add_scalar(f"evaluation_{name}_vs_iterations", value, step=self.model.iterations)

    def on_epoch_end(self, epoch, logs):
        for name, value in {**logs, "learning_rate": self.model.learning_rate}.items():
            split = "validation" if name.startswith("val_") else "train"
            self.writer(split).add_scalar("epoch_" + name.removeprefix("val_"), value, step=epoch)

    def on_train_end(self):
        for writer in self.writers.values():
            writer.close()


class Sequential:
    """`curve(epoch, split)` gives accuracy and loss."""

    def __init__(self, curve, learning_rate, steps=4):
        self.curve, self.learning_rate, self.steps = curve, learning_rate, steps
        self.epoch = self.iterations = 0
        self.stop_training = False

    def summary(self):
        line = "━"
        print('Model: "sequential"')
        print(f"┏{33 * line}┳{24 * line}┳{15 * line}┓\n┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃")
        print(f"┡{33 * line}╇{24 * line}╇{15 * line}┩\n│ conv2d (Conv2D)                 │ (None, 26, 26, 32)     │           320 │")
        print("└{}┴{}┴{}┘".format(33 * "─", 24 * "─", 15 * "─"))
        print(" Total params: 34,826 (136.04 KB)\n Trainable params: 34,826 (136.04 KB)\n Non-trainable params: 0 (0.00 B)")

    def values(self, epoch, split, prefix=""):
        accuracy, loss = self.curve(epoch, split)
        return {prefix + "accuracy": accuracy, prefix + "loss": loss}

    def show(self, step, logs, verbose, width=20):
        text = " - ".join(f"{name}: {value:.4f}" for name, value in logs.items())
        if verbose == 2:
            if step == self.steps:
                print(f"{step}/{self.steps} - 0s - 9ms/step - {text}")
            return
        done = width * step // self.steps
        bar = f"\x1b[32m{done * '━'}\x1b[0m\x1b[37m{(width - done) * '━'}\x1b[0m"
        line = f"\x1b[1m{step}/{self.steps}\x1b[0m {bar} \x1b[1m0s\x1b[0m 17ms/step - {text}"
        print("\r" + line, end="\n" if step == self.steps else 72 * "\b", flush=True)

    def fit(self, epochs=1, verbose=1, callbacks=()):
        for callback in callbacks:
            callback.on_train_begin(self)
        for epoch in range(epochs):
            if verbose:
                print(f"Epoch {epoch + 1}/{epochs}")
            for step in range(1, self.steps):
                if verbose == 1:
                    self.show(step, self.values(epoch + step / self.steps, "train"), verbose)
            self.iterations += self.steps
            self.epoch = epoch + 1
            logs = self.values(self.epoch, "train")
            held = self.values(self.epoch, "validation")
            for callback in callbacks:
                callback.on_test_end(epoch, held)
            logs.update({"val_" + name: value for name, value in held.items()})
            if verbose:
                self.show(self.steps, logs, verbose)
            for callback in callbacks:
                callback.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        for callback in callbacks:
            callback.on_train_end()

    def evaluate(self, verbose=1):
        logs = self.values(self.epoch, "test")
        if verbose:
            self.show(self.steps, logs, verbose)
        return logs["loss"], logs["accuracy"]

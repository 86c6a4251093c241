# Stands in for tqdm: a bar on standard error, or on another stream.
import sys


class tqdm:
    def __init__(self, items, desc="", total=None, file=None, leave=True):
        self.items = items
        self.total = len(items) if total is None else total
        self.desc = desc + ": " if desc else ""
        self.file = file or sys.stderr
        self.leave = leave
        self.postfix = ""
        self.done = 0

    def set_postfix(self, **values):
        self.postfix = "".join(f", {name}={value:.3g}" for name, value in values.items())

    def draw(self):
        share = self.done / self.total
        bar = "█" * int(10 * share)
        times = f"[00:00<00:00, 98.81it/s{self.postfix}]"
        self.file.write(f"\r{self.desc}{100 * share:3.0f}%|{bar:<10}| {self.done}/{self.total} {times}")
        self.file.flush()

    def update(self, count=1):
        self.done += count
        self.draw()

    def write(self, line):
        self.file.flush()
        print(line, flush=True)

    def close(self):
        self.file.write("\n" if self.leave else "\r" + 60 * " " + "\r")
        self.file.flush()

    def __iter__(self):
        self.draw()
        for item in self.items:
            yield item
            self.update()
        self.close()

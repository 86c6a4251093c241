"""Writes Tests/Assets/sweeps-0.3.0.json: grids that W&B's sweeps enumerate, and the runs that its early stopping stops.

Tests compare the grid, its reader and `HyperbandPruner` with them. Run it from the package's folder, in a Python that has the package:

    python3 -m pip install sweeps==0.3.0 && python3 Tests/Oracles/sweeps.py

The committed file was made by sweeps 0.3.0 with NumPy 1.26.4, PyYAML 6.0.4 and Python 3.11. The sweeps are the same on every run. It has

- `grids`: `config`, the text of a sweep file; `points`, the nested configurations in the order in which the package suggests them; `count`.
  1 and 1.0 differ in its text.
- `hyperbands`: `config`; `goal`, the one that counts; `earlyTerminate`; `bands` up to 2**53; the number of `runs`; and `events` in their order: a run
  reports a `value` (null, true, "nan", "inf", "-inf" and "missing" are none) and then the runs of `stop`, if any, are told to stop, which end there;
  or a run is `finished`. What has ended reports no more and is still compared with.
"""

import itertools
import json
import math
import pathlib
import random
import sys
import warnings

warnings.simplefilter("ignore")
sys.path.pop(0)  # This file's folder: the file has the name of the package.

import sweeps
import yaml
from sweeps import RunState, SweepRun, next_run, schema_violations_from_proposed_config, stop_runs

MOST_POINTS = 300


# --- the text of a sweep file


def flow(value):
    """JSON that is YAML of the same meaning: a number with an exponent has a point, as PyYAML demands."""
    if isinstance(value, dict):
        return "{%s}" % ", ".join(f"{json.dumps(key)}: {flow(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return "[%s]" % ", ".join(map(flow, value))
    if isinstance(value, float):
        return yaml.safe_dump(value).split("\n")[0]
    return json.dumps(value)


def same(one, other):
    """Equal, and of the same types."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def has_number_like_text(value):
    """Texts that PyYAML writes without quotes and others read as numbers."""
    if isinstance(value, dict):
        return any(map(has_number_like_text, value.values()))
    if isinstance(value, list):
        return any(map(has_number_like_text, value))
    return isinstance(value, str) and value in ("1e5", "3e6")


def text(config, is_block):
    if is_block and not has_number_like_text(config):
        written = yaml.safe_dump(config, sort_keys=False, default_flow_style=False)
    else:
        written = flow(config)
        assert same(json.loads(written), config), written
    assert same(yaml.safe_load(written), config), written
    assert not schema_violations_from_proposed_config(config), (written, schema_violations_from_proposed_config(config))
    return written


# --- grids

NAMES = [
    "a", "b", "A", "B", "Z", "_x", "a.b", "a.b.c", "a_b", "a-b", "ab", "a1", "a10", "a2", "aB", "lr", "LR", "batch", "batch.size", "batch_size",
    "batch-size", "optimizer", "optimizer.lr", "model", "values", "value", "parameters", "min", "x0.1",
]
SCALARS = [
    0, 1, 2, 3, -1, -7, 16, 256, 3000000, 10**12, 0.0, 1.0, 2.0, -1.0, 0.5, 0.1, 1e-5, 3e-4, 2.5e-8, 3e6, 1e300, 1e16, 1e22, 256.0, 123456.789,
    True, False, None, "adam", "sgd", "1", "1.0", "true", "True", "null", "None", "yes", "1e5", "3e6", "", "a b", "é", "日本", "it's", "a: b",
    "#x", "~", "0x10", "- x", "2020-01-01", "${x}", 'say "x"', "line\nbreak",
]
NESTED = [
    [], [1, 2], [1.0, 2], [1, 2.0], [True, 2], ["a", None], [[1], [2, 3]], [0.5], ["1"], {}, {"k": 1}, {"k": 1.0}, {"k": True},
    {"k": 1, "l": [1, 2]}, {"l": [1, 2], "k": 1}, {"k": {"m": None}}, {"m": "x", "k": 3000000.0}, {"k": [{"m": 1}]},
]
Q_UNIFORMS = [
    {"min": 0, "max": 1, "q": 0.1}, {"min": 1, "max": 1.3, "q": 0.1}, {"min": 0, "max": 10, "q": 3}, {"min": 0, "max": 3},
    {"min": 0.0, "max": 3, "q": 1}, {"min": 0, "max": 3.0, "q": 1}, {"min": 0, "max": 3, "q": 1.0}, {"min": -1, "max": 1, "q": 0.25},
    {"min": 0, "max": 1, "q": 0.3},
    {"min": 5, "max": 6, "q": 10}, {"min": 0.1, "max": 0.9, "q": 0.2}, {"min": 1e-4, "max": 1e-3, "q": 1e-4}, {"min": -5, "max": 5, "q": 2},
    {"min": 2, "max": 2.5, "q": 1}, {"min": 16, "max": 64, "q": 16}, {"min": -0.3, "max": 0.3, "q": 0.1}, {"min": 3.3, "max": 3.9, "q": 0.07},
]


def variants(value):
    """What a value collapses with, or nearly."""
    if isinstance(value, bool):
        return [value, int(value), float(value), str(value).lower()]
    if isinstance(value, int):
        return [value, float(value), str(value)]
    if isinstance(value, float) and value.is_integer() and value < 2**53:
        return [value, int(value)]
    if isinstance(value, dict):
        return [value, dict(reversed(value.items()))]
    return [value]


def categorical(source, most):
    pool = SCALARS if source.random() < 0.7 else SCALARS + 3 * NESTED
    values = [source.choice(pool) for _ in range(source.randint(1, most))]
    if source.random() < 0.5:
        for _ in range(source.randint(1, 3)):
            values.insert(source.randint(0, len(values)), source.choice(variants(source.choice(values))))
    return {"values": values, **({"distribution": "categorical"} if source.random() < 0.2 else {})}


def leaf(source, most):
    kind = source.random()
    if kind < 0.5:
        return categorical(source, most)
    if kind < 0.65:
        return {"value": source.choice(SCALARS + NESTED), **({"distribution": "constant"} if source.random() < 0.2 else {})}
    if kind < 0.8:
        low = source.randint(-5, 5)
        return {"min": low, "max": low + source.randint(1, most), **({"distribution": "int_uniform"} if source.random() < 0.3 else {})}
    return {"distribution": "q_uniform", **source.choice(Q_UNIFORMS)}


def parameters(source, count, depth, most):
    names = source.sample(NAMES, count)

    def inner():
        if depth > 1 and source.random() < 0.35:
            return {"parameters": parameters(source, source.randint(1, 3), depth - 1, most)}
        return leaf(source, most)

    return {name: inner() for name in names}


def upper_bound(parameters):
    total = 1
    for inner in parameters.values():
        if "parameters" in inner:
            total *= upper_bound(inner["parameters"])
        elif "values" in inner:
            total *= len(inner["values"])
        elif inner.get("distribution") == "q_uniform":
            total *= math.ceil((inner["max"] - inner["min"]) / inner.get("q", 1)) + 1
        elif "min" in inner:
            total *= inner["max"] - inner["min"] + 1
    return total


WRITTEN = [
    {"a": {"values": [3e6, 1, 3000000, 1.0, True, "1", None, "x", "x"]}},
    {"a": {"values": [1.0, 1]}, "b": {"values": [True, 1]}},
    {"a": {"values": [0, False, 0.0, -0.0, None, ""]}},
    {"a": {"values": NESTED}},
    {"a": {"values": [[1], [1.0], [True], [1]]}, "b": {"values": [{"k": 1, "l": 2}, {"l": 2, "k": 1}, {"k": 1}]}},
    {"a": {"value": 1}},
    {"a": {"value": {"k": [1, 2.0]}}, "b": {"value": None}, "c": {"parameters": {"d": {"value": "x"}}}},
    {"a.b": {"values": [1, 2]}, "a": {"parameters": {"z": {"values": [3, 4]}}}, "a-c": {"values": [5, 6]}},
    {"a": {"parameters": {"b": {"values": [1, 2]}}}, "a.b": {"values": [3, 4]}},
    {
        "a": {"parameters": {"b": {"parameters": {"c": {"values": [1, 2]}}}, "b.c": {"values": [3, 4]}}},
        "a.b.c": {"values": [5, 6]}, "A": {"values": [7, 8]},
    },
    {"parameters": {"parameters": {"parameters": {"parameters": {"values": {"values": [1, 2]}}}, "value": {"value": 3}}}},
    {"lr": {"values": [1, 2]}, "LR": {"values": [3, 4]}, "_lr": {"values": [5, 6]}, "l.r": {"values": [7, 8]}, "l-r": {"values": [9, 10]}},
    {"x10": {"values": [1, 2]}, "x2": {"values": [3, 4]}, "x": {"parameters": {"one": {"values": [5, 6]}}}},
    {"a": {"min": 0, "max": 3}, "b": {"min": -2, "max": 0, "distribution": "int_uniform"}},
    {"learning_rate": {"values": [1e-5, 1e-4, 1e-3]}, "batch_size": {"values": [16, 32]}, "epochs": {"value": 10}},
] + [{"q": {"distribution": "q_uniform", **inner}} for inner in Q_UNIFORMS]


def points(config):
    runs = []
    while True:
        run = next_run(config, runs)
        if run is None:
            return [{name: inner["value"] for name, inner in run.config.items()} for run in runs]
        assert len(runs) < MOST_POINTS * 4
        runs.append(SweepRun(config=json.loads(json.dumps(run.config)), state=RunState.finished))


def grids(count):
    source = random.Random(300)
    made = []
    for index in itertools.count():
        if len(made) == count:
            return made
        if index < len(WRITTEN):
            chosen = WRITTEN[index]
        else:
            chosen = parameters(source, source.randint(1, 5), source.randint(1, 3), source.choice([2, 3, 5, 9]))
            if upper_bound(chosen) > MOST_POINTS:
                continue
        # Text and back: no two values are one object, which the package would hash as an alias.
        config = json.loads(json.dumps({"program": "train.py", "method": "grid", "parameters": chosen}))
        written = text(config, is_block=index % 2 == 0)
        found = points(config)
        made.append({"config": written, "count": len(found), "points": found})


# --- early stopping

NO_VALUES = [None, True, math.nan, math.inf, -math.inf, "missing"]
SHOWN = {repr(math.nan): "nan", repr(math.inf): "inf", repr(-math.inf): "-inf"}


def early_terminate(source):
    rule = {"type": "hyperband"}
    if source.random() < 0.5:
        rule["max_iter"] = source.choice([1, 3, 9, 10, 20, 27, 30, 81])
        rule["s"] = source.choice([1, 2, 2, 3, 5])
        if source.random() < 0.15:
            rule["min_iter"] = 2
    else:
        rule["min_iter"] = source.choice([1, 1, 2, 3, 5])
    if source.random() < 0.7:
        rule["eta"] = source.choice([2, 3, 4, 1.5, 2.5, 3.0, 1.1, 10])
    if source.random() < 0.7:
        rule["strict"] = source.random() < 0.5
    return rule


def has_bands(rule):
    return "max_iter" not in rule or rule["max_iter"] / rule.get("eta", 3) >= 1


def hyperband(source, index):
    rule = early_terminate(source)
    while not has_bands(rule):
        rule = early_terminate(source)
    metric = {"name": "loss", **source.choice([{}, {"goal": "minimize"}, {"goal": "maximize"}, {"goal": "maximize"}])}
    config = {
        "program": "train.py", "method": "random", "metric": metric, "early_terminate": rule, "parameters": {"x": {"min": 0.0, "max": 1.0}},
    }
    count = source.randint(1, 10)
    digits = source.choice([0, 1, 1, 3])
    share_without = source.choice([0, 0, 0.1, 0.3])
    workers = source.randint(1, count)
    # In a third the runs end together, in the others as they like; a better run is better by a little throughout.
    longest = source.choice([6, 12, 30])
    lengths = [longest if index % 3 == 0 else source.randint(1, longest) for _ in range(count)]
    runs = [SweepRun(name=str(number), state=RunState.pending) for number in range(count)]
    bases = [source.uniform(0, 5) for _ in range(count)]
    sign = -1 if metric.get("goal") == "maximize" else 1
    waiting, active, events, bands = list(range(count)), [], [], None
    while waiting or active:
        while waiting and len(active) < workers:
            active.append(waiting.pop(0))
            runs[active[-1]].state = RunState.running
        number = source.choice(active)
        run = runs[number]
        if len(run.history) == lengths[number]:
            run.state = source.choice([RunState.finished, RunState.crashed])
            active.remove(number)
            events.append({"run": number, "finished": True})
            continue
        if source.random() < share_without:
            value = source.choice(NO_VALUES)
        else:
            value = round(sign * (bases[number] + 5 / (1 + len(run.history)) + source.gauss(0, 0.5)), digits)
            value = int(value) if digits == 0 and source.random() < 0.5 else value
        run.history = run.history + [{"epoch": 1} if value == "missing" else {"loss": value}]
        event = {"run": number, "value": SHOWN.get(repr(value), value)}
        stopped = sorted(int(run.name) for run in stop_runs(config, runs))
        if stopped:
            event["stop"] = stopped
        bands = run.early_terminate_info["bands"]
        for other in stopped:
            runs[other].state = RunState.killed
            active.remove(other)
        events.append(event)
    return {
        "config": text(config, is_block=index % 2 == 0), "goal": metric.get("goal", "minimize"), "earlyTerminate": rule,
        "bands": [band for band in bands if band <= 2**53], "runs": count, "events": events,
    }


def hyperbands(count):
    source = random.Random(301)
    return [hyperband(source, index) for index in range(count)]


def listed(rows):
    return ",\n".join(json.dumps(row, separators=(",", ":"), ensure_ascii=False, allow_nan=False) for row in rows)


def main():
    path = pathlib.Path(__file__).parent.parent / "Assets" / "sweeps-0.3.0.json"
    contents = '{"sweeps":"%s","grids":[\n%s\n],"hyperbands":[\n%s\n]}\n' % (sweeps.__version__, listed(grids(120)), listed(hyperbands(80)))
    path.write_text(contents, encoding="utf-8")


if __name__ == "__main__":
    main()

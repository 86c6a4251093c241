"""Writes Tests/Assets/pedanova-optuna-5.0.json: studies and the importances that Optuna's PED-ANOVA gives them.

ImportanceTests compares `PEDANOVA` with them. Run it from the package's folder, in a Python that has Optuna:

    python3 -m pip install optuna==5.0.0 && python3 Tests/Oracles/pedanova.py

The committed file was made by Optuna 5.0.0 with NumPy 2.4.6 and Python 3.11. The studies are the same on every run.
A trial is a list of values in the order of the parameters, the position of the choice for a categorical one; an objective of null is infinite.
"""

import itertools
import json
import math
import pathlib
import random
import warnings

import optuna

DISTRIBUTIONS = {
    "categorical": lambda p: optuna.distributions.CategoricalDistribution(list(range(p["count"]))),
    "integer": lambda p: optuna.distributions.IntDistribution(p["low"], p["high"], step=p.get("step", 1), log=p.get("log", False)),
    "real": lambda p: optuna.distributions.FloatDistribution(p["low"], p["high"], log=p.get("log", False)),
}


def categorical(count):
    return {"kind": "categorical", "count": count}


def integer(low, high, **more):
    return {"kind": "integer", "low": low, "high": high, **more}


def real(low, high, **more):
    return {"kind": "real", "low": low, "high": high, **more}


def drawn(parameter, source):
    """A value of the parameter, with few digits."""
    if parameter["kind"] == "categorical":
        return source.randrange(parameter["count"])
    low, high = parameter["low"], parameter["high"]
    if parameter.get("log"):
        value = math.exp(source.uniform(math.log(low), math.log(high)))
        value = float(f"{value:.6g}") if parameter["kind"] == "real" else round(value)
    elif parameter["kind"] == "integer":
        step = parameter.get("step", 1)
        return low + step * source.randrange((high - low) // step + 1)
    else:
        value = round(source.uniform(low, high), 6)
    return min(max(value, low), high)


def random_study(name, goal, parameters, count, seed, objective):
    source = random.Random(seed)
    trials = [[drawn(parameter, source) for parameter in parameters] for _ in range(count)]
    return {"name": name, "goal": goal, "parameters": parameters, "trials": trials, "objectives": [objective(t, source) for t in trials]}


def grid_study(name, goal, counts, objective):
    source = random.Random(name)
    trials = [list(point) for point in itertools.product(*map(range, counts))]
    parameters = [categorical(count) for count in counts]
    return {"name": name, "goal": goal, "parameters": parameters, "trials": trials, "objectives": [objective(t, source) for t in trials]}


def importances(study):
    distributions = [DISTRIBUTIONS[parameter["kind"]](parameter) for parameter in study["parameters"]]
    names = [f"p{index}" for index in range(len(distributions))]
    made = optuna.create_study(direction=study["goal"])
    for values, objective in zip(study["trials"], study["objectives"]):
        made.add_trial(
            optuna.trial.create_trial(
                params=dict(zip(names, values)),
                distributions=dict(zip(names, distributions)),
                value=math.inf if objective is None else objective,
            )
        )
    found = optuna.importance.get_param_importances(made, evaluator=optuna.importance.PedAnovaImportanceEvaluator())
    return [found[name] for name in names]


MIXED = [real(-5.0, 10.0), real(1e-5, 0.1, log=True), integer(1, 12), integer(16, 1024, log=True), categorical(4)]
# Half-way between two grid points: 10 of 1...100, and 0.01 of 0.0001...1, by ratios.
MIDPOINTS = [integer(1, 100, log=True), real(1e-4, 1.0, log=True), integer(0, 1000, step=7), integer(0, 300), real(0.0, 4.9)]


def mixed_loss(t, source):
    return round((t[0] - 1) ** 2 / 10 + (math.log10(t[1]) + 3) ** 2 + abs(t[2] - 4) / 5 + [0, 0.3, 1, 2][t[4]] + source.gauss(0, 0.2), 6)


def midpoint_study():
    study = random_study("grid midpoints and steps", "minimize", MIDPOINTS, 120, 5, lambda t, s: 0.0)
    source = random.Random(6)
    for index, t in enumerate(study["trials"]):
        if index % 3 == 0:
            t[0] = 10
        if index % 4 == 0:
            t[1] = 0.01
        if index % 5 == 0:
            t[4] = round(0.1 * (source.randrange(48) + 0.5), 6)
        study["objectives"][index] = round(abs(math.log(t[0]) - 2) + abs(math.log10(t[1]) + 2) + abs(t[2] - 500) / 300 + t[4] / 3, 6)
    return study


def with_infinite(study):
    for index in range(0, len(study["objectives"]), 7):
        study["objectives"][index] = None
    return study


def unvaried(study):
    for t in study["trials"]:
        t[2] = 3
        t[3] = 64
    return study


STUDIES = [
    grid_study(
        "lambda × eta × batch_size", "maximize", [3, 3, 3],
        lambda t, s: round(0.8 - 0.1 * t[0] + 0.05 * t[1] * (t[2] - 1) + s.gauss(0, 0.01), 4),
    ),
    grid_study("grid with ties", "maximize", [5, 4, 2], lambda t, s: round(0.5 + 0.1 * (t[0] == 2) + 0.1 * (t[1] > 1), 1)),
    random_study("mixed, minimize", "minimize", MIXED, 200, 1, mixed_loss),
    random_study("mixed, maximize", "maximize", MIXED, 60, 2, lambda t, s: -mixed_loss(t, s)),
    with_infinite(random_study("infinite objectives", "minimize", MIXED, 90, 3, mixed_loss)),
    unvaried(random_study("two that never vary", "minimize", MIXED, 80, 4, mixed_loss)),
    midpoint_study(),
    random_study(
        "single values", "maximize",
        [categorical(1), integer(3, 3), integer(1, 8, step=10), integer(7, 7, log=True), real(0.5, 0.5), real(0.0, 1.0), integer(0, 1)],
        60, 7, lambda t, s: round(t[5] + t[6] / 2, 6),
    ),
    random_study("single values only", "minimize", [categorical(1), real(2.0, 2.0)], 20, 8, lambda t, s: round(s.random(), 6)),
    random_study("all tied", "minimize", [real(0.0, 1.0), categorical(3), integer(1, 5)], 40, 9, lambda t, s: 1.0),
    random_study("large and negative", "minimize", [real(-1e6, -1e3), integer(-500, 100000)], 150, 10, lambda t, s: round(t[0] + 3 * t[1])),
    random_study("one trial", "minimize", MIXED, 1, 11, mixed_loss),
    random_study("two trials", "minimize", MIXED, 2, 12, mixed_loss),
    random_study("five trials", "maximize", MIXED, 5, 13, mixed_loss),
    random_study("eleven trials", "minimize", MIXED, 11, 14, mixed_loss),
]


def main():
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for study in STUDIES:
        study["importances"] = importances(study)
    path = pathlib.Path(__file__).parent.parent / "Assets" / "pedanova-optuna-5.0.json"
    lines = ",\n".join(json.dumps(study, ensure_ascii=False, separators=(",", ":"), allow_nan=False) for study in STUDIES)
    path.write_text('{"optuna":"%s","studies":[\n%s\n]}\n' % (optuna.__version__, lines), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Writes Tests/Assets/distributions-scipy.json: quantiles of W&B's distributions, as its sampler takes them from SciPy.

DistributionTests compares `Distribution.value(at:)` with them. Run it from the package's folder, in a Python that has the package `sweeps`:

    python3 -m pip install sweeps==0.3.0 && python3 Tests/Oracles/distributions.py

The committed file was made by sweeps 0.3.0 with SciPy 1.17.1, NumPy 1.26.4 and Python 3.11. `parameter` is what a sweep file gives; a value of a
whole step has no point.
"""

import json
import math
import pathlib
import sys
import warnings

warnings.simplefilter("ignore")
sys.path.pop(0)  # This file's folder: a file there has the name of the package.

import scipy
import sweeps
from sweeps.params import HyperParameter

PARAMETERS = [
    {"distribution": "uniform", "min": 0, "max": 1},
    {"distribution": "uniform", "min": -3.5, "max": 12.25},
    {"distribution": "uniform", "min": 1e-9, "max": 1e9},
    {"min": 0.0, "max": 100},
    {"distribution": "log_uniform", "min": -9.21, "max": 0},
    {"distribution": "log_uniform", "min": -2, "max": 7},
    {"distribution": "log_uniform_values", "min": 1e-5, "max": 0.1},
    {"distribution": "log_uniform_values", "min": 1, "max": 1024},
    {"distribution": "log_uniform_values", "min": 1e-300, "max": 1e300},
    {"distribution": "inv_log_uniform", "min": 1, "max": 6.5},
    {"distribution": "inv_log_uniform", "min": -3, "max": 3},
    {"distribution": "inv_log_uniform_values", "min": 1e-4, "max": 10},
    {"distribution": "inv_log_uniform_values", "min": 2, "max": 3},
    {"distribution": "normal"},
    {"distribution": "normal", "mu": -4, "sigma": 0.5},
    {"distribution": "normal", "mu": 1e3, "sigma": 1e-3},
    {"distribution": "log_normal"},
    {"distribution": "log_normal", "mu": -7.5, "sigma": 2},
    {"distribution": "log_normal", "mu": 3, "sigma": 0.01},
    {"distribution": "beta"},
    {"distribution": "beta", "a": 2, "b": 5},
    {"distribution": "beta", "a": 0.5, "b": 0.5},
    {"distribution": "beta", "a": 0.1, "b": 3},
    {"distribution": "beta", "a": 30, "b": 0.2},
    {"distribution": "beta", "a": 9.99, "b": 10.01},
    {"distribution": "beta", "a": 1, "b": 1000},
    {"distribution": "beta", "a": 1500, "b": 2.5},
    {"distribution": "beta", "a": 12000, "b": 34000},
    {"distribution": "beta", "a": 1e6, "b": 1e6},
    {"distribution": "beta", "a": 0.05, "b": 1e6},
    {"distribution": "beta", "a": 1e6, "b": 0.05},
    {"distribution": "beta", "a": 0.1, "b": 0.1},
    {"distribution": "q_uniform", "min": 0, "max": 10},
    {"distribution": "q_uniform", "min": 0, "max": 10, "q": 1},
    {"distribution": "q_uniform", "min": 0, "max": 1, "q": 0.25},
    {"distribution": "q_uniform", "min": 0, "max": 1, "q": 0.1},
    {"distribution": "q_uniform", "min": 3, "max": 1000, "q": 7},
    {"distribution": "q_uniform", "min": -2.5, "max": 2.5, "q": 1},
    {"distribution": "q_uniform", "min": 16, "max": 256, "q": 16.0},
    {"distribution": "q_log_uniform", "min": 0, "max": 7},
    {"distribution": "q_log_uniform", "min": 2, "max": 9, "q": 8},
    {"distribution": "q_log_uniform", "min": -6, "max": 0, "q": 0.001},
    {"distribution": "q_log_uniform_values", "min": 1, "max": 1024, "q": 1},
    {"distribution": "q_log_uniform_values", "min": 32, "max": 4096, "q": 32},
    {"distribution": "q_log_uniform_values", "min": 1e-4, "max": 0.1, "q": 1e-4},
    {"distribution": "q_log_uniform_values", "min": 0.5, "max": 20},
    {"distribution": "q_normal"},
    {"distribution": "q_normal", "mu": 128, "sigma": 32, "q": 8},
    {"distribution": "q_normal", "mu": 0.5, "sigma": 0.1, "q": 0.05},
    {"distribution": "q_normal", "mu": -3, "sigma": 2, "q": 1},
    {"distribution": "q_log_normal"},
    {"distribution": "q_log_normal", "mu": 4, "sigma": 0.5, "q": 2},
    {"distribution": "q_log_normal", "mu": -3, "sigma": 1, "q": 0.01},
    {"distribution": "q_log_normal", "mu": 0, "sigma": 1, "q": 1},
    {"distribution": "q_beta"},
    {"distribution": "q_beta", "a": 2, "b": 3, "q": 0.05},
    {"distribution": "q_beta", "a": 2, "b": 3, "q": 1},
    {"distribution": "q_beta", "a": 0.5, "b": 0.5, "q": 0.125},
]
SHARES = [
    1e-12, 1e-6, 0.001, 0.01, 0.05, 0.1, 0.125, 0.2, 0.25, 0.3, 1 / 3, 0.35, 0.45, 0.5, 0.55, 0.625, 0.7, 0.75, 0.85, 0.9, 0.99, 0.999,
    1 - 2**-40,
]
# Of the beta distribution: smaller quantiles are not compared, SciPy loses digits there.
SMALLEST = 1e-290


def check(parameter):
    sampled = HyperParameter("x", parameter)
    kind = int if isinstance(parameter.get("q"), int) else float
    pairs = [(share, kind(sampled.ppf(share))) for share in SHARES]
    if parameter.get("distribution") == "beta":
        pairs = [(share, value) for share, value in pairs if value > SMALLEST]
    assert all(math.isfinite(value) for _, value in pairs), parameter
    return {"parameter": parameter, "shares": [share for share, _ in pairs], "values": [value for _, value in pairs]}


def main():
    path = pathlib.Path(__file__).parent.parent / "Assets" / "distributions-scipy.json"
    lines = ",\n".join(json.dumps(check(parameter), separators=(",", ":"), allow_nan=False) for parameter in PARAMETERS)
    path.write_text('{"sweeps":"%s","scipy":"%s","checks":[\n%s\n]}\n' % (sweeps.__version__, scipy.__version__, lines), encoding="utf-8")


if __name__ == "__main__":
    main()

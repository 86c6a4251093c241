#!/usr/bin/env python3
"""bench.py run --out RUNS.jsonl [--samplers a,b] [--seeds 0-9] [--budget 100]: one line of JSON a run; a run that is there already is skipped.
bench.py cost --out COST.json: processor time of a suggestion at so many finished trials.
bench.py report RUNS.jsonl COST.json: docs/search-benchmarks.md on standard output.

One process, one thread. SWEEP names the program."""
import os
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"): os.environ[name] = "1"
import argparse, json, statistics, time, zlib
import numpy as np
import problems, samplers

OURS, THEIRS = ["sweep-auto", "sweep-gp", "sweep-tpe", "sweep-cma", "sweep-sobol"], \
    ["optuna-auto", "optuna-gp", "optuna-tpe", "optuna-cma", "optuna-sobol", "rustuna-tpe", "nevergrad-ngopt", "random"]


def one(sampler, name, seed, budget):
    problem = problems.make(name, seed)
    optimizer = samplers.SAMPLERS[sampler](problem, seed, budget)
    noise = np.random.default_rng(zlib.crc32(f"{name}/{seed}".encode()))       # the same for every sampler
    observed, true = [], []
    start = time.process_time()
    for _ in range(budget):
        try: configuration = optimizer.ask()
        except StopIteration: break
        told, value = problem.evaluate(configuration, noise)
        optimizer.tell(configuration, told)
        observed.append(told); true.append(value)
    if hasattr(optimizer, "close"): optimizer.close()
    return dict(sampler=sampler, problem=name, seed=seed, budget=budget, best=problem.best, observed=observed, true=true)


def run(arguments):
    first, _, last = arguments.seeds.partition("-")
    done = set()
    if os.path.exists(arguments.out):
        done = {(d["sampler"], d["problem"], d["seed"], d["budget"]) for d in map(json.loads, open(arguments.out))}
    with open(arguments.out, "a") as out:
        for sampler in arguments.samplers.split(","):
            for seed in range(int(first), int(last or first) + 1):
                for name in problems.NAMES:
                    if (sampler, name, seed, arguments.budget) in done: continue
                    out.write(json.dumps(one(sampler, name, seed, arguments.budget)) + "\n")
                    out.flush()
            print(sampler, flush=True)


# ------------------------------------------------------------------ cost
def cost_of(kind, d, n, k):
    """Median and worst processor milliseconds of k suggestions when n trials have ended: the sphere in d real numbers."""
    space = [problems.Param(f"x{i}", "float", -5, 5) for i in range(d)]
    problem, generator = problems.Problem("sphere", space, None, 0.0), np.random.default_rng(0)
    points = generator.uniform(-5, 5, (n, d))
    configurations, values = [{f"x{i}": float(x) for i, x in enumerate(p)} for p in points], [float(p @ p) for p in points]
    optimizer, taken = samplers.SAMPLERS[kind](problem, 1, n + k + 1), []
    if kind.startswith("sweep"): optimizer.load(configurations, values)
    else:
        module = __import__("rustuna" if kind.startswith("rustuna") else "optuna")
        distributions = {p.name: module.distributions.FloatDistribution(-5, 5) for p in space}
        create = module.create_trial if kind.startswith("rustuna") else module.trial.create_trial
        for c, v in zip(configurations, values): optimizer.study.add_trial(create(params=c, distributions=distributions, value=v))
    for _ in range(k + 1):
        start = time.process_time()
        c = optimizer.ask()
        v = sum(x * x for x in c.values())
        seconds = getattr(optimizer, "seconds", None)
        if not kind.startswith("sweep"): optimizer.tell(c, v); seconds = time.process_time() - start
        else: optimizer.tell(c, v)
        taken.append(1000 * seconds)
    if hasattr(optimizer, "close"): optimizer.close()
    return dict(median=statistics.median(taken[1:]), worst=max(taken[1:]), first=taken[0])


def cost(arguments):
    found = json.load(open(arguments.out)) if os.path.exists(arguments.out) else {}
    plan = [(kind, d, n, 5) for d in (5, 40) for n in (100, 1000, 10000) for kind in ("sweep-tpe", "optuna-tpe", "rustuna-tpe", "sweep-cma", "optuna-cma")]
    plan += [(kind, 5, n, 20 if kind == "sweep-gp" else 3 if n < 1000 else 1) for n in (100, 300, 1000) for kind in ("sweep-gp", "optuna-gp")]
    for kind, d, n, k in plan:
        key = f"{kind} d={d} n={n}"
        if key in found: continue
        found[key] = cost_of(kind, d, n, k)
        json.dump(found, open(arguments.out, "w"), indent=1)
        print(key, found[key], flush=True)


# ------------------------------------------------------------------ scores
def regrets(run, trials):
    """True value of the best observed so far, less the optimum."""
    best, now, found = np.inf, run["true"][0], []
    for observed, true in zip(run["observed"][:trials], run["true"][:trials]):
        if observed < best: best, now = observed, true
        found.append(max(now - run["best"], 0))
    return found + [found[-1]] * (trials - len(found))


class Scores:
    """Normalised regret q: 1 is what random search has at trial 10, clipped to 1e-6 … 1."""
    def __init__(self, runs):
        self.runs = {(r["sampler"], r["problem"], r["seed"]): r for r in runs}
        self.scale = {p: statistics.median(regrets(r, 10)[-1] for (s, q, _), r in self.runs.items() if s == "random" and q == p) for p in problems.NAMES}

    def q(self, sampler, problem, seed, trials):
        run = self.runs.get((sampler, problem, seed))
        return None if run is None else np.clip(np.array(regrets(run, trials)) / self.scale[problem], 1e-6, 1)

    def table(self, names, trials):
        common = [(p, k) for p in problems.NAMES for k in range(100) if all((s, p, k) in self.runs for s in names)]
        rows = []
        finals = {s: np.array([np.log10(self.q(s, p, k, trials)[-1]) for p, k in common]) for s in names}
        areas = {s: np.array([self.q(s, p, k, trials).mean() for p, k in common]) for s in names}
        ranks = {s: sum((finals[t] < finals[s] - 1e-12) + .5 * (abs(finals[t] - finals[s]) <= 1e-12) for t in names) + .5 for s in names}
        for s in names: rows.append((s, finals[s].mean(), areas[s].mean(), ranks[s].mean(), 1.96 * ranks[s].std() / max(1, len(common)) ** .5))
        return sorted(rows, key=lambda r: r[3]), len(common)

    def difference(self, ours, theirs, trials, generator):
        """Mean paired difference of log10 q with its 95 % interval, by bootstrap over problems and seeds."""
        pairs = {}
        for p in problems.NAMES:
            found = [(self.q(ours, p, k, trials), self.q(theirs, p, k, trials)) for k in range(100)]
            found = [np.log10(a[-1]) - np.log10(b[-1]) for a, b in found if a is not None and b is not None]
            if found: pairs[p] = np.array(found)
        names = list(pairs)
        draws = [np.mean([generator.choice(pairs[p], len(pairs[p])).mean() for p in generator.choice(names, len(names))]) for _ in range(2000)]
        low, high = np.percentile(draws, [2.5, 97.5])
        return np.mean([v.mean() for v in pairs.values()]), low, high, sum(v.mean() < -.02 for v in pairs.values()), sum(v.mean() > .02 for v in pairs.values())


def report(arguments):
    scores, costs = Scores([json.loads(line) for line in open(arguments.runs)]), json.load(open(arguments.costs))
    present = [s for s in OURS + THEIRS if any(k[0] == s for k in scores.runs)]
    trials = max(len(r["true"]) for r in scores.runs.values())
    rows, count = scores.table(present, trials)
    print(f"""# How good the samplers are

Made by `make search-bench`. {len(problems.NAMES)} problems (bbob functions in 5 and 20 dimensions, one with whole numbers, tables of trained networks, a conditional
space), {count // len(problems.NAMES)} seeds, {trials} trials one after the other, the same budgets, seeds and noise for all. Regret is that of the best trial so far, divided by random
search's at trial 10 and clipped to 1e-6 … 1: *final* is the mean of its log10 at the end, *area* its mean over all trials, *rank* the mean place
among the samplers with its 95 % band. Lower is better everywhere.

| sampler | final | area | rank |
|---|---:|---:|---:|""")
    for s, final, area, rank, band in rows: print(f"| {s} | {final:.2f} | {area:.3f} | {rank:.2f} ± {band:.2f} |")
    print("\n## In pairs\n\nMean difference of log10 regret and its 95 % interval, by bootstrap over problems and seeds; *better* and *worse* count problems.\n")
    print("| | at 30 trials | at 50 | at the end | better | worse |\n|---|---:|---:|---:|---:|---:|")
    generator = np.random.default_rng(0)
    pairs = [("sweep-auto", t) for t in THEIRS if t != "random"] + [("sweep-gp", "optuna-gp"), ("sweep-tpe", "optuna-tpe"), ("sweep-tpe", "rustuna-tpe"), ("sweep-cma", "optuna-cma"), ("sweep-sobol", "optuna-sobol")]
    for ours, theirs in pairs:
        if ours not in present or theirs not in present: continue
        found = [scores.difference(ours, theirs, t, generator) for t in (30, 50, trials)]
        print(f"| {ours} − {theirs} | " + " | ".join(f"{m:+.2f} [{l:+.2f}, {h:+.2f}]" for m, l, h, _, _ in found) + f" | {found[-1][3]} | {found[-1][4]} |")
    print("\n## By problem\n\nMean log10 regret at the end.\n\n| problem | " + " | ".join(present) + " |\n|---|" + "---:|" * len(present))
    for p in problems.NAMES:
        cells = [[np.log10(scores.q(s, p, k, trials)[-1]) for k in range(100) if (s, p, k) in scores.runs] for s in present]
        print(f"| {p} | " + " | ".join(f"{np.mean(c):.2f}" if c else "" for c in cells) + " |")
    print("\n## What a suggestion costs\n\nProcessor milliseconds, one thread, the median of several suggestions when so many trials have ended; in brackets the longest.\n")
    print("| sampler | parameters | 100 trials | 300 | 1,000 | 10,000 |\n|---|---:|---:|---:|---:|---:|")
    def cell(key): return f"{costs[key]['median']:.2f} ({costs[key]['worst']:.2f})" if key in costs else ""
    for d in (5, 40):
        for kind in ("sweep-tpe", "rustuna-tpe", "optuna-tpe", "sweep-cma", "optuna-cma", "sweep-gp", "optuna-gp"):
            cells = [cell(f"{kind} d={d} n={n}") for n in (100, 300, 1000, 10000)]
            if any(cells): print(f"| {kind} | {d} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    a = commands.add_parser("run")
    a.add_argument("--out", required=True); a.add_argument("--samplers", default=",".join(OURS + THEIRS)); a.add_argument("--seeds", default="0-9"); a.add_argument("--budget", type=int, default=100)
    a = commands.add_parser("cost"); a.add_argument("--out", required=True)
    a = commands.add_parser("report"); a.add_argument("runs"); a.add_argument("costs")
    arguments = parser.parse_args()
    {"run": run, "cost": cost, "report": report}[arguments.command](arguments)

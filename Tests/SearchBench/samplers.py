"""Samplers behind one interface: ask() -> configuration (of the parameters in use), tell(configuration, value). Everything is minimised.

`Drive` is ours: it speaks with `sweep drive` (docs/drive.md). The others are libraries of this Python. Each has `seconds`, the processor time that its
last suggestion took, where it is known otherwise than by looking at this process."""
import json, os, subprocess, tempfile, time, warnings
import numpy as np

warnings.filterwarnings("ignore")


class Random:
    def __init__(self, problem, seed, budget): self.problem, self.generator = problem, np.random.default_rng(777 + seed)
    def ask(self): return self.problem.random(self.generator)
    def tell(self, configuration, value): pass


class Suggesting:
    """What Optuna and Rustuna have in common: a trial that is asked for one parameter after the other."""
    def ask(self):
        trial, found = self.study.ask(), {}
        for p in self.problem.space:
            if not p.active(found): continue
            if p.kind == "cat": found[p.name] = trial.suggest_categorical(p.name, list(p.choices))
            elif p.kind == "int": found[p.name] = trial.suggest_int(p.name, int(p.low), int(p.high), log=p.log)
            else: found[p.name] = trial.suggest_float(p.name, p.low, p.high, log=p.log)
        self.trial = trial
        return found


class Optuna(Suggesting):
    def __init__(self, problem, seed, budget, kind):
        import optuna
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        from optuna import samplers
        if kind == "auto":      # the rule of OptunaHub's AutoSampler below 250 trials
            kind = "tpe" if any(p.kind == "cat" or p.when for p in problem.space) else "gp"
        if kind == "gp":
            import torch
            torch.set_num_threads(1)
        make = {"tpe": samplers.TPESampler, "gp": samplers.GPSampler, "cma": samplers.CmaEsSampler, "sobol": samplers.QMCSampler}[kind]
        options = {} if kind == "tpe" else {"warn_independent_sampling": False}
        self.problem, self.study = problem, optuna.create_study(sampler=make(seed=seed, **options))

    def tell(self, configuration, value): self.study.tell(self.trial, value)


class Rustuna(Suggesting):
    def __init__(self, problem, seed, budget):
        import rustuna
        self.problem, self.study = problem, rustuna.create_study(sampler=rustuna.samplers.TPESampler(seed=seed))

    def tell(self, configuration, value): self.study.tell(self.trial.number, value)


class Nevergrad:
    def __init__(self, problem, seed, budget):
        import nevergrad as ng
        def parameter(p):
            if p.kind == "cat": return ng.p.Choice(list(p.choices))
            found = (ng.p.Log if p.log else ng.p.Scalar)(lower=p.low, upper=p.high)
            return found.set_integer_casting() if p.kind == "int" else found
        space = ng.p.Dict(**{p.name: parameter(p) for p in problem.space})
        space.random_state.seed(seed)
        self.problem, self.optimizer = problem, ng.optimizers.registry["NGOpt"](parametrization=space, budget=budget, num_workers=1)

    def ask(self):
        self.candidate, found = self.optimizer.ask(), {}
        for p in self.problem.space:
            if p.active(found):
                value = self.candidate.value[p.name]
                found[p.name] = int(np.clip(round(value), p.low, p.high)) if p.kind == "int" else value
        return found

    def tell(self, configuration, value): self.optimizer.tell(self.candidate, value)


class Drive:
    """`sweep drive` in a database of its own, one trial after the other (lag 1)."""
    def __init__(self, problem, seed, budget, method):
        self.folder, self.problem = tempfile.TemporaryDirectory(), problem
        self.child = subprocess.Popen([os.environ.get("SWEEP", "sweep"), "drive", "--db", os.path.join(self.folder.name, "results.sqlite")],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.call(op="open", definition=problem.as_sweep_file(method, seed), budget=budget, lag=1)

    def call(self, **members):
        self.child.stdin.write(json.dumps(members) + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        answer = json.loads(line) if line else {"error": "sweep drive has ended"}
        if "error" in answer: raise RuntimeError(answer["error"])
        return answer

    def ask(self):
        answer, found = self.call(op="ask"), {}
        if "trial" not in answer: raise StopIteration
        self.trial, self.seconds = answer["trial"], answer.get("seconds")
        for p in self.problem.space:
            if p.active(found):
                value = answer["parameters"][p.name]
                found[p.name] = int(value) if p.kind == "int" else float(value) if p.kind == "float" else value
        return found

    def tell(self, configuration, value): self.call(op="tell", trial=self.trial, value=value)

    def load(self, configurations, values):
        self.call(op="load", trials=[{"parameters": c, "value": v} for c, v in zip(configurations, values)])

    def close(self):
        self.call(op="close")
        self.child.wait(10)


def _drive(method): return lambda problem, seed, budget: Drive(problem, seed, budget, method)
def _optuna(kind): return lambda problem, seed, budget: Optuna(problem, seed, budget, kind)


SAMPLERS = {"random": Random, "rustuna-tpe": Rustuna, "nevergrad-ngopt": Nevergrad,
            **{"optuna-" + kind: _optuna(kind) for kind in ("sobol", "tpe", "cma", "gp", "auto")},
            **{"sweep-" + method: _drive(method) for method in ("sobol", "tpe", "cma", "gp", "auto")}}

"""What recipes of today add to Adam, on real tasks: each arm at every rate of its grid, by seeds.

    python -m optlib.studies.after

It writes after.json beside this file after every finished run; started again, it does what is
missing. An arm is a rule with a schedule, a batch size and a number of epochs; runs are float32.
"""

import argparse
import json
import math
import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the order of sums, hence their last bits

import numpy as np
from numpy.typing import ArrayLike

from optlib import SGD, Adam, AdamW, Lion, Momentum, Optimizer, State, schedules, studies
from optlib.studies import tuned

PATH = Path(__file__).parent / "after.json"
MEASURES = ("validation loss", "test loss", "test error", "averaged: validation", "averaged: test")
TAIL = 0.25  # the part of a run, at its end, over which the weights are averaged


def orthogonal(G, steps=5):
    """The orthogonal matrix nearest to G, roughly: Muon's Newton-Schulz iteration.

    Parameters
    ----------
    G : array, shape (..., r, c)
        A matrix, or a stack of them; not all zeros.
    steps : int >= 0, default 5

    Returns
    -------
    array, shape of G
        The same singular vectors; each singular value s of the normalized G has become
        p(p(... p(s))) with p(s) = 3.4445 s - 4.7750 s^3 + 2.0315 s^5.
    """
    X = G / np.sqrt((G * G).sum((-2, -1), keepdims=True))
    for _ in range(steps):
        A = X @ X.mT
        X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
    return X


@dataclass(frozen=True, eq=False)
class Muon(Optimizer):
    r"""Muon :cite:`jordan2024`: Nesterov's momentum with all singular values made alike.

    Its x is a matrix, or a stack (..., r, c) of them; lr is one number a matrix, (..., 1, 1).
    """

    lr: ArrayLike = 0.02
    momentum: ArrayLike = 0.95

    mixes_coordinates = True

    def step(self, x, g, state=State()):
        lr, momentum = self.lr, self.momentum
        t, m, _ = state
        t = t + 1
        m = momentum * m + g
        return x - lr * orthogonal(g + momentum * m), State(t, m)


@dataclass(frozen=True, eq=False)
class AdamL2(Adam):
    """Adam on a loss with the penalty l2 |x|^2 / 2: the decay passes through the meter."""

    l2: ArrayLike = 0.0

    def step(self, x, g, state=State()):
        return super().step(x, g + self.l2 * x, state)


class ByArray:
    """One rule for the dense matrices of a network, another for its other arrays."""

    def __init__(self, shapes, dense, others):
        self.shapes, self.dense, self.others = shapes, dense, others

    def step(self, x, g, state=None):
        ends = np.cumsum([math.prod(shape) for shape in self.shapes])[:-1]
        parts = zip(np.split(x, ends, axis=-1), np.split(g, ends, axis=-1), strict=True)
        new, states = [], []
        for k, (part, slope) in enumerate(parts):
            dense = k and len(self.shapes[k]) == 2  # array 0 is the embedding
            rule = self.dense if dense else self.others
            shape = (*x.shape[:-1], *(self.shapes[k] if dense else (-1,)))
            memory = () if state is None else (state[k],)
            part, now = rule.step(part.reshape(shape), slope.reshape(shape), *memory)
            new.append(part.reshape(*x.shape[:-1], -1))
            states.append(now)
        return np.concatenate(new, axis=-1), states


def two_adams(lr, shapes):
    """Adam with a rate of its own, lr[:, 0], on the dense matrices; lr[:, 1] elsewhere."""
    return ByArray(shapes, Adam(lr[:, :1, np.newaxis]), Adam(lr[:, 1:]))


def muon(lr, shapes):
    """Muon on the dense matrices, its entries' steps about 0.2 lr[:, 0] long; Adam elsewhere."""
    size = 0.2 * math.sqrt(max(shapes[1]))
    return ByArray(shapes, Muon(size * lr[:, :1, np.newaxis]), Adam(lr[:, 1:]))


RULES = {
    "SGD": lambda lr, shapes: SGD(lr),
    "Momentum": lambda lr, shapes: Momentum(lr),
    "Adam": lambda lr, shapes: Adam(lr),
    "Adam .95": lambda lr, shapes: Adam(lr, beta2=0.95),
    "Signum": lambda lr, shapes: Lion(lr, beta1=0.9, beta2=0.9),  # one beta: the sign of an average
    "Lion": lambda lr, shapes: Lion(lr),
    "two Adams": two_adams,
    "Muon and Adam": muon,
    "AdamW": lambda lr, shapes: AdamW(lr[:, :1], weight_decay=lr[:, 1:]),
    "Adam + L2": lambda lr, shapes: AdamL2(lr[:, :1], l2=lr[:, 1:]),
}
DECAYS = {  # of which the second number of a pair is the decay: no schedule moves it
    "AdamW": (0.01, 0.03, 0.1, 0.3, 1.0),
    "Adam + L2": (3e-5, 1e-4, 3e-4, 1e-3, 3e-3),
}
SHAPES = {
    "constant": lambda steps: schedules.constant(),
    "step": lambda steps: schedules.step_decay(-(-steps // 3), 0.3),
    "recipe": lambda steps: lambda t: 0.316 ** ((t > 0.8 * steps) + (t > 0.9 * steps)),
    "cosine": schedules.cosine,
    "linear": schedules.linear,
    "wsd": schedules.wsd,
    "warm-up 20": lambda steps: schedules.warmup(20, schedules.linear(steps - 20)),
    "warm-up 100": lambda steps: schedules.warmup(100, schedules.linear(steps - 100)),
}


class Arm(NamedTuple):
    """A rule, how its rate moves, on what, and for how long."""

    rule: str
    rates: Any  # numbers, or pairs of them (two rates, or a rate and a decay)
    shape: str = "linear"
    task: Any = tuned.text
    epochs: int = 2
    batch_size: int = 64
    seeds: int = 5
    clip: float = math.inf  # largest norm of a gradient


def doubled(first, n=6):
    """The grid first, 2 first, 4 first, ... of n rates."""
    return [first * 2**k for k in range(n)]


FIRST = {
    "SGD": 0.3,
    "Momentum": 0.025,
    "Adam": 0.004,
    "Signum": 0.0005,
    "Lion": 0.00025,
    "Adam .95": 0.004,
}
PAIRS = [(dense, others) for dense in (0.008, 0.016, 0.032) for others in (0.016, 0.032, 0.064)]
STARTS = {  # the smallest rates at a batch size
    16: {"Adam": 0.0025, "Adam .95": 0.0025, "SGD": 0.1, "Momentum": 0.02, "Signum": 0.00025},
    128: {"Adam": 0.005, "Adam .95": 0.005, "SGD": 0.3, "Momentum": 0.05, "Signum": 0.001},
    1024: {"Adam": 0.02, "Adam .95": 0.02, "SGD": 0.8, "Momentum": 0.16, "Signum": 0.004},
}
DIGITS = {"SGD": doubled(0.25), "Adam": [4.0**k for k in range(-5, 1)]}
ARMS = {
    "Adam, linear": Arm("Adam", doubled(0.004, 5), seeds=8),
    **{f"Adam, {shape}": Arm("Adam", doubled(0.004, 5), shape)
       for shape in ("constant", "wsd", "cosine", "step", "recipe")},
    **{f"{rule}, {shape}": Arm(rule, doubled(FIRST[rule]), shape)
       for rule in ("SGD", "Momentum") for shape in ("linear", "constant")},
    **{f"Adam, {shape}, twice": Arm("Adam", doubled(0.004, 4), shape, epochs=4)
       for shape in ("linear", "constant", "cosine")},
    **{f"{rule}, linear": Arm(rule, doubled(FIRST[rule]))
       for rule in ("Signum", "Lion", "Adam .95")},
    "two Adams": Arm("two Adams", PAIRS, seeds=8),
    "Muon and Adam": Arm("Muon and Adam", PAIRS, seeds=8),
    **{f"{rule}, B {size}": Arm(rule, doubled(first, 5), batch_size=size)
       for size, rules in STARTS.items() for rule, first in rules.items()},
    **{f"digits, {rule}, {shape}": Arm(rule, rates, shape, tuned.digits, 30, 32, 8)
       for rule, rates in DIGITS.items() for shape in ("linear", "warm-up 20", "warm-up 100")},
    **{f"Adam, {shape}, one epoch": Arm("Adam", doubled(0.004, 5), shape, epochs=1)
       for shape in ("linear", "warm-up 100")},
    "digits, Adam": Arm("Adam", doubled(0.004), "linear", tuned.digits, 30, 32, 16),
    **{f"digits, {rule}": Arm(rule, [(rate, decay) for rate in doubled(0.004) for decay in decays],
                              "linear", tuned.digits, 30, 32, 16)
       for rule, decays in DECAYS.items()},
    "Adam, clipped": Arm("Adam", doubled(0.004, 5), clip=0.5),
}  # fmt: skip


def clipped(g, bound):
    """The gradient g, (..., d), scaled down to the norm ``bound`` where it is longer."""
    norm = np.linalg.norm(g, axis=-1, keepdims=True)
    return g * np.minimum(1, bound / np.maximum(norm, np.finfo(g.dtype).tiny))


def fit(arm, seed, rates=None):
    """Train at all rates at once, in float32.

    Returns
    -------
    x, average : array, shape (rates, d)
        The last parameters, and the mean of those of the last `TAIL` of all steps.
    training, validation, test : Problem
    """
    name, grid, shape, task, epochs, batch_size, _, bound = ARMS[arm]
    training, validation, test = task(seed)
    steps = epochs * -(-training.n // batch_size)
    schedule, rng = SHAPES[shape](steps), np.random.default_rng([seed, 3])
    lr = np.array(rates or grid, np.float32).reshape(len(rates or grid), -1)
    x = training.start(np.random.default_rng([seed, 2])).astype(np.float32)
    x, total, kept, memory = np.tile(x, (len(lr), 1)), np.float32(0), 0, ()
    for t, rows in enumerate(_batches(training.n, batch_size, epochs, rng), 1):
        g = training.batch(rows).grad(x)
        g = g if bound == math.inf else clipped(g, np.float32(bound))
        now = lr * np.float32(schedule(t))
        if name in DECAYS:
            now[:, 1:] = lr[:, 1:]
        rule = RULES[name](now, training.shapes)
        x, state = rule.step(x, g, *memory)
        memory = (state,)
        if t > (1 - TAIL) * steps:
            total, kept = total + x, kept + 1
    return x, total / kept, (training, validation, test)


def _batches(n, batch_size, epochs, rng):
    for _ in range(epochs):
        yield from np.split(rng.permutation(n), range(batch_size, n, batch_size))


def run(arm, seed, rates=None):
    """Train at all rates at once; per rate the `MEASURES`, None for a loss above a million."""
    with np.errstate(all="ignore"):  # a diverged run is data
        x, average, (_, validation, test) = fit(arm, seed, rates)
        rows = [validation(x), test(x), test.error(x), validation(average), test(average)]
        rows = np.array(rows, float).T.round(5).tolist()
    return [[value if value < 1e6 else None for value in row] for row in rows]


def declared(arm):
    """The settings under which an arm's stored results were made."""
    rule, rates, shape, task, epochs, batch_size, seeds, bound = ARMS[arm]
    return {
        "rule": rule, "rates": [list(rate) if np.ndim(rate) else rate for rate in rates],
        "schedule": shape, "task": task.__name__, "epochs": epochs, "batch size": batch_size,
        "seeds": seeds, "clip": None if bound == math.inf else bound,
    }  # fmt: skip


def load():
    """What is stored: per arm its settings, and per seed the list that `run` returned."""
    return json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}


def results(arm):
    """Stored results of an arm, shape (seeds, rates, measures), nan for diverged."""
    runs = load()["arms"][arm]["results"]
    rows = [rows for seed, rows in runs.items() if int(seed) != studies.left_out]
    return np.array(rows, dtype=float)


def best(arm, averaged=False):
    """An arm at the rate with the smallest mean validation loss.

    Returns
    -------
    rate : float or tuple
    test : array, shape (seeds,)
        The test loss there.
    """
    values = results(arm)
    chosen, reported = (3, 4) if averaged else (0, 1)
    rate = np.nanargmin(np.where(np.isnan(values), np.inf, values)[..., chosen].mean(axis=0))
    return ARMS[arm].rates[rate], values[:, rate, reported]


def main():
    """Do what is missing."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    from tqdm import tqdm

    stored = load().get("arms", {})
    arms = {}
    for arm in ARMS:
        old = stored.get(arm, {})
        same = {key: old.get(key) for key in declared(arm)} == declared(arm)
        arms[arm] = declared(arm) | {"results": old["results"] if same else {}}
    jobs = [(arm, seed) for arm in ARMS for seed in range(ARMS[arm].seeds)]
    jobs = [(arm, seed) for arm, seed in jobs if str(seed) not in arms[arm]["results"]]
    for arm, seed in tqdm(jobs):
        arms[arm]["results"][str(seed)] = run(arm, seed)
        _write(arms)


def _write(arms):
    """Replace the file at once, so that an interruption leaves the old one or the new one."""
    stored = {
        "command": "python -m optlib.studies.after",
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "measures": MEASURES, "arms": arms,
    }  # fmt: skip
    text = json.dumps(stored, indent=1)
    text = re.sub(r"\[[^][]*\]", lambda row: " ".join(row.group().split()), text)
    part = PATH.with_suffix(".part")
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(PATH)


if __name__ == "__main__":
    main()

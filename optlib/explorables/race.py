"""Rules beside each other on a landscape, and the meter of one of them: what two figures share."""

from dataclasses import replace

import numpy as np

from optlib.explorables.base import problem_data, rule_data
from optlib.optimizers import OPTIMIZERS
from optlib.problems.landscapes import LANDSCAPES
from optlib.problems.stochastic import Drifting
from optlib.run import minimize

RULES = {rule.__name__: rule() for rule in OPTIMIZERS}
STEPS = 100
BOX = 1e3  # a run that leaves it has diverged
HAIR = 1e-9  # relative error of the gradients in the second of two runs


def data(axis, own=None):
    """What ``race.js`` needs; ``axis`` is the one of the meter."""
    name = type(own).__name__
    return {
        "rules": {name: rule_data(rule) for name, rule in known_rules(own).items()},
        "landscapes": {name: problem_data(problem) for name, problem in LANDSCAPES.items()},
        "own": None if own is None or name in RULES else name,
        "steps": STEPS,
        "box": BOX,
        "hair": HAIR,
        "axis": axis,
    }


def known_rules(own=None):
    """The rules by name; one of the reader's own stands for itself, or with its flags for ours."""
    return RULES if own is None else {**RULES, type(own).__name__: own}


def runners(state, own=None):
    """The rules that run by name, with their learning rates and what a state says of the rest."""
    rules = {name: (known_rules(own)[name], lr) for name, lr in state["rates"].items()}
    if own is not None and type(own).__name__ not in RULES:
        rules[type(own).__name__] = own, state.get("lr")
    found = {}
    for name, (rule, lr) in rules.items():
        known = {**state, "lr": lr}
        found[name] = replace(rule, **{key: known[key] for key in vars(rule) if key in known})
    return found


def place(state, problem=None):
    """The landscape, and the start within its window."""
    problem = problem or LANDSCAPES[state["landscape"]]
    return problem, np.clip(state["start"], *np.transpose(problem.bounds))


def run(rule, problem, start):
    """Two runs of a rule: as it is, and with gradients that are off by a hair."""
    off = np.array([[0, 0], [HAIR, -HAIR]])  # not the same in both: that would be another scale
    pair = Drifting(problem, scale=lambda t: 1 + (off if t % 3 else -off))
    return minimize(rule, pair, [start, start], STEPS, rng=np.random.default_rng())


def compute(state, meter, own=None, problem=None):
    """The read-outs, and the points of the run whose meter is shown."""
    problem, start = place(state, problem)
    numbers, trajectory = {"f at the start": problem(start)}, None
    rules = runners(state, own)
    runs = {name: run(rule, problem, start) for name, rule in rules.items()}
    for name, pair in runs.items():
        numbers[f"f at the end, {name}"] = settle(within_box(pair, pair.f[-1]))
    if meter in runs:
        pair, trajectory = runs[meter], runs[meter].x[:, 0]
        with np.errstate(all="ignore"):
            readings = abs(np.diff(pair.x, axis=0)) / getattr(rules[meter], "lr", 1)
        one, two = readings[int(state["step"]) - 1].T
        shown = {
            "meter of θ₁ at the marked step": one,
            "meter of θ₂ at the marked step": two,
            "largest reading of the meter": readings.max(axis=(0, 2)),
        }
        numbers |= {name: settle(within_box(pair, each), 1e-8) for name, each in shown.items()}
    return numbers, trajectory


def within_box(pair, values):
    """The values of two runs, infinite for a run that left the box."""
    stayed = (abs(pair.x) <= BOX).all(axis=(0, 2))
    return np.where(stayed, values, np.inf)


def settle(pair, floor=1e-13):
    """The number on which two runs agree, to six digits, or that there is none."""
    one, other = map(float, pair)
    if one == other or abs(one - other) <= 1e-4 * min(abs(one), abs(other)) + floor:
        return float(f"{one:.6g}")
    return "chaotic"


def picture(plane, state, own=None, problem=None):
    """The paths on the landscape, with few levels, since bands are many bytes."""
    from optlib import plots

    problem, start = place(state, problem)
    plots.contour(problem, plane, levels=6, aspect="auto")
    for rule in runners(state, own).values():
        plots.path(minimize(rule, problem, start, STEPS), plane)

"""The game on which Adam walks to the worst point: what the memory of its squares makes of it."""

import math

import numpy as np

from optlib.checks import first_state
from optlib.explorables.base import Explorable, rule_data, slider
from optlib.optimizers import SGD, Adam, AMSGrad

STEPS, LR = 900, 0.5
BETAS = np.linspace(0.02, 0.98, 25)


class Counterexample(Explorable):
    """Gradients C, −1, −1 again and again: drag C and the betas, see where each rule ends."""

    C = slider("large gradient C", 3.0, 2.1, 10.0, step=0.1)
    beta2 = slider("β₂", 0.1, 0.02, 0.98)
    beta1 = slider("β₁", 0.0, 0.0, 0.9, step=0.1)
    alt = (
        "A parameter between −1 and 1 whose gradients are C, −1, −1 in turn: where Adam, AMSGrad "
        "and SGD take it, step by step."
    )
    targets = (
        {"text": "Adam ends above 0.9, the wrong end, although β₂ is 0.7 or more",
         "where": {"beta2": (0.7, 1), "Adam ends at": (0.9, 1)}},
        {"text": "Adam ends below −0.9, the right end, although C is 3 or less and β₂ at most 0.1",
         "where": {"C": (2, 3), "beta2": (0, 0.1), "Adam ends at": (-1, -0.9)}},
    )  # fmt: skip

    def data(self):
        return {
            "rules": {rule.__name__: rule_data(rule()) for rule in (Adam, AMSGrad, SGD)},
            "steps": STEPS,
            "lr": LR,
            "betas": BETAS.tolist(),
        }

    def readings(self):
        """What each rule reads at each gradient."""
        betas = {"beta1": self.beta1, "beta2": self.beta2}
        gradients = np.resize([self.C, -1, -1], STEPS)
        rules = {"Adam": Adam(1, **betas), "AMSGrad": AMSGrad(1, **betas), "SGD": SGD(1)}
        return {name: meter(rule, gradients) for name, rule in rules.items()}

    def compute(self):
        readings = self.readings()
        paths = {name: walk(each) for name, each in readings.items()}
        large, one, two = readings["Adam"][-3:]
        numbers = {f"{name} ends at": path[-90:].mean() for name, path in paths.items()} | {
            "Adam's reading at C": large,
            "Adam's reading at the first −1": one,
            "Adam's reading at the second −1": two,
            "sum of the three": large + one + two,
        }
        return numbers, paths["Adam"]

    def picture(self, figure):
        from optlib import plots

        figure.set_size_inches(4.2, 2.8)
        paths = {name: walk(each)[3::3] for name, each in self.readings().items()}
        plots.curves(range(3, STEPS + 1, 3), paths, figure.subplots(), xscale="log",
                     xlabel="step t", ylabel="where it is, θ")  # fmt: skip


def meter(rule, gradients):
    """What a rule reads at each gradient: minus its step over its learning rate, which is 1."""
    state, readings = first_state(rule), []
    for g in gradients:
        x, state = rule.step(0.0, float(g), state)
        readings.append(-x)
    return np.array(readings)


def walk(readings):
    """From 0 in steps of LR / sqrt(t) readings, kept between -1 and 1."""
    path = [0.0]
    for t, reading in enumerate(readings, start=1):
        path.append(min(max(path[-1] - LR / math.sqrt(t) * reading, -1.0), 1.0))
    return np.array(path)

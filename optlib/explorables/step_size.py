"""Gradient descent on a bowl: the learning rate, seen from both of its directions, and noise."""

import numpy as np

from optlib.explorables.base import Explorable, Recorded, point, problem_data, rule_data, slider
from optlib.optimizers import SGD
from optlib.problems.base import Quadratic
from optlib.run import minimize
from optlib.styles import RAMP

BOWL = Quadratic(eigenvalues=(1, 10))
STEPS = 100
NOISE = np.random.default_rng(0).standard_normal((STEPS, 2)).round(2)


class StepSize(Explorable):
    """Gradient descent on a bowl: drag its learning rate and its start, and add noise.

    Parameters
    ----------
    lr : float in [0.002, 0.22], default 0.05
    sigma : float in [0, 2], default 0
        Noise of the gradient.
    start : [float, float], default [-1.3, 0.6]
    """

    lr = slider("learning rate α", 0.05, 0.002, 0.22, step=0.002)
    sigma = slider("noise σ", 0.0, 0.0, 2.0, step=0.1)
    start = point("start", (-1.3, 0.6))
    alt = (
        "Gradient descent on a bowl with curvatures 1 and 10: the path, the factor by which the "
        "error in each direction is multiplied at a step, and the error in each direction over "
        f"{STEPS} steps."
    )
    targets = (
        {"text": "both errors shrink by 18% or more at every step",
         "where": {"larger factor": (0, 0.8201)}},
        {"text": "with noise σ = 2, a mean loss below 0.05 in the last 50 steps",
         "where": {"sigma": (2, 2), "mean loss, last 50 steps": (0, 0.05)}},
    )  # fmt: skip

    def data(self):
        return {
            "rule": rule_data(SGD()),
            "bowl": problem_data(BOWL),
            "eigenvalues": BOWL.eigenvalues.tolist(),
            "noise": NOISE.tolist(),
            "colors": [RAMP[0], RAMP[-1]],
        }

    def compute(self):
        rule = SGD(lr=self.lr)
        factors, _ = rule.step(np.ones(2), BOWL.eigenvalues)
        problem = Recorded(BOWL, sigma=self.sigma, noise=NOISE)
        run = minimize(rule, problem, self.start, STEPS, rng=np.random.default_rng())
        left = abs(run.x[-1])
        numbers = {
            "limit 2/λ_max": 2 / BOWL.eigenvalues[-1],
            "factor, flat direction": factors[0],
            "factor, steep direction": factors[1],
            "larger factor": abs(factors).max(),
            "error at the end, flat": left[0],
            "error at the end, steep": left[1],
            "mean loss, last 50 steps": run.f[-50:].mean(),
        }
        return numbers, run.x

    def picture(self, figure):
        from optlib import plots

        plane, errors = figure.subplots(1, 2)
        plots.contour(BOWL, plane, aspect="auto")
        plots.path(minimize(SGD(lr=self.lr), BOWL, self.start, STEPS), plane)
        names = ("flat, λ = 1", "steep, λ = 10")
        lines = dict(zip(names, abs(self.trajectory).T, strict=True))
        plots.curves(range(STEPS + 1), lines, errors, yscale="log", ylim=(1e-4, 10),
                     xlabel="step t", ylabel="error")  # fmt: skip

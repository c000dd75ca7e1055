"""RMSProp and AdaGrad when the scale of the gradient jumps up and back: who forgets, and when."""

import numpy as np

from optlib.explorables.base import Explorable, Recorded, problem_data, rule_data, slider
from optlib.optimizers import AdaGrad, RMSProp
from optlib.problems.base import Quadratic
from optlib.problems.stochastic import Drifting
from optlib.run import minimize

BOWL = Quadratic(eigenvalues=[1])
STEPS, DOWN, PERIOD = 2400, 1200, 800
QUIET = slice(300, 600)  # the start is forgotten, and the scale has not jumped yet
NOISE = np.random.default_rng(0).standard_normal(STEPS).round(1)
CENTER = np.sin(2 * np.pi * np.arange(PERIOD) / PERIOD).round(2)
ADAGRAD, RATE = AdaGrad(lr=1.0), 0.03  # alike when the jump comes


def effective_rates(run):
    """What every step has multiplied its gradient by."""
    return -np.diff(run.x[:, 0]) / run.g[:, 0]


def first(hits):
    """Steps until the first hit, or None."""
    return int(np.argmax(hits)) + 1 if hits.any() else None


class ScaleJump(Explorable):
    """Let the gradient grow and shrink again under RMSProp and AdaGrad, and set the window.

    Parameters
    ----------
    rho : float in [0.8, 0.995], default 0.99
    jump : float in [10, 1000], default 100
        Factor on the gradient until step 1200.
    up : float in [600, 1190], default 600
        The last step before it.
    """

    rho = slider("decay ρ", 0.99, 0.8, 0.995, step=0.005)
    jump = slider("scale jumps by", 100.0, 10.0, 1000.0, log=True, step=0.1)
    up = slider("jump up at step", 600.0, 600.0, 1190.0, step=10)
    alt = (
        "A gradient whose scale jumps up and, at step 1200, back: the effective rates of AdaGrad "
        "and RMSProp, and how they follow a minimum that swings to and fro."
    )
    targets = (
        {"text": "a jump of 100 or more, RMSProp back within 200 steps, and a jitter below 0.12",
         "where": {"jump": (100, 1000), "steps to adapt, down": (0, 200),
                   "jitter of the divisor": (0, 0.12)}},
        {"text": "a jump of 100 or more that costs AdaGrad less than a factor of 15",
         "where": {"jump": (100, 1000), "AdaGrad's rate fell by a factor of": (0, 15)}},
    )  # fmt: skip

    def data(self):
        return {
            "adagrad": rule_data(ADAGRAD),
            "rmsprop": rule_data(RMSProp(lr=RATE)),
            "bowl": problem_data(BOWL),
            "noise": NOISE.tolist(),
            "center": CENTER.tolist(),
            "down": DOWN,
            "quiet": [QUIET.start, QUIET.stop],
        }

    def runs(self):
        """The problem, and the runs of AdaGrad and of RMSProp on it."""
        up, jump = int(self.up), self.jump
        problem = Drifting(
            Recorded(BOWL, noise=NOISE),
            center=lambda t: CENTER[t % PERIOD],
            scale=lambda t: jump if up < t <= DOWN else 1.0,
        )
        rules = ADAGRAD, RMSProp(lr=RATE, rho=self.rho)
        rng = np.random.default_rng()
        return problem, [minimize(rule, problem, [0.0], STEPS, rng=rng) for rule in rules]

    def compute(self):
        problem, runs = self.runs()
        adagrad, rmsprop = map(effective_rates, runs)
        up, divisor = int(self.up), 1 / rmsprop[QUIET]
        gaps = [np.sqrt(2 * problem.excess(run.x)[DOWN:]).mean() for run in runs]
        numbers = {
            "one window 1/(1 − ρ)": 1 / (1 - self.rho),
            "steps to adapt, up": first(rmsprop[up:DOWN] < 2 * RATE / self.jump),
            "steps to adapt, down": first(rmsprop[DOWN:] > RATE / 2),
            "jitter of the divisor": divisor.std() / divisor.mean(),
            "AdaGrad's rate fell by a factor of": adagrad[up - 1] / adagrad[-1],
            "mean error after 1200, RMSProp": gaps[1],
            "mean error after 1200, AdaGrad": gaps[0],
        }
        return numbers, runs[1].x

    def picture(self, figure):
        from optlib import plots

        rates, place = figure.subplots(1, 2)
        figure.get_layout_engine().set(wspace=0.35)  # for the names at the ends of lines
        t, runs = np.arange(1, STEPS + 1), {type(r.optimizer).__name__: r for r in self.runs()[1]}
        lines = {name: effective_rates(run) for name, run in runs.items()}
        plots.curves(t, lines, rates, yscale="log", ylim=(1e-5, 1), xlabel="step t",
                     ylabel="effective rate")  # fmt: skip
        plots.curves(t, {"": CENTER[t % PERIOD]}, place, style="theory")
        places = {name: run.x[1:, 0] for name, run in runs.items()}
        plots.curves(t, places, place, xlabel="step t", ylabel="parameter and minimum")

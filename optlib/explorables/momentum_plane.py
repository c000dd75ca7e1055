"""Momentum on a bowl: the plane of learning rate and momentum, and the eigenvalues of a step."""

import math

import numpy as np

from optlib.explorables.base import Explorable, choice, point, problem_data, rule_data, slider
from optlib.optimizers import Momentum, State
from optlib.problems.base import Quadratic
from optlib.run import minimize
from optlib.styles import RAMP

STEPS = 60
BOWLS = {kappa: Quadratic(eigenvalues=(1 / kappa, 1)) for kappa in (10, 25, 100)}
BEST = {kappa: (4 / (1 + kappa**-0.5) ** 2, ((kappa**0.5 - 1) / (kappa**0.5 + 1)) ** 2)
        for kappa in BOWLS}  # fmt: skip
REGIMES = "monotone", "oscillating", "alternating", "divergent"
ROUNDING = 1e-12  # eigenvalues that have met


def eigenvalues(rule, curvature):
    """Of the matrix of a step, whose columns are what it makes of x = 1 and of m = 1."""
    x, m = np.eye(2)
    g = np.multiply.outer(curvature, x)
    x, state = rule.step(np.broadcast_to(x, g.shape), g, State(m=m))
    (a, b), (c, d) = np.moveaxis(x, -1, 0), np.moveaxis(state.m, -1, 0)
    spread = (a + d) ** 2 - 4 * (a * d - b * c)
    root = np.sqrt(np.where(abs(spread) < ROUNDING, 0, spread) + 0j)
    return np.stack([a + d + root, a + d - root], axis=-1) / 2


def regime(z):
    """Index of the regime of a direction with the eigenvalues z, in the last axis."""
    cases = [abs(z).max(axis=-1) >= 1, z[..., 0].imag > 0, z[..., 1].real >= 0]
    return np.select(cases, [3, 1, 0], 2)


def words(z):
    """The regime of a direction and its rate."""
    thousandths = math.floor(1000 * abs(z).max() + 0.5)  # no tie to be broken by a format
    return f"{REGIMES[regime(z)]}, error × {thousandths / 1000:.3f} a step"


class MomentumPlane(Explorable):
    """Drag learning rate and momentum over the phase diagram; eigenvalues and path follow.

    Parameters
    ----------
    lr : float in [0.1, 6], default 0.25
    momentum : float in [0, 0.98], default 0
    kappa : 10, 25 or 100, default 25
        Condition number; the curvatures are 1/kappa and 1.
    start : [float, float], default [-7.5, 1.4]
    """

    lr = slider("learning rate α", 0.25, 0.1, 6.0, log=True, step=0.01)
    momentum = slider("momentum μ", 0.0, 0.0, 0.98)
    kappa = choice("condition number κ", 25, BOWLS)
    start = point("start", (-7.5, 1.4))
    alt = (
        "Momentum on a bowl with curvatures 1/κ and 1: a phase diagram of learning rate times "
        "curvature and momentum, in which the bowl is a horizontal bar; the eigenvalues of a step "
        f"in both directions beside the unit circle; and the path of {STEPS} steps."
    )
    targets = (
        {"text": "at κ = 25, a larger factor of at most 0.71",
         "where": {"kappa": (25, 25), "larger factor": (0, 0.71)}},
        {"text": f"at κ = 100, less than 0.0001 of the error left after {STEPS} steps",
         "where": {"kappa": (100, 100), f"error left after {STEPS} steps": (0, 1e-4)}},
    )  # fmt: skip

    def data(self):
        return {
            "rule": rule_data(Momentum()),
            "bowls": {kappa: problem_data(bowl) for kappa, bowl in BOWLS.items()},
            "best": BEST,
            "steps": STEPS,
            "regimes": REGIMES,
            "rounding": ROUNDING,
            "colors": [RAMP[0], RAMP[-1]],
        }

    def compute(self):
        rule, bowl = Momentum(self.lr, self.momentum), BOWLS[self.kappa]
        flat, steep = z = eigenvalues(rule, bowl.eigenvalues)
        factor = abs(z).max()
        run = minimize(rule, bowl, [1, 1], STEPS)
        left = abs(run.x[-1]).max()
        numbers = {
            "flat": words(flat),
            "steep": words(steep),
            "larger factor": factor,
            "best possible factor": math.sqrt(BEST[self.kappa][1]),
            "steps for one more digit": -1 / math.log10(factor) if factor < 1 else None,
            f"error left after {STEPS} steps": left if left < 1e6 else math.inf,
        }
        return numbers, run.x * self.start  # linear: a start scales each direction

    def picture(self, figure):
        from optlib import plots

        rule, bowl = Momentum(self.lr, self.momentum), BOWLS[self.kappa]
        plane, circle, path = figure.subplot_mosaic("aab;aac").values()
        product, mu = np.geomspace(1e-3, 60, 300), np.linspace(0, 0.999, 200)
        kinds = regime(eigenvalues(Momentum(product[:, None], mu[:, None, None]), 1.0))
        parts = [kinds == k for k in range(len(REGIMES))]
        plots.regions(product, mu, parts, plane, xscale="log", ylim=(-0.05, 1), xlabel="αλ",
                     ylabel="momentum μ")  # fmt: skip
        names = {"monotone": (0.01, 0.2), "oscillating": (0.3, 0.6), "divergent": (15, 0.5)}
        for name, place in names.items():  # alternating is too thin for its name
            plane.text(*place, name, ha="center")
        plane.plot(self.lr * bowl.eigenvalues, [self.momentum] * 2, "o-")
        plots.eigenvalues(eigenvalues(rule, bowl.eigenvalues), circle)
        plots.contour(bowl, path, ((-9, 3.5), (-3, 3)), aspect="auto")
        plots.path(minimize(rule, bowl, self.start, STEPS), path, label="")

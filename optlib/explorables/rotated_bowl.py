"""AdaGrad on a bowl that turns: a rate for each coordinate pays along the coordinates only."""

import numpy as np

from optlib.explorables.base import Explorable, problem_data, rule_data, slider
from optlib.optimizers import SGD, AdaGrad
from optlib.problems.base import Quadratic
from optlib.run import minimize

EIGENVALUES = (0.2, 4)
START = (4.0, 4.0)  # along the axes of the bowl, so that it turns with them
TOLERANCE = 1e-6
MOST = 1000  # steps; every run within the range of the sliders arrives before
FIXED = SGD(lr=2 / sum(EIGENVALUES))


def turned(angle):
    """The bowl turned by an angle in degrees, and its start."""
    bowl = Quadratic(eigenvalues=EIGENVALUES, angle=np.deg2rad(angle))
    return bowl, bowl.eigenvectors @ START


def arrival(run):
    """The first step below the tolerance."""
    return int(np.argmax(run.f < TOLERANCE))


class RotatedBowl(Explorable):
    """Turn the bowl under AdaGrad, and watch its two squares become alike; SGD beside it.

    Parameters
    ----------
    angle : float in [0, 45], default 0
        Degrees; the start turns with the bowl.
    lr : float in [0.8, 6], default 1
        AdaGrad's rate; SGD keeps the best constant one.
    """

    angle = slider("angle in degrees", 0.0, 0.0, 45.0, step=0.5)
    lr = slider("AdaGrad's rate α", 1.0, 0.8, 6.0, step=0.1)
    alt = (
        "A bowl with curvatures 0.2 and 4 that can be turned, the paths of AdaGrad and of SGD; "
        "AdaGrad's square of each coordinate, its area the sum of squared gradients; and the steps "
        "of both to the tolerance against the angle."
    )
    targets = (
        {"text": "at the rate 1, an angle at which AdaGrad and SGD tie, within 5%",
         "where": {"lr": (1, 1), "AdaGrad / SGD": (0.95, 1.05)}},
        {"text": "at 45°, fewer than 110 steps of AdaGrad",
         "where": {"angle": (45, 45), "steps of AdaGrad": (0, 109)}},
    )  # fmt: skip

    def data(self):
        return {
            "adagrad": rule_data(AdaGrad()),
            "sgd": rule_data(FIXED),
            "bowl": problem_data(Quadratic(eigenvalues=EIGENVALUES)),
            "start": START,
            "tolerance": TOLERANCE,
            "most": MOST,
        }

    def compute(self):
        bowl, start = turned(self.angle)
        run = minimize(AdaGrad(lr=self.lr), bowl, start, MOST)
        steps, fixed = arrival(run), arrival(minimize(FIXED, bowl, start, MOST))
        sides = np.sqrt(run.state.v[steps])
        numbers = {
            "steps of AdaGrad": steps,
            "steps of SGD": fixed,
            "AdaGrad / SGD": steps / fixed,
            "side of θ₁'s square": sides[0],
            "side of θ₂'s square": sides[1],
            "larger side / smaller side": max(sides) / min(sides),
        }
        return numbers, run.x[: steps + 1]

    def picture(self, figure):
        from optlib import plots

        (plane, counts), degrees = figure.subplots(1, 2), range(0, 46, 3)
        bowl, start = turned(self.angle)
        plots.contour(bowl, plane, ((-4, 6), (-4, 6)))
        steps = {rule: [] for rule in (FIXED, AdaGrad(lr=self.lr))}
        for rule, found in steps.items():
            plots.path(minimize(rule, bowl, start, 60), plane, label="")
            found += [arrival(minimize(rule, *turned(angle), MOST)) for angle in degrees]
        lines = {type(rule).__name__: found for rule, found in steps.items()}
        plots.curves(degrees, lines, counts, yscale="log", xlabel="angle in degrees",
                     ylabel="steps to f < 1e-6")  # fmt: skip

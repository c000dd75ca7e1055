"""SGD on a noisy bowl under schedules of the rate: the exact expected loss, without any noise."""

import functools

import numpy as np

from optlib.explorables.base import Explorable, choice, slider
from optlib.problems.expected import expected_loss
from optlib.schedules import constant, warmup, wsd
from optlib.styles import RAMP

STEPS = 1000
CURVATURES = np.geomspace(1e-3, 1, 50).round(9)  # the last digits differ between processors
FAR, SIGMA = 5.0, 1.0  # error at the start and noise of the gradient, in every direction
RATES = np.geomspace(0.02, 1.8, 41).round(4)
ANSWERS = "last point", "mean of the last half"


def schedule(start, warm):
    """The rate over its peak: a rise over ``warm`` steps, then flat, then a straight line to 0.

    The line starts after ``start`` percent of the steps after the rise.
    """
    rest = STEPS - warm
    then = wsd(rest, 1 - start / 100) if start < 100 else constant()
    return warmup(warm, then) if warm else then


def at_end(rates, start, warm, answer):
    """Expected loss at the end for each rate, and that of the last point after every step."""
    shape = schedule(start, warm)
    losses, averaged = expected_loss(CURVATURES, rates, STEPS, shape, FAR, SIGMA)
    return (losses[-1] if answer == ANSWERS[0] else averaged), losses


@functools.cache
def valley(start, warm, answer):
    """Expected loss at the end for each of `RATES`."""
    return at_end(RATES, start, warm, answer)[0]


class Cooldown(Explorable):
    """Shape the learning rate of a run, and read its exact expected loss; or average the points.

    Parameters
    ----------
    start : float in [0, 100], default 100
        Start of the cooldown, in percent of the steps after the warm-up: 100 is a constant rate,
        0 a straight line down.
    warm : float in [0, 500], default 0
        Length of the warm-up in steps; a part of a step does not count.
    lr : float in [0.02, 1.8], default 0.3
        Peak of the rate.
    answer : "last point" or "mean of the last half", default "last point"
    """

    start = slider("start of the cooldown, %", 100.0, 0.0, 100.0, step=1)
    warm = slider("warm-up, steps", 0.0, 0.0, STEPS / 2, step=10)
    lr = slider("peak rate α", 0.3, float(RATES[0]), float(RATES[-1]), log=True, step=0.02)
    answer = choice("answer", ANSWERS[0], ANSWERS)
    alt = (
        "SGD on a noisy bowl of 50 curvatures: the learning rate over 1000 steps, with a warm-up "
        "and a cooldown; the expected loss after each step; and the expected loss at the end "
        "against the peak of the rate, for this schedule and for a constant rate."
    )
    targets = (
        {"text": "within 2% of the best straight line, by a cooldown over at most half of the run",
         "where": {"start": (50, 100), "answer": (ANSWERS[0],) * 2, "loss / line": (0, 1.02)}},
        {"text": "a constant rate that ends below the best straight line",
         "where": {"start": (100, 100), "warm": (0, 0), "loss / line": (0, 0.9999)}},
    )  # fmt: skip

    def data(self):
        return {
            "steps": STEPS,
            "curvatures": CURVATURES.tolist(),
            "far": FAR,
            "sigma": SIGMA,
            "rates": RATES.tolist(),
            "answers": ANSWERS,
            "styles": ({"color": RAMP[-1], "dashes": []}, {"color": "#5a5c70", "dashes": [5, 1.5]}),
        }

    def compute(self):
        shape = self.start, int(self.warm), self.answer
        loss, losses = at_end(self.lr, *shape)
        here, line = valley(*shape), valley(0.0, 0, ANSWERS[0]).min()
        numbers = {
            "expected loss at the end": loss,
            "straight line, at its best rate": line,
            "loss / line": loss / line,
            "best rate of this schedule": RATES[here.argmin()],
            "loss there": here.min(),
            "constant, at its best rate": valley(100.0, 0, self.answer).min(),
        }
        return numbers, losses

    def picture(self, figure):
        from optlib import plots

        rate, valleys = figure.subplots(1, 2)
        t = np.arange(1, STEPS + 1)
        shapes = {"constant": 100.0, "cooldown": 70.0, "line": 0.0}
        plots.curves(t, {name: schedule(start, 0)(t) for name, start in shapes.items()}, rate,
                     xlabel="step t", ylabel="rate / peak", ylim=(-0.1, 1.1))  # fmt: skip
        lines = {name: valley(start, 0, ANSWERS[0]) for name, start in shapes.items()}
        plots.curves(RATES, lines, valleys, xscale="log", yscale="log", ylim=(0.9, 20),
                     xlabel="peak rate α", ylabel="expected loss at the end")  # fmt: skip

"""Adam on any landscape, beside any rules: the meter that its learning rate is multiplied by."""

import numpy as np

from optlib.explorables import race
from optlib.explorables.base import Explorable, choice, point, rates, slider
from optlib.problems.landscapes import LANDSCAPES
from optlib.styles import STYLES

BESIDE = {"SGD": 0.01, "Momentum": 0.003, "Adam": 0.1}


class AdamMeter(Explorable):
    """Click a start; see how far each coordinate goes in units of Adam's learning rate."""

    landscape = choice("landscape", "Himmelblau", LANDSCAPES)
    step = slider("marked step t", 20, 1, race.STEPS, step=1)
    rates = rates("rules, each at its own rate", BESIDE, 1e-4, 100)
    start = point("start", (0.5, -2.0))
    alt = (
        "Rules of the book beside each other on a landscape: their paths, and at each of "
        f"{race.STEPS} steps the meter of Adam, which is the size of its step over the learning "
        "rate, in each of the two coordinates."
    )
    targets = (
        {"text": "a start and a rate with which one of Adam's steps is over 1.5 learning rates "
                 "long",
         "where": {"largest reading of the meter": (1.5, 100)}},
        {"text": "in Rosenbrock's valley, from a height of 20 or more, Adam ends below 0.1",
         "where": {"landscape": ("Rosenbrock", "Rosenbrock"), "f at the start": (20, 1e9),
                   "f at the end, Adam": (0, 0.1)}},
    )  # fmt: skip

    def data(self):
        axis = {"min": 0, "max": 3, "label": "meter of Adam, |m̂| / √v̂"}
        return {**race.data(axis), "meter": "Adam"}

    def compute(self):
        return race.compute(self.state, "Adam")

    def picture(self, figure):
        from optlib import plots

        figure.set_size_inches(6.4, 2.6)
        left, right = figure.subplots(1, 2)
        race.picture(left, self.state)
        if "Adam" in self.rates:
            readings = abs(np.diff(self.trajectory, axis=0)).T / self.rates["Adam"]
            names = "θ₁ solid", "θ₂ dotted"
            for name, reading, dashes in zip(names, readings, ([], [1, 1]), strict=True):
                look = STYLES["Adam"] | {"dashes": dashes}
                plots.curves(range(1, race.STEPS + 1), {name: reading}, right, style=look,
                             xlabel="step t", ylabel="meter of Adam")  # fmt: skip

"""Generalization on data made to separate Adam from SGD: epsilon, batch size, computed points."""

from itertools import compress

import numpy as np

from optlib.explorables.base import Explorable, choice
from optlib.styles import STYLES

MEASURED = ("score of a new positive", "score of a new negative", "training error", "test error")


class Separation(Explorable):
    """Choose epsilon and batch size among trained models; nothing between them is interpolated.

    Parameters
    ----------
    grid : dict
        What trained models give, in the last axis the four numbers of ``MEASURED``: of ``"Adam"``,
        shape (sizes, eps, 4), for every pair of ``SIZES`` and ``EPS``; of ``"SGD"``, (sizes, 4).
    **controls
        Starting values of ``eps`` and ``size``.
    """

    EPS = (*(float(f"{digit}e{power}") for power in range(-8, -1) for digit in (1, 2, 5)), 0.1)
    SIZES = (1, 2, 5, 10, 25, 50)
    eps = choice("Adam's ε", EPS[0], EPS)
    size = choice("examples a step", SIZES[-1], SIZES)
    alt = (
        "A map of Adam's epsilon and the batch size: where a trained model is wrong about all new "
        "negative examples; the score it gives them against epsilon; and the two parts of that "
        "score, for Adam and for SGD."
    )

    def __init__(self, grid, **controls):
        shapes = {"Adam": (len(self.SIZES), len(self.EPS), 4), "SGD": (len(self.SIZES), 4)}
        for name, shape in shapes.items():
            if np.shape(grid[name]) != shape:
                found = np.shape(grid[name])
                raise ValueError(f"Separation: grid[{name!r}] must have shape {shape}, got {found}")
        self.grid = {name: np.round(grid[name], 3) for name in shapes}  # as on every machine
        self.targets = self._targets(self.grid["Adam"][..., 3] == 0)
        super().__init__(**controls)

    def _targets(self, right):
        eps, size = self.EPS[0], self.SIZES[-1]
        least = min(compress(self.EPS, right[-1]), default=eps)
        most = max(compress(self.SIZES, right[:, 0]), default=size)
        small = np.format_float_scientific(eps, trim="-", exp_digits=1)
        return (
            {"text": f"test error 0 with {size} examples a step, by the smallest ε that does it",
             "where": {"test error, Adam": (0, 0), "size": (size, size), "eps": (0, least)}},
            {"text": f"test error 0 with ε = {small}, by the largest batch that does it",
             "where": {"test error, Adam": (0, 0), "eps": (eps, eps), "size": (most, size)}},
        )  # fmt: skip

    def data(self):
        grid = {name: table.tolist() for name, table in self.grid.items()}
        return {"grid": grid, "measured": MEASURED, "eps": self.EPS, "sizes": self.SIZES,
                "styles": {name: STYLES[name] for name in grid}}  # fmt: skip

    def compute(self):
        row = self.SIZES.index(self.size)
        adam = dict(zip(MEASURED, self.grid["Adam"][row, self.EPS.index(self.eps)], strict=True))
        sgd = dict(zip(MEASURED, self.grid["SGD"][row], strict=True))
        numbers = {f"{name}, {rule}": found[name]
                   for name in ("test error", "training error", MEASURED[1], MEASURED[0])
                   for rule, found in (("Adam", adam), ("SGD", sgd))}  # fmt: skip
        return numbers, self.grid["Adam"][row]

    def picture(self, figure):
        from optlib import plots

        names = [f"{size} a step" for size in self.SIZES]
        scores = dict(zip(names, self.grid["Adam"][..., 1], strict=True))
        ax = plots.curves(self.EPS, scores, figure.subplots(), xscale="log", xlabel="Adam's ε",
                          ylabel="score of a new negative")  # fmt: skip
        ax.axhspan(0, 0.45, color="#d8434f", alpha=0.1, lw=0)
        ax.text(self.EPS[0], 0.36, "wrong")

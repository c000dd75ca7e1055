"""Bias correction: both betas on the map of regimes, and what leaving the correction out does."""

from dataclasses import replace

import numpy as np

from optlib.explorables.base import Explorable, rule_data, slider
from optlib.optimizers import Adam, State
from optlib.styles import THEORY
from optlib.trace import trace

STEPS = 100
LONG = 30_000  # at the largest beta2, c(t) is within 5% of 1 well before
WAYS = {
    "none": {"color": "#d8434f", "dashes": [10, 1.5]},
    "only m": {"color": "#2468ee", "dashes": [5, 1.5]},
    "only v": {"color": "#b47a00", "dashes": [1, 1]},
    "both": {"color": "#222222", "dashes": []},
}
RULES = [Adam(lr=1.0, eps=0.0, bias_correction=corrected) for corrected in (False, True)]
PROGRAMS = [trace(rule) for rule in RULES]


def factor(t, beta1, beta2):
    """The uncorrected step over the corrected one at step t: any state gives it, here m = v = 1."""
    full = {"x": 0.0, "g": 1.0, "t": t - 1, "m": 1.0, "v": 1.0, "lr": 1.0, "eps": 0.0}
    plain, corrected = (program(**full, beta1=beta1, beta2=beta2)["x"] for program in PROGRAMS)
    return plain / corrected


def regime(beta1, beta2):
    """How uncorrected steps compare with corrected ones, in words."""
    rest = np.where(beta2 <= beta1, "too short", "short, then long")
    return np.where(factor(1, beta1, beta2) >= 1 - 1e-9, "too long", rest)


class BiasCorrection(Explorable):
    """Drag both betas over the map of regimes: Adam's steps corrected, half corrected, or not.

    Parameters
    ----------
    beta1 : float in [0.5, 0.99], default 0.9
    beta2 : float in [0.5, 0.9999], default 0.999
    """

    beta1 = slider("β₁", 0.9, 0.5, 0.99, log="nines", step=0.05)
    beta2 = slider("β₂", 0.999, 0.5, 0.9999, log="nines", step=0.05)
    alt = (
        "A map of the betas, in which Adam's uncorrected steps are too short, short and then long, "
        "or too long; the factor c(t) of an uncorrected step over a corrected one, with a constant "
        f"gradient its length; and the first {STEPS} steps without correction, with one, with both."
    )
    targets = (
        {"text": "β₁ = 0.9, and the largest uncorrected step 5% to 10% too long",
         "where": {"beta1": (0.9, 0.9), "largest c(t)": (1.05, 1.1)}},
        {"text": "β₂ of 0.99 or more, and no uncorrected step over 1.5 times its right length",
         "where": {"beta2": (0.99, 1), "largest c(t)": (0, 1.5)}},
    )  # fmt: skip

    def data(self):
        return {"rules": [rule_data(rule) for rule in RULES], "steps": STEPS, "long": LONG,
                "ways": WAYS, "limit": THEORY}  # fmt: skip

    def compute(self):
        betas, t = (self.beta1, self.beta2), np.arange(1, LONG + 1)
        c = factor(t, *betas)
        rule, state, plain = replace(RULES[0], beta1=self.beta1, beta2=self.beta2), State(), []
        for _ in range(STEPS):
            x, state = rule.step(0.0, 1.0, state)
            plain.append(-x)
        m, v = factor(t[:STEPS], self.beta1, 0.0), factor(t[:STEPS], 0.0, self.beta2)
        lengths = np.stack([plain, plain / m, plain / v, plain / c[:STEPS]], axis=-1)
        far = t[abs(c - 1) > 0.05]
        numbers = {
            "first step, c(1)": c[0],
            "largest c(t)": c.max(),
            "largest at step": 1 + c.argmax() if c.max() > 1.0005 else None,
            "steps until within 5%": far[-1] if len(far) else 0,
            "first step, only m corrected": lengths[0, 1],
            "first step, only v corrected": lengths[0, 2],
            f"way of {STEPS} steps, uncorrected": lengths[:, 0].sum(),
        }
        return numbers | {"uncorrected steps are": str(regime(*betas))}, lengths

    def picture(self, figure):
        from optlib import plots

        chart, steps = figure.subplots(1, 2)
        x, y = np.geomspace(0.5, 0.01, 100), np.geomspace(0.5, 1e-4, 100)
        names = regime(1 - x, 1 - y[:, None])
        places = {"too long": (0.2, 5e-4), "short, then long": (0.0185, 3e-3),
                  "too short": (0.06, 0.2)}  # fmt: skip
        plots.regions(x, y, [names == name for name in places], chart, xscale="log", yscale="log",
                      xlim=(0.5, 0.01), ylim=(0.5, 1e-4), xlabel="1 − β₁",
                      ylabel="1 − β₂")  # fmt: skip
        chart.xaxis.set_minor_formatter("")
        for name, place in places.items():
            chart.text(*place, name.replace(", ", ",\n"), ha="center", va="center")
        plots.mark(1 - self.beta1, 1 - self.beta2, "", chart)
        for way, length in zip(WAYS, self.trajectory.T, strict=True):
            plots.curves(range(1, STEPS + 1), {way: length}, steps, {**WAYS[way], "marker": ""})
        steps.set(xscale="log", yscale="log", xlabel="step t", ylabel="length / learning rate")

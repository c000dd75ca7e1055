"""Every rule on every landscape, and a rule of the reader's own beside them."""

import numpy as np

from optlib.checks import hyperparameters, require
from optlib.explorables import race
from optlib.explorables.base import Explorable, choice, point, rates, slider
from optlib.optimizers import Optimizer
from optlib.problems.landscapes import LANDSCAPES
from optlib.trace import trace

BESIDE = {"SGD": 0.01, "Adam": 0.3}
OTHERS = {"landscape", "meter", "step", "rates", "start"}  # controls that are no hyperparameters


class Playground(Explorable):
    """All rules, all landscapes, all hyperparameters; a slider moves every rule that has it.

    Parameters
    ----------
    rule : Optimizer, optional
        A rule that runs from the beginning, with its hyperparameters. One of your own, whose class
        is typed in a notebook, gets sliders for what is new in it.
    **controls
        Starting values of the controls.

    Raises
    ------
    TypeError, ValueError, TraitError
        For what is no rule, takes the name of another, or has a hyperparameter out of range.

    Examples
    --------
    >>> from optlib import RMSProp
    >>> figure = Playground(RMSProp(lr=0.05, rho=0.95), landscape="Quadratic")
    >>> figure.rho, figure.rates["RMSProp"], figure.meter
    (0.95, 0.05, 'RMSProp')
    """

    landscape = choice("landscape", "Beale", LANDSCAPES)
    meter = choice("step / α of", "Adam", race.RULES)
    step = slider("marked step t", 20, 1, race.STEPS, step=1)
    momentum = slider("momentum μ", 0.9, 0, 0.999, log="nines", step=0.05)
    rho = slider("ρ", 0.9, 0, 0.999, log="nines", step=0.05)
    beta1 = slider("β₁", 0.9, 0, 0.999, log="nines", step=0.05)
    beta2 = slider("β₂", 0.999, 0, 0.9999, log="nines", step=0.05)
    eps = slider("ε", 1e-8, 1e-10, 1, log=True, step=0.1)
    weight_decay = slider("weight decay", 0.01, 0, 1)
    rates = rates("rules, each at its own rate", BESIDE, 1e-4, 100)
    start = point("start", (1.0, 1.5))
    alt = f"Rules beside each other on a landscape: their paths in {race.STEPS} steps."
    colors = 24
    targets = (
        {"text": "on Beale's plateau, from a height of 20 or more, SGD, Momentum and Adam, each at "
                 "its own rate, end below 0.02",
         "where": {"landscape": ("Beale", "Beale"), "f at the start": (20, 1e9),
                   **{f"f at the end, {name}": (0, 0.02) for name in ("SGD", "Momentum", "Adam")}}},
        {"text": "in Rosenbrock's valley, from a height of 20 or more, Nesterov ends below 0.001",
         "where": {"landscape": ("Rosenbrock", "Rosenbrock"), "f at the start": (20, 1e9),
                   "f at the end, Nesterov": (0, 0.001)}},
    )  # fmt: skip

    def __init__(self, rule=None, **controls):
        self.own = None
        if rule is not None:
            controls = self._adopt(rule) | controls
        super().__init__(**controls)
        if self.own is not None:  # its links are not those of the playground without it
            self.spec = {**self.spec, "name": f"{self.name}_{type(rule).__name__}"}

    def _adopt(self, rule):
        """Make room for a rule, and return the controls it asks for."""
        legal = "an Optimizer, such as SGD()"
        require(isinstance(rule, Optimizer), "Playground: rule", legal, rule, TypeError)
        name = type(rule).__name__
        values = {key: getattr(rule, key) for key in hyperparameters(rule)}
        for key, value in values.items():
            require(np.ndim(value) == 0, f"Playground: {key} of {name}", "one number", value)
        if type(rule) is type(race.RULES.get(name)):
            low, high = (self.controls["rates"][limit] for limit in ("min", "max"))
            legal, lr = f"in [{low}, {high}]", values["lr"]
            require(low <= lr <= high, f"Playground: lr of {name}", legal, lr)
            if trace(rule).code != trace(type(rule)).code:  # it has other flags than ours
                self.own = rule
            return {"rates": BESIDE | {name: values.pop("lr")}, "meter": name, **values}
        taken = [name] if name in race.RULES else OTHERS & values.keys()
        if taken:
            raise ValueError(f"Playground: rename {', '.join(taken)} in {name}, the name is taken")
        self.own = rule
        new = {key: span(name, key, value) for key, value in values.items()
               if key not in self.controls}  # fmt: skip
        self.add_traits(meter=choice("step / α of", name, [*race.RULES, name]), **new)
        return {"meter": name, **values}

    def data(self):
        axis = {"min": 1e-3, "max": 1e3, "log": True, "label": "|step| / α"}
        return race.data(axis, self.own)

    def compute(self):
        return race.compute(self.state, self.meter, self.own)

    def picture(self, figure):
        figure.set_size_inches(3.2, 2.4)
        race.picture(figure.subplots(), self.state, self.own)


def span(rule, name, value):
    """A slider for a hyperparameter of which only one value is known."""
    label = f"{'α' if name == 'lr' else name} of {rule}"
    if name == "lr":
        return slider(label, value, 1e-4, 100, log=True, step=0.05)
    if value > 0:
        return slider(label, value, value / 100, 100 * value, log=True, step=0.05)
    return slider(label, value, value - 1, value + 1)

"""A rule, and a landscape, as lines that are edited: formula, paths and numbers follow."""

import numpy as np
import traitlets

from optlib.checks import first_state, hyperparameters, require
from optlib.explorables import race
from optlib.explorables.base import Explorable, Finite, choice, point, slider
from optlib.explorables.written import (
    FLAGS,
    NEW,
    TYPES,
    VALUES,
    Typed,
    landscape_from,
    lines_of,
    rule_from,
)
from optlib.optimizers import Adam, RMSProp
from optlib.problems.landscapes import LANDSCAPES
from optlib.styles import OTHER, STYLES
from optlib.trace import trace

OWN = "your own"
DECAY = {"min": 0, "max": 0.999, "log": "nines", "step": 0.05}
RATE = {"min": 1e-4, "max": 100, "log": True, "step": 0.05}
KNOWN = {
    "lr": {"label": "α", **RATE},
    "momentum": {"label": "μ", **DECAY},
    "rho": {"label": "ρ", **DECAY},
    "beta1": {"label": "β₁", **DECAY},
    "beta2": {"label": "β₂", **DECAY, "max": 0.9999},
    "eps": {"label": "ε", **RATE, "min": 1e-10, "max": 1},
    "weight_decay": {"label": "λ", "min": 0, "max": 1, "log": False, "step": 0.01},
}
KNOWN = {name: {**its, "value": VALUES[name]} for name, its in KNOWN.items()}
FRESH = {"value": NEW, **RATE, "min": 0.01}
ADAMAX = """\
m = self.beta1 * state.m + (1 - self.beta1) * g
v = np.maximum(self.beta2 * state.v, abs(g))
t = state.t + 1
return x - self.lr / (1 - self.beta1**t) * m / v, State(t, m, v)"""
BROKEN = ADAMAX.replace("abs(g)", "g").replace("1 - self.beta1**t", "1 - self.beta2**t")
HEIGHT = "(x**2 + y**2 - 1)**2 + x / 4"
BARE = "Adam without bias correction"
KNOWN_RULES = {**race.RULES, BARE: Adam(bias_correction=False), "AdaMax": rule_from(ADAMAX)()}
# Hyperparameters and gradients on which no two of these act alike.
TRIAL = {"lr": 0.1, "momentum": 0.8, "rho": 0.7, "beta1": 0.6, "beta2": 0.9, "eps": 0.01,
         "weight_decay": 0.3}  # fmt: skip
GRADIENTS = (3.0, -1.0, 0.5, 2.0, 0.1, -0.1, 0.02, 5.0, -4.0)
NONE = "no rule of the book"
WRONG = SyntaxError, TypeError, ValueError, ArithmeticError, NameError, AttributeError


class Values(traitlets.Dict):
    """The hyperparameters that have been moved, each within the limits of its slider."""

    def __init__(self):
        super().__init__(Finite(), traitlets.Unicode(), default_value={})
        self.tag(sync=True, control={"kind": "values", "label": "hyperparameters", "known": KNOWN,
                                     "fresh": FRESH})  # fmt: skip

    def validate(self, obj, value):
        """The values, or a `TraitError`."""
        value = super().validate(obj, value)
        for name, number in value.items():
            low, high = (KNOWN.get(name, FRESH)[limit] for limit in ("min", "max"))
            if not low <= number <= high:
                raise traitlets.TraitError(
                    f"{type(obj).__name__}: {self.name}: {name} must be in [{low}, {high}], "
                    f"got {number}"
                )
        return value


def read_rule(text):
    """A class of rules, none of whose hyperparameters is called like a control."""
    cls = rule_from(text)
    taken = Workbench.controls.keys() & hyperparameters(cls())
    require(not taken, "hyperparameters", "other names", taken, TypeError)
    return cls


class Lines(traitlets.Unicode):
    """Lines that ``read`` accepts."""

    def __init__(self, default, label, read, rows):
        super().__init__(default)
        control = {"kind": "lines", "label": label, "rows": rows}
        self.tag(sync=True, control=control)
        self.read = read

    def validate(self, obj, value):
        """The lines, or a `TraitError`."""
        value = super().validate(obj, value)
        try:
            self.read(value)
        except WRONG as error:
            raise traitlets.TraitError(f"{type(obj).__name__}: {self.name}: {error}") from error
        return value


class Workbench(Explorable):
    """A rule that is edited, beside one that is known, on a landscape that can be edited, too.

    Parameters
    ----------
    rule : Optimizer, optional
        The rule whose lines stand there first.
    **controls
        Starting values of the controls.

    Examples
    --------
    >>> figure = Workbench()
    >>> figure.numbers["acts like"]
    'RMSProp'
    >>> figure.code = figure.code.replace("rho * v + (1 - rho) * g**2", "v + g**2")
    >>> figure.numbers["acts like"], figure.hits[1]
    ('AdaGrad', True)
    >>> figure.rule
    Yours(lr=0.03, rho=0.9, eps=1e-08)
    """

    code = Lines(lines_of(RMSProp), "step(self, x, g, state):", read_rule, 9)
    values = Values()
    beside = choice("beside it", "RMSProp", race.RULES)
    landscape = choice("landscape", "Beale", [*LANDSCAPES, OWN])
    height = Lines(HEIGHT, "your own landscape, f(x, y):", landscape_from, 2)
    step = slider("marked step t", 20, 1, race.STEPS, step=1)
    start = point("start", (1.0, 1.5))
    alt = f"A rule as lines to edit, its formula, and its path of {race.STEPS} steps."
    colors = 24
    targets = tuple(
        {"text": text, "where": {"acts like": (name, name)}}
        for text, name in (
            ("start from Adam, and make it forget its bias correction", BARE),
            ("start from RMSProp, and turn it into AdaGrad", "AdaGrad"),
            ("start from the broken AdaMax, and repair its two mistakes", "AdaMax"),
        )
    )

    def __init__(self, rule=None, **controls):
        if rule is not None:
            own = {name: float(getattr(rule, name)) for name in hyperparameters(rule)}
            controls = {"code": lines_of(type(rule)), "values": own} | controls
        super().__init__(**controls)

    @property
    def rule(self):
        """The rule that stands there, with its hyperparameters."""
        cls = rule_from(self.code)
        names = hyperparameters(cls())
        return cls(**{name: self.values.get(name, value_of(name)) for name in names})

    def data(self):
        return {
            **race.data({"min": 1e-3, "max": 1e3, "log": True, "label": "|step| / α"}),
            "rules": {}, "own": "Yours", "style": OTHER, "styles": STYLES,
            "lines": {name: lines_of(rule) for name, rule in race.RULES.items()},
            "types": {name: first._asdict() for name, first in TYPES.items()},
            "broken": BROKEN, "adamax": ADAMAX, "flags": FLAGS, "trial": TRIAL,
            "gradients": GRADIENTS, "none": NONE, "bare": BARE,
            "ground": OWN, "window": Typed.bounds, "place": Typed.x0.tolist(),
        }  # fmt: skip

    def compute(self):
        rule, state, problem = self._running()
        numbers, trajectory = race.compute(state, "Yours", rule, problem)
        return {"acts like": acts_like(rule), **numbers}, trajectory

    def picture(self, figure):
        figure.set_size_inches(2.8, 2.1)
        rule, state, problem = self._running()
        race.picture(figure.subplots(), state, rule, problem)

    def _running(self):
        """The rule, what the race must know, and the landscape."""
        rule = self.rule
        own = {name: getattr(rule, name) for name in hyperparameters(rule)}
        usual = {name: value_of(name) for name in KNOWN}
        rates = {self.beside: own.get("lr", value_of("lr"))}
        state = {**usual, **self.values, **own, **self.state, "rates": rates}
        return rule, state, LANDSCAPES.get(self.landscape) or landscape_from(self.height)


def value_of(name):
    """What a hyperparameter is until its slider is moved."""
    return KNOWN.get(name, FRESH)["value"]


def acts_like(rule):
    """The name of the known rule whose steps are those of a rule, whatever its hyperparameters."""
    own = trial(rule)
    alike = (
        name for name, other in KNOWN_RULES.items() if np.allclose(own, trial(other), 1e-9, 1e-12)
    )
    return next(alike, NONE)


def trial(rule):
    """The points of a rule along given gradients, with given hyperparameters where it has them."""
    program, state = trace(rule), first_state(rule)._asdict()
    values = {name: TRIAL.get(name, getattr(rule, name)) for name in hyperparameters(rule)}
    x, points = np.float64(1.0), []
    for g in GRADIENTS:
        with np.errstate(all="ignore"):
            after = program(x=x, g=np.float64(g), **state, **values)
        x, state = after.pop("x"), after
        points.append(x)
    return points

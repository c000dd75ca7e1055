"""What every live figure is: its controls, its numbers, and how it shows itself where."""

import base64
import html
import io
import json
import math
import re
from dataclasses import dataclass

import anywidget
import traitlets
from numpy.typing import ArrayLike

from optlib.checks import first_state, hyperparameters
from optlib.explorables.sources import STATIC, module
from optlib.problems.stochastic import Noisy
from optlib.styles import OTHER, STYLES
from optlib.trace import trace

DPI = 80


class Finite(traitlets.Float):
    """A number that is neither infinite nor nan."""

    def validate(self, obj, value):
        """The value, or a `TraitError`."""
        value = super().validate(obj, value)
        return value if math.isfinite(value) else self.error(obj, value)


def slider(label, default, low, high, *, log=False, step=0.01):
    """A number in [low, high]; ``step`` is in decades if the slider is logarithmic.

    With ``log="nines"`` it is logarithmic in the distance from 1: 0.9, 0.99, 0.999.
    """
    control = {"kind": "slider", "label": label, "min": low, "max": high, "log": log, "step": step}
    return Finite(default, min=low, max=high).tag(sync=True, control=control)


def choice(label, default, options):
    """One of several values."""
    control = {"kind": "choice", "label": label, "options": list(options)}
    return traitlets.Enum(list(options), default).tag(sync=True, control=control)


def point(label, default):
    """A point (x, y) that is dragged in a panel."""
    control = {"kind": "point", "label": label}
    return traitlets.List(Finite(), list(default), 2, 2).tag(sync=True, control=control)


def rates(label, default, low, high):
    """Which rules run, and the learning rate in [low, high] of each: a dict of name to rate."""
    control = {"kind": "rates", "label": label, "min": low, "max": high, "log": True, "step": 0.05}
    control |= {"names": list(STYLES), "styles": STYLES}
    rate = Finite(min=low, max=high)
    return traitlets.Dict(rate, traitlets.Enum(list(STYLES)), default_value=default).tag(
        sync=True, control=control
    )


class Explorable(anywidget.AnyWidget):
    """A figure with a quantity to drag, the same in Jupyter and in a page without a kernel.

    A subclass declares its controls as traits (`slider`, `choice`, `point`, `rates`), and defines
    ``data()``, the programs its module evaluates, ``compute()``, its numbers by `optlib`, and
    ``picture()``, which stands where no script runs. Its module ``static/<name>.js`` computes the
    same numbers from the same data; the tests compare them.

    Parameters
    ----------
    **controls
        Starting values of the controls.

    Raises
    ------
    TraitError, TypeError
        For a value out of range, or a name that is no control.
    """

    _css = STATIC / "explorables.css"
    spec = traitlets.Dict().tag(sync=True)
    numbers = traitlets.Dict(help="the read-outs by name")
    trajectory = traitlets.Any(help="the points of the run, where the figure shows one")
    alt = ""
    colors = 48  # of the picture: fewer are fewer bytes
    targets = ()  # dicts: text, and where: (low, high) of read-outs or controls, by name

    def __init_subclass__(cls, **kwargs):
        if "compute" in vars(cls):  # not the classes that ipywidgets derives at run time
            cls.name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()
            cls._esm = module(cls.name)
        cls.controls = {
            name: trait.metadata["control"]
            for base in reversed(cls.__mro__)
            for name, trait in vars(base).items()
            if "control" in getattr(trait, "metadata", {})
        }
        super().__init_subclass__(**kwargs)

    def __init__(self, **controls):
        for name in controls:
            if name not in self.controls:
                legal = ", ".join(self.controls)
                raise TypeError(f"{type(self).__name__}: controls are {legal}, got {name!r}")
        super().__init__(**controls)
        described = [{"key": name, **control} for name, control in self.controls.items()]
        self.spec = {
            "name": self.name,
            "label": self.alt,
            "controls": described,
            "targets": list(self.targets),
            "data": self.data(),
        }
        self.observe(self._compute, list(self.controls))
        self._compute()

    @property
    def state(self):
        """The values of the controls by name."""
        return {name: getattr(self, name) for name in self.controls}

    @property
    def hits(self):
        """Whether each target is met."""
        now = {**self.state, **self.numbers}
        return [
            all(within(now.get(name), *limits) for name, limits in where)
            for where in (target["where"].items() for target in self.targets)
        ]

    def data(self):
        """What the module needs: programs, styles, recorded noise; plain lists and dicts."""
        return {}

    def compute(self):
        """Return the read-outs, a dict of name to number, text or None, and the points of a run."""
        raise NotImplementedError(f"{type(self).__name__} must define compute()")

    def picture(self, figure):
        """Draw what stands where no script runs with `optlib.plots` on a Matplotlib figure."""
        raise NotImplementedError(f"{type(self).__name__} must define picture()")

    def _compute(self, change=None):
        numbers, self.trajectory = self.compute()
        self.numbers = {
            name: value if value is None or isinstance(value, str) else float(value)
            for name, value in numbers.items()
        }

    def __repr__(self):
        values = ", ".join(f"{name}={value!r}" for name, value in self.state.items())
        return f"{type(self).__name__}({values})"

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return {**data, "text/html": self._stand_in()}, metadata

    def _stand_in(self):
        """HTML for a page: the state for the module, and a picture and a table until it runs."""
        script = json.dumps({**self.state, "spec": self.spec}, ensure_ascii=False)
        for character in "<>&":  # neither HTML nor XML then reads markup in the JSON
            script = script.replace(character, f"\\u{ord(character):04x}")
        rows = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{show(value)}</td></tr>"
            for name, value in self.numbers.items()
        )
        return (
            f'<div class="explorable" data-explorable="{self.name}">\n'
            f'<script type="application/json">{script}</script>\n'
            f'<img alt="{html.escape(self.alt)}" src="data:image/png;base64,{self._png()}" />\n'
            f"<table>{rows}</table>\n</div>"
        )

    def _png(self):
        from matplotlib.figure import Figure
        from matplotlib.style import context
        from PIL import Image

        drawn, small = io.BytesIO(), io.BytesIO()
        with context("optlib.book"):  # not pyplot, whose current figure is the reader's
            figure = Figure()
            self.picture(figure)
            figure.savefig(drawn, dpi=DPI)
        Image.open(drawn).convert("RGB").quantize(self.colors).save(small, "png", optimize=True)
        return base64.b64encode(small.getvalue()).decode()


def within(value, low, high):
    """Whether a value meets a target; a word, and None for what is not there, meet no number."""
    kind = str if isinstance(low, str) else (int, float)
    return isinstance(value, kind) and low <= value <= high


def show(value):
    """A read-out as text.

    >>> show(0.123456), show(12345.0), show(None), show("stable"), show(float("inf"))
    ('0.1235', '12345', 'never', 'stable', 'diverged')
    """
    if value is None:
        return "never"
    if isinstance(value, str):
        return html.escape(value)
    if not math.isfinite(value):
        return "diverged"
    digits = 9 if value == round(value) and abs(value) < 1e9 else 4
    return f"{value:.{digits}g}"


@dataclass(frozen=True, eq=False)
class Recorded(Noisy):
    """A noisy problem that replays recorded noise, a row a step, so that the page sees the same."""

    noise: ArrayLike = ()

    def sample(self, rng, t, shape):
        """The noise of step t."""
        return self.noise[t - 1]


def rule_data(rule):
    """A rule as the engine reads it: its program, its hyperparameters, its first state."""
    name = type(rule).__name__
    return {
        "program": trace(rule).to_json(),
        "hyper": {field: float(getattr(rule, field)) for field in hyperparameters(rule)},
        "state": {name: float(value) for name, value in first_state(rule)._asdict().items()},
        "style": STYLES.get(name, OTHER),
    }


def problem_data(problem):
    """A landscape as the engine reads it: its program, window and minimizers."""
    return {
        "program": trace(problem).to_json(),
        "bounds": problem.bounds,
        "start": problem.x0.tolist(),
        "minimizers": [] if problem.minimizers is None else problem.minimizers.tolist(),
    }

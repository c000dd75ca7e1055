"""The answer of `identify`, in words and numbers."""

import math
from dataclasses import dataclass, fields

from optlib.conventions import CHOICES, MISTAKES
from optlib.forms import Form, libraries_of
from optlib.optimizers import SGD, AdaDelta, AdaGrad, AMSGrad, Lion, Momentum, Nesterov, RMSProp


def name_of(form):
    """The rule of a form with all its numbers."""
    rule = form.rule
    numbers = {field.name: getattr(rule, field.name) for field in fields(rule)}
    numbers |= {n: v for n in ("dampening", "start", "momentum") if (v := getattr(form, n))}
    if form.weight_decay:
        numbers["weight_decay"] = form.weight_decay
    words = [f"{n}={v:.9g}" for n, v in numbers.items() if not isinstance(v, bool)]
    return f"{type(rule).__name__}({', '.join(words)})"


def described(form):
    """What each convention of a form is, a line of words for each that it has."""
    rule, words = form.rule, {name: CHOICES[name].get(getattr(form, name)) for name in CHOICES}
    if isinstance(rule, Momentum | Nesterov) or form.momentum:
        yield f"learning rate: {words['lr_place']}"
    if isinstance(rule, Nesterov):
        yield "Nesterov: x is the look-ahead point, where the gradient is taken"
    if form.momentum:
        yield f"momentum: {form.momentum:.9g}, of a sum of the steps of {type(rule).__name__}"
    if form.dampening:
        yield f"dampening: {form.dampening:.9g}, {words['dampened']}"
    if isinstance(rule, AdaDelta):
        yield "eps: inside both roots"
    elif hasattr(rule, "eps"):
        hat = hasattr(rule, "beta1") and getattr(rule, "bias_correction", True)
        hat = hat and form.corrected in ("both", "v only")
        place = form.eps_place or ("beside v hat" if hat else "beside v")
        felt = f", so felt below {math.sqrt(rule.eps):.3g}" if "inside" in place else ""
        if isinstance(rule, AdaGrad | RMSProp):
            part = ", or inside the root as a part of the start" if form.start else ""
            where = f"{place.removesuffix(' v')} the root{felt}" if rule.eps else f"none{part}"
            yield f"eps: {where}"
            yield f"v starts from: {form.start:.9g}"
        else:
            yield f"eps: {CHOICES['eps_place'][place]}{felt}" if rule.eps else "eps: none"
            both = getattr(rule, "bias_correction", True)
            yield f"bias correction: {words['corrected'] if both else 'neither average'}"
    if isinstance(rule, AMSGrad):
        yield f"AMSGrad: {words['largest']}"
    own = getattr(rule, "weight_decay", 0)
    decays = own or form.weight_decay
    yield f"weight decay: {words['decay'] if decays else 'none'}"


def marks(form):
    """The conventions in which a form differs from its rule, in words."""
    plain = Form(form.rule)
    for name, choices in CHOICES.items():
        if getattr(form, name) != getattr(plain, name):
            yield f"{name.replace('_', ' ')} {choices[getattr(form, name)].partition(':')[0]}"


def notes(form, rated):
    """What else is the same as a form on every gradient, in words."""
    rule = form.rule
    if isinstance(rule, SGD):
        yield "the same on every gradient: Momentum and Nesterov with momentum 0"
    if isinstance(rule, Momentum) and not form.dampening:
        yield (
            "the same on every gradient: an average of gradients with "
            f"lr={rule.lr / (1 - rule.momentum):.9g}"
        )
    if isinstance(rule, Lion) and rule.beta1 == 0:
        yield "the same on every gradient: the sign of the gradient, whatever beta2 is"
    elif isinstance(rule, Lion) and abs(rule.beta1 - rule.beta2) < 1e-9:
        yield "the same on every gradient: the sign of one average of gradients (Signum)"
    decay = getattr(rule, "weight_decay", 0) or form.weight_decay
    if decay and form.decay == "times lr":
        yield (
            f"the same on every gradient: a decay of {decay * rule.lr:.9g} times the schedule, "
            "but not times lr"
        )
    if not rated:
        yield "its lr was not changed: what a change of lr would show is not known"


@dataclass(frozen=True)
class Failure:
    """The first designed gradient at which a form fails: step t, in the worst coordinate."""

    t: int
    x: float
    g: float
    took: float
    would: float


@dataclass(frozen=True)
class Answer:
    """What `identify` found.

    Parameters
    ----------
    forms : tuple of Form
        All that take the steps of the optimizer, which no gradient of the design tells apart; the
        plainest first. Empty for none of these.
    nearest : Form
        The first of them, or the one that failed last.
    failure : Failure or None
        Where the nearest fails.
    largest : float
        The largest deviation of the nearest before it fails, relative to the steps so far.
    notes : tuple of str
        What is known besides.
    """

    forms: tuple
    nearest: Form
    failure: Failure | None
    largest: float
    notes: tuple = ()

    @property
    def mistakes(self):
        """The conventions of the answer that no library has by default, in words."""
        return tuple(
            CHOICES[name][getattr(self.nearest, name)]
            for name, values in MISTAKES.items()
            if self.forms and getattr(self.nearest, name) in values
        )

    @property
    def libraries(self):
        """The libraries and rules of the table of conventions that are the answer."""
        return libraries_of(self.nearest) if self.forms else []

    def __repr__(self):
        return "\n".join(self._lines())

    def _repr_markdown_(self):
        head, *rest = self._lines()
        return f"**{head}**\n\n" + "\n".join(f"- {line.strip()}" for line in rest)

    def _lines(self):
        if self.forms:
            yield name_of(self.nearest)
            yield from (f"  {line}" for line in described(self.nearest))
            if self.libraries:
                yield f"  conventions as in: {', '.join(self.libraries)}"
            for mistake in self.mistakes:
                yield f"  no library does this by default: {mistake}"
            for other in self.forms[1:]:
                yield f"  the same on every gradient: {'; '.join([name_of(other), *marks(other)])}"
            yield f"  takes every step of the design, to {max(self.largest, 1e-12):.0e}"
        else:
            yield "none of these"
            near = "; ".join([name_of(self.nearest), *marks(self.nearest)])
            yield f"  nearest: {near}"
            f = self.failure
            yield f"  fails at gradient {f.t}: g = {f.g:.6g} at x = {f.x:g}"
            yield f"  it would take {f.would:.6g} from x, the optimizer takes {f.took:.6g}"
        yield from (f"  {note}" for note in self.notes)

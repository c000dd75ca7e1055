"""A rule of the book under the conventions of a library, without defining the rule again."""

from dataclasses import dataclass, fields, replace

import numpy as np

from optlib.checks import first_state, require
from optlib.conventions import CHOICES, LIBRARIES, NAMES
from optlib.optimizers import (
    SGD,
    Adam,
    AdamW,
    AMSGrad,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
    State,
)

OPTIONAL = ("dampening", "start", "weight_decay", "momentum")  # beside the numbers of a rule


@dataclass(frozen=True, eq=False, repr=False)
class Form:
    r"""A rule of the book under the conventions of a library.

    Parameters
    ----------
    rule : Optimizer
        One of the book's rules with its hyperparameters, numbers.
    lr_place : "outside" or "inside"
        Where lr stands in a sum of gradients or of steps.
    dampening : float, default 0
        Share :math:`d` of each gradient that a momentum leaves away.
    dampened : "from step 1" or "from step 2"
    eps_place : str or None
        "beside v hat", "beside v", "inside v hat" or "inside v"; None is the rule's own place.
    corrected : "both", "neither", "m only" or "v only"
        Which averages of Adam, AMSGrad and AdamW are corrected.
    start : float, default 0
        What v is before the first step.
    largest : "then corrected" or "of corrected"
        What AMSGrad takes the maximum of.
    weight_decay : float, default 0
        Beside that of AdamW itself.
    decay : "times lr", "not times lr", "times nothing", "after" or "L2"
        How ``weight_decay`` is coupled.
    momentum : float, default 0
        Of a sum of the rule's steps, as RMSProp has it in three libraries.

    Raises
    ------
    TypeError, ValueError
        If the rule is none, or a convention is not one of `CHOICES`.

    Examples
    --------
    >>> keras = Form(Adam(eps=1e-7), eps_place="beside v")
    >>> x, state = keras.step(np.zeros(1), np.array([1e-7]))
    >>> (x / 0.001).round(4)
    array([-0.0307])
    """

    rule: Optimizer
    lr_place: str = "outside"
    dampening: float = 0.0
    dampened: str = "from step 1"
    eps_place: str | None = None
    corrected: str = "both"
    start: float = 0.0
    largest: str = "then corrected"
    weight_decay: float = 0.0
    decay: str = "times lr"
    momentum: float = 0.0

    def __post_init__(self):
        require(isinstance(self.rule, Optimizer), "Form: rule", "a rule", self.rule, TypeError)
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            own = value is None and name == "eps_place"
            require(own or value in choices, f"Form: {name}", f"one of {list(choices)}", value)

    def __repr__(self):
        values = ((f.name, getattr(self, f.name), f.default) for f in fields(self)[1:])
        given = [f"{name}={value!r}" for name, value, default in values if value != default]
        return f"Form({', '.join([repr(self.rule), *given])})"

    def step(self, x, g, state=None, factor=1.0):
        """Return ``(x_new, state_new)`` after one step, with lr times a factor.

        Parameters
        ----------
        x, g : array, shape (..., d)
        state : tuple
            What the previous step returned; leave it out at the first step.
        factor : float, default 1
            What the schedule multiplies lr by at this step.
        """
        state, summed = state or (self._first(), State())
        lr, t = factor * self.rule.lr, state.t + 1
        taken = {"not times lr": factor, "times nothing": 1.0}.get(self.decay, lr)
        left = 1 - taken * self.weight_decay
        if self.decay == "L2":
            g, left = g + self.weight_decay * x, 1.0
        x = x if self.decay == "after" else left * x
        if self.dampening and (t > 1 or self.dampened == "from step 1"):
            g = (1 - self.dampening) * g
        if self.largest == "of corrected" and t > 1:
            growth = (1 - self.rule.beta2**t) / (1 - self.rule.beta2 ** (t - 1))
            state = state._replace(v_max=state.v_max * growth)
        rule = self._adjusted(x, g, state, t, 1.0 if self.momentum else lr)
        if self.momentum:
            moved, state = rule.step(np.zeros_like(x), g, state)
            x, summed = self._summed(Momentum(lr, self.momentum), x, -moved, summed)
        else:
            x, state = self._summed(rule, x, g, state)
        return left * x if self.decay == "after" else x, (state, summed)

    def _summed(self, rule, x, g, state):
        if self.lr_place == "inside":
            rule, g = replace(rule, lr=1.0), rule.lr * g
        return rule.step(x, g, state)

    def _first(self):
        state = first_state(self.rule)
        return state._replace(v=self.start) if self.start else state

    def _adjusted(self, x, g, state, t, lr):
        """The rule with the lr, and the eps beside its own root, that amount to the conventions."""
        rule, beta2 = self.rule, getattr(self.rule, "beta2", None)
        if self.eps_place is None and self.corrected == "both":
            return rule if lr == rule.lr else replace(rule, lr=lr)
        eps, c = rule.eps, 1.0
        if beta2 is not None and getattr(rule, "bias_correction", True):
            c = 1 - beta2**t
        if self.eps_place in ("inside v", "inside v hat"):
            after = rule.step(x, g, state)[1]
            v = getattr(after, "v_max", after.v) / c
            eps = np.sqrt(v + (eps / c if self.eps_place == "inside v" else eps)) - np.sqrt(v)
        elif self.eps_place == "beside v" or self.corrected in ("neither", "m only"):
            eps = eps / np.sqrt(c)
        if self.corrected in ("neither", "v only"):
            lr = lr * (1 - rule.beta1**t)
        if self.corrected in ("neither", "m only"):
            lr = lr / np.sqrt(c)
        return replace(rule, lr=lr, eps=eps)


def form_of(name, **options):
    """The `Form` that a library's rule takes under the options of its constructor.

    Parameters
    ----------
    name : str
        Library and rule, one of `LIBRARIES`.
    **options
        As the library calls them.

    Raises
    ------
    TypeError, ValueError
        If the name is not in the table, or an option has no meaning here.

    Examples
    --------
    >>> form_of("keras.Adam", learning_rate=0.1, weight_decay=0.004).rule
    AdamW(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-07, weight_decay=0.004)
    """
    require(name in LIBRARIES, "form_of: name", f"one of {list(LIBRARIES)}", name)
    cls, settings = LIBRARIES[name]
    settings = dict(settings)
    if name == "optax.ema":  # an average of gradients is a sum of dampened ones
        settings["momentum"] = settings["dampening"] = options.pop("decay")
    if "betas" in options:
        settings["beta1"], settings["beta2"] = options.pop("betas")
    if not options.pop("eps_in_sqrt", True):
        settings["eps_place"] = "beside v"
    if root := options.pop("eps_root", 0):  # with eps 0
        options["eps"], settings["eps_place"] = root, "inside v hat"
    raw = [not options.pop(f"bias_correction_{of}", True) for of in ("mu", "nu")]
    settings["corrected"] = list(CHOICES["corrected"])[2 * raw[0] + raw[1]]
    if raw[1]:
        settings.pop("largest", None)
    settings |= {NAMES.get(option, option): value for option, value in options.items()}
    if cls is RMSProp and settings.pop("bias_correction", False):
        cls, settings["beta1"], settings["beta2"] = Adam, 0.0, settings.pop("rho")
        settings["eps_place"] += " hat"
    return form(cls, **settings)


def form(cls, *, nesterov=False, amsgrad=False, **settings):
    """The `Form` of a rule's hyperparameters and conventions, in the plainest of equal words.

    Without momentum it is SGD, Adam with decay times lr is AdamW, and what is said about something
    absent is dropped.
    """
    momentum, decay = settings.get("momentum"), settings.get("weight_decay")
    drop = () if momentum else ("momentum", "lr_place")
    drop += () if settings.get("dampening") else ("dampening", "dampened")
    drop += () if decay else ("weight_decay", "decay")
    settings = {name: value for name, value in settings.items() if name not in drop}
    times_lr = settings.get("decay", "times lr") == "times lr"
    corrected = settings.get("bias_correction", True) and settings.get("corrected", "both")
    if cls is Momentum:
        cls = Nesterov if momentum and nesterov else Momentum if momentum else SGD
    elif cls is Adam and (amsgrad or (decay and times_lr and corrected == "both")):
        cls = AMSGrad if amsgrad else AdamW
        settings.pop("bias_correction", None)
    hat = hasattr(cls, "beta2") and corrected in ("both", "v only")
    if settings.get("eps_place") == ("beside v hat" if hat else "beside v"):
        del settings["eps_place"]  # where it is
    own = {field.name for field in fields(cls)}
    if not times_lr:
        own.discard("weight_decay")
    elif "weight_decay" in own:
        settings.pop("decay", None)
    rule = cls(**{name: value for name, value in settings.items() if name in own})
    return Form(rule, **{name: value for name, value in settings.items() if name not in own})


def libraries_of(known):
    """The names in `LIBRARIES` whose rule, with the numbers of a form, is that form.

    A number that a library may not have, such as a dampening, a start of v or a weight decay,
    leaves those whose entry in the table speaks of it; a rule whose entry has a weight decay is not
    meant where there is none. Left out is optax.ema, an average with other numbers.

    >>> libraries_of(Form(RMSProp(), eps_place="inside v"))
    ['optax.rmsprop', 'keras.RMSprop']
    """
    values = {field.name: getattr(known.rule, field.name) for field in fields(known.rule)}
    values |= {name: getattr(known, name) for name in OPTIONAL if getattr(known, name)}
    values.pop("bias_correction", None)
    needed = {name for name, value in values.items() if value}
    found = []
    for name, (cls, own) in LIBRARIES.items():
        spoken = {field.name for field in fields(cls)} | own.keys()
        spoken |= {"weight_decay"} if "decay" in own else set()
        given = {key: values[key] for key in spoken & values.keys()}
        given |= {key: own[key] for key in own.keys() & {*CHOICES, "bias_correction"}}
        meant = name != "optax.ema" and (own.keys() & {"weight_decay"}) <= needed <= spoken
        if meant and _told(form(cls, **given)) == _told(known):
            found.append(name)
    return found


def _told(form):
    """What is to be said of a form: without eps it has no place."""
    return repr(form if getattr(form.rule, "eps", 0) else replace(form, eps_place=None))

"""Learning-rate schedules: plain functions from the step t = 1, 2, ... to a factor on lr."""

import math
from numbers import Real

from optlib.checks import require


def constant():
    """The factor 1 at every step.

    >>> constant()(5)
    1.0
    """
    return lambda t: 1.0


def step_decay(every, factor=0.1):
    """The factor ``factor**k`` after k times ``every`` steps.

    Parameters
    ----------
    every : int >= 1
        Steps between two drops.
    factor : float in (0, 1], default 0.1
        What lr is multiplied by at a drop.

    >>> [step_decay(10, 0.5)(t) for t in (1, 10, 11, 21)]
    [1.0, 1.0, 0.5, 0.25]
    """
    _at_least_one("every", every)
    require(isinstance(factor, Real) and 0 < factor <= 1, "factor", "in (0, 1]", factor)
    return lambda t: float(factor) ** ((t - 1) // every)


def inverse_sqrt(t0=1):
    r"""The factor :math:`\sqrt{t_0/(t_0 + t - 1)}`: 1 at first, then like :math:`1/\sqrt t`.

    Parameters
    ----------
    t0 : float >= 1, default 1
        Steps after which the decay sets in.

    >>> [round(inverse_sqrt()(t), 3) for t in (1, 4, 100)]
    [1.0, 0.5, 0.1]
    """
    _at_least_one("t0", t0)
    return lambda t: math.sqrt(t0 / (t0 + t - 1))


def cosine(steps):
    """Half a cosine from 1 at the first step down to 0 after ``steps`` steps.

    Parameters
    ----------
    steps : int >= 1
        Length of the run.

    >>> [round(cosine(10)(t), 3) for t in (1, 6, 11)]
    [1.0, 0.5, 0.0]
    """
    _at_least_one("steps", steps)
    return lambda t: 0.5 * (1 + math.cos(math.pi * min((t - 1) / steps, 1)))


def warmup(steps, then=lambda t: 1.0):
    """A linear rise to 1 over ``steps`` steps, then another schedule counted from there.

    Parameters
    ----------
    steps : int >= 1
        Length of the rise.
    then : function, default `constant`
        Schedule after the rise.

    >>> [warmup(4)(t) for t in (1, 2, 4, 9)]
    [0.25, 0.5, 1.0, 1.0]
    """
    _at_least_one("steps", steps)
    require(callable(then), "then", "a schedule, a function of t", then, TypeError)
    return lambda t: t / steps if t <= steps else then(t - steps)


def _at_least_one(name, value):
    number = isinstance(value, Real) and not isinstance(value, bool)
    require(number and 1 <= value < math.inf, name, "in [1, inf)", value)

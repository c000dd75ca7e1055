"""Learning-rate schedules: plain functions from the step t = 1, 2, ... to a factor on lr.

The step may be a number or an array of numbers, each at least 1; t counts the steps of a run from
1, where PyTorch and optax count from 0.
"""

import functools
import math
from numbers import Real

import numpy as np

from optlib.checks import as_numbers, require


def _of_steps(factor):
    """The schedule of a factor at one step: it takes arrays too, and refuses t below 1."""

    @functools.wraps(factor)
    def schedule(t):
        if type(t) is int and t >= 1:
            return factor(t)
        steps = as_numbers("schedule: t", t, least=1, kinds="iuf")
        factors = [factor(step) for step in steps.ravel().tolist()]
        return np.reshape(factors, steps.shape) if steps.ndim else factors[0]

    return schedule


def constant():
    """The factor 1 at every step.

    >>> constant()(5)
    1.0
    """
    return _of_steps(lambda t: 1.0)


def step_decay(every, factor=0.1):
    """The factor ``factor**k`` after k times ``every`` steps.

    Parameters
    ----------
    every : int >= 1
        Steps between two drops.
    factor : float in (0, 1], default 0.1
        What lr is multiplied by at a drop.

    >>> step_decay(10, 0.5)(np.array([1, 10, 11, 21]))
    array([1.  , 1.  , 0.5 , 0.25])
    """
    _at_least_one("every", every)
    require(isinstance(factor, Real) and 0 < factor <= 1, "factor", "in (0, 1]", factor)
    return _of_steps(lambda t: float(factor) ** ((t - 1) // every))


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
    return _of_steps(lambda t: math.sqrt(t0 / (t0 + t - 1)))


def cosine(steps):
    """Half a cosine from 1 at the first step down to 0 after ``steps`` steps.

    Parameters
    ----------
    steps : int >= 1
        Length of the run.

    >>> cosine(10)(np.array([1, 6, 11])).round(3)
    array([1. , 0.5, 0. ])
    """
    _at_least_one("steps", steps)
    return _of_steps(lambda t: 0.5 * (1 + math.cos(math.pi * min((t - 1) / steps, 1))))


def linear(steps):
    """A straight line from 1 at the first step down to 0 after ``steps`` steps.

    Parameters
    ----------
    steps : int >= 1
        Length of the run.

    >>> linear(10)(np.array([1, 6, 11, 12]))
    array([1. , 0.5, 0. , 0. ])
    """
    _at_least_one("steps", steps)
    return _of_steps(lambda t: max(1 - (t - 1) / steps, 0.0))


def wsd(steps, cooldown=0.2):
    """The factor 1, then a straight line down to 0 over the last part of ``steps`` steps.

    With a rise before it, ``warmup(10, wsd(90))``, it is the schedule called warmup-stable-decay.

    Parameters
    ----------
    steps : int >= 1
        Length of the run.
    cooldown : float in (0, 1], default 0.2
        The part of the run over which the factor falls.

    >>> wsd(10, cooldown=0.4)(np.array([1, 7, 8, 9, 10, 11]))
    array([1.  , 1.  , 0.75, 0.5 , 0.25, 0.  ])
    """
    _at_least_one("steps", steps)
    require(isinstance(cooldown, Real) and 0 < cooldown <= 1, "cooldown", "in (0, 1]", cooldown)
    return _of_steps(lambda t: min(max((steps - t + 1) / (cooldown * steps), 0.0), 1.0))


def warmup(steps, then=None):
    """A linear rise to 1 over ``steps`` steps, then another schedule counted from there.

    Parameters
    ----------
    steps : int >= 1
        Length of the rise.
    then : function, default `constant`
        Schedule after the rise, such as ``cosine(90)``.

    >>> [warmup(4)(t) for t in (1, 2, 4, 9)]
    [0.25, 0.5, 1.0, 1.0]
    """
    _at_least_one("steps", steps)
    then = constant() if then is None else then
    number = callable(then) and not callable(then(1))
    hint = f"; write {then.__name__}(...)" if callable(then) else ""
    require(number, "then", "a schedule, a function of t", then, TypeError, hint)
    return _of_steps(lambda t: t / steps if t <= steps else then(t - steps))


def _at_least_one(name, value):
    number = isinstance(value, Real) and not isinstance(value, bool)
    require(number and 1 <= value < math.inf, name, "in [1, inf)", value)

"""Runs of a rule on a problem: `minimize` step by step, `train` on minibatches."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from optlib.checks import (
    as_array,
    check_all,
    check_count,
    check_generator,
    common_shape,
    first_state,
    ready,
    require,
)
from optlib.loop import kept, run
from optlib.optimizers import Optimizer
from optlib.probe import takes, try_problem, try_rule
from optlib.schedules import constant


@dataclass(frozen=True, eq=False)
class History:
    """What a run saw, axis 0 = record: each step, each ``every`` steps, or (`train`) each epoch.

    Parameters
    ----------
    x : array, shape (records + 1, ..., d)
        The points, the start first.
    f : array, shape (records + 1, ...)
        The objective at each point, without noise.
    g : array, shape (records, ..., d)
        The gradient the step from each point used (for `train`: the full gradient there).
    state : NamedTuple of arrays, records + 1 along axis 0
        The rule's state at each point.
    optimizer, problem
        What was run.
    shape : tuple
        Shape of the start as it was given, which is that of the noise.
    """

    x: np.ndarray
    f: np.ndarray
    g: np.ndarray
    state: Any
    optimizer: Any
    problem: Any
    shape: tuple

    @property
    def last_state(self):
        """The rule's state after the last step, as its `step` takes it."""
        return type(self.state)(*(entries[-1] for entries in self.state))


def minimize(optimizer, problem, x0=None, steps=100, schedule=None, rng=None, state=None, every=1):
    """Run a rule on a problem, a gradient a step.

    Parameters
    ----------
    optimizer : Optimizer
        The rule. Array hyperparameters make a sweep: the runs are the leading axes of x.
    problem : Problem
        What to minimize; a stochastic one draws its noise from ``rng``.
    x0 : array, shape (..., d), default ``problem.x0``
        The start, or one start a run.
    steps : int >= 0, default 100
        Number of steps.
    schedule : function, optional
        Factor in [0, inf) on lr at step t = 1, 2, ... (see `optlib.schedules`).
    rng : numpy.random.Generator
        Needed by stochastic problems. Noise has the shape of x0: runs that differ only
        in hyperparameters see the same noise.
    state : History or State, default the rule's first State
        Where the rule stands; the schedule goes on from its t. A History is continued from its
        last point and state: given the same generator, to the bit as if it had never ended.
    every : int >= 1, default 1
        Steps from one record to the next, for runs whose records would not fit; the last point is
        always kept. A record takes 2 + s arrays of the size of x, with s the arrays of the state.

    Returns
    -------
    History
        Overflow in a diverging run is data (inf, nan), not a warning.

    Raises
    ------
    TypeError, ValueError
        For an illegal argument, by name; before the first step also for what a rule or a
        problem of your own returns, changes, or mixes.

    Examples
    --------
    >>> from optlib import SGD, Quadratic
    >>> history = minimize(SGD(lr=0.5), Quadratic(eigenvalues=(1, 2)), x0=[8.0, 8.0], steps=3)
    >>> history.x
    array([[8., 8.],
           [4., 0.],
           [2., 0.],
           [1., 0.]])
    >>> minimize(SGD(lr=0.5), Quadratic(eigenvalues=(1, 2)), steps=1, state=history).x
    array([[1. , 0. ],
           [0.5, 0. ]])
    """
    random = hasattr(problem, "sample") or rng is not None
    start = _start(optimizer, problem, x0, schedule, rng, state, random)
    check_count("steps", steps, 0)
    check_count("every", every, 1)
    return _run(optimizer, problem, *start, steps, every, None, schedule, rng)


def train(
    optimizer, problem, x0=None, epochs=10, batch_size=32, schedule=None, rng=None, state=None
):
    """Run a rule on a finite sum by minibatches, drawn without replacement.

    Parameters
    ----------
    optimizer : Optimizer
        The rule; array hyperparameters make a sweep, all runs seeing the same minibatches.
    problem : Problem with ``n`` examples and ``batch(rows)``
        What to minimize.
    x0 : array, shape (..., d), default ``problem.x0``
        The start, or one start a run.
    epochs : int >= 0, default 10
        Passes through the examples.
    batch_size : int in [1, problem.n], default 32
        Examples a step; the last batch of an epoch holds what is left.
    schedule : function, optional
        Factor on lr at step t = 1, 2, ..., counted in minibatches.
    rng : numpy.random.Generator
        Shuffles the examples anew each epoch, and draws the noise of a stochastic problem.
    state : History or State, default the rule's first State
        Continues a run after its last epoch, as in `minimize`.

    Returns
    -------
    History
        One record an epoch, the start first; f and g are those of the whole sum.

    Raises
    ------
    TypeError, ValueError
        For an illegal argument, by name.

    Examples
    --------
    >>> from optlib import SGD, LeastSquares
    >>> problem = LeastSquares(X=np.array([[1.0], [2.0], [3.0]]), y=np.array([2.0, 4.0, 6.0]))
    >>> history = train(SGD(lr=0.1), problem, epochs=20, batch_size=1, rng=np.random.default_rng(0))
    >>> history.x[-1].round(6)
    array([2.])
    """
    start = _start(optimizer, problem, x0, schedule, rng, state, random=True)
    legal = "a finite sum, with n and batch(rows)"
    require(hasattr(problem, "batch"), "problem", legal, problem, TypeError)
    check_count("epochs", epochs, 0)
    check_count("batch_size", batch_size, 1, problem.n)
    return _run(optimizer, problem, *start, epochs, 1, batch_size, schedule, rng)


def _run(optimizer, problem, x, state, shape, steps, every, batch_size, schedule, rng):
    log = run(optimizer, problem, x, state, shape, steps, every, batch_size, schedule, rng)
    state = type(state)(*log.state)
    return History(log.x, log.f, log.g, state, optimizer, problem, shape)


def _start(optimizer, problem, x0, schedule, rng, state, random):
    """The start, one row a run, the state there, and the shape of the start as given."""
    _check_instance("optimizer", optimizer, Optimizer, "an Optimizer, such as SGD()")
    legal = "a Problem with a value and a grad"
    _check_instance("problem", problem, Callable, legal)
    require(hasattr(problem, "grad"), "problem", legal, problem, TypeError)
    legal = "a function from t to a factor on lr"
    scheduled = callable(schedule) and takes(schedule, 1) and hasattr(optimizer, "lr")
    hint = "; write schedule=constant()" if schedule is constant else ""
    require(schedule is None or scheduled, "schedule", legal, schedule, TypeError, hint)
    if random:
        check_generator("rng", rng)
    name = f"{type(problem).__name__}: dim, the number of coordinates,"
    check_count(name, getattr(problem, "dim", None), 1)
    first, shape = first_state(optimizer), None
    if isinstance(state, History):
        x0, shape = (state.x[-1], state.shape) if x0 is None else (x0, None)
        state = state.last_state
    x0 = getattr(problem, "x0", None) if x0 is None else x0
    start = as_array("x0", x0, "an array of numbers", "iuf")
    require(start.shape[-1:] == (problem.dim,), "x0", f"of shape (..., {problem.dim})", start.shape)
    check_all(np.isfinite(start), "x0", "finite", start)
    start = start if start.dtype.kind == "f" else start.astype(float)
    state = first if state is None else state
    legal = f"a History or a {type(first).__name__}"
    require(type(state) is type(first), "state", legal, state, TypeError)
    state = ready("state", start, state)
    x = np.broadcast_to(start, common_shape("", start.shape, vars(optimizer) | state._asdict()))
    x = kept(x, x, "x0")
    shape = start.shape if shape is None else shape
    with np.errstate(all="ignore"):
        try_problem(problem, x, getattr(state, "t", 0) + 1, rng, shape)
        try_rule(optimizer, x, state)
    return x, state, shape


def _check_instance(name, value, kind, legal):
    hint = f"; write {value.__name__}(...)" if isinstance(value, type) else ""
    require(isinstance(value, kind) and not hint, name, legal, value, TypeError, hint)

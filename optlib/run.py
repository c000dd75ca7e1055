"""Runs of a rule on a problem: `minimize` step by step, `train` on minibatches."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
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
from optlib.optimizers import Optimizer
from optlib.probe import takes, try_problem, try_rule
from optlib.schedules import constant


@dataclass(frozen=True, eq=False)
class History:
    """What a run saw, axis 0 = step (for `train`: epoch).

    Parameters
    ----------
    x : array, shape (steps + 1, ..., d)
        The points, the start first.
    f : array, shape (steps + 1, ...)
        The objective at each point, without noise.
    g : array, shape (steps, ..., d)
        The gradient the step from each point used (for `train`: the full gradient there).
    state : NamedTuple of arrays, steps + 1 along axis 0
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


def minimize(optimizer, problem, x0=None, steps=100, schedule=None, rng=None, state=None):
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
    return _run(optimizer, problem, *start, steps, None, schedule, rng)


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
    return _run(optimizer, problem, *start, epochs, batch_size, schedule, rng)


def _run(optimizer, problem, x, state, shape, records, batch_size, schedule, rng):
    """A run from x with a record after each step, or each epoch if there is a batch size."""
    rule, step, t = optimizer, type(optimizer).step.__wrapped__, getattr(state, "t", 0)
    of_grad, of_step = f"{type(problem).__name__}.grad", f"{type(optimizer).__name__}.step"
    with np.errstate(all="ignore"):
        seen = [(x, np.copy(problem(x)), None, state)]
        for _ in _progress(records):
            batches, full = [problem], None
            if batch_size:
                ends = range(batch_size, problem.n, batch_size)
                batches = map(problem.batch, np.split(rng.permutation(problem.n), ends))
                full = _kept(x, problem.grad(x), of_grad)
            for batch in batches:
                t += 1
                noise = [batch.sample(rng, t, shape)] if hasattr(batch, "sample") else []
                g = _kept(x, batch.grad(x, *noise), of_grad)
                if schedule is not None:
                    rule = replace(optimizer, lr=optimizer.lr * _factor(schedule, t))
                x_new, state = step(rule, x, g, ready(of_step, x, state))
                x = _kept(x, x_new, of_step)
            seen.append((x, np.copy(problem(x)), g if full is None else full, state))
    xs, fs, gs, states = zip(*seen, strict=True)
    x = np.array(xs)
    g = np.array(gs[1:], x.dtype).reshape(records, *x.shape[1:])
    state = type(state)(*(_stacked(column) for column in zip(*states, strict=True)))
    return History(x, np.array(fs, x.dtype), g, state, optimizer, problem, shape)


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
    x = _kept(x, x, "x0")
    shape = start.shape if shape is None else shape
    with np.errstate(all="ignore"):
        try_problem(problem, x, getattr(state, "t", 0) + 1, rng, shape)
        try_rule(optimizer, x, state)
    return x, state, shape


def _check_instance(name, value, kind, legal):
    hint = f"; write {value.__name__}(...)" if isinstance(value, type) else ""
    require(isinstance(value, kind) and not hint, name, legal, value, TypeError, hint)


def _kept(x, value, source):
    """What a step or a gradient at x returned, as a copy that nobody changes."""
    value = np.array(value, x.dtype)
    if value.shape != x.shape:
        legal, hint = f"of the shape of x, {x.shape}", "; give x0 one row a run"
        require(False, f"what {source} returns", legal, value.shape, hint=hint)
    value.flags.writeable = False
    return value


def _factor(schedule, t):
    """The factor of a schedule at step t."""
    factor = schedule(t)
    if type(factor) is float and 0 <= factor < np.inf:
        return factor
    number = np.ndim(factor) == 0 and np.asarray(factor).dtype.kind in "iuf"
    if not (number and 0 <= factor < np.inf):
        hint = "; write schedule=cosine(100), not schedule=cosine" if callable(factor) else ""
        legal = "a number in [0, inf)"
        require(False, f"schedule({t})", legal, factor, ValueError if number else TypeError, hint)
    return factor


def _stacked(column):
    """One field of all states; the zero a run starts from in full shape and dtype."""
    last = np.asarray(column[-1])
    shape = np.broadcast_shapes(last.shape, np.shape(column[0]))
    return np.array([np.broadcast_to(row, shape) for row in column], last.dtype)


def _progress(n):
    """Count 1 ... n, with a progress bar after two seconds unless TQDM_DISABLE is set."""
    if n and not os.environ.get("TQDM_DISABLE"):
        with suppress(ImportError):
            from tqdm.auto import tqdm

            return tqdm(range(1, n + 1), delay=2, leave=False)
    return range(1, n + 1)

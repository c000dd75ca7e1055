"""Runs of a rule on a problem: `minimize` step by step, `train` on minibatches."""

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optlib.checks import as_array, check_all, check_count, common_shape, first_state, require
from optlib.optimizers import Optimizer


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
    """

    x: np.ndarray
    f: np.ndarray
    g: np.ndarray
    state: Any
    optimizer: Any
    problem: Any


def minimize(optimizer, problem, x0=None, steps=100, schedule=None, rng=None):
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
        Factor on lr at step t = 1, 2, ... (see `optlib.schedules`).
    rng : numpy.random.Generator
        Needed by stochastic problems. Noise has the shape of x0: runs that differ only
        in hyperparameters see the same noise.

    Returns
    -------
    History
        Overflow in a diverging run is data (inf, nan), not a warning.

    Raises
    ------
    TypeError, ValueError
        For an illegal argument, by name.

    Examples
    --------
    >>> from optlib import SGD, Quadratic
    >>> history = minimize(SGD(lr=0.5), Quadratic(eigenvalues=(1, 2)), x0=[8.0, 8.0], steps=3)
    >>> history.x
    array([[8., 8.],
           [4., 0.],
           [2., 0.],
           [1., 0.]])
    """
    random = hasattr(problem, "sample") or rng is not None
    start = _start(optimizer, problem, x0, schedule, rng, random)
    check_count("steps", steps, 0)
    return _run(optimizer, problem, *start, steps, None, schedule, rng)


def train(optimizer, problem, x0=None, epochs=10, batch_size=32, schedule=None, rng=None):
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
    start = _start(optimizer, problem, x0, schedule, rng, random=True)
    legal = "a finite sum, with n and batch(rows)"
    require(hasattr(problem, "batch"), "problem", legal, problem, TypeError)
    check_count("epochs", epochs, 0)
    check_count("batch_size", batch_size, 1, problem.n)
    return _run(optimizer, problem, *start, epochs, batch_size, schedule, rng)


def _run(optimizer, problem, x, shape, records, batch_size, schedule, rng):
    """A run from x with a record after each step, or each epoch if there is a batch size."""
    rule, state, t = optimizer, first_state(optimizer), 0
    with np.errstate(all="ignore"):
        seen = [(x, problem(x), None, state)]
        for _ in _progress(records):
            batches, full = [problem], None
            if batch_size:
                ends = range(batch_size, problem.n, batch_size)
                batches = map(problem.batch, np.split(rng.permutation(problem.n), ends))
                full = problem.grad(x)
            for batch in batches:
                t += 1
                noise = [batch.sample(rng, t, shape)] if hasattr(batch, "sample") else []
                g = batch.grad(x, *noise)
                if schedule is not None:
                    rule = replace(optimizer, lr=optimizer.lr * schedule(t))
                x, state = rule.step(x, g, state)
            seen.append((x, problem(x), g if full is None else full, state))
    xs, fs, gs, states = zip(*seen, strict=True)
    x = np.array(xs)
    g = np.array(gs[1:], x.dtype).reshape(records, *x.shape[1:])
    state = type(state)(*(_stacked(column) for column in zip(*states, strict=True)))
    return History(x, np.array(fs), g, state, optimizer, problem)


def _start(optimizer, problem, x0, schedule, rng, random):
    """The start, broadcast to one row a run, and its shape as given."""
    legal = "an Optimizer, such as SGD()"
    require(isinstance(optimizer, Optimizer), "optimizer", legal, optimizer, TypeError)
    legal = "a Problem with a value and a grad"
    require(callable(problem) and hasattr(problem, "grad"), "problem", legal, problem, TypeError)
    legal = "a function from t to a factor on lr"
    scheduled = callable(schedule) and hasattr(optimizer, "lr")
    require(schedule is None or scheduled, "schedule", legal, schedule, TypeError)
    generator = isinstance(rng, np.random.Generator) or not random
    require(generator, "rng", "a numpy.random.Generator", rng, TypeError)
    start = as_array("x0", problem.x0 if x0 is None else x0, "an array of numbers", "iuf")
    require(start.shape[-1:] == (problem.dim,), "x0", f"of shape (..., {problem.dim})", start.shape)
    check_all(np.isfinite(start), "x0", "finite", start)
    start = start if start.dtype.kind == "f" else start.astype(float)
    shape = common_shape("", start.shape, vars(optimizer))
    return np.broadcast_to(start, shape).copy(), start.shape


def _stacked(column):
    """One field of all states; the zero a run starts from in full shape and dtype."""
    last = np.asarray(column[-1])
    return np.array([np.broadcast_to(row, last.shape) for row in column], last.dtype)


def _progress(n):
    """Count 1 ... n, with a progress bar after two seconds unless TQDM_DISABLE is set."""
    if n and not os.environ.get("TQDM_DISABLE"):
        with suppress(ImportError):
            from tqdm.auto import tqdm

            return tqdm(range(1, n + 1), delay=2, leave=False)
    return range(1, n + 1)

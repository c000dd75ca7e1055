"""The loop of a run: a gradient, a step, now and then a record, as fast as the rule allows.

The first step is the plain rule's. What it returns tells whether the rest can be compiled
(`optlib.compiled`, `optlib.kernels`), to the same bits; if not, the plain rule goes on.
"""

import copy
import math
import os
from contextlib import suppress
from dataclasses import replace

import numpy as np

from optlib.checks import Sweep, ready, require
from optlib.compiled import float_run
from optlib.kernels import Columns, Kernel
from optlib.optimizers import Optimizer
from optlib.problems.finite_sums import value_and_gradient

SHORT = 16  # steps that are over before anything is compiled


class Records:
    """What a run saw, in arrays allocated once: x, f, g and the entries of the state."""

    def __init__(self, rows, x):
        self.x = np.empty((rows + 1, *x.shape), x.dtype)
        self.f = np.empty((rows + 1, *x.shape[:-1]), x.dtype)
        self.g = np.empty((rows, *x.shape), x.dtype)
        self.state = None

    def put(self, row, x, f, state):
        """Keep a point, its value and the state there."""
        self.f[row] = f
        self.write(self.x, row, x)
        self.make_room(row, state)
        for rows, entry in zip(self.state, state, strict=True):
            self.write(rows, row, entry)

    def make_room(self, row, state):
        """Let the arrays have the shapes that the state has now: it starts from mere zeros."""
        self.state = self.state or [np.empty(len(self.x)) for _ in state]
        for i, (rows, entry) in enumerate(zip(self.state, state, strict=True)):
            shape, dtype = getattr(entry, "shape", ()), getattr(entry, "dtype", type(entry))
            if shape != rows.shape[1:] or dtype != rows.dtype:
                shape = np.broadcast_shapes(rows.shape[1:], shape)
                self.state[i] = np.empty((len(rows), *shape), dtype)
                for k in range(row):
                    self.state[i][k] = rows[k]

    @staticmethod
    def write(rows, row, entry):
        """Write an entry into one of the rows."""
        strides = getattr(entry, "strides", ())
        if len(strides) > 1 and strides[-1] > strides[-2]:  # laid out by coordinate
            for i in range(entry.shape[-1]):
                rows[row][..., i] = entry[..., i]
        else:
            rows[row] = entry


class Walk:
    """A rule on its way: where it is, its state, and a step along a gradient."""

    def __init__(self, optimizer, x, state, schedule, long):
        self.optimizer, self.x, self.schedule, self.long = optimizer, x, schedule, long
        self.t = getattr(state, "t", 0)
        self._state, self._kernel, self._name = state, None, f"{type(optimizer).__name__}.step"
        self.compiles = None  # unknown before the first step

    @property
    def state(self):
        """The state; its arrays may change with the next step."""
        return self._state if self._kernel is None else self._kernel.state

    def rate(self, t):
        """The scheduled lr of step t."""
        lr = self.optimizer.lr * _factor(self.schedule, t)
        lr = np.asarray(lr, float).view(Sweep) if np.ndim(lr) else float(lr)
        finite = np.isfinite(lr).all() if np.ndim(lr) else math.isfinite(lr)
        return lr if finite else replace(self.optimizer, lr=lr)

    def step(self, g):
        """Step along g."""
        self.t += 1
        lr = None if self.schedule is None else self.rate(self.t)
        if self._kernel is not None:
            self.x = self._kernel.step(self.x, g, lr)
            self.x.flags.writeable = False
            return
        rule = self.optimizer if lr is None else _with_rate(self.optimizer, lr)
        state = ready(self._name, self.x, self._state)
        x, self._state = type(rule).step.__wrapped__(rule, self.x, g, state)
        if self.compiles is None:
            self.compiles = self.long and getattr(x, "dtype", None) == self.x.dtype
        self.x = kept(self.x, x, self._name)

    def compile(self):
        """Take the compiled rule for the steps to come, if it can be compiled."""
        if self.compiles and self._kernel is None:
            scheduled = self.schedule is not None
            self._kernel = _attempt(Kernel, self.optimizer, self.x, self._state, scheduled)
            self.compiles = self._kernel is not None

    def glide(self, problem, clock, every, log):
        """Walk by the clock on a landscape, and return how many steps the run has made.

        It may stop before the clock does, and makes no step where the rule or the problem is not
        arithmetic on coordinates.
        """
        prepare = self._on_floats if self.x.ndim == 1 else self._on_columns
        walk = _attempt(prepare, problem)
        return walk and walk(clock, every, log)

    def _on_floats(self, problem):
        run, names, hyper = float_run(self.optimizer, problem, self.x, self.schedule is not None)
        hyper, fields = [getattr(self.optimizer, name) for name in hyper], self._state._fields
        whole = [getattr(self._state, name) for name in names]
        same = all(np.shape(a) == self.x.shape and a.dtype == float for a in (self.x, *whole))
        same = same and all(type(value) in (float, int) for value in hyper)
        require(same, "a run on floats", "one of float64", self.x.dtype, TypeError)
        d, first = self.x.size, self.t - 1

        def walk(clock, every, log):
            log.make_room(1, self._state)
            table = np.empty((len(log.g), 1 + d * (2 + len(names))))
            memory = memoryview(table.reshape(-1).view(np.uint8))
            made, x, state = run(clock, every, memory, lambda k: self.rate(first + k), first,
                                 self.x.tolist(), np.ravel(whole).tolist(), *hyper)  # fmt: skip
            rows = slice(1, -(-made // every))
            log.x[rows], log.f[rows] = table[rows, :d], table[rows, d]
            log.g[rows] = table[rows, d + 1 : 2 * d + 1]
            self.x, self.t = np.array(x), first + made
            self.x.flags.writeable = False
            now, kept = {"t": self.t}, {"t": first + np.arange(every, made, every)}
            for i, name in enumerate(names):
                kept[name] = table[rows, 1 + (i + 2) * d :][:, :d]
                now[name] = np.array(state[i * d : (i + 1) * d])
            for rows_of, name in zip(log.state, fields, strict=True):
                rows_of[rows] = kept.get(name, getattr(self._state, name))
            self._state = self._state._replace(**{n: now[n] for n in fields if n in now})
            return made

        return walk

    def _on_columns(self, problem):
        scheduled, shape = self.schedule is not None, self.x.shape
        kernel = Kernel(self.optimizer, self.x, self._state, scheduled, columns=True)
        columns = Columns(problem, self.x)

        def walk(clock, every, log):
            x = np.array(self.x.reshape(-1, shape[-1]).T, order="C")
            g, f, made = np.empty_like(x), np.empty(x.shape[1], x.dtype), 1
            point, slope = x.T.reshape(shape), g.T.reshape(shape)
            for made in clock:
                row, passed = divmod(made - 1, every)
                columns.slopes(x, g, *([] if passed else [f]))
                if not passed:
                    log.put(row, point, f.reshape(shape[:-1]), kernel.state)
                    log.write(log.g, row, slope)
                self.t += 1
                kernel.step(x, g, self.rate(self.t) if scheduled else None, x)
            self.x, self._state = np.array(point, order="C"), kernel.state
            self.x.flags.writeable = False
            return made

        return walk


def run(optimizer, problem, x, state, shape, steps, every, batch_size, schedule, rng):
    """Run from x: ``steps`` steps, or epochs if there is a batch size; return the records.

    There is one of the start, one after each ``every`` steps, or each epoch, and one of the end.
    """
    log = Records(-(-steps // every), x)
    walk = Walk(optimizer, x, state, schedule, steps > SHORT or batch_size)
    clock = iter(_progress(steps))
    alone = not batch_size and not hasattr(problem, "sample")
    with np.errstate(all="ignore"):
        for k in clock:
            _turn(walk, problem, k, every, batch_size, shape, rng, log)
            if k == 1 and walk.compiles:
                made = walk.glide(problem, clock, every, log) if alone else None
                if made == steps:
                    break
                walk.compile()
                if made:
                    _turn(walk, problem, made + 1, every, batch_size, shape, rng, log)
        log.put(len(log.g), walk.x, problem(walk.x), walk.state)
    return log


def _turn(walk, problem, k, every, batch_size, shape, rng, log):
    """The k-th step, or epoch, and before it a record if it is time for one."""
    row, passed = divmod(k - 1, every)

    def gradient(part):
        noise = [part.sample(rng, walk.t + 1, shape)] if hasattr(part, "sample") else []
        return kept(walk.x, part.grad(walk.x, *noise), f"{type(problem).__name__}.grad")

    if batch_size or not (passed or hasattr(problem, "sample")):
        f, g = value_and_gradient(problem, walk.x)
        g = kept(walk.x, g, f"{type(problem).__name__}.grad")
    else:
        f, g = None if passed else problem(walk.x), gradient(problem)
    if not passed:
        log.put(row, walk.x, f, walk.state)
        log.write(log.g, row, g)
    if not batch_size:
        walk.step(g)
        return
    ends = range(batch_size, problem.n, batch_size)
    for rows in np.split(rng.permutation(problem.n), ends):
        walk.step(gradient(problem.batch(rows)))
        walk.compile()


def kept(x, value, source):
    """What a step or a gradient at x returned, as a copy that nobody changes."""
    value = np.array(value, x.dtype, order="C")
    if value.shape != x.shape:
        legal, hint = f"of the shape of x, {x.shape}", "; give x0 one row a run"
        require(False, f"what {source} returns", legal, value.shape, hint=hint)
    value.flags.writeable = False
    return value


def _attempt(make, *arguments):
    """What is made, or None if it cannot be: a rule of one's own may fail on symbols in any way."""
    with suppress(Exception):
        return make(*arguments)
    return None


def _with_rate(optimizer, lr):
    """The rule with another lr, one that has been checked."""
    if type(optimizer).__post_init__ is not Optimizer.__post_init__:
        return replace(optimizer, lr=lr)
    rule = copy.copy(optimizer)
    object.__setattr__(rule, "lr", lr)
    return rule


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


def _progress(n):
    """Count 1 ... n, with a progress bar after two seconds unless TQDM_DISABLE is set."""
    if n and not os.environ.get("TQDM_DISABLE"):
        with suppress(ImportError):
            from tqdm.auto import tqdm

            return tqdm(range(1, n + 1), delay=2, leave=False)
    return range(1, n + 1)

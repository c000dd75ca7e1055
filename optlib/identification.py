"""Which rule is a black box? Designed gradients, hyperparameters read off, every response checked.

The first three gradients of each coordinate are laid out so that each hyperparameter is a ratio of
steps; the rest, silences, bursts and changes of the rate, try what was read.
"""

import inspect
from functools import partial

import numpy as np

from optlib.answers import Answer, Failure, notes
from optlib.checks import require
from optlib.decays import decays
from optlib.forms import Form
from optlib.optimizers import Optimizer
from optlib.readings import Readings, candidates, usual

STEPS, CHANGE = 48, 36  # gradients; the rate changes after so many
CLOSE = 1e-8
SCALES = 10 ** np.arange(-12, 4.5, 0.5)
UNIT = int(np.argmin(abs(SCALES - 1)))  # the scale 1
SIGNS = np.array([[1, 1, 1], [1, -1, 1], [1, 1, -1], [1, -1, -1]])  # of the first gradients
SIZES = np.array([1, 2, 4])  # and their growth
PULLED = ((1.0, 1.0), (1.0, 0.0), (-3.0, 1e-6), (1e4, 1.0))  # (x, scale of g) with x away from 0


def design():
    """The gradients g and the points x, shape (steps, d), and the factors on lr, shape (steps,).

    The first coordinates, ``SIGNS`` by ``SCALES``, have x = 0 at every step, so that a step is seen
    to its last bit; then come those of ``PULLED``; the last are pulled at the first step only.
    """
    rng = np.random.default_rng(0)
    tail = rng.choice([-1, 1], STEPS) * 10 ** rng.uniform(-1.5, 1.5, STEPS)
    tail[3:9] = tail[26:32] = 0  # silences
    tail[9:13] = 1000, -1000, 30, -1  # a burst, and what comes after
    plain = np.outer(tail, np.tile(SCALES, 4))
    plain[:3] = np.concatenate([np.outer(SIZES * signs, SCALES) for signs in SIGNS], axis=1)
    first = np.concatenate([SIZES, tail[3:]])
    pulled = np.outer(first, [scale for _, scale in PULLED])
    kicked = np.outer(first, [1e-3, 1.0, 1e3, -1.0])
    kicked[0] = 0
    g = np.concatenate([plain, pulled, kicked], axis=1)
    x = np.zeros_like(g)
    x[:, plain.shape[1] : -4] = [start for start, _ in PULLED]
    x[0, -4:] = 1
    return g, x, np.repeat([1.0, 0.1, 2.0], [CHANGE, 6, STEPS - CHANGE - 6])


def _box(optimizer):
    """A function that makes a fresh step, from a rule, a form, or itself."""
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        optimizer = optimizer()
    if isinstance(optimizer, Optimizer):
        optimizer = Form(optimizer)
    if not isinstance(optimizer, Form):
        legal = "a rule, or a function without arguments that returns step(x, g)"
        require(callable(optimizer), "identify: optimizer", legal, optimizer, TypeError)
        return optimizer

    def make():
        state = None

        def step(x, g, factor):
            nonlocal state
            x, state = optimizer.step(x, g, state, factor)
            return x

        return step

    return make


def _respond(make, g, x, factors):
    """What each step takes away from x, shape (steps, d), and whether lr was changed."""
    step, taken = make(), []
    legal = "a function step(x, g) or step(x, g, factor)"
    takes = len(inspect.signature(step).parameters) if callable(step) else 0
    require(takes in (2, 3), "identify: what the optimizer returns", legal, step, TypeError)
    rated = takes == 3
    for x_t, g_t, factor in zip(x, g, factors, strict=True):
        new = step(x_t.copy(), g_t.copy(), factor) if rated else step(x_t.copy(), g_t.copy())
        new = np.array(new)
        fits = new.dtype == float and new.shape == x_t.shape
        legal = f"a float64 array of shape {x_t.shape}"
        got = f"{new.dtype} of shape {new.shape}"
        require(fits, "identify: what step returns", legal, got, TypeError)
        taken.append(x_t - new)
    return np.array(taken), rated


def _thresholds(make):
    """How large an opposite second gradient turns the second step, and a third the third."""
    for silent in (0, 1):
        low, high = -20.0, 20.0  # logarithms of the size
        for _ in range(8):
            sizes = np.linspace(low, high, 200)
            g = np.zeros((2 + silent, 200))
            g[0], g[-1] = 1, -np.exp(sizes)
            s = _respond(make, g, 0 * g, np.ones(len(g)))[0]
            turned = min(max(1, np.argmax(s[-1] < 0)), 199)
            low, high = sizes[turned - 1], sizes[turned]
        yield np.exp(low) if low > -19.9 else 0.0


def _after_silence(make, n):
    """The step on a gradient of each scale after n gradients of zero."""
    g = np.zeros((n + 1, len(SCALES)))
    g[-1] = SCALES
    return _respond(make, g, 0 * g, np.ones(len(g)))[0][-1]


class _Trial:
    """A form on the whole design: where it first fails in each coordinate, and by how much."""

    def __init__(self, form, g, x, factors, s, sizes, plain):
        self.form, self.largest, self.miss, steps = form, 0.0, 0.0, len(g)
        self.since = np.full(g.shape[1], steps)  # the first step that is missed
        self.would, state = np.zeros_like(s), None
        for t in range(steps):
            new, state = form.step(x[t], g[t], state, factors[t])
            self.would[t] = x[t] - new
            apart = abs(self.would[t] - s[t])
            close = apart <= CLOSE * sizes[t] + 1e-15 * abs(x[t])
            close |= np.isnan(self.would[t]) & np.isnan(s[t])
            self.since[~close & (self.since == steps)] = t
            if self.since[:plain].min() <= t:
                self.miss = np.median((apart / sizes[t])[:plain])
                break
            sized = (sizes[t, :plain] > 0) & close[:plain]
            self.largest = max(
                self.largest, (apart[:plain] / sizes[t, :plain])[sized].max(initial=0)
            )
        self.first = self.since[:plain].min(), self.since.min()
        self.fits_plain, self.fits = (first == steps for first in self.first)

    def failure(self, g, x, factors, s, sizes, plain):
        """The first step that is missed, where gradients are closest to 1 in size."""
        missed = np.flatnonzero(self.since == self.first[int(self.fits_plain)])
        i = missed[np.argmin(abs(np.log(abs(g[1, missed]) / SIZES[1])))]
        t = self.since[i]
        return Failure(int(t) + 1, *(float(of[t, i]) for of in (x, g, s, self.would)))


def identify(optimizer):
    """Which rule an optimizer follows, under which conventions, with which hyperparameters.

    Parameters
    ----------
    optimizer : Optimizer, its class, Form or function
        A rule, of the book or your own; or a function without arguments that returns a fresh
        ``step(x, g)``, or ``step(x, g, factor)`` with a factor on the learning rate. A step gets
        the point and the gradient, float64 arrays of shape (d,), and returns the next point. It
        treats every coordinate alone, and its memory does not hold x. `optlib.boxes` makes such
        functions of optimizers of PyTorch, optax and Keras.

    Returns
    -------
    Answer
        It prints in words and numbers.

    Raises
    ------
    TypeError
        If the optimizer is none of these, or a step returns something else than such an array.

    Notes
    -----
    Without a factor, nothing tells where lr stands. Hyperparameters come to a relative 1e-6 and
    better; an eps that is small beside a start of v, or a decay times lr that is small beside the
    rounding of x, only to what the steps show of them.

    Examples
    --------
    >>> def mine():
    ...     m = 0.0
    ...     def step(x, g):
    ...         nonlocal m
    ...         m = 0.9 * m + 0.1 * g
    ...         return x - 0.5 * m
    ...     return step
    >>> identify(mine).forms[0].rule
    Momentum(lr=0.05, momentum=0.9)
    """
    with np.errstate(all="ignore"):  # an eps of zero divides 0 by 0, and so does who has one
        return _identify(_box(optimizer))


def _identify(make):
    g, x, factors = design()
    s, rated = _respond(make, g, x, factors)
    factors = factors if rated else np.ones(STEPS)
    plain = SIGNS.shape[0] * len(SCALES)
    sizes = np.maximum.accumulate(np.nan_to_num(abs(s)), axis=0)
    seen = g, x, factors, s, sizes, plain
    readings = Readings(s[:3, :plain].reshape(3, 4, -1), SCALES)
    more = partial(_thresholds, make), partial(_after_silence, make)
    trials = [_Trial(form, *seen) for form in candidates(readings, *more)]
    share = s[0, plain] - s[0, UNIT]  # of x = 1, beside the same gradient
    pull = x[:3, -4:], g[:3, -4:], s[:3, -4:]
    for base in [trial for trial in trials if trial.first[0] >= CHANGE and not trial.fits]:
        for likely in decays(base.form, share, pull):
            more = [_Trial(form, *seen) for form in likely]
            trials += more
            if rated and any(trial.fits for trial in more):
                break
    fits = [trial for trial in trials if trial.fits]
    if fits:
        forms = tuple(trial.form for trial in fits)
        return Answer(forms, forms[0], None, fits[0].largest, tuple(notes(forms[0], rated)))
    trials += [_Trial(form, *seen) for form in usual(readings)]
    best = max(trials, key=lambda trial: (*trial.first, -trial.miss))
    found = tuple(_symptoms(readings, make, s, g))
    return Answer((), best.form, best.failure(*seen), best.largest, found)


def _symptoms(readings, make, s, g):
    """What is known of an optimizer that no form fits, in words."""
    first, ones = g[:14], np.ones(14)
    again, elsewhere, against, alone = (
        _respond(make, run, np.full(run.shape, x), ones)[0]
        for run, x in ((first, 0.0), (first, 1.0), (-first, 0.0), (first[:, [UNIT]], 0.0))
    )
    plain = np.s_[:14, : 4 * len(SCALES)]
    if np.array_equal(elsewhere, again + 1):
        yield "it does not start from the x that it is given, but keeps one of its own"
    elif not np.array_equal(again[plain], s[plain], equal_nan=True):
        yield "two runs on the same gradients differ: it draws random numbers, or keeps a memory"
    elif not np.allclose(alone[:, 0], again[:, UNIT], 1e-9, 0, equal_nan=True):
        yield "a coordinate moves otherwise when it is alone: coordinates are mixed, as by clipping"
    elif not np.allclose(against, -again, 1e-9, 0, equal_nan=True):
        yield "the opposite gradients do not give the opposite steps"
    if np.array_equal(s[plain], s[plain].astype(np.float32), equal_nan=True):
        yield "it computes in float32, too coarse to tell: ask it in float64"
    if readings.linear:
        yield "its steps are in proportion to the gradients"
    elif np.ptp(s[0, UNIT : len(SCALES)]) < 1e-3 * abs(s[0, UNIT]):
        yield "its steps do not depend on the size of large gradients"
    elif abs(s[0, len(SCALES) - 1]) < 0.1 * abs(s[0, UNIT]):
        yield "larger gradients give smaller steps"
    if np.median(readings.now[0]) < 0:
        yield "its first step goes along the gradient, not against it"
    third = readings.s[2]
    if not np.allclose(third[0] - third[2], third[1] - third[3], 1e-9, 0):
        yield "its denominator depends on the signs of past gradients: it averages no squares of g"
    elif readings.of_gradients < 0:
        yield "the last gradient enters the next step with the opposite sign"

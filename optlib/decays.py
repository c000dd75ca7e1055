"""Which weight decay explains what an optimizer does where x is not 0, for `identify`."""

from dataclasses import replace
from functools import partial

import numpy as np

from optlib.optimizers import Adam, AdamW, Lion


def decays(base, share, pull):
    """Yield lists of forms with a weight decay, the likely first.

    ``share`` is what it takes of x at the first step, if it is decoupled; ``pull`` is x, g and the
    responses, shape (3, n) each, of coordinates where x is 1 at the first step and 0 afterwards.
    """
    lr, penalized = base.rule.lr, partial(replace, base, decay="L2")
    decoupled = 0 < share < 1 and lr > 0
    if decoupled:
        yield [_decoupled(base, share / lr), penalized(weight_decay=share / lr)]
    if (penalty := _penalty(base, *pull)) > 0:
        yield [penalized(weight_decay=penalty)]
    if decoupled:
        whole = lr / (1 - share)
        after = replace(base, rule=replace(base.rule, lr=whole))
        yield [
            replace(base, weight_decay=share, decay="times nothing"),
            replace(after, weight_decay=share / whole, decay="after"),
        ]


def _decoupled(base, weight_decay):
    rule = base.rule
    if isinstance(rule, Lion):
        return replace(base, rule=replace(rule, weight_decay=weight_decay))
    if type(rule) is Adam and rule.bias_correction and base.corrected == "both":
        rule = AdamW(rule.lr, rule.beta1, rule.beta2, rule.eps, weight_decay)
        return replace(base, rule=rule)
    return replace(base, weight_decay=weight_decay)


def _penalty(base, x, g, s):
    """The L2 penalty that comes closest to the responses: a grid, then Newton."""

    def misses(penalties):
        tried = replace(base, weight_decay=penalties[:, None], decay="L2")
        rows, state, missed = np.ones((len(penalties), 1)), None, []
        for x_t, g_t, s_t in zip(rows * x[:, None], rows * g[:, None], s, strict=True):
            new, state = tried.step(x_t, g_t, state)
            missed.append((x_t - new - s_t) / (abs(s_t) + 1e-6 * x_t + 1e-300))
        return np.concatenate(missed, axis=1)

    grid = 10 ** np.arange(-8, 3, 0.05)
    penalty = grid[np.argmin(np.square(misses(grid)).sum(axis=1))]
    for _ in range(8):
        miss, moved = misses(penalty * np.array([1, 1 + 1e-6]))
        slope = (moved - miss) / 1e-6
        change = -(slope @ miss) / (slope @ slope)
        if np.isfinite(change):
            penalty = np.clip(penalty * np.exp(np.clip(change, -1, 1)), grid[0], grid[-1])
    return float(penalty)

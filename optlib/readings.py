"""Hyperparameters read off the first responses of an optimizer, by one formula each.

Half the difference of two responses whose gradients differ only in their last sign is what the last
gradient does; half their sum is what the past does. From the first comes the denominator, as a
function of the size of the gradient and of the step; the ratio of the second to the first is the
momentum. What is read is a candidate, which `identify` then tries on every response.
"""

import math
from dataclasses import replace

import numpy as np

from optlib.forms import Form, form
from optlib.optimizers import (
    SGD,
    AdaDelta,
    AdaGrad,
    Adam,
    AMSGrad,
    Lion,
    Momentum,
    Nesterov,
    RMSProp,
)

INSIDE = {"eps_place": "inside v"}
NONE = 1e-11  # a ratio below this is zero: sums of numbers of size 1 have errors of 1e-16


class Readings:
    """What the first three steps say, for gradients of growing size and of all signs.

    Parameters
    ----------
    s : array, shape (3, 4, n)
        Responses to sizes 1, 2, 4 times each scale, with signs +++, +-+, ++-, +--.
    scales : array, shape (n,)
        From the smallest to the largest.
    """

    def __init__(self, s, scales):
        self.s, self.scales = s, scales
        (first, plus), minus = s[:2, 0], s[1, 1]
        self.now = np.array([first, (plus - minus) / 4]) / scales  # the factor on the last gradient
        past = (plus + minus) / 2
        self.of_steps = _one(past / first)  # a sum of steps keeps this share of the last step
        self.of_gradients = _one(past / (self.now[1] * scales))  # and a sum of gradients this
        self.linear = np.ptp(self.now[0]) <= 1e-9 * abs(self.now[0]).max()
        self.sign = np.ptp(abs(s)) <= 1e-9 * abs(s).max()

    def denominators(self, share):
        """For steps 1 and 2, p, q and r of a denominator sqrt(p + q g**2) + r, over its lr.

        ``share`` is what the last gradient counts in the numerator, at each step.
        """
        return [_root(self.scales, share[t] / self.now[t]) for t in (0, 1)]


def _one(values):
    """The number that all values are, zero if it is no more than rounding, nan if they differ."""
    one = np.median(values)
    if abs(one) < NONE:
        return 0.0
    return one if np.ptp(values) < 1e-6 * abs(one) else np.nan


def _root(g, y):
    """p, q and r of y = sqrt(p + q g**2) + r, from the ends and from where y has doubled."""
    i = min(max(1, np.argmin(abs(y - 2 * y[0]))), len(g) - 2)
    near, far = ((g[j] ** 2 - g[0] ** 2) / (y[j] - y[0]) for j in (i, -1))
    q = (y[-1] - y[i]) / (far - near)
    r = (y[i] + y[0] - q * near) / 2
    if abs(r) < NONE * y[0]:
        r = 0.0
    p = (y[0] - r) ** 2 - q * g[0] ** 2
    if abs(p) < NONE * y[0] ** 2:
        p, r = 0.0, (y[0] - np.sqrt(q) * g[0] if r else 0.0)
    return p, q, r


def candidates(readings, thresholds, silent):
    """Yield the forms that the readings speak for, the plainest first.

    Two more measurements are made where they are needed: ``thresholds()`` says how large an
    opposite gradient turns the sign of the second and of the third step; ``silent(n)`` what the
    steps are on a gradient of each scale after n gradients of zero.
    """
    found = []
    if not readings.s.any():
        found += [(Momentum, {"lr": 0.0, "momentum": 0.0})]
    elif readings.linear:
        found += _linear(readings)
    else:
        found += _signs(readings, thresholds) if readings.sign else []
        found += [*_sums(readings, silent), *_averages(readings), *_adadelta(readings)]
    for cls, settings in found:
        if (tried := _legal(cls, settings)) is not None:
            yield tried


def _legal(cls, settings):
    """The form of settings that were read, or None if they are none."""
    numbers = {name: value for name, value in settings.items() if not isinstance(value, str)}
    if not np.isfinite(list(numbers.values())).all() or min(numbers.values()) < 0:
        return None
    numbers |= {name: _decay(numbers[name]) for name in ("momentum", "beta1") if name in numbers}
    return form(cls, **settings | {n: v if v is False else float(v) for n, v in numbers.items()})


def _decay(value):
    """A decay in [0, 1); what cannot be one becomes an end of it, which fails, but can be tried."""
    return float(value) if NONE < value < 1 - 1e-9 else 0.0 if value < 0.5 else 0.999


def usual(readings):
    """Yield what is tried last: the rules with their defaults, and the lr of the first step."""
    for cls in (SGD, Momentum, Nesterov, AdaGrad, RMSProp, Adam):
        unit = -np.asarray(replace(cls(), lr=1.0).step(0.0, 1.0)[0])
        first = readings.s[0, 0, np.argmin(abs(readings.scales - 1))]
        yield Form(replace(cls(), lr=float(abs(first) / unit)))


def _places(settings, summed):
    """The settings with lr in each of its places, where there is a sum."""
    yield settings
    if summed:
        yield settings | {"lr_place": "inside"}


def _linear(readings):
    """SGD and its momentums: steps in proportion to the gradients."""
    now, k = readings.now[:, -1], readings.of_gradients
    dampening, mu = 1 - now[1] / now[0], (k + np.sqrt(k**2 + 4 * k)) / 2  # k = mu**2 / (1 + mu)
    heavy = {"lr": now[0], "momentum": readings.of_steps}
    if abs(dampening) > NONE:
        heavy |= {"dampening": dampening, "dampened": "from step 2"}
    for settings in _places(heavy, k):
        yield Momentum, settings
    if k:
        for settings in _places({"lr": now[0] / (1 + mu), "momentum": mu, "nesterov": True}, k):
            yield Momentum, settings


def _sums(readings, silent):
    """AdaGrad and RMSProp, with or without a sum of their steps."""
    (p, q, r), (p2, q2, _) = readings.denominators((1.0, 1.0))
    mu = {"momentum": readings.of_steps}
    lr = 1 / np.sqrt(q)
    start, eps = p * lr**2, r * lr
    for settings in _places(mu | {"lr": lr, "eps": eps, "start": start}, mu["momentum"]):
        yield AdaGrad, settings
    if not eps:
        for settings in _places(mu | {"lr": lr, "eps": start, **INSIDE}, mu["momentum"]):
            yield AdaGrad, settings
    rho = _decay(q2 / q - 4)
    lr = np.sqrt((1 - rho) / q)
    start, inside, eps = 0.0, p * lr**2, r * lr
    if abs(p - p2) > 1e-9 * p and 0 < rho < 1:  # what decays is the start, what stays is eps
        inside = 0.0 if r else (p2 - rho * p) * lr**2 / (1 - rho)
        if not r and abs(inside) < 1e-7 * p * lr**2 / (1 - rho):  # until the start has decayed
            n = math.ceil(min(np.log(1e-6) / np.log(rho), 2000))
            later, _, _ = _root(readings.scales, readings.scales / silent(n))
            inside = (later - rho**n * p) * lr**2 / (1 - rho**n)
            if abs(inside) < (1e-15 + 1e-13 * n * rho**n) * p * lr**2:
                inside = 0.0
        start = (p * lr**2 - inside) / rho
    eps = {"eps": inside, **INSIDE} if inside else {"eps": eps}
    for settings in _places(mu | {"lr": lr, "rho": rho, "start": start, **eps}, mu["momentum"]):
        yield RMSProp, settings


def _averages(readings):
    """Adam and AMSGrad, with all corrections and places of eps."""
    k = readings.of_gradients
    for corrected in ("both", "neither", *(("m only", "v only") if k else ())):
        hat = corrected in ("both", "v only")
        share = (1.0, 1 / (1 + k)) if corrected in ("both", "m only") else (1 - k, 1 - k)
        (p, q, r), (_, q2, _) = readings.denominators(share)
        ratio = q2 / q  # (4 + beta2) / (1 + beta2) if corrected, else 4 + beta2
        beta2 = _decay((4 - ratio) / (ratio - 1) if hat else ratio - 4)
        lr = np.sqrt((1.0 if hat else 1 - beta2) / q)
        beside, inside, c = r * lr, p * lr**2, 1 - beta2
        places = {"beside v hat": beside} if hat else {"beside v": beside}
        if hat and beside:
            places["beside v"] = beside * np.sqrt(c)
        if inside:
            places = (
                {"inside v hat": inside, "inside v": inside * c} if hat else {"inside v": inside}
            )
        for place, eps in places.items():
            settings = {"lr": lr, "beta1": k, "beta2": beta2, "eps": eps, "eps_place": place}
            corrects = {"corrected": corrected} if corrected != "both" else {}
            yield (
                Adam,
                settings | ({"bias_correction": False} if corrected == "neither" else corrects),
            )
            yield AMSGrad, settings | corrects
            if hat:
                yield AMSGrad, settings | corrects | {"largest": "of corrected"}


def _adadelta(readings):
    (p, q, _), _ = readings.denominators((1.0, 1.0))
    size = q / p * readings.scales[-1] ** 2  # (1 - rho) g**2 / eps
    grown = (1 / readings.now[1, -1]) ** 2 / p  # (v + eps) / (u + eps) at the second step
    rho = _decay((grown * (size / (size + 1) + 1) - 1) / size - 4)
    yield AdaDelta, {"lr": 1 / np.sqrt(p), "rho": rho, "eps": (1 - rho) * p / q}


def _signs(readings, thresholds):
    """Lion: the size of a step is lr, and only its sign tells of the averages."""
    second, third = thresholds()
    beta2 = third / second if second else 0.0
    odds = second / (1 - beta2)
    yield Lion, {"lr": abs(readings.s[0, 0, 0]), "beta1": odds / (1 + odds), "beta2": beta2}

"""A run's rule and problem, tried before the run: what they return, and that nothing mixes.

Those of optlib itself are tested by its tests, and not tried again.
"""

import copy
import inspect
from dataclasses import replace

import numpy as np

from optlib.checks import as_array, first_state, hyperparameters, require

POINT = "; write x[..., 0] for a coordinate and .sum(axis=-1) for a sum over coordinates"
ALONE = "written for each coordinate alone"
APART = "written for each run alone"
AXIS = "; say axis=-1, keepdims=True in norms, means and maxima"
NORM = "; np.linalg.norm(g), g.mean(), np.max(g), g[0] or an array that is no hyperparameter mix"
NORM += " coordinates: a rule that means to says mixes_coordinates = True in its class" + AXIS


def try_problem(problem, x, t, rng, shape):
    """Raise an error unless a problem gives its value and gradient at x as it must.

    They must be numbers, of the right shape, computed without changing x, and equal, up to
    rounding, for several points and for each of them alone.
    """
    name, noise = type(problem).__name__, []
    if _is_ours(problem):
        return
    try_value(problem, x)
    if hasattr(problem, "sample") and not takes(problem.grad, x):
        _check_signature(f"{name}.sample", problem.sample, "(self, rng, t, shape)", rng, t, shape)
        noise = [problem.sample(copy.deepcopy(rng), t, shape)]
    written = "(self, x, xi)" if noise else "(self, x)"
    _check_signature(f"{name}.grad", problem.grad, written, x, *noise)
    _try(f"{name}.grad", problem.grad, x, None, *noise)


def try_value(problem, x):
    """Raise an error unless a problem gives its value at x as it must."""
    if not _is_ours(problem):
        name = f"{type(problem).__name__}.__call__"
        _check_signature(name, problem.__call__, "(self, x)", x)
        with np.errstate(all="ignore"):
            _try(name, problem, x, -1)


def _try(name, function, x, lead, *noise):
    """Try a function of points that returns numbers of the shape ``x.shape[:lead]``."""
    points = x.reshape(-1, x.shape[-1])
    points = points[_few(len(points))] if x.ndim > 1 and not noise else points[:0]
    points = points + (0.1 * (1 + abs(points)) * _waves(points.shape)).astype(x.dtype)
    alone = [_value(function, point, point.shape[:lead]) for point in points]
    comparable = len(points) > 1 and all(value is not None for value in alone)
    given, legal = x.copy(), "the same for a point among others and alone"
    try:
        value = function(given, *noise)
    except Exception as error:
        if not comparable:
            raise
        raise TypeError(f"what {name} returns must be {legal}, got {error!r}{POINT}") from error
    kept, hint = np.array_equal(given, x), "; write x = 2 * x, not x *= 2"
    require(kept, f"the x given to {name}", "left as it is", given, hint=hint)
    value = as_array(f"what {name} returns", value, "a number or an array of numbers", "iuf")
    fits = value.shape == x.shape[:lead]
    require(fits, f"what {name} returns", f"of shape {x.shape[:lead]}", value.shape, hint=POINT)
    if comparable:
        among = _value(function, points, points.shape[:lead])
        same = among is not None and _close(np.array(alone), among, x.dtype)
        if not same:
            got = f"{among} and {np.array(alone)}"
            raise ValueError(f"what {name} returns must be {legal}, got {got}{POINT}")


def try_rule(rule, x, state):
    """Raise an error unless a rule steps from x as it must, treating runs and coordinates alone.

    Two steps of a few runs and coordinates along gradients that all differ must equal, up to
    rounding, those of one run alone, and of one coordinate unless the rule means to mix them.
    """
    if type(rule).__module__ == "optlib.optimizers" or not x.size:
        return
    g = _waves(x.shape).astype(x.dtype)
    after = rule.step(x, g, state)
    rule.step(after[0], g, after[1])
    name, mixes = f"{type(rule).__name__}.step", rule.mixes_coordinates
    if "t" in state._fields:
        counted = after[1].t == state.t + 1
        require(counted, f"t that {name} returns", f"state.t + 1 = {state.t + 1}", after[1].t)
    rows, columns = _few(x[..., 0].size), _few(x.shape[-1])
    block = np.ix_(rows, range(x.shape[-1]) if mixes else columns)
    values = {field: getattr(rule, field) for field in hyperparameters(rule)}
    values = {
        field: np.broadcast_to(value, x.shape).reshape(-1, x.shape[-1])[block]
        for field, value in values.items()
        if np.ndim(value)
    }
    numbers = _waves((3, *np.broadcast(*block).shape)) - 0.5
    if x.ndim == 1:
        numbers, values = numbers[:, 0], {field: value[0] for field, value in values.items()}
    shape = numbers.shape[1:]

    def steps(*part):
        own = replace(rule, **{field: value[part] for field, value in values.items()})
        x, *gradients = numbers[:, *part]
        state, seen = first_state(rule), []
        for g in gradients:
            after = own.step(x, g, state)
            seen += [(v, np.copy(v)) for v in (after[0] - x, *after[1])]
            x, state = after
        kept = all(np.array_equal(v, copied, equal_nan=True) for v, copied in seen)
        return [np.broadcast_to(copied, x.shape) for _, copied in seen], kept

    legal, hint = (APART, AXIS) if mixes else (ALONE, NORM)
    apart, kept, cause = True, True, None
    try:
        whole, kept = steps(...)
        for i in range(max(shape[:-1] if mixes else shape, default=0)):
            row = tuple(i % length for length in shape[:-1])
            column = i % shape[-1]
            part = row if mixes else (*row, slice(column, column + 1))
            pairs = zip(steps(*part)[0], whole, strict=True)
            apart = apart and all(_close(one, many[part]) for one, many in pairs)
    except Exception as error:
        apart, cause = False, error
    if not apart:
        step = "a step that changes with its neighbors" if cause is None else cause
        raise ValueError(f"{name} must be {legal}, got {step}{hint}") from cause
    require(kept, f"what {name} returned", "left as it is by the next step", "other numbers")


def _is_ours(problem):
    ours = type(problem).__module__.startswith("optlib.")
    return ours and (not hasattr(problem, "problem") or _is_ours(problem.problem))


def takes(function, *arguments):
    """Whether a function can be called with so many arguments."""
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        return False
    except ValueError:  # compiled, without a signature
        return True
    return True


def _check_signature(name, function, written, *arguments):
    if not takes(function, *arguments):
        legal = f"written {name.partition('.')[2]}{written}"
        require(False, name, legal, str(inspect.signature(function)), TypeError)


def _few(length):
    """The first, the middle and the last of so many indices."""
    return sorted({0, length // 2, length - 1} if length else ())


def _waves(shape):
    """Numbers in [0, 1], no two alike."""
    return np.sin(1.0 + np.arange(np.prod(shape))).reshape(shape) ** 2


def _value(function, points, shape):
    """What a function returns at points, or None if it fails or has another shape."""
    try:
        value = np.asarray(function(points.copy()), float)
    except Exception:
        return None
    return value if value.shape == shape else None


def _close(a, b, dtype=float):
    """Whether arrays agree up to rounding, relative to their largest number."""
    size = np.max(abs(b), where=np.isfinite(b), initial=0)
    return np.allclose(a, b, rtol=0, atol=size * np.sqrt(np.finfo(dtype).eps), equal_nan=True)

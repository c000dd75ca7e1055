"""What every rule checks: hyperparameters at construction, arguments at each step."""

import functools
import inspect
import math
import operator
from dataclasses import fields

import numpy as np

_UPPER = {"lr": math.inf, "eps": math.inf, "weight_decay": math.inf}
_UPPER |= dict.fromkeys(("momentum", "rho", "beta1", "beta2"), 1)


class Sweep(np.ndarray):
    """An array of hyperparameters that computes as the Python floats in it would, one by one.

    It takes the dtype of the array it meets, and its powers are Python's: the
    vectorized `np.power` of some processors differs from them in the last bit.
    """

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if method != "__call__" or "out" in kwargs:  # a mean, a print: an array like any other
            kwargs["out"] = tuple(map(_plain, kwargs.get("out", ()))) or None
            return getattr(ufunc, method)(*map(_plain, inputs), **kwargs)
        arrays = [a for a in inputs if isinstance(a, (np.ndarray, np.generic))]
        met = [a for a in arrays if not isinstance(a, Sweep)]
        dtype = np.result_type(*met, 0.0)
        inputs = [np.asarray(a, dtype) if isinstance(a, Sweep) else a for a in inputs]
        if ufunc is np.power and not met:
            return np.asarray(_power(*inputs), float).view(Sweep)
        result = ufunc(*inputs, **kwargs)
        return result if met else np.asarray(result).view(Sweep)

    def __repr__(self):
        return repr(np.asarray(self))


_power = np.frompyfunc(operator.pow, 2, 1)


def _plain(value):
    return np.asarray(value) if isinstance(value, Sweep) else value


def check_fields(rule):
    """Check every hyperparameter of a rule; arrays are copied and made read-only."""
    for field in fields(rule):
        value = getattr(rule, field.name)
        if isinstance(field.default, bool):
            if not isinstance(value, (bool, np.bool_)):
                raise TypeError(
                    f"{type(rule).__name__}: {field.name} must be True or False, got {value!r}"
                )
            value = bool(value)
        elif field.name in _UPPER and not _is_symbol(value):
            value = _in_range(f"{type(rule).__name__}: {field.name}", value, _UPPER[field.name])
        elif isinstance(value, np.ndarray) and value.dtype.kind in "iuf":
            value = _frozen(value)
        object.__setattr__(rule, field.name, value)


def _is_symbol(value):
    return hasattr(value, "__array_ufunc__") and not isinstance(value, (np.ndarray, np.generic))


def _in_range(name, value, upper):
    legal = f"in [0, {upper})"
    numeric = isinstance(value, (int, float, list, tuple, np.ndarray, np.generic))
    try:
        array = np.asarray(value if numeric else None)
    except ValueError:  # a ragged list
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a number or an array of numbers {legal}, got {value!r}")
    illegal = array[~((array >= 0) & (array < upper))]
    if illegal.size:
        raise ValueError(f"{name} must be {legal}, got {illegal[0]}")
    return float(array) if array.ndim == 0 else _frozen(array)


def _frozen(array):
    sweep = np.array(array, float).view(Sweep)
    sweep.flags.writeable = False
    return sweep


def first_state(rule):
    """The state a run of the rule starts from: the default of its `step`."""
    return inspect.signature(rule.step).parameters["state"].default


def checked_call(step):
    """Wrap a rule's `step` with checks of its arguments, which it can only read."""
    parameters = inspect.signature(step).parameters
    start = parameters["state"].default if "state" in parameters else None
    if list(parameters) != ["self", "x", "g", "state"] or not hasattr(start, "_fields"):
        raise TypeError(f"{step.__qualname__} must be written step(self, x, g, state=State())")

    @functools.wraps(step)
    def checked(self, x, g, state=start):
        name = f"{type(self).__name__}.step"
        shape = _shape(name, "x", x)
        if _shape(name, "g", g) != shape:
            raise ValueError(f"{name}: g must have the shape of x, {shape}, got {np.shape(g)}")
        if type(state) is not type(start):
            raise TypeError(f"{name}: state must be a {type(start).__name__}, got {state!r}")
        for field, value in (*vars(self).items(), *state._asdict().items()):
            if getattr(value, "shape", ()) and not _fits(value.shape, shape):
                legal = f"must broadcast against x of shape {shape}"
                raise ValueError(f"{name}: {field} {legal}, got shape {value.shape}")
        after = step(self, _read_only(x), _read_only(g), _ready(name, x, state))
        if not (isinstance(after, tuple) and len(after) == 2 and type(after[1]) is type(start)):
            pair = f"(x_new, {type(start).__name__}(...))"
            raise TypeError(f"{name} must return {pair}, got {after!r}")
        return after

    return checked


def _ready(name, x, state):
    """The state, read-only, with t as an int and the zeros it starts from in the dtype of x."""
    number = np.result_type(x, 0.0).type if isinstance(x, (np.ndarray, np.generic)) else None
    values = {}
    for field, value in state._asdict().items():
        if field == "t" and not _is_symbol(value):
            values[field] = _count(f"{name}: t", value)
        elif number and isinstance(value, (int, float)):
            values[field] = number(value)
        else:
            values[field] = _read_only(value)
    return type(state)(**values)


def _count(name, value):
    try:
        count = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer >= 0, got {value!r}") from None
    if count < 0:
        raise ValueError(f"{name} must be an integer >= 0, got {count}")
    return count


def _read_only(value):
    if isinstance(value, np.ndarray):
        value = value.view()
        value.flags.writeable = False
    return value


def _shape(name, argument, value):
    if isinstance(value, (np.ndarray, np.generic)):
        if value.dtype.kind in "iuf":
            return value.shape
    elif isinstance(value, (int, float)) or _is_symbol(value):
        return ()
    raise TypeError(
        f"{name}: {argument} must be a number or a NumPy array of numbers, got {value!r}"
    )


def _fits(shape, x_shape):
    """Whether an array broadcasts against x without adding coordinates to it."""
    try:
        return not x_shape or np.broadcast_shapes(shape, x_shape)[-1] == x_shape[-1]
    except ValueError:
        return False

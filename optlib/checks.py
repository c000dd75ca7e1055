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
        met = [
            a
            for a in inputs
            if isinstance(a, (np.ndarray, np.generic)) and not isinstance(a, Sweep)
        ]
        dtype = np.result_type(*met, 0.0)
        inputs = [np.asarray(a, dtype) if isinstance(a, Sweep) else a for a in inputs]
        if ufunc is np.power and not met:
            return np.asarray(_power(*inputs), float).view(Sweep)
        result = getattr(ufunc, method)(*inputs, **kwargs)
        return result if met else np.asarray(result).view(Sweep)

    def __repr__(self):
        return repr(np.asarray(self))


_power = np.frompyfunc(operator.pow, 2, 1)


def check_fields(rule):
    """Check every hyperparameter of a rule; arrays are copied and made read-only."""
    for field in fields(rule):
        value = getattr(rule, field.name)
        if isinstance(field.default, bool):
            if not isinstance(value, (bool, np.bool_)):
                raise TypeError(
                    f"{type(rule).__name__}: {field.name} must be True or False, got {value!r}"
                )
        elif field.name in _UPPER and not _is_symbol(value):
            value = _in_range(f"{type(rule).__name__}: {field.name}", value, _UPPER[field.name])
        elif isinstance(value, np.ndarray) and value.dtype.kind in "iuf":
            value = _frozen(value)
        object.__setattr__(rule, field.name, value)


def _is_symbol(value):
    return hasattr(value, "__array_ufunc__") and not isinstance(value, (np.ndarray, np.generic))


def _in_range(name, value, upper):
    legal = f"in [0, {upper})"
    array = (
        np.asarray(value)
        if isinstance(value, (int, float, list, tuple, np.ndarray, np.generic))
        else None
    )
    if array is None or array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a number or an array of numbers {legal}, got {value!r}")
    illegal = array[~((array >= 0) & (array < upper))]
    if illegal.size:
        raise ValueError(f"{name} must be {legal}, got {illegal[0]}")
    return array.item() if array.ndim == 0 else _frozen(array)


def _frozen(array):
    sweep = np.array(array, float).view(Sweep)
    sweep.flags.writeable = False
    return sweep


def first_state(rule):
    """The state a run of the rule starts from: the default of its `step`."""
    return inspect.signature(rule.step).parameters["state"].default


def checked_call(step):
    """Wrap a rule's `step` with checks of its arguments."""
    start = inspect.signature(step).parameters["state"].default

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
        return step(self, x, g, _in_dtype_of(x, state))

    return checked


def _in_dtype_of(x, state):
    """The state with its plain numbers (the zeros it starts from) as numbers of the dtype of x."""
    if not isinstance(x, (np.ndarray, np.generic)):
        return state
    plain = {k: v for k, v in state._asdict().items() if k != "t" and isinstance(v, (int, float))}
    number = np.result_type(x, 0.0).type
    return state._replace(**{k: number(v) for k, v in plain.items()})


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

"""What is checked: hyperparameters at construction, arguments of steps, of problems and of runs."""

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
            kwargs["out"] = tuple(map(np.asarray, kwargs.get("out", ()))) or None
            return getattr(ufunc, method)(*map(np.asarray, inputs), **kwargs)
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


def check_fields(rule):
    """Check every hyperparameter of a rule; arrays are copied and made read-only."""
    for field in fields(rule):
        name, value = f"{type(rule).__name__}: {field.name}", getattr(rule, field.name)
        if isinstance(field.default, bool):
            check_flag(name, value)
            value = bool(value)
        elif field.name in _UPPER and not _is_symbol(value):
            value = _in_range(name, value, _UPPER[field.name])
        elif isinstance(value, np.ndarray) and value.dtype.kind in "iuf":
            value = constant(value).view(Sweep)
        object.__setattr__(rule, field.name, value)


def _is_symbol(value):
    return hasattr(value, "__array_ufunc__") and not isinstance(value, (np.ndarray, np.generic))


def _in_range(name, value, upper):
    legal = f"in [0, {upper})"
    array = as_array(name, value, f"a number or an array of numbers {legal}", "iuf")
    illegal = array[~((array >= 0) & (array < upper))]
    if illegal.size:
        raise ValueError(f"{name} must be {legal}, got {illegal[0]}")
    return constant(array).view(Sweep) if array.ndim else float(array)


def as_array(name, value, legal="numbers", kinds="biuf"):
    """The value as an array of numbers, or an error with its name and what is legal."""
    try:
        array = np.asarray(value)
    except ValueError:  # a ragged list
        array = np.asarray(None)
    if array.dtype.kind not in kinds:
        raise TypeError(f"{name} must be {legal}, got {value!r}")
    return array


def constant(values):
    """A read-only float array."""
    array = np.array(values, float)
    array.flags.writeable = False
    return array


def check_flag(name, value):
    """Raise an error with the name unless the value is true or false."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}")


def check_count(name, value, least, most=math.inf):
    """Raise an error with the name unless the value is an integer in the range."""
    legal = f"an integer >= {least}" if most == math.inf else f"an integer in [{least}, {most}]"
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be {legal}, got {value!r}")
    if not least <= value <= most:
        raise ValueError(f"{name} must be {legal}, got {value}")


def check_labels(name, values, classes):
    """Raise an error with the name unless the values are integers in [0, classes - 1]."""
    illegal = values[(values < 0) | (values >= classes) | (values != np.floor(values))]
    if illegal.size:
        raise ValueError(f"{name} must be integers in [0, {classes - 1}], got {illegal[0]}")


def common_shape(*shapes):
    """What arrays of these shapes broadcast to; () if they do not."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return ()


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
            own = getattr(value, "shape", ())
            if own and shape and common_shape(own, shape)[-1:] != shape[-1:]:
                legal = f"must broadcast against x of shape {shape}"
                raise ValueError(f"{name}: {field} {legal}, got shape {own}")
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
            check_count(f"{name}: t", value, 0)
            values[field] = int(value)
        elif number and isinstance(value, (int, float)):
            values[field] = number(value)
        else:
            values[field] = _read_only(value)
    return type(state)(**values)


def _read_only(value):
    if isinstance(value, np.ndarray):
        value = value.view()
        value.flags.writeable = False
    return value


def _shape(name, argument, value):
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "iuf":
        return value.shape
    if isinstance(value, (int, float)) or _is_symbol(value):
        return ()
    legal = "a number or a NumPy array of numbers"
    raise TypeError(f"{name}: {argument} must be {legal}, got {value!r}")

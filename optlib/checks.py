"""What is checked: hyperparameters at construction, arguments of steps, of problems and of runs."""

import functools
import inspect
import math
import operator
from dataclasses import fields

import numpy as np

_ARRAYS = np.ndarray, np.generic
_UPPER = {"lr": math.inf, "eps": math.inf, "weight_decay": math.inf}
_UPPER |= dict.fromkeys(("momentum", "rho", "beta1", "beta2"), 1)


def require(condition, name, legal, value, error=ValueError):
    """Raise the error of an illegal argument, which names it, what is legal, and the value."""
    if not condition:
        raise error(f"{name} must be {legal}, got {value!r}")


class Sweep(np.ndarray):
    """An array of hyperparameters that computes as the Python floats in it would, one by one.

    It takes the dtype of the array it meets, and its powers are Python's: the
    vectorized `np.power` of some processors differs from them in the last bit.
    """

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if method != "__call__" or "out" in kwargs:  # a mean, a print: an array like any other
            kwargs["out"] = tuple(map(np.asarray, kwargs.get("out", ()))) or None
            return getattr(ufunc, method)(*map(np.asarray, inputs), **kwargs)
        met = [a for a in inputs if isinstance(a, _ARRAYS) and not isinstance(a, Sweep)]
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
            require(isinstance(value, (bool, np.bool_)), name, "True or False", value, TypeError)
            value = bool(value)
        elif field.name in _UPPER and not _is_symbol(value):
            array = as_numbers(name, value, least=0, upper=_UPPER[field.name], kinds="iuf")
            value = array.view(Sweep) if array.ndim else array.item()
        elif isinstance(value, np.ndarray) and value.dtype.kind in "iuf":
            value = constant(value).view(Sweep)
        object.__setattr__(rule, field.name, value)


def _is_symbol(value):
    return hasattr(value, "__array_ufunc__") and not isinstance(value, _ARRAYS)


def as_array(name, value, legal="numbers", kinds="biuf"):
    """The value as an array of numbers, or an error with its name and what is legal."""
    try:
        array = np.asarray(value)
    except ValueError:  # a ragged list
        array = np.asarray(None)
    require(array.dtype.kind in kinds, name, legal, value, TypeError)
    return array


def as_numbers(name, values, ndim=None, least=-math.inf, upper=math.inf, kinds="biuf"):
    """A read-only float copy of numbers in [least, upper), or an error with their name."""
    legal = f"in {'(' if least == -math.inf else '['}{least}, {upper})"
    array = as_array(name, values, f"a number or an array of numbers {legal}", kinds)
    if ndim is not None:
        shaped = array.ndim == ndim and array.size > 0
        require(shaped, name, f"of a shape with {ndim} non-empty axes", array.shape)
    check_all(np.isfinite(array) & (array >= least) & (array < upper), name, legal, array)
    return constant(array)


def check_all(conditions, name, legal, array):
    """Raise an error with the first number of an array whose condition does not hold."""
    for number in array[~conditions].tolist()[:1]:
        require(False, name, legal, number)


def constant(values):
    """A read-only float array."""
    return _read_only(np.array(values, float))


def check_count(name, value, least, most=math.inf):
    """Raise an error with the name unless the value is an integer in the range."""
    legal = f"an integer >= {least}" if most == math.inf else f"an integer in [{least}, {most}]"
    count = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    require(count, name, legal, value, TypeError)
    require(least <= value <= most, name, legal, value)


def check_labels(name, values, classes):
    """Raise an error with the name unless the values are integers in [0, classes - 1]."""
    labels = (values >= 0) & (values < classes) & (values == np.floor(values))
    check_all(labels, name, f"integers in [0, {classes - 1}]", values)


def common_shape(name, shape, values):
    """What x of a shape and named values broadcast to; its last axis must stay as it is."""
    common, legal = shape, f"of a shape that broadcasts against that of x, {shape}"
    for field, value in values.items():
        own = getattr(value, "shape", ())
        if own not in ((), common):
            try:
                common = np.broadcast_shapes(common, own)
            except ValueError:
                common = ()
            require(common[-1:] == shape[-1:] or not shape, name + field, legal, own)
    return common


def first_state(rule):
    """The state a run of the rule starts from: the default of its `step`."""
    return inspect.signature(rule.step).parameters["state"].default


def checked_call(step):
    """Wrap a rule's `step` with checks of its arguments, which it can only read."""
    parameters = inspect.signature(step).parameters
    start = parameters["state"].default if "state" in parameters else None
    legal = "written step(self, x, g, state=State())"
    require(hasattr(start, "_fields"), step.__qualname__, legal, tuple(parameters), TypeError)
    kind = type(start).__name__

    @functools.wraps(step)
    def checked(self, x, g, state=start):
        name = f"{type(self).__name__}.step"
        shape = _shape(f"{name}: x", x)
        same = _shape(f"{name}: g", g) == shape
        require(same, f"{name}: g", f"of the shape of x, {shape}", np.shape(g))
        require(type(state) is type(start), f"{name}: state", f"a {kind}", state, TypeError)
        common_shape(f"{name}: ", shape, vars(self) | state._asdict())
        after = step(self, _read_only(x), _read_only(g), _ready(name, x, state))
        pair = isinstance(after, tuple) and len(after) == 2 and type(after[1]) is type(start)
        require(pair, f"what {name} returns", f"(x_new, {kind}(...))", after, TypeError)
        return after

    return checked


def _ready(name, x, state):
    """The state, read-only, with t as an int and the zeros it starts from in the dtype of x."""
    number = np.result_type(x, 0.0).type if isinstance(x, _ARRAYS) else float
    values = {
        field: number(value) if isinstance(value, (int, float)) else _read_only(value)
        for field, value in state._asdict().items()
    }
    if "t" in values and not _is_symbol(state.t):
        check_count(f"{name}: t", state.t, 0)
        values["t"] = int(state.t)
    return type(state)(**values)


def _read_only(value):
    if isinstance(value, np.ndarray):
        value = value.view()
        value.flags.writeable = False
    return value


def _shape(name, value):
    scalar = isinstance(value, (int, float)) or _is_symbol(value)
    number = value.dtype.kind in "iuf" if isinstance(value, _ARRAYS) else scalar
    require(number, name, "a number or a NumPy array of numbers", value, TypeError)
    return np.shape(value)

"""What is checked: hyperparameters at construction, arguments of steps, of problems and of runs."""

import functools
import inspect
import math
import operator
import sys
from contextlib import suppress
from dataclasses import fields

import numpy as np
from numpy.typing import ArrayLike

_ARRAYS = np.ndarray, np.generic
_RANGES = dict.fromkeys(("lr", "eps", "weight_decay"), (0, math.inf))
_RANGES |= dict.fromkeys(("momentum", "rho", "beta1", "beta2"), (0, 1))
_NUMBERS = float, int, ArrayLike, np.ndarray, "float", "int", "ArrayLike", "np.ndarray"


def require(condition, name, legal, value, error=ValueError, hint=""):
    """Raise the error of an illegal argument, which names it, what is legal, and the value."""
    if not condition:
        raise error(f"{name} must be {legal}, got {value!r}{hint}")


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


def check_defaults(cls):
    """Check that no hyperparameter of a class is an array by default, which a dataclass refuses."""
    for field, value in vars(cls).items():
        legal, hint = "a number by default", f"; give an array when you make {cls.__name__}(...)"
        array = isinstance(value, np.ndarray) and field in inspect.get_annotations(cls)
        require(not array, f"{cls.__name__}: {field}", legal, value, TypeError, hint)


@functools.cache
def check_definition(cls):
    """Check how the class of a rule is written; return the names its constructor takes."""
    name, annotated = cls.__name__, inspect.get_annotations(cls)
    legal = "written under @dataclass(frozen=True, eq=False)"
    made = "__dataclass_fields__" in vars(cls) or not annotated
    require(made, f"class {name}", legal, f"a plain class with {', '.join(annotated)}", TypeError)
    for field, value in vars(cls).items():
        number = isinstance(value, (int, float, *_ARRAYS)) and not isinstance(value, bool)
        bare = number and field not in annotated and not field.startswith("_")
        legal = f"written with a type, {field}: float = {value!r}"
        require(not bare, f"{name}: {field}", legal, f"{field} = {value!r}", TypeError)
    return tuple(inspect.signature(cls.__init__).parameters)[1:]


def check_arguments(cls, values, named):
    """Raise an error unless the constructor of a rule takes these arguments."""
    known = check_definition(cls)
    if len(values) > len(known):
        legal = f"at most {len(known)}: {', '.join(known) or 'none'}"
        require(False, f"{cls.__name__}: hyperparameters", legal, len(values), TypeError)
    for name in named:
        if name not in known:
            wrong, legal = f"unexpected keyword argument {name!r}", ", ".join(known) or "none"
            raise TypeError(f"{cls.__name__}: {wrong}, its hyperparameters are {legal}")


def hyperparameters(rule):
    """The names of the fields of a rule that are numbers; the others are flags and settings."""
    return tuple(field.name for field in fields(rule) if _is_numeric(field))


def _is_numeric(field):
    number = isinstance(field.default, (int, float, *_ARRAYS)) or field.type in _NUMBERS
    return (number and not isinstance(field.default, bool)) or field.name in _RANGES


def check_fields(rule):
    """Check every hyperparameter of a rule; arrays are copied and made read-only."""
    for field in fields(rule):
        name, value = f"{type(rule).__name__}: {field.name}", getattr(rule, field.name)
        if isinstance(field.default, bool):
            require(isinstance(value, (bool, np.bool_)), name, "True or False", value, TypeError)
            value = bool(value)
        elif _is_numeric(field) and not is_symbol(value):
            least, upper = _RANGES.get(field.name, (-math.inf, math.inf))
            array = as_numbers(name, value, None, least, upper, "iuf")
            if not (type(value) is int and field.type in (int, "int")):
                value = array.view(Sweep) if array.ndim else array.item()
        object.__setattr__(rule, field.name, value)


def is_symbol(value):
    """Whether a value stands for a number, as those that `trace` records do."""
    one = hasattr(value, "__array_ufunc__") and not isinstance(value, _ARRAYS)
    return one and getattr(value, "ndim", 0) == 0


def as_array(name, value, legal="numbers", kinds="biuf"):
    """The value as an array of numbers, or an error with its name and what is legal."""
    if type(value) is np.ndarray and value.dtype.kind in kinds:
        return value
    try:
        array = np.asarray(value)
    except (RuntimeError, TypeError, ValueError):  # a ragged list, or nothing NumPy can read
        array = np.asarray(None)
    plain = array.dtype.kind in kinds and not _is_masked(value)
    require(plain, name, legal, value, TypeError)
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
    values = np.array(values, float)
    values.flags.writeable = False
    return values


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


def check_generator(name, rng):
    """Raise an error with the name unless the value is a NumPy generator of random numbers."""
    legal = "a numpy.random.Generator"
    require(isinstance(rng, np.random.Generator), name, legal, rng, TypeError)


def check_draw(name, rng, shape):
    """Raise an error with the name unless numbers of this shape can be drawn from the generator."""
    check_generator(f"{name}: rng", rng)
    whole = isinstance(shape, tuple) and all(isinstance(n, (int, np.integer)) for n in shape)
    require(whole, f"{name}: shape", "that of the start, a tuple of integers", shape, TypeError)


def common_shape(name, shape, values):
    """What x of a shape and named values broadcast to; its last axis must stay as it is."""
    common, shapes = shape, {"x": shape}
    for field, value in values.items():
        own = getattr(value, "shape", ())
        if own not in ((), common):
            both = _broadcast(common, own)
            fits = both is not None and (both[-1:] == shape[-1:] or not shape)
            if not fits:
                other = next((n for n, s in shapes.items() if _broadcast(s, own) is None), "x")
                legal = f"of a shape that broadcasts against that of {other}, {shapes[other]}"
                hint = f"; for {own[0]} runs write {field}[:, None]" if len(own) == 1 else ""
                require(False, name + field, legal, own, hint=hint)
            common, shapes[field] = both, own
    return common


@functools.lru_cache
def _broadcast(*shapes):
    with suppress(ValueError):
        return np.broadcast_shapes(*shapes)
    return None


def first_state(rule):
    """The state a run of the rule starts from: the default of its `step`."""
    return _start_of((rule if isinstance(rule, type) else type(rule)).step)


@functools.cache
def _start_of(step):
    return inspect.signature(step).parameters["state"].default


def checked_call(step):
    """Wrap a rule's `step` with checks of its arguments, which it can only read."""
    signature = inspect.signature(step)
    start = getattr(signature.parameters.get("state"), "default", None)
    written = len(signature.parameters) == 4 and isinstance(start, tuple)
    legal = "written step(self, x, g, state=State())"
    given = f"step{signature}"
    require(written and hasattr(start, "_fields"), step.__qualname__, legal, given, TypeError)
    kind = type(start).__name__
    tested = step.__module__ == "optlib.optimizers"  # what these return needs no check

    @functools.wraps(step)
    def checked(self, x, g=None, state=start):
        called = hasattr(type(self), "step")
        require(called, step.__qualname__, "called on a rule, as in SGD().step(x, g)", self)
        name = f"{type(self).__name__}.step"
        x = _given(f"{name}: x", x)
        g = _given(f"{name}: g", g, x.dtype if isinstance(x, _ARRAYS) else float)
        shape = np.shape(x)
        require(np.shape(g) == shape, f"{name}: g", f"of the shape of x, {shape}", np.shape(g))
        require(type(state) is type(start), f"{name}: state", f"a {kind}", state, TypeError)
        shape = common_shape(f"{name}: ", shape, vars(self) | state._asdict())
        try:
            after = step(self, x, g, ready(name, x, state))
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            message = f"{name} must not change x, g or state in place, they are read-only"
            raise ValueError(f"{message}: write x = x - g, not x -= g") from error
        if tested:
            return after
        pair = isinstance(after, tuple) and len(after) == 2 and type(after[1]) is type(start)
        require(pair, f"what {name} returns", f"(x_new, {kind}(...))", after, TypeError)
        for field, value in (("x_new", after[0]), *zip(start._fields, after[1], strict=True)):
            if type(value) is not int and (np.shape(value) != shape or not _is_number(value)):
                _check_returned(f"{field} that {name} returns", value, shape, field == "x_new")
        return after

    return checked


def _check_returned(name, value, shape, whole):
    require(_is_number(value), name, "a number or a NumPy array of numbers", value, TypeError)
    own = np.shape(value)
    fits = own == shape if whole else _broadcast(own, shape) == shape
    require(fits, name, f"of the shape of x, {shape}", own)


def ready(name, x, state):
    """The state, read-only, with t as an int and its numbers in the dtype of x."""
    number = np.result_type(x, 0.0).type if isinstance(x, _ARRAYS) else float
    values = {
        field: number(value)
        if type(value) in (int, float)
        else _given(f"{name}: {field}", value, number)
        for field, value in state._asdict().items()
    }
    if "t" in values and not is_symbol(state.t):
        check_count(f"{name}: t", state.t, 0)
        values["t"] = int(state.t)
    return type(state)(**values)


def _given(name, value, dtype=float):
    """A number or an array as a step may compute with it: read-only, and no integers."""
    require(_is_number(value), name, "a number or a NumPy array of numbers", value, TypeError)
    if isinstance(value, np.ndarray):
        value = np.asarray(value, None if value.dtype.kind == "f" else dtype).view()
        value.flags.writeable = False
    elif not isinstance(value, (float, np.floating)) and not is_symbol(value):
        value = float(value)
    return value


def _is_number(value):
    if isinstance(value, _ARRAYS):
        return value.dtype.kind in "iuf" and not _is_masked(value)
    return (isinstance(value, (int, float)) and not isinstance(value, bool)) or is_symbol(value)


def _is_masked(value):
    """Whether an array is masked, without loading numpy.ma for those that are not."""
    masked = sys.modules.get("numpy.ma")
    return masked is not None and isinstance(value, masked.MaskedArray)

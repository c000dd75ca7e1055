"""What tests of all rules share: legal hyperparameters of any rule, paths along given gradients."""

from dataclasses import fields

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from optlib.checks import first_state

UPPER = {"lr": 1e3, "eps": 1e-2, "weight_decay": 10.0}  # of other hyperparameters: below 1


def numbers_of(rule):
    """The names of the hyperparameters that are numbers."""
    return [field.name for field in fields(rule) if not isinstance(field.default, bool)]


def flags_of(rule):
    return [field.name for field in fields(rule) if isinstance(field.default, bool)]


def legal(name):
    """Any legal value of a hyperparameter, illegal only beyond what a run would ever use."""
    upper = UPPER.get(name)
    return st.floats(0, upper) if upper else st.floats(0, 1, exclude_max=True)


ONE = st.just(())


@st.composite
def rules(draw, cls, shapes=ONE):
    """A rule of the class with any hyperparameters, each of a shape drawn from ``shapes``."""
    values = {name: draw(st.booleans()) for name in flags_of(cls)}
    for name in numbers_of(cls):
        shape = draw(shapes)
        values[name] = draw(arrays(float, shape, elements=legal(name)) if shape else legal(name))
    return cls(**values)


def floats(dtype, *shape, largest=None):
    """Arrays of any floats, inf and nan included unless there is a largest one."""
    width = np.dtype(dtype).itemsize * 8
    bounds = {} if largest is None else {"min_value": -largest, "max_value": largest}
    return arrays(dtype, shape, elements=st.floats(**bounds, width=width))


def path(rule, x, gradients, state=None):
    """Points and states after each of the gradients, axis 0 = step."""
    state = first_state(rule) if state is None else state
    records = []
    with np.errstate(all="ignore"):
        for g in gradients:
            x, state = rule.step(x, g, state)
            records.append([np.broadcast_to(value, x.shape) for value in (x, *state)])
    points, *states = map(np.array, zip(*records, strict=True))
    return points, type(state)(*states)


def same_bits(a, b):
    """Equal in dtype, shape and every bit, but that one nan is like another."""
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind != "f":
        return np.array_equal(a, b)
    alike = (a == b) & (np.signbit(a) == np.signbit(b)) | (np.isnan(a) & np.isnan(b))
    return bool(alike.all())

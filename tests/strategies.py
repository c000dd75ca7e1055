"""What tests of all rules share: legal hyperparameters of any rule, paths along given gradients."""

from dataclasses import dataclass, fields

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from optlib import Optimizer, State
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


EXACT = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "negative": np.negative,
         "maximum": np.maximum, "minimum": np.minimum, "absolute": abs, "sign": np.sign,
         "square": np.square}  # fmt: skip


@st.composite
def exact_rules(draw, most=8):
    """A rule of any straight lines whose arithmetic on small multiples of 1/4 does not round."""
    names, lines = ["x", "g", "m", "v", "lr", "half"], []
    for _ in range(draw(st.integers(1, most))):
        name, size = draw(st.sampled_from(sorted(EXACT))), len(names) + len(lines)
        two = name in ("add", "subtract", "multiply", "maximum", "minimum")
        lines.append((name, *(draw(st.integers(0, size - 1)) for _ in range(1 + two))))
    ends = [draw(st.integers(0, len(names) + len(lines) - 1)) for _ in range(3)]

    @dataclass(frozen=True, eq=False)
    class Exact(Optimizer):
        lr: float = 0.5
        half: float = 0.5

        def step(self, x, g, state=State()):
            registers = [x, g, state.m, state.v, self.lr, self.half]
            for name, *arguments in lines:
                registers.append(EXACT[name](*(registers[a] for a in arguments)))
            end, m, v = (registers[e] for e in ends)
            return x - 2 * g * end, State(state.t + 1, m, v)

    return Exact()

"""A traced program is the definition: the same bits, as plain data."""

import json
import math
import re
from dataclasses import FrozenInstanceError, dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import floats, numbers_of, rules, same_bits

from optlib import OPTIMIZERS, SGD, Adam, Momentum, Optimizer, Program, trace
from optlib.checks import first_state
from optlib.optimizers import State
from optlib.problems.base import Problem, Quadratic

every_rule = pytest.mark.parametrize("cls", OPTIMIZERS)


@every_rule
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=25)
@given(data=st.data())
def test_program_computes_what_the_rule_computes_bit_for_bit(cls, dtype, data):
    rule = data.draw(rules(cls))
    x, g, *entries = data.draw(floats(dtype, 5, 3))
    state = first_state(cls)
    state = state._make((data.draw(st.integers(0, 1000)), *entries[: len(state) - 1]))
    values = {name: getattr(rule, name) for name in numbers_of(cls)}
    with np.errstate(all="ignore"):
        x_new, after = rule.step(x, g, state)
        outputs = trace(rule)(x=x, g=g, **state._asdict(), **values)
    assert set(outputs) == {"x", *state._fields}
    assert same_bits(outputs["x"], x_new)
    for name, entry in after._asdict().items():
        assert same_bits(outputs[name], entry)


@every_rule
def test_program_is_the_same_whatever_the_hyperparameters(cls):
    other = cls(**{name: np.full((2, 1), 0.25) for name in numbers_of(cls)})
    assert trace(cls).code == trace(cls()).code == trace(other).code
    assert trace(cls).inputs == ("x", "g", *first_state(cls)._fields, *numbers_of(cls))


def test_flags_are_settled_when_tracing():
    assert len(trace(Adam(bias_correction=False)).code) < len(trace(Adam()).code)
    assert "bias_correction" not in trace(Adam()).inputs


@every_rule
def test_program_is_straight_and_says_nothing_twice(cls):
    program = trace(cls)
    for register, (name, *arguments) in enumerate(program.code, len(program.inputs)):
        assert name == "constant" or all(argument < register for argument in arguments)
    assert len(set(map(repr, program.code))) == len(program.code)


@every_rule
def test_program_survives_json(cls):
    data = json.loads(json.dumps(trace(cls).to_json()))
    program = Program(data["inputs"], data["code"], data["outputs"])
    values = dict(zip(program.inputs, np.linspace(0.1, 0.9, len(program.inputs)), strict=True))
    assert program(**values) == trace(cls)(**values)


def test_program_of_a_landscape_gives_value_and_gradient():
    program = trace(Quadratic(eigenvalues=(1, 25)))
    assert program.inputs == ("x0", "x1")
    assert program(x0=3.0, x1=2.0) == {"f": 54.5, "g0": 3.0, "g1": 50.0}


def test_program_wants_each_input_by_name():
    program = trace(SGD)
    values = dict.fromkeys(program.inputs, 1.0)
    for wrong in (values | {"eps": 1.0}, {"x": 1.0}):
        message = f"inputs must be {program.inputs}, got {tuple(wrong)}"
        with pytest.raises(TypeError, match=re.escape(message)):
            program(**wrong)


def rule_of(compute):
    @dataclass(frozen=True, eq=False)
    class Computed(Optimizer):
        lr: float = 0.1

        def step(self, x, g, state=State()):
            return compute(self, x, g), State(state.t + 1)

    return Computed()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("sqrt", [0.0, 2.0]),
        ("exp", [-1.0, 2.0]),
        ("log", [0.5, 2.0]),
        ("sin", [1.0, 2.0]),
        ("cos", [1.0, 2.0]),
        ("square", [-3.0, 0.1]),
        ("sign", [-3.0, 0.0]),
        ("absolute", [-3.0, 0.5]),
    ],
)
def test_elementary_functions_are_recorded(name, values):
    function = getattr(np, name)
    program = trace(rule_of(lambda rule, x, g: function(x) + g))
    for value in values:
        assert program(x=value, g=0.5, t=0, m=0, v=0, lr=0.1)["x"] == function(value) + 0.5


def test_operators_are_recorded_on_either_side():
    def compute(rule, x, g):
        return -(2 - x) / (g * 3 + 1) ** 2 + abs(g) - np.maximum(x, np.minimum(g, 1))

    program = trace(rule_of(compute))
    values = {"x": 0.7, "g": -1.3}
    assert program(**values, t=0, m=0, v=0, lr=0.1)["x"] == compute(None, 0.7, -1.3)


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda rule, x, g: x if g > 0 else g, "np.greater is not one of add, subtract"),
        (lambda rule, x, g: x if g else g, "cannot branch on a value"),
        (lambda rule, x, g: np.tanh(g), "np.tanh is not one of"),
        (lambda rule, x, g: np.sqrt(g, dtype=float), "np.sqrt is not one of"),
        (lambda rule, x, g: x if rule.lr == 0 else g, "np.equal is not one of"),
        (lambda rule, x, g: x - math.sqrt(g), r"float, .* \(in 'math.sqrt\(g\)'\)"),
        (lambda rule, x, g: x - g.mean(), r"\(in 'g.mean'\)"),
        (lambda rule, x, g: x - np.sum(g), r"\(in 'np.sum\(g\)'\)"),
        (lambda rule, x, g: x - g @ g, r"np.matmul is not .* \(in 'g @ g'\)"),
        (lambda rule, x, g: x - g[::-1], r"without an index \(in 'g\[::-1\]'\)"),
        (lambda rule, x, g: x - sum(g), r"without an index \(in 'sum\(g\)'\)"),
        (lambda rule, x, g: x - np.where(g > 0, x, g), r"\(in 'g > 0'\)"),
        (lambda rule, x, g: x - np.linalg.norm(g), "must compute each coordinate from its own"),
        (lambda rule, x, g: x - np.dot(g, g), "must compute each coordinate from its own"),
        (lambda rule, x, g: x - np.roll(g, 1), "must compute each coordinate from its own"),
        (lambda rule, x, g: x - np.sort(g), "cannot be followed on one coordinate"),
    ],
)
def test_what_is_not_elementary_is_refused(compute, message):
    with pytest.raises(TypeError, match=f"^trace: .*{message}"):
        trace(rule_of(compute))


def test_a_rule_that_means_to_mix_coordinates_is_refused_by_name():
    rule = rule_of(lambda rule, x, g: x - g / np.linalg.norm(g))
    type(rule).mixes_coordinates = True
    with pytest.raises(TypeError, match=r"^trace: rule must be .*, got 'Computed'"):
        trace(rule)


def test_assignments_in_place_and_clip_are_recorded():
    def compute(rule, x, g):
        d = rule.lr * g
        d += x
        d *= 3
        return np.clip(d, -1, 0.5) - g.clip(0, None)

    program = trace(rule_of(compute))
    for x in (-2.0, 0.1, 3.0):
        outputs = program(x=x, g=0.7, t=0, m=0, v=0, lr=0.1)
        assert outputs["x"] == min(max((0.1 * 0.7 + x) * 3, -1), 0.5) - 0.7


@pytest.mark.parametrize("definition", [3, None, "Adam", np.sin, int])
def test_only_rules_and_problems_are_traced(definition):
    with pytest.raises(
        TypeError, match="trace: definition must be a rule, a problem or a function, got"
    ):
        trace(definition)


def test_tracing_leaves_the_rule_alone():
    rule = Momentum(lr=0.5)
    trace(rule)
    assert rule.lr == 0.5
    assert replace(rule, lr=0.25).lr == 0.25


class Chain(Problem):
    """Three coordinates, written with slices and with constants of several types."""

    dim, x0 = 3, np.zeros(3)
    weight, power = np.float32(0.5), np.int64(2)

    def __call__(self, x):
        return (self.weight * (x[..., 1:] - np.sin(x[..., :-1])) ** self.power).sum(axis=-1)

    def grad(self, x):
        gap = x[..., 1:] - np.sin(x[..., :-1])
        zero = 0 * gap[..., :1]
        ahead, behind = (np.concatenate(pair, axis=-1) for pair in ((gap, zero), (zero, gap)))
        return behind - ahead * np.cos(x)


class Kink(Problem):
    dim, x0 = 2, np.zeros(2)

    def __call__(self, x):
        return np.maximum(x[..., 0], 0.5) + np.sign(x[..., 1]) * np.square(x[..., 1])

    def grad(self, x):
        return np.stack([np.maximum(np.sign(x[..., 0] - 0.5), 0), 2 * abs(x[..., 1])], axis=-1)


@pytest.mark.parametrize("x", [(0.2, -3.0), (0.7, 2.0)])
def test_landscape_may_have_kinks(x):
    f, *g = trace(Kink())(x0=x[0], x1=x[1]).values()
    assert f == Kink()(np.array(x))
    assert np.array_equal(g, Kink().grad(np.array(x)))


def test_landscape_may_use_slices_and_numpy_numbers():
    program, x = trace(Chain()), np.array([0.3, -0.5, 2.0])
    outputs = program(**dict(zip(program.inputs, x, strict=True)))
    assert outputs.pop("f") == pytest.approx(Chain()(x), rel=1e-15)
    assert list(outputs.values()) == pytest.approx(Chain().grad(x), rel=1e-15)
    constants = [value for name, value, *_ in program.code if name == "constant"]
    assert {type(value) for value in constants} == {int, float}
    assert json.loads(json.dumps(program.to_json())) == program.to_json()


def test_array_among_the_numbers_of_a_rule_is_refused():
    weights = np.array([1.0, 2.0])
    with pytest.raises(
        TypeError,
        match=r"^trace: what one coordinate meets must be a number, got array\(\[1., 2.\]\)",
    ):
        trace(rule_of(lambda rule, x, g: x - weights * g))


def test_program_cannot_change():
    program = trace(SGD)
    with pytest.raises(FrozenInstanceError):
        program.code = ()

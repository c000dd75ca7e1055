"""What holds for every rule; a new one is tested by standing in `optlib.OPTIMIZERS`."""

import re
import subprocess
import sys
from dataclasses import FrozenInstanceError, asdict, dataclass, fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import flags_of, floats, legal, numbers_of, path, rules, same_bits

import optlib
from optlib import (
    OPTIMIZERS,
    SGD,
    AdaDelta,
    Adam,
    AdamW,
    AMSGrad,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
    formula,
    minimize,
    trace,
)
from optlib.checks import first_state
from optlib.optimizers import State
from optlib.problems.base import Quadratic

every_rule = pytest.mark.parametrize("cls", OPTIMIZERS)
few = settings(max_examples=25)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def without_eps(cls):
    return cls(**{"eps": 0.0} if "eps" in numbers_of(cls) else {})


# Pure


@every_rule
@both_dtypes
@few
@given(data=st.data())
def test_step_changes_nothing_and_its_results_share_no_memory_with_its_arguments(cls, dtype, data):
    rule = data.draw(rules(cls))
    x, g, m, v, v_max = data.draw(floats(dtype, 5, 3))
    state = first_state(cls)._make((3, m, v, v_max)[: len(first_state(cls))])
    given_arrays = (x, g, *state[1:])
    before = [array.copy() for array in given_arrays]
    with np.errstate(all="ignore"):
        x_new, after = rule.step(x, g, state)
    assert all(map(same_bits, given_arrays, before))
    assert all(array.flags.writeable for array in given_arrays)
    for new in (x_new, *after):
        assert not any(np.shares_memory(new, old) for old in given_arrays)


def test_rule_that_changes_its_arguments_is_an_error():
    @dataclass(frozen=True, eq=False)
    class InPlace(Optimizer):
        lr: float = 0.1

        def step(self, x, g, state=State()):
            x -= self.lr * g
            return x, State(state.t + 1)

    x = np.ones(2)
    with pytest.raises(ValueError, match="read-only"):
        InPlace().step(x, np.ones(2))
    assert np.array_equal(x, np.ones(2))


@every_rule
def test_step_counts_itself(cls):
    _, states = path(cls(), np.ones(2), np.ones((3, 2)))
    assert states.t[:, 0].tolist() == [1, 2, 3]


# Arrays everywhere


SHAPES = st.sampled_from([(), (1,), (3,), (2, 1), (2, 3), (2, 1, 1), (2, 2, 1)])  # x: (3,)


@st.composite
def sweeps(draw, cls, dtype):
    """A swept rule, with a start and two gradients in the shape of the whole sweep."""
    rule = draw(rules(cls, SHAPES))
    arrays = draw(floats(dtype, 3, 3))
    shape = np.broadcast_shapes((3,), *(np.shape(value) for value in asdict(rule).values()))
    x, *gradients = (np.broadcast_to(array, shape) for array in arrays)
    return rule, x, np.array(gradients)


@every_rule
@both_dtypes
@given(data=st.data())
def test_sweep_equals_the_loop_over_its_runs_bit_for_bit(cls, dtype, data):
    sweep, x, gradients = data.draw(sweeps(cls, dtype))
    start = first_state(cls)._replace(t=data.draw(st.integers(0, 10_000)))
    points, states = path(sweep, x, gradients, start)
    for run in np.ndindex(x.shape):
        values = {name: np.broadcast_to(getattr(sweep, name), x.shape) for name in numbers_of(cls)}
        rule = replace(sweep, **{name: value[run].item() for name, value in values.items()})
        alone, states_alone = path(rule, x[*run, np.newaxis], gradients[:, *run, np.newaxis], start)
        assert same_bits(points[:, *run], alone[:, 0])
        for entry, entry_alone in zip(states, states_alone, strict=True):
            assert same_bits(entry[:, *run], entry_alone[:, 0])


@pytest.mark.parametrize("t", [2, 9, 99])
def test_powers_of_swept_betas_are_those_of_single_ones(t):
    betas = np.random.default_rng(t).uniform(0.9, 0.999, (300, 1))
    x, g, start = np.zeros(1), np.ones(1), State(t, np.ones(1), np.ones(1))
    swept, _ = Adam(lr=1.0, beta1=betas, beta2=betas).step(x, g, start)
    single = [Adam(lr=1.0, beta1=b, beta2=b).step(x, g, start)[0] for b in betas[:, 0].tolist()]
    assert same_bits(swept, single)


@every_rule
@both_dtypes
@few
@given(data=st.data())
def test_precision_is_kept(cls, dtype, data):
    rule, x, gradients = data.draw(sweeps(cls, dtype))
    points, states = path(rule, x, gradients)
    assert points.dtype == dtype
    assert {entry.dtype for entry in states[1:]} <= {np.dtype(dtype), np.dtype(int)}


@every_rule
def test_precision_is_kept_by_a_state_from_a_history(cls):
    history = minimize(cls(), Quadratic(eigenvalues=(1, 2)), np.ones(2, np.float32), steps=3)
    state = type(history.state)(*(entry[-1] for entry in history.state))
    x, state = cls().step(history.x[-1], history.g[-1], state)
    assert x.dtype == np.float32
    assert type(state.t) is int


@every_rule
@few
@given(data=st.data())
def test_coordinates_do_not_mix(cls, data):
    rule = data.draw(rules(cls))
    x, *gradients = data.draw(floats(float, 4, 5))
    order = data.draw(st.permutations(range(5)))
    points, _ = path(rule, x, gradients)
    permuted, _ = path(rule, x[order], [g[order] for g in gradients])
    assert same_bits(points[:, order], permuted)


@every_rule
@few
@given(data=st.data())
def test_mirrored_gradients_give_the_mirrored_path(cls, data):
    rule = data.draw(rules(cls))
    x, *gradients = data.draw(floats(float, 4, 3))
    points, _ = path(rule, x, gradients)
    mirrored, _ = path(rule, -x, [-g for g in gradients])
    assert np.array_equal(-points, mirrored, equal_nan=True)


@every_rule
def test_plain_numbers_are_points_too(cls):
    x, state = cls().step(1.0, 2.0)
    vector, vector_state = cls().step(np.array([1.0]), np.array([2.0]))
    assert x == vector[0]
    assert [float(entry) for entry in state] == [np.squeeze(e).item() for e in vector_state]


# Scales.  Scaling by a power of two is exact, so that an invariance holds bit for bit.

scales = st.lists(st.integers(-30, 30), min_size=3, max_size=3)


@st.composite
def moderate_gradients(draw):
    """Four gradients in three coordinates, no entry close to 0."""
    size = draw(floats(float, 4, 3, largest=6))
    return np.exp2(size) * np.where(draw(floats(float, 4, 3, largest=1)) < 0, -1.0, 1.0)


LINEAR = {SGD, Momentum, Nesterov}


@every_rule
@few
@given(gradients=moderate_gradients(), exponents=scales)
def test_path_is_linear_in_the_scale_of_each_coordinate_or_does_not_feel_it(
    cls, gradients, exponents
):
    scale = np.exp2(exponents)
    points, _ = path(without_eps(cls), np.zeros(3), gradients)
    scaled, _ = path(without_eps(cls), np.zeros(3), gradients * scale)
    assert same_bits(scaled, points * (scale if cls in LINEAR else 1.0))


@pytest.mark.parametrize("cls", [cls for cls in OPTIMIZERS if "eps" in numbers_of(cls)])
def test_eps_makes_tiny_gradients_move_less(cls):
    gradients = np.random.default_rng(0).normal(size=(20, 3))
    tiny = cls().eps / 10
    far, near = (path(cls(), np.zeros(3), gradients * scale)[0][-1] for scale in (1, tiny))
    assert np.abs(near).max() < np.abs(far).max() / 5


@pytest.mark.parametrize("cls", sorted(LINEAR, key=repr))
@few
@given(first=moderate_gradients(), second=moderate_gradients())
def test_paths_of_linear_rules_add_up(cls, first, second):
    paths = [path(cls(), np.zeros(3), gradients)[0] for gradients in (first, second)]
    together, _ = path(cls(), np.zeros(3), first + second)
    np.testing.assert_allclose(together, sum(paths), rtol=0, atol=1e-12)


@few
@given(gradients=moderate_gradients(), exponents=scales)
def test_adadelta_steps_have_the_units_of_x(gradients, exponents):
    unit = np.exp2(exponents)  # x in other units: gradients change by 1 / unit
    rule, state = AdaDelta(eps=0.0), first_state(AdaDelta)._replace(t=1, u=np.ones(3))
    points, _ = path(rule, np.zeros(3), gradients, state)
    scaled, _ = path(rule, np.zeros(3), gradients / unit, state._replace(u=unit**2))
    assert same_bits(scaled, points * unit)


def test_adadelta_without_eps_never_starts():
    points, _ = path(AdaDelta(eps=0.0), np.ones(3), np.ones((5, 3)))
    assert np.array_equal(points, np.ones((5, 3)))


# Relations between the rules


@pytest.mark.parametrize(
    ("special", "general"),
    [
        (SGD(lr=0.3), Momentum(lr=0.3, momentum=0.0)),
        (SGD(lr=0.3), Nesterov(lr=0.3, momentum=0.0)),
        (RMSProp(0.3, 0.9, 1e-8), Adam(0.3, 0.0, 0.9, 1e-8, bias_correction=False)),
    ],
    ids=repr,
)
@few
@given(gradients=floats(float, 6, 3, largest=1e100))
def test_rule_is_a_special_case_of_another_bit_for_bit(special, general, gradients):
    points, _ = path(special, np.zeros(3), gradients)
    others, _ = path(general, np.zeros(3), gradients)
    assert np.array_equal(points, others, equal_nan=True)


@few
@given(gradients=floats(float, 6, 3, largest=1e100))
def test_adamw_without_decay_is_adam(gradients):
    points, _ = path(AdamW(weight_decay=0.0), np.zeros(3), gradients)
    np.testing.assert_allclose(points, path(Adam(), np.zeros(3), gradients)[0], 1e-13, 1e-300)


@few
@given(sizes=floats(float, 6, 3, largest=100))
def test_amsgrad_is_adam_while_gradients_grow_and_its_v_max_never_falls(sizes):
    growing = np.cumsum(1 + np.abs(sizes), axis=0)
    assert same_bits(
        path(AMSGrad(), np.zeros(3), growing)[0], path(Adam(), np.zeros(3), growing)[0]
    )
    _, states = path(AMSGrad(), np.zeros(3), sizes)
    assert same_bits(states.v_max, np.maximum.accumulate(states.v, axis=0))


def largest_adam_step(beta1, beta2):
    """Largest |step| / lr by Cauchy and Schwarz."""
    return (1 - beta1) / np.sqrt((1 - beta2) * (1 - beta1**2 / beta2))


@few
@given(gradients=floats(float, 30, 3, largest=1e6))
def test_adam_steps_stay_below_the_bound(gradients):
    points, _ = path(Adam(lr=1.0, eps=1e-30), np.zeros(3), gradients)
    steps = np.diff([np.zeros(3), *points], axis=0)
    assert np.nanmax(np.abs(steps)) < largest_adam_step(0.9, 0.999)


def test_adam_step_attains_the_bound_after_zeros_and_a_geometric_ramp():
    bound = largest_adam_step(0.9, 0.999)
    assert round(bound, 4) == 7.2703
    ramp = (0.9 / 0.999) ** np.arange(300.0)[::-1, np.newaxis]
    start = State(t=100_000)
    points, _ = path(Adam(lr=1.0, eps=0.0), np.zeros(1), ramp, start)
    assert points[-2] - points[-1] == pytest.approx(bound, rel=1e-4)


# Values that print, compare field by field and cannot change


@every_rule
@few
@given(data=st.data())
def test_repr_makes_the_rule_again(cls, data):
    rule = data.draw(rules(cls))
    assert asdict(eval(repr(rule), vars(optlib))) == asdict(rule)


def test_repr_shows_swept_values_as_an_array():
    assert repr(SGD(lr=[[0.1], [0.2]])) == "SGD(lr=array([[0.1],\n       [0.2]]))"


def test_defaults_are_those_of_pytorch_where_the_forms_agree():
    assert list(map(repr, (cls() for cls in OPTIMIZERS))) == [
        "SGD(lr=0.01)",
        "Momentum(lr=0.01, momentum=0.9)",
        "Nesterov(lr=0.01, momentum=0.9)",
        "AdaGrad(lr=0.01, eps=1e-10)",
        "AdaDelta(lr=1.0, rho=0.9, eps=1e-06)",
        "RMSProp(lr=0.01, rho=0.99, eps=1e-08)",
        "Adam(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08, bias_correction=True)",
        "AMSGrad(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08)",
        "AdamW(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08, weight_decay=0.01)",
        "Lion(lr=0.0001, beta1=0.9, beta2=0.99, weight_decay=0.0)",
    ]


@every_rule
@few
@given(data=st.data())
def test_replace_changes_one_field(cls, data):
    rule = data.draw(rules(cls))
    name = data.draw(st.sampled_from(numbers_of(cls)))
    value = data.draw(legal(name))
    assert asdict(replace(rule, **{name: value})) == asdict(rule) | {name: value}
    with pytest.raises(ValueError, match=f"{name} must be"):
        replace(rule, **{name: -1.0})


@every_rule
def test_rules_are_frozen(cls):
    rule = cls()
    for field in fields(rule):
        with pytest.raises(FrozenInstanceError):
            setattr(rule, field.name, 0.5)


@every_rule
def test_swept_values_are_read_only_copies(cls):
    for name in numbers_of(cls):
        values = np.array([0.25, 0.5])
        rule = cls(**{name: values})
        values[0] = 0.75
        assert np.array_equal(getattr(rule, name), [0.25, 0.5])
        with pytest.raises(ValueError, match="read-only"):
            getattr(rule, name)[0] = 0.75


def test_swept_values_are_ordinary_arrays_to_a_reader():
    rates = Adam(lr=np.array([0.1, 0.2, 0.3])).lr
    assert rates.mean() == pytest.approx(0.2)
    assert (rates.max(), rates.sum(), str(rates)) == (0.3, 0.1 + 0.2 + 0.3, "[0.1 0.2 0.3]")
    assert np.array_equal(rates[rates > 0.15], [0.2, 0.3])
    assert np.array_equal(np.outer(rates, [1.0, 2.0]), [[0.1, 0.2], [0.2, 0.4], [0.3, 0.6]])


# Mistakes have names


ILLEGAL_NUMBERS = [-1, -1e-9, np.nan, np.inf, -np.inf, [0.1, -2.0], np.array([0.1, np.nan])]
NOT_NUMBERS = ["fast", None, 1j, True, [True], [[0.1], [0.1, 0.2]], np.array(["a"]), {}, [None]]


def legal_range(name):
    return "[0, inf)" if name in ("lr", "eps", "weight_decay") else "[0, 1)"


@every_rule
def test_illegal_hyperparameters_are_named_with_range_and_value(cls):
    for name in numbers_of(cls):
        below_one = [1, 1.0, 1.5, [0.5, 1.0]] if legal_range(name) == "[0, 1)" else []
        for value in (*ILLEGAL_NUMBERS, *below_one):
            with pytest.raises(ValueError) as error:  # noqa: PT011
                cls(**{name: value})
            illegal = [v for v in np.ravel(value) if not 0 <= v < (1 if below_one else np.inf)]
            expected = f"{cls.__name__}: {name} must be in {legal_range(name)}, got {illegal[0]}"
            assert str(error.value) == expected
        for value in NOT_NUMBERS:
            with pytest.raises(TypeError) as error:
                cls(**{name: value})
            must = f"must be a number or an array of numbers in {legal_range(name)}"
            assert str(error.value) == f"{cls.__name__}: {name} {must}, got {value!r}"


@every_rule
def test_flags_are_true_or_false(cls):
    for name in flags_of(cls):
        assert getattr(cls(**{name: np.False_}), name) is False
        for value in (1, 0.0, None, "yes"):
            message = f"{cls.__name__}: {name} must be True or False, got {value!r}"
            with pytest.raises(TypeError, match=re.escape(message)):
                cls(**{name: value})


@every_rule
def test_unknown_hyperparameter_is_an_error(cls):
    with pytest.raises(TypeError, match="unexpected keyword argument 'learning_rate'"):
        cls(learning_rate=0.1)


@every_rule
def test_zero_and_large_rates_are_legal(cls):
    x, g = np.ones(2), np.array([1.0, -2.0])
    assert np.array_equal(cls(lr=0).step(x, g)[0], x)
    assert np.all(np.isfinite(cls(lr=1e6).step(x, g)[0]))


two, three = np.ones(2), np.ones(3)
ILLEGAL_CALLS = [
    (ValueError, "g must be of the shape of x, (2,), got (3,)", {"g": three}),
    (ValueError, "g must be of the shape of x, (2,), got (1, 2)", {"g": np.ones((1, 2))}),
    (ValueError, "g must be of the shape of x, (), got (2,)", {"x": 1.0}),
    (TypeError, "x must be a number or a NumPy array of numbers, got [1, 2]", {"x": [1, 2]}),
    (TypeError, "x must be a number or a NumPy array of numbers, got None", {"x": None}),
    (TypeError, "g must be a number or a NumPy array of numbers, got '1'", {"g": "1"}),
    (TypeError, "g must be a number or a NumPy array of numbers, got array([", {"g": two * 1j}),
    (TypeError, "g must be a number or a NumPy array of numbers, got array([", {"g": two > 0}),
    (TypeError, "state must be a {State}, got (0, 0, 0)", {"state": (0, 0, 0)}),
    (TypeError, "state must be a {State}, got None", {"state": None}),
    (TypeError, "t must be an integer >= 0, got 1.5", {"t": 1.5}),
    (ValueError, "t must be an integer >= 0, got -1", {"t": -1}),
    (
        ValueError,
        "{entry} must be of a shape that broadcasts against that of x, (2,), got (3,)",
        {"entry": three},
    ),
    (
        ValueError,
        "lr must be of a shape that broadcasts against that of x, (2,), got (3,)",
        {"lr": three},
    ),
    (
        ValueError,
        "lr must be of a shape that broadcasts against that of x, (1,), got (3,)",
        {"lr": three, "d": 1},
    ),
]


@every_rule
@pytest.mark.parametrize(("error", "message", "change"), ILLEGAL_CALLS)
def test_illegal_calls_are_named(cls, error, message, change):
    x = np.ones(change.get("d", 2))
    start = first_state(cls)
    entry = start._fields[-1]
    state = start._replace(**{"t": change.get("t", 0), entry: change.get("entry", 0)})
    rule = cls(lr=change.get("lr", 0.1))
    message = message.replace("{State}", type(start).__name__).replace("{entry}", entry)
    with pytest.raises(error, match=re.escape(f"{cls.__name__}.step: {message}")):
        rule.step(change.get("x", x), change.get("g", x), change.get("state", state))


@pytest.mark.parametrize("cls", [AdaDelta, AMSGrad])
def test_state_of_another_rule_is_refused(cls):
    with pytest.raises(TypeError, match=f"state must be a {cls.__name__}State, got State"):
        cls().step(two, two, State())


# A rule of a reader's own


@dataclass(frozen=True, eq=False)
class SignMomentum(Optimizer):
    lr: float = 0.1
    beta1: float = 0.9
    wait: float = 0.5

    def step(self, x, g, state=State()):
        m = self.beta1 * state.m + (1 - self.beta1) * g
        return x - self.lr * np.sign(m) / (state.t + self.wait), State(state.t + 1, m)


def test_readers_rule_runs():
    history = minimize(SignMomentum(), Quadratic(eigenvalues=(1, 25)), steps=20)
    assert history.f[-1] < history.f[0]


def test_readers_rule_sweeps():
    lr, wait = np.array([[0.1], [0.3]]), np.array([[[0.5]], [[1.5]], [[2.5]]])
    bowl = Quadratic(eigenvalues=(1, 25))
    sweep = minimize(SignMomentum(lr=lr, wait=wait), bowl, steps=20)
    assert sweep.x.shape == (21, 3, 2, 2)
    for i, j in np.ndindex(3, 2):
        run = minimize(SignMomentum(lr=lr[j, 0], wait=wait[i, 0, 0]), bowl, steps=20)
        assert same_bits(sweep.x[:, i, j], run.x)


def test_readers_rule_traces_and_shows_its_formula():
    values = {"x": 1.0, "g": 2.0, "t": 3, "m": -5.0, "v": 0.0}
    program = trace(SignMomentum())
    after = program(**values, lr=0.1, beta1=0.9, wait=0.5)
    x, state = SignMomentum().step(1.0, 2.0, State(3, -5.0))
    assert (after["x"], after["m"], after["t"]) == (x, state.m, state.t)
    assert (
        formula(SignMomentum).splitlines()[1] == r"m_t &= \beta_1\,m_{t-1} + (1 - \beta_1)\,g_t \\"
    )


def test_readers_rule_has_its_hyperparameters_checked():
    with pytest.raises(ValueError, match=r"SignMomentum: beta1 must be in \[0, 1\), got 1.5"):
        SignMomentum(beta1=1.5)


def test_rule_with_another_signature_is_refused_when_it_is_defined():
    with pytest.raises(TypeError, match=r"Short.step must be written step\(self, x, g, state="):

        class Short(Optimizer):
            def step(self, x, g):
                return x - g

    with pytest.raises(TypeError, match="must be written step"):

        class Stateless(Optimizer):
            def step(self, x, g, state=None):
                return x - g, state


def test_rule_that_returns_no_state_is_refused():
    class Forgetful(Optimizer):
        def step(self, x, g, state=State()):
            return x - g

    with pytest.raises(
        TypeError, match=r"what Forgetful.step returns must be \(x_new, State\(...\)\), got"
    ):
        Forgetful().step(two, two)


def test_rule_without_a_step_says_so():
    class Empty(Optimizer):
        pass

    with pytest.raises(NotImplementedError, match=r"Empty must define step\(x, g, state"):
        Empty().step(two, two)


# The package


def test_import_loads_numpy_and_what_a_rule_needs():
    heavy = ("sympy", "matplotlib", "ipywidgets", "anywidget", "tqdm", "IPython", "scipy")
    later = ("optlib.latex", "optlib.problems", "optlib.run", "optlib.identification")
    code = f"import sys, optlib; print([n for n in {heavy + later} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_name_of_the_package_is_there():
    code = "from optlib import *; import optlib; print(set(optlib.__all__) - set(globals()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
    assert all(map(callable, (optlib.trace, optlib.differentiate)))  # not the modules
    assert not hasattr(optlib, "Adagrad")


def test_rules_stand_in_the_order_of_the_book():
    order = "SGD Momentum Nesterov AdaGrad AdaDelta RMSProp Adam AMSGrad AdamW Lion"
    assert " ".join(cls.__name__ for cls in OPTIMIZERS) == order
    assert all(getattr(optlib, cls.__name__) is cls for cls in OPTIMIZERS)

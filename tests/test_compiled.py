"""A compiled run is the plain one, bit for bit: all rules, sweeps, precisions, inf and nan."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import floats, rules, same_bits

from optlib import (
    LANDSCAPES,
    MLP,
    OPTIMIZERS,
    Adam,
    Momentum,
    Noisy,
    Optimizer,
    Quadratic,
    loop,
    minimize,
    schedules,
    train,
)
from optlib.checks import first_state
from optlib.compiled import float_run
from optlib.kernels import WIDE, Columns, Kernel
from optlib.optimizers import State
from optlib.problems.base import PiecewiseQuadratic, Problem

BOWLS = Quadratic(eigenvalues=(0, 9)), Quadratic(np.diag([1.0, 2, 0]) + 1)
LAND = [*LANDSCAPES.values(), PiecewiseQuadratic(), *BOWLS]
every_rule = pytest.mark.parametrize("cls", OPTIMIZERS)


@dataclass(frozen=True, eq=False)
class Filled(Optimizer):
    """A rule with all that a program may hold, whose state does not start from zeros."""

    lr: float = 0.05
    floor: float = 0.2

    def step(self, x, g, state=State(m=0.5, v=0.1)):
        m, v = 0.5 * state.m - g, state.v + np.square(g)
        slow = np.minimum(np.abs(m), 3) ** 1.5 * np.exp(-np.abs(x)) + np.log(1 + v) ** self.floor
        move = np.sign(m) * slow / np.maximum(np.sqrt(v), self.floor) - np.sin(x) * np.cos(g)
        return x + self.lr * move * 0.99**state.t, State(state.t + 1, m, v)


def outcome(run, plain, **options):
    """The records of a run, compiled or forced to be plain."""
    patch = pytest.MonkeyPatch()
    if plain:
        patch.setattr(loop, "SHORT", np.inf)
    with patch.context():
        history = run(**options)
    patch.undo()
    return {"x": history.x, "f": history.f, "g": history.g, **history.state._asdict()}


def assert_same(run):
    compiled, plain = outcome(run, False), outcome(run, True)
    for name, records in plain.items():
        assert same_bits(compiled[name], records), name


def step_counts(monkeypatch):
    """Count the plain steps of the runs to come."""
    steps, ready = [], loop.ready
    monkeypatch.setattr(loop, "ready", lambda *args: steps.append(1) or ready(*args))
    return steps


# Runs


@pytest.mark.parametrize("cls", [*OPTIMIZERS, Filled])
@settings(max_examples=8)
@given(data=st.data())
def test_runs_are_the_plain_ones_though_they_diverge(cls, data):
    problem = data.draw(st.sampled_from(LAND))
    shape = st.sampled_from([(), (), (3, 1), (problem.dim,), (2, 1, 1)])
    rule = data.draw(rules(cls, shape))
    dtype = data.draw(st.sampled_from([np.float64, np.float64, np.float32, np.float16]))
    x0 = data.draw(floats(dtype, *data.draw(st.sampled_from([(), (3,)])), problem.dim, largest=4))
    schedule = data.draw(st.sampled_from([None, schedules.cosine(30)]))
    every = data.draw(st.sampled_from([1, 7, 40]))
    assert_same(lambda: minimize(rule, problem, x0, 25, schedule, every=every))


@every_rule
def test_runs_are_compiled(cls, monkeypatch):
    steps, rule = step_counts(monkeypatch), cls(lr=1e-3)
    for problem in (LANDSCAPES["Rosenbrock"], LANDSCAPES["Rastrigin"]):
        for x0 in (problem.x0, np.ones((3, 2))):
            minimize(rule, problem, x0, steps=50)
    assert len(steps) == 4  # the first of each run


def test_a_run_that_python_cannot_finish_goes_on_in_numpy(monkeypatch):
    steps, rule = step_counts(monkeypatch), Adam(lr=0.1, eps=0)
    problem = LANDSCAPES["DoubleWell"]
    history = minimize(rule, problem, [0.0, 1.0], 40)  # its first slope is zero for ever
    assert np.isnan(history.x[-1, 0])
    assert np.isfinite(history.x[-1, 1])
    assert len(steps) == 1
    assert_same(lambda: minimize(rule, problem, [0.0, 1.0], 40))


def test_noise_and_networks_see_the_plain_run(monkeypatch):
    X, y = np.random.default_rng(0).normal(size=(30, 70)), np.arange(30) % 3
    model, lr = MLP(X, y, hidden=16), np.geomspace(1e-3, 1, 3)[:, np.newaxis]
    assert model.dim > WIDE
    start = model.start(np.random.default_rng(1)).astype(np.float32)
    for rule in (Adam(), Adam(lr=lr), Momentum(lr=lr, momentum=lr[::-1] / 2)):
        for schedule in (None, schedules.cosine(12)):
            assert_same(lambda rule=rule, schedule=schedule: train(
                rule, model, start, 3, 8, schedule, np.random.default_rng(2)))  # fmt: skip
        noisy = Noisy(LANDSCAPES["Beale"], 0.1)
        assert_same(lambda rule=rule, noisy=noisy: minimize(
            rule, noisy, steps=30, rng=np.random.default_rng(3)))  # fmt: skip


def test_what_cannot_be_compiled_runs_plainly(monkeypatch):
    calls = []

    @dataclass(frozen=True, eq=False)
    class Chatty(Optimizer):
        lr: float = 0.01

        def step(self, x, g, state=State()):
            calls.append(state.t)
            return x - self.lr * g, State(state.t + 1)

    minimize(Chatty(), LANDSCAPES["Beale"], steps=30)
    assert calls[-30:] == list(range(30))  # no step is made behind its back


@pytest.mark.parametrize("every", [1, 3, 10, 99])
def test_every_keeps_each_so_many_steps_and_the_last(every):
    whole = minimize(Adam(lr=0.1), LANDSCAPES["Beale"], steps=10)
    history = minimize(Adam(lr=0.1), LANDSCAPES["Beale"], steps=10, every=every)
    kept = [*range(0, 10, every), 10]
    assert history.state.t.tolist() == kept
    assert same_bits(history.x, whole.x[kept])
    assert same_bits(history.f, whole.f[kept])
    assert same_bits(history.g, whole.g[kept[:-1]])
    assert same_bits(history.state.m, whole.state.m[kept])


# Steps


@pytest.mark.parametrize("cls", [*OPTIMIZERS, Filled])
@settings(max_examples=8)
@given(data=st.data())
def test_steps_in_place_are_the_plain_ones_whatever_the_numbers(cls, data):
    lead = data.draw(st.sampled_from([(), (3,), (2, 3)]))
    shape = st.sampled_from([(), (3, 1), (4,), (3, 4)] if lead else [(), (4,)])
    rule, columns = data.draw(rules(cls, shape)), data.draw(st.booleans()) and bool(lead)
    dtype = data.draw(st.sampled_from([np.float16, np.float32, np.float64]))
    x, *gradients = data.draw(floats(dtype, 4, *lead, 4))

    def turned(a):
        return np.ascontiguousarray(a.reshape(-1, 4).T) if columns else a

    with np.errstate(all="ignore"):
        x, state = rule.step(x, gradients[0], first_state(rule))
        kernel, y = Kernel(rule, x, state, columns=columns), turned(x)
        for g in gradients:
            x, state = rule.step(x, g, state)
            y = kernel.step(y, turned(g))
            assert same_bits(y, turned(x))
            assert all(same_bits(*pair) for pair in zip(kernel.state, state, strict=True))


@pytest.mark.parametrize("size", [WIDE, 70_001])
def test_wide_arrays_are_stepped_piece_by_piece(size):
    rng, rates = np.random.default_rng(0), np.array([[1e-3], [1e-1]])
    for rule in (Adam(), Adam(lr=rates, beta2=1 - rates)):
        x, g = rng.standard_normal((2, 2, size))
        x, state = rule.step(x, g, State())
        kernel = Kernel(rule, x, state)
        assert len(kernel.pieces) > 1 or size == WIDE
        for g in rng.standard_normal((3, 2, size)):
            y, (x, state) = kernel.step(x, g), rule.step(x, g, state)
            assert same_bits(y, x)
            assert same_bits(kernel.state.v, state.v)


def test_what_is_no_arithmetic_on_coordinates_is_refused():
    class Own(Problem):
        dim, x0 = 2, np.ones(2)

    x = np.ones(2)
    for problem in (Own(), Quadratic(eigenvalues=range(4)), Noisy(LANDSCAPES["Beale"])):
        with pytest.raises(
            TypeError, match="compiled: problem must be a Landscape of at most 3 coordinates, got"
        ):
            float_run(Adam(), problem, x)
        with pytest.raises(
            TypeError, match="compiled: problem must be a Landscape of at most 3 coordinates, got"
        ):
            Columns(problem, x)
    with pytest.raises(TypeError, match="compiled: state must be of the shape and type of x"):
        Kernel(Adam(), x, State(0, x, x.astype(np.float32)))
    with pytest.raises(TypeError, match="compiled: state must be of the shape and type of x"):
        Kernel(replace(Adam(), lr=0.5), x, State())

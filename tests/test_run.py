"""Runs are the loop anyone would write, their records line up, and their mistakes have names."""

import re
import sys
from dataclasses import FrozenInstanceError, dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import numbers_of, same_bits

from optlib import (
    OPTIMIZERS,
    SGD,
    AdaGrad,
    Adam,
    Momentum,
    Optimizer,
    RMSProp,
    minimize,
    schedules,
    train,
)
from optlib.checks import first_state
from optlib.optimizers import State
from optlib.problems.base import Quadratic
from optlib.problems.finite_sums import LeastSquares, Softmax
from optlib.problems.landscapes import Rosenbrock
from optlib.problems.stochastic import Minibatch, Noisy

every_rule = pytest.mark.parametrize("cls", OPTIMIZERS)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
bowl = Quadratic(eigenvalues=(1, 25))


def rng(seed=0):
    return np.random.default_rng(seed)


def regression(n=10, d=3):
    return LeastSquares(rng().normal(size=(n, d)), rng(1).normal(size=n))


def rates(*shape):
    return np.geomspace(1e-3, 30, np.prod(shape)).reshape(shape)


# minimize


@every_rule
@both_dtypes
def test_minimize_is_the_loop(cls, dtype):
    rule, problem, steps = cls(lr=1e-4), Rosenbrock(), 5
    x, state = problem.x0.astype(dtype), first_state(cls)
    history = minimize(rule, problem, x, steps=steps)
    for k in range(steps):
        g = problem.grad(x)
        assert same_bits(history.x[k], x)
        assert same_bits(history.f[k], problem(x))
        assert same_bits(history.g[k], g)
        for entry, stacked in zip(state, history.state, strict=True):
            assert np.array_equal(stacked[k], np.broadcast_to(entry, stacked[k].shape))
        x, state = rule.step(x, g, state)
    assert same_bits(history.x[-1], x)
    assert same_bits(history.f[-1], problem(x))
    assert all(same_bits(a[-1], b) for a, b in zip(history.state, state, strict=True))
    assert history.optimizer is rule
    assert history.problem is problem


@pytest.mark.parametrize(
    ("x0", "lr", "runs"),
    [
        (None, 0.01, ()),
        ([1, 2], 0.01, ()),
        (np.ones((4, 2)), 0.01, (4,)),
        (None, rates(3, 1), (3,)),
        (np.ones((4, 2)), rates(3, 1, 1), (3, 4)),
        (np.ones((4, 2)), rates(4, 1), (4,)),
        (None, rates(2), ()),
        (None, np.empty((0, 1)), (0,)),
    ],
)
@pytest.mark.parametrize("steps", [0, 1, 7])
def test_axis_0_is_the_step_then_come_the_runs_then_the_coordinates(x0, lr, runs, steps):
    history = minimize(Adam(lr=lr), bowl, x0, steps=steps)
    assert history.x.shape == (steps + 1, *runs, 2)
    assert history.f.shape == (steps + 1, *runs)
    assert history.g.shape == (steps, *runs, 2)
    assert history.state.t.tolist() == list(range(steps + 1))
    assert history.state.m.shape == history.state.v.shape
    assert history.state.m.shape == ((steps + 1, *runs, 2) if steps else (1,))


@both_dtypes
def test_records_keep_the_precision_of_the_start(dtype):
    history = minimize(Adam(), bowl, np.ones(2, dtype), steps=3)
    records = (history.x, history.f, history.g, history.state.m, history.state.v)
    assert {record.dtype for record in records} == {np.dtype(dtype)}


def test_start_is_the_problems_unless_given_and_stays_as_it_is():
    assert np.array_equal(minimize(SGD(), bowl, steps=1).x[0], bowl.x0)
    x0 = np.array([3, 4])
    history = minimize(SGD(), bowl, x0, steps=2)
    assert history.x.dtype == float
    assert np.array_equal(history.x[0], [3.0, 4.0])
    assert np.array_equal(x0, [3, 4])
    assert minimize(SGD(), bowl, x0, steps=0).x.dtype == float


def test_a_run_may_be_run_again():
    first, second = (minimize(Adam(), bowl, steps=9) for _ in range(2))
    assert same_bits(first.x, second.x)
    assert first != second  # no elementwise comparison of arrays
    with pytest.raises(FrozenInstanceError):
        first.x = second.x


@every_rule
@both_dtypes
def test_sweep_equals_the_loop_over_its_runs_though_some_diverge(cls, dtype):
    values = {name: rng().uniform(0, 0.999, (4, 1)) for name in numbers_of(cls)}
    values["lr"] = np.array([1e-4, 1e-2, 3.0, 1e4])[:, np.newaxis]
    x0 = Rosenbrock().x0.astype(dtype)
    sweep = minimize(cls(**values), Rosenbrock(), x0, steps=60)
    for i in range(4):
        rule = cls(**{name: value[i].item() for name, value in values.items()})
        run = minimize(rule, Rosenbrock(), x0, steps=60)
        assert same_bits(sweep.x[:, i], run.x)
        assert same_bits(sweep.f[:, i], run.f)
        assert same_bits(sweep.g[:, i], run.g)


def test_divergence_is_data_and_no_warning():
    history = minimize(SGD(lr=1.0), Rosenbrock(), steps=30)
    assert not np.isfinite(history.f[-1])
    assert np.isfinite(history.f[0])
    with pytest.warns(RuntimeWarning, match="overflow"):  # outside of runs nothing is silenced
        Rosenbrock()(np.array([1e300, 1.0]))


# Noise


def noisy_runs(optimizer, x0=None, seed=0, problem=bowl):
    return minimize(optimizer, Noisy(problem, sigma=0.5), x0, steps=20, rng=rng(seed))


def test_seed_determines_the_noise():
    assert same_bits(noisy_runs(SGD()).x, noisy_runs(SGD()).x)
    assert not np.array_equal(noisy_runs(SGD()).x, noisy_runs(SGD(), seed=1).x)


def test_runs_that_differ_in_hyperparameters_see_the_same_noise():
    lr = np.array([[0.001], [0.01]])
    sweep = noisy_runs(SGD(lr=lr))
    for i in range(2):
        assert same_bits(sweep.x[:, i], noisy_runs(SGD(lr=lr[i, 0])).x)
    noise = sweep.g - bowl.grad(sweep.x[:-1])
    np.testing.assert_allclose(noise[:, 0], noise[:, 1], atol=1e-12)
    other = noisy_runs(Adam())
    np.testing.assert_allclose(other.g - bowl.grad(other.x[:-1]), noise[:, 0], atol=1e-12)


def test_starts_of_their_own_see_noise_of_their_own():
    runs = noisy_runs(SGD(), np.ones((1000, 2)))
    noise = (runs.g - bowl.grad(runs.x[:-1])) / 0.5
    assert abs(noise.mean()) < 0.02
    assert noise.std() == pytest.approx(1, rel=0.02)
    correlations = np.corrcoef(noise[:, :, 0])  # of the steps, over the runs
    assert np.abs(correlations - np.eye(20)).max() < 0.15
    assert len(np.unique(noise)) == noise.size


def test_records_hold_the_noisy_gradient_and_the_exact_value():
    runs = noisy_runs(SGD(lr=0.1))
    assert same_bits(runs.f, bowl(runs.x))
    assert not np.array_equal(runs.g, bowl.grad(runs.x[:-1]))
    assert np.array_equal(runs.x[1:], runs.x[:-1] - 0.1 * runs.g)


def test_minibatches_are_noise_too():
    problem = regression()
    runs = minimize(SGD(lr=rates(2, 1) / 100), Minibatch(problem, 3), steps=20, rng=rng())
    alone = minimize(SGD(lr=rates(2, 1)[1, 0] / 100), Minibatch(problem, 3), steps=20, rng=rng())
    assert same_bits(runs.x[:, 1], alone.x)
    assert same_bits(runs.f, problem(runs.x))


def test_noise_knows_the_step_and_the_shape_of_the_start():
    class Recorder(Quadratic):
        def sample(self, rng, t, shape):
            calls.append((t, shape))
            return rng.normal(size=shape)

        def grad(self, x, xi=0.0):
            return super().grad(x) + xi

    calls = []
    problem = Recorder(eigenvalues=(1, 2))
    minimize(SGD(lr=rates(5, 1, 1)), problem, np.ones((3, 2)), steps=2, rng=rng())
    assert calls == [(1, (3, 2)), (2, (3, 2))]


# Schedules


@every_rule
def test_schedule_is_lr_replaced_at_each_step(cls):
    factor = schedules.warmup(3, schedules.step_decay(2, 0.5))
    rule, x, state = cls(lr=0.2), bowl.x0, first_state(cls)
    history = minimize(rule, bowl, steps=8, schedule=factor)
    for k in range(8):
        x, state = replace(rule, lr=0.2 * factor(k + 1)).step(x, bowl.grad(x), state)
        assert same_bits(history.x[k + 1], x)
    assert history.optimizer is rule


def test_scheduled_sweep_equals_the_loop_over_its_runs():
    lr, cosine = rates(3, 1), schedules.cosine(20)
    sweep = minimize(Adam(lr=lr), bowl, steps=20, schedule=cosine)
    for i in range(3):
        run = minimize(Adam(lr=lr[i, 0]), bowl, steps=20, schedule=cosine)
        assert same_bits(sweep.x[:, i], run.x)


steps_of_schedules = st.integers(1, 1000)


@given(t=steps_of_schedules, every=steps_of_schedules, factor=st.floats(0.01, 1))
def test_step_decay_starts_at_one_and_drops_once_every_so_many_steps(t, every, factor):
    decay = schedules.step_decay(every, factor)
    assert decay(1) == decay(every) == 1
    assert decay(t + every) == pytest.approx(decay(t) * factor)
    assert decay(every + 1) == factor


@given(t=steps_of_schedules, t0=steps_of_schedules)
def test_inverse_sqrt_starts_at_one_and_falls_like_one_over_the_root(t, t0):
    decay = schedules.inverse_sqrt(t0)
    assert decay(1) == 1
    assert decay(t) ** 2 * (t0 + t - 1) == pytest.approx(t0)


@given(t=steps_of_schedules, steps=steps_of_schedules)
def test_cosine_falls_from_one_to_zero_symmetrically_and_stays_there(t, steps):
    cosine, k = schedules.cosine(steps), t % steps
    assert cosine(1) == 1
    assert cosine(steps + t) == 0
    assert cosine(1 + k) + cosine(1 + steps - k) == pytest.approx(1)
    assert cosine(1 + k) == pytest.approx(np.cos(np.pi * k / steps / 2) ** 2)


@given(t=steps_of_schedules, steps=steps_of_schedules)
def test_warmup_rises_linearly_then_hands_over(t, steps):
    warmup = schedules.warmup(steps, schedules.inverse_sqrt(7))
    assert warmup(min(t, steps)) == pytest.approx(min(t, steps) / steps)
    assert warmup(steps) == 1
    assert warmup(steps + t) == schedules.inverse_sqrt(7)(t)
    assert schedules.warmup(steps)(steps + t) == schedules.constant()(t) == 1


@given(t=steps_of_schedules, steps=steps_of_schedules)
def test_linear_falls_by_the_same_amount_at_every_step_to_zero(t, steps):
    linear = schedules.linear(steps)
    assert linear(1) == 1
    assert linear(steps + t) == 0
    assert linear(min(t, steps)) - linear(min(t, steps) + 1) == pytest.approx(1 / steps)


@given(t=steps_of_schedules, steps=steps_of_schedules, cooldown=st.floats(0.01, 1))
def test_wsd_stays_at_one_and_then_falls_to_zero_linearly(t, steps, cooldown):
    wsd = schedules.wsd(steps, cooldown)
    assert wsd(1) == 1
    assert wsd(steps + t) == 0
    left = (steps - min(t, steps) + 1) / steps
    assert wsd(min(t, steps)) == (1 if left >= cooldown else pytest.approx(left / cooldown))
    assert schedules.wsd(steps, 1)(t) == pytest.approx(schedules.linear(steps)(t), abs=1e-12)


every_schedule = pytest.mark.parametrize(
    "schedule",
    [schedules.constant(), schedules.step_decay(7), schedules.inverse_sqrt(3), schedules.cosine(40),
     schedules.linear(40), schedules.wsd(40, 0.3), schedules.warmup(9, schedules.cosine(40))],
)  # fmt: skip


@every_schedule
def test_an_array_of_steps_gives_the_factors_of_its_steps(schedule):
    t = np.arange(1, 61).reshape(3, 20)
    assert same_bits(schedule(t), np.vectorize(schedule, otypes=[float])(t))
    assert schedule(t[0].tolist()).shape == (20,)
    assert type(schedule(5)) is type(schedule(5.0)) is type(schedule(np.int64(5))) is float


@every_schedule
@pytest.mark.parametrize("t", [0, -3, 0.5, np.nan, [1, 0], np.inf])
def test_steps_count_from_one(schedule, t):
    with pytest.raises(ValueError, match=r"schedule: t must be in \[1, inf\), got"):
        schedule(t)


def test_schedules_have_defaults():
    assert schedules.step_decay(5)(6) == 0.1
    assert schedules.inverse_sqrt()(4) == 0.5


@pytest.mark.parametrize(
    ("schedule", "name"),
    [
        (schedules.step_decay, "every"),
        (schedules.inverse_sqrt, "t0"),
        (schedules.cosine, "steps"),
        (schedules.linear, "steps"),
        (schedules.wsd, "steps"),
        (schedules.warmup, "steps"),
    ],
)
def test_lengths_of_schedules_are_at_least_one(schedule, name):
    assert schedule(np.int64(5))(1) == schedule(5.0)(1) == schedule(5)(1)
    for value in (0, 0.5, -1, np.nan, np.inf, "5", None, True, [5]):
        with pytest.raises((TypeError, ValueError)) as error:
            schedule(value)
        assert str(error.value) == f"{name} must be in [1, inf), got {value!r}"


@pytest.mark.parametrize("factor", [0, -0.1, 1.1, np.nan, np.inf, "a", None])
@pytest.mark.parametrize(
    ("schedule", "name"), [(schedules.step_decay, "factor"), (schedules.wsd, "cooldown")]
)
def test_factor_of_step_decay_and_cooldown_are_at_most_one(schedule, name, factor):
    message = f"{name} must be in (0, 1], got {factor!r}"
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        schedule(5, factor)


def test_warmup_hands_over_to_a_schedule():
    for wrong in (0.5, schedules.cosine):
        with pytest.raises(TypeError, match=r"then must be a schedule, a function of t, got"):
            schedules.warmup(5, wrong)


# train


class Watched(LeastSquares):
    def batch(self, rows):
        self.batches = [*getattr(self, "batches", []), rows.tolist()]
        return super().batch(rows)


def test_train_sees_every_example_once_an_epoch_and_what_is_left_in_the_last_batch():
    problem = Watched(rng().normal(size=(10, 3)), np.zeros(10))
    train(SGD(), problem, epochs=3, batch_size=4, rng=rng())
    assert [len(batch) for batch in problem.batches] == [4, 4, 2] * 3
    epochs = [sum(map(tuple, problem.batches[i : i + 3]), ()) for i in (0, 3, 6)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len(set(epochs)) == 3


def test_runs_have_stated_lengths_unless_told_otherwise():
    assert len(minimize(SGD(), bowl).x) == 101
    problem = Watched(rng().normal(size=(40, 3)), np.zeros(40))
    assert len(train(SGD(), problem, rng=rng()).x) == 11
    assert [len(batch) for batch in problem.batches] == [32, 8] * 10


@every_rule
def test_train_is_the_loop(cls):
    problem, factor, shuffle = regression(), schedules.inverse_sqrt(2), rng(5)
    rule, x, state, t = cls(lr=0.1), np.ones(3), first_state(cls), 0
    history = train(rule, problem, x, epochs=3, batch_size=4, schedule=factor, rng=rng(5))
    for epoch in range(3):
        assert same_bits(history.x[epoch], x)
        assert same_bits(history.f[epoch], problem(x))
        assert same_bits(history.g[epoch], problem.grad(x))
        rows = shuffle.permutation(10)
        for batch in (rows[:4], rows[4:8], rows[8:]):
            t += 1
            now = replace(rule, lr=0.1 * factor(t))
            x, state = now.step(x, problem.batch(batch).grad(x), state)
    assert same_bits(history.x[3], x)
    assert same_bits(history.f[3], problem(x))
    assert history.state.t.tolist() == [0, 3, 6, 9]
    assert history.x.shape == (4, 3)
    assert history.g.shape == (3, 3)


def test_train_sweeps_over_the_same_minibatches_and_keeps_float32():
    X, y = rng().normal(size=(12, 2)), rng().integers(3, size=12)
    problem, lr = Softmax(X, y), rates(3, 1)
    x0 = np.zeros(6, np.float32)
    sweep = train(Momentum(lr=lr), problem, x0, epochs=4, batch_size=5, rng=rng())
    assert sweep.x.dtype == sweep.f.dtype == sweep.state.m.dtype == np.float32
    for i in range(3):
        run = train(Momentum(lr=lr[i, 0]), problem, x0, epochs=4, batch_size=5, rng=rng())
        assert same_bits(sweep.x[:, i], run.x)
        assert same_bits(sweep.f[:, i], run.f)


def test_train_depends_on_the_seed_alone():
    a, b, c = (train(SGD(), regression(), batch_size=3, rng=rng(seed)).x for seed in (0, 0, 1))
    assert same_bits(a, b)
    assert not np.array_equal(a, c)


def test_train_starts_at_the_problems_start_and_zero_epochs_are_no_step():
    history = train(SGD(), regression(), epochs=0, batch_size=10, rng=rng())
    assert np.array_equal(history.x, regression().x0[np.newaxis])
    assert history.f.shape == (1,)
    assert history.g.shape == (0, 3)


def test_one_batch_of_all_examples_is_a_full_gradient_step():
    history = train(SGD(lr=0.1), regression(), epochs=5, batch_size=10, rng=rng())
    steps = minimize(SGD(lr=0.1), regression(), steps=5)
    np.testing.assert_allclose(history.x, steps.x, rtol=1e-12)


def test_training_that_diverges_is_data_and_no_warning():
    history = train(SGD(lr=1e3), regression(), epochs=100, batch_size=2, rng=rng())
    assert not np.isfinite(history.f[-1])


# Runs in two parts


def joined(first, second, name):
    """A record of two runs in a row, without the point they share."""
    one, two = getattr(first, name), getattr(second, name)
    return np.concatenate([one, two[1:] if len(two) > len(second.g) else two])


@every_rule
@both_dtypes
@pytest.mark.parametrize("problem", [bowl, Noisy(bowl, 0.3)], ids=["exact", "noisy"])
def test_a_run_in_two_parts_is_the_run_in_one(cls, dtype, problem):
    x0, rule = np.array([3.0, 4.0], dtype), cls(lr=rates(3, 1))
    options = {"schedule": schedules.warmup(5, schedules.cosine(30))}
    whole = minimize(rule, problem, x0, steps=25, rng=rng(), **options)
    shared = rng()
    first = minimize(rule, problem, x0, steps=9, rng=shared, **options)
    second = minimize(rule, problem, state=first, steps=16, rng=shared, **options)
    for name in ("x", "f", "g"):
        assert same_bits(joined(first, second, name), getattr(whole, name))
    for ours, theirs in zip(second.last_state, whole.last_state, strict=True):
        assert same_bits(ours, theirs)
    assert second.state.t.tolist() == list(range(9, 26))


@every_rule
def test_training_in_two_parts_is_the_training_in_one(cls):
    options = {"batch_size": 4, "schedule": schedules.cosine(15)}
    whole = train(cls(lr=0.1), regression(), epochs=5, rng=rng(), **options)
    shared = rng()
    first = train(cls(lr=0.1), regression(), epochs=2, rng=shared, **options)
    second = train(cls(lr=0.1), regression(), epochs=3, rng=shared, state=first, **options)
    for name in ("x", "f", "g"):
        assert same_bits(joined(first, second, name), getattr(whole, name))


def test_a_run_may_go_on_from_a_point_and_a_state():
    first = minimize(Adam(), bowl, steps=9)
    ours = minimize(Adam(), bowl, first.x[-1], steps=5, state=first.last_state)
    assert same_bits(ours.x, minimize(Adam(), bowl, steps=5, state=first).x)
    assert same_bits(minimize(Adam(), bowl, [3.0, 4.0], 5, state=first).x[0], [3.0, 4.0])


def test_a_state_may_be_one_of_another_rule_and_is_checked_like_that_of_a_step():
    warm = minimize(AdaGrad(), bowl, steps=9).last_state
    assert minimize(RMSProp(), bowl, steps=3, state=warm).state.t.tolist() == [9, 10, 11, 12]
    for wrong, error, words in [
        ((0, 0, 0), TypeError, "state must be a History or a State, got (0, 0, 0)"),
        (warm._replace(t=-1), ValueError, "state: t must be an integer >= 0, got -1"),
        (warm._replace(v="big"), TypeError, "state: v must be a number or a NumPy array"),
        (warm._replace(v=np.ones(3)), ValueError, "v must be of a shape that broadcasts"),
    ]:
        with pytest.raises(error, match=re.escape(words)):
            minimize(RMSProp(), bowl, state=wrong)


# Mistakes


@dataclass(frozen=True, eq=False)
class Rateless(Optimizer):
    def step(self, x, g, state=State()):
        return x - np.sign(g), State(state.t + 1)


COMMON = [
    (TypeError, "optimizer must be an Optimizer, such as SGD(), got <class", {"optimizer": SGD}),
    (TypeError, "optimizer must be an Optimizer, such as SGD(), got 'sgd'", {"optimizer": "sgd"}),
    (TypeError, "problem must be a Problem with a value and a grad, got", {"problem": np.sin}),
    (TypeError, "problem must be a Problem with a value and a grad, got None", {"problem": None}),
    (TypeError, "x0 must be an array of numbers, got 'here'", {"x0": "here"}),
    (TypeError, "x0 must be an array of numbers, got [1j, 0, 0]", {"x0": [1j, 0, 0]}),
    (TypeError, "x0 must be an array of numbers, got [[1], [1, 2]]", {"x0": [[1], [1, 2]]}),
    (ValueError, "x0 must be of shape (..., 3), got (4,)", {"x0": np.ones(4)}),
    (ValueError, "x0 must be of shape (..., 3), got ()", {"x0": 1.0}),
    (ValueError, "x0 must be finite, got nan", {"x0": [1, np.nan, 0]}),
    (TypeError, "schedule must be a function from t to a factor on lr, got 0.5", {"schedule": 0.5}),
    (TypeError, "schedule must be a function from t to a factor on lr, got <function",
     {"optimizer": Rateless(), "schedule": schedules.constant()}),
    (ValueError, "schedule(1) must be a number in [0, inf), got -1", {"schedule": lambda t: -1}),
    (ValueError, "lr must be of a shape that broadcasts against that of x, (3,), got (4,)",
     {"optimizer": SGD(lr=np.ones(4))}),
    (ValueError, "lr must be of a shape that broadcasts against that of x, (2, 3), got (5, 1)",
     {"optimizer": SGD(lr=np.ones((5, 1))), "x0": np.ones((2, 3))}),
    (TypeError, "rng must be a numpy.random.Generator, got 0", {"rng": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("error", "message", "change"), COMMON)
@pytest.mark.parametrize("run", [minimize, train])
def test_illegal_runs_are_named(run, error, message, change):
    call = {"optimizer": SGD(), "problem": regression(40), "rng": rng()} | change
    with pytest.raises(error, match=re.escape(message)):
        run(**call)


def test_sweeps_must_fit_each_other():
    optimizer = Momentum(lr=np.ones((2, 1)), momentum=np.zeros((3, 1)))
    with pytest.raises(
        ValueError, match=r"momentum must be of a shape that broadcasts .*, got \(3, 1\)"
    ):
        minimize(optimizer, Quadratic(eigenvalues=[1.0]))


@pytest.mark.parametrize(
    ("run", "name", "legal", "illegal"),
    [
        (minimize, "steps", "an integer >= 0", [-1]),
        (train, "epochs", "an integer >= 0", [-1]),
        (train, "batch_size", "an integer in [1, 40]", [0, 41, -1]),
    ],
)
def test_counts_are_integers_in_range(run, name, legal, illegal):
    call = {"optimizer": SGD(), "problem": regression(40), "rng": rng()}
    for value in (*illegal, 1.5, "3", None, True, [1]):
        with pytest.raises((TypeError, ValueError), match=re.escape(f"{name} must be {legal}")):
            run(**call, **{name: value})
    run(**call, **{name: np.int64(1)})


def test_unknown_arguments_are_errors():
    with pytest.raises(TypeError, match="unexpected keyword argument 'iterations'"):
        minimize(SGD(), bowl, iterations=5)


@pytest.mark.parametrize("problem", [Noisy(bowl), Minibatch(regression(), 2)])
def test_noise_needs_a_generator(problem):
    with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator, got None"):
        minimize(SGD(), problem)


def test_minibatches_need_a_generator_and_a_finite_sum():
    with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator, got None"):
        train(SGD(), regression(40))
    with pytest.raises(TypeError, match=r"problem must be a finite sum, .* got Quadratic"):
        train(SGD(), bowl, rng=rng())


# Progress


def use_tqdm(monkeypatch, tqdm):
    module = None if tqdm is None else type(sys)("tqdm.auto")
    if module:
        module.tqdm = tqdm
    monkeypatch.setitem(sys.modules, "tqdm.auto", module)


def test_progress_counts_steps_and_epochs(monkeypatch):
    bars = []

    def tqdm(steps, **options):
        bars.append((list(steps), options))
        return steps

    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    use_tqdm(monkeypatch, tqdm)
    minimize(SGD(), bowl, steps=3)
    train(SGD(), regression(), epochs=2, batch_size=5, rng=rng())
    options = {"delay": 2, "leave": False}
    assert bars == [([1, 2, 3], options), ([1, 2], options)]


@pytest.mark.parametrize("disabled", [True, False])
def test_progress_is_silent_when_disabled_or_without_tqdm(monkeypatch, capfd, disabled):
    def tqdm(*args, **options):
        raise AssertionError("a progress bar, though TQDM_DISABLE is set")

    monkeypatch.setenv("TQDM_DISABLE", "1") if disabled else monkeypatch.delenv(
        "TQDM_DISABLE", False
    )
    use_tqdm(monkeypatch, tqdm if disabled else None)
    assert len(minimize(SGD(), bowl, steps=3).x) == 4
    assert capfd.readouterr() == ("", "")


def test_short_runs_show_no_progress(monkeypatch, capfd):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    minimize(SGD(), bowl, steps=100)
    assert capfd.readouterr() == ("", "")

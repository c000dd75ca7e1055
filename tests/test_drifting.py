"""What a drifting problem promises: the gradient of the moment, common noise, and its excess."""

import numpy as np
import pytest

from optlib import SGD, AdaGrad, minimize
from optlib.problems.base import Quadratic
from optlib.problems.stochastic import Drifting, Noisy

BOWL = Quadratic(eigenvalues=(1.0, 4.0))
JUMPS = np.array([[0.0, 0.0], [3.0, -1.0]])


def jump(t):
    return JUMPS[int(t > 2)]


def test_a_problem_that_never_moves_is_the_problem():
    noisy, start = Noisy(BOWL, 0.3), np.ones((2, 2))
    still, moving = (
        minimize(AdaGrad(lr=0.5), problem, start, steps=9, rng=np.random.default_rng(1))
        for problem in (noisy, Drifting(noisy))
    )
    assert np.array_equal(still.x, moving.x)
    assert np.array_equal(still.f, moving.f)


def test_gradient_is_scaled_and_taken_around_the_center_of_the_step():
    drifting = Drifting(Noisy(BOWL, 0.5), jump, scale=lambda t: 10.0**t)
    for t in (2, 3):
        x, rng = np.array([2.0, 1.0]), np.random.default_rng(t)
        noise = np.random.default_rng(t).standard_normal(2)
        expected = 10.0**t * (np.array([1.0, 4.0]) * (x - jump(t)) + 0.5 * noise)
        assert drifting.grad(x, drifting.sample(rng, t, (2,))) == pytest.approx(expected)


def test_gradient_without_a_step_is_that_at_rest():
    x = np.array([2.0, 1.0])
    assert np.array_equal(Drifting(BOWL, jump, lambda t: 7.0).grad(x), BOWL.grad(x))


def test_excess_is_measured_from_the_minimum_of_each_step():
    drifting = Drifting(BOWL, jump)
    history = minimize(SGD(lr=0.25), drifting, [3.0, -1.0], steps=4, rng=np.random.default_rng(0))
    excess = drifting.excess(history.x)
    assert excess.shape == (4,)
    for t in range(1, 5):
        assert excess[t - 1] == BOWL(history.x[t - 1] - jump(t))


def test_excess_of_a_diverging_run_is_infinite_without_a_warning():
    drifting = Drifting(BOWL, jump)
    history = minimize(SGD(lr=9.0), drifting, steps=300, rng=np.random.default_rng(0))
    assert not np.isfinite(drifting.excess(history.x)[-1])


def test_float32_stays_float32():
    drifting = Drifting(Noisy(BOWL), jump, scale=lambda t: np.float64(2))
    start = np.ones(2, np.float32)
    history = minimize(SGD(lr=0.1), drifting, start, steps=4, rng=np.random.default_rng(0))
    assert history.x.dtype == history.g.dtype == np.float32


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"problem": "bowl"}, "problem must be a Problem at rest, got 'bowl'"),
        ({"problem": Drifting(BOWL)}, "problem must be a Problem at rest, got Drifting"),
        ({"problem": BOWL, "center": 3.0}, "center must be a function of t, got 3.0"),
        ({"problem": BOWL, "scale": None}, "scale must be a function of t, got None"),
    ],
)
def test_illegal_arguments_are_named(arguments, words):
    with pytest.raises(TypeError, match=words):
        Drifting(**arguments)

"""The exact mean loss of SGD on a noisy bowl: against runs, and against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optlib import SGD, Noisy, Quadratic, minimize
from optlib.problems import expected_loss
from optlib.schedules import linear

BOWL = np.array([0.05, 0.3, 1.0])


def test_it_is_the_mean_of_many_runs_and_of_their_averages():
    noisy = Noisy(Quadratic(eigenvalues=BOWL), 0.7)
    run = minimize(SGD(0.4), noisy, np.full((20_000, 3), 2.0), 40, linear(40),
                   np.random.default_rng(0))  # fmt: skip
    losses, averaged = expected_loss(BOWL, 0.4, 40, linear(40), start=2.0, sigma=0.7)
    error = run.f.std(axis=1) / 20_000**0.5
    assert np.all(np.abs(run.f.mean(axis=1) - losses) <= 4 * error + 1e-12)
    f = noisy(run.x[21:].mean(axis=0))
    assert abs(f.mean() - averaged) <= 4 * f.std() / 20_000**0.5


@given(rate=st.floats(0.05, 1.9), sigma=st.floats(0, 3))
def test_a_constant_rate_ends_on_its_floor(rate, sigma):
    losses, _ = expected_loss([1.0], rate, 400, sigma=sigma)
    assert losses[-1] == pytest.approx(rate * sigma**2 / (2 - rate) / 2, abs=1e-9)


def test_runs_beside_each_other_are_runs_alone():
    together, averages = expected_loss(BOWL, [0.1, 0.5], 30, tail=0.2)
    for k, rate in enumerate((0.1, 0.5)):
        alone, averaged = expected_loss(BOWL, rate, 30, tail=0.2)
        assert np.array_equal(together[:, k], alone)
        assert averages[k] == averaged


@pytest.mark.parametrize(
    ("name", "legal", "arguments"),
    [
        ("eigenvalues", r"\[0, inf\)", ([-1.0], 0.1, 5)),
        ("lr", r"\[0, inf\)", ([1.0], -0.1, 5)),
        ("steps", "an integer >= 1", ([1.0], 0.1, 0)),
        ("tail", r"in \(0, 1\]", ([1.0], 0.1, 5, None, 1.0, 1.0, 0)),
    ],
)
def test_what_is_illegal_is_named(name, legal, arguments):
    with pytest.raises(ValueError, match=rf"expected_loss: {name} must be .*{legal}"):
        expected_loss(*arguments)

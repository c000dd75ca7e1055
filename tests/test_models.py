"""The networks: their gradients are those of their values, and a stack of networks never mixes."""

import numpy as np
import pytest

from optlib import SGD, LeastSquares, train
from optlib.problems import finite_sums
from optlib.problems.finite_sums import LARGE, value_and_gradient
from optlib.problems.models import MLP, VAE, CharacterModel

RNG = np.random.default_rng(0)
PICTURES, LABELS = RNG.random((7, 5)), RNG.integers(0, 3, 7)
MODELS = (
    MLP(PICTURES, LABELS, hidden=4, l2=0.1, classes=3),
    CharacterModel(RNG.integers(0, 6, (7, 3)), RNG.integers(0, 6, 7), 6, 2, 4, l2=0.1),
    VAE(PICTURES, hidden=6, latent=2),
)
by_name = pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)


def noise_of(model, x, rng):
    return (model.sample(rng, 1, x.shape),) if hasattr(model, "sample") else ()


@by_name
def test_gradient_is_the_slope_of_the_value(model):
    rng = np.random.default_rng(1)
    x = model.start(rng) + 0.1 * rng.standard_normal(model.dim)
    xi, steps = noise_of(model, x, rng), 1e-5 * np.eye(model.dim)
    slopes = (model(x + steps, *xi) - model(x - steps, *xi)) / 2e-5
    np.testing.assert_allclose(model.grad(x, *xi), slopes, atol=1e-8)


@by_name
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("large", [1, LARGE], ids=["one by one", "at once"])
def test_networks_of_a_stack_are_bitwise_what_they_are_alone(model, dtype, large, monkeypatch):
    monkeypatch.setattr(finite_sums, "LARGE", large)
    rng = np.random.default_rng(2)
    points = np.stack([model.start(rng) for _ in range(6)]).astype(dtype)
    values, gradients = np.stack([model(x) for x in points]), np.stack([*map(model.grad, points)])
    stack = points.reshape(3, 2, -1)
    for value, gradient in ((model(stack), model.grad(stack)), value_and_gradient(model, stack)):
        assert value.dtype == gradient.dtype == dtype
        np.testing.assert_array_equal(value, values.reshape(3, 2))
        np.testing.assert_array_equal(gradient, gradients.reshape(stack.shape))


def test_a_gradient_of_ones_own_is_the_one_that_is_used():
    class Clipped(LeastSquares):
        def grad(self, x):
            return np.clip(super().grad(x), -1, 1)

    value, gradient = value_and_gradient(Clipped(PICTURES, 100 * LABELS), np.zeros(5))
    assert (value > 1000, *gradient) == (True, -1, -1, -1, -1, -1)


@by_name
def test_full_gradient_is_the_mean_over_single_examples(model):
    rng = np.random.default_rng(3)
    x = model.start(rng)
    singles = [model.batch([i]).grad(x) for i in range(model.n)]
    np.testing.assert_allclose(np.mean(singles, axis=0), model.grad(x), atol=1e-12)


@by_name
def test_start_has_the_stated_variance_and_no_bias(model):
    starts = np.stack([model.start(np.random.default_rng(seed)) for seed in range(400)])
    for i, array in enumerate(model.arrays(starts)):
        if array.ndim == 2:
            assert not array.any()
        else:
            embedding = isinstance(model, CharacterModel) and i == 0
            variance = 1 if embedding else model.gain / array.shape[-2]
            assert np.var(array) == pytest.approx(variance, rel=0.15)


@by_name
def test_training_lowers_the_loss(model):
    x0 = model.start(np.random.default_rng(4))
    history = train(SGD(lr=0.1), model, x0, epochs=30, batch_size=3, rng=np.random.default_rng(5))
    assert history.f[-1] < 0.99 * history.f[0]


def test_training_draws_new_codes_at_every_step():
    model, x0 = MODELS[-1], MODELS[-1].start(np.random.default_rng(6))
    runs = [train(SGD(), model, x0, 2, 7, rng=np.random.default_rng(seed)) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(runs[0].x, runs[1].x)
    assert not np.allclose(runs[0].x[-1], runs[2].x[-1], rtol=1e-6, atol=0)


def test_noise_of_the_code_matters_and_has_one_draw_a_picture():
    model = MODELS[-1]
    x = model.start(np.random.default_rng(6))
    xi = model.sample(np.random.default_rng(7), 1, (4, model.dim))
    assert xi.shape == (4, model.n, model.latent)
    assert not np.array_equal(model.grad(x, xi[0]), model.grad(x))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MLP(PICTURES, LABELS, hidden=0), "MLP: hidden must be an integer >= 1, got 0"),
        (lambda: VAE(2 * np.ones((2, 2))), r"VAE: X must be in \[0, 1\], got 2.0"),
        (lambda: VAE(PICTURES, latent=0), "VAE: latent must be an integer >= 1, got 0"),
        (lambda: CharacterModel([[0, 7]], [0], 3), r"X must be integers in \[0, 2\], got 7"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()

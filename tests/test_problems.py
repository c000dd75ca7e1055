"""What the problems promise: gradients, minima, curvature, noise, and runs that never mix."""

import itertools
import re
from fractions import Fraction
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from optlib import minimize, trace
from optlib.optimizers import Momentum
from optlib.problems import base, finite_sums, landscapes, stochastic
from optlib.problems.base import PiecewiseQuadratic, Problem, Quadratic
from optlib.problems.finite_sums import LeastSquares, Logistic, Softmax
from optlib.problems.landscapes import LANDSCAPES
from optlib.problems.stochastic import Drifting, Minibatch, Noisy

RNG = np.random.default_rng(0)
X = RNG.standard_normal((23, 9))
LABELS = RNG.integers(0, 3, 23)
MIXED = np.linalg.qr(RNG.standard_normal((9, 9)))[0]

BOWL = Quadratic(MIXED @ np.diag(np.arange(1.0, 10.0)) @ MIXED.T)
REGRESSION = LeastSquares(X, X @ np.arange(9.0) + RNG.standard_normal(23))
RIDGE = LeastSquares(X[:4], LABELS[:4], l2=0.3)
SUMS = [
    REGRESSION,
    RIDGE,
    Logistic(X, LABELS > 0, l2=0.1),
    Softmax(X[:, :3], LABELS, l2=0.1),
]
TRACEABLE = [*LANDSCAPES.values(), PiecewiseQuadratic(), BOWL]
PROBLEMS = [
    *TRACEABLE,
    *SUMS,
    Noisy(REGRESSION, 0.5),
    Minibatch(SUMS[2], 4),
    Drifting(BOWL),
]
SOLVED = [problem for problem in PROBLEMS if problem.minimizers is not None]


def name(problem):
    """An id without addresses: every process must collect the same tests."""
    return re.sub(r" at 0x\w+", "", repr(problem))


each_problem = pytest.mark.parametrize("problem", PROBLEMS, ids=name)
each_solved = pytest.mark.parametrize("problem", SOLVED, ids=name)
each_sum = pytest.mark.parametrize("problem", SUMS, ids=name)


NEAR = st.floats(-4, 4)


def points(problem, runs=(), dtype=np.float64, elements=NEAR):
    return arrays(dtype, (*runs, problem.dim), elements=elements)


def same_bits(a, b):
    a, b = (np.where(np.isnan(v), np.nan, v).astype(v.dtype) for v in (a, b))
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def complex_step(f, x):
    """By the complex step, exact to rounding, with the check that refuses complex points away."""
    with mock.patch.object(Problem, "_points", lambda self, x: np.asarray(x)):
        return np.array([f(x + 1e-200j * axis).imag for axis in np.eye(len(x))]) / 1e-200


def central_differences(f, x):
    """For what takes no complex numbers; good to about seven digits."""
    return np.array([f(x + axis) - f(x - axis) for axis in 1e-5 * np.eye(len(x))]) / 2e-5


def test_every_problem_class_is_in_the_table():
    modules = (base, landscapes, stochastic, finite_sums)
    defined = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Problem)
    }
    abstract = {Problem, base.Landscape, stochastic.Stochastic, finite_sums.FiniteSum}
    assert defined - abstract == {type(problem) for problem in PROBLEMS}


@each_problem
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_gradient_is_the_derivative_of_the_value(problem, data):
    x = data.draw(points(problem))
    try:
        expected = pytest.approx(complex_step(problem, x), rel=1e-11, abs=1e-11)
    except TypeError:
        expected = pytest.approx(central_differences(problem, x), rel=1e-7, abs=1e-7)
    assert problem.grad(x) == expected


@each_solved
def test_stated_minimizers_are_stationary_and_take_the_stated_value(problem):
    assert problem.minimizers.shape[1:] == (problem.dim,)
    assert problem.grad(problem.minimizers) == pytest.approx(0, abs=1e-12)
    assert problem(problem.minimizers) == pytest.approx(problem.f_min, abs=1e-14)


@each_solved
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_no_value_is_below_the_stated_minimum(problem, data):
    assert problem(data.draw(points(problem))) >= problem.f_min


@each_problem
def test_default_start_and_window_fit_the_problem(problem):
    assert problem.x0.shape == (problem.dim,)
    assert np.all(np.isfinite(problem.x0))
    if problem.bounds is not None:
        low, high = np.transpose(problem.bounds)
        shown = np.array([*problem.minimizers, problem.x0])
        assert np.all((low < shown) & (shown < high))


@each_problem
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_stack_equals_its_points_bit_for_bit(problem, dtype, data):
    """Also where runs diverge, and however the stack lies in memory."""
    anything = st.floats(width=dtype().itemsize * 8) | st.floats(-4, 4, width=16)
    stack = data.draw(points(problem, (3, 2), dtype, anything))
    layouts = (stack, np.asfortranarray(stack), np.repeat(stack, 2, axis=-1)[..., ::2])
    with np.errstate(all="ignore"):
        for function in (problem, problem.grad):
            alone = np.array([[function(x) for x in row] for row in stack])
            assert all(same_bits(function(layout), alone) for layout in layouts)


@each_problem
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_large_stack_equals_its_points_bit_for_bit(problem, dtype):
    rng = np.random.default_rng(5)
    scale = 10 ** rng.uniform(-8, 8, (100, 1))
    stack = (scale * rng.standard_normal((100, problem.dim))).astype(dtype)
    with np.errstate(all="ignore"):
        assert same_bits(problem(stack), np.array([problem(x) for x in stack]))
        assert same_bits(problem.grad(stack), np.array([problem.grad(x) for x in stack]))


@each_problem
def test_precision_is_kept_and_inputs_are_not_changed(problem):
    for dtype, kept in ((np.float32, np.float32), (np.float64, np.float64), (int, np.float64)):
        x = np.ones((2, problem.dim), dtype)
        assert problem(x).dtype == problem.grad(x).dtype == kept
        assert problem(x).shape == (2,)
        assert problem.grad(x).shape == x.shape
        assert np.all(x == 1)


@pytest.mark.parametrize("problem", TRACEABLE, ids=name)
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_traced_program_computes_the_value_and_the_gradient(problem, data):
    x = data.draw(points(problem))
    outputs = trace(problem)(**{f"x{i}": value for i, value in enumerate(x)})
    g = [outputs[f"g{i}"] for i in range(problem.dim)]
    assert outputs["f"] == pytest.approx(problem(x), rel=1e-12, abs=1e-12)
    assert g == pytest.approx(problem.grad(x), rel=1e-12, abs=1e-11)


def test_points_of_fractions_stay_exact():
    slope = PiecewiseQuadratic().grad(np.array([Fraction(792, 1225)]))
    assert slope.tolist() == [Fraction(792, 49)]


def test_fields_are_read_only():
    for array in (BOWL.matrix, BOWL.x0, BOWL.minimizers, BOWL.eigenvalues, REGRESSION.X):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


# Curvature


@pytest.mark.parametrize("bowl", [BOWL, LANDSCAPES["Quadratic"]], ids=["matrix", "turned"])
def test_eigenvectors_diagonalize_the_bowl(bowl):
    assert bowl.matrix @ bowl.eigenvectors == pytest.approx(bowl.eigenvectors * bowl.eigenvalues)
    assert bowl.eigenvectors.T @ bowl.eigenvectors == pytest.approx(np.eye(bowl.dim))
    assert np.linalg.eigvalsh(bowl.matrix) == pytest.approx(np.sort(bowl.eigenvalues))


def test_eigenvalues_of_a_bowl_are_those_asked_for():
    assert BOWL.eigenvalues == pytest.approx(np.arange(1, 10))
    assert pytest.approx(9) == BOWL.condition_number
    bowl = Quadratic(eigenvalues=(25, 1), angle=0.3)
    assert list(bowl.eigenvalues) == [25, 1]
    assert list(bowl.x0) == [1, 1]
    assert bowl.condition_number == 25
    assert bowl.eigenvectors[:, 0] == pytest.approx([np.cos(0.3), np.sin(0.3)])


def test_singular_bowl_has_infinite_condition_number():
    assert Quadratic(eigenvalues=(0, 1)).condition_number == np.inf
    assert Quadratic(np.ones((3, 3))).condition_number == np.inf


def test_piecewise_quadratic_has_the_published_derivative():
    x = np.linspace(-3, 5, 161)
    published = np.select([x < 1, x < 2], [25 * x, x + 24], 25 * x - 24)
    assert PiecewiseQuadratic().grad(x[:, np.newaxis])[:, 0] == pytest.approx(published, abs=1e-13)


def test_tuned_heavy_ball_cycles_on_the_piecewise_quadratic():
    history = minimize(Momentum(lr=1 / 9, momentum=4 / 9), PiecewiseQuadratic(), steps=900)
    cycle = np.sort(history.x[-3:, 0])
    assert cycle == pytest.approx(np.array([-2208, 792, 2592]) / 1225, rel=1e-12)


def test_double_well_has_a_saddle_at_the_origin():
    well = LANDSCAPES["DoubleWell"]
    assert np.all(well.grad([0, 0]) == 0)
    curvature = [complex_step(lambda x, i=i: well.grad(x)[i], np.zeros(2)) for i in (0, 1)]
    assert np.linalg.eigvalsh(curvature) == pytest.approx([-4, 2])


@settings(deadline=None, max_examples=50)
@given(x=points(RIDGE))
def test_least_squares_is_the_bowl_of_its_hessian(x):
    for problem in (REGRESSION, RIDGE):
        away = x - problem.minimizers[0]
        bowl = problem.f_min + Quadratic(problem.hessian)(away)
        assert problem(x) == pytest.approx(bowl, rel=1e-10)
        assert problem.eigenvalues == pytest.approx(Quadratic(problem.hessian).eigenvalues)


# Finite sums


def test_margins_of_any_size_give_the_limits_of_logistic_regression():
    problem = Logistic([[1.0]], [1])
    assert problem([[-1e6], [0], [800]]) == pytest.approx([1e6, np.log(2), 0])
    assert problem.grad([[-1e6], [0], [800]])[:, 0] == pytest.approx([-1, -0.5, 0])
    assert problem([30.0]) == pytest.approx(np.exp(-30.0), rel=1e-12)  # 1 + exp(-30) would lose it


def test_softmax_with_two_classes_is_logistic_regression():
    labels = LABELS > 0
    logistic, softmax = Logistic(X, labels), Softmax(X, labels)
    x = RNG.standard_normal((5, 9)) * 300
    both = np.stack([0 * x, x], axis=-1).reshape(5, -1)
    assert softmax(both) == pytest.approx(logistic(x), rel=1e-12)
    assert softmax.grad(both)[:, 1::2] == pytest.approx(logistic.grad(x), abs=1e-12)
    assert np.array_equal(softmax.error(both), logistic.error(x))
    assert 0 < logistic.error(x).min() < logistic.error(x).max() < 1


def test_softmax_starts_at_chance_and_can_leave_classes_out():
    problem = Softmax(X, LABELS % 2, classes=7)
    assert problem.dim == 9 * 7
    assert problem(problem.x0) == pytest.approx(np.log(7))
    assert problem.error(problem.x0) == np.mean(LABELS % 2 != 0)


@each_sum
def test_mean_over_single_examples_is_the_full_gradient(problem):
    x = RNG.standard_normal(problem.dim)
    singles = problem.batch(np.arange(problem.n)[:, np.newaxis])
    assert singles.grad(x).shape == (problem.n, problem.dim)
    assert singles.grad(x).mean(axis=0) == pytest.approx(problem.grad(x), abs=1e-13)
    assert singles(x).mean() == pytest.approx(problem(x))


@each_sum
@pytest.mark.parametrize("replace", [True, False])
def test_covariance_of_minibatch_gradients(problem, replace):
    """S / B over all batches, times (n - B) / (n - 1) without replacement."""
    n, size = 4, 2
    problem = problem.batch(np.arange(n))
    x = RNG.standard_normal(problem.dim)
    single = np.cov(problem.batch([[0], [1], [2], [3]]).grad(x).T, ddof=0)
    pairs = itertools.product(range(n), range(n))
    batches = [(i, j) for i, j in pairs if replace or i != j]
    gradients = problem.batch(batches).grad(x)
    factor = 1 if replace else (n - size) / (n - 1)
    assert gradients.mean(axis=0) == pytest.approx(problem.grad(x), abs=1e-13)
    assert np.cov(gradients.T, ddof=0) == pytest.approx(single / size * factor, abs=1e-12)


@each_sum
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_runs_on_their_own_batches_equal_single_runs_bit_for_bit(problem, dtype):
    noisy = Minibatch(problem, batch_size=4)
    x = RNG.standard_normal((5, problem.dim)).astype(dtype)
    rows = noisy.sample(RNG, 1, x.shape)
    alone = np.array([problem.batch(r).grad(p) for r, p in zip(rows, x, strict=True)])
    assert same_bits(noisy.grad(x, rows), alone)
    shared = np.array([problem.batch(rows[0]).grad(p) for p in x])
    assert same_bits(noisy.grad(x, rows[0]), shared)


@pytest.mark.parametrize("replace", [True, False])
def test_minibatches_hold_every_row_equally_often(replace):
    rows = Minibatch(REGRESSION, 10, replace).sample(np.random.default_rng(1), 1, (4000, 9))
    counts = np.bincount(rows.ravel(), minlength=23)
    expected = 4000 * 10 / 23
    assert rows.shape == (4000, 10)
    assert len(counts) == 23
    assert counts == pytest.approx(expected, abs=5 * np.sqrt(expected))
    assert np.any(np.diff(np.sort(rows, axis=-1), axis=-1) == 0) == replace


# Noise


@pytest.mark.parametrize(("df", "variance"), [(np.inf, 1), (9, 9 / 7)])
def test_noise_has_mean_zero_and_the_stated_variance(df, variance):
    noisy = Noisy(BOWL, sigma=3, df=df)
    x = np.ones(9)
    noise = noisy.grad(x, noisy.sample(np.random.default_rng(2), 1, (40_000, 9))) - noisy.grad(x)
    assert noise.mean() == pytest.approx(0, abs=5 * 3 * np.sqrt(variance / noise.size))
    assert noise.var() == pytest.approx(9 * variance, rel=0.02)
    assert np.cov(noise.T) == pytest.approx(9 * variance * np.eye(9), abs=0.35)


def test_heavy_tails_have_the_quartiles_of_student():
    """Half of the noise lies within sigma for df = 1, within sigma sqrt(2/3) for df = 2."""
    for df, quartile in ((1, 1), (2, np.sqrt(2 / 3))):
        xi = Noisy(BOWL, df=df).sample(np.random.default_rng(3), 1, (100_000,))
        assert np.median(abs(xi)) == pytest.approx(quartile, rel=0.02)


def test_noise_sweeps_over_sigma_and_keeps_float32():
    sigmas = np.array([[0.0], [0.1], [2.0]])
    x, xi = np.ones((3, 9)), RNG.standard_normal(9)
    sweep = Noisy(BOWL, sigmas).grad(x, xi)
    alone = [Noisy(BOWL, sigma.item()).grad(x[0], xi) for sigma in sigmas]
    assert same_bits(sweep, np.array(alone))
    assert sweep == pytest.approx(BOWL.grad(x) + sigmas * xi)
    assert Noisy(BOWL).grad(np.ones(9, np.float32), xi).dtype == np.float32


def test_same_seed_gives_the_same_noise_and_each_start_its_own():
    for problem in (Noisy(REGRESSION), Minibatch(REGRESSION, 5), Minibatch(REGRESSION, 5, False)):
        first, again = (problem.sample(np.random.default_rng(4), 1, (2, 9)) for _ in range(2))
        assert np.array_equal(first, again)
        assert not np.array_equal(first[0], first[1])


# Errors: each names the argument, what is legal, and what was given

BAD_INPUT = [
    (lambda: Quadratic(), TypeError, r"matrix or eigenvalues must be given, got \(None, None\)"),
    (lambda: Quadratic(np.eye(2), eigenvalues=(1, 2)), TypeError, r"must be given, got \(array"),
    (lambda: Quadratic([[1, 2], [0, 1]]), ValueError, "matrix must be symmetric"),
    (lambda: Quadratic([[1, 2, 3]]), ValueError, "matrix must be symmetric"),
    (
        lambda: Quadratic([1, 2]),
        ValueError,
        r"matrix must be of a shape with 2 non-empty axes, got \(2,\)",
    ),
    (lambda: Quadratic([[np.nan]]), ValueError, r"matrix must be in \(-inf, inf\), got nan"),
    (lambda: Quadratic([[0, 1], [1, 0]]), ValueError, r"eigenvalues must be in \[0, inf\), got -1"),
    (lambda: Quadratic(eigenvalues=(1, -2)), ValueError, r"in \[0, inf\), got -2"),
    (
        lambda: Quadratic(eigenvalues="ab"),
        TypeError,
        "eigenvalues must be .* array of numbers .*, got 'ab'",
    ),
    (
        lambda: Quadratic(eigenvalues=(1, 2, 3), angle=1),
        ValueError,
        "angle must be 0 but in the plane, got 1",
    ),
    (
        lambda: Quadratic(eigenvalues=(1, 2), angle=np.inf),
        ValueError,
        r"angle must be in \(-inf, inf\), got inf",
    ),
    (lambda: BOWL([1.0, 2.0]), ValueError, r"x must be of shape \(..., 9\), got \(2,\)"),
    (lambda: BOWL.grad(3.0), ValueError, r"x must be of shape \(..., 9\), got \(\)"),
    (lambda: BOWL("abc"), TypeError, "x must be an array of numbers, got"),
    (
        lambda: LeastSquares([[1, 2], [3]], [1, 2]),
        TypeError,
        "X must be a number or an array of numbers .*, got",
    ),
    (
        lambda: LeastSquares([1, 2], [1, 2]),
        ValueError,
        "X must be of a shape with 2 non-empty axes",
    ),
    (lambda: LeastSquares(np.empty((0, 2)), []), ValueError, r"got \(0, 2\)"),
    (lambda: LeastSquares(X, [1, 2]), ValueError, r"y must be of shape \(23,\), got \(2,\)"),
    (lambda: LeastSquares([[np.inf]], [1]), ValueError, r"X must be in \(-inf, inf\), got inf"),
    (lambda: LeastSquares([[1]], [1j]), TypeError, "y must be a number or an array of numbers"),
    (lambda: LeastSquares([[1]], [1], l2=-1), ValueError, r"l2 must be in \[0, inf\), got -1"),
    (lambda: LeastSquares([[1]], [1], l2=None), TypeError, "l2 must be a number .*, got None"),
    (lambda: Logistic([[1], [2]], [-1, 1]), ValueError, r"y must be integers in \[0, 1\], got -1"),
    (lambda: Softmax([[1], [2]], [0, 0.5]), ValueError, r"integers in \[0, 0\], got 0.5"),
    (lambda: Softmax([[1], [2]], [0, 2], classes=2), ValueError, r"in \[0, 1\], got 2"),
    (lambda: Softmax([[1]], [0], classes=0), ValueError, "classes must be an integer >= 1, got 0"),
    (lambda: Softmax([[1]], [0], classes=2.5), TypeError, "an integer >= 1, got 2.5"),
    (lambda: REGRESSION.batch([0.5]), TypeError, r"rows must be .* integers in \[0, 23\), got"),
    (lambda: REGRESSION.batch(X[:, 0] > 0), TypeError, "rows must be an array of integers"),
    (lambda: REGRESSION.batch(3), ValueError, r"rows must be of shape .* B >= 1, got \(\)"),
    (lambda: REGRESSION.batch(np.arange(0)), ValueError, r"B >= 1, got \(0,\)"),
    (lambda: REGRESSION.batch([23]), IndexError, "23 is out of bounds"),
    (lambda: Noisy(BOWL, sigma=-1), ValueError, r"sigma must be in \[0, inf\), got -1"),
    (lambda: Noisy(BOWL, sigma=np.nan), ValueError, r"sigma must be in \[0, inf\), got nan"),
    (lambda: Noisy(BOWL, df=0), ValueError, r"df must be a number in \(0, inf\], got 0"),
    (lambda: Noisy(BOWL, df="3"), ValueError, "df must be a number in .*, got '3'"),
    (lambda: Noisy(np.sin), TypeError, "problem must be a Problem without noise, got <ufunc"),
    (lambda: Noisy(Noisy(BOWL)), TypeError, r"without noise, got Noisy\(problem=Quadratic"),
    (lambda: Minibatch(BOWL, 2), TypeError, "problem must be a finite sum, got Quadratic"),
    (lambda: Minibatch(REGRESSION, 0), ValueError, "batch_size must be an integer >= 1, got 0"),
    (lambda: Minibatch(REGRESSION, 24, False), ValueError, r"an integer in \[1, 23\], got 24"),
    (lambda: Minibatch(REGRESSION, 2.0), TypeError, "batch_size must be an integer >= 1, got 2.0"),
    (lambda: Minibatch(REGRESSION, 2, replace=1), TypeError, "must be True or False, got 1"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD_INPUT)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()

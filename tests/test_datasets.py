"""The data that come with optlib are what their README says, and as ill-conditioned as we need."""

from importlib.resources import files

import numpy as np
import pytest

from optlib.datasets import load_cifar10, load_diamonds, load_digits, load_text, standardize
from optlib.problems.finite_sums import LeastSquares

LOADERS = {"digits": load_digits, "diamonds": load_diamonds, "cifar10": load_cifar10}
each_set = pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)


@each_set
def test_every_example_is_a_row_of_finite_numbers_with_a_target(load):
    X, y = load()
    assert X.dtype == np.float64
    assert X.shape[:-1] == y.shape
    assert np.all(np.isfinite(X))
    assert np.all(np.isfinite(y))


@each_set
def test_changing_what_was_loaded_changes_no_later_load(load):
    first = load()
    first.X[:] = first.y[:] = -1
    assert np.any(load().X != -1)
    assert np.any(load().y != -1)


def test_digits_are_the_uci_test_images():
    """Its 1797 images of 8 by 8 pixels, 0 ... 16, with the class counts that UCI states."""
    digits = load_digits()
    assert digits.X.shape == (1797, 64)
    assert set(np.unique(16 * digits.X)) == set(range(17))
    assert list(np.bincount(digits.y)) == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_digit_pixels_run_row_by_row():
    """A one is an upright stroke: in the mean one, every row has its most ink in the middle."""
    digits = load_digits()
    one = digits.X[digits.y == 1].mean(axis=0).reshape(8, 8)
    assert set(one.argmax(axis=1)) <= {3, 4}


def test_photographs_have_as_many_of_each_class_as_the_readme_says():
    photographs = load_cifar10()
    assert photographs.X.shape == (5000, 768)
    assert photographs.X.min() >= 0
    assert photographs.X.max() <= 1
    assert list(np.bincount(photographs.y[:4000])) == 10 * [400]
    assert list(np.bincount(photographs.y[4000:])) == 10 * [100]


def test_pixels_of_photographs_run_row_by_row_with_their_colors_together():
    """Skies are blue: above, airplanes and ships have more blue than red. Neighbors agree."""
    X, y = load_cifar10()
    images = X.reshape(-1, 16, 16, 3)
    red, _, blue = images[(y == 0) | (y == 8), :4].mean(axis=(0, 1, 2))
    assert blue > red + 0.05
    near = [np.abs(np.diff(images, axis=axis)).mean() for axis in (1, 2)]
    assert max(near) < np.abs(images[:, 0] - images[:, -1]).mean() / 2


def test_no_photograph_is_both_for_training_and_for_testing():
    X = load_cifar10().X
    assert not {image.tobytes() for image in X[:4000]} & {image.tobytes() for image in X[4000:]}


def test_text_is_the_opening_of_the_novel_and_ends_with_a_sentence():
    text = load_text()
    assert (len(text), len(set(text))) == (199_319, 76)
    assert text.startswith('"Well, Prince, so Genoa and Lucca are now just family estates')
    assert text.endswith("too much for them.\n")
    assert "\r" not in text


def test_diamonds_have_the_units_of_the_readme():
    X, y = load_diamonds()
    names = ("log carat", "x", "y", "z", "depth", "table", "cut", "color", "clarity")
    column = dict(zip(names, X.T, strict=True))
    x, y_size, z = column["x"], column["y"], column["z"]
    assert len(y) == 10_000
    assert np.median(abs(200 * z / (x + y_size) - column["depth"])) < 0.05
    assert np.median(np.exp(column["log carat"]) / (x * y_size * z)) == pytest.approx(
        0.0062, rel=0.02
    )  # carats per cubic millimeter: a brilliant's formula factor
    assert np.all((np.exp(y) > 325) & (np.exp(y) < 18824))
    for grade, best in (("cut", 4), ("color", 6), ("clarity", 7)):
        assert set(column[grade]) == set(range(best + 1))


def test_diamonds_are_in_random_order():
    """So that the first rows are a fair sample: halves agree in mean price within 4 errors."""
    y = load_diamonds().y
    error = y.std() * np.sqrt(4 / len(y))
    assert y[: len(y) // 2].mean() == pytest.approx(y[len(y) // 2 :].mean(), abs=4 * error)


def test_diamonds_make_an_ill_conditioned_regression_that_explains_the_price():
    diamonds = load_diamonds()
    problem = LeastSquares(standardize(diamonds.X), standardize(diamonds.y))
    assert np.trace(problem.hessian) == pytest.approx(9)
    assert 1000 < problem.condition_number < 10_000
    assert 2 * problem.f_min < 0.03  # the part of the variance that the line leaves unexplained


def test_standardized_columns_have_mean_zero_and_variance_one():
    X = standardize(load_diamonds().X)
    assert X.mean(axis=0) == pytest.approx(0, abs=1e-12)
    assert X.var(axis=0) == pytest.approx(1)


def test_constant_column_cannot_be_standardized():
    with pytest.raises(ValueError, match=r"without constant columns, got \[0, 32, 39\]"):
        standardize(load_digits().X)


def test_readme_tells_source_license_and_changes_of_every_file():
    data = files("optlib.datasets") / "data"
    chapters = (data / "README.md").read_text(encoding="utf-8").split("\n## ")[1:]
    described = {chapter.split("\n")[0]: chapter for chapter in chapters}
    assert set(described) == {file.name for file in data.iterdir()} - {"README.md"}
    for chapter in described.values():
        assert "**Source:**" in chapter
        assert "**License:**" in chapter
        assert "hanges:" in chapter

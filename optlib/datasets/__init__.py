"""Data that come with optlib; data/README.md tells their origins and licenses."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from optlib.checks import as_numbers, require

DATA = Path(__file__).with_name("data")


class Dataset(NamedTuple):
    """Examples and what to predict for them.

    Parameters
    ----------
    X : float array, shape (n, k)
        One example a row.
    y : array, shape (n,)
        Targets (float) or labels (int).
    """

    X: np.ndarray
    y: np.ndarray


def load_digits():
    """Handwritten digits: 1797 images of 8 by 8 pixels (Alpaydin and Kaynak 1998).

    Returns
    -------
    Dataset
        X (1797, 64) holds the pixels row by row, 0 (paper) to 1 (ink); y the digits 0 to 9.

    Examples
    --------
    >>> digits = load_digits()
    >>> digits.X.shape, digits.y[:5]
    ((1797, 64), array([0, 1, 2, 3, 4]))
    """
    with np.load(DATA / "digits.npz") as stored:
        return Dataset(stored["X"] / 16, stored["y"].astype(int))


def load_diamonds():
    """Prices of 10,000 diamonds, in random order (from the set of ggplot2, Wickham 2016).

    The logarithm of a price in dollars is close to linear in the logarithm of the weight in
    carats. The weight all but follows from length x, width y and depth z in mm, which makes the
    regression ill-conditioned. Cut, color and clarity are graded 0 (worst) to 4, 6 and 7.

    Returns
    -------
    Dataset
        X (10000, 9) holds the logarithm of carat, then x, y, z, depth and table (in percent), cut,
        color and clarity; y the natural logarithm of the price.

    Examples
    --------
    >>> diamonds = load_diamonds()
    >>> diamonds.X.shape, np.exp(diamonds.y[:3]).round()
    ((10000, 9), array([ 504., 1546., 3502.]))
    """
    with np.load(DATA / "diamonds.npz") as stored:
        plain = [stored[k] for k in ("x", "y", "z", "depth", "table", "cut", "color", "clarity")]
        X = np.column_stack([np.log(stored["carat"]), *plain])
        return Dataset(X, np.log(stored["price"]))


def load_cifar10():
    """Photographs of ten kinds of objects: 5000 images of CIFAR-10 (Krizhevsky 2009), made smaller.

    The first 4000 come from its training part, 400 a class, the last 1000 from its test part. The
    classes 0 to 9 are airplane, automobile, bird, cat, deer, dog, frog, horse, ship and truck.

    Returns
    -------
    Dataset
        X (5000, 768) holds 16 by 16 pixels row by row, red, green, blue from 0 to 1; y the class.

    Examples
    --------
    >>> photographs = load_cifar10()
    >>> photographs.X.shape, photographs.y[:5]
    ((5000, 768), array([1, 5, 4, 9, 0]))
    """
    with np.load(DATA / "cifar10.npz") as stored:
        return Dataset(stored["X"] / 255, stored["y"].astype(int))


def load_text():
    """The opening of *War and Peace* (Tolstoy, in the translation of L. and A. Maude).

    Returns
    -------
    str
        199,319 characters, 76 different ones.

    Examples
    --------
    >>> len(load_text()), load_text()[7:13]
    (199319, 'Prince')
    """
    return (DATA / "war_and_peace.txt").read_text(encoding="utf-8")


class Trajectories(NamedTuple):
    """What other libraries' optimizers did along one rough stream of gradients.

    The gradient at step t = 1, 2, ... is ``gain[t - 1] * (matrix @ x) + noise[t - 1]``.

    Parameters
    ----------
    x0 : float array, shape (d,)
        Where every run starts.
    matrix : float array, shape (d, d)
        Positive definite.
    gain, noise : float arrays, shape (steps, d)
        How much a coordinate feels of the matrix, 0 to 1, and what is added.
    paths : float array, shape (runs, 1 + steps / 20, d)
        The parameters at the start and after every 20th step of each run.
    about : dict
        "versions" of the libraries; "defaults", hyperparameters by "library.rule"; "runs", a list
        of (library, rule, options, whether the rate falls to a tenth halfway).
    """

    x0: np.ndarray
    matrix: np.ndarray
    gain: np.ndarray
    noise: np.ndarray
    paths: np.ndarray
    about: dict


def load_trajectories():
    """Runs of PyTorch, Optax, Keras and MLX, recorded in float64 by tests/reference/record.py.

    Returns
    -------
    Trajectories

    Examples
    --------
    >>> recorded = load_trajectories()
    >>> len(recorded.noise), recorded.about["defaults"]["keras.Adagrad"]["learning_rate"]
    (360, 0.001)
    """
    with np.load(DATA / "trajectories.npz") as stored:
        arrays = [stored[name] for name in Trajectories._fields[:-1]]
        return Trajectories(*arrays, json.loads(str(stored["about"])))


def standardize(X):
    """Shift and scale every column to mean 0 and variance 1.

    Parameters
    ----------
    X : float array, shape (n, ...)
        One example a row; a plain vector counts as one column.

    Returns
    -------
    array, shape of X

    Raises
    ------
    ValueError
        If a column is constant.

    Examples
    --------
    >>> standardize(np.array([1.0, 3.0]))
    array([-1.,  1.])
    """
    X = as_numbers("standardize: X", X)
    require(X.size and X.ndim, "standardize: X", "of shape (n, ...) with n >= 1", X.shape)
    constant = np.flatnonzero(np.ptp(X, axis=0) == 0)
    require(not constant.size, "standardize: X", "without constant columns", constant.tolist())
    return (X - np.mean(X, axis=0)) / np.std(X, axis=0)

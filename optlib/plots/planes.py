"""Figures in a plane of two parameters: landscapes, runs in them, phase diagrams."""

from itertools import cycle

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.patches import Circle

from optlib.checks import as_array, as_numbers, check_count, require
from optlib.plots.labels import HALO, Label, begin, finish, finite
from optlib.probe import try_value
from optlib.styles import OTHER, looks

PAPER = LinearSegmentedColormap.from_list("paper", ["#9fb8ce", "#ffffff"])  # low ground is darker
TINTS = ["#e3ecf5", "#fbead5", "#e2f0e2", "#f6e1e6", "#ece6f5", "#eeeeea"]


def contour(problem, ax=None, bounds=None, levels=11, **axes):
    """Draw the bands of height of a problem, log-spaced above its minimum, and its minimizers (+).

    Parameters
    ----------
    problem : Problem
        A problem of two coordinates.
    bounds : ((float, float), (float, float)), default ``problem.bounds``
        Limits of the two coordinates.
    levels : int, default 11
        How many edges of bands.

    The aspect is equal, so gradients are perpendicular to the edges of bands; ``aspect="auto"``
    fills the figure instead.

    Raises
    ------
    ValueError
        If the problem has not two coordinates, or no bounds of its own and none are given.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from optlib.problems.landscapes import Rosenbrock
    >>> contour(Rosenbrock(), Figure().subplots()).get_xlim()
    (np.float64(-2.0), np.float64(2.0))
    """
    is_problem = hasattr(problem, "dim") and not isinstance(problem, type)
    require(is_problem, "contour: problem", "a Problem", problem, TypeError)
    require(problem.dim == 2, "contour: problem", "of 2 coordinates", problem.dim)
    bounds = getattr(problem, "bounds", None) if bounds is None else bounds
    require(bounds is not None, "contour: bounds", "given, the problem has none", bounds)
    require(callable(problem), "contour: problem", "a Problem", problem, TypeError)
    window = as_numbers("contour: bounds", bounds, 2)
    ordered = window.shape == (2, 2) and np.all(window[:, 0] < window[:, 1])
    require(ordered, "contour: bounds", "((low, high), (low, high))", bounds)
    check_count("contour: levels", levels, 2)
    points = np.stack(np.meshgrid(*(np.linspace(*limits, 300) for limits in window)), axis=-1)
    try_value(problem, points[0])
    z, (x, y) = finite(problem(points), "contour: values"), np.moveaxis(points, -1, 0)
    z = z - np.nanmin(z)
    steps = np.geomspace(max(np.nanquantile(z, 0.01), 1e-4 * np.nanmax(z)), np.nanmax(z), levels)
    ax = begin(ax)
    ax.contourf(x, y, np.maximum(z, steps[0]), steps, cmap=PAPER, norm=LogNorm(steps[0], steps[-1]))
    minimizers = getattr(problem, "minimizers", None)
    if minimizers is not None:
        ax.plot(*np.transpose(minimizers), "+", color=OTHER["color"], ms=9, mew=1.6)
    limits = {"xlim": bounds[0], "ylim": bounds[1]}
    return finish(ax, axes, xlabel=r"$\theta_1$", ylabel=r"$\theta_2$", aspect="equal", **limits)


def path(history, ax=None, label=None, **axes):
    """Draw the points of a run in their plane, from an open circle to the marker of its rule.

    Parameters
    ----------
    history : History
        One run of two coordinates.
    label : str, default the name of the rule
        Text at the end of the run. "" is none.

    Raises
    ------
    ValueError
        If there are several runs, or more coordinates than two.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from optlib import SGD, minimize
    >>> from optlib.problems.base import Quadratic
    >>> run = minimize(SGD(lr=0.1), Quadratic(eigenvalues=(1, 5)), steps=9)
    >>> path(run, Figure().subplots()).texts[0].get_text()
    'SGD'
    """
    is_run = hasattr(history, "x") and hasattr(history, "optimizer")
    require(is_run, "path: history", "the History of a run", history, TypeError)
    shape, rule = np.shape(history.x), type(history.optimizer).__name__
    require(shape[1:] == (2,), "path: history", "one run of 2 coordinates", shape)
    x, y = finite(history.x).T
    end, look = np.flatnonzero(np.isfinite(x + y))[-1], looks([rule])[0]
    ax, color = begin(ax), look["color"]
    ax.plot(x, y, **look | {"marker": "", "linewidth": 1.6, "path_effects": HALO})
    if len(x) <= 61:
        ax.plot(x, y, "o", color=color, ms=3)
    ax.plot(x[0], y[0], "o", color=color, mfc="white", ms=6, mew=1.4, zorder=4)
    ax.plot(x[end], y[end], color=color, marker=look["marker"], ms=9, mec="white", zorder=4)
    Label(ax, rule if label is None else label, x, y, color)
    return finish(ax, axes)


def regions(x, y, masks, ax=None, **axes):
    """Draw the parts of a plane, each in a tint of its own.

    Parameters
    ----------
    x, y : array, shapes (n,) and (m,)
        The axes.
    masks : sequence of bool array, shape (m, n)
        Where each part is.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> stable = np.array([[True, False]] * 2)
    >>> regions([1, 2], [1, 2], [stable, ~stable], Figure().subplots(), xscale="log").get_xlim()
    (np.float64(1.0), np.float64(2.0))
    """
    ax, x, y = begin(ax), finite(x, "regions: x", 1), finite(y, "regions: y", 1)
    legal = f"bool arrays of shape {(len(y), len(x))}"
    listed = isinstance(masks, (list, tuple, np.ndarray))
    shapes = {as_array("regions: masks", m, legal).shape for m in masks} if listed else {None}
    require(shapes <= {y.shape + x.shape}, "regions: masks", legal, masks)
    for mask, tint in zip(masks, cycle(TINTS), strict=False):
        if np.any(mask):
            ax.contourf(x, y, mask, [0.5, 1.5], colors=tint)
            ax.contour(x, y, mask, [0.5], colors="#555555", linewidths=0.9)
    return finish(ax, axes)


def eigenvalues(values, ax=None, **axes):
    """Draw complex numbers and the unit circle, inside which a linear iteration converges.

    Parameters
    ----------
    values : array of complex
        Eigenvalues, of any shape.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> eigenvalues([0.5 + 0.5j, 0.5 - 0.5j], Figure().subplots()).get_xlabel()
    'real part'
    """
    values = as_array("eigenvalues: values", values, "numbers", "biufc").ravel()
    ax = begin(ax)
    ax.add_patch(Circle((0, 0), 1, fc=TINTS[0], ec="#9fb3c8", lw=1))
    ax.plot(values.real, values.imag, "o", color=OTHER["color"])
    ax.margins(0.08)
    return finish(ax, axes, xlabel="real part", ylabel="imaginary part", aspect="equal")

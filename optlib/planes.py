"""Figures in a plane of two parameters: landscapes, runs in them, phase diagrams."""

from itertools import cycle

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.patches import Circle

from optlib.labels import HALO, Label, begin, finish, finite
from optlib.styles import OTHER, STYLES, looks

PAPER = LinearSegmentedColormap.from_list("paper", ["#9fb8ce", "#ffffff"])  # low ground is darker
LEVEL, TEXT = "#9fb3c8", OTHER["color"]
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
    >>> from optlib.landscapes import Rosenbrock
    >>> contour(Rosenbrock(), Figure().subplots()).get_xlim()
    (np.float64(-2.0), np.float64(2.0))
    """
    bounds = problem.bounds if bounds is None else bounds
    if problem.dim != 2:
        raise ValueError(f"contour: problem must have 2 coordinates, got {problem.dim}")
    if bounds is None:
        raise ValueError("contour: bounds must be given, the problem has none")
    x, y = np.meshgrid(*(np.linspace(*limits, 300) for limits in bounds))
    z = finite(problem(np.stack([x, y], axis=-1)))
    z = z - np.nanmin(z)
    steps = np.geomspace(max(np.nanquantile(z, 0.01), 1e-4 * np.nanmax(z)), np.nanmax(z), levels)
    ax = begin(ax)
    ax.contourf(x, y, np.maximum(z, steps[0]), steps, cmap=PAPER, norm=LogNorm(steps[0], steps[-1]))
    if problem.minimizers is not None:
        ax.plot(*np.transpose(problem.minimizers), "+", color=TEXT, ms=9, mew=1.6)
    limits = {"xlim": bounds[0], "ylim": bounds[1]}
    return finish(ax, axes, xlabel=r"$\theta_1$", ylabel=r"$\theta_2$", aspect="equal", **limits)


def path(history, ax=None, label=None, style=None, **axes):
    """Draw the points of a run, from an open circle to the marker of its rule.

    Parameters
    ----------
    history : History
        A run of two coordinates, drawn in their plane, or of one, drawn as (x, f). Of R runs,
        x of shape (steps + 1, R, d), each is drawn.
    label : str or sequence of R str, default the name of the rule
        Text at the end of the run, of the first run, or of each. "" is none.
    style : see `optlib.styles.looks`, default the rule's

    Raises
    ------
    ValueError
        If the run has more than two coordinates.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from optlib import SGD, minimize
    >>> from optlib.problems import Quadratic
    >>> run = minimize(SGD(lr=0.1), Quadratic(eigenvalues=(1, 5)), steps=9)
    >>> path(run, Figure().subplots()).lines[0].get_color() == STYLES["SGD"]["color"]
    True
    """
    x = np.asarray(history.x)
    if x.shape[-1] not in (1, 2):
        raise ValueError(f"path: history must have 1 or 2 coordinates, got {x.shape[-1]}")
    if x.shape[-1] == 1:
        x = np.concatenate([x, np.asarray(history.f)[..., None]], axis=-1)
    runs = np.moveaxis(finite(x.reshape(len(x), -1, 2)), 0, -1)
    rule = type(history.optimizer).__name__
    label = rule if label is None else label
    labels = [label, *[""] * (len(runs) - 1)] if isinstance(label, str) else label
    style = rule if style is None and rule in STYLES else style
    look = looks([label if isinstance(label, str) else ""], style)[0]
    ax, color = begin(ax), look["color"]
    for (x, y), text in zip(runs, labels, strict=True):
        end = np.flatnonzero(np.isfinite(x + y))[-1]
        ax.plot(x, y, **look | {"marker": "", "linewidth": 1.6, "path_effects": HALO})
        if len(x) <= 61:
            ax.plot(x, y, "o", color=color, ms=3)
        ax.plot(x[0], y[0], "o", color=color, mfc="white", ms=6, mew=1.4, zorder=4)
        ax.plot(x[end], y[end], color=color, marker=look["marker"], ms=9, mec="white", zorder=4)
        Label(ax, text, x, y, color)
    return finish(ax, axes)


def regions(x, y, masks, ax=None, **axes):
    """Draw the parts of a plane, each named inside.

    Parameters
    ----------
    x, y : array, shapes (n,) and (m,)
        The axes.
    masks : dict of str to bool array, shape (m, n)
        Name of a part and where it is.

    Raises
    ------
    ValueError
        If a mask has another shape.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> parts = {"stable": [[True, False]] * 2, "divergent": [[False, True]] * 2}
    >>> [text.get_text() for text in regions([1, 2], [1, 2], parts, Figure().subplots()).texts]
    ['stable', 'divergent']
    """
    ax = begin(ax, masks=masks)
    for (name, mask), tint in zip(masks.items(), cycle(TINTS), strict=False):
        mask, shape = np.asarray(mask, dtype=bool), (len(y), len(x))
        if mask.shape != shape:
            raise ValueError(f"regions: {name!r} must have shape {shape}, got {mask.shape}")
        if not mask.any():
            continue
        ax.contourf(x, y, mask, [0.5, 1.5], colors=tint)
        ax.contour(x, y, mask, [0.5], colors="#555555", linewidths=0.9)
        row, column = _middle(mask)
        ax.text(x[column], y[row], name, ha="center", va="center", path_effects=HALO)
    return finish(ax, axes)


def _middle(mask):
    """Return the cell that erosion reaches last; text is wide, so it erodes faster along a row."""
    while mask.any():
        last, wide = mask, np.pad(mask, ((1, 1), (3, 3)))
        mask = wide[:-2, 3:-3] & wide[2:, 3:-3] & wide[1:-1, :-6] & wide[1:-1, 6:]
    rows, columns = np.nonzero(last)
    return rows[len(rows) // 2], columns[len(rows) // 2]


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
    ax, values = begin(ax), np.ravel(values)
    ax.add_patch(Circle((0, 0), 1, fc=TINTS[0], ec=LEVEL, lw=1))
    ax.plot(values.real, values.imag, "o", color=TEXT)
    ax.margins(0.08)
    return finish(ax, axes, xlabel="real part", ylabel="imaginary part", aspect="equal")

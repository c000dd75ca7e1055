"""The figures of the book: functions of data, from curves to bars, and those of `optlib.planes`.

Every function draws on ``ax`` (default: the current axes) and returns it. All other keywords go to
``ax.set``: ``xlabel="step t"``, ``yscale="log"``, ``ylim=(0, 2)``, ... A line whose label starts
with the name of an optimizer wears its style of `STYLES`: a rule looks the same in every figure.
Of several values per point, runs in the last axis, the median and the middle 80 % are drawn.
Values that are not finite, from runs that diverged, are left out. Lines carry their names.
"""

import numpy as np
from matplotlib import pyplot as plt

from optlib.labels import Label, begin, finish, finite, limit, mark
from optlib.planes import contour, eigenvalues, path, regions
from optlib.styles import OTHER, STYLES, looks, rule_of

__all__ = [
    "STYLES", "bars", "contour", "curves", "eigenvalues", "histogram",
    "limit", "lr_curves", "mark", "panels", "path", "regions",
]  # fmt: skip
BAR = "#5f7a94"


def panels(rows=1, columns=2, **subplots):
    """Return the axes of a new figure as wide as the page; name a panel with ``title=...``.

    Parameters
    ----------
    rows, columns : int, default 1 and 2
        The array of axes has this shape, without lengths of one.
    subplots
        Keywords of `matplotlib.pyplot.subplots`, such as ``sharey=True``.

    >>> len(panels(1, 3, sharey=True)); plt.close()
    3
    """
    width, height = plt.rcParams["figure.figsize"]
    size = (width, height if rows == 1 else 0.78 * rows * height)
    return plt.subplots(rows, columns, figsize=size, **subplots)[1]


def curves(x, ys, ax=None, style=None, **axes):
    """Draw lines over x, each named at its last visible point.

    Parameters
    ----------
    x : array, shape (n,)
    ys : dict of str to array, shape (n,) or (n, R)
        Name and values of each line. Up to 20 points are marked.
    style : see `optlib.styles.looks`
        By default by name; an optimizer's name for all, "points", "theory", or line properties.

    Raises
    ------
    ValueError
        If an array has another shape, or for an unknown style.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = curves([0, 1, 2], {"Adam": [4, 2, np.inf]}, Figure().subplots(), xlabel="step t")
    >>> ax.lines[0].get_ydata()
    array([ 4.,  2., nan])
    """
    ax, x = begin(ax, ys=ys), np.asarray(x)
    for (label, y), look in zip(ys.items(), looks(list(ys), style), strict=True):
        Label(ax, label, x, _draw(ax, x, y, look, label), look["color"])
    return finish(ax, axes)


def lr_curves(rates, losses, ax=None, ceiling=None, **axes):
    """Draw final loss against learning rate and mark the best rate of every rule.

    Parameters
    ----------
    rates : array, shape (n,)
        Learning rates.
    losses : dict of str to array, shape (n,) or (n, R)
        Final losses, of R seeds.
    ceiling : float, default 1.5 times the largest loss at the first rate
        A median above it counts as diverged, and is a cross above the figure.

    Raises
    ------
    ValueError
        If an array has another shape, or a rule has no loss below the ceiling.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = lr_curves([0.1, 1, 10], {"SGD": [2, 1, np.nan]}, Figure().subplots())
    >>> [float(x) for line in ax.lines[1:] for x in line.get_xdata()]  # the best, the diverged
    [1.0, 10.0]
    """
    ax, rates = begin(ax, losses=losses), np.asarray(rates)
    first = np.concatenate([np.ravel(y[0]) for y in losses.values()])
    ceiling = 1.5 * max(first[np.isfinite(first)], default=0) if ceiling is None else ceiling
    above, crosses = ax.get_xaxis_transform(), []
    for label, look in zip(losses, looks(list(losses)), strict=True):
        y = _draw(ax, rates, losses[label], look | {"marker": ""}, label, ceiling)
        lost, color = np.isnan(y), look["color"]
        if lost.all():
            raise ValueError(f"lr_curves: {label!r} must have a loss below the ceiling {ceiling:g}")
        best, height = np.nanargmin(y), np.full(lost.sum(), 1.03 + 0.05 * len(crosses))
        ax.plot(rates[best], y[best], color=color, marker=look["marker"], ms=9, mec="w", zorder=6)
        Label(ax, label, rates[[best]], y[[best]], color, side="below")
        crosses += ax.plot(rates[lost], height, "x", color=color, ms=5, mew=1.5, transform=above)
    plt.setp(crosses, clip_on=False)
    far = np.concatenate([line.get_xdata() for line in crosses])
    if len(far):
        where = {"xycoords": above, "textcoords": "offset points", "ha": "right", "va": "center"}
        ax.annotate("diverged", (far.min(), 1.03), (-8, 0), **where, color="#555555")
    ax.margins(y=0.12)
    return finish(ax, axes, xlabel="learning rate", ylabel="final loss", xscale="log")


def bars(values, ax=None, form="{:.3g}", **axes):
    """Draw horizontal bars from top to bottom, each with its value as text.

    Parameters
    ----------
    values : dict of str to float or array, shape (R,)
        Name and value of each bar; of R values, the mean and its standard error.
        A value that is not finite reads "diverged".
    form : str, default "{:.3g}"
        Format of the values.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> [text.get_text() for text in bars({"GD": 818, "Adam": np.inf}, Figure().subplots()).texts]
    ['818', 'diverged']
    """
    ax = begin(ax, values=values)
    for row, (label, value) in enumerate(values.items()):
        value = np.ravel(np.asarray(value, dtype=float))
        ok = np.isfinite(value).all()
        mean = value.mean() if ok else 0
        error = value.std(ddof=1) / np.sqrt(len(value)) if ok and len(value) > 1 else 0
        ax.barh(row, mean, height=0.62, color=STYLES.get(rule_of(label), {"color": BAR})["color"])
        if error:
            ax.plot([mean - error, mean + error], [row, row], color=OTHER["color"], lw=1.4)
        sign, align = (-1, "right") if mean < 0 else (1, "left")
        where = {"textcoords": "offset points", "ha": align, "va": "center"}
        if ok:
            text, place = form.format(mean).replace("-", "−"), (mean + sign * error, row)
            ax.annotate(text, place, (5 * sign, 0), **where)
        else:
            ax.annotate("diverged", (0, row), (5, 0), ax.get_yaxis_transform(), **where)
    if any(bar.get_width() < 0 for bar in ax.patches):
        ax.axvline(0, color="#777777", lw=0.8)
        ax.margins(x=0.15)
    ax.set_yticks(range(len(values)), list(values))
    ax.tick_params(axis="y", length=0)
    finish(ax, axes, ylim=(len(values) - 0.5, -0.5))
    if ax.get_xscale() == "log" and "xlim" not in axes:
        least = min(bar.get_width() for bar in ax.patches if bar.get_width() > 0)
        ax.set_xlim(left=10 ** np.floor(np.log10(least)))
    return ax


def histogram(samples, ax=None, bins=40, **axes):
    """Draw how often values occur.

    Parameters
    ----------
    samples : array, or dict of str to array
        Values of any shape; several sets share their bins and are named at their peaks.
    bins : int or str, default 40
        See `numpy.histogram_bin_edges`.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> histogram([1, 2, 2, np.nan], Figure().subplots(), bins=2).patches[0].get_data().values
    array([1, 2])
    """
    samples = samples if isinstance(samples, dict) else {"": samples}
    samples = {label: np.ravel(values) for label, values in samples.items()}
    samples = {label: values[np.isfinite(values)] for label, values in samples.items()}
    edges = np.histogram_bin_edges(np.concatenate(list(samples.values())), bins)
    ax, middle = begin(ax), (edges[1:] + edges[:-1]) / 2
    for (label, values), look in zip(samples.items(), looks(list(samples)), strict=True):
        count = np.histogram(values, edges)[0]
        ax.stairs(count, edges, fill=True, color=look["color"], alpha=0.25)
        ax.stairs(count, edges, color=look["color"], lw=1.4)
        top = [np.argmax(count)]
        Label(ax, label, middle[top], count[top], look["color"], side="above")
    return finish(ax, axes, ylabel="count")


def _draw(ax, x, y, look, label, ceiling=np.inf):
    """Draw y, or the median and middle of its runs, below a ceiling, and return what was drawn."""
    y = np.asarray(y, dtype=float)
    if y.ndim not in (1, 2) or len(y) != len(x):
        raise ValueError(f"{label!r} must have shape ({len(x)},) or ({len(x)}, R), got {y.shape}")
    if y.ndim == 2:
        y = np.where(np.isfinite(y), y, np.inf)  # a diverged run is the largest
        runs, cut = np.sort(y, axis=1), (y.shape[1] - 1) // 10  # leave out a tenth at either end
        low, high = finite(runs[:, cut]), finite(np.minimum(runs[:, -1 - cut], ceiling))
        y = np.median(y, axis=1)
        ax.fill_between(x, low, high, color=look["color"], alpha=0.18, lw=0)
    y = finite(np.where(y <= ceiling, y, np.nan))
    ax.plot(x, y, **look | ({"ms": 6} if len(x) <= 20 or "linestyle" in look else {"marker": ""}))
    return y

"""Lines over a common axis, curves over the learning rate, and bars."""

import numpy as np
from matplotlib import pyplot as plt

from optlib.checks import as_array, check_count, require
from optlib.plots.labels import Label, begin, finish, finite, mark
from optlib.styles import OTHER, STYLES, looks, rule_of

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
    for name, count in (("rows", rows), ("columns", columns)):
        check_count(f"panels: {name}", count, 1)
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
    ax, x = begin(ax, ys=ys), finite(x, "curves: x", 1)
    for (label, y), look in zip(ys.items(), looks(list(ys), style), strict=True):
        Label(ax, label, x, _draw(ax, x, y, look, label), look["color"])
    return finish(ax, axes)


def lr_curves(rates, losses, ax=None, **axes):
    """Draw final loss against learning rate and mark the best rate of every rule.

    A curve ends where the median of its runs diverges. Choose ``ylim`` where losses are huge.

    Parameters
    ----------
    rates : array, shape (n,)
        Learning rates.
    losses : dict of str to array, shape (n,) or (n, R)
        Final losses, of R seeds.

    Raises
    ------
    ValueError
        If an array has another shape, or a rule has no finite loss.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = lr_curves([0.1, 1, 10], {"SGD": [2, 1, np.nan]}, Figure().subplots())
    >>> ax.lines[1].get_xydata()  # the best
    array([[1., 1.]])
    """
    ax, rates = begin(ax, losses=losses), finite(rates, "lr_curves: rates", 1)
    for label, look in zip(losses, looks(list(losses)), strict=True):
        y = _draw(ax, rates, losses[label], look | {"marker": ""}, label)
        require(np.isfinite(y).any(), f"lr_curves: {label!r}", "finite somewhere", losses[label])
        best = np.nanargmin(y)
        mark(rates[best], y[best], label, ax, look, side="below")
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
    ax, runs = begin(ax, values=values), [finite(v, repr(k)).ravel() for k, v in values.items()]
    require(all(map(len, runs)), "values", "at least one number a bar", values)
    means = np.array([np.mean(run) for run in runs])
    errors = [np.std(run, ddof=1) / len(run) ** 0.5 if len(run) > 1 else 0 for run in runs]
    texts = [form.format(mean) if np.isfinite(mean) else "diverged" for mean in means]
    colors = [STYLES.get(rule_of(label), {"color": BAR})["color"] for label in values]
    look = {"color": colors, "ecolor": OTHER["color"], "error_kw": {"elinewidth": 1.4}}
    drawn = ax.barh(list(values), np.nan_to_num(means), 0.62, xerr=errors, **look)
    ax.bar_label(drawn, [text.replace("-", "−") for text in texts], padding=5)
    if np.any(means < 0):
        ax.axvline(0, color="#777777", lw=0.8)
    ax.margins(x=0.15)
    ax.tick_params(axis="y", length=0)
    return finish(ax, axes, ylim=(len(values) - 0.5, -0.5))


def _draw(ax, x, y, look, label):
    """Draw y, or the median and middle of its runs, and return what was drawn."""
    y = as_array(repr(label), y, "numbers").astype(float)
    shaped = y.ndim in (1, 2) and len(y) == len(x)
    require(shaped, repr(label), f"of shape ({len(x)},) or ({len(x)}, R)", y.shape)
    if y.ndim == 2:
        y = np.where(np.isfinite(y), y, np.inf)  # a diverged run is the largest
        runs, cut = np.sort(y, axis=1), (y.shape[1] - 1) // 10  # leave out a tenth at either end
        low, high = finite(runs[:, cut]), finite(runs[:, -1 - cut])
        y = np.median(y, axis=1)
        ax.fill_between(x, low, high, color=look["color"], alpha=0.18, lw=0)
    y = finite(y)
    marked = len(x) <= 20 or look.get("linewidth") == 0
    ax.plot(x, y, **look | ({"ms": 6} if marked else {"marker": ""}))
    return y

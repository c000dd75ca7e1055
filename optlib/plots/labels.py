"""Names that stand at their lines and give way to each other, so that figures need no legend."""

from functools import lru_cache
from itertools import combinations

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Affine2D

from optlib.checks import as_array, require
from optlib.styles import looks

# Points to the right and up, and which part of the text stands there.
OFFSETS = {"right": (7, 0, "left"), "left": (0, 10, "right")}
OFFSETS |= {"above": (0, 11, "center"), "below": (0, -12, "center")}
HALO = [withStroke(linewidth=3, foreground="white")]


def begin(ax, **named):
    """Return ``ax``, or the current axes for None, once every named argument is a dict by label."""
    require(isinstance(ax, Axes | None), "ax", "Matplotlib axes or None", ax, TypeError)
    for name, values in named.items():
        labeled = isinstance(values, dict) and values and all(isinstance(k, str) for k in values)
        require(labeled, name, "a dict by label", values, TypeError)
    return plt.gca() if ax is None else ax


def finish(ax, settings, **defaults):
    """Set properties of ``ax`` or their defaults, and return it."""
    ax.set(**defaults | settings)
    return ax


def finite(values, name="values", ndim=None):
    """Return floats with NaN, which Matplotlib leaves out, for all that is too large to draw.

    An error with the name is raised for what is not numbers, or has not ``ndim`` axes.
    """
    values = as_array(name, values, "numbers").astype(float)
    require(ndim in (None, values.ndim), name, f"an array with {ndim} axes", values.shape)
    return np.where(abs(values) < 1e100, values, np.nan)


@lru_cache(maxsize=1024)
def spread(boxes, low, high):
    """Return the vertical shifts that keep boxes apart and, as far as they fit, in [low, high].

    Parameters
    ----------
    boxes : tuple of (x0, y0, x1, y1)
        Boxes keep their order from bottom to top; of two less than a pixel apart, which the eye
        cannot tell, the first ends on top.
    low, high : float
        Limits of y.

    Returns
    -------
    array, shape (len(boxes),)

    Examples
    --------
    >>> spread(((0, 0, 9, 2), (5, 0, 9, 2)), low=-9, high=9)
    array([ 1., -1.])
    """
    box, shift = np.array(boxes, dtype=float), np.zeros(len(boxes))
    order = _from_below((box[:, 1] + box[:, 3]) / 2)
    for _ in range(500):
        before = shift.copy()
        for i, j in combinations(order, 2):  # i below j
            overlap = box[i, 3] + shift[i] - box[j, 1] - shift[j]
            if overlap > 0.1 and box[i, 0] < box[j, 2] and box[j, 0] < box[i, 2]:
                shift[[i, j]] += (-overlap / 2, overlap / 2)
        shift = np.clip(shift, low - box[:, 1], np.maximum(high - box[:, 3], low - box[:, 1]))
        if np.array_equal(shift, before):
            break
    return shift


def _from_below(heights):
    """Indices from the lowest height to the highest; of a group within a pixel the last first."""
    order = np.argsort(heights, kind="stable")
    group = np.zeros(len(heights))
    group[order] = np.cumsum(np.diff(heights[order], prepend=heights.min()) > 1)
    return sorted(range(len(heights)), key=lambda i: (group[i], -i))


class Label(Annotation):
    """Text at the last visible point of a line, placed anew whenever the figure is drawn.

    Parameters
    ----------
    ax : Axes
    text, color : str
    x, y : array, shape (n,)
        The line.
    side : str
        Where the text stands: "right" (default), "above" or "below" of the point, or above it
        to the "left".
    coordinates : Transform, default ``ax.transData``
        Coordinates of the line.
    """

    def __init__(self, ax, text, x, y, color, side="right", coordinates=None):
        require(isinstance(text, str), "text", "a string", text, TypeError)
        require(side in OFFSETS, "side", f"one of {list(OFFSETS)}", side)
        *offset, align = OFFSETS[side]
        look = {"color": color, "path_effects": HALO, "zorder": 5, "clip_on": False}
        look |= {"ha": align, "va": "center", "annotation_clip": False}
        super().__init__(text, (0, 0), offset, **look)
        self.line = np.column_stack([x, y]).astype(float)
        self.coordinates = ax.transData if coordinates is None else coordinates
        if text:
            ax.add_artist(self)

    def update_positions(self, renderer):
        """Stand beside the line, as far from it as the other labels of these axes make needed."""
        labels = [text for text in self.axes.texts if isinstance(text, Label)]
        boxes = tuple(label._stand(renderer) for label in labels)
        view = self.axes.bbox.expanded(1, 1.06)  # a line may end at the very top
        self._stand(renderer, spread(boxes, *view.intervaly)[labels.index(self)])

    def _stand(self, renderer, shift=0):
        """Stand beside the line but for a vertical shift, and return the box of the text."""
        line, view = self.coordinates.transform(self.line), self.axes.bbox.padded(1)
        seen = line[((line >= view.p0) & (line <= view.p1)).all(axis=-1)]
        x, y = seen[-1] if len(seen) else np.clip(np.nan_to_num(line[-1]), view.p0, view.p1)
        points, y = self.get_figure(root=True).dpi / 72, np.round(y) + shift
        self.set_transform(Affine2D().scale(points).translate(x, y))
        return tuple(np.round(Text.get_window_extent(self, renderer).extents, 1))


def limit(value, text="", ax=None, axis="x", at=0.96):
    """Draw a dotted line at a value of an axis, named at the fraction ``at`` of its length.

    >>> from matplotlib.figure import Figure
    >>> limit(2, "lr = 2/λ", Figure().subplots()).texts[0].get_text()
    'lr = 2/λ'
    """
    require(axis in ("x", "y"), "axis", "'x' or 'y'", axis)
    value = finite(value, "limit: value", 0)
    ax, look = begin(ax), {"color": "#777777", "linestyle": (0, (1, 1.5)), "lw": 1.4, "zorder": 1.5}
    if axis == "x":
        ax.axvline(value, **look)
        Label(ax, text, [value], [at], "#555555", "right", ax.get_xaxis_transform())
    else:
        ax.axhline(value, **look)
        Label(ax, text, [at], [value], "#555555", "left", ax.get_yaxis_transform())
    return ax


def mark(x, y, text, ax=None, style=None, side="right"):
    """Draw one point and its name on the side "right", "above" or "below".

    >>> from matplotlib.figure import Figure
    >>> mark(12, 6.57, "largest", Figure().subplots()).texts[0].get_text()
    'largest'
    """
    require(isinstance(text, str), "text", "a string", text, TypeError)
    ax, look = begin(ax), looks([text], style)[0]
    x, y = finite(x, "mark: x", 0), finite(y, "mark: y", 0)
    ax.plot(x, y, color=look["color"], marker=look["marker"], ms=8, mec="white", zorder=6)
    Label(ax, text, [x], [y], look["color"], side)
    return ax

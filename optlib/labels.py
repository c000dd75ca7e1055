"""Names that stand at their lines and give way to each other, so that figures need no legend."""

from functools import lru_cache
from itertools import combinations

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

from optlib.styles import looks

OFFSETS = {  # points to the right and up, and which part of the text stands there
    "right": (7, 0, "left"),
    "above": (0, 11, "center"),
    "below": (0, -12, "center"),
    "left": (0, 10, "right"),
}
HALO = [withStroke(linewidth=3, foreground="white")]


def begin(ax, **named):
    """Return ``ax``, or the current axes for None, once every named argument is a dict by label."""
    if not isinstance(ax, Axes | None):
        raise TypeError(f"ax must be Matplotlib axes or None, got {type(ax).__name__}")
    for name, values in named.items():
        if not isinstance(values, dict) or not values:
            raise TypeError(f"{name} must be a dict of label to values, got {values!r:.60}")
    return plt.gca() if ax is None else ax


def finish(ax, settings, **defaults):
    """Set properties of ``ax`` or their defaults, name a shared axis only once, and return it."""
    ax.set(**defaults | settings)
    place = ax.get_subplotspec()
    if place and ax.get_shared_x_axes().get_siblings(ax)[1:] and not place.is_last_row():
        ax.set_xlabel("")
    if place and ax.get_shared_y_axes().get_siblings(ax)[1:] and not place.is_first_col():
        ax.set_ylabel("")
    return ax


def finite(values):
    """Return floats with NaN, which Matplotlib leaves out, for all that is too large to draw."""
    values = np.asarray(values, dtype=float)
    return np.where(abs(values) < 1e100, values, np.nan)


@lru_cache(maxsize=1024)
def spread(boxes, low, high):
    """Return the vertical shifts that keep boxes apart and, as far as they fit, in [low, high].

    Parameters
    ----------
    boxes : tuple of (x0, y0, x1, y1)
        Boxes keep their order from bottom to top; of two at one height the first ends on top.
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
    box = np.array(boxes, dtype=float)
    order = sorted(range(len(box)), key=lambda i: (box[i, 1] + box[i, 3], -i))
    shift = np.zeros(len(box))
    for _ in range(500):
        moved = False
        for i, j in combinations(order, 2):  # i below j
            overlap = box[i, 3] + shift[i] - box[j, 1] - shift[j]
            if overlap > 0.1 and box[i, 0] < box[j, 2] and box[j, 0] < box[i, 2]:
                shift[i] -= overlap / 2
                shift[j] += overlap / 2
                moved = True
        shift = np.clip(shift, low - box[:, 1], np.maximum(high - box[:, 3], low - box[:, 1]))
        if not moved:
            break
    return shift


class Label(Text):
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
        if side not in OFFSETS:
            raise ValueError(f"side must be one of {list(OFFSETS)}, got {side!r}")
        self.line = np.stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)], axis=-1)
        self.coordinates = ax.transData if coordinates is None else coordinates
        *self.offset, align = OFFSETS[side]
        look = {"color": color, "path_effects": HALO, "clip_on": False, "zorder": 5}
        super().__init__(0, 0, text, va="center", ha=align, transform=IdentityTransform(), **look)
        ax.add_artist(self)

    def draw(self, renderer):
        if self.get_text():
            self._place(renderer)
        super().draw(renderer)

    def get_window_extent(self, renderer=None, dpi=None):
        if self.get_text():
            self._place(renderer)
        return super().get_window_extent(renderer, dpi)

    def _place(self, renderer):
        labels = [text for text in self.axes.texts if isinstance(text, Label) and text.get_text()]
        boxes = tuple(tuple(label._box(renderer)) for label in labels)
        half = (boxes[0][3] - boxes[0][1]) / 2  # a line may end at the very top
        view = self.axes.bbox
        shift = spread(boxes, round(view.y0 - half), round(view.y1 + half))
        x, y = self._anchor()
        self.set_position((x, y + shift[labels.index(self)]))

    def _box(self, renderer):
        self.set_position(self._anchor())
        return np.round(Text.get_window_extent(self, renderer).extents, 1)

    def _anchor(self):
        line, view = self.coordinates.transform(self.line), self.axes.bbox.padded(1)
        finite = np.isfinite(line).all(axis=-1)
        seen = finite & (line >= view.p0).all(axis=-1) & (line <= view.p1).all(axis=-1)
        seen = seen if seen.any() else finite
        last = line[seen][-1] if seen.any() else view.p1
        points = self.get_figure(root=True).dpi / 72
        return np.clip(last, view.p0, view.p1) + points * np.array(self.offset)


def limit(value, text="", ax=None, axis="x", at=0.96):
    """Draw a dotted line at a value of an axis, named at the fraction ``at`` of its length.

    >>> from matplotlib.figure import Figure
    >>> limit(2, "lr = 2/λ", Figure().subplots()).texts[0].get_text()
    'lr = 2/λ'
    """
    if axis not in ("x", "y"):
        raise ValueError(f"axis must be 'x' or 'y', got {axis!r}")
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
    ax, look = begin(ax), looks([text], style)[0]
    ax.plot(x, y, color=look["color"], marker=look["marker"], ms=8, mec="white", zorder=6)
    Label(ax, text, [x], [y], look["color"], side)
    return ax

"""The figures of the book: functions of data, from curves to bars, planes and paths.

Every function draws on ``ax`` (default: the current axes) and returns it. All other keywords go to
``ax.set``: ``xlabel="step t"``, ``yscale="log"``, ``ylim=(0, 2)``, ... A line whose label starts
with the name of an optimizer wears its style of `STYLES`: a rule looks the same in every figure.
Of several values per point, runs in the last axis, the median and the middle 80 % are drawn.
Values that are not finite, from runs that diverged, are left out. Lines carry their names.
"""

from optlib.plots.charts import bars, curves, lr_curves, panels
from optlib.plots.labels import limit, mark
from optlib.plots.planes import contour, eigenvalues, path, regions
from optlib.styles import STYLES

__all__ = ["STYLES", "bars", "contour", "curves", "eigenvalues", "limit", "lr_curves", "mark"]
__all__ += ["panels", "path", "regions"]

"""Landscapes in the plane, each hard in its own way: ravine, valley, plateau, saddle, many minima.

They say np.square, not **2: the power of a scalar and of an array differ in the last bit.
"""

import numpy as np

from optlib.checks import constant
from optlib.problems.base import Landscape, Quadratic


class Rosenbrock(Landscape):
    r"""The curved valley :math:`(1-x)^2+100(y-x^2)^2` (Rosenbrock 1960): a ravine that turns.

    Examples
    --------
    >>> Rosenbrock()([1.0, 1.0]), Rosenbrock().grad([0.0, 0.0])
    (np.float64(0.0), array([-2.,  0.]))
    """

    dim, x0, bounds = 2, constant([-1.2, 1]), ((-2, 2), (-1, 3))
    minimizers, f_min = constant([[1, 1]]), 0.0

    def value(self, x, y):
        return np.square(1 - x) + 100 * np.square(y - x * x)

    def slopes(self, x, y):
        valley = y - x * x
        return -2 * (1 - x) - 400 * x * valley, 200 * valley


class Beale(Landscape):
    r"""A plateau with steep walls (Beale 1958), one minimum at (3, 1/2).

    .. math:: (1.5-x+xy)^2 + (2.25-x+xy^2)^2 + (2.625-x+xy^3)^2

    Examples
    --------
    >>> Beale()([3.0, 0.5])
    np.float64(0.0)
    """

    dim, x0, bounds = 2, constant([1, 1.5]), ((-1, 4.5), (-1.5, 2))
    minimizers, f_min = constant([[3, 0.5]]), 0.0

    def value(self, x, y):
        first, second, third = self._residuals(x, y)
        return np.square(first) + np.square(second) + np.square(third)

    def slopes(self, x, y):
        first, second, third = self._residuals(x, y)
        along_x = first * (y - 1) + second * (y * y - 1) + third * (y * y * y - 1)
        along_y = x * (first + 2 * y * second + 3 * y * y * third)
        return 2 * along_x, 2 * along_y

    def _residuals(self, x, y):
        return 1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y * y * y


class Himmelblau(Landscape):
    r"""Four equally deep minima, :math:`(x^2+y-11)^2+(x+y^2-7)^2` (Himmelblau 1972).

    Examples
    --------
    >>> Himmelblau()([3.0, 2.0]), len(Himmelblau().minimizers)
    (np.float64(0.0), 4)
    """

    dim, x0, bounds = 2, constant([0, 0]), ((-5, 5), (-5, 5))
    minimizers, f_min = constant([
        [3, 2], [-2.805118086952745, 3.131312518250573],
        [-3.779310253377747, -3.2831859912861696], [3.5844283403304917, -1.8481265269644036],
    ]), 0.0  # fmt: skip

    def value(self, x, y):
        return np.square(x * x + y - 11) + np.square(x + y * y - 7)

    def slopes(self, x, y):
        first, second = x * x + y - 11, x + y * y - 7
        return 4 * x * first + 2 * second, 2 * first + 4 * y * second


class DoubleWell(Landscape):
    r"""Two minima and the saddle between them, :math:`(x^2-1)^2+y^2`.

    A run from the ridge :math:`x=0` ends in the saddle; the default start is just beside it.

    Examples
    --------
    >>> DoubleWell().grad([0.0, 0.0]), DoubleWell()([0.0, 0.0])
    (array([-0.,  0.]), np.float64(1.0))
    """

    dim, x0, bounds = 2, constant([0.01, 1.2]), ((-1.8, 1.8), (-1.5, 1.5))
    minimizers, f_min = constant([[-1, 0], [1, 0]]), 0.0

    def value(self, x, y):
        return np.square(x * x - 1) + y * y

    def slopes(self, x, y):
        return 4 * x * (x * x - 1), 2 * y


class Rastrigin(Landscape):
    r"""A bowl with a minimum beside every grid point (Rastrigin 1974); the deepest is the origin.

    .. math::

        x^2 + y^2 + 10\,(2-\cos 2\pi x-\cos 2\pi y)
        = x^2 + y^2 + 20\,(\sin^2\pi x+\sin^2\pi y)

    Examples
    --------
    >>> Rastrigin()([1.0, 1.0]).round(3)
    np.float64(2.0)
    """

    dim, x0, bounds = 2, constant([2.3, -1.6]), ((-3.2, 3.2), (-3.2, 3.2))
    minimizers, f_min = constant([[0, 0]]), 0.0

    def value(self, x, y):
        ripples = np.square(np.sin(np.pi * x)) + np.square(np.sin(np.pi * y))
        return x * x + y * y + 20 * ripples  # no 1 - cos: it cancels near the minima

    def slopes(self, x, y):
        return [2 * z + 20 * np.pi * np.sin(2 * np.pi * z) for z in (x, y)]


BOWL = Quadratic(eigenvalues=(1, 10), angle=np.pi / 6)
PROBLEMS = (BOWL, Rosenbrock(), Beale(), Himmelblau(), DoubleWell(), Rastrigin())
LANDSCAPES = {type(problem).__name__: problem for problem in PROBLEMS}

"""Problems to minimize: the base class, then the quadratic ones that theory speaks of."""

import functools
import math
import operator
from numbers import Integral, Rational

import numpy as np

from optlib.checks import as_array, as_numbers, constant, is_symbol, require


class Problem:
    r"""A function :math:`f:\mathbb{R}^d\to\mathbb{R}` that knows its gradient.

    Call it for the value, call ``grad`` for the gradient. Both take a point ``(d,)`` or a stack
    of points ``(..., d)``, keep float32 as float32, and give each point of a stack bit for bit
    what they give it alone; points of fractions stay exact. Inherit from this class and set
    ``dim`` and ``x0`` to write your own.

    Parameters
    ----------
    dim : int
        Dimension d.
    x0 : array, shape (d,)
        Default start.
    minimizers : array, shape (k, d), or None
        The global minimizers where they are known.
    f_min : float or None
        The value there.
    bounds : ((float, float), (float, float)) or None
        Window worth plotting: the range of each of the two coordinates.

    Examples
    --------
    >>> class Quartic(Problem):
    ...     dim, x0 = 1, np.array([2.0])
    ...     def __call__(self, x):
    ...         return x[..., 0] ** 4
    ...     def grad(self, x):
    ...         return 4 * x**3
    >>> Quartic().grad(np.array([2.0]))
    array([32.])
    """

    dim = x0 = minimizers = f_min = bounds = None

    def __call__(self, x):
        raise NotImplementedError(f"{type(self).__name__} must define its value, __call__(x)")

    def grad(self, x):
        """The gradient at x, in its shape."""
        raise NotImplementedError(f"{type(self).__name__} must define its gradient, grad(x)")

    def __repr__(self):
        return f"{type(self).__name__}(dim={self.dim})"

    def _points(self, x):
        """The points as one contiguous array of floats, whose layout cannot change a rounding."""
        if type(x) is np.ndarray and x.dtype.kind == "f" and x.shape[-1:] == (self.dim,):
            return np.asarray(x, order="C")
        name, given = f"{type(self).__name__}: x", x
        exact = isinstance(x, np.ndarray) and x.dtype == object and any(map(_is_exact, x.flat))
        x = x if exact else as_array(name, given, "an array of numbers")
        x = np.asarray(x, order="C")
        require(x.shape[-1:] == (self.dim,), name, f"of shape (..., {self.dim})", x.shape)
        return x.astype(float) if x.dtype.kind in "biu" else x


def _is_exact(value):
    return is_symbol(value) or (isinstance(value, Rational) and not isinstance(value, Integral))


FEW = 3  # dimensions up to which a landscape is arithmetic on its coordinates, one by one


def _sum(terms):
    return functools.reduce(operator.add, terms)


class Landscape(Problem):
    """A problem given by two functions of its coordinates, ``value`` and ``slopes``."""

    def __call__(self, x):
        return self.value(*self._coordinates(x))

    def grad(self, x):
        return np.stack(self.slopes(*self._coordinates(x)), axis=-1)

    def _coordinates(self, x):
        x = self._points(x)
        return tuple(x.T) if x.ndim < 3 else np.unstack(x, axis=-1)  # the same, in less time


class Quadratic(Landscape):
    r"""The bowl :math:`f(x)=\tfrac12 x^\top A x` with its minimum at the origin.

    Parameters
    ----------
    matrix : array, shape (d, d)
        :math:`A`, symmetric and positive semi-definite.
    eigenvalues : array, shape (d,), each >= 0
        Instead of the matrix: its curvatures :math:`\lambda_i`, along the axes.
    angle : float, default 0
        In the plane, how far the axes of the bowl are turned, in radians, counterclockwise.

    Returns
    -------
    Problem
        With ``matrix``, ``eigenvalues`` (as given; ascending for a matrix), ``eigenvectors``
        (columns, in the same order) and ``condition_number``. It starts at (1, ..., 1).

    Raises
    ------
    TypeError, ValueError
        For an illegal argument, by name.

    Examples
    --------
    >>> bowl = Quadratic(eigenvalues=(1, 25))
    >>> bowl([1.0, 1.0]), bowl.grad([1.0, 1.0])
    (np.float64(13.0), array([ 1., 25.]))
    >>> bowl.condition_number
    25.0
    """

    f_min = 0.0

    def __init__(self, matrix=None, *, eigenvalues=None, angle=0.0):
        angle = as_numbers("Quadratic: angle", angle, 0).item()
        one = (matrix is None) != (eigenvalues is None)
        require(one, "Quadratic: matrix or eigenvalues", "given", (matrix, eigenvalues), TypeError)
        if matrix is None:
            values = as_numbers("Quadratic: eigenvalues", eigenvalues, 1, least=0)
            require(not angle or len(values) == 2, "Quadratic: angle", "0 but in the plane", angle)
            vectors, matrix = np.eye(len(values)), np.diag(values)
            if angle:  # without BLAS, whose last digits differ between processors
                cos, sin = math.cos(angle), math.sin(angle)
                vectors = np.array([[cos, -sin], [sin, cos]])
                matrix = (vectors[:, np.newaxis] * vectors * values).sum(axis=-1)
        else:
            matrix = as_numbers("Quadratic: matrix", matrix, 2)
            rounding = 1e-12 * abs(matrix).max()
            symmetric = len(set(matrix.shape)) == 1 and np.all(abs(matrix - matrix.T) <= rounding)
            require(symmetric, "Quadratic: matrix", "symmetric", matrix)
            values, vectors = np.linalg.eigh(matrix)
            values = np.where(abs(values) > rounding, values, 0.0)
            as_numbers("Quadratic: eigenvalues", values, least=0)
        self.matrix = constant((matrix + matrix.T) / 2)
        self.eigenvalues, self.eigenvectors = constant(values), constant(vectors)
        self.dim = len(values)
        self.x0, self.minimizers = constant(np.ones(self.dim)), constant(np.zeros((1, self.dim)))
        self.bounds = ((-1.5, 1.5), (-1.5, 1.5)) if self.dim == 2 else None

    @property
    def condition_number(self):
        r"""The ratio :math:`\kappa=\lambda_{\max}/\lambda_{\min}`; inf for a singular matrix."""
        low, high = self.eigenvalues.min(), self.eigenvalues.max()
        return float(high / low) if low > 0 else np.inf

    def __call__(self, x):
        if self.dim <= FEW:
            return super().__call__(x)
        x = self._points(x)
        return 0.5 * (x * self.grad(x)).sum(axis=-1)

    def grad(self, x):
        if self.dim <= FEW:
            return super().grad(x)
        x = self._points(x)
        return np.matvec(self.matrix.astype(x.dtype, copy=False), x)

    def value(self, *x):
        return 0.5 * _sum(map(operator.mul, x, self.slopes(*x)))

    def slopes(self, *x):
        rows = enumerate(self.matrix.tolist())
        return [_sum(row[j] * x[j] for j in range(self.dim) if row[j] or i == j) for i, row in rows]


class PiecewiseQuadratic(Landscape):
    r"""The convex function on which a well-tuned heavy ball cycles for ever (Lessard et al. 2016).

    One dimension, :math:`f'(x)=25x` left of 1, :math:`x+24` between 1 and 2, :math:`25x-24` right
    of 2: smooth with :math:`L=25`, strongly convex with :math:`\mu=1`, minimum at 0.

    Examples
    --------
    >>> PiecewiseQuadratic().grad([[0.5], [1.5], [3.0]]).ravel()
    array([12.5, 25.5, 51. ])
    """

    dim, x0 = 1, constant([3.3])
    minimizers, f_min = constant([[0]]), 0.0

    def value(self, x):
        left, middle, right = np.minimum(x, 1), np.maximum(x, 1) - 1, np.maximum(x, 2) - 2
        return 0.5 * x * x + 12 * left * left + 24 * middle + 12 * right * right

    def slopes(self, x):
        return [x + 24 * (np.minimum(x, 1) + np.maximum(x, 2) - 2)]

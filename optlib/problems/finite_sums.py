"""Problems that average a loss over examples: least squares, logistic, softmax regression."""

import numpy as np

from optlib.checks import as_array, as_numbers, check_count, check_labels, require
from optlib.problems.base import Problem, Quadratic

LARGE = 1 << 20  # parameters times examples from which on the scores of a stack leave the cache


class FiniteSum(Problem):
    r"""A mean of losses plus weight decay, :math:`\frac1n\sum_i\ell_i(x)+\frac{l_2}2\|x\|^2`."""

    classes = 1  # how many numbers score an example

    def __init__(self, X, y, l2=0.0):
        name = type(self).__name__
        self.X = as_numbers(f"{name}: X", X, 2)
        self.y = as_numbers(f"{name}: y", y, 1)
        self.l2 = as_numbers(f"{name}: l2", l2, 0, least=0).item()
        n = len(self.X)
        require(len(self.y) == n, f"{name}: y", f"of shape ({n},)", self.y.shape)

    @property
    def n(self):
        """Number of examples."""
        return self.X.shape[-2]

    @property
    def dim(self):
        return self.X.shape[-1] * self.classes

    @property
    def x0(self):
        return np.zeros(self.dim)

    def batch(self, rows):
        """The same problem with its mean over only some of the examples.

        Parameters
        ----------
        rows : int array, shape (..., B)
            Which examples. Leading axes give each run its own: ``batch(np.arange(n)[:, None])``
            has the gradients of all single examples.

        Raises
        ------
        TypeError, ValueError, IndexError
            If rows are not integers, are none, or lie outside the examples.
        """
        name = f"{type(self).__name__}.batch: rows"
        rows = as_array(name, rows, f"an array of integers in [0, {self.n})", "iu")
        require(rows.size and rows.ndim, name, "of shape (..., B) with B >= 1", rows.shape)
        if rows.min() < 0 or rows.max() >= self.n:
            wrong = rows[(rows < 0) | (rows >= self.n)][0].item()
            hint, legal = f": {wrong} is out of bounds", f"integers in [0, {self.n})"
            require(False, name, legal, wrong, IndexError, hint)
        part = object.__new__(type(self))
        vars(part).update(vars(self), X=self.X[rows], y=self.y[rows])
        return part

    def __call__(self, x):
        return self._found(self._points(x), self._value)[0]

    def grad(self, x):
        return self._found(self._points(x), self._gradient)[0]

    def _value(self, x, y, z, pull_back):
        return self._loss(y, z).mean(axis=-1) + self.l2 / 2 * (x * x).sum(axis=-1)

    def _gradient(self, x, y, z, pull_back):
        gradient = pull_back(self._slope(y, z))
        gradient += self.l2 * x
        return gradient

    def _found(self, x, *wanted):
        """What is wanted at points, from scores computed once; large ones point by point."""
        if x.ndim > 1 and x.size and self.X.ndim == 2 and self.n * self.dim >= LARGE:
            each = [self._found(point, *wanted) for point in x.reshape(-1, self.dim)]
            rows = map(np.array, zip(*each, strict=True))
            return [row.reshape(*x.shape[:-1], *row.shape[1:]) for row in rows]
        at = self._at(x)
        return [find(*at) for find in wanted]

    def _at(self, x):
        """The points, and in their precision the targets and what ``_scores`` returns."""
        x = self._points(x)
        X, y = self.X.astype(x.dtype, copy=False), self.y.astype(x.dtype, copy=False)
        return x, y, *self._scores(X, x)

    def _scores(self, X, x):
        """The score of each example, and what the slopes there mean for x, on average."""
        return np.matvec(X, x), lambda slope: np.matvec(X.mT, slope) / self.n


def value_and_gradient(problem, x):
    """Both at x; those of a finite sum rest on the same scores, computed once."""
    gradient = getattr(problem.grad, "__func__", None)
    if (type(problem).__call__, gradient) == (FiniteSum.__call__, FiniteSum.grad):
        return problem._found(problem._points(x), problem._value, problem._gradient)
    return problem(x), problem.grad(x)


class LeastSquares(FiniteSum):
    r"""Linear regression, :math:`\frac1{2n}\sum_i(a_i^\top x-y_i)^2+\frac{l_2}2\|x\|^2`.

    It knows its exact ``minimizers`` and ``f_min``, its constant ``hessian``, and that one's
    ``eigenvalues`` and ``condition_number``.

    Parameters
    ----------
    X : array, shape (n, d)
        One example :math:`a_i` a row; append a column of ones for an intercept.
    y : array, shape (n,)
        Targets.
    l2 : float in [0, inf), default 0
        Weight decay.

    Raises
    ------
    TypeError, ValueError
        For an illegal argument, by name.

    Examples
    --------
    >>> problem = LeastSquares(X=[[1.0, 0.0], [0.0, 2.0]], y=[3.0, 4.0])
    >>> problem.minimizers.round(12), problem.eigenvalues, problem.condition_number
    (array([[3., 2.]]), array([0.5, 2. ]), 4.0)
    """

    @property
    def hessian(self):
        r""":math:`\frac1nX^\top X+l_2I`, shape (d, d)."""
        return self.X.mT @ self.X / self.n + self.l2 * np.eye(self.dim)

    @property
    def eigenvalues(self):
        """The Hessian's, ascending."""
        return np.linalg.eigvalsh(self.hessian)

    condition_number = Quadratic.condition_number

    @property
    def minimizers(self):
        """The minimizer, shape (1, d); the shortest one if there are several."""
        decay = np.sqrt(self.n * self.l2) * np.eye(self.dim)
        X, y = np.vstack([self.X, decay]), np.concatenate([self.y, np.zeros(self.dim)])
        return np.linalg.lstsq(X, y)[0][np.newaxis]

    @property
    def f_min(self):
        return self(self.minimizers[0]).item()

    def _loss(self, y, z):
        return np.square(z - y) / 2

    def _slope(self, y, z):
        return z - y


class Logistic(FiniteSum):
    r"""Logistic regression, :math:`\ell_i(x)=\log(1+e^{-s_i z_i})` with :math:`z_i=a_i^\top x`.

    Parameters
    ----------
    X : array, shape (n, d)
        One example :math:`a_i` a row; append a column of ones for an intercept.
    y : array, shape (n,), each 0 or 1
        Labels; :math:`s_i=2y_i-1` is their sign.
    l2 : float in [0, inf), default 0
        Weight decay.

    Raises
    ------
    TypeError, ValueError
        For an illegal argument, by name.

    Examples
    --------
    >>> problem = Logistic(X=[[1.0], [-2.0], [1.0]], y=[1, 0, 0])
    >>> problem([1000.0]).round(3), problem.grad([1000.0]).round(3), problem.error([1.0]).round(3)
    (np.float64(333.333), array([0.333]), np.float64(0.333))
    """

    def __init__(self, X, y, l2=0.0):
        super().__init__(X, y, l2)
        check_labels("Logistic: y", self.y, 2)

    def error(self, x):
        """Fraction of the examples on the wrong side of the boundary, shape (...)."""
        _, y, z, _ = self._at(x)
        return ((z > 0) != (y == 1)).mean(axis=-1)

    def _loss(self, y, z):
        return np.logaddexp(0, (1 - 2 * y) * z)

    def _slope(self, y, z):
        return (1 - 2 * y) * np.exp(-np.logaddexp(0, (2 * y - 1) * z))


class Softmax(FiniteSum):
    r"""Multinomial logistic regression, :math:`\ell_i(W)=\log\sum_c e^{z_{ic}}-z_{iy_i}`.

    Its x, (..., k C), is the matrix :math:`W`, (k, C), row by row; :math:`z_i=W^\top a_i`.

    Parameters
    ----------
    X : array, shape (n, k)
        One example :math:`a_i` a row; append a column of ones for an intercept.
    y : array, shape (n,), each 0, 1, ..., classes - 1
        Labels.
    l2 : float in [0, inf), default 0
        Weight decay.
    classes : int, default the largest label + 1
        Number C of classes.

    Raises
    ------
    TypeError, ValueError
        For an illegal argument, by name.

    Examples
    --------
    >>> problem = Softmax(X=[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], y=[0, 1, 2])
    >>> problem.dim, problem(problem.x0).round(4), problem.error([1, 0, 0, 0, 1, 0]).round(4)
    (6, np.float64(1.0986), np.float64(0.3333))
    """

    def __init__(self, X, y, l2=0.0, classes=None):
        super().__init__(X, y, l2)
        self.classes = max(int(self.y.max()), 0) + 1 if classes is None else classes
        check_count("Softmax: classes", self.classes, 1)
        check_labels("Softmax: y", self.y, self.classes)

    def error(self, x):
        """Fraction of the examples whose largest score is not their label's, shape (...)."""
        _, y, z, _ = self._at(x)
        return (z.argmax(axis=-1) != y).mean(axis=-1)

    def _scores(self, X, x):
        def pull_back(slope):
            return (X.mT @ slope).reshape(*slope.shape[:-2], self.dim) / self.n

        return X @ x.reshape(*x.shape[:-1], -1, self.classes), pull_back

    def _loss(self, y, z):
        return _log_sum_exp(z)[..., 0] - np.where(self._is_label(y), z, 0).sum(axis=-1)

    def _slope(self, y, z):
        return np.exp(z - _log_sum_exp(z)) - self._is_label(y)

    def _is_label(self, y):
        return np.arange(self.classes) == y[..., np.newaxis]


def _log_sum_exp(z):
    highest = z.max(axis=-1, keepdims=True)
    return highest + np.log(np.exp(z - highest).sum(axis=-1, keepdims=True))

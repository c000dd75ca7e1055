"""Problems that average a loss over examples: least squares, logistic, softmax regression."""

import numpy as np

from optlib.problems import Problem, as_numbers, check_count, condition


class FiniteSum(Problem):
    r"""A mean over examples plus weight decay, :math:`\frac1n\sum_i\ell_i(x)+\frac{l_2}2\|x\|^2`.

    Fields: ``X (n, k)``, ``y (n,)``, ``l2``, ``n``, ``dim``, and ``x0``, the origin.
    """

    def __init__(self, X, y, l2=0.0):
        name = type(self).__name__
        self.X = as_numbers(f"{name}: X", X, 2)
        self.y = as_numbers(f"{name}: y", y, 1)
        self.l2 = as_numbers(f"{name}: l2", l2, 0).item()
        if len(self.y) != len(self.X):
            raise ValueError(
                f"{name}: y must have one entry for each of the {len(self.X)} rows of X, "
                f"got shape {self.y.shape}"
            )
        if self.l2 < 0:
            raise ValueError(f"{name}: l2 must be in [0, inf), got {self.l2}")

    @property
    def n(self):
        """Number of examples."""
        return self.X.shape[-2]

    @property
    def dim(self):
        """Number of parameters."""
        return self.X.shape[-1]

    @property
    def x0(self):
        """The origin."""
        return np.zeros(self.dim)

    def batch(self, rows):
        """The same problem on some of the examples.

        Parameters
        ----------
        rows : int array, shape (..., B)
            Which examples. Leading axes give one batch a run: its problem takes x of shape
            (..., d), each point with its own examples, so ``rows`` of shape (n, 1) gives
            ``grad`` the gradients of all single examples.

        Returns
        -------
        Problem
            Of the same class, its mean over the B examples.

        Raises
        ------
        TypeError, ValueError, IndexError
            If rows are not integers, are none, or lie outside the examples.
        """
        rows = np.asarray(rows)
        name = f"{type(self).__name__}.batch: rows"
        if rows.dtype.kind not in "iu":
            raise TypeError(f"{name} must be an array of integers in [0, {self.n}), got {rows!r}")
        if rows.ndim == 0 or rows.shape[-1] == 0:
            raise ValueError(f"{name} must have shape (..., B) with B >= 1, got {rows.shape}")
        part = object.__new__(type(self))
        vars(part).update(vars(self), X=self.X[rows], y=self.y[rows])
        return part

    def __call__(self, x):
        x = self._points(x)
        return self._losses(x).mean(axis=-1) + self.l2 / 2 * (x * x).sum(axis=-1)

    def grad(self, x):
        x = self._points(x)
        return self._mean_slope(x) + self.l2 * x

    def _in_dtype_of(self, x):
        return self.X.astype(x.dtype, copy=False), self.y.astype(x.dtype, copy=False)

    def __repr__(self):
        return f"{type(self).__name__}(n={self.n}, dim={self.dim}, l2={self.l2})"


class LeastSquares(FiniteSum):
    r"""Linear regression, :math:`\frac1{2n}\sum_i(a_i^\top x-y_i)^2+\frac{l_2}2\|x\|^2`.

    Parameters
    ----------
    X : array, shape (n, d)
        One example :math:`a_i` a row; append a column of ones for an intercept.
    y : array, shape (n,)
        Targets.
    l2 : float in [0, inf), default 0
        Weight decay.

    Returns
    -------
    Problem
        With its exact ``minimizers`` and ``f_min``, its constant ``hessian``, and that one's
        ``eigenvalues`` and ``condition_number``.

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

    @property
    def condition_number(self):
        r"""The ratio :math:`\kappa=\lambda_{\max}/\lambda_{\min}` of the Hessian."""
        return condition(self.eigenvalues)

    @property
    def minimizers(self):
        """The minimizer, shape (1, d); the shortest one if there are several."""
        decay = np.sqrt(self.n * self.l2) * np.eye(self.dim)
        X, y = np.vstack([self.X, decay]), np.concatenate([self.y, np.zeros(self.dim)])
        return np.linalg.lstsq(X, y)[0][np.newaxis]

    @property
    def f_min(self):
        """The value there."""
        return self(self.minimizers[0]).item()

    def _residuals(self, x):
        X, y = self._in_dtype_of(x)
        return X, np.matvec(X, x) - y

    def _losses(self, x):
        _, r = self._residuals(x)
        return r * r / 2

    def _mean_slope(self, x):
        X, r = self._residuals(x)
        return np.matvec(X.mT, r) / self.n


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
        _check_labels("Logistic: y", self.y, 2)

    def error(self, x):
        """Fraction of the examples on the wrong side of the boundary, shape (...)."""
        _, y, z = self._scores(self._points(x))
        return ((z > 0) != (y == 1)).mean(axis=-1)

    def _scores(self, x):
        X, y = self._in_dtype_of(x)
        return X, y, np.matvec(X, x)

    def _losses(self, x):
        _, y, z = self._scores(x)
        return np.logaddexp(0, (1 - 2 * y) * z)

    def _mean_slope(self, x):
        X, y, z = self._scores(x)
        away = 1 - 2 * y  # the sign that makes the loss grow with away * z
        return np.matvec(X.mT, away * np.exp(-np.logaddexp(0, -away * z))) / self.n


class Softmax(FiniteSum):
    r"""Multinomial logistic regression, :math:`\ell_i(W)=\log\sum_c e^{z_{ic}}-z_{iy_i}`.

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

    Returns
    -------
    Problem
        Its x, (..., k C), is the matrix :math:`W`, (k, C), row by row: :math:`z_i=W^\top a_i`.

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
        _check_labels("Softmax: y", self.y, self.classes)

    @property
    def dim(self):
        """Number of parameters, k C."""
        return self.X.shape[-1] * self.classes

    def error(self, x):
        """Fraction of the examples whose largest score is not their label's, shape (...)."""
        return (self._scores(self._points(x))[1].argmax(axis=-1) != self.y).mean(axis=-1)

    def _scores(self, x):
        X, _ = self._in_dtype_of(x)
        return X, X @ x.reshape(*x.shape[:-1], -1, self.classes)

    def _losses(self, x):
        _, z = self._scores(x)
        return _log_sum_exp(z) - np.where(self._is_label(), z, 0).sum(axis=-1)

    def _mean_slope(self, x):
        X, z = self._scores(x)
        probabilities = np.exp(z - _log_sum_exp(z)[..., np.newaxis])
        slope = X.mT @ (probabilities - self._is_label()) / self.n
        return slope.reshape(*slope.shape[:-2], self.dim)

    def _is_label(self):
        return np.arange(self.classes) == self.y[..., np.newaxis]


def _log_sum_exp(z):
    highest = z.max(axis=-1, keepdims=True)
    return highest[..., 0] + np.log(np.exp(z - highest).sum(axis=-1))


def _check_labels(name, y, classes):
    illegal = y[(y < 0) | (y >= classes) | (y != np.floor(y))]
    if illegal.size:
        raise ValueError(f"{name} must be integers in [0, {classes - 1}], got {illegal[0]}")

"""Problems whose gradient is random: noise added to it, or a minibatch of its examples."""

from dataclasses import dataclass
from numbers import Real

import numpy as np

from optlib.checks import as_numbers, check_count, require
from optlib.problems import Problem


class Stochastic(Problem):
    """A problem seen through random gradients; its value, minimizers and start stay exact.

    ``sample(rng, t, shape)`` draws the randomness of step t = 1, 2, ... for starts of that
    shape, ``grad(x, xi)`` uses it, and ``grad(x)`` without it is the exact gradient.
    """

    dim = property(lambda self: self.problem.dim)
    x0 = property(lambda self: self.problem.x0)
    minimizers = property(lambda self: self.problem.minimizers)
    f_min = property(lambda self: self.problem.f_min)
    bounds = property(lambda self: self.problem.bounds)

    def __call__(self, x):
        return self.problem(x)


@dataclass(frozen=True, eq=False)
class Noisy(Stochastic):
    r"""A problem whose gradient carries noise, :math:`\nabla f(x)+\sigma\xi`.

    Parameters
    ----------
    problem : Problem
        The problem without noise.
    sigma : float or array that broadcasts against x, in [0, inf), default 1
        Scale :math:`\sigma` of the noise in every coordinate.
    df : float in (0, inf], default inf
        Degrees of freedom of Student's t: ``inf`` draws Gaussian noise of variance
        :math:`\sigma^2`; a smaller number heavier tails, with variance
        :math:`\sigma^2\,df/(df-2)` above 2 and none at or below.

    Raises
    ------
    TypeError, ValueError
        For an illegal argument, by name.

    Examples
    --------
    >>> from optlib.problems import Quadratic
    >>> noisy = Noisy(Quadratic(eigenvalues=(1, 1)), sigma=0.1)
    >>> noisy.grad([1.0, 2.0])
    array([1., 2.])
    >>> xi = noisy.sample(np.random.default_rng(0), t=1, shape=(2,))
    >>> noisy.grad([1.0, 2.0], xi).round(3)
    array([1.013, 1.987])
    """

    problem: Problem
    sigma: float = 1.0
    df: float = np.inf

    def __post_init__(self):
        _check_exact("Noisy", self.problem)
        sigma = as_numbers("Noisy: sigma", self.sigma, least=0)
        positive = isinstance(self.df, Real) and self.df > 0
        require(positive, "Noisy: df", "a number in (0, inf]", self.df)
        object.__setattr__(self, "sigma", sigma if sigma.ndim else sigma.item())

    def sample(self, rng, t, shape):
        """Standard noise, one number a coordinate."""
        return rng.standard_normal(shape) if self.df == np.inf else rng.standard_t(self.df, shape)

    def grad(self, x, xi=None):
        g = self.problem.grad(x)
        return g if xi is None else g + (self.sigma * xi).astype(g.dtype)


@dataclass(frozen=True, eq=False)
class Minibatch(Stochastic):
    r"""A finite sum whose gradient is averaged over a few examples, drawn anew at every step.

    The estimate is unbiased. With :math:`S` the covariance of the single examples' gradients, its
    covariance is :math:`S/B`, times :math:`(n-B)/(n-1)` if a batch holds no example twice.

    Parameters
    ----------
    problem : LeastSquares, Logistic, Softmax
        The finite sum over n examples.
    batch_size : int >= 1; at most n without replacement
        Number :math:`B` of examples.
    replace : bool, default True
        Whether one batch may hold an example twice.

    Raises
    ------
    TypeError, ValueError
        For an illegal argument, by name.

    Examples
    --------
    >>> from optlib.finite_sums import LeastSquares
    >>> problem = LeastSquares(X=[[1.0], [2.0]], y=[1.0, 0.0])
    >>> batch = Minibatch(problem, batch_size=1)
    >>> batch.grad([1.0]), batch.grad([1.0], xi=np.array([1]))
    (array([2.]), array([4.]))
    """

    problem: Problem
    batch_size: int
    replace: bool = True

    def __post_init__(self):
        _check_exact("Minibatch", self.problem)
        summed = hasattr(self.problem, "batch")
        require(summed, "Minibatch: problem", "a finite sum", self.problem, TypeError)
        flag = isinstance(self.replace, bool)
        require(flag, "Minibatch: replace", "True or False", self.replace, TypeError)
        most = np.inf if self.replace else self.problem.n
        check_count("Minibatch: batch_size", self.batch_size, 1, most)

    def sample(self, rng, t, shape):
        """Rows of the examples, an independent batch for each start."""
        n, size, runs = self.problem.n, self.batch_size, shape[:-1]
        if self.replace:
            return rng.integers(n, size=(*runs, size))
        rows = [rng.choice(n, size, replace=False) for _ in range(np.prod(runs, dtype=int))]
        return np.reshape(rows, (*runs, size))

    def grad(self, x, xi=None):
        return self.problem.grad(x) if xi is None else self.problem.batch(xi).grad(x)


def _check_exact(name, problem):
    exact = isinstance(problem, Problem) and not isinstance(problem, Stochastic)
    require(exact, f"{name}: problem", "a Problem without noise", problem, TypeError)

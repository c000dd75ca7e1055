"""Problems seen through other gradients: noise added, a few examples, a minimum that moves."""

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real

import numpy as np

from optlib.checks import (
    as_array,
    as_numbers,
    check_count,
    check_draw,
    common_shape,
    require,
)
from optlib.probe import takes
from optlib.problems.base import Problem


class Stochastic(Problem):
    """A problem seen through random gradients; its value, minimizers and start stay exact.

    ``sample(rng, t, shape)`` draws the randomness of step t = 1, 2, ... for starts of that
    shape, ``grad(x, xi)`` uses it, and ``grad(x)`` without it is the exact gradient.
    """

    def __call__(self, x):
        return self.problem(x)


for _name in ("dim", "x0", "minimizers", "f_min", "bounds"):  # what other gradients do not change
    setattr(Stochastic, _name, property(lambda self, name=_name: getattr(self.problem, name)))


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
    >>> from optlib.problems.base import Quadratic
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
        object.__setattr__(self, "sigma", sigma if sigma.ndim else sigma.item())
        positive = isinstance(self.df, Real) and self.df > 0
        require(positive, "Noisy: df", "a number in (0, inf]", self.df)

    def sample(self, rng, t, shape):
        """Standard noise, one number a coordinate."""
        check_draw("Noisy.sample", rng, shape)
        return rng.standard_normal(shape) if self.df == np.inf else rng.standard_t(self.df, shape)

    def grad(self, x, xi=None):
        g = self.problem.grad(x)
        if xi is None:
            return g
        xi = as_array("Noisy.grad: xi", xi, "an array of numbers")
        common_shape("Noisy.grad: ", g.shape, {"sigma": self.sigma, "xi": xi})
        return g + (self.sigma * xi).astype(g.dtype)


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
    >>> from optlib.problems.finite_sums import LeastSquares
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
        check_draw("Minibatch.sample", rng, shape)
        n, size, runs = self.problem.n, self.batch_size, shape[:-1]
        if self.replace:
            return rng.integers(n, size=(*runs, size))
        rows = [rng.choice(n, size, replace=False) for _ in range(np.prod(runs, dtype=int))]
        return np.reshape(rows, (*runs, size))

    def grad(self, x, xi=None):
        return self.problem.grad(x) if xi is None else self.problem.batch(xi).grad(x)


@dataclass(frozen=True, eq=False)
class Drifting(Stochastic):
    r"""A problem whose gradient at step t is :math:`s_t\,\nabla f(x-c_t)`, the noise included.

    Its value, its minimizers and ``grad(x)`` are those at rest, where :math:`c=0` and :math:`s=1`.

    Parameters
    ----------
    problem : Problem
        :math:`f`, such as a `Quadratic`, or `Noisy` around one.
    center : function, default always 0
        From the step t = 1, 2, ... to the shift :math:`c_t`, a number or an array of shape (d,).
    scale : function, default always 1
        From t to the factor :math:`s_t` on the gradient and its noise.

    Raises
    ------
    TypeError
        For an illegal argument, by name.

    Examples
    --------
    >>> from optlib.problems.base import Quadratic
    >>> bowl = Drifting(Quadratic(eigenvalues=(1, 1)), center=lambda t: 2.0 * (t > 5))
    >>> rng = np.random.default_rng(0)
    >>> [bowl.grad([3.0, 2.0], bowl.sample(rng, t, shape=(2,))) for t in (5, 6)]
    [array([3., 2.]), array([1., 0.])]
    """

    problem: Problem
    center: Callable = lambda t: 0.0
    scale: Callable = lambda t: 1.0

    def __post_init__(self):
        rests = isinstance(self.problem, Problem) and not isinstance(self.problem, Drifting)
        require(rests, "Drifting: problem", "a Problem at rest", self.problem, TypeError)
        for name, function in (("center", self.center), ("scale", self.scale)):
            of_t = callable(function) and takes(function, 1)
            require(of_t, f"Drifting: {name}", "a function of t", function, TypeError)

    def sample(self, rng, t, shape):
        """The scale and the center of step t, and the noise of the problem, if it has any."""
        noisy = isinstance(self.problem, Stochastic)
        noise = [self.problem.sample(rng, t, shape)] if noisy else []
        scale, center = (
            as_array(f"Drifting: {name}({t})", value, "a number or an array of numbers")
            for name, value in (("scale", self.scale(t)), ("center", self.center(t)))
        )
        return scale, center, noise

    def grad(self, x, xi=None):
        if xi is None:
            return self.problem.grad(x)
        legal = "what sample returns"
        require(isinstance(xi, tuple) and len(xi) == 3, "Drifting.grad: xi", legal, xi, TypeError)
        (scale, center, noise), x = xi, self._points(x)
        common_shape("Drifting: ", x.shape, {"center": center, "scale": scale})
        g = self.problem.grad(x - np.asarray(center, x.dtype), *noise)
        return np.asarray(scale, g.dtype) * g

    def excess(self, x):
        """How far the point of every step is above the minimum of that step, unscaled.

        Parameters
        ----------
        x : array, shape (steps + 1, ..., d)
            The points of a `History`.

        Returns
        -------
        array, shape (steps, ...)
            :math:`f(x_{t-1}-c_t)-f^*` for t = 1, 2, ..., steps.
        """
        x, least = self._points(x), self.f_min or 0.0
        centers = [np.broadcast_to(self.center(t), x.shape[1:]) for t in range(1, len(x))]
        centers = np.array(centers, x.dtype).reshape(x[:-1].shape)
        with np.errstate(all="ignore"):  # a run that diverges is data
            return self.problem(x[:-1] - centers) - least


def _check_exact(name, problem):
    exact = isinstance(problem, Problem) and not isinstance(problem, Stochastic)
    require(exact, f"{name}: problem", "a Problem without noise", problem, TypeError)

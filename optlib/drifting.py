"""A problem that does not hold still: its minimum moves and its gradient changes scale."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from optlib.checks import require
from optlib.problems import Problem
from optlib.stochastic import Stochastic


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
    >>> from optlib.problems import Quadratic
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
            require(callable(function), f"Drifting: {name}", "a function of t", function, TypeError)

    def sample(self, rng, t, shape):
        """The scale and the center of step t, and the noise of the problem, if it has any."""
        noisy = isinstance(self.problem, Stochastic)
        noise = [self.problem.sample(rng, t, shape)] if noisy else []
        return self.scale(t), self.center(t), noise

    def grad(self, x, xi=None):
        if xi is None:
            return self.problem.grad(x)
        scale, center, noise = xi
        x = self._points(x)
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
        least = self.f_min or 0.0
        with np.errstate(all="ignore"):  # a run that diverges is data
            values = [self.problem(point - self.center(t)) for t, point in enumerate(x[:-1], 1)]
        return np.array(values) - least

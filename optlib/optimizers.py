"""The update rules, in the order of the book, from SGD to Lion.

A rule is a frozen dataclass: its hyperparameters, and one pure function `step`
that first unpacks and then says one statement per displayed equation. The
formulas of the book, its proofs and its live figures are read off these lines.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from optlib.checks import check_arguments, check_defaults, check_fields, checked_call


class State(NamedTuple):
    """What a rule remembers between two steps.

    One state serves the family: SGD uses neither average, Momentum ``m``, RMSProp
    ``v``, Adam both. Zeros broadcast, so the default is the start of every run.

    Parameters
    ----------
    t : int
        Steps taken so far.
    m : array, shape of x
        Sum or average of gradients (first moment).
    v : array, shape of x
        Sum or average of squared gradients (second moment, not centered).
    """

    t: ArrayLike = 0
    m: ArrayLike = 0
    v: ArrayLike = 0


class AMSGradState(NamedTuple):
    """State of AMSGrad: `State` and ``v_max``, the largest ``v`` so far."""

    t: ArrayLike = 0
    m: ArrayLike = 0
    v: ArrayLike = 0
    v_max: ArrayLike = 0


class AdaDeltaState(NamedTuple):
    """State of AdaDelta: ``v`` averages squared gradients, ``u`` squared steps."""

    t: ArrayLike = 0
    v: ArrayLike = 0
    u: ArrayLike = 0


@dataclass(frozen=True, eq=False)  # eq=False: fields may be arrays, which neither compare nor hash
class Optimizer:
    """Base of all rules: checks hyperparameters once, by name, and the arguments of every step.

    Hyperparameters are numbers, or arrays that broadcast against x (last axis =
    coordinates, leading axes = runs), so that ``Adam(lr=rates[:, None])`` is a sweep.
    A sweep computes bit for bit what its runs compute one by one.

    Raises
    ------
    TypeError, ValueError
        For a value that is not numeric or out of range, by the field's name:
        ``lr``, ``eps`` and ``weight_decay`` in [0, inf); ``momentum``, ``rho``,
        ``beta1`` and ``beta2`` in [0, 1); others of your own rules finite. A large lr is
        legal: divergence is a lesson.

    Notes
    -----
    A rule treats every coordinate alone, as all rules of the book do. One that means to mix
    them, such as clipping by the norm of g or a rule of matrices, says so in its class with
    ``mixes_coordinates = True``, and keeps runs apart: ``np.linalg.norm(g, axis=-1,
    keepdims=True)``. It runs and sweeps; it cannot be traced.

    Steps keep float16 and float32, and numbers too small for them become 0.

    Examples
    --------
    A rule of your own is a full citizen: it runs, sweeps and prints its formula.

    >>> @dataclass(frozen=True, eq=False)
    ... class SignDescent(Optimizer):
    ...     lr: float = 0.1
    ...     def step(self, x, g, state=State()):
    ...         return x - self.lr * np.sign(g), State(state.t + 1)
    >>> SignDescent().step(np.array([1.0, 2.0]), np.array([5.0, -0.1]))[0]
    array([0.9, 2.1])
    """

    mixes_coordinates = False

    def __new__(cls, *values, **named):
        check_arguments(cls, values, named)
        return super().__new__(cls)

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        check_defaults(cls)
        if "step" in vars(cls):
            cls.step = checked_call(cls.step)

    def __post_init__(self):
        check_fields(self)

    def step(self, x, g, state=State()):
        """Return ``(x_new, state_new)`` after one step from x along the gradient g.

        Parameters
        ----------
        x : float or array, shape (..., d)
            The point. It is not changed.
        g : float or array, shape of x
            The gradient at x.
        state : State
            What the previous step returned; leave it out at the first step.

        Raises
        ------
        TypeError, ValueError
            If x, g or a field of the state is not numeric, g has another shape than x, a
            hyperparameter or a field does not broadcast against x, ``state`` is of another
            type than the rule's, or x, g or ``state`` are changed in place. A state does not
            know which rule made it: to start RMSProp from AdaGrad's ``v`` is legal.
        """
        raise NotImplementedError(f"{type(self).__name__} must define step(x, g, state=...)")


@dataclass(frozen=True, eq=False)
class SGD(Optimizer):
    r"""Stochastic gradient descent :cite:`robbins1951`: a step against the gradient.

    Parameters
    ----------
    lr : float or array, :math:`\alpha \ge 0`, default 0.01
        Learning rate.

    Examples
    --------
    >>> x, state = SGD(lr=0.1).step(np.array([1.0, 1.0]), np.array([1.0, -10.0]))
    >>> x
    array([0.9, 2. ])

    Same as PyTorch, Keras and optax.
    """

    lr: ArrayLike = 0.01

    def step(self, x, g, state=State()):
        lr = self.lr
        t, _, _ = state
        t = t + 1
        return x - lr * g, State(t)


@dataclass(frozen=True, eq=False)
class Momentum(Optimizer):
    r"""Heavy ball :cite:`polyak1964`: steps along a decaying sum of all gradients.

    Parameters
    ----------
    lr : float or array, :math:`\alpha \ge 0`, default 0.01
        Learning rate. A constant gradient is amplified by :math:`1/(1-\mu)`.
    momentum : float or array, :math:`\mu \in [0, 1)`, default 0.9
        Factor by which the sum decays at each step.

    Examples
    --------
    >>> rule, x, state = Momentum(lr=0.1), np.array([0.0]), State()
    >>> for _ in range(3):
    ...     x, state = rule.step(x, np.array([1.0]), state)
    >>> state.m.round(2), x.round(3)
    (array([2.71]), array([-0.561]))

    Same as PyTorch, optax and TF1. Keras keeps lr inside the sum, which differs once lr changes.
    """

    lr: ArrayLike = 0.01
    momentum: ArrayLike = 0.9

    def step(self, x, g, state=State()):
        lr, momentum = self.lr, self.momentum
        t, m, _ = state
        t = t + 1
        m = momentum * m + g
        return x - lr * m, State(t, m)


@dataclass(frozen=True, eq=False)
class Nesterov(Optimizer):
    r"""Nesterov's momentum :cite:`nesterov1983,sutskever2013`, which looks one step ahead.

    Here x is the look-ahead point, so that the gradient is taken where x is.

    Parameters
    ----------
    lr : float or array, :math:`\alpha \ge 0`, default 0.01
        Learning rate.
    momentum : float or array, :math:`\mu \in [0, 1)`, default 0.9
        Factor by which the sum decays at each step.

    Examples
    --------
    >>> x, state = Nesterov(lr=0.1).step(np.array([0.0]), np.array([1.0]))
    >>> x
    array([-0.19])

    Same as PyTorch and optax.
    """

    lr: ArrayLike = 0.01
    momentum: ArrayLike = 0.9

    def step(self, x, g, state=State()):
        lr, momentum = self.lr, self.momentum
        t, m, _ = state
        t = t + 1
        m = momentum * m + g
        return x - lr * (g + momentum * m), State(t, m)


@dataclass(frozen=True, eq=False)
class AdaGrad(Optimizer):
    r"""AdaGrad :cite:`duchi2011`: divides by the root of the summed squared gradients.

    Parameters
    ----------
    lr : float or array, :math:`\alpha \ge 0`, default 0.01
        Learning rate: the size of the first step in every coordinate.
    eps : float or array, :math:`\varepsilon \ge 0`, default 1e-10
        Keeps the quotient finite.

    Examples
    --------
    >>> x, state = AdaGrad(lr=0.1).step(np.zeros(2), np.array([1.0, -100.0]))
    >>> x.round(6)
    array([-0.1,  0.1])

    Same as PyTorch. Keras and optax put eps inside the root and start at v = 0.1;
    TF1 starts at 0.1 without eps.
    """

    lr: ArrayLike = 0.01
    eps: ArrayLike = 1e-10

    def step(self, x, g, state=State()):
        lr, eps = self.lr, self.eps
        t, _, v = state
        t = t + 1
        v = v + g**2
        return x - lr * g / (np.sqrt(v) + eps), State(t, 0, v)


@dataclass(frozen=True, eq=False)
class AdaDelta(Optimizer):
    r"""AdaDelta :cite:`zeiler2012`: RMSProp in units of its own past steps.

    Parameters
    ----------
    lr : float or array, :math:`\alpha \ge 0`, default 1.0
        Factor on the step. The paper has none.
    rho : float or array, :math:`\rho \in [0, 1)`, default 0.9
        Decay of both averages.
    eps : float or array, :math:`\varepsilon \ge 0`, default 1e-6
        Starts the motion: with eps 0 no step is ever taken.

    Examples
    --------
    >>> x, state = AdaDelta().step(np.zeros(2), np.array([1.0, -100.0]))
    >>> x.round(5)
    array([-0.00316,  0.00316])

    Same as PyTorch and optax. Keras has the same form with rho 0.95, eps 1e-7, lr 0.001.
    """

    lr: ArrayLike = 1.0
    rho: ArrayLike = 0.9
    eps: ArrayLike = 1e-6

    def step(self, x, g, state=AdaDeltaState()):
        lr, rho, eps = self.lr, self.rho, self.eps
        t, v, u = state
        t = t + 1
        v = rho * v + (1 - rho) * g**2
        d = np.sqrt(u + eps) / np.sqrt(v + eps) * g
        u = rho * u + (1 - rho) * d**2
        return x - lr * d, AdaDeltaState(t, v, u)


@dataclass(frozen=True, eq=False)
class RMSProp(Optimizer):
    r"""RMSProp :cite:`tieleman2012`: AdaGrad with a moving average instead of a sum.

    Parameters
    ----------
    lr : float or array, :math:`\alpha \ge 0`, default 0.01
        Learning rate. The first step is :math:`\alpha/\sqrt{1-\rho}`.
    rho : float or array, :math:`\rho \in [0, 1)`, default 0.99
        Decay of the average.
    eps : float or array, :math:`\varepsilon \ge 0`, default 1e-8
        Keeps the quotient finite.

    Examples
    --------
    >>> x, state = RMSProp(lr=0.1).step(np.zeros(2), np.array([1.0, -100.0]))
    >>> x.round(6)
    array([-1.,  1.])

    Same as PyTorch. Keras, optax and TF1 put eps inside the root; TF1 starts at v = 1.
    """

    lr: ArrayLike = 0.01
    rho: ArrayLike = 0.99
    eps: ArrayLike = 1e-8

    def step(self, x, g, state=State()):
        lr, rho, eps = self.lr, self.rho, self.eps
        t, _, v = state
        t = t + 1
        v = rho * v + (1 - rho) * g**2
        return x - lr * g / (np.sqrt(v) + eps), State(t, 0, v)


@dataclass(frozen=True, eq=False)
class Adam(Optimizer):
    r"""Adam, Algorithm 1 of :cite:`kingma2015`: momentum over root mean square.

    Both averages are corrected for their start at zero.

    Parameters
    ----------
    lr : float or array, :math:`\alpha \ge 0`, default 1e-3
        Learning rate: the first step is exactly :math:`\alpha\,\mathrm{sign}(g)` when eps is 0.
    beta1, beta2 : float or array, :math:`\beta_1, \beta_2 \in [0, 1)`, defaults 0.9 and 0.999
        Decay of the averages of the gradient and of its square.
    eps : float or array, :math:`\varepsilon \ge 0`, default 1e-8
        Keeps the quotient finite; large values turn Adam into momentum.
    bias_correction : bool, default True
        False leaves the hats away.

    Examples
    --------
    >>> x, state = Adam(lr=0.1).step(np.zeros(2), np.array([1.0, -100.0]))
    >>> x.round(6)
    array([-0.1,  0.1])

    Same as PyTorch and optax. Keras and TF1 add eps to the uncorrected root (the paper's
    "epsilon hat"); MLX does not correct the bias by default. In float16, where 1e-8 is 0, the first
    step is nan at g = 0 and infinite for g up to 0.0054: give a larger eps, or use float32.
    """

    lr: ArrayLike = 1e-3
    beta1: ArrayLike = 0.9
    beta2: ArrayLike = 0.999
    eps: ArrayLike = 1e-8
    bias_correction: bool = True

    def step(self, x, g, state=State()):
        lr, beta1, beta2, eps = self.lr, self.beta1, self.beta2, self.eps
        t, m, v = state
        t = t + 1
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t) if self.bias_correction else m
        v_hat = v / (1 - beta2**t) if self.bias_correction else v
        return x - lr * m_hat / (np.sqrt(v_hat) + eps), State(t, m, v)


@dataclass(frozen=True, eq=False)
class AMSGrad(Optimizer):
    r"""AMSGrad :cite:`reddi2018`: Adam whose denominator never shrinks.

    Parameters
    ----------
    lr, beta1, beta2, eps : float or array
        As in `Adam`.

    Examples
    --------
    >>> x, state = AMSGrad(lr=0.1).step(np.zeros(2), np.array([1.0, -100.0]))
    >>> x.round(6)
    array([-0.1,  0.1])

    Same as PyTorch and Keras up to where Keras adds eps. optax takes the maximum of the corrected
    average; the paper does not correct at all.
    """

    lr: ArrayLike = 1e-3
    beta1: ArrayLike = 0.9
    beta2: ArrayLike = 0.999
    eps: ArrayLike = 1e-8

    def step(self, x, g, state=AMSGradState()):
        lr, beta1, beta2, eps = self.lr, self.beta1, self.beta2, self.eps
        t, m, v, v_max = state
        t = t + 1
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        v_max = np.maximum(v_max, v)
        m_hat = m / (1 - beta1**t)
        v_hat = v_max / (1 - beta2**t)
        return x - lr * m_hat / (np.sqrt(v_hat) + eps), AMSGradState(t, m, v, v_max)


@dataclass(frozen=True, eq=False)
class AdamW(Optimizer):
    r"""AdamW :cite:`loshchilov2019`: Adam with weight decay beside the adaptive step.

    Parameters
    ----------
    lr, beta1, beta2, eps : float or array
        As in `Adam`.
    weight_decay : float or array, :math:`\lambda_{\mathrm{wd}} \ge 0`, default 0.01
        Fraction of x, times lr, that is taken away at each step.

    Examples
    --------
    >>> x, state = AdamW(lr=0.1, weight_decay=0.5).step(np.ones(1), np.zeros(1))
    >>> x
    array([0.95])

    Same as PyTorch, and as optax (default 1e-4) and Keras (4e-3) up to where Keras adds eps.
    The paper scales the decay by the schedule only, not by lr.
    """

    lr: ArrayLike = 1e-3
    beta1: ArrayLike = 0.9
    beta2: ArrayLike = 0.999
    eps: ArrayLike = 1e-8
    weight_decay: ArrayLike = 0.01

    def step(self, x, g, state=State()):
        lr, beta1, beta2, eps = self.lr, self.beta1, self.beta2, self.eps
        weight_decay = self.weight_decay
        t, m, v = state
        t = t + 1
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        return x - lr * (m_hat / (np.sqrt(v_hat) + eps) + weight_decay * x), State(t, m, v)


@dataclass(frozen=True, eq=False)
class Lion(Optimizer):
    r"""Lion :cite:`chen2023`: the sign of a momentum that the new gradient has corrected.

    Parameters
    ----------
    lr : float or array, :math:`\alpha \ge 0`, default 1e-4
        Learning rate: the size of every step in every coordinate, but for the decay.
    beta1 : float or array, :math:`\beta_1 \in [0, 1)`, default 0.9
        Weight of the average, against that of the new gradient, in the sign.
    beta2 : float or array, :math:`\beta_2 \in [0, 1)`, default 0.99
        Decay of the average of the gradient. It has no average of squares.
    weight_decay : float or array, :math:`\lambda_{\mathrm{wd}} \ge 0`, default 0.0
        As in `AdamW`.

    Examples
    --------
    >>> x, state = Lion(lr=0.1).step(np.zeros(2), np.array([1.0, -100.0]))
    >>> x, state.m
    (array([-0.1,  0.1]), array([ 0.01, -1.  ]))

    Same as optax (default decay 1e-3), Keras (default lr 1e-3) and MLX.
    """

    lr: ArrayLike = 1e-4
    beta1: ArrayLike = 0.9
    beta2: ArrayLike = 0.99
    weight_decay: ArrayLike = 0.0

    def step(self, x, g, state=State()):
        lr, beta1, beta2 = self.lr, self.beta1, self.beta2
        weight_decay = self.weight_decay
        t, m, _ = state
        t = t + 1
        c = beta1 * m + (1 - beta1) * g
        m = beta2 * m + (1 - beta2) * g
        return x - lr * (np.sign(c) + weight_decay * x), State(t, m)


OPTIMIZERS = (SGD, Momentum, Nesterov, AdaGrad, AdaDelta, RMSProp, Adam, AMSGrad, AdamW, Lion)

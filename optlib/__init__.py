"""From SGD to Adam: update rules written once, as the equation, and what runs and reads them.

>>> from optlib import Adam, Quadratic, formula, minimize
>>> history = minimize(Adam(lr=0.1), Quadratic(eigenvalues=(1, 25)), x0=[1.0, 1.0], steps=200)
>>> bool(history.f[-1] < 1e-4)
True
>>> print(formula(Adam).splitlines()[1])
m_t &= \\beta_1\\,m_{t-1} + (1 - \\beta_1)\\,g_t \\\\
"""

from optlib.differentiate import differentiate
from optlib.latex import formula
from optlib.optimizers import (
    OPTIMIZERS,
    SGD,
    AdaDelta,
    AdaGrad,
    Adam,
    AdamW,
    AMSGrad,
    Lion,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
    State,
)
from optlib.problems import (
    LANDSCAPES,
    MLP,
    VAE,
    Beale,
    CharacterModel,
    DoubleWell,
    Drifting,
    Himmelblau,
    LeastSquares,
    Logistic,
    Minibatch,
    Network,
    Noisy,
    PiecewiseQuadratic,
    Problem,
    Quadratic,
    Rastrigin,
    Rosenbrock,
    Softmax,
)
from optlib.run import History, minimize, train
from optlib.trace import Program, trace


def __getattr__(name):
    """Import `identify` when it is first asked for, not with the library."""
    if name != "identify":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from optlib.identification import identify

    return identify

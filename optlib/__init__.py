"""From SGD to Adam: update rules written once, as the equation, and what runs and reads them.

>>> from optlib import Adam, Quadratic, formula, minimize
>>> history = minimize(Adam(lr=0.1), Quadratic(eigenvalues=(1, 25)), x0=[1.0, 1.0], steps=200)
>>> bool(history.f[-1] < 1e-4)
True
>>> print(formula(Adam).splitlines()[1])
m_t &= \\beta_1\\,m_{t-1} + (1 - \\beta_1)\\,g_t \\\\
"""

from importlib import import_module as _import_module
from inspect import ismodule as _ismodule

from optlib.differentiate import differentiate
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
from optlib.trace import Program, trace

_LATER = {  # imported when they are first asked for: no rule needs them
    "identification": ["identify"],
    "latex": ["formula"],
    "problems": ["LANDSCAPES", "MLP", "VAE", "Beale", "CharacterModel", "DoubleWell", "Drifting",
                 "Himmelblau", "LeastSquares", "Logistic", "Minibatch", "Network", "Noisy",
                 "PiecewiseQuadratic", "Problem", "Quadratic", "Rastrigin", "Rosenbrock",
                 "Softmax"],
    "run": ["History", "minimize", "train"],
}  # fmt: skip
_MODULES = {name: module for module, names in _LATER.items() for name in names}
__all__ = [name for name, value in globals().items() if name[0] != "_" and not _ismodule(value)]
__all__ += _MODULES


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(_import_module(f"{__name__}.{_MODULES[name]}"), name)
    return globals()[name]


def __dir__():
    return __all__

"""What is minimized: quadratics, landscapes, sums over data, networks, and noise upon them."""

from optlib.problems.base import Landscape, PiecewiseQuadratic, Problem, Quadratic
from optlib.problems.expected import expected_loss
from optlib.problems.finite_sums import LeastSquares, Logistic, Softmax
from optlib.problems.landscapes import (
    LANDSCAPES,
    Beale,
    DoubleWell,
    Himmelblau,
    Rastrigin,
    Rosenbrock,
)
from optlib.problems.models import MLP, VAE, CharacterModel, Network
from optlib.problems.stochastic import Drifting, Minibatch, Noisy

"""A careless reader gets the right number, or an error with the argument, what is legal, the value.

Each line of the tables is an input as someone new to the library would write it.
"""

import re
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pytest
from strategies import same_bits
from traitlets import TraitError

from optlib import (
    MLP,
    SGD,
    VAE,
    AdaGrad,
    Adam,
    AMSGrad,
    Beale,
    CharacterModel,
    Drifting,
    LeastSquares,
    Logistic,
    Minibatch,
    Momentum,
    Noisy,
    Optimizer,
    Problem,
    Quadratic,
    RMSProp,
    Rosenbrock,
    Softmax,
    State,
    formula,
    minimize,
    plots,
    schedules,
    trace,
    train,
)
from optlib.datasets import standardize
from optlib.explorables import Playground
from optlib.problems import expected_loss

ONE, G = np.ones(2), np.array([1.0, -2.0])
TWO_RATES, THREE_RATES = np.array([[0.1], [0.2]]), np.array([[0.1], [0.2], [0.3]])
MASKED = np.ma.masked_array([1.0, 2.0], [True, False])
OBJECTS = np.array([1.0, None], object)
BOWL = Quadratic(eigenvalues=(1, 25))
SUM = LeastSquares(np.random.default_rng(0).normal(size=(20, 3)), np.arange(20.0))
RUN = minimize(Adam(), BOWL, steps=3)

NUMPY_AND_PYTHON = re.compile(
    "unsupported operand|could not be broadcast|ambiguous|inhomogeneous|takes no arguments"
    "|has no attribute|has no len|not iterable|not subscriptable|not callable|unsized"
    "|positional argument|cannot unpack|could not convert|setting an array element"
    "|out of bounds for axis|only integer|cannot be interpreted|invalid"
)


def rng():
    return np.random.default_rng(0)


def rule(move, **options):
    """A rule of the reader's own that moves along ``-lr * move(g)``."""

    @dataclass(frozen=True, eq=False)
    class Mine(Optimizer):
        lr: float = 0.1

        def step(self, x, g, state=State()):
            return x - self.lr * move(g), State(state.t + 1)

    return Mine(**options)


def mixing(move, **options):
    """The same, and it means to mix coordinates."""
    mine = type(rule(move))
    mine.mixes_coordinates = True
    return mine(**options)


def returning(after):
    """A rule of the reader's own whose step returns ``after(x, g, state)``."""

    class Mine(Optimizer):
        def step(self, x, g, state=State()):
            return after(x, g, state)

    return Mine()


def problem(value=lambda x: (x**2).sum(-1), grad=lambda x: 2 * x, start=(1.0, 2.0), **members):
    """A problem of the reader's own."""
    given = {"dim": len(start), "x0": np.array(start)} | members
    methods = {"__call__": lambda self, x: value(x), "grad": lambda self, x: grad(x)}
    return type("Mine", (Problem,), methods | given)()


def valley(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def valley_slope(x):
    along = x[1] - x[0] ** 2
    return np.array([-2 * (1 - x[0]) - 400 * x[0] * along, 200 * along])


def in_place(x):
    x *= 2
    return x


def unwritten(body, bases=(Optimizer,), decorate=True, **members):
    """Define a class of a rule as a reader might, and make one."""
    made = type("Mine", bases, {"step": body} | members)
    return (dataclass(frozen=True, eq=False)(made) if decorate else made)()


def plain(self, x, g, state=State()):
    return x - g, State(state.t + 1)


def class_as_state(self, x, g, state=State):
    return x - g, State(state.t + 1)


def no_state(self, x, g):
    return x - g


def no_self(x, g, state=State()):
    return x - g, State(state.t + 1)


def momentum_in_place(x, g, state):
    m = state.m
    m *= 0.9
    m += g
    return x - m, State(state.t + 1, m)


def sgd(p, **options):
    return minimize(SGD(lr=0.001), p, steps=2, **options)


WRONG = [
    # Numbers
    (lambda: Adam().step([1, 2], G), "x must be a number or a NumPy array of numbers, got [1,"),
    (lambda: Adam().step(MASKED, G), "Adam.step: x must be a number or a NumPy array of numbers"),
    (lambda: Adam().step(ONE, MASKED), "Adam.step: g must be a number or a NumPy array of"),
    (lambda: Adam().step(ONE, OBJECTS), "g must be a number or a NumPy array of numbers, got"),
    (lambda: Adam().step(ONE, 1j * G), "g must be a number or a NumPy array of numbers, got arr"),
    (lambda: Adam().step(ONE, "down"), "g must be a number or a NumPy array of numbers, got"),
    (lambda: Adam().step(ONE, None), "g must be a number or a NumPy array of numbers, got None"),
    (lambda: Adam().step(ONE), "g must be a number or a NumPy array of numbers, got None"),
    (lambda: Adam().step(ONE, True), "g must be a number or a NumPy array of numbers, got True"),
    (lambda: Adam.step(ONE, G), "Adam.step must be called on a rule, as in SGD().step(x, g),"),
    (lambda: Adam().step(ONE, G, State(1, MASKED)), "Adam.step: m must be a number or a NumPy"),
    (lambda: Adam().step(ONE, G, State(1, "m")), "Adam.step: m must be a number or a NumPy"),
    (lambda: Adam().step(ONE, G, State(1.5)), "Adam.step: t must be an integer >= 0, got 1.5"),
    (lambda: Adam().step(ONE, G, State(1, np.ones(3))), "m must be of a shape that broadcasts"),
    (lambda: Adam().step(ONE, G, AMSGrad().step(ONE, G)[1]), "Adam.step: state must be a State,"),
    (lambda: Adam(lr=MASKED), "Adam: lr must be a number or an array of numbers in [0, inf),"),
    (lambda: Adam(lr="0.1"), "Adam: lr must be a number or an array of numbers in [0, inf), got"),
    (lambda: Adam(learning_rate=0.1), "unexpected keyword argument 'learning_rate', its"),
    (lambda: SGD(0.1, 0.9), "SGD: hyperparameters must be at most 1: lr, got 2"),
    (lambda: rule(np.sign, lr=-0.1), "Mine: lr must be in [0, inf), got -0.1"),
    (lambda: Own(width=None), "Own: width must be a number or an array of numbers in (-inf, inf),"),
    (lambda: Own(width="wide"), "Own: width must be a number or an array of numbers in (-inf,"),
    (lambda: Own(width=np.nan), "Own: width must be in (-inf, inf), got nan"),
    (lambda: Own(width=OBJECTS), "Own: width must be a number or an array of numbers in (-inf,"),
    # Points
    (lambda: BOWL([1, 2, 3]), "Quadratic: x must be of shape (..., 2), got (3,)"),
    (lambda: Rosenbrock().grad(MASKED), "Rosenbrock: x must be an array of numbers, got"),
    (lambda: BOWL([1j, 0]), "Quadratic: x must be an array of numbers, got [1j, 0]"),
    (lambda: BOWL(OBJECTS), "Quadratic: x must be an array of numbers, got array([1.0, None]"),
    (lambda: sgd(BOWL, x0=MASKED), "x0 must be an array of numbers, got masked_array"),
    (lambda: sgd(BOWL, x0=OBJECTS), "x0 must be an array of numbers, got array([1.0, None]"),
    (lambda: sgd(BOWL, x0=[1, np.inf]), "x0 must be finite, got inf"),
    (lambda: sgd(problem(x0=None)), "x0 must be an array of numbers, got None"),
    # What a reader's own rule returns
    (lambda: minimize(returning(lambda x, g, s: x - g), BOWL), "what Mine.step returns must be"),
    (lambda: minimize(returning(lambda x, g, s: ...), BOWL), "(x_new, State(...)), got Ellipsis"),
    (lambda: minimize(returning(lambda x, g, s: (x, (1, 0, 0))), BOWL), "must be (x_new,"),
    (lambda: minimize(returning(lambda x, g, s: (None, s)), BOWL), "x_new that Mine.step returns"),
    (lambda: minimize(returning(lambda x, g, s: (0.0, s)), BOWL), "of the shape of x, (2,), got"),
    (lambda: minimize(returning(lambda x, g, s: (1j * x, s)), BOWL), "x_new that Mine.step"),
    (lambda: minimize(returning(lambda x, g, s: (x - g, State(1, "m"))), BOWL), "m that"),
    (lambda: minimize(returning(lambda x, g, s: (x - g, State())), BOWL), "t that Mine.step returns"
     " must be state.t + 1 = 1, got 0"),
    (lambda: minimize(returning(lambda x, g, s: (in_place(x), s)), BOWL), "must not change x, g"),
    (lambda: minimize(returning(momentum_in_place), BOWL), "Mine.step must not change x, g or"),
    # What a reader's own problem returns
    (lambda: sgd(problem(grad=lambda x: None)), "what Mine.grad returns must be a number or an"),
    (lambda: sgd(problem(grad=lambda x: "down")), "what Mine.grad returns must be a number or an"),
    (lambda: sgd(problem(grad=lambda x: MASKED)), "what Mine.grad returns must be a number or an"),
    (lambda: sgd(problem(grad=lambda x: 1j * x)), "what Mine.grad returns must be a number or an"),
    (lambda: sgd(problem(grad=lambda x: x.sum())), "what Mine.grad returns must be of shape"),
    (lambda: sgd(problem(grad=lambda x: x[None])), "Mine.grad returns must be of shape (2,), got"),
    (lambda: sgd(problem(grad=in_place)), "the x given to Mine.grad must be left as it is, got"),
    (lambda: sgd(problem(lambda x: in_place(x).sum())), "the x given to Mine.__call__ must be"),
    (lambda: sgd(problem(lambda x: x**2)), "what Mine.__call__ returns must be of shape (), got"),
    (lambda: sgd(problem(lambda x: None)), "what Mine.__call__ returns must be a number or an"),
    (lambda: sgd(problem(__call__=lambda self, x, y: 0)), "Mine.__call__ must be written"),
    (lambda: sgd(problem(dim=None)), "Mine: dim, the number of coordinates, must be an integer"),
    # Runs and coordinates that mix
    (lambda: minimize(rule(lambda g: g / np.linalg.norm(g)), BOWL), "each coordinate alone"),
    (lambda: minimize(rule(lambda g: g / np.linalg.norm(g), lr=THREE_RATES), BOWL), "each"),
    (lambda: minimize(rule(lambda g: g - g.mean()), BOWL), "Mine.step must be written for each"),
    (lambda: minimize(rule(lambda g: g / np.max(abs(g))), BOWL), "mixes_coordinates = True in"),
    (lambda: minimize(rule(lambda g: g * g[0]), BOWL), "must be written for each coordinate"),
    (lambda: minimize(rule(lambda g: g / len(g)), BOWL), "must be written for each coordinate"),
    (lambda: minimize(rule(lambda g: g * G), BOWL), "an array that is no hyperparameter mix"),
    (lambda: minimize(mixing(lambda g: g / np.linalg.norm(g), lr=TWO_RATES), BOWL), "each run"),
    (lambda: trace(rule(lambda g: g / np.linalg.norm(g))), "trace: "),
    (lambda: trace(mixing(np.sign)), "this one says mixes_coordinates = True"),
    (lambda: minimize(SGD(lr=TWO_RATES), problem(valley, valley_slope)), "the same for a point"),
    (lambda: minimize(SGD(lr=TWO_RATES), problem(valley, valley_slope, (1.0, 1.0))), "Mine"),
    (lambda: minimize(SGD(lr=TWO_RATES), problem(valley, valley_slope, (0.0, 0.0))), "Mine"),
    (lambda: minimize(SGD(lr=THREE_RATES), problem(valley, valley_slope)), "of shape (3,), got"),
    (lambda: minimize(SGD(lr=TWO_RATES), problem(lambda x: (x**2).sum())), "of shape (2,), got"),
    (lambda: minimize(SGD(lr=TWO_RATES), problem(grad=lambda x: x * x.mean())), "Mine.grad"),
    (lambda: plots.contour(problem(valley), bounds=((-1, 1), (-1, 1))), "what Mine.__call__"),
    # Definitions
    (lambda: unwritten(plain, decorate=False, __annotations__={"lr": float}, lr=0.1), "class Mine "
     "must be written under @dataclass(frozen=True, eq=False), got 'a plain class with lr'"),
    (lambda: unwritten(plain, lr=0.1), "Mine: lr must be written with a type, lr: float = 0.1,"),
    (lambda: expected_loss(["1"], 0.1, 9), "expected_loss: eigenvalues must be a number or an arr"),
    (lambda: expected_loss(ONE, 0.1, 9, start=None), "expected_loss: start must be a number or an"),
    (lambda: expected_loss(ONE, 0.1, 9, sigma=-1), "expected_loss: sigma must be in [0, inf), got"),
    (lambda: expected_loss(ONE, 0.1, 9, tail="all"), "expected_loss: tail must be a number or an "),
    (lambda: expected_loss(ONE, 0.1, 9, tail=2), "expected_loss: tail must be in (0, 1], got 2.0"),
    (lambda: unwritten(plain, __annotations__={"lr": float}, lr=ONE), "Mine: lr must be a number "
     "by default, got array([1., 1.]); give an array when you make Mine(...)"),
    (lambda: trace(SGD)(x="1", g=1, t=0, m=0, v=0, lr=1), "program: x must be a number, an array"),
    (lambda: trace(SGD)(x=1, g=1, t=0, m=0, v=0, lr=None), "program: lr must be a number, an arr"),
    (lambda: unwritten(Adam.step, (Adam,), lr=0.1), "Mine: lr must be written with a type, lr:"),
    (lambda: unwritten(class_as_state), "must be written step(self, x, g, state=State()), got"),
    (lambda: unwritten(no_state), "must be written step(self, x, g, state=State()), got"),
    (lambda: unwritten(no_self), "must be written step(self, x, g, state=State()), got 'step(x,"),
    (lambda: minimize(Adam, BOWL), "optimizer must be an Optimizer, such as SGD(), got <class"),
    (lambda: minimize(Adam(), Rosenbrock), "Rosenbrock'>; write Rosenbrock(...)"),
    (lambda: minimize(BOWL, Adam()), "optimizer must be an Optimizer, such as SGD(), got"),
    # Sweeps
    (lambda: minimize(Adam(lr=[0.1, 0.2, 0.3]), BOWL), "got (3,); for 3 runs write lr[:, None]"),
    (lambda: minimize(Adam(lr=np.ones((3, 1)), beta1=np.zeros((4, 1))), BOWL), "beta1 must be of a "
     "shape that broadcasts against that of lr, (3, 1), got (4, 1)"),
    (lambda: minimize(SGD(), Noisy(BOWL, TWO_RATES), rng=rng()), "what Noisy.grad returns must"),
    (lambda: minimize(SGD(), Noisy(BOWL, np.ones(3)), rng=rng()), "Noisy.grad: sigma must be of"),
    # Schedules and states
    (lambda: sgd(BOWL, schedule=schedules.cosine), "schedule(1) must be a number in [0, inf),"),
    (lambda: sgd(BOWL, schedule=schedules.constant), "write schedule=constant()"),
    (lambda: minimize(SGD(), BOWL, schedule=lambda t: 1 if t < 7 else np.nan), "schedule(7) must be"
     " a number in [0, inf), got nan"),
    (lambda: sgd(BOWL, schedule=lambda t: None), "schedule(1) must be a number in [0, inf), got"),
    (lambda: sgd(BOWL, schedule=lambda t: ONE), "schedule(1) must be a number in [0, inf), got"),
    (lambda: sgd(BOWL, schedule=lambda t, n: 1), "schedule must be a function from t to a factor"),
    (lambda: sgd(BOWL, schedule="cosine"), "schedule must be a function from t to a factor on"),
    (lambda: schedules.cosine(9)(0), "schedule: t must be in [1, inf), got 0"),
    (lambda: schedules.wsd(9, 1.5), "cooldown must be in (0, 1], got 1.5"),
    (lambda: schedules.warmup(9, schedules.cosine), "then must be a schedule, a function of t,"),
    (lambda: sgd(BOWL, state=(0, 0, 0)), "state must be a History or a State, got (0, 0, 0)"),
    (lambda: sgd(BOWL, state=RUN.state), "state: t must be an integer >= 0, got array([0, 1, 2,"),
    (lambda: minimize(AMSGrad(), BOWL, state=RUN), "state must be a History or a AMSGradState,"),
    # Data, noise, problems
    (lambda: LeastSquares(MASKED[:, None], ONE), "LeastSquares: X must be a number or an array"),
    (lambda: Softmax([[1.0], [2.0]], ["cat", "dog"]), "Softmax: y must be a number or an array of"),
    (lambda: Logistic([[1.0], [2.0]], [1, 2]), "Logistic: y must be integers in [0, 1], got 2"),
    (lambda: SUM.batch([-1]), "LeastSquares.batch: rows must be integers in [0, 20), got -1"),
    (lambda: SUM.batch([20]), "rows must be integers in [0, 20), got 20: 20 is out of bounds"),
    (lambda: VAE(5), "VAE: X must be of a shape with 2 non-empty axes, got ()"),
    (lambda: CharacterModel("text", [0, 1], 2), "CharacterModel: X must be a number or an array"),
    (lambda: MLP([[1.0]], [0], hidden=2.5), "MLP: hidden must be an integer >= 1, got 2.5"),
    (lambda: MLP([[1.0]], [0], hidden=2).start(0), "MLP.start: rng must be a"),
    (lambda: Noisy(BOWL).sample(0, 1, (2,)), "Noisy.sample: rng must be a"),
    (lambda: Noisy(BOWL).sample(rng(), 1, "2"), "Noisy.sample: shape must be that of the start,"),
    (lambda: Noisy(BOWL).grad(ONE, "xi"), "Noisy.grad: xi must be an array of numbers, got 'xi'"),
    (lambda: Minibatch(SUM, 2).grad(np.ones(3), 0.5), "rows must be an array of integers in [0,"),
    (lambda: Drifting(BOWL, center=lambda t, u: 0), "Drifting: center must be a function of t,"),
    (lambda: sgd(Drifting(BOWL, center=lambda t: None), rng=rng()), "Drifting: center(1) must be"),
    (lambda: sgd(Drifting(BOWL, center=lambda t: np.ones(3)), rng=rng()), "center must be of a"),
    (lambda: Drifting(BOWL).grad(ONE, 3.0), "Drifting.grad: xi must be what sample returns, got"),
    (lambda: Drifting(BOWL).excess(RUN), "Drifting: x must be an array of numbers, got History("),
    (lambda: standardize(MASKED), "standardize: X must be a number or an array of numbers in"),
    (lambda: standardize(3.0), "standardize: X must be of shape (n, ...) with n >= 1, got ()"),
    (lambda: train(SGD(), BOWL, rng=rng()), "problem must be a finite sum, with n and"),
    (lambda: sgd(BOWL.grad), "problem must be a Problem with a value and a grad, got <bound"),
    (lambda: minimize(SGD(), BOWL, steps=1e3), "steps must be an integer >= 0, got 1000.0"),
    # Formulas, figures
    (lambda: formula(BOWL), "formula: rule must be an Optimizer, got Quadratic(dim=2)"),
    (lambda: trace("Adam"), "trace: definition must be a rule, a problem or a function, got "),
    (lambda: plots.path(RUN.x), "path: history must be the History of a run, got array("),
    (lambda: plots.contour(RUN), "contour: problem must be a Problem, got History("),
    (lambda: plots.contour(BOWL, bounds=(-1, 1)), "contour: bounds must be of a shape with 2"),
    (lambda: plots.contour(BOWL, bounds=((1, -1), (0, 1))), "contour: bounds must be ((low,"),
    (lambda: plots.contour(BOWL, levels="many"), "contour: levels must be an integer >= 2, got"),
    (lambda: plots.curves(RUN, {"a": [1]}), "curves: x must be numbers, got History("),
    (lambda: plots.curves(1, {"a": 1}), "curves: x must be an array with 1 axes, got ()"),
    (lambda: plots.curves([1, 2], {"a": RUN}), "'a' must be numbers, got History("),
    (lambda: plots.curves([1, 2], RUN), "ys must be a dict by label, got History("),
    (lambda: plots.curves([1, 2], {1: [1, 2]}), "ys must be a dict by label, got {1: [1, 2]}"),
    (lambda: plots.curves([1], {"a": [1]}, style=3), "style must be None, a string or line"),
    (lambda: plots.lr_curves([1, 2], {"SGD": "low"}), "'SGD' must be numbers, got 'low'"),
    (lambda: plots.bars({"a": RUN}), "'a' must be numbers, got History("),
    (lambda: plots.bars({"a": []}), "values must be at least one number a bar, got {'a': []}"),
    (lambda: plots.regions([1, 2], [1, 2], [True, False]), "regions: masks must be bool arrays of"),
    (lambda: plots.eigenvalues(RUN), "eigenvalues: values must be numbers, got History("),
    (lambda: plots.mark("1", 1, "here"), "mark: x must be numbers, got '1'"),
    (lambda: plots.mark(1, 1, None), "text must be a string, got None"),
    (lambda: plots.limit([1, 2]), "limit: value must be an array with 0 axes, got (2,)"),
    (lambda: plots.panels("2"), "panels: rows must be an integer >= 1, got '2'"),
    (lambda: Playground(Adam), "Playground: rule must be an Optimizer, such as SGD(), got"),
    (lambda: Playground(Adam(lr=TWO_RATES)), "Playground: lr of Adam must be one number, got"),
    (lambda: Playground(Adam(lr=0)), "Playground: lr of Adam must be in [0.0001, 100], got 0"),
    (lambda: Playground(Adam(beta2=0.99999)), "'beta2' trait of a Playground instance should"),
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Own(Optimizer):
    lr: float = 0.1
    width: float = 1.0

    def step(self, x, g, state=State()):
        return x - self.lr * np.clip(g, -self.width, self.width), State(state.t + 1)


@pytest.fixture(autouse=True)
def _figures():
    yield
    plt.close("all")


@pytest.mark.parametrize(("call", "words"), WRONG)
def test_careless_input_is_refused_in_words_of_the_library(call, words):
    with pytest.raises((TypeError, ValueError, IndexError, TraitError)) as caught:
        call()
    message = str(caught.value)
    assert words in message
    assert not NUMPY_AND_PYTHON.search(message.partition(", got ")[0])


def test_the_table_is_long():
    assert len(WRONG) >= 120


# Python's own words stand where a call leaves an argument out, or has one too many: they name the
# function and the argument, there is no value to show, and the signature stays what an editor sees.
# A rule lists its hyperparameters in place of that, for their names differ between libraries.
CALLS = [
    (lambda: minimize(Adam()), "minimize() missing 1 required positional argument: 'problem'"),
    (lambda: minimize(Adam(), BOWL, epochs=3), "minimize() got an unexpected keyword argument 'ep"),
    (lambda: formula(), "formula() missing 1 required positional argument: 'rule'"),
    (lambda: MLP([[1.0]], [0]), "MLP.__init__() missing 1 required positional argument: 'hidden'"),
    (lambda: Noisy(BOWL, scale=1), "Noisy.__init__() got an unexpected keyword argument 'scale'"),
    (lambda: schedules.cosine(), "cosine() missing 1 required positional argument: 'steps'"),
    (lambda: Adam().step(), "Adam.step() missing 1 required positional argument: 'x'"),
    (lambda: Rosenbrock(100), "Rosenbrock() takes no arguments"),
    (lambda: Momentum(mu=0.9), "unexpected keyword argument 'mu', its hyperparameters are lr, mom"),
    (lambda: Quadratic(), "Quadratic: matrix or eigenvalues must be given, got (None, None)"),
]


@pytest.mark.parametrize(("call", "words"), CALLS)
def test_a_call_that_does_not_fit_names_the_function_and_the_argument(call, words):
    with pytest.raises(TypeError) as caught:
        call()
    assert words in str(caught.value)


def exact(x):
    return np.array(x, float)


reused = np.zeros(2)


def slope_in_a_reused_array(x):
    reused[...] = 2 * x
    return reused


RIGHT = [
    (lambda: AdaGrad(1.0, 0.0).step(np.zeros(1), np.array([70000], np.int32))[0], exact([-1])),
    (lambda: SGD(1.0).step(np.zeros(1, np.uint8), np.array([3], np.uint8))[0], exact([-3])),
    (lambda: Momentum(1.0).step(np.zeros(1), np.full(1, 100, np.int8),
                                State(1, np.full(1, 100, np.int8)))[0], exact([-190])),
    (lambda: minimize(SGD(0.5), BOWL, np.full(2, 100, np.int8), 1).x[1], exact([50, -1150])),
    (lambda: minimize(SGD(1), problem(grad=lambda x: np.sign(x).astype(int)), steps=1).x[1],
     exact([0, 1])),
    (lambda: minimize(SGD(0.25), problem(grad=slope_in_a_reused_array), steps=2).g,
     exact([[2, 4], [1, 2]])),
    (lambda: minimize(SGD(0.25), problem(grad=lambda x: [2 * x[0], 2 * x[1]]), steps=1).x[1],
     exact([0.5, 1])),
    (lambda: minimize(Own(width=[1.0, 2.0]), BOWL, steps=1).x[1], 1 - 0.1 * exact([1, 2])),
    (lambda: minimize(SGD([0.5, 0.25]), BOWL, steps=1).x[1], exact([0.5, -5.25])),
    (lambda: minimize(mixing(lambda g: g / np.linalg.norm(g, axis=-1, keepdims=True), lr=0.5),
                      problem(), (3.0, 4.0), 1).x[1], exact([2.7, 3.6])),
    (lambda: RMSProp(0.5, 0.0, 0.0).step(ONE, G, AdaGrad().step(ONE, G)[1])[0], exact([0.5, 1.5])),
]  # fmt: skip


@pytest.mark.parametrize(("call", "right"), RIGHT)
def test_careless_input_that_is_legal_gives_the_right_number(call, right):
    assert same_bits(call(), right)


def test_nan_in_x_or_g_is_data():
    assert np.isnan(Adam().step(np.array([np.nan]), np.ones(1))[0]).all()
    assert np.isnan(Adam().step(np.ones(1), np.array([np.nan]))[0]).all()


def test_a_rule_that_means_to_mix_coordinates_keeps_its_runs_apart():
    def unit(g):
        return g / np.linalg.norm(g, axis=-1, keepdims=True)

    sweep = minimize(mixing(unit, lr=THREE_RATES), BOWL, steps=20)
    for i, lr in enumerate(THREE_RATES[:, 0]):
        assert same_bits(sweep.x[:, i], minimize(mixing(unit, lr=lr), BOWL, steps=20).x)


def test_a_problem_may_differ_from_run_to_run():
    scale = THREE_RATES * 10
    own = problem(lambda x: (scale * x**2).sum(-1), lambda x: 2 * scale * x)
    runs = minimize(SGD(0.01), own, np.ones((3, 2)), 5)
    alone = problem(lambda x: (2.0 * x**2).sum(-1), lambda x: 4.0 * x)
    assert same_bits(runs.x[:, 1], minimize(SGD(0.01), alone, np.ones(2), 5).x)


def test_own_settings_that_are_no_numbers_are_left_as_they_are():
    @dataclass(frozen=True, eq=False)
    class Shaped(Optimizer):
        shape: tuple = (1, 2)
        every: int = 3

        def step(self, x, g, state=State()):
            return x - g, State(state.t + 1)

    assert (Shaped().shape, Shaped().every, type(Shaped().every)) == ((1, 2), 3, int)
    assert trace(Shaped()).inputs == ("x", "g", "t", "m", "v", "every")


def test_the_playground_honors_the_flags_of_a_rule():
    name = "f at the end, Adam"
    for rule in (Adam(0.3), Adam(0.3, bias_correction=False)):
        shown = Playground(rule, landscape="Beale")
        end = minimize(rule, Beale(), shown.start, 100).f[-1]
        assert shown.numbers[name] == pytest.approx(end, rel=1e-5)
    assert Playground(Adam(0.3)).spec["name"] == "playground"
    assert shown.spec["name"] == "playground_Adam"  # so that links do not meet

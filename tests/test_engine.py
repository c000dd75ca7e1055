"""The engine of the live figures computes in the browser what optlib computes."""

import base64
from dataclasses import dataclass

import numpy as np
import pytest

from optlib import LANDSCAPES, OPTIMIZERS, Optimizer, Program, State, minimize
from optlib.explorables.base import STATIC, problem_data, rule_data
from optlib.trace import ARITHMETIC, FUNCTIONS

STEPS = 200
RATES = {"SGD": 1e-4, "Momentum": 1e-5, "Nesterov": 1e-5, "AdaDelta": 1.0}  # not chaotic
RATE = 0.01


@dataclass(frozen=True, eq=False)
class Filled(Optimizer):
    """A reader's own rule, whose average starts at another value than 0."""

    lr: float = 0.05
    floor: float = 0.2

    def step(self, x, g, state=State(m=0.5, v=0.1)):
        m, v = 0.5 * state.m - g, state.v + np.square(g)
        return x + self.lr * np.sign(m) * np.minimum(abs(m), 3) / np.maximum(
            np.sqrt(v), self.floor
        ), State(state.t + 1, m, v)


@pytest.fixture(scope="module")
def engine(browser):
    page = browser.new_page()
    source = base64.b64encode((STATIC / "engine.js").read_bytes()).decode()
    page.evaluate(f"import('data:text/javascript;base64,{source}').then((m) => {{ E = m; }})")
    return page


def run_in(engine, rule, problem, start, hyper):
    history = engine.evaluate(
        """([rule, problem, start, steps, hyper]) => {
            const { value, gradient } = E.landscape(problem);
            const run = E.minimize(rule, gradient, start, steps, hyper);
            const state = run.state.map((each) => each.map((values) => Array.from(values)));
            return { ...run, state, f: run.x.map(value) };
        }""",
        [rule_data(rule), problem_data(problem), list(start), STEPS, hyper],
    )
    fields = np.moveaxis(history.pop("state"), -1, 0)
    names = history.pop("names")
    return {name: np.array(values) for name, values in history.items()}, dict(
        zip(names, fields, strict=True)
    )


def near(found, expected):
    """Whether they agree to 1e-12 of the largest value of the run."""
    expected = np.asarray(expected, float)
    assert np.all(np.isfinite(expected))
    assert found.shape == expected.shape
    return np.abs(found - expected).max() <= 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize("landscape", LANDSCAPES)
@pytest.mark.parametrize("cls", [*OPTIMIZERS, Filled])
def test_run_is_the_one_of_optlib(engine, cls, landscape):
    problem, lr = LANDSCAPES[landscape], RATES.get(cls.__name__, RATE)
    expected = minimize(cls(lr=lr), problem, steps=STEPS)
    assert np.ptp(expected.f) > 1e-4
    found, state = run_in(engine, cls(), problem, problem.x0, {"lr": lr})
    for name, values in found.items():
        assert near(values, getattr(expected, name)), name
    for name, values in expected.state._asdict().items():
        shape = expected.x.shape
        assert near(state[name], np.broadcast_to(np.reshape(values, (STEPS + 1, -1)), shape)), name


@pytest.mark.parametrize("landscape", LANDSCAPES)
def test_landscape_is_the_one_of_optlib(engine, landscape):
    problem = LANDSCAPES[landscape]
    x = np.random.default_rng(0).uniform(*np.transpose(problem.bounds), size=(500, 2))
    found = engine.evaluate(
        """([problem, x]) => {
            const { value, gradient } = E.landscape(problem);
            return [x.map(value), x.map(gradient)];
        }""",
        [problem_data(problem), x.tolist()],
    )
    assert near(np.array(found[0]), problem(x))
    assert near(np.array(found[1]), problem.grad(x))


VALUES = [-2.5, -1.0, 0.0, 0.5, 2.0, 3.25]


@pytest.mark.parametrize("name", [*ARITHMETIC, *FUNCTIONS])
def test_every_operation_is_known(engine, name):
    operation = getattr(np, name)
    arguments = "xy"[: operation.nin]
    program = Program(tuple(arguments), ((name, *range(operation.nin)),), {"f": operation.nin})
    if operation.nin == 1:
        inputs = [(x,) for x in VALUES if x > 0 or name not in ("sqrt", "log")]
    else:
        inputs = [
            (x, y)
            for x in VALUES
            for y in VALUES
            if (x > 0 or name != "power") and (y or name != "divide")
        ]
    found = engine.evaluate(
        """([program, inputs]) => {
            const { registers, run, output } = E.evaluator(program);
            return inputs.map((x) => { registers.set(x); run(); return registers[output("f")]; });
        }""",
        [program.to_json(), inputs],
    )
    expected = [float(program(**dict(zip(arguments, x, strict=True)))["f"]) for x in inputs]
    assert found == pytest.approx(expected, rel=1e-15)


def test_run_can_stop_early(engine):
    problem = LANDSCAPES["Quadratic"]
    steps = engine.evaluate(
        """([rule, problem]) => {
            const { gradient } = E.landscape(problem);
            return E.minimize(rule, gradient, [1, 1], 50, {}, (x, t) => t === 7).x.length - 1;
        }""",
        [rule_data(OPTIMIZERS[0]()), problem_data(problem)],
    )
    assert steps == 7

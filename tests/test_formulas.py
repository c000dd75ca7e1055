"""What the book displays, what the code does and what the literature publishes is one update."""

import linecache
from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import sympy as sp
from formula_parser import read
from hypothesis import given, settings
from hypothesis import strategies as st

from optlib import (
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
    Program,
    RMSProp,
    formula,
    trace,
)
from optlib.optimizers import State

x, g, m = sp.symbols("x g m", real=True)
v, u, v_max = sp.symbols("v u v_max", nonnegative=True)
t = sp.Symbol("t", integer=True, nonnegative=True)  # steps taken before this one
lr, momentum, rho, beta1, beta2, eps, weight_decay = sp.symbols(
    "lr momentum rho beta1 beta2 eps weight_decay", positive=True
)
SYMBOLS = {s.name: s for s in (x, g, t, m, v, u, v_max)}
SYMBOLS |= {s.name: s for s in (lr, momentum, rho, beta1, beta2, eps, weight_decay)}
FUNCTIONS = SimpleNamespace(
    sqrt=sp.sqrt, absolute=sp.Abs, sign=sp.sign, maximum=sp.Max, minimum=sp.Min,
    square=lambda a: a**2,
)  # fmt: skip


def run(rule, values, functions=FUNCTIONS, number=sp.Rational):
    """The outputs of the rule's program, its decimal constants exact."""
    program = trace(rule)
    code = tuple(
        ("constant", number(str(line[1]))) if line[0] == "constant" else line
        for line in program.code
    )
    return Program(program.inputs, code, program.outputs)(functions, **values)


def one_step(rule, **values):
    """The outputs of a step as expressions, from any state where no values are given."""
    return run(rule, {name: SYMBOLS[name] for name in trace(rule).inputs} | values)


def assert_equal(found, expected):
    difference = found - expected
    assert sp.expand(difference) == 0 or sp.simplify(difference) == 0, f"{found} is not {expected}"


# The updates as published.  Letters are those of the code: m_new, v_new ... stand for the values
# after the step, and t + 1 is the number of the step.

m_sum = momentum * m + g
m_new, v_new = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
v_rho = rho * v + (1 - rho) * g**2
delta = sp.sqrt(u + eps) / sp.sqrt(v_rho + eps) * g
m_hat, v_hat = m_new / (1 - beta1 ** (t + 1)), v_new / (1 - beta2 ** (t + 1))

PUBLISHED = {
    # Robbins and Monro 1951, eq. 8, with the gradient as the quantity observed
    SGD(): {"x": x - lr * g, "m": 0, "v": 0},
    # Polyak 1964, eq. 9: the previous point is x + lr m; PyTorch's documentation of SGD
    Momentum(): {"x": x - lr * g + momentum * (x - (x + lr * m)), "m": m_sum, "v": 0},
    # Sutskever et al. 2013, eqs. 3 and 4, in the form of PyTorch's documentation of SGD
    Nesterov(): {"x": x - lr * (g + momentum * m_sum), "m": m_sum, "v": 0},
    # Duchi, Hazan and Singer 2011, fig. 1, diagonal; eps where PyTorch's documentation has it
    AdaGrad(): {"x": x - lr / (eps + sp.sqrt(v + g**2)) * g, "m": 0, "v": v + g**2},
    # Zeiler 2012, algorithm 1; lr from PyTorch's documentation
    AdaDelta(): {"x": x - lr * delta, "v": v_rho, "u": rho * u + (1 - rho) * delta**2},
    # Tieleman and Hinton 2012, lecture 6e, slide 29; eps where PyTorch's documentation has it
    RMSProp(): {"x": x - lr * g / (sp.sqrt(v_rho) + eps), "m": 0, "v": v_rho},
    # Kingma and Ba 2015, algorithm 1
    Adam(): {"x": x - lr * m_hat / (sp.sqrt(v_hat) + eps), "m": m_new, "v": v_new},
    # the same without the lines "Compute bias-corrected ... moment estimate"
    Adam(bias_correction=False): {
        "x": x - lr * m_new / (sp.sqrt(v_new) + eps),
        "m": m_new,
        "v": v_new,
    },
    # Reddi, Kale and Kumar 2018, algorithm 2, with the corrections of PyTorch's documentation
    AMSGrad(): {
        "x": x - lr * m_hat / (sp.sqrt(sp.Max(v_max, v_new) / (1 - beta2 ** (t + 1))) + eps),
        "m": m_new,
        "v": v_new,
        "v_max": sp.Max(v_max, v_new),
    },
    # Loshchilov and Hutter 2019, algorithm 2, the decay times lr as in PyTorch's documentation
    AdamW(): {
        "x": x - lr * weight_decay * x - lr * m_hat / (sp.sqrt(v_hat) + eps),
        "m": m_new,
        "v": v_new,
    },
    # Chen et al. 2023, algorithm 2
    Lion(): {
        "x": x - lr * (sp.sign(m_new) + weight_decay * x),
        "m": beta2 * m + (1 - beta2) * g,
        "v": 0,
    },
}


def test_every_rule_is_in_the_table_of_published_updates():
    assert {type(rule) for rule in PUBLISHED} == set(OPTIMIZERS)


@pytest.mark.parametrize("rule", PUBLISHED, ids=repr)
def test_code_is_the_published_update_from_any_state(rule):
    after = one_step(rule)
    published = PUBLISHED[rule] | {"t": t + 1}
    assert set(after) == set(published)
    for name, value in after.items():
        assert_equal(value, published[name])


# The printed formula, read back.

STATE = ("x", "m", "v", "u", "v_max")
LETTERS = {name: f"{name}_{{t-1}}" for name in STATE} | {
    "x": r"\theta_{t-1}", "v_max": r"v^{\max}_{t-1}", "g": "g_t", "lr": r"\alpha",
    "momentum": r"\mu", "rho": r"\rho", "beta1": r"\beta_1", "beta2": r"\beta_2",
    "eps": r"\varepsilon", "weight_decay": r"\lambda_{\mathrm{wd}}",
}  # fmt: skip


def displayed(rule, values, functions=FUNCTIONS, number=sp.Rational):
    """What the printed formula makes of the inputs of a step, by the code's names."""
    letters = {LETTERS[name]: value for name, value in values.items() if name != "t"}
    after = read(formula(rule), letters | {"t": values["t"] + 1}, functions, number)
    new = {name: LETTERS[name].replace("_{t-1}", "_t") for name in STATE}
    return {name: after[letter] for name, letter in new.items() if letter in after}


def assert_displayed(rule):
    """The formula gives the new x, and every entry of the state that the step changes."""
    values = {name: SYMBOLS[name] for name in trace(rule).inputs}
    shown = displayed(rule, values)
    for name, value in run(rule, values).items():
        if name in shown:
            assert_equal(value, shown[name])
        else:
            assert name == "t" or value in (0, values[name])


@pytest.mark.parametrize("rule", PUBLISHED, ids=repr)
def test_displayed_formula_is_the_code(rule):
    assert_displayed(rule)


@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_a_class_shows_the_formula_of_its_defaults(rule):
    assert formula(rule) == formula(rule())


def test_formula_shows_names_and_order_of_the_code():
    assert formula(AMSGrad) == (
        r"""\begin{aligned}
m_t &= \beta_1\,m_{t-1} + (1 - \beta_1)\,g_t \\
v_t &= \beta_2\,v_{t-1} + (1 - \beta_2)\,g_t^2 \\
v^{\max}_t &= \max(v^{\max}_{t-1}, v_t) \\
\hat{m}_t &= \frac{m_t}{1 - \beta_1^t} \\
\hat{v}_t &= \frac{v^{\max}_t}{1 - \beta_2^t} \\
\theta_t &= \theta_{t-1} - \frac{\alpha\,\hat{m}_t}{\sqrt{\hat{v}_t} + \varepsilon}
\end{aligned}"""
    )


def test_notebook_shows_a_formula_as_display_math():
    assert formula(SGD)._repr_latex_() == f"$$\n{formula(SGD)}\n$$"


# Rules a reader might type.


@dataclass(frozen=True, eq=False)
class Sign(Optimizer):
    lr: float = 0.1

    def step(self, x, g, state=State()):
        return x - self.lr * np.sign(g), State(state.t + 1)


@dataclass(frozen=True, eq=False)
class AdaMax(Optimizer):
    lr: float = 0.002
    beta1: float = 0.9
    beta2: float = 0.999

    def step(self, x, g, state=State()):
        t = state.t + 1
        m = self.beta1 * state.m + (1 - self.beta1) * g
        v = np.maximum(self.beta2 * state.v, np.abs(g) + 1e-8)
        return x - self.lr / (1 - self.beta1**t) * m / v, State(t, m, v)


@dataclass(frozen=True, eq=False)
class AdamL2(Optimizer):
    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.01

    def step(self, x, g, state=State()):
        """Adam with the penalty inside the gradient."""
        lr, beta1, beta2, eps = self.lr, self.beta1, self.beta2, self.eps
        t, m, v = state
        t = t + 1
        g = g + self.weight_decay * x
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * np.square(g)
        rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
        return x - rate * m / (np.sqrt(v) + eps), State(t, m=m, v=v)


@dataclass(frozen=True, eq=False)
class DecoupledInTwo(Optimizer):
    lr: float = 0.1
    weight_decay: float = 0.1

    def step(self, x, g, state=State()):
        x = x - self.lr * self.weight_decay * x
        x = x - self.lr * g
        return x, State(state.t + 1)


@dataclass(frozen=True, eq=False)
class Slowing(Optimizer):
    lr: float = 0.1

    def step(self, x, g, state=State()):
        return x - self.lr * g / np.sqrt(state.t + 1), state._replace(t=state.t + 1)


@dataclass(frozen=True, eq=False)
class Extragradient(Optimizer):
    """Remembers the last gradient, and computes nothing but what it returns."""

    lr: float = 0.1

    def step(self, x, g, state=State()):
        return x - self.lr * (2 * g - state.m), State(state.t + 1, g)


@dataclass(frozen=True, eq=False)
class Swapping(Optimizer):
    lr: float = 0.1

    def step(self, x, g, state=State()):
        t, m, v = state
        m, v = -0.5 * v + g, m
        m1, m2 = np.minimum(m, v) ** 2, -(m - v)
        return x - self.lr * m1 * 2 * (m2 + 2.5e-7), State(t + 1, m, v - (m - g))


@dataclass(frozen=True, eq=False)
class Flagged(Optimizer):
    lr: float = 0.1
    momentum: float = 0.9
    nesterov: bool = True

    def step(self, x, g, state=State()):
        lr, momentum, nesterov = self.lr, self.momentum, self.nesterov
        m = momentum * state.m + g
        d = g + momentum * m if nesterov else m
        return x - lr * d, State(state.t + 1, m)


TYPED = [Sign(), AdaMax(), AdamL2(), DecoupledInTwo(), Slowing(), Extragradient(), Swapping()]
TYPED += [Flagged(), Flagged(nesterov=False)]


@pytest.mark.parametrize("rule", TYPED, ids=repr)
def test_displayed_formula_of_a_readers_rule_is_its_code(rule):
    assert_displayed(rule)


def test_flags_choose_the_formula():
    assert "g_t + \\mu\\,m_t" in formula(Flagged())
    assert "d_t &= m_t" in formula(Flagged(nesterov=False))


def mean_of(a, b):
    return (a + b) / 2


def typed(body, fields="lr: float = 0.1", arguments="self, x, g, state=State()"):
    """A rule as a notebook cell defines it, whose source only `linecache` knows."""
    head = f"@dataclass(frozen=True, eq=False)\nclass Typed(Optimizer):\n    {fields}\n"
    source = f"{head}    def step({arguments}):\n        {body}\n"
    linecache.cache["cell"] = len(source), None, source.splitlines(keepends=True), "cell"
    scope = {"dataclass": dataclass, "Optimizer": Optimizer, "State": State, "np": np}
    scope |= {"TINY": 1e-8, "mean_of": mean_of}
    exec(compile(source, "cell", "exec"), scope | {"__name__": "__main__"}, scope)
    return scope["Typed"]()


NAMES = st.sampled_from(("x", "g", "state.m", "state.v", "self.lr", "(state.t + 1)", "state.t"))
NUMBERS = st.sampled_from(("1", "2", "0.5", "10", "1e-08", "2.5e-07", "1e16"))
ARITHMETIC = st.recursive(  # every part holds a name: Python itself works out 0.1 * 3
    NAMES,
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from("+-*/"), part | NUMBERS).map(
            "({0[0]} {0[1]} {0[2]})".format
        ),
        st.tuples(NUMBERS, st.sampled_from("+-*/"), part).map("({0[0]} {0[1]} {0[2]})".format),
        st.tuples(part, st.sampled_from(("2", "(state.t + 1)"))).map("({0[0]} ** {0[1]})".format),
        part.map("(-{})".format),
        st.tuples(st.sampled_from(("sqrt", "abs", "sign", "square")), part).map(
            "np.{0[0]}({0[1]})".format
        ),
        st.tuples(st.sampled_from(("maximum", "minimum")), part, part | NUMBERS).map(
            "np.{0[0]}({0[1]}, {0[2]})".format
        ),
    ),
    max_leaves=8,
)
EXACT = SimpleNamespace(  # the same function on both sides: any exact one shows a difference
    sqrt=lambda a: a**3 + a / 7, absolute=abs, sign=lambda a: Fraction((a > 0) - (a < 0)),
    square=lambda a: a**2, maximum=max, minimum=min,
)  # fmt: skip


@settings(max_examples=150)
@given(first=ARITHMETIC, second=ARITHMETIC)
def test_whatever_arithmetic_a_reader_types_its_formula_says_the_same(first, second):
    rule = typed(f"m = g + {first}; return m - {second} * x, State(state.t + 1, m, {second})")
    values = dict(x="3/7", g="-5/3", t="1", m="2/5", v="11/4", lr="1/9")
    values = {name: Fraction(value) for name, value in values.items()}
    try:
        done = run(rule, values, EXACT, Fraction)
    except ZeroDivisionError:
        return
    shown = displayed(rule, values, EXACT, Fraction)
    assert shown == {name: done[name] for name in shown}
    assert {"x", "m"} <= set(shown)


# Whole rules: statements that assign once, several at once, or again, helpers, and what is kept.

LOCALS = ("m", "v", "d", "u_hat", "my_step")


def grown(leaf):
    """Arithmetic on the names at hand."""
    return st.recursive(
        leaf,
        lambda part: st.one_of(
            st.tuples(part, st.sampled_from("+-*/"), part).map("({0[0]} {0[1]} {0[2]})".format),
            st.tuples(part, NUMBERS).map("({0[0]} * {0[1]})".format),
            part.map("(-{})".format),
            st.tuples(part, part).map("mean_of({0[0]}, {0[1]})".format),
            part.map("np.clip({}, -1, 2)".format),
            part.map("np.abs({})".format),
        ),
        max_leaves=4,
    )


@st.composite
def bodies(draw):
    """The body of a step: a few statements that read what is known by then."""
    names, lines = ["x", "g", "state.m", "state.v", "self.lr"], ["t = state.t + 1"]
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(("one", "two", "again")))
        leaf = st.sampled_from(names)
        fresh = [name for name in names if name in LOCALS]
        if kind == "again" and fresh:
            target, sign = draw(st.sampled_from(fresh)), draw(st.sampled_from("+-*"))
            lines.append(f"{target} {sign}= {draw(grown(leaf))}")
        elif kind == "two":
            targets = draw(st.permutations((*LOCALS, "x")))[:2]
            lines.append(f"{', '.join(targets)} = 1 * {draw(grown(leaf))}, {draw(grown(leaf))} * 1")
            names += targets
        else:
            target = draw(st.sampled_from((*LOCALS, "x")))
            lines.append(f"{target} = {draw(grown(leaf))} + 0.5")
            names.append(target)
    leaf = st.sampled_from(names)
    kept = draw(
        st.sampled_from(("State(t, {0}, {1})", "State(t, v={0})", "state._replace(t=t, m={1})"))
    )
    return "; ".join(
        (
            *lines,
            f"return {draw(grown(leaf))} + (g - g), "
            + kept.format(*draw(st.tuples(grown(leaf), leaf))),
        )
    )


EXACT.mean_of, EXACT.clip = mean_of, lambda a, low, high: min(max(a, low), high)


@settings(max_examples=100)
@given(body=bodies())
def test_whatever_statements_a_reader_types_the_formula_says_the_same(body):
    rule = typed(body)
    try:
        formula(rule)
    except TypeError as error:
        if "it still reads" in str(error) or "leaves the other name" in str(error):
            return
        raise
    values = dict(x="3/7", g="-5/3", t="1", m="2/5", v="11/4", lr="1/9")
    values = {name: Fraction(value) for name, value in values.items()}
    try:
        done = run(rule, values, EXACT, Fraction)
    except ZeroDivisionError:
        return
    shown = displayed(rule, values, EXACT, Fraction)
    assert shown == {name: done[name] for name in shown}
    for name in set(done) - {*shown, "t"}:  # what no line says is carried along, or stays at zero
        assert done[name] in (values[name], 0)
        assert name == "x" or LETTERS[name] not in formula(rule)


@pytest.mark.parametrize("sign", [">", ">=", "<", "<=", "==", "!="])
def test_a_comparison_shows_as_cases(sign):
    rule = typed(f"return x - self.lr * np.where(g {sign} x, 2 * g, g - 1), state")
    for x, g in ((0.5, 1.5), (0.5, 0.5), (0.5, -3.0)):
        values = {LETTERS["x"]: x, LETTERS["g"]: g, LETTERS["lr"]: 0.25, "t": 1}
        after = read(formula(rule), values, EXACT, float)
        assert after[r"\theta_t"] == type(rule)(lr=0.25).step(x, g)[0]


def test_products_of_matrices_are_told_from_those_of_coordinates():
    shown = formula(
        typed("d = self.lr * state.m @ g.T @ (x * g).mT; return x - d, State(state.t, g)")
    )
    assert r"\alpha\,m_{t-1}\,g_t^\top\,(\theta_{t-1} \odot g_t)^\top" in shown


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (
            "return x - g.clip(-1, 1), state",
            r"\theta_t &= \theta_{t-1} - \operatorname{clip}(g_t, -1, 1)",
        ),
        ("t, m, v = state; m, v = v, m; return x - m, State(t + 1, m, v)", r"v_t &= m_{t-1} \\"),
        ("m = state.m + g; return x - m, state", r"m_t &\leftarrow m_{t-1}"),
        ("m = state.m + g; return x - m, State(state.t + 1)", r"m_t &\leftarrow 0"),
        ("return x - state.m, State(state.t + 1)", "m_t &= 0"),
        ("return x - TINY * g, state", r"\theta_t &= \theta_{t-1} - 10^{-8}\,g_t"),
        ("η = 2 * g; return x - η, state", r"\eta_t &= 2\,g_t \\"),
        ("my_step = 2 * g; return x - my_step, state", r"\mathrm{my\_step}_t &= 2\,g_t \\"),
        ("return mean_of(x, g), state", r"\theta_t &= \operatorname{mean\_of}(\theta_{t-1}, g_t)"),
    ],
)
def test_formula_says_all(body, line):
    assert line in formula(typed(body)).splitlines()


@pytest.mark.parametrize(
    "body",
    [
        "m = g; m += x; return m, State(state.t + 1)",
        "t = 2 * state.t; return x, State(t)",
        "return x - g / np.sqrt(state.t + 1), state",
        "return np.clip(x, a_min=g), State(state.t + 1)",
        "return x - g.round(), State(state.t + 1)",
        "return x * np.pi, State(state.t + 1)",
        "return x - np.sum(g, -1), State(state.t + 1)",
        "return x - np.where(g, x, g), State(state.t + 1)",
        "return (x if self.lr else g), State(state.t + 1)",
        "return x * True, State(state.t + 1)",
        "return x - float(g), State(state.t + 1)",
        "m = state.m + g; v = m + x; m, v = v, m; return x, State(state.t + 1, m, v)",
        "m = state.m + g; return x, State(state.t + 1, state.v, m)",
        "x = x - g; return x - g, State(state.t + 1, x)",
        "t, *rest = state; return x, State(t + 1)",
        "t, m = state; return x, State(t + 1)",
        "a = b = g; return x - a, State(state.t + 1)",
        "theta = 2 * g; return x - theta, State(state.t + 1)",
        "state = State(1); return x, state",
        "for _ in (1, 2): x = x - g\n        return x, state",
        "return x - g",
    ],
)
def test_formula_refuses_what_it_cannot_show(body):
    with pytest.raises(TypeError, match=r"^formula: .* (is not|must)"):
        formula(typed(body))


def test_formula_refuses_two_names_of_one_letter_and_arguments_of_other_names():
    two = typed("return x - self.lr * self.alpha * g, state", "lr: float = 1; alpha: float = 1")
    with pytest.raises(TypeError, match=r"names must be of different letters; both have \\alpha"):
        formula(two)
    other = typed("return w - self.lr * g, state", arguments="self, w, g, state=State()")
    with pytest.raises(TypeError, match=r"arguments of step must be \['self', 'x', 'g', 'state'\]"):
        formula(other)


@pytest.mark.parametrize("rule", [3, int, "Adam", None])
def test_formula_of_something_else_is_an_error(rule):
    with pytest.raises(TypeError, match="formula: rule must be an Optimizer, got"):
        formula(rule)


# What follows from the updates.


def test_first_adam_step_is_lr_times_the_sign_of_the_gradient():
    first = one_step(Adam(), t=0, m=0, v=0, eps=0)
    assert_equal(first["x"], x - lr * g / sp.Abs(g))


def test_first_adagrad_step_is_lr_times_the_sign_and_that_of_rmsprop_larger():
    assert_equal(one_step(AdaGrad(), v=0, eps=0)["x"], x - lr * g / sp.Abs(g))
    first = one_step(RMSProp(), v=0, eps=0)["x"]
    assert_equal(first.subs(1 - rho, 1 / u), (x - lr * sp.sqrt(u) * g / sp.Abs(g)))


def test_uncorrected_adam_step_is_c_times_the_corrected_one_whatever_the_gradients():
    steps = t + 1
    c1, c2 = sp.symbols("c1 c2", positive=True)
    short = {1 - beta1**steps: c1, 1 - beta2**steps: c2}
    corrected = one_step(Adam(), eps=0)["x"].subs(short) - x
    uncorrected = one_step(Adam(bias_correction=False), eps=0)["x"] - x
    assert_equal(uncorrected / corrected, c1 / sp.sqrt(c2))


def test_adam_with_large_eps_is_momentum_on_averaged_gradients():
    rate = sp.Symbol("rate", positive=True)
    step = one_step(Adam(), lr=rate * eps)["x"] - x
    assert_equal(sp.limit(step, eps, sp.oo), -rate * m_hat)


def test_adamw_decays_x_beside_the_adaptive_step_and_an_l2_penalty_inside_it():
    beside = one_step(AdamW())["x"] - one_step(Adam())["x"]
    assert_equal(beside, -lr * weight_decay * x)
    inside = one_step(Adam(bias_correction=False), g=g + weight_decay * x)
    assert_equal(run(AdamL2(), {n: SYMBOLS[n] for n in trace(AdamL2()).inputs})["v"], inside["v"])


def test_iteration_matrix_of_momentum_has_determinant_mu_and_trace_1_plus_mu_minus_lr_lambda():
    curvature = sp.Symbol("lambda", positive=True)
    after = one_step(Momentum(), g=curvature * x)
    matrix = sp.Matrix([after["x"], after["m"]]).jacobian([x, m])
    assert_equal(matrix.det(), momentum)
    assert_equal(matrix.trace(), 1 + momentum - lr * curvature)


def unrolled(rule, gradients, entry):
    """An entry of the state after steps from the start along given gradients."""
    state = dict(t=0, m=0, v=0)
    for gradient in gradients:
        after = one_step(rule, g=gradient, **state)
        state = {name: after[name] for name in state}
    return state[entry]


def test_momentum_weighs_all_gradients_geometrically():
    gradients = sp.symbols("g1:7")
    weighed = sum(momentum ** (6 - i) * gradient for i, gradient in enumerate(gradients, 1))
    assert_equal(unrolled(Momentum(), gradients, "m"), weighed)


def test_adam_averages_weigh_all_gradients_geometrically_and_sum_to_one_when_corrected():
    gradients = sp.symbols("g1:7")
    for entry, beta, power in (("m", beta1, 1), ("v", beta2, 2)):
        terms = (beta ** (6 - i) * g_i**power for i, g_i in enumerate(gradients, 1))
        assert_equal(unrolled(Adam(), gradients, entry), (1 - beta) * sum(terms))
        assert_equal(unrolled(Adam(), [1] * 6, entry) / (1 - beta**6), 1)


def test_nesterov_steps_are_those_of_the_look_ahead_form():
    point, velocity = sp.symbols("point velocity", real=True)
    after = one_step(Nesterov(), x=point + momentum * velocity, m=-velocity / lr)
    new_velocity = momentum * velocity - lr * g  # g is taken at the look-ahead point
    new_point = point + new_velocity
    assert_equal(after["x"], new_point + momentum * new_velocity)
    assert_equal(after["m"], -new_velocity / lr)

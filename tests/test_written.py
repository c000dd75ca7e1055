"""Lines that are typed: the page and optlib read the same program from them, or both refuse."""

import base64
import builtins
import json
import re
import warnings
from contextlib import suppress
from dataclasses import dataclass, fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typed import OUTSIDE, REFUSED, RULES

from optlib import LANDSCAPES, OPTIMIZERS, differentiate, formula, trace
from optlib.checks import hyperparameters
from optlib.explorables.sources import joined, sources
from optlib.explorables.written import (
    FLAGS,
    NEW,
    TYPES,
    VALUES,
    compiled,
    landscape_from,
    lines_of,
    rule_from,
)
from optlib.optimizers import Optimizer

HYPER = {"lr": 0.01, "beta": 0.9, "eps": 1e-8, "weight_decay": 0.1}
WRONG = SyntaxError, TypeError, ValueError, ArithmeticError, NameError, AttributeError
STEP = re.compile(rf"\b({'|'.join(TYPES)})\(")


def class_of(text, hyper=HYPER, flags=FLAGS):
    """The class of a rule with these lines, made by Python, whatever they are."""
    first = STEP.search(text)
    kinds = {**dict.fromkeys(hyper, float), **dict.fromkeys(flags, bool)}
    arguments = f"self, x, g, state={first[1] if first else 'State'}()"
    parts = {"__annotations__": kinds, **hyper, **flags, "__module__": __name__}
    step = compiled("step", arguments, text, builtins=vars(builtins))
    return dataclass(frozen=True, eq=False)(type("Yours", (Optimizer,), {**parts, "step": step}))


def read_by_python(text, **given):
    """The program that trace records, and the formula; what is refused is None."""
    found = {"program": None, "formula": None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of NumPy, or of 2if in Python
        with suppress(
            SyntaxError, TypeError, ValueError, ArithmeticError, NameError, AttributeError
        ):
            cls = class_of(text, **given)
            found["program"] = trace(cls).to_json()
            found["formula"] = str(formula(cls))
    return found


@pytest.fixture(scope="module")
def page(browser):
    """A page with what reads lines, as P."""
    page = browser.new_page()
    text = joined({**sources("trace"), **sources("formula")}.values())
    text += "\nexport { traceRule, traceLandscape, formula };"
    source = base64.b64encode(text.encode()).decode()
    page.evaluate(f"import('data:text/javascript;base64,{source}').then((m) => {{ P = m; }})")
    return page


READ = """([texts, given]) => texts.map((text) => {
    const found = { program: null, formula: null };
    try {
        const rule = P.traceRule(text, given);
        found.program = rule.program;
        found.formula = P.formula(rule);
    } catch ({ line, column, why, stack }) {
        found.refused = line ? [line, column, why] : stack;
    }
    return found;
})"""


def read_by_page(page, texts, hyper=HYPER, flags=FLAGS):
    types = {name: first._asdict() for name, first in TYPES.items()}
    given = {"hyper": hyper, "flags": flags, "types": types, "type": "State"}
    return page.evaluate(READ, [texts, given])


def same(found, expected):
    """Whether two programs are the same list; numbers computed from numbers may differ in a bit."""
    if isinstance(found, dict) and isinstance(expected, dict):
        return [*found] == [*expected] and all(map(same, found.values(), expected.values()))
    if isinstance(found, (list, tuple)) and isinstance(expected, (list, tuple)):
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(found, (int, float)) and isinstance(expected, (int, float)):
        return found == pytest.approx(expected, rel=4e-16, abs=0)
    return found == expected


@pytest.mark.parametrize("cls", OPTIMIZERS)
def test_rules_of_the_book_are_read_from_their_lines(page, cls):
    given = {
        "hyper": {name: float(getattr(cls(), name)) for name in hyperparameters(cls())},
        "flags": {f.name: f.default for f in fields(cls) if isinstance(f.default, bool)},
    }
    (found,) = read_by_page(page, [lines_of(cls)], **given)
    assert found["program"] == json.loads(json.dumps(trace(cls).to_json()))
    assert found["formula"] == formula(cls)
    typed = rule_from(lines_of(cls))
    assert trace(typed).code == trace(cls).code
    assert formula(typed) == formula(cls)
    assert {name: getattr(typed(), name) for name in hyperparameters(typed())} == {
        name: VALUES.get(name, NEW) for name in hyperparameters(cls())
    }


def test_page_and_trace_read_the_same_program(page):
    for text, found in zip(RULES, read_by_page(page, RULES), strict=True):
        expected = read_by_python(text)
        assert expected["program"], text
        assert same(found["program"], expected["program"]), text
        assert found["formula"] == expected["formula"], text
        assert len(trace(rule_from(text)).code) == len(found["program"]["code"]), text
    assert len(RULES) >= 60
    assert sum(read_by_python(text)["formula"] is not None for text in RULES) > 50


def test_page_and_trace_refuse_the_same(page):
    for text, found in zip(REFUSED, read_by_page(page, REFUSED), strict=True):
        assert read_by_python(text)["program"] is None, text
        line, column, why = found["refused"]
        assert 1 <= line <= text.count("\n") + 1, text
        assert 1 <= column <= len(text.split("\n")[line - 1]) + 1, text
        assert why.strip(), text
        with pytest.raises(WRONG):
            trace(rule_from(text)) if "nothing" not in text else class_of(text)().step(1.0, 1.0)
    assert len(REFUSED) >= 100


def test_page_refuses_what_is_python_but_not_arithmetic(page):
    for text, found in zip(OUTSIDE, read_by_page(page, OUTSIDE), strict=True):
        assert read_by_python(text)["program"], text
        assert found["refused"], text


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("m = g +\nreturn x - m, state", (1, 8), "a value is expected here"),
        ("m = g\nreturn x if m > 0 else g, state", (2, 15), "cannot branch on a value"),
        ("return x - lr * g, state", (1, 12), "lr is not known here; write self.lr"),
        ("return x - np.tanh(g), state", (1, 12), "np.tanh is not one of"),
        ("m = g[0]\nreturn x - m, state", (1, 6), "without an index"),
        ("for i in g:\n    x = x - i\nreturn x, state", (1, 1), "for is more than"),
        ("return x - self.lr / state.t * g, state", (1, 12), "divides by zero"),
        ("return x - (g, state", (1, 12), "( is not closed"),
        ("x -= g\nreturn x, state", (1, 1), "changes x in place"),
        ("m = g\nreturn x - m", (2, 1), "the last line is return x_new, State(...)"),
        ("return x - g, State(t=state.t + 0.5)", (1, 8), "t must stay a count"),
    ],
)
def test_page_says_where_and_why(page, text, place, why):
    (found,) = read_by_page(page, [text])
    line, column, said = found["refused"]
    assert (line, column) == place
    assert why in said


NUMBERS = ("2", "0.5", "1", "1e-3", "3.0", "10")
LEAVES = ("x", "g", "m", "v", "state.m", "state.v", "state.t", "self.lr", "self.beta", "self.eps")
ONE = ("np.sqrt", "abs", "np.sign", "np.exp", "np.square", "np.sin", "-", "")
TWO = ("np.maximum", "np.minimum", "np.add")
EXPRESSIONS = st.recursive(
    st.sampled_from(LEAVES + NUMBERS),
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from("+-*/"), inner),
        st.builds("{}({})".format, st.sampled_from(ONE), inner),
        st.builds("{}({}, {})".format, st.sampled_from(TWO), inner, inner),
        st.builds("({}) ** {}".format, inner, st.sampled_from(("2", "0.5", "3", "-1"))),
        st.builds("-{}".format, inner),
        st.builds("{} if self.bias_correction else {}".format, inner, inner).map("({})".format),
    ),
    max_leaves=8,
)
WRITTEN = st.builds(
    "t, m, v = state\nt = t + 1\nm = {}\nv {} {}\nreturn x - ({}), State(t, m, v)".format,
    EXPRESSIONS, st.sampled_from(("=", "+=", "*=")), EXPRESSIONS, EXPRESSIONS,
)  # fmt: skip
ONLY_PAGE = re.compile("a number is expected|not finite|too large|another thing|no number at first")
WORDS = re.compile(r"\*\*=?|[-+*/]=|\w+|\n| +|.", re.DOTALL)
OTHERS = (*LEAVES, *NUMBERS, *"+-*/(),=.", "**", "+=", "if", "else", "\n", " ", "return",
          "np.sqrt(", "np.clip", "None", "state", "self", "State")  # fmt: skip


@st.composite
def damaged(draw):
    """Lines of a rule, of which some words are lost, doubled or replaced by others."""
    words = WORDS.findall(draw(st.sampled_from([*RULES, *map(lines_of, OPTIMIZERS)])))
    for _ in range(draw(st.integers(1, 3))):
        i = draw(st.integers(0, len(words) - 1))
        words[i : i + draw(st.integers(0, 1))] = draw(
            st.lists(st.sampled_from((*OTHERS, words[i])), max_size=1)
        ) or [" "]
    return "".join(words)


@settings(max_examples=150, deadline=None)
@given(text=st.one_of(WRITTEN, damaged()))
def test_generated_and_damaged_rules_are_read_alike(page, text):
    if re.search(r"\*\*.*\*\*.*\*\*|\d{5}", text):  # powers of powers grow beyond all memory
        return
    hyper = {**VALUES, **HYPER}
    (found,) = read_by_page(page, [text], hyper)
    expected = read_by_python(text, hyper=hyper)
    if found["program"] is None and expected["program"] is not None:
        assert ONLY_PAGE.search(found["refused"][2]), (text, found)
        return
    assert same(found["program"], expected["program"]), text
    assert found["formula"] == expected["formula"], text
    if found["program"] is None:
        assert isinstance(found["refused"], list), found


HEIGHTS = [
    "(x**2 + y**2 - 1)**2 + x / 4",
    "r = x**2 + y**2\n(r - 1)**2 + x / 4",
    "a = 1 - x\nb = y - x * x\nreturn np.square(a) + 100 * np.square(b)",
    "np.square(1.5 - x + x * y) + np.square(2.25 - x + x * np.square(y))",
    "np.sin(3 * x) * np.exp(-y / 2) - np.cos(y)",
    "abs(x - y) * np.log(3 + y) + np.sqrt(x * x + 1)",
    "np.maximum(x, 2 * y) + np.minimum(x * y, 1)",
    "(2 + np.sin(x)) ** y + (x * x + 1) ** 0.5 + x ** 3",
    "-(-x) - y / (1 + x * x) + 2 ** y",
    "x * y + np.sign(x) + 3",
    "x",
    "y * 2",
]
UNLIKE = ["", "3", "z", "x +", "x > 0", "x[0]", "f(x)", "x if y else 1", "x, y", "a = x", "np.pi"]


def test_landscapes_and_their_gradients_are_read_alike(page):
    found = page.evaluate("(all) => all.map(P.traceLandscape)", HEIGHTS)
    for text, program in zip(HEIGHTS, found, strict=True):
        assert same(program, landscape_from(text).program.to_json()), text
    refused = page.evaluate(
        """(all) => all.map((text) => {
            try { P.traceLandscape(text); } catch (error) { return error.line > 0; }
        })""",
        UNLIKE,
    )
    assert all(refused)
    for text in UNLIKE:
        with pytest.raises(WRONG):
            landscape_from(text)


@pytest.mark.parametrize("text", HEIGHTS)
def test_gradient_is_what_differences_tell(text):
    problem, h = landscape_from(text), 1e-6
    x = np.random.default_rng(0).uniform(0.1, 1.9, (200, 2))
    differences = [(problem(x + h * e) - problem(x - h * e)) / (2 * h) for e in np.eye(2)]
    assert problem.grad(x) == pytest.approx(np.stack(differences, axis=-1), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", LANDSCAPES)
def test_gradient_is_the_one_that_the_book_writes_by_hand(name):
    problem = LANDSCAPES[name]
    program = differentiate(trace(problem))
    x = np.random.default_rng(1).uniform(*np.transpose(problem.bounds), size=(500, 2))
    outputs = program(x0=x[:, 0], x1=x[:, 1])
    assert outputs["f"] == pytest.approx(problem(x), rel=1e-14)
    gradient = np.stack([outputs["g0"], outputs["g1"]], axis=-1)
    expected = problem.grad(x)
    assert gradient == pytest.approx(expected, rel=1e-10, abs=1e-12 * abs(expected).max())


def test_differentiate_wants_a_program_and_one_of_its_outputs():
    with pytest.raises(TypeError, match="differentiate: program must be a Program, got 3"):
        differentiate(3)
    with pytest.raises(ValueError, match="differentiate: output must be one of f, got 'x'"):
        differentiate(trace(lambda x: x), "x")


@pytest.mark.parametrize(
    "text",
    ["return x.__class__, state", "return __import__('os'), state", "import os\nreturn x, state",
     "return np.load('x'), state", "return self._x, state", "return (lambda: x)(), state",
     "return state.__class__, state", "return [y for y in ()], state", "return open('x'), state",
     "return abs.__self__, state", "return f'{x}', state"],
)  # fmt: skip
def test_nothing_but_arithmetic_is_executed(text):
    with pytest.raises(TypeError, match=r"is not arithmetic|is not defined"):
        rule_from(text)

"""Rules and landscapes from the lines that a reader types, as far as they are arithmetic."""

import ast
import inspect
import linecache
import textwrap
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

import numpy as np

from optlib.differentiate import differentiate
from optlib.optimizers import AdaDeltaState, AMSGradState, Optimizer, State
from optlib.problems.base import Landscape
from optlib.trace import ARITHMETIC, FUNCTIONS, trace

TYPES = {each.__name__: each() for each in (State, AMSGradState, AdaDeltaState)}
FLAGS = {"bias_correction": True}
VALUES = {"lr": 0.03, "momentum": 0.9, "rho": 0.9, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8,
          "weight_decay": 0.01}  # fmt: skip
NEW = 1.0  # of any other hyperparameter
SCOPE = {"np": np, "abs": abs, **{name: type(first) for name, first in TYPES.items()}}
OF_NUMPY = {*ARITHMETIC, *FUNCTIONS, "abs", "pow", "true_divide", "clip", "pi", "e"}
NODES = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Assign, ast.AugAssign, ast.Return,
    ast.Expr, ast.Tuple, ast.Name, ast.expr_context, ast.Constant, ast.BinOp, ast.UnaryOp,
    ast.IfExp, ast.Call, ast.keyword, ast.Attribute, ast.operator, ast.unaryop,
)  # fmt: skip
texts = count(1)


def lines_of(rule):
    """The lines of a rule's step, as they stand.

    >>> from optlib import SGD
    >>> print(lines_of(SGD))
    lr = self.lr
    t, _, _ = state
    t = t + 1
    return x - lr * g, State(t)
    """
    lines = inspect.getsource(inspect.unwrap(rule.step))
    first = ast.parse(textwrap.dedent(lines)).body[0].body[0].lineno
    return textwrap.dedent("\n".join(lines.splitlines()[first - 1 :]))


@lru_cache(64)
def rule_from(text, name="Yours"):
    """A class of rules whose step has these lines and whose hyperparameters are those they name.

    Raises
    ------
    SyntaxError, TypeError
        For lines that are not the arithmetic of one step on one coordinate.
    """
    _, tree = _read("step", "self, x, g, state", text)
    called = [getattr(node.func, "id", "") for node in ast.walk(tree) if isinstance(node, ast.Call)]
    first = next((each for each in called if each in TYPES), "State")
    step, tree = _read("step", f"self, x, g, state={first}()", text)
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    found = [node for node in found if getattr(node.value, "id", "") == "self"]
    found.sort(key=lambda node: (node.lineno, node.col_offset))
    names = dict.fromkeys(node.attr for node in found)
    body = {each: FLAGS.get(each, VALUES.get(each, NEW)) for each in names}
    kinds = {"__annotations__": {each: bool if each in FLAGS else float for each in names}}
    about = {"__module__": __name__, "__doc__": "A rule that was typed in a live figure."}
    parts = {**kinds, **body, **about, "step": step}
    cls = dataclass(frozen=True, eq=False)(type(name, (Optimizer,), parts))
    trace(cls)
    return cls


@lru_cache(64)
def landscape_from(text):
    """A problem in the plane whose value is f(x, y), the last of these lines.

    Raises
    ------
    SyntaxError, TypeError
        For lines that are not arithmetic.
    """
    f, _ = _read("f", "x, y", text)
    program = trace(f)
    line = program.outputs["f"] - len(program.inputs)
    if line >= 0 and program.code[line][0] == "constant":
        raise TypeError("f must depend on x or y")
    return Typed(differentiate(program))


class Typed(Landscape):
    """A landscape from the program of its value and gradient."""

    dim, x0, bounds = 2, np.array([1.0, 1.5]), ((-2.0, 2.0), (-2.0, 2.0))

    def __init__(self, program):
        self.program = program

    def value(self, x, y):
        with np.errstate(all="ignore"):
            return self.program(x=x, y=y)["f"]

    def slopes(self, x, y):
        with np.errstate(all="ignore"):
            found = self.program(x=x, y=y)
        return [found[name] + 0 * x for name in ("g0", "g1")]


def _read(name, arguments, text):
    """A function with these lines as its body, and its tree, if it is arithmetic."""
    tree = ast.parse(_source(name, arguments, text))
    for node in ast.walk(tree):
        _check(node)
    last = tree.body[0].body[-1]
    if name == "f" and isinstance(last, ast.Expr):  # the value of a landscape
        tree.body[0].body[-1] = ast.copy_location(ast.Return(last.value), last)
    return compiled(name, arguments, text, tree), tree.body[0]


def _source(name, arguments, text):
    first = next((line for line in text.splitlines() if line.partition("#")[0].strip()), "")
    body = text if first[:1].isspace() else textwrap.indent(text, "    ")
    return f"def {name}({arguments}):\n{body}\n"


def compiled(name, arguments, text, tree=None, builtins=None):
    """A function with these lines as its body, whose source `formula` finds."""
    source, file = _source(name, arguments, text), f"<lines {next(texts)}>"
    linecache.cache[file] = len(source), None, source.splitlines(True), file
    scope = SCOPE | {"__builtins__": builtins or {}, "__name__": __name__}
    exec(compile(tree or source, file, "exec"), scope)
    return scope[name]


def _check(node):
    """Refuse what is not arithmetic: nothing else can be reached from what is left."""
    match node:
        case ast.Attribute(value=ast.Name(id="np"), attr=name):
            known = name in OF_NUMPY
        case ast.Attribute(value=ast.Name(id="self" | "state"), attr=name):
            known = not name.startswith("_") or name == "_replace"
        case ast.Attribute(attr=name):
            known = name == "clip"
        case ast.Constant(value=value):
            known = value is None or type(value) in (int, float, bool)
        case ast.Name(id=name):
            known = not name.startswith("__")
        case _:
            known = isinstance(node, NODES)
    if not known:
        raise TypeError(f"line {node.lineno - 1}: {ast.unparse(node)!r} is not arithmetic")

"""The formula of a rule: the statements of its `step`, read off the source, in LaTeX."""

import ast
import inspect
import re
import textwrap

from optlib.checks import first_state
from optlib.optimizers import Optimizer

LETTERS = {
    "x": r"\theta", "lr": r"\alpha", "momentum": r"\mu", "eps": r"\varepsilon",
    "weight_decay": r"\lambda",
}  # fmt: skip
INDICES = {"weight_decay": r"\mathrm{wd}"}
GREEK = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu",
    "nu", "xi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega",
)  # fmt: skip
FUNCTIONS = {"maximum": "max", "minimum": "min"}
FUNCTIONS |= {name: name for name in ("exp", "log", "sin", "cos", "tanh")}
SUM, PRODUCT, POWER, ATOM = range(4)


class Formula(str):
    """Aligned LaTeX; a notebook shows it as display math."""

    def _repr_latex_(self):
        return f"$$\n{self}\n$$"


def formula(rule):
    r"""The statements of a rule's `step` as they are written, in the textbook's letters.

    Parameters
    ----------
    rule : Optimizer or subclass
        The rule; a class stands for the rule with its defaults.

    Returns
    -------
    Formula
        One aligned line of LaTeX per statement.

    Raises
    ------
    TypeError
        If ``rule`` is not a rule, or a statement not plain arithmetic.

    Examples
    --------
    >>> from optlib import Momentum
    >>> print(formula(Momentum))
    \begin{aligned}
    m_t &= \mu\,m_{t-1} + g_t \\
    \theta_t &= \theta_{t-1} - \alpha\,m_t
    \end{aligned}
    """
    rule = rule() if isinstance(rule, type) else rule
    if not isinstance(rule, Optimizer):
        raise TypeError(f"formula: rule must be an Optimizer, got {rule!r}")
    source = textwrap.dedent(inspect.getsource(inspect.unwrap(type(rule).step)))
    statements = _Statements(rule).lines(ast.parse(source).body[0].body)
    return Formula("\\begin{aligned}\n" + " \\\\\n".join(statements) + "\n\\end{aligned}")


class _Statements:
    """The statements of `step` as lines of LaTeX, names and order kept."""

    def __init__(self, rule):
        self.rule, self.fields = rule, first_state(rule)._fields
        self.now = {"g"}  # the names that stand for their value at step t

    def lines(self, body):
        return [line for statement in body for line in self.equations(self.pairs(statement))]

    def pairs(self, statement):
        """What a statement assigns, as (name, expression); a tuple assigns several at once."""
        match statement:
            case ast.Expr(value=ast.Constant()):  # a docstring
                return []
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                return [(name, value)]
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                return [(name.id, value) for name, value in zip(names, values, strict=True)]
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Name(id="state") as state):
                old = (ast.Attribute(state, field) for field in self.fields)
                return [(name.id, value) for name, value in zip(names, old, strict=True)]
            case ast.Return(value=ast.Tuple(elts=[x, ast.Call(args=args, keywords=keywords)])):
                kept = dict(zip(self.fields, args, strict=False))
                kept |= {keyword.arg: keyword.value for keyword in keywords}
                used = [(name, v) for name, v in kept.items() if not isinstance(v, ast.Constant)]
                return [("x", x), *used]
        raise TypeError(f"formula: {ast.unparse(statement)!r} is not an assignment or a return")

    def equations(self, pairs):
        """A line for each assignment, save counting the step and mere unpacking."""
        lines = []
        for name, value, text in [(name, value, self.text(value)[0]) for name, value in pairs]:
            if name == "t" and text == "t":
                self.now.add("t")
            elif name == "t" and text != "t - 1":
                raise TypeError(f"formula: t must count the steps, got {ast.unparse(value)!r}")
            elif name not in ("_", "t") and not self.unpacks(name, value):
                sign = r"\leftarrow" if name in self.now else "="
                lines.append(f"{self.name(name, 't')} &{sign} {text}")
                self.now.add(name)
        return lines

    def unpacks(self, name, value):
        kept = ast.unparse(value) == name
        return kept or (getattr(value, "attr", None) == name and name not in self.now)

    def name(self, name, date=None):
        """A letter with its accent, number and date: the step t or t - 1 it belongs to."""
        if date is None:
            past = name == "x" or name in self.fields
            date = "t" if name in self.now else "t-1" if past else ""
        parts = re.fullmatch(r"(.*?)(\d*)(?:_(hat|bar|tilde|max|min))?", name)
        stem, number, mark = parts.groups()
        word = stem if len(stem) == 1 else rf"\mathrm{{{stem}}}".replace("_", r"\_")
        letter = LETTERS.get(stem) or (rf"\{stem}" if stem in GREEK else word)
        if mark in ("max", "min"):
            letter += rf"^{{\{mark}}}"
        elif mark:
            letter = rf"\{mark}{{{letter}}}"
        index = ",".join(filter(None, (number or INDICES.get(stem), date)))
        return letter + ("_" + _group(index) if index else "")

    def text(self, node):
        """LaTeX of an expression, and how tightly its outermost operation binds."""
        match node:
            case ast.Constant(value=int() | float() as value):
                return _number(value)
            case ast.BinOp(left=t, op=ast.Add(), right=ast.Constant(value=1)) if self.is_last_t(t):
                return "t", ATOM
            case _ if self.is_last_t(node):
                return "t - 1", SUM
            case ast.Name(id="t"):
                return "t", ATOM
            case ast.Name(id=name):
                return self.name(name), ATOM
            case ast.Attribute(value=ast.Name(id="state"), attr=name):
                return self.name(name, "t-1"), ATOM
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                return self.name(name, ""), ATOM
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return "-" + self.wrapped(operand, PRODUCT), SUM
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                minus = isinstance(op, ast.Sub)
                left, right = self.wrapped(left, SUM), self.wrapped(right, SUM + minus)
                right = _bracketed(right) if right.startswith("-") else right
                return left + (" - " if minus else " + ") + right, SUM
            case ast.BinOp(left=ast.UnaryOp(op=ast.USub(), operand=left), op=ast.Mult() as op):
                return self.text(ast.UnaryOp(ast.USub(), ast.BinOp(left, op, node.right)))
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                left, right = self.wrapped(left, PRODUCT), self.wrapped(right, POWER)
                return left + (r" \cdot " if right[0].isdigit() else r"\,") + right, PRODUCT
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return rf"\frac{{{self.text(left)[0]}}}{{{self.text(right)[0]}}}", ATOM
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                base = self.wrapped(left, ATOM)
                base = _bracketed(base) if "^" in base or base.startswith(r"\frac") else base
                return f"{base}^{_group(self.text(right)[0])}", POWER
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), keywords=[]):
                return self.call(name, node.args)
            case ast.IfExp(test=ast.Attribute(attr=flag) | ast.Name(id=flag)):
                if isinstance(getattr(self.rule, flag, None), bool):
                    return self.text(node.body if getattr(self.rule, flag) else node.orelse)
        legal = "arithmetic on names and NumPy functions"
        raise TypeError(f"formula: {ast.unparse(node)!r} is not {legal}")

    def call(self, name, arguments):
        if name == "square":
            return self.text(ast.BinOp(*arguments, ast.Pow(), ast.Constant(2)))
        inner = ", ".join(self.text(argument)[0] for argument in arguments)
        if name == "sqrt":
            return rf"\sqrt{{{inner}}}", ATOM
        if name in ("abs", "absolute"):
            return rf"\left|{inner}\right|", ATOM
        word = rf"\{FUNCTIONS[name]}" if name in FUNCTIONS else rf"\operatorname{{{name}}}"
        return word + _bracketed(inner), ATOM

    def wrapped(self, node, least):
        text, level = self.text(node)
        return text if level >= least else _bracketed(text)

    def is_last_t(self, node):
        """Whether an expression counts the steps before this one."""
        return ast.unparse(node) in (["state.t"] if "t" in self.now else ["state.t", "t"])


def _bracketed(text):
    return rf"\left({text}\right)" if r"\frac" in text else f"({text})"


def _group(text):
    return text if len(text) == 1 else f"{{{text}}}"


def _number(value):
    mantissa, _, exponent = repr(value).partition("e")
    if not exponent:
        return mantissa, ATOM
    power = f"10^{{{int(exponent)}}}"
    return (power, POWER) if mantissa == "1" else (rf"{mantissa} \cdot {power}", PRODUCT)

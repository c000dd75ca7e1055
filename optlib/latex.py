"""The formula of a rule: the statements of its `step`, read off the source, in LaTeX."""

import ast
import inspect
import re
import textwrap

from optlib.checks import first_state, require
from optlib.optimizers import Optimizer

GREEK = "alpha beta gamma delta epsilon eta theta kappa lambda mu nu xi rho sigma tau phi psi omega"
LETTERS = {name: rf"\{name}" for name in GREEK.split()}
LETTERS |= {"x": r"\theta", "lr": r"\alpha", "momentum": r"\mu", "eps": r"\varepsilon"}
LETTERS |= {"weight_decay": r"\lambda"}
INDICES = {"weight_decay": r"\mathrm{wd}"}
MARKS = {mark: rf"\{mark}{{%s}}" for mark in ("hat", "bar", "tilde")} | {"max": r"%s^{\max}"}
CALLS = {"sqrt": r"\sqrt{%s}", "abs": r"\left|%s\right|", "absolute": r"\left|%s\right|"}
CALLS |= {"maximum": r"\max(%s)", "minimum": r"\min(%s)"}
SUM, MINUS, PRODUCT, POWER, ATOM = range(5)  # how tightly an expression binds


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
    require(isinstance(rule, Optimizer), "formula: rule", "an Optimizer", rule, TypeError)
    source = textwrap.dedent(inspect.getsource(inspect.unwrap(type(rule).step)))
    lines = _Statements(rule).lines(ast.parse(source).body[0].body)
    return Formula("\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}")


class _Statements:
    """The statements of `step` as lines of LaTeX, names and order kept."""

    def __init__(self, rule):
        self.rule, self.fields = rule, first_state(rule)._fields
        self.known = {"x": _letter("x", "t-1"), "g": "g_t", "t": "t - 1", "t + 1": "t"}
        self.known |= {f"state.{field}": _letter(field, "t-1") for field in self.fields}
        self.known |= {"state.t": "t - 1", "state.t + 1": "t"}

    def lines(self, body):
        """A line for each assignment, save counting the step and mere unpacking."""
        lines = []
        for pairs in map(self.pairs, body):
            for name, text in [(name, self.text(value)) for name, value in pairs]:
                new, old = _letter(name, "t"), self.known.get(name)
                if name == "t":
                    require(text in ("t", "t - 1"), "formula: t", "the step", text, TypeError)
                    self.known |= {"t": text, "t + 1": "t + 1" if text == "t" else "t"}
                elif text in (new, _letter(name, "t-1"), _letter(name)):
                    self.known[name] = text
                elif name != "_":
                    sign = r"\leftarrow" if old == new else "="
                    lines.append(f"{new} &{sign} {text}")
                    self.known[name] = new
        return lines

    def pairs(self, statement):
        """What a statement assigns, as (name, expression); a tuple assigns several at once."""
        match statement:
            case ast.Expr(value=ast.Constant()):  # a docstring
                return []
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                return [(name, value)]
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=value):
                old = [ast.Attribute(value, field) for field in self.fields]
                values = value.elts if isinstance(value, ast.Tuple) else old
                return [(name.id, value) for name, value in zip(names, values, strict=True)]
            case ast.Return(value=ast.Tuple(elts=[x, ast.Call(args=args, keywords=keywords)])):
                kept = dict(zip(self.fields, args, strict=False))
                kept |= {keyword.arg: keyword.value for keyword in keywords}
                used = [(name, v) for name, v in kept.items() if not isinstance(v, ast.Constant)]
                return [("x", x), *used]
        raise TypeError(f"formula: {ast.unparse(statement)!r} is not an assignment or a return")

    def text(self, node, least=SUM):
        """LaTeX of an expression, in brackets if it binds less tightly than it must."""
        text, level = self.bare(node)
        return text if level >= least else _bracketed(text)

    def bare(self, node):
        """LaTeX of an expression, and how tightly its outermost operation binds."""
        known = self.known.get(ast.unparse(node))
        match node:
            case _ if known:
                return _leveled(known)
            case ast.Constant(value=int() | float() as value):
                return _number(value)
            case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="self"), attr=name):
                return _leveled(_letter(name))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return "-" + self.text(operand, PRODUCT), MINUS
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                sign = "+" if isinstance(op, ast.Add) else "-"
                return f"{self.text(left)} {sign} {self.text(right, PRODUCT)}", SUM
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                left, right = self.text(left, MINUS), self.text(right, POWER)
                product = left + (r" \cdot " if right[0].isdigit() else r"\,") + right
                return product, MINUS if left.startswith("-") else PRODUCT
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return rf"\frac{{{self.text(left)}}}{{{self.text(right)}}}", POWER
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return f"{self.text(left, ATOM)}^{_group(self.text(right))}", POWER
            case ast.Call(func=ast.Attribute(attr="square"), args=[base]):
                return self.bare(ast.BinOp(base, ast.Pow(), ast.Constant(2)))
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), keywords=[]):
                inner = ", ".join(map(self.text, node.args))
                return CALLS.get(name, rf"\operatorname{{{name}}}(%s)") % inner, ATOM
            case ast.IfExp(test=ast.Attribute(attr=flag) | ast.Name(id=flag)):
                if isinstance(getattr(self.rule, flag, None), bool):
                    return self.bare(node.body if getattr(self.rule, flag) else node.orelse)
        legal = "arithmetic on names and NumPy functions"
        raise TypeError(f"formula: {ast.unparse(node)!r} is not {legal}")


def _letter(name, date=""):
    """A letter with its accent, number and date: the step t or t - 1 it belongs to."""
    parts = re.fullmatch(rf"(.*?)(\d*)(?:_({'|'.join(MARKS)}))?", name)
    stem, number, mark = parts.groups()
    word = stem if len(stem) == 1 else rf"\mathrm{{{stem}}}".replace("_", r"\_")
    letter = MARKS.get(mark, "%s") % LETTERS.get(stem, word)
    index = ",".join(filter(None, (number or INDICES.get(stem), date)))
    return letter + ("_" + _group(index) if index else "")


def _leveled(text):
    return text, SUM if " " in text else POWER if "^" in text else ATOM


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

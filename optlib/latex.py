"""The formula of a rule: the statements of its `step`, read off the source, in LaTeX."""

import ast
import builtins
import inspect
import math
import re
import textwrap
import unicodedata
from dataclasses import fields

import numpy as np

from optlib.checks import first_state, require
from optlib.optimizers import Optimizer

GREEK = "alpha beta gamma delta epsilon eta theta kappa lambda mu nu xi rho sigma tau phi psi omega"
LETTERS = {name: rf"\{name}" for name in GREEK.split()}
LETTERS |= {"x": r"\theta", "lr": r"\alpha", "momentum": r"\mu", "eps": r"\varepsilon"}
LETTERS |= {"weight_decay": r"\lambda"}
INDICES = {"weight_decay": r"\mathrm{wd}"}
MARKS = {mark: rf"\{mark}{{%s}}" for mark in ("hat", "bar", "tilde")} | {"max": r"%s^{\max}"}
CALLS = {np.sqrt: r"\sqrt{%s}", math.sqrt: r"\sqrt{%s}"}
CALLS |= {abs: r"\left|%s\right|", np.absolute: r"\left|%s\right|"}
CALLS |= {np.maximum: r"\max(%s)", np.minimum: r"\min(%s)", max: r"\max(%s)", min: r"\min(%s)"}
CASES = r"\begin{cases} %s & \text{if } %s \\ %s & \text{otherwise} \end{cases}"
SIGNS = {ast.Gt: ">", ast.GtE: r"\ge", ast.Lt: "<", ast.LtE: r"\le", ast.Eq: "=", ast.NotEq: r"\ne"}
INDEX = re.compile(r"_(?:\{(?:[^{}]|\{[^{}]*\})*\}|.)")
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
        One aligned line of LaTeX per statement; a helper function is shown by its name.

    Raises
    ------
    TypeError
        If ``rule`` is not a rule, or its ``step(self, x, g, state)`` has a statement that
        cannot be shown as it is, such as a branch, a swap, or two names with one letter.

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
    lines = _Statements(rule).lines
    return Formula("\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}")


class _Statements:
    """The statements of `step` as lines of LaTeX, names and order kept.

    ``known`` holds what stands for a name or an expression now, ``names`` whose each letter is.
    """

    def __init__(self, rule):
        step = inspect.unwrap(type(rule).step)
        self.rule, self.state = rule, first_state(rule)._asdict()
        self.scope = vars(builtins) | step.__globals__ | inspect.getclosurevars(step).nonlocals
        self.scope["self"] = rule
        self.known = {"x": _letter("x", "t-1"), "g": "g_t", "state.t": "t - 1", "state.t + 1": "t"}
        self.known |= {f"state.{name}": _letter(name, "t-1") for name in self.state if name != "t"}
        self.names, self.lines, self.fields = {}, [], [field.name for field in fields(rule)]
        self.shared = {"x", "g"}  # names of arrays that have another name too
        for name in ("x", "g", "t", *self.state, *self.fields):
            self.letter(name)
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(step))).body[0]
        except OSError:
            raise TypeError(f"formula: the source of {step.__qualname__} is not at hand") from None
        names, legal = [a.arg for a in tree.args.args], ["self", "x", "g", "state"]
        require(names == legal, "formula: arguments of step", legal, names, TypeError)
        clash = {"x", "g", "t", "state"} & set(self.fields)
        require(not clash, "formula: hyperparameters", "other names", clash, TypeError)
        self.matrices = any(isinstance(node, ast.MatMult) for node in ast.walk(tree))
        for statement in tree.body[:-1]:
            for name, text in self.apart(statement, self.pairs(statement)):
                self.assign(name, text)
        self.give_back(tree.body[-1])

    def assign(self, name, text):
        """Show what a name becomes, save the count of steps and another word for its letter."""
        if name == "t":
            require(text in ("t", "t - 1"), "formula: t", "the step", text, TypeError)
            self.known |= {"t": text, "t + 1": "t + 1" if text == "t" else "t"}
        elif text in (self.letter(name, "t"), self.letter(name, "t-1"), self.letter(name)):
            self.known[name] = text
        else:
            self.show(name, text)

    def show(self, name, text):
        new = self.letter(name, "t")
        sign = r"\leftarrow" if self.shown(new) else "="
        self.lines.append(f"{new} &{sign} {text}")
        self.known[name] = new

    def shown(self, letter):
        return letter == "g_t" or any(line.startswith(f"{letter} &") for line in self.lines)

    def give_back(self, statement):
        """Show the new point, and what has not been shown of the new state."""
        match statement:
            case ast.Return(value=ast.Tuple(elts=[x, ast.Name(id="state")])):
                kept, nodes = True, {}
            case ast.Return(value=ast.Tuple(elts=[x, ast.Call(func, args, words)])):
                kept = ast.unparse(func) == "state._replace"
                nodes = dict(zip(self.state, args, strict=False))
                nodes |= {word.arg: word.value for word in words}
                if not kept and not isinstance(self.found(func), type):
                    self.refuse(statement, "return x, State(...)")
            case _:
                self.refuse(statement, "return x, State(...)")
        for name, value in self.state.items():
            old = ast.Attribute(ast.Name("state"), name) if kept else ast.Constant(value)
            nodes.setdefault(name, old)
        if set(nodes) != set(self.state):
            self.refuse(statement, "return x, State(...) with entries of the state")
        pairs = [("x", self.text(x)), *((name, self.text(nodes[name])) for name in self.state)]
        for name, text in self.apart(statement, pairs):
            new, old = self.letter(name, "t"), self.letter(name, "t-1")
            said = "\n".join((*self.lines, *(other for key, other in pairs if key != name)))
            if name == "t":
                counted = text == "t" or not _mentions(INDEX.sub("", said), "t")
                require(counted, "formula: t in the new state", "t + 1", text, TypeError)
            elif name == "x" or self.shown(new) or _mentions(said, old):
                if text != new:
                    self.show(name, text)
            elif text not in (old, _number(self.state[name])[0]):  # used, not just carried along
                self.show(name, text)

    def apart(self, statement, pairs):
        """The pairs of a statement, refused if one overwrites what a later one still reads."""
        for i, (name, text) in enumerate(pairs):
            new = self.letter(name, "t")
            if (
                text != new
                and self.shown(new)
                and any(_mentions(s, new) for _, s in pairs[i + 1 :])
            ):
                self.refuse(statement, f"in order: it overwrites {name}, which it still reads")
        return pairs

    def pairs(self, statement):
        """What a statement assigns, as (name, text); a tuple assigns several at once."""
        match statement:
            case ast.Expr(value=ast.Constant()):  # a docstring
                names, values = [], []
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                names, values = [ast.Name(name)], [ast.BinOp(ast.Name(name), op, value)]
            case ast.Assign(targets=[ast.Name() as name], value=value):
                names, values = [name], [value]
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                pass
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Name(id="state") as state):
                values = [ast.Attribute(state, name) for name in self.state]
            case _:
                self.refuse(statement, "an assignment to names, or a return")
        named = [getattr(name, "id", "self") for name in names]
        if {"self", "state"} & set(named) or len(named) != len(values):
            self.refuse(statement, "an assignment to as many names")
        pairs = [pair for pair in zip(named, values, strict=True) if pair[0] != "_"]
        for name, value in pairs:
            if isinstance(statement, ast.AugAssign) and name in self.shared - {"t"}:
                self.refuse(statement, f"{name} = ..., which leaves the other name of {name} alone")
            both = {name, getattr(value, "id", name)}
            bare = isinstance(value, (ast.Name, ast.Attribute))
            self.shared = self.shared | both if bare else self.shared - {name}
        return [(name, self.text(value)) for name, value in pairs]

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
            case ast.Constant(value=value) if type(value) in (int, float):
                return _number(value)
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if name in self.fields:
                return _leveled(self.letter(name))
            case ast.Name() if type(self.found(node)) in (int, float):
                return _number(self.found(node))
            case ast.Attribute(value=base, attr="T" | "mT"):
                return rf"{self.text(base, ATOM)}^\top", POWER
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return "-" + self.text(operand, PRODUCT), MINUS
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                sign = "+" if isinstance(op, ast.Add) else "-"
                return f"{self.text(left)} {sign} {self.text(right, PRODUCT)}", SUM
            case ast.BinOp(left=left, op=ast.Mult() | ast.MatMult() as op, right=right):
                left, right = self.text(left, MINUS), self.text(right, POWER)
                sign = r" \cdot " if right[0].isdigit() else r"\,"
                if self.matrices and isinstance(op, ast.Mult) and _dated(left) and _dated(right):
                    sign = r" \odot "  # coordinate by coordinate, beside products of matrices
                return left + sign + right, MINUS if left.startswith("-") else PRODUCT
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return rf"\frac{{{self.text(left)}}}{{{self.text(right)}}}", POWER
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return f"{self.text(left, ATOM)}^{_group(self.text(right))}", POWER
            case ast.Call(func=func, args=args, keywords=[]):
                return self.called(node, func, args)
            case ast.IfExp(test=ast.Attribute(attr=flag) | ast.Name(id=flag)):
                if isinstance(getattr(self.rule, flag, None), bool):
                    return self.bare(node.body if getattr(self.rule, flag) else node.orelse)
        self.refuse(node, "arithmetic on numbers, x, g, the state, hyperparameters, and functions")

    def called(self, node, func, args):
        """LaTeX of the call of a function, a method of the rule, or the method clip."""
        function, name = self.found(func), getattr(func, "attr", getattr(func, "id", ""))
        if function is None and name == "clip":
            function, args = np.clip, [func.value, *args]
        match function, args:
            case np.square, [base]:
                return self.bare(ast.BinOp(base, ast.Pow(), ast.Constant(2)))
            case np.where, [ast.Compare(left, [op], [right]), yes, no] if type(op) in SIGNS:
                test = f"{self.text(left)} {SIGNS[type(op)]} {self.text(right)}"
                return CASES % (self.text(yes), test, self.text(no)), SUM
        whole = isinstance(function, np.ufunc) or function is np.clip or len(args) == 1
        numpys = str(getattr(function, "__module__", "")).startswith("numpy")  # no axis or order
        if not callable(function) or isinstance(function, type) or (numpys and not whole):
            self.refuse(node, "a call of a function, f(x, ...)")
        shown = CALLS.get(function, rf"\operatorname{{{_escaped(name)}}}(%s)")
        return shown % ", ".join(map(self.text, args)), ATOM

    def found(self, node):
        """What a dotted name stands for outside `step`, or None."""
        match node:
            case ast.Name(id=name) if name not in self.known:
                return self.scope.get(name)
            case ast.Attribute(value=base, attr=name):
                return getattr(self.found(base), name, None)

    def letter(self, name, date=""):
        """The letter of a name, which no other name may share."""
        owner = self.names.setdefault(_letter(name), name)
        legal = f"of different letters; both have {_letter(name)}"
        require(owner == name, "formula: names", legal, (owner, name), TypeError)
        return _letter(name, date)

    def refuse(self, node, legal):
        raise TypeError(f"formula: {ast.unparse(node)!r} is not {legal}")


def _letter(name, date=""):
    """A letter with its accent, number and date: the step t or t - 1 it belongs to."""
    parts = re.fullmatch(rf"(.*?)(\d*)(?:_({'|'.join(MARKS)}))?", name)
    stem, number, mark = parts.groups()
    if len(stem) == 1 and not stem.isascii():  # a Greek letter typed as such
        stem = unicodedata.name(stem, "").replace("LAMDA", "LAMBDA").rpartition(" ")[2].lower()
    word = stem if len(stem) == 1 else rf"\mathrm{{{_escaped(stem)}}}"
    letter = MARKS.get(mark, "%s") % LETTERS.get(stem, word)
    index = ",".join(filter(None, (number or INDICES.get(stem), date)))
    return letter + ("_" + _group(index) if index else "")


def _escaped(name):
    return name.replace("_", r"\_")


def _mentions(text, letter):
    """Whether a letter stands in a text, and not just at the end of a longer name."""
    return re.search(r"(?<![a-zA-Z])" + re.escape(letter) + r"(?![a-zA-Z])", text) is not None


def _dated(text):
    """Whether an expression holds more than numbers and hyperparameters."""
    return re.search(r"_t(?![a-z])|[{,]t(?:-1)?\}", text) is not None


def _leveled(text):
    return text, SUM if " " in text else POWER if "^" in text else ATOM


def _bracketed(text):
    tall = r"\frac" in text or r"\begin" in text
    return rf"\left({text}\right)" if tall else f"({text})"


def _group(text):
    return text if len(text) == 1 else f"{{{text}}}"


def _number(value):
    require(math.isfinite(value), "formula: numbers", "finite", value)
    mantissa, _, exponent = repr(abs(value)).partition("e")
    power = f"10^{{{int(exponent)}}}" if exponent else ""
    text = rf"{mantissa} \cdot {power}" if power and mantissa != "1" else power or mantissa
    level = MINUS if value < 0 else PRODUCT if " " in text else POWER if power else ATOM
    return "-" * (value < 0) + text, level

"""A definition as a straight-line program: it is called once, with values that record."""

import linecache
import operator
import sys
from dataclasses import dataclass, replace
from inspect import signature
from types import FunctionType

import numpy as np

from optlib.checks import first_state, hyperparameters, require

ARITHMETIC = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul,
    "divide": operator.truediv, "power": operator.pow, "negative": operator.neg,
}  # fmt: skip
FUNCTIONS = ("sqrt", "exp", "log", "sin", "cos", "square", "sign", "absolute", "maximum", "minimum")


def operation(name, functions=np):
    """What an operation calls: Python's operator, or the function of a module."""
    return ARITHMETIC.get(name) or getattr(functions, name)


@dataclass(frozen=True, eq=False)
class Program:
    """A straight-line program: registers filled one after the other, no branch, no loop.

    Parameters
    ----------
    inputs : tuple of str
        Names of the first registers.
    code : tuple of (str, ...)
        One operation a register, after the inputs: its name in NumPy, then the
        registers of its arguments; or ``("constant", value)``.
    outputs : dict of str to int
        The registers that hold the results, by name.

    Examples
    --------
    >>> from optlib import SGD
    >>> program = trace(SGD())
    >>> program.code
    (('constant', 1), ('add', 2, 6), ('multiply', 5, 1), ('subtract', 0, 8), ('constant', 0))
    >>> program(x=1.0, g=2.0, t=0, m=0, v=0, lr=0.25)["x"]
    0.5
    """

    inputs: tuple
    code: tuple
    outputs: dict

    def __call__(self, functions=np, **values):
        """Run the program and return its outputs by name.

        Parameters
        ----------
        functions : module or namespace, default numpy
            Where sqrt, maximum ... are looked up; SymPy's functions give exact expressions.
        **values : float, array or expression
            One value for each input.
        """
        known = set(values) == set(self.inputs)
        require(known, "program: inputs", self.inputs, tuple(values), TypeError)
        for name, value in values.items():
            legal = "a number, an array or an expression"
            other = hasattr(value, "dtype") and not isinstance(value, (np.ndarray, np.generic))
            given = other or (np.asarray(value).dtype.kind in "biufO" and value is not None)
            require(given, f"program: {name}", legal, value, TypeError)
        registers = [values[name] for name in self.inputs]
        for name, *arguments in self.code:
            if name == "constant":
                registers.append(arguments[0])
            else:
                function = operation(name, functions)
                registers.append(function(*(registers[i] for i in arguments)))
        return {name: registers[i] for name, i in self.outputs.items()}

    def to_json(self):
        """The program as a plain dictionary of lists, strings and numbers."""
        code = [list(line) for line in self.code]
        return {"inputs": list(self.inputs), "code": code, "outputs": dict(self.outputs)}


class Tracer(np.lib.mixins.NDArrayOperatorsMixin):
    """A scalar that records what NumPy does to it (`__array_ufunc__`, NEP 13)."""

    shape, ndim = (), 0

    def __init__(self, tape, line):
        """Record a line, an input's name or an operation, unless it has been recorded."""
        tape.setdefault(repr(line), line)
        self.tape, self.register = tape, list(tape).index(repr(line))

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        name, legal = ufunc.__name__, (*ARITHMETIC, *FUNCTIONS)
        if method != "__call__" or kwargs or name not in legal:
            _refuse(f"np.{name} is not one of {', '.join(legal)}")
        return Tracer(self.tape, (name, *(_register(self.tape, a) for a in inputs)))

    def clip(self, low=None, high=None, out=None):
        """What NumPy's clip is made of."""
        above = self if low is None else np.maximum(self, low)
        return above if high is None else np.minimum(above, high)

    def __getattr__(self, name):
        if name.startswith("__") or not hasattr(np.ndarray, name):
            raise AttributeError(name)
        _refuse(f".{name} needs an array, and a rule one coordinate at a time")

    def __getitem__(self, key=None):
        _refuse("a rule is written for one coordinate, without an index")

    def __bool__(self):
        _refuse("a definition cannot branch on a value; use np.maximum or np.sign")

    def __float__(self):
        _refuse("float, and what calls it in math, makes a number; use NumPy's functions")

    __int__ = __index__ = __complex__ = __float__
    __iter__ = __len__ = __getitem__


for _name in ("add", "sub", "mul", "truediv", "pow"):  # nothing is in place here
    setattr(Tracer, f"__i{_name}__", getattr(Tracer, f"__{_name}__"))
for _name in ("sqrt", "exp", "log", "sin", "cos"):  # NumPy calls them in object arrays
    setattr(Tracer, _name, lambda self, name=_name: getattr(np, name)(self))


def _refuse(reason):
    """Raise the error of what cannot be recorded, with the words of the definition."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename == __file__ or frame.f_globals["__name__"][:6] == "numpy.":
        frame = frame.f_back
    line, end, first, last = list(frame.f_code.co_positions())[frame.f_lasti // 2]
    source = linecache.getline(frame.f_code.co_filename, line or 0)
    words = source.encode()[first:last].decode() if line == end and source else source.strip()
    raise TypeError(f"trace: {reason}" + f" (in {words!r})" * bool(words))


class _Vector(np.ndarray):
    """A vector of tracers whose elements come out bare."""

    def __getitem__(self, key):
        item = super().__getitem__(key)
        return item.item() if isinstance(item, np.ndarray) and item.ndim == 0 else item


def _register(tape, value):
    """The register of a traced value, or of a number."""
    if isinstance(value, Tracer):
        return value.register
    require(np.ndim(value) == 0, "trace: what one coordinate meets", "a number", value, TypeError)
    value = np.asarray(value).item()  # NumPy's numbers are no JSON
    return (value if isinstance(value, Tracer) else Tracer(tape, ("constant", value))).register


def record(tape, outputs):
    """The program of what a tape has recorded, with these results."""
    outputs = {name: _register(tape, value) for name, value in outputs.items()}
    inputs = tuple(line for line in tape.values() if isinstance(line, str))
    return Program(inputs, tuple(tape.values())[len(inputs) :], outputs)


def trace(definition):
    """Record a rule's step, a landscape's value and gradient, or a function, as a `Program`.

    Parameters
    ----------
    definition : Optimizer or subclass, problem, or function
        A rule gives the inputs x, g, its state and its hyperparameters, and the outputs x and its
        state; flags such as ``bias_correction`` are settled. A problem in d dimensions gives the
        inputs x0 ... and the outputs f, g0 .... A function of numbers gives its arguments as
        inputs, and the output f; `differentiate` adds its gradient.

    Raises
    ------
    TypeError
        If the definition branches on a value or calls what is not elementary.

    Examples
    --------
    >>> from optlib import Adam
    >>> program = trace(Adam())
    >>> program.inputs
    ('x', 'g', 't', 'm', 'v', 'lr', 'beta1', 'beta2', 'eps')
    >>> after = program(x=1.0, g=9.0, t=0, m=0, v=0, lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8)
    >>> round(float(after["x"]), 6)
    0.9
    """
    definition = definition() if isinstance(definition, type) else definition
    if callable(getattr(definition, "step", None)):
        return _trace_rule(definition)
    if isinstance(definition, FunctionType):
        tape, names = {}, tuple(signature(definition).parameters)
        return record(tape, {"f": definition(*(Tracer(tape, name) for name in names))})
    known = callable(getattr(definition, "grad", None))
    legal = "a rule, a problem or a function"
    require(known, "trace: definition", legal, definition, TypeError)
    return _trace_problem(definition)


def _trace_rule(rule):
    name = type(rule).__name__
    legal = "a rule that leaves coordinates apart; this one says mixes_coordinates = True"
    require(not getattr(rule, "mixes_coordinates", False), "trace: rule", legal, name, TypeError)
    state, tape = first_state(rule), {}
    names = hyperparameters(rule)
    given = {name: Tracer(tape, name) for name in ("x", "g", *state._fields, *names)}
    symbolic = replace(rule, **{name: given[name] for name in names})
    before = type(state)(*(given[name] for name in state._fields))
    try:
        x, after = symbolic.step(given["x"], given["g"], before)
    except (ValueError, IndexError) as error:
        raise TypeError(f"trace: {name}.step cannot be followed on one coordinate") from error
    program = record(tape, {"x": x, **after._asdict()})
    _check_alone(rule, program, {name: float(np.ravel(getattr(rule, name))[0]) for name in names})
    return program


def _check_alone(rule, program, numbers):
    """Refuse a program that is not what the rule does to each of several coordinates."""
    rule, state = replace(rule, **numbers), first_state(rule)
    x, *gradients = np.array([[0.3, -1.7, 2.9], [1.1, -0.4, 5.0], [-2.0, 0.7, 0.1]])
    legal = f"{type(rule).__name__} must compute each coordinate from its own x, g and state"
    with np.errstate(all="ignore"):
        for g in gradients:
            alone = program(x=x, g=g, **state._asdict(), **numbers)
            x, state = rule.step(x, g, state)
            for name, value in {"x": x, **state._asdict()}.items():
                same = np.array_equal(np.broadcast_to(alone[name], np.shape(value)), value, True)
                if not same:
                    raise TypeError(f"trace: {legal}; {name} becomes {value}, alone {alone[name]}")


def _trace_problem(problem):
    tape = {}
    x = np.array([Tracer(tape, f"x{i}") for i in range(problem.dim)], object).view(_Vector)
    gradient = np.asarray(problem.grad(x))
    return record(tape, {"f": problem(x), **{f"g{i}": g for i, g in enumerate(gradient)}})

"""A definition as a straight-line program: it is called once, with values that record."""

import operator
from dataclasses import dataclass, fields, replace

import numpy as np

from optlib.checks import first_state, require

ARITHMETIC = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul,
    "divide": operator.truediv, "power": operator.pow, "negative": operator.neg,
}  # fmt: skip
FUNCTIONS = ("sqrt", "exp", "log", "sin", "cos", "square", "sign", "absolute", "maximum", "minimum")


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
        registers = [values[name] for name in self.inputs]
        for name, *arguments in self.code:
            if name == "constant":
                registers.append(arguments[0])
            else:
                function = ARITHMETIC.get(name) or getattr(functions, name)
                registers.append(function(*(registers[i] for i in arguments)))
        return {name: registers[i] for name, i in self.outputs.items()}

    def to_json(self):
        """The program as a plain dictionary of lists, strings and numbers."""
        code = [list(line) for line in self.code]
        return {"inputs": list(self.inputs), "code": code, "outputs": dict(self.outputs)}


class Tracer(np.lib.mixins.NDArrayOperatorsMixin):
    """A scalar that records what NumPy does to it (`__array_ufunc__`, NEP 13)."""

    def __init__(self, tape, line):
        """Record a line, an input's name or an operation, unless it has been recorded."""
        tape.setdefault(repr(line), line)
        self.tape, self.register = tape, list(tape).index(repr(line))

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        name, legal = ufunc.__name__, (*ARITHMETIC, *FUNCTIONS)
        if method != "__call__" or kwargs or name not in legal:
            raise TypeError(f"trace: np.{name} is not one of {', '.join(legal)}")
        return Tracer(self.tape, (name, *(_register(self.tape, a) for a in inputs)))

    def __bool__(self):
        raise TypeError("trace: a definition cannot branch on a value; use np.maximum or np.sign")


for _name in ("sqrt", "exp", "log", "sin", "cos"):  # NumPy calls them in object arrays
    setattr(Tracer, _name, lambda self, name=_name: getattr(np, name)(self))


class _Vector(np.ndarray):
    """A vector of tracers whose elements come out bare."""

    def __getitem__(self, key):
        item = super().__getitem__(key)
        return item.item() if isinstance(item, np.ndarray) and item.ndim == 0 else item


def _register(tape, value):
    """The register of a traced value, or of a number."""
    require(np.ndim(value) == 0, "trace: what one coordinate meets", "a number", value, TypeError)
    value = np.asarray(value).item()  # NumPy's numbers are no JSON
    return (value if isinstance(value, Tracer) else Tracer(tape, ("constant", value))).register


def _program(tape, outputs):
    outputs = {name: _register(tape, value) for name, value in outputs.items()}
    inputs = tuple(line for line in tape.values() if isinstance(line, str))
    return Program(inputs, tuple(tape.values())[len(inputs) :], outputs)


def trace(definition):
    """Record a rule's step, or a landscape's value and gradient, as a `Program`.

    Parameters
    ----------
    definition : Optimizer or subclass, or problem
        A rule gives the inputs x, g, its state and its hyperparameters, and the outputs x and its
        state; flags such as ``bias_correction`` are settled. A problem in d dimensions gives the
        inputs x0 ... and the outputs f, g0 ....

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
    known = callable(getattr(definition, "grad", None))
    require(known, "trace: definition", "a rule or a problem", definition, TypeError)
    return _trace_problem(definition)


def _trace_rule(rule):
    state, tape = first_state(rule), {}
    names = [f.name for f in fields(rule) if not isinstance(getattr(rule, f.name), bool)]
    given = {name: Tracer(tape, name) for name in ("x", "g", *state._fields, *names)}
    symbolic = replace(rule, **{name: given[name] for name in names})
    before = type(state)(*(given[name] for name in state._fields))
    x, after = symbolic.step(given["x"], given["g"], before)
    return _program(tape, {"x": x, **after._asdict()})


def _trace_problem(problem):
    tape = {}
    x = np.array([Tracer(tape, f"x{i}") for i in range(problem.dim)], object).view(_Vector)
    gradient = np.asarray(problem.grad(x))
    return _program(tape, {"f": problem(x), **{f"g{i}": g for i, g in enumerate(gradient)}})

"""Runs at the machine's speed, bit for bit the plain ones: a traced rule as Python source.

`float_run` walks one run in few dimensions on Python floats, `Kernel` steps whole arrays in place,
piece by piece. Each raises TypeError for what it cannot do; the plain rule does it then.
"""

import functools
import inspect
import math
from struct import Struct

import numpy as np

from optlib.checks import Sweep, first_state, require
from optlib.problems.base import FEW, Landscape
from optlib.trace import FUNCTIONS, trace

SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}


class Parts:
    """A program taken apart: operations on numbers alone, operations on arrays, results by name.

    Every register has a name, a letter and its number; a constant's name is its value.
    """

    def __init__(self, program, arrays, letter):
        self.inputs = {name: f"{letter}{i}" for i, name in enumerate(program.inputs)}
        names, self.numbers, self.work = list(self.inputs.values()), [], []
        self.arrays = {self.inputs[name] for name in arrays}
        for name, *arguments in program.code:
            if name == "constant":
                names.append(f"({arguments[0]!r})")
                continue
            arguments = [names[i] for i in arguments]
            names.append(f"{letter}{len(names)}")
            if self.arrays.isdisjoint(arguments):
                self.numbers.append((names[-1], name, arguments))
            else:
                self.arrays.add(names[-1])
                self.work.append((names[-1], name, arguments))
        self.outputs = {name: names[i] for name, i in program.outputs.items()}

    def needed(self, names):
        """The operations on arrays that these results rest on."""
        found, names = [], set(names)
        for target, name, arguments in reversed(self.work):
            if target in names:
                names.update(arguments)
                found.insert(0, (target, name, arguments))
        return found

    def split(self, late, power="{} ** {}"):
        """The operations on numbers that can be done once, and those that hang on late ones."""
        late, once, again = set(late), [], []
        for target, name, arguments in self.numbers:
            if late.isdisjoint(arguments):
                once.append(_line(target, name, arguments, power))
            else:
                late.add(target)
                again.append(_line(target, name, arguments, power))
        return once, again, late


def _traced(definition, functions, names):
    """The program of what the functions say, if they name nothing but what it records.

    What prints, counts, or looks at a global would do so once and then no more.
    """
    ours, known = type(definition).__module__ in OURS, {*FUNCTIONS, *names, "np", "pi", "abs"}
    for code in (inspect.unwrap(function).__code__ for function in functions):
        alone = ours or (known.issuperset(code.co_names) and not code.co_freevars)
        require(alone, "compiled: names", known, code.co_names, TypeError)
    values = vars(definition)
    settled = *(v for v in values.values() if isinstance(v, bool)), *functions
    if not ours or (values and "lr" not in values):
        return trace(definition)
    if settled not in _programs:
        _programs[settled] = trace(definition)
    return _programs[settled]


OURS = ("optlib.optimizers", "optlib.problems.base", "optlib.problems.landscapes")
_programs = {}  # of the rules and landscapes of optlib


def parts_of_rule(rule):
    """The parts of a rule's step, and the entries of its state that are arrays."""
    first = first_state(rule)
    names = {*first._fields, *vars(rule), type(first).__name__}
    program = _traced(rule, [type(rule).step], names)
    fields = [name for name in first._fields if name != "t"]
    parts = Parts(program, ["x", "g", *fields], "r")
    results = {target for target, _, _ in parts.work}
    slots = [name for name in fields if parts.outputs[name] in parts.arrays]
    ends = [parts.outputs[name] for name in ("x", *slots)]
    read = {a for _, _, arguments in parts.work for a in arguments}
    lost = read.intersection(parts.inputs[name] for name in fields if name not in slots)
    plain = results.union({"r1"}).issuperset(ends) and ends[0] != "r1" and not lost
    require(plain and len(set(ends)) == len(ends), "compiled: state", "new", ends, TypeError)
    if "t" in program.inputs:
        counts = (parts.outputs["t"], "add", [parts.inputs["t"], "(1)"]) in parts.numbers
        require(counts, "compiled: t", "counted in steps", parts.outputs["t"], TypeError)
    return parts, slots


def parts_of_problem(problem, x):
    """The parts of a landscape, which has at x the value and the slopes of its program."""
    kind, ours = type(problem), type(problem).__module__ in OURS
    own = (kind.grad, kind.__call__) == (Landscape.grad, Landscape.__call__)
    plain = isinstance(problem, Landscape) and (ours or own) and problem.dim <= FEW
    require(
        plain, "compiled: problem", f"a Landscape of at most {FEW} coordinates", problem, TypeError
    )
    program = _traced(problem, [type(problem).value, type(problem).slopes], vars(problem))
    found = program(**{f"x{i}": column for i, column in enumerate(np.unstack(x, axis=-1))})
    slopes = np.stack([found[f"g{i}"] for i in range(problem.dim)], axis=-1)
    same = _equal(found["f"], problem(x)) and _equal(slopes, problem.grad(x))
    parts = Parts(program, program.inputs, "p")
    ends = set(parts.outputs.values())
    same = same and parts.arrays.issuperset(ends) and not parts.numbers
    same = same and len(ends) == len(parts.outputs)
    require(same, "compiled: slopes", "functions of x, no two alike", problem, TypeError)
    return parts


def hyper_of(rule, parts):
    """The names of the hyperparameters that a rule's program takes."""
    return [name for name in parts.inputs if name not in ("x", "g") and hasattr(rule, name)]


def _equal(a, b):
    return np.asarray(a).dtype == b.dtype and np.array_equal(a, b, equal_nan=True)


def _line(target, name, arguments, power, prefix="np."):
    """An operation as a line of Python; that on numbers is as the rule itself does it."""
    if name == "power":
        return f"{target} = {power.format(*arguments)}"
    if name in SIGNS:
        return f"{target} = {f' {SIGNS[name]} '.join(arguments)}"
    function = {"negative": "-", "absolute": "abs"}.get(name, prefix + name)
    return f"{target} = {function}({', '.join(arguments)})"


def _power(base, exponent):
    """Python's power, which the rule takes of numbers; of a sweep's, once for each that differs."""
    if type(base) is not Sweep or type(exponent) is not int:
        return base**exponent
    if not hasattr(base, "distinct"):
        bits = np.ascontiguousarray(base).view(np.int64)
        found, base.where = np.unique(bits.reshape(-1), return_inverse=True)
        base.distinct = found.view(float).tolist()
    powers = np.array([number**exponent for number in base.distinct], float)
    return powers[base.where].reshape(base.shape).view(Sweep)


def _extreme(least, a, b):
    """The larger or the smaller float; which zero of two, the processor knows alone."""
    if a == b == 0 and math.copysign(1, a) != math.copysign(1, b):
        raise ArithmeticError
    return float(a if a != a or (a < b if least else a > b) else b)


def _as_float(function):
    return lambda a: float(function(a))


FLOATS = {"np": np, "Struct": Struct, "sqrt": math.sqrt, "inf": math.inf,
          "nan": math.nan, "sign": lambda a: a if a != a else float((a > 0) - (a < 0)),
          "maximum": functools.partial(_extreme, False),
          "minimum": functools.partial(_extreme, True)}  # fmt: skip
FLOATS |= {name: _as_float(getattr(np, name)) for name in ("exp", "log", "sin", "cos")}
ARRAYS = {name: getattr(np, name) for name in (*FUNCTIONS, *SIGNS, "negative")}
ARRAYS |= {"np": np, "power": _power, "inf": math.inf, "nan": math.nan}
ARRAYS["number"] = lambda a: a if a.ndim else a.item()  # NumPy has own powers for some numbers


@functools.lru_cache(maxsize=256)
def compiled(source, floats):
    """The function ``run`` of a source, on Python floats or on arrays."""
    names = dict(FLOATS if floats else ARRAYS)
    exec(compile(source, "<a traced program>", "exec"), names)
    return names["run"]


def _float_line(target, name, arguments, wrap, arrays):
    """An operation on floats; a power is what NumPy makes of ``wrap``, an array or a scalar."""
    if name == "square" or (name == "power" and arguments[1] == "(2)" and "array" in wrap):
        return f"{target} = {arguments[0]} * {arguments[0]}"
    arguments = [f"{a[:-1]}.0)" if a.strip("(-)").isdigit() else a for a in arguments]
    if name == "power":
        arguments = [wrap.format(a) if a in arrays else a for a in arguments]
    return _line(target, name, arguments, "({} ** {}).item()", prefix="")


def float_run(rule, problem, x, scheduled=False):
    """A run of one point on Python floats, of a rule and a landscape that can be traced.

    Returns
    -------
    run : function of (clock, every, table, rate, t, x, state, hyperparameters)
        At each step of the clock, counted from 1, it writes x, f, g and the state before the step
        into a row of the table if ``every`` divides the steps made, takes the lr from
        ``rate(step)`` if scheduled, and steps from t on. It stops where NumPy has inf or nan and
        Python an error, and returns how many steps the run has made, x and the state.
    slots : list of str
        The entries of the state that it keeps, each of d numbers.
    hyper : list of str
        The hyperparameters it wants.
    """
    rules, slots = parts_of_rule(rule)
    values, d = parts_of_problem(problem, x), range(problem.dim)
    slopes = [values.outputs[f"g{i}"] for i in d]

    def at(i, name):
        own = {"r0": f"p{i}", "r1": slopes[i]}.get(name)
        return own or (f"{name}_{i}" if name in rules.arrays else name)

    def lines(work, wrap, arrays):
        return [_float_line(*line, wrap, arrays) for line in work]

    hyper = hyper_of(rule, rules)
    late = [rules.inputs[name] for name in ("t", *["lr"] * scheduled) if name in rules.inputs]
    once, again, _ = rules.split(late)
    before = [f"p{i}" for i in d] + [at(i, rules.inputs[name]) for name in slots for i in d]
    after = [at(i, rules.outputs[name]) for name in ("x", *slots) for i in d]
    shared, f = values.needed(slopes), values.outputs["f"]
    value = [line for line in values.needed([f]) if line not in shared]
    each = [(at(i, target), name, [at(i, a) for a in arguments])
            for i in d for target, name, arguments in rules.work]  # fmt: skip
    row = [*before[: len(d)], f, *slopes, *before[len(d) :]]
    body = [
        "k -= 1",
        *([f"{rules.inputs['lr']} = rate(k + 1)"] if scheduled else []),
        *([f"{rules.inputs['t']} = t + k"] if "t" in rules.inputs else []),
        *lines(shared, "np.float64({})", values.arrays),
        "if not k % every:",
        *(f"    {line}" for line in lines(value, "np.float64({})", values.arrays)),
        f"    put(table, k // every * {8 * len(row)}, {', '.join(row)})",
        *again,
        *lines(each, "np.array([{}])", {at(i, name) for i in d for name in rules.arrays}),
        f"{', '.join(before)}, = {', '.join(after)},",
    ]
    source = "\n".join([
        "def run(clock, every, table, rate, t, x, state, "
        f"{', '.join(rules.inputs[name] for name in hyper)}):",
        f"    {', '.join(before)}, = *x, *state",
        *(f"    {line}" for line in once),
        f"    put = Struct('{len(row)}d').pack_into",
        "    try:",
        "        for k in clock:",
        *(f"            {line}" for line in body),
        "        k += 1",
        "    except (ArithmeticError, ValueError):",
        "        pass",
        f"    return k, [{', '.join(before[: len(d)])}], [{', '.join(before[len(d) :])}]",
    ])  # fmt: skip
    return compiled(source, True), slots, hyper

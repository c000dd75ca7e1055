"""The gradient of a program: forward mode over its list of operations gives a longer list."""

import numpy as np

from optlib.checks import require
from optlib.trace import Program, Tracer, operation, record


def differentiate(program, output="f"):
    """The program, and what one of its outputs changes by as each of its inputs does.

    Every register gets beside its value its slope in each input, by the rules of calculus, one
    operation after the other (forward mode). Slopes known to be 0 or 1 cost nothing. Where
    ``maximum`` meets two equal numbers, or ``absolute`` meets 0, it is the mean of both sides.

    Parameters
    ----------
    program : Program
        For example what `trace` makes of a function of numbers.
    output : str, default "f"
        The output to differentiate.

    Returns
    -------
    Program
        With the outputs ``output``, and ``"g0"``, ``"g1"`` ... for the inputs in their order.

    Raises
    ------
    TypeError, ValueError
        For what is no program, or has no such output.

    Examples
    --------
    >>> from optlib import trace
    >>> program = differentiate(trace(lambda x, y: x**2 * y))
    >>> program(x=3.0, y=2.0)
    {'f': 18.0, 'g0': 12.0, 'g1': 9.0}
    """
    require(isinstance(program, Program), "differentiate: program", "a Program", program, TypeError)
    known = tuple(program.outputs)
    require(output in known, "differentiate: output", f"one of {', '.join(known)}", output)
    tape = {}
    values = [Tracer(tape, name) for name in program.inputs]
    slopes = [[int(i == j) for j in range(len(values))] for i in range(len(values))]
    for name, *registers in program.code:
        if name == "constant":
            values.append(registers[0])
        else:
            values.append(operation(name)(*(values[i] for i in registers)))
    for (name, *registers), value in zip(program.code, values[len(slopes) :], strict=True):
        if name == "constant":
            slopes.append([0] * len(program.inputs))
        else:
            known = [*(values[i] for i in registers), value]
            sides = zip(*(slopes[i] for i in registers), strict=True)
            slopes.append([_slope(name, *known, *side) for side in sides])
    register = program.outputs[output]
    gradient = {f"g{i}": slope for i, slope in enumerate(slopes[register])}
    return record(tape, {output: values[register], **gradient})


def _slope(name, *known):
    """The slope of an operation: its arguments are a, its value, da; or a, b, its value, da, db."""
    if len(known) == 3:
        a, value, da = known
        return 0 if _is(da, 0) else _times(ONE[name](a, value), da)
    a, b, value, da, db = known
    left = 0 if _is(da, 0) else _times(LEFT[name](a, b, value), da)
    right = 0 if _is(db, 0) else _times(RIGHT[name](a, b, value), db)
    return right if _is(left, 0) else left if _is(right, 0) else left + right


ONE = {
    "negative": lambda a, value: -1,
    "square": lambda a, value: 2 * a,
    "sqrt": lambda a, value: 0.5 / value,
    "exp": lambda a, value: value,
    "log": lambda a, value: 1 / a,
    "sin": lambda a, value: np.cos(a),
    "cos": lambda a, value: -np.sin(a),
    "sign": lambda a, value: 0,
    "absolute": lambda a, value: np.sign(a),
}
LEFT = {
    "add": lambda a, b, value: 1,
    "subtract": lambda a, b, value: 1,
    "multiply": lambda a, b, value: b,
    "divide": lambda a, b, value: 1 / b,
    "power": lambda a, b, value: b * (a if _is(b, 2) else a ** (b - 1)),
    "maximum": lambda a, b, value: (1 + np.sign(a - b)) / 2,
    "minimum": lambda a, b, value: (1 - np.sign(a - b)) / 2,
}
RIGHT = {
    "add": lambda a, b, value: 1,
    "subtract": lambda a, b, value: -1,
    "multiply": lambda a, b, value: a,
    "divide": lambda a, b, value: -value / b,
    "power": lambda a, b, value: value * np.log(a),
    "maximum": lambda a, b, value: (1 - np.sign(a - b)) / 2,
    "minimum": lambda a, b, value: (1 + np.sign(a - b)) / 2,
}


def _is(value, number):
    return not isinstance(value, Tracer) and value == number


def _times(outer, inner):
    """The product of two slopes, of which 0, 1 and -1 take no multiplication."""
    if _is(outer, 0) or _is(inner, 1):
        return outer
    if _is(outer, 1):
        return inner
    return -inner if _is(outer, -1) else outer * inner

"""Steps of whole arrays in place, piece by piece, bit for bit those of the plain rule."""

import itertools

import numpy as np

from optlib.checks import require
from optlib.compiled import compiled, hyper_of, parts_of_problem, parts_of_rule

PIECE = 1 << 18  # bytes of an array that are worked on at a time: they stay in the cache
WIDE = 1024  # coordinates from which on the runs of a sweep are stepped one by one


def _kernel(work, inputs, homes):
    """Source of a function that does the operations in place, and how many buffers it wants.

    It takes the inputs, then what is in ``homes`` (result: where it goes, and the input that it may
    overwrite when nobody reads that any more), then numbers, then buffers.
    """
    last = {a: k for k, (_, _, arguments) in enumerate(work) for a in arguments}
    place, numbers, buffers, free, lines = {name: name for name in inputs}, [], 0, [], []
    for k, (target, name, arguments) in enumerate(work):
        numbers += [a for a in arguments if a not in place and a not in numbers]
        spots = [place.get(a) or f"n{numbers.index(a)}" for a in arguments]
        ends = {place[a] for a in arguments if a in place and last[a] == k and a not in homes}
        free += [spot for spot in ends if spot[0] == "b"]
        goal, old = homes.get(target, (None, None))
        if goal and last.get(old, k) <= k:
            place[target] = goal
        else:
            if not free:
                free.append(f"b{buffers}")
                buffers += 1
            place[target] = free.pop()
        out = place[target]
        if name == "power" and arguments[1] == "(2)":
            lines.append(f"square({spots[0]}, {out})")
        elif name == "power":
            base, exponent = (f"number({s})" if s[0] == "n" else s for s in spots)
            lines.append(f"{out}[...] = {base} ** {exponent}")
        else:
            out = f"out={out}" if name in ("maximum", "minimum") else out
            lines.append(f"{name}({', '.join([*spots, out])})")
    lines += [f"{goal}[...] = {place[name]}" for name, (goal, _) in homes.items()
              if place[name] != goal]  # fmt: skip
    goals = dict.fromkeys([*inputs, *(goal for goal, _ in homes.values())])
    wanted = [*goals, *(f"n{i}" for i in range(len(numbers))), *(f"b{i}" for i in range(buffers))]
    body = "\n".join(f"    {line}" for line in lines)
    return f"def run({', '.join(wanted)}):\n{body}", numbers, buffers


def _pieces(size, dtype, buffers):
    """Slices of so many numbers, each of at most PIECE bytes, and room for it in shared buffers."""
    most = PIECE // dtype.itemsize
    scratch = np.empty((buffers, min(size, most)), dtype)
    parts = [slice(i, min(i + most, size)) for i in range(0, size, most)]
    return [(part, [*scratch[:, : part.stop - part.start]]) for part in parts]


class Kernel:
    """A rule that steps whole arrays: the state in place, the point into a new array.

    Parameters
    ----------
    rule : Optimizer
    x, state : array (..., d) and state, all its entries of that shape
        Where it goes on from.
    scheduled : bool
        Whether lr comes with every step.
    columns : bool
        Whether ``step`` gets and returns arrays (d, runs), a row for each coordinate.
    """

    def __init__(self, rule, x, state, scheduled=False, columns=False):
        parts, self.names = parts_of_rule(rule)
        entries = state._asdict()
        whole = [entries[name] for name in self.names]
        fits = all(getattr(a, "shape", None) == x.shape and a.dtype == x.dtype for a in whole)
        require(fits, "compiled: state", "of the shape and type of x", state, TypeError)
        hyper = hyper_of(rule, parts)
        values = [getattr(rule, name) for name in hyper]
        self.shape, self.columns, self.dtype = x.shape, columns, x.dtype
        self.t = entries.get("t", 0)
        self.apart = columns or x.shape[-1] >= WIDE
        self.slots = [self._rows(a).copy() for a in whole]
        ends = {parts.outputs["x"]: ("out", "r0")}
        ends |= {parts.outputs[name]: (parts.inputs[name],) * 2 for name in self.names}
        inputs = ["r0", "r1", *(parts.inputs[name] for name in self.names)]
        source, numbers, buffers = _kernel(parts.needed(ends), inputs, ends)
        self.run = compiled(source, False)
        count = parts.inputs.get("t", "t")
        rate = parts.inputs["lr"] if scheduled else "lr"
        once, again, late = parts.split({count, rate}, "power({}, {})")
        self.late = [i for i, name in enumerate(numbers) if name in late]
        lines = [
            f"def run({', '.join(parts.inputs[name] for name in hyper)}):",
            *(f"    {line}" for line in once),
            f"    def late({count}, {rate}):",
            *(f"        {line}" for line in again),
            f"        return [{', '.join(numbers[i] for i in self.late)}]",
            f"    return [{', '.join('0' if name in late else name for name in numbers)}], late",
        ]
        early, self.numbers_at = compiled("\n".join(lines), False)(*values)
        early = [self._laid(number) for number in early]
        self.layout = rows, length = self._rows(x).shape
        self.pieces, pieces = [], _pieces(length, x.dtype, buffers)
        for row, (part, room) in itertools.product(range(rows), pieces):
            slots = [a[row, part] for a in self.slots]
            numbers = [_part(number, row, part) for number in early]
            self.pieces.append((row, part, slots, numbers, room))
        shaped = [a.reshape(x.shape) for a in self.slots]
        if columns:
            shaped = [np.moveaxis(a.reshape(x.shape[-1], *x.shape[:-1]), 0, -1) for a in self.slots]
        self.given = state._replace(**dict(zip(self.names, shaped, strict=True)))

    def step(self, x, g, lr=None, out=None):
        """The point after a step along g, a new array unless there is one to put it in."""
        late = [self._laid(number) for number in self.numbers_at(self.t, lr)]
        out = np.empty_like(x) if out is None else out
        x_rows, g_rows, out_rows = (a.reshape(self.layout) for a in (x, g, out))
        for row, part, slots, numbers, room in self.pieces:
            for i, number in zip(self.late, late, strict=True):
                numbers[i] = _part(number, row, part)
            self.run(x_rows[row, part], g_rows[row, part], *slots, out_rows[row, part],
                     *numbers, *room)  # fmt: skip
        self.t += 1
        return out

    @property
    def state(self):
        """The state, whose arrays change with the next step."""
        return self.given._replace(t=self.t) if "t" in self.given._fields else self.given

    def _rows(self, array):
        """An array of the shape of x as rows that are worked on one by one."""
        rows = array.reshape(-1, self.shape[-1]) if self.apart else array.reshape(1, -1)
        return rows.T if self.columns else rows

    def _laid(self, number):
        """A number in the precision of x; a sweep's laid out like the rows it will meet."""
        number = np.asarray(number, self.dtype)
        if number.ndim == 0:
            return number
        if not self.apart:
            return np.broadcast_to(number, self.shape).reshape(1, -1)
        if number.shape[:-1] != self.shape[:-1]:
            number = np.broadcast_to(number, (*self.shape[:-1], number.shape[-1]))
        number = number.reshape(-1, number.shape[-1])
        return number.T if self.columns else number


def _part(number, row, part):
    """What of a number belongs to a part of a row: all of it, that of the row, or its entries."""
    if number.ndim == 0:
        return number
    return number[row if len(number) > 1 else 0, part if number.shape[1] > 1 else slice(None)]


class Columns:
    """A landscape on arrays (d, runs), a row for each coordinate, that has the type of x."""

    def __init__(self, problem, x):
        self.parts, self.x = parts_of_problem(problem, x), x
        slopes = {self.parts.outputs[f"g{i}"]: (f"g{i}", None) for i in range(problem.dim)}
        self.few = self._ready(slopes)
        self.all = self._ready(slopes | {self.parts.outputs["f"]: ("f", None)})

    def _ready(self, ends):
        x, runs = self.x, self.x.size // self.x.shape[-1]
        inputs = [*self.parts.inputs.values()]
        source, numbers, buffers = _kernel(self.parts.needed(ends), inputs, ends)
        values = compiled(f"def run():\n    return [{', '.join(numbers)}]", False)()
        values = [np.asarray(value, x.dtype) for value in values]
        pieces = _pieces(runs, x.dtype, buffers)
        return compiled(source, False), [(part, [*values, *room]) for part, room in pieces]

    def slopes(self, x, g, *f):
        """Write the gradient at x into g, and the values into f if it is given."""
        run, pieces = self.all if f else self.few
        for piece, rest in pieces:
            run(*x[:, piece], *g[:, piece], *(a[piece] for a in f), *rest)

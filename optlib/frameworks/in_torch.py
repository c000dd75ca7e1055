"""The rule in PyTorch: its program on lists of tensors, in place, or fused by torch.compile."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch

from optlib.checks import require
from optlib.frameworks.recipe import Recipe, check_numbers
from optlib.trace import operation


class Memory:
    """A list of tensors, and how many registers hold it: what none holds can be written over."""

    def __init__(self, tensors, holders=0):
        self.tensors, self.holders = tensors, holders


class Scaled(NamedTuple):
    """A number times tensors, times or over others if there are any, not yet computed."""

    factor: float
    memory: Memory
    pair: str = ""  # "mul" or "div"
    other: Memory | None = None


def _memories(value):
    return [each for each in value if isinstance(each, Memory)] if isinstance(value, Scaled) else ()


def _hold(memories, by):
    for memory in memories:
        memory.holders += by


def _call(name, a, *others, **options):
    """PyTorch's operation on lists, in place where it can be; the factor of ``a`` is left out."""
    a = _single(a)
    if a.memory.holders:
        tensors = getattr(torch, f"_foreach_{name}")(a.memory.tensors, *others, **options)
        return Scaled(1.0, Memory(tensors))
    getattr(torch, f"_foreach_{name}_")(a.memory.tensors, *others, **options)
    return Scaled(1.0, a.memory)


def _single(a):
    """The same without a pair."""
    if not a.pair:
        return a
    return _call(a.pair, Scaled(1.0, a.memory), a.other.tensors)._replace(factor=a.factor)


def _whole(a):
    """The same without a pair and without a factor."""
    return _single(a) if a.factor == 1 else _call("mul", a, a.factor)


def _operand(a):
    return _whole(a).memory.tensors if isinstance(a, Scaled) else a


def _ordered(a, b):
    return (a, b) if isinstance(a, Scaled) else (b, a)


def _add(a, b):
    a, b = _ordered(a, b)
    if not isinstance(b, Scaled):
        return _call("add", _whole(a), b)
    if (b.pair, b.memory.holders, b.factor != 1) < (a.pair, a.memory.holders, a.factor != 1):
        a, b = b, a
    if b.pair:
        return _call(f"addc{b.pair}", _whole(a), b.memory.tensors, b.other.tensors, value=b.factor)
    return _call("add", _whole(a), b.memory.tensors, alpha=b.factor)


def _subtract(a, b):
    return _add(a, _negative(b))


def _negative(a):
    return a._replace(factor=-a.factor) if isinstance(a, Scaled) else -a


def _multiply(a, b):
    a, b = _ordered(a, b)
    return _both("mul", a, b, a.factor * (b.factor if isinstance(b, Scaled) else b))


def _divide(a, b):
    if not isinstance(a, Scaled):
        return _call("reciprocal", b)._replace(factor=np.divide(a, b.factor))
    return _both("div", a, b, np.divide(a.factor, b.factor if isinstance(b, Scaled) else b))


def _both(name, a, b, factor):
    """The product or quotient: for later, unless there is memory for it."""
    if not isinstance(b, Scaled):
        return a._replace(factor=factor)
    a, b = _single(a), _single(b)
    if name == "mul" and not b.memory.holders:
        a, b = b, a
    if a.memory.holders:
        return Scaled(factor, a.memory, name, b.memory)
    return _call(name, a, b.memory.tensors)._replace(factor=factor)


def _square(a):
    return _multiply(a, a)


def _power(a, b):
    if type(b) is int and b == 2:
        return _square(a)
    if isinstance(a, Scaled):
        return _call("pow", _whole(a), _operand(b))
    return Scaled(1.0, Memory(torch._foreach_pow(a, _operand(b))))


def _of_two(name):
    def function(a, b):
        a, b = _ordered(a, b)
        return _call(name, _whole(a), _operand(b))

    return function


def _of_one(name):
    return lambda a: _call(name, _whole(a))


LISTS = {"add": _add, "subtract": _subtract, "multiply": _multiply, "divide": _divide,
         "power": _power, "negative": _negative, "square": _square, "absolute": _of_one("abs"),
         "maximum": _of_two("maximum"), "minimum": _of_two("minimum")}  # fmt: skip
LISTS |= {name: _of_one(name) for name in ("sqrt", "exp", "log", "sin", "cos", "sign")}


class Plan(Recipe):
    """A recipe taken apart: operations on numbers, operations on tensors, where each is read last.

    Parameters
    ----------
    rule : Optimizer or subclass
        As for `Recipe`.
    """

    def __init__(self, rule):
        super().__init__(rule)
        self.kept = ("x", *self.slots)
        outputs, inputs = self.program.outputs, self.program.inputs
        ends = {outputs[name] for name in (*self.kept, "t") if name in outputs}
        needed = sorted(set().union(*map(self.needed, ends)))
        tensors = {inputs.index(name) for name in ("g", *self.kept)}
        for r in needed:
            name, *arguments = self.lines[r]
            if name not in ("input", "constant") and not tensors.isdisjoint(arguments):
                tensors.add(r)
        needed = [r for r in needed if self.lines[r][0] != "input"]
        self.numbers = [r for r in needed if r not in tensors]
        self.work = [r for r in needed if r in tensors]
        read = {a: r for r in self.work for a in self.lines[r][1:]}
        self.last = {a: r for a, r in read.items() if a not in ends}
        self.handed = sorted(a for a in {*read, *ends} - tensors if self.lines[a][0] != "constant")
        counted = outputs.get("t") not in tensors
        require(counted, f"to_torch: {type(self.rule).__name__}: t", "a count of steps", "a tensor")

    def after_numbers(self, values):
        """The registers, filled where they hold numbers, from the values of inputs by name."""
        registers = [values.get(name) for name in self.program.inputs]
        registers += [None] * len(self.program.code)
        for r in self.numbers:
            name, *arguments = self.lines[r]
            if name == "constant":
                registers[r] = arguments[0]
            else:
                registers[r] = operation(name)(*(registers[a] for a in arguments))
        return registers

    def on_lists(self, registers, g, *kept):
        """Fill the other registers from lists of tensors; x and the state are changed in place."""
        homes = [Memory(tensors, holders=1) for tensors in kept]
        for name, memory in zip(("g", *self.kept), (Memory(g, holders=2), *homes), strict=True):
            registers[self.program.inputs.index(name)] = Scaled(1.0, memory)
        for r in self.work:
            name, *arguments = self.lines[r]
            values = [registers[a] for a in arguments]
            for a in {a for a in arguments if self.last.get(a) == r}:
                _hold(_memories(registers[a]), -1)
                registers[a] = None
            shared = {*_memories(values[0])} & {*_memories(values[-1])} if len(values) > 1 else ()
            _hold(shared, +1)  # not to be changed while it is read
            registers[r] = LISTS[name](*values)
            _hold(shared, -1)
            _hold(_memories(registers[r]), +1)
        copies = []
        for name, home in zip(self.kept, homes, strict=True):
            end = registers[self.program.outputs[name]]
            if not isinstance(end, Scaled):
                copies.append((home.tensors, [torch.full_like(one, end) for one in home.tensors]))
            elif end != Scaled(1.0, home):
                new = _single(end)
                copies.append((home.tensors, torch._foreach_mul(new.memory.tensors, new.factor)))
        for home, new in copies:
            torch._foreach_copy_(home, new)

    def one_by_one(self, numbers, *lists):
        """The same tensor by tensor, for torch.compile to fuse; numbers come as tensors."""
        for tensors in zip(*lists, strict=True):
            registers = dict(zip(self.handed, numbers, strict=True))
            for name, tensor in zip(("g", *self.kept), tensors, strict=True):
                registers[self.program.inputs.index(name)] = tensor
            for r in (*self.numbers, *self.work):
                name, *arguments = self.lines[r]
                if name == "constant":
                    registers[r] = arguments[0]
                elif r not in registers and r in self.work:
                    registers[r] = SINGLE[name](*(registers[a] for a in arguments))
            for name, tensor in zip(self.kept, tensors[1:], strict=True):
                end = registers[self.program.outputs[name]]
                tensor.copy_(end) if isinstance(end, torch.Tensor) else tensor.fill_(end)


def _tensors(function):
    """A function of two tensors, for numbers too."""
    return lambda *values: function(
        *(
            torch.as_tensor(v, dtype=torch.float64) if not isinstance(v, torch.Tensor) else v
            for v in values
        )
    )


SINGLE = {name: operation(name, torch) for name in LISTS}
SINGLE |= {name: _tensors(getattr(torch, name)) for name in ("maximum", "minimum")}


class Traced(torch.optim.Optimizer):
    """The rule on every parameter; its hyperparameters are those of the group."""

    plan = fused = None  # of the subclass

    def __init__(self, params, **hyper):
        rule = replace(self.plan.rule, **hyper)
        super().__init__(params, {name: getattr(rule, name) for name in self.plan.hyper})

    def add_param_group(self, group):
        given = {name: group[name] for name in self.plan.hyper if name in group}
        check_numbers(replace(self.plan.rule, **given))
        super().add_param_group(group)
        for p in self.param_groups[-1]["params"]:
            where = f"{type(self).__name__}: parameters"
            require(p.is_floating_point(), where, "of a floating-point type", p.dtype, TypeError)

    @torch.no_grad()
    def step(self, closure=None):
        """Take one step; the closure, if any, computes the gradients and returns the loss."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        with np.errstate(all="ignore"):
            for group in self.param_groups:
                hyper = {name: _number(group[name]) for name in self.plan.hyper}
                for (_, _, t), params in self._alike(group["params"]).items():
                    self._advance(params, hyper | {"t": t})
        return loss

    def _alike(self, params):
        """The parameters that have a gradient, by device, type, and steps so far."""
        found, first = {}, self.plan.first._asdict()
        for p in params:
            if p.grad is not None:
                where, layout = f"{type(self).__name__}: gradient", p.grad.layout
                require(layout == torch.strided, where, "dense", layout, TypeError)
                state = self.state[p]
                if not state:
                    state["t"] = first.get("t", 0)
                    state |= {name: torch.full_like(p, first[name]) for name in self.plan.slots}
                found.setdefault((p.device, p.dtype, state["t"]), []).append(p)
        return found

    def _advance(self, params, values):
        plan = self.plan
        states = [[self.state[p][name] for p in params] for name in plan.slots]
        lists = [[_local(one, p) for one, p in zip(tensors, params, strict=True)]
                 for tensors in ([p.grad for p in params], params, *states)]  # fmt: skip
        registers = plan.after_numbers(values)
        t = registers[plan.program.outputs["t"]] if "t" in plan.program.outputs else 0
        if self.fused:
            numbers = [registers[r] for r in plan.handed]
            self.fused(torch.tensor(numbers, dtype=torch.float64).unbind(), *lists)
        else:
            plan.on_lists(registers, *lists)
        for p in params:
            self.state[p]["t"] = t


def _number(value):
    return value.item() if isinstance(value, torch.Tensor) else value


def _local(tensor, p):
    """The shard that is here; coordinates do not need each other."""
    if not hasattr(p, "placements"):
        return tensor
    return tensor.redistribute(p.device_mesh, p.placements).to_local()


def optimizer(rule, compiled=False):
    """The class of `to_torch`."""
    require(isinstance(compiled, bool), "to_torch: compiled", "True or False", compiled, TypeError)
    plan = Plan(rule)
    name = type(plan.rule).__name__
    fused = staticmethod(torch.compile(plan.one_by_one, dynamic=False)) if compiled else None
    entries = {"plan": plan, "fused": fused, "__doc__": plan.rule.__doc__}
    return type(name, (Traced,), entries)

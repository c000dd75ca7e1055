"""What any framework must know of a rule: its program, what it takes, what it remembers."""

from functools import cached_property

from optlib.checks import first_state, hyperparameters, require
from optlib.trace import trace


class Recipe:
    """A rule's traced program, and which of its registers count.

    Parameters
    ----------
    rule : Optimizer or subclass
        A rule of single numbers that can be traced; a class stands for its defaults.
    """

    def __init__(self, rule):
        self.rule = rule() if isinstance(rule, type) else rule
        steps = callable(getattr(self.rule, "step", None))
        require(steps, "what trains a network", "a rule", rule, TypeError)
        self.program, self.first = trace(self.rule), first_state(self.rule)
        self.hyper = hyperparameters(self.rule)
        check_numbers(self.rule)
        inputs = (("input", name) for name in self.program.inputs)
        self.lines = (*inputs, *self.program.code)  # what fills each register

    def needed(self, register):
        """The registers that this one rests on, now and through what the next step remembers."""
        found, wanted = set(), [register]
        while wanted:
            register = wanted.pop()
            if register not in found:
                found.add(register)
                name, *arguments = self.lines[register]
                if name == "input":
                    again = arguments[0] in self.first._fields
                    arguments = [self.program.outputs[arguments[0]]] if again else []
                wanted += arguments if name != "constant" else []
        return found

    @cached_property
    def slots(self):
        """The entries of the state, but t, that the rule ever reads."""
        read = {self.lines[r][1] for r in self.needed(self.program.outputs["x"])
                if self.lines[r][0] == "input"}  # fmt: skip
        return tuple(name for name in self.first._fields if name != "t" and name in read)


def check_numbers(rule):
    """Raise an error for a hyperparameter of a rule that is an array."""
    for name in hyperparameters(rule):
        value = getattr(rule, name)
        where = f"{type(rule).__name__}: {name}"
        require(isinstance(value, (int, float)), where, "a single number", value, TypeError)

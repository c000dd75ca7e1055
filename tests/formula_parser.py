r"""Reads a printed formula back, by recursive descent: what LaTeX says, as numbers or symbols.

equation: name "&=" sum, or name "&\leftarrow" sum for a name that has a value already
sum:      [-] product { (+ | -) product }
product:  power { (\, | \cdot) power }
power:    atom [^ group]
atom:     number | name | \frac{sum}{sum} | \sqrt{sum} | (sum) | \left|sum\right| | \max(sum, ...)
          | \begin{cases} sum & \text{if } sum comparison sum \\ sum & \text{otherwise} \end{cases}
group:    one character | {sum}
"""

import operator
import re

GREEK = "alpha|beta|gamma|delta|epsilon|varepsilon|eta|theta|kappa|lambda|mu|nu|rho|sigma|tau"
LETTER = rf"(?:\\(?:{GREEK})(?![a-z])|\\mathrm\{{[a-z\\_]+\}}|[a-zA-Z])"
ACCENTED = rf"(?:\\(?:hat|bar|tilde)\{{{LETTER}\}}|{LETTER})(?:\^\{{\\(?:max|min)\}})?"
INDEX = r"(?:\w+|\\mathrm\{wd\}|t-1)"
NAME = re.compile(rf"{ACCENTED}(?:_(?:\w|\{{{INDEX}(?:,{INDEX})?\}}))?(?!_)")
FUNCTION = re.compile(r"\\(?:operatorname\{([\w\\]+)\}|(max|min|exp|log|sin|cos))(?=\(|\\left\()")
COMPARISONS = {">": operator.gt, r"\ge": operator.ge, "<": operator.lt, r"\le": operator.le}
COMPARISONS |= {"=": operator.eq, r"\ne": operator.ne}


def read(formula, values, functions, number):
    """The value of every name after the last equation, starting from ``values``."""
    values = dict(values)
    lines = formula.removeprefix("\\begin{aligned}\n").removesuffix("\n\\end{aligned}")
    for line in lines.split(" \\\\\n"):
        name, sign, right = re.fullmatch(r"(.*?) &(=|\\leftarrow) (.*)", line).groups()
        assert NAME.fullmatch(name), f"not a name: {name}"
        assert (name in values) == (sign == r"\leftarrow"), f"wrong sign: {line}"
        values[name] = _Expression(right, values, functions, number).value()
    return values


class _Expression:
    def __init__(self, text, values, functions, number):
        self.text, self.at = text, 0
        self.values, self.functions, self.number = values, functions, number

    def value(self):
        value = self.sum()
        assert self.at == len(self.text), f"cannot read on: {self.text[self.at :]}"
        return value

    def take(self, pattern):
        match = re.compile(pattern).match(self.text, self.at)
        self.at = match.end() if match else self.at
        return match

    def expect(self, pattern):
        match = self.take(pattern)
        assert match, f"expected {pattern} at: {self.text[self.at :]}"
        return match

    def sum(self):
        value = -self.product() if self.take("-") else self.product()
        while sign := self.take(r" ([+-]) "):
            term = self.product()
            value = value + term if sign[1] == "+" else value - term
        return value

    def product(self):
        value = self.power()
        while self.take(r"\\,| \\cdot "):
            value = value * self.power()
        return value

    def power(self):
        base = self.atom()
        return base ** self.group() if self.take(r"\^") else base

    def group(self):
        if self.take(r"\{"):
            return self.until(r"\}")
        return _Expression(self.expect(r"\w")[0], self.values, self.functions, self.number).value()

    def until(self, closing):
        value = self.sum()
        self.expect(closing)
        return value

    def atom(self):
        if literal := self.take(r"\d+(?:\.\d+)?"):
            return self.number(literal[0])
        if self.take(r"\\frac"):
            return self.group() / self.group()
        if self.take(r"\\sqrt(?=\{)"):
            return self.functions.sqrt(self.group())
        if self.take(r"\\left\|"):
            return self.functions.absolute(self.until(r"\\right\|"))
        if self.take(r"\\begin\{cases\} "):
            yes = self.until(r" & \\text\{if \} ")
            left = self.sum()
            compare = COMPARISONS[self.expect(r" (>|<|=|\\ge|\\le|\\ne) ")[1]]
            met = compare(left, self.until(r" \\\\ "))
            no = self.until(r" & \\text\{otherwise\} \\end\{cases\}")
            return yes if met else no
        if self.take(r"\\left\("):
            return self.until(r"\\right\)")
        if self.take(r"\("):
            return self.until(r"\)")
        if function := self.take(FUNCTION):
            name = (function[1] or "").replace("\\", "") or {
                "max": "maximum",
                "min": "minimum",
            }.get(function[2], function[2])
            self.expect(r"\(|\\left\(")
            arguments = [self.sum()]
            while self.take(", "):
                arguments.append(self.sum())
            self.expect(r"\)|\\right\)")
            return getattr(self.functions, name)(*arguments)
        return self.values[self.expect(NAME)[0]]

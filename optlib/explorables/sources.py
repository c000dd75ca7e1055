"""The texts of the live figures: modules for Jupyter, joined into scripts for a page."""

import re
from pathlib import Path

STATIC = Path(__file__).parent / "static"
IMPORT = re.compile(r'^import \{ (.*) \} from "\./(\w+)\.js";\n', re.MULTILINE)
BLANK = re.compile(r"^ *(?://.*\n)?", re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:function|class|const) (\w+))", re.MULTILINE)

PARTS = {"core": {"engine", "plot", "figure"}, "race": {"race"}}


def sources(name):
    """The texts of a module and, before it, of those it imports, by name."""
    if name == "core":
        return {**sources("engine"), **sources("figure")}
    text, found = (STATIC / f"{name}.js").read_text(encoding="utf-8"), {}
    for _, other in IMPORT.findall(text):
        found |= sources(other)
    return {**found, name: text}


def joined(texts):
    """Texts of modules as one, in which nothing is imported and only the last exports."""
    return EXPORT.sub("", IMPORT.sub("", "\n".join(texts)))


def module(name):
    """The text of a figure's module, with the shared modules it imports put before it."""
    return joined(sources(name).values())


def parts(name):
    """The scripts that a page loads before the one of a figure."""
    own = sources(name)
    return [part for part, texts in PARTS.items() if part != name and texts & own.keys()]


def script(name):
    """A figure as a script for a page, which a browser also loads from a local file.

    What figures share is in scripts of its own, `PARTS`, which a page loads once before them.
    Remarks and indents are left out.
    """
    before = {key: part for part in parts(name) for key in PARTS[part]}
    own = {key: text for key, text in sources(name).items() if key not in before}
    taken = {}
    for text in own.values():
        for names, other in IMPORT.findall(text):
            if other in before:
                taken.setdefault(before[other], set()).update(names.split(", "))
    lines = [f"const {{ {', '.join(sorted(names))} }} = explorables.{part};"
             for part, names in taken.items()]  # fmt: skip
    text = "\n".join([*lines, joined(own.values())])
    if name in PARTS:
        names = ", ".join(name for text in own.values() for name in EXPORT.findall(text))
        text += f"\nexplorables.{name} = {{ {names} }};"
    text = text.replace("export default", f"explorables.{name} =")
    return f'(() => {{\n"use strict";\n{BLANK.sub("", text)}\n}})();\n'

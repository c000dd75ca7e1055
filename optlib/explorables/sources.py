"""The texts of the live figures: modules for Jupyter, joined into scripts for a page."""

import re
from pathlib import Path

STATIC = Path(__file__).parent / "static"
IMPORT = re.compile(r'^import \{ (.*) \} from "\./(\w+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:function|class|const) (\w+))", re.MULTILINE)


def sources(name):
    """The texts of a module and, before it, of those it imports, by name."""
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


def script(name):
    """A figure as a script for a page, which a browser also loads from a local file.

    What all figures share is the script ``"core"``, which a page loads once before them.
    """
    core = {**sources("engine"), **sources("figure")}
    if name == "core":
        names = ", ".join(name for text in core.values() for name in EXPORT.findall(text))
        text = f"{joined(core.values())}\nexplorables.core = {{ {names} }};"
    else:
        own = [text for key, text in sources(name).items() if key not in core]
        found = {(names, other) for text in own for names, other in IMPORT.findall(text)}
        names = {each for names, other in found if other in core for each in names.split(", ")}
        text = f"const {{ {', '.join(sorted(names))} }} = explorables.core;\n{joined(own)}"
        text = text.replace("export default", f"explorables.{name} =")
    return f'(() => {{\n"use strict";\n{text}\n}})();\n'

"""Sphinx extension of this book: numbers the formulas that code cells print, shows their figures
at the size they were drawn for, brings live figures to life, and leaves out the scripts of live
kernels on other hosts."""

import hashlib
import re
import shutil
from pathlib import Path

from docutils import nodes
from PIL import Image
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

from optlib.explorables import Explorable, beside, sources

logger = logging.getLogger(__name__)
CSS_PIXELS_PER_INCH = 96
LIVE_FIGURE = re.compile(r'(?s)<div class="explorable" data-explorable="(\w+)".*?</table>\n</div>')


class NumberFormulas(SphinxTransform):
    """Number the formula of each code cell that has the metadata `"equation": "eq-name"`."""

    default_priority = 200

    def apply(self, **kwargs):
        for cell in code_cells(self.document):
            label = cell["cell_metadata"].get("equation")
            if not label:
                continue
            formulas = list(cell.findall(nodes.math_block))
            if len(formulas) == 1:
                self.number(formulas[0], label)
            else:
                logger.warning("equation %s: the cell prints %d formulas, not one",
                               label, len(formulas), location=cell)  # fmt: skip

    def number(self, formula, label):
        math = self.env.get_domain("math")
        math.note_equation(self.env.docname, label, location=formula)
        formula["label"], formula["docname"] = label, self.env.docname
        formula["number"] = math.get_equation_number_for(label)
        formula["ids"].append(nodes.make_id(f"equation-{label}"))


class SizeFigures(SphinxTransform):
    """Show a figure of w inches, drawn at any resolution, w inches wide."""

    default_priority = 200

    def apply(self, **kwargs):
        for cell in code_cells(self.document):
            for image in cell.findall(nodes.image):
                with Image.open(self.env.relfn2path(image["uri"])[1]) as picture:
                    dpi = picture.info.get("dpi", (CSS_PIXELS_PER_INCH,))[0]
                    image.setdefault("width", f"{picture.width / dpi * CSS_PIXELS_PER_INCH:.0f}px")


def code_cells(document):
    return (
        node for node in document.findall(nodes.container) if node.get("nb_element") == "cell_code"
    )


def add_figure_scripts(app, page, template, context, doctree):
    """Let a page load its live figures before its text, so that none grows after it was seen.

    Below the first of each kind stand the lines of its rule. What they need more loads when a
    reader opens them.
    """
    body = context.get("body", "")
    names = dict.fromkeys(LIVE_FIGURE.findall(body))
    if not names:
        return
    scripts = ["automount", *dict.fromkeys(part for each in names for part in with_parts(each))]
    for name in scripts:
        app.add_js_file(f"explorables/{name}.js")
    app.add_css_file("explorables/explorables.css")

    def version_of(name):
        path = f"_static/explorables/{name}.js"
        content = hashlib.sha256((Path(app.outdir) / path).read_bytes()).hexdigest()
        return f"{context['pathto'](path, resource=True)}?v={content[:8]}"

    later = [version_of(name) for name in (*with_parts("workbench"), "benches")
             if name not in scripts]  # fmt: skip
    with_lines = set()

    def add_lines(figure):
        name = figure[1]
        if name in with_lines or name not in beside.BENCHES:
            return figure[0]
        with_lines.add(name)
        return f"{figure[0]}\n{beside.folded(name, later)}"

    context["body"] = LIVE_FIGURE.sub(add_lines, body)


def with_parts(name):
    """The scripts of a figure, in their order."""
    return [*sources.parts(name), name]


def write_figure_scripts(app):
    """Store the modules of the live figures as scripts of the site; pages name their versions."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / "explorables"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("automount.js", "explorables.css"):
        shutil.copy(sources.STATIC / name, folder)
    scripts = {
        name: sources.script(name)
        for name in (*sources.PARTS, *(each.name for each in Explorable.__subclasses__()))
    }
    for name, text in {**scripts, "benches": beside.script()}.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")


def leave_out_thebe(app, config):
    for event, listeners in app.events.listeners.items():
        app.events.listeners[event] = [
            listener for listener in listeners if listener.handler.__module__ != "sphinx_thebe"
        ]
    files = app.registry.css_files
    files[:] = [file for file in files if file[0] != "sphinx-thebe.css"]


def share_html(app):
    """Let other formats of HTML show every node: one extension that names them hides all others."""
    handlers = app.registry.translation_handlers
    for name in ("singlehtml", "epub"):
        handlers[name] = handlers.get("html", {}) | handlers.get(name, {})


def setup(app):
    app.add_transform(NumberFormulas)
    app.add_transform(SizeFigures)
    app.connect("config-inited", leave_out_thebe)
    app.connect("html-page-context", add_figure_scripts)
    app.connect("builder-inited", write_figure_scripts)
    app.connect("builder-inited", share_html)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

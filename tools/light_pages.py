"""Sphinx extension: pages that are complete when they arrive, and small.

Formulas are typeset while the book is built, by the MathJax that would else run in every reader's
browser. Icons stand in the page, not in a script of 1.5 MB. Pictures say their size, and load when
a reader comes near them. What all pages share makes all of them anew when it changes.
"""

import hashlib
import html
import json
import re
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pybtex.plugin
from docutils import nodes
from PIL import Image
from sphinx.ext import mathjax
from sphinx.util import logging

logger = logging.getLogger(__name__)
ROOT = Path(__file__).parent.parent
FORMULA = re.compile(r"(?s)\\\((.*)\\\)|\\\[(.*)\\\]")
TEXT = r'(?:[^{}"]|"[^"]*")*'  # of a style sheet; a string in it may be a brace
RULE, GLYPH = re.compile(rf"{TEXT}\{{{TEXT}\}}"), re.compile(r"mjx-c[0-9A-F]+")
ICON_FILES = re.compile(r"\s*<(?:link|script)[^>]*/fontawesome/[^>]*>(?:</script>)?")
ICON = re.compile(r'<(i|span) class="([^"]*\bfa-(?!solid|brands|lg)([\w-]+)[^"]*)"([^>]*)>\s*</\1>')
DRAWING = re.compile(r'"?([\w-]+)"?:\[(\d+),(\d+),\[([^]]*)\],"\w+","([^"]*)"\]')
INLINE = re.compile(  # what stands before starts a word, or is nothing: a picture is one long word
    r"(?s)((?<![^\s<>])[^\s<>]+|)"
    r'(<span class="math [^>]*>(?:(?!</?span).)*</mjx-container></span>)([^\s<>]*)'
)
PICTURE = re.compile(r'<img (?=[^>]*src="[./]*_images/([^"]+)")')


def folder_of(package):
    """Where an installed package is."""
    return Path(find_spec(package).submodule_search_locations[0])


MATHJAX = folder_of("sphinx-mathjax-offline") / "static" / "mathjax"


class Typesetter:
    """MathJax, in the Node.js that Playwright brings: it starts when the first formula comes."""

    def __init__(self):
        self.done, self.process = {}, None

    def ask(self, question):
        if question not in self.done:
            if self.process is None:
                self.process = self.start()
            print(question, file=self.process.stdin, flush=True)
            self.done[question] = json.loads(self.process.stdout.readline())
        return self.done[question]

    def start(self):
        node = next((folder_of("playwright") / "driver").glob("node*"), None) or "node"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8"}
        command = [node, ROOT / "tools" / "typeset.js", MATHJAX]
        return subprocess.Popen(command, stderr=subprocess.DEVNULL, **pipes)

    def formula(self, tex, display):
        found = self.ask(json.dumps({"tex": tex, "display": display}))
        if "data-mjx-error" in found:
            logger.warning("MathJax cannot typeset %s", tex)
        return found

    def styles(self, page):
        """The style sheet of the formulas of a page."""
        glyphs = set(GLYPH.findall(page))
        rules = RULE.findall(self.ask("styles"))
        return "".join(rule for rule in rules if glyphs.issuperset(GLYPH.findall(rule)))

    def close(self, app, error):
        if self.process is not None:
            self.process.communicate()
            self.process = None


typesetter = Typesetter()


def typeset(visit):
    """Write what MathJax makes of the TeX that this visitor of a formula writes."""

    def typeset_match(found, of_epub):
        inline, display = found.groups()
        made = typesetter.formula(html.unescape(inline or display), display is not None)
        return re.search("(?s)<math.*</math>", made)[0] if of_epub else made

    def visit_typeset(writer, node):
        start, of_epub = len(writer.body), writer.builder.name == "epub"
        try:
            visit(writer, node)
        except nodes.SkipNode:
            text = "".join(writer.body[start:])
            writer.body[start:] = [FORMULA.sub(lambda found: typeset_match(found, of_epub), text)]
            raise

    return visit_typeset, None


# The theme decides between light and dark only when all is loaded; until then a page lacks borders
# and colors, and then it moves. A first visitor's page can tell at once.
DARK = 'matchMedia("(prefers-color-scheme: dark)").matches'
FIRST_VISIT = 'getItem("theme") || "";', f'getItem("theme") || ({DARK} ? "dark" : "light");'


class Lighter:
    """What a page becomes when it has been rendered."""

    def __init__(self, app):
        self.app, self.render = app, app.builder.templates.render
        theme = folder_of("pydata_sphinx_theme") / "theme" / "pydata_sphinx_theme" / "static"
        (icons,) = theme.glob("vendor/fontawesome/*/js/all.min.js")
        self.drawings = {}
        for name, *size, others, path in DRAWING.findall(icons.read_text(encoding="utf-8")):
            for each in (name, *re.findall(r'"([\w-]+)"', others)):
                self.drawings[each] = (*size, path)
        self.files = {}

    def __call__(self, template, context):
        page = self.render(template, context)
        self.files = {name: source for source, name in self.app.builder.images.items()}
        page = ICON.sub(self.icon, ICON_FILES.sub("", page))
        page = PICTURE.sub(self.picture, page).replace(*FIRST_VISIT)
        if "<mjx-container" in page:
            page = INLINE.sub(self.together, page)
            styles = typesetter.styles(page).replace(
                "FONTS", context["pathto"]("_static/mathjax", 1)
            )
            page = page.replace("</head>", f"<style>{styles}</style>\n</head>", 1)
        return page

    def together(self, found):
        """A formula and what touches it, so that no line begins with its comma."""
        before, _, after = found.groups()
        return f'<span class="together">{found[0]}</span>' if before or after else found[0]

    def icon(self, found):
        _, kinds, name, attributes = found.groups()
        width, height, path = self.drawings[name]
        return (
            f'<svg class="svg-inline--fa {kinds}"{attributes} viewBox="0 0 {width} {height}" '
            f'aria-hidden="true"><path fill="currentColor" d="{path}"/></svg>'
        )

    def picture(self, found):
        with Image.open(Path(self.app.srcdir) / self.files[found[1]]) as picture:
            width, height = picture.size
        return f'<img loading="lazy" width="{width}" height="{height}" '


def lighten(app):
    """Make the pages of the site light; an ePub has neither icons nor scripts."""
    if app.builder.format == "html" and app.builder.name != "epub":
        app.builder.templates.render = Lighter(app)
        fonts = MATHJAX / "output" / "chtml" / "fonts" / "woff-v2"
        shutil.copytree(fonts, Path(app.outdir) / "_static" / "mathjax", dirs_exist_ok=True)


def rebuild(app, env):
    """All pages, when what they share is not what it was: titles, scripts, styles, this code."""
    titles = {name: title.astext() for name, title in env.titles.items()}
    shared = hashlib.sha256(json.dumps([titles, env.toctree_includes], sort_keys=True).encode())
    folders = (ROOT / "assets", ROOT / "tools", ROOT / "optlib" / "explorables" / "static")
    for path in sorted(path for folder in folders for path in folder.glob("*.*")):
        shared.update(path.read_bytes())
    before, env.shared_by_pages = getattr(env, "shared_by_pages", None), shared.hexdigest()
    return [] if before == env.shared_by_pages else sorted(env.found_docs)


def setup(app):
    # pybtex reads the metadata of all installed packages for every citation: 4 of 30 seconds
    pybtex.plugin.entry_points = cache(pybtex.plugin.entry_points)
    visitors = mathjax.html_visit_math, mathjax.html_visit_displaymath
    app.add_html_math_renderer("typeset", *map(typeset, visitors))
    app.connect("builder-inited", lighten)
    app.connect("env-updated", rebuild)
    app.connect("build-finished", typesetter.close)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}

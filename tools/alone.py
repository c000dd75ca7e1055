"""Sphinx extension: the notebooks that pages offer run alone, with a wheel of optlib beside them.

Each gets a first cell that says what it needs and installs it: from the wheel beside the notebook,
or, where the book has an address, from the wheel that the site serves.
"""

import copy
import hashlib
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat

sys.path.insert(0, str(Path(__file__).parent))
import citations

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PARTS = ("pyproject.toml", "README.md", "LICENSE", "optlib")  # of the wheel


def version_of(root=ROOT):
    """The version of the wheel: the project's, with a label that changes with what is in it."""
    content = hashlib.sha256()
    for path in sorted(path for part in PARTS for path in (root / part, *(root / part).rglob("*"))):
        if path.is_file() and "__pycache__" not in path.parts:
            content.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{PROJECT['version']}+h{content.hexdigest()[:8]}"


def wheel_of(version):
    return f"{PROJECT['name'].replace('-', '_')}-{version}-py3-none-any.whl"


VERSION = version_of()
WHEEL = wheel_of(VERSION)
CELL = """\
# This notebook needs Python 3.11 or newer, and optlib, the library of the book
# it comes from, with its figures. What is missing is installed by this cell:
# from the file {wheel},
# which is to lie beside the notebook{or_site}.
from importlib.metadata import version
from pathlib import Path

try:
    import anywidget, matplotlib
    found = version("{name}")
except ImportError:
    found = None
if found not in ("{version}", "{source}"):  # the latter: installed from its source
    wheel = Path("{wheel}").resolve()
{locate}
    %pip install -q "{name}[figures] @ {{source}}"
import optlib"""
FROM_SITE = """\
    site = "{site}"
    source = wheel.as_uri() if wheel.exists() else site + wheel.name"""
BESIDE = """\
    if not wheel.exists():
        raise FileNotFoundError(f"put {wheel.name} into {wheel.parent}: the "
                                "page of this notebook offers it beside it")
    source = wheel.as_uri()"""


def build_wheel(folder, root=ROOT):
    """Build the wheel of optlib into a folder, from copies, so that nothing stays elsewhere."""
    version = version_of(root)
    with TemporaryDirectory() as copies:
        *files, package = PARTS
        for name in files:
            shutil.copy(root / name, copies)
        skipped = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / package, Path(copies, package), ignore=skipped)
        project = Path(copies, "pyproject.toml")
        text, line = project.read_text(encoding="utf-8"), 'version = "{}"'
        text = text.replace(line.format(PROJECT["version"]), line.format(version))
        project.write_text(text, encoding="utf-8")
        build = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
        command = [sys.executable, "-c", build, Path(folder).resolve()]
        subprocess.run(command, cwd=copies, check=True, capture_output=True)
    return Path(folder, wheel_of(version))


def first_cell(site=""):
    """The text of the cell that installs what is missing; `site` is where the wheel is served."""
    locate = FROM_SITE.format(site=site) if site else BESIDE
    or_site = ", or from the book's site" if site else ""
    return CELL.format(
        wheel=WHEEL, name=PROJECT["name"], version=VERSION, source=PROJECT["version"],
        locate=locate, or_site=or_site,
    )  # fmt: skip


def alone(notebook, site=""):
    """The notebook with the cell in front of all others, and citations that can be read."""
    notebook = copy.deepcopy(notebook)
    citations.in_notebook(citations.readable, notebook)
    cell = nbformat.v4.new_code_cell(first_cell(site), id="what-it-needs")
    return nbformat.from_dict({**notebook, "cells": [cell, *notebook.cells]})


def offer_wheel(app, page, template, context, doctree):
    """Add the wheel to what the page of a notebook offers for download."""
    if not str(context.get("sourcename", "")).endswith(".ipynb"):
        return
    folder = Path(context["sourcename"]).parent.as_posix()
    for group in context.get("header_buttons", ()):
        if group.get("label") == "download-buttons":
            group["buttons"].insert(1, {
                "type": "link", "url": context["pathto"](f"_sources/{folder}/{WHEEL}", 1),
                "text": ".whl", "icon": "fas fa-file", "label": "download-wheel-button",
                "tooltip": "Download optlib, which the notebook needs",
            })  # fmt: skip


def write_notebooks(app, error):
    """Store the notebooks that pages offer, and the wheel beside them."""
    if error or app.builder.format != "html":
        return
    served, base = Path(app.outdir, "_sources"), app.config.html_baseurl
    with TemporaryDirectory() as folder:
        wheel = build_wheel(folder)
        for older in served.rglob("*.whl"):
            older.unlink()
        for path in sorted(served.rglob("*.ipynb")):
            source = Path(app.srcdir, path.relative_to(served))
            if not source.exists():
                continue
            place = path.parent.relative_to(served.parent).as_posix()
            notebook = nbformat.read(source, as_version=4)
            nbformat.write(alone(notebook, base and f"{base}{place}/"), path)
            shutil.copy(wheel, path.parent)


def setup(app):
    app.add_config_value("wheel", WHEEL, "html", [str])  # all pages name it: they are written anew
    app.connect("html-page-context", offer_wheel, priority=600)
    app.connect("build-finished", write_notebooks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

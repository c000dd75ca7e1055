"""A notebook alone: its first cell installs what it needs, and no cell needs anything else."""

import ast
import ensurepip
import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement

from tools import alone, citations

ROOT = Path(__file__).parent.parent
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
SITE = "https://someone.github.io/book/_sources/chapters/"
FROM_THE_WHEEL = {"numpy", "matplotlib", "anywidget", "ipywidgets", "optlib"}  # with [figures]
FRAMEWORKS = {"torch", "jax", "optax", "joblib"}  # the page that is about them says so itself
every_notebook = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    return alone.build_wheel(tmp_path_factory.mktemp("wheel"))


def code(path):
    return [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]


@every_notebook
def test_no_cell_needs_a_file_or_a_module_that_does_not_come_with_the_wheel(path):
    legal = FROM_THE_WHEEL | (FRAMEWORKS if path.stem == "use-it" else set())
    for source in code(path):
        tree = ast.parse(re.sub(r"(?m)^[%!].*$|;$", "", source))
        strings = [node.values for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
        inside = {part for parts in strings for part in parts[1:]}  # how no path begins
        for node in ast.walk(tree):
            names = []
            if isinstance(node, ast.ImportFrom):
                names = [node.module]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.Attribute):
                assert ast.unparse(node) != "sys.path"
            elif isinstance(getattr(node, "value", None), str) and node not in inside:
                assert not node.value.startswith(("../", "./", "/")), source
            for name in names:
                package = name.split(".")[0]
                assert package in legal | sys.stdlib_module_names, source


def run(cells, folder, before="", **environment):
    """Run cells one after the other in IPython, in a process of its own in a folder."""
    script = (
        "import json, sys\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "asked = []\n"
        'shell.register_magic_function(asked.append, "line", "pip")\n'
        f"{before}\n"
        "for cell in json.loads(sys.stdin.read()):\n"
        "    shell.run_cell(cell).raise_error()\n"
        "print(json.dumps([asked, sys.modules['optlib'].__file__]))\n"
    )
    return subprocess.run(
        [sys.executable, "-c", script], input=json.dumps(cells), cwd=folder, text=True,
        capture_output=True, env=os.environ | {"MPLBACKEND": "agg", **environment},
    )  # fmt: skip


def imports(path):
    """The statements of a notebook that import."""
    trees = [ast.parse(re.sub(r";$", "", source)) for source in code(path)]
    kinds = (ast.Import, ast.ImportFrom)
    return {ast.unparse(n) for tree in trees for n in tree.body if isinstance(n, kinds)}


def test_notebooks_run_from_an_empty_folder_with_nothing_but_the_wheel(wheel, tmp_path):
    """What each chapter imports, and the whole of what reads recordings and studies."""
    (tmp_path / "here").mkdir()
    zipfile.ZipFile(wheel).extractall(tmp_path / "library")
    reads = [
        "from optlib.datasets import *\nfrom optlib import datasets\n"
        "[load() for name, load in vars(datasets).items() if name.startswith('load_')]",
        "from optlib.studies import tuned\n[tuned.best(task) for task in tuned.TASKS]",
        "import matplotlib.pyplot as plt\nplt.style.use('optlib.book')",
    ]
    heads = set().union(*(imports(path) for path in CHAPTERS if path.stem != "use-it"))
    finished = run([alone.first_cell(), *reads, *heads], tmp_path / "here",
                   PYTHONPATH=str(tmp_path / "library"))  # fmt: skip
    assert not finished.returncode, finished.stderr
    found = json.loads(finished.stdout.splitlines()[-1])
    assert found == [[], str(tmp_path / "library" / "optlib" / "__init__.py")]


def test_a_wheel_with_other_content_has_another_version_and_replaces_the_older(wheel, tmp_path):
    root, python = tmp_path / "older", tmp_path / "v" / "bin" / "python"
    for part in alone.PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copyfile
        root.mkdir(exist_ok=True)
        copy(ROOT / part, root / part)
    with (root / "optlib" / "__init__.py").open("a") as file:
        file.write("older = True\n")
    older = alone.build_wheel(tmp_path, root)
    venv.create(tmp_path / "v", symlinks=True)
    pip = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")) / "pip"
    for path in (older, wheel):
        install = [pip, "install", "-q", "--no-index", "--no-deps", "--no-compile",
                   "--disable-pip-version-check", f"sgd-to-adam @ {path.as_uri()}"]  # fmt: skip
        subprocess.run([python, *install], check=True)
        show = "from importlib import metadata; print(metadata.version('sgd-to-adam'))"
        said = subprocess.run([python, "-c", show], check=True, capture_output=True, text=True)
        assert alone.wheel_of(said.stdout.strip()) == path.name
    assert older.name != wheel.name


MISSING = (
    "import importlib.metadata\n"
    "version = importlib.metadata.version\n"
    "def missing(name):\n"
    "    if name == 'sgd-to-adam': raise importlib.metadata.PackageNotFoundError(name)\n"
    "    return version(name)\n"
    "importlib.metadata.version = missing"
)


def asked(finished):
    (line,), _ = json.loads(finished.stdout.splitlines()[-1])
    return Requirement(line.removeprefix("install -q ").strip('"'))


def test_what_is_missing_is_installed_from_the_file_beside_the_notebook(wheel, tmp_path):
    folder = tmp_path / "a folder ä"
    folder.mkdir()
    (folder / wheel.name).write_bytes(wheel.read_bytes())
    for cell in (alone.first_cell(), alone.first_cell(SITE)):
        wanted = asked(run([cell], folder, MISSING))
        assert (wanted.name, wanted.extras) == ("sgd-to-adam", {"figures"})
        assert wanted.url == (folder / wheel.name).as_uri()


def test_else_from_the_site_if_it_is_known_and_else_a_message_says_what_to_do(tmp_path):
    assert asked(run([alone.first_cell(SITE)], tmp_path, MISSING)).url == SITE + alone.WHEEL
    finished = run([alone.first_cell()], tmp_path, MISSING)
    assert f"put {alone.WHEEL} into {tmp_path}" in finished.stderr + finished.stdout


def test_site_offers_every_notebook_with_that_cell_and_the_wheel_beside_it(site):
    for path in CHAPTERS:
        served = site / "_sources" / "chapters" / path.name
        first, *others = nbformat.read(served, as_version=4).cells
        assert first.source == alone.first_cell()
        stored = nbformat.read(path, as_version=4)
        citations.in_notebook(citations.readable, stored)
        assert others == stored.cells
        page = (site / "chapters" / path.with_suffix(".html").name).read_text(encoding="utf-8")
        assert f'href="../_sources/chapters/{path.name}"' in page
        assert f'href="../_sources/chapters/{alone.WHEEL}"' in page
    assert zipfile.is_zipfile(site / "_sources" / "chapters" / alone.WHEEL)

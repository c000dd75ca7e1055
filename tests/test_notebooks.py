"""Notebooks as they are stored: pictures with size and text, solutions closed, no needless diff."""

import asyncio
import copy
import re
from pathlib import Path

import nbformat
import pytest
from traitlets.config import Config

from tools import citations, notebooks

ROOT = Path(__file__).parent.parent


CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


@pytest.fixture
def notebook(path):
    return notebooks.normalize(nbformat.read(path, as_version=4))


@every_notebook
def test_pictures_carry_their_width_and_their_text(notebook):
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                shown = output.metadata["image/png"]
                assert shown["alt"] == cell.metadata["mystnb"]["image"]["alt"]
                assert 100 < shown["width"] <= 768, cell.source


@every_notebook
def test_nothing_of_a_solution_is_open_in_jupyterlab(notebook):
    inside, solutions = False, 0
    for cell in notebook.cells:
        gates = re.findall(r"\{solution-(start|end)\}", cell.source)
        folded = cell.metadata.get("jupyter", {})
        assert folded.get("source_hidden", False) == inside, cell.source
        if cell.cell_type == "code":
            assert folded.get("outputs_hidden", False) == inside, cell.source
        if inside and cell.cell_type == "markdown":
            assert cell.source.startswith("% Solution\n\n")  # what a closed cell shows of itself
        assert gates in ([], ["end"] if inside else ["start"])
        if gates:
            assert cell.source.endswith(":::")  # whatever follows stands in the next cell
            inside = gates == ["start"]
            solutions += inside
    assert solutions == sum(cell.source.count("{solution-end}") for cell in notebook.cells)


@every_notebook
def test_saving_in_jupyterlab_changes_no_line(notebook):
    """Neither versions, nor what a reader opened or ran, nor widgets without a model."""
    saved = copy.deepcopy(notebook)
    saved.metadata.language_info |= {"version": "3.13.1", "file_extension": ".py"}
    saved.metadata.kernelspec.display_name = "Python 3 (ipykernel)"
    saved.metadata.widgets = {notebooks.WIDGET_STATE: {"state": {}}}
    for cell in saved.cells:
        cell.metadata = {**cell.metadata, "collapsed": False, "editable": True, "trusted": True}
        cell.metadata.pop("jupyter", None)
        if cell.cell_type == "code":
            cell.metadata["execution"] = {"iopub.status.busy": "2026-01-01T00:00:00Z"}
    saved = nbformat.from_dict(saved)
    assert notebooks.text_of(notebooks.normalize(saved)) == notebooks.text_of(notebook)


def test_lab_opens_citations_that_can_be_read_and_saves_notebooks_as_they_are_stored(tmp_path):
    """JupyterLab has no bibliography: it would show `kingma2015`."""
    config, path = Config(), ROOT / "tools" / "lab_config.py"
    code = compile(path.read_text(encoding="utf-8"), path, "exec")
    exec(code, {"get_config": lambda: config, "__file__": str(path), "__name__": "lab_config"})
    contents = config.ServerApp.contents_manager_class(root_dir=str(tmp_path))
    for path in CHAPTERS:
        text = notebooks.stored(path)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
        model = asyncio.run(contents.get(path.name))
        shown = "\n".join(cell["source"] for cell in model["content"]["cells"])
        assert "{cite" not in shown
        model["content"]["metadata"]["widgets"] = {}
        asyncio.run(contents.save(model, path.name))
        assert (tmp_path / path.name).read_text(encoding="utf-8") == text
    asyncio.run(contents.save({"type": "file", "format": "text", "content": "{}"}, "file.txt"))
    assert "tools/lab_config.py" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_citations_are_linked_to_what_they_cite():
    text = "by {cite:t}`kingma2015`, who ...; both {cite:p}`duchi2011,nesterov1983`"
    assert citations.readable(text) == (
        "by [Kingma and Ba (2015)](https://arxiv.org/abs/1412.6980)<!--cite:t kingma2015-->, "
        "who ...; both ([Duchi et al., 2011](https://jmlr.org/papers/v12/duchi11a.html); "
        "Nesterov, 1983)<!--cite:p duchi2011,nesterov1983-->"
    )
    assert citations.restored(citations.readable(text)) == text
    assert citations.restored("[a](b)<!--c-->") == "[a](b)<!--c-->"

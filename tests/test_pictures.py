"""What counts as the same figure, and that a notebook with another figure fails."""

import base64
import io
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from conftest import Picture

ROOT = Path(__file__).parent.parent


def draw(peak=1.0, color="C0", label="step t", marker=True, size=(4, 2.5)):
    """A figure like those of the book, as a PNG in base64."""
    figure = Figure(figsize=size, dpi=100, layout="constrained")
    axes = figure.subplots()
    x = np.linspace(0, 6, 100)
    axes.plot(x, peak * np.sin(x), color=color)
    if marker:
        axes.plot(3, 0, "o", color="black", markersize=4)
    axes.set(xlabel=label, ylim=(-1.2, 1.2))
    return to_png(figure)


def to_png(picture):
    buffer = io.BytesIO()
    save = picture.savefig if isinstance(picture, Figure) else picture.save
    save(buffer, format="png")
    return base64.b64encode(buffer.getvalue()).decode()


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB"))


def test_the_same_figure_is_equal():
    assert Picture(draw()) == Picture(draw())


@pytest.mark.parametrize("shift", [(0, 1), (1, 0), (-1, 1)])
def test_a_figure_shifted_by_a_pixel_is_equal(shift):
    moved = Image.fromarray(np.roll(pixels(draw()), shift, axis=(0, 1)))
    assert Picture(draw()) == Picture(to_png(moved))


def test_a_figure_with_other_antialiasing_is_equal():
    drawn = pixels(draw()).astype(int)
    softer = (6 * drawn + np.roll(drawn, 1, axis=0) + np.roll(drawn, 1, axis=1)) // 8
    assert Picture(draw()) == Picture(to_png(Image.fromarray(softer.astype(np.uint8))))


def test_a_transparent_figure_is_compared_on_white_paper():
    drawn = Image.fromarray(pixels(draw())).convert("RGBA")
    white = (np.asarray(drawn)[..., :3] == 255).all(axis=-1)
    clear = np.array(drawn)
    clear[white] = (0, 0, 0, 0)
    assert Picture(draw()) == Picture(to_png(Image.fromarray(clear)))


@pytest.mark.parametrize(
    "change",
    [{"peak": 1.03}, {"color": "C1"}, {"label": "step s"}, {"marker": False}, {"size": (4.1, 2.5)}],
    ids=lambda change: next(iter(change)),
)
def test_another_figure_is_not_equal(change):
    assert Picture(draw()) != Picture(draw(**change))


def test_an_empty_picture_is_not_equal():
    assert Picture(draw()) != Picture(to_png(Image.new("RGB", (400, 250), "white")))


def test_a_notebook_with_a_changed_figure_or_number_fails(tmp_path):
    line = "import matplotlib.pyplot as plt\nplt.plot([0, 1], [0, {}]);"
    interact = "from ipywidgets import interact\n\ninteract(lambda k: print(k), k=(0, 2));"
    sources = [line.format(2), interact, "print(1.25)", *map(line.format, (3, 4, 5))]
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
    path = tmp_path / "changed.ipynb"
    nbformat.write(notebook, path)
    subprocess.run([sys.executable, ROOT / "tools" / "notebooks.py", path], check=True)
    notebook = nbformat.read(path, as_version=4)
    same, widget, number, moved, removed, replaced = notebook.cells
    assert widget.outputs[0].text == "1\n"
    number.outputs[0].text = "1.26\n"
    moved.outputs[0].data["image/png"] = same.outputs[0].data["image/png"]
    removed.outputs = []
    replaced.outputs[0].data["image/png"] = draw()
    nbformat.write(notebook, path)

    command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "-p", "conftest"]
    run = subprocess.run([*command, "-v", path], cwd=ROOT, capture_output=True, text=True)
    outcomes = re.findall(r"::Cell (\d) (PASSED|FAILED)", run.stdout)
    expected = ["PASSED", "PASSED", "FAILED", "FAILED", "FAILED", "FAILED"]
    assert outcomes == [(str(i), outcome) for i, outcome in enumerate(expected)], run.stdout


def test_the_stored_pictures_of_the_cover_are_what_the_library_draws(tmp_path):
    subprocess.run([sys.executable, ROOT / "tools" / "pictures.py", tmp_path], check=True)
    for name in ("cover.png", "social.png"):
        stored, drawn = (
            base64.b64encode((folder / name).read_bytes()).decode()
            for folder in (ROOT / "assets", tmp_path)
        )
        assert Picture(stored) == Picture(drawn), name

"""Execute notebooks in place, top to bottom, and store normalized outputs.

    python tools/notebooks.py chapters/*.ipynb

Two runs of an unchanged notebook on one machine store the same bytes: no times are kept, and a
widget, whose ids are random, is replaced by what it shows at its starting values.
"""

import argparse
import base64
import copy
import io
import os
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
KEPT = {"tags", "mystnb", "equation", "audit"}
CSS_PIXELS_PER_INCH = 96
GATE = re.compile(r"(?ms)^:::\{solution-(?:start|end)\}.*?^:::$")
VEIL = "% Solution"  # a comment, the line that JupyterLab shows of a closed cell
FOLDED = {
    "code": {"outputs_hidden": True, "source_hidden": True},
    "markdown": {"source_hidden": True},
}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


def stored(path):
    """Return the text of the notebook at `path`, normalized as it is."""
    return text_of(normalize(nbformat.read(path, as_version=4)))


def execute(path, timeout=300):
    """Return the text of the notebook at `path`, executed and normalized."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    return text_of(normalize(notebook))


def text_of(notebook):
    """The text of a notebook as it is stored."""
    return nbformat.writes(notebook, sort_keys=True, ensure_ascii=False) + "\n"


def normalize(notebook):
    """Return the notebook as it is stored: without what differs from run to run."""
    models = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells, start=1):
        cell.setdefault("id", f"cell-{number}")
        cell.source = "\n".join(line.rstrip() for line in cell.source.strip().splitlines())
        cell.metadata = {key: cell.metadata[key] for key in sorted(KEPT & cell.metadata.keys())}
        if cell.cell_type == "code":
            cell.outputs = [still for output in cell.outputs for still in stills(output, models)]
            describe_pictures(cell)
    notebook.cells = list(fold_solutions(notebook.cells))
    nbformat.validate(notebook)
    return notebook


def fold_solutions(cells):
    """Yield the cells with each solution in cells of its own, which JupyterLab shows closed."""
    inside, ids = False, {cell.id for cell in cells}
    for cell in cells:
        parts = [cell.source]
        if cell.cell_type == "markdown":
            split = GATE.sub(lambda gate: gate[0] + "\0", cell.source).split("\0")
            parts = [part.strip() for part in split if part.strip()]
        for number, source in enumerate(parts):
            part = copy.deepcopy(cell)
            part.source = source
            if number:
                part.id = next(f"{cell.id[:60]}-{i}" for i in count(2)
                               if f"{cell.id[:60]}-{i}" not in ids)  # fmt: skip
                ids.add(part.id)
            if inside and cell.cell_type == "markdown":
                part.source = source if source.startswith(VEIL) else f"{VEIL}\n\n{source}"
            if inside:
                part.metadata = {**part.metadata, "jupyter": FOLDED[cell.cell_type]}
            yield part
            for gate in re.findall(r"\{solution-(start|end)\}", source):
                inside = gate == "start"


def describe_pictures(cell):
    """Give each picture the width it was drawn for, and its text, for Jupyter and code hosts."""
    for output in cell.outputs:
        if "image/png" in output.get("data", {}):
            picture = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))
            scale = CSS_PIXELS_PER_INCH / picture.info.get("dpi", (CSS_PIXELS_PER_INCH,))[0]
            width, height = (round(scale * length) for length in picture.size)
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            shown = {"alt": alt, "height": height, "width": width}
            output.metadata = nbformat.from_dict({"image/png": shown})


def stills(output, models):
    """Return the outputs that stand for `output` where no kernel runs."""
    view = output.get("data", {}).pop(WIDGET_VIEW, None)
    if view is None or output.data.keys() - {"text/plain"}:
        return [output]
    children = models.get(view["model_id"], {"state": {}})["state"].get("children", [])
    states = [models[child.removeprefix("IPY_MODEL_")]["state"] for child in children]
    return [nbformat.from_dict(still) for state in states for still in state.get("outputs", [])]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("-j", "--jobs", type=int, default=2, help="notebooks at a time")
    parser.add_argument("--keep-outputs", action="store_true", help="only normalize")
    arguments = parser.parse_args()
    make = stored if arguments.keep_outputs else execute
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for path, text in zip(arguments.paths, pool.map(make, arguments.paths), strict=True):
            changed = text != path.read_text(encoding="utf-8")
            path.write_text(text, encoding="utf-8")
            print(path, "updated" if changed else "unchanged")


if __name__ == "__main__":
    main()

"""Execute notebooks in place, top to bottom, and store normalized outputs.

    python tools/notebooks.py chapters/*.ipynb

Two runs of an unchanged notebook on one machine store the same bytes: no times are kept, and a
widget, whose ids are random, is replaced by what it shows at its starting values.
"""

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
KEPT = {"tags", "mystnb", "equation", "jupyter"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


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
    return normalize(notebook)


def normalize(notebook):
    models = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells, start=1):
        cell.setdefault("id", f"cell-{number}")
        cell.source = "\n".join(line.rstrip() for line in cell.source.strip().splitlines())
        cell.metadata = {key: cell.metadata[key] for key in sorted(KEPT & cell.metadata.keys())}
        if cell.cell_type == "code":
            cell.outputs = [still for output in cell.outputs for still in stills(output, models)]
    nbformat.validate(notebook)
    return nbformat.writes(notebook, sort_keys=True, ensure_ascii=False) + "\n"


def stills(output, models):
    """Return the outputs that stand for `output` where no kernel runs."""
    view = output.get("data", {}).pop(WIDGET_VIEW, None)
    if view is None or output.data.keys() - {"text/plain"}:
        return [output]
    children = models[view["model_id"]]["state"].get("children", [])
    states = [models[child.removeprefix("IPY_MODEL_")]["state"] for child in children]
    return [nbformat.from_dict(still) for state in states for still in state.get("outputs", [])]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("-j", "--jobs", type=int, default=2, help="notebooks at a time")
    arguments = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for path, text in zip(arguments.paths, pool.map(execute, arguments.paths), strict=True):
            changed = text != path.read_text(encoding="utf-8")
            path.write_text(text, encoding="utf-8")
            print(path, "updated" if changed else "unchanged")


if __name__ == "__main__":
    main()

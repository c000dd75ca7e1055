"""Configuration of `make lab`: a chapter is saved as tools/notebooks.py stores it.

JupyterLab adds versions, widgets and what is open; a diff is to show what an author changed.
"""

import sys
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).parent))
import notebooks


def save_normalized(model, **kwargs):
    """Normalize a notebook that is about to be saved."""
    if model["type"] == "notebook":
        model["content"] = notebooks.normalize(nbformat.from_dict(model["content"]))


c = get_config()  # noqa: F821
c.ContentsManager.pre_save_hook = save_normalized

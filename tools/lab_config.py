"""Configuration of `make lab`: a chapter is saved as tools/notebooks.py stores it.

JupyterLab adds versions, widgets and what is open; a diff is to show what an author changed.
Citations are opened as links that can be read, and saved as the roles that they were.
"""

import sys
from pathlib import Path

import nbformat
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

sys.path.insert(0, str(Path(__file__).parent))
import citations
import notebooks


class Contents(AsyncLargeFileManager):
    async def get(self, path, content=True, **options):
        model = await super().get(path, content, **options)
        if content and model["type"] == "notebook":
            citations.in_notebook(citations.readable, model["content"])
        return model

    async def save(self, model, path=""):
        if model["type"] == "notebook":
            notebook = nbformat.from_dict(model["content"])
            citations.in_notebook(citations.restored, notebook)
            model = model | {"content": notebooks.normalize(notebook)}
        return await super().save(model, path)


c = get_config()  # noqa: F821
c.ServerApp.contents_manager_class = Contents

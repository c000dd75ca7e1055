"""How every test here runs: reproducible, and with the figures of notebooks compared too.

nbval compares the text outputs of a notebook but skips its pictures. Here a stored PNG must show
what its cell draws today, up to what differs between machines (see `Picture`), and a widget stands
for what it shows at its starting values, as in the stored notebook.
"""

import base64
import io
import os
import re
import sys
from importlib.util import find_spec

import numpy as np
from hypothesis import settings
from nbval import plugin
from PIL import Image

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the order of sums, hence their last bits
os.environ.pop("MPLBACKEND", None)  # kernels draw inline, whatever the shell says
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a hundred processes import the same modules
sys.dont_write_bytecode = False
settings.register_profile("book", derandomize=True, deadline=None)
settings.load_profile("book")

NEEDS = {  # what is run only where a framework is
    "torch": ["optlib/frameworks/in_torch.py", "chapters/use-it.ipynb"],
    "optax": ["optlib/frameworks/in_optax.py"],
}
collect_ignore = [path for name, paths in NEEDS.items() if not find_spec(name) for path in paths]
pytest_plugins = ["browser"]  # fixtures of the tests that look at the built book
PNG = "iVBORw0KGgo"  # how a PNG starts in base64
IMAGE = re.compile(f'(?<="data:image/png;base64,)({PNG}[^"]*)')
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


class Picture(str):
    """A PNG in base64 that equals another one if nobody could see a difference.

    Rasterized type and lines differ a little between machines. Allowed are a shift of one pixel,
    sizes two pixels apart, and in any block of `BLOCK` x `BLOCK` pixels a mean that differs by
    `LEVELS` of 255. A curve that moved by a pixel, a marker that is gone, another digit on an
    axis or another color exceed that somewhere.
    """

    BLOCK, LEVELS = 4, 24

    def __eq__(self, other):
        if str(self) == str(other):
            return True
        a, b = self.pixels(), other.pixels()
        if np.abs(np.subtract(a.shape, b.shape)).max() > 2:
            return False
        shifts = ((down, right) for down in (0, -1, 1) for right in (0, -1, 1))
        return any(self.difference(a, b, *shift) <= self.LEVELS for shift in shifts)

    def __ne__(self, other):
        return not self == other

    __hash__ = None

    def pixels(self):
        image = Image.open(io.BytesIO(base64.b64decode(self))).convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        return np.asarray(Image.alpha_composite(paper, image).convert("RGB"), dtype=float)

    def difference(self, a, b, down, right):
        """The largest difference of block means after a shift."""
        a = a[max(down, 0) :, max(right, 0) :]
        b = b[max(-down, 0) :, max(-right, 0) :]
        height, width = (
            min(lengths) // self.BLOCK * self.BLOCK
            for lengths in zip(a.shape[:2], b.shape[:2], strict=True)
        )
        difference = a[:height, :width] - b[:height, :width]
        blocks = difference.reshape(
            height // self.BLOCK, self.BLOCK, width // self.BLOCK, self.BLOCK, 3
        )
        return np.abs(blocks.mean(axis=(1, 3))).max()


class Page(str):
    """HTML that equals another one if its text does, and nobody could see its PNGs differ."""

    def __eq__(self, other):
        ours, theirs = IMAGE.split(self), IMAGE.split(other)
        same_text = ours[::2] == theirs[::2]
        pictures = zip(ours[1::2], theirs[1::2], strict=True)
        return same_text and all(Picture(a) == Picture(b) for a, b in pictures)

    def __ne__(self, other):
        return not self == other

    __hash__ = None


def without_widgets(outputs):
    """The outputs as stored notebooks have them: what widgets show stays, their views go."""
    for output in outputs:
        data = output.get("data", {})
        view = data.pop(WIDGET_VIEW, None)
        if view is None or data.keys() - {"text/plain"}:
            yield output


compare_texts, sanitize_text = plugin.IPyNbCell.compare_outputs, plugin.IPyNbCell.sanitize


def compare_outputs(cell, test, ref, skip_compare=None):
    return compare_texts(
        cell, list(without_widgets(test)), ref, set(cell.parent.skip_compare) - {"image/png"}
    )


def sanitize(cell, value):
    if isinstance(value, str) and value.startswith(PNG):
        return Picture(value)
    if isinstance(value, str) and IMAGE.search(value):
        return Page(sanitize_text(cell, value))
    return sanitize_text(cell, value)


def execute_cell_input(kernel, source, allow_stdin=None):
    return kernel.kc.execute(source, allow_stdin=allow_stdin, stop_on_error=False)


plugin.RunningKernel.execute_cell_input = execute_cell_input  # with history: it minds a final ";"
plugin.IPyNbCell.compare_outputs = compare_outputs  # its class names itself, so no subclass can
plugin.IPyNbCell.sanitize = sanitize

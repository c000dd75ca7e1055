"""A number in the text of a chapter is one that the chapter computes, shows or defines."""

import json
import re
from pathlib import Path

import pytest

CHAPTERS = sorted(Path("chapters").glob("*.ipynb"))
MATH = re.compile(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\\begin\{.*?\\end\{\w+\*?\}", re.S)
NOISE = re.compile(r"\]\([^)]*\)|\{[\w:-]+\}`[^`]*`|https?://\S+|^:\w+:.*$|^\(.*\)=$|^:::.*$", re.M)
NUMBER = re.compile(
    r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|(?<![\w.])\d*\.\d+|(?<![\w.,])\d{3,}"
)
NAMED = re.compile(r"(PyTorch|Keras|optax|MLX|NumPy|JAX|TensorFlow|Python|[Ss]ections?) \d[\d.]*")
HTML = re.compile(r'"data:[^"]*"|<script.*?</script>|<[^>]*>', re.S)
SENTENCE = re.compile(r"(?<=[.!?:])\s+(?=[^a-z])|\n\s*\n|\n(?=[-*|])")


def value(number):
    return float(number.replace(",", ""))


def decimals(number):
    return len(number.partition(".")[2])


def numbers_of(text):
    """All numbers of code and outputs, 1e-05 and 0.039 (also as 3.9 %) among them."""
    found = re.findall(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+", text.replace("_", ""))
    return {float(number) for number in found}


def unsupported(cells):
    """Numbers of the prose that stand neither in code nor in an output nor in a formula."""
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    outputs = []
    for output in (output for cell in cells for output in cell.get("outputs", ())):
        data = output.get("data", {"text/plain": output.get("text", "")})
        outputs.append("".join(data.get("text/plain", "")))
        outputs.append(HTML.sub(" ", "".join(data.get("text/html", ""))))
    prose = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    known = numbers_of("\n".join((code, *outputs, *MATH.findall(prose))).replace("{,}", ""))
    known |= {100 * number for number in known}
    for sentence in SENTENCE.split(prose):
        if "{cite" in sentence:
            continue  # a source stands beside it
        for number in NUMBER.findall(MATH.sub(" ", NAMED.sub(" ", NOISE.sub(" ", sentence)))):
            places = decimals(number)
            year = number.isdigit() and 1900 <= int(number) <= 2100
            if not year and not any(abs(value(number) - k) <= 0.5001 * 10**-places for k in known):
                yield number, " ".join(sentence.split())


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_number_of_the_text_is_computed_or_shown(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    marked = {n for cell in cells for n in cell["metadata"].get("audit", {}).get("sourced", ())}
    left = [
        f"{number}: {sentence}" for number, sentence in unsupported(cells) if number not in marked
    ]
    assert not left, "\n".join(left)

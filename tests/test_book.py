"""Rules for the sources of the book: what every notebook and every chapter must have."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import yaml

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "chapters").glob("*.ipynb"))
CHAPTERS = [path for path in NOTEBOOKS if re.match(r"\d\d-", path.name)]
ARTICLE = [path for path in CHAPTERS if int(path.name[:2]) <= 7]  # then comes what it left out
TAGS = {"hide-input", "hide-output", "hide-cell"}

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
every_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
every_chapter_of_the_article = pytest.mark.parametrize("path", ARTICLE, ids=lambda path: path.stem)


def cells(path, kind):
    notebook = nbformat.read(path, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def text(path):
    return "\n\n".join(cell.source for cell in cells(path, "markdown"))


def lines_of_visible_code(path):
    """Lines of each code cell that the page shows unfolded, outside of solutions."""
    counts, in_solution = [], False
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            for fence in re.findall(r"\{solution-(start|end)\}", cell.source):
                in_solution = fence == "start"
        elif not in_solution and not {"hide-input", "hide-cell"} & set(tags(cell)):
            counts.append(len(cell.source.splitlines()))
    return np.array(counts)


def tags(cell):
    return cell.metadata.get("tags", [])


def words_of_prose(path):
    """Words outside of math, of code and of the first and option lines of directives."""
    prose = text(path)
    for markup in (
        r"(?s)```.*?```", r"(?s)\$\$.*?\$\$", r"\$[^$\n]+\$", r"`[^`\n]+`", r"(?m)^:.*$",
        r"\{[\w:]+\}",
    ):  # fmt: skip
        prose = re.sub(markup, " ", prose)
    return len(re.findall(r"[^\W\d_][\w'’-]*", prose))


def test_there_are_chapters():
    assert [path.stem for path in CHAPTERS[:2]] == ["01-sgd", "02-momentum"]


def test_every_page_is_in_the_table_of_contents():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    pages = [path for path in (ROOT / "chapters").iterdir() if path.suffix in (".md", ".ipynb")]
    assert sorted(listed) == sorted(f"chapters/{path.stem}" for path in pages)


def test_chapters_stand_in_order():
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    listed = re.findall(r"chapters/(\d\d-[\w-]+)", toc)
    assert listed == [path.stem for path in CHAPTERS]


def test_the_cover_leads_to_every_chapter_of_the_table_of_contents():
    cover = (ROOT / "intro.md").read_text(encoding="utf-8")
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    assert re.findall(r":link: chapters/(\d\d-\S+)", cover) == re.findall(
        r"chapters/(\d\d-\S+)", toc
    )


@every_notebook
def test_every_code_cell_was_executed_from_top_to_bottom_without_error(path):
    counts = [cell.execution_count for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1))
    kinds = {output.output_type for cell in cells(path, "code") for output in cell.outputs}
    assert kinds <= {"display_data", "execute_result", "stream"}
    assert all(cell.source.strip() for cell in cells(path, "code"))


@every_notebook
def test_no_output_is_exempt_from_comparison(path):
    for cell in cells(path, "code"):
        assert set(tags(cell)) <= TAGS
        assert not re.search(r"#\s*(NBVAL|PYTEST_VALIDATE)_", cell.source)
        for output in cell.outputs:
            assert output.get("name") != "stderr", output.text
            shown = output.get("data", {}).keys()
            assert not any("widget" in kind or "javascript" in kind for kind in shown)


@every_notebook
def test_every_figure_has_alt_text_caption_and_name(path):
    for cell in cells(path, "code"):
        pictures = [out for out in cell.outputs if "image/png" in out.get("data", {})]
        options = cell.metadata.get("mystnb", {})
        assert len(pictures) == ("figure" in options), cell.source
        if pictures:
            alt, figure = options["image"]["alt"], options["figure"]
            assert len(alt.split()) >= 5, alt
            assert len(figure["caption"].split()) >= 4, figure
            assert alt != figure["caption"]
            assert re.fullmatch(r"fig-[a-z0-9-]+", figure["name"])


@every_notebook
def test_no_line_of_code_is_wider_than_the_page(path):
    for cell in cells(path, "code"):
        assert max(map(len, cell.source.splitlines())) <= 79, cell.source


@every_chapter
def test_code_cells_are_small_and_prose_carries_them(path):
    lines = lines_of_visible_code(path)
    assert np.median(lines) <= 6
    assert np.quantile(lines, 0.9) <= 15
    assert lines.max() <= 25
    assert words_of_prose(path) >= 10 * lines.sum()


@every_chapter
def test_chapter_has_its_sections(path):
    headings = re.findall(r"(?m)^## (.+)$", text(path))
    wanted = ["What the article says"] if path in ARTICLE else []
    wanted += ["Misconceptions", "Exercises", "Summary"]
    assert [heading for heading in headings if heading in wanted] == wanted
    assert len(re.findall(r"(?m)^# ", text(path))) == 1


@every_chapter
def test_chapter_opens_with_what_you_do_learn_and_need(path):
    opening = text(path).split("\n## ")[0]
    labels = re.findall(r"(?m)^\*\*(What you[^*]*)\*\*", opening)
    assert labels == ["What you'll do", "What you'll learn", "What you need"]


@every_chapter
def test_every_rule_is_printed_from_the_code_and_numbered(path):
    numbered = [cell for cell in cells(path, "code") if "equation" in cell.metadata]
    assert numbered or path not in ARTICLE
    for cell in numbered:
        assert "formula(" in cell.source
        assert [list(out.data) for out in cell.outputs] == [["text/latex", "text/plain"]]
        assert re.fullmatch(r"eq-[a-z0-9-]+", cell.metadata["equation"])


@every_chapter_of_the_article
def test_every_claim_has_a_verdict(path):
    section = text(path).split("\n## What the article says\n")[1].split("\n## ")[0]
    titles = re.findall(r":::\{admonition\} (.+)\n:class: claim (\w+)", section)
    assert titles or "no claim" in section
    for title, verdict in titles:
        assert re.match(r"[A-G]\d+ · ", title), title
        assert title.endswith(f": {verdict.upper()}")
        assert verdict in ("true", "conditional", "misleading", "false")


@every_chapter
def test_every_exercise_has_one_folded_solution(path):
    exercises = re.findall(r":::\{exercise\}[^\n]*\n:label: (\S+)", text(path))
    pattern = r":::\{solution(-start)?\} (\S+)\n:label: \S+\n:class: dropdown"
    solutions = re.findall(pattern, text(path))
    assert 4 <= len(exercises) <= 8
    assert sorted(exercise for _, exercise in solutions) == sorted(exercises)
    assert sum(start != "" for start, _ in solutions) == text(path).count("{solution-end}")

"""The book in other formats than its pages: markup that every reader of HTML or XML accepts."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from pypdf import PdfReader

from optlib.explorables import StepSize
from tools import pdf

ROOT = Path(__file__).parent.parent


class Hostile(StepSize):
    alt = 'The "factor" </script> <i> & more'
    targets = ({"text": "a </script><b> ]]> & <!-- c", "where": {"lr": (0, 1)}},)


@pytest.mark.parametrize("cls", [StepSize, Hostile], ids=["plain", "hostile"])
def test_the_stand_in_of_a_live_figure_is_well_formed(cls):
    figure = cls()
    page = ElementTree.fromstring(figure._stand_in())
    assert [child.tag for child in page] == ["script", "img", "table"]
    assert json.loads(page[0].text) == json.loads(json.dumps({**figure.state, "spec": figure.spec}))
    assert page[1].get("alt") == cls.alt


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """The cover and two pages, without what they refer to elsewhere."""
    folder = tmp_path_factory.mktemp("formats")
    for name in ("_config.yml", "intro.md", "references.bib", "CITATION.cff"):
        shutil.copy(ROOT / name, folder)
    for name in ("assets", "tools"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tools" / "alone.py").write_text("def setup(app): return {}\n")  # its own tests
    (folder / "chapters").mkdir()
    for name in ("notation.md", "playground.ipynb"):
        shutil.copy(ROOT / "chapters" / name, folder / "chapters")
    chapters = [{"file": "chapters/notation"}, {"file": "chapters/playground"}]
    toc = {"format": "jb-book", "root": "intro", "chapters": chapters}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    return folder


def build(folder, *options):
    book = Path(sys.executable).with_name("jupyter-book")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BOOK_")}
    run = subprocess.run(
        [book, "build", *options, folder], capture_output=True, text=True, env=environment
    )
    assert run.returncode == 0, run.stderr
    elsewhere = r"(?m)^.*WARNING.*(not found|unknown document|could not find|undefined label).*$"
    assert "WARNING" not in re.sub(elsewhere, "", run.stderr)


def test_epub_is_well_formed_on_every_page(sources):
    build(sources, "--builder", "custom", "--custom-builder", "epub")
    (book,) = (sources / "_build" / "epub").glob("*.epub")
    with zipfile.ZipFile(book) as pages:
        names = [name for name in pages.namelist() if name.endswith((".xhtml", ".opf", ".ncx"))]
        for name in names:
            ElementTree.fromstring(re.sub(rb"&(?!#|amp;|lt;|gt;|quot;)\w+;", b"", pages.read(name)))
    assert any("playground" in name for name in names)


def test_the_book_on_one_page_holds_every_chapter(sources):
    build(sources, "--builder", "singlehtml")
    text = (sources / "_build" / "singlehtml" / "intro.html").read_text(encoding="utf-8")
    for name in ("notation", "playground"):
        assert f'id="document-chapters/{name}"' in text
    assert text.count("sd-card-body") > 5  # the cover's cards


def test_pages_are_printed_to_one_pdf_with_outline_and_links(tmp_path, browser):
    style = f"<style>{(ROOT / 'assets' / 'book.css').read_text(encoding='utf-8')}</style>"
    (tmp_path / "one.png").write_bytes((ROOT / "assets" / "cover.png").read_bytes())
    (tmp_path / "intro.html").write_text(
        f"""<!doctype html><meta charset="utf-8">{style}<main class="bd-article">
        <nav class="bd-docs-nav"><li><a href="#">Cover</a></li><p class="caption-text">Part</p>
        <li><a href="one.html">1. One</a></li></nav>
        <section id="cover"><h1>Cover</h1><a href="one.html#there">there</a>
        <a href="one.ipynb">notebook</a> <a href="https://example.org/">web</a></section></main>""",
        encoding="utf-8",
    )
    (tmp_path / "one.html").write_text(
        f"""<!doctype html><meta charset="utf-8">{style}<main class="bd-article">
        <section id="one"><h1>1. One</h1><button>Press</button>
        <details class="hide"><summary>Show the code</summary><p>hidden code</p></details>
        <details><summary>Proof</summary><p>proven</p></details><div style="height: 3000px"></div>
        <section id="two"><h2>Two</h2><img loading="lazy" src="one.png" width="99" height="40">
        <p id="there">target</p><a href="intro.html">back</a></section></section></main>""",
        encoding="utf-8",
    )
    book = pdf.join(pdf.pages_of(tmp_path, browser))
    file = io.BytesIO()
    book.write(file)
    book = PdfReader(file)
    last = len(book.pages) - 1
    text = [" ".join(page.extract_text().split()) for page in book.pages]
    assert all(words in text[1] for words in ("Proof", "proven", "hidden code"))
    assert "Show" not in text[1]
    assert "Press" not in text[1]
    assert all(str(1 + k) in words.split() for k, words in enumerate(text))
    assert len(book.pages[last].images) == 1
    cover, part, (one, (two,)) = book.outline[0], book.outline[1], book.outline[2]
    assert [each.title for each in (cover, part, one, two)] == ["Cover", "Part", "1. One", "Two"]
    assert [book.get_destination_page_number(each) for each in (cover, one, two)] == [0, 1, last]
    *_, there, _, web = pdf.links_of(book.pages[:1])
    assert there["/Dest"][0].get_object() == book.pages[last]
    assert web["/A"]["/URI"] == "https://example.org/"
    assert not any("file:" in str(link) for link in pdf.links_of(book.pages))

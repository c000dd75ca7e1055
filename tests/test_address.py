"""The book without an address, and with one: what needs it is absent, or right everywhere."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from sphinx.errors import ConfigError
from test_site import Page

from tools import address

ROOT = Path(__file__).parent.parent
REPOSITORY, SITE = "https://github.com/someone/a-book", "https://someone.github.io/a-book/"
INVENTED = re.compile(r"github\.com/sgd-to-adam|sgd-to-adam\.github\.io")


class Config:
    """What `settings` reads of a configuration."""

    def __init__(self, repository):
        self.book_repository = repository


@pytest.mark.parametrize("wrong", ["someone/book", "https://github.com/someone", "http://x.y/a/b"])
def test_an_address_that_is_none_is_refused(wrong, monkeypatch):
    monkeypatch.delenv("BOOK_REPOSITORY", raising=False)
    with pytest.raises(ConfigError, match=r"https://github.com/<owner>/<name>, got"):
        address.settings(Config(wrong))


def test_the_site_follows_from_the_repository_unless_another_one_is_named(monkeypatch):
    monkeypatch.delenv("BOOK_REPOSITORY", raising=False)
    assert address.settings(Config("")) == ("", "")
    assert address.settings(Config(REPOSITORY + "/")) == (REPOSITORY, SITE)
    own = "https://github.com/Someone/someone.github.io"
    assert address.settings(Config(own)) == (own, "https://someone.github.io/")
    monkeypatch.setenv("BOOK_SITE", "https://adam.example")
    assert address.settings(Config(REPOSITORY)) == (REPOSITORY, "https://adam.example/")
    monkeypatch.setenv("BOOK_REPOSITORY", own)
    assert address.settings(Config(REPOSITORY))[0] == own


def test_no_file_names_an_address_that_nobody_owns():
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    names = files.stdout.split() or [path.relative_to(ROOT) for path in ROOT.glob("*.*")]
    for name in names:
        path = ROOT / name
        if path.is_file() and path != Path(__file__) and path.suffix not in (".png", ".npz"):
            assert not INVENTED.search(path.read_text(encoding="utf-8")), name


def test_a_book_without_address_shows_nothing_that_needs_one(site):
    assert not (site / "sitemap.xml").exists()
    citation = yaml.safe_load((site / "CITATION.cff").read_text(encoding="utf-8"))
    assert not {"url", "repository-code"} & citation.keys()
    for name in ("intro.html", "chapters/01-sgd.html", "chapters/notation.html"):
        page = Page(site / name)
        text = (site / name).read_text(encoding="utf-8")
        assert not re.search(r'rel="canonical"|property="og:|git clone|launch-buttons', text)
        assert not [link for link in page.links if "github.com" in link or "binder" in link]


@pytest.fixture(scope="module")
def addressed(tmp_path_factory):
    """The cover and two pages, built with an address."""
    folder = tmp_path_factory.mktemp("addressed")
    for name in ("_config.yml", "intro.md", "references.bib", "CITATION.cff"):
        shutil.copy(ROOT / name, folder)
    for name in ("assets", "tools"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "chapters").mkdir()
    for name in ("notation.md", "playground.ipynb"):
        shutil.copy(ROOT / "chapters" / name, folder / "chapters")
    chapters = [{"file": "chapters/notation"}, {"file": "chapters/playground"}]
    toc = {"format": "jb-book", "root": "intro", "chapters": chapters}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    (folder / "tools" / "alone.py").write_text("def setup(app): return {}\n")  # its own tests
    book = Path(sys.executable).with_name("jupyter-book")
    environment = os.environ | {"BOOK_REPOSITORY": REPOSITORY, "BOOK_JUPYTERHUB": "https://hub.x"}
    run = subprocess.run([book, "build", folder], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return folder / "_build" / "html"


def test_an_address_turns_on_what_needs_it(addressed):
    page = Page(addressed / "chapters" / "playground.html")
    text = (addressed / "chapters" / "playground.html").read_text(encoding="utf-8")
    assert f'<link rel="canonical" href="{SITE}chapters/playground.html"' in text
    assert page.meta["og:url"] == SITE + "chapters/playground.html"
    assert page.meta["og:image"] == SITE + "_static/social.png"
    assert page.meta["og:description"] == page.meta["description"] != ""
    assert (addressed / "_static" / "social.png").is_file()
    assert page.meta["og:url"] in (addressed / "sitemap.xml").read_text(encoding="utf-8")
    notebook = "notebooks/chapters/playground.ipynb"
    for start in (
        REPOSITORY, f"{REPOSITORY}/edit/main/chapters/playground.ipynb",
        f"{REPOSITORY}/issues/new?", "https://mybinder.org/v2/gh/someone/a-book/notebooks?",
        f"https://colab.research.google.com/github/someone/a-book/blob/{notebook}",
        "https://hub.x/hub/user-redirect/git-pull?",
    ):  # fmt: skip
        assert any(link.startswith(start) for link in page.links), start


def test_an_address_stands_in_the_commands_and_in_the_citation(addressed):
    text = re.sub(r"<[^>]*>", "", (addressed / "intro.html").read_text(encoding="utf-8"))
    assert f"git clone {REPOSITORY}\ncd a-book\nmake lab" in text
    citation = yaml.safe_load((addressed / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["url"], citation["repository-code"]) == (SITE, REPOSITORY)


def test_the_publishing_workflow_gives_the_repository_it_runs_in():
    workflow = (ROOT / ".github" / "workflows" / "book.yml").read_text(encoding="utf-8")
    assert 'BOOK_REPOSITORY: "${{ github.server_url }}/${{ github.repository }}"' in workflow

"""The built book: no warning, no request to another host, no dead link, nothing undocumented."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browser import complaints, too_wide
from sphinx.util.inventory import InventoryFile

import optlib

ROOT = Path(__file__).parent.parent
CHAPTERS = {path.stem for path in (ROOT / "chapters").glob("*.ipynb")}
# Attributes whose address a browser asks for by itself; of links only these kinds.
REQUESTED = {"src", "srcset", "poster", "data", "background", "style"}
REQUESTED_LINKS = {"stylesheet", "preload", "modulepreload", "prefetch", "icon", "manifest",
                   "preconnect", "dns-prefetch", "apple-touch-icon"}  # fmt: skip
OTHER_HOST = re.compile(r"(?:https?:)?//[\w-]+\.[\w.-]+")


class Page(HTMLParser):
    """Addresses that a page requests, its links, its anchors and its images."""

    def __init__(self, path):
        super().__init__()
        self.requests, self.links, self.anchors, self.images = [], [], set(), []
        self.meta, self.open_style, self.language = {}, False, None
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.open_style = tag == "style"
        self.anchors |= {attributes.get("id"), attributes.get("name")}
        self.requests += [attributes[name] or "" for name in REQUESTED & attributes.keys()]
        if tag == "link" and REQUESTED_LINKS & set((attributes.get("rel") or "").split()):
            self.requests.append(attributes.get("href") or "")
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        if tag == "img":
            self.images.append(attributes)
        if tag == "meta":
            self.meta[attributes.get("property") or attributes.get("name")] = attributes.get(
                "content"
            )
        if tag == "html":
            self.language = attributes.get("lang")

    def handle_data(self, data):
        if self.open_style:
            self.requests.append(data)


@pytest.fixture(scope="session")
def pages(site):
    return {
        path: Page(path) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts
    }


def test_every_page_of_the_table_of_contents_is_built(site):
    files = re.findall(r"(?:file|root): (\S+)", (ROOT / "_toc.yml").read_text(encoding="utf-8"))
    assert all((site / f"{file}.html").is_file() for file in files)


def test_no_page_requests_anything_from_another_host(pages):
    for path, page in pages.items():
        off_host = [address for address in page.requests if OTHER_HOST.search(address)]
        assert not off_host, path


def test_no_style_sheet_requests_anything_from_another_host(site):
    for path in site.rglob("*.css"):
        style = path.read_text(encoding="utf-8")
        addresses = re.findall(r"@import[^;]+|url\((?![\"']?data:)[^)]*\)", style)
        assert not [address for address in addresses if OTHER_HOST.search(address)], path


def test_every_local_link_leads_somewhere(site, pages):
    for path, page in pages.items():
        for link in page.links + [address for address in page.requests if "(" not in address]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.exists(), (path.name, link)
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].anchors, (path.name, link)


def test_every_page_is_in_english_and_every_image_has_a_text(pages):
    for path, page in pages.items():
        if path.name != "index.html":
            assert page.language == "en", path
        assert all(image.get("alt") is not None for image in page.images), path


def test_every_public_name_is_in_the_reference(site):
    with (site / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, uri: uri)
    documented = {name for kind in inventory if kind.startswith("py:") for name in inventory[kind]}
    assert {f"optlib.{name}" for name in optlib.__all__} <= documented


def test_other_pages_than_chapters_load_without_other_hosts_and_fit_a_phone(
    site, pages, browser, home
):
    page = browser.new_page()
    problems = complaints(page, home)
    others = [path for path in pages if path.stem not in CHAPTERS]  # those: see test_light_pages
    assert len(pages) - len(others) == len(CHAPTERS)
    for path in others:
        page.goto(home + path.relative_to(site).as_posix(), wait_until="networkidle")
        assert not too_wide(page), path
    page.close()
    assert not problems


def test_search_shows_only_the_text_of_articles(browser, home):
    page = browser.new_page()
    page.goto(f"{home}search.html?q=ravine")
    text = page.evaluate(
        "async () => Search.htmlToText(await (await fetch('chapters/01-sgd.html')).text())"
    )
    page.close()
    assert text.split()[:2] == ["1.", "SGD"]
    assert not re.search(r"\.ipynb|Contents|data-explorable", text)


def test_downloads_are_saved_not_shown(browser, home):
    page = browser.new_page()
    page.goto(f"{home}chapters/01-sgd.html")
    page.locator(".dropdown-download-buttons > button").click()
    with page.expect_download() as saved:
        page.locator(".btn-download-source-button").click()
    assert saved.value.suggested_filename == "01-sgd.ipynb"
    page.close()

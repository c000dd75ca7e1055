"""Print the built book to one PDF, with an outline and links, by the Chromium that is installed.

    python -m tools.pdf _build/html _build/book.pdf

Each page is printed by itself, so that the browser lays out one chapter at a time, and then they
are joined. No script runs in a page: live figures stand as pictures with tables.
"""

import io
import sys
from pathlib import Path
from urllib.parse import urldefrag

from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import Destination, DictionaryObject, Fit, NameObject, TextStringObject
from tqdm import tqdm

from tools import browsers

CONTENTS = """() => [...document.querySelectorAll(".bd-docs-nav :is(.caption-text, li > a)")]
    .map((each) => [each.textContent.trim(), each.href ?? null])"""
# Opens all but editors, loads everything, gives every place a name in the PDF, and returns the
# headings as [level, title, name].
PREPARE = """(style) => {
    document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
    document.documentElement.dataset.theme = "light";
    document.querySelectorAll("details:not(.rule)").forEach((each) => { each.open = true; });
    document.querySelectorAll("img").forEach((each) => { each.loading = "eager"; });
    const links = document.createElement("div");
    links.hidden = true;
    for (const { id } of document.querySelectorAll("main [id]"))
        links.append(Object.assign(document.createElement("a"), { href: "#" + id }));
    document.body.append(links);
    return [...document.querySelectorAll("main section[id] > :is(h1, h2, h3)")].map((each) => {
        each.querySelectorAll(".headerlink").forEach((link) => link.remove());
        return [Number(each.tagName[1]), each.textContent.trim(), each.parentNode.id];
    });
}"""
LOADED = "() => [...document.images].every((each) => each.complete)"
STYLE = """
    @page { size: A4; counter-increment: page; @bottom-center { content: counter(page); font: 8pt sans-serif; } }
    html { counter-reset: page %d; }
"""  # noqa: E501


def pages_of(folder, browser):
    """Yield (caption, None, None) for a part of the book, (address, headings, PDF) for a page."""
    page = browser.new_context(java_script_enabled=False).new_page()
    page.set_default_timeout(600_000)  # milliseconds; a chapter takes seconds
    page.goto((Path(folder).resolve() / "intro.html").as_uri())
    printed = 0
    for title, link in tqdm(page.evaluate(CONTENTS), unit="page"):
        if link is None:
            yield title, None, None
            continue
        address = urldefrag(link).url
        page.goto(address)
        headings = page.evaluate(PREPARE, STYLE % printed)
        while not page.evaluate(LOADED):
            page.wait_for_timeout(50)
        pdf = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True)))
        printed += len(pdf.pages)
        yield address, headings, pdf


def links_of(pages):
    """The links on pages of a PDF."""
    for page in pages:
        for link in page.get("/Annots", ()):
            if link.get_object().get("/Subtype") == "/Link":
                yield link.get_object()


def join(pages):
    """One PDF of all pages: with an outline, and links that lead where they led in the book."""
    book, places, part = PdfWriter(), {}, None
    for address, headings, pdf in pages:
        if pdf is None:
            part = address
            continue
        names = pdf.named_destinations
        for link in links_of(pdf.pages):  # a name is one of its page: an address is one of the book
            if "/Dest" in link:
                uri = TextStringObject(f"{address}#{link.pop('/Dest')[1:]}")
                action = {NameObject("/S"): NameObject("/URI"), NameObject("/URI"): uri}
                link[NameObject("/A")] = DictionaryObject(action)
        pdf.root_object.pop("/Dests", None)
        start = len(book.pages)
        book.append(pdf, import_outline=False)
        places[address] = (start, Fit.fit())
        for name, spot in names.items():
            number = start + pdf.get_destination_page_number(spot)
            places[f"{address}#{name[1:]}"] = (number, Fit.xyz(spot.left, spot.top))
        if isinstance(part, str):
            part = book.add_outline_item(title=part, page_number=start)
        parents = {1: part}
        for level, title, name in headings:
            number, fit = places[f"{address}#{name}"]
            parents[level + 1] = book.add_outline_item(
                title=title, page_number=number, parent=parents[level], fit=fit
            )
    for link in links_of(book.pages):
        uri = link["/A"]["/URI"]
        place = places.get(uri) or places.get(urldefrag(uri).url)
        if place is not None:
            number, fit = place
            where = Destination("", book.pages[number].indirect_reference, fit)
            link[NameObject("/Dest")] = where.dest_array
        if uri.startswith("file:"):  # leads there, or to what is not in print: a notebook
            del link["/A"]
    return book


if __name__ == "__main__":
    built, target = sys.argv[1:]
    with sync_playwright() as playwright:
        browser = browsers.chromium(playwright)
        book = join(pages_of(built, browser))
        browser.close()
    book.add_metadata({"/Title": "From SGD to Adam"})
    book.write(target)

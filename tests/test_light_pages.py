"""Pages are small, stand still from the first paint on, and a link arrives where it leads."""

import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest
from browser import complaints, compressed, too_wide
from docutils import nodes

from tools import light_pages

ROOT = Path(__file__).parent.parent
CHAPTERS = [path.stem for path in sorted((ROOT / "chapters").glob("*.ipynb"))]
every_chapter = pytest.mark.parametrize("stem", CHAPTERS)
LINKING = ("intro", "chapters/claims")  # pages that send readers into the middle of others
WATCH = """
    globalThis.moved = [];
    new PerformanceObserver((all) => moved.push(...all.getEntries().map(
        ({ value, sources }) => [value, ...sources.map(
            ({ node }) => (node?.outerHTML ?? node?.textContent ?? "").slice(0, 99))]
    ))).observe({ type: "layout-shift", buffered: true });
"""

STRETCHED = """
    [...document.querySelectorAll(".bd-article img[width]")].filter((img) => {
        const [width, height] = ["width", "height"].map((name) => Number(img.getAttribute(name)));
        return Math.abs(img.clientHeight - img.clientWidth * height / width) > 2;
    }).map((img) => img.alt)
"""


@pytest.fixture(scope="module")
def texts(site):
    return {path: path.read_text(encoding="utf-8") for path in site.glob("chapters/*.html")}


@pytest.mark.parametrize("width", [320, 1280])
@every_chapter
def test_page_is_small_and_stands_still(browser, home, stem, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.add_init_script(WATCH)
    sizes, problems = {}, complaints(page, home)
    page.on("response", lambda answer: sizes.update({answer.url: answer}))
    page.goto(f"{home}chapters/{stem}.html", wait_until="load")
    page.evaluate("document.fonts.ready.then(() => {})")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not page.evaluate(STRETCHED)
    moved = page.evaluate("moved")
    assert sum(value for value, *_ in moved) < 0.01, moved
    pictures = [url for url in sizes if "/_images/" in url]
    shown = page.locator("img[src*=_images]").count()
    assert len(pictures) <= 2  # no others are near
    assert len(pictures) < shown or shown <= 2
    weight = sum(compressed(sizes[url].body()) for url in sizes.keys() - set(pictures))
    print(f"{stem}: {weight / 1000:.0f} kB, moved {sum(value for value, *_ in moved):.4f}")
    assert weight < 900_000
    if width == 320:
        page.wait_for_load_state("networkidle")
        assert not too_wide(page)
    page.close()
    assert not problems


def test_formulas_are_typeset_before_a_script_runs(browser, home, texts):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{home}chapters/01-sgd.html")
    formulas = page.locator(".bd-article .math").all()
    assert len(formulas) > 100
    for formula in formulas[:20]:
        box = formula.locator("mjx-math").bounding_box()
        assert box["width"] > 4
        assert box["height"] > 4
        assert formula.locator("math").count() == 1  # for screen readers
    assert any("mathjax/MathJax_Math-Italic.woff" in url for url in asked)
    context.close()
    for path, text in texts.items():
        raw = re.sub(r"(?s)<(script|pre)\b.*?</\1>", "", text)
        assert not re.search(r"\\\(|\\\[|data-mjx-error|<script[^>]*mathjax", raw), path


def test_the_styles_of_a_page_are_whole_rules_and_draw_every_glyph():
    typesetter = light_pages.Typesetter()
    page = typesetter.formula(r"\left\{\,|\{a\}| - \mu\,\right\}", display=True)
    styles = re.sub(r'"[^"]*"', "", typesetter.styles(page))
    typesetter.close(None, None)
    rules = re.findall(r"([^{}]+)\{[^{}]*\}", styles)
    assert re.sub(r"[^{}]", "", styles) == "{}" * len(rules)
    assert all(selector.strip() and ";" not in selector for selector in rules)
    drawn = {glyph for selector in rules for glyph in light_pages.GLYPH.findall(selector)}
    assert drawn == set(light_pages.GLYPH.findall(page)) >= {"mjx-c7B", "mjx-c7C", "mjx-c1D707"}


def test_pictures_say_their_size_and_icons_are_drawn(texts):
    for path, text in texts.items():
        for picture in re.findall(r"<img [^>]*_images/[^>]*>", text):
            assert re.match(r'<img loading="lazy" width="\d+" height="\d+" ', picture), path
        assert not re.search(r'fontawesome|<(i|span) class="[^"]*\bfa-', text), path
        assert text.count('class="svg-inline--fa ') > 5


def test_scripts_and_styles_of_live_figures_carry_their_version(texts):
    for path, text in texts.items():
        files = re.findall(r'(?:src|href)="[./]*_static/(explorables/\w+\.\w+)([^"]*)"', text)
        assert bool(files) == ("data-explorable=" in text), path
        assert all(re.fullmatch(r"\?v=[0-9a-f]{8}", version) for _, version in files), path


ARRIVE = """async (hash) => {
    if (location.hash !== hash) location.hash = hash;
    const page = document.documentElement;
    for (let before; before !== page.scrollTop;) {
        before = page.scrollTop;
        await new Promise((done) => setTimeout(done, 100));
    }
    const target = document.getElementById(decodeURIComponent(hash.slice(1)));
    const { top } = target.getBoundingClientRect();
    return [top, page.scrollHeight - page.scrollTop - innerHeight];
}"""


def test_links_of_the_ledger_and_the_cover_arrive(browser, home, site):
    page = browser.new_page()
    hrefs = set()
    for path in LINKING:
        page.goto(f"{home}{path}.html")
        hrefs |= set(
            page.locator(".bd-article a.reference.internal[href*='#']").evaluate_all(
                "all => all.map((a) => a.href)"
            )
        )
    targets = {}
    for address, _, target in (href.partition("#") for href in hrefs):
        targets.setdefault(address, []).append(target)
    assert sum(map(len, targets.values())) >= 25
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = {}
    for address, names in targets.items():
        # A page is opened at the lowest of its targets: what moves another one moves it too.
        text = (site / urlsplit(address).path[1:]).read_text(encoding="utf-8")
        names.sort(key=lambda name: text.index(f'id="{unquote(name)}"'), reverse=True)
        opened[address] = context.new_page()
        opened[address].goto(f"{address}#{names[0]}")
    page.wait_for_timeout(2000)
    page.close()
    missed = {}
    for address, page in opened.items():
        for name in targets[address]:
            top, below = page.evaluate(ARRIVE, f"#{name}")
            if not (-1 <= top <= 150 or (0 <= top < 900 and below < 1)):
                missed[f"{address}#{name}"] = top
        page.close()
    context.close()
    assert not missed


def test_what_all_pages_share_rebuilds_all(tmp_path, monkeypatch):
    for folder in ("assets", "tools", "optlib/explorables/static"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.setattr(light_pages, "ROOT", tmp_path)
    title = nodes.title(text="One")
    env = SimpleNamespace(titles={"one": title}, toctree_includes={}, found_docs={"two", "one"})

    def rebuilt():
        return light_pages.rebuild(None, env)

    def change(path):
        (tmp_path / path).write_text("/* another */")

    assert rebuilt() == ["one", "two"]
    assert rebuilt() == []
    for path in ("assets/book.css", "optlib/explorables/static/figure.js", "tools/typeset.js"):
        change(path)
        assert rebuilt() == ["one", "two"], path
        assert rebuilt() == []
    env.titles = {"one": nodes.title(text="Another")}
    assert rebuilt() == ["one", "two"]
    env.toctree_includes = {"one": ["two"]}
    assert rebuilt() == ["one", "two"]
    assert rebuilt() == []

"""The live figures of the built book, used in Chromium by mouse, keyboard and touch."""

import ast
import builtins
import html
import json
import linecache
import math
import re
from collections import defaultdict
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import compressed

from optlib.explorables.base import show
from optlib.explorables.sources import STATIC, parts, sources
from optlib.explorables.workbench import ADAMAX
from optlib.explorables.written import lines_of
from optlib.optimizers import AdaGrad, Adam

ROOT = Path(__file__).parent.parent
SHOWN = re.compile(r'data-explorable="(\w+)"')
BARE = "\n".join(line.split(" / (1")[0] for line in lines_of(Adam).splitlines())
SOLUTIONS = {  # for each figure a state for each of its targets
    "step_size": [{"lr": 0.182}, {"lr": 0.026, "sigma": 2.0}],
    "momentum_plane": [
        {"kappa": 25, "lr": 2.778, "momentum": 0.444}, {"kappa": 100, "lr": 3.02, "momentum": 0.7}
    ],
    "rotated_bowl": [{"angle": 6.5}, {"angle": 45, "lr": 5}],
    "scale_jump": [{"rho": 0.95}, {"rho": 0.95, "up": 1180}],
    "bias_correction": [{"beta1": 0.9, "beta2": 0.95}, {"beta1": 0.97, "beta2": 0.99}],
    "counterexample": [{"C": 2.1, "beta2": 0.7}, {"beta2": 0.1, "beta1": 0.6}],
    "adam_meter": [
        {"start": [0.4, -1.7], "rates": {"Adam": 0.01}},
        {"landscape": "Rosenbrock", "start": [0.5, 1.0], "rates": {"Adam": 0.05}},
    ],
    "playground": [
        {"start": [0.8, 1.3], "rates": {"SGD": 0.0422, "Momentum": 0.0056, "Adam": 0.316}},
        {"landscape": "Rosenbrock", "start": [-0.6, -0.8], "rates": {"Nesterov": 0.0003}},
    ],
    "separation": [{"eps": 0.02}, {"size": 10}],
    "cooldown": [{"start": 50, "lr": 0.11}, {"answer": "mean of the last half", "lr": 0.12}],
    "workbench": [{"code": code} for code in (BARE, lines_of(AdaGrad), ADAMAX)],
}  # fmt: skip


def figures_of(path):
    """The name of each live figure of a notebook, and what makes it as its cell does."""
    code, found = [], []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            code += statements_of(re.sub("(?m)^%.*", "", cell.source))
            for output in cell.outputs:
                text = output.get("data", {}).get("text/html", "")
                for name in SHOWN.findall(text):
                    found.append((name, partial(made_by, list(code), text)))
    return found


def statements_of(source):
    """The statements of a cell, each with its lines."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        first = min(each.lineno for each in (node, *getattr(node, "decorator_list", ())))
        yield node, "\n".join(lines[first - 1 : node.end_lineno])


def made_by(code, output):
    """What the last of these statements makes, which are those of a notebook up to a live figure.

    Only definitions are executed. A name that is not among them is a grid which took the notebook
    long to compute; it is in the output.
    """
    kinds = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef)
    text = "\n".join(lines for node, lines in code if isinstance(node, kinds))
    names = vars(builtins) | {"__name__": __name__}
    linecache.cache["notebook"] = len(text), None, text.splitlines(True), "notebook"
    exec(compile(text, "notebook", "exec"), names)
    expression = ast.Expression(code[-1][0].value)
    stored = json.loads(re.search(r'"application/json">(.*?)</script>', output)[1])
    for node in ast.walk(expression):
        if isinstance(node, ast.Name) and node.id not in names:
            names[node.id] = stored["spec"]["data"]["grid"]
    return eval(compile(expression, "notebook", "eval"), names)


ON_PAGE = {path.stem: figures_of(path) for path in sorted((ROOT / "chapters").glob("*.ipynb"))}
PAGES = [stem for stem, figures in ON_PAGE.items() if figures]
FIGURES = [
    pytest.param((stem, i), id=f"{stem}-{name}")
    for stem in PAGES
    for i, (name, _) in enumerate(ON_PAGE[stem])
]
# Not the one that exchanges a rule for another with other sliders: see test_workbench.py.
CONTROLS = "[type=range], select:not([data-control=from])"
every_page = pytest.mark.parametrize("stem", PAGES)


LOOK = """async (root) => {
    const frame = () => new Promise(requestAnimationFrame);
    await frame(); await frame();
    return {
        state: JSON.parse(root.dataset.state),
        numbers: [...root.querySelectorAll("[data-number]")].map(
            ({ dataset }) => [dataset.number, dataset.value]),
        met: [...root.querySelectorAll(".targets li")].map(
            (item) => item.classList.contains("met")),
    };
}"""


ALONE = """(el) => { // without the text, all is faster
    for (; !el.matches("article"); el = el.parentNode) el.parentNode.replaceChildren(el);
}"""
COMPUTED = defaultdict(dict)  # what the twin of each figure said, by its state


class Live:
    """A figure in an open page, and its twin in Python."""

    def __init__(self, page, stem, index):
        self.page, self.stem, self.index = page, stem, index
        self.name, make = ON_PAGE[stem][index]
        self.host = page.locator("[data-explorable]").nth(index)
        self.root = self.host.locator(":scope > .explorable")
        self.root.wait_for()
        self.twin, self.computed = make(), COMPUTED[stem, index]

    def all(self, selector):
        return self.root.locator(selector).filter(visible=True).all()

    @property
    def look(self):
        """The state, the read-outs, and which targets are met, as soon as all is drawn."""
        return self.root.evaluate(LOOK)

    def check(self):
        """Compare what is shown with what optlib computes at the same state; return the state."""
        look = self.look
        self.state = look["state"]
        state = json.dumps(look["state"])
        if state not in self.computed:
            for name, value in look["state"].items():
                setattr(self.twin, name, value)
            self.computed[state] = self.twin.numbers, self.twin.hits
        expected, hits = self.computed[state]
        found = dict(look["numbers"])
        assert list(found) == list(expected)
        wrong = {name for name, value in expected.items() if not same(found[name], value)}
        assert not wrong, (found, expected)
        assert look["met"] == hits
        return self.state

    def changes(self, act, *args, **kwargs):
        """Which parts of the last state change by what is done; the read-outs follow."""
        before = self.state
        act(*args, **kwargs)
        after = self.check()
        return {name for name in after if after[name] != before[name]}

    def reset(self):
        self.root.get_by_role("button", name="Reset").click()


def same(text, value):
    """Whether a read-out is what Python computed, to 1e-9."""
    if isinstance(value, str) or value is None:
        return text == (value or "null")
    return math.isclose(float(text), value, rel_tol=1e-9, abs_tol=1e-12)


@contextmanager
def visit(browser, home, stem, fragment="", minor="(?!)", **options):
    """An open page of the book, which must not complain nor ask another host."""
    problems = []

    def note(text, bad=True):
        if bad and not re.search(minor, text):
            problems.append(text)

    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
    context.add_init_script("localStorage.mode = 'auto'")
    page = context.new_page()
    page.set_default_timeout(120_000)  # of a busy machine
    page.on("pageerror", lambda error: note(str(error)))
    page.on("console", lambda said: note(said.text, said.type == "error"))
    page.on("requestfailed", lambda asked: note(asked.url))
    page.on("response", lambda answer: note(answer.url, answer.status >= 400))
    page.on("request", lambda asked: note(asked.url, not asked.url.startswith((home, "data:"))))
    page.goto(f"{home}chapters/{stem}.html{fragment}")
    yield page
    context.close()
    assert not problems


@pytest.fixture(scope="module", params=FIGURES)
def opened(request, browser, plain):
    """Each figure of the book, alone in a page that was opened by a link to its first target."""
    stem, index = request.param
    name, make = ON_PAGE[stem][index]
    with visit(browser, plain, stem, link(make().spec["name"], SOLUTIONS[name][0])) as page:
        figure = Live(page, stem, index)
        figure.linked = figure.look["state"]
        figure.arrived = figure.host.evaluate("el => el.getBoundingClientRect().top < innerHeight")
        figure.host.evaluate(ALONE)
        figure.host = page.locator("[data-explorable]")
        figure.root = figure.host.locator(":scope > .explorable")
        yield figure


def link(name, state):
    return f"#{name}?{urlencode({key: json.dumps(value) for key, value in state.items()})}"


@pytest.fixture
def figure(opened):
    """Each figure of the book, at its starting state."""
    opened.reset()
    opened.initial = opened.check()
    return opened


def test_start_is_the_one_of_the_class(figure):
    _, make = ON_PAGE[figure.stem][figure.index]
    assert figure.initial == json.loads(json.dumps(make().state))
    assert figure.linked == figure.initial | SOLUTIONS[figure.name][0]
    assert figure.arrived


def test_keyboard(figure):
    def press(control, *keys):
        control.focus()
        return [figure.changes(figure.page.keyboard.press, key) for key in keys]

    for box in figure.all("[type=checkbox]"):
        assert all(press(box, "Space", "Space"))
    for control in figure.all(CONTROLS):
        keys = ("ArrowRight", "ArrowLeft", "PageUp", "End", "Home", "ArrowDown")
        assert any(press(control, *keys))
    for handle in figure.all(".handle"):
        assert any(press(handle, "ArrowLeft", "ArrowRight"))
        assert any(press(handle, "Shift+ArrowUp", "Shift+ArrowDown"))
    for button in figure.all("button"):
        press(button, "Enter")
    figure.root.get_by_role("button", name="Reset").press("Enter")
    assert figure.check() == figure.initial


def test_mouse(figure):
    for box in figure.all("[type=checkbox]"):
        for _ in range(2):
            assert figure.changes(box.click)
    for control in figure.all("[type=range]"):
        box = control.bounding_box()
        places = [{"x": part * box["width"], "y": box["height"] / 2} for part in (0.25, 0.75)]
        assert any([figure.changes(control.click, position=place) for place in places])
    for control in figure.all("select"):
        options = range(control.locator("option").count())
        assert any([figure.changes(control.select_option, index=option) for option in options])
    for handle in figure.all(".handle"):
        assert figure.changes(drag, figure.page.mouse, handle)
    for panel in figure.all(".panel:has(svg[style*=crosshair])"):
        panel.scroll_into_view_if_needed()
        box = panel.locator(".axes .box").bounding_box()
        x, y = box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"]
        assert figure.changes(figure.page.mouse.click, x, y)
    for button in figure.all("button"):
        figure.changes(button.click)
    panel = figure.all(".panel")[0]
    panel.scroll_into_view_if_needed()
    box = panel.bounding_box()
    figure.page.mouse.move(box["x"] + 1, box["y"] + 1)
    figure.page.mouse.down()
    figure.page.mouse.move(box["x"] + box["width"], box["y"] + box["height"], steps=3)
    figure.page.mouse.up()
    assert figure.page.evaluate("getSelection().toString()") == ""  # no label of an axis
    figure.reset()
    assert figure.check() == figure.initial


def drag_of(handle):
    """Where a handle is, and a place 40 pixels nearer to the middle of its panel."""
    handle.scroll_into_view_if_needed()
    dot = handle.locator("circle:not(.grip)").bounding_box()
    panel = handle.locator("xpath=ancestor::*[@class='panel']").bounding_box()
    ends = []
    for side, length in (("x", "width"), ("y", "height")):
        at, middle = (box[side] + box[length] / 2 for box in (dot, panel))
        ends.append((at, at + (40 if at < middle else -40)))
    return zip(*ends, strict=True)


def drag(mouse, handle):
    start, end = drag_of(handle)
    mouse.move(*start)
    mouse.down()
    mouse.move(*end, steps=5)
    mouse.up()


def test_touch(figure):
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    touch = figure.page.context.new_cdp_session(figure.page)
    touch.send("Emulation.setDeviceMetricsOverride", phone)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    figure.check()  # all is drawn at the width of the phone: a finger meets what it aims at
    for handle in figure.all(".handle"):
        handle.evaluate("el => el.addEventListener('pointercancel', () => { scrolls = true; })")
        assert figure.changes(swipe, touch, *drag_of(handle))
    assert figure.all(".handle")
    assert figure.page.evaluate("typeof scrolls") == "undefined"
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    touch.send("Emulation.clearDeviceMetricsOverride")
    figure.page.set_viewport_size({"width": 1280, "height": 900})


def swipe(touch, start, end, moves=8):
    for k in range(moves + 1):
        x, y = (a + k / moves * (b - a) for a, b in zip(start, end, strict=True))
        event = {"type": "touchMove" if k else "touchStart", "touchPoints": [{"x": x, "y": y}]}
        touch.send("Input.dispatchTouchEvent", event)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_link_reproduces_the_state_and_a_damaged_link_does_not_matter(figure):
    for handle in figure.all(".handle"):
        handle.press("Shift+ArrowLeft")
    for control in figure.all(CONTROLS):
        control.press("ArrowRight")
    state = figure.check()
    reference = figure.root.get_by_role("link").get_attribute("href")
    assert state != figure.initial
    key, target = next(iter(state)), reference.partition("?")[0]
    for query in ("", f"{key}=[1&other=1", f"{key}=1e999", f"{key}={{}}&spec={{}}", "%E0%A4%A"):
        follow(figure, f"{target}?{query}")
        assert figure.check() == figure.initial, query
        follow(figure, reference)
        assert figure.check() == state
    follow(figure, "#nothing?lr=1")
    assert figure.check() == state
    follow(figure, "")


def follow(figure, reference):
    figure.page.evaluate("hash => { location.hash = hash; }", reference)


def test_targets(figure):
    assert not any(figure.look["met"])
    solutions = SOLUTIONS.get(figure.name, [])
    assert len(solutions) == len(figure.twin.targets)
    for i, controls in enumerate(solutions):
        follow(figure, link(figure.twin.spec["name"], controls))
        assert figure.check() == figure.initial | controls
        goal = figure.root.locator(".targets li").nth(i)
        assert goal.inner_text() == f"✓ reached: {figure.twin.targets[i]['text']}"
    follow(figure, "")


WIDTHS = [
    (320, ""),
    (360, ""),
    (390, ""),
    (768, ""),
    (1280, ""),
    (1600, ""),
    (640, "200%"),
    (1280, "200%"),
]


def test_no_width_is_too_narrow(figure):
    try:
        for width, text in WIDTHS:
            figure.page.set_viewport_size({"width": width, "height": 900})
            figure.page.evaluate(f"document.documentElement.style.fontSize = '{text}'")
            beyond = figure.root.evaluate(
                """(root) => {
                    const { left, right } = root.getBoundingClientRect();
                    const all = [...root.querySelectorAll("*:not(svg *, .unseen)")];
                    const wide = all.filter((el) => {
                        const box = el.getBoundingClientRect();
                        return box.width && (box.left < left - 1 || box.right > right + 1);
                    });
                    const page = document.documentElement;
                    return [page.scrollWidth - innerWidth, wide.map((el) => el.outerHTML)];
                }"""
            )
            assert beyond == [0, []], (width, text)
    finally:
        figure.page.evaluate("document.documentElement.style.fontSize = ''")
        figure.page.set_viewport_size({"width": 1280, "height": 900})


def test_tab_goes_through_it_in_order_and_is_seen(figure):
    every = "a[href], button, select, input, textarea, [tabindex]"
    expected = figure.root.locator(every).evaluate_all(
        "all => all.filter((el) => el.checkVisibility()).map((el) => el.outerHTML)"
    )
    figure.root.evaluate("root => { root.tabIndex = -1; root.focus(); }")
    found = []
    for _ in expected:
        figure.page.keyboard.press("Tab")
        now = figure.page.evaluate(
            """() => {
                const el = document.activeElement;
                const grip = el.querySelector(".grip");
                const { outlineStyle, outlineWidth, stroke, strokeWidth } =
                    getComputedStyle(grip ?? el);
                const seen = grip ? stroke !== "none" && parseFloat(strokeWidth) >= 2
                    : outlineStyle === "solid" && parseFloat(outlineWidth) >= 2;
                const { top, bottom } = el.getBoundingClientRect();
                return { html: el.outerHTML, seen: seen && top >= 0 && bottom <= innerHeight };
            }"""
        )
        assert now["seen"], now
        found.append(now["html"])
    assert found == expected
    names = figure.root.locator("[data-control]").evaluate_all(
        "all => all.map((el) => el.ariaLabel || el.closest('label')?.innerText || '')"
    )
    assert all(names)


def test_changes_are_announced_once_it_rests(figure):
    handle, *_ = figure.all(".handle")
    during, after = handle.evaluate(
        """async (handle) => {
            const status = handle.closest(".explorable").querySelector("[role=status]");
            const rest = (ms) => new Promise((done) => setTimeout(done, ms));
            await rest(700);
            status.textContent = "";
            for (const key of ["ArrowRight", "ArrowUp"]) {
                handle.dispatchEvent(new KeyboardEvent("keydown", { key }));
            }
            await rest(100);
            const during = status.textContent;
            for (let k = 0; k < 50 && !status.textContent; k++) await rest(100);
            return [during, status.textContent];
        }"""
    )
    numbers = figure.root.locator("[data-number]").evaluate_all(
        "all => all.map((el) => `${el.dataset.number}: ${el.innerText}`)"
    )
    assert during == ""
    assert after.startswith(". ".join(numbers))


def test_nothing_moves_by_itself(figure):
    figure.page.emulate_media(reduced_motion="reduce")
    for button in figure.all("button"):
        button.click()
    figure.page.wait_for_timeout(700)
    moved = figure.root.evaluate(
        """async (root) => {
            let changes = 0;
            const observer = new MutationObserver((all) => { changes += all.length; });
            observer.observe(root, { subtree: true, childList: true, attributes: true });
            await new Promise((done) => setTimeout(done, 300));
            observer.disconnect();
            return changes + root.getAnimations({ subtree: true }).length;
        }"""
    )
    assert moved == 0


def test_print_holds_the_figure(figure):
    figure.page.emulate_media(media="print")
    for panel in figure.root.locator(".panel > svg").all():
        assert panel.bounding_box()["width"] > 200
    assert figure.root.locator("[data-number]").first.is_visible()
    assert not figure.all("button")
    figure.page.emulate_media(media="screen")


DRAG = """async (node, { start: [x, y], end: [toX, toY], moves, extra }) => {
    for (let k = 1; k <= moves; k++) {
        const part = 1 - Math.cos(2 * Math.PI * k / moves); // there and back
        const [clientX, clientY] = [x + part * (toX - x), y + part * (toY - y)];
        node.dispatchEvent(
            new PointerEvent("pointermove", { clientX, clientY, pointerId: 1, bubbles: true }));
        if (extra) spin(extra);
        await new Promise(requestAnimationFrame);
    }
}"""


TURNS = 10_000_000 // 60  # of a loop: as much computing as counts for a millisecond
SPIN = """(turns) => {
    globalThis.spin = (turns) => { for (; turns > 0; turns--) Math.random(); };
    spin(turns);
}"""


def work_of_a_frame(figure, moves=90, extra=0):
    """Milliseconds of computing that the page does for a move of a handle, whatever else runs.

    Each handle is led there and back three times; the median of the three counts. Before and
    after each time a loop shows how fast this machine is just now, and sets the unit.
    """
    page, handles = figure.page, figure.all(".handle")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    spent = []
    for handle in handles:
        start, end = drag_of(handle)
        page.mouse.move(*start)
        page.mouse.down()
        moved = {"start": start, "end": end, "moves": moves // len(handles) // 3, "extra": extra}
        works, units = [], [unit(page, session)]
        for _ in range(3):
            works.append(seconds(session, handle.evaluate, DRAG, moved) / moved["moves"])
            units.append(unit(page, session))
        pairs = zip(works, pairwise(units), strict=True)
        spent.append(median(2 * work / (before + after) for work, (before, after) in pairs))
        page.mouse.move(*end)
        page.mouse.up()
        assert figure.check() != figure.initial
    session.detach()
    return max(spent)


def unit(page, session):
    """Seconds that a millisecond's work takes the page just now."""
    return seconds(session, page.evaluate, SPIN, 30 * TURNS) / 30


def seconds(session, act, *args):
    """Seconds that the page computes on its thread while something is done."""
    before = busy(session)
    act(*args)
    return busy(session) - before


def busy(session):
    """Seconds that the page has computed on its thread."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(each["value"] for each in metrics if each["name"] == "TaskDuration")


def test_drag_takes_less_than_16_ms_of_work_a_frame(figure):
    work = work_of_a_frame(figure)
    print(f"{figure.name}: {work:.1f} ms a frame")
    assert work < 16


@pytest.mark.parametrize("opened", FIGURES[:1], indirect=True)
def test_30_ms_of_work_a_frame_would_be_noticed(figure):
    assert work_of_a_frame(figure, moves=20, extra=30 * TURNS) > 16


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(figure, theme):
    assert not serious(figure.page, theme, ".explorable[role=group]")


@pytest.mark.parametrize(("stem", "theme"), [("01-sgd", "light"), ("playground", "dark")])
def test_axe_finds_nothing_serious_on_a_whole_page(browser, home, stem, theme):
    with visit(browser, home, stem) as page:
        assert not serious(page, theme)


def serious(page, theme, part="html"):
    """What axe finds in a part of a page."""
    page.emulate_media(color_scheme=theme)
    page.locator(f"html[data-theme={theme}]").wait_for()
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(Axe().axe_script)
    options = {"preload": False, "resultTypes": ["violations"]}
    found = page.evaluate("(all) => axe.run(...all)", [part, options])
    assert found["passes"]
    return [each for each in found["violations"] if each["impact"] in ("serious", "critical")]


@every_page
def test_works_from_a_local_file(browser, plain_site, stem):
    fonts = "font|ERR_FAILED"  # of the theme, which browsers do not read from local files
    with visit(browser, f"{plain_site.as_uri()}/", stem, minor=fonts) as page:
        for i, (_, make) in enumerate(ON_PAGE[stem]):
            assert Live(page, stem, i).check() == json.loads(json.dumps(make().state))
        page.wait_for_timeout(600)
        assert page.locator("[data-explorable]").count() == len(ON_PAGE[stem])
        said = page.locator(".explorable [role=status]").all_inner_texts()
        assert said == [""] * len(ON_PAGE[stem])  # nothing before something changes


@every_page
def test_picture_and_table_stand_where_no_script_runs(browser, plain, stem):
    with visit(browser, plain, stem, minor=r"\.js\b", java_script_enabled=False) as page:
        for i, (_, make) in enumerate(ON_PAGE[stem]):
            host, twin = page.locator("[data-explorable]").nth(i), make()
            picture = host.locator("img")
            assert picture.get_attribute("alt") == twin.alt != ""
            assert picture.bounding_box()["width"] > 200
            rows = [row.inner_text().split("\t") for row in host.locator("tr").all()]
            assert rows == [
                [name, html.unescape(show(value))] for name, value in twin.numbers.items()
            ]


@every_page
def test_figures_add_less_than_40_kb_to_a_page(site, stem):
    page = (site / "chapters" / f"{stem}.html").read_text(encoding="utf-8")
    shown = re.compile(
        r'(?s)<div class="explorable" data-explorable=.*?</table>\n</div>'
        r"(?:\n<details class=\"rule\".*?</details>)?"
    )
    assert len(shown.findall(page)) == len(ON_PAGE[stem])
    folder = site / "_static" / "explorables"
    names = [
        "automount.js",
        "explorables.css",
        *{f"{each}.js" for name, _ in ON_PAGE[stem] for each in (*parts(name), name)},
    ]
    scripts = [compressed((folder / name).read_bytes()) for name in names]
    added = compressed(page.encode()) - compressed(shown.sub("", page).encode()) + sum(scripts)
    print(stem, added)
    assert added < 40_000


def test_scripts_are_short():
    scripts = {path.stem: path.read_text(encoding="utf-8") for path in STATIC.glob("*.js")}
    lines = {name: script.splitlines() for name, script in scripts.items()}
    assert max(len(line) for each in lines.values() for line in each) <= 100
    editor = sources("workbench").keys() - sources("playground").keys()
    assert len(lines["python"]) <= 250
    assert sum(len(lines[name]) for name in editor) < 1100
    others = [len(each) for name, each in lines.items() if name not in editor]
    assert sum(others) < 160 * (len(SOLUTIONS) - 1)  # of a figure and its share of what all have

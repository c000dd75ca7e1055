"""The lines of a rule beside a chapter's figure: they stand in the page, and open as an editor."""

import json

import numpy as np
import pytest
from browser import compressed
from test_live_pages import ALONE, ON_PAGE, follow, link, serious, visit
from test_workbench import Editor

from optlib import trace
from optlib.explorables import rotated_bowl, step_size
from optlib.explorables.beside import BENCHES, editor
from optlib.explorables.bias_correction import RULES
from optlib.explorables.momentum_plane import BOWLS, MomentumPlane
from optlib.explorables.race import RULES as KNOWN
from optlib.explorables.workbench import BARE, OWN
from optlib.explorables.written import landscape_from, lines_of

PLACES = {name: stem for stem, figures in ON_PAGE.items() for name, _ in figures if name in BENCHES}
every_bench = pytest.mark.parametrize("name", BENCHES)


class Opened(Editor):
    """The editor beside a figure, in a page where it has been opened, and its twin in Python."""

    def __init__(self, page, name):
        self.page, self.name = page, name
        self.host = page.locator("details.rule")
        self.root = self.host.locator(".explorable[role=group]")
        self.root.wait_for()
        self.twin, self.computed = editor(name), {}


def solution(name):
    """The lines of the rule that is to be met."""
    goal = BENCHES[name].goal
    if goal == BARE:
        lines = lines_of(type(BENCHES[name].rule))
        return lines.replace("/ (1 - beta1**t) if", "if").replace("/ (1 - beta2**t) if", "if")
    return lines_of(type(KNOWN[goal]))


def test_chapters_1_to_6_have_one_each():
    assert sorted(PLACES) == sorted(BENCHES)
    assert [stem[:2] for stem in PLACES.values()] == ["01", "02", "03", "04", "05", "06"]


@every_bench
def test_rule_is_one_that_the_figure_runs(name):
    make = dict(ON_PAGE[PLACES[name]])[name]
    program = json.dumps(trace(BENCHES[name].rule).to_json())
    assert program in json.dumps(make().spec["data"])


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("step_size", step_size.BOWL),
        ("momentum_plane", BOWLS[MomentumPlane.kappa.default_value]),
        ("rotated_bowl", rotated_bowl.turned(0)[0]),
    ],
)
def test_landscape_is_the_one_of_the_figure(name, problem):
    x = np.random.default_rng(0).uniform(-2, 2, (20, 2))
    ours = landscape_from(BENCHES[name].landscape)
    assert ours(x) == pytest.approx(problem(x), rel=1e-12)
    assert ours.grad(x) == pytest.approx(problem.grad(x), rel=1e-12)


def test_landscapes_that_stand_for_what_changes_with_time():
    jump = landscape_from(BENCHES["scale_jump"].landscape)
    assert jump.grad([[1.5, 0.0], [0.5, 0.0]])[:, 0].tolist() == [100, 1]
    constant = landscape_from(BENCHES["bias_correction"].landscape)
    assert np.ptp(constant.grad(np.eye(2)), axis=0).tolist() == [0, 0]
    assert trace(BENCHES["bias_correction"].rule).code == trace(RULES[1]).code


@every_bench
def test_target_is_met_by_the_rule_it_names_only(name):
    bench = editor(name)
    assert bench.hits == [False]
    bench.code = solution(name)
    assert bench.hits == [True]


BEYOND = """(root) => [
    document.documentElement.scrollWidth - innerWidth,
    [...root.querySelectorAll("*:not(svg *, .unseen)")].filter(
        (el) => el.getBoundingClientRect().right > root.getBoundingClientRect().right + 1).length,
]"""
SEEN = """(root) => {
    const { top } = root.getBoundingClientRect();
    return 0 <= top + 1 && top < innerHeight;
}"""


@every_bench
def test_lines_open_as_an_editor(browser, plain, name):
    stem, lines = PLACES[name], lines_of(type(BENCHES[name].rule))
    with visit(browser, plain, stem) as page:
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.locator("details.rule").evaluate(ALONE)
        assert page.locator("details.rule > pre").text_content() == lines
        assert page.locator("textarea").count() == 0
        page.locator("details.rule summary").press("Enter")
        figure = Opened(page, name)
        assert len([url for url in asked if "workbench.js" in url]) == 1
        start = figure.check()
        assert start == json.loads(json.dumps(editor(name).state))
        assert figure.code.input_value() == lines
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.dataset.control") == "from"
        page.keyboard.press("Tab")
        page.keyboard.press("Control+a")
        page.keyboard.type(solution(name))
        assert figure.check()["code"] == solution(name)
        assert figure.look["met"] == [True]


@pytest.mark.parametrize("name", ["scale_jump", "adam_meter"])
def test_open_editor_fits_and_axe_finds_nothing_serious(browser, plain, name):
    with visit(browser, plain, PLACES[name]) as page:
        page.locator("details.rule").evaluate(ALONE)
        page.locator("details.rule summary").click()
        figure = Opened(page, name)
        for width in (320, 390, 768, 1600):
            page.set_viewport_size({"width": width, "height": 900})
            assert figure.host.evaluate(BEYOND) == [0, 0], width
        for theme in ("light", "dark"):
            assert not serious(page, theme, "details.rule")


def test_link_opens_the_editor_in_its_state(browser, home):
    own = {"landscape": OWN, "height": "x**2 + y**2"}
    for changed in ({"code": solution("scale_jump"), "values": {"lr": 0.5}}, own):
        with visit(browser, home, "04-rmsprop", link("rule_of_scale_jump", changed)) as page:
            figure = Opened(page, "scale_jump")
            state = figure.check()
            assert state == json.loads(json.dumps(editor("scale_jump").state)) | changed
            page.wait_for_load_state()
            assert figure.root.evaluate(SEEN)
            reference = figure.root.get_by_role("link").get_attribute("href")
            figure.reset()
            follow(figure, reference)
            assert figure.check() == state


def test_local_file_opens_too(browser, plain_site):
    with visit(browser, f"{plain_site.as_uri()}/", "01-sgd", minor="font|ERR_FAILED") as page:
        page.locator("details.rule summary").click()
        assert Opened(page, "step_size").check()["code"] == lines_of(type(KNOWN["SGD"]))


def test_print_leaves_out_what_is_not_opened(browser, plain):
    with visit(browser, plain, "01-sgd") as page:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        assert page.locator("details.hide[open]").count() > 0
        assert not page.locator("details.rule").is_visible()
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details.rule textarea").count() == 0


def test_lines_stay_where_no_script_runs_or_none_comes(browser, plain):
    with visit(browser, plain, "01-sgd", minor=r"\.js\b", java_script_enabled=False) as page:
        lines = page.locator("details.rule > pre")
        assert not lines.is_visible()
        page.locator("details.rule summary").click()
        assert lines.is_visible()
    with visit(browser, plain, "01-sgd", minor="editor:|workbench|ERR_FAILED") as page:
        page.route("**/workbench.js*", lambda route: route.abort())
        with page.expect_console_message(lambda said: said.text.startswith("editor:")):
            page.locator("details.rule summary").click()
        assert page.locator("details.rule > pre").is_visible()
        page.unroute("**/workbench.js*")
        for _ in range(2):
            page.locator("details.rule summary").click()
        assert dict(Opened(page, "step_size").look["numbers"])["acts like"] == "SGD"


@pytest.mark.parametrize("stem", PLACES.values())
def test_opening_loads_less_than_20_kb(site, stem):
    page = (site / "chapters" / f"{stem}.html").read_text(encoding="utf-8")
    scripts = page.partition('data-scripts="')[2].partition('"')[0].split()
    assert not [each for each in scripts if page.count(each) > 1]  # what is there is not loaded
    texts = [(site / "chapters" / each.partition("?")[0]).read_bytes() for each in scripts]
    assert sum(map(compressed, texts)) < 20_000

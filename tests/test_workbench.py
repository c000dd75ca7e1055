"""The editor of rules in the built page: what is typed is run or refused, shown, linked, copied."""

import pytest
from test_live_pages import ON_PAGE, Live, follow, link, visit

from optlib import OPTIMIZERS, Momentum, formula, trace
from optlib.explorables import Workbench
from optlib.explorables.workbench import ADAMAX, BROKEN, OWN
from optlib.explorables.written import lines_of

INDEX = [name for name, _ in ON_PAGE["playground"]].index("workbench")


class Editor(Live):
    @property
    def code(self):
        return self.root.get_by_label("step(self, x, g, state)")

    @property
    def said(self):
        return self.root.locator(".fault").first

    def number(self, name):
        return dict(self.look["numbers"])[name]

    def type(self, text, area=None):
        """Replace what stands in the editor, key by key."""
        (area or self.code).press("Control+a")
        self.page.keyboard.type(text)


@pytest.fixture(scope="module")
def opened(browser, plain):
    with visit(browser, plain, "playground") as page:
        yield Editor(page, "playground", INDEX)


@pytest.fixture
def editor(opened):
    opened.reset()
    opened.initial = opened.check()
    return opened


def test_every_keystroke_is_run_or_refused(editor):
    editor.type("g = g + self.weight_decay * x\nreturn x - self.lr * g, State(state.t + 1)")
    state = editor.check()
    assert state["code"].startswith("g = g + self.weight_decay")
    labels = editor.root.locator(".editor .slider").all_inner_texts()
    assert [label.split("\n")[0] for label in labels] == ["λ", "α"]
    editor.page.keyboard.type("+")
    assert editor.check() == state
    editor.said.filter(has_text="Line 2, column 44: a value is expected here").wait_for()
    assert editor.code.get_attribute("aria-invalid") == "true"
    editor.page.keyboard.press("Backspace")
    assert editor.said.inner_text() == ""
    assert editor.code.get_attribute("aria-invalid") == "false"
    editor.page.keyboard.type("?")
    editor.said.filter(has_text="Line 2").wait_for()
    editor.reset()
    assert editor.check() == editor.initial
    assert editor.code.input_value() == editor.initial["code"]
    assert editor.said.inner_text() == ""


def test_tab_leaves_the_editor(editor):
    editor.code.focus()
    editor.page.keyboard.press("Tab")
    assert editor.page.evaluate("document.activeElement.type") == "range"
    editor.page.keyboard.press("Shift+Tab")
    assert editor.page.evaluate("document.activeElement.tagName") == "TEXTAREA"


def test_new_hyperparameter_has_a_slider(editor):
    editor.type("return x - self.lr * np.sign(g) * abs(g) ** self.p, State(state.t + 1)")
    assert dict(editor.look["numbers"])["acts like"] == "SGD"  # at p = 1
    editor.root.get_by_label("p", exact=True).press("ArrowLeft")
    state = editor.check()
    assert 0.5 < state["values"]["p"] < 1
    assert editor.number("acts like") == "no rule of the book"


@pytest.mark.parametrize("name", [*(rule.__name__ for rule in OPTIMIZERS), "the broken AdaMax"])
def test_each_start_is_run_shown_and_copied(editor, name):
    editor.page.evaluate(
        "navigator.clipboard.writeText = async (text) => { globalThis.copied = text; }"
    )
    editor.root.get_by_label("start from").select_option(name)
    state = editor.check()
    cls = next((rule for rule in OPTIMIZERS if rule.__name__ == name), None)
    assert state["code"] == (lines_of(cls) if cls else BROKEN)
    assert editor.number("acts like") == (name if cls else "no rule of the book")
    text = formula(type(Workbench(code=state["code"]).rule))
    assert editor.root.locator(".shown mtr").count() == text.count("&")
    editor.root.get_by_role("button", name="Copy as Python").click()
    editor.said.filter(has_text="Copied").wait_for()
    names = {"__name__": __name__}
    exec(editor.page.evaluate("copied"), names)
    assert trace(names["Yours"]()).code == trace(Workbench(code=state["code"]).rule).code
    if cls:
        assert trace(names["Yours"]()).to_json() == trace(cls).to_json()


def test_exercises_are_recognized_when_they_are_done_by_hand(editor):
    assert not any(editor.look["met"])

    def lines_of_start(name):
        editor.root.get_by_label("start from").select_option(name)
        editor.check()  # all is drawn: the lines are those of the new start
        return editor.code.input_value()

    editor.code.fill(lines_of_start("RMSProp").replace("rho * v + (1 - rho) * g**2", "v + g * g"))
    assert editor.look["met"] == [False, True, False]
    lines = lines_of_start("Adam")
    for old in ("m / (1 - beta1**t) if", "v / (1 - beta2**t) if"):
        lines = lines.replace(old, f"{old[0]} if")
    editor.code.fill(lines)
    assert editor.look["met"] == [True, False, False]
    lines_of_start("the broken AdaMax")
    assert not any(editor.look["met"])
    editor.code.fill(ADAMAX)
    editor.check()
    assert editor.look["met"] == [False, False, True]


def test_landscape_is_typed_too(editor):
    height = editor.root.get_by_label("your own landscape")
    assert not height.is_visible()
    editor.root.locator("[data-control=landscape]").select_option(OWN)
    editor.check()
    editor.type("np.sin(3 * x) + y**2", height)
    assert editor.check()["height"] == "np.sin(3 * x) + y**2"
    editor.page.keyboard.type(" if")
    editor.root.get_by_text("Line 1, column 24").wait_for()


def test_link_carries_the_lines_unless_they_are_wrong(editor):
    good = lines_of(Momentum)
    for code, expected in (
        (good, good),
        ("return __import__('os')", editor.initial["code"]),
        ("x = 1", editor.initial["code"]),
        ("return x - self.step * g, state", editor.initial["code"]),
        (3, editor.initial["code"]),
        ("#" * 5000 + "\n" + good, editor.initial["code"]),
    ):
        follow(editor, link("workbench", {"code": code}))
        assert editor.check()["code"] == expected
    follow(editor, "")


def test_python_refuses_what_the_page_refuses():
    for text in ("return x", "return x - self.step * g, state", "import os"):
        with pytest.raises(Exception, match=r"^Workbench: code: "):
            Workbench(code=text)
    with pytest.raises(Exception, match="momentum must be in"):
        Workbench(values={"momentum": 1.5})
    rule = Workbench(Momentum(lr=0.2)).rule
    assert trace(rule).code == trace(Momentum).code
    assert (rule.lr, rule.momentum) == (0.2, 0.9)

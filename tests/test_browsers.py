"""The live figures in Firefox and in WebKit: every control shows what optlib computes."""

import json
import os
import re
import socket
import subprocess
import time
from contextlib import closing, contextmanager
from urllib.request import Request, urlopen

import pytest
import websocket
from browser import absent, wait_for
from test_live_pages import COMPUTED, LOOK, ON_PAGE, PAGES, Live

from optlib import SGD
from optlib.explorables.written import lines_of
from tools import browsers

KEYS = {
    "ArrowLeft": "\ue012",
    "ArrowUp": "\ue013",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
    "Enter": "\ue007",
}
SIDEWAYS, UPRIGHT = ("ArrowRight", "ArrowLeft"), ("ArrowUp", "ArrowDown")
PAIRS = {"range": [SIDEWAYS], "select-one": [UPRIGHT], "handle": [SIDEWAYS, UPRIGHT]}
NO_FIREFOX = "no Firefox on this machine (apt install firefox-esr, brew install --cask firefox)"
NO_WEBKIT = "no WebKit on this machine (apt install webkit2gtk-driver xvfb)"
ROOT = 'document.querySelectorAll("[data-explorable] > .explorable")[index]'
CONTROLS = f"""(index) => {{
    globalThis.controls = [...{ROOT}.querySelectorAll(
        "[data-control]:not([data-control=from]), button")].filter(
        (el) => el.checkVisibility());
    return controls.map((el) => [el.dataset.control ?? el.innerText, el.type ?? "handle"]);
}}"""
ALONE = """() => { // without the text, all is faster
    document.querySelector("article").replaceChildren(
        ...document.querySelectorAll("[data-explorable]"));
}"""
FOCUS = "(k) => { controls[k].focus(); return document.activeElement === controls[k]; }"
PLACE = """(k) => {
    controls[k].scrollIntoView({ block: "center", behavior: "instant" });
    const dot = controls[k].querySelector("circle:not(.grip)");
    const { x, y, width, height } = dot.getBoundingClientRect();
    const [left, top] = [x + width / 2, y + height / 2].map(Math.round);
    const panel = controls[k].closest(".panel").getBoundingClientRect();
    return [left, top, left + (left < panel.x + panel.width / 2 ? 40 : -40),
        top + (top < panel.y + panel.height / 2 ? 40 : -40)].map(Math.round);
}"""


class Browser:
    """A page in a browser. Both kinds take the same actions; the rest they are told differently."""

    def call(self, function, *arguments):
        """What a function in JavaScript returns in the page."""
        code = f"async (text) => JSON.stringify(await ({function})(...JSON.parse(text)) ?? null)"
        return json.loads(self.run(code, json.dumps(arguments)))

    def press(self, key):
        actions = [{"type": kind, "value": KEYS.get(key, key)} for kind in ("keyDown", "keyUp")]
        self.act({"type": "key", "id": "keyboard", "actions": actions})

    def drag(self, x, y, to_x, to_y):
        move, button = {"type": "pointerMove", "duration": 50}, {"button": 0}
        actions = [move | {"x": x, "y": y}, {"type": "pointerDown"} | button,
                   move | {"x": to_x, "y": to_y}, {"type": "pointerUp"} | button]  # fmt: skip
        self.act({"type": "pointer", "id": "mouse", "actions": actions})


class Firefox(Browser):
    """A page in Firefox, which takes commands of WebDriver BiDi from a socket."""

    def __init__(self, socket):
        self.socket, self.sent, self.errors = socket, 0, []
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded"])
        # The tab that Firefox starts with never has the focus: there Space would do nothing.
        self.tab = self.ask("browsingContext.create", type="tab")

    def ask(self, method, **parameters):
        """What Firefox answers to a command."""
        self.sent += 1
        self.socket.send(json.dumps({"id": self.sent, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            said = answer.get("params", {}) if answer.get("method") == "log.entryAdded" else {}
            # of a formula of which it has read only a part, Firefox says that its markup is invalid
            if said.get("type") == "javascript" and not said["text"].startswith("Invalid markup"):
                self.errors.append(said["text"])
            if answer.get("id") == self.sent:
                assert answer["type"] == "success", answer
                return answer["result"]

    def open(self, address):
        self.errors.clear()
        self.ask("browsingContext.navigate", **self.tab, url=address, wait="complete")

    def run(self, function, text):
        text = [{"type": "string", "value": text}]
        answer = self.ask("script.callFunction", functionDeclaration=function, arguments=text,
                          target=self.tab, awaitPromise=True)  # fmt: skip
        assert answer["type"] == "success", answer
        return answer["result"]["value"]

    def act(self, source):
        self.ask("input.performActions", **self.tab, actions=[source])


class WebKit(Browser):
    """A page in WebKit, whose driver takes commands of WebDriver by HTTP."""

    def __init__(self, address):
        self.address = address
        self.address += "/" + self.ask("", capabilities={})["sessionId"]

    def ask(self, command, method="POST", **parameters):
        """What the driver answers to a command."""
        request = Request(self.address + command, json.dumps(parameters).encode(), method=method)
        with urlopen(request, timeout=120) as answer:
            return json.load(answer)["value"]

    def open(self, address):
        self.ask("/url", url=address)
        self.call("""() => {
            globalThis.errors = [];
            addEventListener("error", (event) => errors.push(event.message));
            addEventListener("unhandledrejection", (event) => errors.push(`${event.reason}`));
        }""")

    @property
    def errors(self):
        return self.call("() => errors")

    def run(self, function, text):
        return self.ask("/execute/sync", script=f"return ({function})(...arguments)", args=[text])

    def act(self, source):
        self.ask("/actions", actions=[source])


class Figure(Live):
    """A live figure in such a page, and its twin in Python."""

    def __init__(self, browser, stem, index):
        self.browser, self.index = browser, index
        self.twin, self.computed = ON_PAGE[stem][index][1](), COMPUTED[stem, index]

    @property
    def look(self):
        return self.browser.call(f"(index) => ({LOOK})({ROOT})", self.index)


@contextmanager
def started(command, log, **environment):
    """A program that runs; what it says goes to a file."""
    options = {"env": os.environ | environment, "stderr": subprocess.STDOUT}
    with log.open("w") as file, subprocess.Popen(command, stdout=file, **options) as process:
        try:
            yield process
        finally:
            process.terminate()


def said(pattern, log, process, seconds=120):
    """What a program says to its log when it is ready."""
    for _ in range(10 * seconds):
        if found := re.search(pattern, log.read_text()):
            return found[1]
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise TimeoutError(log.read_text())


@contextmanager
def firefox(folder):
    path = browsers.find(browsers.FIREFOX) or absent(NO_FIREFOX)
    options = ("--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", folder)
    log = folder / "log"
    with started([path, *options], log) as process:
        address = said(r"WebDriver BiDi listening on (\S+)", log, process)
        connect = websocket.create_connection
        with closing(connect(f"{address}/session", suppress_origin=True, timeout=120)) as socket:
            yield Firefox(socket)


@contextmanager
def webkit(folder):
    driver, display = map(browsers.find, (browsers.WEBKIT_DRIVER, browsers.DISPLAY))
    if not (driver and display):
        pytest.skip(NO_WEBKIT)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with started([display, "-displayfd", "1", "-nolisten", "tcp"], folder / "display") as screen:
        number = said(r"(\d+)\n", folder / "display", screen)
        there = {"DISPLAY": f":{number}", "GDK_BACKEND": "x11"}
        with started([driver, f"--port={port}"], folder / "log", **there) as process:
            wait_for(f"http://127.0.0.1:{port}/status", process, folder / "log")
            page = WebKit(f"http://127.0.0.1:{port}/session")
            yield page
            page.ask("", "DELETE")


@pytest.fixture(scope="module", params=[firefox, webkit], ids=lambda start: start.__name__)
def page(request, tmp_path_factory):
    """A page in each browser but Chromium, in which all other tests run."""
    with request.param(tmp_path_factory.mktemp("browser")) as page:
        yield page


@pytest.mark.parametrize("stem", PAGES)
def test_every_control_shows_what_optlib_computes(page, plain, stem):
    page.open(f"{plain}chapters/{stem}.html")
    page.call(ALONE)
    for index, (_, make) in enumerate(ON_PAGE[stem]):
        figure = Figure(page, stem, index)
        initial = figure.check()
        assert initial == json.loads(json.dumps(make().state))
        for k, (name, kind) in enumerate(page.call(CONTROLS, index)):
            assert page.call(FOCUS, k), name
            if kind == "button":  # the last is Reset
                figure.changes(page.press, "Enter")
            elif kind == "textarea":  # a blank, where it does no harm
                assert figure.changes(page.press, " "), name
            elif kind == "checkbox":
                for _ in range(2):
                    assert figure.changes(page.press, " "), name
            else:
                for pair in PAIRS[kind]:
                    assert any([figure.changes(page.press, key) for key in pair]), (name, pair)
            if kind == "handle":
                assert figure.changes(page.drag, *page.call(PLACE, k)), name
        assert figure.state == initial
    assert not page.errors


LINES = """async () => {
    const lines = document.querySelector("details.rule");
    for (let k = 0; k < 600 && !lines.querySelector("textarea"); k++) {
        await new Promise((done) => setTimeout(done, 100));
    }
    const area = lines.querySelector("textarea");
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
    return area.value;
}"""


def test_lines_of_a_rule_open_as_an_editor(page, home):
    page.open(f"{home}chapters/01-sgd.html")
    page.call('() => document.querySelector("details.rule summary").focus()')
    page.press("Enter")
    assert page.call(LINES) == lines_of(SGD)
    page.press(" ")
    root = "document.querySelector('details.rule .explorable')"
    state = page.call(f"() => ({LOOK})({root})")["state"]
    assert state["code"] == page.call("() => document.activeElement.value") != lines_of(SGD)
    assert not page.errors
